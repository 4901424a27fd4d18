//! Counting a folder: open, index, tally, merge; what `tally`, `result` and `night` share.
//!
//! In: a folder of segments and an election folder. Out: a [`Counted`] with its times; or the
//! findings, and no number. Never: a number kept from one count to the next.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use shomar_engine::checks::{Alarm, Registers};
use shomar_engine::evidence::JournalSegment;
use shomar_engine::recount::{NoCount, Recount, RecountInput, recount};
use shomar_engine::{Definition, Evidence, Kernel, Snapshot};
use shomar_format::bytes::{hex, u16_at};
use shomar_format::document::{DistrictTally, Frontier, TallyDocument};
use shomar_format::reading::ListPlusNames;
use shomar_format::{BatchAddress, CountingDefinition, Election, Reading, layout};
use shomar_store::StoreError;
use shomar_store::journal::{Readable, open_for_reading};

use crate::failure::CheckFailed;
use crate::output::grouped;

/// A counted folder.
pub(crate) struct Counted {
    /// The election, as counting needs it.
    pub(crate) definition: Definition,
    /// The totals.
    pub(crate) snapshot: Snapshot,
    /// What is outside of them, and why; its sums went into the snapshot.
    pub(crate) recount: Recount,
    /// Bytes of all segments.
    pub(crate) evidence_bytes: u64,
    /// What counted it.
    pub(crate) kernel: Kernel,
    /// On so many threads.
    pub(crate) threads: usize,
    /// How long it took.
    pub(crate) timing: Timing,
}

impl Counted {
    /// Up to where was counted.
    pub(crate) fn frontier(&self) -> Frontier {
        self.snapshot.frontier(&self.definition.counting(), &self.definition.head)
    }

    /// The JSON of the tally; with `only`, that district alone.
    pub(crate) fn document(&self, only: Option<u32>) -> TallyDocument {
        let counting = self.definition.counting();
        let mut document = self.snapshot.document(&counting, &self.definition.head, only);
        document.journal = self.recount.journal_document();
        let held = self
            .recount
            .held
            .iter()
            .filter(|held| only.is_none_or(|only| held.address.district == only));
        document.held = held.map(|held| held.document(&counting)).collect();
        document
    }
}

/// How long each part took.
#[derive(Default)]
pub(crate) struct Timing {
    /// Election folder and mapping.
    pub(crate) open: Duration,
    /// Each count: verify and count every byte anew.
    pub(crate) counts: Vec<Duration>,
    /// Merging the sums, with both digests.
    pub(crate) merge: Duration,
}

/// Runs `work` with this many threads, or as many as there are cores.
pub(crate) fn with_threads<T: Send>(
    threads: Option<usize>,
    work: impl FnOnce() -> anyhow::Result<T> + Send,
) -> anyhow::Result<T> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads.unwrap_or(0)).build()?;
    pool.install(work)
}

/// Which folder, which election, and how far.
#[derive(Clone, Copy)]
pub(crate) struct CountInput<'a> {
    /// Folder of segments.
    pub(crate) directory: &'a Path,
    /// Election folder.
    pub(crate) election: &'a Path,
    /// Count the journal as it was when it had so many records.
    pub(crate) as_of: Option<u64>,
    /// Count so many times.
    pub(crate) repeat: u32,
}

