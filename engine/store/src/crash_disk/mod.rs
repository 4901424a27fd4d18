//! A disk in memory that can be frozen at any operation, and then shows every state in which a loss
//! of power could leave a real one.
//!
//! In: what a journal does to its folder. Out: the folders that could be found afterwards
//! ([`CrashDisk::power_cuts`]). Never: a byte lost that was synced, or a name after its folder was.
//!
//! Assumed of a disk (FORMAT.md, section 12), and no more: what was synced survives; of all the
//! rest any part may, in any order. After the sync of a file that failed, its bytes are still read,
//! and a later sync says that all is well, but they never reach the disk unless they are written
//! again.

mod survival;

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, ErrorKind};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::disk::Disk;

/// A disk in memory. Clones are the same disk.
#[derive(Clone, Debug, Default)]
pub struct CrashDisk {
    state: Arc<Mutex<State>>,
}

/// How an operation fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// A write finds room for this many bytes only.
    NoRoomAfter(usize),
    /// The system refuses; a sync has then made nothing durable, and never will.
    Refused,
}

#[derive(Clone, Debug, Default)]
struct State {
    /// Every file that ever was, by number.
    files: Vec<Bytes>,
    /// Names as programs see them.
    names: BTreeMap<String, usize>,
    /// Names as they were when the folder was last synced.
    synced_names: BTreeMap<String, usize>,
    pending_names: Vec<NameChange>,
    locks: BTreeSet<String>,
    operations: Vec<String>,
    freeze_at: Option<usize>,
    failures: BTreeMap<usize, Failure>,
}

#[derive(Clone, Debug, Default)]
struct Bytes {
    /// As programs see them.
    current: Vec<u8>,
    /// As they are on the disk whatever happens.
    synced: Vec<u8>,
    /// What leads from `synced` to `current`, in order; but not what a failed sync has dropped.
    pending: Vec<ByteChange>,
    read_only: bool,
}

#[derive(Clone, Debug)]
enum ByteChange {
    Write { offset: usize, bytes: Vec<u8> },
    Truncate { length: usize },
}

#[derive(Clone, Debug)]
enum NameChange {
    Create { name: String, file: usize },
    Rename { from: String, to: String },
}

impl ByteChange {
    fn apply(&self, to: &mut Vec<u8>) {
        match self {
            Self::Write { offset, bytes } => {
                let end = offset + bytes.len();
                if to.len() < end {
                    to.resize(end, 0);
                }
                to[*offset..end].copy_from_slice(bytes);
            }
            Self::Truncate { length } => to.truncate(*length),
        }
    }
}

impl NameChange {
    fn apply(&self, to: &mut BTreeMap<String, usize>) {
        match self {
            Self::Create { name, file } => {
                to.insert(name.clone(), *file);
            }
            Self::Rename { from, to: name } => {
                if let Some(file) = to.remove(from) {
                    to.insert(name.clone(), file);
                }
            }
        }
    }
}

impl CrashDisk {
    /// An empty folder.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // A test that has panicked has said what it has to say.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Operations so far that changed something, or were to make it durable.
    #[must_use]
    pub fn operations(&self) -> usize {
        self.state().operations.len()
    }

    /// All of them, in order, for people.
    #[must_use]
    pub fn log(&self) -> Vec<String> {
        self.state().operations.clone()
    }

    /// The power goes just before the operation with this number, counted from 0: that one and
    /// everything after it fails, reading too.
    pub fn freeze_at(&self, operation: usize) {
        self.state().freeze_at = Some(operation);
    }

    /// The operation with this number will fail.
    pub fn fail_at(&self, operation: usize, failure: Failure) {
        self.state().failures.insert(operation, failure);
    }

    /// If the power has gone.
    #[must_use]
    pub fn is_frozen(&self) -> bool {
        self.state().is_frozen()
    }

    /// The bytes of a file as programs see them.
    #[must_use]
    pub fn contents(&self, name: &str) -> Option<Vec<u8>> {
        let state = self.state();
        Some(state.files[*state.names.get(name)?].current.clone())
    }

