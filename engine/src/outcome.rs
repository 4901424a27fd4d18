//! The outcome: a snapshot under the rules of each contest becomes seats, elected, alternates.
//!
//! In: a snapshot, the election with its names and statuses, one rule per contest, recorded lots.
//! Out: per district what the seat rules say, in codes. Never: a rule of its own; those live in
//! `shomar-seats`. Never a tie broken: a lot is asked for, or taken from a record.

use std::collections::BTreeMap;

use rayon::prelude::*;
use shomar_format::document::DistrictTally;
use shomar_format::election::{CandidateStatus, Contest, District, ElectionHead};
use shomar_format::{CountingDefinition, Election, Reading};
use shomar_seats::{
    Candidate, Fact, GroupKey, Labels, Language, List, LotKind, Margins, Members, Method, Outcome,
    Party, Race, Replacements, Rule, SeatsError, Status, WithdrawnMember, allocate, margins,
    replace,
};

use crate::findings::{list_lengths, sizes};
use crate::lots::{OutcomeError, RecordedLot, lots_of, refused};
use crate::snapshot::Snapshot;

/// The rule of one contest with everything that is in force.
#[derive(Clone, Debug)]
pub struct ContestRule {
    /// The seat rule with its options.
    pub rule: Rule,
    /// How ballots are read.
    pub reading: Reading,
    /// Every option by name, defaults included.
    pub options: BTreeMap<String, String>,
}

/// Makes the rules of all contests from `election.toml` and the options of a call.
///
/// # Errors
/// With every unknown rule, option or value: contest, what was found, what was expected.
pub fn contest_rules(
    head: &ElectionHead,
    overrides: &[(String, String)],
) -> Result<Vec<ContestRule>, Vec<String>> {
    let mut problems = Vec::new();
    let mut rules = Vec::new();
    let mut used = vec![false; overrides.len()];
    for contest in &head.contests {
        match contest_rule(contest, overrides, &mut used) {
            Ok(rule) => rules.push(rule),
            Err(error) => problems.push(format!("contest {}: {error}", contest.id)),
        }
    }
    for ((name, value), used) in overrides.iter().zip(used) {
        if !used && problems.is_empty() {
            let known: Vec<&str> = rules
                .iter()
                .flat_map(|rule| rule.options.keys().map(String::as_str))
                .collect::<std::collections::BTreeSet<_>>()
                .into_iter()
                .collect();
            problems.push(format!(
                "found option {name}={value}, which no contest of the election has, expected one \
                 of: {}",
                known.join(", ")
            ));
        }
    }
    if problems.is_empty() { Ok(rules) } else { Err(problems) }
}

/// Sets what the contest has; an option of a call counts for every contest whose rule knows it.
fn contest_rule(
    contest: &Contest,
    overrides: &[(String, String)],
    used: &mut [bool],
) -> Result<ContestRule, String> {
    let text = |error: SeatsError| error.to_string();
    let mut rule = Rule::named(&contest.rule).map_err(text)?;
    let mut reading = contest.reading;
    for (name, value) in &contest.options {
        rule = rule.with_option(name, value).map_err(text)?;
    }
    for ((name, value), used) in overrides.iter().zip(used) {
        if reading.set(name, value).map_err(|error| format!("option {name}: {error}"))? {
            *used = true;
            continue;
        }
        match rule.with_option(name, value) {
            Ok(changed) => {
                rule = changed;
                *used = true;
            }
            // Another contest may have it; `contest_rules` tells if none does.
            Err(SeatsError::UnknownOption { .. }) => {}
            Err(error) => return Err(text(error)),
        }
    }
    Ok(ContestRule::of(rule, reading))
}

impl ContestRule {
    /// A rule and a reading of ballots, with every option that is in force.
    #[must_use]
    pub fn of(rule: Rule, reading: Reading) -> Self {
        let mut options: BTreeMap<String, String> =
            rule.option_values().into_iter().map(|(name, value)| (name.into(), value)).collect();
        options.extend(reading.entries().map(|(name, value)| (name.into(), value.into())));
        Self { rule, reading, options }
    }
}

/// Who a code stands for in the outcome of a district.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
    /// Lots that people recorded for it.
    pub recorded: Vec<RecordedLot>,
    /// Who competes.
    field: Field,
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
}

/// Computes the outcome of every district, or of one.
///
/// # Errors
/// With every district whose outcome the seat rules refuse, such as a lot that fits no tie.
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
    let field = Field::of(district, contest_rule.rule, &tally);
    let recorded: Vec<RecordedLot> =
        input.lots.iter().filter(|lot| lot.district == index).cloned().collect();
    let lots = lots_of(&recorded, district, &field);
    let outcome = allocate(&field.race(district, &tally), &field.rule, &lots)
        .map_err(|error| refused(district, &field.standing, &recorded, &error))?;
    Ok(DistrictOutcome {
        district,
        contest_rule,
        rule: field.rule,
        tally,
        outcome,
        provisional: input.missing.binary_search(&index).is_ok(),
        recorded,
        field,
    })
}

/// Who competes in a district, as the seat rules take it.
#[derive(Clone, Debug)]
pub(crate) struct Field {
    /// The rule of the district.
    pub(crate) rule: Rule,
    /// Lists in definition order.
    pub(crate) lists: Vec<List>,
    /// Candidates who stand, in definition order.
    pub(crate) candidates: Vec<Candidate>,
    /// Place of each of them among the district's candidates.
    pub(crate) standing: Vec<usize>,
    /// What is noticed and decides nothing.
    pub(crate) findings: Vec<String>,
}

