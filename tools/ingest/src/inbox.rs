//! The inbox: a folder in which files with batches are laid by hand.
//!
//! In: files of sealed records, or whole segments. Out: their records through the same gate as
//! those from the network; the file moved to `done` or `refused`, with a report of every answer
//! beside it. Never: a file taken while somebody is still writing it, or moved before the answers
//! to its records are durable.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant, SystemTime};

use serde_json::json;
use shomar_format::layout;
use shomar_format::segment::SegmentReader;
use tracing::{error, info, warn};

use crate::answer::{Answer, Code};
use crate::gate::Gate;
use crate::records::{CutError, Cutter};

/// Time between two looks at the folder.
const PAUSE: Duration = Duration::from_millis(500);
/// Bytes that are read at a time.
const PIECE_BYTES: usize = 1 << 20;
/// Records that are on their way at a time.
const IN_FLIGHT_MAX: usize = 256;

/// Records of one file whose answers are kept for its report: more are for the next file.
const FILE_RECORDS_MAX: usize = 1_000_000;

/// A folder that is looked at again and again.
pub(crate) struct Inbox {
    pub(crate) folder: PathBuf,
    pub(crate) gate: Arc<Gate>,
    pub(crate) record_bytes_max: usize,
    /// A segment is read whole: one above this length is not read at all.
    pub(crate) segment_file_bytes_max: u64,
    pub(crate) is_stopping: Arc<AtomicBool>,
}

/// Size and time of a file: while they change, somebody writes it.
type Shape = (u64, Option<SystemTime>);

impl Inbox {
    pub(crate) fn run(self) {
        let mut seen: HashMap<PathBuf, Shape> = HashMap::new();
        while !self.is_stopping.load(Ordering::Relaxed) {
            let files = match files(&self.folder) {
                Ok(files) => files,
                Err(failure) => {
                    error!(folder = %self.folder.display(), %failure, "cannot look into the inbox");
                    Vec::new()
                }
            };
            seen.retain(|path, _| files.iter().any(|(file, _)| file == path));
            for (path, shape) in files {
                if seen.get(&path) == Some(&shape) {
                    seen.remove(&path);
                    self.take(&path);
                } else {
                    seen.insert(path, shape);
                }
            }
            std::thread::sleep(PAUSE);
        }
    }

    /// Takes one file that nobody writes any more.
    fn take(&self, path: &Path) {
        let mut answers = Vec::new();
        let ended = self.read(path, &mut answers);
        // Stopped in the middle: the file stays, and is taken anew; what was taken is a duplicate.
        let unfinished = |answer: &Answer| {
            matches!(answer.reason(), Some(Code::Stopping | Code::Busy | Code::StorageFull))
        };
        if answers.iter().any(unfinished) {
            return;
        }
        let is_sound = ended.is_ok() && answers.iter().all(|answer| answer.reason().is_none());
        let target = self.folder.join(if is_sound { "done" } else { "refused" });
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let report = json!({ "results": answers, "error": ended.as_ref().err() });
        let moved = fs::create_dir_all(&target).and_then(|()| {
            fs::write(target.join(format!("{name}.report.json")), format!("{report:#}\n"))?;
            fs::rename(path, target.join(&name))
        });
        match moved {
            Ok(()) if is_sound => info!(file = name, records = answers.len(), "taken"),
            Ok(()) => {
                warn!(file = name, error = ?ended, "not, or not wholly, taken: see its report")
            }
            Err(failure) => error!(file = name, %failure, "taken, but it cannot be moved"),
        }
    }

