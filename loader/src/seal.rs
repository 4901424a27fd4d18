//! The way of text: read, parse on all cores, partition, canonicalise, seal, hand over in order.
//!
//! In: a [`SealJob`] and a file. Out: batches and rejects to a [`SealSink`], and a [`SealReport`]
//! whose sums were asserted. Never: output that depends on threads, on the order of rows, or on
//! whether a partition was sorted in memory or on disk.

use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io::BufReader;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::Path;
use std::sync::Mutex;

use crossbeam::channel::{bounded, unbounded};
use shomar_format::bytes::Digest32;
use shomar_format::canonical::BatchCutter;
use shomar_format::record::{NO_PREVIOUS, SecretKey};
use shomar_format::{BatchAddress, CanonicalBatch, Canonicaliser, Election, SealedBatch};

use crate::codes::Codes;
use crate::pairs::Pairs;
use crate::parse::{parse_all, read_columns};
use crate::partition::Partitions;
use crate::row::Reject;
use crate::secret_keys::SecretKeys;
use crate::{LoaderError, external, io_error};

/// A partition larger than this, written out, is sorted on disk.
const SORT_IN_MEMORY_BYTES: u64 = 32 << 20;

/// What to seal for, and where to work.
#[derive(Clone, Copy, Debug)]
pub struct SealJob<'a> {
    /// The election.
    pub election: &'a Election,
    /// Its definition digest.
    pub definition: &'a Digest32,
    /// The keys to sign with; without them batches are unsigned.
    pub keys: Option<&'a SecretKeys>,
    /// Where each station's device goes on, by station index; from the beginning where it is not in
    /// there.
    pub chains: &'a Chains,
    /// Seal a recount, which needs keys.
    pub is_recount: bool,
    /// A folder for temporary files.
    pub temporary: &'a Path,
    /// Sort every partition on disk, however small: for tests of that path.
    pub sort_on_disk: bool,
}

/// The sequence that comes next on a device, and the hash of the record before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Link {
    /// Sequence of its next record.
    pub next: u64,
    /// Hash of its last record.
    pub previous: Digest32,
}

impl Link {
    /// Before the first record of a device.
    pub const START: Self = Self { next: 0, previous: NO_PREVIOUS };
}

/// Where each station's device goes on, by station index.
pub type Chains = HashMap<u32, Link>;

/// How far sealing is, in bytes of the text: read first, then sealed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Bytes of text read so far.
    Read(u64),
    /// Ballots sealed so far, of all accepted ones.
    Sealed(u64, u64),
}

/// Takes what sealing gives.
pub trait SealSink {
    /// The next sealed batch, by station, then district, then cut.
    ///
    /// # Errors
    /// Any; sealing then ends with it.
    fn batch(
        &mut self,
        batch: &SealedBatch,
    ) -> Result<(), Box<dyn std::error::Error + Send + Sync>>;

    /// The next refused row, by line.
    ///
    /// # Errors
    /// Any; sealing then ends with it.
    fn reject(&mut self, reject: &Reject) -> Result<(), Box<dyn std::error::Error + Send + Sync>>;

    /// How far it is.
    fn progress(&mut self, _progress: Progress) {}
}

/// What was sealed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SealReport {
    /// Rows received: accepted + rejected. Empty lines are no rows.
    pub rows_received: u64,
    /// Rows accepted.
    pub rows_accepted: u64,
    /// Rows rejected.
    pub rows_rejected: u64,
    /// Ballots of the accepted rows, each counted `count` times; all of them sealed.
    pub ballots: u64,
    /// Batches sealed.
    pub batches: u64,
}

