//! The network: connections come in, each of them at its place, and are served to their end.
//!
//! In: an address to listen at, what answers requests. Out: threads that answer. Never: places of
//! senders taken by those who read, or all places by one address; a reader served by a thread of
//! those that receive.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};
use std::thread::JoinHandle;
use std::time::Duration;

use axum::extract::ConnectInfo;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use hyper::Request;
use hyper::body::{Body as _, Incoming};
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use hyper_util::service::TowerToHyperService;
use shomar_limits::Places;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, BufReader};
use tokio::net::TcpListener;
use tokio::runtime::{Handle, Runtime};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;
use tracing::{debug, warn};

use crate::config::Config;
use crate::http::{Room, router};
use crate::metrics::Metrics;
use crate::server::{ServeError, thread};
use crate::window::Pages;

/// Places beside those of readers for the desk and for what watches the server.
const DUTY_PLACES: usize = 64;

/// Listens, and answers on threads of its own until told to stop.
pub(crate) fn start_network(
    room: Room,
    config: &Config,
    acceptor: Option<TlsAcceptor>,
    pages: Pages,
    stopped: watch::Receiver<bool>,
) -> Result<(SocketAddr, JoinHandle<()>), ServeError> {
    let threads = |name: &str, count: Option<usize>, begin: fn()| -> Result<Runtime, ServeError> {
        let mut builder = tokio::runtime::Builder::new_multi_thread();
        count.map(|count| builder.worker_threads(count));
        let builder = builder.enable_all().thread_name(name).on_thread_start(begin);
        builder.build().map_err(ServeError::Thread)
    };
    let runtime = threads("network", None, || ())?;
    // Whoever reads is served by a thread of its own, which may yield to those that receive.
    let readers = threads("readers", Some(1), pages.thread_start)?;
    let address = config.listen;
    let listen = |source| ServeError::Listen { address, source };
    let listener = runtime.block_on(TcpListener::bind(address)).map_err(listen)?;
    let address = listener.local_addr().map_err(listen)?;
    let accept = Accept {
        app: TowerToHyperService::new(router(room.clone()).merge(pages.router)),
        readers: readers.handle().clone(),
        room,
        acceptor,
        connections: Arc::new(Semaphore::new(config.connections_max)),
        reading: Arc::new(Semaphore::new(config.connections_max.div_ceil(2))),
        on_duty: Arc::new(Semaphore::new(DUTY_PLACES.min(config.connections_max.div_ceil(4)))),
        by_address: match config.connections_per_address_max {
            0 => None,
            most => Some(Places::new(most)),
        },
        patience: Duration::from_secs(config.stop_seconds_max),
    };
    let network = thread("accept", move || {
        runtime.block_on(accept.run(listener, stopped));
        readers.shutdown_background();
    })?;
    Ok((address, network))
}

struct Accept {
    app: TowerToHyperService<axum::Router>,
    readers: Handle,
    room: Room,
    acceptor: Option<TlsAcceptor>,
    connections: Arc<Semaphore>,
    /// Places of connections that read: the others are left to senders.
    reading: Arc<Semaphore>,
    /// Places beside these for the desk and for what watches the server.
    on_duty: Arc<Semaphore>,
    by_address: Option<Arc<Places>>,
    patience: Duration,
}

impl Accept {
    async fn run(self, listener: TcpListener, mut stopped: watch::Receiver<bool>) {
        let graceful = GracefulShutdown::new();
        loop {
            let accepted = tokio::select! {
                accepted = listener.accept() => accepted,
                _ = stopped.wait_for(|stopped| *stopped) => break,
            };
            let (stream, address) = match accepted {
                Ok(accepted) => accepted,
                Err(failure) => {
                    // Out of file handles, mostly: others must end before the next one begins.
                    warn!(%failure, "cannot accept a connection");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    continue;
                }
            };
            let _ = stream.set_nodelay(true);
            let own = match &self.by_address {
                None => None,
                Some(places) => match places.take(address.ip()) {
                    Some(own) => Some(own),
                    None => {
                        self.room.metrics.turned_away.inc();
                        debug!(%address, "a connection more than this address may hold");
                        continue;
                    }
                },
            };
            // Beyond the limit a connection waits unanswered until another one ends.
            let place = tokio::select! {
                place = Arc::clone(&self.connections).acquire_owned() => place,
                _ = stopped.wait_for(|stopped| *stopped) => break,
            };
            let Ok(place) = place else { break };
            let exchange = Exchange {
                app: self.app.clone(),
                address,
                is_encrypted: self.acceptor.is_some(),
                readers: self.readers.clone(),
                reading: Arc::clone(&self.reading),
                on_duty: Arc::clone(&self.on_duty),
                place: OnceLock::new(),
                duty_place: OnceLock::new(),
                metrics: Arc::clone(&self.room.metrics),
            };
            let (watcher, silence) = (graceful.watcher(), self.room.silence);
            let connection = Connection { exchange, watcher, silence };
            let acceptor = self.acceptor.clone();
            let metrics = Arc::clone(&self.room.metrics);
            tokio::spawn(async move {
                metrics.connections.inc();
                match acceptor {
                    None => connection.serve(stream).await,
                    Some(acceptor) => {
                        let silence = connection.silence;
                        let shaken = tokio::time::timeout(silence, acceptor.accept(stream)).await;
                        if let Ok(Ok(stream)) = shaken {
                            connection.serve(stream).await;
                        }
                    }
                }
                metrics.connections.dec();
                drop((place, own));
            });
        }
        drop(listener);
        // Each connection ends after the request it is in.
        let _ = tokio::time::timeout(self.patience, graceful.shutdown()).await;
    }
}

