//! The seam under the journal: one folder, as the journal needs it, and the real one.
//!
//! In: names of files in the folder, offsets, bytes. Out: what the system says. Never: a guess what
//! is durable; that is what `sync` is for, and tests put a disk here that loses all the rest.

use std::fmt::Debug;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, ErrorKind, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// One folder of files. Every method is one thing that a system does, or refuses.
pub trait Disk {
    /// An open file. It stays that file when its name changes.
    type File: Debug;
    /// Holds a lock until it is dropped.
    type Lock: Debug;

    /// How `name` is called in messages, and by other programs.
    fn path(&self, name: &str) -> PathBuf;

    /// Names of all files in the folder, not of subfolders, in any order.
    ///
    /// # Errors
    /// If the system refuses.
    fn list(&self) -> io::Result<Vec<String>>;

    /// Locks `name`, which is made if it is not there; `None` if somebody else holds it.
    ///
    /// # Errors
    /// If the system refuses.
    fn lock(&self, name: &str) -> io::Result<Option<Self::Lock>>;

    /// Makes a file that is not there yet, to be written and read.
    ///
    /// # Errors
    /// If the name is taken, or the system refuses.
    fn create_new(&self, name: &str) -> io::Result<Self::File>;

    /// Opens a file, to be read only or to be written too.
    ///
    /// # Errors
    /// If it is not there, or the system refuses.
    fn open(&self, name: &str, writing: bool) -> io::Result<Self::File>;

    /// Bytes of a file.
    ///
    /// # Errors
    /// If the system refuses.
    fn length(&self, file: &Self::File) -> io::Result<u64>;

    /// Fills `buffer` with the bytes from `offset`.
    ///
    /// # Errors
    /// If the file ends before, or the system refuses.
    fn read(&self, file: &Self::File, offset: u64, buffer: &mut [u8]) -> io::Result<()>;

    /// Writes `bytes` at `offset`, which is at most the length of the file.
    ///
    /// # Errors
    /// If the system refuses; any part of the bytes may then stand there.
    fn write(&self, file: &Self::File, offset: u64, bytes: &[u8]) -> io::Result<()>;

    /// Cuts a file to `length`. Recovery alone does this.
    ///
    /// # Errors
    /// If the system refuses.
    fn truncate(&self, file: &Self::File, length: u64) -> io::Result<()>;

    /// Makes the bytes and the length of a file durable.
    ///
    /// # Errors
    /// If the system refuses: then nobody knows what is durable (FORMAT.md, section 12).
    fn sync_data(&self, file: &Self::File) -> io::Result<()>;

    /// Makes a file durable with all that is known of it.
    ///
    /// # Errors
    /// As [`Disk::sync_data`].
    fn sync_all(&self, file: &Self::File) -> io::Result<()>;

    /// Nobody shall write to this file again.
    ///
    /// # Errors
    /// If the system refuses.
    fn make_read_only(&self, file: &Self::File) -> io::Result<()>;

    /// Gives a file another name, which no other has.
    ///
    /// # Errors
    /// If the system refuses.
    fn rename(&self, from: &str, to: &str) -> io::Result<()>;

    /// Makes the names in the folder durable.
    ///
    /// # Errors
    /// As [`Disk::sync_data`].
    fn sync_folder(&self) -> io::Result<()>;
}

/// A folder of the system.
#[derive(Clone, Debug)]
pub struct DirectoryDisk {
    directory: PathBuf,
}

impl DirectoryDisk {
    /// The folder `directory`, which is made if it is not there.
    ///
    /// # Errors
    /// If the system refuses.
    pub fn create(directory: &Path) -> io::Result<Self> {
        fs::create_dir_all(directory)?;
        if let Some(parent) = directory.parent().filter(|parent| parent.is_dir()) {
            File::open(parent).and_then(|folder| folder.sync_all())?;
        }
        Ok(Self::new(directory))
    }

    /// The folder `directory`, as it is.
    #[must_use]
    pub fn new(directory: &Path) -> Self {
        Self { directory: directory.to_owned() }
    }
}

impl Disk for DirectoryDisk {
    type File = File;
    type Lock = File;

    fn path(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }

    fn list(&self) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in fs::read_dir(&self.directory)? {
            let entry = entry?;
            // A file that is gone by now is none.
            let is_file = match fs::metadata(entry.path()) {
                Ok(metadata) => metadata.is_file(),
                Err(error) if error.kind() == ErrorKind::NotFound => false,
                Err(error) => return Err(error),
            };
            if is_file {
                names.push(entry.file_name().to_string_lossy().into_owned());
            }
        }
        Ok(names)
    }

    fn lock(&self, name: &str) -> io::Result<Option<File>> {
        let path = self.path(name);
        let file = OpenOptions::new().write(true).create(true).truncate(false).open(path)?;
        match file.try_lock() {
            Ok(()) => Ok(Some(file)),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }

    fn create_new(&self, name: &str) -> io::Result<File> {
        OpenOptions::new().read(true).write(true).create_new(true).open(self.path(name))
    }

    fn open(&self, name: &str, writing: bool) -> io::Result<File> {
        OpenOptions::new().read(true).write(writing).open(self.path(name))
    }

    fn length(&self, file: &File) -> io::Result<u64> {
        Ok(file.metadata()?.len())
    }

    fn read(&self, mut file: &File, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        file.seek(SeekFrom::Start(offset))?;
        file.read_exact(buffer)
    }

    fn write(&self, mut file: &File, offset: u64, bytes: &[u8]) -> io::Result<()> {
        file.seek(SeekFrom::Start(offset))?;
        file.write_all(bytes)
    }

    fn truncate(&self, file: &File, length: u64) -> io::Result<()> {
        file.set_len(length)
    }

    fn sync_data(&self, file: &File) -> io::Result<()> {
        file.sync_data()
    }

    fn sync_all(&self, file: &File) -> io::Result<()> {
        file.sync_all()
    }

    fn make_read_only(&self, file: &File) -> io::Result<()> {
        let mut permissions = file.metadata()?.permissions();
        permissions.set_readonly(true);
        file.set_permissions(permissions)
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        fs::rename(self.path(from), self.path(to))
    }

    fn sync_folder(&self) -> io::Result<()> {
        File::open(&self.directory)?.sync_all()
    }
}
