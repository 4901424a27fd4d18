//! A board with its pages and documents: each is made once, by whoever asks first.
//!
//! In: a board, a view or a resource. Out: the page, the document. Never: more of them than a
//! bound, whatever is asked for.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use shomar_board::board::Board;
use shomar_board::documents::Resource;

use crate::packed::Packed;
use crate::page::{Page, tag_of};
use crate::view::{Kind, View};

/// Pages, and documents, kept of one board, whatever is asked for.
const KEPT_MAX: usize = 1_024;
/// Of these, how many are of what a reader can word as they like: whoever asks for a thousand words
/// must not leave the pages of the country to be made again for everybody.
const WORDED_KEPT_MAX: usize = 64;

/// A board, and what was made of it.
pub(crate) struct BoardPages {
    pub(crate) board: Board,
    pages: Kept<View, Page>,
    documents: Kept<Resource, Document>,
}

/// What was made, by what was asked for.
struct Kept<K, V>(Mutex<HashMap<K, Arc<V>>>);

/// Something that can be asked for.
trait Asked: Clone + Eq + Hash {
    /// Whether a reader can word it in any number of ways.
    fn is_worded(&self) -> bool;
}

impl Asked for View {
    fn is_worded(&self) -> bool {
        matches!(self.kind, Kind::Search(_) | Kind::Wall(_))
    }
}

impl Asked for Resource {
    fn is_worded(&self) -> bool {
        matches!(self, Self::Search(_))
    }
}

/// A document of the API.
pub(crate) struct Document {
    pub(crate) json: Packed,
    /// Its tag for caches, with quotes.
    pub(crate) tag: String,
}

impl BoardPages {
    /// Nothing made yet.
    pub(crate) fn new(board: Board) -> Self {
        Self { board, pages: Kept::new(), documents: Kept::new() }
    }

    /// A page of this board.
    pub(crate) fn page(&self, view: &View) -> Arc<Page> {
        let made = || self.pages.keep(view, crate::pages::render(&self.board, view));
        self.pages.find(view).unwrap_or_else(made)
    }

    /// A document of this board; `None` beyond the last page of a list.
    pub(crate) fn document(&self, resource: &Resource) -> Option<Arc<Document>> {
        let made = || {
            let json = resource.document(&self.board)?;
            let document = Document { tag: tag_of(&json), json: Packed::whole(json) };
            Some(self.documents.keep(resource, document))
        };
        self.documents.find(resource).or_else(made)
    }
}

impl<K: Asked, V> Kept<K, V> {
    fn new() -> Self {
        Self(Mutex::default())
    }

    fn all(&self) -> MutexGuard<'_, HashMap<K, Arc<V>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn find(&self, key: &K) -> Option<Arc<V>> {
        self.all().get(key).map(Arc::clone)
    }

    /// Keeps what was made, if there is room.
    fn keep(&self, key: &K, made: V) -> Arc<V> {
        let made = Arc::new(made);
        let mut kept = self.all();
        let has_room = match key.is_worded() {
            true => kept.keys().filter(|own| own.is_worded()).count() < WORDED_KEPT_MAX,
            false => true,
        };
        if has_room && kept.len() < KEPT_MAX {
            kept.insert(key.clone(), Arc::clone(&made));
        }
        made
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_readers_do_not_crowd_out_the_pages_of_everybody() {
        let kept = Kept::new();
        for word in 0..2 * KEPT_MAX {
            kept.keep(&Resource::Search(word.to_string()), word);
        }
        kept.keep(&Resource::Nation, 7);
        assert_eq!(kept.find(&Resource::Nation).as_deref(), Some(&7));
        // What was worded first is kept as well, and what was worded last is not.
        let worded = |word: usize| kept.find(&Resource::Search(word.to_string()));
        assert_eq!((worded(0).as_deref(), worded(WORDED_KEPT_MAX)), (Some(&0), None));
    }
}
