//! The rules in force: election.toml, and the options of a call.
//!
//! In: the contests of an election, options by name. Out: one rule per contest with every option
//! in force, or every unknown rule, option and value. Never: an option ignored; one that no contest
//! has is refused.

use std::collections::{BTreeMap, BTreeSet};

use shomar_format::Reading;
use shomar_format::election::{Contest, ElectionHead};
use shomar_seats::{Rule, SeatsError};

/// The rule of one contest with everything that is in force.
#[derive(Clone, Debug)]
pub struct ContestRule {
    /// The seat rule with its options.
    pub rule: Rule,
    /// How ballots are read.
    pub reading: Reading,
    /// Every option by name, defaults included.
    pub options: BTreeMap<String, String>,
}

/// Makes the rules of all contests from `election.toml` and the options of a call.
///
/// # Errors
/// With every unknown rule, option or value: contest, what was found, what was expected.
pub fn contest_rules(
    head: &ElectionHead,
    overrides: &[(String, String)],
) -> Result<Vec<ContestRule>, Vec<String>> {
    let mut problems = Vec::new();
    let mut rules = Vec::new();
    let mut used = vec![false; overrides.len()];
    for contest in &head.contests {
        match contest_rule(contest, overrides, &mut used) {
            Ok(rule) => rules.push(rule),
            Err(error) => problems.push(format!("contest {}: {error}", contest.id)),
        }
    }
    for ((name, value), used) in overrides.iter().zip(used) {
        if !used && problems.is_empty() {
            let known: Vec<&str> = rules
                .iter()
                .flat_map(|rule| rule.options.keys().map(String::as_str))
                .collect::<BTreeSet<_>>()
                .into_iter()
                .collect();
            problems.push(format!(
                "found option {name}={value}, which no contest of the election has, expected one \
                 of: {}",
                known.join(", ")
            ));
        }
    }
    if problems.is_empty() { Ok(rules) } else { Err(problems) }
}

/// Sets what the contest has; an option of a call counts for every contest whose rule knows it.
fn contest_rule(
    contest: &Contest,
    overrides: &[(String, String)],
    used: &mut [bool],
) -> Result<ContestRule, String> {
    let text = |error: SeatsError| error.to_string();
    let mut rule = Rule::named(&contest.rule).map_err(text)?;
    let mut reading = contest.reading;
    for (name, value) in &contest.options {
        rule = rule.with_option(name, value).map_err(text)?;
    }
    for ((name, value), used) in overrides.iter().zip(used) {
        if reading.set(name, value).map_err(|error| format!("option {name}: {error}"))? {
            *used = true;
            continue;
        }
        match rule.with_option(name, value) {
            Ok(changed) => {
                rule = changed;
                *used = true;
            }
            // Another contest may have it; `contest_rules` tells if none does.
            Err(SeatsError::UnknownOption { .. }) => {}
            Err(error) => return Err(text(error)),
        }
    }
    Ok(ContestRule::of(rule, reading))
}

impl ContestRule {
    /// A rule and a reading of ballots, with every option that is in force.
    #[must_use]
    pub fn of(rule: Rule, reading: Reading) -> Self {
        let mut options: BTreeMap<String, String> =
            rule.option_values().into_iter().map(|(name, value)| (name.into(), value)).collect();
        options.extend(reading.entries().map(|(name, value)| (name.into(), value.into())));
        Self { rule, reading, options }
    }
}