/// Seals a file of ballots.
///
/// # Errors
/// If the file or a temporary one cannot be read or written, the header is wrong, or the sink
/// refuses.
///
/// # Panics
/// If a row or a ballot were lost or doubled.
pub fn seal_text(
    text: &Path,
    job: &SealJob<'_>,
    sink: &mut impl SealSink,
) -> Result<SealReport, LoaderError> {
    let file = File::open(text).map_err(io_error(text, "open"))?;
    let metadata = file.metadata().map_err(io_error(text, "read"))?;
    if metadata.is_dir() {
        let source = std::io::Error::from(std::io::ErrorKind::IsADirectory);
        return Err(io_error(text, "read")(source));
    }
    let mut input = BufReader::with_capacity(1 << 20, file);
    let columns = read_columns(text, &mut input)?;
    let partitions = Partitions::new(job.temporary, job.election, metadata.len());
    let codes = Codes::new(job.election);
    let mut report = parse_all(text, input, columns, &codes, &partitions, sink)?;
    assert_eq!(
        report.rows_received,
        report.rows_accepted + report.rows_rejected,
        "received = accepted + rejected"
    );
    let partitioned: u64 = (0..partitions.count()).map(|at| partitions.size(at).ballots).sum();
    assert_eq!(partitioned, report.ballots, "every accepted ballot is in one partition");
    let mut handover = Handover { sink, sealed: 0, ballots: report.ballots, batches: 0 };
    seal_all(job, &partitions, &mut handover)?;
    assert_eq!(handover.sealed, report.ballots, "every accepted ballot is sealed, once");
    report.batches = handover.batches;
    Ok(report)
}

/// Gives batches to the sink and counts what goes through.
struct Handover<'a, S> {
    sink: &'a mut S,
    sealed: u64,
    ballots: u64,
    batches: u64,
}

impl<S: SealSink> Handover<'_, S> {
    fn batch(&mut self, batch: &SealedBatch, ballots: u32) -> Result<(), LoaderError> {
        self.sink.batch(batch).map_err(LoaderError::Sink)?;
        self.sealed += u64::from(ballots);
        self.batches += 1;
        Ok(())
    }
}

/// Sealed batches of one partition, in order, with the ballots of each.
type SealedPart = Vec<(SealedBatch, u32)>;

/// Seals the partitions on all cores and hands them over in order. A partition that is too large
/// for memory is sorted on disk when its turn has come.
fn seal_all(
    job: &SealJob<'_>,
    partitions: &Partitions,
    handover: &mut Handover<'_, impl SealSink>,
) -> Result<(), LoaderError> {
    let on_disk = |part: &usize| {
        job.sort_on_disk || partitions.size(*part).expanded_bytes > SORT_IN_MEMORY_BYTES
    };
    let workers = rayon::current_num_threads().max(1);
    handover.sink.progress(Progress::Sealed(0, handover.ballots));
    // A permit for each partition that is in memory: whoever has one takes the next partition, so
    // that the one that is to be handed over next always has one.
    let (permit, permits) = bounded::<()>(workers * 2);
    let in_memory = Mutex::new((0..partitions.count()).filter(|part| !on_disk(part)));
    let (sender, sealed) =
        unbounded::<(usize, std::thread::Result<Result<SealedPart, LoaderError>>)>();
    std::thread::scope(|scope| {
        for _ in 0..workers * 2 {
            permit.send(()).expect("the other end is here");
        }
        for _ in 0..workers {
            let (sender, permits, in_memory) = (sender.clone(), permits.clone(), &in_memory);
            scope.spawn(move || {
                let mut stored = Vec::new();
                while permits.recv().is_ok() {
                    let next = in_memory.lock().expect("counting does not panic").next();
                    let Some(part) = next else { return };
                    // A panic is handed over as well, or the others would wait for its permit.
                    let result = catch_unwind(AssertUnwindSafe(|| {
                        partitions.read_into(part, &mut stored)?;
                        seal_in_memory(job, &stored)
                    }));
                    if sender.send((part, result)).is_err() {
                        return;
                    }
                }
            });
        }
        // When handing over fails, both channels close, and the workers stop.
        drop((sender, permits));
        let (permit, sealed) = (permit, sealed);
        let mut waiting = BTreeMap::new();
        for part in 0..partitions.count() {
            if on_disk(&part) {
                seal_on_disk(job, partitions, part, handover)?;
            } else {
                while !waiting.contains_key(&part) {
                    let (part, batches) = sealed.recv().expect("every partition is sealed");
                    waiting.insert(part, batches);
                }
                let batches = waiting.remove(&part).expect("it was waited for");
                for (batch, ballots) in &batches.unwrap_or_else(|panic| resume_unwind(panic))? {
                    handover.batch(batch, *ballots)?;
                }
                // No worker is left to take it only after the last partition.
                let _ = permit.send(());
            }
            handover.sink.progress(Progress::Sealed(handover.sealed, handover.ballots));
        }
        Ok(())
    })
}

