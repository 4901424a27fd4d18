//! Programs that are measured: built once, run, watched.
//!
//! In: packages of the workspace, commands. Out: what they printed, how long they took and how much
//! memory they had. Never: a verdict; other machines give other figures.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::workspace::{CommandLine, Workspace};

/// How often a running program's memory is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(2);

/// What one command took.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Watched {
    /// Of the whole process.
    pub(crate) time: Duration,
    /// Peak resident memory in KiB, as the kernel says.
    pub(crate) peak_kib: u64,
    /// Largest anonymous resident memory seen in KiB: everything but mapped files.
    pub(crate) anonymous_kib: u64,
}

/// The release programs of some packages.
pub(crate) struct Programs {
    folder: PathBuf,
}

impl Programs {
    /// Builds the packages.
    pub(crate) fn build(workspace: &Workspace, packages: &[&str]) -> Result<Self> {
        if !Path::new("/proc/self/status").exists() {
            bail!("found no /proc/self/status, expected Linux: memory cannot be measured here");
        }
        let packages: String = packages.iter().map(|name| format!(" --package {name}")).collect();
        // No examples, no benches: they would need criterion.
        let build = CommandLine::new(&format!("cargo build --release --bins{packages}"));
        if !workspace.command(&build).status().context("cannot run cargo")?.success() {
            bail!("the programs do not build");
        }
        Ok(Self { folder: workspace.target()?.join("release") })
    }

    /// One of the programs, which may not use more than so many threads.
    pub(crate) fn command(&self, name: &str, threads: u32) -> Command {
        let mut command = Command::new(self.folder.join(name));
        command.env("RAYON_NUM_THREADS", threads.to_string());
        command
    }
}

/// A folder of its own for what is measured; gone at the end, also after a failure.
pub(crate) struct Scratch {
    folder: PathBuf,
    keep: bool,
}

impl Scratch {
    /// Begins with an empty folder.
    pub(crate) fn new(folder: PathBuf, keep: bool) -> Result<Self> {
        let scratch = Self { folder, keep };
        scratch.clear()?;
        fs::create_dir_all(&scratch.folder)?;
        Ok(scratch)
    }

    fn clear(&self) -> Result<()> {
        if self.folder.exists() {
            fs::remove_dir_all(&self.folder)
                .with_context(|| format!("cannot remove {}", self.folder.display()))?;
        }
        Ok(())
    }

    /// A place in it, as text for an argument.
    pub(crate) fn at(&self, name: &str) -> String {
        self.folder.join(name).to_string_lossy().into_owned()
    }

    /// Runs a command, and reads the JSON that it prints.
    pub(crate) fn json(&self, command: &mut Command) -> Result<(Value, Watched)> {
        let path = self.folder.join("output.json");
        let output = File::create(&path).with_context(|| path.display().to_string())?;
        let watched = watch(command.stdout(output), &[0])?;
        let text = fs::read_to_string(&path)?;
        let value = serde_json::from_str(&text).with_context(|| {
            format!("{}: printed something that is not JSON", printable(command))
        })?;
        Ok((value, watched))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if self.keep {
            eprintln!("kept: {}", self.folder.display());
        } else if let Err(error) = self.clear() {
            eprintln!("xtask: {error:#}");
        }
    }
}

/// Runs a command to its end and looks at its memory; any other exit code is a failure.
pub(crate) fn watch(command: &mut Command, exit_codes: &[i32]) -> Result<Watched> {
    let began = Instant::now();
    let mut child = command
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .spawn()
        .with_context(|| format!("cannot run {}", printable(command)))?;
    let (mut peak_kib, mut anonymous_kib) = (0, 0);
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break status;
        }
        if let Some(memory) = memory_of(&child) {
            peak_kib = memory.0.max(peak_kib);
            anonymous_kib = memory.1.max(anonymous_kib);
        }
        std::thread::sleep(LOOK_EVERY);
    };
    let time = began.elapsed();
    if !status.code().is_some_and(|code| exit_codes.contains(&code)) {
        bail!("{}: {status}", printable(command));
    }
    Ok(Watched { time, peak_kib, anonymous_kib })
}

fn printable(command: &Command) -> String {
    let program = Path::new(command.get_program()).file_name().unwrap_or_default();
    let words = std::iter::once(program).chain(command.get_args());
    words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
}

/// Peak and anonymous resident memory of a running program, in KiB.
fn memory_of(child: &Child) -> Option<(u64, u64)> {
    parse_status(&fs::read_to_string(format!("/proc/{}/status", child.id())).ok()?)
}

fn parse_status(status: &str) -> Option<(u64, u64)> {
    Some((kib_of(status, "VmHWM:")?, kib_of(status, "RssAnon:")?))
}

/// A number of KiB from a file of /proc.
pub(crate) fn kib_of(text: &str, name: &str) -> Option<u64> {
    let line = text.lines().find(|line| line.starts_with(name))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_read_from_the_status_of_a_process() {
        let status = "Name:\tshomar\nVmHWM:\t  156000 kB\nRssAnon:\t   30000 kB\n";
        assert_eq!(parse_status(status), Some((156_000, 30_000)));
        assert_eq!(parse_status("Name:\tgone\n"), None);
    }

    #[test]
    fn exit_code_that_was_not_expected_is_a_failure() {
        let run = |codes: &[i32]| watch(Command::new("sh").args(["-c", "exit 3"]), codes);
        assert!(run(&[0, 3]).is_ok());
        assert_eq!(run(&[0]).unwrap_err().to_string(), "sh -c exit 3: exit status: 3");
    }
}
