//! What is known before the first batch: the election, its rules, its places, its names.
//!
//! In: an election. Out: one value that every page reads. Never: a number of the night.

use shomar_engine::Definition;
use shomar_engine::checks::Registers;
use shomar_engine::disclosure::cells_digest;
use shomar_engine::outcome::{ContestRule, contest_rules};
use shomar_engine::result_document::rules_digest;
use shomar_format::election::District;
use shomar_format::{CountingDefinition, Election};
use shomar_seats::Method;

use crate::places::Places;
use crate::search::SearchIndex;

/// An election as its server has read it, for as long as the process lives.
#[derive(Clone, Copy)]
pub struct Subject {
    /// With names.
    pub election: &'static Election,
    /// As it is counted.
    pub definition: &'static Definition,
    /// Who is registered where.
    pub registers: &'static Registers,
}

/// The election, and what follows from it alone.
pub struct Setting {
    /// The election as its server has read it.
    pub subject: Subject,
    /// The definition, checked once.
    pub counting: CountingDefinition<'static>,
    /// Per contest, by index.
    pub rules: Vec<ContestRule>,
    /// Rules, options and checks, as a digest.
    pub rules_digest: String,
    /// What public numbers move by, beside the journal, as a digest.
    pub cells_digest: String,
    /// Provinces and counties.
    pub places: Places,
    /// To search.
    pub names: SearchIndex,
    /// Per contest, whether everybody who votes votes in it once: turnout is counted by these.
    counts_voters: Vec<bool>,
    /// Per contest, its districts by index.
    pub districts_of_contest: Vec<Vec<u32>>,
}

impl Setting {
    /// Looks at the election once.
    ///
    /// # Errors
    /// If a rule of it is not known.
    pub fn of(subject: Subject) -> Result<Self, Vec<String>> {
        let election = subject.election;
        let rules = contest_rules(&election.head, &[])?;
        let places = Places::of(election);
        // A voter votes for one council, and perhaps in a by-election as well.
        let is_council = |rule: &ContestRule| rule.rule.method() != Method::RelativePlurality;
        let mut counts_voters: Vec<bool> = rules.iter().map(is_council).collect();
        if !counts_voters.contains(&true) {
            counts_voters.iter_mut().take(1).for_each(|first| *first = true);
        }
        let mut districts_of_contest = vec![Vec::new(); rules.len()];
        for (index, district) in (0..).zip(&election.districts) {
            districts_of_contest[district.contest].push(index);
        }
        Ok(Self {
            subject,
            counting: subject.definition.counting(),
            rules_digest: rules_digest(election, &rules),
            cells_digest: cells_digest(election, &rules),
            names: SearchIndex::of(election, &places),
            rules,
            places,
            counts_voters,
            districts_of_contest,
        })
    }

    /// A district, by index.
    pub fn district(&self, district: u32) -> &'static District {
        &self.subject.election.districts[district as usize]
    }

    /// The district of an id that is the rest of an address: it may have a `/` in it, and the
    /// address one behind it.
    pub fn district_of_address(&self, rest: &str) -> Option<u32> {
        let find = |id| self.counting.find_district(id);
        find(rest).or_else(|| find(rest.strip_suffix('/')?))
    }

    /// Whether the ballots of a contest (by index) are those of voters, each once.
    pub fn contest_counts_voters(&self, contest: usize) -> bool {
        self.counts_voters[contest]
    }

    /// Whether the ballots of a district are those of voters, each once.
    pub fn counts_voters(&self, district: u32) -> bool {
        self.counts_voters[self.district(district).contest]
    }
}
