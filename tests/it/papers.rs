//! The papers of headquarters, as the real program writes them.
//!
//! In: small journals, some tied, open, corrected or late. Out: papers held to reviewed snapshots,
//! and to what `shomar tally` and `shomar result` say. Never: a snapshot with a time of day of the
//! machine in it.

mod minutes;
mod review;
mod turnout;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use shomar_engine::Definition;
use shomar_format::CanonicalBatch;
use shomar_format::bytes::hex;
use shomar_format::control::{Action, Control, Lot, Subject};
use shomar_format::record::{SealedBatch, address_at, record_hash};

use crate::keyed::{Keyed, OFFICER, records, secret};
use crate::kit::{json, run, text};
use crate::serve::kit::Server;

/// 11 Ordibehesht 1405, 22:00 in Tehran.
const NIGHT_MS: u64 = 1_777_660_200_000;

/// The village: 103 has the third and last place by 10 votes.
const VILLAGE: &str = "S1,V1,101,30\nS1,V1,102,25\nS2,V1,103,20\nS2,V1,104,10\n";
/// The city, with ballots for lists and for names.
const CITY: &str = "S2,T,40,10\nS2,T,50,7\nS2,T,301 302 201 101,4\nS2,T,,2\n";
const SERVES: &str = "S1,V1,,\nS2,V1,,\nS2,T,,\n";
const HOLD: &str = "[[check]]\nmethod = \"ballots-registered\"\nlimit = 0\naction = \"hold\"\n";

/// Runs `shomar report`; the papers by name, and its answer.
struct Reported {
    folder: tempfile::TempDir,
    code: i32,
    stderr: String,
}

impl Reported {
    fn of(kind: &str, journal: &Path, more: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut arguments = vec!["report", kind, text(journal), "--out", text(folder.path())];
        arguments.extend(["--json"].iter().chain(more));
        let (code, stdout, stderr) = run(arguments);
        assert_eq!(stdout, "", "papers are files");
        Self { folder, code, stderr }
    }

    fn file(&self, name: &str) -> String {
        assert_eq!(self.code, 0, "{}", self.stderr);
        std::fs::read_to_string(self.folder.path().join(name)).unwrap()
    }

    fn paper(&self, name: &str) -> Paper {
        Paper(serde_json::from_str(&self.file(&format!("{name}.json"))).unwrap())
    }
}

/// A paper as JSON.
struct Paper(Value);

impl Paper {
    fn marks(&self) -> Vec<&str> {
        let marks = self.0["marks"].as_array().unwrap();
        marks.iter().map(|mark| mark["kind"].as_str().unwrap()).collect()
    }

    fn facts(&self) -> BTreeMap<String, String> {
        let blocks = self.0["blocks"].as_array().unwrap().iter();
        let inner = blocks.filter(|block| block["block"] == "facts").map(|block| &block["facts"]);
        let facts = std::iter::once(&self.0["facts"]).chain(inner);
        let facts = facts.flat_map(|facts| facts.as_array().unwrap());
        let own = |fact: &Value, field: &str| fact[field].as_str().unwrap().to_owned();
        facts.map(|fact| (own(fact, "label"), own(fact, "value"))).collect()
    }

    /// Rows under the heading that has this text, of the first table there: kind and cells.
    fn rows(&self, heading: &str) -> Vec<(String, Vec<String>)> {
        let blocks = self.0["blocks"].as_array().unwrap();
        let is_heading =
            |block: &&Value| block["block"] == "heading" && has(&block["text"], heading);
        let at = blocks.iter().position(|block| is_heading(&block));
        let at = at.unwrap_or_else(|| panic!("no heading {heading}: {}", self.0));
        let rest = blocks[at + 1..].iter().take_while(|block| block["block"] != "heading");
        rest.filter(|block| block["block"] == "table").last().map_or_else(Vec::new, rows_of)
    }

    fn says(&self, part: &str) -> bool {
        self.0.to_string().contains(part)
    }
}

fn has(value: &Value, part: &str) -> bool {
    value.as_str().is_some_and(|own| own.contains(part))
}

