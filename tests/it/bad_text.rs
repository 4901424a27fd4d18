//! Bad ballots files: a clear error or a reject with line and code, never more memory, never a
//! panic.
//!
//! In: headers and rows that no election has. Out: exit codes and messages. Never: a folder left
//! half written.

use std::io::Write;
use std::path::Path;

use crate::kit::{self, fixture, run, text};

/// Seals a file of these bytes: exit code, stderr, and whether anything was left in OUT.
fn seal(bytes: &[u8]) -> (i32, String, bool) {
    let work = tempfile::tempdir().unwrap();
    let ballots = work.path().join("ballots.csv");
    std::fs::write(&ballots, bytes).unwrap();
    seal_file(&ballots, &work.path().join("out"))
}

fn seal_file(ballots: &Path, out: &Path) -> (i32, String, bool) {
    let election = fixture("small/election");
    let arguments =
        ["seal", "--election", text(&election), "--ballots", text(ballots), "--out", text(out)];
    let (code, stdout, stderr) = run(arguments);
    assert_eq!(stdout, "");
    assert!(!stderr.contains("panicked"), "{stderr}");
    let left = out.is_dir() && std::fs::read_dir(out).unwrap().next().is_some();
    (code, stderr, left)
}

#[test]
fn a_header_that_does_not_fit_is_unreadable_input() {
    let cases: [(&[u8], &str); 10] = [
        (b"", "found no header"),
        (b"\nS1,V1,101\n", "found no header"),
        (b"station,district\nS1,V1\n", "no column 'choices'"),
        (b"station,distrikt,choices\n", "'district', perhaps"),
        (b"station,district,choices,choices\n", "the column 'choices' twice"),
        (b"station,district,choices,weight\n", "unknown column 'weight'"),
        (b"station,district,cho\xffices\n", "not UTF-8"),
        (&[0; 5000], "unknown column"),
        (b"station,district,choices\rx,y\nS1,V1,101\n", "unknown column"),
        (b"\xef\xbb\xbf\xef\xbb\xbfstation,district,choices\n", "unknown column"),
    ];
    for (bytes, expected) in cases {
        let (code, stderr, left) = seal(bytes);
        assert_eq!(code, 2, "{stderr}");
        assert!(stderr.contains("ballots.csv:1: ") && stderr.contains(expected), "{stderr}");
        assert!(!left, "nothing is left behind");
    }
}

#[test]
fn every_reject_code_has_a_row_that_earns_it() {
    let work = tempfile::tempdir().unwrap();
    let election = work.path().join("election");
    kit::copy_files(&fixture("small/election"), &election);
    let serves = "station,district,registered,authenticated\nS1,V1,,\nS2,T,,\n";
    std::fs::write(election.join("serves.csv"), serves).unwrap();
    let many = vec!["101"; 1025].join(" ");
    let rows = [
        ("S1,V1", "wrong-field-count"),
        ("S1,V1,\"101,1", "bad-quote"),
        ("S1,V1,\"101\"\rS1,V1,102,1", "wrong-field-count"),
        ("S9,V1,101,1", "unknown-station"),
        (",V1,101,1", "unknown-station"),
        ("S1,V9,101,1", "unknown-district"),
        ("S1,T,101,1", "pair-not-served"),
        ("S1,V1,101  102,1", "choice-not-a-number"),
        ("S1,V1, 101,1", "choice-not-a-number"),
        ("S1,V1,-5,1", "choice-not-a-number"),
        ("S1,V1,101;102,1", "choice-not-a-number"),
        (&format!("S1,V1,{many},1"), "too-many-choices"),
        ("S1,V1,101,0", "bad-count"),
        ("S1,V1,101,1000001", "bad-count"),
        ("S1,V1,101,", "bad-count"),
        (&format!("S1,V1,{},1", "1".repeat(1 << 20)), "row-too-long"),
        (&format!("S1,V1,{},1", "1".repeat(9 << 20)), "row-too-long"),
    ];
    let good = "S1,V1,101,1";
    let mut file = String::from("station,district,choices,count\r\n");
    for (row, _) in &rows {
        file.push_str(&format!("{row}\r\n{good}\r\n"));
    }
    let ballots = work.path().join("ballots.csv");
    std::fs::write(&ballots, file).unwrap();
    let out = work.path().join("out");
    let arguments =
        ["seal", "--election", text(&election), "--ballots", text(&ballots), "--out", text(&out)];
    let (code, _, stderr) = run(arguments);
    assert_eq!(code, 0, "{stderr}");
    let rejects = std::fs::read_to_string(out.join("rejects.csv")).unwrap();
    let mut reader = csv::Reader::from_reader(rejects.as_bytes());
    let found: Vec<(u64, String)> = reader
        .records()
        .map(|row| {
            let row = row.unwrap();
            (row[0].parse().unwrap(), row[1].to_owned())
        })
        .collect();
    let expected: Vec<(u64, String)> = rows
        .iter()
        .enumerate()
        .map(|(at, (_, code))| (2 + 2 * at as u64, (*code).to_owned()))
        .collect();
    assert_eq!(found, expected);
    assert_eq!(
        shomar_format::RejectCode::ALL.len(),
        expected.iter().map(|(_, code)| code).collect::<std::collections::BTreeSet<_>>().len(),
        "every code was earned"
    );
    let document = kit::json("tally", &out, &[]);
    assert_eq!(document["ballots"]["taken"], rows.len());
}

