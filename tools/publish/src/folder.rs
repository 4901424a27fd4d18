//! The folder of publications: one below another, the latest named last.
//!
//! In: a board, a key, a folder, new or of earlier publications. Out: a folder for this frontier,
//! whole; then `latest.json`. Never: an earlier publication touched; a series that goes back, or
//! whose small cells change, since the difference of two publications is a publication as well.
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
    let part = folder.join(format!(".{path}.part"));
    if part.exists() {
        // A run that was ended left it.
        fs::remove_dir_all(&part).map_err(io_error(&part, "remove what was left"))?;
    }
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
    let Publication { board, small_cell_ballots, key, folder } = *publication;
    let path = folder.join(LATEST);
    let text = match fs::read(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return refuse_strangers(folder).map(|()| None);
        }
        Err(error) => return Err(io_error(&path, "read")(error)),
    };
    let pointer: Pointer = serde_json::from_slice(&text).map_err(|error| {
        no_continuation(&path, error, "what a publication of this version wrote")
    })?;
    let place = folder.join(&pointer.path);
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
    before.own = Previous { path: pointer.path, sha256sums: hex(&sha256(checksums.as_bytes())) };
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
    Ok(Some(before))
}

fn no_continuation(path: &Path, found: impl ToString, expected: impl ToString) -> PublishError {
    let (path, found, expected) = (path.to_owned(), found.to_string(), expected.to_string());
    PublishError::NoContinuation { path, found, expected }
}

/// A folder without a latest publication must hold nothing but what the first run left when it was
/// ended.
fn refuse_strangers(folder: &Path) -> Result<(), PublishError> {
    let entries = fs::read_dir(folder).map_err(io_error(folder, "list the folder"))?;
    let mut publications = 0;
    for entry in entries {
        let name = entry.map_err(io_error(folder, "list the folder"))?.file_name();
        let name = name.to_string_lossy();
        let is_publication = name.len() == 12 && name.bytes().all(|byte| byte.is_ascii_digit());
        let is_left = name.starts_with('.') && name.ends_with(".part");
        publications += u32::from(is_publication);
        if publications > 1
            || !(is_publication || is_left || name.starts_with(LATEST) || name == KEY)
        {
            let expected = format!("an empty folder, or one with {LATEST}");
            return Err(no_continuation(&folder.join(&*name), "something", expected));
        }
    }
    Ok(())
}

fn io_error(path: &Path, action: &'static str) -> impl FnOnce(std::io::Error) -> PublishError {
    let path = path.to_owned();
    move |source| PublishError::Io { path, action, source }
}