fn rows_of(table: &Value) -> Vec<(String, Vec<String>)> {
    let row = |row: &Value| {
        let cells = row["cells"].as_array().unwrap().iter();
        let cells = cells.map(|cell| cell["text"].as_str().unwrap().to_owned()).collect();
        (row["kind"].as_str().unwrap().to_owned(), cells)
    };
    table["rows"].as_array().unwrap().iter().map(row).collect()
}

/// The keyed election in which these pairs are expected, and perhaps these checks.
fn election(mode: &str, checks: &str) -> Keyed {
    let keyed = Keyed::new(mode);
    let header = "station,district,registered,authenticated";
    std::fs::write(keyed.path("election/serves.csv"), format!("{header}\n{SERVES}")).unwrap();
    let toml = keyed.path("election/election.toml");
    let head = std::fs::read_to_string(&toml).unwrap();
    std::fs::write(&toml, format!("{head}\n{checks}")).unwrap();
    keyed
}

fn sealed(keyed: &Keyed, rows: &str) -> Vec<Vec<u8>> {
    let out = "sealed";
    let ballots = keyed.path("ballots.csv");
    std::fs::write(&ballots, format!("station,district,choices,count\n{rows}")).unwrap();
    let (code, _, stderr) = keyed.seal(&ballots, &keyed.path("secrets.csv"), out);
    assert_eq!(code, 0, "{stderr}");
    records(&keyed.path(out))
}

/// Signs decisions one after another, a minute apart.
fn signed(keyed: &Keyed, actions: Vec<Action>) -> Vec<Vec<u8>> {
    let definition = Definition::open(&keyed.path("election")).unwrap();
    let (digest, mode) = (*definition.counting().digest(), definition.head.mode);
    let mut previous = [0; 32];
    let mut signed = Vec::new();
    for (sequence, action) in (0u64..).zip(actions) {
        let why = format!("reason {sequence}");
        let control = Control { at_ms: NIGHT_MS + sequence * 60_000, why, action };
        let key = secret(OFFICER);
        let record =
            SealedBatch::seal_control(&digest, 0, sequence, &control, &key, mode, &previous);
        let record = record.unwrap().bytes().to_vec();
        previous = record_hash(&record);
        signed.push(record);
    }
    signed
}

fn journal(keyed: &Keyed, name: &str, records: &[Vec<u8>]) -> PathBuf {
    let records: Vec<&[u8]> = records.iter().map(Vec::as_slice).collect();
    keyed.journal(name, &records)
}

/// Everything of the small election, in order.
fn whole(keyed: &Keyed) -> PathBuf {
    let batches = sealed(keyed, &format!("{VILLAGE}{CITY}"));
    journal(keyed, "journal", &batches)
}

/// A lot of the village between 103 and 104, with its protocol.
fn drawn_lot() -> Action {
    Action::Lot(Lot {
        district: "V1".to_owned(),
        kind: "person".to_owned(),
        place: 1,
        winner: "104".to_owned(),
        between: "103;104".to_owned(),
        drawn_at: "12 Ordibehesht 1405, 10:00".to_owned(),
        present: "both boards".to_owned(),
    })
}

/// Seals a recount of these rows.
fn recounted(keyed: &Keyed, rows: &str) -> Vec<Vec<u8>> {
    keyed.recount(&format!("station,district,choices,count\n{rows}"))
}

fn annul(station: &str) -> Action {
    let subject = Subject::Station(station.to_owned());
    Action::Annul { reason: "b-fraud".to_owned(), subject }
}

