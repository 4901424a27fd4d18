//! The axioms of apportionment: held where they must hold, violated where they must be, and every
//! checker shown to catch a planted wrong method.
//!
//! Sources: Balinski and Young, Fair Representation (2nd ed., 2001), appendix A: divisor methods
//! are monotone in house and population and may break quota; quota methods with largest remainders
//! stay within quota and are monotone in neither.

use proptest::prelude::*;

use super::{race, seats, unnamed};
use crate::rule::Family;
use crate::{Method, Rule, Status, allocate};

const EXACT: [Method; 5] =
    [Method::DHondt, Method::SainteLague, Method::HuntingtonHill, Method::Adams, Method::Hare];
const QUOTAS: [Method; 3] = [Method::Hare, Method::Droop, Method::HagenbachBischoff];

fn divisor_methods() -> impl Iterator<Item = Method> {
    Method::all().filter(|method| matches!(method.family(), Family::Divisor(_)))
}

/// An apportionment, or `None` where a lot is needed.
type Apportion<'a> = &'a dyn Fn(&[u64], u32) -> Option<Vec<u32>>;

fn by(method: Method) -> impl Fn(&[u64], u32) -> Option<Vec<u32>> {
    move |votes, house| {
        let outcome =
            allocate(&race(house, &unnamed(votes), &[]), &Rule::new(method), &[]).unwrap();
        (outcome.status == Status::Final).then(|| seats(&outcome))
    }
}

/// Anonymity: groups in another order have the same seats in that order.
fn anonymous(apportion: Apportion<'_>, votes: &[u64], house: u32) -> Result<(), String> {
    let Some(before) = apportion(votes, house) else { return Ok(()) };
    for turn in 1..votes.len() {
        let mut turned = votes.to_vec();
        turned.rotate_left(turn);
        let mut expected = before.clone();
        expected.rotate_left(turn);
        let after = apportion(&turned, house);
        if after.as_ref() != Some(&expected) {
            return Err(format!("{votes:?} gives {before:?}, turned by {turn} {after:?}"));
        }
    }
    Ok(())
}

/// Exactness: who has votes in the very proportion of whole seats gets those seats.
fn exact(apportion: Apportion<'_>, shares: &[u32], factor: u64) -> Result<(), String> {
    let votes: Vec<u64> = shares.iter().map(|share| u64::from(*share) * factor).collect();
    match apportion(&votes, shares.iter().sum()) {
        Some(found) if found == shares => Ok(()),
        found => Err(format!("{shares:?} x {factor} gives {found:?}")),
    }
}

/// Balance: with equal votes nobody has two seats more than another.
fn balanced(apportion: Apportion<'_>, groups: usize, house: u32) -> Result<(), String> {
    let Some(found) = apportion(&vec![7; groups], house) else { return Ok(()) };
    let (least, most) = (found.iter().min().unwrap(), found.iter().max().unwrap());
    if most - least > 1 { Err(format!("{groups} equals have {found:?}")) } else { Ok(()) }
}

/// Quota bounds: the exact share, rounded down or up.
fn within_quota(apportion: Apportion<'_>, votes: &[u64], house: u32) -> Result<(), String> {
    let Some(found) = apportion(votes, house) else { return Ok(()) };
    let total: u64 = votes.iter().sum();
    for (votes, seats) in votes.iter().zip(&found) {
        let product = votes * u64::from(house);
        if !(product / total..=product.div_ceil(total)).contains(&u64::from(*seats)) {
            return Err(format!("{votes} of {total} votes have {seats} of {house} seats"));
        }
    }
    Ok(())
}

/// House monotonicity: nobody loses a seat in a larger house (element by element).
fn house_monotone(apportion: Apportion<'_>, votes: &[u64], house: u32) -> Result<(), String> {
    let (Some(small), Some(large)) = (apportion(votes, house), apportion(votes, house + 1)) else {
        return Ok(());
    };
    match small.iter().zip(&large).position(|(small, large)| small > large) {
        Some(group) => Err(format!("{votes:?}: group {group} loses: {small:?}, {large:?}")),
        None => Ok(()),
    }
}

/// Population monotonicity: nobody whose votes grow loses a seat to somebody whose votes fall.
fn population_monotone(
    apportion: Apportion<'_>,
    votes: &[u64],
    later: &[u64],
    house: u32,
) -> Result<(), String> {
    let (Some(before), Some(after)) = (apportion(votes, house), apportion(later, house)) else {
        return Ok(());
    };
    for one in 0..votes.len() {
        for other in 0..votes.len() {
            let grows = later[one] >= votes[one] && later[other] <= votes[other];
            if grows && after[one] < before[one] && after[other] > before[other] {
                return Err(format!("{votes:?} {before:?}, then {later:?} {after:?}"));
            }
        }
    }
    Ok(())
}

/// Concordance: more votes, no fewer seats.
fn concordant(apportion: Apportion<'_>, votes: &[u64], house: u32) -> Result<(), String> {
    let Some(found) = apportion(votes, house) else { return Ok(()) };
    for one in 0..votes.len() {
        for other in 0..votes.len() {
            if votes[one] > votes[other] && found[one] < found[other] {
                return Err(format!("{votes:?} gives {found:?}"));
            }
        }
    }
    Ok(())
}

fn some_votes() -> impl Strategy<Value = Vec<u64>> {
    prop::collection::vec(1..200u64, 2..6)
}

