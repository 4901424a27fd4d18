//! 32,000 councils allocated on one thread: every Czech municipality of two elections, and
//! villages; and the outcome of a whole nation after its tally.
//!
//! In: real councils where `SHOMAR_DATA` names the folder of real data, else
//! villages alone, and it says so; villages from a fixed sequence. Out: criterion's time for all of
//! them. Never: a time before each real council was compared with the official seats, and each
//! village with plain sorting.

use std::collections::BTreeMap;
use std::hint::black_box;
use std::path::{Path, PathBuf};

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use shomar_bench_data::{Nation, Profile};
use shomar_engine::outcome::{OutcomeInput, contest_rules, missing_districts, outcomes};
use shomar_engine::{Definition, Evidence, Index, Kernel, Snapshot, tally};
use shomar_format::Election;
use shomar_seats::{
    Candidate, List, Members, Method, Outcome, Published, Race, Rule, RuleSet, Status, allocate,
    compare,
};
use shomar_store::{SegmentWriter, list_segments};

/// As in the program.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// From here on a nation has all of its districts.
const NATION_BALLOTS: u64 = 20_000_000;
const NATION_BALLOTS_SMOKE: u64 = 20_000;
const COUNCILS: usize = 32_000;
/// When the ordinary check runs every bench once.
const COUNCILS_SMOKE: usize = 2_000;
const VILLAGE_CANDIDATES: usize = 9;
const VILLAGE_SEATS: u32 = 5;

struct Council {
    rule: Rule,
    seats: u32,
    alternates: u32,
    lists: Vec<List>,
    candidates: Vec<Candidate>,
}

impl Council {
    fn race(&self) -> Race<'_> {
        Race {
            seats: self.seats,
            alternates: self.alternates,
            lists: &self.lists,
            candidates: &self.candidates,
            ..Race::default()
        }
    }

    fn allocate(&self) -> Outcome {
        allocate(&self.race(), &self.rule, &[]).expect("a council within bounds")
    }
}

fn is_measured() -> bool {
    std::env::args().any(|argument| argument == "--bench")
}

/// Councils of one election with the official seats of their lists.
fn real(path: &Path) -> Vec<(Council, Vec<u32>)> {
    let mut text = Vec::new();
    let bytes = std::fs::read(path).expect("the file can be read");
    lzma_rs::xz_decompress(&mut bytes.as_slice(), &mut text).expect("the file is xz");
    let mut councils: BTreeMap<(String, String, String), (Council, Vec<u32>)> = BTreeMap::new();
    let mut reader = csv::Reader::from_reader(text.as_slice());
    let header = reader.headers().expect("a header").clone();
    let column = |name: &str| {
        header.iter().position(|column| column == name).expect("the columns of SOURCE.txt")
    };
    let of_council = ["vote_date", "council_code", "ward"].map(column);
    let numbers = ["seats", "list_votes", "inferred_candidates", "official_seats"].map(column);
    for row in reader.records() {
        let row = row.expect("a row");
        let [date, code, ward] = of_council.map(|at| row[at].to_owned());
        let number = |at: usize| row[at].parse::<u32>().unwrap_or(0);
        let [seats, votes, names, official] = numbers.map(number);
        let (council, published) = councils.entry((date, code, ward)).or_insert_with(|| {
            let (lists, candidates) = (Vec::new(), Vec::new());
            let rule = Rule::of_set(RuleSet::CzMunicipal);
            (Council { rule, seats, alternates: 0, lists, candidates }, Vec::new())
        });
        council.lists.push(List { votes: votes.into(), members: Members::Counted(names) });
        published.push(official);
    }
    councils.into_values().collect()
}

fn data_folder() -> PathBuf {
    std::env::var_os("SHOMAR_DATA").map(PathBuf::from).unwrap_or_default()
}

/// Villages whose votes come from a fixed sequence (splitmix64).
fn village(number: u64) -> Council {
    let mut state = number.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let mut next = || {
        state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        (mixed ^ (mixed >> 27)) % 400
    };
    let candidate = |_| Candidate { votes: next(), ..Candidate::default() };
    Council {
        rule: Rule::new(Method::BlockPlurality),
        seats: VILLAGE_SEATS,
        alternates: 3,
        lists: Vec::new(),
        candidates: (0..VILLAGE_CANDIDATES).map(candidate).collect(),
    }
}