    /// Sends every record of a file through the gate; what is wrong with the file itself.
    fn read(&self, path: &Path, answers: &mut Vec<Answer>) -> Result<(), String> {
        let mut file = File::open(path).map_err(|error| error.to_string())?;
        let mut magic = [0; 8];
        let begins = file.read_exact(&mut magic).is_ok();
        if begins && magic == layout::segment::MAGIC {
            let most = self.segment_file_bytes_max;
            let length = file.metadata().map_err(|error| error.to_string())?.len();
            if length > most {
                return Err(format!(
                    "found a segment of {length} bytes, expected at most {most} \
                     (segment_bytes_max, and the records of its last group)"
                ));
            }
            return self.read_segment(path, answers);
        }
        let mut cutter = Cutter::new(self.record_bytes_max);
        let mut sender = self.sender(answers);
        let mut file = File::open(path).map_err(|error| error.to_string())?;
        let mut buffer = vec![0; PIECE_BYTES];
        let mut any = false;
        loop {
            let read = file.read(&mut buffer).map_err(|error| error.to_string())?;
            let mut piece = &buffer[..read];
            while !piece.is_empty() {
                match cutter.next(&mut piece) {
                    Ok(None) => {}
                    Ok(Some(record)) => {
                        any = true;
                        if let Some(ended) = sender.send(record) {
                            return ended;
                        }
                    }
                    Err(CutError::NoRecord(found)) => {
                        sender.finish();
                        return Err(format!("found {found}, expected a sealed record"));
                    }
                    Err(CutError::TooLarge(bytes)) => {
                        sender.finish();
                        return Err(self.too_large(bytes));
                    }
                }
            }
            if read == 0 {
                sender.finish();
                return match (cutter.is_between_records(), any) {
                    (true, true) => Ok(()),
                    (true, false) => Err("found an empty file, expected sealed records".to_owned()),
                    (false, _) => Err("found a record that is cut off".to_owned()),
                };
            }
        }
    }

    fn sender<'a>(&'a self, answers: &'a mut Vec<Answer>) -> Sender<'a> {
        let in_flight = Vec::new();
        Sender { gate: &self.gate, is_stopping: &self.is_stopping, in_flight, answers }
    }

    /// What the network is told by 413.
    fn too_large(&self, bytes: u64) -> String {
        let most = self.record_bytes_max;
        format!("found a record of {bytes} bytes, expected at most {most} (record_bytes_max)")
    }

    fn read_segment(&self, path: &Path, answers: &mut Vec<Answer>) -> Result<(), String> {
        // What grows meanwhile is not read either.
        let file = File::open(path).map_err(|error| error.to_string())?;
        let mut bytes = Vec::new();
        let read = file.take(self.segment_file_bytes_max + 1).read_to_end(&mut bytes);
        read.map_err(|error| error.to_string())?;
        let mut reader = SegmentReader::open(&bytes).map_err(|fault| fault.to_string())?;
        let mut sender = self.sender(answers);
        loop {
            match reader.next_record() {
                Ok(Some(framed)) if framed.record.len() > self.record_bytes_max => {
                    sender.finish();
                    return Err(self.too_large(framed.record.len() as u64));
                }
                Ok(Some(framed)) => {
                    let mut record = shomar_format::record::RecordBytes::new();
                    record.extend_from_slice(framed.record);
                    if let Some(ended) = sender.send(record) {
                        return ended;
                    }
                }
                Ok(None) => {
                    sender.finish();
                    return Ok(());
                }
                Err(fault) => {
                    sender.finish();
                    return Err(fault.to_string());
                }
            }
        }
    }
}

/// Sends records, a few at a time, and keeps their answers in order.
struct Sender<'a> {
    gate: &'a Gate,
    is_stopping: &'a AtomicBool,
    in_flight: Vec<tokio::sync::oneshot::Receiver<Answer>>,
    answers: &'a mut Vec<Answer>,
}

impl Sender<'_> {
    /// Sends a record; how the file ends here, if it does: nothing more of it is to be sent.
    fn send(&mut self, record: shomar_format::record::RecordBytes) -> Option<Result<(), String>> {
        if self.answers.len() + self.in_flight.len() >= FILE_RECORDS_MAX {
            self.finish();
            let most = FILE_RECORDS_MAX;
            return Some(Err(format!("found more than {most} records, expected another file")));
        }
        let bytes = record.len();
        // Nobody hurries a file: where the network gets "busy", this waits.
        let pending = loop {
            if self.is_stopping.load(Ordering::Relaxed) {
                let (found, expected) = ("a server that is stopping", "a retry later");
                break Err(Answer::refused(Code::Stopping, found, expected, None));
            }
            let Some(room) = self.gate.room_for(bytes) else {
                std::thread::sleep(Duration::from_millis(10));
                continue;
            };
            let mut copy = shomar_format::record::RecordBytes::new();
            copy.extend_from_slice(&record);
            match self.gate.enter(copy, Instant::now(), Some(room)) {
                Err(refused) if refused.reason() == Some(Code::Busy) => {
                    std::thread::sleep(Duration::from_millis(10));
                }
                pending => break pending,
            }
        };
        let is_stopping = match pending {
            Ok(answer) => {
                self.in_flight.push(answer);
                false
            }
            Err(refused) => {
                self.finish();
                let is_stopping = refused.reason() == Some(Code::Stopping);
                self.note(refused);
                is_stopping
            }
        };
        if self.in_flight.len() >= IN_FLIGHT_MAX {
            self.finish();
        }
        // The file stays where it is, and is taken anew by the next server.
        is_stopping.then_some(Ok(()))
    }

    fn finish(&mut self) {
        for answer in std::mem::take(&mut self.in_flight) {
            let stopping = |_| {
                Answer::refused(Code::Stopping, "a server that has stopped", "a retry later", None)
            };
            let answer = answer.blocking_recv().unwrap_or_else(stopping);
            self.note(answer);
        }
    }

    fn note(&mut self, answer: Answer) {
        self.gate.metrics.answered(&answer);
        self.answers.push(answer);
    }
}

