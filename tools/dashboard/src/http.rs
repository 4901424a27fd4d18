//! The dashboard over HTTP: pages, their streams, their style and script.
//!
//! In: GET requests. Out: pages of the last board, from memory; the same path as a stream of events
//! for whoever accepts one. Never: anything fetched from elsewhere, a script or style that is not a
//! file of its own, a cookie for a viewer.

use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::{Duration, UNIX_EPOCH};

use arc_swap::ArcSwap;
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{ConnectInfo, Extension, Path, Query, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use futures_util::stream::{self, StreamExt};
use shomar_desk::Desk;
use shomar_limits::{Place, Places, Rates, steady_ms};
use shomar_seats::Language;
use tokio::sync::{Semaphore, watch};

use crate::assets::{self, Asset};
use crate::board_pages::BoardPages;
use crate::desk::{Boards, DeskParts, DeskRoom, is_operator};
use crate::packed::{Packed, stream_head, takes_packed};
use crate::page::Page;
use crate::pages;
use crate::streams::{Frame, Streams};
use crate::view::{Kind, View};
use shomar_board::setting::{Setting, Subject};
use shomar_board::source::Source;
use shomar_board::words::Words;

/// A silent stream says something after so long, so that nobody between takes it for dead.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// Nothing from elsewhere, nothing inline, no frame, no form to elsewhere.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
    img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; \
    frame-ancestors 'none'";

/// A dashboard at work.
pub struct Dashboard {
    room: Arc<Room>,
    source: Arc<dyn Source>,
    desk: Option<Arc<Desk>>,
    desk_room: Arc<DeskRoom>,
    rates: Option<Arc<Rates>>,
    stop: watch::Sender<bool>,
    refresher: Option<std::thread::JoinHandle<()>>,
}

/// What every handler needs.
pub(crate) struct Room {
    pub(crate) setting: Arc<Setting>,
    pub(crate) board: ArcSwap<BoardPages>,
    pub(crate) streams: Streams,
    /// No page can be made any more.
    is_closed: AtomicBool,
    /// Records that were durable when it began: a board of fewer is not the count yet.
    begins_at: u64,
    /// How many streams an address may hold; `None`: any number.
    places: Option<Arc<Places>>,
    /// One search at a time: it walks over every name of the country.
    searching: Arc<Semaphore>,
    stopping: watch::Receiver<bool>,
}

/// How much viewers of one address may ask for; 0: any number.
#[derive(Clone, Copy, Debug, Default)]
pub struct Limits {
    /// Requests a second, on average; ten seconds of them at once.
    pub requests_per_second: u32,
    /// Streams at one time.
    pub streams: usize,
}

/// Longest wait for a search to begin.
const SEARCH_PATIENCE: Duration = Duration::from_secs(10);

/// Seconds of requests that a viewer may make at once: a page brings its style and its stream.
const BURST_SECONDS: u32 = 10;

/// Says whether whoever sends these headers is logged in at the desk.
pub type SeesEverything = Arc<dyn Fn(&HeaderMap) -> bool + Send + Sync>;

/// Why there is no dashboard.
#[derive(Debug, thiserror::Error)]
pub enum DashboardError {
    /// A rule of the election is not known.
    #[error("{}", .0.join("\n"))]
    Rules(Vec<String>),
    /// The system gives no thread.
    #[error("cannot start a thread")]
    Thread(#[source] std::io::Error),
}

impl Dashboard {
    /// Makes the first board, and a thread that makes the others.
    ///
    /// # Errors
    /// If a rule is not known, or there is no thread.
    pub fn start(
        subject: Subject,
        source: Arc<dyn Source>,
        desk: DeskParts,
        limits: Limits,
    ) -> Result<Self, DashboardError> {
        let setting = Arc::new(Setting::of(subject).map_err(DashboardError::Rules)?);
        let begins_at = source.reception().durable;
        let own_source = Arc::clone(&source);
        let mut refresher = crate::refresh::Refresher::new(Arc::clone(&setting), own_source);
        let first = refresher.next(None).expect("the first board is news");
        let (stop, stopping) = watch::channel(false);
        let boards = Boards::new(Arc::clone(&setting), Arc::clone(&source), desk.evidence);
        let room = Room {
            setting,
            board: ArcSwap::from_pointee(BoardPages::new(first)),
            streams: Streams::default(),
            is_closed: AtomicBool::new(false),
            begins_at,
            places: (limits.streams > 0).then(|| Places::new(limits.streams)),
            searching: Arc::new(Semaphore::new(1)),
            stopping,
        };
        let room = Arc::new(room);
        let rates = NonZeroU32::new(limits.requests_per_second).map(|per_second| {
            let burst =
                per_second.saturating_mul(NonZeroU32::MIN.saturating_add(BURST_SECONDS - 1));
            Arc::new(Rates::new(per_second, burst, steady_ms()))
        });
        let own_room = Arc::clone(&room);
        let desk_room = DeskRoom::new(own_room, boards, desk.desk.clone(), desk.is_encrypted);
        let own = Arc::clone(&room);
        let refresher = std::thread::Builder::new()
            .name("boards".to_owned())
            .spawn(move || refresher.run(&own))
            .map_err(DashboardError::Thread)?;
        let desk = desk.desk;
        let refresher = Some(refresher);
        Ok(Self { room, source, desk, desk_room, rates, stop, refresher })
    }

    /// The paths of the dashboard.
    pub fn router(&self) -> Router {
        let pages = Router::new()
            .route("/", get(|| async { Redirect::to("/fa/") }))
            .route("/{language}", get(with_slash))
            .route("/{language}/", get(home))
            .route("/{language}/{*path}", get(page))
            .route("/assets/{tag}/{name}", get(asset))
            .route("/v1/{*path}", get(crate::api::document))
            .with_state(Arc::clone(&self.room));
        let pages = match &self.rates {
            None => pages,
            Some(rates) => pages.layer(from_fn_with_state(Arc::clone(rates), limit)),
        };
        pages.merge(crate::desk::router(Arc::clone(&self.desk_room)))
    }

    /// Says who is logged in at the desk.
    pub fn sees_everything(&self) -> SeesEverything {
        let (desk, source) = (self.desk.clone(), Arc::clone(&self.source));
        Arc::new(move |headers| {
            desk.as_ref().is_some_and(|desk| is_operator(desk, headers, source.now_ms()))
        })
    }

    /// Ends all streams, and the thread that makes boards.
    pub fn stop(&mut self) {
        let _ = self.stop.send(true);
        if let Some(Err(panic)) = self.refresher.take().map(std::thread::JoinHandle::join) {
            std::panic::resume_unwind(panic);
        }
    }
}

impl Drop for Dashboard {
    fn drop(&mut self) {
        let _ = self.stop.send(true);
    }
}

impl Room {
    pub(crate) fn is_stopping(&self) -> bool {
        *self.stopping.borrow()
    }

    /// Nobody is shown anything any more.
    pub(crate) fn close(&self) {
        self.is_closed.store(true, Ordering::Relaxed);
    }

    /// The last board with its pages.
    ///
    /// # Errors
    /// Once no page can be made any more, and as long as the count is behind what was durable when
    /// it began: after a restart zeros would look like the count.
    pub(crate) fn shown(&self) -> Result<Arc<BoardPages>, NotShown> {
        if self.is_closed.load(Ordering::Relaxed) {
            return Err(NotShown::Closed);
        }
        let board = self.board.load_full();
        let (read, of) = (board.board.snapshot.position, self.begins_at);
        // A count that has failed reads no further: that is what its pages tell.
        match read < of && board.board.reception.failure.is_none() {
            true => Err(NotShown::Reading(Reading { board, read, of })),
            false => Ok(board),
        }
    }

    /// Searches where it holds nobody up who only looks, in the board of the moment when its turn
    /// comes: whoever waits keeps no board alive.
    ///
    /// # Errors
    /// With the answer: too many wait, or no page can be made any more.
    pub(crate) async fn search<T: Send + 'static>(
        &self,
        search: impl FnOnce(&BoardPages) -> T + Send + 'static,
    ) -> Result<(Arc<BoardPages>, T), Response> {
        let turn = Arc::clone(&self.searching).acquire_owned();
        let Ok(Ok(place)) = tokio::time::timeout(SEARCH_PATIENCE, turn).await else {
            return Err(too_many(1));
        };
        let board = self.shown().map_err(|not| not.line())?;
        let found = tokio::task::spawn_blocking(move || {
            let _place = place;
            let found = search(&board);
            (board, found)
        });
        found.await.map_err(|_| StatusCode::INTERNAL_SERVER_ERROR.into_response())
    }
}

/// Why there is nothing to show.
pub(crate) enum NotShown {
    /// No page can be made any more.
    Closed,
    /// The journal is being read.
    Reading(Reading),
}

/// How far the journal is read, after a start.
pub(crate) struct Reading {
    /// The board of what is read so far, for its names alone.
    pub(crate) board: Arc<BoardPages>,
    /// Records that are counted.
    pub(crate) read: u64,
    /// Records that were there.
    pub(crate) of: u64,
}

impl Reading {
    /// The page that says so; it loads itself again, unless the query wants it still.
    pub(crate) fn page(&self, words: Words, query: &[(String, String)]) -> Response {
        let is_still = query.iter().any(|(key, value)| key == "still" && !value.is_empty());
        let others = query.iter().filter(|(key, _)| key != "still");
        let mut still = form_urlencoded::Serializer::for_suffix(String::from("?"), 1);
        let still = still.extend_pairs(others).append_pair("still", "1").finish();
        let read = (self.read, self.of);
        let html = pages::being_read(&self.board.board, words, read, (&still, is_still));
        let mut response = not_now(html);
        set(response.headers_mut(), header::CONTENT_TYPE, "text/html; charset=utf-8");
        response
    }
}

impl NotShown {
    fn page(&self, words: Words, query: &[(String, String)]) -> Response {
        match self {
            Self::Closed => self.line(),
            Self::Reading(reading) => reading.page(words, query),
        }
    }

    /// The same in a line of text.
    pub(crate) fn line(&self) -> Response {
        match self {
            Self::Closed => {
                let line = "no page can be made any more: the log of the server says why\n";
                (StatusCode::SERVICE_UNAVAILABLE, line).into_response()
            }
            Self::Reading(Reading { read, of, .. }) => {
                not_now(format!("the journal is being read: {read} of {of} records\n"))
            }
        }
    }
}

/// What is answered in a moment.
pub(crate) fn not_now(body: impl Into<Body>) -> Response {
    let mut response = (StatusCode::SERVICE_UNAVAILABLE, body.into()).into_response();
    let headers = response.headers_mut();
    protect(headers);
    set(headers, header::CACHE_CONTROL, "no-store");
    set(headers, header::RETRY_AFTER, &pages::READ_AGAIN_SECONDS.to_string());
    response
}

/// What whoever asks too often is told.
pub(crate) fn too_many(seconds: u64) -> Response {
    let mut response = (StatusCode::TOO_MANY_REQUESTS, "too many requests\n").into_response();
    protect(response.headers_mut());
    set(response.headers_mut(), header::CACHE_CONTROL, "no-store");
    set(response.headers_mut(), header::RETRY_AFTER, &seconds.to_string());
    response
}

pub(crate) type Pairs = Query<Vec<(String, String)>>;
pub(crate) type Shared = State<Arc<Room>>;
type Address = Option<Extension<ConnectInfo<SocketAddr>>>;

/// Takes a request of its address, or says when to come again.
async fn limit(State(rates): State<Arc<Rates>>, request: Request, next: Next) -> Response {
    let address = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|own| own.0.ip());
    match address.map(|address| rates.take(address, steady_ms())) {
        Some(Err(seconds)) => too_many(seconds),
        _ => next.run(request).await,
    }
}

