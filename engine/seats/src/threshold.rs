//! Thresholds: an exact decimal percentage and what it is a percentage of.
//!
//! A group is in when votes x 100 >= percent x base, in whole numbers (*at least*). Never a float.

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
        while percent.decimals > 0 && percent.units.is_multiple_of(10) {
            percent.units /= 10;
            percent.decimals -= 1;
        }
        Ok(percent)
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

/// A threshold for groups; the default excludes nobody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Threshold {
    /// Percentage to reach.
    pub percent: Percent,
    /// What it is a percentage of, in votes; `None`: the sum of all votes of the race, groups
    /// below the threshold included. Laws that count blank votes (Spain) give it here.
    pub base: Option<u64>,
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
    fn a_threshold_is_at_least() {
        let percent = Percent::parse("3.25").unwrap();
        assert!(percent.is_reached(325, 10_000));
        assert!(!percent.is_reached(324, 10_000));
        assert!(percent.is_reached(u64::MAX, u64::MAX));
        assert!(Percent::parse("100").unwrap().is_reached(u64::MAX, u64::MAX));
        assert!(!Percent::parse("100").unwrap().is_reached(u64::MAX - 1, u64::MAX));
    }
}
