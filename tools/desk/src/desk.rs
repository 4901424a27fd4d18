//! The desk: log in, propose, approve; and what two people have decided goes to the journal.
//!
//! In: names, passwords, what is to be decided. Out: a signed control record in the journal, by way
//! of whoever owns it. Never: a record sealed before somebody else than the proposer has approved;
//! a record sent that the log does not have; two records of an officer that follow the same one.

use std::net::IpAddr;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use shomar_format::SealedBatch;
use shomar_format::bytes::{Digest32, hex, sha256};
use shomar_format::control::{Action, Control};
use shomar_format::election::{Mode, Officer};
use shomar_format::record::address_at;

use crate::accounts::{NAME_BYTES_MAX, OpenKey, Operators};
use crate::attempts::Attempts;
use crate::log::{Event, LogError};
use crate::proposals::{NotTaken, Proposal, Proposals, State, find_officer};
use crate::sessions::{Opened, Session, Sessions};
use crate::unfit::Unfit;

/// The election, as far as signatures name it.
#[derive(Clone, Debug)]
pub struct Facts {
    /// Id of the election.
    pub election: String,
    /// Digest of its definition.
    pub definition: Digest32,
    /// Test or official.
    pub mode: Mode,
    /// Its officers, in their order.
    pub officers: Vec<Officer>,
}

impl Facts {
    /// The officer of this id, and their index.
    #[must_use]
    pub fn officer(&self, id: &str) -> Option<(u32, &Officer)> {
        find_officer(&self.officers, id)
    }
}

/// Where the records of an officer end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChainEnd {
    /// The sequence that comes next.
    pub sequence: u64,
    /// Hash of the record before it.
    pub previous: Digest32,
}

/// What the journal says to a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sent {
    /// It is durable at this position.
    Durable(u64),
    /// It is not taken, and never will be.
    Refused {
        /// What was found.
        found: String,
        /// What was expected.
        expected: String,
    },
    /// It may be taken later.
    Later(String),
}

/// Whoever owns the journal. Calls may wait, and are made on threads that may.
pub trait Journal: Send + Sync {
    /// Where the records of an officer (by index) end, after everything that is durable now.
    ///
    /// # Errors
    /// Why that is not known now.
    fn chain_end(&self, officer: u32) -> Result<ChainEnd, String>;

    /// The position of a control record that the journal has, after everything durable now.
    ///
    /// # Errors
    /// Why that is not known now.
    fn find(&self, hash: &Digest32) -> Result<Option<u64>, String>;

    /// Sends a record, and waits for the answer.
    fn send(&self, record: &[u8]) -> Sent;
}

/// Why nothing was decided.
#[derive(Debug, thiserror::Error)]
pub enum DeskError {
    /// Not the password of the session's account.
    #[error("found another password, expected that of the account")]
    Password {
        /// Whether the session has ended by that.
        ended: bool,
    },
    /// It cannot be: somebody else must, or it is settled, or it says nothing.
    #[error("{0}")]
    Unfit(Unfit),
    /// What it would do is not what was looked at any more.
    #[error("found another effect than was looked at, expected another look")]
    Changed,
    /// The log cannot be written.
    #[error(transparent)]
    Log(#[from] LogError),
    /// The journal does not answer now; what was approved is sent again later.
    #[error("{0}")]
    Later(String),
}

/// Why somebody cannot log in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LoginRefused {
    /// Name or password is wrong; which one, nobody is told.
    Wrong,
    /// Too many failures: so many seconds to wait.
    Wait(u64),
    /// Too many sessions, or no random bytes.
    Full,
}