#[test]
fn papers_are_as_they_were_reviewed() {
    let keyed = election("official", "");
    let batches = sealed(&keyed, &format!("{VILLAGE}{CITY}"));
    let reinstate = Action::Reinstate { subject: Subject::Station("S2".to_owned()) };
    let decisions =
        signed(&keyed, vec![Action::Open, Action::Close, annul("S2"), reinstate, annul("S1")]);
    let mut all = vec![decisions[0].clone()];
    all.extend_from_slice(&batches[..1]);
    all.push(decisions[1].clone());
    all.extend_from_slice(&batches[1..]);
    all.extend_from_slice(&decisions[2..]);
    let folder = journal(&keyed, "journal", &all);
    for (kind, name, language, more) in [
        ("minutes", "minutes-T", "fa", &["--district", "T"][..]),
        ("minutes", "minutes-T", "en", &["--district", "T"]),
        ("minutes", "minutes-V1", "fa", &["--district", "V1"]),
        ("turnout", "turnout", "fa", &[]),
        ("turnout", "turnout", "en", &[]),
        ("review", "review", "fa", &[]),
        ("review", "review", "en", &[]),
    ] {
        let more: Vec<&str> = more.iter().copied().chain(["--lang", language]).collect();
        let paper = Reported::of(kind, &folder, &more).paper(name);
        let shown = serde_json::to_string_pretty(&paper.0).unwrap();
        insta::assert_snapshot!(format!("{name}-{language}"), without_version(&shown));
    }
    let page = Reported::of("minutes", &folder, &["--district", "V1"]).file("minutes-V1.html");
    insta::assert_snapshot!("minutes-V1-html", without_version(&page.replace("><", ">\n<")));
}

/// The next version writes the same paper.
fn without_version(paper: &str) -> String {
    let version = env!("CARGO_PKG_VERSION");
    let persian = shomar_seats::Language::Persian.digits(version);
    paper.replace(version, "[version]").replace(&persian, "[version]")
}

#[test]
fn every_candidate_is_in_the_minutes_once_and_the_sums_are_theirs() {
    let keyed = election("test", "");
    let folder = whole(&keyed);
    let reported = Reported::of("minutes", &folder, &["--all-districts", "--lang", "en"]);
    let tally = json("tally", &folder, &[]);
    let result = json("result", &folder, &[]);
    for (district, own) in
        tally["districts"].as_array().unwrap().iter().zip(result["districts"].as_array().unwrap())
    {
        let id = district["district"].as_str().unwrap();
        let paper = reported.paper(&format!("minutes-{id}"));
        let mut rows = paper.rows("Votes");
        let (kind, sum) = rows.pop().unwrap();
        assert_eq!(kind, "total");
        let column = |cells: &[String], from_end: usize| {
            cells[cells.len() - from_end].replace(',', "").parse::<u64>().unwrap()
        };
        let mut shown: Vec<(u64, u64)> =
            rows.iter().map(|(_, cells)| (cells[1].parse().unwrap(), column(cells, 3))).collect();
        assert!(shown.is_sorted_by_key(|(_, votes)| std::cmp::Reverse(*votes)), "{shown:?}");
        shown.sort_unstable();
        let candidates = district["candidates"].as_array().unwrap();
        let counted: Vec<(u64, u64)> = candidates
            .iter()
            .map(|own| (own["code"].as_u64().unwrap(), own["votes"].as_u64().unwrap()))
            .collect();
        assert_eq!(shown, counted, "{id}");
        assert_eq!(column(&sum, 3), counted.iter().map(|(_, votes)| votes).sum::<u64>());
        // Whoever is elected there is elected here, and everybody who is.
        let elected = own["elected"].as_array().unwrap();
        let mut elected: Vec<u64> = elected.iter().map(|code| code.as_u64().unwrap()).collect();
        let named = paper.rows("Elected");
        let mut named: Vec<u64> = named
            .iter()
            .filter(|(kind, _)| kind == "marked")
            .map(|(_, cells)| cells[1].parse().unwrap())
            .collect();
        elected.sort_unstable();
        named.sort_unstable();
        assert_eq!(named, elected, "{id}");
        assert_eq!(paper.0["marks"][0]["kind"], "test");
    }
    let index = reported.file("index.html");
    assert!(
        index.contains("href=\"minutes-V1.html\"") && index.contains("href=\"minutes-T.html\"")
    );
    assert!(index.contains("<li class=\"test\">TEST"), "{index}");
}

