//! Minutes: no decision is left out of them, and no name is told that is not certain.
//!
//! In: small journals in which something was decided, waits, or does not fit any more. Out: what
//! stands in the minutes. Never: a decision about a district that its minutes deny.

mod readings;
mod taken_out;

use std::collections::BTreeSet;

use super::*;

const NOTHING_DECIDED: &str = "No officer has decided anything about this district.";

fn minutes(folder: &Path, district: &str) -> Paper {
    let more = ["--district", district, "--lang", "en"];
    Reported::of("minutes", folder, &more).paper(&format!("minutes-{district}"))
}

/// Why each decision of the minutes was taken, in their order.
fn reasons(paper: &Paper) -> Vec<String> {
    let blocks = paper.0["blocks"].as_array().unwrap().iter();
    let mut tables = blocks.filter(|block| has(&block["caption"], "Each is a signed record"));
    let rows = tables.next().map_or_else(Vec::new, rows_of);
    assert_eq!(rows.is_empty(), paper.says(NOTHING_DECIDED));
    rows.into_iter().map(|(_, cells)| cells[4].clone()).collect()
}

/// The figure with this label, and what it is of.
fn figure(paper: &Paper, label: &str) -> (String, String) {
    let blocks = paper.0["blocks"].as_array().unwrap().iter();
    let mut figures = blocks.filter_map(|block| block["figures"].as_array()).flatten();
    let own = figures.find(|figure| figure["label"] == label).unwrap();
    let text = |field: &str| own[field].as_str().unwrap().to_owned();
    (text("value"), text("note"))
}

fn of_station(batches: &[Vec<u8>], station: u32) -> Vec<Vec<u8>> {
    batches.iter().filter(|batch| address_at(batch).station == station).cloned().collect()
}

#[test]
fn a_held_batch_that_is_rejected_leaves_its_decision_in_the_minutes() {
    let keyed = election("test", HOLD);
    // More than the 100 who are registered.
    let rows = format!("{}{CITY}", VILLAGE.replace("103,20", "103,200"));
    let batches = sealed(&keyed, &rows);
    let is_held = |batch: &&Vec<u8>| {
        let address = address_at(batch);
        (address.station, address.district) == (1, 0)
    };
    let batch = record_hash(batches.iter().find(is_held).unwrap());
    let mut all = batches;
    let actions = vec![Action::Reject { batch }, Action::Release { batch }];
    all.extend(signed(&keyed, actions));
    let journal = |decisions: usize| {
        let folder = format!("rejected-{decisions}");
        journal(&keyed, &folder, &all[..all.len() - 2 + decisions])
    };
    assert!(reasons(&minutes(&journal(0), "V1")).is_empty());
    let rejected = journal(1);
    assert_eq!(reasons(&minutes(&rejected, "V1")), ["reason 0"]);
    assert!(reasons(&minutes(&rejected, "T")).is_empty());
    assert_eq!(reasons(&minutes(&journal(2), "V1")), ["reason 0", "reason 1"]);
}

#[test]
fn what_was_decided_before_the_close_is_in_the_minutes_after_it() {
    let keyed = election("official", "");
    let batches = sealed(&keyed, &format!("{VILLAGE}{CITY}"));
    let batch = record_hash(&batches[0]);
    let of_batch = || Subject::Batch(batch);
    let annul_batch = Action::Annul { reason: "b-fraud".to_owned(), subject: of_batch() };
    let decisions = signed(
        &keyed,
        vec![
            Action::Open,
            annul("S2"),
            Action::Reinstate { subject: Subject::Station("S2".to_owned()) },
            annul_batch,
            Action::Reinstate { subject: of_batch() },
            Action::Reject { batch },
            Action::Release { batch },
            Action::Close,
        ],
    );
    let [open, rest @ ..] = &decisions[..] else { panic!("no decision") };
    let mut all = vec![open.clone()];
    all.extend(batches.iter().cloned());
    all.extend_from_slice(rest);
    let folder = journal(&keyed, "journal", &all);
    let numbers = |numbers: &[u64]| -> Vec<String> {
        numbers.iter().map(|number| format!("reason {number}")).collect()
    };
    // The batch is of S1, which only the village has; S2 is of both.
    assert_eq!(address_at(&batches[0]).station, 0);
    assert_eq!(reasons(&minutes(&folder, "V1")), numbers(&[1, 2, 3, 4, 5, 6]));
    assert_eq!(reasons(&minutes(&folder, "T")), numbers(&[1, 2]));
}

