//! Turnout and void ballots by province.
//!
//! In: an election, its rules, every counted batch. Out: sums by the province of the station.
//! Never: one voter counted for two contests; turnout is of people, so only council ballots count
//! for it.

use std::collections::HashMap;

use shomar_engine::outcome::ContestRule;
use shomar_format::Election;
use shomar_seats::Method;

use shomar_engine::CountedBatch;

/// Sums of one province.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct ProvinceRow {
    /// Name in Persian.
    pub(super) name_fa: String,
    /// Stations.
    pub(super) stations: u64,
    /// Voters on the registers.
    pub(super) registered: u64,
    /// Voters whose identity was checked; `None` if a station has not said.
    pub(super) authenticated: Option<u64>,
    /// Ballots taken for councils.
    pub(super) taken: u64,
    /// Void ballots among them.
    pub(super) void: u64,
}

impl ProvinceRow {
    fn add(&mut self, other: &Self) {
        self.stations += other.stations;
        self.registered += other.registered;
        self.authenticated = self.authenticated.zip(other.authenticated).map(|(a, b)| a + b);
        self.taken += other.taken;
        self.void += other.void;
    }

    /// Who came: those authenticated, or where that is not known, council ballots taken.
    pub(super) fn voters(&self) -> u64 {
        self.authenticated.unwrap_or(self.taken)
    }
}

/// Sums by province, in the order in which stations name them.
pub(super) fn by_province<'a>(
    election: &Election,
    rules: &[ContestRule],
    batches: impl Iterator<Item = &'a CountedBatch>,
) -> Vec<ProvinceRow> {
    let mut rows: Vec<ProvinceRow> = Vec::new();
    let mut places: HashMap<&str, usize> = HashMap::new();
    let mut row_of_station = Vec::with_capacity(election.stations.len());
    for station in &election.stations {
        let place = *places.entry(&station.province).or_insert_with(|| {
            let name_fa = station.province.clone();
            rows.push(ProvinceRow { name_fa, authenticated: Some(0), ..ProvinceRow::default() });
            rows.len() - 1
        });
        row_of_station.push(place);
        let row = &mut rows[place];
        row.stations += 1;
        row.registered += station.registered.unwrap_or(0);
        row.authenticated = row.authenticated.zip(station.authenticated).map(|(a, b)| a + b);
    }
    for batch in batches {
        let district = &election.districts[batch.address.district as usize];
        if rules[district.contest].rule.method() != Method::RelativePlurality {
            let row = &mut rows[row_of_station[batch.address.station as usize]];
            row.taken += u64::from(batch.taken);
            row.void += u64::from(batch.void);
        }
    }
    rows
}

/// All provinces together.
pub(super) fn total(rows: &[ProvinceRow]) -> ProvinceRow {
    let mut total = ProvinceRow { authenticated: Some(0), ..ProvinceRow::default() };
    for row in rows {
        total.add(row);
    }
    total
}
