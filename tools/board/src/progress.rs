//! How far the count is: sums over stations and districts of a place.
//!
//! In: how every pair of station and district stands, totals per district. Out: sums per county,
//! province and nation. Never: ballots of a station that is half in taken for its turnout: a share
//! has the registers of just those stations below the line whose ballots are above it. A station
//! whose register nobody knows, or of which no ballot of a voter can count, is in neither.

use shomar_engine::checks::Expected;
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
    /// Voters on the registers of all stations, as far as these are known.
    pub registered: u64,
    /// Of the stations that are in, how many the turnout is of: their register is known, and not
    /// all that they report of voters is annulled or rejected.
    pub stations_of_turnout: u64,
    /// Voters on the registers of the stations that the turnout is of.
    pub registered_in: u64,
    /// Voters authenticated at these; `None` if one of them has not said.
    pub authenticated_in: Option<u64>,
    /// Ballots of voters (one per voter) that count, at these.
    pub voters_in: u64,
    /// Ballots of voters that count, at all stations.
    pub taken: u64,
    /// Ballots of voters by kind, as far as they are shown; zero while there are no numbers per
    /// option.
    pub ballots: BallotCounts,
}

impl Progress {
    /// Who came to the stations that the turnout is of: those authenticated, else the ballots taken
    /// there.
    pub fn turnout_in(&self) -> u64 {
        self.authenticated_in.unwrap_or(self.voters_in)
    }

    /// Whether turnout is of people authenticated.
    pub fn is_turnout_authenticated(&self) -> bool {
        self.authenticated_in.is_some() && self.stations_of_turnout > 0
    }

    /// Whether there are stations, and all are in.
    pub fn has_all_stations_in(&self) -> bool {
        self.stations > 0 && self.stations_in == self.stations
    }

    /// Stations that are in, and that no turnout can be told of.
    pub fn stations_without_turnout(&self) -> u64 {
        self.stations_in - self.stations_of_turnout
    }

    /// Adds another place.
    pub fn add(&mut self, other: &Self) {
        self.stations += other.stations;
        self.stations_in += other.stations_in;
        self.stations_held += other.stations_held;
        self.registered += other.registered;
        self.stations_of_turnout += other.stations_of_turnout;
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
    let voters: Vec<&PairStanding> =
        pairs.iter().filter(|pair| setting.counts_voters(pair.district)).collect();
    if has_serves {
        progress.stations += 1;
        let station = setting.subject.registers.station(pairs[0].station);
        progress.registered += expected(setting, &voters, station).registered.unwrap_or(0);
    }
    let taken: u64 = voters.iter().map(|pair| pair.taken).sum();
    progress.taken += taken;
    if pairs.iter().all(|pair| pair.state == PairState::Received || pair.state.is_out()) {
        progress.stations_in += 1;
        add_turnout(progress, setting, &voters);
    }
    if pairs.iter().any(|pair| pair.state == PairState::Held) {
        progress.stations_held += 1;
    }
}

/// The turnout of a station that is in with everything: of these pairs, which count voters.
fn add_turnout(progress: &mut Progress, setting: &Setting, voters: &[&PairStanding]) {
    let live: Vec<&PairStanding> =
        voters.iter().filter(|pair| !pair.state.is_out()).copied().collect();
    let Some(first) = live.first() else { return };
    // What a station says of all its pairs is not of those that are left when one is out.
    let whole = match live.len() == voters.len() {
        true => setting.subject.registers.station(first.station),
        false => Expected::default(),
    };
    let Expected { registered, authenticated } = expected(setting, &live, whole);
    let Some(registered) = registered else { return };
    progress.stations_of_turnout += 1;
    progress.registered_in += registered;
    progress.voters_in += live.iter().map(|pair| pair.taken).sum::<u64>();
    let sum = progress.authenticated_in.zip(authenticated);
    progress.authenticated_in = sum.map(|(own, more)| own + more);
}

/// What is known of these pairs of one station together: what is said of them as a whole, else the
/// sum of what is said of each.
fn expected(setting: &Setting, pairs: &[&PairStanding], whole: Expected) -> Expected {
    let registers = setting.subject.registers;
    let sum = |of: fn(Expected) -> Option<u64>| -> Option<u64> {
        let each = pairs.iter().map(|pair| of(registers.pair_alone(pair.station, pair.district)));
        if pairs.is_empty() { None } else { each.sum() }
    };
    Expected {
        registered: whole.registered.or_else(|| sum(|own| own.registered)),
        authenticated: whole.authenticated.or_else(|| sum(|own| own.authenticated)),
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
