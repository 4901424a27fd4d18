//! Streams of server-sent events: who looks at a view is told what changes in it.
//!
//! In: a board after another. Out: per view one frame, made once for all who look: the parts that
//! changed since the frame before, and all of them for whoever missed that one. Never: a queue; a
//! reader who is slow skips frames, and holds nobody up.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use tokio::sync::watch;

use crate::board_pages::BoardPages;
use crate::page::{Page, Part};
use crate::view::View;

/// Views that are streamed at one time; who asks for one more reads a page that reloads itself.
const VIEWS_MAX: usize = 256;

/// What changed in a view.
#[derive(Debug)]
pub(crate) struct Frame {
    /// From 0, in the order of its stream.
    pub(crate) number: u64,
    /// The event for whoever has the frame before.
    pub(crate) news: Bytes,
    /// The event for everybody else.
    pub(crate) whole: Bytes,
    parts: Vec<Part>,
}

impl Frame {
    fn first(page: &Page, position: u64) -> Self {
        let whole = event(position, page.parts.iter());
        Self { number: 0, news: whole.clone(), whole, parts: page.parts.clone() }
    }

    /// The frame after this one; `None` if nothing moved.
    fn next(&self, page: &Page, position: u64) -> Option<Self> {
        let keys =
            |parts: &[Part]| -> Vec<String> { parts.iter().map(|part| part.key.clone()).collect() };
        if self.parts == page.parts {
            return None;
        }
        let number = self.number + 1;
        let parts = page.parts.clone();
        if keys(&self.parts) != keys(&parts) {
            // The page has other parts now: a new row, say. Whoever looks fetches it again.
            let again = Bytes::from(format!("id: {position}\nevent: again\ndata: {{}}\n\n"));
            return Some(Self { number, news: again.clone(), whole: again, parts });
        }
        let changed = self.parts.iter().zip(&parts).filter(|(old, new)| old != new);
        let news = event(position, changed.map(|(_, new)| new));
        Some(Self { number, news, whole: event(position, parts.iter()), parts })
    }
}

/// An event that says what stands in these parts; its id is the number of records counted.
fn event<'a>(position: u64, parts: impl Iterator<Item = &'a Part>) -> Bytes {
    let parts: serde_json::Map<String, serde_json::Value> =
        parts.map(|part| (part.key.clone(), part.html.clone().into())).collect();
    let mut text = format!("id: {position}\nevent: parts\n");
    // JSON has no line end in it, so one line of data holds it.
    let _ = write!(text, "data: {}\n\n", serde_json::Value::Object(parts));
    text.into()
}

/// All streams of a dashboard.
#[derive(Default)]
pub(crate) struct Streams {
    views: Mutex<HashMap<View, watch::Sender<Arc<Frame>>>>,
}

impl Streams {
    /// Looks at a view from this page of a board at this position on; `None` if too many views are looked at.
    pub(crate) fn subscribe(
        &self,
        view: &View,
        page: &Page,
        position: u64,
    ) -> Option<watch::Receiver<Arc<Frame>>> {
        let mut views = self.views.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(sender) = views.get(view) {
            return Some(sender.subscribe());
        }
        if views.len() >= VIEWS_MAX {
            return None;
        }
        let (sender, receiver) = watch::channel(Arc::new(Frame::first(page, position)));
        views.insert(view.clone(), sender);
        Some(receiver)
    }

    /// Tells everybody who looks what this board changes; forgets views at which nobody looks.
    pub(crate) fn publish(&self, board: &BoardPages) {
        let all: Vec<(View, watch::Sender<Arc<Frame>>)> = {
            let mut views = self.views.lock().unwrap_or_else(PoisonError::into_inner);
            views.retain(|_, sender| sender.receiver_count() > 0);
            views.iter().map(|(view, sender)| (view.clone(), sender.clone())).collect()
        };
        for (view, sender) in all {
            let Some(page) = board.page(&view) else { continue };
            let next = sender.borrow().next(&page, board.board.snapshot.position);
            if let Some(frame) = next {
                sender.send_replace(Arc::new(frame));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::page::Parts;

    fn page(parts: &[(&str, &str)]) -> Page {
        let collected = Parts::default();
        parts.iter().for_each(|(key, text)| {
            collected.text(key, *text);
        });
        Page::new(String::new(), collected, 0)
    }

    fn text(bytes: &Bytes) -> String {
        String::from_utf8(bytes.to_vec()).unwrap()
    }

    #[test]
    fn a_frame_tells_what_changed_and_nothing_else() {
        let first = Frame::first(&page(&[("a", "1"), ("b", "<2>")]), 4);
        assert_eq!(
            text(&first.whole),
            "id: 4\nevent: parts\ndata: {\"a\":\"1\",\"b\":\"&lt;2&gt;\"}\n\n"
        );
        assert!(first.next(&page(&[("a", "1"), ("b", "<2>")]), 5).is_none());
        let second = first.next(&page(&[("a", "3"), ("b", "<2>")]), 5).unwrap();
        assert_eq!(text(&second.news), "id: 5\nevent: parts\ndata: {\"a\":\"3\"}\n\n");
        assert!(text(&second.whole).contains("\"b\""));
        let third = second.next(&page(&[("a", "3"), ("b", "<2>"), ("c", "4")]), 6).unwrap();
        assert!(text(&third.news).starts_with("id: 6\nevent: again\n"));
        assert_eq!(third.number, 2);
    }
}
