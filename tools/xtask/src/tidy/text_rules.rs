//! Rules for every text file: no paths of somebody's machine, no merge left half done, clean ends.
//!
//! In: path and text. Out: findings. It never looks at what the text means, and it leaves data
//! alone: fixtures are allowed to be as ugly as the field.

use crate::findings::Findings;
use crate::tidy::mask::is_name_char;

// Patterns are put together from pieces, or this file would find itself.

/// Absolute paths that exist on the machine of whoever wrote the line, and nowhere else.
const MACHINE_PATHS: &[&str] = &[
    concat!("/wo", "rk/"),
    concat!("/fa", "rm/"),
    concat!("/tmp/bash", "_jobs"),
    concat!("/ro", "ot/"),
];

/// The folder beside the checkout where real data lies by default.
const BESIDE_CHECKOUT: &str = concat!("../sha", "red");
const BESIDE_CHECKOUT_ALLOWED: &[&str] = &["tests/", "tools/xtask/"];

const MERGE_MARKERS: &[&str] =
    &[concat!("<<<<", "<<< "), concat!(">>>>", ">>> "), concat!("||||", "||| ")];

/// Written by people, so held to clean ends; a file without extension is a script or a dot file.
const PROSE_AND_CODE: &[&str] =
    &["rs", "toml", "md", "sh", "yml", "yaml", "html", "css", "js", "svg"];
const DATA_FOLDERS: &[&str] = &["bench-data/golden/", "tests/fixtures/"];

/// Applies the rules for text to one file.
pub(crate) fn look_at(path: &str, text: &str, findings: &mut Findings) {
    for (index, line) in text.split('\n').enumerate() {
        look_at_line(path, index + 1, line, findings);
    }
    if is_held_to_clean_ends(path) {
        clean_ends(path, text, findings);
    }
}

fn look_at_line(path: &str, number: usize, line: &str, findings: &mut Findings) {
    for pattern in MACHINE_PATHS {
        if names_absolute_path(line, pattern) {
            findings.add(path, number, format!("a path of one machine: {pattern}"));
        }
    }
    if line.contains(BESIDE_CHECKOUT) && !may_look_beside_checkout(path, line) {
        findings.add(path, number, format!("{BESIDE_CHECKOUT} is named; use SHOMAR_DATA"));
    }
    if MERGE_MARKERS.iter().any(|marker| line.starts_with(marker)) {
        findings.add(path, number, "a merge marker");
    }
}

/// `tests/` in front makes it a relative path of ours, which is nobody's machine.
fn names_absolute_path(line: &str, pattern: &str) -> bool {
    line.match_indices(pattern).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        !before.is_some_and(|c| is_name_char(c) || matches!(c, '.' | '-'))
    })
}

/// The default of `SHOMAR_DATA` must be written down somewhere for people, too.
fn may_look_beside_checkout(path: &str, line: &str) -> bool {
    BESIDE_CHECKOUT_ALLOWED.iter().any(|folder| path.starts_with(folder))
        || (path.ends_with(".md") && line.contains("SHOMAR_DATA"))
}

fn is_held_to_clean_ends(path: &str) -> bool {
    if DATA_FOLDERS.iter().any(|folder| path.starts_with(folder)) {
        return false;
    }
    let name = path.rsplit('/').next().unwrap_or(path);
    match name.trim_start_matches('.').rsplit_once('.') {
        Some((_, extension)) => PROSE_AND_CODE.contains(&extension),
        None => true,
    }
}

fn clean_ends(path: &str, text: &str, findings: &mut Findings) {
    for (index, line) in text.split('\n').enumerate() {
        if line.ends_with(char::is_whitespace) {
            findings.add(path, index + 1, "whitespace at the end of the line");
        }
    }
    if text.is_empty() {
        return;
    }
    let lines = text.lines().count();
    if !text.ends_with('\n') {
        findings.add(path, lines, "the last line has no line break");
    } else if text.ends_with("\n\n") || text == "\n" {
        findings.add(path, lines, "empty lines at the end");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whats(path: &str, text: &str) -> Vec<String> {
        let mut findings = Findings::default();
        look_at(path, text, &mut findings);
        findings.findings.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn clean_text_has_no_findings() {
        assert!(whats("README.md", "# Shomar\n\ncount\n").is_empty());
        assert!(whats(".gitignore", "").is_empty());
    }

    #[test]
    fn path_of_one_machine_is_found_in_any_text() {
        for pattern in MACHINE_PATHS {
            let found = whats("tests/data.csv", &format!("a\nsee {pattern}x\n"));
            assert_eq!(found, [format!("tests/data.csv:2: a path of one machine: {pattern}")]);
        }
        assert!(whats("README.md", concat!("see tests/wo", "rk/x\n")).is_empty());
    }

    #[test]
    fn folder_beside_the_checkout_is_found_outside_its_places() {
        let line = format!("let data = {BESIDE_CHECKOUT}/data;\n");
        assert_eq!(whats("loader/src/lib.rs", &line).len(), 1);
        assert!(whats("tests/it/main.rs", &line).is_empty());
        assert_eq!(whats("README.md", &line).len(), 1);
        let documented = format!("`SHOMAR_DATA` (default `{BESIDE_CHECKOUT}/data`)\n");
        assert!(whats("README.md", &documented).is_empty());
    }

    #[test]
    fn merge_markers_are_found() {
        for marker in MERGE_MARKERS {
            assert_eq!(whats("a.csv", &format!("a\n{marker}main\n")), ["a.csv:2: a merge marker"]);
        }
        assert!(whats("README.md", "Heading\n=======\n").is_empty());
    }

    #[test]
    fn unclean_ends_are_found() {
        let trailing = "whitespace at the end of the line";
        assert_eq!(whats("a.md", "a \nb\n"), [format!("a.md:1: {trailing}")]);
        assert_eq!(whats(".ci/run", "a\r\n"), [format!(".ci/run:1: {trailing}")]);
        assert_eq!(whats("a.toml", "a"), ["a.toml:1: the last line has no line break"]);
        assert_eq!(whats("a.toml", "a\n\n"), ["a.toml:2: empty lines at the end"]);
    }

    #[test]
    fn data_may_have_any_ends() {
        assert!(whats("tests/it/ballots.csv", "a \r\nb").is_empty());
        assert!(whats("bench-data/golden/v1/election.toml", "a \n\n").is_empty());
    }
}
