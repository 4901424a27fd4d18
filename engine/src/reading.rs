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
use shomar_format::{CountingDefinition, OptionIndex, Reading, UNKNOWN_OPTION};

/// Reads the ballots of one district.
pub(crate) struct BallotReader<'a> {
    reading: Reading,
    list_count: u32,
    name_limit: usize,
    option_lists: &'a [u16_le],
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
    pub(crate) fn new(
        definition: &CountingDefinition<'a>,
        district: u32,
        reading: Reading,
    ) -> Self {
        let shape = definition.shape(district);
        let name_limit = match reading.limit {
            NameLimit::Seats => shape.seats,
            NameLimit::SeatsAndAlternates => shape.seats + definition.alternates(district),
        };
        Self {
            reading,
            list_count: shape.list_count,
            name_limit: name_limit as usize,
            option_lists: definition.option_lists(district),
            names: Vec::new(),
        }
    }

    /// The names read from the ballot that was read last.
    pub(crate) fn names(&self) -> &[OptionIndex] {
        &self.names
    }

    fn is_list(&self, option: OptionIndex) -> bool {
        u32::from(option) < self.list_count
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
            return self.read_names(known(), self.name_limit, None);
        };
        let two_lists = known().any(|choice| self.is_list(choice) && choice != list);
        if two_lists && self.reading.two_lists == TwoLists::Void {
            return Read::Nothing;
        }
        if known().all(|choice| self.is_list(choice)) {
            return Read::Votes { list: Some(list) };
        }
        match self.reading.list_plus_names {
            ListPlusNames::ListWins => Read::Votes { list: Some(list) },
            ListPlusNames::DeviceForbids => Read::Nothing,
            ListPlusNames::FirstEnteredWins => {
                if known().next() == Some(list) {
                    Read::Votes { list: Some(list) }
                } else {
                    self.read_names(known(), self.name_limit, None)
                }
            }
            ListPlusNames::BothUpToLimit => {
                let members =
                    self.option_lists.iter().filter(|member| member.to_native() == list).count();
                self.read_names(known(), self.name_limit.saturating_sub(members), Some(list))
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
                && Some(self.option_lists[usize::from(name)].to_native()) == list;
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
