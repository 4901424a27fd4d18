//! A page: HTML as a whole, and the parts of it that move.
//!
//! In: markup. Out: bytes to serve, with their tag; parts by key, so that a stream can say what
//! changed. Never: a part inside another one.

use std::cell::RefCell;

use maud::{Markup, PreEscaped, html};
use shomar_format::bytes::{hex, sha256};

use crate::packed::Packed;

/// Collects the parts of a page while it is written.
#[derive(Default)]
pub(crate) struct Parts {
    parts: RefCell<Vec<Part>>,
}

/// A part that may change: what stands in the element with this key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Part {
    pub(crate) key: String,
    pub(crate) html: String,
}

impl Parts {
    /// A text that may change.
    pub(crate) fn text(&self, key: &str, text: impl Into<String>) -> Markup {
        let text = text.into();
        self.markup(key, html! { (text) })
    }

    /// A piece of a line that may change.
    pub(crate) fn markup(&self, key: &str, markup: Markup) -> Markup {
        let element = html! { span data-live=(key) { (markup) } };
        self.keep(key, markup);
        element
    }

    /// A piece of a picture that may change.
    pub(crate) fn svg(&self, key: &str, markup: Markup) -> Markup {
        let element = html! { g data-live=(key) { (markup) } };
        self.keep(key, markup);
        element
    }

    /// A block that may change.
    pub(crate) fn block(&self, key: &str, markup: Markup) -> Markup {
        let element = html! { div data-live=(key) { (markup) } };
        self.keep(key, markup);
        element
    }

    fn keep(&self, key: &str, PreEscaped(html): Markup) {
        self.parts.borrow_mut().push(Part { key: key.to_owned(), html });
    }
}

/// A page.
#[derive(Debug)]
pub(crate) struct Page {
    /// All of it.
    pub(crate) html: Packed,
    /// Its tag for caches, with quotes.
    pub(crate) tag: String,
    /// Its parts, in the order of the page.
    pub(crate) parts: Vec<Part>,
    /// When its numbers were, in milliseconds since 1970-01-01 UTC.
    pub(crate) at_ms: u64,
    /// Of which election and program it is: a stream that names another one is not its own.
    pub(crate) identity: String,
}

impl Page {
    pub(crate) fn new(html: String, parts: Parts, at_ms: u64, identity: String) -> Self {
        let parts = parts.parts.into_inner();
        Self { tag: tag_of(html.as_bytes()), html: Packed::whole(html), parts, at_ms, identity }
    }
}

/// A tag by which a cache knows these bytes again: a weak one, since packed they are others.
pub(crate) fn tag_of(bytes: &[u8]) -> String {
    format!("W/\"{}\"", mark_of(bytes))
}

/// What tells these bytes from others.
pub(crate) fn mark_of(bytes: &[u8]) -> String {
    hex(&sha256(bytes)[..12])
}
