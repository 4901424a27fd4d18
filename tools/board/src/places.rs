//! Provinces and counties, as the districts and stations of an election name them.
//!
//! In: an election. Out: provinces with their counties, districts and stations, by index. Never: a
//! place that nobody names; a district of several counties belongs to its province alone.

use std::collections::HashMap;

use shomar_format::Election;

use crate::letters::folded;
use crate::provinces::{self, ProvinceRow};

/// Tiles of a row where nobody knows where a province lies.
const COLUMNS: u32 = 6;

/// A province.
#[derive(Debug)]
pub struct Province {
    /// Name in Persian, as the election has it.
    pub name_fa: String,
    /// What else is known of it.
    pub row: Option<&'static ProvinceRow>,
    /// Its counties, by index.
    pub counties: Vec<u32>,
    /// Its districts that belong to no county, by index.
    pub districts: Vec<u32>,
}

impl Province {
    /// Name in English; empty where it is not known.
    pub fn name_en(&self) -> &'static str {
        self.row.map_or("", |row| row.name_en)
    }
}

/// A county.
#[derive(Debug)]
pub struct County {
    /// Index of the province.
    pub province: u32,
    /// Name in Persian, as the election has it.
    pub name_fa: String,
    /// Its districts, by index.
    pub districts: Vec<u32>,
    /// Its districts, and those of which its stations report a part, by index, ascending.
    pub reported: Vec<u32>,
}

/// All places of an election, in the order in which its files name them.
#[derive(Debug, Default)]
pub struct Places {
    /// In the order in which files name them.
    pub provinces: Vec<Province>,
    /// Of all provinces.
    pub counties: Vec<County>,
    /// Per station, the index of its county.
    pub county_of_station: Vec<u32>,
    /// Per district, the index of its province.
    pub province_of_district: Vec<u32>,
    /// Per district, the index of its county; `None` where it spans several.
    pub county_of_district: Vec<Option<u32>>,
}

#[derive(Default)]
struct Builder {
    places: Places,
    provinces: HashMap<String, u32>,
    counties: HashMap<(u32, String), u32>,
}

fn small(length: usize) -> u32 {
    u32::try_from(length).expect("an election has fewer than 2^32 places")
}

impl Builder {
    fn province(&mut self, name_fa: &str) -> u32 {
        *self.provinces.entry(folded(name_fa)).or_insert_with(|| {
            self.places.provinces.push(Province {
                name_fa: name_fa.to_owned(),
                row: provinces::find(name_fa),
                counties: Vec::new(),
                districts: Vec::new(),
            });
            small(self.places.provinces.len() - 1)
        })
    }

    fn county(&mut self, province: u32, name_fa: &str) -> u32 {
        *self.counties.entry((province, folded(name_fa))).or_insert_with(|| {
            let county = small(self.places.counties.len());
            let name_fa = name_fa.to_owned();
            let (districts, reported) = (Vec::new(), Vec::new());
            self.places.counties.push(County { province, name_fa, districts, reported });
            self.places.provinces[province as usize].counties.push(county);
            county
        })
    }
}

impl Places {
    /// Looks at every district and station.
    pub fn of(election: &Election) -> Self {
        let mut builder = Builder::default();
        for (index, district) in (0..).zip(&election.districts) {
            let province = builder.province(&district.province);
            let is_whole = district.county.is_empty();
            let county = (!is_whole).then(|| builder.county(province, &district.county));
            let places = &mut builder.places;
            match county {
                Some(county) => places.counties[county as usize].districts.push(index),
                None => places.provinces[province as usize].districts.push(index),
            }
            places.province_of_district.push(province);
            places.county_of_district.push(county);
        }
        for station in &election.stations {
            let province = builder.province(&station.province);
            let county = builder.county(province, &station.county);
            builder.places.county_of_station.push(county);
        }
        let places = &mut builder.places;
        for serve in election.serves.iter().flatten() {
            let county = places.county_of_station[serve.station as usize];
            places.counties[county as usize].reported.push(serve.district);
        }
        for county in &mut places.counties {
            county.reported.extend(&county.districts);
            county.reported.sort_unstable();
            county.reported.dedup();
        }
        builder.places
    }

    /// A province by its name.
    pub fn find_province(&self, name_fa: &str) -> Option<u32> {
        let name = folded(name_fa);
        let mut provinces = (0..).zip(&self.provinces);
        provinces.find(|(_, own)| folded(&own.name_fa) == name).map(|(at, _)| at)
    }

    /// A county of a province by its name.
    pub fn find_county(&self, province: u32, name_fa: &str) -> Option<u32> {
        let name = folded(name_fa);
        let mut counties = self.provinces[province as usize].counties.iter().copied();
        counties.find(|county| folded(&self.counties[*county as usize].name_fa) == name)
    }

    /// Column and row of each province on a map of equal tiles, by index: where it lies, or in
    /// order where nobody knows that of every province.
    pub fn tiles(&self) -> Vec<(u32, u32)> {
        let known: Option<Vec<(u32, u32)>> =
            self.provinces.iter().map(|province| province.row.map(|row| row.tile)).collect();
        let in_order = || (0..small(self.provinces.len())).map(|at| (at % COLUMNS, at / COLUMNS));
        known.unwrap_or_else(|| in_order().collect())
    }

    /// The province of a station.
    pub fn province_of_station(&self, station: u32) -> u32 {
        let county = self.county_of_station[station as usize];
        self.counties[county as usize].province
    }
}
