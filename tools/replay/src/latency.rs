//! How long answers took: histograms, their percentiles, and the `.hgrm` text.
//!
//! In: times in microseconds. Out: percentiles in microseconds; the percentile distribution as
//! HdrHistogram's `outputPercentileDistribution` prints it, in milliseconds, which its plotters
//! read. Never: an average where somebody waits at the tail; a value above [`LONGEST_MICROSECONDS`]
//! lost (it counts as that).

use std::fmt::Write;
use std::time::Duration;

use hdrhistogram::Histogram;
use serde::Serialize;

/// An hour: what takes longer counts as that.
const LONGEST_MICROSECONDS: u64 = 3_600_000_000;
/// Significant digits that a histogram keeps.
const DIGITS: u8 = 3;
/// Lines of the distribution for every halving of what is left.
const TICKS_PER_HALF: u32 = 5;

/// Latencies of one kind.
#[derive(Clone, Debug)]
pub struct Latencies(Histogram<u64>);

/// Percentiles in microseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Percentiles {
    /// How many were measured.
    pub count: u64,
    /// Half took no longer.
    pub p50_us: u64,
    /// Of ten, nine took no longer.
    pub p90_us: u64,
    /// Of a hundred, all but one.
    pub p99_us: u64,
    /// Of a thousand, all but one.
    pub p99_9_us: u64,
    /// The longest.
    pub max_us: u64,
}

impl Default for Latencies {
    fn default() -> Self {
        let histogram = Histogram::new_with_bounds(1, LONGEST_MICROSECONDS, DIGITS);
        Self(histogram.expect("the bounds are constants"))
    }
}

impl Latencies {
    /// Adds one.
    pub fn record(&mut self, time: Duration) {
        let microseconds = u64::try_from(time.as_micros()).unwrap_or(LONGEST_MICROSECONDS);
        self.0.saturating_record(microseconds.clamp(1, LONGEST_MICROSECONDS));
    }

    /// Adds those that somebody else measured.
    pub fn merge(&mut self, other: &Self) {
        self.0.add(&other.0).expect("all have the same bounds");
    }

    /// How many.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.0.len()
    }

    /// The time that all but one in `one_in` did not pass, in microseconds: 2 is the median.
    #[must_use]
    pub fn all_but_one_in(&self, one_in: u64) -> u64 {
        let count = self.0.len();
        if count == 0 {
            return 0;
        }
        // The rank in whole numbers, rounded up: a percentile is a value that was measured.
        let above = count / one_in.max(1);
        let rank = (count - above).max(1);
        let mut passed = 0;
        for value in self.0.iter_recorded() {
            passed += value.count_at_value();
            if passed >= rank {
                return value.value_iterated_to().min(self.0.max());
            }
        }
        self.0.max()
    }

    /// The percentiles of the report.
    #[must_use]
    pub fn percentiles(&self) -> Percentiles {
        Percentiles {
            count: self.0.len(),
            p50_us: self.all_but_one_in(2),
            p90_us: self.all_but_one_in(10),
            p99_us: self.all_but_one_in(100),
            p99_9_us: self.all_but_one_in(1_000),
            max_us: self.0.max(),
        }
    }

    /// Values with how many of all are above them: the curve of the picture.
    pub(crate) fn curve(&self) -> Vec<(u64, u64)> {
        let mut left = self.0.len();
        let mut points = Vec::new();
        for value in self.0.iter_recorded() {
            left -= value.count_at_value();
            points.push((value.value_iterated_to().min(self.0.max()), left));
        }
        points
    }

    /// The percentile distribution as text.
    #[must_use]
    #[expect(clippy::float_arithmetic, reason = "the format has quotients of quantiles")]
    pub fn hgrm(&self) -> String {
        let histogram = &self.0;
        let mut text = format!(
            "{:>12} {:>14} {:>10} {:>14}\n\n",
            "Value", "Percentile", "TotalCount", "1/(1-Percentile)"
        );
        let mut put = |line: std::fmt::Arguments<'_>| {
            text.write_fmt(line).expect("a string takes everything");
        };
        let mut total = 0;
        for value in histogram.iter_quantiles(TICKS_PER_HALF) {
            total += value.count_since_last_iteration();
            let (time, quantile) = (value.value_iterated_to(), value.quantile_iterated_to());
            let time = milliseconds(time.min(histogram.max()));
            if quantile < 1.0 {
                let inverse = 1.0 / (1.0 - quantile);
                put(format_args!("{time:>12} {quantile:.12} {total:>10} {inverse:>14.2}\n"));
            } else {
                put(format_args!("{time:>12} {quantile:.12} {total:>10}\n"));
            }
        }
        let (mean, deviation) = if histogram.is_empty() {
            (0.0, 0.0)
        } else {
            (histogram.mean() / 1_000.0, histogram.stdev() / 1_000.0)
        };
        put(format_args!("#[Mean    = {mean:>12.3}, StdDeviation   = {deviation:>12.3}]\n"));
        let (max, count) = (milliseconds(histogram.max()), histogram.len());
        put(format_args!("#[Max     = {max:>12}, Total count    = {count:>12}]\n"));
        let (buckets, inside) = (histogram.buckets(), sub_buckets());
        put(format_args!("#[Buckets = {buckets:>12}, SubBuckets     = {inside:>12}]\n"));
        text
    }
}

