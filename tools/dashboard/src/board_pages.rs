//! A board with its pages: each is made once, by whoever asks first.
//!
//! In: a board, a view. Out: the page. Never: more pages than a bound, whatever is asked for.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use shomar_board::board::Board;

use crate::page::Page;
use crate::view::View;

/// Pages kept of one board, whatever is asked for.
const PAGES_MAX: usize = 1_024;

/// A board, and the pages that were made of it.
pub(crate) struct BoardPages {
    pub(crate) board: Board,
    pages: Mutex<HashMap<View, Arc<Page>>>,
}

impl BoardPages {
    /// No page yet.
    pub(crate) fn new(board: Board) -> Self {
        Self { board, pages: Mutex::default() }
    }

    /// A page of this board; `None` if the view has none.
    pub(crate) fn page(&self, view: &View) -> Option<Arc<Page>> {
        let find = || self.pages.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(page) = find().get(view) {
            return Some(Arc::clone(page));
        }
        let page = Arc::new(crate::pages::render(&self.board, view)?);
        let mut pages = find();
        if pages.len() < PAGES_MAX {
            pages.insert(view.clone(), Arc::clone(&page));
        }
        Some(page)
    }
}
