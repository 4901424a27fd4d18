//! The one writer: judges each record against what is in the journal, appends, syncs, answers.
//!
//! In: verified records through a bounded queue. Out: answers, each after the group with its record
//! was synced; the durable frontier, for the live count. Never: an answer "accepted" before the
//! sync; a record appended that contradicts another one; anything tried again after a failed sync.
//!
//! Records wait while a group is being synced, and all that have come by then make the next group:
//! the more there is to do, the larger the groups.

use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crossbeam::channel::{Receiver, RecvTimeoutError};
use shomar_engine::chain::{Chains, DeviceNumber, Link, Verdict, findings};
use shomar_engine::inapplicable::Inapplicable;
use shomar_engine::ledger::Ledger;
use shomar_engine::standing::OfficerChains;
use shomar_format::bytes::{Digest32, hex};
use shomar_format::control::Control;
use shomar_format::layout::record as at;
use shomar_format::record::{RecordBytes, RecordHeader, previous_hash, record_hash};
use shomar_store::disk::{DirectoryDisk, Disk};
use shomar_store::journal::{CommitError, Journal};
use tokio::sync::{OwnedSemaphorePermit, oneshot};
use tracing::{error, info, warn};

use crate::answer::{Answer, Code};
use crate::follower::{Arrival, Frontier};
use crate::metrics::Metrics;
use crate::start::Election;

/// Bytes of a group after which no further record is added to it.
pub(crate) const GROUP_BYTES: usize = 8 << 20;

/// A verified record on its way to the disk.
pub(crate) struct Job {
    pub(crate) record: RecordBytes,
    /// A decision of an officer, if it is one.
    pub(crate) control: Option<Box<Control>>,
    /// Whether a decision may come from where this one comes from.
    pub(crate) may_decide: bool,
    pub(crate) received: Instant,
    pub(crate) received_at_ms: u64,
    pub(crate) reply: oneshot::Sender<Answer>,
    /// Room in memory, given back when the record is gone.
    pub(crate) room: Option<OwnedSemaphorePermit>,
}

/// What the writer knows of the journal: made of its headers when the server starts.
pub(crate) struct State {
    /// Shared with whoever lists gaps.
    pub(crate) chains: Arc<Mutex<Chains>>,
    pub(crate) ledger: Ledger,
    pub(crate) officers: OfficerChains,
    /// Hashes of contradicting records that are kept.
    pub(crate) kept: HashSet<Digest32>,
    pub(crate) kept_bytes: u64,
    pub(crate) evidence_bytes_max: u64,
}

impl State {
    pub(crate) fn chains(&self) -> MutexGuard<'_, Chains> {
        self.chains.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How the writer ended.
pub(crate) enum Ended {
    /// Everything is on disk, and the journal closed.
    Closed,
    /// A write or a sync failed: the process must stop.
    Fatal(String),
}

pub(crate) struct Writer<D: Disk = DirectoryDisk> {
    pub(crate) journal: Journal<D>,
    /// The journal of contradicting records.
    pub(crate) evidence: Journal<D>,
    pub(crate) state: State,
    pub(crate) election: &'static Election,
    pub(crate) frontier: Arc<Frontier>,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) is_full: Arc<std::sync::atomic::AtomicBool>,
    /// A bug that a test has planted, to see that the tests find it.
    #[cfg(test)]
    pub(crate) planted: crate::tests::Planted,
}

/// An answer that is given when its group is durable.
pub(crate) struct Pending {
    reply: oneshot::Sender<Answer>,
    answer: Answer,
    received: Instant,
    bytes: usize,
}

impl Pending {
    #[cfg(test)]
    pub(crate) fn answer_now(self) {
        let _ = self.reply.send(self.answer);
    }

    /// What the live count is told of it.
    fn arrival(&self) -> Option<Arrival> {
        match self.answer {
            Answer::Accepted { position, .. } => {
                Some(Arrival { position, received: self.received })
            }
            _ => None,
        }
    }
}

impl<D: Disk> Writer<D> {
    /// Works until the queue is closed and empty.
    pub(crate) fn run(mut self, queue: &Receiver<Job>) -> Ended {
        loop {
            let first = match queue.recv_timeout(Duration::from_secs(1)) {
                Ok(job) => job,
                Err(RecvTimeoutError::Timeout) => continue,
                Err(RecvTimeoutError::Disconnected) => return self.close(),
            };
            let mut waiting = Vec::new();
            let mut next = Some(first);
            while let Some(job) = next.take() {
                self.take(job, &mut waiting);
                if self.journal.group_bytes() < GROUP_BYTES {
                    next = queue.try_recv().ok();
                }
            }
            if let Err(fatal) = self.commit(waiting) {
                return Ended::Fatal(fatal);
            }
        }
    }

