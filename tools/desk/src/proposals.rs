//! Proposals: what one person wants decided, and what another has said to it.
//!
//! In: events, each checked before it is written. Out: every proposal with its state, rebuilt from
//! the log at the start. Never: an approval by whoever proposed, or by another account of the same
//! officer; an approval of what has expired or is settled; a proposal without its proposer's
//! signature.

use std::collections::HashMap;
use std::path::Path;

use ed25519_dalek::{Signature, VerifyingKey};
use shomar_format::bytes::{Digest32, digest_from_hex, hex, sha256};
use shomar_format::control::Control;
use shomar_format::election::Officer;
use shomar_format::record::{address_at, record_hash, verify_control, verify_signature};

use crate::desk::Facts;
pub use crate::log::LogError;
use crate::log::{Event, Log};
use crate::unfit::Unfit;

/// A proposal that nobody has approved expires after so long.
pub const EXPIRES_MS: u64 = 12 * 60 * 60 * 1_000;
/// First line of what a proposer signs.
const TITLE: &str = "shomar-proposal 1";

/// How a proposal stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// It waits for a second person.
    Open,
    /// It was approved; whether the journal has the record is not known yet.
    Approved,
    /// The journal has the record at this position.
    Carried(u64),
    /// The journal does not take the record.
    Failed {
        /// What was found.
        found: String,
        /// What was expected.
        expected: String,
    },
    /// Somebody has refused it.
    Refused {
        /// Their account.
        account: String,
        /// Why.
        why: String,
    },
    /// Its proposer has taken it back.
    Withdrawn,
}

/// Who approved a proposal, and the record by which it is carried out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Approval {
    /// Account of the approver.
    pub account: String,
    /// Id of the officer who signed the record.
    pub officer: String,
    /// When, in milliseconds since 1970-01-01 UTC.
    pub at_ms: u64,
    /// Hash of the record.
    pub hash: Digest32,
    /// The record.
    pub record: Vec<u8>,
}

/// What somebody wants decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proposal {
    /// Hash of what was signed; by this a proposal is called.
    pub hash: Digest32,
    /// Account of the proposer.
    pub account: String,
    /// Id of the proposer's officer.
    pub officer: String,
    /// When, in milliseconds since 1970-01-01 UTC.
    pub at_ms: u64,
    /// Records of the snapshot that the proposer looked at.
    pub position: u64,
    /// What is proposed, and why.
    pub control: Control,
    /// The proposer's signature over [`Proposal::message`].
    pub signature: [u8; 64],
    /// How it stands.
    pub state: State,
    /// Who approved it, if somebody has.
    pub approval: Option<Approval>,
}

impl Proposal {
    /// What the proposer signs: the election, who, on what, and the text of the record.
    #[must_use]
    pub fn message(
        facts: &Facts,
        account: &str,
        officer: &str,
        position: u64,
        control: &str,
    ) -> Vec<u8> {
        let (definition, mode) = (hex(&facts.definition), facts.mode.name());
        format!(
            "{TITLE}\ndefinition\t{definition}\nmode\t{mode}\nofficer\t{officer}\n\
             account\t{account}\nposition\t{position}\n{control}"
        )
        .into_bytes()
    }

    /// Whether it is open and has expired.
    #[must_use]
    pub fn has_expired(&self, now_ms: u64) -> bool {
        self.state == State::Open && now_ms.saturating_sub(self.at_ms) >= EXPIRES_MS
    }

    /// Whether it waits for a second person.
    #[must_use]
    pub fn is_open(&self, now_ms: u64) -> bool {
        self.state == State::Open && !self.has_expired(now_ms)
    }

    /// Whether somebody is a second person, of another officer: two accounts of one officer are
    /// one person.
    #[must_use]
    pub fn is_second(&self, account: &str, officer: &str) -> bool {
        self.account != account && self.officer != officer
    }
}

fn wrong<T>(found: impl Into<String>, expected: impl Into<String>) -> Result<T, Unfit> {
    Err(Unfit::Other { found: found.into(), expected: expected.into() })
}

/// All proposals of an election.
#[derive(Default)]
struct Book {
    all: Vec<Proposal>,
    by_hash: HashMap<Digest32, usize>,
}

impl Book {
    fn find(&self, proposal: &str) -> Result<usize, Unfit> {
        let hash = digest_from_hex(proposal);
        match hash.and_then(|hash| self.by_hash.get(&hash)) {
            Some(at) => Ok(*at),
            None => Err(Unfit::NoProposal(proposal.to_owned())),
        }
    }

