//! The plan of a nation: stations, who votes where, and how many ballots each station has for each
//! district.
//!
//! In: a profile, a number of ballots, a seed. Out: a [`Nation`], whose planned ballots sum up to
//! exactly that number. Never: a ballot; those are drawn from the plan whenever they are needed.

use std::sync::Arc;

use rayon::prelude::*;
use shomar_format::Election;
use shomar_format::bytes::{Digest32, sha256_of_parts};
use shomar_format::code::persian_digits;
use shomar_format::election::{Device, ElectionHead, Mode, Serve, Station};
use shomar_format::limits;
use shomar_format::record::SecretKey;

use crate::districts::{Draft, draft};
use crate::geography::{PROVINCES, TEHRAN_COUNTIES};
use crate::places::{Place, PlaceKind, places};
use crate::random::{Domain, Random};
use crate::share::divide;
use crate::voter::{Habits, TIE_BALLOTS_MIN};
use crate::{BALLOTS_MAX, GenerateError, Profile};

/// Voters of a station, about: a place has as many stations as come nearest to it, at least one.
const STATION_VOTERS: u64 = 750;
/// Stations that a nation may reach before its stations grow instead; below the limit of the
/// format, because every place rounds up.
const STATIONS_AIM: u64 = 950_000;
/// Of a thousand voters in a council election, how many vote for the Majlis as well.
const MAJLIS_PER_MILLE: u64 = 930;
/// Of a thousand voters in a council election, how many vote for the Experts as well.
const EXPERTS_PER_MILLE: u64 = 960;
/// Below this there are no planted cases: they would be most of what there is.
const BALLOTS_PLANTED_MIN: u64 = 50_000;

const _: () = assert!(STATIONS_AIM + 40_000 < limits::STATIONS_MAX as u64);
// The largest station: a place just too small for two stations has one of 1.5 times the size, and
// stations of a place differ by 15 %.
const _: () = assert!(BALLOTS_MAX / STATIONS_AIM * 2 < limits::BATCH_BALLOTS_MAX as u64);

/// What was planted in a village to be found again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlantedCase {
    /// Two candidates have the same votes at the last seat, exactly.
    Tie,
    /// One ballot.
    OneBallot,
    /// No ballot.
    NoBallot,
    /// Ballots, but all of them blank.
    AllBlank,
}

/// A village with a planted case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Planted {
    /// District id.
    pub district: String,
    /// What was planted.
    pub case: PlantedCase,
}

/// The ballots that one station has for one district.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Pair {
    pub(crate) station: u32,
    pub(crate) district: u32,
    pub(crate) ballots: u32,
    /// Place of the pair in the order of its station: the sequence of the batch.
    pub(crate) sequence: u32,
}

/// A synthetic nation: everything but the ballots, which follow from it.
#[derive(Debug)]
pub struct Nation {
    pub(crate) ballots: u64,
    pub(crate) seed: u64,
    pub(crate) election: Arc<Election>,
    /// By station, then by district.
    pub(crate) pairs: Vec<Pair>,
    /// By district.
    pub(crate) habits: Vec<Habits>,
    planted: Vec<Planted>,
    /// Whether every device has a key, and signs.
    pub(crate) signed: bool,
}

impl Nation {
    /// Plans a nation.
    ///
    /// # Errors
    /// If `ballots` is 0 or above [`BALLOTS_MAX`].
    ///
    /// # Panics
    /// If the plan lost or doubled a ballot.
    pub fn plan(profile: Profile, ballots: u64, seed: u64) -> Result<Self, GenerateError> {
        match ballots {
            0 => return Err(GenerateError::NoBallots),
            1..=BALLOTS_MAX => {}
            _ => return Err(GenerateError::TooManyBallots { found: ballots }),
        }
        let places = places(profile, ballots);
        let draft = draft(&places, ballots, seed);
        let cases = plant(&places, ballots, seed);
        let shares = allocate(&places, &cases, &draft, ballots, seed);
        let mut builder = Builder::new(seed, ballots, &shares);
        for (index, place) in places.iter().enumerate() {
            builder.add_place(index, place, &shares[index]);
        }
        let Builder { stations, pairs, serves, .. } = builder;
        let planned: u64 = pairs.iter().map(|pair| u64::from(pair.ballots)).sum();
        assert_eq!(planned, ballots, "the plan must keep every ballot");
        let habits = habits(&draft, &cases, seed);
        let planted = planted_cases(&places, &cases);
        let election = Election {
            head: ElectionHead {
                id: format!("synthetic-{profile}-{ballots}-{seed}"),
                title_fa: "انتخابات آزمایشی با داده‌های ساختگی".to_owned(),
                title_en: "Test election with synthetic data".to_owned(),
                mode: Mode::Test,
                date: String::new(),
                contests: draft.contests,
                officers: Vec::new(),
                checks: Vec::new(),
            },
            districts: draft.districts,
            stations,
            serves: Some(serves),
        };
        Ok(Self {
            ballots,
            seed,
            election: Arc::new(election),
            pairs,
            habits,
            planted,
            signed: false,
        })
    }

