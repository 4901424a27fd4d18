//! Two processes over loopback: `shomar serve`, and `shomar replay` with everything that can go
//! wrong on one night.
//!
//! In: a signed nation, a script of faults, a server that is killed twice on the way. Out: a report
//! that everything is as it should be, and a journal with the known answer. Never: a fault that
//! hit nothing.

use std::net::TcpListener;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::kit::{json, run, text};

/// Every kind of fault, each at a few batches; and the server killed in between.
const FAULTS: [&str; 11] = [
    "duplicate",
    "reorder",
    "truncate",
    "wrong-key",
    "unsigned",
    "equivocation",
    "fork",
    "test-as-official",
    "flip",
    "slow",
    "garbage",
];
const EACH: u64 = 5;
const KILLS: [u64; 2] = [150, 400];

/// A small signed nation: 1,000 batches or so, of which some devices have several.
fn nation(folder: &Path) -> std::path::PathBuf {
    let sealed = folder.join("sealed");
    let arguments = ["generate", "--profile", "province-group", "--ballots", "120000", "--signed"];
    let (code, _, stderr) = run([&arguments[..], &["--out", text(&sealed)]].concat());
    assert_eq!(code, 0, "{stderr}");
    sealed
}

/// A port that stays free while the server is down: none of those that the system gives to whoever
/// connects to somewhere.
fn free_port() -> u16 {
    let first = 20_000 + u16::try_from(std::process::id() % 10_000).unwrap();
    let mut ports = first..32_768;
    ports.find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok()).expect("a free port")
}

/// A shell script that starts a server on this port, and returns when it listens.
fn start_script(folder: &Path, sealed: &Path, port: u16) -> String {
    let program = env!("CARGO_BIN_EXE_shomar-under-test");
    let (election, config) = (sealed.join("election"), folder.join("serve.toml"));
    std::fs::write(&config, "segment_bytes_max = 60000\nrecount_seconds = 1\n").unwrap();
    let (log, data, process) = (folder.join("log"), folder.join("data"), folder.join("server.pid"));
    let [election, config, log, data, process] =
        [&election, &config, &log, &data, &process].map(|path| text(path));
    // A killed server may hold its port for a moment longer than the signal takes.
    let script = format!(
        "for _ in $(seq 100); do\n  : > {log}\n  \
         {program} serve --election {election} --data {data} --listen 127.0.0.1:{port} \
         --config {config} > {log}.out 2> {log} &\n  echo $! > {process}\n  \
         for _ in $(seq 600); do\n    grep -q '^listening on ' {log} && exit 0\n    \
         grep -q '^error' {log} && break\n    sleep 0.05\n  done\n  \
         grep -q 'Address already in use' {log} || break\n  sleep 0.1\ndone\n\
         cat {log} >&2\nexit 1\n"
    );
    let path = folder.join("start.sh");
    std::fs::write(&path, script).unwrap();
    format!("sh {}", text(&path))
}

/// Kills what a start script left, whatever the test has come to.
struct LeftBehind<'a>(&'a Path);

impl LeftBehind<'_> {
    fn signal(&self, signal: &str) -> bool {
        let Ok(process) = std::fs::read_to_string(self.0.join("server.pid")) else { return false };
        let sent = Command::new("kill").args([signal, process.trim()]).status();
        sent.is_ok_and(|status| status.success())
    }
}

impl Drop for LeftBehind<'_> {
    fn drop(&mut self) {
        self.signal("-9");
    }
}

fn report(arguments: &[&str]) -> (i32, Value, String) {
    let (code, stdout, stderr) = run([arguments, &["--format", "json"]].concat());
    (code, serde_json::from_str(&stdout).unwrap_or_else(|_| panic!("{stderr}")), stderr)
}