#[test]
fn a_station_annulled_before_it_reports_leaves_its_decision_in_the_minutes() {
    let keyed = election("test", "");
    let mut all = of_station(&sealed(&keyed, &format!("{VILLAGE}{CITY}")), 0);
    all.extend(signed(&keyed, vec![annul("S2")]));
    let folder = journal(&keyed, "annulled", &all);
    for district in ["V1", "T"] {
        let paper = minutes(&folder, district);
        assert_eq!(reasons(&paper), ["reason 0"], "{district}");
        let why = paper.0["blocks"].as_array().unwrap().iter();
        let why = why.filter(|block| has(&block["caption"], "not simply in")).flat_map(rows_of);
        let why: Vec<String> = why.map(|(_, cells)| cells[2].clone()).collect();
        assert_eq!(why, ["by a decision, see below"], "{district}");
    }
    // What is annulled is not in, whatever nobody waits for any more.
    let paper = minutes(&folder, "V1");
    assert_eq!(figure(&paper, "Stations in"), ("1".to_owned(), "of 2".to_owned()));
}

#[test]
fn a_recount_that_waits_leaves_every_name_open() {
    let keyed = election("test", "");
    let mut all = sealed(&keyed, &format!("{VILLAGE}{CITY}"));
    let recount = recounted(&keyed, "S1,V1,104,99\n");
    all.extend(recount.iter().cloned());
    let folder = journal(&keyed, "waits", &all);
    let reported = Reported::of("minutes", &folder, &["--all-districts", "--lang", "en"]);
    let paper = reported.paper("minutes-V1");
    assert!(has(&paper.0["title"], "Provisional minutes"), "{}", paper.0["title"]);
    assert!(paper.marks().contains(&"provisional"), "{:?}", paper.marks());
    assert!(paper.rows("Elected").iter().all(|(kind, _)| kind == "open"));
    assert!(paper.rows("Votes").iter().all(|(kind, _)| kind != "marked"));
    assert_eq!(figure(&paper, "Elected for certain").0, "0");
    let index = reported.file("index.html");
    assert_eq!(index.matches("<td>provisional</td>").count(), 1, "the village alone: {index}");
    // It waits, and says so: expected, in, held, with a gap, annulled, missing, recount waits.
    let blocks = paper.0["blocks"].as_array().unwrap();
    let table = |caption: &str| {
        let own = blocks.iter().find(|block| has(&block["caption"], caption));
        rows_of(own.unwrap_or_else(|| panic!("no table {caption}")))
    };
    let stations = &table("Stations that report")[0].1;
    assert_eq!(stations[..], ["2", "2", "0", "0", "0", "0", "1"]);
    assert_eq!(table("not simply in")[0].1[1], "in, recount waits");
    // The city has none, and is complete.
    assert!(!reported.paper("minutes-T").marks().contains(&"provisional"));
    // Once it is rejected nothing waits.
    all.extend(signed(&keyed, vec![Action::Reject { batch: record_hash(&recount[0]) }]));
    let paper = minutes(&journal(&keyed, "rejected", &all), "V1");
    assert_eq!(paper.0["title"], "Minutes of the result");
    assert_eq!(reasons(&paper), ["reason 0"]);
}

