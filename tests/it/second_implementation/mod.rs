//! The engine's seats against those of `shomar-verify`, on random elections full of ties.
//!
//! In: seeds. Out: nothing, if both agree on everything: refusals, seats, persons, alternates, the
//! runoff, every tie that needed a lot, and who comes in for those who leave. Each difference
//! prints its election and its seed; `SHOMAR_SOAK_SEED=<seed> SHOMAR_SOAK_ELECTIONS=1` computes
//! that one again. Never: an agreement that proves nothing. How often a tie was met is asserted,
//! and every value of every option of every method must have been settled; `planted` makes one side
//! wrong on purpose, and each wrong must be found.

mod comparison;
mod elections;
mod planted;

use std::collections::{BTreeMap, BTreeSet};

use shomar_seats::{Method, OptionName};

use crate::kit;
use comparison::{Difference, Met, compare};
use elections::Election;

/// Elections of an ordinary test.
const ELECTIONS: u64 = 60_000;
/// From so many on, everything must have occurred.
const ENOUGH: u64 = 50_000;
/// Differences that are printed.
const PRINTED: usize = 12;

/// What was met.
#[derive(Default)]
struct Tally {
    elections: u64,
    contradictions: u64,
    replaced: u64,
    by_method: BTreeMap<&'static str, Counts>,
    /// Method, option and value of elections that were settled.
    values: BTreeSet<(&'static str, &'static str, &'static str)>,
    differences: Vec<Difference>,
}

/// Of one method.
#[derive(Default)]
struct Counts {
    settled: u64,
    tied: u64,
    refused: u64,
}

impl Tally {
    fn of(seeds: impl Iterator<Item = u64>) -> Tally {
        let mut tally = Tally::default();
        for seed in seeds {
            tally.meet(&Election::of(seed));
        }
        tally
    }

    fn meet(&mut self, election: &Election) {
        self.elections += 1;
        let counts = self.by_method.entry(election.method.name()).or_default();
        match compare(election) {
            Ok(Met::Contradiction) => self.contradictions += 1,
            Ok(Met::Refused) => counts.refused += 1,
            Ok(Met::Settled { tied, replaced }) => {
                counts.settled += 1;
                counts.tied += u64::from(tied);
                self.replaced += u64::from(replaced);
                let method = election.method.name();
                for (name, value) in &election.options {
                    let value = known_value(*name, value).expect("what was settled was known");
                    self.values.insert((method, name.name(), value));
                }
            }
            Err(difference) => self.differences.push(*difference),
        }
    }

    fn add(&mut self, other: Tally) {
        self.elections += other.elections;
        self.contradictions += other.contradictions;
        self.replaced += other.replaced;
        for (method, counts) in other.by_method {
            let sum = self.by_method.entry(method).or_default();
            sum.settled += counts.settled;
            sum.tied += counts.tied;
            sum.refused += counts.refused;
        }
        self.values.extend(other.values);
        self.differences.extend(other.differences);
    }

    fn sum(&self, of: impl Fn(&Counts) -> u64) -> u64 {
        self.by_method.values().map(of).sum()
    }

    /// One line for people.
    fn line(&self) -> String {
        let percent = |part: u64| part * 100 / self.elections.max(1);
        let methods = self.by_method.iter().map(|(method, counts)| {
            format!("{method} {}/{}/{}", counts.settled, counts.tied, counts.refused)
        });
        format!(
            "second implementation: {} elections, {} % tied, {} % refused by both, \
             {} % impossible, {} % with a replacement; settled/tied/refused: {}",
            self.elections,
            percent(self.sum(|counts| counts.tied)),
            percent(self.sum(|counts| counts.refused)),
            percent(self.contradictions),
            percent(self.replaced),
            methods.collect::<Vec<_>>().join(", ")
        )
    }
}

/// The value as the option lists it: itself, or the form in angle brackets that stands for numbers.
fn known_value(name: OptionName, value: &str) -> Option<&'static str> {
    let values = name.values();
    let known = values.iter().find(|known| **known == value);
    known.or_else(|| values.iter().find(|known| known.starts_with('<'))).copied()
}

/// A number from the environment.
fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |text| text.parse().unwrap())
}

#[test]
fn both_implementations_agree_on_random_elections() {
    let first = number("SHOMAR_SOAK_SEED", 0);
    let elections = number("SHOMAR_SOAK_ELECTIONS", ELECTIONS);
    let threads = std::thread::available_parallelism().unwrap().get();
    let mut tally = Tally::default();
    std::thread::scope(|scope| {
        let parts: Vec<_> = (0..threads as u64)
            .map(|part| {
                let seeds = (first + part..first + elections).step_by(threads);
                scope.spawn(|| Tally::of(seeds))
            })
            .collect();
        for part in parts {
            tally.add(part.join().unwrap());
        }
    });
    kit::note(&tally.line());
    if !tally.differences.is_empty() {
        tally.differences.sort_by_key(Difference::seed);
        let printed = tally.differences.iter().take(PRINTED).map(ToString::to_string);
        let printed = printed.collect::<Vec<_>>().join("\n");
        panic!("{} differences, of which\n\n{printed}", tally.differences.len());
    }
    if elections < ENOUGH {
        return;
    }
    for method in Method::all() {
        for name in method.options() {
            for value in name.values() {
                let value = (method.name(), name.name(), *value);
                assert!(tally.values.contains(&value), "never settled: {value:?}");
            }
        }
    }
    // A check that never meets a tie proves nothing about ties.
    assert!(tally.sum(|counts| counts.tied) * 4 >= tally.elections, "{}", tally.line());
}
