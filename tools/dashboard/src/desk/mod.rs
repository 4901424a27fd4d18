//! The desk over HTTP: log in, look, propose, approve.
//!
//! In: requests for paths under `/fa/desk/` and `/en/desk/`. Out: pages that nobody keeps, each for
//! its session alone. Never: a change by a GET, or by a POST without the token of its session's
//! forms and the mark of its own origin; a password in the clear over a network; a cookie for
//! somebody who is not logged in.

mod answer;
mod boards;
mod form;
mod request;
mod seen;

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, Extension, Path, Query, RawQuery, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;
use axum::routing::get;
use shomar_board::words::Words;
use shomar_desk::{Desk, DeskError, LoginRefused, Session};
use shomar_format::bytes::{Digest32, digest_from_hex, hex};
use shomar_format::control::Control;
use shomar_limits::{Rates, steady_ms};
use shomar_seats::Language;
use tokio::sync::Semaphore;
use tracing::{info, warn};

pub use boards::ReadEvidence;
pub(crate) use boards::{Boards, Whole, Would};
pub(crate) use form::{DecisionKind, FieldError, Fields, IN_WORDS, Reader, lot_kinds};
pub(crate) use seen::elected_codes;

use crate::desk::answer::{page, refusal, see};
use crate::desk::request::{Peer, cookie, end_cookie, fields_of, is_own_origin, token_of};
use crate::http::{NotShown, Room, language_of, set, too_many};
use crate::pages::desk as pages;
use crate::pages::desk::{At, LoginNews};

/// Requests a second of one address at the desk, and at once.
const REQUESTS_PER_SECOND: NonZeroU32 = NonZeroU32::new(10).expect("more than none");
const REQUESTS_AT_ONCE: NonZeroU32 = NonZeroU32::new(100).expect("more than none");
/// Requests of each kind that are worked on at one time: those that receive batches need the cores.
const WORKED_AT_ONCE: usize = 2;
/// Longest wait for that, and for the whole of a form.
const PATIENCE: Duration = Duration::from_secs(10);
/// What is told where the journal, or the log of the desk, takes nothing now.
const LATER_IN_PERSIAN: &str =
    "اکنون ثبت نمی‌شود؛ کمی بعد دوباره امتحان کنید. علت در گزارش کارساز آمده است.";
/// Where a login is sent.
const LOGIN_PATH: &str = "/desk/login";

/// What a desk needs besides a dashboard.
pub struct DeskParts {
    /// Who may decide, and what was decided; `None`: nobody may log in.
    pub desk: Option<Arc<Desk>>,
    /// Reads the segments, for what a decision would change.
    pub evidence: ReadEvidence,
    /// Whether connections are encrypted: without that, the desk is for this machine alone.
    pub is_encrypted: bool,
}

/// The desk of a dashboard.
pub(crate) struct DeskRoom {
    room: Arc<Room>,
    /// `None`: nobody may log in.
    desk: Option<Arc<Desk>>,
    boards: Boards,
    rates: Rates,
    is_encrypted: bool,
    /// By kind of work.
    places: [Arc<Semaphore>; 3],
}

/// Kinds of work that do not wait for each other: a flood of logins keeps nobody from approving.
#[derive(Clone, Copy)]
enum Work {
    Look,
    LogIn,
    Change,
}

/// A request, as far as it matters.
struct Asked {
    words: Words,
    /// Decoded, without the language, from `/desk` on.
    path: String,
    query: String,
    fields: Fields,
    headers: HeaderMap,
    peer: Peer,
}

impl Asked {
    /// The parts of the path behind `/desk`.
    fn parts(&self) -> Vec<&str> {
        self.path.split('/').skip(2).filter(|part| !part.is_empty()).collect()
    }
}

/// A request of somebody who is logged in.
struct Known<'a> {
    desk: &'a Desk,
    token: &'a str,
    session: &'a Session,
    now_ms: u64,
}

/// Where a page of the desk is, for its frame.
fn at<'a>(asked: &'a Asked, session: Option<&'a Session>, now_ms: u64) -> At<'a> {
    At { words: asked.words, path: &asked.path, query: &asked.query, session, now_ms }
}

