//! Minutes: ballots that officers took out have a number, and their stations are not simply in.
//!
//! In: journals in which stations or batches are annulled, rejected or counted again. Out: the rows
//! of the minutes about them. Never: ballots that are in no line, or in two.

use super::*;

#[test]
fn a_station_whose_batches_are_all_out_by_a_decision_is_not_in() {
    let keyed = election("test", HOLD);
    let batches = sealed(&keyed, &VILLAGE.replace("103,20", "103,200"));
    let batch = record_hash(&of_station(&batches, 1)[0]);
    let subject = Subject::Batch(batch);
    for (state, action) in [
        ("rejected", Action::Reject { batch }),
        ("annulled", Action::Annul { reason: "b-fraud".to_owned(), subject }),
    ] {
        let mut all = batches.clone();
        all.extend(signed(&keyed, vec![action]));
        let paper = minutes(&journal(&keyed, state, &all), "V1");
        assert_eq!(figure(&paper, "Stations in"), ("1".to_owned(), "of 2".to_owned()));
        let blocks = paper.0["blocks"].as_array().unwrap();
        let table = |caption: &str| {
            rows_of(blocks.iter().find(|block| has(&block["caption"], caption)).unwrap())
        };
        // Expected, in, held, with a gap, annulled or rejected, missing, recount waits.
        let stations = &table("Stations that report")[0].1;
        assert_eq!(stations[..], ["2", "1", "0", "0", "1", "0", "0"], "{state}");
        let not_in = &table("not simply in")[0].1;
        let check = "more ballots than voters registered (ballots taken 210, at most registered \
                     100 + 0), ";
        let check = if state == "rejected" { check } else { "" };
        assert_eq!(not_in[1..], [state, &format!("{check}by a decision, see below"), "0", "210"]);
        // It is decided, all the same: nobody waits for it.
        assert_eq!(paper.0["title"], "Minutes of the result");
    }
}

/// What a table says in the row with this label: the cells after it.
fn row_of(paper: &Paper, caption: &str, label: &str) -> Option<Vec<String>> {
    let blocks = paper.0["blocks"].as_array().unwrap();
    // A table without rows is not there.
    let table = blocks.iter().find(|block| has(&block["caption"], caption))?;
    let mut rows = rows_of(table).into_iter().map(|(_, cells)| cells);
    rows.find(|cells| cells[0].contains(label)).map(|cells| cells[1..].to_vec())
}

/// How many ballots the minutes number so.
fn ballots(paper: &Paper, label: &str) -> Option<String> {
    assert!(paper.says("All sums above agree."));
    row_of(paper, "Voters and ballots", label).map(|cells| cells[0].clone())
}

const OUT: &str = "Annulled or rejected, outside the ballots taken";

#[test]
fn ballots_that_officers_took_out_are_numbered_in_the_minutes() {
    let keyed = election("official", "");
    let batches = sealed(&keyed, &format!("{VILLAGE}{CITY}"));
    let decisions = signed(&keyed, vec![Action::Open, annul("S2"), Action::Close]);
    let [open, annulled, closed] = &decisions[..] else { panic!("no decision") };
    let one = |record: &Vec<u8>| vec![record.clone()];
    // Annulled before the close, when no number per option is known; and before it reports.
    let before_close = [one(open), batches.clone(), one(annulled), one(closed)].concat();
    let before_report = [one(open), one(annulled), batches, one(closed)].concat();
    for (name, all) in [("close", before_close), ("report", before_report)] {
        let folder = journal(&keyed, name, &all);
        for (district, out) in [("V1", "30"), ("T", "23")] {
            let paper = minutes(&folder, district);
            assert_eq!(ballots(&paper, OUT).unwrap(), out, "{name}: {district}");
            let station = row_of(&paper, "not simply in", "S2").unwrap();
            assert_eq!(station, ["annulled", "by a decision, see below", "0", out], "{name}");
        }
    }
    // Held, and rejected.
    let keyed = election("test", HOLD);
    let batches = sealed(&keyed, &VILLAGE.replace("103,20", "103,200"));
    let batch = record_hash(&of_station(&batches, 1)[0]);
    let held = minutes(&journal(&keyed, "held", &batches), "V1");
    let told = |paper: &Paper| [OUT, "Held by checks"].map(|label| ballots(paper, label));
    let number = |number: &str| Some(number.to_owned());
    assert_eq!(told(&held), [number("0"), number("210")]);
    let mut all = batches;
    all.extend(signed(&keyed, vec![Action::Reject { batch }]));
    let folder = journal(&keyed, "rejected", &all);
    assert_eq!(told(&minutes(&folder, "V1")), [number("210"), None]);
    let (_, note, _) = run(["result", text(&folder), "--explain", "V1"]);
    assert!(note.contains("Ballots annulled or rejected, outside those taken: 210."), "{note}");
}

