//! The other engines: Python with pinned packages, and each engine's layouts run one by one.
//!
//! In: the raw columns, the answer to expect. Out: times of every layout, and every difference.
//! Never: two engines in one process, a layout whose counts were not compared.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::peers::answer::Answer;
use crate::programs::{Scratch, Watched, watch};
use crate::times::{Times, all_seconds, seconds};
use crate::workspace::{Workspace, is_in_path};

/// One module of `benches/peers` each.
const ENGINES: [&str; 4] = ["peer_duckdb", "peer_polars", "peer_chdb", "peer_datafusion"];
const REQUIREMENTS: &str = "requirements.txt";

/// One layout of one engine, counted right.
#[derive(Clone, Debug)]
pub(crate) struct Counted {
    /// Name and version.
    pub(crate) engine: String,
    pub(crate) layout: String,
    /// Writing the engine's own form, and opening it.
    pub(crate) load: std::time::Duration,
    /// `GROUP BY option`.
    pub(crate) choices: Times,
    /// `GROUP BY` district and kind.
    pub(crate) ballots: Times,
    /// Of the process that queries, not of the one that loads.
    pub(crate) memory: Watched,
}

/// A Python with the engines in it.
pub(crate) struct Python {
    program: PathBuf,
    scripts: PathBuf,
}

impl Python {
    /// Makes the environment, or takes the one of an earlier run with the same requirements.
    pub(crate) fn provide(workspace: &Workspace, folder: &Path) -> Result<Self> {
        let scripts = workspace.root.join("benches/peers");
        let program = folder.join("bin/python");
        let python = Self { program, scripts };
        let requirements = python.scripts.join(REQUIREMENTS);
        let wanted = fs::read_to_string(&requirements)
            .with_context(|| format!("cannot read {}", requirements.display()))?;
        // Written last: an environment without it was left half done.
        let done = folder.join(REQUIREMENTS);
        if fs::read_to_string(&done).is_ok_and(|found| found == wanted) {
            return Ok(python);
        }
        if !is_in_path("python3") {
            bail!("found no python3 in PATH; the peers need it (Debian: python3-venv)");
        }
        if folder.exists() {
            fs::remove_dir_all(folder)?;
        }
        eprintln!("installing {}", wanted.split_whitespace().collect::<Vec<_>>().join(", "));
        let mut make = Command::new("python3");
        watch(make.args(["-m", "venv"]).arg(folder).stdout(Stdio::null()), &[0])
            .context("no environment for Python (Debian: python3-venv)")?;
        let mut install = Command::new(&python.program);
        install.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r"]);
        watch(install.arg(&requirements).stdout(Stdio::null()), &[0])
            .context("the peers' packages cannot be installed")?;
        fs::write(done, wanted)?;
        Ok(python)
    }

    /// A script of `benches/peers`.
    pub(crate) fn script(&self, name: &str) -> Command {
        let mut command = Command::new(&self.program);
        command.arg(self.scripts.join(format!("{name}.py")));
        // The checkout stays as it is.
        command.env("PYTHONDONTWRITEBYTECODE", "1");
        command
    }
}

/// What all engines are given.
pub(crate) struct Task<'a> {
    pub(crate) python: &'a Python,
    pub(crate) scratch: &'a Scratch,
    pub(crate) columns: &'a str,
    pub(crate) threads: u32,
    pub(crate) repeat: u32,
}

impl Task<'_> {
    /// Every layout of every engine, and every difference from the answer.
    pub(crate) fn run(&self, answer: &Answer) -> Result<(Vec<Counted>, Vec<String>)> {
        let (mut counted, mut differences) = (Vec::new(), Vec::new());
        for module in ENGINES {
            let mut command = self.python.script(module);
            let (listed, _) = self.scratch.json(command.arg("layouts"))?;
            let layouts = listed["layouts"].as_array().into_iter().flatten();
            for layout in layouts.filter_map(Value::as_str) {
                eprintln!("{module}: {layout}");
                let place = self.scratch.at("peer");
                fs::create_dir_all(&place)?;
                let layout = self.layout(module, layout, &place)?;
                let name = format!("{} ({})", layout.engine, layout.layout);
                differences.extend(answer.compare(&name, Path::new(&place))?);
                counted.push(layout);
                fs::remove_dir_all(&place)?;
            }
        }
        Ok((counted, differences))
    }

    fn layout(&self, module: &str, layout: &str, place: &str) -> Result<Counted> {
        let (threads, repeat) = (self.threads.to_string(), self.repeat.to_string());
        let run = |task: &str| {
            let mut command = self.python.script(module);
            command.args([task, "--layout", layout, "--columns", self.columns, "--place", place]);
            command.args(["--threads", &threads, "--repeat", &repeat]);
            self.scratch.json(&mut command)
        };
        let (loaded, _) = run("load")?;
        let (report, memory) = run("query")?;
        let read = || {
            let version = report["version"].as_str().context("no version")?;
            Ok::<_, anyhow::Error>(Counted {
                engine: version.to_owned(),
                layout: layout.to_owned(),
                load: seconds(&loaded["load_s"])? + seconds(&report["open_s"])?,
                choices: Times::of(all_seconds(&report["choices_s"])?)?,
                ballots: Times::of(all_seconds(&report["ballots_s"])?)?,
                memory,
            })
        };
        read().with_context(|| format!("report of {module}, {layout}"))
    }
}

/// Each engine's fastest layout, in the order of time.
pub(crate) fn fastest(counted: &[Counted]) -> Vec<&Counted> {
    let mut sorted: Vec<&Counted> = counted.iter().collect();
    sorted.sort_by_key(|layout| layout.choices.best);
    let mut seen: Vec<&str> = Vec::new();
    sorted.retain(|layout| {
        let first = !seen.contains(&layout.engine.as_str());
        seen.push(&layout.engine);
        first
    });
    sorted
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn counted(engine: &str, layout: &str, millis: u64) -> Counted {
        let time = Duration::from_millis(millis);
        let times = Times { best: time, median: time };
        Counted {
            engine: engine.to_owned(),
            layout: layout.to_owned(),
            load: time,
            choices: times,
            ballots: times,
            memory: Watched { time, peak_kib: 0, anonymous_kib: 0 },
        }
    }

    #[test]
    fn fastest_layout_of_each_engine_is_kept() {
        let all = [counted("a", "1", 9), counted("b", "1", 5), counted("a", "2", 7)];
        let found = fastest(&all);
        let names: Vec<_> = found.iter().map(|c| (c.engine.as_str(), c.layout.as_str())).collect();
        assert_eq!(names, [("b", "1"), ("a", "2")]);
    }
}
