//! The folder of publications: one below another, the latest named last.
//!
//! In: a board, a key, a folder, new or of earlier publications. Out: a folder for this frontier,
//! whole; then `latest.json`. Never: an earlier publication touched; two runs at once; a series
//! that goes back or forks, or whose small cells change, or the rules by which they move, since the
//! difference of two publications is a publication as well.
//!
//! ```text
//! DIR/latest.json                         which of the folders to read; replaced in one step
//! DIR/publisher.pub                       the public key
//! DIR/000000012345/SHA256SUMS, .minisig   checksums of all files beside it, signed
//! DIR/000000012345/index.json             what is where; names the publication before
//! ```

use std::fs;
use std::path::{Path, PathBuf};

use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use shomar_board::board::Board;
use shomar_board::status::PublicationStatus;
use shomar_board::words::rfc3339;
use shomar_format::bytes::{hex, sha256};
use shomar_format::record::SecretKey;
use shomar_store::write_durably;

use crate::error::PublishError;
use crate::files::{OwnFile, Previous, files_of};
use crate::minisign;

const LATEST: &str = "latest.json";
const CHECKSUMS: &str = "SHA256SUMS";
const SIGNATURE: &str = "SHA256SUMS.minisig";
const INDEX: &str = "index.json";
const KEY: &str = "publisher.pub";
/// Locked by the run at work; empty.
const LOCK: &str = ".lock";

/// What is published.
pub struct Publication<'a> {
    /// Of public numbers.
    pub board: &'a Board,
    /// By how many ballots they move, at least.
    pub small_cell_ballots: u64,
    /// The publisher's.
    pub key: &'a SecretKey,
    /// Where to.
    pub folder: &'a Path,
}

/// What was published.
#[derive(Debug)]
pub struct Published {
    /// Its folder.
    pub folder: PathBuf,
    /// Files, checksums and signatures included.
    pub files: usize,
    /// Bytes of the files.
    pub bytes: u64,
    /// Whether it was not there before.
    pub is_new: bool,
}

/// Which publication to read. It is not signed: what it names is.
#[derive(Serialize, Deserialize)]
struct Pointer {
    version: u32,
    election: String,
    status: PublicationStatus,
    position: u64,
    at: Option<String>,
    /// Its folder.
    path: String,
}

/// What an earlier publication says of itself.
#[derive(Deserialize)]
struct Before {
    election: String,
    definition_digest: String,
    small_cell_ballots: u64,
    cells_digest: String,
    records_digest: String,
    status: PublicationStatus,
    position: u64,
    previous: Option<Previous>,
    /// Which it is.
    #[serde(skip)]
    own: Previous,
}

/// Publishes a board: whole, or not at all. The same board again changes nothing.
///
/// # Errors
/// If the folder holds something else than publications of this election by this key up to this
/// frontier, or the system refuses.
pub fn publish(publication: &Publication<'_>) -> Result<Published, PublishError> {
    let Publication { board, small_cell_ballots, key, folder } = *publication;
    fs::create_dir_all(folder).map_err(io_error(folder, "create the folder"))?;
    // Until the end of this run. Two at once would write into one folder, name the same publication
    // as the one before, and the slower one would name an older state the latest.
    let _lock = lock(folder)?;
    let election = board.setting.subject.election;
    let position = board.snapshot.position;
    let path = format!("{position:012}");
    let place = folder.join(&path);
    let before = read_before(publication)?;
    let (before, again) = match before {
        Some(before) if before.position == position => (before.previous, Some(before.own)),
        before => (before.map(|before| before.own), None),
    };
    let files = files_of(board, small_cell_ballots, before.as_ref());
    let checksums = checksums_of(&files);
    let bytes = files.iter().map(|file| file.bytes.len() as u64).sum();
    let published = Published { folder: place, files: files.len() + 2, bytes, is_new: true };
    if let Some(again) = again {
        if again.sha256sums != hex(&sha256(checksums.as_bytes())) {
            return Err(PublishError::NoContinuation {
                path: published.folder,
                found: format!("a publication of the same {position} records with other numbers"),
                expected: "the same ones: this is another journal, or another version of Shomar"
                    .to_owned(),
            });
        }
        return Ok(Published { is_new: false, ..published });
    }
    let status = board.status();
    let at = rfc3339(board.at_ms).filter(|_| board.at_ms > 0);
    let comment = format!(
        "election {}, records {position}, {}, at {}",
        election.head.id,
        status.name(),
        at.as_deref().unwrap_or("unknown")
    );
    if published.folder.exists() {
        // It has its name, so it is whole: a run was ended before it could be named the latest.
        same_checksums(&published.folder, &checksums, key)?;
    } else {
        let signature = minisign::sign(key, checksums.as_bytes(), &comment);
        write_files(folder, &published.folder, &path, &files, [&checksums, &signature])?;
    }
    write_durably(&folder.join(KEY), minisign::public_key(&key.public()).as_bytes())?;
    let pointer = Pointer {
        version: shomar_board::documents::VERSION,
        election: election.head.id.clone(),
        status,
        position,
        at,
        path,
    };
    let mut text = serde_json::to_vec(&pointer).expect("it has keys of text");
    text.push(b'\n');
    write_durably(&folder.join(LATEST), &text)?;
    Ok(published)
}