/// Counts a folder, `repeat` times, for the election that `open` gives, under the readings that
/// `readings` gives, one per contest.
pub(crate) fn count(
    input: CountInput<'_>,
    open: impl FnOnce() -> anyhow::Result<Definition>,
    readings: impl FnOnce(&Definition) -> anyhow::Result<Vec<Reading>>,
) -> anyhow::Result<Counted> {
    let began = Instant::now();
    let definition = open()?;
    let readings = readings(&definition)?;
    let counting = definition.counting();
    let folder = Folder::open(input, &definition)?;
    let kernel = Kernel::best();
    let mut timing = Timing { open: began.elapsed(), ..Timing::default() };
    let (mut last, mut frontier) = (None::<(Recount, Snapshot)>, None);
    for _ in 0..input.repeat {
        // Nothing of the count before is kept but its frontier.
        drop(last.take());
        let began = Instant::now();
        let mut recount = folder.recount(&definition, &readings)?;
        timing.counts.push(began.elapsed());
        let began = Instant::now();
        let tallied = std::mem::take(&mut recount.tallied);
        let snapshot = Snapshot::merge(tallied, &counting, &definition.head, &readings);
        timing.merge = began.elapsed();
        let counted = snapshot.frontier(&counting, &definition.head);
        let before = frontier.get_or_insert_with(|| counted.clone());
        assert_eq!(*before, counted, "two counts of the same bytes agree");
        last = Some((recount, snapshot));
    }
    let (recount, snapshot) = last.context("nothing was counted")?;
    for repeat in &recount.repeats {
        eprintln!("note: {repeat}; counted once");
    }
    tell_checks(&recount, &counting);
    let (evidence_bytes, threads) = (folder.evidence.bytes(), rayon::current_num_threads());
    Ok(Counted { definition, snapshot, recount, evidence_bytes, kernel, threads, timing })
}

/// Tells what checks hold, and of what they warn.
fn tell_checks(recount: &Recount, definition: &CountingDefinition<'_>) {
    let whose = |address: BatchAddress| {
        let (station, district) =
            (definition.station_id(address.station), definition.district_id(address.district));
        let BatchAddress { device, sequence, .. } = address;
        format!("station {station}, district {district}, device {device}, sequence {sequence}")
    };
    let formulas = |alarms: &[Alarm]| {
        let texts: Vec<String> = alarms.iter().map(|alarm| alarm.formula.to_string()).collect();
        texts.join("; ")
    };
    for held in &recount.held {
        let what = if held.is_rejected { "rejected" } else { "held" };
        let (whose, why, hash) = (whose(held.address), formulas(&held.alarms), hex(&held.hash));
        eprintln!("{what}: {whose}: expected {why} (batch {hash})");
    }
    for warned in &recount.warned {
        eprintln!("warning: {}: expected {}", whose(warned.address), formulas(&warned.alarms));
    }
}

/// Maps the segments of a folder; of a journal that is being written, what is durable by now.
pub(crate) fn map_segments(directory: &Path) -> anyhow::Result<Evidence> {
    let unfinished = match shomar_store::list_segments(directory) {
        Ok(paths) if paths.is_empty() => {
            bail!("{}: found no segment, expected at least one", directory.display())
        }
        Ok(paths) => return Ok(Evidence::open(&paths)?),
        Err(unfinished @ StoreError::LeftOpen { .. }) => unfinished,
        Err(error) => return Err(error.into()),
    };
    // Evidence that is not whole fails a check; a folder that cannot be read is no evidence.
    let refused = |text: String| anyhow::Error::new(CheckFailed(text));
    if !is_live_journal(directory) {
        return Err(refused(unfinished.to_string()));
    }
    let segments = open_for_reading(directory).map_err(|error| refused(error.to_string()))?;
    let segments: Vec<JournalSegment> = segments
        .into_iter()
        .map(|Readable { path, file, length, closed, .. }| JournalSegment {
            path,
            file,
            length,
            closed,
        })
        .collect();
    if segments.is_empty() {
        return Err(refused(unfinished.to_string()));
    }
    eprintln!("note: the journal is being written; counted as far as it is durable now");
    Ok(Evidence::open_journal(&segments)?)
}

/// Whether what is unfinished in a folder is one open segment of a journal, and nothing else: such
/// a folder can be counted at any time, and what `seal` has left half done cannot.
fn is_live_journal(directory: &Path) -> bool {
    let names = std::fs::read_dir(directory).into_iter().flatten().flatten();
    let open: Vec<_> = names
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|end| end.eq_ignore_ascii_case("open")))
        .collect();
    let [open] = open.as_slice() else { return false };
    let mut header = [0; layout::segment::HEADER_BYTES];
    let read = std::fs::File::open(open)
        .and_then(|mut file| std::io::Read::read_exact(&mut file, &mut header));
    let version = u16_at(&header, layout::segment::VERSION_OFFSET);
    read.is_ok() && version == layout::segment::VERSION_JOURNAL
}

