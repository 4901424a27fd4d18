//! Provinces and districts as rows: how far each is, and how it stands.

use serde::Serialize;
use shomar_format::document::BallotCounts;
use shomar_seats::Status;

use super::nation::ProgressDocument;
use super::{Head, Name, PageOf, page_of};
use crate::board::Board;
use crate::status::PublicationStatus;

/// Districts of one page.
const DISTRICTS_SHOWN: usize = 1_000;

#[derive(Serialize)]
pub(super) struct ProvincesDocument<'a> {
    #[serde(flatten)]
    head: Head<'a>,
    provinces: Vec<PlaceRow<'a>>,
}

/// A province or a county.
#[derive(Serialize)]
struct PlaceRow<'a> {
    /// By which it is asked for.
    number: u32,
    name: Name<'a>,
    status: PublicationStatus,
    progress: ProgressDocument,
}

#[derive(Serialize)]
pub(super) struct ProvinceDocument<'a> {
    #[serde(flatten)]
    head: Head<'a>,
    number: u32,
    name: Name<'a>,
    progress: ProgressDocument,
    counties: Vec<PlaceRow<'a>>,
    /// Every district of the province.
    districts: Vec<DistrictRow<'a>>,
}

/// A district, in a list of many.
#[derive(Serialize)]
struct DistrictRow<'a> {
    district: &'a str,
    contest: &'a str,
    name: Name<'a>,
    /// Number of its province.
    province: u32,
    /// Number of its county; null where it spans several.
    county: Option<u32>,
    seats: u32,
    status: PublicationStatus,
    /// Of its outcome: `final`, `lot-required`, `runoff-required`, `no-votes`; null while it is
    /// partial, without numbers, or refused by the rules.
    outcome: Option<&'static str>,
    /// Ballots that count.
    ballots_taken: u64,
    /// Ballots by kind as far as they are shown; null before the close, if they are withheld, or
    /// while the first chunk waits.
    ballots: Option<BallotCounts>,
    /// Whether its votes are shown nowhere.
    withheld: bool,
}

#[derive(Serialize)]
pub(super) struct DistrictsDocument<'a> {
    #[serde(flatten)]
    head: Head<'a>,
    #[serde(flatten)]
    page: PageOf,
    districts: Vec<DistrictRow<'a>>,
}

pub(super) fn provinces(board: &Board) -> ProvincesDocument<'_> {
    let provinces = (0..).zip(&board.progress.provinces).map(|(at, progress)| PlaceRow {
        number: at,
        name: province_name(board, at),
        status: board.province_status(at),
        progress: ProgressDocument::of(board, progress),
    });
    ProvincesDocument { head: board.head(board.status()), provinces: provinces.collect() }
}

pub(super) fn province(board: &Board, at: u32) -> ProvinceDocument<'_> {
    let places = &board.setting.places;
    let counties = places.provinces[at as usize].counties.iter().map(|&county| {
        let own = &places.counties[county as usize];
        PlaceRow {
            number: county,
            name: Name { fa: &own.name_fa, en: "" },
            status: board.county_status(county),
            progress: ProgressDocument::of(board, &board.progress.counties[county as usize]),
        }
    });
    ProvinceDocument {
        head: board.head(board.province_status(at)),
        number: at,
        name: province_name(board, at),
        progress: ProgressDocument::of(board, &board.progress.provinces[at as usize]),
        counties: counties.collect(),
        districts: districts_of(board, at).map(|district| row(board, district)).collect(),
    }
}

pub(super) fn districts(
    board: &Board,
    contest: Option<usize>,
    page: u32,
) -> Option<DistrictsDocument<'_>> {
    let every: Vec<u32>;
    let all = match contest {
        Some(contest) => &board.setting.districts_of_contest[contest],
        None => {
            every = (0..).take(board.districts.len()).collect();
            &every
        }
    };
    let (page, shown) = page_of(all, page, DISTRICTS_SHOWN)?;
    Some(DistrictsDocument {
        head: board.head(board.status_of(all.iter().copied())),
        page,
        districts: shown.iter().map(|&district| row(board, district)).collect(),
    })
}

fn row(board: &Board, at: u32) -> DistrictRow<'_> {
    let setting = &board.setting;
    let own = setting.district(at);
    let standing = &board.districts[at as usize];
    let withheld = board.is_withheld(at);
    let is_partial = board.is_waited_for(at);
    DistrictRow {
        district: &own.id,
        contest: &setting.subject.election.head.contests[own.contest].id,
        name: Name { fa: &own.name_fa, en: &own.name_en },
        province: setting.places.province_of_district[at as usize],
        county: setting.places.county_of_district[at as usize],
        seats: own.seats,
        status: board.district_status(at),
        outcome: standing.status.filter(|_| !is_partial).map(Status::name),
        ballots_taken: standing.taken,
        ballots: board.shows_votes(at).then_some(standing.ballots),
        withheld,
    }
}

/// Districts of a province, by index.
fn districts_of(board: &Board, province: u32) -> impl Iterator<Item = u32> {
    let all = (0..).zip(&board.setting.places.province_of_district);
    all.filter(move |(_, own)| **own == province).map(|(district, _)| district)
}

fn province_name(board: &Board, at: u32) -> Name<'_> {
    let own = &board.setting.places.provinces[at as usize];
    Name { fa: &own.name_fa, en: own.name_en() }
}