/// The lock of a folder of publications; the system gives it back, however a run ends.
fn lock(folder: &Path) -> Result<fs::File, PublishError> {
    let path = folder.join(LOCK);
    let mut options = fs::OpenOptions::new();
    let options = options.write(true).create(true).truncate(false);
    let file = options.open(&path).map_err(io_error(&path, "open"))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(fs::TryLockError::WouldBlock) => {
            Err(no_continuation(&path, "another run at work", "one at a time"))
        }
        Err(fs::TryLockError::Error(error)) => Err(io_error(&path, "lock")(error)),
    }
}

/// Whether a publication that is there has these checksums, signed by this key.
fn same_checksums(place: &Path, checksums: &str, key: &SecretKey) -> Result<(), PublishError> {
    let read = |name: &str| {
        let path = place.join(name);
        fs::read_to_string(&path).map_err(io_error(&path, "read"))
    };
    let (found, signature) = (read(CHECKSUMS)?, read(SIGNATURE)?);
    if found != checksums || !minisign::is_signed(&key.public(), found.as_bytes(), &signature) {
        let found = "another publication of as many records";
        return Err(no_continuation(place, found, format!("the one that {LATEST} names, or none")));
    }
    Ok(())
}

/// The lines of `sha256sum`.
fn checksums_of(files: &[OwnFile]) -> String {
    let line = |file: &OwnFile| format!("{}  {}\n", hex(&sha256(&file.bytes)), file.name);
    files.par_iter().map(line).collect()
}

/// Writes everything of a frontier into a hidden folder, and gives it its name last.
fn write_files(
    folder: &Path,
    place: &Path,
    path: &str,
    files: &[OwnFile],
    [checksums, signature]: [&str; 2],
) -> Result<(), PublishError> {
    for name in names(folder)? {
        if is_part(&name) {
            // A run that was ended left it: signed perhaps, and in no chain.
            let left = folder.join(name);
            fs::remove_dir_all(&left).map_err(io_error(&left, "remove what was left"))?;
        }
    }
    let part = folder.join(format!(".{path}.part"));
    for name in ["corrections", "provinces", "districts"] {
        let inside = part.join(name);
        fs::create_dir_all(&inside).map_err(io_error(&inside, "create the folder"))?;
    }
    files.par_iter().try_for_each(|file| {
        let path = part.join(&file.name);
        fs::write(&path, &file.bytes).map_err(io_error(&path, "write"))
    })?;
    for (name, text) in [(CHECKSUMS, checksums), (SIGNATURE, signature)] {
        let path = part.join(name);
        fs::write(&path, text).map_err(io_error(&path, "write"))?;
    }
    // One sync for thirty thousand files: each alone would take minutes.
    let opened = fs::File::open(&part).map_err(io_error(&part, "open"))?;
    rustix::fs::syncfs(&opened).map_err(|error| io_error(&part, "sync")(error.into()))?;
    fs::rename(&part, place).map_err(io_error(place, "rename"))
}

/// The publication before, if there is one; it must be one that this one continues.
fn read_before(publication: &Publication<'_>) -> Result<Option<Before>, PublishError> {
    let folder = publication.folder;
    let path = folder.join(LATEST);
    let mut before = match fs::read(&path) {
        Ok(text) => {
            let pointer: Pointer = serde_json::from_slice(&text).map_err(|error| {
                no_continuation(&path, error, "what a publication of this version wrote")
            })?;
            Some(read_publication(publication, pointer.path)?)
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            refuse_strangers(folder)?;
            None
        }
        Err(error) => return Err(io_error(&path, "read")(error)),
    };
    // A run may have ended before it could name its publication the latest. What it published is
    // signed, and perhaps somebody has it: so it is part of the chain.
    let last = before.as_ref().map_or(String::new(), |before| before.own.path.clone());
    let own = format!("{:012}", publication.board.snapshot.position);
    let mut unnamed: Vec<String> = names(folder)?;
    unnamed.retain(|name| is_publication(name) && *name > last && *name != own);
    unnamed.sort_unstable();
    for name in unnamed {
        let next = read_publication(publication, name)?;
        let expected = before.map(|before| before.own);
        if next.previous != expected {
            let path = |of: Option<&Previous>| of.map_or("none", |own| &own.path).to_owned();
            let found = format!("{} as the publication before", path(next.previous.as_ref()));
            let place = folder.join(&next.own.path).join(INDEX);
            return Err(no_continuation(&place, found, path(expected.as_ref())));
        }
        before = Some(next);
    }
    Ok(before)
}

