//! The JSON of a result (docs/commands.md): a tally with its outcome.
//!
//! In: outcomes. Out: types that serde writes. Never: a number computed here.

use std::collections::BTreeMap;

use serde::Serialize;
use shomar_format::Election;
use shomar_format::bytes::hex;
use shomar_format::document::{BallotCounts, DistrictTally, Frontier, ReadingDocument};
use shomar_seats::Language;

use crate::completeness::DistrictCompleteness;
use crate::finality::DistrictFinality;
use crate::lots::{LotParty, OutcomeError};
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
    /// What the rules make of them.
    #[serde(flatten)]
    pub outcome: OutcomeResult,
}

/// What the rules make of the totals of a district.
#[derive(Debug, Serialize)]
pub struct OutcomeResult {
    /// Name of the rule: a method, or a set of rules.
    pub rule: &'static str,
    /// Name of the method.
    pub method: &'static str,
    /// Every option in force.
    pub options: BTreeMap<String, String>,
    /// Lists, independents.
    pub groups: Vec<GroupResult>,
    /// Codes, most votes first, equals by code.
    pub elected: Vec<u32>,
    /// Codes, in order.
    pub alternates: Vec<u32>,
    /// `final`, `provisional`, `lot-required`, `runoff-required`, `no-votes`.
    pub status: &'static str,
    /// The second round that is needed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub runoff: Option<RunoffResult>,
    /// Lots that are needed.
    pub lots: Vec<LotResult>,
    /// Lots that were recorded, with their minutes.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub lots_recorded: Vec<RecordedLotResult>,
    /// The steps that gave each elected person the seat.
    pub reasons: Vec<ReasonResult>,
    /// How close it is.
    pub margin: MarginsResult,
    /// How it came about.
    pub steps: Vec<StepResult>,
    /// What the rules notice but do not decide.
    pub findings: Vec<String>,
    /// Stations that have reported, are held, are missing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stations: Option<StationsResult>,
    /// Whether what is held or missing can change the result.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub finality: Option<FinalityResult>,
}

/// Stations of a district.
#[derive(Debug, Serialize)]
pub struct StationsResult {
    /// Those that report it; null: nobody has said who does (no `serves.csv`).
    pub expected: Option<u64>,
    /// Everything received of them counts, or is out of the totals by a decision.
    pub received: u64,
    /// A batch of theirs is held.
    pub held: u64,
    /// They have not reported; null where nobody has said who does.
    pub missing: Option<u64>,
}

/// Whether the result of a district can still change.
#[derive(Debug, Serialize)]
pub struct FinalityResult {
    /// `decided`, `open`, `depends-on`.
    pub verdict: &'static str,
    /// If not, the verdict errs on the safe side.
    pub exact: bool,
    /// At most so many ballots may still come; null: no bound is known.
    pub missing_ballots_max: Option<u64>,
    /// Record hashes of the held batches on which it depends.
    pub batches: Vec<String>,
    /// Plurality in one round, while something is outstanding: whose place is least safe.
    pub critical: Option<CriticalResult>,
}

/// The place that is least safe.
#[derive(Debug, Serialize)]
pub struct CriticalResult {
    /// From 1.
    pub place: u32,
    /// Code of who has it; null: nobody.
    pub winner: Option<u32>,
    /// Code of who could get it, or draw level.
    pub rival: u32,
    /// Votes between the two now.
    pub gap: u64,
    /// Votes that the rival must gain on the winner.
    pub needed: u64,
    /// The most that missing ballots can bring; null: no bound.
    pub missing: Option<u64>,
    /// The most that held batches can bring.
    pub held: u64,
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
    /// Codes; null: the independents together; `"lists"`: the lists together.
    pub between: Vec<PartyResult>,
}

/// Whoever is tied: a code, null or a word.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum PartyResult {
    /// A list or a candidate; null: the independents together.
    Code(Option<u32>),
    /// `lists`: all lists together.
    Word(&'static str),
}

