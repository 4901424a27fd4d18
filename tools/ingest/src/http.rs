//! HTTP: records come in, answers, health, metrics and the last snapshot go out.
//!
//! In: requests. Out: responses; docs/commands.md has the contract. Never: a body held whole in
//! memory, a reader that holds up the count, a number per option before the close of an official
//! election.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::map_response;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use http_body_util::BodyExt;
use serde::Serialize;
use serde_json::json;
use shomar_engine::chain::Chains;
use shomar_format::bytes::hex;
use shomar_format::document::BallotCounts;
use shomar_format::election::Mode;
use tokio::sync::{Semaphore, oneshot};

use crate::answer::{Answer, Code};
use crate::follower::{Frontier, Published, RecountReport};
use crate::gate::{Gate, Pending};
use crate::metrics::Metrics;
use crate::records::{CutError, Cutter};
use crate::start::Election;
use crate::window::SeesEverything;

/// Records of one request that may be on their way to the disk.
const IN_FLIGHT_MAX: usize = 1_024;
/// Records of one request: more are for the next one. Their answers wait in memory, which no other
/// limit counts, until the last of them is known and whoever sent them has read it all: a megabyte
/// or two, and five at most (`answer.rs` keeps each short).
const REQUEST_RECORDS_MAX: usize = 4_096;
/// Documents that take a moment to make, at one time: whoever sends needs the cores.
pub(crate) const COSTLY_AT_ONCE: usize = 2;
/// Longest wait for that.
const PATIENCE: Duration = Duration::from_secs(10);
/// Seconds after which whoever was told "busy" should come again.
const RETRY_AFTER_SECONDS: &str = "1";

/// What every handler needs.
#[derive(Clone)]
pub(crate) struct Room {
    pub(crate) election: &'static Election,
    pub(crate) gate: Arc<Gate>,
    pub(crate) frontier: Arc<Frontier>,
    pub(crate) published: Arc<Published>,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) chains: Arc<Mutex<Chains>>,
    pub(crate) record_bytes_max: usize,
    /// Records that were durable when the server began: a snapshot of fewer is not the count yet.
    pub(crate) begins_at: u64,
    pub(crate) silence: Duration,
    pub(crate) costly: Arc<Semaphore>,
    pub(crate) may_see_everything: SeesEverything,
}

impl Room {
    /// Whether numbers per option, and what they add up to, may be told: in a test to everybody; of
    /// an official election to operators, and to nobody before its close (there are none).
    fn may_tell(&self, headers: &HeaderMap) -> bool {
        let mode = self.election.definition.head.mode;
        mode == Mode::Test || (self.may_see_everything)(headers)
    }

    /// Makes what takes a moment where it holds nobody up, and few of them at one time. Whoever has
    /// gone before it is made does not make room for another; whoever waits should hold nothing of
    /// which there is a new one meanwhile, and does not wait for ever.
    async fn make<T: Send + 'static>(
        &self,
        make: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, StatusCode> {
        let failed = StatusCode::INTERNAL_SERVER_ERROR;
        let place = tokio::time::timeout(PATIENCE, Arc::clone(&self.costly).acquire_owned());
        let place = place.await.map_err(|_| StatusCode::TOO_MANY_REQUESTS)?;
        let place = place.map_err(|_| failed)?;
        let made = tokio::task::spawn_blocking(move || {
            let _place = place;
            make()
        });
        made.await.map_err(|_| failed)
    }
}

pub(crate) fn router(room: Room) -> Router {
    Router::new()
        .route("/v1/batches", post(take_batches))
        .route("/v1/frontier", get(frontier))
        .route("/v1/tally", get(tally))
        .route("/v1/findings", get(findings))
        .route("/healthz", get(health))
        .route("/readyz", get(readiness))
        .route("/metrics", get(metrics))
        .with_state(room)
        .layer(map_response(protect))
}

