//! The converter itself: what it reads, what it writes, what it refuses.
//!
//! In: `fixtures/pabulib/small.pb`, written by the project, whole or damaged by one edit. Out: a
//! verdict. It never needs the real archive; the count of that is a test of the whole program.

use std::fs;
use std::path::PathBuf;

use super::{PabulibElection, for_each_election};

const SMALL: &str = include_str!("../../fixtures/pabulib/small.pb");

#[test]
fn reads_quotes_blanks_and_repeats() {
    for text in [SMALL.to_owned(), SMALL.replace('\n', "\r\n")] {
        let small = PabulibElection::parse("small.pb", &text).unwrap();
        assert_eq!(small.project_ids, ["7", "2024/A/02", "X-9", "0"]);
        assert_eq!(small.project_names[0], "Benches; and a \"green\" corner");
        assert_eq!(small.project_names[3], "\"Quoted\" from the start");
        assert_eq!((small.published_ballots, small.seats()), (6, 3));
        assert_eq!(small.published_votes, [3, 2, 3, 1]);
        assert_eq!(small.repeats, [0, 0, 1, 0]);
        assert_eq!(small.stations, ["internet", "paper"]);
        let codes: Vec<&[u32]> = small.ballots.iter().map(|ballot| &*ballot.codes).collect();
        assert_eq!(codes, [&[1, 3][..], &[], &[3, 1, 3], &[2], &[4, 2], &[1]]);
        assert!(small.is_block_vote());
    }
}

#[test]
fn writes_the_folder() {
    let directory = tempfile::tempdir().unwrap();
    let small = PabulibElection::parse("small.pb", SMALL).unwrap();
    let folder = small.write_folder(directory.path()).unwrap();
    let lines = |path: PathBuf| fs::read_to_string(path).unwrap().replace('\n', "|");
    assert_eq!(
        lines(directory.path().join("ballots.csv")),
        "station,district,choices|s1,projects,1 3|s1,projects,|s2,projects,3 1 3|\
         s1,projects,2|s2,projects,4 2|s2,projects,1|"
    );
    assert_eq!(
        lines(folder.join("stations.csv")),
        "station,province,county,name_fa,registered,authenticated,key|\
         s1,Small Town,Small Town,internet,3,,|s2,Small Town,Small Town,paper,3,,|"
    );
    let candidates = lines(folder.join("candidates.csv"));
    assert!(candidates.contains("|projects,3,,کتابخانه,کتابخانه|"), "{candidates}");
    assert!(
        lines(folder.join("districts.csv"))
            .ends_with("|projects,projects,Small Town,Small Town,Small Town,Small Town,3,0|")
    );
}

#[test]
fn names_file_and_line_of_what_it_does_not_understand() {
    for (from, to, expected) in [
        ("v4;2024/A/02;", "v4;2024/A/03;", "line 24: vote for an unknown project"),
        ("v6;7;19;paper", "v6;7;19", "line 26: 3 fields, expected 4"),
        ("votes;name", "score;name", "line 14: no column votes"),
        ("100;3;", "100;;", "line 15: votes is \"\", expected a number"),
        ("X-9;300", "7;300", "line 17: project \"7\" twice"),
        ("max_length;3", "max_length;1", "line 21: 2 projects on a ballot, expected 1"),
        ("\"0,2024/A/02\"", "\"0,2024/A/02", "line 25: a quote is open"),
        ("num_votes;6\n", "", "META has no num_votes"),
        ("num_projects;4", "num_projects;5", "4 projects, num_projects says 5"),
        ("VOTES\n", "META\n", "line 19: section META out of order"),
        ("META\n", "", "line 1: expected META"),
    ] {
        for line_end in ["\n", "\r\n"] {
            let text = SMALL.replacen(from, to, 1).replace('\n', line_end);
            let error = PabulibElection::parse("small.pb", &text).unwrap_err();
            assert!(error.starts_with("small.pb: "), "{error}");
            assert!(error.contains(expected), "{error}, expected {expected}");
        }
    }
    let cut = &SMALL[..SMALL.find("VOTES").unwrap()];
    assert!(PabulibElection::parse("cut.pb", cut).unwrap_err().contains("no section VOTES"));
}

#[test]
fn visits_an_archive_and_refuses_a_damaged_one() {
    let mut builder = tar::Builder::new(Vec::new());
    for name in ["folder/a.pb", "folder/readme.txt", "b.pb"] {
        let mut header = tar::Header::new_gnu();
        header.set_size(SMALL.len() as u64);
        builder.append_data(&mut header, name, SMALL.as_bytes()).unwrap();
    }
    let mut compressed = Vec::new();
    lzma_rs::xz_compress(&mut &*builder.into_inner().unwrap(), &mut compressed).unwrap();
    let directory = tempfile::tempdir().unwrap();
    let archive = directory.path().join("small.tar.xz");
    fs::write(&archive, &compressed).unwrap();
    let mut names = Vec::new();
    for_each_election(&archive, |name, text| {
        assert_eq!(text, SMALL, "{name}");
        names.push(name);
    })
    .unwrap();
    assert_eq!(names, ["a.pb", "b.pb"]);
    for length in [0, compressed.len() / 2, compressed.len() - 1] {
        fs::write(&archive, &compressed[..length]).unwrap();
        let error = for_each_election(&archive, |_, _| ()).unwrap_err();
        assert!(error.contains("small.tar.xz: "), "{error}");
    }
}
