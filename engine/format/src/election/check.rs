//! `[[check]]` of `election.toml`: what headquarters wants looked at before a batch counts.
//!
//! In: the keys of one table. Out: a [`Check`]; or what is wrong with it. Never: a check run, a
//! limit rounded, a check that is not in the file.

use std::collections::BTreeMap;

use crate::code;
use crate::table::hint;

/// What is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CheckMethod {
    /// Ballots of a pair are at most the voters authenticated there.
    BallotsAuthenticated,
    /// Voters authenticated at a station are at most those registered.
    AuthenticatedRegistered,
    /// Ballots of a pair are at most the voters registered there.
    BallotsRegistered,
    /// Ballots taken are the valid and the void ones together.
    TakenValidVoid,
    /// The share of void ballots of a pair is that of the district's other stations.
    VoidShare,
    /// No two batches have the same ballots.
    DuplicateContent,
    /// The ballots of a pair are as many as those of the district's other stations.
    Jump,
}

impl CheckMethod {
    const ALL: [(&'static str, Self); 7] = [
        ("ballots-authenticated", Self::BallotsAuthenticated),
        ("authenticated-registered", Self::AuthenticatedRegistered),
        ("ballots-registered", Self::BallotsRegistered),
        ("taken-valid-void", Self::TakenValidVoid),
        ("void-share", Self::VoidShare),
        ("duplicate-content", Self::DuplicateContent),
        ("jump", Self::Jump),
    ];

    /// Whether it finds more than how many ballots there are: what is on them. That ballots taken
    /// are the valid and the void ones together is true of every batch that can be read.
    fn looks_into_ballots(self) -> bool {
        matches!(self, Self::VoidShare | Self::DuplicateContent)
    }

    /// As `election.toml` has it.
    #[must_use]
    pub fn name(self) -> &'static str {
        let name = Self::ALL.iter().find(|(_, method)| *method == self);
        name.map_or("", |(name, _)| name)
    }
}

/// How far apart the two sides may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// So many ballots or voters.
    Absolute(u64),
    /// So many millionths of what it is compared with; of a share, of the whole.
    Millionths(u64),
}

/// What happens when a check fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CheckAction {
    /// It is told.
    Warn,
    /// It is told, and the batches are held outside the totals.
    Hold,
}

/// One check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Check {
    /// What is compared.
    pub method: CheckMethod,
    /// How far apart the two sides may be.
    pub limit: Limit,
    /// Pairs or batches with fewer ballots are not looked at.
    pub minimum_ballots: u64,
    /// What happens.
    pub action: CheckAction,
}

/// Fewer ballots a check does not look into. That a few voters agree by chance is no surprise; and
/// which batches are held, and by which check, everybody is told: of a pair with one ballot it
/// would say whether that ballot is void.
const LOOKED_INTO_BALLOTS_MIN: u64 = 20;
/// The largest limit in percent, a million of them: products of it with two numbers of ballots of a
/// nation stay within 128 bits.
pub const MILLIONTHS_MAX: u64 = 10_000_000_000;
/// A limit in percent has at most so many decimals.
const PERCENT_DECIMALS_MAX: usize = 4;

impl Check {
    /// Reads the keys of one `[[check]]`.
    ///
    /// # Errors
    /// What was found and what was expected, for everything that is wrong.
    pub fn read(keys: &BTreeMap<String, String>) -> Result<Self, Vec<(String, String)>> {
        let mut wrong = Vec::new();
        let known = ["method", "limit", "minimum_ballots", "action"];
        for key in keys.keys().filter(|key| !known.contains(&key.as_str())) {
            wrong.push((format!("the unknown key '{key}'"), hint(key, &known)));
        }
        let text = |key: &str| keys.get(key).map_or("", String::as_str);
        let names = CheckMethod::ALL.map(|(name, _)| name);
        let method = CheckMethod::ALL.iter().find(|(name, _)| *name == text("method"));
        if method.is_none() {
            wrong.push((format!("method = \"{}\"", text("method")), hint(text("method"), &names)));
        }
        let method = method.map_or(CheckMethod::Jump, |(_, method)| *method);
        let needs_limit = matches!(method, CheckMethod::VoidShare | CheckMethod::Jump);
        let limit = match text("limit") {
            "" if !needs_limit => Some(Limit::Absolute(0)),
            text => Limit::read(text),
        };
        // Equal is equal, and a sum is right or wrong: there is nothing to be tolerant about.
        let is_exact =
            matches!(method, CheckMethod::DuplicateContent | CheckMethod::TakenValidVoid);
        if limit.is_none() || is_exact && !text("limit").is_empty() {
            let expected = if is_exact {
                "none for this method".to_owned()
            } else {
                "a whole number, or a percentage such as \"2.5%\"".to_owned()
            };
            wrong.push((format!("limit = \"{}\"", text("limit")), expected));
        }
        if method == CheckMethod::VoidShare && matches!(limit, Some(Limit::Absolute(_))) {
            let expected = "a percentage: a share is compared".to_owned();
            wrong.push((format!("limit = \"{}\"", text("limit")), expected));
        }
        let least = if method.looks_into_ballots() { LOOKED_INTO_BALLOTS_MIN } else { 0 };
        let minimum = match text("minimum_ballots") {
            "" => Some(least),
            text => code::read_number(text.as_bytes()).flatten(),
        };
        if minimum.is_none_or(|minimum| minimum < least) {
            let found = format!("minimum_ballots = \"{}\"", text("minimum_ballots"));
            wrong.push((found, format!("a whole number, at least {least}")));
        }
        let action = match text("action") {
            "warn" => CheckAction::Warn,
            "hold" => CheckAction::Hold,
            other => {
                wrong.push((format!("action = \"{other}\""), "\"warn\" or \"hold\"".to_owned()));
                CheckAction::Warn
            }
        };
        match (wrong.is_empty(), limit, minimum) {
            (true, Some(limit), Some(minimum_ballots)) => {
                Ok(Self { method, limit, minimum_ballots, action })
            }
            _ => Err(wrong),
        }
    }
}

