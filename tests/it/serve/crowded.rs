//! Too many, too slow, too large, gone in the middle: whoever sends badly takes nothing from the
//! others.
//!
//! In: a server with little room, senders that stop where it hurts. Out: "busy" with a time to come
//! again, and the room given back. Never: a wait for a lucky moment; what has to have happened is
//! asked for.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use shomar_format::election::Mode;
use shomar_format::record::NO_PREVIOUS;

use super::batch_of;
use super::kit::Server;
use crate::keyed::Keyed;
use crate::kit::text;

const HEADER_BYTES: usize = 192;
/// Room for one record of 3 to 4 kilobytes, and for nothing beside it.
const ROOM_FOR_ONE: &str = "record_bytes_max = 4096\nwaiting_bytes_max = 4096\n";
/// Room for one connection, which is long waited for.
const STUBBORN: &str = "connections_max = 1\nsilence_seconds_max = 600\nstop_seconds_max = 1\n";

/// A server with this configuration, and the batches of its stations.
fn serve(configuration: &str) -> (Keyed, Vec<Vec<u8>>, Server) {
    let keyed = Keyed::new("test");
    let batches = keyed.batches("sealed");
    let config = keyed.path("serve.toml");
    std::fs::write(&config, configuration).unwrap();
    let arguments = ["--config", text(&config)];
    let server = Server::start(&keyed.path("election"), &keyed.path("data"), &arguments);
    (keyed, batches, server)
}

/// A record of so many ballots that were entered wrongly, which are kept as they are: 6 bytes each.
fn large(keyed: &Keyed, ballots: u32) -> Vec<u8> {
    batch_of(keyed, 0, (&[0, 0], ballots), &NO_PREVIOUS, Mode::Test)
}

