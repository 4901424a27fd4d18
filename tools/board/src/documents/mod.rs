//! The JSON of the API and of published files: what a program is told of a board.
//!
//! In: a board, and what is asked for. Out: a document; each names its version, its election, its
//! frontier and its status (docs/api.md). Never: a vote that small cells keep back; a row per
//! ballot; a number that the pages do not show.

mod corrections;
mod district;
mod nation;
mod place;
mod reception;
mod resource;
mod search;
mod small_cells;
mod stations;

use serde::Serialize;

pub use resource::Resource;

use crate::board::Board;
use crate::status::PublicationStatus;
use crate::words::rfc3339;

/// Version of the documents: another one where a field changes its meaning or goes away.
pub const VERSION: u32 = 1;

/// What every document begins with.
#[derive(Debug, Serialize)]
struct Head<'a> {
    version: u32,
    election: &'a str,
    /// `test` or `official`.
    mode: &'static str,
    /// Of what the document is about.
    status: PublicationStatus,
    frontier: Frontier,
}

/// Up to where was counted.
#[derive(Debug, Serialize)]
struct Frontier {
    /// All records of the journal with lower numbers are counted.
    position: u64,
    /// When the numbers were so, in UTC; null where nobody said.
    at: Option<String>,
    /// Why nothing is published any more, and nobody may rely on these numbers.
    #[serde(skip_serializing_if = "Option::is_none")]
    failure: Option<String>,
}

/// A name in both languages; an empty one is not known.
#[derive(Debug, Serialize)]
struct Name<'a> {
    fa: &'a str,
    en: &'a str,
}

/// A page of a long list.
#[derive(Debug, Serialize)]
struct PageOf {
    /// From 1.
    page: u32,
    /// How many pages there are; at least one.
    pages: u32,
    /// How many rows all pages have together.
    rows: usize,
}

impl Board {
    fn head(&self, status: PublicationStatus) -> Head<'_> {
        let head = &self.setting.subject.election.head;
        Head {
            version: VERSION,
            election: &head.id,
            mode: head.mode.name(),
            status,
            frontier: Frontier {
                position: self.snapshot.position,
                at: rfc3339(self.at_ms).filter(|_| self.at_ms > 0),
                failure: self.reception.failure.clone(),
            },
        }
    }
}

/// One page of the rows, if there is such a page.
fn page_of<T>(rows: &[T], page: u32, rows_shown: usize) -> Option<(PageOf, &[T])> {
    let pages = u32::try_from(rows.len().div_ceil(rows_shown)).unwrap_or(u32::MAX).max(1);
    if page == 0 || page > pages {
        return None;
    }
    let from = (page as usize - 1) * rows_shown;
    let shown = &rows[from..rows.len().min(from + rows_shown)];
    Some((PageOf { page, pages, rows: rows.len() }, shown))
}
