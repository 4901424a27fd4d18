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
    Candidate, GroupKey, Labels, Language, List, Members, Method, Outcome, Party, Percent, Race,
    Rule, SeatsError, Status, Threshold, allocate,
};

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
    let method = Method::parse(&contest.rule).map_err(text)?;
    let mut rule = Rule::new(method);
    let mut reading = contest.reading;
    for (name, value) in &contest.options {
        rule = set(rule, name, value).map_err(text)?;
    }
    for ((name, value), used) in overrides.iter().zip(used) {
        if reading.set(name, value).map_err(|error| format!("option {name}: {error}"))? {
            *used = true;
            continue;
        }
        match set(rule, name, value) {
            Ok(changed) => {
                rule = changed;
                *used = true;
            }
            // Another contest may have it; `contest_rules` tells if none does.
            Err(SeatsError::UnknownOption { .. } | SeatsError::ThresholdNotForMethod { .. }) => {}
            Err(error) => return Err(text(error)),
        }
    }
    let mut options: BTreeMap<String, String> =
        rule.options().into_iter().map(|(name, value)| (name.into(), value.into())).collect();
    options.extend(reading.entries().map(|(name, value)| (name.into(), value.into())));
    if !method.is_plurality() && method != Method::Article24 {
        options.insert("threshold".into(), rule.threshold().percent.to_string());
    }
    Ok(ContestRule { rule, reading, options })
}

fn set(rule: Rule, name: &str, value: &str) -> Result<Rule, SeatsError> {
    if name == "threshold" && rule.method() != Method::Article24 {
        let percent = Percent::parse(value)?;
        return rule.with_threshold(Threshold { percent, base: None });
    }
    rule.with_option(name, value)
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
}

impl PartyCode {
    /// The code; `None` for the independents together.
    #[must_use]
    pub fn code(self) -> Option<u32> {
        match self {
            Self::List(code) | Self::Candidate(code) => Some(code),
            Self::Independents => None,
        }
    }
}

/// The outcome of one district.
#[derive(Debug)]
pub struct DistrictOutcome<'a> {
    /// The district.
    pub district: &'a District,
    /// The rule of its contest.
    pub rule: &'a ContestRule,
    /// Its totals.
    pub tally: DistrictTally,
    /// What the seat rules say, in positions of the race.
    pub outcome: Outcome,
    /// Whether batches are still missing.
    pub provisional: bool,
    /// What the rules notice but do not decide.
    pub findings: Vec<String>,
    /// By position in the race: place among the district's candidates, and in the tally.
    standing: Vec<usize>,
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
    let rule = &input.rules[district.contest];
    let tally = input.snapshot.district(&input.definition, index).document();
    let (mut lists, mut findings) = group_totals(district, rule, &tally);
    let (mut candidates, mut standing) = (Vec::new(), Vec::new());
    for (at, (candidate, votes)) in district.candidates.iter().zip(&tally.candidates).enumerate() {
        if candidate.status != CandidateStatus::Stands {
            let code = candidate.code;
            findings.push(format!("candidate {code} no longer stands: {} votes", votes.votes));
            continue;
        }
        if let Some(list) = candidate.list {
            lists[usize::from(list)].votes += match rule.rule.method() {
                // Article 24, item 1: the sum of the members' votes. Reading A13 `exclude`: whoever
                // no longer stands is out of it.
                Method::Article24 => votes.votes,
                // A list's own ballots are in its total already, once each.
                _ => votes.direct,
            };
        }
        candidates.push(Candidate { list: candidate.list.map(u32::from), votes: votes.votes });
        standing.push(at);
    }
    findings.extend(list_length_findings(district, rule));
    let race = Race {
        seats: district.seats,
        alternates: district.alternates,
        lists: &lists,
        candidates: &candidates,
        valid_ballots: Some(tally.ballots.valid),
    };
    let recorded: Vec<RecordedLot> =
        input.lots.iter().copied().filter(|lot| lot.district == index).collect();
    let lots = lots_of(&recorded, district, &standing, rule);
    let outcome = allocate(&race, &rule.rule, &lots)
        .map_err(|error| refused(district, &standing, &recorded, &error))?;
    Ok(DistrictOutcome {
        district,
        rule,
        tally,
        outcome,
        provisional: input.missing.binary_search(&index).is_ok(),
        findings,
        standing,
    })
}

/// The lists of a district before the votes of their members are added: none under article 24 and
/// in plurality, where only persons collect votes; elsewhere the ballots of the list, each once. A
/// list without candidates elects nobody where persons are needed, and is named.
fn group_totals(
    district: &District,
    rule: &ContestRule,
    tally: &DistrictTally,
) -> (Vec<List>, Vec<String>) {
    let mut has_members = vec![false; district.lists.len()];
    for list in district.candidates.iter().filter_map(|candidate| candidate.list) {
        has_members[usize::from(list)] = true;
    }
    let persons_only = rule.rule.method().is_plurality() || rule.rule.method() == Method::Article24;
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

/// A12: a list must have at least two thirds of the seats (a guess of the cut text) and at most as
/// many names as seats. Whoever admitted it decides; the result only says so.
fn list_length_findings(district: &District, rule: &ContestRule) -> Vec<String> {
    if rule.rule.method() != Method::Article24 {
        return Vec::new();
    }
    let least = (u64::from(district.seats) * 2).div_ceil(3);
    let mut findings = Vec::new();
    for (index, list) in district.lists.iter().enumerate() {
        let of_list = |candidate: &&shomar_format::election::Candidate| {
            candidate.list.map(usize::from) == Some(index)
        };
        let names = district.candidates.iter().filter(of_list).count() as u64;
        if names < least || names > u64::from(district.seats) {
            findings.push(format!(
                "list {} has {names} names, expected {least} to {} (reading A12 two_thirds)",
                list.code, district.seats
            ));
        }
    }
    findings
}

impl DistrictOutcome<'_> {
    /// `final`, `provisional`, `lot-required` or `no-votes`.
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
        &self.district.candidates[self.standing[position as usize]]
    }

    /// Votes of the candidate of a position.
    #[must_use]
    pub fn candidate_votes(&self, position: u32) -> u64 {
        self.tally.candidates[self.standing[position as usize]].votes
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
    let reported: std::collections::HashSet<(u32, u32)> =
        reported.map(|address| (address.station, address.district)).collect();
    let mut missing: Vec<u32> =
        pairs.filter(|pair| !reported.contains(pair)).map(|(_, district)| district).collect();
    missing.sort_unstable();
    missing.dedup();
    missing
}