#[test]
fn a_tie_of_alternates_alone_leaves_no_name_of_the_elected_open() {
    let keyed = election("test", "");
    let candidates = keyed.path("election/candidates.csv");
    let rows = std::fs::read_to_string(&candidates).unwrap();
    std::fs::write(&candidates, rows + "V1,105,,e,E\n").unwrap();
    let serves = "station,district,registered,authenticated\nS1,V1,,\nS2,V1,4,\nS2,T,,\n";
    std::fs::write(keyed.path("election/serves.csv"), serves).unwrap();
    let rows = "S1,V1,101,30\nS1,V1,102,25\nS1,V1,103,20\nS1,V1,104,10\nS1,V1,105,10\n";
    let folder = journal(&keyed, "tied", &sealed(&keyed, rows));
    let paper = minutes(&folder, "V1");
    assert_eq!(paper.marks(), ["test", "provisional", "readers"]);
    assert!(paper.says("who is elected cannot") && !paper.says("may change who is elected"));
    let named = paper.rows("Elected");
    assert!(named.len() == 3 && named.iter().all(|(kind, _)| kind == "marked"), "{named:?}");
    // Four ballots may still settle the tie: no lot about it is asked for yet.
    assert!(paper.says("Ties that need a lot are told once the count is complete."));
    assert!(!paper.says("Lots that are needed") && !paper.says("No lot was needed."));
    // Nor by the table of steps.
    let told = "Equal claims; whether a lot is needed is told once the count is complete.";
    assert_eq!(steps(&paper).iter().filter(|step| *step == told).count(), 2, "{:?}", steps(&paper));
    let of_alternates = |step: &String| step.contains("105") || step.contains("named of");
    assert!(!steps(&paper).iter().any(of_alternates), "{:?}", steps(&paper));
    assert!(paper.says("The steps on what is counted so far: their numbers may still change."));
    // Once nobody waits for anything it does.
    let serves = "station,district,registered,authenticated\nS1,V1,,\nS2,T,,\n";
    std::fs::write(keyed.path("election/serves.csv"), serves).unwrap();
    let paper = minutes(&journal(&keyed, "whole", &sealed_again(&keyed, rows)), "V1");
    assert!(steps(&paper).iter().any(|step| step.contains("105")), "{:?}", steps(&paper));
    assert!(!paper.says("told once the count is complete") && !paper.says("counted so far"));
}

/// Adds a column to the candidates, with this value for those whose row has one of these parts.
fn add_column(keyed: &Keyed, name: &str, of: &[&str], value: &str) {
    let candidates = keyed.path("election/candidates.csv");
    let text = std::fs::read_to_string(&candidates).unwrap();
    let (header, rows) = text.split_once('\n').unwrap();
    let cell = |row: &str| if of.iter().any(|part| row.contains(part)) { value } else { "" };
    let rows: Vec<String> = rows.lines().map(|row| format!("{row},{}\n", cell(row))).collect();
    std::fs::write(&candidates, format!("{header},{name}\n{}", rows.concat())).unwrap();
}

/// What was done in each step.
fn steps(paper: &Paper) -> Vec<String> {
    let rows = paper.rows("How the seats came about").into_iter();
    rows.map(|(_, cells)| cells[1].clone()).collect()
}

#[test]
fn the_old_order_of_alternates_waits_for_the_end_and_that_of_a_seat_does_not() {
    let keyed = election("test", "");
    let toml = keyed.path("election/election.toml");
    let head = std::fs::read_to_string(&toml).unwrap();
    let rule = "rule = \"block-plurality\"\n";
    let old_order = format!("{rule}tie_persons = \"old_order\"\n");
    std::fs::write(&toml, head.replace(rule, &old_order)).unwrap();
    let candidates = keyed.path("election/candidates.csv");
    let rows = std::fs::read_to_string(&candidates).unwrap();
    std::fs::write(&candidates, rows + "V1,105,,e,E\n").unwrap();
    add_column(&keyed, "veteran", &["103", "105"], "yes");
    let serves = "station,district,registered,authenticated\nS1,V1,,\nS2,V1,4,\nS2,T,,\n";
    std::fs::write(keyed.path("election/serves.csv"), serves).unwrap();
    let rows = "S1,V1,101,30\nS1,V1,102,25\nS1,V1,103,20\nS1,V1,104,10\nS1,V1,105,10\n";
    let paper = minutes(&journal(&keyed, "alternates", &sealed(&keyed, rows)), "V1");
    assert!(paper.says("who is elected cannot"), "{:?}", paper.marks());
    let of_order = |step: &&String| step.contains("veterans first");
    assert_eq!(steps(&paper).iter().find(of_order), None);
    let told = "About alternates; it is told once the count is complete.";
    assert!(steps(&paper).iter().any(|step| step == told), "{:?}", steps(&paper));
    // Of equals at the last seat it says who leads.
    let rows = rows.replace("104,10", "104,20");
    let paper = minutes(&journal(&keyed, "seat", &sealed_again(&keyed, &rows)), "V1");
    assert!(steps(&paper).iter().find(of_order).is_some(), "{:?}", steps(&paper));
}

