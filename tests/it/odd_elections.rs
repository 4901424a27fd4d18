//! Odd elections: lists without candidates, list methods in a folder, side files in the wrong
//! place, closed pipes, options given twice. Regressions, each found by trying to break the
//! commands.
//!
//! In: small folders written here. Out: results, messages, exit codes. Never: one district's oddity
//! stopping the others.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::json;

use crate::kit::{self, fixture, run, text};

/// Writes an election with one district `D` of this rule, and seals these rows.
fn seal(work: &Path, rule: &str, seats: u32, lists: &str, candidates: &str, rows: &str) -> PathBuf {
    let election = work.join("election");
    std::fs::create_dir(&election).unwrap();
    let write = |name: &str, content: String| {
        std::fs::write(election.join(name), content).unwrap();
    };
    write("election.toml", format!("id = \"odd\"\n[[contest]]\nid = \"c\"\nrule = \"{rule}\"\n"));
    let header = "district,contest,name_fa,name_en,province,county,seats,alternates";
    write("districts.csv", format!("{header}\nD,c,,D,23,,{seats},0\n"));
    write("lists.csv", format!("district,code,name_fa,name_en\n{lists}"));
    write("candidates.csv", format!("district,code,list,name_fa,name_en\n{candidates}"));
    let header = "station,province,county,name_fa,registered,authenticated,key";
    write("stations.csv", format!("{header}\nS,23,,,100,,\n"));
    let ballots = work.join("ballots.csv");
    std::fs::write(&ballots, format!("station,district,choices,count\n{rows}")).unwrap();
    let out = work.join("out");
    kit::seal(&election, &ballots, &out);
    out
}

#[test]
fn a_list_without_candidates_elects_nobody_where_persons_are_needed() {
    let work = tempfile::tempdir().unwrap();
    let rows = "S,D,40,1\nS,D,101,5\nS,D,102,4\n";
    let candidates = "D,101,,,A\nD,102,,,B\n";
    let out = seal(work.path(), "block-plurality", 1, "D,40,,L\n", candidates, rows);
    let district = &kit::json("result", &out, &[])["districts"][0];
    assert_eq!((&district["status"], &district["elected"]), (&json!("final"), &json!([101])));
    assert_eq!(district["findings"], json!(["list 40 has no candidates: 1 ballots"]));
}

#[test]
fn a_list_without_candidates_wins_no_seat_under_article_24() {
    let work = tempfile::tempdir().unwrap();
    let rows = "S,D,40,50\nS,D,101,5\nS,D,102,4\n";
    let candidates = "D,101,,,A\nD,102,,,B\n";
    let out = seal(work.path(), "article-24", 1, "D,40,,L\n", candidates, rows);
    let district = &kit::json("result", &out, &[])["districts"][0];
    assert_eq!(district["elected"], json!([101]));
    assert_eq!(district["groups"][0]["seats"], 0);
    let first = district["findings"][0].as_str().unwrap();
    assert_eq!(first, "list 40 has no candidates: 50 ballots");
}

#[test]
fn in_list_methods_a_ballot_counts_once_however_long_its_list() {
    let lists = "D,40,,Long\nD,50,,Short\n";
    let candidates = "D,1,40,,\nD,2,40,,\nD,3,40,,\nD,4,40,,\nD,5,50,,\n";
    for rule in ["dhondt", "sainte-lague", "hare"] {
        let work = tempfile::tempdir().unwrap();
        let rows = "S,D,40,10\nS,D,50,29\nS,D,5,1\n";
        let out = seal(work.path(), rule, 1, lists, candidates, rows);
        let district = &kit::json("result", &out, &[])["districts"][0];
        assert_eq!(district["groups"][0]["votes"], 10, "{rule}");
        assert_eq!(district["groups"][1]["votes"], 30, "{rule}: ballots, and votes by name");
        assert_eq!(district["elected"], json!([5]), "{rule}");
    }
}

