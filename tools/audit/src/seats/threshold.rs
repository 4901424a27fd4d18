//! Which groups are in play.
//!
//! In: all groups and the options of the threshold. Out: one yes or no for each group. A group
//! without a vote is never in play, whatever the threshold.

use num_traits::Zero;

use super::exact::{Exact, count, whole};
use super::groups::{Group, sum_of_votes};
use super::options::Options;
use super::race::{Party, Race};

/// Applies `threshold` and everything that bends it.
pub(crate) fn in_play(
    race: &Race,
    groups: &[Group],
    options: &Options,
) -> Result<Vec<bool>, String> {
    let mut percent = options.percent("threshold", 0)?;
    let groups_min = options.count("min_groups")?.unwrap_or(0);
    let is_prorated =
        options.choice("short_lists", false, &[("whole", false), ("prorated", true)])?;
    let scopes = [("lists_and_pool", false), ("lists", true)];
    let spares_pool = options.choice("threshold_scope", false, &scopes)?;
    let passes = |percent: &Exact, base: &Exact, group: &Group| {
        if percent.is_zero() || (spares_pool && group.contender.party == Party::Pool) {
            return true;
        }
        let mut base = base.clone();
        if is_prorated && let Some(names) = group.names.filter(|names| *names < race.seats.into()) {
            base = base * whole(names) / whole(race.seats);
        }
        whole(group.contender.votes) * whole(100_u32) >= percent * base
    };
    // With a threshold of 0 the base plays no part, and need not be known.
    let base = if percent.is_zero() { Exact::zero() } else { base(race, groups, options)? };
    loop {
        let has_votes = |group: &Group| group.contender.votes > 0;
        let in_play: Vec<bool> =
            groups.iter().map(|group| has_votes(group) && passes(&percent, &base, group)).collect();
        let number = count(in_play.iter().filter(|is_in_play| **is_in_play).count());
        if percent.is_zero() || number >= groups_min {
            return Ok(in_play);
        }
        let lower = percent - whole(1_u32);
        percent = lower.max(Exact::zero());
    }
}

/// What the percentage is taken of.
fn base(race: &Race, groups: &[Group], options: &Options) -> Result<Exact, String> {
    let known = |ballots: Option<u64>, what: &str| {
        let missing = || format!("threshold_base is {what}, expected their number to be known");
        ballots.map(whole).ok_or_else(missing)
    };
    match options.text("threshold_base") {
        None | Some("votes") => {
            Ok(whole(sum_of_votes(groups.iter().map(|group| &group.contender))))
        }
        Some("valid") => known(race.valid_ballots, "valid"),
        Some("taken") => known(race.taken_ballots, "taken"),
        Some(text) => match options.count("threshold_base") {
            Ok(Some(number)) => Ok(whole(number)),
            _ => Err(format!(
                "option threshold_base is {text:?}, expected votes, valid, taken or a number"
            )),
        },
    }
}
