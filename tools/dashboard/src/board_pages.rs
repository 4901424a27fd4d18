//! A board with its pages and documents: each is made once, by whoever asks first.
//!
//! In: a board, a view or a resource. Out: the page, the document. Never: more of them than a
//! bound, whatever is asked for.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};

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
    pub(crate) fn page(&self, view: &View) -> Option<Arc<Page>> {
        self.pages.find_or_make(view, || Some(crate::pages::render(&self.board, view)))
    }

    /// A document of this board; `None` beyond the last page of a list.
    pub(crate) fn document(&self, resource: &Resource) -> Option<Arc<Document>> {
        self.documents.find_or_make(resource, || {
            let json = resource.document(&self.board)?;
            Some(Document { tag: tag_of(&json), json: Packed::whole(json) })
        })
    }
}

impl<K: Asked, V> Kept<K, V> {
    fn new() -> Self {
        Self(Mutex::default())
    }

    /// What is kept, or what is made now.
    fn find_or_make(&self, key: &K, make: impl FnOnce() -> Option<V>) -> Option<Arc<V>> {
        let find = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(made) = find().get(key) {
            return Some(Arc::clone(made));
        }
        let made = Arc::new(make()?);
        let mut kept = find();
        let has_room = match key.is_worded() {
            true => kept.keys().filter(|own| own.is_worded()).count() < WORDED_KEPT_MAX,
            false => true,
        };
        if has_room && kept.len() < KEPT_MAX {
            kept.insert(key.clone(), Arc::clone(&made));
        }
        Some(made)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_readers_do_not_crowd_out_the_pages_of_everybody() {
        let kept = Kept::new();
        let mut made = 0;
        let mut ask = |resource: Resource| {
            kept.find_or_make(&resource, || {
                made += 1;
                Some(made)
            })
        };
        (0..2 * KEPT_MAX)
            .for_each(|word| assert!(ask(Resource::Search(word.to_string())).is_some()));
        let nation = ask(Resource::Nation);
        assert_eq!(ask(Resource::Nation), nation);
        // What was worded first is kept as well.
        assert_eq!(ask(Resource::Search("0".to_owned())).as_deref(), Some(&1));
    }
}