type Shared = State<Arc<DeskRoom>>;
type Pairs = Query<Vec<(String, String)>>;
type Address = Option<Extension<ConnectInfo<std::net::SocketAddr>>>;

/// The paths of the desk.
pub(crate) fn router(desk: Arc<DeskRoom>) -> Router {
    Router::new()
        .route("/{language}/desk", get(look_home).post(change_home))
        .route("/{language}/desk/", get(look_home).post(change_home))
        .route("/{language}/desk/{*path}", get(look).post(change))
        .with_state(desk)
}

async fn look_home(
    desk: Shared,
    Path(language): Path<String>,
    queries: (RawQuery, Pairs),
    address: Address,
    headers: HeaderMap,
) -> Response {
    look(desk, Path((language, String::new())), queries, address, headers).await
}

async fn look(
    State(desk): Shared,
    Path((language, path)): Path<(String, String)>,
    (RawQuery(query), Query(pairs)): (RawQuery, Pairs),
    address: Address,
    headers: HeaderMap,
) -> Response {
    let query = query.unwrap_or_default();
    match desk.asked(&language, (&path, query, pairs), address, headers) {
        Ok(asked) => desk.work(Work::Look, move |desk| desk.answer_look(&asked)).await,
        Err(response) => *response,
    }
}

async fn change_home(
    desk: Shared,
    Path(language): Path<String>,
    address: Address,
    headers: HeaderMap,
    body: Body,
) -> Response {
    change(desk, Path((language, String::new())), address, headers, body).await
}

async fn change(
    State(desk): Shared,
    Path((language, path)): Path<(String, String)>,
    address: Address,
    headers: HeaderMap,
    body: Body,
) -> Response {
    match desk.asked(&language, (&path, String::new(), Vec::new()), address, headers) {
        Ok(asked) => {
            let fields = match fields_of(&asked.headers, body).await {
                Ok(fields) => fields,
                Err(status) => {
                    // What is left of the form is not waited for either.
                    let mut response = refusal(status);
                    set(response.headers_mut(), header::CONNECTION, "close");
                    return response;
                }
            };
            let kind = if asked.path == LOGIN_PATH { Work::LogIn } else { Work::Change };
            desk.work(kind, move |desk| desk.answer_change(&asked, &fields)).await
        }
        Err(response) => *response,
    }
}

impl DeskRoom {
    pub(crate) fn new(
        room: Arc<Room>,
        boards: Boards,
        desk: Option<Arc<Desk>>,
        is_encrypted: bool,
    ) -> Arc<Self> {
        let rates = Rates::new(REQUESTS_PER_SECOND, REQUESTS_AT_ONCE, steady_ms());
        Arc::new(Self {
            room,
            desk,
            boards,
            rates,
            is_encrypted,
            places: std::array::from_fn(|_| Arc::new(Semaphore::new(WORKED_AT_ONCE))),
        })
    }

    /// A request that may be worked on.
    fn asked(
        &self,
        language: &str,
        (path, query, pairs): (&str, String, Vec<(String, String)>),
        address: Address,
        headers: HeaderMap,
    ) -> Result<Asked, Box<Response>> {
        let refuse = |status: StatusCode| Err(Box::new(refusal(status)));
        let Some(language) = language_of(language) else { return refuse(StatusCode::NOT_FOUND) };
        let Some(Extension(ConnectInfo(address))) = address else {
            // Whoever cannot be told apart from others cannot be limited.
            return refuse(StatusCode::FORBIDDEN);
        };
        let peer = Peer { address: address.ip().to_canonical(), is_encrypted: self.is_encrypted };
        // Behind one address there may be everybody: whoever is logged in does not wait for them.
        if !self.is_logged_in(&headers, &peer)
            && let Err(seconds) = self.rates.take(peer.address, steady_ms())
        {
            return Err(Box::new(too_many(seconds)));
        }
        let path = path.trim_start_matches('/');
        let path = if path.is_empty() { "/desk".to_owned() } else { format!("/desk/{path}") };
        Ok(Asked { words: Words { language }, path, query, fields: Fields(pairs), headers, peer })
    }

