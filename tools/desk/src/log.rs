//! The desk's log on disk: lines of JSON, each of which names the hash of the one before.
//!
//! In: what has happened. Out: a line, synced before anybody acts on it; at the start every line
//! that is there. Never: a line changed, a line accepted that does not follow the one before it, a
//! further line after a write has failed.

use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use shomar_format::bytes::{Digest32, digest_from_hex, hex, sha256};

/// Most bytes of a log that is read at the start.
const LOG_BYTES_MAX: u64 = 1 << 30;

/// What has happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "lowercase", deny_unknown_fields)]
pub(crate) enum Event {
    /// The log begins: of this election, and of no other.
    Begun { election: String, definition: String, mode: String },
    /// Somebody proposes a decision, and signs that they do.
    Proposed {
        proposal: String,
        account: String,
        officer: String,
        position: u64,
        control: String,
        signature: String,
    },
    /// Somebody else approves it: the sealed record, which is sent after this line is on disk.
    Approved { proposal: String, account: String, officer: String, hash: String, record: String },
    /// The journal has the record.
    Carried { proposal: String, position: u64 },
    /// The journal does not take the record, and never will.
    Failed { proposal: String, found: String, expected: String },
    /// Somebody else refuses it.
    Refused { proposal: String, account: String, why: String },
    /// Whoever proposed it takes it back.
    Withdrawn { proposal: String, account: String },
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    previous: String,
    at_ms: u64,
    event: Event,
}

/// Why there is no log, or no further line.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// The file cannot be read or written.
    #[error("{path}: {source}")]
    File {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// A line is not what this program wrote there.
    #[error("{path}: line {line}: found {found}, expected {expected}")]
    Line {
        /// The file.
        path: PathBuf,
        /// From 1.
        line: usize,
        /// What is there.
        found: String,
        /// What should be.
        expected: String,
    },
    /// A line could not be written earlier: nothing is decided any more.
    #[error("the desk's log could not be written before: nothing is decided until a restart")]
    Failed,
}

/// The log.
pub(crate) struct Log {
    path: PathBuf,
    file: File,
    previous: Digest32,
    lines: usize,
    has_failed: bool,
}

