//! `shomar publish`: static signed files of the count, for any web server to carry.
//!
//! In: a folder with a journal, a publisher's key, a folder for publications. Out: one publication
//! of the journal as far as it is durable now; what was written, on stdout. Never: a number that
//! the open page would not show; a key of an officer or a device used for something else.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::bail;
use clap::Args;
use shomar_board::board::Board;
use shomar_engine::disclosure::LEAST_BALLOTS;
use shomar_format::bytes::hex;
use shomar_format::election::Mode;
use shomar_publish::{Publication, PublishError, publish};

use crate::commands::control::read_key;
use crate::failure::CheckFailed;
use crate::follow::{BoardFor, read_board};
use crate::options::election_folder;
use crate::output::{grouped, to_stdout};

/// Arguments of `shomar publish`.
#[derive(Args)]
pub(crate) struct PublishArguments {
    /// Folder of segments; that of a server at work as well.
    directory: PathBuf,
    /// Election folder [default: DIRECTORY/election].
    #[arg(long, value_name = "DIR")]
    election: Option<PathBuf>,
    /// Folder of publications, new or with earlier ones.
    #[arg(long, value_name = "DIR")]
    to: PathBuf,
    /// File with the publisher's secret key (`shomar key`).
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    /// Numbers move by at least so many ballots; 0, in a test: by any number [default: as those of
    /// the server of DIRECTORY, or 10].
    #[arg(long, value_name = "N")]
    small_cell_ballots: Option<u64>,
}

/// Runs the command.
pub(crate) fn run(arguments: &PublishArguments) -> anyhow::Result<ExitCode> {
    let key = read_key(&arguments.key)?;
    let folder = election_folder(&arguments.directory, arguments.election.as_ref());
    let small_cell_ballots = small_cells(arguments)?;
    let what_for = BoardFor::Publication { small_cell_ballots };
    let board = read_board(&arguments.directory, &folder, what_for)?;
    let public = key.public();
    let election = board.setting.subject.election;
    if let Some(officer) = election.head.officers.iter().find(|officer| officer.key == public) {
        bail!(
            "{}: found the key of officer {}, expected one that signs publications alone",
            arguments.key.display(),
            officer.id
        );
    }
    if small_cell_ballots == 0 && election.head.mode == Mode::Official {
        bail!("found small cells of 0 ballots, expected at least 1: the election is official");
    }
    same_rules(arguments, &board)?;
    let publication =
        Publication { board: &board, small_cell_ballots, key: &key, folder: &arguments.to };
    let published = publish(&publication).map_err(|error| match error {
        // What is there is sound, and this does not continue it.
        PublishError::NoContinuation { .. } => CheckFailed(error.to_string()).into(),
        error => anyhow::Error::from(error),
    })?;
    to_stdout(|out| {
        let records = grouped(board.snapshot.position);
        let status = board.status().name();
        let (files, bytes) = (grouped(published.files as u64), grouped(published.bytes));
        let place = published.folder.display();
        match published.is_new {
            true => {
                writeln!(out, "{place}: {records} records, {status}: {files} files, {bytes} bytes")
            }
            false => writeln!(out, "{place}: {records} records, {status}: published before"),
        }?;
        writeln!(out, "signed by {}", hex(&public))
    })?;
    Ok(ExitCode::SUCCESS)
}

/// By how many ballots numbers move: as on the pages of the server whose folder this is. The
/// difference of a page and a file is published as well.
fn small_cells(arguments: &PublishArguments) -> anyhow::Result<u64> {
    let of_server = shomar_ingest::small_cells::read(&arguments.directory)?;
    match (of_server, arguments.small_cell_ballots) {
        (Some(of_server), Some(asked)) if of_server != asked => {
            let found = format!("found small cells of {asked} ballots");
            bail!(CheckFailed(format!("{found}, expected {of_server}, as the server shows")));
        }
        (of_server, asked) => Ok(of_server.or(asked).unwrap_or(LEAST_BALLOTS)),
    }
}

/// Whether numbers move by the rules by which those on the pages of the server have moved. Before
/// the close of an official election there are none.
fn same_rules(arguments: &PublishArguments, board: &Board) -> anyhow::Result<()> {
    let of_server = shomar_ingest::small_cells::read_rules(&arguments.directory)?;
    let own = &board.setting.cells_digest;
    match of_server {
        Some(of_server) if of_server != *own && board.public().is_some() => {
            let found = format!("found numbers that move by the rules {own}");
            bail!(CheckFailed(format!("{found}, expected {of_server}, as on the server's pages")))
        }
        _ => Ok(()),
    }
}
