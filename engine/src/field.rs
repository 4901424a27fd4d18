//! Who competes in a district: votes of lists and persons, as the seat rules take them.
//!
//! In: a district, its totals, the rule. Out: lists, candidates who stand, findings. Never: a seat;
//! whoever no longer stands is left out here, and reading A13 decides about the votes.

use shomar_format::document::DistrictTally;
use shomar_format::election::{CandidateStatus, District};
use shomar_seats::{Candidate, List, Members, Method, OptionName, Race, Rule, WithdrawnMember};

use crate::findings::{DistrictFinding, list_lengths, sizes};

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
    pub(crate) standing: Vec<u32>,
    /// What is noticed and decides nothing.
    pub(crate) findings: Vec<DistrictFinding>,
}

impl Field {
    /// Votes of lists and persons under the rule of a contest.
    pub(crate) fn of(district: &District, contest_rule: Rule, tally: &DistrictTally) -> Self {
        let rule = contest_rule.of_district(district.seats);
        let (mut lists, mut findings) = group_totals(district, rule, tally);
        let count = district.candidates.len();
        let (mut candidates, mut standing) = (Vec::with_capacity(count), Vec::with_capacity(count));
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
                findings.push(DistrictFinding::NoLongerStands {
                    candidate: candidate.code,
                    votes: votes.votes,
                });
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
            standing.push(u32::try_from(at).expect("within DISTRICT_OPTIONS_MAX"));
        }
        findings.extend(list_lengths(district, &rule));
        findings.extend(sizes(district, &rule));
        Self { rule, lists, candidates, standing, findings }
    }

    /// Options of the rule that may matter here without a step that says so: votes of those who no
    /// longer stand are added, or not, before the seats are counted; who has no vote counts as a
    /// name, or not.
    pub(crate) fn unsaid(&self, district: &District, tally: &DistrictTally) -> Vec<OptionName> {
        let has_left = district.candidates.iter().zip(&tally.candidates).any(|(who, votes)| {
            who.status != CandidateStatus::Stands && who.list.is_some() && votes.votes > 0
        });
        let has_zero = self.candidates.iter().any(|who| who.votes == 0);
        let found = [(OptionName::WithdrawnMember, has_left), (OptionName::ZeroVotes, has_zero)];
        let own = self.rule.method().options();
        let found = found.into_iter().filter(|(option, found)| *found && own.contains(option));
        found.map(|(option, _)| option).collect()
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
) -> (Vec<List>, Vec<DistrictFinding>) {
    let mut has_members = vec![false; district.lists.len()];
    for list in district.candidates.iter().filter_map(|candidate| candidate.list) {
        has_members[usize::from(list)] = true;
    }
    let persons_only = rule.method().is_plurality() || rule.method() == Method::Article24;
    let mut findings = Vec::new();
    let totals = tally.lists.iter().zip(has_members).map(|(list, has_members)| {
        if persons_only && !has_members && list.votes > 0 {
            let (list, ballots) = (list.code, list.votes);
            findings.push(DistrictFinding::ListWithoutCandidates { list, ballots });
        }
        let named = has_members || persons_only;
        List {
            votes: if persons_only { 0 } else { list.votes },
            members: if named { Members::Named } else { Members::Unnamed },
        }
    });
    (totals.collect(), findings)
}
