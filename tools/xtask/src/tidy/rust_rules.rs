//! Rules for Rust source: a head comment, bounded size, `unsafe` in named files only, nothing left
//! half done, and a core without a world.
//!
//! In: path and text of a `.rs` file. Out: findings, and notes on files that grow long. It searches
//! code with comments and literals masked, so prose may name what code may not do.

use crate::findings::Findings;
use crate::tidy::mask::{LITERAL, is_name_char, mask};

/// The only files with `unsafe`; each argues why at its head.
const UNSAFE_FILES: &[&str] = &[
    "engine/format/src/checksum_avx512.rs",
    "engine/src/kernel/avx512.rs",
    "engine/src/kernel/avx2.rs",
    "engine/src/kernel/avx512_entered.rs",
    "engine/src/map.rs",
    "engine/src/prefetch.rs",
];

const LINES_NOTED: usize = 500;
const LINES_MAX: usize = 700;
const COLUMNS_MAX: usize = 100;
/// A literal of this length may push its line over the limit: breaking it would hide its text.
const LITERAL_LONG: usize = 40;

/// Never meant to stay.
const HALF_DONE: &[&str] = &["dbg!", "todo!", "unimplemented!", "#[ignore"];

/// Crates that get everything as arguments, so that a count can be repeated anywhere, bit by bit.
const CORE: &[&str] = &["engine/format/src/", "engine/seats/src/", "engine/src/"];
const WORLD: &[&str] = &[
    "std::time",
    "Instant::now",
    "SystemTime",
    "std::env",
    "std::net",
    "println!",
    "eprintln!",
    "print!",
    "eprint!",
];
/// The same modules, taken in by `use std::{..}`.
const WORLD_GROUPED: &[&str] = &["time", "env", "net"];

/// Applies the rules for source to one file.
pub(crate) fn look_at(path: &str, text: &str, findings: &mut Findings) {
    let masked = mask(text);
    if !text.starts_with("//!") {
        findings.add(path, 1, "no head comment: the first line must start with //!");
    }
    size(path, text, findings);
    columns(path, text, &masked, findings);
    if !UNSAFE_FILES.contains(&path) {
        for line in lines_with(&masked, concat!("un", "safe")) {
            findings.add(path, line, "unsafe outside the files that tidy names");
        }
    }
    for pattern in HALF_DONE {
        for line in lines_with(&masked, pattern) {
            findings.add(path, line, format!("{pattern} must not stay"));
        }
    }
    if CORE.iter().any(|folder| path.starts_with(folder)) {
        world(path, &masked, findings);
    }
}

fn size(path: &str, text: &str, findings: &mut Findings) {
    let lines = text.lines().count();
    if lines > LINES_MAX {
        findings.add(path, lines, format!("{lines} lines, at most {LINES_MAX}: split it"));
    } else if lines > LINES_NOTED {
        findings.note(format!("{path}: {lines} lines; {LINES_MAX} are refused"));
    }
}

fn columns(path: &str, text: &str, masked: &str, findings: &mut Findings) {
    for (index, (line, masked_line)) in text.lines().zip(masked.lines()).enumerate() {
        if line.contains('\t') {
            findings.add(path, index + 1, "a tab");
        }
        let count = line.chars().count();
        if count > COLUMNS_MAX && !is_long_for_a_reason(line, masked_line) {
            findings.add(path, index + 1, format!("{count} columns, at most {COLUMNS_MAX}"));
        }
    }
}

fn is_long_for_a_reason(line: &str, masked_line: &str) -> bool {
    let literal = masked_line.chars().filter(|&c| c == LITERAL).count();
    let rest = masked_line.chars().count() - literal;
    line.contains("://") || (literal >= LITERAL_LONG && rest <= COLUMNS_MAX)
}

fn world(path: &str, masked: &str, findings: &mut Findings) {
    let mut refuse = |line, what: &str| {
        findings.add(
            path,
            line,
            format!("{what}: the core has no clock, environment, net or print"),
        );
    };
    for pattern in WORLD {
        lines_with(masked, pattern).for_each(|line| refuse(line, pattern));
    }
    for (at, opening) in masked.match_indices("std::{") {
        let group = group_from(&masked[at + opening.len()..]);
        let first_line = line_of(masked, at) - 1;
        for module in WORLD_GROUPED {
            lines_with(group, module).for_each(|line| refuse(first_line + line, module));
        }
    }
}

/// The text up to the brace that closes a group already opened.
fn group_from(text: &str) -> &str {
    let mut depth = 1_usize;
    for (at, c) in text.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return &text[..at];
        }
    }
    text
}

