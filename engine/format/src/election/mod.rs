//! The election: contests, districts, lists, candidates, stations, devices, who serves whom.
//!
//! In: an election folder (FORMAT.md). Out: an [`Election`] with names, its definition digest, and
//! the [`crate::CountingDefinition`] that counting uses in its place. Never: half an election; the
//! folder is read whole or refused with every problem it has.

pub mod check;
mod compile;
mod digest;
mod head;
mod read;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

pub use crate::table::Problem;
pub use compile::{COMPILED_FILE, Sources};
pub use digest::definition_digest;
pub use head::read_head;

use crate::bytes::Digest32;
use crate::{CountingDefinition, DistrictShape, OptionIndex, Reading, UNKNOWN_OPTION};

/// Why an election folder could not be used.
#[derive(Debug, thiserror::Error)]
pub enum ElectionError {
    /// The folder cannot be read.
    #[error("{path}: cannot be read")]
    Unreadable {
        /// File or folder.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The folder is read, but is no sound election.
    #[error("{}", list_problems(folder, problems))]
    Unsound {
        /// The folder.
        folder: PathBuf,
        /// Every problem, in the order of the files.
        problems: Vec<Problem>,
    },
}

/// Problems shown in one message; the rest is counted.
const PROBLEMS_SHOWN: usize = 50;

fn list_problems(folder: &Path, problems: &[Problem]) -> String {
    let mut text =
        format!("{}: {} problem(s) in the election folder", folder.display(), problems.len());
    for problem in problems.iter().take(PROBLEMS_SHOWN) {
        text.push_str("\n  ");
        text.push_str(&problem.to_string());
    }
    if problems.len() > PROBLEMS_SHOWN {
        text.push_str(&format!("\n  ... and {} more", problems.len() - PROBLEMS_SHOWN));
    }
    text
}

/// Whether an election is a test or counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// Unsigned batches, counted at once, every output marked TEST.
    #[default]
    Test,
    /// Signed batches only; no number per option before a signed close.
    Official,
}

impl Mode {
    /// `test` or `official`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Test => "test",
            Self::Official => "official",
        }
    }
}

/// What `election.toml` says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ElectionHead {
    /// Election id.
    pub id: String,
    /// Title in Persian.
    pub title_fa: String,
    /// Title in English.
    pub title_en: String,
    /// Test or official.
    pub mode: Mode,
    /// Free text.
    pub date: String,
    /// In file order.
    pub contests: Vec<Contest>,
    /// Who may sign control records, in file order: the devices of their addresses.
    pub officers: Vec<Officer>,
    /// In file order.
    pub checks: Vec<WrittenCheck>,
}

/// A check with its keys as they stand in the file, which the rules text has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrittenCheck {
    /// Every key.
    pub written: BTreeMap<String, String>,
    /// What they say.
    pub check: check::Check,
}

/// Somebody at headquarters who may sign control records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Officer {
    /// Officer id.
    pub id: String,
    /// Name in Persian.
    pub name_fa: String,
    /// Name in English.
    pub name_en: String,
    /// Ed25519 public key.
    pub key: Digest32,
}

/// A kind of race, with its rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contest {
    /// Contest id.
    pub id: String,
    /// Name of the rule; the seat rules themselves live elsewhere.
    pub rule: String,
    /// How ballots are read.
    pub reading: Reading,
    /// The rule's other options, as written.
    pub options: BTreeMap<String, String>,
}

/// An election with its names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Election {
    /// What `election.toml` says.
    pub head: ElectionHead,
    /// In file order: the district indices of batches.
    pub districts: Vec<District>,
    /// In file order: the station indices of batches.
    pub stations: Vec<Station>,
    /// Who is expected to report what, by station, then district; `None` without `serves.csv`.
    pub serves: Option<Vec<Serve>>,
}

/// One place where a contest is decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct District {
    /// District id.
    pub id: String,
    /// Index of the contest.
    pub contest: usize,
    /// Name in Persian.
    pub name_fa: String,
    /// Name in English.
    pub name_en: String,
    /// Province.
    pub province: String,
    /// County; empty where the district spans several.
    pub county: String,
    /// Seats to fill.
    pub seats: u32,
    /// Alternates to name.
    pub alternates: u32,
    /// People at the last census, where given; not part of the definition.
    pub population: Option<u64>,
    /// By code.
    pub lists: Vec<List>,
    /// By code.
    pub candidates: Vec<Candidate>,
}