    fn is_logged_in(&self, headers: &HeaderMap, peer: &Peer) -> bool {
        let (desk, token) = (self.desk.as_ref(), token_of(headers, peer));
        desk.zip(token)
            .is_some_and(|(desk, token)| desk.session(&token, self.boards.now_ms()).is_some())
    }

    /// Works where waiting holds nobody up, and on few requests at one time.
    async fn work(
        self: Arc<Self>,
        kind: Work,
        answer: impl FnOnce(&Self) -> Response + Send + 'static,
    ) -> Response {
        let places = Arc::clone(&self.places[kind as usize]);
        let Ok(Ok(place)) = tokio::time::timeout(PATIENCE, places.acquire_owned()).await else {
            return too_many(1);
        };
        let worked = tokio::task::spawn_blocking(move || {
            // Held until the work is done, even if whoever asked has gone.
            let _place = place;
            answer(&self)
        });
        worked.await.unwrap_or_else(|_| refusal(StatusCode::INTERNAL_SERVER_ERROR))
    }

    fn answer_look(&self, asked: &Asked) -> Response {
        // Every page of the desk, the login too, says how far the count is.
        if let Err(NotShown::Reading(reading)) = self.room.shown() {
            return reading.page(asked.words, &asked.fields.0);
        }
        let now_ms = self.boards.now_ms();
        let public = self.room.board.load_full();
        let place = at(asked, None, now_ms);
        let Some(desk) = &self.desk else {
            return page(StatusCode::OK, pages::no_desk(&public.board, place));
        };
        if !asked.peer.may_send_passwords() {
            return page(StatusCode::FORBIDDEN, pages::not_encrypted(&public.board, place));
        }
        let token = token_of(&asked.headers, &asked.peer);
        let session = token.as_deref().and_then(|token| desk.session(token, now_ms));
        let (Some(token), Some(session)) = (token, session) else {
            return page(StatusCode::OK, pages::login(&public.board, place, LoginNews::None));
        };
        let known = Known { desk, token: &token, session: &session, now_ms };
        self.show(asked, &known)
    }

    fn show(&self, asked: &Asked, known: &Known<'_>) -> Response {
        let whole = self.boards.whole();
        let place = at(asked, Some(known.session), known.now_ms);
        let parts = asked.parts();
        let fields = &asked.fields;
        let made = match parts[..] {
            [] => Some(pages::overview(&whole, place, &known.desk.proposals())),
            ["decide", kind] => DecisionKind::parse(kind)
                .map(|kind| pages::decide(&whole, place, kind, fields, &[])),
            ["preview"] => match DecisionKind::parse(fields.get("decision")) {
                Some(kind) => return self.preview(asked, known, kind, fields, None),
                None => None,
            },
            ["proposal", hash] => match digest_from_hex(hash) {
                Some(hash) => return self.proposal(asked, known, &hash, None),
                None => None,
            },
            ["district"] => return find_district(asked, fields, &whole),
            // An id is whatever stands behind, be there a `/` in it.
            ["district", ..] => asked
                .path
                .strip_prefix("/desk/district/")
                .and_then(|id| whole.board.setting.district_of_address(id))
                .map(|district| pages::district(&whole, place, district)),
            _ => None,
        };
        match made {
            Some(html) => page(StatusCode::OK, html),
            None => page(StatusCode::NOT_FOUND, pages::nothing_here(&whole, place)),
        }
    }

