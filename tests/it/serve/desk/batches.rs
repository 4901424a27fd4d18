//! The desk: batches that a check holds, and recounts that wait, until two people have decided.
//!
//! In: a server with operators, batches, recounts. Out: what its forms propose, what counts then.
//! Never: a batch that counts although nobody named it.

use super::*;

#[test]
fn a_held_batch_is_released_with_the_numbers_that_were_shown() {
    let night = DeskNight::held();
    let server = night.start();
    night.send_all(&server);
    let (maryam, reza) = (Person::enter(&server, "maryam"), Person::enter(&server, "reza"));
    let overview = maryam.settled("/en/desk/", "decide/release?batch=").body;
    let hash = overview.split_once("decide/release?batch=").unwrap().1[..64].to_owned();
    let release =
        [("decision", "release"), ("batch", &*hash), ("why", "the register was one short")];
    let promised = numbers(&maryam.look_at(&release).body, "Tehran");
    assert!(promised[0].2 > promised[0].1, "{promised:?}");
    let reject = [("decision", "reject"), ("batch", &*hash), ("why", "not ours")];
    assert!(maryam.look_at(&reject).body.contains("No total changes"));
    let proposal = maryam.propose(&release);
    let done = reza.approve(&proposal);
    assert_eq!(done.status, 303, "{}", done.body);
    server.caught_up();
    assert_eq!(numbers(&reza.settled(&proposal, "What it changed").body, "Tehran"), promised);
}

#[test]
fn a_recount_stands_in_place_once_two_people_say_so() {
    let night = DeskNight::new("test", "");
    let server = night.start();
    night.send_all(&server);
    let (maryam, reza) = (Person::enter(&server, "maryam"), Person::enter(&server, "reza"));
    let supersede = [
        ("decision", "supersede"),
        ("station", "S1"),
        ("district", "V1"),
        ("why", "counted again"),
    ];
    let early = maryam.look(&supersede);
    assert_eq!(early.status, 422);
    assert!(early.body.contains("No recount of this pair waits."), "{}", early.body);
    let before = server.caught_up();
    let recount = seal_recount(&night.keyed);
    assert_eq!(server.send(&[&recount]).0, 200);
    // Whoever sends a recount does not decide.
    assert_eq!(server.caught_up()["digest"], before["digest"]);
    let page = maryam.look_at(&supersede).body;
    let promised = numbers(&page, "Village");
    let (name, from, to) = &promised[0];
    assert_eq!((name.as_str(), *to), ("ballots taken", from + 1), "{promised:?}");
    let proposal = maryam.propose(&supersede);
    let done = reza.approve(&proposal);
    assert_eq!(done.status, 303, "{}", done.body);
    server.caught_up();
    assert_eq!(numbers(&reza.settled(&proposal, "What it changed").body, "Village"), promised);
    assert_eq!(server.stop().0, 0);
    let corrected = night.keyed.path("corrected.csv");
    std::fs::write(&corrected, recounted()).unwrap();
    let key = night.keyed.path("secrets.csv");
    assert_eq!(night.keyed.seal(&corrected, &key, "expected").0, 0);
    assert_eq!(digest(&night.data(), &[]), digest(&night.keyed.path("expected"), &[]));
}

/// Two recounts of a pair wait. Both in place would be twice the ballots that there are.
#[test]
fn of_two_recounts_that_wait_the_one_that_is_named_or_not_rejected_stands() {
    let night = DeskNight::new("test", "");
    let server = night.start();
    night.send_all(&server);
    let (maryam, reza) = (Person::enter(&server, "maryam"), Person::enter(&server, "reza"));
    let first = seal_recount(&night.keyed);
    let [election, again, key, out] =
        ["election", "again.csv", "secrets.csv", "second"].map(|name| night.keyed.path(name));
    let after = night.keyed.journal("after", &[&first]);
    std::fs::write(&again, "station,district,choices,count\nS1,V1,101,9\n").unwrap();
    let [election, again, key, after] = [&election, &again, &key, &after].map(|path| text(path));
    let seal = ["seal", "--recount", "--election", election, "--ballots", again, "--key", key];
    let (code, _, said) = run(seal.into_iter().chain(["--after", after, "--out", text(&out)]));
    assert_eq!(code, 0, "{said}");
    let second = records(&out).remove(0);
    let before = server.caught_up();
    assert_eq!(server.send(&[&first, &second]).0, 200);
    assert_eq!(server.caught_up()["digest"], before["digest"]);
    let [first, second] = [first, second].map(|record| hex(&record_hash(&record)));
    let supersede = |recount: &str| {
        let pair = [("decision", "supersede"), ("station", "S1"), ("district", "V1")];
        maryam.look(&[&pair[..], &[("recount", recount), ("why", "counted again")]].concat())
    };
    for unclear in ["", "what came", &first[1..], &before["digest"].to_string()] {
        let page = supersede(unclear);
        assert_eq!(page.status, 422, "{}", page.body);
        assert!(page.body.contains(&first) && page.body.contains(&second), "{}", page.body);
    }
    let named = numbers(&supersede(&second).body, "Village");
    let (name, from, to) = &named[0];
    let others = from - 11;
    assert_eq!((name.as_str(), *to), ("ballots taken", others + 9), "{named:?}");
    let both = numbers(&supersede(&format!("{second}، {first}")).body, "Village");
    assert_eq!(both[0].2, others + 9 + 12, "two parts of one recount: {both:?}");
    let proposal = maryam.propose(&[
        ("decision", "reject"),
        ("batch", &first),
        ("why", "counted by one person alone"),
    ]);
    let done = reza.approve(&proposal);
    assert_eq!(done.status, 303, "{}", done.body);
    server.caught_up();
    assert_eq!(numbers(&supersede("").body, "Village"), named);
    let page = supersede(&first);
    assert_eq!(page.status, 422, "{}", page.body);
    assert_eq!(server.stop().0, 0);
}