/// A connection, from its first byte to its end.
struct Connection {
    exchange: Exchange,
    watcher: Watcher,
    silence: Duration,
}

/// What the requests of one connection are answered with.
struct Exchange {
    app: TowerToHyperService<axum::Router>,
    address: SocketAddr,
    is_encrypted: bool,
    readers: Handle,
    reading: Arc<Semaphore>,
    on_duty: Arc<Semaphore>,
    /// The place among those who read, once it has one.
    place: OnceLock<OwnedSemaphorePermit>,
    /// The place that is kept for duty, once it has one.
    duty_place: OnceLock<OwnedSemaphorePermit>,
    metrics: Arc<Metrics>,
}

impl Connection {
    /// Serves it to its end: here, or on the threads of readers if it begins by reading.
    async fn serve<S>(self, stream: S)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let mut stream = BufReader::new(stream);
        let begins = tokio::time::timeout(self.silence, stream.fill_buf()).await;
        let Ok(Ok(begins)) = begins else { return };
        if begins.starts_with(b"GET ") || begins.starts_with(b"HEAD ") {
            let readers = self.exchange.readers.clone();
            let _ = readers.spawn(self.serve_here(stream, true)).await;
        } else {
            self.serve_here(stream, false).await;
        }
    }

    async fn serve_here<S>(self, stream: S, is_among_readers: bool)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let mut builder = http1::Builder::new();
        builder.timer(TokioTimer::new()).header_read_timeout(self.silence);
        let exchange = Arc::new(self.exchange);
        let service =
            service_fn(move |request| Arc::clone(&exchange).answer(request, is_among_readers));
        let connection = builder.serve_connection(TokioIo::new(stream), service);
        // Clients go away in the middle of things; whoever sends again is answered as before.
        let _ = self.watcher.watch(connection).await;
    }
}

impl Exchange {
    /// Answers a request. Whoever reads is answered by the threads of readers, however the
    /// connection began, and has a place among them.
    async fn answer(
        self: Arc<Self>,
        mut request: Request<Incoming>,
        is_among_readers: bool,
    ) -> Result<Response, Infallible> {
        request.extensions_mut().insert(ConnectInfo(self.address));
        let reads = matches!(*request.method(), Method::GET | Method::HEAD);
        let mut response = if reads && !self.has_place(request.uri().path()) {
            self.metrics.turned_away.inc();
            no_place()
        } else if reads && !is_among_readers {
            // Ended with the connection: nobody works for whoever has gone.
            let mut answering = JoinSet::new();
            answering.spawn_on(self.app.call(request), &self.readers);
            match answering.join_next().await {
                Some(Ok(answered)) => answered?,
                _ => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
            }
        } else {
            self.app.call(request).await?
        };
        if reads && !is_among_readers && response.body().size_hint().exact().is_none() {
            // A stream would be written from here for as long as it lives: let it begin by reading.
            response = no_place();
        }
        protect(response.headers_mut(), self.is_encrypted);
        Ok(response)
    }

    /// Whether the connection has a place to read from: one of those for everybody, or, for what is
    /// of duty, one that is kept for it.
    fn has_place(&self, path: &str) -> bool {
        let is_of_duty = is_of_duty(path);
        if self.place.get().is_some() || is_of_duty && self.duty_place.get().is_some() {
            return true;
        }
        // Requests of a connection come one after another: nobody else sets it.
        let take = |places: &Arc<Semaphore>, own: &OnceLock<OwnedSemaphorePermit>| {
            let place = Arc::clone(places).try_acquire_owned();
            place.is_ok_and(|place| own.set(place).is_ok())
        };
        take(&self.reading, &self.place) || is_of_duty && take(&self.on_duty, &self.duty_place)
    }
}

/// What people on duty need when everybody else looks: their desk, and what tells machines how the
/// server is.
fn is_of_duty(path: &str) -> bool {
    let exact = ["/healthz", "/readyz", "/metrics", "/v1/frontier", "/fa/desk", "/en/desk"];
    let within = ["/fa/desk/", "/en/desk/", "/assets/"];
    exact.contains(&path) || within.iter().any(|within| path.starts_with(within))
}

/// What a reader is told for whom there is no place.
fn no_place() -> Response {
    let headers = [(header::RETRY_AFTER, "1"), (header::CONNECTION, "close")];
    (StatusCode::SERVICE_UNAVAILABLE, headers).into_response()
}

/// What every answer says about what it may do, where it has not said more itself.
fn protect(headers: &mut HeaderMap, is_encrypted: bool) {
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    ] {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    if is_encrypted {
        // Whoever came over TLS once comes so for a year (RFC 6797).
        let year = HeaderValue::from_static("max-age=31536000");
        headers.insert(header::STRICT_TRANSPORT_SECURITY, year);
    }
}
