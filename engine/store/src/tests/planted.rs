//! The checks find what they are for: each bug planted here is reported by one of them.

use super::damage::{bits_cut, examine_without_durable};
use super::harness::Step::{self, Append, Commit, Kill};
use super::harness::{Bug, Trial, crash_everywhere};

const STEPS: [Step; 9] =
    [Append(1), Commit, Append(9), Append(9), Commit, Append(0), Kill, Append(2), Commit];

/// What is reported first, without the hint to point at it.
fn found(bug: Bug) -> String {
    let trial = Trial { bug, without_hint: true };
    crash_everywhere(trial, &STEPS, 3).expect_err("the bug was not found")
}

#[test]
fn the_same_steps_without_a_bug_pass() {
    for without_hint in [false, true] {
        crash_everywhere(Trial { bug: Bug::None, without_hint }, &STEPS, 3).unwrap();
    }
}

#[test]
fn acknowledging_before_the_sync_is_found() {
    let error = found(Bug::SyncDoesNothing);
    assert!(error.contains("lost: 1 acknowledged, 0 shown"), "{error}");
}

#[test]
fn a_folder_that_is_never_synced_is_found() {
    let error = found(Bug::FolderSyncDoesNothing);
    assert!(error.contains("lost: 1 acknowledged, 0 shown"), "{error}");
}

#[test]
fn taking_over_what_was_never_synced_is_found() {
    let error = found(Bug::NoSyncWhileOpening);
    assert!(error.contains("lost: 1 acknowledged, 0 shown"), "{error}");
}

#[test]
fn cutting_without_a_look_at_what_was_durable_is_found() {
    let error = bits_cut(false, examine_without_durable).expect_err("the bug was not found");
    assert!(error.contains("lost: 7 acknowledged"), "{error}");
}
