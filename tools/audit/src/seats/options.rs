//! Options as text, each read where it is used.
//!
//! In: names and values as in `docs/rules.md`. Out: values of a type, the default for what is
//! absent. A name or a value that no rule knows is refused at once, whether the race needs it or
//! not. An option of another method is left alone.

use std::collections::BTreeMap;

use num_bigint::BigInt;

use super::exact::{Exact, decimal, whole};

/// What an option can be.
#[derive(Clone, Copy)]
enum Form {
    /// One of these, the default first.
    Named(&'static [&'static str]),
    /// A whole number.
    Count,
    /// An exact decimal percentage, 0 to 100.
    Percent,
    /// An exact decimal number from 1 to below 3.
    FirstDivisor,
    /// One of these, or a whole number.
    NamedOrCount(&'static [&'static str]),
    /// About reading ballots or about findings: settled before votes come here.
    SettledBefore,
}

/// Every option that some rule here reads, and those that were settled before.
const KNOWN: &[(&str, Form)] = &[
    ("alt_rounding", Form::Named(&["half_up", "floor", "ceil", "largest_remainder_to_11"])),
    ("below_threshold", Form::Named(&["left_out", "in_denominator"])),
    ("denominator", Form::Named(&["vote_sum", "valid_ballots"])),
    (
        "excess",
        Form::Named(&[
            "remove_smallest_rounded_up_fraction",
            "remove_from_smallest_share",
            "remove_from_largest",
            "error",
        ]),
    ),
    ("first_divisor", Form::FirstDivisor),
    ("first_round_percent", Form::Percent),
    ("initial_seats", Form::Count),
    ("leftover", Form::Named(&["largest_remainder", "largest_share", "highest_average"])),
    ("limit", Form::SettledBefore),
    ("list_plus_names", Form::SettledBefore),
    ("list_too_short", Form::Named(&["overflow_to_leftover", "vacant"])),
    ("majority", Form::Named(&["off", "more_than_half"])),
    ("max_seats", Form::Count),
    ("min_groups", Form::Count),
    ("min_list", Form::SettledBefore),
    ("min_seats", Form::Count),
    ("persons", Form::Named(&["own_votes", "list_order", "czech"])),
    ("pool_gets_leftover", Form::Named(&["yes", "no"])),
    ("round", Form::Named(&["first", "second"])),
    ("rounding", Form::Named(&["floor_then_remainder", "half_up", "half_even"])),
    ("short_lists", Form::Named(&["whole", "prorated"])),
    ("threshold", Form::Percent),
    ("threshold_base", Form::NamedOrCount(&["votes", "valid", "taken"])),
    ("threshold_scope", Form::Named(&["lists_and_pool", "lists"])),
    ("tie_persons", Form::Named(&["lot_required", "old_order"])),
    ("tie_seats", Form::Named(&["lot_required", "larger_vote_total"])),
    ("two_lists", Form::SettledBefore),
    ("two_stage", Form::Named(&["off", "on"])),
    ("withdrawn_member", Form::SettledBefore),
    ("zero_votes", Form::Named(&["not_elected", "elected"])),
];

/// The options of a race.
pub(crate) struct Options<'a> {
    values: &'a BTreeMap<String, String>,
}

impl<'a> Options<'a> {
    /// Refuses names and values that no rule knows: what is misspelt must not become a default.
    pub(crate) fn new(values: &'a BTreeMap<String, String>) -> Result<Self, String> {
        let options = Options { values };
        for (name, text) in values {
            let Some((name, form)) = KNOWN.iter().find(|(known, _)| known == name) else {
                let names: Vec<&str> = KNOWN.iter().map(|(known, _)| *known).collect();
                return Err(format!("option {name:?} is unknown, expected {}", names.join(", ")));
            };
            match form {
                Form::Named(names) if !names.contains(&text.as_str()) => {
                    let names = names.join(" or ");
                    return Err(format!("option {name} is {text:?}, expected {names}"));
                }
                Form::NamedOrCount(names)
                    if !names.contains(&text.as_str()) && options.count(name).is_err() =>
                {
                    let names = names.join(", ");
                    return Err(format!("option {name} is {text:?}, expected {names} or a number"));
                }
                Form::Count => drop(options.count(name)?),
                Form::Percent => drop(options.percent(name, 0)?),
                Form::FirstDivisor => drop(options.first_divisor()?),
                Form::Named(_) | Form::NamedOrCount(_) | Form::SettledBefore => {}
            }
        }
        Ok(options)
    }

    /// The text of an option, if it is there.
    pub(crate) fn text(&self, name: &str) -> Option<&'a str> {
        self.values.get(name).map(String::as_str)
    }

    /// One of several named values.
    pub(crate) fn choice<T: Copy>(
        &self,
        name: &str,
        default: T,
        values: &[(&str, T)],
    ) -> Result<T, String> {
        let Some(text) = self.text(name) else { return Ok(default) };
        let known = values.iter().find(|(known, _)| *known == text);
        known.map(|(_, value)| *value).ok_or_else(|| {
            let names: Vec<&str> = values.iter().map(|(known, _)| *known).collect();
            format!("option {name} is {text:?}, expected {}", names.join(" or "))
        })
    }

    /// A whole number, if it is there.
    pub(crate) fn count(&self, name: &str) -> Result<Option<u64>, String> {
        let Some(text) = self.text(name) else { return Ok(None) };
        let is_digits = text.bytes().all(|byte| byte.is_ascii_digit());
        match text.parse() {
            Ok(number) if is_digits => Ok(Some(number)),
            _ => Err(format!("option {name} is {text:?}, expected a whole number")),
        }
    }

    /// An exact decimal number, not negative.
    pub(crate) fn decimal(&self, name: &str, default: Exact) -> Result<Exact, String> {
        let Some(text) = self.text(name) else { return Ok(default) };
        decimal(text)
            .ok_or_else(|| format!("option {name} is {text:?}, expected a number such as 2.5"))
    }

    /// The first divisor of `modified-sainte-lague`.
    pub(crate) fn first_divisor(&self) -> Result<Exact, String> {
        let default = Exact::new(BigInt::from(14), BigInt::from(10));
        let divisor = self.decimal("first_divisor", default)?;
        if divisor < whole(1_u32) || divisor >= whole(3_u32) {
            return Err(format!("option first_divisor is {divisor}, expected 1 to below 3"));
        }
        Ok(divisor)
    }

    /// An exact decimal percentage, 0 to 100.
    pub(crate) fn percent(&self, name: &str, default: u64) -> Result<Exact, String> {
        let percent = self.decimal(name, whole(default))?;
        if percent > whole(100) {
            return Err(format!("option {name} is {percent}, expected 0 to 100"));
        }
        Ok(percent)
    }
}
