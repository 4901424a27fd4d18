//! The contests of the day and their districts, with lists and candidates.
//!
//! In: places, the seed, the number of ballots. Out: contests and districts in definition order:
//! councils in the order of the places, then Majlis, then Experts. Never: who is popular; that is
//! for `voter.rs`.

use std::collections::BTreeMap;

use rayon::prelude::*;
use shomar_format::Reading;
use shomar_format::election::{Candidate, CandidateStatus, Contest, District, List};
use shomar_seats::{CouncilSize, SizesTable};

use crate::geography::{ByElection, EXPERTS, MAJLIS, PROVINCES};
use crate::names::{LIST_COUNT, Persons, list_name};
use crate::places::{Place, PlaceKind};
use crate::random::{Domain, Random};

/// From here on cities have as many candidates as they really had.
const BALLOTS_FULL_CANDIDATES: u64 = 5_000_000;
/// Candidates of Tehran: 2,722 were approved in 2017.
const TEHRAN_CANDIDATES: u32 = 2_700;
/// Candidates of Tehran in a small nation: enough for nine lists and many independents.
const TEHRAN_CANDIDATES_SMALL: u32 = 400;
/// Candidates of Mashhad, the only other city above two million: 1,508 were approved in 2021.
const MASHHAD_CANDIDATES: u32 = 1_500;

/// Contests in definition order: id, rule.
const CONTESTS: [(&str, &str); 5] = [
    ("tehran", "article-24"),
    ("city", "block-plurality"),
    ("village", "block-plurality"),
    ("majlis", "relative-plurality"),
    ("experts", "relative-plurality"),
];
const MAJLIS_CONTEST: usize = 3;
const EXPERTS_CONTEST: usize = 4;

/// Contests and districts, and where those of the by-elections stand.
#[derive(Debug)]
pub(crate) struct Draft {
    pub(crate) contests: Vec<Contest>,
    /// The council district of place `i` is district `i`.
    pub(crate) districts: Vec<District>,
    /// District of each of [`MAJLIS`] in which somebody votes.
    pub(crate) majlis: Vec<Option<u32>>,
    /// District of each of [`EXPERTS`] in which somebody votes.
    pub(crate) experts: Vec<Option<u32>>,
}

/// Drafts the contests and districts in which these places vote.
pub(crate) fn draft(places: &[Place], ballots: u64, seed: u64) -> Draft {
    let full = ballots >= BALLOTS_FULL_CANDIDATES;
    let councils = places.par_iter().enumerate();
    let mut districts: Vec<District> = councils
        .map(|(index, place)| council(place, full, &mut candidates_of(seed, index)))
        .collect();
    let mut add = |by_election: &ByElection, contest, most| {
        let mut random = candidates_of(seed, districts.len());
        let count = match contest {
            MAJLIS_CONTEST => random.between(10, most),
            _ => random.between(3, most),
        };
        let index = u32::try_from(districts.len()).expect("within DISTRICTS_MAX");
        districts.push(by_election_district(by_election, contest, count, &mut random));
        index
    };
    let majlis = MAJLIS.iter().enumerate().map(|(at, by_election)| {
        let votes = places.iter().any(|place| place.majlis == Some(at));
        votes.then(|| add(by_election, MAJLIS_CONTEST, 40))
    });
    let majlis = majlis.collect();
    let experts = EXPERTS.iter().enumerate().map(|(at, by_election)| {
        let votes = places.iter().any(|place| place.experts == Some(at));
        votes.then(|| add(by_election, EXPERTS_CONTEST, 12))
    });
    let experts = experts.collect();
    let contests = drop_unused_contests(&mut districts);
    Draft { contests, districts, majlis, experts }
}

fn candidates_of(seed: u64, district: usize) -> Random {
    let district = u32::try_from(district).expect("within DISTRICTS_MAX");
    Random::new(seed, Domain::Candidates, district, 0)
}

/// A contest without a district would only be a riddle for the reader of a result.
fn drop_unused_contests(districts: &mut [District]) -> Vec<Contest> {
    let mut contests = Vec::new();
    let mut new_index = [0; CONTESTS.len()];
    for (at, (id, rule)) in CONTESTS.iter().enumerate() {
        if districts.iter().any(|district| district.contest == at) {
            new_index[at] = contests.len();
            contests.push(Contest {
                id: (*id).to_owned(),
                rule: (*rule).to_owned(),
                reading: Reading::default(),
                options: BTreeMap::new(),
            });
        }
    }
    for district in districts {
        district.contest = new_index[district.contest];
    }
    contests
}