impl From<crate::outcome::PartyCode> for PartyResult {
    fn from(party: crate::outcome::PartyCode) -> Self {
        match party {
            crate::outcome::PartyCode::AllLists => Self::Word("lists"),
            other => Self::Code(other.code()),
        }
    }
}

/// A second round.
#[derive(Debug, Serialize)]
pub struct RunoffResult {
    /// Seats that are open.
    pub seats: u32,
    /// Codes of those who are in it.
    pub between: Vec<u32>,
}

/// A lot that people drew and recorded.
#[derive(Debug, Serialize)]
pub struct RecordedLotResult {
    /// `seat`, `person`, `alternate`, `runoff`.
    pub kind: &'static str,
    /// Which lot of its tie.
    pub place: u32,
    /// Who won it.
    pub winner: PartyResult,
    /// When, in the words of the minutes.
    pub drawn_at: String,
    /// Who was present, in the words of the minutes.
    pub present: String,
}

/// Why a person is elected.
#[derive(Debug, Serialize)]
pub struct ReasonResult {
    /// Code.
    pub candidate: u32,
    /// Positions in `steps`.
    pub steps: Vec<usize>,
}

/// The margins of a district.
#[derive(Debug, Serialize)]
pub struct MarginsResult {
    /// Of the last seat among groups; null where no change of votes moves one.
    pub seat: Option<MarginResult>,
    /// Of the last person; null where no change of votes replaces one.
    pub person: Option<MarginResult>,
}

/// A margin.
#[derive(Debug, Serialize)]
pub struct MarginResult {
    /// Votes to be changed.
    pub votes: u64,
    /// `exact` or `at-least`.
    pub certainty: &'static str,
    /// Who would lose.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<PartyResult>,
    /// Who would gain.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<PartyResult>,
}

/// A step, explained.
#[derive(Debug, Serialize)]
pub struct StepResult {
    /// Its source, with the readings on which it rests.
    pub article: String,
    /// In English.
    pub text_en: String,
    /// In Persian.
    pub text_fa: String,
    /// Its numbers by name.
    #[serde(flatten)]
    pub numbers: BTreeMap<&'static str, u64>,
}

/// SHA-256 of the rules text with every option in force, hexadecimal.
#[must_use]
pub fn rules_digest(election: &Election, rules: &[ContestRule]) -> String {
    let contests = election.head.contests.iter().zip(rules);
    hex(&election.rules_digest(
        contests.map(|(contest, rule)| (contest.id.as_str(), rule.rule.name(), &rule.options)),
    ))
}

impl ResultDocument {
    /// The document of these outcomes, which are of this snapshot, at its frontier.
    ///
    /// # Errors
    /// With every district of which it cannot be said whether it can change.
    pub fn new(
        election: &Election,
        rules: &[ContestRule],
        snapshot: &Snapshot,
        frontier: Frontier,
        outcomes: Vec<DistrictOutcome<'_>>,
    ) -> Result<Self, Vec<OutcomeError>> {
        let (mut districts, mut errors) = (Vec::with_capacity(outcomes.len()), Vec::new());
        for outcome in outcomes {
            match OutcomeResult::of(&outcome) {
                Ok(result) => {
                    districts.push(DistrictResult { tally: outcome.tally, outcome: result });
                }
                Err(error) => errors.push(error),
            }
        }
        if !errors.is_empty() {
            return Err(errors);
        }
        Ok(Self {
            election: election.head.id.clone(),
            mode: election.head.mode.name().to_owned(),
            reading: reading_document(&election.head, snapshot.readings()),
            rules_digest: rules_digest(election, rules),
            definition_digest: hex(&election.definition_digest()),
            frontier,
            ballots: snapshot.ballots(),
            districts,
        })
    }
}