/// Rows of the alternates: kind, number, code, and what stands at the end.
fn alternates(paper: &Paper) -> Vec<(String, String, String, String)> {
    let rows = paper.rows("Alternates, in order").into_iter();
    let own = |(kind, cells): (String, Vec<String>)| {
        (kind, cells[0].clone(), cells[1].clone(), cells.last().unwrap().clone())
    };
    rows.map(own).collect()
}

#[test]
fn every_place_of_an_alternate_has_a_row_that_waits_or_a_name() {
    let keyed = election("test", "");
    let candidates = keyed.path("election/candidates.csv");
    let rows = std::fs::read_to_string(&candidates).unwrap();
    std::fs::write(&candidates, rows + "V1,105,,e,E\n").unwrap();
    let votes = |last: [u32; 3]| {
        let [third, fourth, fifth] = last;
        let last = format!("S2,V1,103,{third}\nS2,V1,104,{fourth}\nS2,V1,105,{fifth}\n");
        format!("S1,V1,101,30\nS1,V1,102,25\n{last}{CITY}")
    };
    // A lot about the last seat: whoever loses it is the first alternate.
    let batches = sealed(&keyed, &votes([20, 20, 5]));
    let paper = minutes(&journal(&keyed, "seat", &batches), "V1");
    let open = |number: &str| {
        let text = |text: &str| text.to_owned();
        (text("open"), text(number), String::new(), text("a lot decides"))
    };
    assert_eq!(alternates(&paper), [open("1"), open("2")]);
    assert!(!paper.says("None.") && paper.says("Places that wait for a lot: 2"));
    // A lot about the first alternate: the second waits behind it.
    let batches = sealed_again(&keyed, &votes([20, 10, 10]));
    let paper = minutes(&journal(&keyed, "alternate", &batches), "V1");
    assert_eq!(alternates(&paper), [open("1"), open("2")]);
    // Nothing waits.
    let batches = sealed_again(&keyed, &votes([20, 10, 5]));
    let paper = minutes(&journal(&keyed, "none", &batches), "V1");
    let rows = alternates(&paper);
    let codes: Vec<&str> = rows.iter().map(|(_, _, code, _)| code.as_str()).collect();
    assert_eq!(codes, ["104", "105"]);
    assert!(!paper.says("Places that wait"));
}

#[test]
fn alternates_of_lists_are_numbered_in_each_list() {
    let keyed = election("test", "");
    // Two seats each; of each the third is the alternate.
    let rows = format!(
        "{VILLAGE}S2,T,40,20\nS2,T,50,20\nS2,T,101,6\nS2,T,102,5\nS2,T,201,6\nS2,T,202,5\n"
    );
    let paper = minutes(&journal(&keyed, "lists", &sealed(&keyed, &rows)), "T");
    let rows = alternates(&paper);
    let numbered: Vec<(&str, &str)> =
        rows.iter().map(|(_, number, code, _)| (number.as_str(), code.as_str())).collect();
    assert_eq!(numbered, [("1", "103"), ("1", "203")]);
    let ends = paper.rows("Votes").into_iter();
    let ends: Vec<String> = ends
        .filter(|(_, cells)| ["103", "203"].contains(&cells[1].as_str()))
        .map(|(_, cells)| cells.last().unwrap().clone())
        .collect();
    assert_eq!(ends, ["alternate 1", "alternate 1"]);
}

#[test]
fn all_stations_are_told_only_where_somebody_has_said_which_they_are() {
    let keyed = election("test", "");
    let batches = sealed(&keyed, &format!("{VILLAGE}{CITY}"));
    let half = of_station(&batches, 0);
    assert!(minutes(&journal(&keyed, "served", &half), "V1").says("Registered, all stations"));
    std::fs::remove_file(keyed.path("election/serves.csv")).unwrap();
    let half = of_station(&sealed_again(&keyed, &format!("{VILLAGE}{CITY}")), 0);
    let paper = minutes(&journal(&keyed, "unserved", &half), "V1");
    assert!(paper.says("Registered, stations in") && !paper.says("Registered, all stations"));
}