/// Nobody keeps an answer: some are for one session alone.
async fn protect(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::VARY, HeaderValue::from_static("Cookie"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

#[derive(Serialize)]
struct Results {
    results: Vec<Answer>,
    /// Why nothing more of the request was looked at.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

/// Answers of a request, in the order of its records.
struct Collector {
    in_flight: VecDeque<oneshot::Receiver<Answer>>,
    results: Vec<Answer>,
    metrics: Arc<Metrics>,
}

impl Collector {
    async fn add(&mut self, pending: Pending) -> Option<Code> {
        match pending {
            Ok(answer) => self.in_flight.push_back(answer),
            Err(refused) => {
                // In order: what came before is answered before.
                self.wait_all().await;
                return self.push(refused);
            }
        }
        match self.in_flight.len() >= IN_FLIGHT_MAX {
            true => self.wait_one().await,
            false => None,
        }
    }

    async fn wait_one(&mut self) -> Option<Code> {
        let answer = self.in_flight.pop_front()?;
        // The writer has ended without an answer: the record may be on disk, and is not
        // acknowledged.
        let stopping =
            |_| Answer::refused(Code::Stopping, "a server that has stopped", "a retry later", None);
        let answer = answer.await.unwrap_or_else(stopping);
        self.push(answer)
    }

    async fn wait_all(&mut self) {
        while !self.in_flight.is_empty() {
            self.wait_one().await;
        }
    }

    fn push(&mut self, answer: Answer) -> Option<Code> {
        self.metrics.answered(&answer);
        let reason = answer.reason();
        self.results.push(answer);
        reason
    }
}

/// Whether the rest of a request is of no use.
fn ends_request(code: Code) -> bool {
    matches!(code, Code::Busy | Code::Stopping | Code::StorageFull | Code::TooLarge)
}

async fn take_batches(State(room): State<Room>, body: Body) -> Response {
    let metrics = Arc::clone(&room.metrics);
    let mut collector = Collector { in_flight: VecDeque::new(), results: Vec::new(), metrics };
    let error = read_body(&room, body, &mut collector).await;
    collector.wait_all().await;
    let results = collector.results;
    let has = |code| results.iter().any(|answer| answer.reason() == Some(code));
    let status = if has(Code::Busy) {
        StatusCode::TOO_MANY_REQUESTS
    } else if has(Code::Stopping) {
        StatusCode::SERVICE_UNAVAILABLE
    } else if has(Code::StorageFull) {
        StatusCode::INSUFFICIENT_STORAGE
    } else if has(Code::TooLarge) {
        StatusCode::PAYLOAD_TOO_LARGE
    } else if error.is_some() {
        StatusCode::BAD_REQUEST
    } else if results.iter().any(|answer| answer.reason().is_some()) {
        StatusCode::UNPROCESSABLE_ENTITY
    } else {
        StatusCode::OK
    };
    let mut response = json_response(status, &Results { results, error });
    if status == StatusCode::TOO_MANY_REQUESTS || status == StatusCode::SERVICE_UNAVAILABLE {
        let value = HeaderValue::from_static(RETRY_AFTER_SECONDS);
        response.headers_mut().insert(header::RETRY_AFTER, value);
    }
    response
}

/// Reads records from a body and sends them through the gate; what ended the body early, if
/// anything did.
async fn read_body(room: &Room, mut body: Body, collector: &mut Collector) -> Option<String> {
    let mut cutter = Cutter::new(room.record_bytes_max);
    let mut permit = None;
    loop {
        let frame = match tokio::time::timeout(room.silence, body.frame()).await {
            Err(_) => {
                let seconds = room.silence.as_secs();
                return Some(format!("found silence for {seconds} seconds, expected a record"));
            }
            Ok(None) if cutter.is_between_records() && !collector.is_empty() => return None,
            Ok(None) if cutter.is_between_records() => {
                return Some("found an empty body, expected a sealed record".to_owned());
            }
            Ok(None) => {
                let bytes = cutter.gathered();
                return Some(format!("found the end after {bytes} bytes of a record"));
            }
            Ok(Some(Err(error))) => return Some(format!("the body broke off: {error}")),
            Ok(Some(Ok(frame))) => frame,
        };
        let Ok(data) = frame.into_data() else { continue };
        let mut piece = &data[..];
        while !piece.is_empty() {
            let whole = match cutter.next(&mut piece) {
                Ok(whole) => whole,
                Err(CutError::NoRecord(found)) => {
                    return Some(format!(
                        "found {found}, expected a record that begins 'SHOMARBT'"
                    ));
                }
                Err(CutError::TooLarge(bytes)) => {
                    let expected = format!("at most {} bytes", room.record_bytes_max);
                    let found = format!("a record of {bytes} bytes");
                    let refused = Answer::refused(Code::TooLarge, found, expected, None);
                    collector.add(Err(refused)).await;
                    return None;
                }
            };
            // Room is taken for what is here: a header that promises much, and then drips, would
            // keep the room of everybody.
            let here = whole.as_ref().map_or(cutter.gathered(), |record| record.len());
            if !room.gate.extend_room(&mut permit, here) {
                let found = "no room for another record in memory";
                let refused = Answer::refused(Code::Busy, found, "a retry after a moment", None);
                collector.add(Err(refused)).await;
                return None;
            }
            let Some(record) = whole else { continue };
            if collector.len() >= REQUEST_RECORDS_MAX {
                return Some(format!("found more than {REQUEST_RECORDS_MAX} records in a request"));
            }
            let pending = room.gate.enter(record, Instant::now(), permit.take());
            let reason = collector.add(pending).await;
            if reason.is_some_and(ends_request) {
                return None;
            }
        }
    }
}

impl Collector {
    fn len(&self) -> usize {
        self.results.len() + self.in_flight.len()
    }

    fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

#[derive(Serialize)]
struct FrontierDocument<'a> {
    election: &'a str,
    mode: &'static str,
    position: u64,
    durable: u64,
    batches: u64,
    ballots_received: u64,
    digest: Option<String>,
    ballots: Option<BallotCounts>,
    full_recount: Option<&'a RecountReport>,
    failure: Option<&'a str>,
}

async fn frontier(State(room): State<Room>, headers: HeaderMap) -> Response {
    let definition = &room.election.definition;
    let may_tell = room.may_tell(&headers);
    // Whoever asks first has it made, over every option of the country; batches do not wait for it.
    let published = Arc::clone(&room.published);
    let made = room.make(move || {
        let own = published.snapshot.load_full();
        let totals = own.totals.as_ref().filter(|_| may_tell);
        let digest =
            totals.map(|totals| hex(totals.digest(&definition.counting(), &definition.head)));
        (own, digest)
    });
    let (snapshot, digest) = match made.await {
        Ok(made) => made,
        Err(status) => return status.into_response(),
    };
    let recount = room.published.recount.load();
    let failure = room.published.failure.load();
    let head = &definition.head;
    let totals = snapshot.totals.as_ref().filter(|_| may_tell);
    let document = FrontierDocument {
        election: &head.id,
        mode: head.mode.name(),
        position: snapshot.position,
        durable: room.frontier.durable_position(),
        batches: snapshot.batches_received,
        ballots_received: snapshot.ballots_received,
        digest,
        ballots: totals.map(shomar_engine::Snapshot::ballots),
        full_recount: recount.as_deref().filter(|_| may_tell),
        failure: failure.as_ref().map(|message| message.as_str()),
    };
    json_response(StatusCode::OK, &document)
}

async fn tally(State(room): State<Room>, headers: HeaderMap) -> Response {
    let snapshot = room.published.snapshot.load_full();
    let (read, of) = (snapshot.position, room.begins_at);
    if read < of && room.published.failure.load().is_none() {
        // After a restart zeros would look like the count.
        let error = format!("the journal is being read: {read} of {of} records");
        let status = StatusCode::SERVICE_UNAVAILABLE;
        let mut response = json_response(status, &json!({ "error": error }));
        let value = HeaderValue::from_static(RETRY_AFTER_SECONDS);
        response.headers_mut().insert(header::RETRY_AFTER, value);
        return response;
    }
    let may_tell = room.may_tell(&headers);
    if snapshot.totals.is_some() && !may_tell {
        let error = "every vote of an official election is for operators: log in at /fa/desk/";
        return json_response(StatusCode::FORBIDDEN, &json!({ "error": error }));
    }
    drop(snapshot);
    let definition = &room.election.definition;
    let published = Arc::clone(&room.published);
    // Sorting the hashes of a nation takes a moment, and other requests should not wait for it.
    let made = room.make(move || {
        let snapshot = published.snapshot.load_full();
        // It may be another one by now: with numbers, after the close.
        let totals = snapshot.totals.as_ref().filter(|_| may_tell)?;
        let counting = definition.counting();
        let mut document = totals.document(&counting, &definition.head, None);
        let journal = &snapshot.journal;
        document.journal = (journal.control_records > 0).then(|| journal.clone());
        document.held = snapshot.held.iter().map(|held| held.document(&counting)).collect();
        serde_json::to_vec(&document).ok()
    });
    match made.await {
        Ok(Some(text)) => with_json(StatusCode::OK, text),
        Ok(None) => {
            let error = "an official election has no numbers before its close";
            json_response(StatusCode::FORBIDDEN, &json!({ "error": error }))
        }
        Err(status) => status.into_response(),
    }
}

async fn findings(State(room): State<Room>) -> Response {
    let counting = room.election.definition.counting();
    let chains = Arc::clone(&room.chains);
    let made = room.make(move || {
        // The writer waits for this lock: nothing is written under it.
        let gaps: Vec<_> = chains.lock().unwrap_or_else(PoisonError::into_inner).gaps().collect();
        let gaps = gaps.into_iter().map(|((station, device), missing)| {
            let station = (station < counting.station_count())
                .then(|| counting.station_id(station).to_owned());
            let (from, to) = (missing.start, missing.end - 1);
            json!({"station": station, "device": device, "from": from, "to": to})
        });
        json!({ "gaps": gaps.collect::<Vec<_>>() })
    });
    match made.await {
        Ok(document) => json_response(StatusCode::OK, &document),
        Err(status) => status.into_response(),
    }
}

async fn health(State(room): State<Room>) -> Response {
    let failure = room.published.failure.load();
    match failure.as_deref() {
        None if room.gate.is_open() => "ok\n".into_response(),
        None => {
            (StatusCode::SERVICE_UNAVAILABLE, "stopping, or no room on the disk\n").into_response()
        }
        Some(message) => (StatusCode::SERVICE_UNAVAILABLE, format!("{message}\n")).into_response(),
    }
}

async fn readiness(State(room): State<Room>) -> Response {
    match room.gate.is_open() {
        true => "ready\n".into_response(),
        false => (StatusCode::SERVICE_UNAVAILABLE, "not taking batches\n").into_response(),
    }
}

async fn metrics(State(room): State<Room>) -> Response {
    let durable = room.frontier.durable_position();
    room.metrics.durable.set(i64::try_from(durable).unwrap_or(i64::MAX));
    let (records, bytes) = room.gate.waiting();
    room.metrics.waiting(records, bytes);
    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    ([(header::CONTENT_TYPE, kind)], room.metrics.text()).into_response()
}

fn json_response(status: StatusCode, document: &impl Serialize) -> Response {
    match serde_json::to_vec(document) {
        Ok(text) => with_json(status, text),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

fn with_json(status: StatusCode, text: Vec<u8>) -> Response {
    (status, [(header::CONTENT_TYPE, "application/json")], text).into_response()
}
