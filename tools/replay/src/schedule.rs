//! When each batch is meant to be sent, fixed before the first one is.
//!
//! In: the number of batches, a rate, a speed, a shape. Out: intended send times in nanoseconds
//! after the start, ascending. Never: a time that depends on an answer; a float, so that the same
//! words give the same times on every machine.
//!
//! With T batches and the rate N per second the whole takes D = T / N. Batch i, from 0, comes at
//!
//! * constant: `i / N`
//! * surge: A = 7 T / 10 of them come evenly in the first tenth, at `(D / 10) * i / A`. The other
//!   B = T - A thin out from there to D: with j = i - A at
//!   `D / 10 + 9 D (j B + 20 j^2) / (210 B^2)`. So the rate is 7 N at first, falls from there
//!   without a step, and ends at N / 5.9.
//! * retry-storm: as surge, and 20 % of the batches, drawn from the seed, are sent a second time
//!   before their answer arrives.
//!
//! All of it is divided by the speed. Without a rate a surge takes [`DEFAULT_DURATION`].

use std::str::FromStr;
use std::time::Duration;

use crate::error::ReplayError;
use crate::random::{Purpose, Random};

/// How long a surge takes, or a retry storm, if no rate is given.
pub const DEFAULT_DURATION: Duration = Duration::from_secs(60);

/// Batches of a retry storm, per mille, that are sent again before their answer arrives.
const STORM_PER_MILLE: u64 = 200;

/// A schedule that is longer is a mistake, and would pass the counters.
const LONGEST_NANOSECONDS: u128 = 366 * 24 * 3_600 * 1_000_000_000;

/// A positive decimal number as an exact fraction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decimal {
    numerator: u64,
    denominator: u64,
}

impl Decimal {
    /// One.
    pub const ONE: Self = Self { numerator: 1, denominator: 1 };

    /// A whole number.
    #[must_use]
    pub const fn whole(number: u64) -> Self {
        Self { numerator: number, denominator: 1 }
    }
}

impl FromStr for Decimal {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let expected = "a positive decimal number of at most nine digits before and after the \
                        point, like 2000 or 0.5";
        let (whole, parts) = text.split_once('.').unwrap_or((text, ""));
        let digits = |text: &str| text.len() <= 9 && text.bytes().all(|c| c.is_ascii_digit());
        let point_alone = text.ends_with('.');
        if whole.is_empty() || point_alone || !digits(whole) || !digits(parts) {
            return Err(format!("found '{text}', expected {expected}"));
        }
        let denominator = parts.bytes().fold(1, |power: u64, _| power * 10);
        let numerator = (whole.bytes().chain(parts.bytes()))
            .fold(0, |number: u64, digit| number * 10 + u64::from(digit - b'0'));
        if numerator == 0 {
            return Err(format!("found '{text}', expected {expected}"));
        }
        Ok(Self { numerator, denominator })
    }
}

impl std::fmt::Display for Decimal {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let width = self.denominator.ilog10() as usize;
        let (whole, parts) = (self.numerator / self.denominator, self.numerator % self.denominator);
        if parts == 0 {
            return write!(formatter, "{whole}");
        }
        let text = format!("{parts:0width$}");
        write!(formatter, "{whole}.{}", text.trim_end_matches('0'))
    }
}

/// Batches per second: `2000/s`, `2000` or `0.5/s`.
///
/// # Errors
/// If it is none.
pub fn parse_rate(text: &str) -> Result<Decimal, String> {
    let number = text.strip_suffix("/s").unwrap_or(text);
    number.parse().map_err(|error: String| error.replace("2000 or 0.5", "2000/s or 0.5/s"))
}

/// The shape of the arrivals.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Schedule {
    /// Evenly.
    #[default]
    Constant,
    /// As after closing time: most at once, then a long tail.
    Surge,
    /// A surge in which every fifth request is sent again before its answer arrives.
    RetryStorm,
}

impl Schedule {
    /// Every shape by its name.
    pub const NAMES: [(&str, Self); 3] =
        [("constant", Self::Constant), ("surge", Self::Surge), ("retry-storm", Self::RetryStorm)];

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Constant => "constant",
            Self::Surge => "surge",
            Self::RetryStorm => "retry-storm",
        }
    }
}

impl FromStr for Schedule {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let known = Self::NAMES.iter().find(|(name, _)| *name == text);
        let wrong = || format!("found '{text}', expected constant, surge or retry-storm");
        known.map(|(_, schedule)| *schedule).ok_or_else(wrong)
    }
}

/// The intended send times in nanoseconds after the start, one for each batch; `None` for the
/// closed loop, which sends whenever the batch before was answered.
pub(crate) fn intended_times(
    batches: usize,
    schedule: Schedule,
    rate: Option<Decimal>,
    speed: Decimal,
) -> Result<Option<Vec<u64>>, ReplayError> {
    let total = batches as u128;
    // A duration is held as nanoseconds over a denominator, so that nothing is rounded twice.
    let (whole_times, over) = match rate {
        Some(rate) => {
            (total * 1_000_000_000 * u128::from(rate.denominator), u128::from(rate.numerator))
        }
        None if schedule == Schedule::Constant => return Ok(None),
        None => (DEFAULT_DURATION.as_nanos(), 1),
    };
    let whole = whole_times * u128::from(speed.denominator) / (over * u128::from(speed.numerator));
    if whole > LONGEST_NANOSECONDS {
        return Err(ReplayError::Argument {
            what: "the schedule",
            found: format!("{} days", whole / 86_400_000_000_000),
            expected: "at most a year: a higher --rate or --speed".to_owned(),
        });
    }
    let time = |index: u128| match schedule {
        Schedule::Constant => whole * index / total,
        Schedule::Surge | Schedule::RetryStorm => surge_time(index, total, whole),
    };
    let narrow = |time: u128| u64::try_from(time).expect("a year of nanoseconds fits 64 bits");
    Ok(Some((0..total).map(time).map(narrow).collect()))
}

