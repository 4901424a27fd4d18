//! What the definition says of a station and of a district, side by side: a question that every
//! batch asks.
//!
//! In: the compiled definition, whose arrays stand far from each other. Out: the same facts, one
//! line of memory for each station and district. Never: a fact of its own.
//!
//! Batches arrive in any order, and between two batches of a district more bytes of evidence pass
//! by than the caches hold. So facts come from memory, and they are asked for ahead.

use shomar_format::bytes::Digest32;
use shomar_format::counting_definition::serve_key;
use shomar_format::record::Expectation;
use shomar_format::{CountingDefinition, DistrictShape};

use crate::prefetch::prefetch;

/// Facts of all stations and districts.
pub(crate) struct Facts<'a> {
    definition: CountingDefinition<'a>,
    districts: Vec<DistrictFacts>,
    stations: Vec<StationFacts>,
}

/// Half a line of memory.
#[derive(Clone, Copy)]
#[repr(align(32))]
pub(crate) struct DistrictFacts {
    pub(crate) shape: DistrictShape,
    /// Where its options begin among those of all districts.
    pub(crate) first_option: u32,
    pub(crate) contest: u32,
    pub(crate) alternates: u32,
}

impl DistrictFacts {
    /// Where its options stand among those of all districts.
    pub(crate) fn options(&self) -> std::ops::Range<usize> {
        let first = self.first_option as usize;
        first..first + self.shape.option_count as usize
    }
}

#[derive(Clone, Copy)]
struct StationFacts {
    devices: u32,
    /// Where its pairs begin in `serves.csv`, and where they end.
    serves: (u32, u32),
}

/// Pairs of a station that are looked at one by one, sooner than a search finds its branches.
const FEW: usize = 8;

impl<'a> Facts<'a> {
    /// Collects them.
    pub(crate) fn of(definition: CountingDefinition<'a>) -> Self {
        let mut first_option = 0;
        let districts = (0..definition.district_count()).map(|district| {
            let shape = definition.shape(district);
            let facts = DistrictFacts {
                shape,
                first_option,
                contest: definition.contest(district),
                alternates: definition.alternates(district),
            };
            first_option += shape.option_count;
            facts
        });
        let districts = districts.collect();
        let keys = definition.serve_keys().unwrap_or_default();
        let mut serve = 0;
        let stations = (0..definition.station_count()).map(|station| {
            let first = serve;
            let next_station = serve_key(station + 1, 0);
            while keys.get(serve as usize).is_some_and(|key| key.to_native() < next_station) {
                serve += 1;
            }
            StationFacts { devices: definition.device_count(station), serves: (first, serve) }
        });
        let stations = stations.collect();
        Self { definition, districts, stations }
    }

    /// The definition.
    pub(crate) fn definition(&self) -> &CountingDefinition<'a> {
        &self.definition
    }

    /// Facts of a district, if there is one of this number.
    pub(crate) fn district(&self, district: u32) -> Option<&DistrictFacts> {
        self.districts.get(district as usize)
    }

    /// Whether this station may report this district; always, without `serves.csv`.
    pub(crate) fn expects(&self, station: u32, district: u32) -> bool {
        let Some(keys) = self.definition.serve_keys() else { return true };
        let (first, end) = self.stations[station as usize].serves;
        let key = serve_key(station, district);
        let own = &keys[first as usize..end as usize];
        // A station serves a few districts, but nothing says that it may not serve a thousand.
        if own.len() <= FEW {
            return own.iter().fold(false, |any, own| any | (own.to_native() == key));
        }
        own.binary_search_by_key(&key, |key| key.to_native()).is_ok()
    }

    /// Asks for the facts of a station and a district, which may be foreign.
    pub(crate) fn prefetch(&self, station: u32, district: u32) {
        prefetch(&self.districts, district as usize);
        prefetch(&self.stations, station as usize);
    }

    /// Asks for what the facts of a station point to.
    pub(crate) fn prefetch_serves(&self, station: u32) {
        if let (Some(facts), Some(keys)) =
            (self.stations.get(station as usize), self.definition.serve_keys())
        {
            prefetch(keys, facts.serves.0 as usize);
        }
    }
}

impl Expectation for Facts<'_> {
    fn digest(&self) -> &Digest32 {
        self.definition.digest()
    }

    fn station_count(&self) -> u32 {
        self.definition.station_count()
    }

    fn device_count(&self, station: u32) -> u32 {
        self.stations[station as usize].devices
    }

    fn district_count(&self) -> u32 {
        self.definition.district_count()
    }

    fn shape(&self, district: u32) -> DistrictShape {
        self.districts[district as usize].shape
    }
}
