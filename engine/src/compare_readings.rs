//! Every council that open readings of the law can bring about in one district, side by side.
//!
//! In: an election, a district, and a way to count it again under another reading of ballots. Out:
//! the different councils, each with the readings that give it; which option makes a difference to
//! seats, persons or alternates, alone and in combination. Never: an option passed over because it
//! seems not to matter; `shomar_seats::explore` leaves out only what a count did not rest on.

use std::collections::{BTreeMap, BTreeSet};

use shomar_format::Reading;
use shomar_format::document::DistrictTally;
use shomar_format::election::District;
use shomar_format::reading::{ListPlusNames, NameLimit, TwoLists};
use shomar_seats::{
    GroupKey, OptionName, Outcome, Party, PendingLot, Rule, SeatsError, allocate, explore,
};

use crate::contest_rule::ContestRule;
use crate::field::Field;
use crate::outcome::PartyCode;

/// The readings of a branch: option and value.
pub type Readings = BTreeMap<&'static str, &'static str>;

/// A council, in codes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Council {
    /// Why there is none under these readings.
    pub refused: Option<String>,
    /// Seats of each group: code of a list or an independent, `None` for the pool.
    pub seats: Vec<(Option<u32>, u32)>,
    /// Codes of those elected, ascending.
    pub elected: Vec<u32>,
    /// Kinds of the lots that are needed, with the tied.
    pub lots: Vec<(&'static str, Vec<PartyCode>)>,
}

/// A council with everything that gives it.
#[derive(Clone, Debug)]
pub struct Variant {
    /// The council.
    pub council: Council,
    /// Alternates under the first of its readings, in order.
    pub alternates: Vec<u32>,
    /// Combinations of readings that give it.
    pub combinations: usize,
    /// The same combinations, put together: any of these, each all of its options.
    pub when: Vec<BTreeMap<&'static str, BTreeSet<&'static str>>>,
    /// Whether the reading in force gives it.
    pub in_force: bool,
}

/// What an option changes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Effect {
    /// Seats of groups.
    pub seats: bool,
    /// Persons elected.
    pub elected: bool,
    /// Alternates.
    pub alternates: bool,
}

impl Effect {
    fn add(&mut self, one: &Leaf, other: &Leaf) {
        self.seats |= one.council.seats != other.council.seats
            || one.council.refused != other.council.refused;
        self.elected |= one.council.elected != other.council.elected;
        self.alternates |= one.alternates != other.alternates;
    }

    /// Whether it changes anything.
    #[must_use]
    pub fn is_any(self) -> bool {
        self.seats || self.elected || self.alternates
    }
}

/// What was found.
#[derive(Clone, Debug)]
pub struct ComparedReadings {
    /// Combinations that were counted.
    pub combinations: usize,
    /// The council of the readings in force first, then those that most combinations give.
    pub variants: Vec<Variant>,
    /// Per option that matters somewhere: what it changes alone, all others being as in force; and
    /// in combination with others.
    pub effects: BTreeMap<&'static str, (Effect, Effect)>,
    /// Options that make no difference in any combination.
    pub without_effect: Vec<&'static str>,
}

#[derive(Clone, Debug)]
struct Leaf {
    readings: Readings,
    council: Council,
    alternates: Vec<u32>,
}

/// Readings of ballots that give the same totals, and what those give under every reading of the
/// rule.
#[derive(Clone, Debug)]
struct Counted {
    totals: DistrictTally,
    readings: Vec<Reading>,
    leaves: Vec<Leaf>,
}

/// Compares all readings of a district. `tally` counts it under a reading of ballots.
///
/// # Errors
/// What `tally` says.
pub fn compare_readings<E>(
    district: &District,
    rule: &ContestRule,
    mut tally: impl FnMut(Reading) -> Result<DistrictTally, E>,
) -> Result<ComparedReadings, E> {
    let of_district = rule.rule.of_district(district.seats);
    let mut counted: Vec<Counted> = Vec::new();
    for reading in open_readings(district, rule.reading) {
        let totals = tally(reading)?;
        match counted.iter_mut().find(|known| known.totals == totals) {
            Some(known) => known.readings.push(reading),
            None => {
                let leaves = leaves_of(district, of_district, &totals);
                counted.push(Counted { totals, readings: vec![reading], leaves });
            }
        }
    }
    Ok(summary(&of_district, rule.reading, &counted))
}

