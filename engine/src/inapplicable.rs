//! Why a record cannot be applied.
//!
//! In: what a record says that does not fit what was recorded before it. Out: the reason as a
//! value, and what was found and expected in English. Never: another language; whoever has readers
//! tells it them.

use std::fmt;

use shomar_format::bytes::{Digest32, hex};
use shomar_format::control::Subject;
use shomar_seats::{VoidClass, VoidReason};

use crate::lots::{ALL_LISTS, INDEPENDENTS};

/// Why a record cannot be applied. Told as what was found and what was expected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Inapplicable {
    /// A batch of an official election whose vote nobody has opened.
    NotOpened,
    /// Another record has the same address.
    SameAddress {
        /// The record that was there before.
        position: u64,
    },
    /// The vote was opened before.
    OpenedAlready,
    /// A vote that was never opened is closed.
    ClosedUnopened,
    /// The vote was closed before.
    ClosedAlready,
    /// No reason for which ballots are not taken.
    UnknownReason(String),
    /// It was annulled before.
    AnnulledAlready(Subject),
    /// It is brought back, and was not annulled in the same words.
    NotAnnulled(Subject),
    /// Another lot than the rules know.
    UnknownLotKind(String),
    /// A lot is won by, or was drawn between, somebody who cannot take part in one.
    UnknownLotParty {
        /// How the record has it.
        party: String,
        /// Id of the district.
        district: String,
        /// Lots of this kind are drawn between lists, or the independents, as well.
        is_of_groups: bool,
    },
    /// A lot was won by somebody who took no part in it.
    WinnerNotAmong {
        /// How the record has the winner.
        winner: String,
        /// How it has those between whom the lot was drawn.
        between: String,
    },
    /// Somebody is declared elected who does not stand in the district.
    UnknownCode {
        /// The code.
        code: u32,
        /// Id of the district.
        district: String,
    },
    /// The batches to be replaced are not those that stand.
    OtherOldBatches {
        /// Those of the record.
        named: Vec<Digest32>,
        /// Those that stand.
        standing: Vec<Digest32>,
    },
    /// What shall stand in place is no recount that waits for it.
    NoWaitingRecount(Digest32),
    /// The journal has no such batch.
    UnknownBatch(Digest32),
    /// The election has no such station.
    UnknownStation(String),
    /// The election has no such district.
    UnknownDistrict(String),
    /// The station takes no ballots of the district.
    NotServed {
        /// Id of the station.
        station: String,
        /// Id of the district.
        district: String,
    },
}

impl Inapplicable {
    /// What the record says.
    #[must_use]
    pub fn found(&self) -> String {
        match self {
            Self::NotOpened => "a batch before the vote was opened".to_owned(),
            Self::SameAddress { position } => {
                format!("another record of the same address as record {position}")
            }
            Self::OpenedAlready => "an open record".to_owned(),
            Self::ClosedUnopened | Self::ClosedAlready => "a close record".to_owned(),
            Self::UnknownReason(code) => format!("the reason '{code}'"),
            Self::AnnulledAlready(subject) => format!("an annulment of {subject}"),
            Self::NotAnnulled(subject) => format!("a reinstatement of {subject}"),
            Self::UnknownLotKind(kind) => format!("the kind '{kind}'"),
            Self::UnknownLotParty { party, .. } => format!("'{party}' in a lot"),
            Self::WinnerNotAmong { winner, between } => {
                format!("a lot between '{between}' won by '{winner}'")
            }
            Self::UnknownCode { code, .. } => format!("the code {code} declared elected"),
            Self::OtherOldBatches { named, .. } => format!("as old batches {}", listed(named)),
            Self::NoWaitingRecount(batch) => format!("as new batch {}", hex(batch)),
            Self::UnknownBatch(batch) => format!("the batch {}", hex(batch)),
            Self::UnknownStation(id) => format!("the station '{id}'"),
            Self::UnknownDistrict(id) => format!("the district '{id}'"),
            Self::NotServed { station, district } => {
                format!("station {station} and district {district}")
            }
        }
    }

    /// What would have been applicable.
    #[must_use]
    pub fn expected(&self) -> String {
        match self {
            Self::NotOpened => {
                "an official election whose officers have signed an open record".to_owned()
            }
            Self::SameAddress { .. } => "each address once".to_owned(),
            Self::OpenedAlready => "one: the vote is open already".to_owned(),
            Self::ClosedUnopened => "an open record before it".to_owned(),
            Self::ClosedAlready => "one: the vote is closed already".to_owned(),
            Self::UnknownReason(_) => format!("one of: {}", annulment_codes().join(", ")),
            Self::AnnulledAlready(_) => "one: it is annulled already".to_owned(),
            Self::NotAnnulled(_) => "an annulment of the same words before it".to_owned(),
            Self::UnknownLotKind(_) => "seat, person, alternate, runoff or replacement".to_owned(),
            Self::UnknownLotParty { district, is_of_groups: false, .. } => {
                format!("a code of district {district}")
            }
            Self::UnknownLotParty { district, is_of_groups: true, .. } => {
                format!("a code of district {district}, {INDEPENDENTS} or {ALL_LISTS}")
            }
            Self::WinnerNotAmong { .. } => "one of them as the winner".to_owned(),
            Self::UnknownCode { district, .. } => format!("a code of district {district}"),
            Self::OtherOldBatches { standing, .. } => {
                format!("those that stand now: {}", listed(standing))
            }
            Self::NoWaitingRecount(_) => {
                "a recount of this pair that is in no totals yet".to_owned()
            }
            Self::UnknownBatch(_) => "one that the journal has".to_owned(),
            Self::UnknownStation(_) => "one of stations.csv".to_owned(),
            Self::UnknownDistrict(_) => "one of districts.csv".to_owned(),
            Self::NotServed { .. } => "a pair of serves.csv".to_owned(),
        }
    }
}

impl fmt::Display for Inapplicable {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "found {}, expected {}", self.found(), self.expected())
    }
}

impl std::error::Error for Inapplicable {}

/// Reasons for which something can be annulled: those for which ballots are not taken.
pub fn annulment_reasons() -> impl Iterator<Item = VoidReason> {
    VoidReason::ALL.iter().copied().filter(|reason| reason.class() == VoidClass::NotTaken)
}

/// Their codes.
#[must_use]
pub fn annulment_codes() -> Vec<&'static str> {
    annulment_reasons().map(VoidReason::code).collect()
}

fn listed(hashes: &[Digest32]) -> String {
    let hashes: Vec<String> = hashes.iter().map(|hash| hex(hash)).collect();
    if hashes.is_empty() { "none".to_owned() } else { hashes.join(" ") }
}
