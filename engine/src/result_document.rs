//! The JSON of a result (docs/commands.md): a tally with its outcome.
//!
//! In: outcomes. Out: types that serde writes. Never: a number computed here.

use std::collections::BTreeMap;

use serde::Serialize;
use shomar_format::Election;
use shomar_format::bytes::hex;
use shomar_format::document::{BallotCounts, DistrictTally, Frontier, ReadingDocument};

use crate::outcome::{ContestRule, DistrictOutcome};
use crate::snapshot::{Snapshot, reading_document};

/// What `shomar result --format json` prints.
#[derive(Debug, Serialize)]
pub struct ResultDocument {
    /// Election id.
    pub election: String,
    /// `test` or `official`.
    pub mode: String,
    /// How ballots were read, by contest.
    pub reading: ReadingDocument,
    /// SHA-256 of the rules text with every option in force.
    pub rules_digest: String,
    /// SHA-256 of the definition text.
    pub definition_digest: String,
    /// Up to where was counted.
    pub frontier: Frontier,
    /// Ballots of all districts together.
    pub ballots: BallotCounts,
    /// In definition order.
    pub districts: Vec<DistrictResult>,
}

/// One district.
#[derive(Debug, Serialize)]
pub struct DistrictResult {
    /// Its totals.
    #[serde(flatten)]
    pub tally: DistrictTally,
    /// Name of the rule.
    pub rule: &'static str,
    /// Every option in force.
    pub options: BTreeMap<String, String>,
    /// Lists, independents.
    pub groups: Vec<GroupResult>,
    /// Codes, most votes first, equals by code.
    pub elected: Vec<u32>,
    /// Codes, in order.
    pub alternates: Vec<u32>,
    /// `final`, `provisional`, `lot-required`, `no-votes`.
    pub status: &'static str,
    /// Lots that are needed.
    pub lots: Vec<LotResult>,
    /// How it came about.
    pub steps: Vec<StepResult>,
    /// What the rules notice but do not decide.
    pub findings: Vec<String>,
}

/// A group's seats.
#[derive(Debug, Serialize)]
pub struct GroupResult {
    /// Code of the list; null: independents.
    pub list: Option<u32>,
    /// Code of an independent who is a group of their own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub candidate: Option<u32>,
    /// Votes.
    pub votes: u64,
    /// Seats that are certain.
    pub seats: u32,
    /// Seats of its own that nobody can take.
    pub vacant: u32,
}

/// A lot that is needed.
#[derive(Debug, Serialize)]
pub struct LotResult {
    /// `seat`, `person`, `alternate`.
    pub kind: &'static str,
    /// Places open to those tied.
    pub places: u32,
    /// The number that the next recorded lot of this tie must have.
    pub next_place: u32,
    /// Codes; null: the independents together.
    pub between: Vec<Option<u32>>,
}

/// A step, explained.
#[derive(Debug, Serialize)]
pub struct StepResult {
    /// Its source.
    pub article: &'static str,
    /// In English.
    pub text_en: String,
    /// In Persian.
    pub text_fa: String,
    /// Its numbers by name.
    #[serde(flatten)]
    pub numbers: BTreeMap<&'static str, u64>,
}

impl ResultDocument {
    /// The document of these outcomes.
    #[must_use]
    pub fn new(
        election: &Election,
        rules: &[ContestRule],
        snapshot: &Snapshot,
        outcomes: Vec<DistrictOutcome<'_>>,
    ) -> Self {
        let contests = election.head.contests.iter().zip(rules);
        let rules_digest = election.rules_digest(contests.map(|(contest, rule)| {
            (contest.id.as_str(), rule.rule.method().name(), &rule.options)
        }));
        Self {
            election: election.head.id.clone(),
            mode: election.head.mode.name().to_owned(),
            reading: reading_document(&election.head, snapshot.readings()),
            rules_digest: hex(&rules_digest),
            definition_digest: hex(&election.definition_digest()),
            frontier: snapshot.frontier(),
            ballots: snapshot.ballots(),
            districts: outcomes.into_iter().map(DistrictResult::new).collect(),
        }
    }
}

impl DistrictResult {
    fn new(district: DistrictOutcome<'_>) -> Self {
        let outcome = &district.outcome;
        let groups = outcome.groups.iter().map(|group| {
            let key = district.group_code(group.key);
            let (list, candidate) = match key {
                crate::outcome::PartyCode::List(code) => (Some(code), None),
                crate::outcome::PartyCode::Candidate(code) => (None, Some(code)),
                crate::outcome::PartyCode::Independents => (None, None),
            };
            let shomar_seats::Group { votes, seats, vacant, .. } = *group;
            GroupResult { list, candidate, votes, seats, vacant }
        });
        let lots = outcome.lots.iter().map(|lot| LotResult {
            kind: lot.kind.name(),
            places: lot.places,
            next_place: lot.next_place,
            between: lot.between.iter().map(|party| district.party_code(*party).code()).collect(),
        });
        let steps = outcome.steps.iter().map(|step| StepResult {
            article: step.article.text(),
            text_en: step.text_en(&district),
            text_fa: step.text_fa(&district),
            numbers: step.fact.numbers().into_iter().collect(),
        });
        let codes = |positions: &[u32]| -> Vec<u32> {
            positions.iter().map(|position| district.candidate_code(*position)).collect()
        };
        Self {
            rule: district.rule.rule.method().name(),
            options: district.rule.options.clone(),
            groups: groups.collect(),
            elected: codes(&outcome.elected),
            alternates: codes(&outcome.alternates),
            status: district.status(),
            lots: lots.collect(),
            steps: steps.collect(),
            findings: district.findings.clone(),
            tally: district.tally,
        }
    }
}
