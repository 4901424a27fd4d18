//! What bears a name or a code.

use serde::Serialize;

use super::{Head, Name};
use crate::board::Board;
use crate::search::Target;

/// Matches of one answer.
const MATCHES_SHOWN: usize = 200;

#[derive(Serialize)]
pub(super) struct SearchDocument<'a> {
    #[serde(flatten)]
    head: Head<'a>,
    query: &'a str,
    /// Whether there is more than is here.
    more: bool,
    /// Best first.
    found: Vec<FoundRow<'a>>,
}

#[derive(Serialize)]
struct FoundRow<'a> {
    /// `province`, `county`, `district`, `list`, `candidate`, `station`.
    kind: &'static str,
    name: Name<'a>,
    /// Number of a province or a county.
    #[serde(skip_serializing_if = "Option::is_none")]
    number: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    district: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    station: Option<&'a str>,
    /// Of a list or a candidate.
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<u32>,
}

pub(super) fn document<'a>(board: &'a Board, query: &'a str) -> SearchDocument<'a> {
    let found = board.setting.names.find(query);
    let targets = found.targets.iter().take(MATCHES_SHOWN);
    SearchDocument {
        head: board.head(board.status()),
        query,
        more: found.is_cut || found.targets.len() > MATCHES_SHOWN,
        found: targets.map(|target| row(board, *target)).collect(),
    }
}

fn row(board: &Board, target: Target) -> FoundRow<'_> {
    let setting = &board.setting;
    let places = &setting.places;
    let found = |kind, fa, en| {
        let name = Name { fa, en };
        FoundRow { kind, name, number: None, district: None, station: None, code: None }
    };
    match target {
        Target::Province(at) => {
            let own = &places.provinces[at as usize];
            FoundRow { number: Some(at), ..found("province", &own.name_fa, own.name_en()) }
        }
        Target::County(at) => {
            let own = &places.counties[at as usize];
            FoundRow { number: Some(at), ..found("county", &own.name_fa, "") }
        }
        Target::District(at) => {
            let own = setting.district(at);
            FoundRow { district: Some(&own.id), ..found("district", &own.name_fa, &own.name_en) }
        }
        Target::List(district, at) => {
            let own = setting.district(district);
            let list = &own.lists[at as usize];
            let (district, code) = (Some(own.id.as_str()), Some(list.code));
            FoundRow { district, code, ..found("list", &list.name_fa, &list.name_en) }
        }
        Target::Candidate(district, at) => {
            let own = setting.district(district);
            let person = &own.candidates[at as usize];
            let (district, code) = (Some(own.id.as_str()), Some(person.code));
            FoundRow { district, code, ..found("candidate", &person.name_fa, &person.name_en) }
        }
        Target::Station(at) => {
            let own = &setting.subject.election.stations[at as usize];
            FoundRow { station: Some(&own.id), ..found("station", &own.name_fa, "") }
        }
    }
}
