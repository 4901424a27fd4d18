//! The gate: verifies a record and puts it into the queue of the writer.
//!
//! In: records in memory, from any source. Out: the answer, when there is one. Never: a record
//! queued that was not verified; a wait without a bound: where the queue is full, the answer is
//! "busy", and whoever sent it comes again.

use std::cell::RefCell;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use crossbeam::channel::{Sender, TrySendError};
use shomar_engine::receive::{Received, Receiver, Refused, Workspace};
use shomar_format::record::RecordBytes;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

use crate::answer::{Answer, Code};
use crate::metrics::Metrics;
use crate::records::hash_of;
use crate::start::Election;
use crate::writer::Job;

/// Bytes that one permit of room stands for.
const ROOM_BYTES: usize = 1 << 10;

/// Where every record comes in.
pub(crate) struct Gate {
    receiver: Receiver<'static>,
    /// `None` once the server is stopping.
    queue: std::sync::RwLock<Option<Sender<Job>>>,
    room: Arc<Semaphore>,
    room_permits: usize,
    /// Whether decisions are taken from the desk alone.
    desk_only: bool,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) is_full: Arc<AtomicBool>,
    /// A bug that a test has planted, to see that the tests find it.
    #[cfg(test)]
    pub(crate) planted: crate::tests::Planted,
}

/// A record on its way: its answer comes here.
pub(crate) type Pending = Result<oneshot::Receiver<Answer>, Answer>;

impl Gate {
    pub(crate) fn new(
        election: &'static Election,
        queue: Sender<Job>,
        waiting_bytes_max: usize,
        metrics: Arc<Metrics>,
        is_full: Arc<AtomicBool>,
    ) -> Self {
        let room_permits = waiting_bytes_max / ROOM_BYTES;
        let room = Arc::new(Semaphore::new(room_permits));
        let receiver = Receiver::new(&election.definition, &election.election);
        Self {
            receiver,
            queue: std::sync::RwLock::new(Some(queue)),
            room,
            room_permits,
            desk_only: false,
            metrics,
            is_full,
            #[cfg(test)]
            planted: crate::tests::Planted::None,
        }
    }

    /// Takes decisions from the desk alone, if so.
    pub(crate) fn with_desk_only(mut self, desk_only: bool) -> Self {
        self.desk_only = desk_only;
        self
    }

    /// Room in memory for a record of so many bytes; `None` if there is none now.
    pub(crate) fn room_for(&self, bytes: usize) -> Option<OwnedSemaphorePermit> {
        let permits = u32::try_from(bytes.div_ceil(ROOM_BYTES)).ok()?;
        Arc::clone(&self.room).try_acquire_many_owned(permits).ok()
    }

    /// Takes so much more room that `held` has it for so many bytes; false if there is none now.
    pub(crate) fn extend_room(
        &self,
        held: &mut Option<OwnedSemaphorePermit>,
        bytes: usize,
    ) -> bool {
        let have = held.as_ref().map_or(0, OwnedSemaphorePermit::num_permits);
        let missing = bytes.saturating_sub(have * ROOM_BYTES);
        if missing == 0 {
            return true;
        }
        let Some(more) = self.room_for(missing) else { return false };
        match held {
            Some(held) => held.merge(more),
            None => *held = Some(more),
        }
        true
    }

    /// Records that wait for the writer, and bytes of room that are taken: of these records, and of
    /// those that are still on their way.
    pub(crate) fn waiting(&self) -> (usize, usize) {
        let queue = self.queue.read().unwrap_or_else(std::sync::PoisonError::into_inner);
        let records = queue.as_ref().map_or(0, Sender::len);
        (records, (self.room_permits - self.room.available_permits()) * ROOM_BYTES)
    }

    /// No further record is queued; the writer ends when it has answered those that are.
    pub(crate) fn stop(&self) {
        self.queue.write().unwrap_or_else(std::sync::PoisonError::into_inner).take();
    }

    /// Whether records are taken.
    pub(crate) fn is_open(&self) -> bool {
        let queue = self.queue.read().unwrap_or_else(std::sync::PoisonError::into_inner);
        queue.is_some() && !self.is_full.load(Ordering::Relaxed)
    }

    fn verify(&self, record: &[u8], workspace: &mut Workspace) -> Result<Received, Refused> {
        #[cfg(test)]
        if self.planted == crate::tests::Planted::SkipChecksum {
            return Ok(crate::tests::believe(record));
        }
        self.receiver.receive(record, workspace)
    }

    /// Verifies a record and queues it.
    pub(crate) fn enter(
        &self,
        record: RecordBytes,
        received: Instant,
        room: Option<OwnedSemaphorePermit>,
    ) -> Pending {
        self.enter_as(record, received, room, !self.desk_only)
    }

    /// Verifies a record that two people have decided at the desk, and queues it.
    pub(crate) fn enter_from_desk(&self, record: RecordBytes) -> Pending {
        self.enter_as(record, Instant::now(), None, true)
    }

    fn enter_as(
        &self,
        record: RecordBytes,
        received: Instant,
        room: Option<OwnedSemaphorePermit>,
        may_decide: bool,
    ) -> Pending {
        thread_local! {
            static WORKSPACE: RefCell<Workspace> = RefCell::default();
        }
        let verified = WORKSPACE
            .with_borrow_mut(|workspace| self.verify(&record, workspace))
            .map_err(|Refused { code, fault }| {
                let found = format!("{} at offset {}: {}", fault.what, fault.offset, fault.found);
                Answer::refused(Code::Refused(code), found, fault.expected, hash_of(&record))
            });
        let control = match verified? {
            Received::Batch(_) => None,
            Received::Control(control) => Some(control),
        };
        let (reply, answer) = oneshot::channel();
        let received_at_ms = now_ms();
        let job = Job { record, control, may_decide, received, received_at_ms, reply, room };
        let queue = self.queue.read().unwrap_or_else(std::sync::PoisonError::into_inner);
        let sent = match queue.as_ref() {
            Some(queue) => queue.try_send(job),
            None => Err(TrySendError::Disconnected(job)),
        };
        let (code, found, expected, job) = match sent {
            Ok(()) => return Ok(answer),
            Err(TrySendError::Full(job)) => {
                (Code::Busy, "a full queue", "a retry after a moment", job)
            }
            Err(TrySendError::Disconnected(job)) => {
                (Code::Stopping, "a server that is stopping", "a retry later", job)
            }
        };
        Err(Answer::refused(code, found, expected, hash_of(&job.record)))
    }
}

/// Milliseconds since 1970-01-01 UTC.
pub(crate) fn now_ms() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(now.as_millis()).unwrap_or(u64::MAX)
}
