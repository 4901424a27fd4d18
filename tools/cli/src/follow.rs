//! A folder read record by record, as a server reads its journal: for what a count of everything at
//! once does not tell (when each batch came, what each decision changed, what may be shown).
//!
//! In: a folder of segments, the election. Out: the live snapshot of all of it; or the board that
//! pages, files and papers are made of. Never: a number that a full count of the same bytes does
//! not confirm.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use anyhow::{anyhow, bail};
use shomar_board::board::{Board, BoardInput};
use shomar_board::setting::{Setting, Subject};
use shomar_board::source::Reception;
use shomar_engine::checks::Registers;
use shomar_engine::definition::Definition;
use shomar_engine::ledger::Ledger;
use shomar_engine::live::{JournalFrontier, Live, LiveSnapshot, Segments};
use shomar_engine::recount::{NoCount, RecountInput, recount};
use shomar_engine::{Evidence, Kernel, Snapshot};
use shomar_format::bytes::hex;
use shomar_format::segment::SegmentReader;
use shomar_format::{Election, Reading};

use crate::count::{map_segments, read_where_forbidden};
use crate::failure::CheckFailed;

/// Reads every record of a folder into a live count that has read none.
pub(crate) fn follow(mut live: Live<'_>, evidence: &Evidence) -> anyhow::Result<LiveSnapshot> {
    let segments = in_order(evidence)?;
    if let Some((number, _)) = segments.last() {
        let length = evidence.segment(*number).1.len() as u64;
        let frontier = JournalFrontier { segment: segments.len() - 1, length };
        let mut paths = Paths(segments.into_iter().map(|(_, path)| path).collect());
        live.advance(&frontier, &mut paths).map_err(|error| CheckFailed(error.to_string()))?;
    }
    Ok(live.snapshot().map_err(|error| CheckFailed(error.to_string()))?)
}

/// Segments by their first record: a folder may call them as it likes.
fn in_order(evidence: &Evidence) -> anyhow::Result<Vec<(u32, PathBuf)>> {
    let mut segments = Vec::new();
    for number in 0..u32::try_from(evidence.segment_count())? {
        let (path, bytes) = evidence.segment(number);
        let wrong = |fault| CheckFailed(format!("{}: {fault}", path.display()));
        let reader = SegmentReader::open_unclosed(bytes).map_err(wrong)?;
        segments.push((reader.position(), number, path.to_owned()));
    }
    segments.sort_unstable();
    if let Some((position, _, path)) = segments.first().filter(|(position, ..)| *position > 0) {
        bail!(CheckFailed(format!(
            "{}: found record {position} first, expected 0: this needs one whole journal",
            path.display()
        )));
    }
    Ok(segments.into_iter().map(|(_, number, path)| (number, path)).collect())
}

/// Segments by their place in the journal.
struct Paths(Vec<PathBuf>);

impl Segments for Paths {
    fn open(&mut self, segment: usize) -> io::Result<(PathBuf, File)> {
        let path = self.0.get(segment).ok_or(io::ErrorKind::NotFound)?;
        Ok((path.clone(), File::open(path)?))
    }
}

/// What a board of a folder is for.
#[derive(Clone, Copy)]
pub(crate) enum BoardFor {
    /// What is signed: every vote is shown, and the folder is counted whole, as by `shomar result`.
    Papers,
    /// What everybody reads, as the pages of the server tell it.
    Publication {
        /// What is shown of votes moves in chunks of at least so many; with 0 everything is shown.
        small_cell_ballots: u64,
    },
}

/// The board of a folder, at its last record. It lives as long as the process.
pub(crate) fn read_board(
    directory: &Path,
    election: &Path,
    what_for: BoardFor,
) -> anyhow::Result<Board> {
    // A publication may be followed by others: who is elected is not told before somebody says that
    // all is in.
    let (small_cell_ballots, grows) = match what_for {
        BoardFor::Papers => (0, false),
        BoardFor::Publication { small_cell_ballots } => (small_cell_ballots, true),
    };
    let (read, sources) = Election::read(election)?;
    // As a server does: what pages are made of lives as long as the process.
    let read: &'static Election = Box::leak(Box::new(read));
    let definition: &'static Definition = Box::leak(Box::new(Definition::of(read, &sources)));
    let registers: &'static Registers = Box::leak(Box::new(Registers::of(read)));
    let subject = Subject { election: read, definition, registers };
    let setting = Setting::of(subject).map_err(|problems| anyhow!("{}", problems.join("\n")))?;
    let readings: Vec<_> = setting.rules.iter().map(|rule| rule.reading).collect();
    let evidence = map_segments(directory)?;
    let live = Live::new(definition, readings.clone(), registers.clone());
    let snapshot = follow(live.disclosing(read, small_cell_ballots), &evidence)?;
    confirm(&snapshot, &evidence, subject, &readings)?;
    // No page says how many ballots have a list beside names, so no publication does.
    let without_forbidding = match (what_for, read_where_forbidden(&readings)) {
        (BoardFor::Papers, Some(readings)) if snapshot.totals.is_some() => {
            Some(count_whole(&evidence, subject, &readings)?)
        }
        _ => None,
    };
    let mut ledger = Ledger::new(read.head.mode);
    snapshot.read_into(&mut ledger, &setting.counting);
    let at_ms = last_moment(&snapshot);
    let input = BoardInput {
        setting: setting.into(),
        snapshot: snapshot.into(),
        reception: Reception::default(),
        records_per_1000_seconds: 0,
        at_ms,
        grows,
        without_forbidding,
    };
    Ok(Board::of(input, &ledger, None))
}

/// Counts everything anew, at once, and compares.
fn confirm(
    snapshot: &LiveSnapshot,
    evidence: &Evidence,
    subject: Subject,
    readings: &[Reading],
) -> anyhow::Result<()> {
    let definition = subject.definition;
    let Some(followed) = snapshot.digests(definition) else { return Ok(()) };
    let counted = count_whole(evidence, subject, readings)?;
    let digest = *counted.digest(&definition.counting(), &definition.head);
    if digest != followed.totals {
        let (found, expected) = (hex(&followed.totals), hex(&digest));
        bail!(CheckFailed(format!("found totals {found} record by record, expected {expected}")));
    }
    Ok(())
}

/// Counts everything at once.
fn count_whole(
    evidence: &Evidence,
    subject: Subject,
    readings: &[Reading],
) -> anyhow::Result<Snapshot> {
    let definition = subject.definition;
    let input = RecountInput {
        evidence,
        definition,
        readings,
        kernel: Kernel::best(),
        as_of: None,
        registers: Some(subject.registers),
    };
    let counted = recount(&input).map_err(|none| match none {
        NoCount::Findings(findings) => anyhow::Error::new(CheckFailed::findings(&findings)),
        NoCount::NotClosed { .. } => anyhow!("found no close record, where the live count had one"),
    })?;
    let counting = definition.counting();
    Ok(Snapshot::merge(counted.tallied, &counting, &definition.head, readings))
}

/// When the last record came, in milliseconds since 1970-01-01 UTC; 0 where nobody said.
fn last_moment(snapshot: &LiveSnapshot) -> u64 {
    let received = snapshot.received.iter().map(|batch| batch.received_at_ms);
    let decided = snapshot.decisions.iter().map(|decision| decision.received_at_ms);
    received.chain(decided).max().unwrap_or(0)
}