proptest! {
    #![proptest_config(super::at_least(1_500))]

    #[test]
    fn every_method_is_anonymous_exact_balanced_and_concordant(
        votes in some_votes(),
        shares in prop::collection::vec(1..9u32, 2..6),
        factor in 1..100_000u64,
        house in 1..30u32,
    ) {
        for method in divisor_methods().chain(QUOTAS).chain([Method::ImperialiQuota]) {
            let apportion = by(method);
            prop_assert_eq!(anonymous(&apportion, &votes, house), Ok(()), "{:?}", method);
            prop_assert_eq!(balanced(&apportion, votes.len(), house), Ok(()), "{:?}", method);
            prop_assert_eq!(concordant(&apportion, &votes, house), Ok(()), "{:?}", method);
        }
        // A divisor of 1.4 or 1.5 in the wrong place gives up exactness for small parties, and so
        // do quotas for more seats than there are.
        for method in EXACT {
            prop_assert_eq!(exact(&by(method), &shares, factor), Ok(()), "{:?}", method);
        }
    }

    #[test]
    fn divisor_methods_are_monotone_in_house_and_population(
        votes in some_votes(),
        changes in prop::collection::vec(-20..20i64, 6),
        house in 1..30u32,
    ) {
        let change = |(votes, change): (&u64, &i64)| votes.saturating_add_signed(*change).max(1);
        let later: Vec<u64> = votes.iter().zip(&changes).map(change).collect();
        for method in divisor_methods() {
            let apportion = by(method);
            prop_assert_eq!(house_monotone(&apportion, &votes, house), Ok(()), "{:?}", method);
            let found = population_monotone(&apportion, &votes, &later, house);
            prop_assert_eq!(found, Ok(()), "{:?}", method);
        }
    }

    #[test]
    fn hare_stays_within_quota(votes in some_votes(), house in 1..30u32) {
        prop_assert_eq!(within_quota(&by(Method::Hare), &votes, house), Ok(()));
        prop_assert_eq!(within_quota(&by(Method::Article24), &votes, house), Ok(()));
    }
}

/// What must be violated is: the checkers see the paradoxes that the methods are known for.
#[test]
fn the_known_paradoxes_happen() {
    for method in [Method::Hare, Method::Article24] {
        // Alabama: 4-4-2 of ten, 5-5-1 of eleven.
        assert!(house_monotone(&by(method), &[6, 6, 2], 10).is_err(), "{method:?}");
    }
    // Population: votes grow, and a seat goes to somebody whose votes fall.
    let search = |apportion: Apportion<'_>| {
        let range = || 1..14u64;
        for a in range() {
            for b in range() {
                for c in range() {
                    for house in 2..7 {
                        let votes = [a, b, c];
                        for later in [[a + 1, b, c + 3], [a, b, c + 4], [a + 1, b - 1, c + 5]] {
                            if later[1] > 0
                                && population_monotone(apportion, &votes, &later, house).is_err()
                            {
                                return true;
                            }
                        }
                    }
                }
            }
        }
        false
    };
    assert!(search(&by(Method::Hare)), "Hare has the population paradox");
    for method in divisor_methods() {
        assert!(!search(&by(method)), "{method:?} has it not");
    }
    // D'Hondt breaks the upper bound of quota, Adams the lower.
    assert!(within_quota(&by(Method::DHondt), &[90, 6, 4], 21).is_err());
    assert!(within_quota(&by(Method::Adams), &[900, 31, 29, 27, 13], 10).is_err());
}

/// A planted wrong method for each checker, which it must catch.
#[test]
fn every_checker_catches_a_planted_fault() {
    let dhondt = by(Method::DHondt);
    let votes = [53, 24, 23];
    // The first in order gets one more at the cost of the last.
    let first = |votes: &[u64], house: u32| {
        let mut found = dhondt(votes, house)?;
        let last = found.len() - 1;
        if found[last] > 0 {
            found[last] -= 1;
            found[0] += 1;
        }
        Some(found)
    };
    assert!(anonymous(&first, &votes, 7).is_err());
    assert!(exact(&first, &[3, 2, 1], 100).is_err());
    assert!(balanced(&first, 3, 6).is_err());
    let reversed = |votes: &[u64], house: u32| {
        let mut found = dhondt(votes, house)?;
        found.reverse();
        Some(found)
    };
    assert!(concordant(&reversed, &votes, 7).is_err());
    let all_to_one = |votes: &[u64], house: u32| {
        let mut found = vec![0; votes.len()];
        found[0] = house;
        Some(found)
    };
    assert!(within_quota(&all_to_one, &votes, 7).is_err());
    // Another method in every second house.
    let moody = |votes: &[u64], house: u32| {
        if house.is_multiple_of(2) { by(Method::Adams)(votes, house) } else { dhondt(votes, house) }
    };
    assert!((1..30).any(|house| house_monotone(&moody, &votes, house).is_err()));
    // A method that looks at whether votes are even.
    let odd = |votes: &[u64], house: u32| {
        if votes[0].is_multiple_of(2) {
            dhondt(votes, house)
        } else {
            by(Method::Adams)(votes, house)
        }
    };
    let later = [55, 22, 23];
    let found = (50..60u64).any(|first| {
        (1..30).any(|house| {
            population_monotone(&odd, &[first, 24, 23], &[first + 1, later[1], later[2]], house)
                .is_err()
        })
    });
    assert!(found);
}