#[test]
fn the_digest_on_paper_is_that_of_the_tally() {
    let keyed = election("test", "");
    let folder = whole(&keyed);
    let frontier = json("tally", &folder, &[])["frontier"].clone();
    for (kind, more) in [("minutes", &["--district", "T"][..]), ("turnout", &[]), ("review", &[])] {
        let more: Vec<&str> = more.iter().copied().chain(["--lang", "en"]).collect();
        let name = if kind == "minutes" { "minutes-T" } else { kind };
        let reported = Reported::of(kind, &folder, &more);
        let facts = reported.paper(name).facts();
        for (label, field) in [("Evidence", "evidence"), ("Totals", "digest")] {
            assert_eq!(facts[label], frontier[field].as_str().unwrap(), "{kind}");
        }
        let digest = frontier["digest"].as_str().unwrap();
        let page = reported.file(&format!("{name}.html"));
        assert!(page.contains(&format!("@bottom-right {{ content: \"{}\"", &digest[..12])));
    }
}

#[test]
fn a_tie_leaves_its_places_open_until_the_lot_is_drawn() {
    let keyed = election("test", "");
    // 103 and 104 are equal at the third and last place.
    let batches = sealed(&keyed, &format!("{}{CITY}", VILLAGE.replace("104,10", "104,20")));
    let folder = journal(&keyed, "tied", &batches);
    let more = ["--district", "V1", "--lang", "en"];
    let paper = Reported::of("minutes", &folder, &more).paper("minutes-V1");
    assert!(paper.marks().contains(&"lot"), "{:?}", paper.marks());
    let rows = paper.rows("Elected");
    let kinds: Vec<&str> = rows.iter().map(|(kind, _)| kind.as_str()).collect();
    assert_eq!(kinds, ["marked", "marked", "open"]);
    assert_eq!((rows[2].1[1].as_str(), rows[2].1[2].trim_matches('.')), ("", ""));
    let needed = paper.rows("Ties and lots");
    assert!(needed[0].1[2].contains("103") && needed[0].1[2].contains("104"), "{needed:?}");
    // Drawn, with a protocol.
    let mut all = batches;
    all.extend(signed(&keyed, vec![drawn_lot()]));
    let folder = journal(&keyed, "drawn", &all);
    let paper = Reported::of("minutes", &folder, &more).paper("minutes-V1");
    assert!(!paper.marks().contains(&"lot"));
    let rows = paper.rows("Elected");
    assert!(rows.iter().all(|(kind, _)| kind == "marked"));
    assert_eq!(rows[2].1[1], "104");
    let drawn = &paper.rows("Ties and lots")[0].1;
    assert_eq!(drawn[3], "104 D");
    assert_eq!(drawn[4..], ["12 Ordibehesht 1405, 10:00", "both boards"]);
    // And the decision is told.
    assert_eq!(paper.rows("Decisions of officers")[0].1[4], "reason 0");
}

#[test]
fn what_is_missing_leaves_every_name_open_unless_it_cannot_change_it() {
    let keyed = election("test", "");
    let batches = sealed(&keyed, &format!("{VILLAGE}{CITY}"));
    let first: Vec<Vec<u8>> =
        batches.iter().filter(|batch| address_at(batch).station == 0).cloned().collect();
    let folder = journal(&keyed, "half", &first);
    let more = ["--district", "V1", "--lang", "en"];
    let paper = Reported::of("minutes", &folder, &more).paper("minutes-V1");
    assert!(paper.marks().contains(&"provisional"));
    let rows = paper.rows("Elected");
    assert_eq!(rows.iter().filter(|(kind, _)| kind == "open").count(), 3, "{rows:?}");
    assert!(rows.iter().all(|(_, cells)| cells[2].trim_matches('.').is_empty()));
    assert!(paper.rows("Votes").iter().all(|(kind, _)| kind != "marked"));
    assert!(paper.says("S2") && paper.says("Nobody is named here"));
    assert!(paper.0["title"].as_str().unwrap().starts_with("Provisional"));
    // Too few voters are missing to change anything: the names are certain, the votes are not.
    let serves = "station,district,registered,authenticated\nS1,V1,,\nS2,V1,4,\nS2,T,,\n";
    std::fs::write(keyed.path("election/serves.csv"), serves).unwrap();
    let rows = "S1,V1,101,30\nS1,V1,102,25\nS1,V1,103,20\nS1,V1,104,10\n";
    let first: Vec<Vec<u8>> = sealed_again(&keyed, rows);
    let folder = journal(&keyed, "decided", &first);
    let paper = Reported::of("minutes", &folder, &more).paper("minutes-V1");
    assert!(paper.marks().contains(&"provisional"));
    let named = paper.rows("Elected");
    assert!(named.iter().all(|(kind, _)| kind == "marked") && named.len() == 3, "{named:?}");
    assert!(paper.says("who is elected cannot"));
}

