//! What a checker found: one shape for tidy and depcheck, so that editors can jump to every place.
//!
//! In: findings (they fail the check) and notes (they do not). Out: sorted lines
//! `path:line: what`. It never stops at the first.

/// One thing that is wrong, at one place.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Finding {
    pub(crate) path: String,
    /// From 1; 0 when the finding is about the file as a whole.
    pub(crate) line: usize,
    pub(crate) what: String,
}

impl std::fmt::Display for Finding {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.line == 0 {
            write!(out, "{}: {}", self.path, self.what)
        } else {
            write!(out, "{}:{}: {}", self.path, self.line, self.what)
        }
    }
}

/// All that one checker has to say.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    pub(crate) findings: Vec<Finding>,
    pub(crate) notes: Vec<String>,
    /// How much was looked at: a checker that looked at nothing must not look like a pass.
    pub(crate) looked_at: usize,
}

impl Findings {
    /// Records something that fails the check.
    pub(crate) fn add(&mut self, path: &str, line: usize, what: impl Into<String>) {
        self.findings.push(Finding { path: path.to_owned(), line, what: what.into() });
    }

    /// Records something worth knowing that does not fail the check.
    pub(crate) fn note(&mut self, what: impl Into<String>) {
        self.notes.push(what.into());
    }

    /// Prints everything on stdout, in order of path and line; true when nothing is wrong.
    pub(crate) fn print(mut self, checker: &str) -> bool {
        self.findings.sort();
        self.findings.dedup();
        for note in &self.notes {
            println!("{checker}: note: {note}");
        }
        for finding in &self.findings {
            println!("{finding}");
        }
        println!("{checker}: {} looked at, {} findings", self.looked_at, self.findings.len());
        self.findings.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn place_is_printed_so_that_editors_can_jump_to_it() {
        let mut findings = Findings::default();
        findings.add("engine/src/lib.rs", 7, "wrong");
        findings.add("engine/Cargo.toml", 0, "wrong as a whole");
        let lines: Vec<String> = findings.findings.iter().map(ToString::to_string).collect();
        assert_eq!(lines, ["engine/src/lib.rs:7: wrong", "engine/Cargo.toml: wrong as a whole"]);
    }

    #[test]
    fn one_finding_fails_and_a_note_does_not() {
        let mut findings = Findings::default();
        findings.note("a long file");
        assert!(findings.print("test"));
        let mut findings = Findings::default();
        findings.add("a", 1, "wrong");
        assert!(!findings.print("test"));
    }
}
