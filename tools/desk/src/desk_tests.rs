//! The desk before a journal that is a list: one person decides nothing, whatever they try.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock, Mutex};

use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use shomar_format::bytes::Digest32;
use shomar_format::control::{Action, Subject};
use shomar_format::election::{Mode, Officer};
use shomar_format::record::{
    NO_PREVIOUS, SecretKey, address_at, previous_hash, record_hash, verify_control,
    verify_signature,
};

use crate::accounts::{Account, Operators};
use crate::desk::{ChainEnd, Desk, DeskError, Facts, Journal, LoginRefused, Sent};
use crate::proposals::{EXPIRES_MS, State};
use crate::sessions::{IDLE_MS, Session};

const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
const PASSWORD: &str = "correct horse battery";

/// A journal that judges as the server does: the next record of an officer, or none.
#[derive(Default)]
struct Pile {
    records: Mutex<Vec<Vec<u8>>>,
    is_away: AtomicBool,
    refuses: AtomicBool,
}

impl Journal for Pile {
    fn chain_end(&self, officer: u32) -> Result<ChainEnd, String> {
        let records = self.records.lock().unwrap();
        let own: Vec<_> = records.iter().filter(|own| address_at(own).device == officer).collect();
        let previous = own.last().map_or(NO_PREVIOUS, |last| record_hash(last));
        Ok(ChainEnd { sequence: own.len() as u64, previous })
    }

    fn find(&self, hash: &Digest32) -> Result<Option<u64>, String> {
        let records = self.records.lock().unwrap();
        Ok(records.iter().position(|own| record_hash(own) == *hash).map(|at| at as u64))
    }

    fn send(&self, record: &[u8]) -> Sent {
        if self.is_away.load(Ordering::Relaxed) {
            return Sent::Later("away".to_owned());
        }
        if self.refuses.load(Ordering::Relaxed) {
            let (found, expected) = ("a close".to_owned(), "an open".to_owned());
            return Sent::Refused { found, expected };
        }
        if let Ok(Some(at)) = self.find(&record_hash(record)) {
            return Sent::Durable(at);
        }
        let address = address_at(record);
        let end = self.chain_end(address.device).unwrap();
        assert_eq!(address.sequence, end.sequence, "a fork, or a second record of a sequence");
        assert_eq!(previous_hash(record), end.previous, "a fork");
        let mut records = self.records.lock().unwrap();
        records.push(record.to_vec());
        Sent::Durable(records.len() as u64 - 1)
    }
}

fn officers() -> Vec<Officer> {
    let officer = |(id, number): (&str, u8)| Officer {
        id: id.to_owned(),
        name_fa: String::new(),
        name_en: String::new(),
        key: SecretKey::from_seed(&[number; 32]).public(),
    };
    [("chair", 1), ("deputy", 2)].map(officer).to_vec()
}

fn facts() -> Facts {
    let election = "small".to_owned();
    Facts { election, definition: [9; 32], mode: Mode::Test, officers: officers() }
}

/// Two accounts of the chair, one of the deputy. Made once: each costs what a login costs.
static OPERATORS: LazyLock<Operators> = LazyLock::new(|| {
    let mut all = Operators::default();
    for (name, officer, seed) in [("maryam", 0, 1), ("mina", 0, 1), ("reza", 1, 2)] {
        all.add(Account::new(name, &officers()[officer], PASSWORD, &[seed; 32]).unwrap()).unwrap();
    }
    all
});

struct Room {
    folder: tempfile::TempDir,
    pile: Arc<Pile>,
    desk: Desk,
}

impl Room {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let pile = Arc::new(Pile::default());
        let desk = Self::open(&folder, &pile);
        Self { folder, pile, desk }
    }

    fn open(folder: &tempfile::TempDir, pile: &Arc<Pile>) -> Desk {
        let journal: Arc<dyn Journal> = Arc::clone(pile) as _;
        Desk::open(facts(), OPERATORS.clone(), &folder.path().join("desk.log"), journal, 0).unwrap()
    }

    /// The process ends, and another one begins.
    fn again(self) -> Self {
        let Self { folder, pile, desk } = self;
        drop(desk);
        let desk = Self::open(&folder, &pile);
        Self { folder, pile, desk }
    }

    fn enter(&self, name: &str, now: u64) -> (String, Session) {
        let opened = self.desk.log_in(name, PASSWORD, HERE, now).unwrap_or_else(|_| panic!());
        (opened.token, opened.session)
    }

    fn propose(&self, (token, session): &(String, Session), station: u32, now: u64) -> Digest32 {
        let proposed =
            self.desk.propose((token, session), PASSWORD, (annul(station), "because"), 7, now);
        proposed.unwrap()
    }

    fn approve(
        &self,
        (token, session): &(String, Session),
        hash: &Digest32,
        now: u64,
    ) -> Result<u64, DeskError> {
        self.desk.approve((token, session), PASSWORD, hash, now, |_| true)
    }

    fn sent(&self) -> usize {
        self.pile.records.lock().unwrap().len()
    }

    fn state(&self, hash: &Digest32) -> State {
        self.desk.proposal(hash).unwrap().state
    }
}

