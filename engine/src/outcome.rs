//! The outcome: a snapshot under the rules of each contest becomes seats, elected, alternates.
//!
//! In: a snapshot, the election with its names and statuses, one rule per contest, recorded lots.
//! Out: per district what the seat rules say, in codes. Never: a rule of its own; those live in
//! `shomar-seats`. Never a tie broken: a lot is asked for, or taken from a record.

use std::collections::BTreeSet;

use rayon::prelude::*;
use shomar_format::document::DistrictTally;
use shomar_format::election::District;
use shomar_format::reading::ListPlusNames;
use shomar_format::{CountingDefinition, Election, Reading};
use shomar_seats::{
    Fact, GroupKey, Labels, Language, LotKind, Margins, OptionName, Outcome, Party, Replacements,
    Rule, SeatsError, Status, allocate, margins, replace,
};

use crate::completeness::Completeness;
pub use crate::contest_rule::{ContestRule, contest_rules};
use crate::field::Field;
use crate::findings::{DistrictFinding, forbidden};
use crate::lots::{OutcomeError, RecordedLot, lots_of, refused};
use crate::snapshot::Snapshot;

/// Who a code stands for in the outcome of a district.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PartyCode {
    /// A list, by its code.
    List(u32),
    /// A candidate, by code.
    Candidate(u32),
    /// All independents together.
    Independents,
    /// All lists together (article 24 in two stages).
    AllLists,
}

impl PartyCode {
    /// The code; `None` for the independents, or the lists, together.
    #[must_use]
    pub fn code(self) -> Option<u32> {
        match self {
            Self::List(code) | Self::Candidate(code) => Some(code),
            Self::Independents | Self::AllLists => None,
        }
    }

    /// Who a party of a race is, the candidates being those of `standing` among the district's.
    pub(crate) fn of(district: &District, standing: &[u32], party: Party) -> Self {
        let candidate = |position: u32| {
            Self::Candidate(district.candidates[standing[position as usize] as usize].code)
        };
        match party {
            Party::Group(GroupKey::List(list)) => Self::List(district.lists[list as usize].code),
            Party::Group(GroupKey::Independents) => Self::Independents,
            Party::Group(GroupKey::AllLists) => Self::AllLists,
            Party::Group(GroupKey::Independent(position)) | Party::Candidate(position) => {
                candidate(position)
            }
        }
    }
}

/// The outcome of one district.
#[derive(Debug)]
pub struct DistrictOutcome<'a> {
    /// The district.
    pub district: &'a District,
    /// The rule of its contest, with every option.
    pub contest_rule: &'a ContestRule,
    /// The rule of this district.
    pub rule: Rule,
    /// Its totals.
    pub tally: DistrictTally,
    /// What the seat rules say, in positions of the race.
    pub outcome: Outcome,
    /// Whether batches are still missing.
    pub provisional: bool,
    /// Lots that people recorded for it, and that fit.
    pub recorded: Vec<RecordedLot>,
    /// What has been received and is missing; `None` where nobody has looked
    /// ([`Completeness::tell`]).
    pub(crate) completeness: Option<&'a Completeness<'a>>,
    /// Which district it is.
    pub(crate) index: u32,
    /// What the rules notice but do not decide.
    findings: Vec<DistrictFinding>,
    /// By position in the race: place among the district's candidates, and in the tally. The race
    /// itself is made again when somebody asks for more than the outcome: a nation has 300,000
    /// candidates.
    pub(crate) standing: Vec<u32>,
}

/// An option by which the ballots of a district were read: seats and persons follow from it
/// through every vote.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BallotReading {
    /// Its number in docs/law.md, or nothing.
    pub law_number: &'static str,
    /// Its name, as in `election.toml`.
    pub name: &'static str,
    /// The value in force.
    pub value: &'static str,
    /// Whether a ballot of the district can be read otherwise by another value: where nobody has a
    /// list, none has a list beside names.
    pub is_used: bool,
}