    /// What a form would propose, and what that would change; or the form with what is wrong.
    fn preview(
        &self,
        asked: &Asked,
        known: &Known<'_>,
        kind: DecisionKind,
        fields: &Fields,
        news: Option<(StatusCode, String)>,
    ) -> Response {
        let whole = self.boards.whole();
        let place = at(asked, Some(known.session), known.now_ms);
        let (board, ledger) = (&*whole.board, &*whole.ledger);
        let reader = Reader { words: asked.words, board, ledger, fields };
        let (action, why) = match reader.read(kind) {
            Ok(read) => read,
            Err(errors) => {
                let html = pages::decide(&whole, place, kind, fields, &errors);
                return page(StatusCode::UNPROCESSABLE_ENTITY, html);
            }
        };
        let control = Control { at_ms: known.now_ms, why, action };
        let would = self.boards.would(&whole, &control, asked.words);
        let (text, would) = match (control.to_text(), would) {
            (Ok(text), Ok(would)) => (text, would),
            (Err(error), _) => {
                let general = "این تصمیم را با این نوشته‌ها نمی‌توان ثبت کرد.";
                let said = asked.words.say(&error.to_string(), general).to_owned();
                return refused_form(&whole, place, kind, fields, &said);
            }
            (_, Err(error)) => return refused_form(&whole, place, kind, fields, &error),
        };
        let (status, message) =
            news.map_or((StatusCode::OK, None), |(own, text)| (own, Some(text)));
        let shown = pages::Preview {
            kind,
            fields,
            control: &control,
            text: &text,
            would: &would,
            message: message.as_deref(),
        };
        page(status, pages::preview(&whole, place, &shown))
    }

    /// A proposal, and what may be done with it.
    fn proposal(
        &self,
        asked: &Asked,
        known: &Known<'_>,
        hash: &Digest32,
        news: Option<(StatusCode, String)>,
    ) -> Response {
        let whole = self.boards.whole();
        let place = at(asked, Some(known.session), known.now_ms);
        let Some(proposal) = known.desk.proposal(hash) else {
            return page(StatusCode::NOT_FOUND, pages::nothing_here(&whole, place));
        };
        let would = proposal
            .is_open(known.now_ms)
            .then(|| self.boards.would(&whole, &proposal.control, asked.words));
        let (status, message) =
            news.map_or((StatusCode::OK, None), |(own, text)| (own, Some(text)));
        let html = pages::proposal(&whole, place, &proposal, would.as_ref(), message.as_deref());
        page(status, html)
    }

    fn answer_change(&self, asked: &Asked, fields: &Fields) -> Response {
        let now_ms = self.boards.now_ms();
        let public = self.room.board.load_full();
        let place = at(asked, None, now_ms);
        let Some(desk) = &self.desk else {
            return page(StatusCode::FORBIDDEN, pages::no_desk(&public.board, place));
        };
        if !asked.peer.may_send_passwords() {
            return page(StatusCode::FORBIDDEN, pages::not_encrypted(&public.board, place));
        }
        if !is_own_origin(&asked.headers, &asked.peer) {
            warn!(address = %asked.peer.address, "a form of another origin at the desk");
            return page(StatusCode::FORBIDDEN, pages::foreign_form(&public.board, place));
        }
        let parts = asked.parts();
        if asked.path == LOGIN_PATH {
            return self.log_in(asked, desk, fields, now_ms);
        }
        let token = token_of(&asked.headers, &asked.peer);
        let session = token.as_deref().and_then(|token| desk.session(token, now_ms));
        let (Some(token), Some(session)) = (token, session) else {
            let html = pages::login(&public.board, place, LoginNews::Ended);
            return page(StatusCode::FORBIDDEN, html);
        };
        if !session.has_form_token(fields.get("form_token")) {
            warn!(account = session.account, "a form without the token of its session");
            return page(StatusCode::FORBIDDEN, pages::foreign_form(&public.board, place));
        }
        let known = Known { desk, token: &token, session: &session, now_ms };
        if let (["propose"] | ["proposal", ..], Err(NotShown::Reading(reading))) =
            (&parts[..], self.room.shown())
        {
            return reading.page(asked.words, &asked.fields.0);
        }
        match parts[..] {
            ["logout"] => {
                desk.log_out(&token);
                info!(account = session.account, "logged out");
                let mut response = see(&format!("/{}/desk/", asked.words.code()));
                set(response.headers_mut(), header::SET_COOKIE, &end_cookie(&asked.peer));
                response
            }
            ["propose"] => self.propose(asked, &known, fields),
            ["proposal", hash, what] => match digest_from_hex(hash) {
                Some(hash) => self.settle(asked, &known, (&hash, what), fields),
                None => refusal(StatusCode::NOT_FOUND),
            },
            _ => refusal(StatusCode::NOT_FOUND),
        }
    }