    /// Puts a file there, durably, as somebody else than the journal would; `None` removes it.
    pub fn put(&self, name: &str, contents: Option<&[u8]>) {
        let mut state = self.state();
        match contents {
            Some(contents) => {
                let file = state.files.len();
                let (current, synced) = (contents.to_vec(), contents.to_vec());
                state.files.push(Bytes { current, synced, ..Bytes::default() });
                state.names.insert(name.to_owned(), file);
                state.synced_names.insert(name.to_owned(), file);
            }
            None => {
                state.names.remove(name);
                state.synced_names.remove(name);
            }
        }
    }

    /// All files with their bytes, as programs see them.
    #[must_use]
    pub fn files(&self) -> BTreeMap<String, Vec<u8>> {
        let state = self.state();
        let named =
            |(name, file): (&String, &usize)| (name.clone(), state.files[*file].current.clone());
        state.names.iter().map(named).collect()
    }

    /// Another disk in the same state, synced or not; nobody holds a lock on it.
    #[must_use]
    pub fn copy(&self) -> Self {
        let mut state = self.state().clone();
        state.locks.clear();
        state.freeze_at = None;
        state.operations.clear();
        state.failures.clear();
        Self { state: Arc::new(Mutex::new(state)) }
    }

    /// Every state in which the disk may be found after the power went now, each with a name.
    #[must_use]
    pub fn power_cuts(&self) -> Vec<(String, Self)> {
        survival::images(&self.state())
            .into_iter()
            .map(|(name, state)| (name, Self { state: Arc::new(Mutex::new(state)) }))
            .collect()
    }
}

impl State {
    fn is_frozen(&self) -> bool {
        self.freeze_at.is_some_and(|at| self.operations.len() >= at)
    }

    fn look(&self) -> io::Result<()> {
        if self.is_frozen() { Err(io::Error::other("the power has gone")) } else { Ok(()) }
    }

    /// Begins an operation; how it is to fail.
    fn operate(&mut self, what: impl FnOnce() -> String) -> io::Result<Option<Failure>> {
        self.look()?;
        let failure = self.failures.remove(&self.operations.len());
        self.operations.push(what());
        Ok(failure)
    }

    /// As [`Self::operate`], of an operation that fails whole.
    fn operate_whole(&mut self, what: impl FnOnce() -> String) -> io::Result<()> {
        match self.operate(what)? {
            None => Ok(()),
            Some(failure) => Err(failure.error()),
        }
    }

    fn change(&mut self, file: usize, change: ByteChange) {
        let bytes = &mut self.files[file];
        change.apply(&mut bytes.current);
        bytes.pending.push(change);
    }

    fn sync(&mut self, file: usize) -> io::Result<()> {
        let failure = self.operate(|| format!("sync file {file}"))?;
        let bytes = &mut self.files[file];
        for change in std::mem::take(&mut bytes.pending) {
            if failure.is_none() {
                change.apply(&mut bytes.synced);
            }
        }
        failure.map_or(Ok(()), |failure| Err(failure.error()))
    }

    fn named(&self, name: &str) -> io::Result<usize> {
        self.names.get(name).copied().ok_or_else(|| ErrorKind::NotFound.into())
    }
}

impl Failure {
    fn error(self) -> io::Error {
        match self {
            Self::NoRoomAfter(_) => ErrorKind::StorageFull.into(),
            Self::Refused => io::Error::other("input/output error"),
        }
    }
}

/// An open file of a [`CrashDisk`].
#[derive(Debug)]
pub struct CrashFile {
    file: usize,
}

/// A held lock of a [`CrashDisk`].
#[derive(Debug)]
pub struct CrashLock {
    disk: CrashDisk,
    name: String,
}

impl Drop for CrashLock {
    fn drop(&mut self) {
        self.disk.state().locks.remove(&self.name);
    }
}

impl Disk for CrashDisk {
    type File = CrashFile;
    type Lock = CrashLock;

    fn path(&self, name: &str) -> PathBuf {
        PathBuf::from("crash").join(name)
    }