#[test]
fn side_files_overwrite_nothing_but_their_like() {
    let work = tempfile::tempdir().unwrap();
    let small = fixture("small");
    let election = work.path().join("election");
    kit::copy_files(&small.join("election"), &election);
    let ballots = work.path().join("ballots.csv");
    std::fs::copy(small.join("ballots.csv"), &ballots).unwrap();
    let out = work.path().join("out");
    let seal = |rejects: &Path| {
        let arguments = [
            "seal",
            "--election",
            text(&election),
            "--ballots",
            text(&ballots),
            "--out",
            text(&out),
            "--rejects",
            text(rejects),
        ];
        run(arguments)
    };
    let precious = [ballots.clone(), election.join("candidates.csv")];
    let inside = ["000000.segment", "inner", "election/stations.csv"].map(|name| out.join(name));
    for rejects in precious.iter().chain(&inside) {
        let before = std::fs::read(rejects).ok();
        let (code, stdout, stderr) = seal(rejects);
        assert_eq!((code, stdout.as_str()), (2, ""), "{}: {stderr}", rejects.display());
        assert_eq!(std::fs::read(rejects).ok(), before, "{}", rejects.display());
        assert!(!out.exists(), "nothing was begun");
    }
    // A file of rejects of an earlier run is replaced.
    let rejects = work.path().join("rejects.csv");
    std::fs::write(&rejects, "line,code,found,expected\n999,bad-count,0,x\n").unwrap();
    assert_eq!(seal(&rejects).0, 0);
    assert!(!std::fs::read_to_string(&rejects).unwrap().contains("999"));
    // Asked for, and nothing to reject: the file of the earlier run does not stand for this one.
    std::fs::remove_dir_all(&out).unwrap();
    std::fs::write(&ballots, "station,district,choices\nS1,V1,101\n").unwrap();
    assert_eq!(seal(&rejects).0, 0);
    assert_eq!(std::fs::read_to_string(&rejects).unwrap(), "line,code,found,expected\n");
    let nation = work.path().join("nation");
    for expected in [nation.join("000000.segment"), ballots] {
        let arguments =
            ["generate", "--ballots", "10", "--out", text(&nation), "--expected", text(&expected)];
        assert_eq!(run(arguments).0, 2, "{}", expected.display());
    }
}

#[test]
fn a_closed_pipe_changes_no_exit_code() {
    let out = tempfile::tempdir().unwrap();
    let small = fixture("small");
    kit::seal(&small.join("election"), &small.join("ballots.csv"), out.path());
    let into_nowhere = |arguments: &[&str]| {
        let mut child = Command::new(env!("CARGO_BIN_EXE_shomar-under-test"))
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        child.wait().unwrap().code()
    };
    assert_eq!(into_nowhere(&["result", text(out.path()), "--format", "json"]), Some(3));
    assert_eq!(into_nowhere(&["tally", text(out.path())]), Some(0));
    let votes = out.path().join("votes.csv");
    std::fs::write(&votes, "list,candidate,votes\nA,,10\nB,,10\n").unwrap();
    let tied = ["seats", "--votes", text(&votes), "--seats", "1", "--method", "dhondt"];
    assert_eq!(into_nowhere(&tied), Some(3));
    let bad = out.path().join("bad.segment");
    std::fs::write(&bad, [0; 4096]).unwrap();
    assert_eq!(into_nowhere(&["inspect", text(&bad)]), Some(1));
}

#[test]
fn lots_and_options_are_refused_in_the_words_of_their_files() {
    let out = tempfile::tempdir().unwrap();
    let small = fixture("small");
    kit::seal(&small.join("election"), &small.join("ballots.csv"), out.path());
    let lots = out.path().join("lots.csv");
    std::fs::write(&lots, "district,kind,place,winner\nV1,person,1,101\n").unwrap();
    let (code, _, stderr) = run(["result", text(out.path()), "--lots", text(&lots)]);
    assert_eq!(code, 1);
    let expected = "lots.csv:2: district V1: found a lot of kind person, place 1, won by 101, expected \
                    a lot of a tie that exists: person between 102, 104";
    assert!(stderr.contains(expected), "{stderr}");
    for command in ["tally", "result"] {
        let twice = ["--option", "limit=seats", "--option", "limit=seats+alternates"];
        let mut arguments = vec![command, text(out.path())];
        arguments.extend(twice);
        let (code, stdout, stderr) = run(arguments);
        assert_eq!((code, stdout.as_str()), (2, ""));
        assert!(stderr.contains("expected it once"), "{stderr}");
    }
}