impl OutcomeResult {
    /// The document of an outcome.
    ///
    /// # Errors
    /// If it cannot be said whether it can change.
    pub fn of(district: &DistrictOutcome<'_>) -> Result<Self, OutcomeError> {
        let finality = district.finality()?.map(|finality| FinalityResult::of(district, &finality));
        let outcome = &district.outcome;
        let groups = outcome.groups.iter().map(|group| {
            let key = district.group_code(group.key);
            let (list, candidate) = match key {
                crate::outcome::PartyCode::List(code) => (Some(code), None),
                crate::outcome::PartyCode::Candidate(code) => (None, Some(code)),
                crate::outcome::PartyCode::Independents | crate::outcome::PartyCode::AllLists => {
                    (None, None)
                }
            };
            let (votes, seats, vacant) = (group.votes, group.seats, group.vacant);
            GroupResult { list, candidate, votes, seats, vacant }
        });
        let lots = outcome.lots.iter().map(|lot| LotResult {
            kind: lot.kind.name(),
            places: lot.places,
            next_place: lot.next_place,
            between: lot.between.iter().map(|party| district.party_code(*party).into()).collect(),
        });
        let steps = outcome.steps.iter().map(|step| StepResult {
            article: step.source(&district.rule),
            text_en: step.text_en(district),
            text_fa: step.text_fa(district),
            numbers: step.fact.numbers().into_iter().collect(),
        });
        let reason = |position: &u32| ReasonResult {
            candidate: district.candidate_code(*position),
            steps: district.reasons(*position),
        };
        let margin = |margin: shomar_seats::Margin| {
            let party = |party: Option<shomar_seats::Party>| {
                party.map(|party| district.party_code(party).into())
            };
            MarginResult {
                votes: margin.votes,
                certainty: margin.certainty.name(),
                from: party(margin.from),
                to: party(margin.to),
            }
        };
        let margins = district.margins();
        let recorded = district.recorded.iter().map(|lot| RecordedLotResult {
            kind: lot.kind.name(),
            place: lot.place,
            winner: match lot.winner {
                LotParty::Code(code) => PartyResult::Code(Some(code)),
                LotParty::Independents => PartyResult::Code(None),
                LotParty::AllLists => PartyResult::Word("lists"),
            },
            drawn_at: lot.drawn_at.clone(),
            present: lot.present.clone(),
        });
        let codes = |positions: &[u32]| -> Vec<u32> {
            positions.iter().map(|position| district.candidate_code(*position)).collect()
        };
        Ok(Self {
            rule: district.rule.name(),
            method: district.rule.method().name(),
            options: district.contest_rule.options.clone(),
            groups: groups.collect(),
            elected: codes(&outcome.elected),
            alternates: codes(&outcome.alternates),
            status: district.status(),
            runoff: outcome.runoff.as_ref().map(|runoff| RunoffResult {
                seats: runoff.seats,
                between: codes(&runoff.between),
            }),
            lots: lots.collect(),
            lots_recorded: recorded.collect(),
            reasons: outcome.elected.iter().map(reason).collect(),
            margin: MarginsResult {
                seat: margins.seat.map(margin),
                person: margins.person.map(margin),
            },
            steps: steps.collect(),
            findings: district.findings().iter().map(|own| own.text(Language::English)).collect(),
            stations: district.completeness().map(StationsResult::of),
            finality,
        })
    }
}

impl StationsResult {
    /// What has been received of a district.
    #[must_use]
    pub fn of(own: &DistrictCompleteness) -> Self {
        let DistrictCompleteness { expected, received, held, missing, .. } = *own;
        Self { expected, received, held, missing }
    }
}

impl FinalityResult {
    fn of(district: &DistrictOutcome<'_>, finality: &DistrictFinality) -> Self {
        let DistrictFinality { finality, missing_ballots_max, batches } = finality;
        let critical = finality.critical.map(|critical| CriticalResult {
            place: critical.place,
            winner: critical.winner.map(|winner| district.candidate_code(winner)),
            rival: district.candidate_code(critical.rival),
            gap: critical.gap,
            needed: critical.needed,
            missing: critical.missing,
            held: critical.held,
        });
        Self {
            verdict: finality.verdict.name(),
            exact: finality.is_exact,
            missing_ballots_max: *missing_ballots_max,
            batches: batches.iter().map(|hash| hex(hash)).collect(),
            critical,
        }
    }
}
