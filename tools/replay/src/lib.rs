//! The load tester: it sends a sealed nation to a server as its stations would, at a schedule and
//! with faults, and holds the server to the answer that the nation knows.
//!
//! In: a folder as `shomar generate` writes it ([`Plan`]), a server, a schedule, a script of faults
//! ([`Options`]). Out: a [`Report`]: what was acknowledged, how long it took, what the server said
//! to each fault, and whether its totals are the known ones. Never: a count or a rule of its own;
//! it asks from outside, by the HTTP contract alone.
//!
//! Latency is measured from the *intended* send time, which is fixed before the first request: a
//! server that stalls is charged for everybody who would have come meanwhile, not for those alone
//! who happened to be waiting ("coordinated omission"). Only two things move an intended time: the
//! closed loop has none, so there it is when a batch was first tried; and a batch that waits for a
//! fault of the script begins when that was answered.

mod answer;
mod error;
mod faults;
mod forge;
mod kill;
mod latency;
mod ledger;
mod link;
mod picture;
mod plan;
mod random;
mod readers;
mod report;
mod run;
mod schedule;
mod settle;
mod side;
mod target;
mod worker;

#[cfg(test)]
mod tests;

pub use error::ReplayError;
pub use faults::FaultScript;
pub use latency::{Latencies, Percentiles};
pub use ledger::{FaultCount, Finding};
pub use plan::{PLAN_BYTES_MAX, Plan};
pub use readers::ReadersReport;
pub use report::Report;
pub use run::{CONNECTIONS_DEFAULT, Options, Phase, Progress, replay, run};
pub use schedule::{DEFAULT_DURATION, Decimal, Schedule, parse_rate};
pub use settle::{Frontier, Lost, MetricsReport, Totals};
pub use target::{Target, TlsFiles};
