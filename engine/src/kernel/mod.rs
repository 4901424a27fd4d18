//! The kernels: validate and count the ballots of one batch. Chosen by what the processor has.
//!
//! In: a verified payload, the district's shape, counters of one worker. Out: every choice counted
//! once, or what is wrong with the payload. Never: a counter touched outside the district, a number
//! of votes read; a kernel looks at every ballot number and every bit of a map.
//!
//! * `portable`: columns on any machine, words of 64 bits.
//! * `avx2`: columns, 32 bytes at a time.
//! * `avx512`, `avx512_entered`: columns, and ballots as entered, 64 bytes at a time.
//! * `sparse`: rows, the first encoding; plain, and the reading of old evidence.
//!
//! What a kernel proves of a batch in columns: each cell stands as the encoder writes it, each
//! ballot with a list has one (in sum), and the names are at least as many as the ballots with
//! names and at most seats times as many. Then there is a batch of clean ballots with exactly
//! these totals (docs/decisions/0006-columns.md). That each ballot of *this* batch is clean costs
//! more, and is checked where evidence is checked: `verify_evidence`.

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
#[cfg(target_arch = "x86_64")]
mod avx512_entered;
#[cfg(test)]
mod edge_tests;
mod entered;
mod portable;
mod sparse;
#[cfg(test)]
mod tests;

use shomar_format::DistrictShape;
use shomar_format::payload::{ColumnarView, Entered, Payload};

use crate::reading::District;

pub(crate) use entered::EnteredCount;

/// A way to count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kernel {
    /// Words of 64 bits, on every machine.
    Portable,
    /// AVX2: nearly every x86-64 processor since 2015.
    Avx2,
    /// AVX-512 with VBMI2 and VPOPCNTDQ: Intel since Ice Lake, AMD since Zen 4.
    Avx512,
}

/// What a worker keeps between batches, so that nothing is allocated per batch.
#[derive(Debug, Default)]
pub struct Scratch {
    portable: portable::Scratch,
    #[cfg(target_arch = "x86_64")]
    avx2: avx2::Scratch,
    #[cfg(target_arch = "x86_64")]
    avx512: avx512::Scratch,
    entered: entered::Scratch,
}

/// Choices that a kernel counted in the ballots with a list, and in those with names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Sums {
    lists: u64,
    names: u64,
}

impl Kernel {
    /// The kernels that this machine can run, the fastest last.
    #[must_use]
    pub fn available() -> &'static [Self] {
        #[cfg(target_arch = "x86_64")]
        match (avx512::is_available(), avx2::is_available()) {
            (true, true) => return &[Self::Portable, Self::Avx2, Self::Avx512],
            (false, true) => return &[Self::Portable, Self::Avx2],
            _ => {}
        }
        &[Self::Portable]
    }

    /// The fastest kernel of this machine.
    #[must_use]
    pub fn best() -> Self {
        Self::available().last().copied().unwrap_or(Self::Portable)
    }

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Portable => "portable",
            Self::Avx2 => "avx2",
            Self::Avx512 => "avx512",
        }
    }

    /// Counts the clean ballots of a batch. `counts` has one counter per option of the district.
    ///
    /// # Errors
    /// What is wrong with the payload, as found and as expected; `counts` is then worthless.
    ///
    /// # Panics
    /// If there are not as many counters as options.
    pub fn count_clean(
        self,
        payload: &Payload<'_>,
        shape: DistrictShape,
        scratch: &mut Scratch,
        counts: &mut [u32],
    ) -> Result<(), Invalid> {
        assert_eq!(counts.len(), shape.option_count as usize, "one counter per option");
        match payload {
            Payload::Sparse(view) => sparse::count(view, shape, counts),
            Payload::Columnar(view) => {
                let sums = self.count_columns(view, shape.option_count, scratch, counts);
                let sums = sums.ok_or_else(|| explain(view, shape.option_count))?;
                check_sums(view, shape, sums)
            }
        }
    }

    /// Counts the cells of a columnar payload; `None` if one is not as the encoder writes it.
    fn count_columns(
        self,
        view: &ColumnarView<'_>,
        option_count: u32,
        scratch: &mut Scratch,
        counts: &mut [u32],
    ) -> Option<Sums> {
        view.check_sections(option_count).ok()?;
        match self {
            Self::Portable => portable::count(view, option_count, &mut scratch.portable, counts),
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => avx512::count(view, option_count, &mut scratch.avx512, counts),
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => avx2::count(view, option_count, &mut scratch.avx2, counts),
            #[cfg(not(target_arch = "x86_64"))]
            Self::Avx2 | Self::Avx512 => unreachable!("not available on this processor"),
        }
    }

    /// Reads and counts the ballots of a batch that were kept as entered.
    ///
    /// # Errors
    /// If a choice is no option, or a ballot is a clean one.
    pub(crate) fn count_entered(
        self,
        ballots: &Entered<'_>,
        district: District<'_>,
        scratch: &mut Scratch,
        counts: &mut [u32],
    ) -> Result<EnteredCount, Invalid> {
        entered::count(self, ballots, district, &mut scratch.entered, counts)
    }
}

/// Why a payload cannot be one of its district.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invalid {
    /// What was looked at.
    pub what: &'static str,
    /// What was found.
    pub found: String,
    /// What was expected.
    pub expected: String,
}

/// What a kernel found wrong, in words: by the plain reference, which looks at one cell at a time.
#[cold]
fn explain(view: &ColumnarView<'_>, option_count: u32) -> Invalid {
    match view.visit_cells(option_count, |_| ()) {
        Err(error) => Invalid {
            what: "payload",
            found: error.to_string(),
            expected: "cells as the encoder writes them".to_owned(),
        },
        Ok(()) => panic!("the kernel refused what the reference accepts"),
    }
}

fn check_sums(view: &ColumnarView<'_>, shape: DistrictShape, sums: Sums) -> Result<(), Invalid> {
    let (lists, ballots) = (u64::from(view.list_ballots()), u64::from(view.name_ballots()));
    if sums.lists != lists {
        return Err(Invalid {
            what: "choices of ballots with a list",
            found: sums.lists.to_string(),
            expected: format!("{lists}, one a ballot"),
        });
    }
    let most = ballots * u64::from(shape.seats);
    if !(ballots..=most).contains(&sums.names) {
        return Err(Invalid {
            what: "choices of ballots with names",
            found: sums.names.to_string(),
            expected: format!("{ballots} to {most}: 1 to {} a ballot", shape.seats),
        });
    }
    Ok(())
}
