//! Councils law, article 24: seats of Tehran's council among lists and the pool of independents.
//!
//! What comes in: groups with their totals (item 1), the readings A1 to A6, A9 and A14. What goes
//! out: their seats, seats that stay vacant, and what waits for a lot; and how many alternates a
//! group has (article 25 item 2, reading A7).
//!
//! Source: docs/law.md. The gazetted text was seen in part only, so every open question is a named
//! reading, and every step that rests on one says so. docs/rules.md, 3.3, numbers the steps.
//!
//! Products: votes < 2^64 x seats < 2^14, below 2^78; differences of those as i128.

use crate::citations::Article;
use crate::contenders::Contender;
use crate::count::{Count, Open};
use crate::divisor::compare_quotients;
use crate::quota::{Share, give_in_rounds, push_share, share, take_in_rounds};
use crate::race::position;
use crate::{
    AlternateRounding, BelowThreshold, Denominator, Divisor, Excess, Fact, GroupKey, Leftover,
    LeftoverBy, ListTooShort, LotKind, Members, OptionName, Party, PoolGetsLeftover, Rounding,
    SeatsError, TwoStage,
};

/// Alternates of a group, per cent of its seats (article 25 item 2).
pub(crate) const ALTERNATES_PERCENT: u32 = 52;

/// Gives the seats of the race to the groups. Returns the seats that nobody can take and that are
/// nobody's own, and what waits for a lot.
pub(crate) fn distribute(
    count: &mut Count<'_>,
    all: &mut [Contender],
) -> Result<(u32, Open), SeatsError> {
    for entry in all.iter() {
        let fact = Fact::Total { group: entry.key, votes: entry.votes };
        count.step(Article::Councils24Item1, fact);
    }
    let in_play: Vec<usize> = (0..all.len()).filter(|index| all[*index].in_play).collect();
    if in_play.is_empty() {
        return Ok((count.race.seats, Open::default()));
    }
    let counts = |entry: &&Contender| {
        entry.in_play || count.options().below_threshold == BelowThreshold::InDenominator
    };
    let has_below = all.iter().any(|entry| !entry.in_play && entry.votes > 0);
    let of_all =
        Base { votes: all.iter().filter(counts).map(|entry| entry.votes).sum(), has_below };
    let is_pool = |index: &&usize| all[**index].key == GroupKey::Independents;
    let lists: Vec<usize> = in_play.iter().filter(|index| !is_pool(index)).copied().collect();
    let pool = in_play.iter().find(is_pool).copied();
    let Some(pool) = pool.filter(|_| !lists.is_empty()) else {
        return one_stage(count, all, &in_play, count.race.seats, of_all);
    };
    if count.options().two_stage == TwoStage::Off {
        count.step_of(Article::Draft1402, &[OptionName::TwoStage], Fact::OneStage);
        return one_stage(count, all, &in_play, count.race.seats, of_all);
    }
    let of_lists = |entry: &&Contender| counts(entry) && entry.key != GroupKey::Independents;
    let of_lists =
        Base { votes: all.iter().filter(of_lists).map(|entry| entry.votes).sum(), has_below };
    two_stages(count, all, &lists, pool, [of_all, of_lists])
}

/// What shares are shares of under A1 `vote_sum`.
#[derive(Clone, Copy)]
struct Base {
    votes: u64,
    /// Whether groups below the threshold have votes, so that the sum rests on `below_threshold`:
    /// also in a stage in which they do not stand.
    has_below: bool,
}

