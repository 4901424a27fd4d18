//! Two promises about bytes: FORMAT.md tells the truth, and golden files are never rewritten.
//!
//! In: the sources of the byte layout, FORMAT.md, the history of `bench-data/golden/`. Out:
//! findings, or a note where a promise cannot be checked (a file not written yet, a shallow clone).
//! It never writes the hash itself: the line must pass through somebody who read the document.

use std::collections::BTreeMap;

use anyhow::Result;
use sha2::{Digest, Sha256};

use crate::findings::Findings;
use crate::workspace::Workspace;

const FORMAT_DOCUMENT: &str = "engine/format/FORMAT.md";
const LAYOUT_SOURCES: &[&str] = &[
    "engine/format/src/layout.rs",
    "engine/format/src/payload/mod.rs",
    "engine/format/src/payload/sparse.rs",
    "engine/format/src/payload/columnar.rs",
];
const HASH_LINE: &str = "Layout hash: ";
/// Enough to notice a change; nobody attacks this hash.
const HASH_BYTES: usize = 8;

const GOLDEN_FOLDER: &str = "bench-data/golden";
/// Every diff of merges, no renames: a file moved here or brought by a merge is an addition, too.
const HISTORY: &str =
    "log -m --no-renames --topo-order --reverse --diff-filter=A --raw --no-abbrev --format=%H --";
/// Of a commit's name, as printed.
const COMMIT_DIGITS: usize = 12;

/// Refuses a change of the layout that has not passed through the document.
pub(crate) fn format_document(workspace: &Workspace, findings: &mut Findings) {
    let read = |path: &str| std::fs::read_to_string(workspace.root.join(path)).ok();
    let mut sources = Vec::new();
    for path in LAYOUT_SOURCES {
        match read(path) {
            Some(text) => sources.push((*path, text)),
            None => findings.note(format!("{path} is not there: not part of the layout hash")),
        }
    }
    if !sources.is_empty() {
        compare_hash(&layout_hash(&sources), read(FORMAT_DOCUMENT).as_deref(), findings);
    }
}

/// Names are hashed with their texts, so that a source cannot leave the list unseen.
fn layout_hash(sources: &[(&str, String)]) -> String {
    let mut hasher = Sha256::new();
    for (path, text) in sources {
        hasher.update(format!("{path}\n{}\n", text.len()));
        hasher.update(text);
    }
    hasher.finalize().iter().take(HASH_BYTES).map(|byte| format!("{byte:02x}")).collect()
}

fn compare_hash(computed: &str, document: Option<&str>, findings: &mut Findings) {
    let Some(document) = document else {
        let line = format!("{HASH_LINE}{computed}");
        findings.add(FORMAT_DOCUMENT, 0, format!("is missing: describe the layout, with: {line}"));
        return;
    };
    let recorded = document.lines().enumerate().find_map(|(index, line)| {
        let hash = line.trim().strip_prefix(HASH_LINE)?;
        Some((index + 1, hash.trim_matches('`')))
    });
    let correction = format!(
        "read {FORMAT_DOCUMENT} again, correct it, then put this line in: {HASH_LINE}{computed}"
    );
    match recorded {
        Some((_, hash)) if hash == computed => {}
        Some((line, _)) => {
            findings.add(FORMAT_DOCUMENT, line, format!("the layout changed: {correction}"));
        }
        None => findings.add(FORMAT_DOCUMENT, 0, format!("no layout hash: {correction}")),
    }
}

/// Refuses a golden file that differs from what was first committed: old evidence must stay
/// readable, and a golden file that follows the code proves nothing.
pub(crate) fn golden_files(workspace: &Workspace, findings: &mut Findings) {
    let shallow = workspace.git(&["rev-parse", "--is-shallow-repository"]);
    if shallow.is_ok_and(|answer| answer.trim() == "true") {
        findings
            .note("shallow clone: golden files are compared with the oldest commit at hand only");
    }
    let history = workspace.git(&HISTORY.split(' ').chain([GOLDEN_FOLDER]).collect::<Vec<_>>());
    let history = match history {
        Ok(history) => history,
        Err(error) => {
            findings.note(format!("golden files are not checked, no history: {error:#}"));
            return;
        }
    };
    for (path, first) in first_additions(&history) {
        if let Err(error) = compare_golden(workspace, &path, &first, findings) {
            findings.add(&path, 0, format!("cannot be compared with {}: {error:#}", first.commit));
        }
    }
}

