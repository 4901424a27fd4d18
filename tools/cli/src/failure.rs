//! From errors to exit codes.
//!
//! In: an error of a command. Out: its text on stderr, and 1 where the data failed a check, 2
//! otherwise. Never: a panic for what a user can cause.

use std::fmt;
use std::process::ExitCode;

use shomar_engine::Finding;

/// The data failed a check: exit code 1.
#[derive(Debug)]
pub(crate) struct CheckFailed(pub(crate) String);

impl fmt::Display for CheckFailed {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl std::error::Error for CheckFailed {}

impl CheckFailed {
    /// All findings, and that there are no totals.
    pub(crate) fn findings(findings: &[Finding]) -> Self {
        let mut text = format!("{} finding(s); no totals are given", findings.len());
        for finding in findings {
            text.push_str("\n  ");
            text.push_str(&finding.to_string());
        }
        Self(text)
    }
}

/// Prints an error and chooses the exit code.
pub(crate) fn report(error: &anyhow::Error) -> ExitCode {
    eprintln!("error: {error:#}");
    if error.chain().any(|cause| cause.is::<CheckFailed>()) {
        return ExitCode::FAILURE;
    }
    ExitCode::from(2)
}