/// A14 `on`: all lists together against the pool, then the lists among themselves.
fn two_stages(
    count: &mut Count<'_>,
    all: &mut [Contender],
    lists: &[usize],
    pool: usize,
    [of_all, of_lists]: [Base; 2],
) -> Result<(u32, Open), SeatsError> {
    let votes = lists.iter().map(|list| all[*list].votes).sum();
    let mut together = Contender::new(GroupKey::AllLists, votes, Members::Unnamed);
    together.in_play = true;
    let capacities = lists.iter().map(|list| all[*list].capacity);
    together.capacity = capacities.sum::<Option<u32>>();
    let stage = Fact::FirstStage { lists_votes: votes, pool_votes: all[pool].votes };
    count.step_of(Article::Draft1402, &[OptionName::TwoStage], stage);
    let mut stage = [together, all[pool].clone()];
    let (vacant, open) = one_stage(count, &mut stage, &[0, 1], count.race.seats, of_all)?;
    let [together, pool_after] = stage;
    all[pool] = pool_after;
    if !open.groups.is_empty() {
        // Which lists have how many depends on a lot: nothing about them is certain yet.
        let groups = lists.iter().copied().chain([pool]).collect();
        return Ok((vacant, Open { groups }));
    }
    // What the lists together could not fill is theirs to leave vacant.
    let seats = together.seats + together.vacant;
    let stage = Fact::SecondStage { seats };
    count.step_of(Article::Draft1402, &[OptionName::TwoStage], stage);
    if seats == 0 {
        return Ok((vacant, Open::default()));
    }
    let (more, open) = one_stage(count, all, lists, seats, of_lists)?;
    Ok((vacant + more, open))
}

/// Steps 1 to 5 for some of the groups.
fn one_stage(
    count: &mut Count<'_>,
    all: &mut [Contender],
    groups: &[usize],
    seats: u32,
    base: Base,
) -> Result<(u32, Open), SeatsError> {
    let shares = raw_shares(count, all, groups, seats, base)?;
    // Rounding and its excess do not look at names; the limit returns after them.
    let capacities: Vec<Option<u32>> = groups.iter().map(|group| all[*group].capacity).collect();
    groups.iter().for_each(|group| all[*group].capacity = None);
    let open = round(count, all, &shares, seats)?;
    for (group, capacity) in groups.iter().zip(capacities) {
        all[*group].capacity = capacity;
    }
    cut_to_names(count, all, groups);
    let (unfilled, open) = if open.groups.is_empty() {
        let given: u32 = groups.iter().map(|group| all[*group].seats).sum();
        give_left(count, all, &shares, seats - given)?
    } else {
        // Where the seats left go depends on the lot.
        (0, Open { groups: groups.to_vec() })
    };
    if count.options().list_too_short == ListTooShort::Vacant {
        leave_vacant(count, all, groups);
    }
    Ok((unfilled, open))
}

/// Raw seats of the groups (A1).
struct Shares {
    of: Vec<Share>,
    denominator: u64,
}

fn raw_shares(
    count: &mut Count<'_>,
    all: &[Contender],
    groups: &[usize],
    seats: u32,
    base: Base,
) -> Result<Shares, SeatsError> {
    let readings = &[OptionName::Denominator];
    let (multiplier, denominator) = match count.options().denominator {
        Denominator::VoteSum => {
            let fact = Fact::Quota { votes: base.votes, seats };
            let readings: &'static [OptionName] = if base.has_below {
                &[OptionName::Denominator, OptionName::BelowThreshold]
            } else {
                readings
            };
            count.step_of(Article::Councils24Item2, readings, fact);
            (seats, base.votes)
        }
        Denominator::ValidBallots => {
            let ballots = count.race.valid_ballots.expect("checked by Race::check");
            if ballots == 0 {
                return Err(SeatsError::NoBallots { rule: count.rule.name() });
            }
            let fact = Fact::BallotsPerSeat { ballots };
            count.step_of(Article::Councils24Item2, readings, fact);
            (1, ballots)
        }
    };
    let of: Vec<Share> = groups
        .iter()
        .map(|group| share(*group, all[*group].votes, multiplier, denominator))
        .collect();
    for share in &of {
        let entry = &all[share.contender];
        push_share(count, Article::Councils24Item2, entry, multiplier, denominator, *share);
    }
    Ok(Shares { of, denominator })
}

