//! Reads what cargo-nextest prints, for the time of every test.
//!
//! In: one line at a time, as printed without colour and with `--status-level pass`. Out: name and
//! duration where the line is the end of a test. It never judges: whether tests passed is the exit
//! state of nextest, so a change of its wording can cost us a row in a table and nothing more.

use std::time::Duration;

/// Lines that begin with a word in capitals but are not the end of a test.
const NOT_AN_END: &[&str] = &["SLOW", "TERMINATING", "SETUP", "SKIP", "TRY", "RETRY", "START"];

/// `PASS [   1.234s] (  3/104) shomar-engine merge::tests::x` gives the name and 1.234 s.
pub(crate) fn test_time(line: &str) -> Option<(String, Duration)> {
    let (status, rest) = line.trim_start().split_once(" [")?;
    let status = status.trim_end();
    let in_capitals = |word: &str| word.chars().all(|c| c.is_ascii_uppercase() || c == '-');
    if status.is_empty() || !in_capitals(status) || NOT_AN_END.contains(&status) {
        return None;
    }
    let (seconds, rest) = rest.split_once("s]")?;
    let duration = Duration::try_from_secs_f64(seconds.trim().parse().ok()?).ok()?;
    let name = match rest.trim_start().strip_prefix('(') {
        Some(counted) => counted.split_once(')')?.1,
        None => rest,
    };
    let name = name.trim();
    (!name.is_empty()).then(|| (name.to_owned(), duration))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_of_a_test_is_read() {
        let (name, duration) =
            test_time("        PASS [   1.250s] ( 3/104) shomar-engine merge::tests::x").unwrap();
        assert_eq!(name, "shomar-engine merge::tests::x");
        assert_eq!(duration, Duration::from_millis(1250));
        let (name, _) = test_time("        FAIL [   0.010s] shomar-tests::it seats::y").unwrap();
        assert_eq!(name, "shomar-tests::it seats::y");
    }

    #[test]
    fn other_lines_are_not_taken_for_tests() {
        for line in [
            "        SLOW [> 60.000s] (1/2) shomar-engine merge::tests::x",
            "     Summary [   0.006s] 2 tests run: 2 passed, 0 skipped",
            "    Starting 2 tests across 1 binary",
            "   Compiling shomar-engine v0.1.0",
            "PASS [not a times] (1/2) x",
            "",
        ] {
            assert_eq!(test_time(line), None, "{line}");
        }
    }
}