    fn list(&self) -> io::Result<Vec<String>> {
        let state = self.state();
        state.look()?;
        Ok(state.names.keys().cloned().collect())
    }

    fn lock(&self, name: &str) -> io::Result<Option<CrashLock>> {
        let mut state = self.state();
        state.look()?;
        let free = state.locks.insert(name.to_owned());
        Ok(free.then(|| CrashLock { disk: self.clone(), name: name.to_owned() }))
    }

    fn create_new(&self, name: &str) -> io::Result<CrashFile> {
        let mut state = self.state();
        state.look()?;
        if state.names.contains_key(name) {
            return Err(ErrorKind::AlreadyExists.into());
        }
        let file = state.files.len();
        state.operate_whole(|| format!("create {name} as file {file}"))?;
        state.files.push(Bytes::default());
        let change = NameChange::Create { name: name.to_owned(), file };
        change.apply(&mut state.names);
        state.pending_names.push(change);
        Ok(CrashFile { file })
    }

    fn open(&self, name: &str, writing: bool) -> io::Result<CrashFile> {
        let state = self.state();
        state.look()?;
        let file = state.named(name)?;
        if writing && state.files[file].read_only {
            return Err(ErrorKind::PermissionDenied.into());
        }
        Ok(CrashFile { file })
    }

    fn length(&self, file: &CrashFile) -> io::Result<u64> {
        let state = self.state();
        state.look()?;
        Ok(state.files[file.file].current.len() as u64)
    }

    fn read(&self, file: &CrashFile, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        let state = self.state();
        state.look()?;
        let offset = usize::try_from(offset).map_err(io::Error::other)?;
        let bytes = state.files[file.file].current.get(offset..).unwrap_or_default();
        let bytes = bytes.get(..buffer.len()).ok_or(ErrorKind::UnexpectedEof)?;
        buffer.copy_from_slice(bytes);
        Ok(())
    }

    fn write(&self, file: &CrashFile, offset: u64, bytes: &[u8]) -> io::Result<()> {
        let mut state = self.state();
        let offset = usize::try_from(offset).map_err(io::Error::other)?;
        let (number, length) = (file.file, bytes.len());
        let failure =
            state.operate(|| format!("write {length} bytes at {offset} of file {number}"))?;
        if offset > state.files[number].current.len() {
            return Err(io::Error::other("a write behind the end of the file"));
        }
        let room = match failure {
            None => length,
            Some(Failure::NoRoomAfter(room)) => room.min(length),
            Some(Failure::Refused) => 0,
        };
        let bytes = bytes[..room].to_vec();
        state.change(number, ByteChange::Write { offset, bytes });
        failure.map_or(Ok(()), |failure| Err(failure.error()))
    }

    fn truncate(&self, file: &CrashFile, length: u64) -> io::Result<()> {
        let mut state = self.state();
        let length = usize::try_from(length).map_err(io::Error::other)?;
        state.operate_whole(|| format!("truncate file {} to {length} bytes", file.file))?;
        state.change(file.file, ByteChange::Truncate { length });
        Ok(())
    }

    fn sync_data(&self, file: &CrashFile) -> io::Result<()> {
        self.state().sync(file.file)
    }

    fn sync_all(&self, file: &CrashFile) -> io::Result<()> {
        self.state().sync(file.file)
    }

    fn make_read_only(&self, file: &CrashFile) -> io::Result<()> {
        let mut state = self.state();
        state.operate_whole(|| format!("make file {} read-only", file.file))?;
        state.files[file.file].read_only = true;
        Ok(())
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        let mut state = self.state();
        state.operate_whole(|| format!("rename {from} to {to}"))?;
        state.named(from)?;
        let change = NameChange::Rename { from: from.to_owned(), to: to.to_owned() };
        change.apply(&mut state.names);
        state.pending_names.push(change);
        Ok(())
    }

    fn sync_folder(&self) -> io::Result<()> {
        let mut state = self.state();
        state.operate_whole(|| "sync the folder".to_owned())?;
        for change in std::mem::take(&mut state.pending_names) {
            change.apply(&mut state.synced_names);
        }
        Ok(())
    }
}