    fn find_open(&self, proposal: &str, at_ms: u64) -> Result<usize, Unfit> {
        let at = self.find(proposal)?;
        match &self.all[at] {
            own if own.has_expired(at_ms) => Err(Unfit::Expired),
            own if own.state != State::Open => Err(Unfit::Settled),
            _ => Ok(at),
        }
    }

    fn find_approved(&self, proposal: &str) -> Result<usize, Unfit> {
        let at = self.find(proposal)?;
        match self.all[at].state {
            State::Approved => Ok(at),
            _ => Err(Unfit::NotOnItsWay),
        }
    }

    /// Takes an event, or says why it cannot be; nothing is changed then.
    fn apply(&mut self, facts: &Facts, at_ms: u64, event: &Event) -> Result<(), Unfit> {
        match event {
            Event::Begun { .. } => wrong("a second beginning", "one"),
            Event::Proposed { .. } => self.propose(facts, at_ms, event),
            Event::Approved { proposal, account, officer, hash, record } => {
                let at = self.find_open(proposal, at_ms)?;
                let own = &self.all[at];
                if !own.is_second(account, officer) {
                    return Err(Unfit::NotSecond {
                        account: account.clone(),
                        officer: officer.clone(),
                        proposer: own.officer.clone(),
                    });
                }
                let record = bytes_of_hex(record)?;
                check_record(facts, own, officer, hash, &record)?;
                let hash = record_hash(&record);
                let (account, officer) = (account.clone(), officer.clone());
                let approval = Approval { account, officer, at_ms, hash, record };
                let own = &mut self.all[at];
                (own.state, own.approval) = (State::Approved, Some(approval));
                Ok(())
            }
            Event::Carried { proposal, position } => {
                let at = self.find_approved(proposal)?;
                self.all[at].state = State::Carried(*position);
                Ok(())
            }
            Event::Failed { proposal, found, expected } => {
                let at = self.find_approved(proposal)?;
                let (found, expected) = (found.clone(), expected.clone());
                self.all[at].state = State::Failed { found, expected };
                Ok(())
            }
            Event::Refused { proposal, account, why } => {
                let at = self.find_open(proposal, at_ms)?;
                if self.all[at].account == *account {
                    return Err(Unfit::OwnRefusal);
                }
                let (account, why) = (account.clone(), why.clone());
                self.all[at].state = State::Refused { account, why };
                Ok(())
            }
            Event::Withdrawn { proposal, account } => {
                let at = self.find_open(proposal, at_ms)?;
                if self.all[at].account != *account {
                    return Err(Unfit::OthersWithdrawal(account.clone()));
                }
                self.all[at].state = State::Withdrawn;
                Ok(())
            }
        }
    }

    fn propose(&mut self, facts: &Facts, at_ms: u64, event: &Event) -> Result<(), Unfit> {
        let Event::Proposed { proposal, account, officer, position, control: text, signature } =
            event
        else {
            return wrong("something else", "a proposal");
        };
        let control = Control::parse(text.as_bytes())
            .map_err(|error| Unfit::from((error.found, error.expected)))?;
        let Some((_, own)) = facts.officer(officer) else {
            return wrong(format!("the officer {officer}"), "one of election.toml");
        };
        let message = Proposal::message(facts, account, officer, *position, text);
        let hash = sha256(&message);
        if digest_from_hex(proposal) != Some(hash) {
            return wrong(format!("the proposal {proposal}"), hex(&hash));
        }
        if self.by_hash.contains_key(&hash) {
            return Err(Unfit::MadeAlready);
        }
        let Ok(signature) = <[u8; 64]>::try_from(bytes_of_hex(signature)?) else {
            return wrong("a signature of another length", "64 bytes");
        };
        let key = VerifyingKey::from_bytes(&own.key).ok();
        let is_signed = key.is_some_and(|key| {
            key.verify_strict(&message, &Signature::from_bytes(&signature)).is_ok()
        });
        if !is_signed {
            return wrong("a signature that is another's", format!("that of officer {officer}"));
        }
        self.by_hash.insert(hash, self.all.len());
        self.all.push(Proposal {
            hash,
            account: account.clone(),
            officer: officer.clone(),
            at_ms,
            position: *position,
            control,
            signature,
            state: State::Open,
            approval: None,
        });
        Ok(())
    }
}

