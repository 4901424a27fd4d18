//! One module per command: its arguments, and what it prints.

pub(crate) mod check_result;
pub(crate) mod control;
pub(crate) mod generate;
pub(crate) mod inspect;
pub(crate) mod key;
pub(crate) mod log;
pub(crate) mod night;
pub(crate) mod operator;
pub(crate) mod publish;
pub(crate) mod replay;
pub(crate) mod report;
pub(crate) mod result;
pub(crate) mod rules;
pub(crate) mod seal;
pub mod seats;
pub(crate) mod serve;
pub(crate) mod tally;
