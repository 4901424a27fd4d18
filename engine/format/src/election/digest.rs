//! The canonical texts of the definition and of the rules, and their SHA-256 (FORMAT.md).
//!
//! In: an election. Out: digests. Never: titles, date, `authenticated` or `status`: what may change
//! after sealing without touching what a ballot means.
//!
//! The definition has two halves: what counting needs, and the names. Its digest is over the
//! digests of both, so that a compiled definition without names can be proven to be that of a
//! batch.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use super::{Election, ElectionHead};
use crate::bytes::{Digest32, hex};
use crate::counting_definition::CountingDefinition;

/// Bytes of text that are gathered before they are hashed.
const BUFFER_BYTES: usize = 1 << 16;

/// Lines of tab-separated fields into a hash. Fields hold neither tabs nor line ends: the reader of
/// the folder refuses control characters.
struct Lines {
    hasher: Sha256,
    buffer: Vec<u8>,
}

impl Lines {
    /// Begins with the name of the text and its version.
    fn new(name: &str) -> Self {
        let mut lines = Self { hasher: Sha256::new(), buffer: Vec::new() };
        lines.line(&[name, "1"]);
        lines
    }

    fn line(&mut self, fields: &[&str]) {
        for (index, field) in fields.iter().enumerate() {
            assert!(!field.contains(['\t', '\n']), "a field of a canonical text is one field");
            if index > 0 {
                self.buffer.push(b'\t');
            }
            self.buffer.extend_from_slice(field.as_bytes());
        }
        self.buffer.push(b'\n');
        if self.buffer.len() >= BUFFER_BYTES {
            self.hasher.update(&self.buffer);
            self.buffer.clear();
        }
    }

    fn finish(mut self) -> Digest32 {
        self.hasher.update(&self.buffer);
        self.hasher.finalize().into()
    }
}

/// The definition digest, from what counting needs and the digest of the names.
#[must_use]
pub fn definition_digest(
    head: &ElectionHead,
    counting: &CountingDefinition<'_>,
    names: &Digest32,
) -> Digest32 {
    let mut lines = Lines::new("shomar-definition");
    lines.line(&["counting", &hex(&counting_digest(head, counting))]);
    lines.line(&["names", &hex(names)]);
    lines.finish()
}

/// The half that counting needs.
fn counting_digest(head: &ElectionHead, definition: &CountingDefinition<'_>) -> Digest32 {
    let mut lines = Lines::new("shomar-counting");
    lines.line(&["election", &head.id, head.mode.name()]);
    for contest in &head.contests {
        lines.line(&["contest", &contest.id]);
    }
    for officer in &head.officers {
        lines.line(&[
            "officer",
            &officer.id,
            &officer.name_fa,
            &officer.name_en,
            &hex(&officer.key),
        ]);
    }
    for district in 0..definition.district_count() {
        let shape = definition.shape(district);
        // An index that no contest has is told as such: it belongs to no definition.
        let contest = head.contests.get(definition.contest(district) as usize);
        lines.line(&[
            "district",
            definition.district_id(district),
            contest.map_or("", |contest| &contest.id),
            &shape.seats.to_string(),
            &definition.alternates(district).to_string(),
        ]);
        let codes = definition.option_codes(district);
        for (option, code) in codes.iter().enumerate() {
            let code = code.to_native().to_string();
            if option < shape.list_count as usize {
                lines.line(&["list", &code]);
            } else {
                let list = definition.option_lists(district)[option].to_native();
                let list = codes[..shape.list_count as usize].get(usize::from(list));
                let list = list.map_or(String::new(), |list| list.to_native().to_string());
                lines.line(&["candidate", &code, &list]);
            }
        }
    }
    for station in 0..definition.station_count() {
        let devices = definition.device_count(station).to_string();
        lines.line(&["station", definition.station_id(station), &devices]);
    }
    lines.finish()
}

/// The half with names, places, registers and keys, in the order of the other half.
pub(super) fn names_digest(election: &Election) -> Digest32 {
    let mut lines = Lines::new("shomar-names");
    for district in &election.districts {
        lines.line(&[
            "district",
            &district.name_fa,
            &district.name_en,
            &district.province,
            &district.county,
        ]);
        for list in &district.lists {
            lines.line(&["list", &list.name_fa, &list.name_en]);
        }
        for candidate in &district.candidates {
            lines.line(&[
                "candidate",
                &candidate.name_fa,
                &candidate.name_en,
                if candidate.veteran { "1" } else { "0" },
                &optional(candidate.degree_rank.map(u64::from)),
            ]);
        }
    }
    for station in &election.stations {
        lines.line(&[
            "station",
            &station.province,
            &station.county,
            &station.name_fa,
            &optional(station.registered),
        ]);
        for device in &station.devices {
            let key = device.key.map_or(String::new(), |key| hex(&key));
            lines.line(&["device", &device.id, &key]);
        }
    }
    lines.finish()
}

pub(super) fn rules_digest<'a>(
    election: &Election,
    contests: impl IntoIterator<Item = (&'a str, &'a str, &'a BTreeMap<String, String>)>,
) -> Digest32 {
    let mut lines = Lines::new("shomar-rules");
    for (id, rule, options) in contests {
        lines.line(&["contest", id, rule]);
        for (name, value) in options {
            lines.line(&["option", name, value]);
        }
    }
    for check in &election.head.checks {
        lines.line(&["check"]);
        for (name, value) in &check.written {
            lines.line(&["option", name, value]);
        }
    }
    for serve in election.serves.iter().flatten() {
        lines.line(&[
            "serve",
            &election.stations[serve.station as usize].id,
            &election.districts[serve.district as usize].id,
            &optional(serve.registered),
        ]);
    }
    lines.finish()
}

fn optional(number: Option<u64>) -> String {
    number.map_or(String::new(), |number| number.to_string())
}