/// An electoral list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct List {
    /// What a voter types.
    pub code: u32,
    /// Name in Persian.
    pub name_fa: String,
    /// Name in English.
    pub name_en: String,
}

/// A candidate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// What a voter types.
    pub code: u32,
    /// Index of the list in its district; `None` for an independent.
    pub list: Option<u16>,
    /// Name in Persian.
    pub name_fa: String,
    /// Name in English.
    pub name_en: String,
    /// Whether the candidate still stands; not part of the definition.
    pub status: CandidateStatus,
    /// Veteran (isargar), for the old order of ties.
    pub veteran: bool,
    /// Rank of the degree, higher is better, for the old order of ties.
    pub degree_rank: Option<u32>,
}

/// Whether a candidate still stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CandidateStatus {
    /// Stands for election.
    #[default]
    Stands,
    /// Withdrew after the lists were fixed.
    Withdrawn,
    /// Disqualified after the lists were fixed.
    Disqualified,
    /// Died after the lists were fixed.
    Deceased,
}

/// A polling station.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Station {
    /// Station id.
    pub id: String,
    /// Province.
    pub province: String,
    /// County.
    pub county: String,
    /// Name in Persian.
    pub name_fa: String,
    /// Voters on its register.
    pub registered: Option<u64>,
    /// Voters whose identity was checked; comes after the vote, not part of the definition.
    pub authenticated: Option<u64>,
    /// Its devices, at least one.
    pub devices: Vec<Device>,
}

/// A voting device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Device {
    /// Device id.
    pub id: String,
    /// Ed25519 public key.
    pub key: Option<Digest32>,
}

/// A station that is expected to report a district.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Serve {
    /// Index of the station.
    pub station: u32,
    /// Index of the district.
    pub district: u32,
    /// Voters of that district on the station's register.
    pub registered: Option<u64>,
    /// Voters of that district whose identity was checked.
    pub authenticated: Option<u64>,
}

impl Election {
    /// Reads an election folder.
    ///
    /// # Errors
    /// With every problem of the folder at once.
    pub fn read(folder: &Path) -> Result<(Self, Sources), ElectionError> {
        read::read_folder(folder)
    }

    /// The definition digest (FORMAT.md, "Definition text").
    #[must_use]
    pub fn definition_digest(&self) -> Digest32 {
        let compiled = self.compile(&Sources::none());
        let counting =
            CountingDefinition::open(&compiled).expect("what was just compiled can be read");
        *counting.digest()
    }

    /// The rules digest of these effective rules (FORMAT.md, "Rules text"): per contest its rule
    /// and every option in force, defaults included.
    #[must_use]
    pub fn rules_digest<'a>(
        &self,
        contests: impl IntoIterator<Item = (&'a str, &'a str, &'a BTreeMap<String, String>)>,
    ) -> Digest32 {
        digest::rules_digest(self, contests)
    }

    /// The compiled definition, as it is written to [`COMPILED_FILE`].
    #[must_use]
    pub fn compile(&self, sources: &Sources) -> rkyv::util::AlignedVec {
        compile::compile(self, sources)
    }
}

impl District {
    /// Options: lists first, then candidates.
    #[must_use]
    pub fn option_count(&self) -> usize {
        self.lists.len() + self.candidates.len()
    }

    /// What canonicalising must know.
    #[must_use]
    pub fn shape(&self) -> DistrictShape {
        let small = |count| u32::try_from(count).expect("within DISTRICT_OPTIONS_MAX");
        DistrictShape {
            option_count: small(self.option_count()),
            list_count: small(self.lists.len()),
            seats: self.seats,
        }
    }

    /// Code of every option in index order, with the index of its list ([`UNKNOWN_OPTION`] for
    /// lists and independents).
    pub fn options(&self) -> impl Iterator<Item = (u32, OptionIndex)> {
        let lists = self.lists.iter().map(|list| (list.code, UNKNOWN_OPTION));
        let candidates = self
            .candidates
            .iter()
            .map(|candidate| (candidate.code, candidate.list.unwrap_or(UNKNOWN_OPTION)));
        lists.chain(candidates)
    }
}
