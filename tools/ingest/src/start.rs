//! Before the first batch: the election, the journal, and what its headers say.
//!
//! In: an election folder and a data folder. Out: everything that the writer knows, made of the
//! journal alone. Never: an index kept on disk beside the journal; an election changed under a
//! journal.

use std::collections::HashSet;
use std::fs::File;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use shomar_engine::chain::{Link, Verdict};
use shomar_engine::checks::Registers;
use shomar_engine::ledger::Ledger;
use shomar_engine::standing::OfficerChains;
use shomar_engine::{Definition, EngineError};
use shomar_format::BatchAddress;
use shomar_format::bytes::{array_at, hex, u16_at, u32_at};
use shomar_format::election::{COMPILED_FILE, ElectionError, Sources};
use shomar_format::layout::record as at;
use shomar_format::record::{RecordBytes, address_at, record_hash_of};
use shomar_store::disk::{DirectoryDisk, Disk};
use shomar_store::journal::{Journal, JournalError, JournalOptions, Visited};
use shomar_store::{StoreError, write_durably};

use crate::config::Config;
use crate::writer::{State, evidence_folder};

/// The election of a server, read once for its whole life.
pub(crate) struct Election {
    pub(crate) definition: Definition,
    pub(crate) election: shomar_format::Election,
    pub(crate) registers: Registers,
}

/// Why a server cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The election folder cannot be used.
    #[error(transparent)]
    Election(#[from] ElectionError),
    /// The election folder, or a segment, cannot be mapped.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The journal cannot be opened.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The election cannot be laid beside the journal.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The data folder is another election's, or cannot be read.
    #[error("{path}: found {found}, expected {expected}")]
    Data {
        /// File or folder.
        path: PathBuf,
        /// What is there.
        found: String,
        /// What should be.
        expected: String,
    },
}

impl Election {
    /// Reads the folder, and lays it beside the journal, so that the data folder can be counted.
    pub(crate) fn open(folder: &Path, data: &Path) -> Result<Self, StartError> {
        let (election, sources) = shomar_format::Election::read(folder)?;
        let beside = data.join("election");
        let definition = Definition::of(&election, &sources);
        let is_same_text = Sources::digest_of(&beside)
            .is_ok_and(|digest| digest == *definition.counting().sources());
        if !is_same_text && beside.join("election.toml").exists() {
            // What is no part of the definition may have changed: who was authenticated, who
            // withdrew.
            let own = Definition::open(&beside)?;
            let (own, digest) = (*own.counting().digest(), *definition.counting().digest());
            if own != digest {
                return Err(StartError::Data {
                    path: beside,
                    found: format!("an election with the definition {}", hex(&own)),
                    expected: format!("{}, that of {}", hex(&digest), folder.display()),
                });
            }
        }
        let io = |error: std::io::Error| StartError::Data {
            path: beside.clone(),
            found: error.to_string(),
            expected: "a folder that can be written".to_owned(),
        };
        std::fs::create_dir_all(&beside).map_err(io)?;
        // A restart should not wait for the disk: what is there already is not written again.
        let files = sources.files().filter(|_| !is_same_text);
        for (name, bytes) in files.chain([(COMPILED_FILE, definition.compiled())]) {
            let path = beside.join(name);
            if !std::fs::read(&path).is_ok_and(|found| found == bytes) {
                write_durably(&path, bytes)?;
            }
        }
        let registers = Registers::of(&election);
        Ok(Self { definition, election, registers })
    }

    /// Names an address as people know it.
    pub(crate) fn whose(&self, address: BatchAddress) -> String {
        let BatchAddress { station, district, device, sequence } = address;
        if station == at::NOWHERE {
            let officer = self.definition.head.officers.get(device as usize);
            let officer = officer.map_or("unknown", |officer| officer.id.as_str());
            return format!("officer {officer}, sequence {sequence}");
        }
        let counting = self.definition.counting();
        let station = counting.station_id(station);
        let district = counting.district_id(district);
        format!("station {station}, district {district}, device {device}, sequence {sequence}")
    }
}

/// A record that the journal showed when it was opened.
struct Shown {
    position: u64,
    segment: u64,
    offset: u64,
    length: u64,
    kind: u8,
    taken: u32,
    address: BatchAddress,
    link: Link,
}

impl Shown {
    fn of(visited: &Visited<'_>) -> Self {
        let (header, trailer) = (visited.header, visited.trailer);
        let address = address_at(header);
        let is_signed = u16_at(header, at::VERSION_OFFSET) == at::VERSION_SIGNED;
        let previous = is_signed.then(|| array_at(trailer, at::TRAILER_PREVIOUS_OFFSET));
        let hash = record_hash_of(header, trailer);
        Self {
            position: visited.position,
            segment: visited.segment,
            offset: visited.offset,
            length: visited.length,
            kind: header[at::KIND_OFFSET],
            taken: u32_at(header, at::TAKEN_OFFSET),
            address,
            link: Link { sequence: address.sequence, hash, previous },
        }
    }
}

/// The journal of a server, and everything that its headers say.
pub(crate) struct Opened<D: Disk> {
    pub(crate) journal: Journal<D>,
    pub(crate) evidence: Journal<D>,
    pub(crate) state: State,
}

/// Opens the journal in the data folder, under its lock, and makes every index anew.
pub(crate) fn open(
    election: &Election,
    data: &Path,
    config: &Config,
) -> Result<Opened<DirectoryDisk>, StartError> {
    let disk = |folder: &Path| {
        DirectoryDisk::create(folder).map_err(|error| StartError::Data {
            path: folder.to_owned(),
            found: error.to_string(),
            expected: "a folder that can be written".to_owned(),
        })
    };
    open_on(election, disk(data)?, disk(&evidence_folder(data))?, config)
}

