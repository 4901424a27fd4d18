//! The law through the real program: named sets of rules, readings side by side, notes, lots with
//! minutes, leavers, other people's results.
//!
//! In: small elections written here, with numbers worked out by hand. Out: what the commands print
//! and their exit codes. Never: an expectation taken from the program's own output.

mod check_result;
mod readings;
mod seats;
mod sets;

use std::path::{Path, PathBuf};

use crate::kit;

/// An election that was written and sealed in a temporary folder.
pub(super) struct Sealed {
    folder: tempfile::TempDir,
}

/// What an election is made of: rules, and CSV without the columns that do not matter here.
pub(super) struct Election<'a> {
    /// `id = rule` and options, per contest, as TOML.
    pub(super) contests: &'a str,
    /// `districts.csv` with its header.
    pub(super) districts: &'a str,
    /// Rows `district,code,name_fa,name_en`.
    pub(super) lists: &'a str,
    /// `candidates.csv` with its header.
    pub(super) candidates: &'a str,
    /// Rows `district,choices,count`.
    pub(super) ballots: &'a str,
}

impl Election<'_> {
    pub(super) fn seal(&self) -> Sealed {
        let folder = tempfile::tempdir().unwrap();
        let election = folder.path().join("election");
        std::fs::create_dir(&election).unwrap();
        let write = |name: &str, text: &str| std::fs::write(election.join(name), text).unwrap();
        write("election.toml", &format!("id = \"law\"\n{}", self.contests));
        write("districts.csv", self.districts);
        write("lists.csv", &format!("district,code,name_fa,name_en\n{}", self.lists));
        write("candidates.csv", self.candidates);
        let header = "station,province,county,name_fa,registered,authenticated,key";
        write("stations.csv", &format!("{header}\nS,23,2301,x,100000,,\n"));
        let rows: Vec<String> = self.ballots.lines().map(|row| format!("S,{row}")).collect();
        let ballots = folder.path().join("ballots.csv");
        let text = format!("station,district,choices,count\n{}\n", rows.join("\n"));
        std::fs::write(&ballots, text).unwrap();
        kit::seal(&election, &ballots, &folder.path().join("sealed"));
        Sealed { folder }
    }
}

impl Sealed {
    pub(super) fn path(&self) -> PathBuf {
        self.folder.path().join("sealed")
    }

    /// Writes a file beside the sealed folder.
    pub(super) fn file(&self, name: &str, text: &str) -> PathBuf {
        file(self.folder.path(), name, text)
    }

    /// Exit code, stdout and stderr of `shomar result`.
    pub(super) fn result(&self, more: &[&str]) -> (i32, String, String) {
        let path = self.path();
        let mut arguments = vec!["result", kit::text(&path)];
        arguments.extend(more);
        kit::run(arguments)
    }

    /// The only district of the JSON of `shomar result`, and the exit code.
    pub(super) fn district(&self, more: &[&str]) -> (i32, serde_json::Value) {
        let (code, stdout, stderr) = self.result(&[more, &["--format", "json"]].concat());
        assert!(code == 0 || code == 3, "exit code {code}: {stderr}");
        let document: serde_json::Value = serde_json::from_str(&stdout).unwrap();
        (code, document["districts"][0].clone())
    }
}

pub(super) fn file(folder: &Path, name: &str, text: &str) -> PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, text).unwrap();
    path
}

pub(super) const DISTRICTS: &str =
    "district,contest,name_fa,name_en,province,county,seats,alternates\n";
