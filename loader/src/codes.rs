//! From what text says to indices: stations, districts, and codes of a district.
//!
//! In: an election. Out: look-ups by bytes. Never: a near match; a name that is not there is not
//! there.

use rustc_hash::FxHashMap;
use shomar_format::{Election, OptionIndex, UNKNOWN_OPTION};

/// Look-ups of one election. Only the election fills these tables, so a hash need not withstand
/// chosen keys.
pub(crate) struct Codes<'a> {
    stations: FxHashMap<&'a [u8], u32>,
    districts: FxHashMap<&'a [u8], u32>,
    options: Vec<DistrictCodes>,
    serves: Option<Serves>,
}

/// The districts of each station, in one array.
struct Serves {
    /// Where the districts of a station begin; those of the next one end them.
    first: Vec<usize>,
    districts: Vec<u32>,
}

/// Codes of one district. A table by code where codes are dense, else a map.
pub(crate) enum DistrictCodes {
    Dense { least: u32, options: Vec<OptionIndex> },
    Sparse(FxHashMap<u32, OptionIndex>),
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
            serves: (election.serves.as_ref()).map(|serves| {
                let pairs = serves.iter().map(|serve| (serve.station, serve.district));
                Serves::new(pairs.collect(), election.stations.len())
            }),
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
        self.of_district(district).option(code)
    }

    /// The codes of a district.
    pub(crate) fn of_district(&self, district: u32) -> &DistrictCodes {
        &self.options[district as usize]
    }

    /// Whether this station may report this district.
    pub(crate) fn serves(&self, station: u32, district: u32) -> bool {
        self.serves.as_ref().is_none_or(|serves| serves.contains(station, district))
    }
}

impl Serves {
    fn new(mut pairs: Vec<(u32, u32)>, stations: usize) -> Self {
        pairs.sort_unstable();
        let first = (0..=stations)
            .map(|station| pairs.partition_point(|&(serving, _)| (serving as usize) < station))
            .collect();
        Self { first, districts: pairs.into_iter().map(|(_, district)| district).collect() }
    }

    fn contains(&self, station: u32, district: u32) -> bool {
        let station = station as usize;
        let own = &self.districts[self.first[station]..self.first[station + 1]];
        own.binary_search(&district).is_ok()
    }
}

impl DistrictCodes {
    /// From codes in option order.
    fn new(codes: impl Iterator<Item = u32>) -> Self {
        let mut pairs: Vec<(u32, OptionIndex)> = codes.zip(0..).collect();
        pairs.sort_unstable();
        let (Some(&(least, _)), Some(&(most, _))) = (pairs.first(), pairs.last()) else {
            return Self::Sparse(FxHashMap::default());
        };
        let span = (most - least) as usize + 1;
        if span > 64 + 4 * pairs.len() {
            return Self::Sparse(pairs.into_iter().collect());
        }
        let mut options = vec![UNKNOWN_OPTION; span];
        for (code, option) in pairs {
            options[(code - least) as usize] = option;
        }
        Self::Dense { least, options }
    }

    /// The option of a code, [`UNKNOWN_OPTION`] if there is none.
    #[inline]
    pub(crate) fn option(&self, code: u32) -> OptionIndex {
        let found = match self {
            // A code below the least one wraps to a place behind the last one.
            Self::Dense { least, options } => options.get(code.wrapping_sub(*least) as usize),
            Self::Sparse(options) => options.get(&code),
        };
        found.copied().unwrap_or(UNKNOWN_OPTION)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use shomar_format::election::{
        Candidate, CandidateStatus, Contest, District, ElectionHead, List, Mode, Serve, Station,
    };

    /// An election whose ids and codes are of every kind: `V` has a list and dense codes,
    /// `tehran-T` codes far apart, `tehran-W` none; not every station serves every district.
    pub(crate) fn election() -> Election {
        let name = String::new;
        let candidate = |&code: &u32| Candidate {
            code,
            list: None,
            name_fa: name(),
            name_en: name(),
            status: CandidateStatus::Stands,
            veteran: false,
            degree_rank: None,
        };
        let district = |id: &str, lists: &[u32], codes: &[u32]| District {
            id: id.to_owned(),
            contest: 0,
            name_fa: name(),
            name_en: name(),
            province: name(),
            county: name(),
            seats: 3,
            alternates: 0,
            population: None,
            lists: (lists.iter())
                .map(|&code| List { code, name_fa: name(), name_en: name() })
                .collect(),
            candidates: codes.iter().map(candidate).collect(),
        };
        let station = |id: &&str| Station {
            id: (*id).to_owned(),
            province: name(),
            county: name(),
            name_fa: name(),
            registered: None,
            authenticated: None,
            devices: Vec::new(),
        };
        let pairs = [(0, 0), (0, 1), (1, 0), (1, 1), (2, 0), (3, 0)];
        let serve = |(station, district)| Serve {
            station,
            district,
            registered: None,
            authenticated: None,
        };
        Election {
            head: ElectionHead {
                id: name(),
                title_fa: name(),
                title_en: name(),
                mode: Mode::Test,
                date: name(),
                contests: vec![Contest {
                    id: name(),
                    rule: name(),
                    reading: shomar_format::Reading::default(),
                    options: Default::default(),
                }],
                officers: Vec::new(),
                checks: Vec::new(),
            },
            districts: vec![
                district("V", &[100], &[101, 102, 103]),
                district("tehran-T", &[], &[7, 70_000, 9_999_999, 12_345_678, u32::MAX]),
                district("tehran-W", &[], &[]),
            ],
            stations: ["S1", "station-2", "ztation-2", "S\"4"].iter().map(station).collect(),
            serves: Some(pairs.map(serve).to_vec()),
        }
    }

    #[test]
    fn dense_and_sparse_codes_find_the_same_options() {
        for codes in [vec![], vec![7], vec![40, 11, 12, 13, 99], vec![1, u32::MAX, 500]] {
            let table = DistrictCodes::new(codes.iter().copied());
            for (option, &code) in codes.iter().enumerate() {
                assert_eq!(usize::from(table.option(code)), option, "{code} of {codes:?}");
            }
            for code in [0, 2, 10, 41, 100, 1_000_000] {
                assert_eq!(table.option(code), UNKNOWN_OPTION, "{code} of {codes:?}");
            }
        }
    }

    #[test]
    fn a_station_serves_its_own_districts_only() {
        let pairs = [(0, 3), (2, 5), (2, 1), (4, 3)];
        let serves = Serves::new(pairs.to_vec(), 6);
        for (station, district) in (0..6).flat_map(|station| (0..7).map(move |at| (station, at))) {
            let expected = pairs.contains(&(station, district));
            assert_eq!(serves.contains(station, district), expected, "{station} {district}");
        }
    }
}
