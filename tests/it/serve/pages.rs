//! The pages as a program reads them: their bytes, headers, tags and streams.
//!
//! In: a real server with the small election. Out: HTML held to reviewed snapshots, headers,
//! events.
//! Never: a snapshot with a time of day in it.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::Value;
use shomar_engine::Definition;
use shomar_format::control::{Action, Control, Subject};
use shomar_format::record::{RecordHeader, SealedBatch, record_hash};

use crate::keyed::{Keyed, OFFICER, records, secret};
use crate::kit::{copy_files, fixture, seal, text};
use crate::serve::kit::Server;

/// An answer with its headers.
pub(crate) struct Answer {
    pub(crate) status: u16,
    headers: String,
    pub(crate) body: String,
}

pub(crate) fn get(server: &Server, path: &str, more: &str) -> Answer {
    let mut stream = TcpStream::connect(&server.address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{more}\r\n").unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    let answer = String::from_utf8(answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    Answer { status, headers: head.to_lowercase(), body: body.to_owned() }
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.headers.lines();
        lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    }
}

/// The small night, everything sent that is expected.
pub(crate) fn small_night(keyed: &Keyed) -> Server {
    keyed.expect("S1,V1,,\nS2,V1,,\nS2,T,,\n");
    let batches = keyed.batches("sealed");
    let server = Server::start(&keyed.path("election"), &keyed.path("data"), &[]);
    let records: Vec<&[u8]> = batches.iter().map(Vec::as_slice).collect();
    assert_eq!(server.send(&records).0, 200);
    server.caught_up();
    server
}