/// Every cell of every table but that of the votes.
fn cells_beside_the_votes(paper: &Paper) -> Vec<String> {
    let blocks = paper.0["blocks"].as_array().unwrap().iter();
    let tables = blocks.filter(|block| block["block"] == "table");
    let votes = paper.rows("Votes");
    let rows = tables.map(rows_of).filter(|rows| *rows != votes).flatten();
    rows.flat_map(|(_, cells)| cells).collect()
}

#[test]
fn an_open_district_does_not_name_who_won_a_lot() {
    let keyed = election("test", "");
    // 103 and 104 are equal at the last place, 104 wins the lot; then a recount waits.
    let rows = format!("{}{CITY}", VILLAGE.replace("104,10", "104,20"));
    let mut all = sealed(&keyed, &rows);
    all.extend(signed(&keyed, vec![drawn_lot()]));
    let drawn = minutes(&journal(&keyed, "drawn", &all), "V1");
    let names_the_winner = |cell: &String| cell.contains("104") && !cell.contains("103");
    assert!(cells_beside_the_votes(&drawn).iter().any(names_the_winner));
    assert!(drawn.says("both boards") && !drawn.says("told once the count is complete"));
    all.extend(recounted(&keyed, "S1,V1,104,99\n"));
    let open = minutes(&journal(&keyed, "open", &all), "V1");
    assert!(open.marks().contains(&"provisional"));
    let named: Vec<String> =
        cells_beside_the_votes(&open).into_iter().filter(names_the_winner).collect();
    assert!(named.is_empty(), "{named:?}");
    // That it was drawn is told, and that somebody decided something.
    let told = "Lots were drawn that are told once the count is complete: record 3.";
    assert!(open.says(told) && !open.says("No lot was needed"), "{}", open.0);
    assert_eq!(reasons(&open), ["reason 0"]);
}

fn declare(elected: &[u32]) -> Action {
    Action::Declare { district: "V1".to_owned(), elected: elected.to_vec() }
}

