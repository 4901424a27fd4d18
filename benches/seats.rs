//! 32,000 councils allocated on one thread: every Czech municipality of two elections, and
//! villages.
//!
//! In: real councils where `SHOMAR_DATA` names the folder of real data, else
//! villages alone, and it says so; villages from a fixed sequence. Out: criterion's time for all of
//! them. Never: a time before each real council was compared with the official seats, and each
//! village with plain sorting.

use std::collections::BTreeMap;
use std::hint::black_box;
use std::path::{Path, PathBuf};

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use shomar_seats::{
    Candidate, List, Members, Method, Outcome, Published, Race, Rule, RuleSet, Status, allocate,
    compare,
};

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

criterion_group!(benches, seats);
criterion_main!(benches);
