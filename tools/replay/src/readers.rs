//! Readers of the live page: people who look while batches come.
//!
//! In: a server, how many look, at which view. Out: how many bytes they were sent; of one in
//! sixteen, how many events, and how long acknowledged records waited until the page had them.
//! Never: a word of what an event says but its id, which is the number of records that it has.

use std::io::{self, Read, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use flate2::write::GzDecoder;
use http_body_util::{BodyExt, Empty};
use hyper::Request;
use hyper::client::conn::http1::handshake;
use hyper::header::{ACCEPT, ACCEPT_ENCODING, CONTENT_ENCODING, HOST};
use hyper_util::rt::TokioIo;
use serde::Serialize;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

use crate::latency::{Latencies, Percentiles};
use crate::ledger::nanoseconds;
use crate::target::{Stream, Target};

/// No time yet.
const NEVER: u64 = u64::MAX;
/// Where the id of an event stands.
const ID: &[u8] = b"\nid: ";
/// Digits of an id at most.
const DIGITS_MAX: usize = 20;
/// One reader in so many reads what it is sent.
const READING_OF: usize = 16;
/// What is taken from a socket at once by those who do not.
const BUFFER_BYTES: usize = 4 << 10;
/// Sending does not wait longer for readers to begin.
const READY_PATIENCE: Duration = Duration::from_secs(20);
/// How often those who do not read empty what the system has taken in for them: a device of its own
/// would wake for every event, and this machine must not wake for two thousand.
const EMPTIED_EVERY: Duration = Duration::from_secs(2);
/// How much readers yield (`nice`).
const NICENESS: i32 = 19;

/// Why somebody sees nothing more; that it is so is all that is told.
type LookError = Box<dyn std::error::Error + Send + Sync>;

/// What readers of the page saw.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ReadersReport {
    /// How many looked.
    pub readers: u64,
    /// Of these, how many lost their stream or had none.
    pub lost: u64,
    /// How many of them read what they are sent. To unpack it for everybody would take the machine
    /// on which the server may run as well.
    pub reading: u64,
    /// Events that these were told.
    pub events: u64,
    /// Bytes that all were sent.
    pub bytes: u64,
    /// For each event, how long the first record of it that was not in the one before had waited
    /// since it was acknowledged.
    pub behind: Percentiles,
}

/// When each position was acknowledged: what readers compare with.
pub(crate) struct Acknowledged {
    start: std::time::Instant,
    /// Nanoseconds after the start, by position.
    times: Vec<AtomicU64>,
}

impl Acknowledged {
    /// For a journal that will have so many records at most; what is beyond is not measured.
    pub(crate) fn new(records: usize) -> Self {
        let times = std::iter::repeat_with(|| AtomicU64::new(NEVER)).take(records).collect();
        Self { start: std::time::Instant::now(), times }
    }

    /// A record is durable at this position, as somebody has just heard.
    pub(crate) fn note(&self, position: u64) {
        let place = usize::try_from(position).ok().and_then(|at| self.times.get(at));
        if let Some(place) = place {
            place.fetch_min(nanoseconds(self.start.elapsed()), Ordering::Relaxed);
        }
    }

    /// How long ago that was.
    fn ago(&self, position: u64) -> Option<Duration> {
        let time = self.times.get(usize::try_from(position).ok()?)?.load(Ordering::Relaxed);
        let now = nanoseconds(self.start.elapsed());
        (time != NEVER).then(|| Duration::from_nanos(now.saturating_sub(time)))
    }
}

/// People at their pages: on a thread of their own, which yields to those that send. Readers are
/// elsewhere on election night; what they cost here is not to be charged to the server.
pub(crate) struct Readers {
    runtime: Runtime,
    tasks: JoinSet<Seen>,
    stop: watch::Sender<bool>,
    readers: u64,
}

/// What one of them saw.
#[derive(Default)]
struct Seen {
    is_lost: bool,
    events: u64,
    bytes: u64,
    behind: Latencies,
}