impl Log {
    /// Opens the log, and shows every line of it. What a crash has cut off at its end is cut away.
    pub(crate) fn open(
        path: &Path,
        mut show: impl FnMut(u64, Event) -> Result<(), (String, String)>,
    ) -> Result<Self, LogError> {
        let io = |source| LogError::File { path: path.to_owned(), source };
        let mut options = OpenOptions::new();
        options.read(true).append(true).create(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(path).map_err(io)?;
        let length = file.metadata().map_err(io)?.len();
        if length > LOG_BYTES_MAX {
            let error = format!("found {length} bytes, expected at most {LOG_BYTES_MAX}");
            return Err(io(std::io::Error::other(error)));
        }
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map_err(io)?;
        let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        if whole < bytes.len() {
            file.set_len(whole as u64).and_then(|()| file.sync_all()).map_err(io)?;
            file.seek(SeekFrom::End(0)).map_err(io)?;
        }
        let path = path.to_owned();
        let mut log = Self { path, file, previous: [0; 32], lines: 0, has_failed: false };
        for text in bytes[..whole].split_inclusive(|byte| *byte == b'\n') {
            log.lines += 1;
            let text = &text[..text.len() - 1];
            let wrong = |(found, expected)| log.wrong(found, expected);
            let line: Line = serde_json::from_slice(text)
                .map_err(|error| wrong((error.to_string(), "a line of the desk".to_owned())))?;
            if digest_from_hex(&line.previous) != Some(log.previous) {
                let expected = format!("{}, that of the line before", hex(&log.previous));
                return Err(wrong((format!("the hash {}", line.previous), expected)));
            }
            // One spelling: what cannot be told apart must not differ.
            if serde_json::to_vec(&line).ok().as_deref() != Some(text) {
                let found = "a line in another spelling".to_owned();
                return Err(wrong((found, "the one that this program writes".to_owned())));
            }
            show(line.at_ms, line.event).map_err(wrong)?;
            log.previous = sha256(text);
        }
        if let Some(folder) = log.path.parent().filter(|own| !own.as_os_str().is_empty()) {
            File::open(folder).and_then(|own| own.sync_all()).map_err(io_of(&log.path))?;
        }
        Ok(log)
    }

    /// Whether there is no line yet.
    pub(crate) fn is_empty(&self) -> bool {
        self.lines == 0
    }

    fn wrong(&self, found: String, expected: String) -> LogError {
        LogError::Line { path: self.path.clone(), line: self.lines, found, expected }
    }

    /// Writes a line, and waits until it is on disk.
    pub(crate) fn append(&mut self, at_ms: u64, event: Event) -> Result<(), LogError> {
        if self.has_failed {
            return Err(LogError::Failed);
        }
        let line = Line { previous: hex(&self.previous), at_ms, event };
        let mut text = serde_json::to_vec(&line)
            .map_err(|error| io_of(&self.path)(std::io::Error::other(error)))?;
        let hash = sha256(&text);
        text.push(b'\n');
        let written = self.file.write_all(&text).and_then(|()| self.file.sync_data());
        if let Err(source) = written {
            // What of it is on disk is not known any more.
            self.has_failed = true;
            return Err(io_of(&self.path)(source));
        }
        (self.previous, self.lines) = (hash, self.lines + 1);
        Ok(())
    }
}

fn io_of(path: &Path) -> impl Fn(std::io::Error) -> LogError {
    let path = path.to_owned();
    move |source| LogError::File { path: path.clone(), source }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(number: u64) -> Event {
        Event::Carried { proposal: "ab".repeat(32), position: number }
    }

    fn read(path: &Path) -> Result<Vec<(u64, Event)>, LogError> {
        let mut shown = Vec::new();
        Log::open(path, |at_ms, event| {
            shown.push((at_ms, event));
            Ok(())
        })?;
        Ok(shown)
    }

    fn written(path: &Path) -> Vec<(u64, Event)> {
        let mut log = Log::open(path, |_, _| Ok(())).unwrap();
        let lines: Vec<_> = (0..4).map(|number| (1_000 + number, event(number))).collect();
        for (at_ms, event) in lines.clone() {
            log.append(at_ms, event).unwrap();
        }
        lines
    }

    #[test]
    fn lines_are_read_back_and_go_on() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("desk.log");
        let mut lines = written(&path);
        assert_eq!(read(&path).unwrap(), lines);
        Log::open(&path, |_, _| Ok(())).unwrap().append(9, event(9)).unwrap();
        lines.push((9, event(9)));
        assert_eq!(read(&path).unwrap(), lines);
    }

    /// Every byte of every line but the last one, and every line taken out but the last one.
    #[test]
    fn an_edited_line_is_found() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("desk.log");
        written(&path);
        let sound = std::fs::read(&path).unwrap();
        let ends: Vec<usize> =
            (0..sound.len()).filter(|at| sound[*at] == b'\n').map(|at| at + 1).collect();
        for at in 0..ends[2] {
            let mut edited = sound.clone();
            edited[at] ^= 1;
            std::fs::write(&path, &edited).unwrap();
            let error = read(&path).unwrap_err().to_string();
            assert!(error.contains(": line "), "byte {at}: {error}");
        }
        for line in 0..3 {
            let begin = if line == 0 { 0 } else { ends[line - 1] };
            std::fs::write(&path, [&sound[..begin], &sound[ends[line]..]].concat()).unwrap();
            let error = read(&path).unwrap_err().to_string();
            assert!(error.contains(&format!(": line {}: found the hash", line + 1)), "{error}");
        }
    }

    #[test]
    fn what_a_crash_has_torn_is_cut_at_the_last_whole_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("desk.log");
        let lines = written(&path);
        let sound = std::fs::read(&path).unwrap();
        let last = sound[..sound.len() - 1].iter().rposition(|byte| *byte == b'\n').unwrap() + 1;
        for length in last..sound.len() {
            std::fs::write(&path, &sound[..length]).unwrap();
            assert_eq!(read(&path).unwrap(), lines[..3], "cut at {length}");
            assert_eq!(std::fs::read(&path).unwrap(), sound[..last]);
            // And it goes on from there.
            Log::open(&path, |_, _| Ok(())).unwrap().append(1_003, event(3)).unwrap();
            assert_eq!(std::fs::read(&path).unwrap(), sound);
        }
    }
}
