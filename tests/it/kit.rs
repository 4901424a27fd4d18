//! What all integration tests share: real data, small folders, the program under test, notes.
//!
//! In: names of sets and files. Out: paths, outputs. Never: a test skipped in silence; what is
//! skipped, and how much real data was read, is told to `cargo xtask check` by [`note`].

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// Root of the workspace.
pub(crate) fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("tests/ lies in the workspace")
}

/// A folder of real data (`SHOMAR_DATA`, default `../shared/data`), or a note that `test` skips it.
pub(crate) fn data(set: &str, test: &str) -> Option<PathBuf> {
    let root = std::env::var_os("SHOMAR_DATA")
        .map_or_else(|| workspace().join("../shared/data"), PathBuf::from);
    let folder = root.join(set);
    if folder.is_dir() {
        return Some(folder);
    }
    note(&format!("SKIPPED {test}: no real data at {}", folder.display()));
    None
}

/// Tells `cargo xtask check` something (and whoever runs tests with `--no-capture`).
pub(crate) fn note(line: &str) {
    println!("{line}");
    if let Some(path) = std::env::var_os("SHOMAR_TEST_NOTES") {
        let file = std::fs::OpenOptions::new().append(true).create(true).open(path);
        // One write per line: tests run side by side.
        file.and_then(|mut file| file.write_all(format!("{line}\n").as_bytes()))
            .expect("the file of notes can be written");
    }
}

/// Runs the real program.
pub(crate) fn shomar<'a>(arguments: impl IntoIterator<Item = &'a str>) -> Output {
    Command::new(env!("CARGO_BIN_EXE_shomar-under-test"))
        .args(arguments)
        .output()
        .expect("the program under test runs")
}

/// Exit code, stdout and stderr of the real program.
pub(crate) fn run<'a>(arguments: impl IntoIterator<Item = &'a str>) -> (i32, String, String) {
    let output = shomar(arguments);
    (
        output.status.code().expect("the program ends by itself"),
        String::from_utf8(output.stdout).expect("stdout is UTF-8"),
        String::from_utf8(output.stderr).expect("stderr is UTF-8"),
    )
}

/// A path as an argument.
pub(crate) fn text(path: &Path) -> &str {
    path.to_str().expect("paths of tests are UTF-8")
}

/// A fixture folder.
pub(crate) fn fixture(name: &str) -> PathBuf {
    workspace().join("tests/fixtures").join(name)
}

/// Copies the files of a folder (not its folders).
pub(crate) fn copy_files(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            let target = to.join(path.file_name().unwrap());
            std::fs::write(&target, std::fs::read(&path).unwrap()).unwrap();
        }
    }
}

/// Seals a ballots file and gives the output folder.
pub(crate) fn seal(election: &Path, ballots: &Path, out: &Path) {
    let arguments =
        ["seal", "--election", text(election), "--ballots", text(ballots), "--out", text(out)];
    let (code, stdout, stderr) = run(arguments);
    assert_eq!((code, stdout.as_str()), (0, ""), "{stderr}");
}

/// The JSON of `shomar tally` or `result` with further arguments.
pub(crate) fn json(command: &str, directory: &Path, more: &[&str]) -> serde_json::Value {
    let mut arguments = vec![command, text(directory), "--format", "json"];
    arguments.extend(more);
    let (code, stdout, stderr) = run(arguments);
    assert!(code == 0 || code == 3, "exit code {code}: {stderr}");
    serde_json::from_str(&stdout).expect("stdout is JSON alone")
}

/// The digest of a folder's totals.
pub(crate) fn digest(directory: &Path, more: &[&str]) -> String {
    let document = json("tally", directory, more);
    document["frontier"]["digest"].as_str().expect("a digest").to_owned()
}
