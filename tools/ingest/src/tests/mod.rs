//! The writer on a disk that loses what is not synced, and with bugs planted in it.
//!
//! In: signed batches of a small election, sent in groups, some of them again. Out: nothing, or the
//! first acknowledged record that is lost, doubled or damaged after a crash. Never: a look into the
//! writer; it is asked as a station would ask, and its journal is read as a stranger would.

mod nights;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Instant;

use shomar_engine::Definition;
use shomar_engine::checks::Registers;
use shomar_engine::receive::Received;
use shomar_format::bytes::Digest32;
use shomar_format::election::{
    Candidate, CandidateStatus, Contest, Device, District, ElectionHead, Mode, Sources, Station,
};
use shomar_format::record::{NO_PREVIOUS, RecordBytes, RecordHeader, SecretKey, record_hash};
use shomar_format::{BatchAddress, Canonicaliser, SealedBatch};
use shomar_store::crash_disk::CrashDisk;
use tokio::sync::oneshot;

use crate::answer::Answer;
use crate::config::Config;
use crate::follower::Frontier;
use crate::metrics::Metrics;
use crate::start::{Election, StartError, open_on};
use crate::writer::{Job, Pending, Writer};

/// Bugs that the tests must find.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Planted {
    #[default]
    None,
    /// Answers before the group is synced.
    AcknowledgeBeforeSync,
    /// Forgets what is in the journal when a new segment begins.
    ForgetDuplicatesAfterRotation,
    /// Notes every record under the sequence after its own.
    SequenceOffByOne,
    /// Takes every record as it is.
    SkipChecksum,
}

/// The planted bug: every answer is given at once.
pub(crate) fn acknowledge_now(waiting: Vec<Pending>) -> Vec<Pending> {
    waiting.into_iter().for_each(Pending::answer_now);
    Vec::new()
}

/// The planted bug: a record is what it says.
pub(crate) fn believe(record: &[u8]) -> Received {
    let header = RecordHeader::read(record).unwrap();
    Received::Batch(shomar_engine::CountedBatch {
        address: header.address(),
        taken: header.taken(),
        void: 0,
        blank: 0,
        body_hash: *header.body_hash(),
    })
}

const STATIONS: u32 = 3;

fn key(station: u32) -> SecretKey {
    SecretKey::from_seed(&[u8::try_from(station + 1).unwrap(); 32])
}

/// Three stations, one district of three candidates.
pub(crate) fn election() -> &'static Election {
    let head = ElectionHead {
        id: "crash".to_owned(),
        title_fa: String::new(),
        title_en: String::new(),
        mode: Mode::Test,
        date: String::new(),
        contests: vec![Contest {
            id: "c".to_owned(),
            rule: "block-plurality".to_owned(),
            reading: shomar_format::Reading::default(),
            options: BTreeMap::new(),
        }],
        officers: Vec::new(),
        checks: Vec::new(),
    };
    let candidates = (1..=3).map(|code| Candidate {
        code,
        list: None,
        name_fa: code.to_string(),
        name_en: String::new(),
        status: CandidateStatus::Stands,
        veteran: false,
        degree_rank: None,
    });
    let district = District {
        id: "d".to_owned(),
        contest: 0,
        name_fa: "d".to_owned(),
        name_en: String::new(),
        province: "p".to_owned(),
        county: String::new(),
        seats: 2,
        alternates: 1,
        population: None,
        lists: Vec::new(),
        candidates: candidates.collect(),
    };
    let stations = (0..STATIONS).map(|station| Station {
        id: format!("s{station}"),
        province: "p".to_owned(),
        county: String::new(),
        name_fa: String::new(),
        registered: None,
        authenticated: None,
        devices: vec![Device { id: "0".to_owned(), key: Some(key(station).public()) }],
    });
    let election = shomar_format::Election {
        head,
        districts: vec![district],
        stations: stations.collect(),
        serves: None,
    };
    let definition = Definition::of(&election, &Sources::none());
    let registers = Registers::of(&election);
    Box::leak(Box::new(Election { definition, election, registers }))
}

/// Every station's chain of batches, by turns.
pub(crate) fn batches(election: &Election, each: u64) -> Vec<RecordBytes> {
    let digest = *election.definition.counting().digest();
    let mut chains = [NO_PREVIOUS; STATIONS as usize];
    let mut batches = Vec::new();
    for sequence in 0..each {
        for station in 0..STATIONS {
            let mut ballots = Canonicaliser::new(election.election.districts[0].shape());
            ballots.add(&[0, 1], station + 1);
            ballots.add(&[2], u32::try_from(sequence).unwrap() + 1);
            let address = BatchAddress { district: 0, station, device: 0, sequence };
            let sealed = SealedBatch::seal(&digest, address, &ballots.finish()[0]);
            let chain = &mut chains[station as usize];
            let signed = sealed.signed(&key(station), Mode::Test, chain);
            *chain = signed.hash();
            let mut bytes = RecordBytes::new();
            bytes.extend_from_slice(signed.bytes());
            batches.push(bytes);
        }
    }
    batches
}

pub(crate) fn config() -> Config {
    // Three small records, and the next segment begins.
    Config { segment_bytes_max: 1_500, ..Config::default() }
}

/// A writer on these disks, as a server has it after it has started.
pub(crate) fn writer(
    election: &'static Election,
    disks: &[CrashDisk; 2],
    planted: Planted,
) -> Result<Writer<CrashDisk>, StartError> {
    let opened = open_on(election, disks[0].clone(), disks[1].clone(), &config())?;
    let frontier = Arc::new(Frontier::new(opened.journal.durable()));
    Ok(Writer {
        journal: opened.journal,
        evidence: opened.evidence,
        state: opened.state,
        election,
        frontier,
        metrics: Arc::new(Metrics::new()),
        is_full: Arc::new(AtomicBool::new(false)),
        planted,
    })
}

/// Sends records as one group; the answers that came, and how the commit ended.
pub(crate) fn send(
    writer: &mut Writer<CrashDisk>,
    records: &[&RecordBytes],
) -> (Vec<Option<Answer>>, Result<(), String>) {
    let mut waiting = Vec::new();
    let answers: Vec<_> = records
        .iter()
        .map(|record| {
            let (reply, answer) = oneshot::channel();
            let job = Job {
                record: (*record).clone(),
                control: None,
                may_decide: true,
                received: Instant::now(),
                received_at_ms: 1,
                reply,
                room: None,
            };
            writer.take(job, &mut waiting);
            answer
        })
        .collect();
    let ended = writer.commit(waiting);
    (answers.into_iter().map(|mut answer| answer.try_recv().ok()).collect(), ended)
}

/// Positions that were acknowledged, by hash.
pub(crate) type Acknowledged = BTreeMap<Digest32, u64>;

/// Notes what was acknowledged; refuses a second place for a record.
pub(crate) fn remember(
    acknowledged: &mut Acknowledged,
    records: &[&RecordBytes],
    answers: &[Option<Answer>],
) -> Result<(), String> {
    for (record, answer) in records.iter().zip(answers) {
        let position = match answer {
            Some(Answer::Accepted { position, .. } | Answer::Duplicate { position, .. }) => {
                *position
            }
            Some(Answer::Refused { code, .. }) => {
                return Err(format!("an honest record was refused: {code}"));
            }
            None => continue,
        };
        let before = *acknowledged.entry(record_hash(record)).or_insert(position);
        if before != position {
            return Err(format!("a record acknowledged at {before} and at {position}"));
        }
    }
    Ok(())
}