    #[cfg(test)]
    fn has(&self, bug: crate::tests::Planted) -> bool {
        self.planted == bug
    }

    fn close(self) -> Ended {
        let closed = self.journal.close().and_then(|_| self.evidence.close());
        match closed {
            Ok(_) => Ended::Closed,
            // Full, or failed before: everything acknowledged is durable all the same.
            Err(CommitError::PreviousFailure | CommitError::StorageFull { .. }) => Ended::Closed,
            Err(error) => Ended::Fatal(describe(&error)),
        }
    }

    /// Judges a record and puts it into the group, or says why not.
    pub(crate) fn take(&mut self, job: Job, waiting: &mut Vec<Pending>) {
        let Job { record, control, may_decide, received, received_at_ms, reply, room } = job;
        let hash = record_hash(&record);
        let bytes = record.len();
        let answer = match self.judge(&record, hash, (control, may_decide), received_at_ms) {
            Ok(position) => Answer::Accepted { position, record: hex(&hash) },
            Err(answer) => answer,
        };
        drop(room);
        waiting.push(Pending { reply, answer, received, bytes });
    }

    fn judge(
        &mut self,
        record: &[u8],
        hash: Digest32,
        (control, may_decide): (Option<Box<Control>>, bool),
        received_at_ms: u64,
    ) -> Result<u64, Answer> {
        let refused = |code, found: String, expected: String| {
            Answer::refused(code, found, expected, Some(hex(&hash)))
        };
        let header = RecordHeader::read(record).expect("verified before it was queued");
        let address = header.address();
        let device: DeviceNumber = (address.station, address.device);
        let is_signed = header.version() == at::VERSION_SIGNED;
        let previous = is_signed.then(|| previous_hash(record));
        let link = Link { sequence: address.sequence, hash, previous };
        let verdict = self.state.chains().judge(device, &link);
        let whose = || self.election.whose(address);
        match verdict {
            Verdict::Duplicate(position) => {
                return Err(Answer::Duplicate { position, record: hex(&hash) });
            }
            Verdict::Equivocation(position) | Verdict::Fork(position) => {
                let is_fork = matches!(verdict, Verdict::Fork(_));
                let code = if is_fork { Code::Fork } else { Code::Equivocation };
                let whose = whose();
                warn!(finding = code.name(), %whose, record = hex(&hash), against = position);
                self.metrics.finding(code.name());
                self.keep(record, hash, received_at_ms);
                let found = match is_fork {
                    true => format!("a record of {whose} that breaks the chain"),
                    false => format!("a second record of {whose}"),
                };
                let expected = format!("one that agrees with record {position} of the journal");
                return Err(refused(code, found, expected));
            }
            Verdict::Unlinked => {
                let expected = "the hash of the record before it, and zeros in the first alone";
                let found = format!("a link that no record of {} has", whose());
                return Err(refused(Code::Chain, found, expected.to_owned()));
            }
            Verdict::Next => {}
            Verdict::Gap | Verdict::Reordered => {
                let is_gap = verdict == Verdict::Gap;
                let finding = if is_gap { findings::GAP } else { findings::REORDER };
                info!(finding, whose = whose(), record = hex(&hash));
                self.metrics.finding(finding);
            }
        }
        if self.is_full.load(std::sync::atomic::Ordering::Relaxed) {
            return Err(refused(Code::StorageFull, "no room on the disk".into(), "room".into()));
        }
        let not_applicable =
            |code| move |why: Inapplicable| refused(code, why.found(), why.expected());
        // Everything is asked before anything is changed: what is refused leaves no trace.
        match &control {
            Some(_) if !may_decide => {
                let found = "a decision that did not come from the desk".to_owned();
                let expected = "one that two people have made there (desk_only_decisions)";
                return Err(refused(Code::DeskOnly, found, expected.to_owned()));
            }
            Some(control) => {
                if verdict != Verdict::Next {
                    let found = "a record that is not the officer's next".to_owned();
                    return Err(refused(Code::Chain, found, "the records before it first".into()));
                }
                let counting = self.election.definition.counting();
                self.state
                    .ledger
                    .check(control, &counting)
                    .map_err(not_applicable(Code::Control))?;
            }
            None => {
                self.state.ledger.may_take_batches().map_err(not_applicable(Code::NotOpen))?;
            }
        }
        let position = self.journal.append(record, received_at_ms).map_err(|error| {
            refused(Code::StorageFull, error.to_string(), "a journal that takes records".into())
        })?;
        #[cfg(test)]
        let link = match self.has(crate::tests::Planted::SequenceOffByOne) {
            true => Link { sequence: link.sequence + 1, ..link },
            false => link,
        };
        self.state.chains().take(device, link, position);
        match control {
            Some(control) => {
                let definition = &self.election.definition;
                let counting = definition.counting();
                let name = control.action.name();
                info!(action = name, officer = address.device, position, why = control.why);
                self.state
                    .officers
                    .verify(record, &counting, &definition.head, hash)
                    .expect("it was verified at the gate, and is the officer's next");
                self.state
                    .ledger
                    .apply(position, address.device, *control, &counting)
                    .expect("it was found applicable");
            }
            None => {
                let is_recount = header.kind() == at::KIND_RECOUNT;
                self.state
                    .ledger
                    .add(position, address, hash, header.taken(), is_recount)
                    .expect("the vote is open");
            }
        }
        Ok(position)
    }