    fn log_in(&self, asked: &Asked, desk: &Desk, fields: &Fields, now_ms: u64) -> Response {
        let (name, address) = (fields.get("name"), asked.peer.address);
        // A password is what was typed, space and all.
        let news = match desk.log_in(name, password_of(fields), address, now_ms) {
            Ok(opened) => {
                info!(account = name, %address, "logged in");
                let mut response = see(&format!("/{}/desk/", asked.words.code()));
                let cookie = cookie(&asked.peer, &opened.token);
                set(response.headers_mut(), header::SET_COOKIE, &cookie);
                return response;
            }
            Err(LoginRefused::Wrong) => LoginNews::Wrong,
            Err(LoginRefused::Wait(seconds)) => LoginNews::Wait(seconds),
            Err(LoginRefused::Full) => LoginNews::Full,
        };
        // Into the field for a name people type passwords, too: only what is a name is logged.
        let account = if desk.has_account(name) { name } else { "of another name" };
        warn!(account, %address, ?news, "a login was refused");
        let public = self.room.board.load_full();
        let html = pages::login(&public.board, at(asked, None, now_ms), news);
        match news {
            LoginNews::Wait(seconds) => {
                let mut response = page(StatusCode::TOO_MANY_REQUESTS, html);
                set(response.headers_mut(), header::RETRY_AFTER, &seconds.to_string());
                response
            }
            _ => page(StatusCode::FORBIDDEN, html),
        }
    }

    fn propose(&self, asked: &Asked, known: &Known<'_>, fields: &Fields) -> Response {
        let Some(kind) = DecisionKind::parse(fields.get("decision")) else {
            return refusal(StatusCode::NOT_FOUND);
        };
        let whole = self.boards.whole();
        let (board, ledger) = (&*whole.board, &*whole.ledger);
        if board.reception.failure.is_some() {
            return on_no_failed_count(&whole, at(asked, Some(known.session), known.now_ms));
        }
        let read = Reader { words: asked.words, board, ledger, fields }.read(kind);
        let Ok((action, why)) = read else { return self.preview(asked, known, kind, fields, None) };
        let control = Control { at_ms: known.now_ms, why, action };
        if !self.is_as_seen(&whole, &control, asked.words, fields) {
            let news = self.news_of(asked, known, &DeskError::Changed);
            return match news {
                Ok(news) => self.preview(asked, known, kind, fields, Some(news)),
                Err(response) => *response,
            };
        }
        let proposed = known.desk.propose(
            (known.token, known.session),
            password_of(fields),
            (control.action, &control.why),
            whole.position,
            known.now_ms,
        );
        match proposed {
            Ok(hash) => {
                let (account, proposal) = (&known.session.account, hex(&hash));
                info!(account, proposal, decision = kind.name(), "proposed");
                see(&format!("/{}/desk/proposal/{proposal}", asked.words.code()))
            }
            Err(error) => {
                warn!(account = known.session.account, %error, "not proposed");
                match self.news_of(asked, known, &error) {
                    Ok(news) => self.preview(asked, known, kind, fields, Some(news)),
                    Err(response) => *response,
                }
            }
        }
    }

    /// Whether a decision would do now what was looked at when the form was made.
    fn is_as_seen(&self, whole: &Whole, control: &Control, words: Words, fields: &Fields) -> bool {
        let would = self.boards.would(whole, control, words);
        let seen = would.ok().and_then(|would| would.seen(control));
        seen.is_some_and(|seen| seen == fields.get("seen"))
    }