/// The readings of ballots that a district can tell apart: lists matter where there are lists.
fn open_readings(district: &District, in_force: Reading) -> Vec<Reading> {
    let mut readings = Vec::new();
    for (_, list_plus_names) in ListPlusNames::ALL {
        for (_, two_lists) in TwoLists::ALL {
            for (_, limit) in NameLimit::ALL {
                let reading = Reading {
                    list_plus_names: *list_plus_names,
                    two_lists: *two_lists,
                    limit: *limit,
                };
                let has_lists = !district.lists.is_empty();
                let is_as_in_force = reading.list_plus_names == in_force.list_plus_names
                    && reading.two_lists == in_force.two_lists;
                if has_lists || is_as_in_force {
                    readings.push(reading);
                }
            }
        }
    }
    readings
}

/// The open options that a rule has.
fn open_options(rule: &Rule) -> Vec<OptionName> {
    let names = rule.method().options();
    OptionName::OPEN.into_iter().filter(|option| names.contains(option)).collect()
}

fn leaves_of(district: &District, rule: Rule, totals: &DistrictTally) -> Vec<Leaf> {
    let branches = explore(&rule, &open_options(&rule), |rule| {
        let field = Field::of(district, *rule, totals);
        let result = allocate(&field.race(district, totals), &field.rule, &[]);
        let mut used = match &result {
            Ok(outcome) => outcome.readings(),
            Err(SeatsError::Excess { readings, .. }) => readings.iter().copied().collect(),
            Err(_) => BTreeSet::new(),
        };
        used.extend(field.unsaid(district, totals));
        (used, found(district, &field, result))
    });
    branches
        .into_iter()
        .map(|branch| Leaf {
            readings: branch
                .readings
                .into_iter()
                .map(|(option, value)| (option.name(), value))
                .collect(),
            council: branch.result.0,
            alternates: branch.result.1,
        })
        .collect()
}

fn found(
    district: &District,
    field: &Field,
    result: Result<Outcome, SeatsError>,
) -> (Council, Vec<u32>) {
    let code = |position: u32| district.candidates[field.standing[position as usize] as usize].code;
    let outcome = match result {
        Ok(outcome) => outcome,
        Err(error) => {
            let council = Council {
                refused: Some(error.to_string()),
                seats: Vec::new(),
                elected: Vec::new(),
                lots: Vec::new(),
            };
            return (council, Vec::new());
        }
    };
    let party = |party: &Party| PartyCode::of(district, &field.standing, *party);
    let group = |key: GroupKey| party(&Party::Group(key));
    let is_about_the_council = |lot: &&PendingLot| lot.kind != shomar_seats::LotKind::Alternate;
    let mut elected: Vec<u32> = outcome.elected.iter().map(|who| code(*who)).collect();
    elected.sort_unstable();
    let council = Council {
        refused: None,
        seats: outcome.groups.iter().map(|entry| (group(entry.key).code(), entry.seats)).collect(),
        elected,
        lots: outcome
            .lots
            .iter()
            .filter(is_about_the_council)
            .map(|lot| (lot.kind.name(), lot.between.iter().map(party).collect()))
            .collect(),
    };
    (council, outcome.alternates.iter().map(|who| code(*who)).collect())
}