/// A folder of segments, mapped: to be counted as often as somebody asks.
pub(crate) struct Folder {
    evidence: Evidence,
    registers: Option<Registers>,
    as_of: Option<u64>,
}

impl Folder {
    /// Maps the segments, and reads what the checks of the election compare with.
    pub(crate) fn open(input: CountInput<'_>, definition: &Definition) -> anyhow::Result<Self> {
        let directory = input.directory;
        if directory.is_file() {
            bail!("{}: found a file, expected a folder of segments", directory.display());
        }
        let evidence = map_segments(directory)?;
        let registers = match definition.head.checks.is_empty() {
            true => None,
            false => {
                let (election, _) = Election::read(input.election)?;
                Some(Registers::of(&election))
            }
        };
        Ok(Self { evidence, registers, as_of: input.as_of })
    }

    /// Verifies and counts everything anew.
    fn recount(&self, definition: &Definition, readings: &[Reading]) -> anyhow::Result<Recount> {
        let input = RecountInput {
            evidence: &self.evidence,
            definition,
            readings,
            kernel: Kernel::best(),
            as_of: self.as_of,
            registers: self.registers.as_ref(),
        };
        recount(&input).map_err(|none| match none {
            NoCount::Findings(findings) => CheckFailed::findings(&findings).into(),
            NoCount::NotClosed { batches, taken } => CheckFailed(format!(
                "found no close record, expected one: an official election has no numbers before \
                 it ({} batches with {} ballots are in)",
                grouped(batches),
                grouped(taken)
            ))
            .into(),
        })
    }

    /// The totals of one district under these readings, one per contest.
    pub(crate) fn district(
        &self,
        definition: &Definition,
        readings: &[Reading],
        district: u32,
    ) -> anyhow::Result<DistrictTally> {
        let snapshot = self.all(definition, readings)?;
        Ok(snapshot.district(&definition.counting(), district).document())
    }

    /// The totals of all districts under these readings, one per contest.
    pub(crate) fn all(
        &self,
        definition: &Definition,
        readings: &[Reading],
    ) -> anyhow::Result<Snapshot> {
        let recount = self.recount(definition, readings)?;
        let counting = definition.counting();
        Ok(Snapshot::merge(recount.tallied, &counting, &definition.head, readings))
    }
}

/// These readings with a list read beside names (A10 `list_wins`) wherever it is forbidden; `None`
/// where no contest forbids it. The difference of two such counts is how many such ballots there
/// are.
pub(crate) fn read_where_forbidden(readings: &[Reading]) -> Option<Vec<Reading>> {
    let mut readings = readings.to_vec();
    let mut is_any = false;
    for reading in &mut readings {
        if reading.list_plus_names == ListPlusNames::DeviceForbids {
            reading.list_plus_names = ListPlusNames::ListWins;
            is_any = true;
        }
    }
    is_any.then_some(readings)
}

/// Opens an election folder for counting.
pub(crate) fn open_definition(folder: &Path) -> anyhow::Result<Definition> {
    Definition::open(folder).context("election folder")
}

/// Sets reading options for every contest.
pub(crate) fn set_readings(
    definition: &Definition,
    options: &[(String, String)],
) -> anyhow::Result<Vec<Reading>> {
    let mut readings = definition.readings();
    for (name, value) in options {
        for reading in &mut readings {
            match reading.set(name, value) {
                Ok(true) => {}
                Ok(false) => bail!(
                    "option {name}: found no such reading of ballots, expected one of: {}",
                    Reading::NAMES.join(", ")
                ),
                Err(error) => bail!("option {name}: {error}"),
            }
        }
    }
    Ok(readings)
}

/// The index of a district by id, or the error with near names.
pub(crate) fn find_district(definition: &Definition, id: &str) -> anyhow::Result<u32> {
    let counting = definition.counting();
    counting.find_district(id).with_context(|| {
        let ids: Vec<&str> =
            (0..counting.district_count()).map(|district| counting.district_id(district)).collect();
        let near = shomar_format::table::nearest(id, &ids);
        let expected = near
            .map_or("a district of districts.csv".to_owned(), |near| format!("'{near}', perhaps"));
        format!("district: found '{id}', expected {expected}")
    })
}
