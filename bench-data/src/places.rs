//! Where people vote: the cities and villages of a profile, with what each counts for.
//!
//! In: a profile and a number of ballots. Out: places, in a fixed order: Tehran, then cities by
//! province and size, then villages by province and size. Never: anything random; a nation has the
//! same places whatever its seed.
//!
//! A small nation is a sample. Below [`BALLOTS_ALL_VILLAGES`] it has every n-th village of each
//! province, and each of them counts for those left out, so that the countryside keeps its share;
//! below [`BALLOTS_ALL_CITIES`] it has the largest cities of each province.

use shomar_format::code::persian_digits;

use crate::Profile;
use crate::geography::{
    EXPERTS, MAJLIS, NORTH_WEST, PROVINCES, TEHRAN, TEHRAN_COUNTIES, TEHRAN_POPULATION,
    VILLAGE_PROVINCE, VILLAGES, county_of,
};
use crate::share::divide;

/// From here on a nation has all of its villages.
pub(crate) const BALLOTS_ALL_VILLAGES: u64 = 20_000_000;
/// From here on a nation has all of its cities.
pub(crate) const BALLOTS_ALL_CITIES: u64 = 1_000_000;
/// Villages even in the smallest nation.
const VILLAGES_MIN: u64 = 3;

/// What kind of council a place elects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PlaceKind {
    /// Tehran, Rey and Tajrish.
    Tehran,
    /// Any other city.
    City,
    /// A village.
    Village,
}

/// A place with a council of its own.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    /// What kind of council it elects.
    pub(crate) kind: PlaceKind,
    /// Id of its council district.
    pub(crate) id: String,
    /// Name in Persian.
    pub(crate) name_fa: String,
    /// Name in English.
    pub(crate) name_en: String,
    /// Index of the province.
    pub(crate) province: usize,
    /// Name of the county; empty for Tehran, which spans three.
    pub(crate) county: String,
    /// People of the last census.
    pub(crate) population: u64,
    /// What its ballots are proportional to: people times turnout, times the places it stands for.
    pub(crate) weight: u64,
    /// Index in [`MAJLIS`] of the by-election in which it votes.
    pub(crate) majlis: Option<usize>,
    /// Index in [`EXPERTS`] of the by-election in which it votes.
    pub(crate) experts: Option<usize>,
}

/// The places of a profile.
pub(crate) fn places(profile: Profile, ballots: u64) -> Vec<Place> {
    let provinces: Vec<usize> = match profile {
        Profile::Nation => (0..PROVINCES.len()).collect(),
        Profile::ProvinceGroup => NORTH_WEST.to_vec(),
        Profile::Tehran => return vec![tehran(false)],
        Profile::Village => return vec![lone_village()],
    };
    let sample = Sample::new(&provinces, ballots);
    let mut places = Vec::new();
    if provinces.contains(&TEHRAN) {
        places.push(tehran(true));
    }
    for &province in &provinces {
        add_cities(province, &sample, &mut places);
    }
    let villages = village_counts(&provinces, &sample);
    for (&province, (full, sampled)) in provinces.iter().zip(villages) {
        add_villages(province, full, sampled, &mut places);
    }
    places
}

/// Which part of the cities and villages there is, as fractions with one denominator.
struct Sample {
    cities: u64,
    villages: u64,
    whole: u64,
}

impl Sample {
    /// A group of provinces becomes whole as a nation does, at its share of the people.
    fn new(provinces: &[usize], ballots: u64) -> Self {
        let nation: u64 = PROVINCES.iter().map(|province| province.population).sum();
        let people: u64 = provinces.iter().map(|&at| PROVINCES[at].population).sum();
        let whole_at = |limit: u64| (limit * (people / 1_000)).div_ceil(nation / 1_000);
        // In thousandths of a thousandth, so that one ballot more is one step more.
        let part = |limit: u64| (ballots.min(limit) * 1_000_000) / limit;
        Self {
            cities: part(whole_at(BALLOTS_ALL_CITIES)),
            villages: part(whole_at(BALLOTS_ALL_VILLAGES)),
            whole: 1_000_000,
        }
    }
}