impl Readers {
    /// So many begin to look; waits until all do, or for a while.
    pub(crate) async fn begin(
        target: &Target,
        path: &str,
        readers: usize,
        acknowledged: &Arc<Acknowledged>,
    ) -> io::Result<Self> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .on_thread_start(yield_to_others)
            .enable_all()
            .build()?;
        let (stop, stopping) = watch::channel(false);
        // Closed once everybody has dropped their end of it.
        let (ready, mut all_ready) = mpsc::channel::<()>(1);
        let mut tasks = JoinSet::new();
        for number in 0..readers {
            let is_reading = number % READING_OF == 0;
            let (target, path) = (target.clone(), path.to_owned());
            let (acknowledged, mut stopping) = (Arc::clone(acknowledged), stopping.clone());
            let ready = ready.clone();
            let own = async move {
                let mut seen = Seen::default();
                let looking = async {
                    match is_reading {
                        true => read(&target, &path, &acknowledged, ready, &mut seen).await,
                        false => look(&target, &path, ready, &mut seen).await,
                    }
                };
                let is_lost = tokio::select! {
                    // A stream has no end of its own as long as the server is there.
                    _ = looking => true,
                    _ = stopping.wait_for(|stop| *stop) => false,
                };
                Seen { is_lost, ..seen }
            };
            tasks.spawn_on(own, runtime.handle());
        }
        drop(ready);
        let _ = tokio::time::timeout(READY_PATIENCE, all_ready.recv()).await;
        Ok(Self { runtime, tasks, stop, readers: readers as u64 })
    }

    /// Everybody goes home.
    pub(crate) async fn end(mut self) -> ReadersReport {
        let _ = self.stop.send(true);
        let reading = self.readers.div_ceil(READING_OF as u64);
        let mut report =
            ReadersReport { readers: self.readers, reading, ..ReadersReport::default() };
        let mut behind = Latencies::default();
        while let Some(seen) = self.tasks.join_next().await {
            let Ok(seen) = seen else { continue };
            report.lost += u64::from(seen.is_lost);
            report.events += seen.events;
            report.bytes += seen.bytes;
            behind.merge(&seen.behind);
        }
        report.behind = behind.percentiles();
        self.runtime.shutdown_background();
        report
    }
}

/// Where the system does not let us, readers are as urgent as those that send.
fn yield_to_others() {
    // On Linux a priority is that of a thread, and none named is this one.
    let _ = rustix::process::setpriority_process(None, NICENESS);
}