/// What the outcome of an election needs.
#[derive(Clone, Copy, Debug)]
pub struct OutcomeInput<'a> {
    /// The election with names and statuses.
    pub election: &'a Election,
    /// Its definition.
    pub definition: CountingDefinition<'a>,
    /// The totals.
    pub snapshot: &'a Snapshot,
    /// One rule per contest.
    pub rules: &'a [ContestRule],
    /// Lots drawn so far, of all districts.
    pub lots: &'a [RecordedLot],
    /// Districts (by index) of which batches are missing, ascending.
    pub missing: &'a [u32],
    /// The totals if a list beside names were read (A10 `list_wins`), where a contest forbids it.
    pub without_forbidding: Option<&'a Snapshot>,
}

/// Computes the outcome of every district, or of one.
///
/// # Errors
/// With every district whose outcome the seat rules refuse, such as a lot of a file that fits no
/// tie. One of a record is not used then, and told among the findings.
pub fn outcomes(
    input: OutcomeInput<'_>,
    only: Option<u32>,
) -> Result<Vec<DistrictOutcome<'_>>, Vec<OutcomeError>> {
    let districts = match only {
        Some(district) => district..district + 1,
        None => 0..input.definition.district_count(),
    };
    let results: Vec<Result<DistrictOutcome<'_>, OutcomeError>> =
        districts.into_par_iter().map(|district| district_outcome(input, district)).collect();
    let (mut outcomes, mut errors) = (Vec::with_capacity(results.len()), Vec::new());
    for result in results {
        match result {
            Ok(outcome) => outcomes.push(outcome),
            Err(error) => errors.push(error),
        }
    }
    if errors.is_empty() { Ok(outcomes) } else { Err(errors) }
}

fn district_outcome(
    input: OutcomeInput<'_>,
    index: u32,
) -> Result<DistrictOutcome<'_>, OutcomeError> {
    let district = &input.election.districts[index as usize];
    let contest_rule = &input.rules[district.contest];
    let tally = input.snapshot.district(&input.definition, index).document();
    let mut field = Field::of(district, contest_rule.rule, &tally);
    if contest_rule.reading.list_plus_names == ListPlusNames::DeviceForbids
        && let Some(snapshot) = input.without_forbidding
    {
        let read = snapshot.district(&input.definition, index).document();
        // Checks of void ballots may hold other batches there: then the difference is of nothing.
        let is_same = read.ballots.taken == tally.ballots.taken;
        let ballots = tally.ballots.void.checked_sub(read.ballots.void).filter(|_| is_same);
        field.findings.extend(ballots.and_then(forbidden));
    }
    let mut recorded: Vec<RecordedLot> =
        input.lots.iter().filter(|lot| lot.district == index).cloned().collect();
    let outcome = loop {
        let lots = lots_of(&recorded, district, &field);
        let error = match allocate(&field.race(district, &tally), &field.rule, &lots) {
            Ok(outcome) => break outcome,
            Err(error) => refused(district, &field.standing, &recorded, &error),
        };
        // A record cannot be taken back, and a correction may dissolve the tie that a lot was drawn
        // for. Without it the tie, if there is one, waits for another lot.
        let stale = recorded.iter().position(|lot| lot.is_on_record && error.is_of(lot));
        let Some(stale) = stale else { return Err(error) };
        let stale = recorded.remove(stale);
        field.findings.push(DistrictFinding::LotNotUsed { record: stale.line });
    };
    Ok(DistrictOutcome {
        district,
        contest_rule,
        rule: field.rule,
        findings: field.findings,
        standing: field.standing,
        tally,
        outcome,
        provisional: input.missing.binary_search(&index).is_ok(),
        recorded,
        completeness: None,
        index,
    })
}