fn tehran(experts: bool) -> Place {
    Place {
        kind: PlaceKind::Tehran,
        id: "tehran".to_owned(),
        name_fa: "تهران، ری و تجریش".to_owned(),
        name_en: "Tehran, Rey and Tajrish".to_owned(),
        province: TEHRAN,
        county: String::new(),
        population: TEHRAN_POPULATION,
        weight: TEHRAN_POPULATION * u64::from(PROVINCES[TEHRAN].turnout_per_mille),
        majlis: None,
        experts: EXPERTS.iter().position(|district| experts && district.province == TEHRAN),
    }
}

fn lone_village() -> Place {
    let counties = counties(VILLAGE_PROVINCE);
    village(VILLAGE_PROVINCE, 0, 2_000, 1, 1, counties[0].clone()).alone()
}

impl Place {
    /// Without by-elections.
    fn alone(mut self) -> Self {
        (self.majlis, self.experts) = (None, None);
        self
    }
}

/// The counties of a province: those of its named cities first, then numbered ones.
fn counties(province: usize) -> Vec<String> {
    let land = &PROVINCES[province];
    let mut counties: Vec<String> = Vec::new();
    if province == TEHRAN {
        counties.extend(TEHRAN_COUNTIES.iter().map(|(name, _)| (*name).to_owned()));
    }
    for city in land.named {
        if !counties.iter().any(|county| county == county_of(city)) {
            counties.push(county_of(city).to_owned());
        }
    }
    for number in counties.len()..land.counties as usize {
        let number = persian_digits(&(number + 1).to_string());
        counties.push(format!("شهرستان {number} {}", land.name_fa));
    }
    counties
}

/// The counties in which cities without a real name lie: the numbered ones, if there are any.
fn numbered_counties(province: usize) -> Vec<String> {
    let all = counties(province);
    let numbered: Vec<String> =
        all.iter().filter(|county| county.starts_with("شهرستان ")).cloned().collect();
    if numbered.is_empty() { all } else { numbered }
}

fn majlis_of(province: usize, county: &str) -> Option<usize> {
    MAJLIS
        .iter()
        .position(|district| district.province == province && district.counties.contains(&county))
}

fn experts_of(province: usize) -> Option<usize> {
    EXPERTS.iter().position(|district| district.province == province)
}

fn add_cities(province: usize, sample: &Sample, places: &mut Vec<Place>) {
    let land = &PROVINCES[province];
    // Three cities of the province of Tehran are the council district of Tehran.
    let district_cities = if province == TEHRAN { 3 } else { 0 };
    let apart = if province == TEHRAN { TEHRAN_POPULATION } else { 0 };
    let total = u64::from(land.cities) - district_cities;
    let wanted = (total * sample.cities).div_ceil(sample.whole);
    let named_people: u64 = land.named.iter().map(|city| city.2 * 1_000).sum();
    let others = usize::try_from(total).expect("few cities") - land.named.len();
    // Rank and size: each city some part smaller than the one before.
    let weights: Vec<u64> = (3..).take(others).map(|rank| 1_000_000 / rank).collect();
    let people = divide(land.urban() - apart - named_people, &weights);
    let numbered = numbered_counties(province);
    for rank in 0..total {
        let at = usize::try_from(rank).expect("few cities");
        let (name_fa, name_en, population, county) = match land.named.get(at) {
            Some(city) => {
                (city.0.to_owned(), city.1.to_owned(), city.2 * 1_000, county_of(city).to_owned())
            }
            None => {
                let other = at - land.named.len();
                let number = persian_digits(&(at + 1).to_string());
                (
                    format!("شهر {number} {}", land.name_fa),
                    format!("{} city {}", land.name_en, at + 1),
                    people[other],
                    numbered[other % numbered.len()].clone(),
                )
            }
        };
        let majlis = majlis_of(province, &county);
        // The centre, and every city of a Majlis by-election, is there in the smallest nation.
        if rank >= wanted && rank > 0 && majlis.is_none() {
            continue;
        }
        places.push(Place {
            kind: PlaceKind::City,
            id: format!("city-{province:02}-{:03}", rank + 1),
            name_fa,
            name_en,
            province,
            county,
            population,
            weight: population * u64::from(land.turnout_per_mille),
            majlis,
            experts: experts_of(province),
        });
    }
}

