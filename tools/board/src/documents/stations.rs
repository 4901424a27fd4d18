//! Pairs of station and district as rows: how each stands, and why.

use serde::Serialize;
use shomar_engine::completeness::{PairStanding, PairState};

use super::{Head, PageOf, page_of};
use crate::board::Board;
use crate::stations::StationFilter;

/// Pairs of one page.
const PAIRS_SHOWN: usize = 1_000;

#[derive(Serialize)]
pub(super) struct StationsDocument<'a> {
    #[serde(flatten)]
    head: Head<'a>,
    #[serde(flatten)]
    page: PageOf,
    /// Whether somebody has said who is expected to report; else only those are here that did.
    expected_known: bool,
    stations: Vec<StationRow<'a>>,
}

#[derive(Serialize)]
struct StationRow<'a> {
    station: &'a str,
    name_fa: &'a str,
    /// Number of its province.
    province: u32,
    /// Number of its county.
    county: u32,
    district: &'a str,
    /// `received`, `missing`, `held`, `recount-waits`, `gap`, `annulled`, `rejected`.
    state: &'static str,
    /// Checks that hold a batch of it.
    held_by: Vec<&'static str>,
    /// Batches that did not come, before one that did.
    gaps: Vec<GapRow>,
    registered: Option<u64>,
    batches: u32,
    /// Ballots of it that count.
    ballots_taken: u64,
}

#[derive(Serialize)]
struct GapRow {
    device: u32,
    /// First sequence that is missing.
    from: u64,
    /// Last one.
    to: u64,
}

pub(super) fn document(
    board: &Board,
    state: StationFilter,
    province: Option<u32>,
    page: u32,
) -> Option<StationsDocument<'_>> {
    let all = board.pairs(state, province);
    let (page, shown) = page_of(&all, page, PAIRS_SHOWN)?;
    let mut held = board.held_pairs();
    let rows = shown.iter().map(|pair| {
        let held_by = held.remove(&(pair.station, pair.district)).unwrap_or_default();
        row(board, pair, held_by)
    });
    Some(StationsDocument {
        head: board.head(board.status()),
        page,
        expected_known: board.setting.subject.election.serves.is_some(),
        stations: rows.collect(),
    })
}

fn row<'a>(board: &'a Board, pair: &PairStanding, held_by: Vec<&'static str>) -> StationRow<'a> {
    let setting = &board.setting;
    let station = &setting.subject.election.stations[pair.station as usize];
    let gaps = board.completeness.gaps().iter();
    let gaps = gaps.filter(|gap| pair.state == PairState::Gap && gap.station == pair.station);
    StationRow {
        station: &station.id,
        name_fa: &station.name_fa,
        province: setting.places.province_of_station(pair.station),
        county: setting.places.county_of_station[pair.station as usize],
        district: &setting.district(pair.district).id,
        state: match pair.state {
            PairState::Received => "received",
            PairState::Missing => "missing",
            PairState::Held => "held",
            PairState::Waiting => "recount-waits",
            PairState::Gap => "gap",
            PairState::Annulled => "annulled",
            PairState::Rejected => "rejected",
        },
        held_by,
        gaps: gaps.map(|gap| GapRow { device: gap.device, from: gap.from, to: gap.to }).collect(),
        registered: setting.subject.registers.pair(pair.station, pair.district).registered,
        batches: pair.batches,
        ballots_taken: pair.taken,
    }
}
