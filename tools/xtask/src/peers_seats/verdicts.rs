//! Verdicts of `shomar check-result`, held against what the package says of ties.
//!
//! In: the two files that were checked, the JSON. Out: how many districts agree, and what differs,
//! with votes and both results. Never: a district without a verdict that passes for one that
//! matches.

use std::collections::BTreeMap;
use std::fmt;

use anyhow::{Context, Result, bail};
use serde_json::Value;

/// Names of districts in which the package says that there is a tie.
const TIE_PREFIX: &str = "tie-";
const MATCHES: &str = "matches";
const MATCHES_BY_LOT: &str = "matches-by-lot";

/// A district that is not as the package says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Difference {
    district: String,
    expected: &'static str,
    /// What there is in the report of it.
    found: String,
    votes: String,
    package: String,
}

impl fmt::Display for Difference {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { district, expected, found, votes, package } = self;
        writeln!(out, "district {district}: expected {expected}")?;
        writeln!(out, "  votes:   {votes}")?;
        writeln!(out, "  package: {package}")?;
        write!(out, "  shomar:  {found}")
    }
}

/// All districts of one run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Compared {
    pub(crate) districts: u64,
    pub(crate) ties: u64,
    pub(crate) agree: u64,
    pub(crate) differences: Vec<Difference>,
}

/// Compares the report with the package's results.
pub(crate) fn compare(votes: &str, official: &str, report: &Value) -> Result<Compared> {
    let (votes, official) = (by_district(votes)?, by_district(official)?);
    let mut found: BTreeMap<&str, &Value> = BTreeMap::new();
    for district in report["districts"].as_array().context("no districts")? {
        let name = district["district"].as_str().context("a district without a name")?;
        if !official.contains_key(name) {
            bail!("found a verdict on district {name}, which is not in the file");
        }
        if found.insert(name, district).is_some() {
            bail!("found two verdicts on district {name}");
        }
    }
    check_sums(report)?;
    let mut compared = Compared::default();
    for (district, package) in official {
        let is_tie = district.starts_with(TIE_PREFIX);
        let expected = if is_tie { MATCHES_BY_LOT } else { MATCHES };
        compared.districts += 1;
        compared.ties += u64::from(is_tie);
        let verdict = found.get(district).copied();
        if verdict.and_then(|verdict| verdict["verdict"].as_str()) == Some(expected) {
            compared.agree += 1;
            continue;
        }
        compared.differences.push(Difference {
            district: district.to_owned(),
            expected,
            found: verdict.map_or("no verdict".to_owned(), Value::to_string),
            votes: votes.get(district).cloned().unwrap_or_default(),
            package,
        });
    }
    Ok(compared)
}

/// The sums of the report are those of its districts.
fn check_sums(report: &Value) -> Result<()> {
    let districts = report["districts"].as_array().context("no districts")?;
    for (name, verdict) in
        [("matches", MATCHES), ("matches_by_lot", MATCHES_BY_LOT), ("departs", "departs")]
    {
        let count = districts.iter().filter(|district| district["verdict"] == verdict).count();
        if report[name].as_u64() != Some(u64::try_from(count)?) {
            bail!("found {name} {}, expected {count}, as its districts have", report[name]);
        }
    }
    Ok(())
}

/// The last column of `district,list,candidate,...` by name. Our own script writes it, without
/// quotes: no name has a comma.
fn by_district(text: &str) -> Result<BTreeMap<&str, String>> {
    let mut all: BTreeMap<&str, String> = BTreeMap::new();
    for line in text.lines().skip(1) {
        let fields: Vec<&str> = line.split(',').collect();
        let [district, list, candidate, number] = fields[..] else {
            bail!("found {line:?}, expected four fields");
        };
        let of = all.entry(district).or_default();
        let separator = if of.is_empty() { "" } else { ", " };
        of.push_str(&format!("{separator}{list}{candidate} {number}"));
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const VOTES: &str =
        "district,list,candidate,votes\n1,P1,,9\n1,P2,,2\ntie-2,P1,,5\ntie-2,P2,,5\n";
    const OFFICIAL: &str =
        "district,list,candidate,seats\n1,P1,,3\n1,P2,,0\ntie-2,P1,,1\ntie-2,P2,,0\n";

    fn report(verdicts: [&str; 2]) -> Value {
        let count = |wanted| verdicts.iter().filter(|verdict| **verdict == wanted).count();
        json!({
            "rule": "hare",
            "districts": [
                {"district": "1", "verdict": verdicts[0]},
                {"district": "tie-2", "verdict": verdicts[1]},
            ],
            "matches": count("matches"),
            "matches_by_lot": count("matches-by-lot"),
            "departs": count("departs"),
        })
    }

    #[test]
    fn ties_match_by_lot_and_nothing_else_does() {
        let of = |verdicts| compare(VOTES, OFFICIAL, &report(verdicts)).unwrap();
        let clean = of(["matches", "matches-by-lot"]);
        assert_eq!((clean.districts, clean.ties, clean.agree), (2, 1, 2));
        assert!(clean.differences.is_empty());
        for (verdicts, agree) in
            [(["matches", "matches"], 1), (["matches-by-lot"; 2], 1), (["departs"; 2], 0)]
        {
            assert_eq!(of(verdicts).agree, agree, "{verdicts:?}");
        }
        let text = of(["departs", "matches-by-lot"]).differences[0].to_string();
        assert_eq!(
            text,
            "district 1: expected matches\n  votes:   P1 9, P2 2\n  package: P1 3, P2 0\n  \
             shomar:  {\"district\":\"1\",\"verdict\":\"departs\"}"
        );
    }

    #[test]
    fn district_without_a_verdict_differs_and_odd_reports_are_refused() {
        let mut short = report(["matches", "matches-by-lot"]);
        short["districts"].as_array_mut().unwrap().pop();
        assert!(compare(VOTES, OFFICIAL, &short).is_err(), "sums are of all districts");
        short["matches_by_lot"] = json!(0);
        let found = compare(VOTES, OFFICIAL, &short).unwrap();
        assert_eq!((found.agree, found.differences[0].found.as_str()), (1, "no verdict"));
        let other = report(["matches", "matches-by-lot"]);
        let error = compare(VOTES, "district,list,candidate,seats\n1,P1,,3\n", &other);
        assert!(error.unwrap_err().to_string().contains("district tie-2"));
    }
}