fn sealed_again(keyed: &Keyed, rows: &str) -> Vec<Vec<u8>> {
    std::fs::remove_dir_all(keyed.path("sealed")).unwrap();
    sealed(keyed, rows)
}

#[test]
fn an_official_election_has_no_minutes_before_its_close_and_turnout_without_kinds() {
    let keyed = election("official", "");
    let batches = sealed(&keyed, &format!("{VILLAGE}{CITY}"));
    let decisions = signed(&keyed, vec![Action::Open, annul("S2"), Action::Close]);
    let mut all = vec![decisions[0].clone()];
    all.extend(batches);
    all.push(decisions[1].clone());
    let folder = journal(&keyed, "open", &all);
    let refused = Reported::of("minutes", &folder, &["--district", "V1"]);
    assert_eq!(refused.code, 2);
    assert!(refused.stderr.contains("found no signed close, expected one"), "{}", refused.stderr);
    assert_eq!(std::fs::read_dir(refused.folder.path()).unwrap().count(), 0);
    let turnout = Reported::of("turnout", &folder, &["--lang", "en"]).paper("turnout");
    assert!(turnout.marks().contains(&"before-close"));
    let columns = turnout.0["blocks"].as_array().unwrap().iter();
    let columns: Vec<&Value> =
        columns.filter_map(|block| block["columns"].as_array()).flatten().collect();
    assert!(columns.iter().all(|column| column["title"] != "valid" && column["title"] != "void"));
    assert!(!turnout.facts().contains_key("Totals"));
    // No vote of anybody is in the review either.
    let review = Reported::of("review", &folder, &["--lang", "en"]).paper("review");
    let decided = review.rows("Decisions of officers");
    assert_eq!(decided[0].1[5], "before the close");
    assert!(!review.facts().contains_key("Totals"));
    all.push(decisions[2].clone());
    let folder = journal(&keyed, "closed", &all);
    assert_eq!(Reported::of("minutes", &folder, &["--district", "V1"]).code, 0);
}

#[test]
fn unfinished_provinces_are_in_no_sum_of_the_finished() {
    let keyed = election("test", "");
    let stations = keyed.path("election/stations.csv");
    let rows = std::fs::read_to_string(&stations).unwrap().replace("S2,23,2301", "S2,24,2401");
    std::fs::write(&stations, rows).unwrap();
    let batches = sealed(&keyed, &format!("{VILLAGE}{CITY}"));
    let first: Vec<Vec<u8>> =
        batches.iter().filter(|batch| address_at(batch).station == 0).cloned().collect();
    let folder = journal(&keyed, "half", &first);
    let paper = Reported::of("turnout", &folder, &["--lang", "en"]).paper("turnout");
    let tables: Vec<&Value> = paper.0["blocks"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|block| block["block"] == "table")
        .collect();
    let sum =
        |table: &Value| rows_of(table).into_iter().rfind(|(kind, _)| kind == "total").unwrap();
    // Of each the ballots by kind stand in a second table.
    assert!(has(&tables[0]["caption"], "Finished"));
    let finished = sum(tables[0]).1;
    assert_eq!((finished[1].as_str(), finished[2].as_str()), ("1", "1"));
    assert_eq!(finished[4], "55");
    assert!(has(&tables[2]["caption"], "NOT FINISHED"));
    let others = sum(tables[2]).1;
    assert_eq!((others[1].as_str(), others[2].as_str(), others[5].as_str()), ("1", "0", "–"));
    let nation = sum(tables[4]).1;
    assert_eq!((nation[1].as_str(), nation[2].as_str(), nation[4].as_str()), ("2", "1", "55"));
    // Who came is told by what is known: ballots, as nobody was authenticated.
    assert_eq!(finished[6], "ballots");
}

