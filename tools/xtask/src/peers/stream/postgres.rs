//! A PostgreSQL of our own: a new cluster in a folder, on a socket there, stopped at the end.
//!
//! In: a folder; SQL. Out: what `psql` printed, how long connections took together. Never: a
//! setting that makes a commit less durable, a port, another cluster of this machine, a server that
//! outlives the run.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::machine::memory_available;
use crate::tools::is_root;

/// Where Debian keeps what is not in PATH.
const DEBIAN: &str = "/usr/lib/postgresql/15/bin";
const PROGRAMS: [&str; 4] = ["initdb", "postgres", "pg_ctl", "psql"];
/// Who runs it where we are root: PostgreSQL refuses root.
const UNPRIVILEGED: &str = "postgres";
const START_MAX: Duration = Duration::from_secs(60);
/// The kernel's limit for the path of a socket is 107 bytes.
const SOCKET_FOLDER_BYTES_MAX: usize = 90;
const SHARED_BUFFERS_MIB_MAX: u64 = 2_048;

/// Durable, and for the rest as fast as it goes: no standby needs the log, and checkpoints come
/// between runs, not in them.
const SETTINGS: [(&str, &str); 16] = [
    ("fsync", "on"),
    ("synchronous_commit", "on"),
    ("full_page_writes", "on"),
    ("wal_level", "minimal"),
    ("max_wal_senders", "0"),
    ("wal_buffers", "64MB"),
    ("min_wal_size", "2GB"),
    ("max_wal_size", "16GB"),
    ("checkpoint_timeout", "1h"),
    ("commit_siblings", "3"),
    ("jit", "off"),
    ("track_activities", "off"),
    ("update_process_title", "off"),
    ("log_checkpoints", "off"),
    ("listen_addresses", "''"),
    ("max_connections", "100"),
];

/// The programs, and as whom they run.
pub(crate) struct Tools {
    folder: Option<PathBuf>,
    user: Option<(u32, u32)>,
}

impl Tools {
    /// Finds them in PATH or where Debian puts them.
    pub(crate) fn find() -> Result<Self> {
        let debian = PathBuf::from(DEBIAN);
        let missing = |folder: Option<&Path>| {
            PROGRAMS.into_iter().find(|program| match folder {
                Some(folder) => !folder.join(program).exists(),
                None => !crate::workspace::is_in_path(program),
            })
        };
        let folder = match (missing(None), missing(Some(&debian))) {
            (None, _) => None,
            (_, None) => Some(debian),
            (Some(program), _) => bail!(
                "found no {program} in PATH, nor all in {DEBIAN}; `peers --stream` needs \
                 PostgreSQL (Debian: postgresql-15)"
            ),
        };
        let user = if is_root() {
            let table = fs::read_to_string("/etc/passwd").context("cannot read /etc/passwd")?;
            let user = user_in(&table, UNPRIVILEGED);
            Some(user.context("PostgreSQL refuses root, and there is no user postgres")?)
        } else {
            None
        };
        Ok(Self { folder, user })
    }

    fn command(&self, program: &str) -> Command {
        let path = self.folder.as_ref().map_or(program.into(), |folder| folder.join(program));
        let mut command = Command::new(path);
        // Those of another cluster.
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("PG") {
                command.env_remove(name);
            }
        }
        command.stdin(Stdio::null());
        command
    }

    /// As the owner of the cluster.
    fn owner(&self, program: &str) -> Command {
        let mut command = self.command(program);
        if let Some((user, group)) = self.user {
            command.uid(user).gid(group).current_dir("/");
        }
        command
    }

    /// Name and version.
    pub(crate) fn version(&self) -> Result<String> {
        let output = self.command("psql").arg("--version").output()?;
        let text = String::from_utf8_lossy(&output.stdout);
        let number = text.split_whitespace().nth(2).context("psql names no version")?;
        Ok(format!("PostgreSQL {number}"))
    }
}

/// A running server.
pub(crate) struct Postgres<'a> {
    tools: &'a Tools,
    folder: PathBuf,
    settings: Vec<(String, String)>,
    child: Option<Child>,
}

