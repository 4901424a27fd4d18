//! The rules held to answers that were computed by hand or printed elsewhere.

mod article24;
mod divisors;
mod golden;
mod kit;
mod persons;
mod plurality;
mod quotas;
mod refusals;
mod replacement;
mod thresholds;
mod ties;
