//! What a person signs is what they looked at; and what a stranger may keep the desk busy with.
//!
//! In: a server that goes on receiving between a look and a signature. Out: what is refused, and
//! what is done after another look. Never: a wait for luck.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use shomar_format::record::address_at;

use super::ANNUL;
use super::kit::{DeskNight, PASSWORD, Person, hidden};

#[test]
fn what_would_do_something_else_by_now_is_signed_by_nobody() {
    let night = DeskNight::new("test", "");
    let server = night.start();
    let mut batches = night.keyed.batches("sealed");
    batches.retain(|batch| address_at(batch).station == 1);
    let [first, second] = &batches[..] else { panic!("two batches of S2") };
    let before = server.caught_up();
    let (maryam, reza) = (Person::enter(&server, "maryam"), Person::enter(&server, "reza"));
    // The proposer looks, and a batch of the station comes.
    let seen = hidden(&maryam.look_at(ANNUL).body, "seen");
    let own = [("seen", &*seen), ("password", PASSWORD)];
    assert_eq!(server.send(&[first]).0, 200);
    let between = server.caught_up();
    assert_ne!(between["digest"], before["digest"]);
    let late = maryam.post("/en/desk/propose", &[ANNUL, &own].concat());
    assert_eq!(late.status, 409, "{}", late.body);
    assert!(late.body.contains("has changed meanwhile"), "{}", late.body);
    assert_ne!(hidden(&late.body, "seen"), seen, "what it would do now is shown");
    let proposal = maryam.propose(ANNUL);
    // So does whoever approves.
    let approve = format!("{proposal}/approve");
    let seen = hidden(&reza.get(&proposal).body, "seen");
    assert_eq!(server.send(&[second]).0, 200);
    let between = server.caught_up();
    for seen in [&*seen, ""] {
        let late = reza.post(&approve, &[("seen", seen), ("password", PASSWORD)]);
        assert_eq!(late.status, 409, "{}", late.body);
        assert!(late.body.contains("has changed meanwhile"), "{}", late.body);
        assert_eq!(server.caught_up(), between, "nothing was done");
    }
    let done = reza.approve(&proposal);
    assert_eq!(done.status, 303, "{}", done.body);
    assert_ne!(server.caught_up()["digest"], between["digest"]);
    assert_eq!(server.stop().0, 0);
}

#[test]
fn who_is_declared_is_whom_the_count_elected_when_it_was_looked_at() {
    let night = DeskNight::new("test", "");
    let server = night.start();
    night.send_all(&server);
    let (maryam, reza) = (Person::enter(&server, "maryam"), Person::enter(&server, "reza"));
    let lot = |winner| {
        let about = [("decision", "lot"), ("district", "V1"), ("kind", "person"), ("place", "1")];
        [&about[..], &[("winner", winner), ("between", "102;104"), ("why", "a lot")]].concat()
    };
    assert_eq!(reza.approve(&maryam.propose(&lot("102"))).status, 303);
    server.caught_up();
    let form = maryam.get("/en/desk/decide/declare?district=V1").body;
    let elected = hidden(&form, "elected");
    let declare =
        [("decision", "declare"), ("district", "V1"), ("elected", &*elected), ("why", "so")];
    let proposal = maryam.propose(&declare);
    let seen = hidden(&reza.get(&proposal).body, "seen");
    // Meanwhile a station is annulled, and the count elects others.
    let annul = [
        ("decision", "annul"),
        ("station", "S1"),
        ("district", "V1"),
        ("reason", "b-fraud"),
        ("why", "a box was open"),
    ];
    assert_eq!(reza.approve(&maryam.propose(&annul)).status, 303);
    server.caught_up();
    let late =
        reza.post(&format!("{proposal}/approve"), &[("seen", &*seen), ("password", PASSWORD)]);
    assert_eq!(late.status, 409, "{}", late.body);
    assert!(late.body.contains("has changed meanwhile"), "{}", late.body);
    assert_eq!(server.stop().0, 0);
}

#[test]
fn a_form_that_does_not_come_is_not_waited_for() {
    let night = DeskNight::new("test", "");
    let server = night.start();
    let begin = |length: usize, body: &str| {
        let mut stream = TcpStream::connect(&server.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        let host = &server.address;
        let kind = "content-type: application/x-www-form-urlencoded";
        let head = format!("POST /en/desk/login HTTP/1.1\r\nhost: {host}\r\n{kind}\r\n");
        write!(stream, "{head}content-length: {length}\r\n\r\n{body}").unwrap();
        stream
    };
    let status = |mut stream: TcpStream| {
        let mut answer = Vec::new();
        // It ends here: nobody waits for the rest.
        let _ = stream.read_to_end(&mut answer);
        String::from_utf8_lossy(&answer).split(' ').nth(1).map(str::to_owned)
    };
    let began = Instant::now();
    assert_eq!(status(begin(1_000, "name=")).as_deref(), Some("408"));
    assert!(began.elapsed() < Duration::from_secs(25), "{:?}", began.elapsed());
    let long = "a".repeat(70_000);
    assert_eq!(status(begin(long.len(), &long)).as_deref(), Some("413"));
    let other = Person::nobody(&server);
    let name = "n".repeat(65);
    let own = format!("http://{}", server.address);
    let fields = [("name", &*name), ("password", PASSWORD)];
    let refused = other.post_as("/en/desk/login", &fields, &own);
    assert_eq!(refused.status, 403, "{}", refused.body);
    assert_eq!(server.stop().0, 0);
}