/// Seals the batches of a device as they come: 0, 1, 2 for each station, each signed as the one
/// after the one before it.
struct Sealer<'a> {
    job: &'a SealJob<'a>,
    station: u32,
    key: Option<SecretKey>,
    link: Link,
}

impl<'a> Sealer<'a> {
    fn new(job: &'a SealJob<'a>) -> Self {
        // No station has this number, so that the first one begins like every other.
        Self { job, station: u32::MAX, key: None, link: Link::START }
    }

    fn seal(
        &mut self,
        station: u32,
        district: u32,
        batch: &CanonicalBatch,
    ) -> Result<SealedBatch, LoaderError> {
        if station != self.station {
            let link = self.job.chains.get(&station).copied().unwrap_or(Link::START);
            *self = Self { job: self.job, station, key: self.key_of(station)?, link };
        }
        let address = BatchAddress { station, district, device: 0, sequence: self.link.next };
        let mut sealed = if self.job.is_recount {
            SealedBatch::seal_recount(self.job.definition, address, batch)
        } else {
            SealedBatch::seal(self.job.definition, address, batch)
        };
        if let Some(key) = &self.key {
            sealed.sign(key, self.job.election.head.mode, &self.link.previous);
        }
        self.link = Link { next: self.link.next + 1, previous: sealed.hash() };
        Ok(sealed)
    }

    fn key_of(&self, station: u32) -> Result<Option<SecretKey>, LoaderError> {
        let Some(keys) = self.job.keys else { return Ok(None) };
        let key = keys.of(station, 0).ok_or_else(|| {
            let station = &self.job.election.stations[station as usize];
            LoaderError::NoKey {
                station: station.id.clone(),
                device: station.devices[0].id.clone(),
            }
        })?;
        Ok(Some(key))
    }
}

/// Seals the rows of a partition.
fn seal_in_memory(job: &SealJob<'_>, stored: &[u8]) -> Result<SealedPart, LoaderError> {
    let pairs = Pairs::find(stored);
    let mut sealer = Sealer::new(job);
    let mut sealed = Vec::new();
    let mut choices = Vec::new();
    for pair in pairs.in_order() {
        let shape = job.election.districts[pair.district as usize].shape();
        let mut ballots = Canonicaliser::new(shape);
        pairs.rows(pair, |row| {
            row.read_into(&mut choices);
            ballots.add(&choices, row.count);
        });
        for batch in ballots.finish() {
            sealed.push((sealer.seal(pair.station, pair.district, &batch)?, batch.taken()));
        }
    }
    Ok(sealed)
}

