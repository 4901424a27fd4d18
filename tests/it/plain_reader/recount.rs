//! The recount: sound records against the election, and the totals as the program writes them.
//!
//! In: the records of a segment, the election, readings. Out: totals per district, their JSON with
//! the digests of FORMAT.md, or the first record that is not of this election. Never: a number out
//! of the program.

use serde_json::{Value, json};

use super::election::{District, Election, UNKNOWN};
use super::reading::{OPTIONS, Reading};
use super::segment::{Checked, Segment, check, hex, sha256};

#[derive(Clone, Default)]
pub(super) struct Totals {
    taken: u64,
    valid: u64,
    void: u64,
    blank: u64,
    options: Vec<u64>,
}

pub(super) fn recount(
    segment: &Segment,
    election: &Election,
    readings: &[Reading],
) -> Checked<Vec<Totals>> {
    let zero = |district: &District| Totals {
        options: vec![0; district.option_count()],
        ..Totals::default()
    };
    let mut all: Vec<Totals> = election.districts.iter().map(zero).collect();
    check(segment.definition == election.definition_digest(), "segment: not of this election")?;
    for record in &segment.records {
        let (_, devices) =
            election.stations.get(record.station as usize).ok_or("record: station")?;
        check((record.device as usize) < *devices, "record: device")?;
        let index = record.district as usize;
        let district = election.districts.get(index).ok_or("record: district")?;
        let mut pairs = election.serves.iter().map(|&(station, district, _)| (station, district));
        check(pairs.any(|pair| pair == (record.station as usize, index)), "record: not served")?;
        check(record.option_count as usize == district.option_count(), "record: options")?;
        check(record.seats as usize == district.seats, "record: seats")?;
        let lists = record.body.lists.is_none_or(|lists| lists as usize == district.lists.len());
        check(lists, "columns: lists")?;
        let totals = &mut all[index];
        for ballot in &record.body.clean {
            let sorted = ballot.is_sorted_by(|a, b| a < b);
            check(sorted && district.is_clean(ballot), "clean ballot: not clean")?;
            totals.taken += 1;
            totals.valid += 1;
            ballot.iter().for_each(|&option| totals.options[usize::from(option)] += 1);
        }
        for ballot in &record.body.entered {
            let mut known = ballot.iter().filter(|&&choice| choice != UNKNOWN);
            check(known.all(|&choice| u32::from(choice) < record.option_count), "option")?;
            check(!district.is_clean(ballot), "ballot as entered: clean")?;
            let votes = readings[district.contest].read(ballot, district);
            totals.taken += 1;
            *(if votes.is_empty() { &mut totals.void } else { &mut totals.valid }) += 1;
            votes.iter().for_each(|&option| totals.options[usize::from(option)] += 1);
        }
        totals.taken += u64::from(record.body.blank);
        totals.void += u64::from(record.body.blank);
        totals.blank += u64::from(record.body.blank);
    }
    Ok(all)
}

/// The JSON of the tally, from the numbers of the recount.
pub(super) fn document(
    segment: &Segment,
    election: &Election,
    readings: &[Reading],
    all: &[Totals],
) -> Value {
    let mut totals_bytes = b"shomar-totals 1\n".to_vec();
    totals_bytes.extend(segment.definition);
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
    for (district, totals) in election.districts.iter().zip(all) {
        [totals.taken, totals.valid, totals.void, totals.blank].into_iter().for_each(&mut put);
        sum.taken += totals.taken;
        sum.valid += totals.valid;
        sum.void += totals.void;
        sum.blank += totals.blank;
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
    let mut hashes: Vec<_> = segment.records.iter().map(|record| record.body_hash).collect();
    hashes.sort_unstable();
    json!({ "election": election.id, "mode": "test",
        "reading": reading, "ballots": ballots(&sum), "districts": districts,
        "frontier": { "batches": hashes.len(), "evidence": hex(&sha256(&hashes.concat())),
                      "digest": hex(&sha256(&totals_bytes)) } })
}
