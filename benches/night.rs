//! The stages of a night on a synthetic nation: generate, parse and seal text, find, verify and
//! tally by each kernel, merge, seats.
//!
//! In: a nation of two million ballots from the generator; of 20,000 when the ordinary check runs
//! every bench once. Out: criterion's times. Never: a time of a result that was not compared with
//! the generator's own answer first.

use std::path::{Path, PathBuf};

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use shomar_bench_data::{Nation, Profile};
use shomar_engine::outcome::{OutcomeInput, contest_rules, outcomes};
use shomar_engine::{Definition, Evidence, Index, Kernel, Snapshot, tally};
use shomar_format::document::TallyDocument;
use shomar_format::{Election, SealedBatch};
use shomar_loader::{Reject, SealJob, SealSink, count_rows, seal_text};
use shomar_store::{SegmentWriter, list_segments};

const SEED: u64 = 1405;

/// Cargo says when benches are to be measured, and not only to be run.
fn ballots() -> u64 {
    if std::env::args().any(|argument| argument == "--bench") { 2_000_000 } else { 20_000 }
}

/// A nation in a temporary folder: sealed, as text, and its answer.
struct Prepared {
    folder: tempfile::TempDir,
    text: PathBuf,
    election: Election,
    expected: TallyDocument,
}

fn plan() -> Nation {
    Nation::plan(Profile::Nation, ballots(), SEED).expect("the size is allowed")
}

fn prepare() -> Prepared {
    let nation = plan();
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
        keys: None,
        chains: &Default::default(),
        is_recount: false,
        temporary,
        sort_on_disk: false,
    };
    let mut sink = Counter { bytes: 0 };
    let report = seal_text(&prepared.text, &job, &mut sink).expect("the text seals");
    assert_eq!((report.ballots, report.rows_rejected), (ballots(), 0));
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
        |kernel| tally(&evidence, &index, &counting, &readings, kernel).expect("no finding");
    let merge = |tallied| Snapshot::merge(tallied, &counting, &definition.head, &readings);
    for &kernel in Kernel::available() {
        let mut document = merge(count(kernel)).document(&counting, &definition.head, None);
        document.frontier = None;
        assert!(document == prepared.expected, "the count is the generator's answer");
    }
    let snapshot = merge(count(Kernel::best()));
    let rules = contest_rules(&definition.head, &[]).expect("the rules are known");
    let input = OutcomeInput {
        election: &prepared.election,
        definition: counting,
        snapshot: &snapshot,
        rules: &rules,
        lots: &[],
        missing: &[],
        without_forbidding: None,
    };
    let seats = || outcomes(input, None).expect("no district is refused");
    assert_eq!(seats().len(), prepared.election.districts.len());

    let nation = plan();
    let digest = prepared.election.definition_digest();
    let generate = || nation.seal_all(&digest, |_, _| Ok::<_, std::io::Error>(()));
    assert!(generate().expect("nothing is written").document() == prepared.expected);

    let mut group = criterion.benchmark_group("night");
    group.sample_size(20);
    group.throughput(Throughput::Elements(ballots()));
    let temporary = tempfile::tempdir().expect("a temporary folder");
    group.bench_function("generate", |bencher| bencher.iter(generate));
    let text = std::fs::read(&prepared.text).expect("the text is there");
    let parse = || count_rows(&prepared.election, &text).expect("it has a header");
    assert_eq!((parse().ballots, parse().rejected), (ballots(), 0));
    group.bench_function("parse", |bencher| bencher.iter(parse));
    group.bench_function("seal_text", |bencher| {
        bencher.iter(|| seal(&prepared, temporary.path()));
    });
    group.bench_function("index", |bencher| bencher.iter(|| Index::build(&evidence, &counting)));
    for &kernel in Kernel::available() {
        group.bench_function(format!("tally_{}", kernel.name()), |bencher| {
            bencher.iter(|| count(kernel));
        });
    }
    group.bench_function("merge", |bencher| {
        let tallied = || count(Kernel::best());
        bencher.iter_batched(tallied, merge, criterion::BatchSize::LargeInput);
    });
    group.bench_function("seats", |bencher| bencher.iter(seats));
    group.finish();
}

criterion_group!(benches, night);
criterion_main!(benches);
