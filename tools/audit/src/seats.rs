//! A race from votes to seats, persons and alternates, and who comes in for those who leave.
//!
//! In: a race, a method, its options, and a preference that stands in for every lot. Out: the
//! outcome to its end, with each tie that needed a lot. This file only chooses the way: plurality
//! (persons directly) or groups first and persons inside them. It never decides a tie by the order
//! of input.

mod alternates;
mod article24;
mod divisors;
mod exact;
mod groups;
mod lists;
mod lots;
mod options;
mod persons;
mod plurality;
mod quotas;
mod race;
mod replacement;
mod rounds;
mod threshold;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

pub use race::{Candidate, List, Names, Party, Race, Settled, Tie, TieKind};

use divisors::DivisorMethod;
use lots::Lots;
use options::Options;
use quotas::QuotaMethod;

/// What a method hands seats to, and by which rule.
#[derive(Clone, Copy)]
enum Method {
    /// `relative-plurality` and `block-plurality`: the ballots differ, the counting does not.
    Plurality,
    TwoRound,
    Divisor(DivisorMethod),
    Quota(QuotaMethod),
    Article24,
}

const METHODS: &[(&str, Method)] = &[
    ("relative-plurality", Method::Plurality),
    ("block-plurality", Method::Plurality),
    ("two-round", Method::TwoRound),
    ("article-24", Method::Article24),
    ("dhondt", Method::Divisor(DivisorMethod::Dhondt)),
    ("sainte-lague", Method::Divisor(DivisorMethod::SainteLague)),
    ("modified-sainte-lague", Method::Divisor(DivisorMethod::ModifiedSainteLague)),
    ("imperiali", Method::Divisor(DivisorMethod::Imperiali)),
    ("danish", Method::Divisor(DivisorMethod::Danish)),
    ("adams", Method::Divisor(DivisorMethod::Adams)),
    ("huntington-hill", Method::Divisor(DivisorMethod::HuntingtonHill)),
    ("hare", Method::Quota(QuotaMethod::Hare)),
    ("hagenbach-bischoff", Method::Quota(QuotaMethod::HagenbachBischoff)),
    ("droop", Method::Quota(QuotaMethod::Droop)),
    ("imperiali-quota", Method::Quota(QuotaMethod::Imperiali)),
];

fn method_named(name: &str) -> Result<Method, String> {
    let known = METHODS.iter().find(|(known, _)| *known == name);
    known.map(|(_, method)| *method).ok_or_else(|| {
        let names: Vec<&str> = METHODS.iter().map(|(known, _)| *known).collect();
        format!("method is {name:?}, expected one of {}", names.join(", "))
    })
}

/// Computes a race to its end; every lot that is needed is won by whoever `prefer` ranks lower.
///
/// Ties stand in the order in which they come up: seats, then persons group by group, then the
/// numbers and the order of alternates. The names and values of `options` are those of
/// `docs/rules.md`; what is absent has its default.
///
/// # Errors
///
/// Says what was found and what was expected if the input contradicts itself, an option is unknown
/// or has no such value, or the rules refuse the race.
pub fn settle(
    race: &Race,
    method: &str,
    options: &BTreeMap<String, String>,
    prefer: &dyn Fn(Party) -> u64,
) -> Result<Settled, String> {
    let method = method_named(method)?;
    let options = Options::new(options)?;
    race.check()?;
    check_ballots(race, method, &options)?;
    let mut lots = Lots::new(prefer, &options)?;
    match method {
        Method::Plurality => plurality::relative(race, &options, &mut lots),
        Method::TwoRound => plurality::two_round(race, &options, &mut lots),
        Method::Divisor(_) | Method::Quota(_) | Method::Article24 => {
            lists::settle(race, method, &options, &mut lots)
        }
    }
}

/// Refuses a race without the ballots that its options are about, whether it comes to them or not.
fn check_ballots(race: &Race, method: Method, options: &Options) -> Result<(), String> {
    let is = |name: &str, value: &str| options.text(name) == Some(value);
    let has_threshold = options.percent("threshold", 0)? > exact::whole(0_u32)
        && !matches!(method, Method::Plurality | Method::TwoRound);
    let by_ballots = matches!(method, Method::Article24) && is("denominator", "valid_ballots");
    let is_first_round = matches!(method, Method::TwoRound) && !is("round", "second");
    let [valid, taken] = [race.valid_ballots, race.taken_ballots];
    let needs = [
        (is_first_round, valid, "first round without valid_ballots"),
        (by_ballots, valid, "denominator is valid_ballots"),
        (has_threshold && is("threshold_base", "valid"), valid, "threshold_base is valid"),
        (has_threshold && is("threshold_base", "taken"), taken, "threshold_base is taken"),
    ];
    match needs.iter().find(|(needs, ballots, _)| *needs && ballots.is_none()) {
        Some((_, _, what)) => Err(format!("{what}, expected their number to be known")),
        None => Ok(()),
    }
}

/// Who comes in, one entry for each leaver in order (`None`: the seat stays vacant).
///
/// A leaver who is an alternate leaves the queue, and nobody comes in. Whoever came in can leave.
///
/// # Errors
///
/// Says what was found and what was expected if a leaver is neither a member nor an alternate, or
/// the input is refused as by [`settle`].
pub fn replace(
    race: &Race,
    method: &str,
    settled: &Settled,
    options: &BTreeMap<String, String>,
    leavers: &[usize],
    prefer: &dyn Fn(Party) -> u64,
) -> Result<Vec<Option<usize>>, String> {
    let method = method_named(method)?;
    let options = Options::new(options)?;
    race.check()?;
    let mut lots = Lots::new(prefer, &options)?;
    let within_group = matches!(method, Method::Article24);
    replacement::replace(race, within_group, settled, &options, leavers, &mut lots)
}
