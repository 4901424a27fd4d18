//! The named readings of a ballot that the law leaves open: A10, A11 and the limit of names.
//!
//! In: option names and values, as in `election.toml` or `--option`. Out: a [`Reading`] and its
//! names, which stand in every result. Never: the reading itself; the engine does that at tally
//! time, so that another reading needs no new evidence.

use std::fmt;

macro_rules! choices {
    ($(#[$meta:meta])* $name:ident {
        $($(#[$variant_meta:meta])* $variant:ident = $text:literal,)*
    }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $($(#[$variant_meta])* $variant,)* }

        impl $name {
            /// Every value by its name.
            pub const ALL: &'static [(&'static str, Self)] = &[$(($text, Self::$variant),)*];

            /// The name, as written in `election.toml`.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }
        }
    };
}

choices! {
    /// A10: a ballot with one list code and names besides.
    ListPlusNames {
        /// The list is read, the names are not (article 23, item 2).
        #[default]
        ListWins = "list_wins",
        /// The device should have forbidden it: the ballot is void.
        DeviceForbids = "device_forbids",
        /// What was entered first decides: the list alone, or the names alone.
        FirstEnteredWins = "first_entered_wins",
        /// The list and the names are read, names only up to the limit together with the list.
        BothUpToLimit = "both_up_to_21",
    }
}

choices! {
    /// A11: a ballot with two or more list codes.
    TwoLists {
        /// The first list is read, the later ones are not (article 23, item 2).
        #[default]
        FirstListOnly = "first_list_only",
        /// The ballot is void.
        Void = "void",
    }
}

choices! {
    /// How many names are read; those beyond it are dropped from the end (docs/law.md).
    NameLimit {
        /// As many as the district has seats.
        #[default]
        Seats = "seats",
        /// As many as seats and alternates together.
        SeatsAndAlternates = "seats+alternates",
    }
}

/// One reading of ballots; the default is the one that the known text of the law supports best.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Reading {
    /// A10 `list_plus_names`.
    pub list_plus_names: ListPlusNames,
    /// A11 `two_lists`.
    pub two_lists: TwoLists,
    /// `limit`.
    pub limit: NameLimit,
}

/// An option that is unknown, or has an unknown value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownValue {
    /// What was written.
    pub found: String,
    /// The values that exist.
    pub expected: Vec<&'static str>,
}

impl fmt::Display for UnknownValue {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "found '{}', expected one of: {}", self.found, self.expected.join(", "))
    }
}

impl Reading {
    /// The names of the reading options.
    pub const NAMES: [&'static str; 3] = ["list_plus_names", "two_lists", "limit"];

    /// Their numbers in docs/law.md, where they have one.
    pub const LAW_NUMBERS: [&'static str; 3] = ["A10", "A11", ""];

    /// Sets one option. `Ok(false)`: the name is not that of a reading option.
    ///
    /// # Errors
    /// If the value is unknown.
    pub fn set(&mut self, name: &str, value: &str) -> Result<bool, UnknownValue> {
        match name {
            "list_plus_names" => self.list_plus_names = pick(value, ListPlusNames::ALL)?,
            "two_lists" => self.two_lists = pick(value, TwoLists::ALL)?,
            "limit" => self.limit = pick(value, NameLimit::ALL)?,
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// Every option with its value, in a fixed order.
    #[must_use]
    pub fn entries(&self) -> [(&'static str, &'static str); 3] {
        [
            (Self::NAMES[0], self.list_plus_names.name()),
            (Self::NAMES[1], self.two_lists.name()),
            (Self::NAMES[2], self.limit.name()),
        ]
    }
}

fn pick<T: Copy>(value: &str, all: &[(&'static str, T)]) -> Result<T, UnknownValue> {
    all.iter().find(|(name, _)| *name == value).map(|(_, choice)| *choice).ok_or_else(|| {
        UnknownValue {
            found: value.to_owned(),
            expected: all.iter().map(|(name, _)| *name).collect(),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_named_and_unknown_values_list_the_known_ones() {
        let mut reading = Reading::default();
        assert_eq!(reading.set("two_lists", "void"), Ok(true));
        assert_eq!(reading.set("denominator", "vote_sum"), Ok(false));
        let error = reading.set("limit", "21").unwrap_err();
        assert_eq!(error.to_string(), "found '21', expected one of: seats, seats+alternates");
        assert_eq!(reading.entries()[1], ("two_lists", "void"));
    }
}