fn annul(station: u32) -> Action {
    let subject = Subject::Station(format!("S{station}"));
    Action::Annul { reason: "b-fraud".to_owned(), subject }
}

#[test]
fn two_people_decide_and_the_record_says_who_proposed() {
    let room = Room::new();
    let (maryam, reza) = (room.enter("maryam", 0), room.enter("reza", 0));
    let hash = room.propose(&maryam, 1, 10);
    assert_eq!((room.sent(), room.state(&hash)), (0, State::Open));
    assert_eq!(room.approve(&reza, &hash, 20).unwrap(), 0);
    assert_eq!(room.state(&hash), State::Carried(0));
    let record = room.pile.records.lock().unwrap()[0].clone();
    let (header, control) = verify_control(&record).unwrap();
    assert_eq!(header.address().device, 1, "the approver's officer signs");
    verify_signature(&record, Mode::Test, &officers()[1].key).unwrap();
    assert_eq!(control.action, annul(1));
    assert_eq!(control.at_ms, 20);
    let hash_text = shomar_format::bytes::hex(&hash);
    assert_eq!(control.why, format!("because [proposed by officer chair, proposal {hash_text}]"));
    // Once.
    let again = room.approve(&reza, &hash, 30).unwrap_err().to_string();
    assert!(again.contains("a proposal that is settled"), "{again}");
    assert_eq!(room.sent(), 1);
    // The next one of the same officer follows it: the pile would panic at a fork.
    let hash = room.propose(&maryam, 2, 40);
    assert_eq!(room.approve(&reza, &hash, 50).unwrap(), 1);
}

#[test]
fn one_person_alone_decides_nothing() {
    let room = Room::new();
    let (maryam, mina, reza) =
        (room.enter("maryam", 0), room.enter("mina", 0), room.enter("reza", 0));
    let hash = room.propose(&maryam, 1, 10);
    // The proposer; and another account of the same officer.
    for own in [&maryam, &mina] {
        let error = room.approve(own, &hash, 20).unwrap_err().to_string();
        assert!(error.ends_with("expected a second person, not of officer chair"), "{error}");
    }
    // Somebody else without the password.
    let error =
        room.desk.approve((&reza.0, &reza.1), "another password", &hash, 20, |_| true).unwrap_err();
    assert!(matches!(error, DeskError::Password { ended: false }), "{error}");
    assert_eq!((room.sent(), room.state(&hash)), (0, State::Open));
    // Nobody takes back what is another's, and nobody refuses what is their own.
    assert!(room.desk.withdraw(&reza.1, &hash, 30).is_err());
    assert!(room.desk.refuse(&maryam.1, &hash, "no", 30).is_err());
    assert!(room.desk.refuse(&reza.1, &hash, "  ", 30).is_err(), "a refusal has a reason");
    assert_eq!(room.state(&hash), State::Open);
    room.desk.refuse(&reza.1, &hash, "no such station", 30).unwrap();
    assert!(room.approve(&reza, &hash, 40).is_err());
    let own = room.propose(&maryam, 2, 50);
    room.desk.withdraw(&maryam.1, &own, 60).unwrap();
    assert!(room.approve(&reza, &own, 70).is_err());
    assert_eq!(room.sent(), 0);
}

#[test]
fn a_proposal_expires() {
    let room = Room::new();
    let maryam = room.enter("maryam", 0);
    let hash = room.propose(&maryam, 1, 10);
    let late = 10 + EXPIRES_MS;
    let reza = room.enter("reza", late);
    let error = room.approve(&reza, &hash, late).unwrap_err().to_string();
    assert_eq!(error, "found a proposal that has expired, expected a new one");
    assert!(room.desk.withdraw(&maryam.1, &hash, late).is_err());
    assert_eq!(room.approve(&reza, &hash, late - 1).unwrap(), 0);
}