/// What the minutes warn of.
fn alerts(paper: &Paper) -> Vec<String> {
    let blocks = paper.0["blocks"].as_array().unwrap().iter();
    let alerts = blocks.filter(|block| block["tone"] == "alert");
    alerts.map(|block| block["text"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn minutes_warn_of_a_declaration_that_is_not_of_what_is_counted() {
    let keyed = election("test", "");
    let batches = sealed(&keyed, &format!("{VILLAGE}{CITY}"));
    let with = |name: &str, actions: Vec<Action>| {
        let mut all = batches.clone();
        all.extend(signed(&keyed, actions));
        minutes(&journal(&keyed, name, &all), "V1")
    };
    let what = |paper: &Paper| {
        let declared = cells_beside_the_votes(paper).into_iter();
        declared.filter(|cell| cell.starts_with("Declared: ")).collect::<Vec<_>>()
    };
    let same = with("same", vec![declare(&[101, 102, 103])]);
    assert!(alerts(&same).is_empty(), "{:?}", alerts(&same));
    assert!(what(&same)[0].ends_with("101, 102, 103"), "{:?}", what(&same));
    let other = with("other", vec![declare(&[101, 102, 104])]);
    let differs = "Record 3 declares others than those who are elected here: 101, 102, 104.";
    assert_eq!(alerts(&other), [differs]);
    assert!(what(&other)[0].ends_with("101, 102, 104"), "{:?}", what(&other));
    // The votes of a station go and come back: the same persons, and yet not what was declared.
    let reinstate = Action::Reinstate { subject: Subject::Station("S2".to_owned()) };
    let actions = vec![declare(&[101, 102, 103]), annul("S2"), reinstate];
    let overtaken = "After record 3 declared the result, batches of this district came into the \
                     count or went out of it.";
    assert_eq!(alerts(&with("overtaken", actions)), [overtaken]);
    // A recount waits: the declaration was of everything, and is not any more.
    let mut waits = batches.clone();
    waits.extend(signed(&keyed, vec![declare(&[101, 102, 103])]));
    waits.extend(recounted(&keyed, "S1,V1,104,99\n"));
    let open = minutes(&journal(&keyed, "waits", &waits), "V1");
    let not_complete = "Record 3 declares a result, and the count is not complete.";
    assert_eq!(alerts(&open).last().unwrap(), not_complete);
    // Another declaration takes its place.
    let actions = vec![declare(&[101, 102, 104]), declare(&[101, 102, 103])];
    assert!(alerts(&with("again", actions)).is_empty());
}

#[test]
fn minutes_warn_of_a_declaration_while_a_seat_waits_for_a_lot() {
    let keyed = election("test", "");
    let mut all = sealed(&keyed, &format!("{}{CITY}", VILLAGE.replace("104,10", "104,20")));
    all.extend(signed(&keyed, vec![declare(&[101, 102])]));
    let paper = minutes(&journal(&keyed, "tied", &all), "V1");
    assert_eq!(alerts(&paper), ["Record 3 declares a result, and a seat waits for a lot."]);
}

#[test]
fn a_check_that_fails_is_told_in_the_language_of_the_paper() {
    let keyed = election("test", HOLD);
    let rows = format!("{}{CITY}", VILLAGE.replace("103,20", "103,200"));
    let folder = journal(&keyed, "held", &sealed(&keyed, &rows));
    for (kind, name, more) in
        [("minutes", "minutes-V1", &["--district", "V1"][..]), ("review", "review", &[])]
    {
        let paper = |language: &str| {
            let more: Vec<&str> = more.iter().copied().chain(["--lang", language]).collect();
            Reported::of(kind, &folder, &more).paper(name)
        };
        let (english, persian) = (paper("en"), paper("fa"));
        assert!(english.says("(ballots taken 210, at most registered 100 + 0)"), "{}", english.0);
        let told = "(برگ مأخوذه ۲۱۰، حداکثر مجاز به شمار واجدان شرایط \u{2066}۱۰۰ + ۰\u{2069})";
        assert!(persian.says(told), "{}", persian.0);
        for paper in [english, persian] {
            assert!(!paper.says("210 <= "), "it is not so: {}", paper.0);
        }
    }
}

#[test]
fn an_annulled_station_is_nowhere_called_received() {
    let keyed = election("test", "");
    let mut all = sealed(&keyed, &format!("{VILLAGE}{CITY}"));
    all.extend(signed(&keyed, vec![annul("S2")]));
    let paper = minutes(&journal(&keyed, "annulled", &all), "V1");
    assert_eq!(figure(&paper, "Stations in"), ("1".to_owned(), "of 2".to_owned()));
    assert!(!paper.says("= 2 received +"), "{}", paper.0);
    let told = "Stations: 2 expected = 2 received (with a gap, or out by a decision, too) + 0 held";
    assert!(paper.says(told), "{}", paper.0);
}

#[test]
fn minutes_are_provisional_where_the_result_is() {
    let keyed = election("test", "");
    std::fs::remove_file(keyed.path("election/serves.csv")).unwrap();
    let batches = sealed(&keyed, &format!("{VILLAGE}{CITY}"));
    // Without a decision a folder is counted whole; with one, nobody has said what is the whole.
    let decided = signed(&keyed, vec![annul("S1")]);
    for (name, decisions) in [("whole", &[][..]), ("decided", &decided[..])] {
        let all: Vec<Vec<u8>> = batches.iter().chain(decisions).cloned().collect();
        let folder = journal(&keyed, name, &all);
        let result = json("result", &folder, &[]);
        let reported = Reported::of("minutes", &folder, &["--all-districts", "--lang", "en"]);
        for own in result["districts"].as_array().unwrap() {
            let id = own["district"].as_str().unwrap();
            let is_provisional = name == "decided";
            assert_eq!(own["status"] == "provisional", is_provisional, "{name}: {own}");
            let paper = reported.paper(&format!("minutes-{id}"));
            let has_mark = paper.marks().contains(&"provisional");
            assert_eq!(has_mark, is_provisional, "{name}: {id}");
            let rows = paper.rows("Elected");
            let named = rows.iter().filter(|(kind, _)| kind == "marked");
            let named: BTreeSet<String> = named.map(|(_, cells)| cells[1].clone()).collect();
            let elected = own["elected"].as_array().unwrap().iter();
            let elected = elected.filter(|_| !is_provisional).map(Value::to_string);
            assert_eq!(named, elected.collect(), "{name}: {id}");
        }
    }
}
