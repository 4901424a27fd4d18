//! Intended times: a stall is charged for everybody, and the schedule is kept.

use std::time::{Duration, Instant};

use super::kit::{Recipe, options, replayed};
use super::mock::{Act, Mock};
use crate::{Decimal, Schedule};

const STALL: Duration = Duration::from_millis(400);

#[test]
fn a_stall_shows_in_latency_from_the_intended_time_and_not_in_service_time() {
    let nation = Recipe { stations: 50, batches_each: 10, ..Recipe::default() }.nation();
    // One request of five hundred is late; on one connection a fifth of the batches would have come
    // meanwhile.
    let mock =
        Mock::new(&nation, |number| if number == 100 { Act::Stall(STALL) } else { Act::Serve });
    let mut options = options(mock.address);
    options.connections = Some(1);
    options.rate = Some(Decimal::whole(250));
    let report = replayed(&nation, &options);
    assert!(report.ok, "{}", report.text());
    let stall_us = u64::try_from(STALL.as_micros()).unwrap();
    let text = report.text();
    assert!(report.service.max_us >= stall_us, "{text}");
    assert!(report.service.p99_us < stall_us / 4, "{text}");
    assert!(report.latency.p99_us > stall_us / 2, "{text}");
    assert!(report.latency.p90_us > report.service.p90_us * 10, "{text}");
    assert!(report.latency.p50_us < stall_us / 4, "{text}");
}

#[test]
fn an_open_loop_keeps_its_schedule_whatever_the_server_does() {
    let nation = Recipe { stations: 200, batches_each: 1, ..Recipe::default() }.nation();
    // Every answer takes 50 ms: a closed loop of as many connections as the schedule needs could
    // not tell, and one connection could send 20 in a second.
    let mock = Mock::new(&nation, |_| Act::Stall(Duration::from_millis(50)));
    let mut options = options(mock.address);
    options.rate = Some("800".parse().unwrap());
    options.speed = "0.5".parse().unwrap();
    let began = Instant::now();
    let report = replayed(&nation, &options);
    assert!(report.ok, "{}", report.text());
    assert!(began.elapsed() >= Duration::from_millis(497 + 50), "400 a second, 200 batches");
    // Accepted in the order and at the pace of the schedule, 2.5 ms apart, late by no more than a
    // busy machine is.
    let journal = mock.journal.lock().unwrap();
    let first = journal.arrivals[0].2;
    let middle = journal.arrivals[100].2 - first;
    let last = journal.arrivals[199].2 - first;
    assert!((150..400).contains(&middle.as_millis()), "{middle:?}");
    assert!((400..800).contains(&last.as_millis()), "{last:?}");
}

#[test]
fn a_surge_comes_early() {
    let nation = Recipe { stations: 200, batches_each: 1, ..Recipe::default() }.nation();
    let mock = Mock::new(&nation, |_| Act::Serve);
    let mut options = options(mock.address);
    options.schedule = Schedule::Surge;
    options.rate = Some(Decimal::whole(100));
    options.speed = Decimal::whole(2);
    let report = replayed(&nation, &options);
    assert!(report.ok, "{}", report.text());
    let journal = mock.journal.lock().unwrap();
    let first = journal.arrivals[0].2;
    let seventy_percent = (journal.arrivals[139].2 - first).as_millis();
    let last = (journal.arrivals[199].2 - first).as_millis();
    assert!((90..300).contains(&seventy_percent), "{seventy_percent}");
    assert!((900..1_300).contains(&last), "{last}");
}