#[test]
fn the_review_tells_what_came_late_was_held_corrected_and_refused() {
    let keyed = election("test", HOLD);
    let batches = sealed(&keyed, &format!("{}{CITY}", VILLAGE.replace("101,30", "101,300")));
    let other = sealed_again(&keyed, "S1,V1,104,3\n");
    let [first, rest @ ..] = &batches[..] else { panic!("no batch") };
    let decisions = signed(
        &keyed,
        vec![
            Action::Open,
            Action::Close,
            annul("S2"),
            Action::Reject { batch: record_hash(first) },
        ],
    );
    let data = keyed.path("data");
    let server = Server::start(&keyed.path("election"), &data, &[]);
    for record in [&decisions[0], first, &decisions[1]] {
        assert_eq!(server.send_one(record).0, 200);
    }
    let (status, refused) = server.send_one(&other[0]);
    assert_eq!(status, 422, "{refused}");
    for record in rest.iter().chain(&decisions[2..]) {
        let (status, answer) = server.send_one(record);
        assert_eq!(status, 200, "{answer}");
    }
    server.stop();
    let election = keyed.path("election");
    let more = ["--lang", "en", "--election", text(&election)];
    let paper = Reported::of("review", &data, &more).paper("review");
    let rows = paper.rows("All provinces");
    let late = rest.len().to_string();
    let annulled = batches.iter().filter(|batch| address_at(batch).station == 1).count();
    let sum = &rows.last().unwrap().1;
    assert_eq!(sum[1..3], [batches.len().to_string(), late.clone()]);
    // held, released, rejected, gaps, missing, annulled, recounted, contradictions
    let annulled = annulled.to_string();
    assert_eq!(sum[4..], ["0", "0", "1", "0", "0", annulled.as_str(), "0", "1"]);
    assert!(paper.says("Late batches: ") && paper.says("Contradicting records, refused: 1"));
    assert!(paper.says(&hex(&record_hash(&other[0]))[..16]));
    assert!(paper.says("more ballots than voters registered (") && paper.says("rejected"));
    assert!(paper.says("reason 2") && paper.says("leaves no record"));
    // It came from a server: there are times, and pictures of them.
    let arrival = paper.rows("Arrival");
    assert_eq!(arrival[0].1[1], batches.len().to_string());
    assert!(arrival[0].1[2..].iter().all(|time| time.starts_with("0:")), "{arrival:?}");
    let pictures = paper.0["blocks"].as_array().unwrap().iter();
    let pictures: Vec<&Value> = pictures.filter(|block| block["block"] == "picture").collect();
    assert_eq!(pictures.len(), 2);
    for picture in pictures {
        assert!(has(&picture["svg"], "<svg xmlns=") && !has(&picture["svg"], "href"));
        assert!(!picture["alternative"].as_str().unwrap().is_empty());
    }
}