/// Files of a folder that are not hidden and not being copied.
fn files(folder: &Path) -> std::io::Result<Vec<(PathBuf, Shape)>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let metadata = entry.metadata()?;
        let is_partial = [".part", ".tmp", ".open"].iter().any(|end| name.ends_with(end));
        if metadata.is_file() && !name.starts_with('.') && !is_partial {
            files.push((entry.path(), (metadata.len(), metadata.modified().ok())));
        }
    }
    files.sort_unstable();
    Ok(files)
}

#[cfg(test)]
mod tests {
    use crossbeam::channel::bounded;
    use shomar_store::SegmentWriter;

    use super::*;
    use crate::metrics::Metrics;
    use crate::tests::{batches, election};

    /// An inbox of a server that takes records of at most so many bytes, and has so much room.
    fn inbox(folder: &Path, record_bytes_max: usize, waiting_bytes_max: usize) -> Inbox {
        let (queue, _) = bounded(1);
        let (metrics, is_full) = (Arc::new(Metrics::new()), Arc::default());
        Inbox {
            folder: folder.to_owned(),
            gate: Arc::new(Gate::new(election(), queue, waiting_bytes_max, metrics, is_full)),
            record_bytes_max,
            segment_file_bytes_max: 1 << 20,
            is_stopping: Arc::default(),
        }
    }

    /// Takes a file, which must not take long; what its report says.
    fn taken(inbox: Inbox, path: &Path) -> Option<String> {
        let (done, ended) = bounded(1);
        let (own, folder) = (path.to_owned(), inbox.folder.clone());
        std::thread::spawn(move || {
            inbox.take(&own);
            let _ = done.send(());
        });
        ended.recv_timeout(Duration::from_secs(20)).expect("it ends");
        let name = path.file_name().unwrap().to_string_lossy();
        fs::read_to_string(folder.join(format!("refused/{name}.report.json"))).ok()
    }

    #[test]
    fn a_record_for_which_there_is_never_room_is_refused_with_its_file() {
        let folder = tempfile::tempdir().unwrap();
        let record = &batches(election(), 1)[0];
        let mut writer = SegmentWriter::new(folder.path(), [0; 32]);
        writer.append(record).unwrap();
        writer.finish().unwrap();
        let path = folder.path().join("000000.segment");
        // Both are below the length of the record: there is no room for it, however long one waits.
        let report = taken(inbox(folder.path(), 256, 256), &path).unwrap();
        let bytes = record.len();
        let told = format!("found a record of {bytes} bytes, expected at most 256");
        assert!(report.contains(&told), "{report}");
    }

    #[test]
    fn a_file_that_is_longer_than_a_segment_is_not_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("endless.segment");
        let file = File::create(&path).unwrap();
        std::io::Write::write_all(&mut &file, &layout::segment::MAGIC).unwrap();
        // A hole: longer than any memory, and no disk has it.
        file.set_len(1 << 42).unwrap();
        let report = taken(inbox(folder.path(), 4096, 4096), &path).unwrap();
        let told = format!("found a segment of {} bytes, expected at most", 1_u64 << 42);
        assert!(report.contains(&told), "{report}");
    }

    #[test]
    fn whoever_stops_does_not_wait_for_room() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("one.batches");
        fs::write(&path, &batches(election(), 1)[0][..]).unwrap();
        let inbox = inbox(folder.path(), 4096, 0);
        inbox.is_stopping.store(true, Ordering::Relaxed);
        assert_eq!(taken(inbox, &path), None);
        assert!(path.exists(), "the next server takes it");
    }
}