fn compare_golden(
    workspace: &Workspace,
    path: &str,
    first: &Addition,
    findings: &mut Findings,
) -> Result<()> {
    let original = workspace.git_bytes(&["cat-file", "blob", &first.blob])?;
    let now = std::fs::read(workspace.root.join(path)).ok();
    if let Some(what) = golden_difference(&original, now.as_deref()) {
        findings.add(path, 0, format!("{what} since {}; add a new file instead", first.commit));
    }
    Ok(())
}

fn golden_difference(original: &[u8], now: Option<&[u8]>) -> Option<&'static str> {
    match now {
        None => Some("golden file removed"),
        Some(now) if now != original => Some("golden file rewritten"),
        Some(_) => None,
    }
}

/// The commit that brought a file, and its content then.
#[derive(Debug, PartialEq, Eq)]
struct Addition {
    commit: String,
    blob: String,
}

/// Reads `git log --raw`, oldest commit first. Prose about the golden files may be corrected.
fn first_additions(history: &str) -> BTreeMap<String, Addition> {
    let mut additions = BTreeMap::new();
    let mut commit = "";
    for line in history.lines().filter(|line| !line.is_empty()) {
        let Some(raw) = line.strip_prefix(':') else {
            commit = line.get(..COMMIT_DIGITS).unwrap_or(line);
            continue;
        };
        // modes before and after, blobs before and after, A; then the path
        let Some((columns, path)) = raw.split_once('\t') else {
            continue;
        };
        let Some(blob) = columns.split(' ').nth(3) else {
            continue;
        };
        if !path.ends_with(".md") {
            let addition = || Addition { commit: commit.to_owned(), blob: blob.to_owned() };
            additions.entry(path.to_owned()).or_insert_with(addition);
        }
    }
    additions
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sources(text: &str) -> Vec<(&'static str, String)> {
        vec![(LAYOUT_SOURCES[0], text.to_owned())]
    }

    fn compared(hash: &str, document: Option<&str>) -> Vec<String> {
        let mut findings = Findings::default();
        compare_hash(hash, document, &mut findings);
        findings.findings.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn recorded_hash_passes_and_a_changed_layout_does_not() {
        let before = layout_hash(&sources("stride: u16"));
        let after = layout_hash(&sources("stride: u32"));
        let document = format!("# Format\n\n{HASH_LINE}{before}\n");
        assert!(compared(&before, Some(&document)).is_empty());
        let found = compared(&after, Some(&document));
        assert_eq!(found.len(), 1);
        assert!(found[0].starts_with("engine/format/FORMAT.md:3: the layout changed"), "{found:?}");
        assert!(found[0].ends_with(&format!("{HASH_LINE}{after}")), "{found:?}");
    }

    #[test]
    fn document_without_a_hash_or_missing_is_found() {
        assert_eq!(compared("00", Some("# Format\n")).len(), 1);
        assert_eq!(compared("00", None).len(), 1);
    }

    #[test]
    fn source_that_leaves_the_list_changes_the_hash() {
        let one = sources("a");
        let two = vec![one[0].clone(), (LAYOUT_SOURCES[1], String::new())];
        assert_ne!(layout_hash(&one), layout_hash(&two));
    }

    #[test]
    fn golden_file_rewritten_or_removed_is_found() {
        assert_eq!(golden_difference(b"sealed", Some(b"sealed")), None);
        assert_eq!(golden_difference(b"sealed", Some(b"seal")), Some("golden file rewritten"));
        assert_eq!(golden_difference(b"sealed", None), Some("golden file removed"));
    }

    #[test]
    fn first_addition_counts_and_prose_does_not() {
        let history = "aaa\n\n\
            :000000 100644 0000 1111 A\tbench-data/golden/v1.seg\n\
            :000000 100644 0000 2222 A\tbench-data/golden/README.md\n\
            bbb\n\n\
            :000000 100644 0000 3333 A\tbench-data/golden/v1.seg\n";
        let additions = first_additions(history);
        assert_eq!(additions.len(), 1);
        let first = Addition { commit: "aaa".to_owned(), blob: "1111".to_owned() };
        assert_eq!(additions["bench-data/golden/v1.seg"], first);
    }
}