/// The desk of an election.
pub struct Desk {
    facts: Facts,
    operators: Operators,
    sessions: Mutex<Sessions>,
    attempts: Attempts,
    proposals: Mutex<Proposals>,
    /// Held from reading the end of an officer's chain until the journal has answered.
    sealing: Mutex<()>,
    journal: Arc<dyn Journal>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl From<NotTaken> for DeskError {
    fn from(not: NotTaken) -> Self {
        match not {
            NotTaken::Wrong(unfit) => Self::Unfit(unfit),
            NotTaken::Log(error) => Self::Log(error),
        }
    }
}

impl Desk {
    /// Opens the desk with its log.
    ///
    /// # Errors
    /// If an account is of no officer, or the log is not sound.
    pub fn open(
        facts: Facts,
        operators: Operators,
        log: &Path,
        journal: Arc<dyn Journal>,
        now_ms: u64,
    ) -> Result<Self, DeskError> {
        for account in operators.accounts() {
            if facts.officer(&account.officer).is_none() {
                let found = format!("the account {} of officer {}", account.name, account.officer);
                let expected = "an [[officer]] of election.toml".to_owned();
                return Err(DeskError::Unfit(Unfit::Other { found, expected }));
            }
        }
        let proposals = Proposals::open(log, facts.clone(), now_ms)?;
        Ok(Self {
            facts,
            operators,
            sessions: Mutex::default(),
            attempts: Attempts::default(),
            proposals: Mutex::new(proposals),
            sealing: Mutex::new(()),
            journal,
        })
    }

    /// The election.
    #[must_use]
    pub fn facts(&self) -> &Facts {
        &self.facts
    }

    /// Different officers who have an account: with fewer than two nothing can be decided.
    #[must_use]
    pub fn officers_with_accounts(&self) -> usize {
        let mut officers: Vec<&str> =
            self.operators.accounts().iter().map(|own| own.officer.as_str()).collect();
        officers.sort_unstable();
        officers.dedup();
        officers.len()
    }

    /// Logs somebody in. It takes long on purpose.
    ///
    /// # Errors
    /// If name or password is wrong, or there were too many failures.
    pub fn log_in(
        &self,
        name: &str,
        password: &str,
        address: IpAddr,
        now_ms: u64,
    ) -> Result<Opened, LoginRefused> {
        if name.len() > NAME_BYTES_MAX {
            // No account has it, and nothing as long is remembered as a failure.
            return Err(LoginRefused::Wrong);
        }
        self.attempts.begin(name, address, now_ms).map_err(LoginRefused::Wait)?;
        let account = self.operators.open(name, password).ok_or(LoginRefused::Wrong)?;
        self.attempts.succeed(name, address);
        let begun = lock(&self.sessions).begin(&account.name, &account.officer, now_ms);
        begun.ok().flatten().ok_or(LoginRefused::Full)
    }

    /// Whether there is an account of this name.
    #[must_use]
    pub fn has_account(&self, name: &str) -> bool {
        self.operators.accounts().iter().any(|own| own.name == name)
    }

    /// The session of a cookie's token.
    #[must_use]
    pub fn session(&self, token: &str, now_ms: u64) -> Option<Session> {
        lock(&self.sessions).find(token, now_ms)
    }

    /// Ends a session.
    pub fn log_out(&self, token: &str) {
        lock(&self.sessions).end(token);
    }

    /// Every proposal, the first one first.
    #[must_use]
    pub fn proposals(&self) -> Vec<Proposal> {
        lock(&self.proposals).all().to_vec()
    }

    /// The proposal of this hash.
    #[must_use]
    pub fn proposal(&self, hash: &Digest32) -> Option<Proposal> {
        lock(&self.proposals).find(hash).cloned()
    }

    /// The key of a session's officer, if this is the password of its account.
    fn open_key(
        &self,
        token: &str,
        session: &Session,
        password: &str,
    ) -> Result<OpenKey, DeskError> {
        let account = self.operators.open(&session.account, password);
        let officer = self.facts.officer(&session.officer);
        let key =
            account.zip(officer).and_then(|(own, (_, officer))| own.open_key(password, officer));
        let mut sessions = lock(&self.sessions);
        match key {
            Some(key) => {
                sessions.right_password(token);
                Ok(key)
            }
            None => Err(DeskError::Password { ended: sessions.wrong_password(token) }),
        }
    }