/// A village by plain sorting: whoever is certain has more votes than the first who is not in.
fn check_village(council: &Council) {
    let outcome = council.allocate();
    let mut votes: Vec<u64> = council
        .candidates
        .iter()
        .map(|candidate| candidate.votes)
        .filter(|votes| *votes > 0)
        .collect();
    votes.sort_unstable_by_key(|votes| std::cmp::Reverse(*votes));
    let bar = votes.get(VILLAGE_SEATS as usize).copied().unwrap_or(0);
    let certain = votes.iter().take(VILLAGE_SEATS as usize).filter(|votes| **votes > bar).count();
    assert_eq!(outcome.elected.len(), certain, "a village by plain sorting");
}

fn prepare() -> (Vec<Council>, usize) {
    let most = if is_measured() { COUNCILS } else { COUNCILS_SMOKE };
    let mut councils = Vec::new();
    for year in [2010, 2018] {
        let path = data_folder()
            .join("B1_czech_municipal_2006_2022")
            .join(format!("czech_municipal_{year}.csv.xz"));
        if !path.is_file() {
            eprintln!("no real councils at {}: villages stand in for them", path.display());
            continue;
        }
        for (council, official) in real(&path) {
            if councils.len() == most {
                break;
            }
            let outcome = council.allocate();
            if outcome.status != Status::NoVotes {
                let published = Published { seats: &official, elected: None };
                let compared = compare(&council.race(), &council.rule, published);
                assert!(compared.expect("it is counted").is_consistent(), "the official seats");
            }
            councils.push(council);
        }
    }
    let real = councils.len();
    for number in (0u64..).take(most - real) {
        let council = village(number);
        check_village(&council);
        councils.push(council);
    }
    (councils, real)
}

fn seats(criterion: &mut Criterion) {
    let (councils, real) = prepare();
    let mut group = criterion.benchmark_group("seats");
    group.sample_size(20);
    group.throughput(Throughput::Elements(councils.len() as u64));
    let all = || {
        councils.iter().map(|council| black_box(council.allocate()).elected.len()).sum::<usize>()
    };
    group.bench_function(format!("{}_councils_{real}_real", councils.len()), |bencher| {
        bencher.iter(all);
    });
    group.finish();
}

/// The outcome of every district of a nation, on all cores, as `shomar result` computes it.
fn nation(criterion: &mut Criterion) {
    let ballots = if is_measured() { NATION_BALLOTS } else { NATION_BALLOTS_SMOKE };
    let nation = Nation::plan(Profile::Nation, ballots, 1405).expect("the size is allowed");
    let folder = tempfile::tempdir().expect("a temporary folder");
    let election_folder = folder.path().join("election");
    nation.write_election(&election_folder).expect("the folder can be written");
    let (election, sources) = Election::read(&election_folder).expect("what was written reads");
    let digest = election.definition_digest();
    let mut writer = SegmentWriter::new(folder.path(), digest);
    nation
        .seal_all(&digest, |batch, _| writer.append(batch.bytes()))
        .expect("segments can be written");
    writer.finish().expect("segments can be closed");
    let definition = Definition::of(&election, &sources);
    let counting = definition.counting();
    let segments = list_segments(folder.path()).expect("the folder lists");
    let evidence = Evidence::open(&segments).expect("segments map");
    let index = Index::build(&evidence, &counting);
    let readings = definition.readings();
    let tallied =
        tally(&evidence, &index, &counting, &readings, Kernel::best()).expect("no finding");
    let snapshot = Snapshot::merge(tallied, &counting, &definition.head, &readings);
    let rules = contest_rules(&definition.head, &[]).expect("the rules are known");
    let find_missing =
        || missing_districts(&counting, snapshot.batches().map(|batch| batch.address));
    let missing = find_missing();
    let compute = || {
        assert_eq!(black_box(find_missing()), missing, "who has not reported is part of it");
        let input = OutcomeInput {
            election: &election,
            definition: counting,
            snapshot: &snapshot,
            rules: &rules,
            lots: &[],
            missing: &missing,
            without_forbidding: None,
        };
        outcomes(input, None).expect("no district is refused")
    };
    let elected: usize = compute().iter().map(|outcome| outcome.outcome.elected.len()).sum();
    let seats: usize = election.districts.iter().map(|district| district.seats as usize).sum();
    assert!(elected * 10 > seats * 9, "nearly every seat is filled without a lot");
    let mut group = criterion.benchmark_group("outcome");
    group.sample_size(20);
    group.throughput(Throughput::Elements(election.districts.len() as u64));
    group.bench_function(format!("{}_districts", election.districts.len()), |bencher| {
        bencher.iter_with_large_drop(compute);
    });
    group.finish();
}

criterion_group!(benches, seats, nation);
criterion_main!(benches);
