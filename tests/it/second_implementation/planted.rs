//! One side made wrong on purpose: each wrong must be found, or the comparison proves nothing.
//!
//! In: changes of what the engine is given: another method, a value that it does not see, a vote
//! more, the other winner of a lot. Out: the first election by which the change is found. A change
//! that leaves an election as it is costs nothing, so rare ones may take many seeds.

use shomar_seats::{Method, OptionName};
use shomar_verify::seats::Names;

use super::comparison::{Course, Met, compare, compare_with};
use super::elections::Election;
use super::known_value;

/// Elections that a change touches before it must have been found.
const TOUCHED_MAX: u64 = 4_000;
/// Elections that are looked at for some that it touches.
const SEEDS_MAX: u64 = 200_000;

/// Whether some election shows the change.
///
/// Without it both sides must agree, and with it both must still have a result: that a wrong makes
/// one side refuse would be found too easily. Only a value that refuses is found by nothing else.
fn is_found(course: Course, change: &dyn Fn(&mut Election), refuses: bool) -> bool {
    let mut touched = 0;
    for seed in 0..SEEDS_MAX {
        let election = Election::of(seed);
        let mut given = election.clone();
        change(&mut given);
        if given == election && course == Course::Same {
            continue;
        }
        touched += 1;
        let is_seen = compare_with(&election, &given, course)
            .is_err_and(|difference| refuses == difference.is_refusal());
        if is_seen && matches!(compare(&election), Ok(Met::Settled { .. } | Met::Refused)) {
            return true;
        }
        if touched == TOUCHED_MAX {
            break;
        }
    }
    false
}

fn must_be_found(what: &str, course: Course, change: &dyn Fn(&mut Election)) {
    assert!(is_found(course, change, false), "{what}: nobody noticed");
}

/// Methods that must be told apart, in rings of those that have the same options.
const RINGS: &[&[Method]] = &[
    &[Method::DHondt, Method::SainteLague, Method::Imperiali, Method::Danish],
    &[Method::SainteLague, Method::ModifiedSainteLague],
    &[Method::Adams, Method::HuntingtonHill],
    &[Method::HuntingtonHill, Method::SainteLague],
    &[Method::Hare, Method::Droop, Method::HagenbachBischoff, Method::ImperialiQuota],
    &[Method::Hare, Method::ImperialiQuota],
    &[Method::DHondt, Method::HagenbachBischoff],
    // Relative and block plurality are counted alike, so only one of them stands here.
    &[Method::TwoRound, Method::BlockPlurality],
];

#[test]
fn another_method_is_found() {
    for ring in RINGS {
        for (place, method) in ring.iter().enumerate() {
            let other = ring[(place + 1) % ring.len()];
            let what = format!("{} for {}", other.name(), method.name());
            must_be_found(&what, Course::Same, &|election| {
                if election.method == *method {
                    election.method = other;
                    // What the other method does not know would be refused, and found too easily.
                    election.options.retain(|(name, _)| other.options().contains(name));
                }
            });
        }
    }
}

#[test]
fn each_value_that_is_not_seen_is_found() {
    // About findings and about who stands: settled before seats are.
    let settled_before = [OptionName::MinList, OptionName::WithdrawnMember];
    let mut changes = 0;
    for name in OptionName::ALL {
        let is_of = |method: Method| method.options().contains(name);
        if settled_before.contains(name) || !Method::all().any(is_of) {
            continue;
        }
        for value in &name.values()[1..] {
            changes += 1;
            let change = |election: &mut Election| {
                let is_it = |(said, text): &(OptionName, String)| {
                    said == name && known_value(*name, text) == Some(*value)
                };
                election.options.retain(|option| !is_it(option));
            };
            let refuses = (*name, *value) == (OptionName::Excess, "error");
            let found = is_found(Course::Same, &change, refuses);
            assert!(found, "{}={value} not seen: nobody noticed", name.name());
        }
    }
    assert!(changes > 30, "{changes} changes");
}

#[test]
fn each_number_that_is_off_by_one_is_found() {
    type Change = fn(&mut Election);
    let changes: &[(&str, Change)] = &[
        ("a seat more", |election| election.race.seats += 1),
        ("an alternate more", |election| election.race.alternates += 1),
        ("a vote more for a list", |election| {
            for list in election.race.lists.iter_mut().take(1) {
                list.votes = list.votes.saturating_add(1);
            }
        }),
        ("a vote more for a person", |election| {
            for person in election.race.candidates.iter_mut().take(1) {
                person.votes = person.votes.saturating_add(1);
            }
        }),
        ("a valid ballot more", |election| {
            let ballots = &mut election.race.valid_ballots;
            *ballots = ballots.map(|ballots| ballots.saturating_add(1));
        }),
        ("a ballot taken more", |election| {
            let ballots = &mut election.race.taken_ballots;
            *ballots = ballots.map(|ballots| ballots.saturating_add(1));
        }),
        ("a name more", |election| {
            for list in &mut election.race.lists {
                if let Names::Counted(names) = &mut list.names {
                    *names += 1;
                }
            }
        }),
        ("a limit where there is none", |election| {
            for list in &mut election.race.lists {
                if list.names == Names::Unlimited {
                    list.names = Names::Counted(9);
                }
            }
        }),
    ];
    for (what, change) in changes {
        must_be_found(what, Course::Same, change);
    }
}

#[test]
fn persons_mistaken_for_others_are_found() {
    type Change = fn(&mut Election);
    let changes: &[(&str, Change)] = &[
        ("nobody is a veteran", |election| {
            election.race.candidates.iter_mut().for_each(|person| person.veteran = false);
        }),
        ("an unknown degree is the lowest", |election| {
            for person in &mut election.race.candidates {
                person.degree_rank = Some(person.degree_rank.unwrap_or(0));
            }
        }),
        ("degrees in the opposite order", |election| {
            for person in &mut election.race.candidates {
                person.degree_rank = person.degree_rank.map(|rank| 9 - rank);
            }
        }),
        ("positions in the opposite order", |election| {
            for person in &mut election.race.candidates {
                person.position = person.position.map(|position| 99 - position);
            }
        }),
    ];
    for (what, change) in changes {
        must_be_found(what, Course::Same, change);
    }
}

#[test]
fn another_winner_and_another_order_of_leaving_are_found() {
    for course in [Course::FirstLotSwapped, Course::LeaversReversed] {
        must_be_found(&format!("{course:?}"), course, &|_| ());
    }
}
