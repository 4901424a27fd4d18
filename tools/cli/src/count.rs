//! Counting a folder: open, index, tally, merge; what `tally`, `result` and `night` share.
//!
//! In: a folder of segments and an election folder. Out: a [`Counted`] with its times; or the
//! findings, and no number. Never: a number kept from one count to the next.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use shomar_engine::{Definition, Evidence, Index, Kernel, Snapshot, tally};
use shomar_format::Reading;
use shomar_format::document::DistrictTally;
use shomar_format::election::Mode;
use shomar_store::StoreError;

use crate::failure::CheckFailed;

/// A counted folder.
pub(crate) struct Counted {
    /// The election, as counting needs it.
    pub(crate) definition: Definition,
    /// The totals.
    pub(crate) snapshot: Snapshot,
    /// Bytes of all segments.
    pub(crate) evidence_bytes: u64,
    /// What counted it.
    pub(crate) kernel: Kernel,
    /// On so many threads.
    pub(crate) threads: usize,
    /// How long it took.
    pub(crate) timing: Timing,
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

/// Refuses official elections, whose close records this version cannot read.
pub(crate) fn refuse_official(mode: Mode) -> anyhow::Result<()> {
    if mode == Mode::Official {
        bail!(
            "found mode \"official\", expected \"test\": official elections are counted \
             after a signed close, which this version does not read yet"
        );
    }
    Ok(())
}

/// Counts the segments of `directory`, `repeat` times, for the election that `open` gives, under
/// the readings that `readings` gives, one per contest.
pub(crate) fn count(
    directory: &Path,
    open: impl FnOnce() -> anyhow::Result<Definition>,
    readings: impl FnOnce(&Definition) -> anyhow::Result<Vec<Reading>>,
    repeat: u32,
) -> anyhow::Result<Counted> {
    let began = Instant::now();
    let definition = open()?;
    refuse_official(definition.head.mode)?;
    if !definition.head.checks.is_empty() {
        eprintln!("note: {} [[check]] not run by this version", definition.head.checks.len());
    }
    let readings = readings(&definition)?;
    let counting = definition.counting();
    if directory.is_file() {
        bail!("{}: found a file, expected a folder of segments", directory.display());
    }
    let paths = shomar_store::list_segments(directory).map_err(|error| match error {
        // Evidence that is not whole fails a check; a folder that cannot be read is no evidence.
        StoreError::LeftOpen { .. } => anyhow::Error::new(CheckFailed(error.to_string())),
        _ => error.into(),
    })?;
    if paths.is_empty() {
        bail!("{}: found no segment, expected at least one", directory.display());
    }
    let evidence = Evidence::open(&paths)?;
    let kernel = Kernel::best();
    let mut timing = Timing { open: began.elapsed(), ..Timing::default() };
    let mut repeats = Vec::new();
    let (mut merged, mut frontier) = (None::<Snapshot>, None);
    for _ in 0..repeat {
        // Nothing of the count before is kept but its frontier.
        drop(merged.take());
        let began = Instant::now();
        let index = Index::build(&evidence, &counting);
        let tallied = tally(&evidence, &index, &counting, &readings, kernel)
            .map_err(|findings| CheckFailed::findings(&findings))?;
        timing.counts.push(began.elapsed());
        let began = Instant::now();
        let snapshot = Snapshot::merge(tallied, &counting, &definition.head, &readings);
        timing.merge = began.elapsed();
        let counted = snapshot.frontier();
        let before = frontier.get_or_insert_with(|| counted.clone());
        assert_eq!(*before, counted, "two counts of the same bytes agree");
        merged = Some(snapshot);
        repeats = index.repeats;
    }
    for repeat in &repeats {
        eprintln!("note: {repeat}; counted once");
    }
    let snapshot = merged.context("nothing was counted")?;
    let (evidence_bytes, threads) = (evidence.bytes(), rayon::current_num_threads());
    Ok(Counted { definition, snapshot, evidence_bytes, kernel, threads, timing })
}

/// A folder that was counted, open to be counted again under other readings.
pub(crate) struct Recount {
    evidence: Evidence,
    index: Index,
}

impl Recount {
    /// Maps and indexes the segments once more.
    pub(crate) fn open(directory: &Path, definition: &Definition) -> anyhow::Result<Self> {
        let evidence = Evidence::open(&shomar_store::list_segments(directory)?)?;
        let index = Index::build(&evidence, &definition.counting());
        Ok(Self { evidence, index })
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
        let counting = definition.counting();
        let tallied = tally(&self.evidence, &self.index, &counting, readings, Kernel::best())
            .map_err(|findings| CheckFailed::findings(&findings))?;
        Ok(Snapshot::merge(tallied, &counting, &definition.head, readings))
    }
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
