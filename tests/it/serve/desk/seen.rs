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
fn nobody_signs_on_a_count_that_was_found_wrong() {
    let night = DeskNight::new("test", "recount_seconds = 3\nsegment_bytes_max = 1\n");
    let server = night.start();
    let batches = night.keyed.batches("sealed");
    let (last, others) = batches.split_last().unwrap();
    // Each a group, and each group a segment: the first one is closed by the second.
    for other in others {
        assert_eq!(server.send(&[other]).0, 200);
    }
    server.caught_up();
    let (maryam, reza) = (Person::enter(&server, "maryam"), Person::enter(&server, "reza"));
    // The live count has read the first segment; a full count will find what is wrong with it.
    let segment = night.data().join("000000.segment");
    let mut bytes = std::fs::read(&segment).unwrap();
    let place = bytes.len() - 200;
    bytes[place] ^= 4;
    std::fs::remove_file(&segment).unwrap();
    std::fs::write(&segment, &bytes).unwrap();
    assert_eq!(server.send(&[last]).0, 200);
    server.caught_up();
    let seen = hidden(&maryam.look_at(ANNUL).body, "seen");
    let proposal = maryam.propose(ANNUL);
    let own = [("seen", &*seen), ("password", PASSWORD)];
    let end = Instant::now() + Duration::from_secs(30);
    while server.get("/healthz").0 == 200 {
        assert!(Instant::now() < end);
        std::thread::sleep(Duration::from_millis(50));
    }
    // No record has come since: the board that was looked at is still the last one.
    let told = "The count was found wrong, and nothing is published any more";
    for path in ["/en/desk/", "/en/desk/decide/annul", "/en/desk/district/V1", &proposal] {
        let page = maryam.get(path).body;
        assert!(page.contains(told), "{path}: {page}");
    }
    let before: serde_json::Value = serde_json::from_str(&server.get("/v1/frontier").1).unwrap();
    let proposed = maryam.post("/en/desk/propose", &[ANNUL, &own].concat());
    let approved = reza.approve(&proposal);
    let again = reza.post("/fa/desk/propose", &[ANNUL, &own].concat());
    for (answer, says) in [
        (proposed, "nothing can be decided"),
        (approved, "nothing can be decided"),
        (again, "نمی‌توان تصمیمی گرفت"),
    ] {
        assert_eq!(answer.status, 503, "{}", answer.body);
        assert!(answer.body.contains(says), "{}", answer.body);
    }
    let after: serde_json::Value = serde_json::from_str(&server.get("/v1/frontier").1).unwrap();
    assert_eq!(after["durable"], before["durable"]);
    let (_, log) = server.stop();
    assert!(log.contains("publishing has ended"), "{log}");
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

#[test]
fn why_nothing_is_signed_is_told_in_persian_on_persian_pages() {
    let night = DeskNight::new("test", "");
    let server = night.start();
    night.send_all(&server);
    let (maryam, reza) = (Person::enter(&server, "maryam"), Person::enter(&server, "reza"));
    let proposal = maryam.propose(ANNUL).replace("/en/", "/fa/");
    let said = |person: &Person, what: &str, fields: &[(&str, &str)]| {
        let answer = person.post(&format!("{proposal}/{what}"), fields);
        assert_eq!(answer.status, 409, "{}", answer.body);
        assert!(!answer.body.contains("expected"), "{}", answer.body);
        answer.body
    };
    let password = [("password", PASSWORD)];
    assert!(said(&maryam, "approve", &password).contains("نفر دوم نیست"));
    assert!(said(&reza, "withdraw", &[]).contains("تنها پیشنهاددهنده"));
    assert!(said(&maryam, "refuse", &[("why", "so")]).contains("می‌تواند آن را پس بگیرد"));
    assert!(said(&reza, "refuse", &[("why", " ")]).contains("دلیلی نوشته نشده است"));
    assert!(said(&reza, "send", &[]).contains("در راه دفتر نیست"));
    assert_eq!(maryam.post(&format!("{proposal}/withdraw"), &[]).status, 303);
    assert!(said(&reza, "approve", &password).contains("پیش‌تر روشن شده است"));
    assert_eq!(server.stop().0, 0);
}