#[test]
fn a_page_is_whole_and_names_in_it_are_text() {
    let keyed = election("test", "");
    let candidates = keyed.path("election/candidates.csv");
    let rows = std::fs::read_to_string(&candidates).unwrap();
    let evil = "\"</style><script>alert(1)</script>&\"";
    std::fs::write(&candidates, rows.replace("V1,101,,a,A", &format!("V1,101,,{evil},A"))).unwrap();
    let districts = keyed.path("election/districts.csv");
    let rows = std::fs::read_to_string(&districts).unwrap();
    std::fs::write(&districts, rows.replace("ده", evil)).unwrap();
    let folder = whole(&keyed);
    for (kind, more) in [
        ("minutes", &["--district", "V1"][..]),
        ("minutes", &["--district", "T"]),
        ("turnout", &[]),
        ("review", &[]),
    ] {
        let reported = Reported::of(kind, &folder, more);
        let name = more.get(1).map_or(kind.to_owned(), |id| format!("minutes-{id}"));
        let page = reported.file(&format!("{name}.html"));
        assert!(page.starts_with("<!DOCTYPE html><html lang=\"fa\" dir=\"rtl\">"), "{kind}");
        // One style, which the name of a district does not end; nothing from elsewhere.
        assert_eq!(page.matches("</style>").count(), 1, "{kind}");
        assert!(!page.contains("<script") && !page.contains(" src=") && !page.contains("@import"));
        let elsewhere = page.replace("http://www.w3.org/2000/svg", "");
        assert!(!elsewhere.contains("http://") && !elsewhere.contains("url("), "{kind}");
        assert!(page.contains("@page { size: A4"));
        for tag in ["table", "thead", "tbody", "tr", "svg", "section", "figure", "dl", "main"] {
            let (open, close) = (format!("<{tag}"), format!("</{tag}>"));
            let opened = page
                .match_indices(&open)
                .filter(|(at, _)| page[at + open.len()..].starts_with([' ', '>']));
            assert_eq!(opened.count(), page.matches(&close).count(), "{kind}: {tag}");
        }
        // A picture is one thing to a screen reader, and its caption is read beside it.
        let pictures = page.matches("<figure><div role=\"img\" aria-label=").count();
        assert_eq!(pictures, page.matches("<figcaption>").count(), "{kind}");
        // The mark of a test is at the head of every printed page.
        let mark = "@top-center { content: \"آزمایشی\\00003a  نتیجهٔ";
        let shown: String = mark.replace('ٔ', "\\000654 ");
        assert!(page.contains(mark) || page.contains(&shown), "{kind}");
    }
}

#[test]
fn what_cannot_be_written_is_said_and_nothing_is_written_over() {
    let keyed = election("test", "");
    let folder = whole(&keyed);
    let refused = |kind: &str, more: &[&str], part: &str| {
        let reported = Reported::of(kind, &folder, more);
        assert_eq!(reported.code, 2, "{}", reported.stderr);
        assert!(reported.stderr.contains(part), "{part}: {}", reported.stderr);
        assert_eq!(std::fs::read_dir(reported.folder.path()).unwrap().count(), 0);
    };
    refused("minutes", &["--district", "V2"], "found 'V2', expected 'V1', perhaps");
    refused("minutes", &["--district", "V1", "--district", "V1"], "found 'V1' twice");
    refused("minutes", &[], "--district");
    refused("minutes", &["--district", "V1", "--all-districts"], "cannot be used with");
    refused("letters", &[], "unrecognized subcommand");
    let out = keyed.path("out");
    std::fs::create_dir(&out).unwrap();
    std::fs::write(out.join("turnout.html"), "mine").unwrap();
    let (code, _, stderr) = run(["report", "turnout", text(&folder), "--out", text(&out)]);
    assert_eq!(code, 2, "{stderr}");
    assert!(stderr.contains("expected"), "{stderr}");
    assert_eq!(std::fs::read_to_string(out.join("turnout.html")).unwrap(), "mine");
}

#[test]
fn minutes_tell_of_a_signed_lot_whose_tie_is_gone() {
    let keyed = election("test", "");
    // A lot is drawn between 103 and 104; then the station of both is out, and nobody is tied.
    let rows = format!("{}{CITY}", VILLAGE.replace("104,10", "104,20"));
    let mut all = sealed(&keyed, &rows);
    let subject = Subject::Pair("S2".to_owned(), "V1".to_owned());
    let annul = Action::Annul { reason: "b-fraud".to_owned(), subject };
    all.extend(signed(&keyed, vec![drawn_lot(), annul]));
    let folder = journal(&keyed, "stale", &all);
    let reported = Reported::of("minutes", &folder, &["--all-districts", "--lang", "en"]);
    assert_eq!(reported.code, 0, "{}", reported.stderr);
    let read = |name: &str| std::fs::read_to_string(reported.folder.path().join(name)).unwrap();
    assert!(read("index.html").contains("href=\"minutes-V1.html\""));
    let minutes = read("minutes-V1.html");
    let told = "not used: it fits no tie of this district";
    assert!(minutes.contains(told), "{minutes}");
    assert!(!minutes.contains("both boards"), "nothing was decided by it");
    let persian = Reported::of("minutes", &folder, &["--all-districts"]);
    let minutes = std::fs::read_to_string(persian.folder.path().join("minutes-V1.html")).unwrap();
    assert!(minutes.contains("به کار نرفت: با هیچ تساوی این حوزه جور نیست"), "{minutes}");
    assert!(!minutes.contains("not used"), "whoever signs reads one language");
}