/// A publication of the folder, if this one can continue it.
fn read_publication(publication: &Publication<'_>, name: String) -> Result<Before, PublishError> {
    let Publication { board, small_cell_ballots, key, folder } = *publication;
    let place = folder.join(&name);
    let read = |name: &str| {
        let path = place.join(name);
        fs::read_to_string(&path).map_err(io_error(&path, "read"))
    };
    let (checksums, signature, index) = (read(CHECKSUMS)?, read(SIGNATURE)?, read(INDEX)?);
    if !minisign::is_signed(&key.public(), checksums.as_bytes(), &signature) {
        let expected = format!("that of {} over {CHECKSUMS}", hex(&key.public()));
        return Err(no_continuation(&place.join(SIGNATURE), "another signature", expected));
    }
    let index_path = place.join(INDEX);
    let line = format!("{}  {INDEX}", hex(&sha256(index.as_bytes())));
    if !checksums.lines().any(|own| own == line) {
        let expected = format!("those with the checksum in {CHECKSUMS}");
        return Err(no_continuation(&index_path, "other bytes", expected));
    }
    let mut before: Before = serde_json::from_str(&index).map_err(|error| {
        no_continuation(&index_path, error, "what a publication of this version wrote")
    })?;
    before.own = Previous { path: name, sha256sums: hex(&sha256(checksums.as_bytes())) };
    let election = board.setting.subject.election;
    let definition = hex(&election.definition_digest());
    if before.election != election.head.id || before.definition_digest != definition {
        let found =
            format!("election {}, definition {}", before.election, before.definition_digest);
        let expected = format!("election {}, definition {definition}", election.head.id);
        return Err(no_continuation(&index_path, found, expected));
    }
    if before.small_cell_ballots != small_cell_ballots {
        let found = format!("small cells of {} ballots", before.small_cell_ballots);
        let expected = format!(
            "{small_cell_ballots}, as now: the difference of two publications is published, too"
        );
        return Err(no_continuation(&index_path, found, expected));
    }
    if before.position > board.snapshot.position {
        let found = format!("a publication of {} records", before.position);
        let expected = format!("at most {}, which the journal has", board.snapshot.position);
        return Err(no_continuation(&index_path, found, expected));
    }
    let records = hex(&board.snapshot.records_digest(before.position));
    if before.records_digest != records {
        let found = format!(
            "a publication of {} records with the digest {}",
            before.position, before.records_digest
        );
        let expected = format!("{records}, that of as many here: this is another journal");
        return Err(no_continuation(&index_path, found, expected));
    }
    // Before the close there was no vote that could be taken off a later number.
    let cells = &board.setting.cells_digest;
    if before.cells_digest != *cells && before.status != PublicationStatus::BeforeClose {
        let found = format!("numbers that move by the rules {}", before.cells_digest);
        let expected = format!(
            "{cells}, as now (readings, checks, serves.csv): the difference of two publications is \
             published, too"
        );
        return Err(no_continuation(&index_path, found, expected));
    }
    Ok(before)
}

fn no_continuation(path: &Path, found: impl ToString, expected: impl ToString) -> PublishError {
    let (path, found, expected) = (path.to_owned(), found.to_string(), expected.to_string());
    PublishError::NoContinuation { path, found, expected }
}

/// Names in a folder.
fn names(folder: &Path) -> Result<Vec<String>, PublishError> {
    let entries = fs::read_dir(folder).map_err(io_error(folder, "list the folder"))?;
    let name = |entry: std::io::Result<fs::DirEntry>| {
        let entry = entry.map_err(io_error(folder, "list the folder"))?;
        Ok(entry.file_name().to_string_lossy().into_owned())
    };
    entries.map(name).collect()
}

fn is_publication(name: &str) -> bool {
    name.len() == 12 && name.bytes().all(|byte| byte.is_ascii_digit())
}

/// The hidden folder in which a publication is written.
fn is_part(name: &str) -> bool {
    let inner = name.strip_prefix('.').and_then(|name| name.strip_suffix(".part"));
    inner.is_some_and(is_publication)
}

/// A folder without a latest publication must hold nothing but what a first run left when it was
/// ended: also half of a file that it was writing.
fn refuse_strangers(folder: &Path) -> Result<(), PublishError> {
    for name in names(folder)? {
        let is_file = name == LOCK || name.starts_with(LATEST) || name.starts_with(KEY);
        if !(is_publication(&name) || is_part(&name) || is_file) {
            let expected = format!("an empty folder, or one with {LATEST}");
            return Err(no_continuation(&folder.join(name), "something", expected));
        }
    }
    Ok(())
}

fn io_error(path: &Path, action: &'static str) -> impl FnOnce(std::io::Error) -> PublishError {
    let path = path.to_owned();
    move |source| PublishError::Io { path, action, source }
}
