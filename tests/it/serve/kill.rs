//! `kill -9` at random instants: nothing acknowledged is lost, nothing counts twice.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::Value;
use shomar_format::bytes::hex;
use shomar_format::record::record_hash;

use super::kit::{Server, request};
use crate::keyed::records;
use crate::kit::{json, note, run, text};

/// Kills in the ordinary check; `SHOMAR_SOAK_KILLS` raises it in the slow one.
const KILLS: usize = 200;
/// Kills in one journal: after so many, most records are there.
const KILLS_OF_A_NIGHT: usize = 10;
const SENDERS: usize = 3;

/// A random number that every run chooses anew; it is printed.
fn seed() -> u64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    std::env::var("SHOMAR_KILL_SEED")
        .ok()
        .and_then(|seed| seed.parse().ok())
        .unwrap_or(u64::try_from(now.as_nanos() % 1_000_000_007).unwrap())
}

fn next(state: &mut u64) -> u64 {
    *state = state.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(0x1405);
    *state >> 33
}

#[test]
fn nothing_acknowledged_is_lost_when_the_server_is_killed_again_and_again() {
    let kills = std::env::var("SHOMAR_SOAK_KILLS").ok().and_then(|kills| kills.parse().ok());
    let kills = kills.unwrap_or(KILLS).max(KILLS);
    let mut state = seed();
    println!("SHOMAR_KILL_SEED={state}");
    let folder = tempfile::tempdir().unwrap();
    let sealed = folder.path().join("sealed");
    let arguments = ["generate", "--profile", "province-group", "--ballots", "120000", "--signed"];
    assert_eq!(run([&arguments[..], &["--out", text(&sealed)]].concat()).0, 0);
    let config = folder.path().join("serve.toml");
    // Small segments: kills fall into roll-overs as well.
    std::fs::write(&config, "segment_bytes_max = 20000\nrecount_seconds = 1\n").unwrap();
    let records = Arc::new(records(&sealed));
    let (mut killed, mut requests, mut nights) = (0, 0, 0);
    while killed < kills {
        let tonight = KILLS_OF_A_NIGHT.min(kills - killed);
        let data = folder.path().join(format!("night-{nights}"));
        let night = Night { sealed: &sealed, data: &data, config: &config, records: &records };
        requests += night.run(tonight, &mut state);
        std::fs::remove_dir_all(&data).unwrap();
        (killed, nights) = (killed + tonight, nights + 1);
    }
    note(&format!(
        "killed the server {killed} times in {nights} nights, among {requests} requests: nothing \
         lost or doubled"
    ));
}

/// One journal, from the first record to the known answer.
struct Night<'a> {
    sealed: &'a Path,
    data: &'a Path,
    config: &'a Path,
    records: &'a Arc<Vec<Vec<u8>>>,
}

impl Night<'_> {
    fn start(&self) -> Server {
        Server::start(&self.sealed.join("election"), self.data, &["--config", text(self.config)])
    }

    /// Kills the server so often; gives the number of requests.
    fn run(&self, kills: usize, state: &mut u64) -> usize {
        let acknowledged: Arc<Mutex<BTreeMap<String, u64>>> = Arc::default();
        let sent = Arc::new(AtomicUsize::new(0));
        for _ in 0..kills {
            let server = self.start();
            check_all(&server, self.records, &acknowledged, state);
            let is_over = Arc::new(AtomicBool::new(false));
            let senders: Vec<_> = (0..SENDERS)
                .map(|_| {
                    let (records, sent) = (Arc::clone(self.records), Arc::clone(&sent));
                    let (acknowledged, is_over) = (Arc::clone(&acknowledged), Arc::clone(&is_over));
                    let address = server.address.clone();
                    std::thread::spawn(move || {
                        while !is_over.load(Ordering::Relaxed) {
                            // Round and round: in the end most of what is sent is known.
                            let number = sent.fetch_add(1, Ordering::Relaxed);
                            let first = number * 3 % records.len();
                            let group: Vec<&[u8]> =
                                records[first..].iter().take(3).map(Vec::as_slice).collect();
                            let answer = request(&address, "POST", "/v1/batches", &group.concat());
                            let Ok((200, body)) = answer else { continue };
                            let answer: Value = serde_json::from_str(&body).unwrap();
                            remember(&answer, &acknowledged);
                        }
                    })
                })
                .collect();
            std::thread::sleep(Duration::from_micros(next(state) % 25_000));
            server.kill();
            is_over.store(true, Ordering::Relaxed);
            senders.into_iter().for_each(|sender| sender.join().unwrap());
        }
        self.end_in_peace(&acknowledged);
        sent.load(Ordering::Relaxed)
    }

    /// Sends the rest, and compares with the known answer.
    fn end_in_peace(&self, acknowledged: &Mutex<BTreeMap<String, u64>>) {
        let server = self.start();
        for group in self.records.chunks(100) {
            let group: Vec<&[u8]> = group.iter().map(Vec::as_slice).collect();
            let (status, answers) = server.send(&group);
            assert_eq!(status, 200, "{answers}");
            remember(&answers, acknowledged);
        }
        let frontier = server.caught_up();
        assert_eq!(frontier["durable"], self.records.len(), "every record once");
        assert_eq!(server.stop().0, 0);
        let mut positions: Vec<u64> = acknowledged.lock().unwrap().values().copied().collect();
        positions.sort_unstable();
        assert_eq!(positions, (0..self.records.len() as u64).collect::<Vec<_>>());
        let mut tally = json("tally", self.data, &[]);
        tally.as_object_mut().unwrap().remove("frontier");
        let expected = std::fs::read_to_string(self.sealed.join("expected.json")).unwrap();
        assert_eq!(tally, serde_json::from_str::<Value>(&expected).unwrap());
    }
}

/// Notes every position that was acknowledged; a record has one for ever.
fn remember(answers: &Value, acknowledged: &Mutex<BTreeMap<String, u64>>) {
    let mut acknowledged = acknowledged.lock().unwrap();
    for answer in answers["results"].as_array().unwrap() {
        let position = answer["position"].as_u64().unwrap();
        let record = answer["record"].as_str().unwrap().to_owned();
        let before = *acknowledged.entry(record).or_insert(position);
        assert_eq!(before, position, "a record keeps its place");
    }
}

/// Everything acknowledged before is a duplicate now, at its place.
fn check_all(
    server: &Server,
    records: &[Vec<u8>],
    acknowledged: &Mutex<BTreeMap<String, u64>>,
    state: &mut u64,
) {
    let known = acknowledged.lock().unwrap().clone();
    let durable: Value = serde_json::from_str(&server.get("/v1/frontier").1).unwrap();
    let durable = durable["durable"].as_u64().unwrap();
    for (record, position) in &known {
        assert!(*position < durable, "record {record} was acknowledged at {position} of {durable}");
    }
    // Asking for all of them each time would be most of the test.
    let some: Vec<&Vec<u8>> = records
        .iter()
        .filter(|record| known.contains_key(&hex(&record_hash(record))))
        .filter(|_| next(state).is_multiple_of(16))
        .collect();
    if some.is_empty() {
        return;
    }
    let group: Vec<&[u8]> = some.iter().map(|record| record.as_slice()).collect();
    let (status, answers) = server.send(&group);
    assert_eq!(status, 200, "{answers}");
    for (record, answer) in some.iter().zip(answers["results"].as_array().unwrap()) {
        assert_eq!(answer["status"], "duplicate", "{answer}");
        assert_eq!(answer["position"], known[&hex(&record_hash(record))]);
    }
}
