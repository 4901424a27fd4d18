//! axe-core, by which the tests of pages look for barriers: from the npm registry, once.
//!
//! In: npm. Out: a file in the target folder. Never: anything in the tree, or in the program.

use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::workspace::{CommandLine, Workspace};

/// How the tests learn where it is.
pub(crate) const VARIABLE: &str = "SHOMAR_AXE";

/// What brings it.
pub(crate) const INSTALL: &str =
    "npm install --silent --no-save --no-audit --no-fund --prefix target/axe axe-core@4.10.3";

/// Where it is then.
pub(crate) fn file(workspace: &Workspace) -> PathBuf {
    workspace.root.join("target/axe/node_modules/axe-core/axe.min.js")
}

/// Fetches it if it is not there.
pub(crate) fn provide(workspace: &Workspace) -> Result<bool> {
    let file = file(workspace);
    if !file.is_file() {
        std::fs::create_dir_all(workspace.root.join("target/axe"))?;
        workspace.command(&CommandLine::new(INSTALL)).status()?;
    }
    Ok(is_whole(&file))
}

fn is_whole(file: &Path) -> bool {
    std::fs::metadata(file).is_ok_and(|metadata| metadata.len() > 100_000)
}
