//! The election as counting needs it: the compiled definition, mapped; or compiled from the text.
//!
//! In: an election folder. Out: its head and a view without names. Never: a compiled file that is
//! not of the text beside it; a folder whose text has problems.

use std::ops::Deref;
use std::path::Path;

use shomar_format::election::{COMPILED_FILE, ElectionHead, Sources, definition_digest, read_head};
use shomar_format::{CountingDefinition, Election, Reading};

use crate::finding::EngineError;
use crate::map::MappedFile;

/// Compiled bytes, mapped or made in memory; aligned to 16 at least in both cases.
type CompiledBytes = Box<dyn Deref<Target = [u8]> + Send + Sync>;

/// An opened election folder.
pub struct Definition {
    /// Id, titles, mode, contests with their rules.
    pub head: ElectionHead,
    bytes: CompiledBytes,
}

impl Definition {
    /// Opens a folder. If it holds a compiled definition of exactly this text, that is mapped;
    /// otherwise the text is read and compiled in memory.
    ///
    /// # Errors
    /// If the folder cannot be read, or with every problem of its text.
    pub fn open(folder: &Path) -> Result<Self, EngineError> {
        if let Some(mapped) = Self::map_compiled(folder)? {
            return Ok(mapped);
        }
        let (election, sources) = Election::read(folder)?;
        Ok(Self::of(&election, &sources))
    }

    /// Compiles an election that was read already: trusts its text, and nothing beside it.
    #[must_use]
    pub fn of(election: &Election, sources: &Sources) -> Self {
        Self { head: election.head.clone(), bytes: Box::new(election.compile(sources)) }
    }

    /// The compiled file, if it is there, sound, and of exactly the text beside it.
    fn map_compiled(folder: &Path) -> Result<Option<Self>, EngineError> {
        let compiled = folder.join(COMPILED_FILE);
        if !compiled.is_file() {
            return Ok(None);
        }
        let head = read_head(folder)?;
        let mapped = MappedFile::open(&compiled)?;
        // Damaged, of another version, or stale: the text beside it is the source of truth.
        let Ok(counting) = CountingDefinition::open(&mapped) else { return Ok(None) };
        // Its arrays must give the digest that it names, and which every batch carries: a forged
        // file would be refused by every batch, and is not even used.
        let (of_this_text, authentic) = rayon::join(
            || Ok::<_, EngineError>(*counting.sources() == Sources::digest_of(folder)?),
            || definition_digest(&head, &counting, counting.names()) == *counting.digest(),
        );
        let usable = of_this_text? && authentic;
        Ok(usable.then(|| Self { head, bytes: Box::new(mapped) }))
    }

    /// The view that counting uses.
    ///
    /// # Panics
    /// Never: the bytes were checked, or made, when the folder was opened.
    #[must_use]
    pub fn counting(&self) -> CountingDefinition<'_> {
        CountingDefinition::open(&self.bytes).expect("checked when the folder was opened")
    }

    /// The bytes of the compiled file.
    #[must_use]
    pub fn compiled(&self) -> &[u8] {
        &self.bytes
    }

    /// The reading of each contest, in definition order.
    #[must_use]
    pub fn readings(&self) -> Vec<Reading> {
        self.head.contests.iter().map(|contest| contest.reading).collect()
    }
}
