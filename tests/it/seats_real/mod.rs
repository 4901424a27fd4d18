//! Seats of real elections, exactly as they were published.
//!
//! Goal: a wrong method, threshold, option or tie rule cannot pass. Method: every set of results of
//! the data folder that has votes and seats, one module each, and a few figures of them as fixtures
//! for machines without it. Every contest is compared group by group. A tie is never a silent pass:
//! it must be reported, the publication must be one of the outcomes that lots can bring about, and
//! where the source says which lists were tied, it must be those. How often a neighbouring rule
//! gives something else is asserted too: that is the power of the test.
//!
//! In: files of the data folder, read in place. Out: a line that says what was compared, and what
//! was not, by reason. Never: a row passed over in silence, or a guess at what an odd one means;
//! the readers refuse it.

mod abacus;
mod czech_councils;
mod czech_persons;
mod districts;
mod fixtures;
mod hesse;
mod literal;
mod nations;
mod norway;
mod us_house;

use std::path::{Path, PathBuf};

use shomar_seats::{
    Comparison, GroupKey, List, Members, Party, PendingLot, Published, Race, Rule, allocate,
    compare,
};

/// One contest of lists: votes, names where they are known, and the seats that were published.
#[derive(Debug)]
struct Contest {
    name: String,
    seats: u32,
    lists: Vec<List>,
    official: Vec<u32>,
}

/// What a rule makes of a contest.
#[derive(Debug)]
enum Verdict {
    /// No tie, and as published.
    Exact,
    /// A tie, and lots can give what was published.
    Tied(PendingLot),
    /// Not as published; a message says where.
    Wrong(String),
}

impl Contest {
    /// Lists of which nobody is named: votes and published seats.
    fn of_votes(name: String, seats: u32, figures: &[(u64, u32)]) -> Contest {
        let lists =
            figures.iter().map(|(votes, _)| List { votes: *votes, members: Members::Unnamed });
        Contest {
            name,
            seats,
            lists: lists.collect(),
            official: figures.iter().map(|(_, official)| *official).collect(),
        }
    }

    fn race(&self) -> Race<'_> {
        Race { seats: self.seats, lists: &self.lists, ..Race::default() }
    }

    fn compare(&self, rule: &Rule) -> Comparison {
        let published = Published { seats: &self.official, elected: None };
        compare(&self.race(), rule, published)
            .unwrap_or_else(|error| panic!("{}: {error}", self.name))
    }

    /// Held against the publication twice: by `compare`, and here with the first tie as it is
    /// reported, so that neither can hide what the other would find.
    fn verdict(&self, rule: &Rule) -> Verdict {
        let race = self.race();
        let outcome =
            allocate(&race, rule, &[]).unwrap_or_else(|error| panic!("{}: {error}", self.name));
        let certain: Vec<u32> = outcome.groups.iter().map(|group| group.seats).collect();
        let comparison = self.compare(rule);
        let is_settled = comparison.is_consistent() && comparison.outcome.undecided == 0;
        let verdict = match &outcome.lots[..] {
            [] if certain == self.official => Verdict::Exact,
            [tie] if is_possible(tie, &certain, &self.official) => Verdict::Tied(tie.clone()),
            ties => Verdict::Wrong(format!(
                "{}: {certain:?}, official {:?}, ties {ties:?}, moved {:?}",
                self.name,
                self.official,
                comparison.moved()
            )),
        };
        let is_wrong = matches!(verdict, Verdict::Wrong(_));
        assert_ne!(is_wrong, is_settled, "{}: compare() says {comparison:?}", self.name);
        verdict
    }

    /// Whether the publication is an outcome of this rule, by lot or without.
    fn is_of(&self, rule: &Rule) -> bool {
        !matches!(self.verdict(rule), Verdict::Wrong(_))
    }

    /// Asserts that the rule gives what was published, and that no lot was needed for it.
    fn assert_exact(&self, rule: &Rule) {
        match self.verdict(rule) {
            Verdict::Exact => {}
            other => panic!("{} by {}: {other:?}", self.name, rule.name()),
        }
    }
}

/// Whether lots can turn what is certain into what was published: each of the tied wins a seat at
/// most, all places are taken, and nothing else differs.
fn is_possible(tie: &PendingLot, certain: &[u32], official: &[u32]) -> bool {
    let tied = tied_lists(tie);
    let mut won = 0;
    for (index, (certain, official)) in certain.iter().zip(official).enumerate() {
        match official.checked_sub(*certain) {
            Some(0) => {}
            Some(1) if tied.contains(&index) => won += 1,
            _ => return false,
        }
    }
    won == tie.places
}

/// Positions of the lists that are tied for a seat.
fn tied_lists(tie: &PendingLot) -> Vec<usize> {
    let list = |party: &Party| match party {
        Party::Group(GroupKey::List(list)) => *list as usize,
        other => panic!("a tie of lists, found {other:?}"),
    };
    tie.between.iter().map(list).collect()
}

/// A rule whose name and options are known to be right.
fn rule(name: &str, options: &[(&str, &str)]) -> Rule {
    Rule::parse(name, options.iter().copied())
        .unwrap_or_else(|error| panic!("{name} with {options:?}: {error}"))
}

/// A whole number in digits: no sign, blank or separator.
fn whole<T: std::str::FromStr>(text: &str) -> T {
    let is_digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    match text.parse() {
        Ok(number) if is_digits => number,
        _ => panic!("{text:?}: expected a whole number"),
    }
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The text of an xz file.
fn read_xz(path: &Path) -> String {
    let bytes = std::fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut text = Vec::new();
    lzma_rs::xz_decompress(&mut bytes.as_slice(), &mut text).unwrap();
    String::from_utf8(text).unwrap()
}

/// Rows of a CSV text with exactly these columns, in this order; one of another length is refused.
fn rows<'a>(text: &'a str, columns: &str) -> impl Iterator<Item = csv::StringRecord> + 'a {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let found: Vec<&str> = reader.headers().unwrap().iter().collect();
    assert_eq!(found.join(","), columns, "the columns of the file");
    reader.into_records().map(|row| row.unwrap())
}

/// Files of a folder whose name has this beginning and this end, in order of name.
fn files(folder: &Path, beginning: &str, end: &str) -> Vec<PathBuf> {
    let is_wanted = |path: &PathBuf| {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap();
        name.starts_with(beginning) && name.ends_with(end)
    };
    let mut paths: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(is_wanted)
        .collect();
    paths.sort();
    paths
}

fn file_stem(path: &Path) -> &str {
    path.file_stem().and_then(|stem| stem.to_str()).unwrap()
}