fn summary(rule: &Rule, reading: Reading, counted: &[Counted]) -> ComparedReadings {
    let mut in_force = Readings::new();
    for option in rule.method().options() {
        let value = rule.options().value(option);
        if let Some(value) = option.values().iter().find(|known| **known == value) {
            in_force.insert(option.name(), value);
        }
    }
    let is_in_force = |of: &Counted, leaf: &Leaf| {
        of.readings.contains(&reading)
            && leaf.readings.iter().all(|(option, value)| in_force[option] == *value)
    };
    let effects = effects(counted, &in_force, reading);
    let open = open_options(rule).into_iter().map(OptionName::name);
    let open: BTreeSet<&'static str> = open.chain(Reading::NAMES).collect();
    let without_effect = open.into_iter().filter(|name| !effects.contains_key(name)).collect();
    let mut by_council: BTreeMap<&Council, Vec<(&Counted, &Leaf)>> = BTreeMap::new();
    for of in counted {
        for leaf in &of.leaves {
            by_council.entry(&leaf.council).or_default().push((of, leaf));
        }
    }
    let mut variants: Vec<Variant> = by_council
        .into_iter()
        .map(|(council, leaves)| {
            let of_force = leaves.iter().find(|(of, leaf)| is_in_force(of, leaf));
            Variant {
                council: council.clone(),
                alternates: of_force.unwrap_or(&leaves[0]).1.alternates.clone(),
                combinations: leaves.iter().map(|(of, _)| of.readings.len()).sum(),
                in_force: of_force.is_some(),
                when: conditions(counted, council, &effects),
            }
        })
        .collect();
    variants.sort_by_key(|variant| {
        (std::cmp::Reverse(variant.in_force), std::cmp::Reverse(variant.combinations))
    });
    let combinations = counted.iter().map(|of| of.leaves.len() * of.readings.len()).sum();
    ComparedReadings { combinations, variants, effects, without_effect }
}

/// What each option changes: two combinations that differ in it alone and give different councils.
fn effects(
    counted: &[Counted],
    in_force: &Readings,
    reading: Reading,
) -> BTreeMap<&'static str, (Effect, Effect)> {
    let mut effects: BTreeMap<&'static str, (Effect, Effect)> = BTreeMap::new();
    let mut add = |option: &'static str, one: &Leaf, other: &Leaf, is_alone: bool| {
        let mut effect = Effect::default();
        effect.add(one, other);
        if effect.is_any() {
            let entry = effects.entry(option).or_default();
            entry.1.add(one, other);
            if is_alone {
                entry.0.add(one, other);
            }
        }
    };
    let is_as_in_force = |leaf: &Leaf, but: &str| {
        leaf.readings.iter().all(|(name, value)| *name == but || in_force[name] == *value)
    };
    for of in counted {
        for (index, one) in of.leaves.iter().enumerate() {
            for other in &of.leaves[index + 1..] {
                let mut apart = apart(one, other);
                let (Some(option), None) = (apart.next(), apart.next()) else { continue };
                let is_base = |leaf: &Leaf| leaf.readings[option] == in_force[option];
                let is_alone = of.readings.contains(&reading)
                    && is_as_in_force(one, option)
                    && is_as_in_force(other, option)
                    && (is_base(one) || is_base(other));
                add(option, one, other, is_alone);
            }
        }
    }
    for (index, of) in counted.iter().enumerate() {
        for with in &counted[index + 1..] {
            for option in readings_apart(of, with) {
                let is_near = |of: &Counted, with: &Counted| {
                    of.readings.contains(&reading)
                        && with.readings.iter().any(|one| only_apart(*one, reading) == Some(option))
                };
                let is_near = is_near(of, with) || is_near(with, of);
                for one in &of.leaves {
                    for other in
                        with.leaves.iter().filter(|other| apart(one, other).next().is_none())
                    {
                        let is_alone =
                            is_near && is_as_in_force(one, "") && is_as_in_force(other, "");
                        add(option, one, other, is_alone);
                    }
                }
            }
        }
    }
    effects
}

/// Options to which two leaves give different values.
fn apart<'l>(one: &'l Leaf, other: &'l Leaf) -> impl Iterator<Item = &'static str> + 'l {
    let differs = |(option, value): (&&'static str, &&'static str)| {
        other.readings.get(option).is_some_and(|other| other != value).then_some(*option)
    };
    one.readings.iter().filter_map(differs)
}

/// The option in which two readings of ballots differ, if it is one only.
fn only_apart(one: Reading, other: Reading) -> Option<&'static str> {
    let (one, other) = (one.entries(), other.entries());
    let mut apart = one.iter().zip(&other).filter(|(one, other)| one.1 != other.1);
    match (apart.next(), apart.next()) {
        (Some(((option, _), _)), None) => Some(option),
        _ => None,
    }
}

