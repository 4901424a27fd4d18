//! The answer that every engine must give, number by number.
//!
//! In: the JSON of `shomar tally`, and the arrays in which an engine left its own counts. Out: each
//! difference, with its district, its code and both numbers. Never: a tolerance.

use std::fmt::Display;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};
use serde_json::Value;

/// Places of a district in the column of ballots, one of them unused.
const KINDS: [&str; 4] = ["valid", "void, not blank", "blank", "of no kind"];

/// Votes by name and ballots by list, ballots by kind, of all districts.
#[derive(Debug)]
pub(crate) struct Answer {
    districts: Vec<District>,
}

#[derive(Debug)]
struct District {
    id: String,
    /// Code and votes: lists by code, then candidates by code.
    votes: Vec<(u64, u64)>,
    /// In the order of [`KINDS`].
    ballots: [u64; KINDS.len()],
}

impl Answer {
    /// Reads the JSON of `shomar tally`.
    pub(crate) fn read(tally: &Value) -> Result<Self> {
        let districts = list(tally, "districts")?.iter().map(|district| {
            let id = district["district"].as_str().context("a district without an id")?;
            let read = || {
                let counts = &district["ballots"];
                let (taken, void) = (number(counts, "taken")?, number(counts, "void")?);
                let (valid, blank) = (number(counts, "valid")?, number(counts, "blank")?);
                if taken != valid + void {
                    bail!("taken {taken}, but valid {valid} and void {void}");
                }
                let lists = list(district, "lists")?.iter();
                let lists = lists.map(|list| Ok((number(list, "code")?, number(list, "votes")?)));
                let candidates = list(district, "candidates")?.iter();
                let candidates =
                    candidates.map(|one| Ok((number(one, "code")?, number(one, "direct")?)));
                let void = void.checked_sub(blank).context("more blank than void ballots")?;
                Ok(District {
                    id: id.to_owned(),
                    votes: lists.chain(candidates).collect::<Result<_>>()?,
                    ballots: [valid, void, blank, 0],
                })
            };
            read().with_context(|| format!("district {id}"))
        });
        Ok(Self { districts: districts.collect::<Result<_>>().context("JSON of `shomar tally`")? })
    }

    /// Choices that are read.
    pub(crate) fn choices(&self) -> u64 {
        self.districts.iter().flat_map(|district| &district.votes).map(|(_, votes)| votes).sum()
    }

    /// The number of options of each district, as bytes for the peers.
    pub(crate) fn option_counts(&self) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        for district in &self.districts {
            bytes.extend(u32::try_from(district.votes.len())?.to_le_bytes());
        }
        Ok(bytes)
    }

    /// Compares with what an engine left in this folder; empty if all of it is the same.
    pub(crate) fn compare(&self, engine: &str, folder: &Path) -> Result<Vec<String>> {
        let votes = numbers(&folder.join("choices.u64"))?;
        let ballots = numbers(&folder.join("ballots.u64"))?;
        Ok(self.differences(engine, &votes, &ballots))
    }

    fn differences(&self, engine: &str, votes: &[u64], ballots: &[u64]) -> Vec<String> {
        let mut differences = Vec::new();
        let mut compare = |what: &dyn Display, found: Option<u64>, expected: u64| {
            if found != Some(expected) {
                let found = found.map_or("nothing".to_owned(), |found| found.to_string());
                differences.push(format!("{engine}: {what}: {found}, shomar: {expected}"));
            }
        };
        let (mut votes, mut ballots) = (votes.iter().copied(), ballots.iter().copied());
        for District { id, votes: by_code, ballots: by_kind } in &self.districts {
            for (code, expected) in by_code {
                compare(&format_args!("district {id}, code {code}"), votes.next(), *expected);
            }
            let (mut found_taken, mut expected_taken) = (0, 0);
            for (kind, expected) in KINDS.iter().zip(by_kind) {
                let found = ballots.next();
                compare(&format_args!("district {id}, ballots {kind}"), found, *expected);
                found_taken += found.unwrap_or_default();
                expected_taken += expected;
            }
            let what = format_args!("district {id}, ballots taken");
            compare(&what, Some(found_taken), expected_taken);
        }
        let beyond = votes.count() + ballots.count();
        if beyond > 0 {
            differences.push(format!("{engine}: {beyond} counts of options that nobody has"));
        }
        differences
    }
}

