//! Commands of the script: what is done to the server while it is being sent to.
//!
//! In: a command and when to run it. Out: a note that it was run, a finding if it failed or never
//! was. Never: its output on our stdout, which is the report's; a command run twice.

use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use crate::faults::{Kill, When};
use crate::run::Shared;

/// How often it is looked whether the time has come.
const LOOK: Duration = Duration::from_millis(2);

/// Waits for the time and runs the command; ends with the run.
pub(crate) async fn kill(shared: Arc<Shared>, kill: Kill) {
    while !has_come(&shared, kill.when) {
        if shared.finished.load(Ordering::Relaxed) {
            // The last batch may just have brought it about.
            if has_come(&shared, kill.when) {
                break;
            }
            let example = format!(
                "`{}`: {} batches were acknowledged",
                kill.command,
                shared.ledger.acknowledged()
            );
            shared.ledger.books().findings.add("command never run", example);
            return;
        }
        tokio::time::sleep(LOOK).await;
    }
    let at = shared.ledger.now() / 1_000_000;
    let acknowledged = shared.ledger.acknowledged();
    let command = kill.command.clone();
    let ran = tokio::task::spawn_blocking(move || run(&command)).await;
    let mut books = shared.ledger.books();
    books.notes.push(format!(
        "ran `{}` at {at} ms, after {acknowledged} acknowledged batches",
        kill.command
    ));
    let failed = match ran {
        Ok(Ok(status)) if status.success() => return,
        Ok(Ok(status)) => status.to_string(),
        Ok(Err(error)) => error.to_string(),
        Err(error) => error.to_string(),
    };
    books.findings.add("command failed", format!("`{}`: {failed}", kill.command));
}

fn has_come(shared: &Shared, when: When) -> bool {
    match when {
        When::Batches(batches) => shared.ledger.acknowledged() >= batches,
        When::At(time) => u128::from(shared.ledger.now()) >= time.as_nanos(),
    }
}

fn run(command: &str) -> std::io::Result<std::process::ExitStatus> {
    // A server that it starts inherits these; it must not hold a pipe of ours open.
    Command::new("sh")
        .args(["-c", command])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
}
