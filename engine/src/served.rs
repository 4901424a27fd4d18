//! Who is expected to report what, by station: a question that every batch asks.
//!
//! In: the pairs of `serves.csv`, in the compiled definition. Out: yes or no. Never: a copy of the
//! pairs; only where those of a station begin.

use shomar_format::CountingDefinition;
use shomar_format::counting_definition::serve_key;

/// Where the pairs of each station begin; nothing without `serves.csv`.
pub(crate) struct Served {
    starts: Option<Vec<u32>>,
}

impl Served {
    /// Counts the pairs of each station.
    pub(crate) fn of(definition: &CountingDefinition<'_>) -> Self {
        let starts = definition.serve_keys().map(|keys| {
            let mut starts = Vec::with_capacity(definition.station_count() as usize + 1);
            let mut at = 0;
            for station in 0..=definition.station_count() {
                let first = serve_key(station, 0);
                while keys.get(at as usize).is_some_and(|key| key.to_native() < first) {
                    at += 1;
                }
                starts.push(at);
            }
            starts
        });
        Self { starts }
    }

    /// Whether this station may report this district.
    pub(crate) fn expects(
        &self,
        definition: &CountingDefinition<'_>,
        station: u32,
        district: u32,
    ) -> bool {
        let (Some(starts), Some(keys)) = (&self.starts, definition.serve_keys()) else {
            return true;
        };
        let own = starts[station as usize] as usize..starts[station as usize + 1] as usize;
        let key = serve_key(station, district);
        // A station serves a few districts, but nothing says that it may not serve a thousand.
        keys[own].binary_search_by_key(&key, |key| key.to_native()).is_ok()
    }
}
