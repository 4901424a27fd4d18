//! Reading the ballots that were kept as entered, under the options in force (docs/law.md).
//!
//! In: one ballot as entered, the shape and lists of its district, a [`Reading`]. Out: a list,
//! names, both or nothing. Never: the evidence touched; another reading is another tally of the
//! same bytes.
//!
//! The rules, in this order: unknown codes are not read; list codes decide by A10 and A11; a
//! repeated code counts once; names beyond the limit are dropped from the end; a ballot on which
//! nothing is left is void.

use rkyv::rend::u16_le;
use shomar_format::reading::{ListPlusNames, NameLimit, TwoLists};
use shomar_format::{DistrictShape, OptionIndex, Reading, UNKNOWN_OPTION};

use crate::facts::DistrictFacts;

/// What reading the ballots of a district must know.
#[derive(Clone, Copy, Debug)]
pub(crate) struct District<'a> {
    pub(crate) shape: DistrictShape,
    pub(crate) reading: Reading,
    /// Most names that are read from a ballot without a list.
    pub(crate) name_limit: usize,
    /// List of each option, or a sentinel.
    pub(crate) option_lists: &'a [u16_le],
}

impl<'a> District<'a> {
    pub(crate) fn of(facts: &DistrictFacts, option_lists: &'a [u16_le], reading: Reading) -> Self {
        let shape = facts.shape;
        let name_limit = match reading.limit {
            NameLimit::Seats => shape.seats,
            NameLimit::SeatsAndAlternates => shape.seats + facts.alternates,
        };
        Self { shape, reading, name_limit: name_limit as usize, option_lists }
    }
}

/// Reads the ballots of one district.
pub(crate) struct BallotReader<'a> {
    district: District<'a>,
    names: Vec<OptionIndex>,
}

/// What is read from a ballot; the names are in the reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Read {
    /// Nothing: the ballot is void.
    Nothing,
    /// A list, names, or (A10 `both_up_to_21`) a list and names that are not on it.
    Votes { list: Option<OptionIndex> },
}

impl<'a> BallotReader<'a> {
    pub(crate) fn new(district: District<'a>) -> Self {
        Self { district, names: Vec::new() }
    }

    /// The district whose ballots are read.
    pub(crate) fn district(&self) -> &District<'a> {
        &self.district
    }

    /// The names read from the ballot that was read last.
    pub(crate) fn names(&self) -> &[OptionIndex] {
        &self.names
    }

    fn is_list(&self, option: OptionIndex) -> bool {
        u32::from(option) < self.district.shape.list_count
    }

    /// Reads a ballot.
    pub(crate) fn read(&mut self, entered: &[u16_le]) -> Read {
        let known = || {
            entered
                .iter()
                .map(|choice| choice.to_native())
                .filter(|&choice| choice != UNKNOWN_OPTION)
        };
        self.names.clear();
        let Some(list) = known().find(|&choice| self.is_list(choice)) else {
            return self.read_names(known(), self.district.name_limit, None);
        };
        let two_lists = known().any(|choice| self.is_list(choice) && choice != list);
        if two_lists && self.district.reading.two_lists == TwoLists::Void {
            return Read::Nothing;
        }
        if known().all(|choice| self.is_list(choice)) {
            return Read::Votes { list: Some(list) };
        }
        match self.district.reading.list_plus_names {
            ListPlusNames::ListWins => Read::Votes { list: Some(list) },
            ListPlusNames::DeviceForbids => Read::Nothing,
            ListPlusNames::FirstEnteredWins => {
                if known().next() == Some(list) {
                    Read::Votes { list: Some(list) }
                } else {
                    self.read_names(known(), self.district.name_limit, None)
                }
            }
            ListPlusNames::BothUpToLimit => {
                let members = self
                    .district
                    .option_lists
                    .iter()
                    .filter(|member| member.to_native() == list)
                    .count();
                self.read_names(
                    known(),
                    self.district.name_limit.saturating_sub(members),
                    Some(list),
                )
            }
        }
    }

    /// Keeps the first `limit` different names; beside a list, those that are not on it.
    fn read_names(
        &mut self,
        known: impl Iterator<Item = OptionIndex>,
        limit: usize,
        list: Option<OptionIndex>,
    ) -> Read {
        for name in known {
            let on_list = list.is_some()
                && !self.is_list(name)
                && Some(self.district.option_lists[usize::from(name)].to_native()) == list;
            if self.names.len() < limit
                && !self.is_list(name)
                && !on_list
                && !self.names.contains(&name)
            {
                self.names.push(name);
            }
        }
        if list.is_none() && self.names.is_empty() {
            return Read::Nothing;
        }
        Read::Votes { list }
    }
}