fn list<'a>(value: &'a Value, field: &str) -> Result<&'a Vec<Value>> {
    value[field].as_array().with_context(|| format!("found no list of {field}"))
}

fn number(value: &Value, field: &str) -> Result<u64> {
    let found = &value[field];
    found.as_u64().with_context(|| format!("{field}: found {found}, expected a whole number"))
}

/// An array of little-endian u64.
fn numbers(path: &Path) -> Result<Vec<u64>> {
    let bytes = fs::read(path).with_context(|| format!("no answer: {}", path.display()))?;
    let (words, rest) = bytes.as_chunks();
    if !rest.is_empty() {
        bail!("{}: found {} bytes, expected u64", path.display(), bytes.len());
    }
    Ok(words.iter().map(|word| u64::from_le_bytes(*word)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer() -> Answer {
        let tally = serde_json::json!({"districts": [
            {
                "district": "tehran",
                "ballots": {"taken": 10, "valid": 7, "void": 3, "blank": 1},
                "lists": [{"code": 11, "votes": 4}],
                "candidates": [
                    {"code": 101, "list": 11, "direct": 2, "via_list": 4, "votes": 6},
                    {"code": 102, "list": null, "direct": 1, "via_list": 0, "votes": 1},
                ],
            },
            {
                "district": "village",
                "ballots": {"taken": 1, "valid": 0, "void": 1, "blank": 1},
                "lists": [],
                "candidates": [{"code": 5, "list": null, "direct": 0, "via_list": 0, "votes": 0}],
            },
        ]});
        Answer::read(&tally).unwrap()
    }

    const VOTES: [u64; 4] = [4, 2, 1, 0];
    const BALLOTS: [u64; 8] = [7, 2, 1, 0, 0, 0, 1, 0];

    #[test]
    fn equal_counts_have_no_difference() {
        let answer = answer();
        assert_eq!(answer.choices(), 7);
        assert_eq!(answer.option_counts().unwrap(), [3, 0, 0, 0, 1, 0, 0, 0]);
        assert_eq!(answer.differences("peer", &VOTES, &BALLOTS), [""; 0]);
    }

    #[test]
    fn every_wrong_count_is_found() {
        let answer = answer();
        for at in 0..VOTES.len() {
            let mut votes = VOTES;
            votes[at] += 1;
            assert_eq!(answer.differences("peer", &votes, &BALLOTS).len(), 1, "{at}");
        }
        for at in 0..BALLOTS.len() {
            let mut ballots = BALLOTS;
            ballots[at] += 1;
            // The kind, and the sum of all kinds.
            assert_eq!(answer.differences("peer", &VOTES, &ballots).len(), 2, "{at}");
        }
    }

    #[test]
    fn difference_names_engine_district_code_and_both_numbers() {
        let answer = answer();
        let found = answer.differences("DuckDB", &[4, 3, 1, 0], &BALLOTS);
        assert_eq!(found, ["DuckDB: district tehran, code 101: 3, shomar: 2"]);
        // A vote that went to another: the sum is right, both counts are wrong.
        assert_eq!(answer.differences("peer", &[4, 1, 2, 0], &BALLOTS).len(), 2);
        let found = answer.differences("peer", &VOTES, &[7, 1, 2, 0, 0, 0, 1, 0]);
        assert_eq!(found[0], "peer: district tehran, ballots void, not blank: 1, shomar: 2");
    }

    #[test]
    fn missing_and_superfluous_counts_are_found() {
        let answer = answer();
        let found = answer.differences("peer", &VOTES[..3], &BALLOTS);
        assert_eq!(found, ["peer: district village, code 5: nothing, shomar: 0"]);
        let found = answer.differences("peer", &[4, 2, 1, 0, 0], &BALLOTS);
        assert_eq!(found, ["peer: 1 counts of options that nobody has"]);
    }

    #[test]
    fn tally_that_does_not_add_up_is_refused() {
        let tally = serde_json::json!({"districts": [{
            "district": "village",
            "ballots": {"taken": 2, "valid": 0, "void": 1, "blank": 1},
            "lists": [], "candidates": [],
        }]});
        let error = format!("{:#}", Answer::read(&tally).unwrap_err());
        assert!(error.contains("district village: taken 2"), "{error}");
    }
}
