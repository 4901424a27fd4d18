//! How a server is run: a small TOML file, every key with a default.
//!
//! In: the file's text. Out: a [`Config`]; or what is wrong with it, by line. Never: a limit that
//! is not there.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;
use shomar_format::election::Mode;

use crate::writer::GROUP_BYTES;

/// What a server may be told. Sizes in bytes, times as their names say.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Where to listen.
    pub listen: SocketAddr,
    /// A folder in which files with batches are laid by hand.
    pub inbox: Option<PathBuf>,
    /// TLS; without it HTTP is in the clear.
    pub tls: Option<TlsConfig>,
    /// Largest record that is taken.
    pub record_bytes_max: usize,
    /// Bytes of records that wait in memory, over all connections.
    pub waiting_bytes_max: usize,
    /// Records that wait for the disk.
    pub queue_records_max: usize,
    /// Connections at one time. Those that begin by reading have at most half of them.
    pub connections_max: usize,
    /// Of them, by one address; 0: all.
    pub connections_per_address_max: usize,
    /// A sender that is silent for so long is let go.
    pub silence_seconds_max: u64,
    /// A segment of this length gets no further group.
    pub segment_bytes_max: u64,
    /// Bytes of contradicting records that are kept as evidence.
    pub evidence_bytes_max: u64,
    /// Least time between two snapshots, while there is news.
    pub snapshot_milliseconds: u64,
    /// Time between two full counts of the segments.
    pub recount_seconds: u64,
    /// Numbers that everybody sees change by at least so many ballots; 0: by any number.
    pub small_cell_ballots: u64,
    /// Who may decide at the desk; without this file nobody may log in.
    pub operators: Option<PathBuf>,
    /// Whether decisions are taken from the desk alone, and no control record from elsewhere. Not
    /// said: of an official election that has a desk.
    pub desk_only_decisions: Option<bool>,
    /// Requests of pages a second that an address may make, on average; 0: any number.
    pub page_requests_per_second_max: u32,
    /// Streams of pages that an address may hold open; 0: any number.
    pub streams_per_address_max: usize,
    /// When asked to stop, so long is waited for what is under way.
    pub stop_seconds_max: u64,
}

/// Certificates, as PEM files.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TlsConfig {
    /// The server's certificates, its own first.
    pub certificates: PathBuf,
    /// Its secret key.
    pub key: PathBuf,
    /// Authorities of client certificates; with them, nobody connects without one.
    pub client_authorities: Option<PathBuf>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 1405)),
            inbox: None,
            tls: None,
            record_bytes_max: 16 << 20,
            waiting_bytes_max: 256 << 20,
            queue_records_max: 8_192,
            connections_max: 16_384,
            connections_per_address_max: 4_096,
            silence_seconds_max: 30,
            segment_bytes_max: 256 << 20,
            evidence_bytes_max: 1 << 30,
            snapshot_milliseconds: 25,
            recount_seconds: 30,
            small_cell_ballots: shomar_engine::disclosure::LEAST_BALLOTS,
            operators: None,
            desk_only_decisions: None,
            page_requests_per_second_max: 0,
            streams_per_address_max: 0,
            stop_seconds_max: 10,
        }
    }
}

/// Why a configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("{path}: cannot be read")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// Its text is not a configuration.
    #[error("{path}: {message}")]
    Unsound {
        /// The file.
        path: PathBuf,
        /// What was found and expected, with the line.
        message: String,
    },
}