#[test]
fn a_night_with_every_fault_and_two_kills_ends_with_the_known_answer() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let sealed = nation(folder);
    let port = free_port();
    let start = start_script(folder, &sealed, port);
    let left = LeftBehind(folder);
    assert!(Command::new("sh").args(["-c", &start]).status().unwrap().success());

    let mut script = String::new();
    for kind in FAULTS {
        script.push_str(&format!("[[fault]]\nkind = \"{kind}\"\ncount = {EACH}\n"));
        if kind == "slow" {
            script.push_str("over_ms = 300\n");
        }
    }
    for after in KILLS {
        let command = format!("kill -9 $(cat {}); {start}", text(&folder.join("server.pid")));
        script.push_str(&format!(
            "[[fault]]\nkind = \"kill\"\ncommand = \"{command}\"\nafter_batches = {after}\n"
        ));
    }
    let faults = folder.join("faults.toml");
    std::fs::write(&faults, script).unwrap();
    let url = format!("http://127.0.0.1:{port}");
    // At a rate, so that the kills fall into the sending.
    let arguments = [
        "replay",
        text(&sealed),
        "--to",
        &url,
        "--faults",
        text(&faults),
        "--rate",
        "400/s",
        "--connections",
        "16",
        "--per-request",
        "4",
    ];
    let (code, report, stderr) = report(&arguments);
    assert_eq!((code, &report["ok"]), (0, &Value::from(true)), "{report:#} {stderr}");
    assert_eq!(report["totals"], "equal");
    assert_eq!(report["acknowledged"], report["batches"]);
    for what in ["lost_batches", "doubled_batches", "lost_ballots", "doubled_ballots"] {
        assert_eq!(report["lost"][what], 0, "{what}");
    }
    let tried = report["faults"].as_array().unwrap();
    for kind in FAULTS {
        let of_kind = tried.iter().find(|fault| fault["kind"] == kind);
        let of_kind = of_kind.unwrap_or_else(|| panic!("{kind}: {report:#}"));
        assert!(of_kind["sent"].as_u64() >= Some(EACH), "{kind}: {of_kind}");
        assert_eq!(of_kind["unexpected"], 0, "{kind}: {of_kind}");
        let verdicts = of_kind["verdicts"].as_object().unwrap();
        let answered: u64 = verdicts.values().map(|count| count.as_u64().unwrap()).sum();
        assert!(answered >= EACH, "{kind}: {of_kind}");
    }
    assert_eq!(report["notes"].as_array().unwrap().len(), KILLS.len(), "{report:#}");

    assert!(left.signal("-TERM"), "it runs until it is stopped");
    let end = std::time::Instant::now() + std::time::Duration::from_secs(20);
    while !std::fs::read_to_string(folder.join("log")).unwrap().contains("journal closed") {
        assert!(std::time::Instant::now() < end);
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    let mut tally = json("tally", &folder.join("data"), &[]);
    tally.as_object_mut().unwrap().remove("frontier");
    let expected = std::fs::read_to_string(sealed.join("expected.json")).unwrap();
    assert_eq!(tally, serde_json::from_str::<Value>(&expected).unwrap());
}

/// A server that has less than it acknowledged is found out, whoever took it.
#[test]
fn a_journal_that_loses_what_was_acknowledged_is_found_by_replay() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let sealed = nation(folder);
    let port = free_port();
    let start = start_script(folder, &sealed, port);
    let _left = LeftBehind(folder);
    assert!(Command::new("sh").args(["-c", &start]).status().unwrap().success());
    let process = text(&folder.join("server.pid")).to_owned();
    let data = text(&folder.join("data")).to_owned();
    let faults = folder.join("faults.toml");
    let command = format!("kill -9 $(cat {process}); rm -r {data}; {start}");
    let script =
        format!("[[fault]]\nkind = \"kill\"\ncommand = \"{command}\"\nafter_batches = 300\n");
    std::fs::write(&faults, script).unwrap();
    let url = format!("http://127.0.0.1:{port}");
    let arguments =
        ["replay", text(&sealed), "--to", &url, "--faults", text(&faults), "--rate", "400/s"];
    let (code, report, _) = report(&arguments);
    assert_eq!((code, &report["ok"]), (1, &Value::from(false)), "{report:#}");
    assert!(report["lost"]["lost_batches"].as_u64().unwrap() > 0, "{report:#}");
}
