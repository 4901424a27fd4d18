//! Minutes: which readings the result rests on, and what they make of ballots.
//!
//! In: elections of which the outcome or the ballots hang on an option. Out: the table of readings,
//! and what is noticed. Never: a blank beside an option on which something rests.

use super::*;

/// Reads A10 as `device_forbids`.
fn forbid_lists_beside_names(keyed: &Keyed) {
    let toml = keyed.path("election/election.toml");
    let head = std::fs::read_to_string(&toml).unwrap();
    let rule = "rule = \"article-24\"\n";
    assert!(head.contains(rule));
    let forbids = format!("{rule}list_plus_names = \"device_forbids\"\n");
    std::fs::write(&toml, head.replace(rule, &forbids)).unwrap();
}

#[test]
fn ballots_with_a_list_and_names_are_in_the_minutes_where_they_are_forbidden() {
    let keyed = election("test", "");
    forbid_lists_beside_names(&keyed);
    let rows = format!("{VILLAGE}{CITY}S2,T,40 301,3\n");
    let folder = journal(&keyed, "forbidden", &sealed(&keyed, &rows));
    let told = "3 ballots have a list and names: void (reading A10 device_forbids)";
    let result = json("result", &folder, &["--district", "T"]);
    let findings = result["districts"][0]["findings"].as_array().unwrap();
    assert!(findings.iter().any(|own| own == told), "{findings:?}");
    assert!(minutes(&folder, "T").says(told));
    assert!(!minutes(&folder, "V1").says("have a list and names"));
}

#[test]
fn what_a_check_holds_under_one_reading_alone_is_no_number_of_forbidden_ballots() {
    let check = "[[check]]\nmethod = \"void-share\"\nlimit = \"30%\"\naction = \"hold\"\n";
    let keyed = election("test", check);
    let serves = "station,district,registered,authenticated\nS1,T,,\nS2,T,,\n";
    std::fs::write(keyed.path("election/serves.csv"), serves).unwrap();
    forbid_lists_beside_names(&keyed);
    // Of S1 a quarter is void, of S2 a quarter, and half that has a list and names: both are held.
    let rows = "S1,T,40,15\nS1,T,,5\nS2,T,40,5\nS2,T,40 301,10\nS2,T,,5\n";
    let folder = journal(&keyed, "held", &sealed(&keyed, rows));
    let result = json("result", &folder, &["--district", "T"]);
    assert_eq!(result["districts"][0]["stations"]["held"], 2, "{result}");
    assert!(!result.to_string().contains("have a list and names"));
    assert!(!minutes(&folder, "T").says("have a list and names"));
}

/// What the minutes, and the note, say of how an option bears on the outcome.
fn rests(keyed: &Keyed, name: &str, rows: &str, district: &str, option: &str) -> (String, String) {
    let sealed_before = keyed.path("sealed").exists();
    let batches = if sealed_before { sealed_again(keyed, rows) } else { sealed(keyed, rows) };
    let folder = journal(keyed, name, &batches);
    let paper = minutes(&folder, district);
    let rows = paper.rows("Rule and readings").into_iter();
    let own: Vec<Vec<String>> =
        rows.map(|(_, cells)| cells).filter(|cells| cells[1] == option).collect();
    assert_eq!(own.len(), 1, "{option}: {own:?}");
    let (_, note, _) = run(["result", text(&folder), "--explain", district]);
    let line = note.lines().find(|line| line.contains(&format!("{option} = "))).unwrap();
    let line = line.split_once("; ").map_or("", |(_, rests)| rests);
    assert!(!note.contains("without effect") && !paper.says("without effect"), "{note}");
    (own[0][3].clone(), line.to_owned())
}

#[test]
fn minutes_deny_no_reading_on_which_the_result_rests() {
    let keyed = election("test", "");
    let says = |cell: &str, note: &str| (cell.to_owned(), note.to_owned());
    let (yes, no) = (says("yes", "the outcome rests on it"), says("", ""));
    // A seat is vacant, and two stand that nobody has voted for.
    let vacant = format!("S1,V1,101,30\nS1,V1,102,25\n{CITY}");
    assert_eq!(rests(&keyed, "vacant", &vacant, "V1", "zero_votes"), yes);
    // There is a name with votes for every place, and one without.
    let candidates = keyed.path("election/candidates.csv");
    let rows = std::fs::read_to_string(&candidates).unwrap();
    std::fs::write(&candidates, rows + "V1,105,,e,E\nV1,106,,f,F\n").unwrap();
    let full = format!("{VILLAGE}S2,V1,105,5\n{CITY}");
    assert_eq!(rests(&keyed, "full", &full, "V1", "zero_votes"), no);
    // Whoever withdrew has votes, and the list is without them.
    assert_eq!(rests(&keyed, "stands", &full, "T", "withdrawn_member"), no);
    add_column(&keyed, "status", &["T,103"], "withdrawn");
    assert_eq!(rests(&keyed, "left", &full, "T", "withdrawn_member"), yes);
}

#[test]
fn minutes_name_the_readings_by_which_ballots_were_read() {
    let keyed = election("test", "");
    let used = "used in reading the ballots".to_owned();
    let rows = format!("{VILLAGE}{CITY}");
    for (district, option, is_used) in [
        ("T", "list_plus_names", true),
        ("T", "two_lists", true),
        ("T", "limit", true),
        ("V1", "limit", true),
        // Nobody has a list there.
        ("V1", "two_lists", false),
    ] {
        let own = if is_used { used.clone() } else { String::new() };
        let name = format!("{district}-{option}");
        assert_eq!(rests(&keyed, &name, &rows, district, option), (own.clone(), own), "{name}");
    }
    let paper = minutes(&keyed.path("T-limit"), "T");
    let numbers = paper.rows("Rule and readings").into_iter().map(|(_, cells)| cells);
    let numbers: BTreeMap<String, String> =
        numbers.map(|cells| (cells[1].clone(), cells[0].clone())).collect();
    let own = ["list_plus_names", "two_lists", "limit"].map(|name| numbers[name].as_str());
    assert_eq!(own, ["A10", "A11", ""]);
}