/// Options in which alone some readings of the one differ from some of the other.
fn readings_apart(of: &Counted, with: &Counted) -> BTreeSet<&'static str> {
    let pairs =
        of.readings.iter().flat_map(|one| with.readings.iter().map(move |other| (one, other)));
    pairs.filter_map(|(one, other)| only_apart(*one, *other)).collect()
}

/// Options and the values that each may have.
type Condition = BTreeMap<&'static str, BTreeSet<&'static str>>;

/// The combinations that give a council, put together: what differs in one option alone becomes
/// one, with both values; an option that changes no seat and nobody elected, or may have any value,
/// is left out.
fn conditions(
    counted: &[Counted],
    council: &Council,
    effects: &BTreeMap<&'static str, (Effect, Effect)>,
) -> Vec<Condition> {
    let matters = |option: &str| {
        effects.get(option).is_some_and(|(_, effect)| effect.seats || effect.elected)
    };
    let mut all = Vec::new();
    for of in counted {
        let of_rule = of.leaves.iter().filter(|leaf| leaf.council == *council).map(|leaf| {
            let kept = leaf.readings.iter().filter(|(option, _)| matters(option));
            kept.map(|(option, value)| (*option, BTreeSet::from([*value]))).collect()
        });
        let of_ballots = of.readings.iter().map(|reading| {
            let entries = reading.entries().into_iter().filter(|(option, _)| matters(option));
            entries.map(|(option, value)| (option, BTreeSet::from([value]))).collect()
        });
        let (of_rule, of_ballots) = (put_together(of_rule), put_together(of_ballots));
        for one in &of_rule {
            for other in &of_ballots {
                let both: Condition =
                    one.iter().chain(other).map(|(k, v)| (*k, v.clone())).collect();
                all.push(both);
            }
        }
    }
    put_together(all.into_iter())
}

fn put_together(conditions: impl Iterator<Item = Condition>) -> Vec<Condition> {
    let all: BTreeSet<Condition> = conditions.collect();
    let mut all: Vec<Condition> = all.into_iter().collect();
    loop {
        let before = all.len();
        let mut one = 0;
        while one < all.len() {
            let pair = (one + 1..all.len())
                .find_map(|other| Some((other, differ_in_one(&all[one], &all[other])?)));
            let Some((other, option)) = pair else {
                one += 1;
                continue;
            };
            let removed = all.remove(other);
            let values = all[one].entry(option).or_default();
            values.extend(removed[option].iter());
            if values.len() == value_count(option) {
                all[one].remove(option);
            }
        }
        // Who asks for less covers who asks for more.
        let mut kept: Vec<Condition> = Vec::new();
        all.sort_by_key(BTreeMap::len);
        for condition in all {
            if !kept.iter().any(|wide| covers(wide, &condition)) {
                kept.push(condition);
            }
        }
        all = kept;
        if all.len() == before {
            return all;
        }
    }
}

/// Whether whatever meets the second meets the first too.
fn covers(wide: &Condition, narrow: &Condition) -> bool {
    wide.iter().all(|(option, values)| narrow.get(option).is_some_and(|of| of.is_subset(values)))
}

/// The option in which alone two conditions differ.
fn differ_in_one(one: &Condition, other: &Condition) -> Option<&'static str> {
    if !one.keys().eq(other.keys()) {
        return None;
    }
    let mut apart = one.iter().filter(|(option, values)| other[*option] != **values);
    match (apart.next(), apart.next()) {
        (Some((option, _)), None) => Some(option),
        _ => None,
    }
}

/// How many values an option has.
fn value_count(option: &str) -> usize {
    let of_rule = OptionName::ALL.iter().find(|known| known.name() == option);
    match (of_rule, option) {
        (Some(known), _) => known.values().len(),
        (None, "list_plus_names") => ListPlusNames::ALL.len(),
        (None, "two_lists") => TwoLists::ALL.len(),
        (None, _) => NameLimit::ALL.len(),
    }
}
