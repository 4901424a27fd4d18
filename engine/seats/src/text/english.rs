//! The sentences of the steps in English.
//!
//! What comes in: a fact. What goes out: one sentence. Every fact has one; the compiler says which
//! is missing.

use super::Words;
use crate::{Fact, LeftoverBy, LotKind};

/// `1 seat`, `2 seats`.
fn count(words: &Words<'_>, number: impl Into<u64>, noun: &str) -> String {
    let number = number.into();
    let plural = if number == 1 { "" } else { "s" };
    format!("{} {noun}{plural}", words.number(number))
}

fn place(words: &Words<'_>, kind: LotKind, places: u32) -> String {
    let noun = match kind {
        LotKind::Seat | LotKind::Person => "seat",
        LotKind::Alternate => "alternate place",
        LotKind::Runoff => "place in the runoff",
    };
    match (kind, places) {
        (LotKind::Runoff, 2..) => format!("{} places in the runoff", words.number(places)),
        _ => count(words, places, noun),
    }
}

pub(super) fn sentence(fact: &Fact, words: &Words<'_>) -> String {
    groups(fact, words).or_else(|| shares(fact, words)).unwrap_or_else(|| persons(fact, words))
}

/// Thresholds, stages, and seats one at a time.
fn groups(fact: &Fact, words: &Words<'_>) -> Option<String> {
    let number = |number: u64| words.number(number);
    let seats = |seats: &u32| count(words, *seats, "seat");
    Some(match fact {
        Fact::NoVotes { seats: number } => {
            format!("No valid vote: nobody is elected, vacant: {}.", seats(number))
        }
        Fact::Threshold { percent, base } => {
            format!("Threshold: at least {percent} % of {}.", number(*base))
        }
        Fact::ThresholdLowered { percent, groups } => format!(
            "Too few reach it: the threshold falls to {percent} %, and {} it.",
            if *groups == 1 { "1 group reaches".to_owned() } else { format!("{groups} reach") }
        ),
        Fact::BelowThreshold { group, votes, base, part, whole } => {
            let of = if part == whole {
                number(*base)
            } else {
                format!("{} × {part} / {whole}", number(*base))
            };
            format!(
                "{} has {} of {of}, below the threshold: it gets no seat.",
                words.group(*group),
                count(words, *votes, "vote")
            )
        }
        Fact::Beforehand { seats: each, groups } => {
            format!("{} beforehand for each of {groups} groups.", seats(each))
        }
        Fact::Total { group, votes } => {
            format!("{}: {} in all.", words.group(*group), count(words, *votes, "vote"))
        }
        Fact::OneStage => "Lists and independents share the seats in one stage.".to_owned(),
        Fact::FirstStage { lists_votes, pool_votes } => format!(
            "First stage: all lists together with {} against the independents with {}.",
            count(words, *lists_votes, "vote"),
            count(words, *pool_votes, "vote")
        ),
        Fact::SecondStage { seats: number } => {
            format!("Second stage: the lists among themselves for {}.", seats(number))
        }
        Fact::RemainderSeat { group, remainder, denominator, round } => format!(
            "Round {round}: one seat to {}, remainder {} / {}.",
            words.group(*group),
            words.signed(*remainder),
            number(*denominator)
        ),
        Fact::ShareSeat { group, votes, round } => format!(
            "Round {round}: one seat to {}, which has {}.",
            words.group(*group),
            count(words, *votes, "vote")
        ),
        Fact::QuotientSeat { group, seat, votes, divisor } => format!(
            "Seat {seat} to {}: {} / {}.",
            words.group(*group),
            number(*votes),
            words.divisor(*divisor)
        ),
        Fact::LargerTotal { group, votes } => format!(
            "Equal claim: the seat goes to {}, which has more votes ({}).",
            words.group(*group),
            number(*votes)
        ),
        Fact::Vacant { seats: number } => {
            format!("Vacant, as nobody can take them: {}.", seats(number))
        }
        _ => return None,
    })
}