fn council(place: &Place, full: bool, random: &mut Random) -> District {
    let table = SizesTable::Of1396;
    let sized = |kind| table.size(kind, place.population).expect("a table is for any population");
    let (contest, size) = match place.kind {
        PlaceKind::Tehran => (0, table.tehran()),
        PlaceKind::City => (1, sized(shomar_seats::Place::City)),
        PlaceKind::Village => (2, sized(shomar_seats::Place::Village)),
    };
    let CouncilSize { members: seats, alternates } = size;
    let count = match place.kind {
        PlaceKind::Tehran if full => TEHRAN_CANDIDATES,
        PlaceKind::Tehran => TEHRAN_CANDIDATES_SMALL,
        PlaceKind::City if full && place.population > 2_000_000 => MASHHAD_CANDIDATES,
        PlaceKind::City if full && place.population > 1_000_000 => random.between(300, 700),
        PlaceKind::City => seats * random.between(4, 10),
        PlaceKind::Village => random.between(4, 14).max(seats + 1),
    };
    // What a voter types: the larger the council, the longer the code.
    let first_code = match place.kind {
        PlaceKind::Tehran => 10_001,
        PlaceKind::City => 1_001,
        PlaceKind::Village => 101,
    };
    let mut district = District {
        id: place.id.clone(),
        contest,
        name_fa: place.name_fa.clone(),
        name_en: place.name_en.clone(),
        province: PROVINCES[place.province].name_fa.to_owned(),
        county: place.county.clone(),
        seats,
        alternates,
        population: None,
        lists: Vec::new(),
        candidates: candidates(count, first_code, random),
    };
    if place.kind == PlaceKind::Tehran {
        add_lists(&mut district, random);
    }
    district
}

fn by_election_district(
    by_election: &ByElection,
    contest: usize,
    count: u32,
    random: &mut Random,
) -> District {
    District {
        id: by_election.id.to_owned(),
        contest,
        name_fa: by_election.name_fa.to_owned(),
        name_en: by_election.name_en.to_owned(),
        province: PROVINCES[by_election.province].name_fa.to_owned(),
        county: String::new(),
        seats: 1,
        alternates: 0,
        population: None,
        lists: Vec::new(),
        candidates: candidates(count, if contest == MAJLIS_CONTEST { 201 } else { 301 }, random),
    }
}

/// Independents with ascending codes. Codes have gaps, so that a slip of the finger is possible.
fn candidates(count: u32, first_code: u32, random: &mut Random) -> Vec<Candidate> {
    let mut persons = Persons::new(random);
    let mut code = first_code;
    (0..count)
        .map(|_| {
            let (name_fa, name_en) = persons.next();
            let candidate = Candidate {
                code,
                list: None,
                name_fa,
                name_en,
                status: CandidateStatus::Stands,
                veteran: random.below(20) == 0,
                degree_rank: Some(random.below(6)),
            };
            code += random.between(1, 3);
            candidate
        })
        .collect()
}

/// Two thirds of the seats up to all of them on each list, from anywhere among the codes.
fn add_lists(district: &mut District, random: &mut Random) {
    let mut order: Vec<usize> = (0..district.candidates.len()).collect();
    random.shuffle(&mut order);
    let mut order = order.into_iter();
    for list in 0..LIST_COUNT {
        let number = u16::try_from(list).expect("nine lists");
        let (name_fa, name_en) = list_name(list);
        district.lists.push(List {
            code: 11 * (u32::from(number) + 1),
            name_fa: name_fa.to_owned(),
            name_en: name_en.to_owned(),
        });
        let members = random.between((2 * district.seats).div_ceil(3), district.seats);
        for candidate in order.by_ref().take(members as usize) {
            district.candidates[candidate].list = Some(number);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Profile;
    use crate::places::places;

    #[test]
    fn every_contest_of_the_day_stands_with_sound_candidates() {
        let places = places(Profile::Nation, 5_000_000);
        let draft = draft(&places, 5_000_000, 1);
        let ids: Vec<&str> = draft.contests.iter().map(|c| c.id.as_str()).collect();
        assert_eq!(ids, ["tehran", "city", "village", "majlis", "experts"]);
        assert_eq!(draft.districts.len(), places.len() + 9);
        for district in &draft.districts {
            assert!(district.candidates.len() > district.seats as usize);
            assert!(district.candidates.is_sorted_by_key(|candidate| candidate.code));
        }
        let tehran = &draft.districts[0];
        assert_eq!((tehran.seats, tehran.alternates), (21, 11));
        assert_eq!((tehran.candidates.len(), tehran.lists.len()), (2_700, 9));
        for list in 0..9 {
            let on_list = tehran.candidates.iter().filter(|c| c.list == Some(list));
            assert!((14..=21).contains(&on_list.count()));
        }
    }

    #[test]
    fn a_profile_has_only_contests_in_which_somebody_votes() {
        let contests = |profile| {
            let draft = draft(&places(profile, 100), 100, 1);
            let ids = draft.contests.iter().map(|c| c.id.clone());
            ids.collect::<Vec<_>>()
        };
        assert_eq!(contests(Profile::ProvinceGroup), ["city", "village", "majlis", "experts"]);
        assert_eq!(contests(Profile::Tehran), ["tehran"]);
        assert_eq!(contests(Profile::Village), ["village"]);
    }
}