    /// Keeps a record that contradicts another one, as evidence against its device.
    fn keep(&mut self, record: &[u8], hash: Digest32, received_at_ms: u64) {
        let bytes = record.len() as u64;
        if self.state.kept_bytes + bytes > self.state.evidence_bytes_max {
            error!(record = hex(&hash), "no room is set aside for further evidence: not kept");
            return;
        }
        if self.state.kept.insert(hash) {
            self.state.kept_bytes += bytes;
            if let Err(failure) = self.evidence.append(record, received_at_ms) {
                error!(%failure, "evidence not kept");
            }
        }
    }

    /// Makes the group durable, and only then answers.
    pub(crate) fn commit(&mut self, waiting: Vec<Pending>) -> Result<(), String> {
        #[cfg(test)]
        let waiting = match self.has(crate::tests::Planted::AcknowledgeBeforeSync) {
            true => crate::tests::acknowledge_now(waiting),
            false => waiting,
        };
        let began = Instant::now();
        let evidence = match self.evidence.commit() {
            Ok(_) | Err(CommitError::PreviousFailure | CommitError::StorageFull { .. }) => Ok(()),
            Err(failure) => Err(describe(&failure)),
        };
        evidence?;
        match self.journal.commit() {
            Ok(durable) => {
                #[cfg(test)]
                if self.has(crate::tests::Planted::ForgetDuplicatesAfterRotation)
                    && durable.segment > self.frontier.segment()
                {
                    *self.state.chains() = Chains::default();
                }
                self.metrics.group(waiting.len(), began.elapsed());
                self.frontier.advance(&durable, waiting.iter().filter_map(Pending::arrival));
                for Pending { reply, answer, received, bytes } in waiting {
                    if answer.reason().is_none() {
                        self.metrics.acknowledged(bytes, received.elapsed());
                    }
                    // Whoever asked may be gone; the record is here all the same.
                    let _ = reply.send(answer);
                }
                Ok(())
            }
            Err(failure @ (CommitError::StorageFull { .. } | CommitError::PreviousFailure)) => {
                error!(%failure, "no room is left: refusing, and serving what is there");
                self.is_full.store(true, std::sync::atomic::Ordering::Relaxed);
                let durable = self.frontier.durable_position();
                for Pending { reply, answer, .. } in waiting {
                    // A duplicate may be of a record of this very group.
                    let lost = match &answer {
                        Answer::Accepted { position, .. } | Answer::Duplicate { position, .. } => {
                            *position >= durable
                        }
                        Answer::Refused { .. } => false,
                    };
                    let answer = if lost { no_room(&failure) } else { answer };
                    let _ = reply.send(answer);
                }
                Ok(())
            }
            Err(failure) => Err(describe(&failure)),
        }
    }
}

fn no_room(failure: &CommitError) -> Answer {
    Answer::refused(Code::StorageFull, failure.to_string(), "room on the disk", None)
}

fn describe(error: &CommitError) -> String {
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        text.push_str(&format!(": {cause}"));
        source = cause.source();
    }
    text
}

/// Where the journal of contradicting records lies, inside the data folder.
pub(crate) fn evidence_folder(data: &std::path::Path) -> PathBuf {
    data.join("contradictions")
}