/// Whether a record is what a proposal says, signed by its approver's officer.
fn check_record(
    facts: &Facts,
    proposal: &Proposal,
    officer: &str,
    hash: &str,
    record: &[u8],
) -> Result<(), Unfit> {
    let fault = |fault: shomar_format::Fault| Unfit::from((fault.found, fault.expected));
    let (_, control) = verify_control(record).map_err(fault)?;
    let Some((index, own)) = facts.officer(officer) else {
        return wrong(format!("the officer {officer}"), "one of election.toml");
    };
    verify_signature(record, facts.mode, &own.key).map_err(fault)?;
    if address_at(record).device != index || digest_from_hex(hash) != Some(record_hash(record)) {
        return wrong("the record of somebody else", "the approver's");
    }
    if control.action != proposal.control.action {
        return wrong("a record of another decision", "the one that was proposed");
    }
    Ok(())
}

fn bytes_of_hex(text: &str) -> Result<Vec<u8>, Unfit> {
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    let bytes = pairs.iter().map(|[high, low]| Some(digit(*high)? << 4 | digit(*low)?));
    match bytes.collect() {
        Some(bytes) if rest.is_empty() => Ok(bytes),
        _ => wrong("something else", "hexadecimal digits in pairs"),
    }
}

/// All proposals, and their log.
pub(crate) struct Proposals {
    facts: Facts,
    book: Book,
    log: Log,
}

/// Why an event is not taken.
#[derive(Debug)]
pub(crate) enum NotTaken {
    Wrong(Unfit),
    Log(LogError),
}

impl Proposals {
    /// Opens the log of this election, and rebuilds every state from it.
    pub(crate) fn open(path: &Path, facts: Facts, now_ms: u64) -> Result<Self, LogError> {
        let begun = Event::Begun {
            election: facts.election.clone(),
            definition: hex(&facts.definition),
            mode: facts.mode.name().to_owned(),
        };
        let (mut book, mut is_first) = (Book::default(), true);
        let mut log = Log::open(path, |at_ms, event| {
            match std::mem::take(&mut is_first) {
                true if event == begun => Ok(()),
                true => wrong("another election's beginning, or none", "that of this election"),
                false => book.apply(&facts, at_ms, &event),
            }
            .map_err(Unfit::into_parts)
        })?;
        if log.is_empty() {
            log.append(now_ms, begun)?;
        }
        Ok(Self { facts, book, log })
    }

    /// Writes down what has happened, if it can happen, and only then lets it have happened.
    pub(crate) fn take(&mut self, now_ms: u64, event: Event) -> Result<(), NotTaken> {
        // Changed on the side first: what is refused leaves no line, and a line that is not on
        // disk changes nothing.
        let mut after = match &event {
            Event::Proposed { .. } | Event::Begun { .. } => Book::default(),
            Event::Approved { proposal, .. }
            | Event::Carried { proposal, .. }
            | Event::Failed { proposal, .. }
            | Event::Refused { proposal, .. }
            | Event::Withdrawn { proposal, .. } => {
                let at = self.book.find(proposal).map_err(NotTaken::Wrong)?;
                let own = self.book.all[at].clone();
                Book { by_hash: HashMap::from([(own.hash, 0)]), all: vec![own] }
            }
        };
        after.apply(&self.facts, now_ms, &event).map_err(NotTaken::Wrong)?;
        let changed = after.all.pop().expect("an event is about a proposal");
        let known = self.book.by_hash.get(&changed.hash).copied();
        if known.is_some() && matches!(event, Event::Proposed { .. }) {
            return Err(NotTaken::Wrong(Unfit::MadeAlready));
        }
        self.log.append(now_ms, event).map_err(NotTaken::Log)?;
        match known {
            Some(at) => self.book.all[at] = changed,
            None => {
                self.book.by_hash.insert(changed.hash, self.book.all.len());
                self.book.all.push(changed);
            }
        }
        Ok(())
    }

    /// Every proposal, the first one first.
    pub(crate) fn all(&self) -> &[Proposal] {
        &self.book.all
    }

    /// The proposal of this hash.
    pub(crate) fn find(&self, hash: &Digest32) -> Option<&Proposal> {
        self.book.by_hash.get(hash).map(|at| &self.book.all[*at])
    }
}

/// An officer, and their index.
pub(crate) fn find_officer<'a>(officers: &'a [Officer], id: &str) -> Option<(u32, &'a Officer)> {
    (0..).zip(officers).find(|(_, officer)| officer.id == id)
}
