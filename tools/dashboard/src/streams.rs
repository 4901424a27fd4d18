//! Streams of server-sent events: who looks at a view is told what changes in it.
//!
//! In: a board after another. Out: per view one frame, made once for all who look: the parts that
//! changed since the frame before, and all of them for whoever missed that one; where nothing
//! moves, a beat, so that whoever looks knows that somebody still counts. Never: a queue; a reader
//! who is slow skips frames, and holds nobody up.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::watch;

use crate::board_pages::BoardPages;
use crate::packed::Packed;
use crate::page::{Page, Part};
use crate::view::View;

/// Views that are streamed at one time; who asks for one more reads a page that fetches itself.
const VIEWS_MAX: usize = 256;

/// Longest time without an event. The script takes a stream that is silent four times as long for
/// lost: nobody else would tell of a connection that is half open, or of a thread that died.
const BEAT: Duration = Duration::from_secs(4);

/// An event that says nothing but that boards are still made. It has no id: no record came.
static STILL_COUNTING: LazyLock<Arc<Packed>> =
    LazyLock::new(|| Arc::new(Packed::piece("event: beat\ndata: {}\n\n")));

/// What changed in a view.
#[derive(Debug)]
pub(crate) struct Frame {
    /// From 0, in the order of its stream.
    pub(crate) number: u64,
    /// The event for whoever has the frame before.
    pub(crate) news: Arc<Packed>,
    /// The events for everybody else: of what page this is, and all its parts.
    pub(crate) whole: Arc<Packed>,
    parts: Arc<[Part]>,
    made: Instant,
}

impl Frame {
    fn first(page: &Page, position: u64) -> Self {
        let whole = Arc::new(whole(page, position));
        let (news, parts) = (Arc::clone(&whole), page.parts.clone().into());
        Self { number: 0, news, whole, parts, made: Instant::now() }
    }

    /// The frame after this one; `None` if nothing moved.
    fn next(&self, page: &Page, position: u64) -> Option<Self> {
        let keys =
            |parts: &[Part]| -> Vec<String> { parts.iter().map(|part| part.key.clone()).collect() };
        if *self.parts == *page.parts {
            return None;
        }
        let news = if keys(&self.parts) == keys(&page.parts) {
            let changed = self.parts.iter().zip(&page.parts).filter(|(old, new)| old != new);
            event(position, changed.map(|(_, new)| new))
        } else {
            // The page has other parts now: a new row, say. Whoever looks fetches it again.
            Packed::piece(format!("id: {position}\nevent: again\ndata: {{}}\n\n"))
        };
        let (news, whole) = (Arc::new(news), Arc::new(whole(page, position)));
        let parts = page.parts.clone().into();
        Some(Self { number: self.number + 1, news, whole, parts, made: Instant::now() })
    }

    /// The frame after this one if it is long ago.
    fn beat(&self) -> Option<Self> {
        let (whole, parts) = (Arc::clone(&self.whole), Arc::clone(&self.parts));
        let (number, news) = (self.number + 1, Arc::clone(&STILL_COUNTING));
        let is_due = self.made.elapsed() >= BEAT;
        is_due.then(|| Self { number, news, whole, parts, made: Instant::now() })
    }
}

/// Everything of a page, for whoever begins to look: of which election and program it is, and what
/// stands in all its parts. Who has other parts than these, from before, fetches the page again.
fn whole(page: &Page, position: u64) -> Packed {
    Packed::piece(format!(
        "event: page\ndata: {}\n\n{}",
        page.identity,
        event_text(position, page.parts.iter())
    ))
}

/// An event that says what stands in these parts; its id is the number of records counted.
fn event<'a>(position: u64, parts: impl Iterator<Item = &'a Part>) -> Packed {
    Packed::piece(event_text(position, parts))
}

