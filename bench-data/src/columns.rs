//! The nation as raw columns, for engines that count rows: one number per choice that is read, and
//! one per ballot.
//!
//! In: a planned nation. Out: two streams of little-endian u32, in the order of arrival and, inside
//! a batch, of voting; then the totals to expect, the same as those of the sealed form. A choice
//! is the place of its option among those of all districts, one district after another; a ballot is
//! its district times four, and its kind. Never: a choice that the default reading does not read
//! (another engine is spared what ours must do), more in memory than two windows of ballots.

use std::io::{self, Write};

use rayon::prelude::*;

use crate::Expected;
use crate::plan::{Nation, Pair};
use crate::reader::Kind;
use crate::work::{Worker, Workers, work_ahead};

/// Kinds of ballots that a column leaves room for.
const KINDS: u32 = 4;

struct PairColumns {
    choices: Vec<u8>,
    ballots: Vec<u8>,
    taken: u64,
}

impl Nation {
    /// Writes both columns, and calls `progress` with the number of ballots so far.
    ///
    /// # Errors
    /// If a column cannot be written.
    ///
    /// # Panics
    /// If a ballot were lost or doubled.
    pub fn write_columns(
        &self,
        mut choices: impl Write,
        mut ballots: impl Write,
        mut progress: impl FnMut(u64),
    ) -> io::Result<Expected> {
        let workers = Workers::new(&self.election);
        let firsts = self.first_options();
        let columns = |&place: &u32| {
            let pair = self.pair(place);
            workers.with(|worker| self.columns_of(pair, firsts[pair.district as usize], worker))
        };
        let make = |window: &[u32]| -> Vec<_> { window.par_iter().map(columns).collect() };
        let arrival = self.arrival();
        let mut written = 0;
        work_ahead(self.arrival_windows(&arrival), make, |columns: PairColumns| {
            choices.write_all(&columns.choices)?;
            ballots.write_all(&columns.ballots)?;
            written += columns.taken;
            progress(written);
            Ok::<_, io::Error>(())
        })?;
        choices.flush()?;
        ballots.flush()?;
        assert_eq!(written, self.ballots, "every planned ballot is written once");
        let expected = workers.expected();
        assert_eq!(expected.ballots().taken, self.ballots);
        Ok(expected)
    }

    /// For each district the number of options before its own.
    fn first_options(&self) -> Vec<u32> {
        let mut next = 0;
        let districts = self.election.districts.iter();
        let firsts = districts.map(|district| {
            let first = next;
            next += u32::try_from(district.option_count()).expect("within DISTRICT_OPTIONS_MAX");
            first
        });
        firsts.collect()
    }

    fn columns_of(&self, pair: &Pair, first_option: u32, worker: &mut Worker) -> PairColumns {
        let mut choices = Vec::new();
        let mut ballots = Vec::with_capacity(pair.ballots as usize * size_of::<u32>());
        worker.vote_and_read(self, pair, |ballot, count| {
            let kind = count.read_each(ballot, |option| {
                choices.extend_from_slice(&(first_option + u32::from(option)).to_le_bytes());
            });
            let kind = match kind {
                Kind::Valid => 0,
                Kind::Void => 1,
                Kind::Blank => 2,
            };
            ballots.extend_from_slice(&(pair.district * KINDS + kind).to_le_bytes());
        });
        PairColumns { choices, ballots, taken: u64::from(pair.ballots) }
    }
}
