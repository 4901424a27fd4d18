//! Why a decision cannot be made, as it stands.
//!
//! In: what somebody wants, and how their proposal stands. Out: the reason as a value; what was
//! found and what was expected, in English. Never: another language; whoever has readers tells it
//! them.

use std::fmt;

/// Why something cannot be: somebody else must, or it is settled, or it says nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unfit {
    /// Whoever would approve is no second person.
    NotSecond {
        /// Their account.
        account: String,
        /// Their officer.
        officer: String,
        /// The proposer's officer.
        proposer: String,
    },
    /// Nobody has approved it in time.
    Expired,
    /// It was approved, refused or taken back before.
    Settled,
    /// There is no such proposal.
    NoProposal(String),
    /// It was not approved, or what became of it is known.
    NotOnItsWay,
    /// The proposer would refuse it.
    OwnRefusal,
    /// Somebody else than the proposer would take it back.
    OthersWithdrawal(String),
    /// No reason is given, or a very long one: its bytes.
    NoReason(usize),
    /// The same proposal was made before.
    MadeAlready,
    /// The officer has signed another record meanwhile, which took its place.
    Overtaken,
    /// The journal does not take it.
    NotTaken {
        /// What was found.
        found: String,
        /// What was expected.
        expected: String,
    },
    /// Anything else.
    Other {
        /// What was found.
        found: String,
        /// What was expected.
        expected: String,
    },
}

impl Unfit {
    /// Why the journal has not taken a record, as the log has it.
    #[must_use]
    pub fn of_log(found: &str, expected: &str) -> Self {
        let (own_found, own_expected) = Self::Overtaken.into_parts();
        if own_found == found && own_expected == expected {
            return Self::Overtaken;
        }
        Self::NotTaken { found: found.to_owned(), expected: expected.to_owned() }
    }

    /// What was found, and what was expected.
    #[must_use]
    pub fn into_parts(self) -> (String, String) {
        let (found, expected) = match self {
            Self::NotSecond { account, officer, proposer } => {
                return (
                    format!("an approval by {account} of officer {officer}"),
                    format!("a second person, not of officer {proposer}"),
                );
            }
            Self::NoProposal(proposal) => {
                return (format!("the proposal {proposal}"), "one that was made".to_owned());
            }
            Self::OthersWithdrawal(account) => {
                return (format!("a withdrawal by {account}"), "the proposer alone".to_owned());
            }
            Self::NoReason(bytes) => {
                return (format!("a reason of {bytes} bytes"), "why, in words".to_owned());
            }
            Self::NotTaken { found, expected } | Self::Other { found, expected } => {
                return (found, expected);
            }
            Self::Expired => ("a proposal that has expired", "a new one"),
            Self::Settled => ("a proposal that is settled", "one that waits for a second person"),
            Self::NotOnItsWay => ("a proposal that is not on its way", "one that was approved"),
            Self::OwnRefusal => ("a refusal by the proposer", "a withdrawal"),
            Self::MadeAlready => ("a proposal that was made already", "each once"),
            Self::Overtaken => {
                ("another record that the officer has signed meanwhile", "a new proposal")
            }
        };
        (found.to_owned(), expected.to_owned())
    }
}

impl From<(String, String)> for Unfit {
    fn from((found, expected): (String, String)) -> Self {
        Self::Other { found, expected }
    }
}

impl fmt::Display for Unfit {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (found, expected) = self.clone().into_parts();
        write!(formatter, "found {found}, expected {expected}")
    }
}
