//! `cargo xtask tidy`: house rules that neither rustc nor clippy can see, in well under a second.
//!
//! In: every tracked file and every new one that is not ignored. Out: all findings at once, with
//! file and line. The rules are pure functions of (path, text) in the modules below; this file only
//! reads the checkout and hands it to them. It never changes a file.

mod guards;
mod mask;
mod rust_rules;
mod text_rules;

use anyhow::{Context, Result};

use crate::findings::Findings;
use crate::workspace::Workspace;

/// Data, not prose or code: nobody reads it by line, and a rule on it would find chance.
const TEXT_BYTES_MAX: u64 = 4 << 20;

/// Applies every rule to the checkout.
pub(crate) fn run(workspace: &Workspace) -> Result<Findings> {
    let mut findings = Findings::default();
    for path in workspace.files()? {
        let place = workspace.root.join(&path);
        let metadata = place.metadata().with_context(|| format!("cannot read {path}"))?;
        if metadata.len() > TEXT_BYTES_MAX {
            continue;
        }
        let bytes = std::fs::read(&place).with_context(|| format!("cannot read {path}"))?;
        findings.looked_at += 1;
        match String::from_utf8(bytes) {
            Ok(text) if !text.contains('\0') => look_at(&path, &text, &mut findings),
            _ if path.ends_with(".rs") => findings.add(&path, 0, "is not UTF-8 text"),
            _ => {}
        }
    }
    guards::format_document(workspace, &mut findings);
    guards::golden_files(workspace, &mut findings);
    Ok(findings)
}

fn look_at(path: &str, text: &str, findings: &mut Findings) {
    text_rules::look_at(path, text, findings);
    if path.ends_with(".rs") {
        rust_rules::look_at(path, text, findings);
    }
}
