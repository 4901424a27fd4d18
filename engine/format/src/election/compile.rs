//! The compiled definition: what counting needs, as one sealed file of flat arrays beside the text.
//!
//! In: an election, and the bytes of the files it was read from. Out: the file's bytes, and whether
//! a compiled file still belongs to the text beside it. Never: a second source of truth; when the
//! text has changed, the compiled file is not used.

use std::panic::resume_unwind;
use std::path::Path;

use rkyv::util::AlignedVec;
use sha2::{Digest, Sha256};

use super::{Election, ElectionError, digest, read};
use crate::bytes::{Digest32, hex, sha256};
use crate::checksum::checksum_with_hole;
use crate::counting_definition::{CountingDefinition, CountingPayload};
use crate::layout::{FORMAT_VERSION, definition as at};
use crate::limits;

/// Name of the compiled file inside the election folder.
pub const COMPILED_FILE: &str = "definition.shomar";

/// The files of an election folder, as bytes.
#[derive(Clone, Debug)]
pub struct Sources {
    files: Vec<(&'static str, Vec<u8>)>,
}

impl Sources {
    /// Reads every known file that is there.
    ///
    /// # Errors
    /// If the folder or a file cannot be read, or a file is larger than the limit.
    pub fn read(folder: &Path) -> Result<Self, ElectionError> {
        let mut files = Vec::new();
        each_file(folder, |name, path| {
            files.push((name, std::fs::read(path)?));
            Ok(())
        })?;
        Ok(Self { files })
    }

    /// [`Sources::digest`] of the files of a folder, none of which is held in memory: for whoever
    /// does not need their text.
    ///
    /// # Errors
    /// As [`Sources::read`].
    pub fn digest_of(folder: &Path) -> Result<Digest32, ElectionError> {
        let mut text = String::from(DIGEST_TEXT);
        each_file(folder, |name, path| {
            let mut hasher = Hasher { sha256: Sha256::new(), bytes: 0 };
            std::io::copy(&mut std::fs::File::open(path)?, &mut hasher)?;
            add_line(&mut text, name, hasher.bytes, &hasher.sha256.finalize().into());
            Ok(())
        })?;
        Ok(sha256(text.as_bytes()))
    }

    /// The bytes of a file, if it is there.
    #[must_use]
    pub fn bytes(&self, name: &str) -> Option<&[u8]> {
        self.files.iter().find(|(file, _)| *file == name).map(|(_, bytes)| bytes.as_slice())
    }

    /// Every file that is there, by name.
    pub fn files(&self) -> impl Iterator<Item = (&'static str, &[u8])> {
        self.files.iter().map(|(name, bytes)| (*name, bytes.as_slice()))
    }

    /// No file at all: for an election that was made and not read.
    #[must_use]
    pub fn none() -> Self {
        Self { files: Vec::new() }
    }

