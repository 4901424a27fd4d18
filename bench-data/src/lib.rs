//! A synthetic nation that knows its own answer.
//!
//! In: a [`Profile`], a number of ballots and a seed. Out: an election folder, its ballots as
//! sealed batches, as text or as raw columns, and the totals to expect ([`Expected`]). The ballots
//! of a station for a district follow from (seed, station, district) alone, so that any size needs
//! little memory and any number of threads gives the same bytes. All forms hold the same ballots:
//! sealed and as columns, batches come in a random order of arrival; as text, rows come by station.
//!
//! Never: a number counted by the engine, or read by its rules. The expected totals come from the
//! ballots as they are made, through a reader of its own (`reader.rs`), so that a mistake in the
//! engine finds no agreement here. No clock, no environment, no printing.

mod arrival;
mod columns;
mod districts;
mod expected;
mod folder;
mod geography;
mod names;
mod places;
mod plan;
mod popularity;
mod random;
mod reader;
mod seal;
mod share;
#[cfg(test)]
mod tests;
mod text;
mod voter;
mod work;

use std::str::FromStr;

pub use expected::Expected;
pub use geography::province_name_en;
pub use plan::{Nation, Planted, PlantedCase};

/// Most ballots of one nation: its stations, each larger than a real one, still fit the limits.
pub const BALLOTS_MAX: u64 = 2_000_000_000;

/// What part of the nation votes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Profile {
    /// All provinces, all contests of the day.
    Nation,
    /// Four provinces of the north-west: city and village councils, three Majlis by-elections, one
    /// of the Assembly of Experts.
    ProvinceGroup,
    /// The council of Tehran alone: lists and independents.
    Tehran,
    /// The council of one village.
    Village,
}

impl Profile {
    /// Every profile by its name.
    pub const ALL: [(&'static str, Self); 4] = [
        ("nation", Self::Nation),
        ("province-group", Self::ProvinceGroup),
        ("tehran", Self::Tehran),
        ("village", Self::Village),
    ];

    /// The name, as on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Nation => "nation",
            Self::ProvinceGroup => "province-group",
            Self::Tehran => "tehran",
            Self::Village => "village",
        }
    }
}

impl FromStr for Profile {
    type Err = GenerateError;

    fn from_str(text: &str) -> Result<Self, GenerateError> {
        Self::ALL
            .iter()
            .find(|(name, _)| *name == text)
            .map(|(_, profile)| *profile)
            .ok_or_else(|| GenerateError::UnknownProfile { found: text.to_owned() })
    }
}

impl std::fmt::Display for Profile {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(self.name())
    }
}

/// Why a nation could not be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum GenerateError {
    /// Nobody votes.
    #[error("found 0 ballots, expected 1 to {BALLOTS_MAX}")]
    NoBallots,
    /// More ballots than [`BALLOTS_MAX`].
    #[error("found {found} ballots, expected 1 to {BALLOTS_MAX}")]
    TooManyBallots {
        /// What was asked for.
        found: u64,
    },
    /// No profile of this name.
    #[error("found the profile '{found}', expected nation, province-group, tehran or village")]
    UnknownProfile {
        /// What was asked for.
        found: String,
    },
}