impl DistrictOutcome<'_> {
    /// Who competes, made again as it was when the seats were allocated.
    pub(crate) fn field(&self) -> Field {
        Field::of(self.district, self.contest_rule.rule, &self.tally)
    }

    /// The options on which the outcome rests: those that its steps cite, and those that no step
    /// can cite.
    #[must_use]
    pub fn readings(&self) -> BTreeSet<OptionName> {
        let field = self.field();
        let unsaid = field.unsaid(self.district, &self.tally).into_iter();
        let rests = unsaid.filter(|option| match option {
            // Mostly there are names enough with a vote.
            OptionName::ZeroVotes => self.changes_with(&field, *option),
            _ => true,
        });
        self.outcome.readings().into_iter().chain(rests).collect()
    }

    /// Whether another value of an option of the rule gives something else.
    fn changes_with(&self, field: &Field, option: OptionName) -> bool {
        let lots = lots_of(&self.recorded, self.district, field);
        let race = field.race(self.district, &self.tally);
        let without_steps = |outcome| Outcome { steps: Vec::new(), ..outcome };
        let now = without_steps(self.outcome.clone());
        option.values().iter().any(|value| {
            let rule = self.rule.with_option(option.name(), value);
            let other = rule.and_then(|rule| allocate(&race, &rule, &lots));
            !other.is_ok_and(|other| without_steps(other) == now)
        })
    }

    /// The options by which the ballots were read.
    #[must_use]
    pub fn ballot_readings(&self) -> Vec<BallotReading> {
        let has_lists = !self.district.lists.is_empty();
        let entries = self.contest_rule.reading.entries().into_iter().zip(Reading::LAW_NUMBERS);
        let own = entries.map(|((name, value), law_number)| BallotReading {
            law_number,
            name,
            value,
            // Those with a number are about lists.
            is_used: has_lists || law_number.is_empty(),
        });
        own.collect()
    }

    /// What the rules notice but do not decide.
    #[must_use]
    pub fn findings(&self) -> &[DistrictFinding] {
        &self.findings
    }

    /// How close it is.
    #[must_use]
    pub fn margins(&self) -> Margins {
        let field = self.field();
        margins(&field.race(self.district, &self.tally), &self.rule, &self.outcome)
    }

    /// Who comes in when these candidates leave one after another.
    ///
    /// # Errors
    /// If the outcome is open, somebody is neither member nor alternate, or a lot does not fit.
    pub fn replace(
        &self,
        leavers: &[u32],
        lots: &[RecordedLot],
    ) -> Result<Replacements, OutcomeError> {
        let positions: Vec<u32> = leavers
            .iter()
            .map(|code| {
                let stands = |at: &u32| self.district.candidates[*at as usize].code == *code;
                let position = self.standing.iter().position(stands);
                position.map_or(u32::MAX, |at| u32::try_from(at).unwrap_or(u32::MAX))
            })
            .collect();
        let field = self.field();
        let drawn = lots_of(lots, self.district, &field);
        let race = field.race(self.district, &self.tally);
        replace(&race, &self.rule, &self.outcome, &positions, &drawn).map_err(|error| {
            let SeatsError::NotAMember { candidate } = error else {
                return refused(self.district, &self.standing, lots, &error);
            };
            let at = positions.iter().position(|position| *position == candidate);
            let code = at.map_or(0, |at| leavers[at]);
            OutcomeError {
                district: self.district.id.clone(),
                lot_line: None,
                message: format!("found leaver {code}, expected a member or an alternate"),
            }
        })
    }

    /// The steps that gave an elected person the seat: of the group first, then of the person.
    #[must_use]
    pub fn reasons(&self, person: u32) -> Vec<usize> {
        let steps = &self.outcome.steps;
        let group = self.outcome.groups.iter().find_map(|group| {
            let at = group.elected.iter().position(|who| *who == person)?;
            Some((group.key, at))
        });
        let Some((key, at)) = group else { return Vec::new() };
        let of_persons = |fact: &Fact| match fact {
            Fact::Persons { group, .. } => group.is_none_or(|group| group == key),
            Fact::LotDrawn { kind: LotKind::Person, winner, .. } => {
                *winner == Party::Candidate(person)
            }
            Fact::OldOrder { order } => order.iter().flatten().any(|who| *who == person),
            _ => false,
        };
        let mut reasons: Vec<usize> =
            self.outcome.seat_steps(key).get(at).copied().into_iter().collect();
        reasons.extend((0..steps.len()).filter(|index| of_persons(&steps[*index].fact)));
        reasons
    }

    /// `final`, `provisional`, `lot-required`, `runoff-required` or `no-votes`.
    #[must_use]
    pub fn status(&self) -> &'static str {
        if self.provisional { "provisional" } else { self.outcome.status.name() }
    }

    /// Whether the outcome waits for a lot, and for nothing else.
    #[must_use]
    pub fn needs_lot(&self) -> bool {
        !self.provisional && self.outcome.status == Status::LotRequired
    }

    /// Whether a seat waits for a lot, on what is counted: then those elected are not all.
    #[must_use]
    pub fn needs_seat_lot(&self) -> bool {
        self.outcome.lots.iter().any(|lot| lot.kind != LotKind::Alternate)
    }

    /// Seats that wait for a lot: between groups, or between the persons of one.
    #[must_use]
    pub fn seats_of_lots(&self) -> u32 {
        let of_seats = self.outcome.lots.iter().filter(|lot| lot.kind != LotKind::Alternate);
        of_seats.map(|lot| lot.places).sum()
    }

    /// Code of a candidate by position.
    #[must_use]
    pub fn candidate_code(&self, position: u32) -> u32 {
        self.candidate(position).code
    }

    /// Code of a group.
    #[must_use]
    pub fn group_code(&self, key: GroupKey) -> PartyCode {
        self.party_code(Party::Group(key))
    }

    /// A group with code and name, as sentences name it.
    #[must_use]
    pub fn group_label(&self, key: GroupKey, language: Language) -> String {
        match (key, language) {
            (GroupKey::List(list), _) => self.list(list, language),
            (GroupKey::Independent(candidate), _) => Labels::candidate(self, candidate, language),
            (GroupKey::Independents, Language::English) => "the independents".to_owned(),
            (GroupKey::Independents, Language::Persian) => "نامزدهای منفرد".to_owned(),
            (GroupKey::AllLists, Language::English) => "all lists together".to_owned(),
            (GroupKey::AllLists, Language::Persian) => "همهٔ فهرست‌ها با هم".to_owned(),
        }
    }

    /// Code of whoever is tied.
    #[must_use]
    pub fn party_code(&self, party: Party) -> PartyCode {
        PartyCode::of(self.district, &self.standing, party)
    }

    /// The candidate of a position, with names.
    #[must_use]
    pub fn candidate(&self, position: u32) -> &shomar_format::election::Candidate {
        &self.district.candidates[self.standing[position as usize] as usize]
    }

    /// Votes of the candidate of a position.
    #[must_use]
    pub fn candidate_votes(&self, position: u32) -> u64 {
        self.tally.candidates[self.standing[position as usize] as usize].votes
    }
}