#[test]
fn unknown_codes_are_read_as_nobody_and_leave_a_void_ballot() {
    let work = tempfile::tempdir().unwrap();
    let ballots = work.path().join("ballots.csv");
    let rows = "station,district,choices\nS1,V1,999\nS1,V1,0\nS1,V1,99999999999999999999\nS1,V1,\n\
                S1,V1,\u{0661}\u{06f0}1\n";
    std::fs::write(&ballots, rows).unwrap();
    let (code, stderr, _) = seal_file(&ballots, &work.path().join("out"));
    assert_eq!(code, 0, "{stderr}");
    let document = kit::json("tally", &work.path().join("out"), &[]);
    let expected = serde_json::json!({"taken": 5, "valid": 1, "void": 4, "blank": 1});
    assert_eq!(document["ballots"], expected);
}

#[test]
fn a_line_without_end_needs_no_memory() {
    // A line far larger than the memory the program may have.
    let work = tempfile::tempdir().unwrap();
    let ballots = work.path().join("ballots.csv");
    let mut file = std::fs::File::create(&ballots).unwrap();
    file.write_all(b"station,district,choices\nS1,V1,101\n").unwrap();
    let line = vec![b'7'; 1 << 20];
    for _ in 0..300 {
        file.write_all(&line).unwrap();
    }
    file.write_all(b"\nS1,V1,102\n").unwrap();
    drop(file);
    let out = work.path().join("out");
    let election = fixture("small/election");
    let program = env!("CARGO_BIN_EXE_shomar-under-test");
    // 200 MB of address space for everything but the stacks of a few threads.
    let command = format!(
        "ulimit -v 1000000; exec '{program}' seal --election '{}' --ballots '{}' --out '{}'",
        election.display(),
        ballots.display(),
        out.display()
    );
    let output = std::process::Command::new("sh").args(["-c", &command]).output().expect("sh runs");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{stderr}");
    let rejects = std::fs::read_to_string(out.join("rejects.csv")).unwrap();
    assert!(rejects.contains("3,row-too-long,314572801 bytes"), "{rejects}");
    assert_eq!(kit::json("tally", &out, &[])["ballots"]["taken"], 2);
}

#[test]
fn a_folder_that_is_not_empty_and_a_file_that_is_not_there_are_refused() {
    let work = tempfile::tempdir().unwrap();
    let ballots = work.path().join("ballots.csv");
    let (code, stderr, left) = seal_file(&ballots, &work.path().join("out"));
    assert_eq!((code, left), (2, false), "{stderr}");
    assert!(stderr.contains("ballots.csv"), "{stderr}");
    std::fs::write(&ballots, "station,district,choices\nS1,V1,101\n").unwrap();
    let (code, stderr, _) = seal_file(&ballots, work.path());
    assert_eq!(code, 2);
    assert!(stderr.contains("expected an empty or new folder"), "{stderr}");
    assert!(ballots.is_file(), "what was there stays");
}
