//! Districts of more options than a word of cells has bits, which the golden folders do not have.
//!
//! In: a small election written here, seeded ballots, sealed by the program. Out: the batches of
//! the document, and totals equal to those of the program. Never: a golden byte.

use std::fmt::Write;
use std::path::Path;

use super::election::read_election;
use super::segment::{Body, Content, Record, read_segment};
use super::text::{Batch, read_ballots};
use super::{kit, recounted};
use crate::one_digest::Shuffle;

/// District, lists, candidates, seats.
const DISTRICTS: [(&str, usize, usize, usize); 5] = [
    ("both", 70, 130, 12),
    ("full", 0, 64, 3),
    ("one-more", 65, 1, 1),
    ("lists", 128, 0, 2),
    ("few", 1, 3, 2),
];

pub(crate) fn write_election(folder: &Path) {
    let mut files = [
        "district,contest,name_fa,name_en,province,county,seats,alternates\n",
        "district,code,name_fa,name_en\n",
        "district,code,list,name_fa,name_en,veteran,degree_rank\n",
        "station,district,registered,authenticated\n",
    ]
    .map(str::to_owned);
    for (district, lists, candidates, seats) in DISTRICTS {
        writeln!(files[0], "{district},c,,{district},23,,{seats},2").unwrap();
        for list in 0..lists {
            writeln!(files[1], "{district},{},,List", 1 + list).unwrap();
        }
        for name in 0..candidates {
            // Some stand on a list.
            let on = if name < lists { (1 + name / 2).to_string() } else { String::new() };
            writeln!(files[2], "{district},{},{on},,Name,,", 1_000 + name).unwrap();
        }
        writeln!(files[3], "S,{district},,").unwrap();
    }
    let [districts, lists, candidates, serves] = files;
    let head =
        "id = \"many\"\nmode = \"test\"\n\n[[contest]]\nid = \"c\"\nrule = \"block-plurality\"\n";
    let stations = "station,province,county,name_fa,registered,authenticated,key\nS,23,,,,,\n";
    std::fs::create_dir(folder).unwrap();
    for (file, text) in [
        ("election.toml", head),
        ("districts.csv", &districts),
        ("lists.csv", &lists),
        ("candidates.csv", &candidates),
        ("stations.csv", stations),
        ("devices.csv", "station,device,key\n"),
        ("serves.csv", &serves),
    ] {
        std::fs::write(folder.join(file), text).unwrap();
    }
}

/// Ballots with a list, with names, as entered and blank; the first codes are the most popular.
fn write_ballots(file: &Path) {
    let mut random = Shuffle(1405);
    let mut rows = "station,district,choices\n".to_owned();
    for (district, lists, candidates, seats) in DISTRICTS {
        for _ in 0..1_500 {
            let popular = |random: &mut Shuffle, of: usize| {
                let limit = 1 + random.below(of);
                random.below(limit)
            };
            let choices = match random.below(20) {
                0 => 0,
                1..8 if lists > 0 => 1,
                19 => seats + 1,
                _ => 1 + random.below(seats),
            };
            let list = choices == 1 && lists > 0 || candidates == 0;
            let codes: Vec<String> = (0..choices)
                .map(|_| match list {
                    true => 1 + popular(&mut random, lists),
                    false => 1_000 + popular(&mut random, candidates),
                })
                .map(|code| code.to_string())
                .collect();
            writeln!(rows, "S,{district},{}", codes.join(" ")).unwrap();
        }
    }
    std::fs::write(file, rows).unwrap();
}

#[test]
fn districts_of_many_options_are_recounted_by_the_document() {
    let work = tempfile::tempdir().unwrap();
    let (folder, ballots, out) =
        (work.path().join("election"), work.path().join("ballots.csv"), work.path().join("out"));
    write_election(&folder);
    write_ballots(&ballots);
    kit::seal(&folder, &ballots, &out);
    let election = read_election(&folder);
    let bytes = std::fs::read(out.join("000000.segment")).unwrap();
    let segment = read_segment(&bytes).unwrap();
    let (batches, rejects) = read_ballots(&std::fs::read_to_string(&ballots).unwrap(), &election);
    assert!(rejects.is_empty());
    assert_eq!(batches.len(), segment.records.len());
    for (batch, record) in batches.iter().zip(segment.records) {
        let Record { station, district, sequence, content, .. } = record;
        let Content::Ballots(body) = content else { panic!("ballots alone") };
        let Body { clean, entered, blank, .. } = body;
        let found = Batch { station, district, sequence, clean, entered, blank };
        assert!(*batch == found, "{} differs", DISTRICTS[district as usize].0);
    }
    let found = kit::json("tally", &out, &[]);
    assert_eq!(recounted(&[bytes], &election, &election.readings(), None), found);
}
