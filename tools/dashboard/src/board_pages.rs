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
use crate::view::View;

/// Pages, and documents, kept of one board, whatever is asked for.
const KEPT_MAX: usize = 1_024;

/// A board, and what was made of it.
pub(crate) struct BoardPages {
    pub(crate) board: Board,
    pages: Mutex<HashMap<View, Arc<Page>>>,
    documents: Mutex<HashMap<Resource, Arc<Document>>>,
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
        Self { board, pages: Mutex::default(), documents: Mutex::default() }
    }

    /// A page of this board.
    pub(crate) fn page(&self, view: &View) -> Option<Arc<Page>> {
        kept(&self.pages, view, || Some(crate::pages::render(&self.board, view)))
    }

    /// A document of this board; `None` beyond the last page of a list.
    pub(crate) fn document(&self, resource: &Resource) -> Option<Arc<Document>> {
        kept(&self.documents, resource, || {
            let json = resource.document(&self.board)?;
            Some(Document { tag: tag_of(&json), json: Packed::whole(json) })
        })
    }
}

/// What is kept under a key, or what is made now.
fn kept<K: Clone + Eq + Hash, V>(
    kept: &Mutex<HashMap<K, Arc<V>>>,
    key: &K,
    make: impl FnOnce() -> Option<V>,
) -> Option<Arc<V>> {
    let find = || kept.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(made) = find().get(key) {
        return Some(Arc::clone(made));
    }
    let made = Arc::new(make()?);
    let mut kept = find();
    if kept.len() < KEPT_MAX {
        kept.insert(key.clone(), Arc::clone(&made));
    }
    Some(made)
}
