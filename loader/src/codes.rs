//! From what text says to indices: stations, districts, and codes of a district.
//!
//! In: an election. Out: look-ups by bytes. Never: a near match; a name that is not there is not
//! there.

use std::collections::HashMap;

use shomar_format::{Election, OptionIndex, UNKNOWN_OPTION};

/// Look-ups of one election.
pub(crate) struct Codes<'a> {
    stations: HashMap<&'a [u8], u32>,
    districts: HashMap<&'a [u8], u32>,
    options: Vec<DistrictCodes>,
    serves: Option<Vec<(u32, u32)>>,
}

/// Codes of one district. A table by code where codes are dense, else a sorted list.
enum DistrictCodes {
    Dense { least: u32, options: Vec<OptionIndex> },
    Sparse(Vec<(u32, OptionIndex)>),
}

impl<'a> Codes<'a> {
    pub(crate) fn new(election: &'a Election) -> Self {
        let small = |index: usize| u32::try_from(index).expect("within the limits of an election");
        Self {
            stations: (election.stations.iter().enumerate())
                .map(|(index, station)| (station.id.as_bytes(), small(index)))
                .collect(),
            districts: (election.districts.iter().enumerate())
                .map(|(index, district)| (district.id.as_bytes(), small(index)))
                .collect(),
            options: election
                .districts
                .iter()
                .map(|district| DistrictCodes::new(district.options().map(|(code, _)| code)))
                .collect(),
            serves: election
                .serves
                .as_ref()
                .map(|serves| serves.iter().map(|serve| (serve.station, serve.district)).collect()),
        }
    }

    pub(crate) fn station(&self, id: &[u8]) -> Option<u32> {
        self.stations.get(id).copied()
    }

    pub(crate) fn district(&self, id: &[u8]) -> Option<u32> {
        self.districts.get(id).copied()
    }

    /// The option of a code, [`UNKNOWN_OPTION`] if the district has none.
    pub(crate) fn option(&self, district: u32, code: u32) -> OptionIndex {
        self.options[district as usize].option(code)
    }

    /// Whether this station may report this district.
    pub(crate) fn serves(&self, station: u32, district: u32) -> bool {
        self.serves.as_ref().is_none_or(|pairs| pairs.binary_search(&(station, district)).is_ok())
    }
}

impl DistrictCodes {
    /// From codes in option order.
    fn new(codes: impl Iterator<Item = u32>) -> Self {
        let mut pairs: Vec<(u32, OptionIndex)> = codes.zip(0..).collect();
        pairs.sort_unstable();
        let (Some(&(least, _)), Some(&(most, _))) = (pairs.first(), pairs.last()) else {
            return Self::Sparse(pairs);
        };
        let span = (most - least) as usize + 1;
        if span > 64 + 4 * pairs.len() {
            return Self::Sparse(pairs);
        }
        let mut options = vec![UNKNOWN_OPTION; span];
        for (code, option) in pairs {
            options[(code - least) as usize] = option;
        }
        Self::Dense { least, options }
    }

    fn option(&self, code: u32) -> OptionIndex {
        let found = match self {
            Self::Dense { least, options } => {
                code.checked_sub(*least).and_then(|place| options.get(place as usize).copied())
            }
            Self::Sparse(pairs) => pairs
                .binary_search_by_key(&code, |(code, _)| *code)
                .ok()
                .map(|place| pairs[place].1),
        };
        found.unwrap_or(UNKNOWN_OPTION)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dense_and_sparse_codes_find_the_same_options() {
        for codes in [vec![], vec![7], vec![40, 11, 12, 13, 99], vec![1, u32::MAX, 500]] {
            let table = DistrictCodes::new(codes.iter().copied());
            for (option, &code) in codes.iter().enumerate() {
                assert_eq!(usize::from(table.option(code)), option, "{code} of {codes:?}");
            }
            for code in [2, 10, 41, 100, 1_000_000] {
                assert_eq!(table.option(code), UNKNOWN_OPTION, "{code} of {codes:?}");
            }
        }
    }
}