/// Whole seats by A2, and A4 where they are too many.
fn round(
    count: &mut Count<'_>,
    all: &mut [Contender],
    shares: &Shares,
    seats: u32,
) -> Result<Open, SeatsError> {
    let article = Article::Councils24Item3;
    let rounding = count.options().rounding;
    let mut sum = 0u64;
    for share in &shares.of {
        let half = (u128::from(share.remainder) * 2).cmp(&u128::from(shares.denominator));
        let is_up = match rounding {
            Rounding::FloorThenRemainder => false,
            Rounding::HalfUp => half.is_ge(),
            Rounding::HalfEven => half.is_gt() || half.is_eq() && share.whole % 2 == 1,
        };
        let entry = &mut all[share.contender];
        entry.seats = share.whole.saturating_add(u32::from(is_up));
        sum += u64::from(entry.seats);
        if is_up {
            let fact = Fact::RoundedUp { group: entry.key, seats: entry.seats };
            count.step_of(article, &[OptionName::Rounding], fact);
        }
    }
    let fact = Fact::RoundedSum { found: sum, seats };
    count.step_of(article, &[OptionName::Rounding], fact);
    let Some(excess) = sum.checked_sub(u64::from(seats)).filter(|excess| *excess > 0) else {
        return Ok(Open::default());
    };
    let readings = &[OptionName::Excess];
    let mut rests_on = count.readings();
    rests_on.extend(readings);
    let refused = || SeatsError::Excess { found: sum, seats, readings: rests_on.clone() };
    let reading = count.options().excess;
    let order: Vec<(usize, i128)> = shares
        .of
        .iter()
        .filter_map(|share| {
            let entry = &all[share.contender];
            let key = match reading {
                Excess::RemoveSmallestRoundedUpFraction => {
                    (entry.seats > share.whole).then_some(i128::from(share.remainder))?
                }
                Excess::RemoveFromSmallestShare => i128::from(entry.votes),
                Excess::RemoveFromLargest => -i128::from(entry.votes),
                Excess::Error => return None,
            };
            (entry.seats > 0).then_some((share.contender, key))
        })
        .collect();
    let available: u64 = match reading {
        Excess::RemoveSmallestRoundedUpFraction => order.len() as u64,
        Excess::Error => 0,
        _ => sum,
    };
    // More seats than `u32` come only from a share far beyond every seat: there is no sense in it.
    let excess = u32::try_from(excess).map_err(|_| refused())?;
    if available < u64::from(excess) || excess > crate::SEATS_MAX {
        return Err(refused());
    }
    count.step_of(article, readings, Fact::Excess { seats: excess });
    take_in_rounds(count, all, order, excess, |_| 0, article)
}

/// A6 `overflow_to_leftover`: nobody keeps more seats than names.
fn cut_to_names(count: &mut Count<'_>, all: &mut [Contender], groups: &[usize]) {
    for group in groups {
        let entry = &mut all[*group];
        let can_fill = entry.at_most(entry.seats);
        if can_fill == entry.seats {
            continue;
        }
        let (group, over) = (entry.key, entry.seats - can_fill);
        let fact = match count.options().list_too_short {
            ListTooShort::OverflowToLeftover => {
                entry.seats = can_fill;
                Fact::TooShort { group, capacity: can_fill, over }
            }
            ListTooShort::Vacant => Fact::NamesLimit { ignored: true },
        };
        count.step_of(Article::Councils24ListTooShort, &[OptionName::ListTooShort], fact);
    }
}

/// A6 `vacant`: every group keeps what it can fill, the rest of its seats is vacant.
fn leave_vacant(count: &mut Count<'_>, all: &mut [Contender], groups: &[usize]) {
    for group in groups {
        let entry = &mut all[*group];
        let can_fill = entry.at_most(entry.seats);
        if can_fill < entry.seats {
            entry.vacant = entry.seats - can_fill;
            entry.seats = can_fill;
            let fact = Fact::OwnVacant { group: entry.key, seats: entry.vacant };
            count.step_of(Article::Councils24ListTooShort, &[OptionName::ListTooShort], fact);
        }
    }
}