fn seal_on_disk(
    job: &SealJob<'_>,
    partitions: &Partitions,
    partition: usize,
    handover: &mut Handover<'_, impl SealSink>,
) -> Result<(), LoaderError> {
    let shape = |district: u32| job.election.districts[district as usize].shape();
    let mut sealer = Sealer::new(job);
    let mut cutter: Option<(u32, u32, BatchCutter)> = None;
    let mut seal = |station, district, batch: &CanonicalBatch| {
        handover.batch(&sealer.seal(station, district, batch)?, batch.taken())
    };
    let row_bytes = partitions.size(partition).row_bytes;
    let Some(input) = partitions.take(partition)? else { return Ok(()) };
    external::sort_rows(input, row_bytes, partitions.directory(), shape, |entry| {
        let (station, district) = (entry.station, entry.district);
        if let Some((s, d, full)) = cutter.take_if(|(s, d, _)| (*s, *d) != (station, district)) {
            seal(s, d, &full.finish())?;
        }
        let (_, _, cutter) =
            cutter.get_or_insert_with(|| (station, district, BatchCutter::new(shape(district))));
        cutter.add(entry.class, &entry.choices, entry.count, &mut |batch| {
            seal(station, district, &batch)
        })
    })?;
    match cutter {
        Some((station, district, last)) => seal(station, district, &last.finish()),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codes::tests::election;
    use crate::partition::PartitionWriter;
    use crate::row::ParsedRow;

    type SinkResult = Result<(), Box<dyn std::error::Error + Send + Sync>>;

    /// Gathers batches, and refuses the one after so many.
    struct Gather {
        records: Vec<Vec<u8>>,
        refuse_after: usize,
    }

    impl SealSink for Gather {
        fn batch(&mut self, batch: &SealedBatch) -> SinkResult {
            if self.records.len() == self.refuse_after {
                return Err("no more".into());
            }
            self.records.push(batch.bytes().to_vec());
            Ok(())
        }

        fn reject(&mut self, _: &Reject) -> SinkResult {
            Ok(())
        }
    }

    /// Seals rows of 40 stations, each in its own partition; one of them has a row of this choice.
    fn seal(choice: u16, sort_on_disk: bool, refuse_after: usize) -> (SinkResult, Gather) {
        let mut election = election();
        election.stations = vec![election.stations[0].clone(); 40];
        let directory = tempfile::tempdir().unwrap();
        let partitions = Partitions::new(directory.path(), &election, u64::MAX);
        assert_eq!(partitions.count(), 40);
        let mut writer = PartitionWriter::new(&partitions, 1);
        for station in (0..40).rev() {
            let choice = if station == 20 { choice } else { 2 };
            for (district, choice) in [(1, choice), (0, 3)] {
                writer.add(ParsedRow { station, district, count: 2 }, &[choice]).unwrap();
            }
        }
        writer.finish().unwrap();
        let definition = [7; 32];
        let job = SealJob {
            election: &election,
            definition: &definition,
            keys: None,
            chains: &Chains::new(),
            is_recount: false,
            temporary: directory.path(),
            sort_on_disk,
        };
        let mut sink = Gather { records: Vec::new(), refuse_after };
        let mut handover = Handover { sink: &mut sink, sealed: 0, ballots: 160, batches: 0 };
        let result = seal_all(&job, &partitions, &mut handover);
        (result.map_err(Into::into), sink)
    }

    #[test]
    fn partitions_are_handed_over_in_order_from_memory_and_from_disk() {
        let (result, sink) = seal(2, false, usize::MAX);
        result.unwrap();
        let places = sink.records.iter().map(|record| {
            let address = shomar_format::record::RecordHeader::read(record).unwrap().address();
            (address.station, address.district, address.sequence)
        });
        let expected: Vec<_> = (0..40).flat_map(|at| [(at, 0, 0), (at, 1, 1)]).collect();
        assert_eq!(places.collect::<Vec<_>>(), expected);
        assert_eq!(seal(2, true, usize::MAX).1.records, sink.records);
    }

    #[test]
    fn a_sink_that_refuses_ends_sealing() {
        for refuse_after in [0, 1, 50, 79] {
            let (result, sink) = seal(2, false, refuse_after);
            assert_eq!(result.unwrap_err().to_string(), "no more");
            assert_eq!(sink.records.len(), refuse_after);
        }
    }

    #[test]
    fn a_panic_ends_sealing_and_is_not_waited_for() {
        let panicked = catch_unwind(|| seal(77, false, usize::MAX).1.records.len());
        assert!(panicked.is_err(), "option 77 is not one of its district");
    }
}