/// The program alone in a folder, with nothing but this folder on the path.
fn alone(folder: &Path, arguments: &[&str]) -> (i32, String) {
    let program = folder.join("shomar");
    if !program.exists() {
        std::fs::copy(env!("CARGO_BIN_EXE_shomar-under-test"), &program).unwrap();
    }
    let output = Command::new(program).args(arguments).env("PATH", "/usr/bin:/bin").output();
    let output = output.unwrap();
    (output.status.code().unwrap(), String::from_utf8(output.stderr).unwrap())
}

#[test]
fn without_the_typesetter_the_error_says_how_to_build_it_and_a_failing_one_leaves_nothing() {
    use std::os::unix::fs::PermissionsExt;
    let keyed = election("test", "");
    let folder = whole(&keyed);
    let (place, out) = (tempfile::tempdir().unwrap(), keyed.path("out"));
    let minutes = ["--all-districts", "--pdf", "--out", text(&out)];
    let arguments: Vec<&str> =
        ["report", "minutes", text(&folder)].into_iter().chain(minutes).collect();
    let (code, stderr) = alone(place.path(), &arguments);
    assert_eq!(code, 2);
    assert!(stderr.contains("cargo build --release -p shomar-report"), "{stderr}");
    assert!(!out.exists(), "nothing was begun");
    let typesetter = place.path().join("shomar-report");
    let script = |text: &str| {
        std::fs::write(&typesetter, text).unwrap();
        std::fs::set_permissions(&typesetter, PermissionsExt::from_mode(0o755)).unwrap();
    };
    script("#!/bin/sh\necho no font >&2\nexit 2\n");
    let (code, stderr) = alone(place.path(), &arguments);
    assert_eq!(code, 2, "{stderr}");
    assert!(stderr.contains("no font") && stderr.contains("shomar-report"), "{stderr}");
    assert_eq!(std::fs::read_dir(&out).unwrap().count(), 0, "half a folder");
    // One PDF that cannot be made takes no other paper away.
    let some = keyed.path("some");
    script("#!/bin/sh\ncat > /dev/null\necho error: paper minutes-T >&2\nexit 1\n");
    let minutes = ["--all-districts", "--pdf", "--out", text(&some)];
    let arguments: Vec<&str> =
        ["report", "minutes", text(&folder)].into_iter().chain(minutes).collect();
    let (code, stderr) = alone(place.path(), &arguments);
    assert!(code == 1 && stderr.contains("error: paper minutes-T"), "{code} {stderr}");
    assert!(some.join("minutes-T.html").is_file() && some.join("index.html").is_file());
    let minutes = ["--all-districts", "--pdf", "--out", text(&out)];
    let arguments: Vec<&str> =
        ["report", "minutes", text(&folder)].into_iter().chain(minutes).collect();
    // It gets every paper, one after another, and the folder to write into.
    script("#!/bin/sh\n[ \"$1\" = --out ] && cat > \"$2/sent\"\n");
    let (code, stderr) = alone(place.path(), &arguments);
    assert_eq!(code, 0, "{stderr}");
    let sent = std::fs::read_to_string(out.join("sent")).unwrap();
    let sent: Vec<Value> = sent.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let names: Vec<&str> = sent.iter().map(|paper| paper["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["minutes-V1", "minutes-T"]);
}
