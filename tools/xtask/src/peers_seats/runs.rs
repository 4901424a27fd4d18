//! What `seats_peers.py` says it did: which results are where, what was left out, what disagrees.
//!
//! In: its JSON. Out: runs, notes, disagreements. Never: a missing field that passes for an empty
//! one.

use std::fmt;

use anyhow::{Context, Result};
use serde_json::Value;

/// One method of one package.
#[derive(Clone, Debug)]
pub(crate) struct Run {
    /// Where its two files are, below the scratch folder.
    pub(crate) folder: String,
    /// Of ours.
    pub(crate) rule: String,
    /// `name=value`.
    pub(crate) options: Vec<String>,
    /// Name and version.
    package: String,
    /// What the package calls it.
    name: String,
    pub(crate) elections: u64,
    pub(crate) ties: u64,
    /// Elections that are not compared, by reason.
    pub(crate) left_out: Vec<(String, u64)>,
}

impl Run {
    fn of(value: &Value) -> Result<Self> {
        let left_out = value["left_out"].as_object().context("no left_out")?;
        let left_out = left_out.iter().map(|(reason, count)| {
            Ok((reason.clone(), count.as_u64().context("a count that is no number")?))
        });
        Ok(Self {
            folder: text(value, "folder")?,
            rule: text(value, "rule")?,
            options: texts(value, "options")?,
            package: text(value, "package")?,
            name: text(value, "name")?,
            elections: number(value, "elections")?,
            ties: number(value, "ties")?,
            left_out: left_out.collect::<Result<_>>()?,
        })
    }

    /// Our rule with its options.
    pub(crate) fn method(&self) -> String {
        let words = std::iter::once(&self.rule).chain(&self.options);
        words.map(String::as_str).collect::<Vec<_>>().join(" ")
    }

    /// The package and its name for the method.
    pub(crate) fn peer(&self) -> String {
        format!("{}: {}", self.package, self.name)
    }
}

/// An election in which the packages disagree with each other.
#[derive(Clone, Debug)]
pub(crate) struct Disagreement {
    pub(crate) cause: String,
    /// apportionpy's name.
    pub(crate) name: String,
    election: String,
    seats: u64,
    votes: Value,
    by_votelib: Value,
    by_apportionpy: Value,
}

impl Disagreement {
    fn of(value: &Value) -> Result<Self> {
        Ok(Self {
            cause: text(value, "cause")?,
            name: text(value, "apportionpy")?,
            election: text(value, "election")?,
            seats: number(value, "seats")?,
            votes: value["votes"].clone(),
            by_votelib: value["by_votelib"].clone(),
            by_apportionpy: value["by_apportionpy"].clone(),
        })
    }
}

impl fmt::Display for Disagreement {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { cause, name, election, seats, votes, by_votelib, by_apportionpy } = self;
        write!(
            out,
            "{name}, election {election}, {seats} seats, votes {votes}: {by_votelib} by votelib, \
             {by_apportionpy} by apportionpy; cause: {cause}"
        )
    }
}

/// All that the script did.
pub(crate) struct Work {
    pub(crate) runs: Vec<Run>,
    pub(crate) disagreements: Vec<Disagreement>,
    /// What a package cannot do at all.
    pub(crate) notes: Vec<String>,
}

impl Work {
    /// Reads its report.
    pub(crate) fn of(report: &Value) -> Result<Self> {
        let all = |name: &str| {
            report[name].as_array().with_context(|| format!("seats_peers.py: no {name}"))
        };
        Ok(Self {
            runs: all("runs")?.iter().map(Run::of).collect::<Result<_>>()?,
            disagreements: all("disagreements")?
                .iter()
                .map(Disagreement::of)
                .collect::<Result<_>>()?,
            notes: texts(report, "notes")?,
        })
    }
}

fn text(value: &Value, name: &str) -> Result<String> {
    Ok(value[name].as_str().with_context(|| format!("seats_peers.py: no text {name}"))?.to_owned())
}

fn number(value: &Value, name: &str) -> Result<u64> {
    value[name].as_u64().with_context(|| format!("seats_peers.py: no number {name}"))
}

fn texts(value: &Value, name: &str) -> Result<Vec<String>> {
    let all = value[name].as_array().with_context(|| format!("seats_peers.py: no {name}"))?;
    let text = |value: &Value| value.as_str().map(str::to_owned).context("found no text");
    all.iter().map(text).collect()
}

#[cfg(test)]
impl Run {
    /// A run of a method that nobody has.
    pub(crate) fn for_tests(rule: &str, elections: u64, ties: u64) -> Self {
        Self {
            folder: "package/method".to_owned(),
            rule: rule.to_owned(),
            options: vec!["first_divisor=1.4".to_owned()],
            package: "package 1.0".to_owned(),
            name: "its method".to_owned(),
            elections,
            ties,
            left_out: vec![("raises".to_owned(), 7)],
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn report_of_the_script_is_read_and_a_missing_field_is_named() {
        let run = json!({
            "folder": "votelib/hare", "rule": "hare", "options": ["majority=off"],
            "package": "votelib 0.4.0", "name": "LargestRemainder hare", "elections": 3,
            "ties": 1, "left_out": {"raises": 2},
        });
        let mut report = json!({"runs": [run], "disagreements": [], "notes": ["a note"]});
        let work = Work::of(&report).unwrap();
        assert_eq!(work.runs[0].method(), "hare majority=off");
        assert_eq!(work.runs[0].peer(), "votelib 0.4.0: LargestRemainder hare");
        assert_eq!(work.runs[0].left_out, [("raises".to_owned(), 2)]);
        report["runs"][0]["ties"] = Value::Null;
        assert!(Work::of(&report).err().unwrap().to_string().contains("no number ties"));
    }
}