    /// Proposes a decision, made on a snapshot of so many records; gives the proposal's hash.
    ///
    /// # Errors
    /// If the password is wrong, or no record can say it.
    pub fn propose(
        &self,
        (token, session): (&str, &Session),
        password: &str,
        (action, why): (Action, &str),
        position: u64,
        now_ms: u64,
    ) -> Result<Digest32, DeskError> {
        let why = why.trim().to_owned();
        let control = Control { at_ms: now_ms, why, action };
        let unfit = |error: shomar_format::control::ControlError| {
            DeskError::Unfit((error.found, error.expected).into())
        };
        let text = control.to_text().map_err(unfit)?;
        let (account, officer) = (&session.account, &session.officer);
        let message = Proposal::message(&self.facts, account, officer, position, &text);
        let hash = sha256(&message);
        // The record says more than the proposal: who proposed it. It must have room for that.
        sealed_control(&control, officer, &hash, now_ms).to_text().map_err(unfit)?;
        let key = self.open_key(token, session, password)?;
        let event = Event::Proposed {
            proposal: hex(&hash),
            account: account.clone(),
            officer: officer.clone(),
            position,
            control: text,
            signature: hex(&key.sign(&message)),
        };
        lock(&self.proposals).take(now_ms, event)?;
        Ok(hash)
    }

    /// Approves a proposal: seals the record with the approver's officer's key, and sends it. Gives
    /// its position.
    ///
    /// # Errors
    /// If the approver is no second person, the password is wrong, the proposal is not open any
    /// more, `is_as_seen` says of it that it would do something else than the approver has looked
    /// at, or the journal does not take the record.
    pub fn approve(
        &self,
        (token, session): (&str, &Session),
        password: &str,
        hash: &Digest32,
        now_ms: u64,
        is_as_seen: impl FnOnce(&Proposal) -> bool,
    ) -> Result<u64, DeskError> {
        let proposal = self.open_proposal(hash, now_ms)?;
        if !proposal.is_second(&session.account, &session.officer) {
            return Err(DeskError::Unfit(Unfit::NotSecond {
                account: session.account.clone(),
                officer: session.officer.clone(),
                proposer: proposal.officer,
            }));
        }
        let key = self.open_key(token, session, password)?;
        let (officer, _) =
            self.facts.officer(&session.officer).expect("checked when it was opened");
        let _sealing = lock(&self.sealing);
        let end = self.journal.chain_end(officer).map_err(DeskError::Later)?;
        // As late as can be: everything durable is counted here.
        if !is_as_seen(&proposal) {
            return Err(DeskError::Changed);
        }
        let control = sealed_control(&proposal.control, &proposal.officer, hash, now_ms);
        let record = SealedBatch::seal_control(
            &self.facts.definition,
            officer,
            end.sequence,
            &control,
            &key.sealing(),
            self.facts.mode,
            &end.previous,
        )
        .map_err(|error| DeskError::Unfit((error.found, error.expected).into()))?;
        drop(key);
        let event = Event::Approved {
            proposal: hex(hash),
            account: session.account.clone(),
            officer: session.officer.clone(),
            hash: hex(&record.hash()),
            record: hex(record.bytes()),
        };
        // Whoever else has approved or withdrawn it meanwhile was first: that is asked here.
        lock(&self.proposals).take(now_ms, event)?;
        self.send(hash, record.bytes(), now_ms)
    }

    fn open_proposal(&self, hash: &Digest32, now_ms: u64) -> Result<Proposal, DeskError> {
        Err(DeskError::Unfit(match self.proposal(hash) {
            Some(own) if own.is_open(now_ms) => return Ok(own),
            Some(own) if own.has_expired(now_ms) => Unfit::Expired,
            Some(_) => Unfit::Settled,
            None => Unfit::NoProposal(hex(hash)),
        }))
    }