/// Villages of each province: all, and those in the sample.
fn village_counts(provinces: &[usize], sample: &Sample) -> Vec<(u64, u64)> {
    let rural: Vec<u64> = PROVINCES.iter().map(|province| province.rural()).collect();
    let nation = divide(VILLAGES, &rural);
    let full: Vec<u64> = provinces.iter().map(|&province| nation[province]).collect();
    let total: u64 = full.iter().sum();
    let wanted = (total * sample.villages / sample.whole).clamp(VILLAGES_MIN, total);
    // At most all of them: a quota below the full number, rounded, is at most that number.
    full.iter().copied().zip(divide(wanted, &full)).collect()
}

fn add_villages(province: usize, full: u64, sampled: u64, places: &mut Vec<Place>) {
    let land = &PROVINCES[province];
    // Rank and size with a flat head: the largest village has six times the people of the mean.
    let weights: Vec<u64> = (full / 20 + 1..)
        .take(usize::try_from(full).expect("few villages"))
        .map(|rank| 1_000_000_000 / rank)
        .collect();
    let people = divide(land.rural(), &weights);
    let counties = counties(province);
    for number in 0..sampled {
        let rank = number * full / sampled;
        let at = usize::try_from(rank).expect("few villages");
        let county = counties[at % counties.len()].clone();
        places.push(village(province, rank, people[at], full, sampled, county));
    }
}

fn village(
    province: usize,
    rank: u64,
    population: u64,
    full: u64,
    sampled: u64,
    county: String,
) -> Place {
    let land = &PROVINCES[province];
    let number = rank + 1;
    let number_fa = persian_digits(&number.to_string());
    Place {
        kind: PlaceKind::Village,
        id: format!("village-{province:02}-{number:04}"),
        name_fa: format!("روستای {number_fa} {}", land.name_fa),
        name_en: format!("{} village {number}", land.name_en),
        province,
        majlis: majlis_of(province, &county),
        experts: experts_of(province),
        county,
        population,
        // In a sample each village counts for the ones that were left out beside it.
        weight: population * u64::from(land.turnout_per_mille) * full / sampled,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(places: &[Place], kind: PlaceKind) -> usize {
        places.iter().filter(|place| place.kind == kind).count()
    }

    #[test]
    fn a_whole_nation_has_every_city_and_village() {
        let nation = places(Profile::Nation, BALLOTS_ALL_VILLAGES);
        assert_eq!(count(&nation, PlaceKind::Tehran), 1);
        assert_eq!(count(&nation, PlaceKind::City), 1_354 - 3);
        assert_eq!(count(&nation, PlaceKind::Village), 30_000);
        let people: u64 = nation.iter().map(|place| place.population).sum();
        assert_eq!(people, 79_926_270);
        let ids: std::collections::BTreeSet<_> = nation.iter().map(|place| &place.id).collect();
        assert_eq!(ids.len(), nation.len());
    }

    #[test]
    fn a_small_nation_is_a_sample_that_keeps_the_share_of_the_countryside() {
        let nation = places(Profile::Nation, 2_000_000);
        assert_eq!(count(&nation, PlaceKind::City), 1_351);
        assert_eq!(count(&nation, PlaceKind::Village), 3_000);
        let weight = |places: &[Place]| -> u64 {
            let villages = places.iter().filter(|p| p.kind == PlaceKind::Village);
            villages.map(|place| place.weight).sum()
        };
        let whole = weight(&places(Profile::Nation, BALLOTS_ALL_VILLAGES));
        assert!(weight(&nation).abs_diff(whole) < whole / 20);
        let smallest = places(Profile::Nation, 1);
        assert_eq!(count(&smallest, PlaceKind::Village), 3);
        for district in 0..MAJLIS.len() {
            assert!(smallest.iter().any(|place| place.majlis == Some(district)));
        }
        for district in 0..EXPERTS.len() {
            assert!(smallest.iter().any(|place| place.experts == Some(district)));
        }
    }

    #[test]
    fn a_group_of_provinces_has_their_cities_and_villages() {
        let group = places(Profile::ProvinceGroup, BALLOTS_ALL_VILLAGES);
        assert_eq!(count(&group, PlaceKind::Tehran), 0);
        assert_eq!(count(&group, PlaceKind::City), 68 + 47 + 21 + 31);
        assert_eq!(places(Profile::Tehran, 5).len(), 1);
        assert_eq!(places(Profile::Village, 5).len(), 1);
    }
}