impl Limit {
    fn read(text: &str) -> Option<Self> {
        let Some(percent) = text.strip_suffix(['%', '٪']) else {
            return code::read_number(text.as_bytes()).flatten().map(Self::Absolute);
        };
        let (whole, decimals) =
            percent.trim_end().split_once(['.', '٫']).unwrap_or((percent.trim_end(), "0"));
        let whole = code::read_number(whole.as_bytes()).flatten()?;
        let digits = decimals.chars().count();
        let decimals = code::read_number(decimals.as_bytes()).flatten()?;
        let missing = u32::try_from(PERCENT_DECIMALS_MAX.checked_sub(digits)?).ok()?;
        let decimals = decimals.checked_mul(10_u64.checked_pow(missing)?)?;
        let millionths = whole.checked_mul(10_000)?.checked_add(decimals)?;
        (millionths <= MILLIONTHS_MAX).then_some(Self::Millionths(millionths))
    }
}

impl std::fmt::Display for Limit {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Absolute(number) => write!(formatter, "{number}"),
            Self::Millionths(number) => {
                let decimals = format!("{:04}", number % 10_000);
                let decimals = decimals.trim_end_matches('0');
                let point = if decimals.is_empty() { "" } else { "." };
                write!(formatter, "{}{point}{decimals} %", number / 10_000)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(keys: &[(&str, &str)]) -> Result<Check, Vec<(String, String)>> {
        let keys = keys.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
        Check::read(&keys.collect())
    }

    #[test]
    fn limits_are_exact() {
        let limit = |text| Limit::read(text).map(|limit| limit.to_string());
        for (text, expected) in [
            ("20", "20"),
            ("۲۰", "20"),
            ("5%", "5 %"),
            ("2.5%", "2.5 %"),
            ("0.0001 %", "0.0001 %"),
            ("۲٫۵٪", "2.5 %"),
            ("300%", "300 %"),
        ] {
            assert_eq!(limit(text).as_deref(), Some(expected), "{text}");
        }
        for text in
            ["", "%", "-1", "1.5", "1.00001%", "a%", "1.%", "1000000.1%", "99999999999999999999%"]
        {
            assert_eq!(limit(text), None, "{text}");
        }
    }

    #[test]
    fn a_check_says_everything_that_is_wrong_with_it() {
        let check =
            read(&[("method", "void-share"), ("limit", "15%"), ("action", "hold")]).unwrap();
        assert_eq!(
            (check.method, check.limit),
            (CheckMethod::VoidShare, Limit::Millionths(150_000))
        );
        let duplicate = read(&[("method", "duplicate-content"), ("action", "warn")]).unwrap();
        assert_eq!(duplicate.minimum_ballots, 20);
        assert_eq!(check.minimum_ballots, 20);
        let wrong = read(&[("method", "viod-share"), ("limt", "1")]).unwrap_err();
        let text = format!("{wrong:?}");
        for part in ["'limt'", "'void-share', perhaps", "'limit', perhaps", "warn", "limit = "] {
            assert!(text.contains(part), "{part}: {text}");
        }
        assert!(read(&[("method", "void-share"), ("limit", "5"), ("action", "warn")]).is_err());
        assert!(read(&[("method", "jump"), ("action", "warn")]).is_err());
    }

    /// What is held stands on pages that everybody reads.
    #[test]
    fn no_check_says_what_is_on_fewer_than_twenty_ballots() {
        for (method, limit, least) in [
            ("duplicate-content", "", 20),
            ("void-share", "5%", 20),
            ("jump", "5%", 0),
            ("ballots-authenticated", "5%", 0),
            ("authenticated-registered", "5%", 0),
            ("ballots-registered", "5%", 0),
        ] {
            let keys = [("method", method), ("limit", limit), ("action", "hold")];
            assert_eq!(read(&keys).unwrap().minimum_ballots, least, "{method}");
            for minimum in ["0", "1", "19", "20"] {
                let keys = [&keys[..], &[("minimum_ballots", minimum)]].concat();
                let is_read = minimum.parse::<u64>().unwrap() >= least;
                assert_eq!(read(&keys).is_ok(), is_read, "{method} {minimum}");
            }
        }
    }
}
