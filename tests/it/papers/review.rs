//! The review: recounts stand by themselves, and are late for nothing.
//!
//! In: a journal with a recount after the close. Out: what the review counts. Never: a recount
//! among the batches that came late.

use super::*;

#[test]
fn a_recount_is_not_late_and_is_listed_by_itself() {
    let keyed = election("official", "");
    let batches = sealed(&keyed, &format!("{VILLAGE}{CITY}"));
    let [first, rest @ ..] = &batches[..] else { panic!("no batch") };
    let recount = recounted(&keyed, "S1,V1,104,99\n");
    let supersede = Action::Supersede {
        station: "S1".to_owned(),
        district: "V1".to_owned(),
        old: vec![record_hash(first)],
        new: vec![record_hash(&recount[0])],
    };
    let decisions = signed(&keyed, vec![Action::Open, Action::Close, supersede]);
    let mut all = vec![decisions[0].clone()];
    all.extend(rest.iter().cloned());
    all.push(decisions[1].clone());
    // One that is late indeed, and the recount.
    all.push(first.clone());
    all.extend(recount);
    for (name, became, superseded) in
        [("waits", "waits for a decision", "0"), ("placed", "in place of the first count", "1")]
    {
        if name == "placed" {
            all.push(decisions[2].clone());
        }
        let folder = journal(&keyed, name, &all);
        let paper = Reported::of("review", &folder, &["--lang", "en"]).paper("review");
        let sum = paper.rows("All provinces").pop().unwrap().1;
        let counted = [batches.len().to_string(), "1".to_owned()];
        assert_eq!(sum[1..3], counted, "{name}: batches, late");
        assert_eq!(sum[10], superseded, "{name}");
        assert_eq!(paper.rows("Late batches: 1").len(), 1, "{name}");
        let listed = paper.rows("Recounts: 1");
        let own = &listed[0].1;
        assert_eq!((own[3].as_str(), own[4].as_str()), (became, "99"), "{name}");
    }
}

#[test]
fn nothing_is_called_complete_where_nobody_has_said_who_reports() {
    let keyed = election("test", "");
    let told = "Nobody has said which stations report which district (serves.csv): whether one is \
                missing is not known.";
    let review = |name: &str, batches: &[Vec<u8>]| {
        let folder = journal(&keyed, name, batches);
        let paper = Reported::of("review", &folder, &["--lang", "en"]).paper("review");
        let blocks = paper.0["blocks"].as_array().unwrap().iter();
        let mut figures = blocks.filter_map(|block| block["figures"].as_array()).flatten();
        let missing = figures.find(|figure| figure["label"] == "Pairs missing").unwrap();
        let figure = missing["value"].as_str().unwrap().to_owned();
        let rows = paper.rows("All provinces").into_iter();
        let cells: Vec<String> = rows.map(|(_, cells)| cells[8].clone()).collect();
        (figure, cells, paper)
    };
    let rows = format!("{VILLAGE}{CITY}");
    let (figure, cells, paper) = review("served", &sealed(&keyed, &rows));
    assert_eq!(figure, "0");
    assert!(cells.iter().all(|cell| cell == "0"), "{cells:?}");
    assert!(!paper.says(told) && paper.says("Nothing late, held, missing,"));
    std::fs::remove_file(keyed.path("election/serves.csv")).unwrap();
    let (figure, cells, paper) = review("unserved", &sealed_again(&keyed, &rows));
    assert_eq!(figure, "–");
    assert!(cells.iter().all(|cell| cell == "–"), "{cells:?}");
    assert!(paper.says(told) && !paper.says("missing, recounted"), "{}", paper.0);
}

#[test]
fn the_review_does_not_say_who_won_a_lot_of_an_open_district() {
    let keyed = election("test", "");
    // 103 and 104 are equal at the last place, 104 wins the lot; then a recount waits.
    let mut all = sealed(&keyed, &format!("{}{CITY}", VILLAGE.replace("104,10", "104,20")));
    let decided = |name: &str, all: &[Vec<u8>]| {
        let folder = journal(&keyed, name, all);
        let paper = Reported::of("review", &folder, &["--lang", "en"]).paper("review");
        let what = paper.rows("Decisions of officers")[0].1[3].clone();
        assert_eq!(paper.says("104"), what.contains("104"), "{name}");
        what
    };
    all.extend(signed(&keyed, vec![drawn_lot()]));
    assert_eq!(decided("drawn", &all), "A lot was drawn: Village, 104");
    let recount = recounted(&keyed, "S1,V1,104,99\n");
    all.extend(recount);
    assert_eq!(decided("open", &all), "A lot was drawn: Village");
    // Nor where a station is missing.
    let first: Vec<Vec<u8>> =
        all.iter().filter(|batch| address_at(batch).station == 0).cloned().collect();
    let lot = signed(&keyed, vec![drawn_lot()]);
    let missing = [&first[..1], &lot[..]].concat();
    assert_eq!(decided("missing", &missing), "A lot was drawn: Village");
}