/// Waits until the page has what was counted: boards come a little after snapshots.
pub(crate) fn settled(server: &Server, path: &str, has: &str) -> Answer {
    for _ in 0..200 {
        let answer = get(server, path, "");
        if answer.body.contains(has) {
            return answer;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    panic!("{path} never had {has}");
}

/// A page without what differs from run to run and from style to style: times of day, tags of
/// assets, and what tells this page from others.
fn steady(html: &str) -> String {
    let mut steady = String::new();
    let mut rest = html;
    for (begins, ends, stands) in [
        ("<time", "</time>", "[time]"),
        ("/assets/", "/", "/assets/[tag]/"),
        (" data-page=\"", "\"", " data-page"),
    ] {
        while let Some(at) = rest.find(begins) {
            let after = at + begins.len();
            let length = rest[after..].find(ends).unwrap() + ends.len();
            steady.push_str(&rest[..at]);
            steady.push_str(stands);
            rest = &rest[after + length..];
        }
        steady.push_str(rest);
        let whole = std::mem::take(&mut steady);
        rest = Box::leak(whole.into_boxed_str());
    }
    // A line for each element, so that a change is seen where it is.
    rest.replace("><", ">\n<")
}

#[test]
fn pages_are_as_they_were_reviewed() {
    let keyed = Keyed::new("test");
    let server = small_night(&keyed);
    settled(&server, "/en/", "2 of 2 stations in");
    for (name, path) in [
        ("nation-en", "/en/"),
        ("nation-fa", "/fa/"),
        ("lists-en", "/en/district/T"),
        ("lists-fa", "/fa/district/T"),
        ("village-en", "/en/district/V1"),
        ("stations-en", "/en/stations?state=all"),
    ] {
        let page = get(&server, path, "");
        assert_eq!(page.status, 200, "{path}");
        insta::assert_snapshot!(name, steady(&page.body));
    }
}

#[test]
fn a_page_names_its_tag_its_time_and_what_it_may_not_do() {
    let keyed = Keyed::new("test");
    let server = small_night(&keyed);
    let first = settled(&server, "/fa/", "۱۰۰٫۰۰٪");
    assert_eq!(first.header("content-type"), Some("text/html; charset=utf-8"));
    let policy = first.header("content-security-policy").unwrap();
    assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
    for (name, value) in [
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "no-referrer"),
        ("cross-origin-resource-policy", "same-origin"),
        ("vary", "accept, accept-encoding"),
    ] {
        assert_eq!(first.header(name), Some(value));
    }
    assert!(first.header("set-cookie").is_none(), "a viewer gets no cookie");
    assert!(first.header("last-modified").unwrap().ends_with("gmt"));
    // Nothing inline: the policy would stop it.
    for inline in ["<style", " style=", "onclick=", "javascript:", "http://", "//cdn"] {
        assert!(!first.body.contains(inline), "{inline}");
    }
    let tag = first.header("etag").unwrap();
    let again = get(&server, "/fa/", &format!("if-none-match: {tag}\r\n"));
    assert_eq!((again.status, again.body.as_str()), (304, ""));
    assert_eq!(get(&server, "/fa/", "if-none-match: \"other\"\r\n").status, 200);
    // Together with style and script it is light.
    let mut bytes = first.body.len();
    for quoted in first.body.split('"').filter(|own| own.starts_with("/assets/")) {
        let asset = get(&server, quoted, "");
        assert_eq!(asset.status, 200, "{quoted}");
        assert!(asset.header("cache-control").unwrap().contains("immutable"));
        bytes += asset.body.len();
    }
    assert!(bytes < 100_000, "{bytes} bytes");
}

#[test]
fn what_is_not_there_is_said_and_nothing_falls_over() {
    let keyed = Keyed::new("test");
    let server = small_night(&keyed);
    for (path, status) in [
        ("/", 303),
        ("/fa", 308),
        ("/xx", 404),
        ("/en/nothing", 404),
        ("/en/district/NOBODY", 404),
        ("/en/district/T/more", 404),
        // Typed, or copied, with a slash behind it.
        ("/en/district/T/", 200),
        ("/en/district/T//", 404),
        ("/en/province/0/", 200),
        ("/en/county/0/", 200),
        ("/en/stations/", 200),
        ("/v1/districts/T/", 200),
        ("/v1/provinces/0/", 200),
        ("/en/district/%00", 404),
        ("/en/province/9", 404),
        ("/en/province/-1", 404),
        ("/en/county/99999999999999999999", 404),
        ("/en/stations?page=0", 404),
        // A list that has got shorter meanwhile has a last page.
        ("/en/stations?page=2", 200),
        ("/en/stations?state=lost", 404),
        ("/en/stations?province=7", 404),
        ("/en/corrections?page=4294967295", 200),
        ("/en/wall?views=%2F&seconds=soon", 404),
        ("/en/wall?views=%2Fnothing,%2Fwall", 200),
        ("/en/wall?seconds=5&views=%2Fsearch%3Fq%3Da", 200),
        ("/en/search?q=", 200),
        ("/en/search?q=%FF%FE", 200),
        ("/assets/0/style.css", 404),
    ] {
        let answer = get(&server, path, "");
        assert_eq!(answer.status, status, "{path}: {}", answer.body);
    }
    let long = format!("/en/search?q={}", "a%20".repeat(2_000));
    assert_eq!(get(&server, &long, "").status, 200);
    // A wall in a wall in a wall: each would take a part of the stack, which has an end.
    let deep = format!("/en/{}", "wall?views=".repeat(5_900));
    assert_eq!(get(&server, &deep, "").status, 200);
    let search = get(&server, "/en/wall?views=%2Fsearch%3Fq%3Da,%2Fwall%3Fviews%3D%2F", "");
    assert!(search.body.contains("<h1>Wall screen</h1>"), "{}", search.body);
    let script = get(&server, "/en/search?q=%3Cscript%3Ealert(1)%3C%2Fscript%3E", "");
    assert!(!script.body.contains("<script>alert"), "what was typed is text");
    assert!(server.get("/readyz").1.contains("ready"));
}

#[test]
fn a_stream_tells_whole_numbers_first_and_ends_when_the_server_stops() {
    let keyed = Keyed::new("test");
    let server = small_night(&keyed);
    settled(&server, "/en/", "2 of 2 stations in");
    let mut lines = stream_of(&server, "/en/");
    let data = lines.find(|line| line.starts_with("data: {")).expect("an event");
    let parts: Value = serde_json::from_str(&data["data: ".len()..]).unwrap();
    assert_eq!(parts["n.in"], "100.00%");
    // Of a view that does not move there is no stream, and a reader of events does not come again.
    let search = get(&server, "/en/search?q=a", "accept: text/event-stream\r\n");
    assert_eq!(search.status, 204);
    let began = std::time::Instant::now();
    let (code, log) = server.stop();
    assert_eq!(code, 0, "{log}");
    assert!(began.elapsed() < Duration::from_secs(5), "nobody waits for whoever looks");
    assert!(lines.last().is_none_or(|line| !line.starts_with("data")), "the stream has ended");
}

/// Lines of the stream of a view.
fn stream_of(server: &Server, path: &str) -> impl Iterator<Item = String> + use<> {
    let mut stream = TcpStream::connect(&server.address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nhost: x\r\naccept: text/event-stream\r\n\r\n").unwrap();
    BufReader::new(stream).lines().map_while(Result::ok)
}

/// What a page says that tells it from those of other elections.
fn identity(page: &str) -> &str {
    let (_, after) = page.split_once("data-page=\"").unwrap();
    after.split_once('"').unwrap().0
}

#[test]
fn a_stream_names_its_election_and_is_never_silent_for_long() {
    let keyed = Keyed::new("test");
    let server = small_night(&keyed);
    let page = settled(&server, "/en/", "2 of 2 stations in").body;
    let mut lines = stream_of(&server, "/en/");
    assert!(lines.any(|line| line == "event: page"));
    assert_eq!(lines.next().unwrap(), format!("data: {}", identity(&page)));
    let began = std::time::Instant::now();
    assert!(lines.any(|line| line == "event: beat"));
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
    // The same stations and candidates, but no rehearsal: another election.
    let official = Keyed::new("official");
    let other = Server::start(&official.path("election"), &official.path("data"), &[]);
    let other_page = get(&other, "/en/", "").body;
    assert_ne!(identity(&other_page), identity(&page));
    assert_eq!(identity(&get(&server, "/en/stations", "").body), identity(&page));
}

/// The small election, in which somebody has said who reports: one station of Tehran never does.
fn half_a_tehran() -> Keyed {
    let keyed = Keyed::new("test");
    let serves = "station,district,registered,authenticated\nS1,V1,,\nS2,V1,,\nS1,T,,\nS2,T,,\n";
    std::fs::write(keyed.path("election/serves.csv"), serves).unwrap();
    keyed
}

#[test]
fn a_partial_district_calls_nobody_elected() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    copy_files(&fixture("small/election"), &path("election"));
    let lines = |name: &str, lines: &str| {
        let path = path(name);
        let text = std::fs::read_to_string(&path).unwrap_or_default() + lines;
        std::fs::write(path, text).unwrap();
    };
    // Numbers are shown once the next ones are there: two stations have sent, one has not.
    lines("election/stations.csv", "S3,23,2301,z,100,,\n");
    let serves = "station,district,registered,authenticated\nS1,T,,\nS2,T,,\nS3,T,,\n";
    lines("election/serves.csv", serves);
    let choices = [("40", 10), ("50", 7), ("101 201 301", 3), ("101 301", 2)];
    let row = |station| choices.map(|(codes, count)| format!("{station},T,{codes},{count}\n"));
    let both = ["S1", "S2"].map(|station| row(station).concat()).concat();
    lines("ballots.csv", &format!("station,district,choices,count\n{both}"));
    seal(&path("election"), &path("ballots.csv"), &path("sealed"));
    let server = Server::start(&path("election"), &path("data"), &[]);
    for record in records(&path("sealed")) {
        assert_eq!(server.send_one(&record).0, 200);
        server.caught_up();
    }
    let english = settled(&server, "/en/district/T", ">leads<").body;
    let persian = get(&server, "/fa/district/T", "").body;
    let nation = get(&server, "/en/", "").body;
    for (page, words) in [
        (&english, ["Who leads on the votes shown", "Provisional: ", ">leads<", "so far, nobody"]),
        (&persian, ["پیشتازان رأی‌های نمایش‌داده‌شده", "موقت: ", ">پیشتاز<", "هنوز کسی منتخب نیست"]),
        (&nation, ["<h3>Who leads", "seat leading", "so far, nobody is elected", ">partial<"]),
    ] {
        for word in words {
            assert!(page.contains(word), "{word} in {page}");
        }
        assert!(!page.contains("class=\"seat g"), "no full circle: {page}");
    }
    for word in [">elected<", ">alternate<", ">Elected<", "\"Elected\"", "Alternates, in order"] {
        assert!(!english.contains(word), "{word} in {english}");
    }
    for word in [">منتخب<", ">علی‌البدل<", ">منتخبان<", "\"منتخبان\""]
    {
        assert!(!persian.contains(word), "{word} in {persian}");
    }
}

#[test]
fn a_list_that_gets_shorter_still_moves_on_its_last_page() {
    let keyed = half_a_tehran();
    let batches = keyed.batches("sealed");
    let server = Server::start(&keyed.path("election"), &keyed.path("data"), &[]);
    let mut lines = stream_of(&server, "/en/stations?state=missing&page=3");
    let mut rows = || {
        lines.find_map(|line| {
            let parts: Value =
                serde_json::from_str(line.strip_prefix("data: {").map(|_| &line[6..])?).ok()?;
            parts["rows"].as_str().map(str::to_owned)
        })
    };
    assert_eq!(rows().unwrap().matches("<tr ").count(), 4);
    let records: Vec<&[u8]> = batches.iter().map(Vec::as_slice).collect();
    assert_eq!(server.send(&records).0, 200);
    // What is left: Tehran, at the first station.
    while rows().expect("the stream goes on").matches("<tr ").count() != 1 {}
    let page = get(&server, "/en/stations?state=missing&page=3", "");
    assert_eq!((page.status, page.body.matches("id=\"s-").count()), (200, 1));
    // How many stand how, whichever list is open.
    for (state, count) in [("missing", 1), ("received", 3), ("held", 0), ("all", 4)] {
        let said = format!("<span data-live=\"count.{state}\">{count}</span>");
        assert!(page.body.contains(&said), "{said}");
    }
    let received = get(&server, "/en/stations?state=received", "").body;
    assert_eq!(received.matches("<tr data-key").count() + received.matches("<tr id").count(), 3);
}

#[test]
fn whoever_has_no_script_can_make_a_page_stand_still() {
    let keyed = Keyed::new("test");
    let server = small_night(&keyed);
    let page = get(&server, "/en/stations?state=all", "").body;
    assert!(page.contains("http-equiv=\"refresh\""));
    assert!(page.contains("href=\"/en/stations?state=all&amp;still=1\""), "{page}");
    let still = get(&server, "/en/stations?state=all&still=1", "").body;
    assert!(!still.contains("http-equiv"), "{still}");
    assert!(still.contains("data-stream=\"/en/stations?state=all\""), "a script moves it");
    // Nobody loses what they type.
    for form in ["/en/search?q=a", "/en/wall"] {
        assert!(!get(&server, form, "").body.contains("http-equiv"), "{form}");
    }
}

#[test]
fn a_wall_screen_shows_every_view_that_was_chosen() {
    let keyed = Keyed::new("test");
    // A district whose id is not ASCII.
    for file in ["districts.csv", "lists.csv", "candidates.csv"] {
        let path = keyed.path("election").join(file);
        let edited = std::fs::read_to_string(&path).unwrap().replace("\nT,", "\nتهران ۲,");
        std::fs::write(&path, edited).unwrap();
    }
    let server = Server::start(&keyed.path("election"), &keyed.path("data"), &[]);
    let form = get(&server, "/en/wall", "").body;
    let offered: Vec<&str> = form
        .split("name=\"views\"")
        .skip(1)
        .map(|own| own.split_once("value=\"").unwrap().1.split_once('"').unwrap().0)
        .collect();
    let has = |begins: &str| offered.iter().any(|own| own.starts_with(begins));
    assert!(has("/stations?state=") && has("/district/%D8"), "{offered:?}");
    // As a browser sends the form, with every box ticked.
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(offered.iter().map(|own| ("views", own.replace("&amp;", "&"))));
    let wall = get(&server, &format!("/en/wall?{}&seconds=15", query.finish()), "");
    assert_eq!(wall.status, 200);
    let told = format!("1 of {}</span>", offered.len());
    assert!(wall.body.contains(&told), "{told}: {}", wall.body);
    // And so does the link to the next one, which has them all in one field.
    let next = wall.body.split_once("id=\"next\" href=\"").unwrap().1.split_once('"').unwrap().0;
    let turned = get(&server, &next.replace("&amp;", "&"), "").body;
    let told = format!("2 of {}</span>", offered.len());
    assert!(turned.contains(&told), "{told}: {turned}");
}

#[test]
fn names_in_persian_alone_are_marked_so_on_english_pages() {
    let keyed = Keyed::new("test");
    let stations = keyed.path("election/stations.csv");
    let edited = std::fs::read_to_string(&stations).unwrap().replace(",x,", ",مسجد,");
    std::fs::write(&stations, edited).unwrap();
    let server = small_night(&keyed);
    let marked = "<bdi lang=\"fa\">مسجد</bdi>";
    assert!(settled(&server, "/en/stations?state=all", "مسجد").body.contains(marked));
}

#[test]
fn a_turnout_says_how_many_stations_it_leaves_out() {
    let keyed = Keyed::new("test");
    let stations = keyed.path("election/stations.csv");
    let edited = std::fs::read_to_string(&stations).unwrap().replace(",y,100,", ",y,,");
    std::fs::write(&stations, edited).unwrap();
    let server = small_night(&keyed);
    let told = "registered, at the stations that are in; without 1 whose register is not known";
    assert!(settled(&server, "/en/", told).body.contains(" of 100 "));
    assert!(settled(&server, "/fa/", "؛ بی ۱ شعبه که").body.contains("۱۰۰"));
    let nation: Value = serde_json::from_str(&get(&server, "/v1/nation", "").body).unwrap();
    let stations = ["stations_in", "stations_of_turnout"].map(|name| &nation["progress"][name]);
    assert_eq!(stations, [2, 1]);
}

#[test]
fn an_official_page_has_no_number_per_option_before_the_close() {
    let keyed = Keyed::new("official");
    let batches = keyed.batches("sealed");
    let open = keyed.control(None, &["open"]);
    let close = keyed.control(Some(&open), &["close"]);
    let server = Server::start(&keyed.path("election"), &keyed.path("data"), &[]);
    let mut records: Vec<&[u8]> = vec![&open];
    records.extend(batches.iter().map(Vec::as_slice));
    assert_eq!(server.send(&records).0, 200);
    server.caught_up();
    let before = settled(&server, "/en/district/T", "before the close");
    // What was received is told, and nothing else.
    let nation = settled(&server, "/en/", "2 of 2 stations in");
    for page in [&before.body, &nation.body] {
        assert!(!page.contains("table class=\"persons\"") && !page.contains("valid"), "{page}");
    }
    assert_eq!(get(&server, "/v1/tally", "").status, 403);
    assert_eq!(server.send(&[&close]).0, 200);
    let after = settled(&server, "/en/district/T", "Votes of everybody");
    assert!(after.body.contains("table class=\"persons\""));
    assert!(settled(&server, "/en/corrections", "The vote is closed").body.contains("chair"));
    let data = text(&keyed.path("data")).to_owned();
    let (code, _) = server.stop();
    assert_eq!(code, 0, "{data}");
}

/// Signs a decision of the officer as no program of ours would: at this moment.
fn signed_at(keyed: &Keyed, after: &[u8], at_ms: u64, action: Action) -> Vec<u8> {
    let definition = Definition::open(&keyed.path("election")).unwrap();
    let control = Control { at_ms, why: "odd".to_owned(), action };
    let sequence = RecordHeader::read(after).unwrap().address().sequence + 1;
    let previous = record_hash(after);
    let (digest, mode) = (*definition.counting().digest(), definition.head.mode);
    let key = secret(OFFICER);
    let record = SealedBatch::seal_control(&digest, 0, sequence, &control, &key, mode, &previous);
    record.unwrap().bytes().to_vec()
}

#[test]
fn no_decision_of_an_officer_stops_a_page() {
    let keyed = Keyed::new("test");
    let server = small_night(&keyed);
    let lot = |kind: &'static str, winner: &'static str| {
        ["lot", "--district", "T", "--kind", kind, "--place", "1", "--winner", winner]
    };
    // A lot about who comes in for a member is no lot of the outcome.
    let replacement = keyed.control(None, &lot("replacement", "40"));
    assert_eq!(server.send(&[&replacement]).0, 200);
    settled(&server, "/en/corrections", "A lot was drawn");
    assert!(get(&server, "/en/district/T", "").body.contains("Votes of everybody"));
    // A moment beyond what a calendar has.
    let subject = Subject::Station("S2".to_owned());
    let reason = "b-fraud".to_owned();
    let annul = Action::Annul { reason, subject };
    let odd = signed_at(&keyed, &replacement, u64::MAX, annul);
    assert_eq!(server.send(&[&odd]).0, 200);
    settled(&server, "/en/corrections", "Annulled");
    // Nothing takes a lot back: one that nobody can have won does not come in.
    for winner in ["nobody", "999"] {
        let unreadable = keyed.control(Some(&odd), &lot("seat", winner));
        let (status, answer) = server.send_one(&unreadable);
        assert_eq!((status, &answer["code"]), (422, &"control".into()), "{answer}");
        assert_eq!(answer["found"], format!("'{winner}' in a lot"));
        assert_eq!(answer["expected"], "a code of district T, independents or lists");
    }
}
