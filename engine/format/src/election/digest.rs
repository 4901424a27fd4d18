//! The canonical texts of the definition and of the rules, and their SHA-256 (FORMAT.md).
//!
//! In: an election. Out: digests. Never: titles, date, `authenticated` or `status`: what may change
//! after sealing without touching what a ballot means.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use super::Election;
use crate::bytes::{Digest32, hex};

/// Lines of tab-separated fields into a hash. Fields hold neither tabs nor line ends: the reader of
/// the folder refuses control characters.
struct Lines(Sha256);

impl Lines {
    fn line(&mut self, fields: &[&str]) {
        for (index, field) in fields.iter().enumerate() {
            assert!(!field.contains(['\t', '\n']), "a field of a canonical text is one field");
            if index > 0 {
                self.0.update(b"\t");
            }
            self.0.update(field);
        }
        self.0.update(b"\n");
    }
}

pub(super) fn definition_digest(election: &Election) -> Digest32 {
    let mut lines = Lines(Sha256::new());
    lines.line(&["shomar-definition", "1"]);
    lines.line(&["election", &election.head.id, election.head.mode.name()]);
    for contest in &election.head.contests {
        lines.line(&["contest", &contest.id]);
    }
    for district in &election.districts {
        lines.line(&[
            "district",
            &district.id,
            &election.head.contests[district.contest].id,
            &district.name_fa,
            &district.name_en,
            &district.province,
            &district.county,
            &district.seats.to_string(),
            &district.alternates.to_string(),
        ]);
        for list in &district.lists {
            lines.line(&["list", &list.code.to_string(), &list.name_fa, &list.name_en]);
        }
        for candidate in &district.candidates {
            let list = candidate
                .list
                .map_or(String::new(), |list| district.lists[usize::from(list)].code.to_string());
            lines.line(&[
                "candidate",
                &candidate.code.to_string(),
                &list,
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
            &station.id,
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
    lines.0.finalize().into()
}

pub(super) fn rules_digest<'a>(
    election: &Election,
    contests: impl IntoIterator<Item = (&'a str, &'a str, &'a BTreeMap<String, String>)>,
) -> Digest32 {
    let mut lines = Lines(Sha256::new());
    lines.line(&["shomar-rules", "1"]);
    for (id, rule, options) in contests {
        lines.line(&["contest", id, rule]);
        for (name, value) in options {
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
    lines.0.finalize().into()
}

fn optional(number: Option<u64>) -> String {
    number.map_or(String::new(), |number| number.to_string())
}