#[test]
fn wrong_names_and_wrong_passwords_are_answered_alike_and_locked_alike() {
    let room = Room::new();
    let log_in = |name: &str, password: &str, now| {
        let from = IpAddr::from([10, 0, 0, u8::try_from(now % 200).unwrap()]);
        room.desk.log_in(name, password, from, now).map(|_| ())
    };
    for name in ["maryam", "nobody"] {
        for now in 0..5 {
            assert_eq!(log_in(name, "not the password", now), Err(LoginRefused::Wrong));
        }
        // Not even the right one, while the lock lasts.
        assert_eq!(log_in(name, PASSWORD, 5), Err(LoginRefused::Wait(1)));
    }
    assert_eq!(log_in("reza", PASSWORD, 5), Ok(()));
    // What can be no name is answered alike, and nobody remembers it.
    let long = "n".repeat(65);
    for now in 0..9 {
        assert_eq!(log_in(&long, PASSWORD, now), Err(LoginRefused::Wrong));
    }
    assert_eq!(log_in("maryam", PASSWORD, 1_100), Ok(()));
    let token = room.enter("maryam", 2_000).0;
    assert!(room.desk.session(&token, 2_000 + IDLE_MS).is_none());
}

#[test]
fn what_a_crash_kept_from_the_journal_is_sent_once() {
    let room = Room::new();
    let (maryam, reza) = (room.enter("maryam", 0), room.enter("reza", 0));
    let hash = room.propose(&maryam, 1, 10);
    room.pile.is_away.store(true, Ordering::Relaxed);
    assert!(matches!(room.approve(&reza, &hash, 20), Err(DeskError::Later(_))));
    assert_eq!((room.sent(), room.state(&hash)), (0, State::Approved));
    let room = room.again();
    assert_eq!(room.state(&hash), State::Approved);
    room.pile.is_away.store(false, Ordering::Relaxed);
    let resumed = room.desk.resume(30);
    assert!(matches!(resumed[..], [(own, Ok(0))] if own == hash));
    assert_eq!((room.sent(), room.state(&hash)), (1, State::Carried(0)));
    assert!(room.desk.resume(40).is_empty());
    // The journal has it, and the log does not say so: it is not sent as another record.
    let path = room.folder.path().join("desk.log");
    let text = std::fs::read_to_string(&path).unwrap();
    let without_last: Vec<&str> = text.lines().take(3).collect();
    std::fs::write(&path, without_last.join("\n") + "\n").unwrap();
    let room = room.again();
    assert_eq!(room.state(&hash), State::Approved);
    assert_eq!(room.desk.send_again(&hash, 50).unwrap(), 0);
    assert_eq!((room.sent(), room.state(&hash)), (1, State::Carried(0)));
}

#[test]
fn what_the_officer_has_overtaken_is_not_sent() {
    let room = Room::new();
    let (maryam, reza) = (room.enter("maryam", 0), room.enter("reza", 0));
    let first = room.propose(&maryam, 1, 10);
    room.pile.is_away.store(true, Ordering::Relaxed);
    assert!(room.approve(&reza, &first, 20).is_err());
    room.pile.is_away.store(false, Ordering::Relaxed);
    let second = room.propose(&maryam, 2, 30);
    assert_eq!(room.approve(&reza, &second, 40).unwrap(), 0);
    // The first would be a second record of the same sequence.
    assert!(room.desk.send_again(&first, 50).is_err());
    assert!(matches!(room.state(&first), State::Failed { .. }));
    assert_eq!(room.sent(), 1);
}

#[test]
fn what_the_journal_refuses_has_failed_and_says_why() {
    let room = Room::new();
    let (maryam, reza) = (room.enter("maryam", 0), room.enter("reza", 0));
    let hash = room.propose(&maryam, 1, 10);
    room.pile.refuses.store(true, Ordering::Relaxed);
    let error = room.approve(&reza, &hash, 20).unwrap_err().to_string();
    assert_eq!(error, "found a close, expected an open");
    let (found, expected) = ("a close".to_owned(), "an open".to_owned());
    assert_eq!(room.state(&hash), State::Failed { found, expected });
}

