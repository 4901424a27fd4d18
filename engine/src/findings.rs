//! What the rules notice about a district and do not decide.
//!
//! In: a district and its rule. Out: sentences for whoever admitted the lists or made the
//! definition. Never: an effect on seats; a list that is too short competes, a council of an odd
//! size is filled.

use shomar_format::election::{Candidate, District};
use shomar_seats::{Method, OptionName, Place, Rule, RuleSet};

/// A12: a list must have at least so many names, and at most as many as seats. Whoever admitted it
/// decides; the result only says so.
pub(crate) fn list_lengths(district: &District, rule: &Rule) -> Vec<String> {
    if rule.method() != Method::Article24 {
        return Vec::new();
    }
    let least = rule.options().min_list.names(district.seats);
    let reading = rule.options().value(OptionName::MinList);
    let mut findings = Vec::new();
    for (index, list) in district.lists.iter().enumerate() {
        let is_of_list = |candidate: &&Candidate| candidate.list.map(usize::from) == Some(index);
        let names = district.candidates.iter().filter(is_of_list).count();
        if names < least as usize || names > district.seats as usize {
            findings.push(format!(
                "list {} has {names} names, expected {least} to {} (reading A12 {reading})",
                list.code, district.seats
            ));
        }
    }
    findings
}

/// Under a set of rules that knows the sizes of councils: seats and alternates that no council has,
/// or, where the population is given, that this one should not have.
pub(crate) fn sizes(district: &District, rule: &Rule) -> Option<String> {
    if rule.set() != Some(RuleSet::IrCouncils1405) {
        return None;
    }
    let (table, place) = (rule.options().sizes, rule.options().place);
    let (members, alternates) = (district.seats, district.alternates);
    let is_tehran = rule.method() == Method::Article24;
    if is_tehran {
        return None; // 21 seats are Tehran's; its alternates follow from the seats of each list
    }
    let found = format!("{members} seats and {alternates} alternates");
    let named = table.value();
    if let Some(population) = district.population {
        let expected = match place {
            Place::Any => return None,
            place => table.size(place, population)?,
        };
        let fits = (expected.members, expected.alternates) == (members, alternates);
        return (!fits).then(|| {
            format!(
                "{found}, expected {} and {} for {population} people (a {}, table of {named})",
                expected.members,
                expected.alternates,
                place.value()
            )
        });
    }
    let sizes = table.sizes(place);
    let fits = sizes.iter().any(|size| (size.members, size.alternates) == (members, alternates));
    (!fits).then(|| {
        let known = sizes.iter().map(|size| format!("{} and {}", size.members, size.alternates));
        let known: Vec<String> = known.collect();
        format!("{found}, expected a size of the table of {named}: {}", known.join("; "))
    })
}

/// A10 `device_forbids`: ballots with a list and names, which the device should not have let pass.
pub(crate) fn forbidden(ballots: u64) -> Option<String> {
    (ballots > 0).then(|| {
        format!("{ballots} ballots have a list and names: void (reading A10 device_forbids)")
    })
}
