//! Percentages: exact decimals, compared in whole numbers.
//!
//! What comes in: a percentage as text. What goes out: whether votes reach it (*at least*):
//! votes x 100 >= percent x base. Never a float.

use std::fmt;

use crate::{SeatsError, numerals::parse_digits};

/// Most decimals of a percentage.
const DECIMALS_MAX: usize = 9;

/// An exact percentage from 0 to 100: `units` / 10^`decimals`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Percent {
    units: u64,
    decimals: u32,
}

impl Percent {
    /// So many per cent.
    pub(crate) const fn whole(percent: u64) -> Percent {
        Percent { units: percent, decimals: 0 }
    }

    /// So many tenths, not a multiple of ten.
    pub(crate) const fn tenths(tenths: u64) -> Percent {
        Percent { units: tenths, decimals: 1 }
    }

    /// Reads `5`, `3.25`, `0.5`; nothing else: no sign, exponent, blank or percent sign.
    ///
    /// # Errors
    /// [`SeatsError::PercentInvalid`].
    pub fn parse(text: &str) -> Result<Percent, SeatsError> {
        let invalid = || SeatsError::PercentInvalid { found: text.to_owned() };
        let (whole, fraction) = match text.split_once('.') {
            Some((_, "")) => return Err(invalid()),
            Some((whole, fraction)) => (whole, fraction),
            None => (text, ""),
        };
        if fraction.len() > DECIMALS_MAX {
            return Err(invalid());
        }
        let whole = parse_digits(whole).filter(|whole| *whole <= 100).ok_or_else(invalid)?;
        let mut percent = Percent { units: whole, decimals: 0 };
        for digit in fraction.chars() {
            let digit = digit.to_digit(10).ok_or_else(invalid)?;
            // At most 100 x 10^9 + 10^9 < 2^37.
            percent.units = percent.units * 10 + u64::from(digit);
            percent.decimals += 1;
        }
        if percent.units > 100 * percent.scale() {
            return Err(invalid());
        }
        Ok(percent.reduced())
    }

    /// Whether it is 0 %, which excludes nobody.
    pub fn is_zero(self) -> bool {
        self.units == 0
    }

    /// Whether `votes` are at least this percentage of `base`.
    pub fn is_reached(self, votes: u64, base: u64) -> bool {
        // 2^64 x 100 x 10^9 < 2^101, both sides.
        let have = u128::from(votes) * 100 * u128::from(self.scale());
        have >= u128::from(self.units) * u128::from(base)
    }

    /// Whether `votes` are at least this percentage of `base` x `part` / `whole`, where `part` is
    /// at most `whole`.
    pub fn is_reached_of_part(self, votes: u64, base: u64, part: u32, whole: u32) -> bool {
        // 2^101 as above, times seats < 2^14, both sides.
        let have = u128::from(votes) * 100 * u128::from(self.scale()) * u128::from(whole);
        have >= u128::from(self.units) * u128::from(base) * u128::from(part)
    }

    /// One per cent less, 0 at least.
    pub fn one_less(self) -> Percent {
        Percent { units: self.units.saturating_sub(self.scale()), ..self }.reduced()
    }

    fn reduced(mut self) -> Percent {
        while self.decimals > 0 && self.units.is_multiple_of(10) {
            self.units /= 10;
            self.decimals -= 1;
        }
        self
    }

    /// The percentage as whole units of 10^-[`Percent::decimals`].
    pub fn units(self) -> u64 {
        self.units
    }

    /// Number of decimals, at most 9, no trailing zero.
    pub fn decimals(self) -> u32 {
        self.decimals
    }

    fn scale(self) -> u64 {
        10u64.pow(self.decimals)
    }
}

impl fmt::Display for Percent {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.units / self.scale())?;
        if self.decimals > 0 {
            let width = self.decimals as usize;
            write!(formatter, ".{:0width$}", self.units % self.scale())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::Percent;

    #[test]
    fn percentages_are_exact_and_strict() {
        for (text, shown) in
            [("5", "5"), ("3.25", "3.25"), ("0.50", "0.5"), ("100.000", "100"), ("007", "7")]
        {
            assert_eq!(Percent::parse(text).unwrap().to_string(), shown);
        }
        for text in
            ["", ".", "5.", ".5", "-1", "+1", "1e1", "101", "100.1", "5 %", "1.0000000000", "۵"]
        {
            assert!(Percent::parse(text).is_err(), "{text:?} must be refused");
        }
    }

    #[test]
    fn a_percentage_of_a_part_and_one_less() {
        let five = Percent::parse("5").unwrap();
        // 5 % of 1,000 x 3 / 15 = 10
        assert!(five.is_reached_of_part(10, 1_000, 3, 15));
        assert!(!five.is_reached_of_part(9, 1_000, 3, 15));
        assert_eq!(Percent::parse("3.25").unwrap().one_less().to_string(), "2.25");
        assert_eq!(Percent::parse("0.5").unwrap().one_less().to_string(), "0");
    }

    #[test]
    fn a_threshold_is_at_least() {
        let percent = Percent::parse("3.25").unwrap();
        assert!(percent.is_reached(325, 10_000));
        assert!(!percent.is_reached(324, 10_000));
        assert!(percent.is_reached(u64::MAX, u64::MAX));
        assert!(Percent::parse("100").unwrap().is_reached(u64::MAX, u64::MAX));
        assert!(!Percent::parse("100").unwrap().is_reached(u64::MAX - 1, u64::MAX));
    }
}