/// Seats left, by A3.
fn give_left(
    count: &mut Count<'_>,
    all: &mut [Contender],
    shares: &Shares,
    seats: u32,
) -> Result<(u32, Open), SeatsError> {
    if seats == 0 {
        return Ok((0, Open::default()));
    }
    let options = count.options();
    let ignores_names = options.list_too_short == ListTooShort::Vacant;
    let has_pool = shares.of.iter().any(|share| all[share.contender].key == GroupKey::Independents);
    let takes_part = |share: &&Share| {
        options.pool_gets_leftover == PoolGetsLeftover::Yes
            || all[share.contender].key != GroupKey::Independents
    };
    let part: Vec<Share> = shares.of.iter().filter(takes_part).copied().collect();
    let article = Article::InterpretiveItem2;
    let by = match options.leftover {
        Leftover::LargestRemainder => LeftoverBy::Remainder,
        Leftover::LargestShare => LeftoverBy::Share,
        Leftover::HighestAverage => LeftoverBy::Average,
    };
    let readings: &[OptionName] = if has_pool {
        &[OptionName::Leftover, OptionName::PoolGetsLeftover]
    } else {
        &[OptionName::Leftover]
    };
    count.step_of(article, readings, Fact::Leftover { seats, by });
    let capacities: Vec<Option<u32>> = all.iter().map(|entry| entry.capacity).collect();
    let is_short = part.iter().any(|share| {
        let entry = &all[share.contender];
        entry.at_most(entry.seats + seats) < entry.seats + seats
    });
    if ignores_names {
        part.iter().for_each(|share| all[share.contender].capacity = None);
    }
    if is_short {
        // Whether names limit the seats left is A6 too.
        let fact = Fact::NamesLimit { ignored: ignores_names };
        count.step_of(Article::Councils24ListTooShort, &[OptionName::ListTooShort], fact);
    }
    let denominator = shares.denominator;
    let result = match options.leftover {
        Leftover::LargestRemainder => {
            let key = |share: &Share| {
                let held = i128::from(all[share.contender].seats);
                let over = (i128::from(share.whole) - held) * i128::from(denominator);
                (share.contender, over + i128::from(share.remainder))
            };
            let order = part.iter().map(key).collect();
            give_in_rounds(count, all, order, seats, None, |group, remainder, round| {
                (article, Fact::RemainderSeat { group, remainder, denominator, round })
            })
        }
        Leftover::LargestShare => {
            let order =
                part.iter().map(|share| (share.contender, all[share.contender].votes)).collect();
            give_in_rounds(count, all, order, seats, None, |group, votes, round| {
                (article, Fact::ShareSeat { group, votes, round })
            })
        }
        Leftover::HighestAverage => by_average(count, all, &part, seats, article),
    };
    for (entry, capacity) in all.iter_mut().zip(capacities) {
        entry.capacity = capacity;
    }
    result
}

/// A3 `highest_average`: each seat left to the largest votes / (seats held + 1).
fn by_average(
    count: &mut Count<'_>,
    all: &mut [Contender],
    part: &[Share],
    seats: u32,
    article: Article,
) -> Result<(u32, Open), SeatsError> {
    let mut left = seats;
    while left > 0 {
        let claims: Vec<(usize, (u64, Divisor))> = part
            .iter()
            .map(|share| (share.contender, &all[share.contender]))
            .filter(|(_, entry)| !entry.is_full())
            .map(|(group, entry)| {
                let numerator = u64::from(entry.seats) + 1;
                (group, (entry.votes, Divisor::Ratio { numerator, denominator: 1 }))
            })
            .collect();
        let best = claims.iter().map(|(_, claim)| *claim).max_by(|a, b| compare_quotients(*a, *b));
        let Some(best) = best else { break };
        let equals: Vec<usize> = claims
            .iter()
            .filter(|(_, claim)| compare_quotients(*claim, best).is_eq())
            .map(|(group, _)| *group)
            .collect();
        if equals.len() > left as usize {
            return Ok((0, count.settle_seats(all, left, equals)?));
        }
        for group in equals {
            let entry = &mut all[group];
            let divisor = Divisor::Ratio { numerator: u64::from(entry.seats) + 1, denominator: 1 };
            entry.award();
            left -= 1;
            let seat = seats - left;
            let (group, votes) = (entry.key, entry.votes);
            count.step(article, Fact::QuotientSeat { group, seat, votes, divisor });
        }
    }
    Ok((left, Open::default()))
}

