//! Pairs of station and district, as people ask for them: the missing ones, the held ones.
//!
//! In: a board, a state, a province. Out: the pairs, by station, then district; and why each stands
//! as it does. Never: a reason in words; those are the page's.

use std::collections::HashMap;

use shomar_engine::completeness::{PairStanding, PairState};

use crate::board::Board;

/// Which pairs are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum StationFilter {
    /// Every one.
    All,
    /// Everything that is expected of it has come.
    Received,
    /// Nothing that counts has come.
    Missing,
    /// A check holds a batch, or a recount waits for a decision.
    Held,
    /// A batch is missing between others.
    Gap,
    /// An officer has annulled it.
    Annulled,
    /// An officer has rejected what a check held of it, and nothing else counts.
    Rejected,
}

impl StationFilter {
    /// In the order in which people ask.
    pub const ALL: [Self; 7] = [
        Self::Missing,
        Self::Held,
        Self::Gap,
        Self::Annulled,
        Self::Rejected,
        Self::Received,
        Self::All,
    ];

    /// Its word in paths.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Received => "received",
            Self::Missing => "missing",
            Self::Held => "held",
            Self::Gap => "gap",
            Self::Annulled => "annulled",
            Self::Rejected => "rejected",
        }
    }

    /// The filter with this word.
    #[must_use]
    pub fn find(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|filter| filter.name() == name)
    }

    fn has(self, state: PairState) -> bool {
        match self {
            Self::All => true,
            Self::Received => state == PairState::Received,
            Self::Missing => state == PairState::Missing,
            Self::Held => matches!(state, PairState::Held | PairState::Waiting),
            Self::Gap => state == PairState::Gap,
            Self::Annulled => state == PairState::Annulled,
            Self::Rejected => state == PairState::Rejected,
        }
    }
}

impl Board {
    /// How many pairs each filter has, in a province or everywhere.
    #[must_use]
    pub fn pair_counts(&self, province: Option<u32>) -> [(StationFilter, usize); 7] {
        let all = self.pairs(StationFilter::All, province);
        let count = |filter: StationFilter| all.iter().filter(|own| filter.has(own.state)).count();
        StationFilter::ALL.map(|filter| (filter, count(filter)))
    }

    /// The pairs of a state, in a province or everywhere.
    #[must_use]
    pub fn pairs(&self, filter: StationFilter, province: Option<u32>) -> Vec<&PairStanding> {
        let places = &self.setting.places;
        let is_there = |station| {
            province.is_none_or(|province| places.province_of_station(station) == province)
        };
        let pairs = self.completeness.pairs().iter();
        pairs.filter(|pair| filter.has(pair.state) && is_there(pair.station)).collect()
    }

    /// By pair of station and district (by index), which checks hold a batch of it.
    #[must_use]
    pub fn held_pairs(&self) -> HashMap<(u32, u32), Vec<&'static str>> {
        let mut held: HashMap<(u32, u32), Vec<&str>> = HashMap::new();
        for batch in self.snapshot.held.iter().filter(|batch| !batch.is_rejected) {
            let pair = (batch.address.station, batch.address.district);
            let methods = batch.alarms.iter().map(|alarm| alarm.method.name());
            held.entry(pair).or_default().extend(methods);
        }
        held
    }
}
