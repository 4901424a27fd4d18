//! Nothing that was acknowledged is lost, whenever and however the power goes.

use std::time::Instant;

use proptest::prelude::*;
use proptest::test_runner::TestRunner;

use super::at_least;
use super::harness::Step::{self, Append, Close, Commit, Kill};
use super::harness::{Trial, Tried, crash_everywhere};

fn passes(name: &str, steps: &[Step], stride: usize) {
    let began = Instant::now();
    let mut tried = Tried::default();
    for without_hint in [false, true] {
        let trial = Trial { without_hint, ..Trial::default() };
        match crash_everywhere(trial, steps, stride) {
            Ok(more) => tried.add(more),
            Err(error) => panic!("{error}\nsteps {steps:?}, {trial:?}"),
        }
    }
    eprintln!("{name}: {tried:?} in {:?}", began.elapsed());
}

#[test]
fn groups_over_several_segments_survive() {
    let steps = [
        Append(0),
        Commit,
        Append(3),
        Append(0),
        Append(1),
        Commit,
        Append(2),
        Commit,
        Append(9),
        Append(1),
        Commit,
        Append(0),
        Commit,
    ];
    passes("roll-over", &steps, 29);
}

#[test]
fn a_journal_that_is_closed_and_opened_again_survives() {
    let steps = [Close, Append(1), Append(2), Commit, Close, Append(0), Close, Append(4), Commit];
    passes("close", &steps, 17);
}

#[test]
fn a_journal_whose_process_is_killed_survives() {
    let steps = [Append(1), Commit, Append(5), Kill, Kill, Append(2), Append(1), Commit, Kill];
    passes("kill", &steps, 17);
}

#[test]
fn a_crash_while_a_crash_is_put_right_loses_nothing() {
    let steps = [Append(1), Commit, Append(6), Append(0), Commit, Append(0), Commit];
    passes("crash in the recovery", &steps, 1);
}

#[test]
fn workloads_of_any_kind_survive() {
    let step = prop_oneof![
        4 => (0..12_usize).prop_map(Append),
        3 => Just(Commit),
        1 => Just(Close),
        1 => Just(Kill),
    ];
    let began = Instant::now();
    let tried = std::cell::RefCell::new(Tried::default());
    let steps = prop::collection::vec(step, 1..12);
    let result = TestRunner::new(at_least(3)).run(&steps, |steps| {
        let more = crash_everywhere(Trial::default(), &steps, 41).map_err(TestCaseError::fail)?;
        tried.borrow_mut().add(more);
        Ok(())
    });
    eprintln!("any workload: {:?} in {:?}", tried.borrow(), began.elapsed());
    result.unwrap();
}