/// Quotas, shares, rounding and what follows from it.
fn shares(fact: &Fact, words: &Words<'_>) -> Option<String> {
    let number = |number: u64| words.number(number);
    let seats = |seats: &u32| count(words, *seats, "seat");
    Some(match fact {
        Fact::Quota { votes, seats: number } => {
            format!("{} for {}.", count(words, *votes, "vote"), seats(number))
        }
        Fact::WholeQuota { votes, seats, quota } => format!(
            "The quota is the whole part of {} / {seats}, plus 1: {}.",
            number(*votes),
            number(*quota)
        ),
        Fact::BallotsPerSeat { ballots } => format!(
            "A share of {} is read directly as a number of seats.",
            count(words, *ballots, "valid ballot")
        ),
        Fact::Share { group, votes, seats: multiplier, denominator, whole, remainder } => {
            let product = if *multiplier == 1 {
                number(*votes)
            } else {
                format!("{} × {multiplier}", number(*votes))
            };
            format!(
                "{}: {product} / {} = {}, remainder {} / {}.",
                words.group(*group),
                number(*denominator),
                seats(whole),
                number(*remainder),
                number(*denominator)
            )
        }
        Fact::RoundedUp { group, seats: number } => {
            format!("{} is rounded up to {}.", words.group(*group), seats(number))
        }
        Fact::RoundedSum { found, seats: number } => {
            format!("The rounded numbers add up to {} of {}.", words.number(*found), seats(number))
        }
        Fact::Excess { seats: number } => format!("Too many by {}.", seats(number)),
        Fact::SeatTaken { group } => format!("{} gives one seat back.", words.group(*group)),
        Fact::TooShort { group, capacity, over } => format!(
            "{} can fill only {}: {} more that it won go to the others.",
            words.group(*group),
            seats(capacity),
            seats(over)
        ),
        Fact::NamesLimit { ignored: true } => {
            "How many names a list has does not limit the seats that it wins.".to_owned()
        }
        Fact::NamesLimit { ignored: false } => {
            "No group gets more of the seats left than it has names for.".to_owned()
        }
        Fact::OwnVacant { group, seats: number } => format!(
            "{} has no names for {} that it won: vacant.",
            words.group(*group),
            seats(number)
        ),
        Fact::MinimumSeats { group, seats: number } => {
            format!("{} gets {} as the fewest it may have.", words.group(*group), seats(number))
        }
        Fact::MajoritySeat { group, votes, of } => format!(
            "{} has {} of {} votes, more than half, and gets one of the seats left first.",
            words.group(*group),
            number(*votes),
            number(*of)
        ),
        Fact::Leftover { seats: number, by } => format!(
            "Left over: {}, one by one to the {}.",
            seats(number),
            match by {
                LeftoverBy::Remainder => "largest remainders",
                LeftoverBy::Share => "largest groups in turn",
                LeftoverBy::Average => "highest averages",
            }
        ),
        _ => return None,
    })
}

/// Persons, ties and lots.
fn persons(fact: &Fact, words: &Words<'_>) -> String {
    let seats = |seats: &u32| count(words, *seats, "seat");
    match fact {
        Fact::Tie { kind, places, between } => {
            format!("Equal claim to {}: {}.", place(words, *kind, *places), words.parties(between))
        }
        Fact::LotDrawn { place, winner, .. } => {
            format!("Lot {place} was won by {}.", words.party(*winner))
        }
        Fact::LotNeeded { kind, places, between } => format!(
            "A lot is needed for {} between {}.",
            place(words, *kind, *places),
            words.parties(between)
        ),
        Fact::OldOrder { order } => {
            format!("Equal votes: veterans first, then the higher degree: {}.", words.order(order))
        }
        Fact::CzechFirst { group, votes, names, first } => {
            let who = if first.is_empty() { "nobody".to_owned() } else { words.persons(first) };
            format!(
                "{}: 10 % above the average {} ({} / {names}, cut off) and so first: {who}.",
                words.group(*group),
                words.number(*votes / u64::from(*names)),
                words.number(*votes)
            )
        }
        Fact::Persons { group, seats: number, elected, last_votes, next_votes } => format!(
            "{}{}: number {elected} has {}, {}.",
            words.prefix(*group),
            seats(number),
            count(words, *last_votes, "vote"),
            next_votes.map_or_else(
                || "nobody is next".to_owned(),
                |votes| format!("the next has {}", words.number(votes))
            )
        ),
        Fact::Bar { percent, ballots, reached } => format!(
            "{percent} % of {} are reached by {}.",
            count(words, *ballots, "valid ballot"),
            count(words, *reached, "candidate")
        ),
        Fact::Runoff { seats: number, between } => format!(
            "A second round is needed for {} between {}.",
            seats(number),
            words.persons(between)
        ),
        Fact::AlternateCount { group, seats: number, percent, alternates } => format!(
            "{}: {percent} % of {} makes {}.",
            words.group(*group),
            seats(number),
            count(words, *alternates, "alternate")
        ),
        Fact::AlternateTotal { alternates } => {
            format!("All groups together have {}.", count(words, *alternates, "alternate"))
        }
        Fact::OneMoreAlternate { group } => {
            format!("{} has one more of them, by its remainder.", words.group(*group))
        }
        Fact::Alternates { group, wanted, named } => format!(
            "{}{} named of {wanted} wanted.",
            words.prefix(*group),
            count(words, *named, "alternate")
        ),
        Fact::Replaced { leaver, successor: None, .. } => {
            format!("{} leaves, and nobody is left to come in.", words.person(*leaver))
        }
        Fact::Replaced { leaver, successor: Some(successor), same_group } => format!(
            "{} leaves; {} comes in, {}.",
            words.person(*leaver),
            words.person(*successor),
            if *same_group {
                "next in order"
            } else {
                "with most votes among all other alternates"
            }
        ),
        other => unreachable!("{other:?} is a fact about groups"),
    }
}