fn event_text<'a>(position: u64, parts: impl Iterator<Item = &'a Part>) -> String {
    let parts: serde_json::Map<String, serde_json::Value> =
        parts.map(|part| (part.key.clone(), part.html.clone().into())).collect();
    let mut text = format!("id: {position}\nevent: parts\n");
    // JSON has no line end in it, so one line of data holds it.
    let _ = write!(text, "data: {}\n\n", serde_json::Value::Object(parts));
    text
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

    /// Tells everybody who looks what this board changes, or that nothing did; forgets views at
    /// which nobody looks. How long it paused between groups.
    pub(crate) fn publish(&self, board: &BoardPages) -> Duration {
        let position = board.board.snapshot.position;
        self.tell(|view, frame| frame.next(&board.page(view), position).or_else(|| frame.beat()))
    }

    /// Tells everybody who has heard nothing for long that there is no news.
    pub(crate) fn beat(&self) -> Duration {
        self.tell(|_, frame| frame.beat())
    }

    /// Tells the next frame of each view that has one, group after group.
    fn tell(&self, next: impl Fn(&View, &Frame) -> Option<Frame>) -> Duration {
        // Pages are made without the lock: whoever begins to look does not wait for them.
        let frames: Vec<(View, Arc<Frame>)> = {
            let mut audiences = self.audiences();
            audiences.retain(|_, audience| !audience.is_empty());
            audiences.iter().map(|(view, own)| (view.clone(), Arc::clone(&own.frame))).collect()
        };
        let mut told = Vec::new();
        for (view, frame) in frames {
            let Some(frame) = next(&view, &frame) else { continue };
            let mut audiences = self.audiences();
            let Some(audience) = audiences.get_mut(&view) else { continue };
            audience.frame = Arc::new(frame);
            told.push((Arc::clone(&audience.frame), audience.groups.clone()));
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
        Page::new(String::new(), collected, 0, "mark".to_owned())
    }

    fn text(event: &Packed) -> String {
        String::from_utf8(event.bytes(false).to_vec()).unwrap()
    }

    #[test]
    fn a_frame_tells_what_changed_and_nothing_else() {
        let first = Frame::first(&page(&[("a", "1"), ("b", "<2>")]), 4);
        assert_eq!(
            text(&first.whole),
            "event: page\ndata: mark\n\n\
             id: 4\nevent: parts\ndata: {\"a\":\"1\",\"b\":\"&lt;2&gt;\"}\n\n"
        );
        assert!(first.next(&page(&[("a", "1"), ("b", "<2>")]), 5).is_none());
        let second = first.next(&page(&[("a", "3"), ("b", "<2>")]), 5).unwrap();
        assert_eq!(text(&second.news), "id: 5\nevent: parts\ndata: {\"a\":\"3\"}\n\n");
        assert!(text(&second.whole).contains("\"b\""));
        let third = second.next(&page(&[("a", "3"), ("b", "<2>"), ("c", "4")]), 6).unwrap();
        assert!(text(&third.news).starts_with("id: 6\nevent: again\n"));
        // Whoever comes now has the page of now, and needs no other one.
        assert!(text(&third.whole).contains("\"c\":\"4\""));
        assert_eq!(third.number, 2);
    }

    #[test]
    fn where_nothing_moves_a_beat_is_heard_and_who_missed_it_reads_all_parts() {
        let mut frame = Frame::first(&page(&[("a", "1")]), 4);
        assert!(frame.beat().is_none(), "something was said just now");
        frame.made = Instant::now().checked_sub(BEAT).expect("the machine runs for a while");
        let beat = frame.beat().expect("a beat");
        assert_eq!(text(&beat.news), "event: beat\ndata: {}\n\n");
        assert_eq!((beat.number, text(&beat.whole)), (1, text(&frame.whole)));
        assert!(beat.next(&page(&[("a", "1")]), 5).is_none());
        assert!(beat.next(&page(&[("a", "2")]), 5).is_some());
    }
}