    /// Sends the record of an approved proposal, and writes down what became of it.
    fn send(&self, hash: &Digest32, record: &[u8], now_ms: u64) -> Result<u64, DeskError> {
        let proposal = hex(hash);
        match self.journal.send(record) {
            Sent::Durable(position) => {
                lock(&self.proposals).take(now_ms, Event::Carried { proposal, position })?;
                Ok(position)
            }
            Sent::Refused { found, expected } => {
                let event =
                    Event::Failed { proposal, found: found.clone(), expected: expected.clone() };
                lock(&self.proposals).take(now_ms, event)?;
                Err(DeskError::Unfit(Unfit::NotTaken { found, expected }))
            }
            Sent::Later(why) => Err(DeskError::Later(why)),
        }
    }

    /// Sends again what was approved and of which nobody knows whether the journal has it.
    ///
    /// # Errors
    /// If the journal does not say now, or has something else in its place: then it has failed.
    pub fn send_again(&self, hash: &Digest32, now_ms: u64) -> Result<u64, DeskError> {
        let _sealing = lock(&self.sealing);
        let proposal = self.proposal(hash).filter(|own| own.state == State::Approved);
        let Some(approval) = proposal.and_then(|own| own.approval) else {
            return Err(DeskError::Unfit(Unfit::NotOnItsWay));
        };
        let known = self.journal.find(&approval.hash).map_err(DeskError::Later)?;
        if known.is_none() {
            let address = address_at(&approval.record);
            let end = self.journal.chain_end(address.device).map_err(DeskError::Later)?;
            // Sent all the same, it would be kept as evidence against the officer.
            if end.sequence != address.sequence {
                let (found, expected) = Unfit::Overtaken.into_parts();
                let event = Event::Failed { proposal: hex(hash), found, expected };
                lock(&self.proposals).take(now_ms, event)?;
                return Err(DeskError::Unfit(Unfit::Overtaken));
            }
        }
        self.send(hash, &approval.record, now_ms)
    }

    /// Sends everything that was on its way when the process ended: two people have decided it.
    /// Gives what became of each.
    pub fn resume(&self, now_ms: u64) -> Vec<(Digest32, Result<u64, DeskError>)> {
        let waiting = self.proposals().into_iter().filter(|own| own.state == State::Approved);
        waiting.map(|own| (own.hash, self.send_again(&own.hash, now_ms))).collect()
    }

    /// Refuses somebody else's proposal.
    ///
    /// # Errors
    /// If it is one's own, or not open any more, or no reason is given.
    pub fn refuse(
        &self,
        session: &Session,
        hash: &Digest32,
        why: &str,
        now_ms: u64,
    ) -> Result<(), DeskError> {
        let why = why.trim().to_owned();
        if why.is_empty() || why.len() > shomar_format::limits::FIELD_BYTES_MAX {
            return Err(DeskError::Unfit(Unfit::NoReason(why.len())));
        }
        let (proposal, account) = (hex(hash), session.account.clone());
        Ok(lock(&self.proposals).take(now_ms, Event::Refused { proposal, account, why })?)
    }

    /// Takes one's own proposal back.
    ///
    /// # Errors
    /// If it is another's, or not open any more.
    pub fn withdraw(
        &self,
        session: &Session,
        hash: &Digest32,
        now_ms: u64,
    ) -> Result<(), DeskError> {
        let (proposal, account) = (hex(hash), session.account.clone());
        Ok(lock(&self.proposals).take(now_ms, Event::Withdrawn { proposal, account })?)
    }
}

/// What the record says: the decision, its reason, and who proposed it.
fn sealed_control(proposed: &Control, officer: &str, hash: &Digest32, now_ms: u64) -> Control {
    let why = format!("{} [proposed by officer {officer}, proposal {}]", proposed.why, hex(hash));
    Control { at_ms: now_ms, why, action: proposed.action.clone() }
}