    /// SHA-256 over names, lengths and SHA-256 of all files: the text that a compiled file is of.
    #[must_use]
    pub fn digest(&self) -> Digest32 {
        let mut text = String::from(DIGEST_TEXT);
        for (name, bytes) in &self.files {
            add_line(&mut text, name, bytes.len() as u64, &sha256(bytes));
        }
        sha256(text.as_bytes())
    }
}

/// How the text of which the digest is taken begins (FORMAT.md, section 8.3).
const DIGEST_TEXT: &str = "shomar-sources 1\n";

fn add_line(text: &mut String, name: &str, bytes: u64, digest: &Digest32) {
    text.push_str(&format!("{name}\t{bytes}\t{}\n", hex(digest)));
}

/// Takes bytes, and keeps their number and their digest.
struct Hasher {
    sha256: Sha256,
    bytes: u64,
}

impl std::io::Write for Hasher {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.sha256.update(bytes);
        self.bytes += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Gives every known file that is there to `each`, which reads it.
fn each_file(
    folder: &Path,
    mut each: impl FnMut(&'static str, &Path) -> std::io::Result<()>,
) -> Result<(), ElectionError> {
    let unreadable =
        |path: &Path, source| ElectionError::Unreadable { path: path.to_owned(), source };
    std::fs::read_dir(folder).map_err(|source| unreadable(folder, source))?;
    for (name, _) in read::FILES {
        let path = folder.join(name);
        match std::fs::metadata(&path) {
            Ok(metadata) if metadata.len() > limits::ELECTION_FILE_BYTES_MAX => {
                let most = limits::ELECTION_FILE_BYTES_MAX;
                let text = format!("found {} bytes, expected at most {most}", metadata.len());
                return Err(unreadable(&path, std::io::Error::other(text)));
            }
            Ok(_) => each(name, &path).map_err(|source| unreadable(&path, source))?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(source) => return Err(unreadable(&path, source)),
        }
    }
    Ok(())
}

/// The compiled definition of an election.
pub(super) fn compile(election: &Election, sources: &Sources) -> AlignedVec {
    let (payload, names, sources) = std::thread::scope(|scope| {
        let digests = scope.spawn(|| (digest::names_digest(election), sources.digest()));
        let payload = rkyv::to_bytes::<rkyv::rancor::Error>(&payload(election))
            .expect("flat arrays within the limits serialise");
        let (names, sources) = digests.join().unwrap_or_else(|panic| resume_unwind(panic));
        (payload, names, sources)
    });
    let mut file = AlignedVec::with_capacity(at::HEADER_BYTES + payload.len());
    file.resize(at::HEADER_BYTES, 0);
    file.extend_from_slice(&payload);
    let mut put = |offset: usize, value: &[u8]| {
        file[offset..offset + value.len()].copy_from_slice(value);
    };
    put(at::MAGIC_OFFSET, &at::MAGIC);
    put(at::VERSION_OFFSET, &FORMAT_VERSION.to_le_bytes());
    put(at::PAYLOAD_LENGTH_OFFSET, &(payload.len() as u64).to_le_bytes());
    put(at::SOURCES_OFFSET, &sources);
    put(at::NAMES_OFFSET, &names);
    put_checksum(&mut file);
    let counting = CountingDefinition::open(&file).expect("what was just written can be read");
    let digest = digest::definition_digest(&election.head, &counting, &names);
    file[at::DIGEST_OFFSET..][..32].copy_from_slice(&digest);
    put_checksum(&mut file);
    file
}

fn put_checksum(file: &mut AlignedVec) {
    let checksum = checksum_with_hole(file, at::CHECKSUM_OFFSET);
    file[at::CHECKSUM_OFFSET..][..8].copy_from_slice(&checksum.to_le_bytes());
}

fn payload(election: &Election) -> CountingPayload {
    let small = |number: usize| u32::try_from(number).expect("within the limits of an election");
    let mut payload = CountingPayload { option_start: vec![0], ..CountingPayload::default() };
    for district in &election.districts {
        payload.district_contest.push(small(district.contest));
        payload.district_seats.push(district.seats);
        payload.district_alternates.push(district.alternates);
        payload.district_list_count.push(small(district.lists.len()));
        for (code, list) in district.options() {
            payload.option_code.push(code);
            payload.option_list.push(list);
        }
        payload.option_start.push(small(payload.option_code.len()));
        payload.id_bytes.extend_from_slice(district.id.as_bytes());
        payload.id_end.push(small(payload.id_bytes.len()));
    }
    for station in &election.stations {
        payload.station_devices.push(small(station.devices.len()));
        payload.id_bytes.extend_from_slice(station.id.as_bytes());
        payload.id_end.push(small(payload.id_bytes.len()));
    }
    payload.serves_given = u32::from(election.serves.is_some());
    payload.serve_keys = election
        .serves
        .iter()
        .flatten()
        .map(|serve| crate::counting_definition::serve_key(serve.station, serve.district))
        .collect();
    payload
}