/// Lines where the pattern stands as a whole: `print!` is not found in `println!` or `eprint!`.
fn lines_with<'a>(masked: &'a str, pattern: &'a str) -> impl Iterator<Item = usize> + 'a {
    let is_whole = move |at: usize| {
        let before = masked[..at].chars().next_back();
        let after = masked[at + pattern.len()..].chars().next();
        let joins = |inner: Option<char>, outer: Option<char>| {
            inner.is_some_and(is_name_char) && outer.is_some_and(is_name_char)
        };
        !joins(pattern.chars().next(), before) && !joins(pattern.chars().next_back(), after)
    };
    masked
        .match_indices(pattern)
        .filter(move |(at, _)| is_whole(*at))
        .map(|(at, _)| line_of(masked, at))
}

fn line_of(text: &str, at: usize) -> usize {
    text[..at].matches('\n').count() + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found_in(path: &str, code: &str) -> Findings {
        let mut findings = Findings::default();
        look_at(path, &format!("//! Head.\n{code}\n"), &mut findings);
        findings
    }

    fn whats(path: &str, code: &str) -> Vec<String> {
        found_in(path, code).findings.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn missing_head_comment_is_found() {
        let mut findings = Findings::default();
        look_at("a.rs", "fn main() {}\n", &mut findings);
        assert_eq!(findings.findings.len(), 1);
        assert_eq!(findings.findings[0].line, 1);
    }

    #[test]
    fn long_files_are_noted_then_refused() {
        let found = found_in("a.rs", &"\n".repeat(LINES_NOTED));
        assert_eq!((found.findings.len(), found.notes.len()), (0, 1));
        let found = found_in("a.rs", &"\n".repeat(LINES_MAX));
        assert_eq!((found.findings.len(), found.notes.len()), (1, 0));
        let found = found_in("a.rs", &"\n".repeat(LINES_NOTED - 2));
        assert_eq!((found.findings.len(), found.notes.len()), (0, 0));
    }

    #[test]
    fn unsafe_is_found_as_a_keyword_only() {
        let code = concat!("un", "safe { f() }");
        assert_eq!(whats("engine/src/merge.rs", code).len(), 1);
        assert!(whats("engine/src/map.rs", code).is_empty());
        let harmless = concat!("// un", "safe\n#![deny(un", "safe_code)]\nf(\"un", "safe\");");
        assert!(whats("engine/src/merge.rs", harmless).is_empty());
    }

    #[test]
    fn half_done_code_is_found_and_prose_about_it_is_not() {
        let planted = ["dbg!(x);", "todo!()", "unimplemented!(\"x\")", "#[ignore = \"slow\"]"];
        for code in planted {
            assert_eq!(whats("loader/src/lib.rs", &format!("fn f() {{}}\n{code}")).len(), 1);
            assert!(whats("loader/src/lib.rs", &format!("// {code}")).is_empty());
        }
        assert!(whats("loader/src/lib.rs", "my_dbg!(x);").is_empty());
    }

    #[test]
    fn tabs_are_found() {
        assert_eq!(whats("a.rs", "\tf();"), ["a.rs:2: a tab"]);
    }

    #[test]
    fn long_lines_are_found_unless_a_literal_or_an_address_makes_them_long() {
        let long = "x".repeat(101);
        assert_eq!(whats("a.rs", &long), ["a.rs:2: 101 columns, at most 100"]);
        assert_eq!(whats("a.rs", &format!("// {long}")).len(), 1);
        assert!(whats("a.rs", &"x".repeat(100)).is_empty());
        assert!(whats("a.rs", &"ش".repeat(100)).is_empty(), "columns are characters, not bytes");
        assert!(whats("a.rs", &format!("f(\"{long}\");")).is_empty());
        assert!(whats("a.rs", &format!("// https://{long}")).is_empty());
        assert_eq!(whats("a.rs", &format!("f({long}, \"short\");")).len(), 1);
    }

    #[test]
    fn world_in_the_core_is_found() {
        let planted = [
            "use std::time::Instant;",
            "let now = Instant::now();",
            "SystemTime::UNIX_EPOCH;",
            "let home = std::env::var(name);",
            "use std::net::TcpStream;",
            "println!();",
            "eprintln!();",
            "print!();",
            "eprint!();",
            "use std::{\n    collections::{BTreeMap, BTreeSet},\n    env,\n};",
        ];
        for code in planted {
            assert!(!whats("engine/src/merge.rs", code).is_empty(), "{code}");
            assert!(!whats("engine/format/src/ids.rs", code).is_empty(), "{code}");
            assert!(!whats("engine/seats/src/lib.rs", code).is_empty(), "{code}");
            assert!(whats("engine/store/src/lib.rs", code).is_empty(), "{code}");
        }
    }

    #[test]
    fn world_in_a_group_is_found_on_its_own_line() {
        let code = "fn f() {}\nuse std::{\n    fmt,\n    time::Instant,\n};";
        let found = found_in("engine/src/merge.rs", code).findings;
        assert_eq!(found.iter().map(|finding| finding.line).collect::<Vec<_>>(), [5]);
    }

    #[test]
    fn words_that_only_resemble_the_world_are_clean() {
        let code = "use std::{fmt, collections::BTreeMap};\nlet time = runtime; // std::time\n";
        assert!(whats("engine/src/merge.rs", code).is_empty());
    }
}