    /// Gives every device a key, so that its batches are signed.
    ///
    /// # Panics
    /// Never: a nation that was planned has no other owner.
    #[must_use]
    pub fn signed(mut self) -> Self {
        let election = Arc::get_mut(&mut self.election).expect("nobody else has it yet");
        let stations = (0..).zip(&mut election.stations).collect::<Vec<(u32, _)>>();
        stations.into_par_iter().for_each(|(station, place)| {
            place.devices[0].key = Some(secret_key(self.seed, station).public());
        });
        self.signed = true;
        self
    }

    /// The secret key of each station's device, by station; `None` if it signs nothing.
    pub fn secret_seeds(&self) -> Option<impl Iterator<Item = (&str, Digest32)>> {
        let stations = (0..).zip(&self.election.stations);
        self.signed.then(|| {
            stations.map(|(station, place)| (place.id.as_str(), secret_seed(self.seed, station)))
        })
    }

    /// The election, as [`Election::read`] gives it from the folder that is written.
    #[must_use]
    pub fn election(&self) -> &Election {
        &self.election
    }

    /// Ballots of all contests together.
    #[must_use]
    pub fn ballots(&self) -> u64 {
        self.ballots
    }

    /// Batches: pairs of a station and a district.
    #[must_use]
    pub fn batches(&self) -> u64 {
        self.pairs.len() as u64
    }

    /// Villages with a planted case. Others may tie by chance.
    #[must_use]
    pub fn planted(&self) -> &[Planted] {
        &self.planted
    }
}

/// The secret of a synthetic device: known to everybody who knows the seed of the nation.
fn secret_seed(seed: u64, station: u32) -> Digest32 {
    sha256_of_parts([&b"shomar synthetic key"[..], &seed.to_le_bytes(), &station.to_le_bytes()])
}

/// The key of this secret.
pub(crate) fn secret_key(seed: u64, station: u32) -> SecretKey {
    SecretKey::from_seed(&secret_seed(seed, station))
}

/// A case that was planted, with its number of ballots.
type Case = (PlantedCase, u32);

/// Chooses villages without a by-election and says what happens in them.
fn plant(places: &[Place], ballots: u64, seed: u64) -> Vec<Option<Case>> {
    let mut cases = vec![None; places.len()];
    let quiet = |place: &Place| {
        place.kind == PlaceKind::Village && place.majlis.is_none() && place.experts.is_none()
    };
    let mut villages: Vec<usize> = (0..places.len()).filter(|&at| quiet(&places[at])).collect();
    if ballots < BALLOTS_PLANTED_MIN || villages.len() < 30 {
        return cases;
    }
    let mut random = Random::new(seed, Domain::Planted, 0, 0);
    random.shuffle(&mut villages);
    let mut villages = villages.into_iter();
    let tenth = villages.len() / 10;
    let mut add = |count: usize, case: &mut dyn FnMut() -> Case| {
        for place in villages.by_ref().take(count.clamp(1, tenth)) {
            cases[place] = Some(case());
        }
    };
    add(12, &mut || (PlantedCase::Tie, TIE_BALLOTS_MIN + 2 * random.below(50)));
    add(5, &mut || (PlantedCase::OneBallot, 1));
    add(3, &mut || (PlantedCase::NoBallot, 0));
    add(2, &mut || (PlantedCase::AllBlank, 7));
    cases
}

fn planted_cases(places: &[Place], cases: &[Option<Case>]) -> Vec<Planted> {
    let planted = places.iter().zip(cases).filter_map(|(place, case)| {
        case.map(|(case, _)| Planted { district: place.id.clone(), case })
    });
    planted.collect()
}

fn habits(draft: &Draft, cases: &[Option<Case>], seed: u64) -> Vec<Habits> {
    let districts = draft.districts.par_iter().enumerate();
    let habits = districts.map(|(index, district)| {
        let case = cases.get(index).copied().flatten();
        let index = u32::try_from(index).expect("within DISTRICTS_MAX");
        let habits = Habits::new(district, seed, index);
        // The council district of place i is district i.
        match case {
            Some((PlantedCase::Tie, _)) => habits.tied(district, seed, index),
            Some((PlantedCase::AllBlank, _)) => habits.all_blank(),
            _ => habits,
        }
    });
    habits.collect()
}

/// Ballots of one place for one district.
#[derive(Clone, Copy, Debug)]
struct Share {
    district: u32,
    ballots: u64,
}

