//! Opens a journal: finds out what is there, refuses what no crash explains, puts right the rest.
//!
//! In: a folder as the last writer left it, however it ended. Out: a journal in which everything
//! that was shown is durable. Never: a byte changed before all of it has been examined; a byte cut
//! that was acknowledged, or one that was not kept elsewhere first.
//!
//! What was read may still be in memory alone: after a killed process nobody has synced it, and
//! after a failed sync the system may call it clean although the disk does not have it. So what is
//! not known to be durable is written again, byte for byte, and then synced.

use shomar_format::Fault;
use shomar_format::bytes::Digest32;
use shomar_format::unclosed::{Rest, Unclosed, examine_unclosed};

use std::io::ErrorKind;

use super::error::{JournalError, Refusal, refused};
use super::hint::{Hint, HintFile};
use super::names::{self, LOCK_NAME, Segments};
use super::walk::{Visited, check_header, to_usize, walk_closed, walk_open};
use super::{
    Active, Durable, Journal, JournalOptions, begin_segment, finish_closing, sync_folder,
    write_header,
};
use crate::disk::Disk;

/// How the open segment is examined. The tests plant a wrong way here.
pub(crate) type Examine = fn(&[u8]) -> Result<Unclosed, Fault>;

pub(super) fn open<D: Disk>(
    disk: D,
    definition: Digest32,
    options: JournalOptions,
    visit: &mut dyn FnMut(&Visited<'_>),
) -> Result<Journal<D>, JournalError> {
    open_with(disk, definition, options, examine_unclosed, visit)
}

pub(crate) fn open_with<D: Disk>(
    disk: D,
    definition: Digest32,
    options: JournalOptions,
    examine: Examine,
    visit: &mut dyn FnMut(&Visited<'_>),
) -> Result<Journal<D>, JournalError> {
    let path = disk.path(LOCK_NAME);
    let lock = disk.lock(LOCK_NAME).map_err(refused(&path, "lock"))?;
    let lock = lock.ok_or(JournalError::Locked { path })?;
    let segments = Segments::list(&disk)?;
    let mut position = 0;
    for number in 0..segments.closed {
        position = walk_closed(&disk, number, position, &definition, visit)?;
    }
    let hint = Hint::read(&disk).unwrap_or_default();
    let number = segments.closed;
    let found = match segments.open {
        true => Some(Found::read(&disk, number, examine)?),
        false => None,
    };
    if let Some(found) = &found {
        found.check(&disk, position, &definition)?;
        if found.unclosed.header.is_some() {
            position = found.unclosed.next_position;
        }
    }
    check_hint(&disk, segments, &hint, position, found.as_ref())?;
    // Nothing has been changed so far, and everything is explained. First of all the names: a
    // segment may not be built upon while the name of the one before can still be lost.
    sync_folder(&disk)?;
    let mut active = None;
    if let Some(found) = found {
        active = found.put_right(&disk, &definition, position, &hint)?;
        let sound = found.sound();
        let shown = if sound.is_empty() { Ok(()) } else { walk_open(sound, number, visit) };
        let path = disk.path(&names::open_name(number));
        shown.map_err(|fault| JournalError::Fault { path, fault })?;
    }
    let mut durable = Durable {
        segment: number,
        path: disk.path(&names::open_name(number)),
        length: 0,
        next_position: position,
    };
    let active = match active {
        Some(active) => active,
        None => begin_segment(&disk, &definition, segments.count(), &durable)?,
    };
    durable.segment = active.number;
    durable.path = disk.path(&names::open_name(active.number));
    durable.length = active.length;
    let mut hint = HintFile::open(&disk);
    hint.write(&disk, &Hint::of(&durable));
    Ok(Journal {
        disk,
        _lock: lock,
        definition,
        options,
        active,
        durable,
        hint,
        group: Vec::new(),
        next_position: position,
        failed: false,
    })
}

/// The hint is written after the sync: what it says was durable, and so must be there.
fn check_hint<D: Disk>(
    disk: &D,
    segments: Segments,
    hint: &Hint,
    position: u64,
    found: Option<&Found>,
) -> Result<(), JournalError> {
    if hint.next_position <= position {
        return Ok(());
    }
    let durable = format!(
        "all records below {}, which were durable, as {} says",
        hint.next_position,
        disk.path(names::HINT_NAME).display()
    );
    let Some(found) = found else {
        return Err(JournalError::Folder {
            path: disk.path(""),
            found: format!("{} closed segments with {position} records", segments.closed),
            expected: durable,
        });
    };
    let path = disk.path(&names::open_name(segments.closed));
    let fault = match &found.unclosed.rest {
        Rest::Torn { fault, .. } => {
            Fault { expected: format!("{}; and {durable}", fault.expected), ..fault.clone() }
        }
        _ => {
            let at = found.unclosed.sound_length;
            Fault::new(at, "end of the segment", format!("{position} records"), durable)
        }
    };
    Err(JournalError::Fault { path, fault })
}

/// The open segment as it was found.
struct Found {
    number: u64,
    bytes: Vec<u8>,
    unclosed: Unclosed,
}

impl Found {
    fn read<D: Disk>(disk: &D, number: u64, examine: Examine) -> Result<Self, JournalError> {
        let name = names::open_name(number);
        let path = disk.path(&name);
        let file = disk.open(&name, false).map_err(refused(&path, "open"))?;
        let length = disk.length(&file).map_err(refused(&path, "read"))?;
        let mut bytes = vec![0; to_usize(length)];
        disk.read(&file, 0, &mut bytes).map_err(refused(&path, "read"))?;
        let unclosed =
            examine(&bytes).map_err(|fault| JournalError::Fault { path: path.clone(), fault })?;
        Ok(Self { number, bytes, unclosed })
    }

    fn check<D: Disk>(
        &self,
        disk: &D,
        position: u64,
        definition: &Digest32,
    ) -> Result<(), JournalError> {
        let checked = match (&self.unclosed.header, &self.unclosed.rest) {
            (_, Rest::Damage(fault)) => Err(fault.clone()),
            (Some(header), _) => check_header(header, position, definition),
            (None, _) => Ok(()),
        };
        let path = disk.path(&names::open_name(self.number));
        checked.map_err(|fault| JournalError::Fault { path, fault })
    }

    fn sound(&self) -> &[u8] {
        &self.bytes[..self.unclosed.sound_length]
    }

    /// Cuts what is torn, makes durable what is sound, finishes a closing; the segment, if it goes
    /// on.
    fn put_right<D: Disk>(
        &self,
        disk: &D,
        definition: &Digest32,
        position: u64,
        hint: &Hint,
    ) -> Result<Option<Active<D::File>>, JournalError> {
        let Self { number, unclosed, .. } = self;
        let name = names::open_name(*number);
        let path = disk.path(&name);
        let file = match disk.open(&name, true) {
            // Made read-only, so synced before; only the rename is missing.
            Err(error) if error.kind() == ErrorKind::PermissionDenied && unclosed.closed => {
                let file = disk.open(&name, false).map_err(refused(&path, "open"))?;
                finish_closing(disk, *number, &file)?;
                return Ok(None);
            }
            opened => opened.map_err(refused(&path, "open for writing"))?,
        };
        let sound = self.sound();
        if sound.len() < self.bytes.len() {
            self.keep_torn(disk)?;
            let length = sound.len() as u64;
            disk.truncate(&file, length).map_err(refused(&path, "cut the torn tail off"))?;
        }
        if unclosed.header.is_none() {
            return Ok(Some(write_header(disk, definition, *number, file, position)?));
        }
        let confirmed = unclosed.durable_length.max(self.hinted_length(hint));
        if confirmed < sound.len() {
            let again = disk.write(&file, confirmed as u64, &sound[confirmed..]);
            again.map_err(refused(&path, "write again what may not be durable"))?;
        }
        if unclosed.closed {
            finish_closing(disk, *number, &file)?;
            return Ok(None);
        }
        disk.sync_all(&file).map_err(refused(&path, Refusal::SYNC))?;
        sync_folder(disk)?;
        Ok(Some(Active { number: *number, file, length: sound.len() as u64 }))
    }

    fn hinted_length(&self, hint: &Hint) -> usize {
        let length = to_usize(hint.length);
        if hint.segment == self.number && length <= self.unclosed.sound_length { length } else { 0 }
    }

    /// Writes what will be cut to a file of its own, durably: it may be of use to people.
    fn keep_torn<D: Disk>(&self, disk: &D) -> Result<(), JournalError> {
        let offset = self.unclosed.sound_length;
        let mut again = 0;
        let (file, path) = loop {
            let name = names::torn_name(self.number, offset, again);
            let path = disk.path(&name);
            match disk.create_new(&name) {
                Err(error) if error.kind() == ErrorKind::AlreadyExists => again += 1,
                created => break (created.map_err(refused(&path, "create"))?, path),
            }
        };
        disk.write(&file, 0, &self.bytes[offset..]).map_err(refused(&path, "write"))?;
        disk.sync_all(&file).map_err(refused(&path, Refusal::SYNC))?;
        Ok(sync_folder(disk)?)
    }
}