    fn settle(
        &self,
        asked: &Asked,
        known: &Known<'_>,
        (hash, what): (&Digest32, &str),
        fields: &Fields,
    ) -> Response {
        let Known { desk, token, session, now_ms } = *known;
        if what == "approve" {
            let whole = self.boards.whole();
            if whole.board.reception.failure.is_some() {
                return on_no_failed_count(&whole, at(asked, Some(session), now_ms));
            }
        }
        let done = match what {
            "approve" => desk
                .approve((token, session), password_of(fields), hash, now_ms, |proposal| {
                    let whole = self.boards.whole();
                    whole.board.reception.failure.is_none()
                        && self.is_as_seen(&whole, &proposal.control, asked.words, fields)
                })
                .map(|position| info!(position, proposal = hex(hash), "carried out")),
            "send" => desk
                .send_again(hash, now_ms)
                .map(|position| info!(position, proposal = hex(hash), "carried out")),
            "refuse" => desk.refuse(session, hash, fields.get("why"), now_ms),
            "withdraw" => desk.withdraw(session, hash, now_ms),
            _ => return refusal(StatusCode::NOT_FOUND),
        };
        let (account, proposal) = (&session.account, hex(hash));
        match done {
            Ok(()) => {
                info!(account, proposal, what, "a proposal");
                see(&format!("/{}/desk/proposal/{proposal}", asked.words.code()))
            }
            Err(error) => {
                warn!(account, proposal, what, %error, "a proposal");
                match self.news_of(asked, known, &error) {
                    Ok(news) => self.proposal(asked, known, hash, Some(news)),
                    Err(response) => *response,
                }
            }
        }
    }

    /// What to say of an error, with which status; or the login page, if the session has ended.
    fn news_of(
        &self,
        asked: &Asked,
        known: &Known<'_>,
        error: &DeskError,
    ) -> Result<(StatusCode, String), Box<Response>> {
        let words = asked.words;
        match error {
            DeskError::Password { ended: true } => {
                warn!(account = known.session.account, "too many wrong passwords in a session");
                let public = self.room.board.load_full();
                let place = at(asked, None, known.now_ms);
                let html = pages::login(&public.board, place, LoginNews::Ended);
                Err(Box::new(page(StatusCode::FORBIDDEN, html)))
            }
            DeskError::Password { ended: false } => {
                let text = words
                    .say("That is not the password of your account.", "این گذرواژهٔ حساب شما نیست.");
                Ok((StatusCode::FORBIDDEN, text.to_owned()))
            }
            DeskError::Changed => {
                let text = words.say(
                    "What this would do has changed meanwhile. Look at it again.",
                    "آنچه این تصمیم انجام می‌دهد در این میان تغییر کرده است؛ دوباره نگاه کنید.",
                );
                Ok((StatusCode::CONFLICT, text.to_owned()))
            }
            DeskError::Unfit(unfit) => Ok((StatusCode::CONFLICT, pages::unfit(words, unfit))),
            DeskError::Log(_) | DeskError::Later(_) => {
                let told = match words.language {
                    Language::English => error.to_string(),
                    // The log has it in English, for whoever runs the server.
                    Language::Persian => LATER_IN_PERSIAN.to_owned(),
                };
                Ok((StatusCode::SERVICE_UNAVAILABLE, told))
            }
        }
    }
}

/// The password of a form as it was typed.
fn password_of(fields: &Fields) -> &str {
    fields.0.iter().find(|(own, _)| own == "password").map_or("", |(_, value)| value)
}

/// Whether somebody who sends these headers is logged in, from wherever they send.
pub(crate) fn is_operator(desk: &Desk, headers: &HeaderMap, now_ms: u64) -> bool {
    request::tokens_of(headers).any(|token| desk.session(token, now_ms).is_some())
}

/// Nothing is signed on numbers that were found wrong.
fn on_no_failed_count(whole: &Whole, place: At<'_>) -> Response {
    page(StatusCode::SERVICE_UNAVAILABLE, pages::on_no_failed_count(whole, place))
}

fn find_district(asked: &Asked, fields: &Fields, whole: &Whole) -> Response {
    let id = fields.get("id");
    match whole.board.setting.counting.find_district(id) {
        Some(_) => see(&pages::district_path(asked.words, id)),
        None => see(&format!("/{}/search?q={}", asked.words.code(), crate::view::encoded(id))),
    }
}

fn refused_form(
    whole: &Whole,
    place: At<'_>,
    kind: DecisionKind,
    fields: &Fields,
    message: &str,
) -> Response {
    let error = FieldError { field: kind.fields()[0], message: message.to_owned() };
    let html = pages::decide(whole, place, kind, fields, &[error]);
    page(StatusCode::UNPROCESSABLE_ENTITY, html)
}