/// Begins to send a record, and stops after so many bytes of it.
fn begin(server: &Server, record: &[u8], bytes: usize) -> TcpStream {
    let mut stream = TcpStream::connect(&server.address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    let length = record.len();
    let head = format!("POST /v1/batches HTTP/1.1\r\nhost: x\r\ncontent-length: {length}\r\n\r\n");
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(&record[..bytes]).unwrap();
    stream
}

/// The answer as it came: status line, headers, body, as far as the body says.
fn answer(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    let mut piece = [0; 4096];
    loop {
        let read = stream.read(&mut piece).unwrap();
        bytes.extend_from_slice(&piece[..read]);
        let answer = String::from_utf8_lossy(&bytes);
        let length = answer.split_once("content-length: ").and_then(|(_, after)| {
            after.split_once("\r\n").and_then(|(length, _)| length.parse::<usize>().ok())
        });
        let head = answer.split_once("\r\n\r\n").map(|(head, _)| head.len() + 4);
        if read == 0 || length.zip(head).is_some_and(|(length, head)| bytes.len() == head + length)
        {
            return String::from_utf8(bytes).unwrap();
        }
    }
}

/// Waits until so many bytes of room are taken.
fn wait_for_room_taken(server: &Server, bytes: usize) {
    let line = format!("\nshomar_waiting_bytes {bytes}\n");
    let end = Instant::now() + Duration::from_secs(20);
    loop {
        let metrics = server.get("/metrics").1;
        if metrics.contains(&line) {
            return;
        }
        assert!(Instant::now() < end, "expected {line} in {metrics}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn where_there_is_no_room_senders_are_told_when_to_come_again() {
    let (keyed, batches, server) = serve(ROOM_FOR_ONE);
    let large = large(&keyed, 550);
    assert!((3 << 10..=4 << 10).contains(&large.len()), "it takes all the room: {}", large.len());
    // All of it but its last byte.
    let most = large.len() - 1;
    let mut first = begin(&server, &large, most);
    wait_for_room_taken(&server, 4096);
    let refused = answer(&mut begin(&server, &batches[1], HEADER_BYTES));
    assert!(refused.starts_with("HTTP/1.1 429 "), "{refused}");
    assert!(refused.contains("\r\nretry-after: 1\r\n"), "{refused}");
    assert!(refused.contains("\"busy\""), "{refused}");
    first.write_all(&large[most..]).unwrap();
    let taken = answer(&mut first);
    assert!(taken.starts_with("HTTP/1.1 200 ") && taken.contains("accepted"), "{taken}");
    wait_for_room_taken(&server, 0);
    assert_eq!(server.send_one(&batches[1]).0, 200);
    let metrics = server.get("/metrics").1;
    assert!(metrics.contains("shomar_ingest_refusals_total{code=\"busy\"}"), "{metrics}");
    assert_eq!(server.caught_up()["batches"], 2);
    assert_eq!(server.stop().0, 0);
}

#[test]
fn a_sender_that_goes_away_or_falls_silent_gives_its_room_back() {
    let configuration = format!("{ROOM_FOR_ONE}silence_seconds_max = 1\n");
    let (keyed, batches, server) = serve(&configuration);
    let large = large(&keyed, 550);
    // Gone in the middle.
    let gone = begin(&server, &large, 3_100);
    wait_for_room_taken(&server, 4096);
    drop(gone);
    wait_for_room_taken(&server, 0);
    // Silent, and waiting for an answer.
    let mut silent = begin(&server, &large, 3_100);
    wait_for_room_taken(&server, 4096);
    assert_eq!(server.send_one(&batches[1]).0, 429);
    let said = answer(&mut silent);
    assert!(said.starts_with("HTTP/1.1 400 "), "{said}");
    assert!(said.contains("found silence for 1 seconds, expected a record"), "{said}");
    wait_for_room_taken(&server, 0);
    // Slow, but never silent for so long.
    let mut slow = begin(&server, &large, 250);
    for piece in large[250..].chunks(large.len() / 6) {
        std::thread::sleep(Duration::from_millis(300));
        slow.write_all(piece).unwrap();
    }
    let said = answer(&mut slow);
    assert!(said.starts_with("HTTP/1.1 200 ") && said.contains("accepted"), "{said}");
    assert_eq!(server.caught_up()["batches"], 1);
    assert_eq!(server.stop().0, 0);
}

#[test]
fn a_header_that_promises_a_large_record_takes_no_room_for_it() {
    let (keyed, batches, server) = serve(ROOM_FOR_ONE);
    let large = large(&keyed, 550);
    // Each of them says that it will need all the room there is, and then says no more.
    let promised: Vec<TcpStream> = (0..3).map(|_| begin(&server, &large, HEADER_BYTES)).collect();
    wait_for_room_taken(&server, 3 << 10);
    assert_eq!(server.send_one(&batches[1]).0, 200);
    drop(promised);
    wait_for_room_taken(&server, 0);
}

#[test]
fn a_record_above_the_limit_is_refused_before_it_is_read() {
    let (keyed, _, server) = serve(ROOM_FOR_ONE);
    // No more than its header is sent.
    let said = answer(&mut begin(&server, &large(&keyed, 700), HEADER_BYTES));
    assert!(said.starts_with("HTTP/1.1 413 "), "{said}");
    assert!(said.contains("expected\":\"at most 4096 bytes"), "{said}");
    assert_eq!(server.caught_up()["batches"], 0);
}

/// Those that wait for a connection are answered when one ends; nobody is sent away.
#[test]
fn connections_above_the_limit_wait_for_their_turn() {
    let (_keyed, batches, server) = serve("connections_max = 1\n");
    let mut first = begin(&server, &batches[0], 300);
    let mut second = begin(&server, &batches[1], batches[1].len());
    second.set_read_timeout(Some(Duration::from_millis(300))).unwrap();
    assert!(second.read(&mut [0; 16]).is_err(), "its turn has not come");
    first.write_all(&batches[0][300..]).unwrap();
    assert!(answer(&mut first).contains("accepted"));
    drop(first);
    second.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    assert!(answer(&mut second).contains("accepted"));
}

/// Opens the stream of a page, and waits for its head.
fn reader(server: &Server) -> String {
    let mut stream = TcpStream::connect(&server.address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    let request = "GET /en/ HTTP/1.1\r\nhost: x\r\naccept: text/event-stream\r\n\r\n";
    stream.write_all(request.as_bytes()).unwrap();
    let mut piece = [0; 4096];
    let read = stream.read(&mut piece).unwrap_or(0);
    let status = String::from_utf8_lossy(&piece[..read]).split(' ').nth(1).map(str::to_owned);
    // Held open for as long as the server runs.
    std::mem::forget(stream);
    status.unwrap_or_else(|| "closed".to_owned())
}

#[test]
fn readers_leave_half_of_the_connections_to_senders() {
    let (_keyed, batches, server) = serve("connections_max = 6\n");
    let found: Vec<String> = (0..5).map(|_| reader(&server)).collect();
    assert_eq!(found, ["200", "200", "200", "503", "503"]);
    let records: Vec<&[u8]> = batches.iter().map(Vec::as_slice).collect();
    assert_eq!(server.send(&records).0, 200);
}

/// Asks for a page on an open connection: the status.
fn status_of(stream: &mut TcpStream, path: &str) -> String {
    write!(stream, "GET {path} HTTP/1.1\r\nhost: x\r\n\r\n").unwrap();
    answer(stream).split(' ').nth(1).unwrap_or("closed").to_owned()
}

#[test]
fn whoever_began_by_sending_reads_from_a_place_of_readers() {
    let (_keyed, batches, server) = serve("connections_max = 6\n");
    let mut sender = begin(&server, &batches[0], batches[0].len());
    assert!(answer(&mut sender).contains("accepted"));
    let found: Vec<String> = (0..3).map(|_| reader(&server)).collect();
    assert_eq!(found, ["200", "200", "200"]);
    assert_eq!(status_of(&mut sender, "/en/stations"), "503");
    // An empty line before a request is skipped, and does not make a sender of a reader.
    let mut disguised = TcpStream::connect(&server.address).unwrap();
    disguised.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    disguised.write_all(b"\r\n").unwrap();
    assert_eq!(status_of(&mut disguised, "/en/stations"), "503");
}

#[test]
fn those_on_duty_are_answered_when_all_places_of_readers_are_taken() {
    let (_keyed, _batches, server) = serve("connections_max = 6\n");
    let found: Vec<String> = (0..4).map(|_| reader(&server)).collect();
    assert_eq!(found, ["200", "200", "200", "503"]);
    let mut stream = TcpStream::connect(&server.address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    for path in ["/healthz", "/readyz", "/metrics", "/v1/frontier", "/fa/desk/", "/en/desk"] {
        assert_eq!(status_of(&mut stream, path), "200", "{path}");
    }
    assert_eq!(status_of(&mut stream, "/en/"), "503");
}

#[test]
fn viewers_who_only_load_what_a_page_is_made_of_take_no_places_of_senders() {
    let (_keyed, _batches, server) = serve("connections_max = 6\n");
    let mut open = Vec::new();
    let mut load = || {
        let mut stream = TcpStream::connect(&server.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        let status = status_of(&mut stream, "/assets/none/none");
        open.push(stream);
        status
    };
    // Three places of readers, and two for duty; the sixth is for whoever sends.
    let found: Vec<String> = (0..6).map(|_| load()).collect();
    assert_eq!(found, ["404", "404", "404", "404", "404", "503"]);
}

#[test]
fn a_stream_that_begins_on_a_connection_of_a_sender_is_sent_away() {
    let (_keyed, batches, server) = serve("");
    let mut sender = begin(&server, &batches[0], batches[0].len());
    assert!(answer(&mut sender).contains("accepted"));
    assert_eq!(status_of(&mut sender, "/en/stations"), "200");
    let accepts = "/en/ HTTP/1.1\r\naccept: text/event-stream\r\nx-rest:";
    assert_eq!(status_of(&mut sender, accepts), "503", "it would be written by threads of senders");
    assert_eq!(reader(&server), "200");
}

#[test]
fn a_server_that_is_told_to_stop_waits_for_nobody_who_waits_for_a_place() {
    let (_keyed, batches, server) = serve(STUBBORN);
    let _dripping = begin(&server, &batches[0], 300);
    let mut waiting = begin(&server, &batches[1], batches[1].len());
    waiting.set_read_timeout(Some(Duration::from_millis(300))).unwrap();
    assert!(waiting.read(&mut [0; 16]).is_err(), "its turn has not come");
    assert_eq!(server.stop().0, 0);
}

#[test]
fn an_address_holds_no_more_connections_than_its_own() {
    let (_keyed, batches, server) = serve("connections_per_address_max = 3\n");
    let found: Vec<String> = (0..5).map(|_| reader(&server)).collect();
    assert_eq!(found, ["200", "200", "200", "closed", "closed"]);
    assert!(server.request("POST", "/v1/batches", &batches[0]).is_err());
}

#[test]
fn no_answer_of_the_server_is_kept_or_taken_for_something_else() {
    let (_keyed, _batches, server) = serve("");
    for path in
        ["/", "/en", "/nowhere", "/fa/%ff", "/assets/a/b", "/en/", "/en/desk/", "/v1/nation"]
    {
        let mut stream = TcpStream::connect(&server.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        write!(stream, "GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").unwrap();
        let answer = answer(&mut stream);
        for header in ["content-security-policy: default-src 'none'", "referrer-policy: "] {
            assert!(answer.contains(&format!("\r\n{header}")), "{path}: {answer}");
        }
        assert!(answer.contains("\r\nx-content-type-options: nosniff\r\n"), "{path}: {answer}");
    }
    for path in ["/v1/tally", "/v1/frontier", "/v1/findings", "/metrics", "/healthz"] {
        let mut stream = TcpStream::connect(&server.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        write!(stream, "GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").unwrap();
        let answer = answer(&mut stream);
        for line in ["cache-control: no-store", "vary: Cookie", "x-content-type-options: nosniff"] {
            assert!(answer.contains(&format!("\r\n{line}\r\n")), "{path}: {answer}");
        }
    }
}

/// Lets a server open no other file: the next one would have the lowest number that is free.
fn take_every_file(server: &Server) {
    let open = std::fs::read_dir(format!("/proc/{}/fd", server.id())).unwrap();
    let numbers = open.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let open: std::collections::BTreeSet<usize> =
        numbers.map(|number| number.parse().unwrap()).collect();
    limit_files(server, (0..).find(|number| !open.contains(number)).unwrap());
}

/// Lets a server have so many open files.
fn limit_files(server: &Server, most: usize) {
    let (process, limit) = (server.id().to_string(), format!("--nofile={most}:4096"));
    let status = std::process::Command::new("prlimit").args(["--pid", &process, &limit]).status();
    assert!(status.unwrap().success());
}

#[test]
fn a_server_without_file_handles_for_a_moment_counts_again_when_it_has_them() {
    let (_keyed, batches, server) = serve("recount_seconds = 1\nsegment_bytes_max = 1\n");
    let records: Vec<&[u8]> = batches.iter().map(Vec::as_slice).collect();
    assert!(records.len() > 2, "a segment for each group");
    for record in &records[1..] {
        assert_eq!(server.send(&[record]).0, 200);
    }
    server.caught_up();
    // None is left for the segments of the full count. (A connection that is there already can be
    // asked; a new one could not come in.)
    let mut stream = TcpStream::connect(&server.address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    let mut health = move || {
        write!(stream, "GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n").unwrap();
        answer(&mut stream)
    };
    assert!(health().starts_with("HTTP/1.1 200 "));
    take_every_file(&server);
    let end = Instant::now() + Duration::from_secs(4);
    while Instant::now() < end {
        let said = health();
        assert!(said.starts_with("HTTP/1.1 200 "), "{said}");
        std::thread::sleep(Duration::from_millis(100));
    }
    limit_files(&server, 4096);
    assert_eq!(server.send(&records[..1]).0, 200);
    let position = server.caught_up()["position"].clone();
    let end = Instant::now() + Duration::from_secs(30);
    loop {
        let now: serde_json::Value = serde_json::from_str(&server.get("/v1/frontier").1).unwrap();
        assert_eq!(now["failure"], serde_json::Value::Null);
        if now["full_recount"]["position"] == position {
            break;
        }
        assert!(Instant::now() < end, "{now}");
        std::thread::sleep(Duration::from_millis(50));
    }
    let (code, log) = server.stop();
    assert_eq!(code, 0, "{log}");
    assert!(log.contains("no full count now"), "{log}");
}

#[test]
fn a_count_that_stands_still_for_want_of_file_handles_says_so() {
    let (_keyed, batches, server) = serve("recount_seconds = 3600\n");
    let mut stream = TcpStream::connect(&server.address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    let mut ask = move |path: &str, body: &[u8]| {
        let (method, length) = if body.is_empty() { ("GET", 0) } else { ("POST", body.len()) };
        let head =
            format!("{method} {path} HTTP/1.1\r\nhost: x\r\ncontent-length: {length}\r\n\r\n");
        stream.write_all(&[head.as_bytes(), body].concat()).unwrap();
        answer(&mut stream)
    };
    let waits = "The numbers stand still";
    let page = ask("/en/", b"");
    assert!(page.starts_with("HTTP/1.1 200 ") && !page.contains(waits), "{page}");
    // None is left for the first segment, which the journal has open: the count reads it later.
    take_every_file(&server);
    let sent = ask("/v1/batches", &batches[0]);
    assert!(sent.starts_with("HTTP/1.1 200 "), "{sent}");
    let mut until = |path: &str, is_there: &dyn Fn(&str) -> bool| {
        let end = Instant::now() + Duration::from_secs(20);
        loop {
            let page = ask(path, b"");
            if is_there(&page) {
                return;
            }
            assert!(Instant::now() < end, "{page}");
            std::thread::sleep(Duration::from_millis(50));
        }
    };
    until("/en/", &|page| page.matches(waits).count() == 2);
    until("/en/reception", &|page| page.matches(waits).count() == 2);
    until("/v1/reception", &|document| document.contains("\"waits\":true"));
    limit_files(&server, 4096);
    until("/v1/reception", &|document| document.contains("\"waits\":false"));
    until("/en/", &|page| !page.contains(waits));
    assert_eq!(server.stop().0, 0);
}

#[test]
fn a_request_has_as_many_records_as_answers_can_be_kept() {
    let (_keyed, batches, server) = serve("");
    let record: &[u8] = &batches[0];
    let (status, answer) = server.send(&vec![record; 4_097]);
    assert_eq!(status, 400, "{answer}");
    assert_eq!(answer["results"].as_array().unwrap().len(), 4_096);
    assert_eq!(answer["error"], "found more than 4096 records in a request");
    let (status, answer) = server.send(&vec![record; 4_096]);
    assert_eq!((status, &answer["error"]), (200, &serde_json::Value::Null), "{answer}");
}
