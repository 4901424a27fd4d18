//! Streams of server-sent events: who looks at a view is told what changes in it.
//!
//! In: a board after another. Out: per view one frame, made once for all who look: the parts that
//! changed since the frame before, and all of them for whoever missed that one. Never: a queue; a
//! reader who is slow skips frames, and holds nobody up.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;

use crate::board_pages::BoardPages;
use crate::packed::Packed;
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
    pub(crate) news: Arc<Packed>,
    /// The event for everybody else.
    pub(crate) whole: Arc<Packed>,
    parts: Vec<Part>,
}

impl Frame {
    fn first(page: &Page, position: u64) -> Self {
        let whole = Arc::new(event(position, page.parts.iter()));
        Self { number: 0, news: Arc::clone(&whole), whole, parts: page.parts.clone() }
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
            let again = Packed::piece(format!("id: {position}\nevent: again\ndata: {{}}\n\n"));
            let again = Arc::new(again);
            return Some(Self { number, news: Arc::clone(&again), whole: again, parts });
        }
        let changed = self.parts.iter().zip(&parts).filter(|(old, new)| old != new);
        let news = Arc::new(event(position, changed.map(|(_, new)| new)));
        let whole = Arc::new(event(position, parts.iter()));
        Some(Self { number, news, whole, parts })
    }
}

/// An event that says what stands in these parts; its id is the number of records counted.
fn event<'a>(position: u64, parts: impl Iterator<Item = &'a Part>) -> Packed {
    let parts: serde_json::Map<String, serde_json::Value> =
        parts.map(|part| (part.key.clone(), part.html.clone().into())).collect();
    let mut text = format!("id: {position}\nevent: parts\n");
    // JSON has no line end in it, so one line of data holds it.
    let _ = write!(text, "data: {}\n\n", serde_json::Value::Object(parts));
    Packed::piece(text)
}

/// Readers of a view are told in so many groups, one after another: two thousand who wake at once
/// would make batches wait for all of them.
const GROUPS: usize = 64;
/// Time that a group is given for each of its readers before the next one is told.
const READER_SHARE: Duration = Duration::from_micros(25);

/// Who looks at a view.
struct Audience {
    frame: Arc<Frame>,
    groups: Vec<watch::Sender<Arc<Frame>>>,
}

impl Audience {
    fn new(frame: Frame) -> Self {
        let frame = Arc::new(frame);
        let group = || watch::channel(Arc::clone(&frame)).0;
        let groups = std::iter::repeat_with(group).take(GROUPS).collect();
        Self { frame, groups }
    }

    /// A place in the smallest group.
    fn seat(&self) -> watch::Receiver<Arc<Frame>> {
        let smallest = self.groups.iter().min_by_key(|group| group.receiver_count());
        smallest.expect("there are groups").subscribe()
    }

    fn is_empty(&self) -> bool {
        self.groups.iter().all(|group| group.receiver_count() == 0)
    }
}

/// All streams of a dashboard.
#[derive(Default)]
pub(crate) struct Streams {
    audiences: Mutex<HashMap<View, Audience>>,
}

impl Streams {
    fn audiences(&self) -> MutexGuard<'_, HashMap<View, Audience>> {
        self.audiences.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Looks at a view from this page of a board at this position on; `None` if too many views are
    /// looked at.
    pub(crate) fn subscribe(
        &self,
        view: &View,
        page: &Page,
        position: u64,
    ) -> Option<watch::Receiver<Arc<Frame>>> {
        let mut audiences = self.audiences();
        if let Some(audience) = audiences.get(view) {
            return Some(audience.seat());
        }
        if audiences.len() >= VIEWS_MAX {
            return None;
        }
        let audience = Audience::new(Frame::first(page, position));
        let seat = audience.seat();
        audiences.insert(view.clone(), audience);
        Some(seat)
    }

    /// Tells everybody who looks what this board changes, group after group; forgets views at which
    /// nobody looks. How long it paused between groups.
    pub(crate) fn publish(&self, board: &BoardPages) -> Duration {
        let views: Vec<View> = {
            let mut audiences = self.audiences();
            audiences.retain(|_, audience| !audience.is_empty());
            audiences.keys().cloned().collect()
        };
        let position = board.board.snapshot.position;
        let mut told = Vec::new();
        for view in views {
            let Some(page) = board.page(&view) else { continue };
            let mut audiences = self.audiences();
            let Some(audience) = audiences.get_mut(&view) else { continue };
            if let Some(frame) = audience.frame.next(&page, position) {
                audience.frame = Arc::new(frame);
                told.push((Arc::clone(&audience.frame), audience.groups.clone()));
            }
        }
        let mut paused = Duration::ZERO;
        for group in 0..GROUPS {
            let mut readers = 0;
            for (frame, groups) in &told {
                groups[group].send_replace(Arc::clone(frame));
                readers += groups[group].receiver_count();
            }
            if readers > 0 {
                let pause = READER_SHARE * u32::try_from(readers).unwrap_or(u32::MAX);
                std::thread::sleep(pause);
                paused += pause;
            }
        }
        paused
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

    fn text(event: &Packed) -> String {
        String::from_utf8(event.bytes(false).to_vec()).unwrap()
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
