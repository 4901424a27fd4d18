//! Section 7.1 of FORMAT.md, read literally: which batches the checks keep out of the totals.
//!
//! In: the batches that stand, with their ballots. Out: the alarms of each that hold it. Never: the
//! methods that no golden folder has, or a look at how the engine does it.

use serde_json::{Value, json};

use super::election::{Election, Row, number};
use super::segment::Record;

/// A batch that stands, with its ballots taken and its last ruling.
pub(super) struct Candidate<'a> {
    pub(super) record: &'a Record,
    pub(super) hash: &'a str,
    pub(super) taken: u64,
    pub(super) released: Option<bool>,
}

impl Candidate<'_> {
    fn pair(&self) -> (u32, u32) {
        (self.record.station, self.record.district)
    }
}

/// What the program says of a held batch; `None` if it counts.
pub(super) fn held(
    batch: &Candidate<'_>,
    all: &[Candidate<'_>],
    election: &Election,
) -> Option<Value> {
    let mut alarms: Vec<Value> = Vec::new();
    // Alarms of the pair come first, then those of the batch.
    for is_of_pair in [true, false] {
        for (check, number) in election.checks.iter().zip(1..) {
            let of_pair = check["method"] != "duplicate-content";
            let formula = if of_pair { of_pair_formula } else { of_batch_formula };
            if of_pair == is_of_pair
                && check["action"] == "hold"
                && let Some(formula) = formula(check, batch, all, election)
            {
                let method = &check["method"];
                alarms.push(json!({ "check": number, "method": method, "formula": formula }));
            }
        }
    }
    if alarms.is_empty() || batch.released == Some(true) {
        return None;
    }
    let Record { station, district, device, sequence, .. } = batch.record;
    Some(json!({ "district": election.districts[*district as usize].id,
                 "station": election.stations[*station as usize].id,
                 "device": device, "sequence": sequence, "record": batch.hash,
                 "taken": batch.taken, "rejected": batch.released == Some(false),
                 "alarms": alarms }))
}

fn of_pair_formula(
    check: &Row,
    batch: &Candidate<'_>,
    all: &[Candidate<'_>],
    election: &Election,
) -> Option<String> {
    assert_eq!(check["method"], "ballots-registered", "the only one of the golden folder");
    let own = all.iter().filter(|other| other.pair() == batch.pair());
    let taken: u64 = own.map(|other| other.taken).sum();
    let (station, district) = (batch.record.station as usize, batch.record.district as usize);
    let of_pair = election.serve(station, district).and_then(|serve| serve.registered);
    let registered = of_pair.or(election.stations[station].registered)?;
    if taken < least(check, 0) {
        return None;
    }
    let limit = check.get("limit").map_or("0", String::as_str);
    // In millionths, so that nothing is rounded. The golden folder has whole percentages.
    let (most, limit) = match limit.strip_suffix('%') {
        Some(percent) => {
            let millionths = number(percent).expect("a percentage") * 10_000;
            (registered * (1_000_000 + millionths), format!("{percent} %"))
        }
        None => ((registered + number(limit).expect("a number")) * 1_000_000, limit.to_owned()),
    };
    let holds = taken * 1_000_000 <= most;
    (!holds).then(|| format!("ballots taken {taken} <= registered {registered} + {limit}"))
}

fn of_batch_formula(
    check: &Row,
    batch: &Candidate<'_>,
    all: &[Candidate<'_>],
    _: &Election,
) -> Option<String> {
    let equal = |other: &&Candidate<'_>| other.record.body_hash == batch.record.body_hash;
    let others = all.iter().filter(equal).count() - 1;
    let taken = batch.taken;
    (others > 0 && taken >= least(check, 20))
        .then(|| format!("its {taken} ballots are those of {others} other batch(es)"))
}

/// Fewer ballots are not looked at.
fn least(check: &Row, default: u64) -> u64 {
    check.get("minimum_ballots").map_or(default, |least| number(least).expect("a number"))
}
