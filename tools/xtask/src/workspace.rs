//! The checkout: where it is, which files it has, where real data may lie, how commands run in it.
//!
//! In: the current folder, git and the environment. Out: paths, text of commands' output, exit
//! states. Every command that does work is echoed on stderr before it runs, and none can read
//! stdin: CI has none, and a prompt nobody sees is a hang.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use anyhow::{Context, Result, bail};

/// Where tests find ballots of real elections; relative paths are from the workspace root.
pub(crate) const DATA_VARIABLE: &str = "SHOMAR_DATA";
const DATA_DEFAULT: &str = "../shared/data";

/// The checkout that this run is about.
pub(crate) struct Workspace {
    pub(crate) root: PathBuf,
}

impl Workspace {
    /// Asks cargo, so that xtask and cargo can never mean different workspaces.
    pub(crate) fn locate() -> Result<Self> {
        let output = Command::new(cargo())
            .args(["locate-project", "--workspace", "--message-format", "plain"])
            .stdin(Stdio::null())
            .output()
            .context("cannot run cargo")?;
        let manifest = PathBuf::from(text_of(&output, "cargo locate-project")?.trim());
        let root = manifest.parent().context("cargo named a manifest without a folder")?;
        Ok(Self { root: root.to_path_buf() })
    }

    /// Tracked files and new ones that are not ignored, relative to the root, sorted. A file that
    /// is deleted but still in the index is left out: its text is gone.
    pub(crate) fn files(&self) -> Result<Vec<String>> {
        let listing = self.git(&["ls-files", "-z", "-co", "--exclude-standard"])?;
        let mut files: Vec<String> = listing
            .split('\0')
            .filter(|path| !path.is_empty())
            .filter(|path| {
                self.root.join(path).symlink_metadata().is_ok_and(|metadata| metadata.is_file())
            })
            .map(str::to_owned)
            .collect();
        files.sort();
        files.dedup();
        Ok(files)
    }

    /// The output of one git command that only reads.
    pub(crate) fn git(&self, arguments: &[&str]) -> Result<String> {
        text_of(&self.git_output(arguments)?, "git")
    }

    /// As `git`, for content that need not be text.
    pub(crate) fn git_bytes(&self, arguments: &[&str]) -> Result<Vec<u8>> {
        let output = self.git_output(arguments)?;
        if !output.status.success() {
            bail!(
                "git {}: {}",
                arguments.join(" "),
                String::from_utf8_lossy(&output.stderr).trim()
            );
        }
        Ok(output.stdout)
    }

    fn git_output(&self, arguments: &[&str]) -> Result<Output> {
        Command::new("git")
            // CI often owns the checkout under another user; reading it is harmless.
            .args(["-c", "safe.directory=*", "-c", "core.quotePath=false"])
            .args(arguments)
            .current_dir(&self.root)
            .stdin(Stdio::null())
            .output()
            .context("cannot run git (package git)")
    }

    /// `cargo metadata` of the workspace members, without their dependencies' own dependencies.
    pub(crate) fn metadata(&self) -> Result<serde_json::Value> {
        let output = Command::new(cargo())
            .args(["metadata", "--format-version", "1", "--no-deps"])
            .current_dir(&self.root)
            .stdin(Stdio::null())
            .output()
            .context("cannot run cargo metadata")?;
        serde_json::from_str(&text_of(&output, "cargo metadata")?)
            .context("cargo metadata printed something that is not JSON")
    }

    /// Where cargo puts what it builds; CARGO_TARGET_DIR may say that it is elsewhere.
    pub(crate) fn target(&self) -> Result<PathBuf> {
        let metadata = self.metadata()?;
        let folder = metadata["target_directory"].as_str();
        Ok(folder.context("cargo metadata names no target folder")?.into())
    }

    /// Where real data lies if it is there (absolute: tests run in folders of their own), or where
    /// it was looked for.
    pub(crate) fn real_data(&self) -> std::result::Result<PathBuf, PathBuf> {
        let named = std::env::var_os(DATA_VARIABLE).filter(|value| !value.is_empty());
        let path = self.root.join(named.map_or_else(|| PathBuf::from(DATA_DEFAULT), PathBuf::from));
        match path.canonicalize() {
            Ok(found) if found.is_dir() => Ok(found),
            _ => Err(path),
        }
    }

    /// A command in the workspace root, echoed as a person would type it.
    pub(crate) fn command(&self, line: &CommandLine) -> Command {
        eprintln!("+ {line}");
        let program = if line.program == "cargo" { cargo() } else { OsString::from(&line.program) };
        let mut command = Command::new(program);
        command.args(&line.arguments).current_dir(&self.root).stdin(Stdio::null());
        for (name, value) in &line.environment {
            command.env(name, value);
        }
        command
    }
}

/// A command that can be run, and printed so that it can be run again by hand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CommandLine {
    program: String,
    arguments: Vec<String>,
    environment: Vec<(String, String)>,
}

impl CommandLine {
    /// Splits at spaces: none of our own commands has an argument with a space in it.
    pub(crate) fn new(line: &str) -> Self {
        let mut words = line.split_whitespace().map(str::to_owned);
        let program = words.next().unwrap_or_default();
        Self { program, arguments: words.collect(), environment: Vec::new() }
    }

    /// The same command with one more environment variable, which is part of what is printed.
    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }
}

impl std::fmt::Display for CommandLine {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (name, value) in &self.environment {
            write!(out, "{name}='{value}' ")?;
        }
        write!(out, "{}", self.program)?;
        self.arguments.iter().try_for_each(|argument| write!(out, " {argument}"))
    }
}

/// Whether a program of that name can be started: looked up in PATH, never run.
pub(crate) fn is_in_path(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| is_executable(&folder.join(program)))
}

fn is_executable(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    path.metadata()
        .is_ok_and(|metadata| metadata.is_file() && metadata.permissions().mode() & 0o111 != 0)
}

/// The cargo that started xtask: a second toolchain would build everything a second time.
pub(crate) fn cargo() -> OsString {
    std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into())
}

fn text_of(output: &Output, what: &str) -> Result<String> {
    if !output.status.success() {
        bail!("{what}: {}", String::from_utf8_lossy(&output.stderr).trim());
    }
    String::from_utf8(output.stdout.clone()).with_context(|| format!("{what}: output is not UTF-8"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn command_line_is_printed_as_it_can_be_typed() {
        let line = CommandLine::new("cargo doc --no-deps").with("RUSTDOCFLAGS", "-D warnings");
        assert_eq!(line.to_string(), "RUSTDOCFLAGS='-D warnings' cargo doc --no-deps");
    }

    #[test]
    fn programs_are_found_in_path_only_if_they_are_there() {
        assert!(is_in_path("sh"));
        assert!(!is_in_path("no-such-program-of-anybody"));
    }
}