impl Field {
    /// Votes of lists and persons under the rule of a contest.
    pub(crate) fn of(district: &District, contest_rule: Rule, tally: &DistrictTally) -> Self {
        let rule = contest_rule.of_district(district.seats);
        let (mut lists, mut findings) = group_totals(district, rule, tally);
        let (mut candidates, mut standing) = (Vec::new(), Vec::new());
        // A list's order is that of its codes: whoever registers a list gives them in its order.
        let mut places = vec![0u32; lists.len()];
        for (at, (candidate, votes)) in
            district.candidates.iter().zip(&tally.candidates).enumerate()
        {
            let stands = candidate.status == CandidateStatus::Stands;
            // Reading A13: whether votes of a member who no longer stands stay in the list's total.
            let keeps = rule.method() == Method::Article24
                && rule.options().withdrawn_member == WithdrawnMember::Keep;
            if let Some(list) = candidate.list.filter(|_| stands || keeps) {
                lists[usize::from(list)].votes += match rule.method() {
                    // Article 24, item 1: the sum of the members' votes.
                    Method::Article24 => votes.votes,
                    // A list's own ballots are in its total already, once each.
                    _ => votes.direct,
                };
            }
            if !stands {
                let code = candidate.code;
                findings.push(format!("candidate {code} no longer stands: {} votes", votes.votes));
                continue;
            }
            let list = candidate.list.map(u32::from);
            let position = list.map(|list| {
                places[list as usize] += 1;
                places[list as usize]
            });
            candidates.push(Candidate {
                list,
                votes: votes.votes,
                veteran: candidate.veteran,
                degree_rank: candidate.degree_rank,
                position,
            });
            standing.push(at);
        }
        findings.extend(list_lengths(district, &rule));
        findings.extend(sizes(district, &rule));
        Self { rule, lists, candidates, standing, findings }
    }

    /// The race of the district.
    pub(crate) fn race<'r>(&'r self, district: &District, tally: &DistrictTally) -> Race<'r> {
        Race {
            seats: district.seats,
            alternates: district.alternates,
            lists: &self.lists,
            candidates: &self.candidates,
            valid_ballots: Some(tally.ballots.valid),
            taken_ballots: Some(tally.ballots.taken),
        }
    }
}

/// The lists of a district before the votes of their members are added: none under article 24 and
/// in plurality, where only persons collect votes; elsewhere the ballots of the list, each once. A
/// list without candidates elects nobody where persons are needed, and is named.
fn group_totals(
    district: &District,
    rule: Rule,
    tally: &DistrictTally,
) -> (Vec<List>, Vec<String>) {
    let mut has_members = vec![false; district.lists.len()];
    for list in district.candidates.iter().filter_map(|candidate| candidate.list) {
        has_members[usize::from(list)] = true;
    }
    let persons_only = rule.method().is_plurality() || rule.method() == Method::Article24;
    let mut findings = Vec::new();
    let totals = tally.lists.iter().zip(has_members).map(|(list, has_members)| {
        if persons_only && !has_members && list.votes > 0 {
            let votes = list.votes;
            findings.push(format!("list {} has no candidates: {votes} ballots", list.code));
        }
        let named = has_members || persons_only;
        List {
            votes: if persons_only { 0 } else { list.votes },
            members: if named { Members::Named } else { Members::Unnamed },
        }
    });
    (totals.collect(), findings)
}

impl DistrictOutcome<'_> {
    /// The race that was allocated.
    pub(crate) fn race(&self) -> Race<'_> {
        self.field.race(self.district, &self.tally)
    }

    /// What the rules notice but do not decide.
    #[must_use]
    pub fn findings(&self) -> &[String] {
        &self.field.findings
    }

    /// How close it is.
    #[must_use]
    pub fn margins(&self) -> Margins {
        margins(&self.race(), &self.rule, &self.outcome)
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
                let stands = |at: &usize| self.district.candidates[*at].code == *code;
                let position = self.field.standing.iter().position(stands);
                position.map_or(u32::MAX, |at| u32::try_from(at).unwrap_or(u32::MAX))
            })
            .collect();
        let drawn = lots_of(lots, self.district, &self.field);
        replace(&self.race(), &self.rule, &self.outcome, &positions, &drawn).map_err(|error| {
            let SeatsError::NotAMember { candidate } = error else {
                return refused(self.district, &self.field.standing, lots, &error);
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

    /// Code of a candidate by position.
    #[must_use]
    pub fn candidate_code(&self, position: u32) -> u32 {
        self.candidate(position).code
    }

    /// Code of a group.
    #[must_use]
    pub fn group_code(&self, key: GroupKey) -> PartyCode {
        match key {
            GroupKey::List(list) => PartyCode::List(self.district.lists[list as usize].code),
            GroupKey::Independent(candidate) => {
                PartyCode::Candidate(self.candidate_code(candidate))
            }
            GroupKey::Independents => PartyCode::Independents,
            GroupKey::AllLists => PartyCode::AllLists,
        }
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
        match party {
            Party::Group(key) => self.group_code(key),
            Party::Candidate(candidate) => PartyCode::Candidate(self.candidate_code(candidate)),
        }
    }

    /// The candidate of a position, with names.
    #[must_use]
    pub fn candidate(&self, position: u32) -> &shomar_format::election::Candidate {
        &self.district.candidates[self.field.standing[position as usize]]
    }

    /// Votes of the candidate of a position.
    #[must_use]
    pub fn candidate_votes(&self, position: u32) -> u64 {
        self.tally.candidates[self.field.standing[position as usize]].votes
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
