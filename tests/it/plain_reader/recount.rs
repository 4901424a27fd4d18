//! The recount of one batch, and the totals as the program writes them.
//!
//! In: sound batches, the election, readings. Out: totals per district, their JSON with the digests
//! of FORMAT.md, or the first thing about a batch that is not of this election. Never: a number out
//! of the program.

use serde_json::{Value, json};

use super::election::{District, Election, UNKNOWN};
use super::reading::{OPTIONS, Reading};
use super::segment::{Body, Checked, Record, check, hex, sha256};

#[derive(Clone, Default)]
pub(super) struct Totals {
    pub(super) taken: u64,
    valid: u64,
    void: u64,
    blank: u64,
    options: Vec<u64>,
}

impl Totals {
    pub(super) fn of(district: &District) -> Self {
        Self { options: vec![0; district.option_count()], ..Self::default() }
    }

    pub(super) fn add(&mut self, other: &Self) {
        self.taken += other.taken;
        self.valid += other.valid;
        self.void += other.void;
        self.blank += other.blank;
        self.options.iter_mut().zip(&other.options).for_each(|(sum, votes)| *sum += votes);
    }
}

/// The totals of one batch.
pub(super) fn recount(
    record: &Record,
    body: &Body,
    election: &Election,
    readings: &[Reading],
) -> Checked<Totals> {
    let station = election.stations.get(record.station as usize).ok_or("record: station")?;
    check((record.device as usize) < station.devices.len(), "record: device")?;
    let index = record.district as usize;
    let district = election.districts.get(index).ok_or("record: district")?;
    let serve = election.serve(record.station as usize, index);
    check(serve.is_some(), "record: not served")?;
    check(record.option_count as usize == district.option_count(), "record: options")?;
    check(record.seats as usize == district.seats, "record: seats")?;
    let lists = body.lists.is_none_or(|lists| lists as usize == district.lists.len());
    check(lists, "columns: lists")?;
    let mut totals = Totals::of(district);
    for ballot in &body.clean {
        let sorted = ballot.is_sorted_by(|a, b| a < b);
        check(sorted && district.is_clean(ballot), "clean ballot: not clean")?;
        totals.taken += 1;
        totals.valid += 1;
        ballot.iter().for_each(|&option| totals.options[usize::from(option)] += 1);
    }
    for ballot in &body.entered {
        let mut known = ballot.iter().filter(|&&choice| choice != UNKNOWN);
        check(known.all(|&choice| u32::from(choice) < record.option_count), "option")?;
        check(!district.is_clean(ballot), "ballot as entered: clean")?;
        let votes = readings[district.contest].read(ballot, district);
        totals.taken += 1;
        *(if votes.is_empty() { &mut totals.void } else { &mut totals.valid }) += 1;
        votes.iter().for_each(|&option| totals.options[usize::from(option)] += 1);
    }
    totals.taken += u64::from(body.blank);
    totals.void += u64::from(body.blank);
    totals.blank += u64::from(body.blank);
    Ok(totals)
}

/// What was counted.
pub(super) struct Counted {
    /// By district.
    pub(super) totals: Vec<Totals>,
    /// Of the batches counted.
    pub(super) body_hashes: Vec<[u8; 32]>,
    /// What officers decided, where there is a decision or a recount.
    pub(super) journal: Option<Value>,
    pub(super) held: Vec<Value>,
}

/// The JSON of the tally, from the numbers of the recount.
pub(super) fn document(counted: Counted, election: &Election, readings: &[Reading]) -> Value {
    let Counted { totals: all, mut body_hashes, journal, held } = counted;
    let mut totals_bytes = b"shomar-totals 1\n".to_vec();
    totals_bytes.extend(election.definition_digest());
    let (mut reading, mut districts) = (serde_json::Map::new(), Vec::new());
    for (contest, Reading(values)) in election.contests.iter().zip(readings) {
        let options = OPTIONS.iter().map(|(name, _)| *name).zip(values.iter().map(String::as_str));
        let words: String =
            options.clone().map(|(name, value)| format!("\t{name}={value}")).collect();
        totals_bytes.extend(format!("reading\t{}{words}\n", contest["id"]).bytes());
        reading.insert(contest["id"].clone(), options.collect());
    }
    let mut put = |number: u64| totals_bytes.extend(number.to_le_bytes());
    let ballots = |totals: &Totals| {
        let Totals { taken, valid, void, blank, .. } = totals;
        json!({ "taken": taken, "valid": valid, "void": void, "blank": blank })
    };
    let mut sum = Totals::default();
    for (district, totals) in election.districts.iter().zip(&all) {
        [totals.taken, totals.valid, totals.void, totals.blank].into_iter().for_each(&mut put);
        sum.add(totals);
        let (list_votes, direct) = totals.options.split_at(district.lists.len());
        list_votes.iter().copied().for_each(&mut put);
        let lists = district.lists.iter().zip(list_votes);
        let lists = lists.map(|(code, votes)| json!({ "code": code, "votes": votes }));
        let candidates = district.candidates.iter().zip(direct).map(|(&(code, list), &direct)| {
            let via_list = list.map_or(0, |list| list_votes[list]);
            [direct, via_list].into_iter().for_each(&mut put);
            json!({ "code": code, "list": list.map(|list| district.lists[list]),
                    "direct": direct, "via_list": via_list, "votes": direct + via_list })
        });
        districts.push(json!({ "district": district.id, "ballots": ballots(totals),
            "lists": lists.collect::<Vec<_>>(), "candidates": candidates.collect::<Vec<_>>() }));
    }
    body_hashes.sort_unstable();
    let mut document = json!({ "election": election.id, "mode": election.mode,
        "reading": reading, "ballots": ballots(&sum), "districts": districts,
        "frontier": { "batches": body_hashes.len(),
                      "evidence": hex(&sha256(&body_hashes.concat())),
                      "digest": hex(&sha256(&totals_bytes)) } });
    // What is not there is not said.
    journal.into_iter().for_each(|journal| document["journal"] = journal);
    if !held.is_empty() {
        document["held"] = held.into();
    }
    document
}
