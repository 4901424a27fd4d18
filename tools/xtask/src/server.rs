//! `shomar serve` in a process of its own, for what is measured.
//!
//! In: a command. Out: a server that listens. Never: one that is left running.

use std::fs::{self, File};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

const START_MAX: Duration = Duration::from_secs(60);

/// A running `shomar serve`; killed if it is not stopped before.
pub(crate) struct Server {
    child: Child,
    /// Where it listens.
    pub(crate) address: String,
}

impl Server {
    /// Starts it, and waits until it listens.
    pub(crate) fn start(command: &mut Command, log: &Path) -> Result<Self> {
        let file = File::create(log).with_context(|| log.display().to_string())?;
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(file);
        let child = command.spawn().context("cannot run `shomar serve`")?;
        let mut server = Self { child, address: String::new() };
        let began = Instant::now();
        loop {
            let text = fs::read_to_string(log)?;
            if let Some(address) = address_in(&text) {
                address.clone_into(&mut server.address);
                return Ok(server);
            }
            if server.child.try_wait()?.is_some() || began.elapsed() > START_MAX {
                bail!("`shomar serve` does not listen: {}", text.trim());
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Ends it as nobody should.
    pub(crate) fn kill(mut self) -> Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    /// Asks it to stop, and waits until it has.
    pub(crate) fn stop(&mut self) -> Result<()> {
        let kill = format!("kill -TERM {}", self.child.id());
        if !Command::new("sh").args(["-c", &kill]).status()?.success() {
            bail!("`shomar serve` was gone before it was stopped");
        }
        let status = self.child.wait()?;
        if !status.success() {
            bail!("`shomar serve`: {status}");
        }
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // An error only where it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The whole line, with its end: half an address is none.
fn address_in(log: &str) -> Option<&str> {
    let (_, after) = log.split_once("listening on ")?;
    Some(after.split_once('\n')?.0.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn address_is_read_from_the_log_when_its_line_is_whole() {
        assert_eq!(address_in("INFO\nlistening on 127.0.0.1:99\nmore"), Some("127.0.0.1:99"));
        assert_eq!(address_in("INFO\nlistening on 127.0.0.1:9"), None);
    }
}