impl Labels for DistrictOutcome<'_> {
    fn list(&self, position: u32, language: Language) -> String {
        let list = &self.district.lists[position as usize];
        label(list.code, &list.name_fa, &list.name_en, language)
    }

    fn candidate(&self, position: u32, language: Language) -> String {
        let candidate = self.candidate(position);
        label(candidate.code, &candidate.name_fa, &candidate.name_en, language)
    }
}

/// `40 (Name)`, in the language's digits; the other language's name where one is missing.
fn label(code: u32, name_fa: &str, name_en: &str, language: Language) -> String {
    let (first, second) = match language {
        Language::English => (name_en, name_fa),
        Language::Persian => (name_fa, name_en),
    };
    let name = if first.is_empty() { second } else { first };
    let code = match language {
        Language::English => code.to_string(),
        Language::Persian => shomar_format::code::persian_digits(&code.to_string()),
    };
    if name.is_empty() { code } else { format!("{code} ({name})") }
}

/// Districts of which a pair of `serves.csv` has not reported, ascending; none without that file.
#[must_use]
pub fn missing_districts(
    definition: &CountingDefinition<'_>,
    reported: impl Iterator<Item = shomar_format::BatchAddress>,
) -> Vec<u32> {
    let Some(pairs) = definition.served_pairs() else {
        return Vec::new();
    };
    let mut reported: Vec<(u32, u32)> =
        reported.map(|address| (address.station, address.district)).collect();
    reported.sort_unstable();
    // Both ascend by station, then district: one walk.
    let mut reported = reported.into_iter().peekable();
    let mut missing: Vec<u32> = pairs
        .filter(|pair| {
            while reported.next_if(|other| other < pair).is_some() {}
            reported.peek() != Some(pair)
        })
        .map(|(_, district)| district)
        .collect();
    missing.sort_unstable();
    missing.dedup();
    missing
}
