//! Exact numbers: whole numbers without bound and their fractions.
//!
//! In: counts and decimals as text. Out: exact fractions. Nothing is ever rounded here unless the
//! name says so, and nothing is divided by zero: that is refused.

use num_bigint::BigInt;
use num_rational::Ratio;
use num_traits::{ToPrimitive, Zero};

/// An exact fraction.
pub(crate) type Exact = Ratio<BigInt>;

/// A whole number as a fraction.
pub(crate) fn whole(number: impl Into<BigInt>) -> Exact {
    Exact::from_integer(number.into())
}

/// `numerator / denominator`; `what` names the denominator if it is 0.
pub(crate) fn divide(
    numerator: impl Into<BigInt>,
    denominator: impl Into<BigInt>,
    what: &str,
) -> Result<Exact, String> {
    let denominator = denominator.into();
    if denominator.is_zero() {
        return Err(format!("{what} is 0, expected more: shares of it cannot be computed"));
    }
    Ok(Exact::new(numerator.into(), denominator))
}

/// The whole part of a number that is not negative.
pub(crate) fn whole_part(number: &Exact) -> Result<u64, String> {
    let whole = number.floor().to_integer();
    whole.to_u64().ok_or_else(|| format!("found the number {whole}, expected 0 to {}", u64::MAX))
}

/// One half.
pub(crate) fn half() -> Exact {
    Exact::new(BigInt::from(1), BigInt::from(2))
}

/// How many there are, as the number that seats are computed in.
pub(crate) fn count(length: usize) -> u64 {
    // Every platform that we build for has addresses of at most 64 bits.
    length as u64
}

/// The number of seats as it is reported.
pub(crate) fn seats_u32(seats: u64) -> Result<u32, String> {
    u32::try_from(seats).map_err(|_| format!("found {seats} seats, expected at most {}", u32::MAX))
}

/// Reads digits with at most one point between them, exactly.
pub(crate) fn decimal(text: &str) -> Option<Exact> {
    let (before, after) = text.split_once('.').unwrap_or((text, "0"));
    let is_digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    if !is_digits(before) || !is_digits(after) {
        return None;
    }
    let digits: BigInt = format!("{before}{after}").parse().ok()?;
    let scale = BigInt::from(10).pow(u32::try_from(after.len()).ok()?);
    Some(Exact::new(digits, scale))
}
