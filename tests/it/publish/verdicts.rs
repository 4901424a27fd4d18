//! Published files while something is outstanding: whom they name, and whether that is decided.
//!
//! In: journals whose last votes wait, are held, or are counted again. Out: the document of the
//! village. Never: "decided" of other names than those beside it.

use serde_json::{Value, json};
use shomar_format::bytes::hex;
use shomar_format::record::address_at;

use super::village;
use crate::keyed::{Keyed, secret};

/// Four stations report the village; of the third one five ballots may come.
fn four_stations() -> Keyed {
    let keyed = Keyed::new("test").expecting("S1,V1,,\nS2,V1,,\nS3,V1,5,\nS4,V1,,\nS1,T,0,\n");
    let add = |file: &str, line: &dyn Fn(u8) -> String| {
        let path = keyed.path(file);
        let before = std::fs::read_to_string(&path).unwrap();
        std::fs::write(&path, format!("{before}{}{}", line(3), line(4))).unwrap();
    };
    add("election/stations.csv", &|number| {
        format!("S{number},23,2301,z,100,,{}\n", hex(&secret(number).public()))
    });
    add("secrets.csv", &|number| format!("S{number},0,{}\n", hex(&[number; 32])));
    keyed
}

/// It is shown that 103 leads 104; what S2 has sent waits, and turns it, or cannot.
#[test]
fn what_is_decided_is_decided_of_the_names_that_are_shown() {
    let keyed = four_stations();
    let shown = "S1,V1,101 102 103,900\nS1,V1,101 104,90\nS1,V1,102 104,10\n\
                 S4,V1,101 102 103,20\nS4,V1,104,10\n";
    let annul = keyed.control(None, &["annul", "--station", "S4", "--reason", "b-fraud"]);
    let verdict = |name: &str, rows: &str, annul: Option<&[u8]>| {
        let batches = keyed.seal_rows(&format!("{shown}{rows}"), &format!("{name}-sealed"));
        let of = |station: u32| {
            let own = batches.iter().filter(move |batch| address_at(batch).station == station);
            own.map(Vec::as_slice)
        };
        // S4, S1, and S2 after them.
        let records: Vec<&[u8]> = of(3).chain(of(0)).chain(annul).chain(of(1)).collect();
        let own = village(&keyed, name, &records);
        assert_eq!((&own["all_shown"], &own["leading"]), (&false.into(), &json!([101, 102, 103])));
        own["verdict"].as_str().unwrap().to_owned()
    };
    let turns = "S2,V1,103,50\nS2,V1,104,1950\n";
    assert_eq!(verdict("turns", turns, None), "open");
    let few = "S2,V1,103,50\nS2,V1,104,50\n";
    assert_eq!(verdict("few", few, None), "decided");
    // Some of what is shown went out, and that is not shown.
    let alike = "S2,V1,101 102 103,60\n";
    assert_eq!(verdict("less", alike, Some(&annul)), "open");
}

/// A check holds what came after the declaration; or a recount came, and nobody has decided.
#[test]
fn nobody_is_elected_while_something_waits_for_an_officer() {
    let hold = "[[check]]\nmethod = \"ballots-registered\"\nlimit = 0\naction = \"hold\"\n";
    let keyed = Keyed::new("test").with(hold);
    let rows = "S1,V1,101,14\nS1,V1,102,13\nS1,V1,103,9\nS1,V1,104,4\nS2,V1,104,101\n";
    let batches = keyed.seal_rows(rows, "sealed");
    let recounts = keyed.recount("station,district,choices,count\nS1,V1,104,9\n");
    let elected = ["101", "102", "103"].into_iter().flat_map(|code| ["--elected", code]);
    let declare: Vec<&str> = ["declare", "--district", "V1"].into_iter().chain(elected).collect();
    let declare = keyed.control(None, &declare);
    let alone = village(&keyed, "alone", &[&batches[0], &declare]);
    assert_eq!((&alone["status"], &alone["verdict"]), (&"certified".into(), &"decided".into()));
    for (name, last, verdict) in
        [("held", &batches[1], "depends-on"), ("waits", &recounts[0], "open")]
    {
        let own = village(&keyed, name, &[&batches[0], &declare, last]);
        let found = (&own["status"], &own["outcome_status"], &own["verdict"]);
        let partial = ["unofficial-partial", "provisional", verdict].map(Value::from);
        assert_eq!(found, (&partial[0], &partial[1], &partial[2]), "{name}");
        assert_eq!((&own["elected"], &own["seats_open"]), (&json!([]), &Value::Null), "{name}");
    }
}
