//! How far the count is: sums over stations and districts of a place.
//!
//! In: how every pair of station and district stands, totals per district. Out: sums per county,
//! province and nation. Never: ballots of a station that is half in taken for its turnout: a share
//! has the registers of just those stations below the line whose ballots are above it.

use shomar_engine::completeness::{PairStanding, PairState};
use shomar_engine::disclosure::RestPlace;
use shomar_engine::live::PublicTotals;
use shomar_format::document::BallotCounts;

use crate::setting::Setting;

/// Sums of a place.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Stations that are expected to report, or that exist where nobody has said who does.
    pub stations: u64,
    /// Of these, how many are in with everything.
    pub stations_in: u64,
    /// Of these, how many have a batch that is held.
    pub stations_held: u64,
    /// Voters on the registers of all stations.
    pub registered: u64,
    /// Voters on the registers of the stations that are in.
    pub registered_in: u64,
    /// Voters authenticated at the stations that are in; `None` if one of these has not said.
    pub authenticated_in: Option<u64>,
    /// Ballots of voters (one per voter) that count, at the stations that are in.
    pub voters_in: u64,
    /// Ballots of voters that count, at all stations.
    pub taken: u64,
    /// Ballots of voters by kind, as far as they are shown; zero while there are no numbers per
    /// option.
    pub ballots: BallotCounts,
}

impl Progress {
    /// Who came to the stations that are in: those authenticated, else the ballots taken there.
    pub fn turnout_in(&self) -> u64 {
        self.authenticated_in.unwrap_or(self.voters_in)
    }

    /// Whether turnout is of people authenticated.
    pub fn is_turnout_authenticated(&self) -> bool {
        self.authenticated_in.is_some() && self.stations_in > 0
    }

    /// Adds another place.
    pub fn add(&mut self, other: &Self) {
        self.stations += other.stations;
        self.stations_in += other.stations_in;
        self.stations_held += other.stations_held;
        self.registered += other.registered;
        self.registered_in += other.registered_in;
        self.authenticated_in =
            self.authenticated_in.zip(other.authenticated_in).map(|(own, more)| own + more);
        self.voters_in += other.voters_in;
        self.taken += other.taken;
        self.ballots.add(&other.ballots);
    }
}

/// Sums of all places.
#[derive(Clone, Debug)]
pub struct AllProgress {
    /// Of everything.
    pub nation: Progress,
    /// By index.
    pub provinces: Vec<Progress>,
    /// By index.
    pub counties: Vec<Progress>,
}

impl AllProgress {
    /// Sums over every pair and district.
    pub fn of(setting: &Setting, pairs: &[PairStanding], public: Option<&PublicTotals>) -> Self {
        let places = &setting.places;
        let none = Progress { authenticated_in: Some(0), ..Progress::default() };
        let mut counties = vec![none.clone(); places.counties.len()];
        let has_serves = setting.subject.election.serves.is_some();
        if !has_serves {
            for (station, county) in
                setting.subject.election.stations.iter().zip(&places.county_of_station)
            {
                let progress = &mut counties[*county as usize];
                progress.stations += 1;
                progress.registered += station.registered.unwrap_or(0);
            }
        }
        for of_station in pairs.chunk_by(|one, other| one.station == other.station) {
            let station = of_station[0].station;
            let county = places.county_of_station[station as usize];
            add_station(&mut counties[county as usize], setting, of_station, has_serves);
        }
        let mut provinces = vec![none.clone(); places.provinces.len()];
        for (county, progress) in places.counties.iter().zip(&counties) {
            provinces[county.province as usize].add(progress);
        }
        let mut nation = none;
        if let Some(public) = public {
            add_ballots(setting, public, &mut provinces, &mut counties);
            nation.ballots = add_rests(setting, public, &mut provinces, &mut counties);
        }
        provinces.iter().for_each(|province| nation.add(province));
        Self { nation, provinces, counties }
    }
}

fn add_station(
    progress: &mut Progress,
    setting: &Setting,
    pairs: &[PairStanding],
    has_serves: bool,
) {
    let station = &setting.subject.election.stations[pairs[0].station as usize];
    let registered = station.registered.unwrap_or(0);
    if has_serves {
        progress.stations += 1;
        progress.registered += registered;
    }
    let voters = pairs.iter().filter(|pair| setting.counts_voters(pair.district));
    let taken: u64 = voters.map(|pair| pair.taken).sum();
    progress.taken += taken;
    let is_in =
        pairs.iter().all(|pair| matches!(pair.state, PairState::Received | PairState::Annulled));
    if is_in {
        progress.stations_in += 1;
        progress.registered_in += registered;
        progress.voters_in += taken;
        let authenticated = progress.authenticated_in.zip(station.authenticated);
        progress.authenticated_in = authenticated.map(|(own, more)| own + more);
    }
    if pairs.iter().any(|pair| pair.state == PairState::Held) {
        progress.stations_held += 1;
    }
}

/// Ballots of districts, as far as they are shown.
fn add_ballots(
    setting: &Setting,
    public: &PublicTotals,
    provinces: &mut [Progress],
    counties: &mut [Progress],
) {
    let places = &setting.places;
    for district in 0..setting.counting.district_count() {
        if !setting.counts_voters(district) {
            continue;
        }
        let ballots = public.totals.district(&setting.counting, district).ballots;
        provinces[places.province_of_district[district as usize] as usize].ballots.add(&ballots);
        if let Some(county) = places.county_of_district[district as usize] {
            counties[county as usize].ballots.add(&ballots);
        }
    }
}

/// Ballots that are shown for several small districts together; gives those of the whole country.
fn add_rests(
    setting: &Setting,
    public: &PublicTotals,
    provinces: &mut [Progress],
    counties: &mut [Progress],
) -> BallotCounts {
    let places = &setting.places;
    let mut country = BallotCounts::default();
    for (place, ballots) in &public.rests {
        let (contest, province, county) = match place {
            RestPlace::Country(contest) => (*contest, None, None),
            RestPlace::Province(contest, province) => (*contest, Some(province), None),
            RestPlace::County(contest, province, county) => {
                (*contest, Some(province), Some(county))
            }
        };
        if !setting.contest_counts_voters(contest) {
            continue;
        }
        match province.and_then(|province| places.find_province(province)) {
            None => country.add(ballots),
            Some(province) => {
                provinces[province as usize].ballots.add(ballots);
                let county = county.and_then(|county| places.find_county(province, county));
                if let Some(county) = county {
                    counties[county as usize].ballots.add(ballots);
                }
            }
        }
    }
    country
}
