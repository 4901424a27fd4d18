//! Unsound election folders: all problems at once, each with file and line.
//!
//! In: the small fixture with one or many faults. Out: exit code 2 and messages. Never: half an
//! election.

use std::path::Path;

use shomar_format::{Election, ElectionError};

use shomar_format::bytes::hex;
use shomar_format::record::SecretKey;

use crate::kit::{copy_files, fixture, run, text};

/// The fixture with these files replaced; gives all problems.
fn problems(files: &[(&str, &str)]) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    copy_files(&fixture("small/election"), folder.path());
    for (name, content) in files {
        std::fs::write(folder.path().join(name), content).unwrap();
    }
    match Election::read(folder.path()) {
        Err(ElectionError::Unsound { problems, .. }) => {
            problems.iter().map(ToString::to_string).collect()
        }
        Err(error) => vec![error.to_string()],
        Ok(_) => Vec::new(),
    }
}

fn append(name: &str, rows: &str) -> String {
    std::fs::read_to_string(fixture("small/election").join(name)).unwrap() + rows
}

#[test]
fn every_problem_of_every_file_is_told_at_once() {
    let candidates =
        append("candidates.csv", "V1,104,,x,X\nT,40,,x,X\nT,0,,x,X\nQ,1,,x,X\nT,9,41,x,X\n");
    let stations = append("stations.csv", "S1,23,2301,x,abc,,zz\n");
    let districts = append("districts.csv", "V2,nothing,x,X,23,,0,1001\n");
    let found = problems(&[
        ("candidates.csv", &candidates),
        ("stations.csv", &stations),
        ("districts.csv", &districts),
        ("lists.csv", "district,code,name_fa,nam_en\n"),
    ]);
    let expected = [
        "districts.csv:4: found the contest 'nothing', expected a contest of election.toml",
        "districts.csv:4: found seats '0', expected a number from 1 to 1000",
        "districts.csv:4: found alternates '1001', expected a number from 0 to 1000",
        "lists.csv:1: found the unknown column 'nam_en', expected 'name_en', perhaps",
        "candidates.csv:14: found the code 104 of candidates.csv:5 again, expected each code once in its district",
        "candidates.csv:16: found the code '0', expected a number from 1 to 4294967295",
        "candidates.csv:17: found the unknown district 'Q', expected a district of districts.csv",
        "candidates.csv:18: found the list '41', expected a list of its district in lists.csv, or none",
        "stations.csv:4: found the station 'S1' of line 2 again, expected each id once",
        "stations.csv:4: found the key 'zz', expected an Ed25519 public key, 64 hexadecimal digits",
        "stations.csv:4: found registered 'abc', expected a whole number from 0 to 4294967295",
    ];
    for line in expected {
        assert!(found.iter().any(|problem| problem == line), "missing: {line}\nin {found:#?}");
    }
}

#[test]
fn a_code_is_unique_across_lists_and_candidates() {
    let candidates = append("candidates.csv", "T,40,,x,X\n");
    let expected = "candidates.csv:14: found the code 40 of lists.csv:2 again, expected each code \
                    once in its district";
    assert_eq!(problems(&[("candidates.csv", &candidates)]), [expected]);
}

#[test]
fn what_election_toml_does_not_know_is_refused() {
    let toml = append("election.toml", "list_plus_nams = \"x\"\n");
    // Unknown options of a rule are the rule's to refuse, at every command that opens the folder.
    assert_eq!(problems(&[("election.toml", &toml)]), Vec::<String>::new());
    assert_refused(&toml, "option");
    for (toml, word) in [
        ("id = \"x\"\n", "no contest"),
        ("id = \n", "election.toml:1"),
        ("id = \"x\"\nmodus = \"test\"\n[[contest]]\nid=\"a\"\nrule=\"hare\"\n", "'mode', perhaps"),
        ("id = \"x\"\nmode = \"real\"\n[[contest]]\nid=\"a\"\nrule=\"hare\"\n", "\"official\""),
        (
            "id = \"x\"\n[[contest]]\nid=\"a\"\nrule=\"hare\"\ntwo_lists=\"both\"\n",
            "first_list_only",
        ),
        (
            "id = \"x\"\n[[contest]]\nid=\"a\"\nrule=\"hare\"\n[[check]]\naction=\"hold\"\n",
            "ballots-authenticated",
        ),
        (
            "id = \"x\"\n[[contest]]\nid=\"a\"\nrule=\"hare\"\n[[check]]\nname=\"c\"\n",
            "the unknown key 'name'",
        ),
        (
            "id = \"x\"\n[[contest]]\nid=\"a\"\nrule=\"hare\"\n[[officer]]\nid=\"o\"\nkey=\"1\"\n",
            "[[officer]] 1: key = \"1\"",
        ),
    ] {
        let found = problems(&[("election.toml", toml)]);
        assert!(found.iter().any(|problem| problem.contains(word)), "{word}: {found:?}");
    }
}

