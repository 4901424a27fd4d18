//! The nation as text: one row per ballot, as a station's device might have written them down.
//!
//! In: a planned nation. Out: rows `station,district,choices`, the order of voting shuffled inside
//! each station; then the totals to expect, the same as those of the sealed form. Never: a `count`,
//! a code of the district where the voter typed one that nobody has.

use std::io::{self, Write};

use rayon::prelude::*;
use shomar_format::{OptionIndex, UNKNOWN_OPTION};

use crate::Expected;
use crate::plan::{Nation, Pair};
use crate::random::{Domain, Random};
use crate::work::{WINDOW_BALLOTS, WINDOW_PAIRS, Worker, Workers, work_ahead};

/// No district has a code of six digits.
const UNKNOWN_CODE_FIRST: u32 = 900_001;
const UNKNOWN_CODES: u32 = 99_999;

impl Nation {
    /// Writes every ballot as a row, with a header, and calls `progress` with the number of ballots
    /// so far.
    ///
    /// # Errors
    /// If `out` cannot be written.
    ///
    /// # Panics
    /// If a ballot were lost or doubled.
    pub fn write_text(
        &self,
        mut out: impl Write,
        mut progress: impl FnMut(u64),
    ) -> io::Result<Expected> {
        let workers = Workers::new(&self.election);
        let mut ballots = 0;
        out.write_all(b"station,district,choices\n")?;
        let write = |pairs: &[Pair]| {
            let rows = workers.with(|worker| self.write_station(pairs, worker));
            (rows, pairs.iter().map(|pair| u64::from(pair.ballots)).sum::<u64>())
        };
        let make = |window: &[Pair]| -> Vec<_> {
            let stations: Vec<&[Pair]> =
                window.chunk_by(|first, second| first.station == second.station).collect();
            stations.into_par_iter().map(write).collect()
        };
        work_ahead(self.station_windows(), make, |(rows, taken)| {
            out.write_all(&rows)?;
            ballots += taken;
            progress(ballots);
            Ok::<_, io::Error>(())
        })?;
        out.flush()?;
        assert_eq!(ballots, self.ballots, "every planned ballot is written once");
        let expected = workers.expected();
        assert_eq!(expected.ballots().taken, self.ballots);
        Ok(expected)
    }

    /// The pairs in runs of whole stations, each run about [`WINDOW_BALLOTS`].
    fn station_windows(&self) -> impl Iterator<Item = &[Pair]> {
        let mut rest = self.pairs.as_slice();
        std::iter::from_fn(move || {
            let (mut ballots, mut end) = (0, 0);
            while end < rest.len() && ballots < WINDOW_BALLOTS && end < WINDOW_PAIRS {
                let station = rest[end].station;
                while end < rest.len() && rest[end].station == station {
                    ballots += u64::from(rest[end].ballots);
                    end += 1;
                }
            }
            let (window, after) = rest.split_at(end);
            rest = after;
            (!window.is_empty()).then_some(window)
        })
    }

    fn write_station(&self, pairs: &[Pair], worker: &mut Worker) -> Vec<u8> {
        let station = pairs[0].station;
        let mut random = Random::new(self.seed, Domain::Text, station, 0);
        let station_id = &self.election.stations[station as usize].id;
        let mut unshuffled: Vec<u8> = Vec::new();
        let mut ends: Vec<usize> = vec![0];
        for pair in pairs {
            let district = &self.election.districts[pair.district as usize];
            let codes: Vec<u32> = district.options().map(|(code, _)| code).collect();
            let prefix = format!("{station_id},{},", district.id);
            worker.vote(self, pair, |ballot| {
                unshuffled.extend_from_slice(prefix.as_bytes());
                write_choices(ballot, &codes, &mut random, &mut unshuffled);
                unshuffled.push(b'\n');
                ends.push(unshuffled.len());
            });
        }
        let mut order: Vec<&[usize]> = ends.windows(2).collect();
        random.shuffle(&mut order);
        let mut rows = Vec::with_capacity(unshuffled.len());
        for place in order {
            rows.extend_from_slice(&unshuffled[place[0]..place[1]]);
        }
        rows
    }
}

fn write_choices(ballot: &[OptionIndex], codes: &[u32], random: &mut Random, row: &mut Vec<u8>) {
    for (place, &choice) in ballot.iter().enumerate() {
        if place > 0 {
            row.push(b' ');
        }
        let code = if choice == UNKNOWN_OPTION {
            UNKNOWN_CODE_FIRST + random.below(UNKNOWN_CODES)
        } else {
            codes[usize::from(choice)]
        };
        write_number(code, row);
    }
}

/// Decimal digits, without an allocation for every code.
fn write_number(mut number: u32, row: &mut Vec<u8>) {
    let mut digits = [0; 10];
    let mut start = digits.len();
    loop {
        start -= 1;
        digits[start] = b'0' + u8::try_from(number % 10).expect("a digit");
        number /= 10;
        if number == 0 {
            break;
        }
    }
    row.extend_from_slice(&digits[start..]);
}
