//! Where ballots of small districts are shown together: a mapping that the definition fixes before
//! the vote.

use serde::Serialize;
use shomar_engine::disclosure::RestPlace;
use shomar_format::document::BallotCounts;

use super::Head;
use crate::board::Board;

#[derive(Serialize)]
pub(super) struct SmallCellsDocument<'a> {
    #[serde(flatten)]
    head: Head<'a>,
    /// Ids of districts whose votes are shown nowhere.
    withheld: Vec<&'a str>,
    /// Their ballots, as they are shown together.
    rests: Vec<RestRow<'a>>,
    /// Where the ballots of each district would be shown, if it were withheld: first with those of
    /// its county, else of its province, else of the country.
    mapping: Vec<MappingRow<'a>>,
}

#[derive(Serialize)]
struct RestRow<'a> {
    contest: &'a str,
    /// Null: of the country.
    province: Option<&'a str>,
    /// Null: of the province. Empty: districts of several counties.
    county: Option<&'a str>,
    ballots: BallotCounts,
}

#[derive(Serialize)]
struct MappingRow<'a> {
    district: &'a str,
    contest: &'a str,
    province: &'a str,
    county: &'a str,
}

pub(super) fn document(board: &Board) -> SmallCellsDocument<'_> {
    let setting = &board.setting;
    let election = setting.subject.election;
    let contest = |contest: usize| election.head.contests[contest].id.as_str();
    let public = board.public();
    let rests = public.into_iter().flat_map(|public| &public.rests).map(|(place, ballots)| {
        let (of, province, county) = match place {
            RestPlace::County(of, province, county) => {
                (*of, Some(province.as_str()), Some(county.as_str()))
            }
            RestPlace::Province(of, province) => (*of, Some(province.as_str()), None),
            RestPlace::Country(of) => (*of, None, None),
        };
        RestRow { contest: contest(of), province, county, ballots: *ballots }
    });
    let withheld = public.into_iter().flat_map(|public| &public.withheld);
    SmallCellsDocument {
        head: board.head(board.status()),
        withheld: withheld.map(|&district| setting.district(district).id.as_str()).collect(),
        rests: rests.collect(),
        mapping: election
            .districts
            .iter()
            .map(|own| MappingRow {
                district: &own.id,
                contest: contest(own.contest),
                province: &own.province,
                county: &own.county,
            })
            .collect(),
    }
}