fn assert_refused(toml: &str, word: &str) {
    let folder = tempfile::tempdir().unwrap();
    let election = folder.path().join("e");
    copy_files(&fixture("small/election"), &election);
    std::fs::write(election.join("election.toml"), toml).unwrap();
    let (code, stdout, stderr) = seal(&election, &folder.path().join("out"));
    assert_eq!((code, stdout.as_str()), (2, ""), "{stderr}");
    assert!(stderr.contains(word), "{stderr}");
}

fn seal(election: &Path, out: &Path) -> (i32, String, String) {
    let ballots = fixture("small/ballots.csv");
    run(["seal", "--election", text(election), "--ballots", text(&ballots), "--out", text(out)])
}

#[test]
fn an_unknown_rule_is_refused_before_anything_is_sealed() {
    let toml = append("election.toml", "").replace("article-24", "article-42");
    assert_refused(&toml, "article-24");
}

#[test]
fn official_elections_wait_for_signatures() {
    let key = hex(&SecretKey::from_seed(&[1; 32]).public());
    let stations = append("stations.csv", "").replace(",,\n", &format!(",,{key}\n"));
    let toml = append("election.toml", "").replace("title_en", "mode = \"official\"\ntitle_en");
    assert_eq!(
        problems(&[("election.toml", &toml)]),
        [
            "stations.csv: found no key for device 0 of S1, expected a key for every device of an \
             official election",
            "stations.csv: found no key for device 0 of S2, expected a key for every device of an \
             official election",
        ]
    );
    // All ones is the y of no point; y = 1 is a point under which everything is signed.
    let weak = format!("01{}", "0".repeat(62));
    for bad in ["f".repeat(64), weak] {
        let stations = stations.replace(&key, &bad);
        let found = problems(&[("election.toml", &toml), ("stations.csv", &stations)]);
        assert!(found[0].contains(&format!("found {bad}, which is no key,")), "{found:?}");
    }
    let folder = tempfile::tempdir().unwrap();
    let election = folder.path().join("e");
    copy_files(&fixture("small/election"), &election);
    std::fs::write(election.join("election.toml"), toml).unwrap();
    std::fs::write(election.join("stations.csv"), stations).unwrap();
    let (code, stdout, stderr) = seal(&election, &folder.path().join("out"));
    assert_eq!((code, stdout.as_str()), (2, ""), "{stderr}");
    assert!(stderr.contains("signed"), "{stderr}");
}

#[test]
fn a_missing_folder_or_file_is_named() {
    let (code, _, stderr) = seal(Path::new("no/such/folder"), Path::new("no/out"));
    assert_eq!(code, 2);
    assert!(stderr.contains("no/such/folder"), "{stderr}");
    let folder = tempfile::tempdir().unwrap();
    let (code, _, stderr) = seal(folder.path(), &folder.path().join("out"));
    assert_eq!(code, 2);
    for file in ["election.toml", "districts.csv", "candidates.csv", "stations.csv"] {
        assert!(stderr.contains(file), "{file}: {stderr}");
    }
}

#[test]
fn titles_date_status_and_authenticated_are_not_in_the_definition() {
    let digest = |files: &[(&str, &str)]| {
        let folder = tempfile::tempdir().unwrap();
        copy_files(&fixture("small/election"), folder.path());
        for (name, content) in files {
            std::fs::write(folder.path().join(name), content).unwrap();
        }
        Election::read(folder.path()).unwrap().0.definition_digest()
    };
    let before = digest(&[]);
    let toml = append("election.toml", "").replace("A test", "Another title");
    let stations = append("stations.csv", "").replace("100,,", "100,77,");
    let candidates = "code,district,list,name_fa,name_en,status\n".to_owned()
        + &append("candidates.csv", "")
            .lines()
            .skip(1)
            .map(|row| {
                let (district, rest) = row.split_once(',').unwrap();
                let (code, rest) = rest.split_once(',').unwrap();
                format!("{code},{district},{rest},withdrawn\n")
            })
            .collect::<String>();
    let same = [
        ("election.toml", toml.as_str()),
        ("stations.csv", stations.as_str()),
        ("candidates.csv", candidates.as_str()),
        ("notes.txt", "ignored"),
    ];
    assert_eq!(digest(&same), before);
    for (name, from, to) in [
        ("candidates.csv", "V1,104,,d,D", "V1,104,,d,E"),
        ("candidates.csv", "T,301,,a", "T,303,,a"),
        ("candidates.csv", "T,301,,a", "T,301,50,a"),
        ("districts.csv", "3,2", "4,2"),
        ("districts.csv", "3,2", "3,1"),
        ("stations.csv", "100,,", "101,,"),
        ("election.toml", "\"small\"", "\"large\""),
    ] {
        let changed = append(name, "").replacen(from, to, 1);
        assert_ne!(digest(&[(name, &changed)]), before, "{name}: {from} -> {to}");
    }
}