#[test]
fn ballots_that_were_counted_again_are_not_among_those_taken_out() {
    let keyed = election("test", "");
    let mut all = sealed(&keyed, &format!("{VILLAGE}{CITY}"));
    let first = of_station(&all, 0);
    let recount = recounted(&keyed, "S1,V1,104,54\n");
    all.extend(recount.iter().cloned());
    let replaced = "Of counts in whose place a recount stands";
    let told =
        |paper: &Paper| [OUT, replaced, "Of recounts that wait"].map(|label| ballots(paper, label));
    let number = |number: &str| Some(number.to_owned());
    let waits = minutes(&journal(&keyed, "waits", &all), "V1");
    assert_eq!(told(&waits), [number("0"), None, number("54")]);
    let supersede = Action::Supersede {
        station: "S1".to_owned(),
        district: "V1".to_owned(),
        old: vec![record_hash(&first[0])],
        new: vec![record_hash(&recount[0])],
    };
    let of_recount = Subject::Batch(record_hash(&recount[0]));
    let annul = Action::Annul { reason: "b-fraud".to_owned(), subject: of_recount };
    let decisions = signed(&keyed, vec![supersede, annul]);
    all.push(decisions[0].clone());
    let placed = minutes(&journal(&keyed, "placed", &all), "V1");
    assert_eq!(told(&placed), [number("0"), number("55"), None]);
    // The recount is annulled: its ballots are out, once, and not those of the first count too.
    all.push(decisions[1].clone());
    let annulled = minutes(&journal(&keyed, "annulled", &all), "V1");
    assert_eq!(told(&annulled), [number("54"), number("55"), None]);
}

#[test]
fn a_station_of_which_a_part_is_out_is_not_simply_in() {
    let keyed = election("test", "");
    let mut all = sealed(&keyed, &format!("{VILLAGE}{CITY}"));
    // A second batch of S1, of which nobody says that it stands for the first.
    std::fs::write(keyed.path("more.csv"), "station,district,choices,count\nS1,V1,104,7\n")
        .unwrap();
    let paths = ["election", "more.csv", "secrets.csv", "sealed", "more"];
    let paths = paths.map(|name| keyed.path(name));
    let [election, more, key, after, out] = paths.each_ref().map(|path| text(path));
    let seal = ["seal", "--election", election, "--ballots", more, "--key", key];
    let (code, _, stderr) = run(seal.into_iter().chain(["--after", after, "--out", out]));
    assert_eq!(code, 0, "{stderr}");
    let second = records(&keyed.path("more"));
    let subject = Subject::Batch(record_hash(&second[0]));
    all.extend(second);
    let paper = minutes(&journal(&keyed, "in", &all), "V1");
    assert_eq!(row_of(&paper, "not simply in", "S1"), None);
    all.extend(signed(&keyed, vec![Action::Annul { reason: "b-fraud".to_owned(), subject }]));
    let paper = minutes(&journal(&keyed, "part", &all), "V1");
    assert_eq!(ballots(&paper, OUT).unwrap(), "7");
    let station = row_of(&paper, "not simply in", "S1").unwrap();
    assert_eq!(station, ["in", "part of it is out by a decision, see below", "55", "7"]);
}