/// Divides the ballots over places and their contests; the council comes first.
fn allocate(
    places: &[Place],
    cases: &[Option<Case>],
    draft: &Draft,
    ballots: u64,
    seed: u64,
) -> Vec<Vec<Share>> {
    let mut shares: Vec<Vec<Share>> = Vec::with_capacity(places.len());
    let mut weights = Vec::new();
    let mut left = ballots;
    for ((place, case), index) in places.iter().zip(cases).zip(0_u32..) {
        if let Some((_, planted)) = case {
            let ballots = u64::from(*planted);
            left = left.checked_sub(ballots).expect("planted cases are few and small");
            shares.push(vec![Share { district: index, ballots }]);
            continue;
        }
        // Neighbours of the same size differ by up to 10 %.
        let mut random = Random::new(seed, Domain::Stations, index, 1);
        let weight = place.weight * u64::from(random.between(900, 1_100)) / 1_000;
        let majlis = place.majlis.and_then(|at| draft.majlis[at]);
        let experts = place.experts.and_then(|at| draft.experts[at]);
        let contests =
            [(Some(index), 1_000), (majlis, MAJLIS_PER_MILLE), (experts, EXPERTS_PER_MILLE)];
        let mut own = Vec::new();
        for (district, per_mille) in contests {
            if let Some(district) = district {
                own.push(Share { district, ballots: 0 });
                weights.push(weight * per_mille);
            }
        }
        shares.push(own);
    }
    let mut divided = divide(left, &weights).into_iter();
    for (own, case) in shares.iter_mut().zip(cases) {
        if case.is_none() {
            for share in own {
                share.ballots = divided.next().expect("a weight for every share");
            }
        }
    }
    shares
}

/// Cuts places into stations.
struct Builder {
    seed: u64,
    station_voters: u64,
    stations: Vec<Station>,
    pairs: Vec<Pair>,
    serves: Vec<Serve>,
    /// Stations so far, by province: their ids count inside a province.
    numbers: [u32; PROVINCES.len()],
}

impl Builder {
    fn new(seed: u64, ballots: u64, shares: &[Vec<Share>]) -> Self {
        let council: u64 = shares.iter().map(|own| own[0].ballots).sum();
        assert!(council <= ballots);
        Self {
            seed,
            station_voters: STATION_VOTERS.max(council.div_ceil(STATIONS_AIM)),
            stations: Vec::new(),
            pairs: Vec::new(),
            serves: Vec::new(),
            numbers: [0; PROVINCES.len()],
        }
    }

    fn add_place(&mut self, index: usize, place: &Place, shares: &[Share]) {
        let voters = shares[0].ballots;
        let count = ((voters + self.station_voters / 2) / self.station_voters).max(1);
        let index = u32::try_from(index).expect("within DISTRICTS_MAX");
        let mut random = Random::new(self.seed, Domain::Stations, index, 0);
        // Stations of a place differ in size by up to 15 % either way.
        let weights: Vec<u64> = (0..count).map(|_| u64::from(random.between(850, 1_150))).collect();
        let divided: Vec<Vec<u64>> =
            shares.iter().map(|share| divide(share.ballots, &weights)).collect();
        for number in 0..weights.len() {
            let pairs: Vec<(u32, u32)> = shares
                .iter()
                .zip(&divided)
                .map(|(share, parts)| {
                    let ballots = u32::try_from(parts[number]).expect("a station is small");
                    (share.district, ballots)
                })
                .collect();
            self.add_station(place, number, weights.len(), &pairs, &mut random);
        }
    }

    fn add_station(
        &mut self,
        place: &Place,
        number: usize,
        count: usize,
        pairs: &[(u32, u32)],
        random: &mut Random,
    ) {
        let station = u32::try_from(self.stations.len()).expect("within STATIONS_MAX");
        let voters = pairs.iter().map(|&(_, ballots)| ballots).max();
        let voters = u64::from(voters.expect("a station serves its council"));
        // Now and then somebody is let in and leaves without casting a ballot.
        let extra = u64::from(random.below(8) / 7 * random.between(1, 3));
        let authenticated = voters + if voters > 0 { extra } else { 0 };
        let turnout = PROVINCES[place.province].turnout_per_mille;
        let turnout = u64::from(turnout * random.between(900, 1_100) / 1_000);
        let registered = (authenticated * 1_000 / turnout).max(40);
        for (&(district, ballots), sequence) in pairs.iter().zip(0_u32..) {
            assert!(ballots <= limits::BATCH_BALLOTS_MAX, "one batch a pair");
            self.pairs.push(Pair { station, district, ballots, sequence });
            self.serves.push(Serve {
                station,
                district,
                registered: Some(registered),
                authenticated: Some(u64::from(ballots) + authenticated - voters),
            });
        }
        self.numbers[place.province] += 1;
        let number_fa = persian_digits(&(number + 1).to_string());
        self.stations.push(Station {
            id: format!("{:02}-{:05}", place.province, self.numbers[place.province]),
            province: PROVINCES[place.province].name_fa.to_owned(),
            county: county_of(place, number, count),
            name_fa: format!("شعبهٔ {number_fa} {}", place.name_fa),
            registered: Some(registered),
            authenticated: Some(authenticated),
            devices: vec![Device { id: "0".to_owned(), key: None }],
        });
    }
}

/// The county of station `number` of `count`: that of its place, or one of Tehran's three.
fn county_of(place: &Place, number: usize, count: usize) -> String {
    if place.kind != PlaceKind::Tehran {
        return place.county.clone();
    }
    let per_mille = number * 1_000 / count;
    let mut end = 0;
    for (county, part) in TEHRAN_COUNTIES {
        end += part as usize;
        if per_mille < end {
            return county.to_owned();
        }
    }
    unreachable!("the three parts make a thousand")
}