pub(crate) fn language_of(code: &str) -> Option<Language> {
    match code {
        "fa" => Some(Language::Persian),
        "en" => Some(Language::English),
        _ => None,
    }
}

async fn with_slash(Path(language): Path<String>) -> Response {
    match language_of(&language) {
        Some(_) => Redirect::permanent(&format!("/{language}/")).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

async fn home(
    room: Shared,
    Path(language): Path<String>,
    address: Address,
    headers: HeaderMap,
    query: Pairs,
) -> Response {
    page(room, Path((language, String::new())), address, headers, query).await
}

async fn page(
    room: Shared,
    Path((language, path)): Path<(String, String)>,
    address: Address,
    headers: HeaderMap,
    query: Pairs,
) -> Response {
    let address = address.map(|Extension(ConnectInfo(address))| address.ip());
    match language_of(&language) {
        Some(language) => show(&room.0, language, &path, &query.0, (&headers, address)).await,
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

async fn show(
    room: &Arc<Room>,
    language: Language,
    path: &str,
    query: &[(String, String)],
    (headers, address): (&HeaderMap, Option<IpAddr>),
) -> Response {
    let board = match room.shown() {
        Ok(board) => board,
        Err(not) => return not.page(Words { language }, query),
    };
    let Some(view) = View::parse(&room.setting, language, path, query) else {
        let page = pages::not_found(&board.board, Words { language });
        return respond(StatusCode::NOT_FOUND, &page, headers);
    };
    let (board, page) = match view.kind {
        Kind::Search(_) => {
            drop(board);
            let own = view.clone();
            match room.search(move |board| board.page(&own)).await {
                Ok(found) => found,
                Err(response) => return response,
            }
        }
        _ => {
            let page = board.page(&view);
            (board, page)
        }
    };
    let accepts = headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok());
    if accepts.is_some_and(|accept| accept.starts_with("text/event-stream")) {
        let position = board.board.snapshot.position;
        let place = match (&room.places, address) {
            (Some(places), Some(address)) => match places.take(address) {
                Some(place) => Some(place),
                None => return too_many(1),
            },
            _ => None,
        };
        let is_live = view.streamed().as_ref() == Some(&view);
        let frames = is_live.then(|| room.streams.subscribe(&view, &page, position)).flatten();
        return match frames {
            Some(frames) => stream_of(frames, room.stopping.clone(), takes_packed(headers), place),
            // The status by which a reader of events does not come again.
            None => StatusCode::NO_CONTENT.into_response(),
        };
    }
    respond(StatusCode::OK, &page, headers)
}

/// A page, or that it is the one which the reader has.
fn respond(status: StatusCode, page: &Page, headers: &HeaderMap) -> Response {
    let tagged = Tagged { bytes: &page.html, tag: &page.tag, at_ms: page.at_ms };
    let mut response = tagged.answer(status, headers);
    let headers = response.headers_mut();
    set(headers, header::CONTENT_TYPE, "text/html; charset=utf-8");
    set(headers, header::VARY, "Accept, Accept-Encoding");
    response
}

/// Bytes that a reader may have from before.
pub(crate) struct Tagged<'a> {
    pub(crate) bytes: &'a Packed,
    /// With quotes.
    pub(crate) tag: &'a str,
    /// When its numbers were, in milliseconds since 1970-01-01 UTC.
    pub(crate) at_ms: u64,
}

impl Tagged<'_> {
    /// The bytes, or that they are those which the reader has.
    pub(crate) fn answer(self, status: StatusCode, headers: &HeaderMap) -> Response {
        let has = headers.get(header::IF_NONE_MATCH).and_then(|tag| tag.to_str().ok());
        let is_known = status == StatusCode::OK
            && has.is_some_and(|has| {
                // A weak comparison (RFC 9110, 8.8.3.2): packed or not, it is the same page.
                has.contains(self.tag.trim_start_matches("W/"))
            });
        let is_packed = takes_packed(headers);
        let (status, body) = match is_known {
            true => (StatusCode::NOT_MODIFIED, Body::empty()),
            false => (status, Body::from(self.bytes.bytes(is_packed).clone())),
        };
        let mut response = (status, body).into_response();
        let headers = response.headers_mut();
        protect(headers);
        if is_packed && !is_known {
            set(headers, header::CONTENT_ENCODING, "gzip");
        }
        set(headers, header::VARY, "Accept-Encoding");
        set(headers, header::CACHE_CONTROL, "no-cache");
        set(headers, header::ETAG, self.tag);
        set(headers, header::LAST_MODIFIED, &http_date(self.at_ms));
        response
    }
}

/// What every answer says about what it may do.
pub(crate) fn protect(headers: &mut HeaderMap) {
    set(headers, header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY);
    set(headers, header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    set(headers, header::REFERRER_POLICY, "no-referrer");
    set(headers, HeaderName::from_static("cross-origin-resource-policy"), "same-origin");
    let nothing = "camera=(), geolocation=(), microphone=(), payment=(), usb=()";
    set(headers, HeaderName::from_static("permissions-policy"), nothing);
}

pub(crate) fn set(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}

/// A moment as HTTP writes it.
fn http_date(milliseconds: u64) -> String {
    httpdate::fmt_http_date(UNIX_EPOCH + Duration::from_millis(milliseconds))
}

/// Frames of a view as events, until the server stops.
fn stream_of(
    frames: watch::Receiver<Arc<Frame>>,
    stopping: watch::Receiver<bool>,
    is_packed: bool,
    place: Option<Place>,
) -> Response {
    let begin = Reader { frames, stopping, is_packed, last: None, _place: place };
    let events = stream::unfold(begin, |reader| async { reader.next().await });
    let head = is_packed.then(|| Ok(stream_head()));
    let mut response = Body::from_stream(stream::iter(head).chain(events)).into_response();
    let headers = response.headers_mut();
    protect(headers);
    set(headers, header::CONTENT_TYPE, "text/event-stream; charset=utf-8");
    set(headers, header::CACHE_CONTROL, "no-store");
    if is_packed {
        set(headers, header::CONTENT_ENCODING, "gzip");
    }
    response
}

struct Reader {
    frames: watch::Receiver<Arc<Frame>>,
    stopping: watch::Receiver<bool>,
    is_packed: bool,
    /// The last frame that was sent.
    last: Option<u64>,
    /// Given back when the stream ends.
    _place: Option<Place>,
}

/// What a silent stream says.
static STILL_HERE: LazyLock<Packed> = LazyLock::new(|| Packed::piece(": still here\n\n"));

impl Reader {
    async fn next(mut self) -> Option<(Result<Bytes, Infallible>, Self)> {
        if self.last.is_some() {
            let waited = tokio::select! {
                changed = self.frames.changed() => changed.map(|()| true).ok(),
                _ = self.stopping.wait_for(|stopping| *stopping) => None,
                () = tokio::time::sleep(KEEP_ALIVE) => Some(false),
            };
            if !waited? {
                return Some((Ok(STILL_HERE.bytes(self.is_packed).clone()), self));
            }
        }
        let frame = Arc::clone(&self.frames.borrow_and_update());
        let follows = self.last.is_some_and(|last| last + 1 == frame.number);
        self.last = Some(frame.number);
        let event = if follows { &frame.news } else { &frame.whole };
        Some((Ok(event.bytes(self.is_packed).clone()), self))
    }
}

async fn asset(Path((tag, name)): Path<(String, String)>, headers: HeaderMap) -> Response {
    let Some(Asset { kind, bytes, .. }) =
        assets::all().iter().find(|asset| asset.name == name && asset.tag == tag)
    else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let is_packed = takes_packed(&headers);
    let mut response = Body::from(bytes.bytes(is_packed).clone()).into_response();
    let headers = response.headers_mut();
    protect(headers);
    if is_packed {
        set(headers, header::CONTENT_ENCODING, "gzip");
    }
    set(headers, header::VARY, "Accept-Encoding");
    set(headers, header::CONTENT_TYPE, kind);
    // Its tag is part of its path.
    set(headers, header::CACHE_CONTROL, "public, max-age=31536000, immutable");
    response
}
