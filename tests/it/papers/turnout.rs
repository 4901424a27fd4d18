//! Turnout: what is below the line is of those stations whose ballots are above it.
//!
//! In: elections whose registers are known, in part, elsewhere, or not; stations annulled. Out: the
//! rows of the paper. Never: a zero that only says that nobody knows.

use super::*;

/// The small election whose stations have these registers, and these rows of `serves.csv`.
fn registers(first: &str, second: &str, serves: &str) -> Keyed {
    let keyed = election("test", "");
    let stations = keyed.path("election/stations.csv");
    let rows = std::fs::read_to_string(&stations).unwrap();
    let rows = rows.replace(",x,100,", &format!(",x,{first},"));
    let rows = rows.replace(",y,100,", &format!(",y,{second},"));
    std::fs::write(&stations, rows).unwrap();
    let header = "station,district,registered,authenticated";
    std::fs::write(keyed.path("election/serves.csv"), format!("{header}\n{serves}")).unwrap();
    keyed
}

/// What the row of the whole country says: by title of its columns.
fn nation(keyed: &Keyed, name: &str, decisions: Vec<Action>) -> BTreeMap<String, String> {
    let mut all = sealed(keyed, &format!("{VILLAGE}{CITY}"));
    all.extend(signed(keyed, decisions));
    nation_of(keyed, name, &all)
}

/// The same of these records.
fn nation_of(keyed: &Keyed, name: &str, records: &[Vec<u8>]) -> BTreeMap<String, String> {
    let folder = journal(keyed, name, records);
    let paper = Reported::of("turnout", &folder, &["--lang", "en"]).paper("turnout");
    let blocks = paper.0["blocks"].as_array().unwrap().iter();
    let tables = blocks.filter(|block| has(&block["caption"], "Finished or not"));
    tables.flat_map(|table| row(table, "whole country")).collect()
}

fn row(table: &Value, name: &str) -> BTreeMap<String, String> {
    let titles = table["columns"].as_array().unwrap().iter();
    let titles = titles.map(|column| column["title"].as_str().unwrap().to_owned());
    let mut rows = rows_of(table).into_iter();
    let cells = rows.find(|(_, cells)| cells[0] == name).unwrap().1;
    titles.zip(cells).collect()
}

fn told(row: &BTreeMap<String, String>) -> [Option<&str>; 5] {
    let titles = ["in", "turnout of", "registered there", "came there", "turnout"];
    titles.map(|title| row.get(title).map(String::as_str))
}

#[test]
fn a_station_without_a_register_is_neither_above_the_line_nor_below_it() {
    // S1 has 55 ballots, S2 has 30 + 23.
    let known = nation(&registers("100", "100", SERVES), "known", Vec::new());
    assert_eq!(told(&known), [Some("2"), None, Some("200"), Some("108"), Some("54.00%")]);
    let half = nation(&registers("100", "", SERVES), "half", Vec::new());
    let of_first = [Some("2"), Some("1"), Some("100"), Some("55"), Some("55.00%")];
    assert_eq!(told(&half), of_first);
    assert_eq!(half["ballots, all stations"], "108");
    let unknown = nation(&registers("", "", SERVES), "unknown", Vec::new());
    assert_eq!(told(&unknown), [Some("2"), Some("0"), Some("–"), Some("–"), Some("–")]);
}

#[test]
fn registers_of_pairs_are_used_where_a_station_has_none() {
    let serves = "S1,V1,80,\nS2,V1,60,\nS2,T,40,\n";
    let row = nation(&registers("", "", serves), "pairs", Vec::new());
    assert_eq!(told(&row), [Some("2"), None, Some("180"), Some("108"), Some("60.00%")]);
    // That of a station is of all its pairs, and not added to theirs.
    let row = nation(&registers("", "90", serves), "both", Vec::new());
    assert_eq!(told(&row)[2], Some("170"));
    // One pair of a station is not known, so the station is not.
    let serves = "S1,V1,80,\nS2,V1,60,\nS2,T,,\n";
    let row = nation(&registers("", "", serves), "part", Vec::new());
    assert_eq!(told(&row)[1..4], [Some("1"), Some("80"), Some("55")]);
}

#[test]
fn a_register_whose_ballots_are_annulled_is_not_below_the_line() {
    let of_first = [Some("2"), Some("1"), Some("100"), Some("55"), Some("55.00%")];
    let whole = nation(&registers("100", "100", SERVES), "whole", vec![annul("S2")]);
    assert_eq!(told(&whole), of_first);
    // Of what is left of a station its register says nothing; that of the pair does.
    let of_pair = || {
        let subject = Subject::Pair("S2".to_owned(), "V1".to_owned());
        vec![Action::Annul { reason: "b-fraud".to_owned(), subject }]
    };
    let part = nation(&registers("100", "100", SERVES), "part", of_pair());
    assert_eq!(told(&part), of_first);
    let serves = "S1,V1,,\nS2,V1,60,\nS2,T,40,\n";
    let known = nation(&registers("100", "100", serves), "known", of_pair());
    assert_eq!(told(&known)[1..4], [None, Some("140"), Some("78")]);
}

