//! What may be asked for: paths of the API.
//!
//! In: a path after `/v1/` and a query. Out: the resource; and its document as bytes. Never: a
//! resource that names what the election does not have.

use serde::Serialize;

use super::{corrections, district, nation, place, reception, search, small_cells, stations};
use crate::board::Board;
use crate::setting::Setting;
use crate::stations::StationFilter;

/// What may be asked for. Places and districts by index.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Resource {
    /// The whole country.
    Nation,
    /// All provinces.
    Provinces,
    /// A province with its counties and districts.
    Province(u32),
    /// Districts, of a contest (by index) or of all.
    Districts {
        /// Of this contest alone.
        contest: Option<usize>,
        /// From 1.
        page: u32,
    },
    /// A district with its votes and its outcome.
    District(u32),
    /// Pairs of station and district.
    Stations {
        /// Which of them.
        state: StationFilter,
        /// In this province alone.
        province: Option<u32>,
        /// From 1.
        page: u32,
    },
    /// Decisions of officers, the last one first.
    Corrections {
        /// From 1.
        page: u32,
    },
    /// Whatever bears a name or a code.
    Search(String),
    /// How receiving goes.
    Reception,
    /// Where ballots of small districts are shown together.
    SmallCells,
}

impl Resource {
    /// The resource of a path and a query.
    ///
    /// # Errors
    /// What was found, and what was expected.
    pub fn parse(
        setting: &Setting,
        path: &str,
        query: &[(String, String)],
    ) -> Result<Self, String> {
        let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
        let known: &[&str] = match parts[..] {
            ["districts"] => &["contest", "page"],
            ["stations"] => &["state", "province", "page"],
            ["corrections"] => &["page"],
            ["search"] => &["q"],
            _ => &[],
        };
        if let Some((key, _)) = query.iter().find(|(key, _)| !known.contains(&key.as_str())) {
            let expected = if known.is_empty() { "no parameter".into() } else { known.join(", ") };
            return Err(format!("found parameter '{key}', expected {expected}"));
        }
        let query = Query { setting, query };
        Ok(match parts[..] {
            ["nation"] => Self::Nation,
            ["provinces"] => Self::Provinces,
            ["provinces", at] => Self::Province(province(setting, at)?),
            ["districts"] => Self::Districts { contest: query.contest()?, page: query.page()? },
            // An id is whatever stands behind, be there a `/` in it.
            ["districts", ..] => {
                let (_, id) = path.trim_start_matches('/').split_once('/').unwrap_or_default();
                let district = setting.district_of_address(id);
                Self::District(district.ok_or_else(|| {
                    format!("found district '{id}', expected an id of districts.csv")
                })?)
            }
            ["stations"] => Self::Stations {
                state: query.state()?,
                province: query.value("province").map(|at| province(setting, at)).transpose()?,
                page: query.page()?,
            },
            ["corrections"] => Self::Corrections { page: query.page()? },
            ["search"] => Self::Search(query.value("q").unwrap_or("").to_owned()),
            ["reception"] => Self::Reception,
            ["small-cells"] => Self::SmallCells,
            _ => {
                return Err(format!(
                    "found path '{path}', expected one of: nation, provinces, provinces/N, \
                     districts, districts/ID, stations, corrections, search, reception, \
                     small-cells"
                ));
            }
        })
    }

    /// The document of this resource, as JSON; `None` beyond the last page of a list.
    #[must_use]
    pub fn document(&self, board: &Board) -> Option<Vec<u8>> {
        match self {
            Self::Nation => bytes(&nation::document(board)),
            Self::Provinces => bytes(&place::provinces(board)),
            Self::Province(at) => bytes(&place::province(board, *at)),
            Self::Districts { contest, page } => bytes(&place::districts(board, *contest, *page)?),
            Self::District(at) => bytes(&district::document(board, *at)),
            Self::Stations { state, province, page } => {
                bytes(&stations::document(board, *state, *province, *page)?)
            }
            Self::Corrections { page } => bytes(&corrections::document(board, *page)?),
            Self::Search(query) => bytes(&search::document(board, query)),
            Self::Reception => bytes(&reception::document(board)),
            Self::SmallCells => bytes(&small_cells::document(board)),
        }
    }
}

fn bytes(document: &impl Serialize) -> Option<Vec<u8>> {
    let mut bytes = serde_json::to_vec(document).expect("documents have keys of text");
    bytes.push(b'\n');
    Some(bytes)
}

fn province(setting: &Setting, at: &str) -> Result<u32, String> {
    let count = setting.places.provinces.len();
    let index: Option<u32> = at.parse().ok().filter(|index| (*index as usize) < count);
    index.ok_or_else(|| format!("found province '{at}', expected a number below {count}"))
}

struct Query<'a> {
    setting: &'a Setting,
    query: &'a [(String, String)],
}

impl Query<'_> {
    fn value(&self, key: &str) -> Option<&str> {
        let found = self.query.iter().find(|(own, _)| own == key);
        found.map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
    }

    fn page(&self) -> Result<u32, String> {
        let Some(page) = self.value("page") else { return Ok(1) };
        let number = page.parse().ok().filter(|page| *page > 0);
        number.ok_or_else(|| format!("found page '{page}', expected a number from 1"))
    }

    fn contest(&self) -> Result<Option<usize>, String> {
        let Some(id) = self.value("contest") else { return Ok(None) };
        let contests = &self.setting.subject.election.head.contests;
        let index = contests.iter().position(|contest| contest.id == id);
        index.map(Some).ok_or_else(|| {
            let ids: Vec<&str> = contests.iter().map(|contest| contest.id.as_str()).collect();
            format!("found contest '{id}', expected one of: {}", ids.join(", "))
        })
    }

    fn state(&self) -> Result<StationFilter, String> {
        let Some(name) = self.value("state") else { return Ok(StationFilter::Missing) };
        StationFilter::find(name).ok_or_else(|| {
            let names = StationFilter::ALL.map(StationFilter::name);
            format!("found state '{name}', expected one of: {}", names.join(", "))
        })
    }
}