/// See the head of this file.
fn surge_time(index: u128, total: u128, whole: u128) -> u128 {
    let early = total * 7 / 10;
    if index < early {
        return whole * index / (10 * early);
    }
    let (late, tail) = (index - early, total - early);
    whole / 10 + 9 * whole * (late * tail + 20 * late * late) / (210 * tail * tail)
}

/// Whether a batch of a retry storm is sent again before its answer arrives.
pub(crate) fn is_sent_twice(schedule: Schedule, seed: u64, batch: usize) -> bool {
    schedule == Schedule::RetryStorm
        && Random::new(seed, Purpose::Storm, batch as u64, 0).below(1_000) < STORM_PER_MILLE
}

#[cfg(test)]
mod tests {
    use super::*;

    fn times(batches: usize, schedule: Schedule, rate: &str, speed: &str) -> Vec<u64> {
        let rate = parse_rate(rate).unwrap();
        intended_times(batches, schedule, Some(rate), speed.parse().unwrap()).unwrap().unwrap()
    }

    #[test]
    fn decimals_are_exact_and_nonsense_is_refused() {
        let decimal = |text: &str| text.parse::<Decimal>();
        assert_eq!(decimal("0.5"), Ok(Decimal { numerator: 5, denominator: 10 }));
        assert_eq!(decimal("12"), Ok(Decimal::whole(12)));
        for text in ["", ".", "1.", ".5", "0", "0.0", "-1", "1e3", "1,5", "1/2", "1234567890", "۱"]
        {
            let error = decimal(text).unwrap_err();
            assert!(error.contains(&format!("'{text}'")), "{error}");
        }
        assert_eq!(decimal("2.50").unwrap().to_string(), "2.5");
        assert_eq!(decimal("0.05").unwrap().to_string(), "0.05");
        assert_eq!(parse_rate("2000/s"), Ok(Decimal::whole(2_000)));
        assert!(parse_rate("2000/m").is_err());
    }

    #[test]
    fn constant_arrivals_are_even_and_speed_divides() {
        assert_eq!(
            times(4, Schedule::Constant, "1000/s", "1"),
            [0, 1_000_000, 2_000_000, 3_000_000]
        );
        assert_eq!(times(3, Schedule::Constant, "1", "0.5"), [0, 2_000_000_000, 4_000_000_000]);
        assert_eq!(times(3, Schedule::Constant, "3", "1"), [0, 333_333_333, 666_666_666]);
        let closed = intended_times(9, Schedule::Constant, None, Decimal::ONE).unwrap();
        assert_eq!(closed, None, "no rate: as fast as acknowledged");
    }

    #[test]
    fn a_surge_brings_most_in_the_first_tenth_and_thins_out_to_the_end() {
        let batches = 10_000;
        let times = times(batches, Schedule::Surge, "1000/s", "1");
        let whole = 10_000_000_000;
        assert!(times.is_sorted());
        assert_eq!(times.iter().filter(|&&time| time < whole / 10).count(), 7_000);
        assert!(*times.last().unwrap() > whole * 99 / 100 && *times.last().unwrap() < whole);
        // No step where the tail begins, and ever fewer after it.
        let in_tenth = |tenth: u64| {
            let span = whole / 10 * tenth..whole / 10 * (tenth + 1);
            times.iter().filter(|time| span.contains(time)).count()
        };
        let tail: Vec<usize> = (1..10).map(in_tenth).collect();
        assert!(tail.is_sorted_by(|a, b| a > b), "{tail:?}");
        let (last_early, first_late) = (times[6_999] - times[6_998], times[7_001] - times[7_000]);
        assert!(last_early.abs_diff(first_late) < last_early / 50, "{last_early} {first_late}");
    }

    #[test]
    fn small_and_endless_schedules() {
        for batches in 0..4 {
            let times = times(batches, Schedule::Surge, "1", "1");
            assert_eq!(times.len(), batches);
        }
        let endless = intended_times(
            1_000_000,
            Schedule::Constant,
            Some("0.000001".parse().unwrap()),
            Decimal::ONE,
        );
        assert!(endless.unwrap_err().to_string().contains("at most a year"));
    }

    #[test]
    fn a_fifth_of_a_storm_is_sent_twice_and_nothing_else() {
        let twice = |schedule, seed| {
            (0..10_000).filter(|&batch| is_sent_twice(schedule, seed, batch)).collect::<Vec<_>>()
        };
        let storm = twice(Schedule::RetryStorm, 1);
        assert!((1_800..2_200).contains(&storm.len()), "{}", storm.len());
        assert_eq!(storm, twice(Schedule::RetryStorm, 1));
        assert_ne!(storm, twice(Schedule::RetryStorm, 2));
        assert!(twice(Schedule::Surge, 1).is_empty());
    }
}