impl Config {
    /// Reads a file.
    ///
    /// # Errors
    /// If it cannot be read, or a key or a value is none.
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        let text = std::fs::read_to_string(path)
            .map_err(|source| ConfigError::Unreadable { path: path.to_owned(), source })?;
        let unsound = |message: String| ConfigError::Unsound { path: path.to_owned(), message };
        let config: Self =
            toml::from_str(&text).map_err(|error| unsound(error.to_string().trim().to_owned()))?;
        config.check().map_err(unsound)?;
        Ok(config)
    }

    /// Limits below which nothing works.
    ///
    /// # Errors
    /// What was found and expected.
    pub fn check(&self) -> Result<(), String> {
        let least = |name: &str, found: u64, least: u64| {
            if found >= least {
                return Ok(());
            }
            Err(format!("found {name} = {found}, expected at least {least}"))
        };
        least("record_bytes_max", self.record_bytes_max as u64, 4_096)?;
        least("waiting_bytes_max", self.waiting_bytes_max as u64, self.record_bytes_max as u64)?;
        least("queue_records_max", self.queue_records_max as u64, 1)?;
        least("connections_max", self.connections_max as u64, 1)?;
        least("silence_seconds_max", self.silence_seconds_max, 1)?;
        least("recount_seconds", self.recount_seconds, 1)?;
        if self.desk_only_decisions == Some(true) && self.operators.is_none() {
            let found = "found desk_only_decisions = true and no operators";
            return Err(format!("{found}, expected a file of operators: nobody could decide"));
        }
        let most = shomar_format::limits::RECORD_BYTES_MAX;
        if self.record_bytes_max as u64 > most
            || self.waiting_bytes_max as u64 > u64::from(u32::MAX)
        {
            return Err(format!(
                "found record_bytes_max = {}, waiting_bytes_max = {}, expected at most {most} and {}",
                self.record_bytes_max,
                self.waiting_bytes_max,
                u32::MAX
            ));
        }
        Ok(())
    }

    /// Whether no control record is taken that the desk did not make: two people of two officers.
    pub(crate) fn takes_decisions_from_desk_alone(&self, mode: Mode) -> bool {
        let by_default = mode == Mode::Official && self.operators.is_some();
        self.desk_only_decisions.unwrap_or(by_default)
    }

    /// The longest segment that a server of this configuration writes, or any other program of ours
    /// by default: a segment is closed by the group that makes it longer than it should be. Frames
    /// and padding are a small part of the records.
    pub(crate) fn segment_file_bytes_max(&self) -> u64 {
        let segment = self.segment_bytes_max.max(shomar_format::limits::SEGMENT_BYTES_MAX);
        let group = (GROUP_BYTES + self.record_bytes_max) as u64;
        segment.saturating_add(group).saturating_add(group / 4)
    }

    pub(crate) fn silence(&self) -> Duration {
        Duration::from_secs(self.silence_seconds_max)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_configuration_does_not_know_is_refused_by_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("serve.toml");
        let read = |text: &str| {
            std::fs::write(&path, text).unwrap();
            Config::read(&path).map_err(|error| error.to_string())
        };
        assert_eq!(read("recount_seconds = 5").unwrap().recount_seconds, 5);
        let error = read("recount_seconds = 5\nrecuont = 1\n").unwrap_err();
        assert!(error.contains("line 2") && error.contains("recuont"), "{error}");
        let error = read("queue_records_max = 0").unwrap_err();
        assert!(error.contains("found queue_records_max = 0, expected at least 1"), "{error}");
        assert!(read("listen = \"here\"").is_err());
        let error = read("desk_only_decisions = true").unwrap_err();
        assert!(error.contains("nobody could decide"), "{error}");
        assert!(read("desk_only_decisions = true\noperators = \"o.toml\"").is_ok());
    }

    #[test]
    fn an_official_election_with_a_desk_is_decided_there_unless_it_is_said_otherwise() {
        let alone = |desk_only_decisions, has_desk: bool, mode| {
            let operators = has_desk.then(|| PathBuf::from("operators.toml"));
            let config = Config { operators, desk_only_decisions, ..Config::default() };
            config.takes_decisions_from_desk_alone(mode)
        };
        assert!(alone(None, true, Mode::Official));
        assert!(!alone(None, false, Mode::Official) && !alone(None, true, Mode::Test));
        assert!(!alone(Some(false), true, Mode::Official) && alone(Some(true), true, Mode::Test));
    }
}