impl<'a> Postgres<'a> {
    /// Makes the cluster and starts it.
    pub(crate) fn start(tools: &'a Tools, folder: &Path) -> Result<Self> {
        if folder.as_os_str().len() > SOCKET_FOLDER_BYTES_MAX {
            bail!("{} is too long for a socket; set CARGO_TARGET_DIR", folder.display());
        }
        fs::create_dir_all(folder)?;
        if let Some((user, group)) = tools.user {
            chown(folder, Some(user), Some(group))?;
        }
        let data = folder.join("data");
        let mut command = tools.owner("initdb");
        command.args(["--auth", "trust", "--username", UNPRIVILEGED, "--encoding", "UTF8"]);
        command.args(["--locale", "C", "--pgdata"]).arg(&data).stdout(Stdio::null());
        if !command.status().context("cannot run initdb")?.success() {
            bail!("initdb failed; its user must be able to enter {}", folder.display());
        }
        let mebibytes = (memory_available()? / 4 / (1 << 20)).min(SHARED_BUFFERS_MIB_MAX);
        let mut settings = vec![("shared_buffers".to_owned(), format!("{mebibytes}MB"))];
        settings.extend(SETTINGS.map(|(name, value)| (name.to_owned(), value.to_owned())));
        let mut text = format!("unix_socket_directories = '{}'\n", folder.display());
        for (name, value) in &settings {
            text += &format!("{name} = {value}\n");
        }
        fs::write(data.join("postgresql.auto.conf"), text)?;

        let log = folder.join("log");
        let file = File::create(&log)?;
        let mut command = tools.owner("postgres");
        command.arg("-D").arg(&data).stdout(file.try_clone()?).stderr(file);
        let child = Some(command.spawn().context("cannot run postgres")?);
        let mut postgres = Self { tools, folder: folder.to_owned(), settings, child };
        let began = Instant::now();
        loop {
            let mut probe = postgres.psql();
            probe.args(["-c", "SELECT 1"]).stdout(Stdio::null()).stderr(Stdio::null());
            if probe.status().context("cannot run psql")?.success() {
                return Ok(postgres);
            }
            let ended = match &mut postgres.child {
                Some(child) => child.try_wait()?.is_some(),
                None => true,
            };
            if ended || began.elapsed() > START_MAX {
                bail!("PostgreSQL does not start: {}", fs::read_to_string(&log)?.trim());
            }
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    pub(crate) fn settings(&self) -> &[(String, String)] {
        &self.settings
    }

    fn psql(&self) -> Command {
        let mut command = self.tools.command("psql");
        command.args(["-X", "-q", "-A", "-t", "-U", UNPRIVILEGED, "-d", "postgres"]);
        command.args(["-v", "ON_ERROR_STOP=1", "-h"]).arg(&self.folder);
        command
    }

    /// Runs a script; what it printed.
    pub(crate) fn run(&self, script: &str) -> Result<String> {
        let mut command = self.psql();
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        // Dropped at the end of the statement: the script ends there. Scripts print nothing
        // before their last statement, so that neither side waits for the other.
        child.stdin.take().context("psql has no input")?.write_all(script.as_bytes())?;
        let output = child.wait_with_output()?;
        if !output.status.success() {
            bail!("psql: {}", output.status);
        }
        String::from_utf8(output.stdout).context("psql printed something that is not UTF-8")
    }

    /// Runs scripts, each on a connection of its own, from the moment when all are connected until
    /// the last one has ended. Whatever fails on any of them is an error: no batch goes lost.
    pub(crate) fn run_together(&self, scripts: &[PathBuf]) -> Result<Duration> {
        let mut connected = Vec::new();
        for script in scripts {
            let mut command = self.psql();
            let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
            let mut input = child.stdin.take().context("psql has no input")?;
            input.write_all(b"SELECT 1;\n")?;
            connected.push((child, input, script));
        }
        for (child, ..) in &mut connected {
            let output = child.stdout.take().context("psql has no output")?;
            let mut line = String::new();
            BufReader::new(output).read_line(&mut line)?;
            if line.trim() != "1" {
                bail!("psql: found '{}', expected a connection", line.trim());
            }
        }
        let began = Instant::now();
        let mut running = Vec::new();
        for (child, mut input, script) in connected {
            writeln!(input, "\\i '{}'", script.display())?;
            running.push(child);
        }
        for mut child in running {
            let status = child.wait()?;
            if !status.success() {
                bail!("psql: {status}");
            }
        }
        Ok(began.elapsed())
    }

    /// Stops it.
    pub(crate) fn stop(mut self) -> Result<()> {
        self.stop_server()
    }

    fn stop_server(&mut self) -> Result<()> {
        let Some(mut child) = self.child.take() else { return Ok(()) };
        if child.try_wait()?.is_none() {
            let mut command = self.tools.owner("pg_ctl");
            command.args(["stop", "-m", "fast", "-w", "-D"]).arg(self.folder.join("data"));
            let stopped = command.stdout(Stdio::null()).status();
            if !stopped.is_ok_and(|status| status.success()) {
                child.kill()?;
            }
        }
        let status = child.wait()?;
        if !status.success() {
            bail!("PostgreSQL: {status}");
        }
        Ok(())
    }
}

impl Drop for Postgres<'_> {
    fn drop(&mut self) {
        if let Err(error) = self.stop_server() {
            eprintln!("xtask: {error:#}");
        }
    }
}

/// User and group of a name in the text of /etc/passwd.
fn user_in(table: &str, name: &str) -> Option<(u32, u32)> {
    let line = table.lines().find(|line| line.split(':').next() == Some(name))?;
    let mut numbers = line.split(':').skip(2).map(str::parse);
    Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn user_is_read_from_the_table_of_users() {
        let table = "root:x:0:0::/root:/bin/sh\npostgres:x:101:104:admin:/var:/bin/bash\n";
        assert_eq!(user_in(table, "postgres"), Some((101, 104)));
        assert_eq!(user_in(table, "post"), None);
    }

    #[test]
    fn nothing_durable_is_switched_off() {
        for name in ["fsync", "synchronous_commit", "full_page_writes"] {
            assert!(SETTINGS.contains(&(name, "on")), "{name}");
        }
    }
}
