//! When the batches of a province came.
//!
//! In: moments in milliseconds. Out: when a share of them was in, and shares at moments of equal
//! distance. Never: a float; a moment that nobody said.

use shomar_board::words::Words;

/// Moments of a curve.
const MOMENTS: u64 = 48;

/// Moments at which batches came.
#[derive(Default)]
pub(super) struct Arrivals {
    moments: Vec<u64>,
}

impl Arrivals {
    pub(super) fn add(&mut self, at_ms: u64) {
        self.moments.push(at_ms);
    }

    pub(super) fn sort(&mut self) {
        self.moments.sort_unstable();
    }

    /// How many came.
    pub(super) fn len(&self) -> u64 {
        self.moments.len() as u64
    }

    /// When so many thousandths of them were in; 0 thousandths: the first one. `None` if none came,
    /// or one without a moment.
    pub(super) fn when(&self, per_mille: u64) -> Option<u64> {
        // Sorted: whoever has no moment stands first.
        if self.moments.first().is_none_or(|first| *first == 0) {
            return None;
        }
        let needed = (self.len() * per_mille).div_ceil(1_000).max(1);
        self.moments.get(usize::try_from(needed - 1).ok()?).copied()
    }

    /// The share that was in, in thousandths, at moments from `first` to `last`; empty if one has
    /// no moment.
    pub(super) fn shares(&self, first: u64, last: u64) -> Vec<u32> {
        if self.when(0).is_none() {
            return Vec::new();
        }
        let moments = (0..=MOMENTS).map(|at| {
            let moment =
                u128::from(first) + u128::from(last - first) * u128::from(at) / u128::from(MOMENTS);
            let moment = u64::try_from(moment).unwrap_or(last);
            self.moments.partition_point(|own| *own <= moment) as u64
        });
        moments.map(|came| crate::maker::per_mille(came, self.len())).collect()
    }
}

/// A duration as hours, minutes and seconds.
pub(super) fn duration(milliseconds: u64, words: Words) -> String {
    let seconds = milliseconds / 1_000;
    let (hours, minutes, seconds) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
    words.digits(&format!("{hours}:{minutes:02}:{seconds:02}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use shomar_seats::Language;

    fn arrivals(moments: &[u64]) -> Arrivals {
        let mut arrivals = Arrivals::default();
        moments.iter().for_each(|at| arrivals.add(*at));
        arrivals.sort();
        arrivals
    }

    #[test]
    fn a_share_is_in_when_its_last_batch_is() {
        let all = arrivals(&[50, 10, 40, 20, 30]);
        let when = [0, 1, 200, 201, 500, 900, 990, 1_000].map(|share| all.when(share));
        assert_eq!(when, [10, 10, 10, 20, 30, 50, 50, 50].map(Some));
        assert_eq!((arrivals(&[]).when(500), arrivals(&[0, 7]).when(500)), (None, None));
    }

    #[test]
    fn a_curve_ends_with_everything_and_never_falls() {
        let shares = arrivals(&[0x10, 100, 5_000, 10_000]).shares(0x10, 10_000);
        assert!(shares.is_sorted() && shares.last() == Some(&1_000), "{shares:?}");
        assert_eq!(shares[0], 250);
        // All in one moment.
        assert_eq!(arrivals(&[7]).shares(7, 7), vec![1_000; 49]);
        assert!(arrivals(&[0, 7]).shares(7, 7).is_empty());
    }

    #[test]
    fn durations_run_beyond_a_day() {
        let words = Words { language: Language::Persian };
        assert_eq!(duration(90_061_999, words), "۲۵:۰۱:۰۱");
    }
}
