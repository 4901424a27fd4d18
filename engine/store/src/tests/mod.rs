//! Tests of the store: segments, the journal, and the journal after every crash.

mod crash;
mod damage;
mod directory;
mod failures;
mod harness;
mod planted;
mod segments;

use proptest::test_runner::Config;

/// Cases for which one workload counts.
const WORKLOAD_CASES: u32 = 64;

/// As many workloads as are wanted in any case, or as `PROPTEST_CASES` asks for (the slow checks
/// do); a workload is tried in thousands of states, and so counts for many cases.
fn at_least(workloads: u32) -> Config {
    let asked = Config::default();
    let is_asked = std::env::var_os("PROPTEST_CASES").is_some();
    let cases = if is_asked { asked.cases / WORKLOAD_CASES } else { 0 };
    Config { cases: cases.max(workloads), failure_persistence: None, ..asked }
}
