//! The search through readings finds what trying every combination finds.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::{named, race};
use crate::{Branch, OptionName, Outcome, Race, Rule, SeatsError, allocate, explore};

/// The open options that a count names. Those whose votes the caller gives, or not, and names
/// without a vote, are the caller's to vary.
fn open() -> Vec<OptionName> {
    let is_named = |option: &OptionName| {
        !matches!(option, OptionName::WithdrawnMember | OptionName::ZeroVotes)
    };
    OptionName::OPEN.into_iter().filter(is_named).collect()
}

/// What a council is: seats, persons, alternates, open lots; or that there is none.
type Council = Result<(Vec<u32>, Vec<u32>, Vec<u32>, usize, u32), String>;

fn council(result: Result<Outcome, SeatsError>) -> Council {
    let outcome = result.map_err(|error| error.to_string())?;
    let seats = outcome.groups.iter().map(|group| group.seats).collect();
    Ok((seats, outcome.elected, outcome.alternates, outcome.lots.len(), outcome.vacant))
}

fn tree(race: &Race<'_>, rule: &Rule, open: &[OptionName]) -> Vec<Branch<Council>> {
    explore(rule, open, |rule| {
        let result = allocate(race, rule, &[]);
        let used = match &result {
            Ok(outcome) => outcome.readings(),
            Err(SeatsError::Excess { readings, .. }) => readings.iter().copied().collect(),
            Err(error) => panic!("{error}"),
        };
        (used, council(result))
    })
}

fn product(race: &Race<'_>, rule: Rule, open: &[OptionName]) -> BTreeSet<Council> {
    let Some((first, rest)) = open.split_first() else {
        return [council(allocate(race, &rule, &[]))].into();
    };
    first
        .values()
        .iter()
        .flat_map(|value| product(race, rule.with_option(first.name(), value).unwrap(), rest))
        .collect()
}

proptest! {
    #![proptest_config(super::at_least(300))]

    /// Nothing that a reading can bring about is missed because an option seemed not to matter.
    #[test]
    fn every_council_of_every_combination_is_found(
        members in prop::collection::vec(prop::collection::vec(0..9u64, 1..4), 1..4),
        alone in prop::collection::vec(0..12u64, 0..3),
        house in 1..9u32,
        veteran in 0..3usize,
        threshold in prop::sample::select(vec!["0", "20"]),
        open in prop::sample::subsequence(open(), 5),
        fixed in prop::collection::vec((prop::sample::select(open()), 0..4usize), 0..6),
    ) {
        let slices: Vec<&[u64]> = members.iter().map(Vec::as_slice).collect();
        let (lists, mut candidates) = named(&slices, &alone);
        for (index, candidate) in candidates.iter_mut().enumerate() {
            candidate.veteran = index % 3 == veteran;
            candidate.degree_rank = u32::try_from(index % 2).ok();
        }
        let race = Race { valid_ballots: Some(12), ..race(house, &lists, &candidates) };
        let mut rule = Rule::parse("article-24", [("threshold", threshold)]).unwrap();
        for (option, value) in fixed {
            let value = option.values()[value % option.values().len()];
            rule = rule.with_option(option.name(), value).unwrap();
        }
        let found: BTreeSet<Council> =
            tree(&race, &rule, &open).into_iter().map(|branch| branch.result).collect();
        prop_assert_eq!(found, product(&race, rule, &open));
    }
}

/// A rule that hides what it rests on would be found out: without the citation, councils are
/// missed.
#[test]
fn an_option_that_is_not_named_hides_councils() {
    let lists = super::unnamed(&[408, 313, 279]);
    let race = race(21, &lists, &[]);
    let rule = Rule::named("article-24").unwrap();
    let open = [OptionName::Rounding, OptionName::Leftover];
    let hiding = explore(&rule, &open, |rule| {
        let outcome = allocate(&race, rule, &[]);
        let mut used = outcome.as_ref().map(Outcome::readings).unwrap_or_default();
        used.remove(&OptionName::Leftover);
        (used, council(outcome))
    });
    let hidden: BTreeSet<Council> = hiding.into_iter().map(|branch| branch.result).collect();
    assert!(hidden.len() < product(&race, rule, &open).len());
}

/// The sum of votes in the first of two stages rests on groups that do not stand in that stage: a
/// tie between all lists and the pool hid what the other reading of `below_threshold` gives.
#[test]
fn a_tie_of_the_first_stage_hides_no_reading_of_the_threshold() {
    let (lists, candidates) = named(&[&[7, 4], &[1], &[7, 6, 6]], &[9, 1]);
    let race = race(6, &lists, &candidates);
    let rule = Rule::parse("article-24", [("threshold", "20"), ("two_stage", "on")]).unwrap();
    let open = [OptionName::BelowThreshold];
    let branches = tree(&race, &rule, &open);
    assert!(matches!(&branches[0].result, Ok((.., 1, 0))), "the first stage is tied: {branches:?}");
    assert_eq!(branches.len(), 2, "{branches:?}");
    let found: BTreeSet<Council> = branches.into_iter().map(|branch| branch.result).collect();
    assert_eq!(found, product(&race, rule, &open));
}