/// What HdrHistogram calls the sub-buckets: the power of two that tells 10^digits values twice.
fn sub_buckets() -> u64 {
    (2 * 10_u64.pow(u32::from(DIGITS))).next_power_of_two()
}

/// Microseconds as milliseconds with three decimals.
pub(crate) fn milliseconds(microseconds: u64) -> String {
    format!("{}.{:03}", microseconds / 1_000, microseconds % 1_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one_to(most: u64) -> Latencies {
        let mut latencies = Latencies::default();
        for microseconds in 1..=most {
            latencies.record(Duration::from_micros(microseconds));
        }
        latencies
    }

    #[test]
    fn percentiles_are_those_of_the_numbers_one_to_thousand() {
        let percentiles = one_to(1_000).percentiles();
        let expected = Percentiles {
            count: 1_000,
            p50_us: 500,
            p90_us: 900,
            p99_us: 990,
            p99_9_us: 999,
            max_us: 1_000,
        };
        assert_eq!(percentiles, expected);
        assert_eq!(Latencies::default().percentiles(), Percentiles::default());
        assert_eq!(one_to(1).percentiles().p50_us, 1);
        // With ten measured, the one in a hundred is the longest of them.
        assert_eq!(one_to(10).percentiles().p99_us, 10);
    }

    #[test]
    fn parts_add_up_and_the_curve_ends_with_nobody_left() {
        let mut both = one_to(100);
        both.merge(&one_to(300));
        assert_eq!(both.count(), 400);
        let curve = both.curve();
        assert_eq!((curve[0], *curve.last().unwrap()), ((1, 398), (300, 0)));
        let mut long = Latencies::default();
        long.record(Duration::from_secs(86_400));
        long.record(Duration::ZERO);
        assert!(long.percentiles().max_us >= LONGEST_MICROSECONDS, "counted as an hour, not lost");
        assert_eq!(long.count(), 2);
    }

    #[test]
    fn the_distribution_is_that_of_hdrhistogram() {
        let text = one_to(1_000).hgrm();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[0], "       Value     Percentile TotalCount 1/(1-Percentile)");
        assert_eq!(
            (lines[1], lines[2]),
            ("", "       0.001 0.000000000000          1           1.00")
        );
        assert!(
            text.contains("\n       0.500 0.500000000000        500           2.00\n"),
            "{text}"
        );
        assert!(text.contains("\n       1.000 1.000000000000       1000\n"), "{text}");
        assert!(text.contains("#[Mean    =        0.500, StdDeviation   ="), "{text}");
        let max = "#[Max     =        1.000, Total count    =         1000]";
        assert_eq!(lines[lines.len() - 2], max);
        let buckets = "#[Buckets =           22, SubBuckets     =         2048]";
        assert_eq!(lines[lines.len() - 1], buckets);
        assert!(Latencies::default().hgrm().contains("Total count    =            0]"));
    }
}
