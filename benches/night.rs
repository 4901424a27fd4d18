//! The stages of a night on a synthetic nation: seal text, verify and tally, merge, seats.
//!
//! In: a nation of 200,000 ballots from the generator. Out: criterion's times. Never: a time of a
//! result that was not compared with the generator's own answer first.

use std::path::{Path, PathBuf};

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use shomar_bench_data::{Nation, Profile};
use shomar_engine::outcome::{OutcomeInput, contest_rules, outcomes};
use shomar_engine::{Definition, Evidence, Index, Kernel, Snapshot, tally};
use shomar_format::document::TallyDocument;
use shomar_format::{Election, SealedBatch};
use shomar_loader::{Reject, SealJob, SealSink, seal_text};
use shomar_store::{SegmentWriter, list_segments};

const BALLOTS: u64 = 200_000;
const SEED: u64 = 1405;

/// A nation in a temporary folder: sealed, as text, and its answer.
struct Prepared {
    folder: tempfile::TempDir,
    text: PathBuf,
    election: Election,
    expected: TallyDocument,
}

fn prepare() -> Prepared {
    let nation = Nation::plan(Profile::Nation, BALLOTS, SEED).expect("the size is allowed");
    let folder = tempfile::tempdir().expect("a temporary folder");
    let election_folder = folder.path().join("election");
    nation.write_election(&election_folder).expect("the folder can be written");
    let (election, _) = Election::read(&election_folder).expect("what was written reads");
    let definition = election.definition_digest();
    let mut writer = SegmentWriter::new(folder.path(), definition);
    let expected = nation
        .seal_all(&definition, |batch, _| writer.append(batch.bytes()))
        .expect("segments can be written");
    writer.finish().expect("segments can be closed");
    let text = folder.path().join("ballots.csv");
    let file = std::fs::File::create(&text).expect("text can be written");
    nation.write_text(std::io::BufWriter::new(file), |_| ()).expect("text can be written");
    Prepared { folder, text, election, expected: expected.document() }
}

/// Counts batches and forgets them.
struct Counter {
    bytes: u64,
}

impl SealSink for Counter {
    fn batch(
        &mut self,
        batch: &SealedBatch,
    ) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        self.bytes += batch.bytes().len() as u64;
        Ok(())
    }

    fn reject(&mut self, reject: &Reject) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        Err(format!("a generated row was rejected: {reject:?}").into())
    }
}

fn seal(prepared: &Prepared, temporary: &Path) -> u64 {
    let definition = prepared.election.definition_digest();
    let job = SealJob {
        election: &prepared.election,
        definition: &definition,
        temporary,
        sort_on_disk: false,
    };
    let mut sink = Counter { bytes: 0 };
    let report = seal_text(&prepared.text, &job, &mut sink).expect("the text seals");
    assert_eq!((report.ballots, report.rows_rejected), (BALLOTS, 0));
    sink.bytes
}

fn night(criterion: &mut Criterion) {
    let prepared = prepare();
    let definition = Definition::open(&prepared.folder.path().join("election")).expect("it opens");
    let counting = definition.counting();
    let segments = list_segments(prepared.folder.path()).expect("the folder lists");
    let evidence = Evidence::open(&segments).expect("segments map");
    let index = Index::build(&evidence, &counting);
    let readings = definition.readings();
    let count =
        || tally(&evidence, &index, &counting, &readings, Kernel::best()).expect("no finding");
    let merge = || Snapshot::merge(count(), &counting, &definition.head, &readings);
    let snapshot = merge();
    let mut document = snapshot.document(&counting, &definition.head, None);
    document.frontier = None;
    assert!(document == prepared.expected, "the count is the generator's answer");
    let rules = contest_rules(&definition.head, &[]).expect("the rules are known");
    let input = OutcomeInput {
        election: &prepared.election,
        definition: counting,
        snapshot: &snapshot,
        rules: &rules,
        lots: &[],
        missing: &[],
    };
    let seats = || outcomes(input, None).expect("no district is refused");
    assert_eq!(seats().len(), prepared.election.districts.len());

    let mut group = criterion.benchmark_group("night");
    group.sample_size(20);
    group.throughput(Throughput::Elements(BALLOTS));
    let temporary = tempfile::tempdir().expect("a temporary folder");
    group.bench_function("seal_text", |bencher| {
        bencher.iter(|| seal(&prepared, temporary.path()));
    });
    group.bench_function("index", |bencher| bencher.iter(|| Index::build(&evidence, &counting)));
    group.bench_function("tally", |bencher| bencher.iter(count));
    group.bench_function("tally_and_merge", |bencher| bencher.iter(merge));
    group.bench_function("seats", |bencher| bencher.iter(seats));
    group.finish();
}

criterion_group!(benches, night);
criterion_main!(benches);