/// Alternates of each group with these filled seats (A7); `is_open`: other groups wait for a lot,
/// so that what depends on all of them is open too.
pub(crate) fn alternates(
    count: &mut Count<'_>,
    filled: &[(GroupKey, u32)],
    is_open: bool,
) -> Result<Vec<u32>, SeatsError> {
    let reading = count.options().alt_rounding;
    let numbers: Vec<u32> = filled.iter().map(|(_, seats)| rounded(*seats, reading)).collect();
    for ((group, seats), alternates) in filled.iter().zip(&numbers) {
        if *seats > 0 {
            let (group, seats, percent) = (*group, *seats, ALTERNATES_PERCENT);
            let alternates = *alternates;
            let fact = Fact::AlternateCount { group, seats, percent, alternates };
            count.step_of(Article::Councils25Item2, &[OptionName::AltRounding], fact);
        }
    }
    if reading == AlternateRounding::LargestRemainderTo11 && !is_open {
        return share_out(count, filled, numbers);
    }
    Ok(numbers)
}

/// 52 % of so many seats as a whole number; seats <= 10,000, so it fits.
fn rounded(seats: u32, reading: AlternateRounding) -> u32 {
    let hundredths = ALTERNATES_PERCENT * seats;
    match reading {
        AlternateRounding::HalfUp => (hundredths * 2 + 100) / 200,
        AlternateRounding::Floor | AlternateRounding::LargestRemainderTo11 => hundredths / 100,
        AlternateRounding::Ceil => hundredths.div_ceil(100),
    }
}

/// 52 % of all seats that are filled, half up, less the whole numbers: one more each by the largest
/// remainders.
fn share_out(
    count: &mut Count<'_>,
    filled: &[(GroupKey, u32)],
    mut numbers: Vec<u32>,
) -> Result<Vec<u32>, SeatsError> {
    let article = Article::Councils25Item2;
    let readings = &[OptionName::AltRounding];
    let all: u32 = filled.iter().map(|(_, seats)| *seats).sum();
    let target = rounded(all, AlternateRounding::HalfUp);
    let given: u32 = numbers.iter().sum();
    let mut left = target.saturating_sub(given) as usize;
    count.step_of(article, readings, Fact::AlternateTotal { alternates: target });
    let remainder = |index: usize| ALTERNATES_PERCENT * filled[index].1 % 100;
    let mut order: Vec<usize> = (0..filled.len()).filter(|index| filled[*index].1 > 0).collect();
    order.sort_by_key(|index| std::cmp::Reverse(remainder(*index))); // stable: decides nothing
    for equals in order.chunk_by(|one, other| remainder(*one) == remainder(*other)) {
        if left == 0 {
            break;
        }
        if equals.len() <= left {
            for index in equals {
                numbers[*index] += 1;
                count.step_of(
                    article,
                    readings,
                    Fact::OneMoreAlternate { group: filled[*index].0 },
                );
            }
            left -= equals.len();
            continue;
        }
        let between = equals.iter().map(|index| Party::Group(filled[*index].0)).collect();
        let drawn = count.draw(LotKind::Alternate, position(left), between, article, readings)?;
        for index in equals {
            if drawn.winners.contains(&Party::Group(filled[*index].0)) {
                numbers[*index] += 1;
            }
        }
        left = 0;
    }
    Ok(numbers)
}

#[cfg(test)]
mod tests {
    use super::rounded;
    use crate::AlternateRounding;

    #[test]
    fn fifty_two_per_cent_as_a_whole_number() {
        // 0.52, 1.04, 1.56, 2.6, 5.2, 10.92; an exact half would need 52 x seats = 50 mod 100.
        for (seats, half_up, floor, ceil) in [
            (0, 0, 0, 0),
            (1, 1, 0, 1),
            (2, 1, 1, 2),
            (3, 2, 1, 2),
            (5, 3, 2, 3),
            (10, 5, 5, 6),
            (21, 11, 10, 11),
            (25, 13, 13, 13),
            (10_000, 5_200, 5_200, 5_200),
        ] {
            assert_eq!(rounded(seats, AlternateRounding::HalfUp), half_up, "{seats} seats");
            assert_eq!(rounded(seats, AlternateRounding::Floor), floor, "{seats} seats");
            assert_eq!(rounded(seats, AlternateRounding::Ceil), ceil, "{seats} seats");
        }
    }
}
