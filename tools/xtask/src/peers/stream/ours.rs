//! Shomar's side: `shomar serve` on loopback, and `shomar replay` that sends as fast as it is
//! acknowledged.
//!
//! In: a signed nation. Out: what replay says of the run.
//! Never: a run in which anything was lost, doubled, or counted otherwise than known.

use std::fs;
use std::path::Path;

use anyhow::Result;

use crate::programs::{Programs, Scratch};
use crate::received::Received;
use crate::server::Server;

/// Short runs as well are to have full recounts beside them; the default is half a minute.
pub(crate) const RECOUNT_SECONDS: u32 = 3;

/// What a night needs.
pub(crate) struct Night<'a> {
    pub(crate) programs: &'a Programs,
    pub(crate) scratch: &'a Scratch,
    pub(crate) threads: u32,
}

impl Night<'_> {
    /// Serves a new journal in `data`, and has all of `signed` sent to it.
    pub(crate) fn receive(
        &self,
        signed: &str,
        data: &str,
        per_request: u32,
        ballots: u64,
    ) -> Result<Received> {
        let configuration = self.scratch.at("serve.toml");
        fs::write(&configuration, format!("recount_seconds = {RECOUNT_SECONDS}\n"))?;
        let log = format!("{data}.log");
        let mut command = self.programs.command("shomar", self.threads);
        command.args(["serve", "--election", &format!("{signed}/election"), "--data", data]);
        command.args(["--listen", "127.0.0.1:0", "--config", &configuration]);
        let mut server = Server::start(&mut command, Path::new(&log))?;

        let mut command = self.programs.command("shomar", self.threads);
        command.args(["replay", signed, "--to", &format!("http://{}", server.address)]);
        command.args(["--per-request", &per_request.to_string(), "--format", "json"]);
        let (report, _) = self.scratch.json(&mut command)?;
        // Its exit code says whether the live count was ever found wrong.
        server.stop()?;
        fs::remove_dir_all(data)?;
        Received::read(&report, ballots)
    }
}