/// Takes what comes, and counts its bytes.
async fn look(
    target: &Target,
    path: &str,
    ready: mpsc::Sender<()>,
    seen: &mut Seen,
) -> Result<(), LookError> {
    let mut stream = target.connect().await?;
    let (path, authority) = (target.path(path), target.authority());
    let request = format!(
        "GET {path} HTTP/1.1\r\nHost: {authority}\r\nAccept: text/event-stream\r\n\
         Accept-Encoding: gzip\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await?;
    let mut buffer = [0; BUFFER_BYTES];
    seen.bytes += stream.read(&mut buffer).await? as u64;
    drop(ready);
    match stream {
        Stream::Plain(stream) => empty(stream.into_std()?, &mut buffer, seen).await,
        Stream::Tls(mut stream) => loop {
            match stream.read(&mut buffer).await? {
                0 => return Ok(()),
                length => seen.bytes += length as u64,
            }
        },
    }
}

/// Empties a stream now and then, until it ends. Nothing of this process waits for it in between.
async fn empty(
    mut stream: std::net::TcpStream,
    buffer: &mut [u8],
    seen: &mut Seen,
) -> Result<(), LookError> {
    loop {
        tokio::time::sleep(EMPTIED_EVERY).await;
        loop {
            match stream.read(buffer) {
                Ok(0) => return Ok(()),
                Ok(length) => seen.bytes += length as u64,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
}

async fn read(
    target: &Target,
    path: &str,
    acknowledged: &Acknowledged,
    ready: mpsc::Sender<()>,
    seen: &mut Seen,
) -> Result<(), LookError> {
    let stream = TokioIo::new(target.connect().await?);
    let (mut sender, connection) = handshake(stream).await?;
    // As browsers ask.
    let request = Request::get(target.path(path))
        .header(HOST, target.authority())
        .header(ACCEPT, "text/event-stream")
        .header(ACCEPT_ENCODING, "gzip")
        .body(Empty::<Bytes>::new())?;
    let read = async {
        let response = sender.send_request(request).await?;
        drop(ready);
        let is_packed = response.headers().get(CONTENT_ENCODING).is_some_and(|own| own == "gzip");
        let mut unpacked = is_packed.then(|| GzDecoder::new(Vec::new()));
        let mut body = response.into_body();
        let mut ids = Ids::default();
        let mut before: Option<u64> = None;
        while let Some(frame) = body.frame().await {
            let Ok(data) = frame?.into_data() else { continue };
            seen.bytes += data.len() as u64;
            let text = match &mut unpacked {
                None => data,
                Some(decoder) => {
                    decoder.write_all(&data)?;
                    decoder.flush()?;
                    std::mem::take(decoder.get_mut()).into()
                }
            };
            ids.read(&text, |position| {
                seen.events += 1;
                let waited = before.filter(|before| *before < position);
                if let Some(behind) = waited.and_then(|first| acknowledged.ago(first)) {
                    seen.behind.record(behind);
                }
                before = Some(position);
            });
        }
        Ok(())
    };
    tokio::select! {
        read = read => read,
        ended = connection => Ok(ended?),
    }
}

/// Finds the ids of events in bytes that come in pieces.
struct Ids {
    /// What an id may have begun in.
    tail: Vec<u8>,
}

impl Default for Ids {
    fn default() -> Self {
        // The first event begins a line as well.
        Self { tail: b"\n".to_vec() }
    }
}

impl Ids {
    fn read(&mut self, bytes: &[u8], mut found: impl FnMut(u64)) {
        self.tail.extend_from_slice(bytes);
        let mut from = 0;
        while let Some(at) = memchr::memmem::find(&self.tail[from..], ID) {
            let digits = &self.tail[from + at + ID.len()..];
            let Some(length) = digits.iter().position(|byte| !byte.is_ascii_digit()) else {
                if digits.len() <= DIGITS_MAX {
                    // The rest of it comes with the next piece.
                    self.tail.drain(..from + at);
                    return;
                }
                break;
            };
            let digits = std::str::from_utf8(&digits[..length]);
            if let Some(id) = digits.ok().and_then(|digits| digits.parse().ok()) {
                found(id);
            }
            from += at + ID.len();
        }
        let keep = self.tail.len().saturating_sub(ID.len() - 1).max(from);
        self.tail.drain(..keep);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_found_however_the_bytes_are_cut() {
        let text =
            b"HTTP/1.1 200 OK\r\n\r\n12\r\nid: 7\nevent: parts\ndata: {\"id\":\"id: 3\"}\n\n\
            \r\n12\r\nid: 1234567\nevent: again\n\n\r\nid: x\nid: 18446744073709551615\n";
        for piece in 1..text.len() {
            let (mut ids, mut all) = (Ids::default(), Vec::new());
            text.chunks(piece).for_each(|bytes| ids.read(bytes, |id| all.push(id)));
            assert_eq!(all, [7, 1_234_567, u64::MAX], "in pieces of {piece}");
        }
        let mut ids = Ids::default();
        ids.read(&[b"\nid: ", &[b'1'; 1_000][..]].concat(), |_| panic!("no number is that long"));
        assert!(ids.tail.len() < 64, "what cannot be an id is not kept");
    }

    #[test]
    fn a_record_waits_from_its_first_acknowledgement() {
        let acknowledged = Acknowledged::new(2);
        assert_eq!(acknowledged.ago(0), None);
        acknowledged.note(0);
        std::thread::sleep(Duration::from_millis(5));
        acknowledged.note(0);
        acknowledged.note(9);
        assert!(acknowledged.ago(0).is_some_and(|ago| ago >= Duration::from_millis(5)));
        assert_eq!((acknowledged.ago(1), acknowledged.ago(9)), (None, None));
    }
}