#[test]
fn a_county_with_ballots_of_a_district_beyond_it_has_no_kinds() {
    let keyed = election("test", "");
    let folder = whole(&keyed);
    let paper = Reported::of("turnout", &folder, &["--lang", "en"]).paper("turnout");
    let kinds = ["valid", "void", "void share", "blank"];
    let tables = paper.0["blocks"].as_array().unwrap().iter();
    let tables: Vec<&Value> = tables.filter(|block| block["block"] == "table").collect();
    // 85 ballots of the village, and 23 of the city, which has no county.
    // Each place twice: who came, and ballots by kind.
    assert_eq!(tables.len(), 6);
    let nation = row(tables[3], "whole country");
    assert_eq!(kinds.map(|kind| nation[kind].as_str()), ["106", "2", "1.85%", "2"]);
    let county = rows_of(tables[5])[0].1[0].clone();
    let county = row(tables[5], &county);
    assert_eq!(county["ballots, all stations"], "108");
    assert_eq!(kinds.map(|kind| county[kind].as_str()), ["–"; 4]);
    // With ballots of its own district alone it has.
    let batches = sealed_again(&keyed, VILLAGE);
    let folder = journal(&keyed, "village", &batches);
    let paper = Reported::of("turnout", &folder, &["--lang", "en"]).paper("turnout");
    let mut blocks = paper.0["blocks"].as_array().unwrap().iter();
    let table = blocks.rfind(|block| block["block"] == "table").unwrap();
    let cells = rows_of(table)[0].1.clone();
    assert_eq!(cells[cells.len() - 4..], ["85", "0", "0.00%", "0"]);
}

#[test]
fn a_register_of_which_no_ballot_can_count_is_not_below_the_line() {
    let keyed = registers("100", "100", "S1,V1,,\nS2,V1,,\n").with(HOLD);
    let batches = sealed(&keyed, &VILLAGE.replace("103,20", "103,200"));
    let second = batches.iter().find(|batch| address_at(batch).station == 1).unwrap();
    let (batch, subject) = (record_hash(second), Subject::Batch(record_hash(second)));
    let of_first = [Some("2"), Some("1"), Some("100"), Some("55"), Some("55.00%")];
    for (name, action) in [
        ("rejected", Action::Reject { batch }),
        ("annulled", Action::Annul { reason: "b-fraud".to_owned(), subject }),
    ] {
        let mut all = batches.clone();
        all.extend(signed(&keyed, vec![action]));
        assert_eq!(told(&nation_of(&keyed, name, &all)), of_first, "{name}");
    }
    // A batch without a ballot is one that counts: nobody came.
    let definition = Definition::open(&keyed.path("election")).unwrap();
    let counting = definition.counting();
    let empty = CanonicalBatch::empty(counting.shape(0));
    let empty = SealedBatch::seal(counting.digest(), address_at(second), &empty);
    let first = batches.iter().find(|batch| address_at(batch).station == 0).unwrap();
    let row = nation_of(&keyed, "empty", &[first.clone(), empty.bytes().to_vec()]);
    assert_eq!(told(&row), [Some("2"), None, Some("200"), Some("55"), Some("27.50%")]);
}

#[test]
fn where_nobody_has_said_what_is_expected_a_place_is_finished_once_it_is_declared() {
    let keyed = election("test", "");
    std::fs::remove_file(keyed.path("election/serves.csv")).unwrap();
    // Both stations have sent their ballots of the village, and none of the city.
    let batches = sealed(&keyed, VILLAGE);
    let declare = |district: &str, elected: &[u32]| Action::Declare {
        district: district.to_owned(),
        elected: elected.to_vec(),
    };
    let village = declare("V1", &[101, 102, 103]);
    for (name, decisions, is_finished) in [
        ("whole", Vec::new(), true),
        ("village", vec![village.clone()], false),
        ("both", vec![village, declare("T", &[])], true),
    ] {
        let mut all = batches.clone();
        all.extend(signed(&keyed, decisions));
        let folder = journal(&keyed, name, &all);
        let paper = Reported::of("turnout", &folder, &["--lang", "en"]).paper("turnout");
        assert_eq!(paper.says("Finished: every station is in"), is_finished, "{name}");
        assert_eq!(paper.marks().contains(&"provisional"), !is_finished, "{name}");
        assert_eq!(paper.says("(partial)"), !is_finished, "{name}");
        let minutes = Reported::of("minutes", &folder, &["--district", "T", "--lang", "en"]);
        let minutes = minutes.paper("minutes-T");
        assert_eq!(minutes.marks().contains(&"provisional"), !is_finished, "{name}");
    }
}
