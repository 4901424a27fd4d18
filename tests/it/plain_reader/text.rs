//! Sections 5 and 6 of FORMAT.md, read literally: which batches a ballots file must give.
//!
//! In: the text of `ballots.csv`, the election. Out: the ballots of every batch in canonical
//! order, and the refused rows. Never: a look at how the loader does it.

use std::collections::BTreeMap;

use super::election::{District, Election, UNKNOWN, number};
use super::segment::Ballots;

const BYTE_ORDER_MARK: &str = "\u{feff}";

/// What the next record must say.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Batch {
    pub(super) station: u32,
    pub(super) district: u32,
    pub(super) sequence: u64,
    pub(super) clean: Ballots,
    pub(super) entered: Ballots,
    pub(super) blank: u32,
}

/// A ballot as it sorts: 0 clean, 1 as entered, 2 blank; number of choices; choices.
type Sorted = (u8, usize, Vec<u16>);

/// Station, district, choices, count.
type Parsed = (usize, usize, Vec<u16>, u64);

/// The batches that sealing must give, and line and code of each refused row.
pub(super) fn read_ballots(text: &str, election: &Election) -> (Vec<Batch>, Vec<(usize, String)>) {
    let text = text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text);
    let mut lines = text.split('\n').map(|line| line.strip_suffix('\r').unwrap_or(line)).zip(1..);
    let header: Vec<&str> = lines.next().expect("a header").0.split(',').collect();
    let (mut pairs, mut rejects) = (BTreeMap::<(usize, usize), Vec<Sorted>>::new(), Vec::new());
    for (line, number) in lines.filter(|(line, _)| !line.is_empty()) {
        match read_row(line, &header, election) {
            Err(code) => rejects.push((number, code.to_owned())),
            Ok((station, district, choices, count)) => {
                let ballot = sorted(choices, &election.districts[district]);
                let ballots = pairs.entry((station, district)).or_default();
                ballots.extend((0..count).map(|_| ballot.clone()));
            }
        }
    }
    let mut batches: Vec<Batch> = Vec::new();
    for ((station, district), mut ballots) in pairs {
        let [station, district] = [station, district].map(|at| u32::try_from(at).unwrap());
        ballots.sort();
        for part in ballots.chunks(65_535) {
            let before = batches.last().filter(|batch| batch.station == station);
            let sequence = before.map_or(0, |batch| batch.sequence + 1);
            let of = |kind| -> Ballots {
                let of = part.iter().filter(|ballot| ballot.0 == kind);
                of.map(|ballot| ballot.2.clone()).collect()
            };
            let blank = u32::try_from(of(2).len()).unwrap();
            let (clean, entered) = (of(0), of(1));
            batches.push(Batch { station, district, sequence, clean, entered, blank });
        }
    }
    (batches, rejects)
}

fn sorted(mut choices: Vec<u16>, district: &District) -> Sorted {
    let kind = match choices.as_slice() {
        [] => 2,
        some if district.is_clean(some) => 0,
        _ => 1,
    };
    if kind == 0 {
        choices.sort_unstable();
    }
    (kind, choices.len(), choices)
}

/// The code of the first line of the table that holds, if one does.
fn read_row(line: &str, header: &[&str], election: &Election) -> Result<Parsed, &'static str> {
    if line.len() > 1_048_576 {
        return Err("row-too-long");
    }
    let fields = split(line)?;
    if fields.len() != header.len() {
        return Err("wrong-field-count");
    }
    let field = |name| header.iter().position(|&column| column == name).map(|at| &*fields[at]);
    let count = field("count").map_or(Some(1), number);
    let count = count.filter(|count| (1..=1_000_000).contains(count)).ok_or("bad-count")?;
    let of = |name| field(name).expect("a column of the golden file");
    let station = election.stations.iter().position(|other| other.id == of("station"));
    let station = station.ok_or("unknown-station")?;
    let district = election.districts.iter().position(|other| other.id == of("district"));
    let district = district.ok_or("unknown-district")?;
    if election.serve(station, district).is_none() {
        return Err("pair-not-served");
    }
    let mut choices = Vec::new();
    for token in of("choices").split(' ').filter(|_| !of("choices").is_empty()) {
        let code = number(token).ok_or("choice-not-a-number")?;
        let option =
            election.districts[district].codes().position(|other| u64::from(other) == code);
        choices.push(option.map_or(UNKNOWN, |option| u16::try_from(option).unwrap()));
    }
    if choices.len() > 1_024 {
        return Err("too-many-choices");
    }
    Ok((station, district, choices, count))
}

/// Fields of a line; with quotation marks as RFC 4180 says, on one line.
fn split(line: &str) -> Result<Vec<String>, &'static str> {
    if !line.contains('"') {
        return Ok(line.split(',').map(str::to_owned).collect());
    }
    if !line.matches('"').count().is_multiple_of(2) || line.starts_with(BYTE_ORDER_MARK) {
        return Err("bad-quote");
    }
    let mut reader = csv::ReaderBuilder::new();
    let reader = reader.has_headers(false).terminator(csv::Terminator::Any(b'\n'));
    let row = reader.from_reader(line.as_bytes()).into_records().next();
    let row = row.expect("a line is a row").expect("a line is text");
    Ok(row.iter().map(str::to_owned).collect())
}