#[test]
fn the_log_is_held_to_its_signatures_and_its_election() {
    let room = Room::new();
    let (maryam, reza) = (room.enter("maryam", 0), room.enter("reza", 0));
    let hash = room.propose(&maryam, 1, 10);
    let path = room.folder.path().join("desk.log");
    let text = std::fs::read_to_string(&path).unwrap();
    let open = |facts: Facts| {
        let journal: Arc<dyn Journal> = Arc::clone(&room.pile) as _;
        Desk::open(facts, OPERATORS.clone(), &path, journal, 0).map(|_| ()).unwrap_err().to_string()
    };
    // The last line has none after it that names its hash: its own signature is held to.
    for (from, to) in [
        ("because", "for no reason"),
        ("station\\tS1", "station\\tS2"),
        ("\"position\":7", "\"position\":8"),
        ("\"account\":\"maryam\"", "\"account\":\"mina\""),
    ] {
        assert!(text.contains(from), "{text}");
        std::fs::write(&path, text.replace(from, to)).unwrap();
        let error = open(facts());
        assert!(error.contains("line 2: found the proposal"), "{error}");
    }
    std::fs::write(&path, &text).unwrap();
    let error = open(Facts { definition: [8; 32], ..facts() });
    assert!(error.contains("line 1: found another election's beginning"), "{error}");
    // An approval that somebody has written in by hand, signed by nobody's key.
    room.approve(&reza, &hash, 20).unwrap();
    let text = std::fs::read_to_string(&path).unwrap();
    let until_approval: Vec<&str> = text.lines().take(3).collect();
    let at = until_approval[2].find("\"record\":\"").unwrap() + 1_000;
    let mut line = until_approval[2].to_owned();
    let digit = if &line[at..=at] == "0" { "1" } else { "0" };
    line.replace_range(at..=at, digit);
    let forged = [until_approval[0], until_approval[1], &line].join("\n") + "\n";
    std::fs::write(&path, forged).unwrap();
    assert!(open(facts()).contains("line 3: found"));
    // An account of an officer whom the election does not have.
    std::fs::write(&path, &text).unwrap();
    let one = Facts { officers: officers()[..1].to_vec(), ..facts() };
    assert!(open(one).contains("the account reza of officer deputy"));
}

/// What somebody may try.
#[derive(Clone, Debug)]
enum Try {
    Propose(usize),
    Approve(usize, usize),
    Refuse(usize, usize),
    Withdraw(usize, usize),
    Wait,
    Restart,
}

fn tries() -> impl Strategy<Value = Vec<Try>> {
    let (who, which) = (0..3_usize, 0..4_usize);
    let one = prop_oneof![
        3 => who.clone().prop_map(Try::Propose),
        4 => (who.clone(), which.clone()).prop_map(|(who, which)| Try::Approve(who, which)),
        1 => (who.clone(), which.clone()).prop_map(|(who, which)| Try::Refuse(who, which)),
        1 => (who, which).prop_map(|(who, which)| Try::Withdraw(who, which)),
        1 => Just(Try::Wait),
        1 => Just(Try::Restart),
    ];
    prop::collection::vec(one, 1..10)
}

/// Each signature costs what a login costs: `PROPTEST_CASES` raises their number, but not to
/// thousands.
fn cases() -> u32 {
    let cases = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok());
    cases.unwrap_or(12).min(400)
}

/// Whatever people try in whatever order: every record has a proposer and an approver of two
/// officers, each proposal is carried out once at most, and a restart changes nothing.
#[test]
fn nothing_is_carried_out_but_what_two_officers_agreed_on() {
    let config = ProptestConfig { cases: cases(), ..ProptestConfig::with_source_file(file!()) };
    let run = TestRunner::new(config).run(&tries(), |tries| {
        let mut room = Room::new();
        let (mut now, mut hashes) = (1_000, Vec::new());
        let names = ["maryam", "mina", "reza"];
        let mut people = names.map(|name| room.enter(name, now));
        for one in tries {
            now += 1_000;
            let find = |hashes: &[Digest32], which: usize| hashes.get(which).copied();
            match one {
                Try::Propose(who) => {
                    let station = u32::try_from(hashes.len()).unwrap();
                    hashes.push(room.propose(&people[who], station, now));
                }
                Try::Approve(who, which) => {
                    if let Some(hash) = find(&hashes, which) {
                        let _ = room.approve(&people[who], &hash, now);
                    }
                }
                Try::Refuse(who, which) => {
                    if let Some(hash) = find(&hashes, which) {
                        let _ = room.desk.refuse(&people[who].1, &hash, "no", now);
                    }
                }
                Try::Withdraw(who, which) => {
                    if let Some(hash) = find(&hashes, which) {
                        let _ = room.desk.withdraw(&people[who].1, &hash, now);
                    }
                }
                Try::Wait => {
                    now += EXPIRES_MS;
                    people = names.map(|name| room.enter(name, now));
                }
                Try::Restart => {
                    let before = room.desk.proposals();
                    room = room.again();
                    prop_assert_eq!(room.desk.proposals(), before);
                    people = names.map(|name| room.enter(name, now));
                }
            }
        }
        let all = room.desk.proposals();
        let carried: Vec<_> =
            all.iter().filter(|own| matches!(own.state, State::Carried(_))).collect();
        prop_assert_eq!(carried.len(), room.sent());
        for own in carried {
            let approval = own.approval.as_ref().unwrap();
            prop_assert_ne!(&approval.officer, &own.officer);
            prop_assert_ne!(&approval.account, &own.account);
            prop_assert!(approval.at_ms - own.at_ms < EXPIRES_MS);
        }
        Ok(())
    });
    run.unwrap();
}