/// Opens the journal on a disk, and that of contradicting records on another.
pub(crate) fn open_on<D: Disk + Clone>(
    election: &Election,
    disk: D,
    evidence_disk: D,
    config: &Config,
) -> Result<Opened<D>, StartError> {
    let digest = *election.definition.counting().digest();
    let options = JournalOptions { segment_bytes_max: config.segment_bytes_max };
    let mut shown = Vec::new();
    let journal = Journal::open(disk.clone(), digest, options, |visited| {
        shown.push(Shown::of(visited));
    })?;
    let (mut kept, mut kept_bytes) = (HashSet::new(), 0);
    let evidence = Journal::open(evidence_disk, digest, options, |visited| {
        kept_bytes += visited.length;
        kept.insert(record_hash_of(visited.header, visited.trailer));
    })?;
    let mut state = State {
        chains: Arc::default(),
        ledger: Ledger::new(election.definition.head.mode),
        officers: OfficerChains::new(&election.definition.head),
        kept,
        kept_bytes,
        evidence_bytes_max: config.evidence_bytes_max,
    };
    for record in shown {
        read_shown(&mut state, election, &disk, &record)?;
    }
    Ok(Opened { journal, evidence, state })
}

/// Takes a record of the journal into the indexes.
fn read_shown<D: Disk>(
    state: &mut State,
    election: &Election,
    disk: &D,
    shown: &Shown,
) -> Result<(), StartError> {
    let Shown { position, address, link, .. } = *shown;
    let wrong = |found: String, expected: String| StartError::Data {
        path: disk.path(""),
        found: format!("record {position} of the journal ({}): {found}", election.whose(address)),
        expected,
    };
    let device = (address.station, address.device);
    let verdict = state.chains().judge(device, &link);
    match verdict {
        Verdict::Next | Verdict::Gap | Verdict::Reordered => {
            state.chains().take(device, link, position);
        }
        // This server takes nothing twice, but a folder may come from elsewhere; it counts once.
        Verdict::Duplicate(_) => return Ok(()),
        Verdict::Equivocation(other) | Verdict::Fork(other) => {
            let expected = format!("one that agrees with record {other}");
            return Err(wrong("a record that contradicts another one".to_owned(), expected));
        }
        Verdict::Unlinked => {
            let expected = "the hash of the record before it, and zeros in the first alone";
            return Err(wrong("a link that no record has".to_owned(), expected.to_owned()));
        }
    }
    if shown.kind == at::KIND_CONTROL {
        let bytes = read_record(disk, shown)
            .map_err(|error| wrong(error.to_string(), "a record that can be read".to_owned()))?;
        let counting = election.definition.counting();
        let head = &election.definition.head;
        let control = state
            .officers
            .verify(&bytes, &counting, head, link.hash)
            .map_err(|fault| wrong(fault.found, fault.expected))?;
        let applied = state.ledger.apply(position, address.device, control, &counting);
        return applied.map(|_| ()).map_err(|why| wrong(why.found(), why.expected()));
    }
    let is_recount = shown.kind == at::KIND_RECOUNT;
    let added = state.ledger.add(position, address, link.hash, shown.taken, is_recount);
    added.map(|_| ()).map_err(|why| wrong(why.found(), why.expected()))
}

fn read_record<D: Disk>(disk: &D, shown: &Shown) -> std::io::Result<RecordBytes> {
    let [open, closed] = segment_names(shown.segment);
    let file = disk.open(&open, false).or_else(|_| disk.open(&closed, false))?;
    let mut bytes = RecordBytes::new();
    bytes.resize(usize::try_from(shown.length).expect("a record fits in memory"), 0);
    disk.read(&file, shown.offset, &mut bytes)?;
    Ok(bytes)
}

/// How a segment is called while it is open, and when it is closed.
fn segment_names(segment: u64) -> [String; 2] {
    let closed = format!("{segment:06}.{}", shomar_store::SEGMENT_EXTENSION);
    [format!("{closed}.open"), closed]
}

/// Opens a segment by number, whether it is closed by now or not.
pub(crate) fn open_segment(data: &Path, segment: u64) -> std::io::Result<(PathBuf, File)> {
    let [open, closed] = segment_names(segment).map(|name| data.join(name));
    // It may be closed between two looks; it is never opened again.
    match File::open(&open) {
        Ok(file) => Ok((open, file)),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            File::open(&closed).map(|file| (closed, file))
        }
        // Why it cannot be opened now; the other name would only say that there is none.
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Without file handles the open segment said so, and then the closed one that there is none:
    /// that is a segment that is gone, and ended publishing.
    #[test]
    fn a_segment_that_cannot_be_opened_now_is_not_one_that_is_gone() {
        let data = tempfile::tempdir().unwrap();
        let open = |segment| open_segment(data.path(), segment).map_err(|error| error.kind());
        assert_eq!(open(0).unwrap_err(), ErrorKind::NotFound);
        // What leads to itself cannot be opened, and is there.
        let path = data.path().join("000000.segment.open");
        std::os::unix::fs::symlink(&path, &path).unwrap();
        assert!(!matches!(open(0), Ok(_) | Err(ErrorKind::NotFound)));
        std::fs::remove_file(&path).unwrap();
        std::fs::write(&path, "").unwrap();
        assert_eq!(open(0).unwrap().0, path);
        let closed = data.path().join("000000.segment");
        std::fs::rename(&path, &closed).unwrap();
        assert_eq!(open(0).unwrap().0, closed);
    }
}
