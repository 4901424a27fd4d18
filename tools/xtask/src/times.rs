//! Times as programs print them, and what follows from them, in whole numbers.
//!
//! In: JSON with seconds. Out: best and median, text for tables. Never: a float that is computed
//! with; a ratio is of nanoseconds, rounded down.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::Value;

/// Times of repeats of one thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Times {
    pub(crate) best: Duration,
    pub(crate) median: Duration,
}

impl Times {
    /// The quieter of two rounds.
    pub(crate) fn or_quieter(self, other: Self) -> Self {
        if other.best < self.best { other } else { self }
    }

    /// Best and median of at least one.
    pub(crate) fn of(mut times: Vec<Duration>) -> Result<Self> {
        times.sort();
        match times.first() {
            Some(&best) => Ok(Self { best, median: times[times.len() / 2] }),
            None => bail!("found no time, expected at least one"),
        }
    }
}

/// A field of seconds.
pub(crate) fn seconds(value: &Value) -> Result<Duration> {
    let seconds = value.as_f64().with_context(|| format!("found {value}, expected seconds"))?;
    Duration::try_from_secs_f64(seconds).with_context(|| format!("found {seconds} seconds"))
}

/// A field with a list of seconds.
pub(crate) fn all_seconds(value: &Value) -> Result<Vec<Duration>> {
    let list = value.as_array().with_context(|| format!("found {value}, expected seconds"))?;
    list.iter().map(seconds).collect()
}

/// What `shomar tally --format summary` says about time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Summary {
    pub(crate) open: Duration,
    pub(crate) counts: Vec<Duration>,
    pub(crate) merge: Duration,
}

impl Summary {
    /// Reads it from the summary.
    pub(crate) fn read(summary: &Value) -> Result<Self> {
        let timing = &summary["timing"];
        let read = || {
            Ok::<_, anyhow::Error>(Self {
                open: seconds(&timing["open_s"])?,
                counts: all_seconds(&timing["count_s"])?,
                merge: seconds(&timing["merge_s"])?,
            })
        };
        let summary = read().context("the summary of `shomar tally`")?;
        if summary.counts.is_empty() {
            bail!("the summary of `shomar tally` has no time of a count");
        }
        Ok(summary)
    }
}

/// Seconds, with as many digits as say something.
pub(crate) fn shown(time: Duration) -> String {
    match time {
        time if time < Duration::from_millis(100) => format!("{:.4}", time.as_secs_f64()),
        time if time < Duration::from_secs(10) => format!("{:.3}", time.as_secs_f64()),
        time => format!("{:.1}", time.as_secs_f64()),
    }
}

/// How many times as long, to a tenth; to a hundredth where it is less than once.
pub(crate) fn ratio(long: Duration, short: Duration) -> String {
    ratio_of(long.as_nanos(), short.as_nanos())
}

/// How many times as much, rounded like [`ratio`].
pub(crate) fn ratio_of(much: u128, little: u128) -> String {
    let hundredths = (much * 100).checked_div(little).unwrap_or_default();
    match hundredths {
        0..100 => format!("0.{hundredths:02}"),
        _ => format!("{}.{}", hundredths / 100, hundredths / 10 % 10),
    }
}

/// Millions a second.
pub(crate) fn millions_a_second(count: u64, time: Duration) -> String {
    let thousands = (u128::from(count) * 1_000_000).checked_div(time.as_nanos());
    let tenths = thousands.unwrap_or_default() / 100;
    format!("{}.{}", tenths / 10, tenths % 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn millis(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    #[test]
    fn best_and_median_are_picked() {
        let times = Times::of([5, 1, 9, 2, 7].map(millis).to_vec()).unwrap();
        assert_eq!(times, Times { best: millis(1), median: millis(5) });
        assert!(Times::of(Vec::new()).is_err());
    }

    #[test]
    fn summary_is_read_and_one_without_times_is_refused() {
        let timing = serde_json::json!({"open_s": 0.5, "count_s": [0.25, 1], "merge_s": 0.125});
        let summary = Summary::read(&serde_json::json!({ "timing": timing })).unwrap();
        let counts = vec![millis(250), millis(1_000)];
        assert_eq!(summary, Summary { open: millis(500), counts, merge: millis(125) });
        for timing in [
            serde_json::json!({}),
            serde_json::json!({"open_s": 0.5, "count_s": [], "merge_s": 0.1}),
            serde_json::json!({"open_s": 0.5, "count_s": ["x"], "merge_s": 0.1}),
            serde_json::json!({"open_s": -1, "count_s": [0.1], "merge_s": 0.1}),
        ] {
            assert!(Summary::read(&serde_json::json!({ "timing": timing })).is_err());
        }
    }

    #[test]
    fn ratios_and_rates_are_exact() {
        assert_eq!(ratio(millis(2_000), millis(30)), "66.6");
        assert_eq!(ratio(millis(2), millis(30)), "0.06");
        assert_eq!(ratio(millis(30), millis(30)), "1.0");
        assert_eq!(millions_a_second(325_000_000, millis(500)), "650.0");
        assert_eq!(millions_a_second(1_000, Duration::from_secs(1)), "0.0");
        assert_eq!(shown(millis(31)), "0.0310");
        assert_eq!(shown(millis(12_345)), "12.3");
    }
}
