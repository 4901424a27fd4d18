//! The network: connections come in, each of them at its place, and are served to their end.
//!
//! In: an address to listen at, what answers requests. Out: threads that answer. Never: places of
//! senders taken by those who read, or all places by one address; a reader served by a thread of
//! those that receive.

use std::net::SocketAddr;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use axum::extract::ConnectInfo;
use axum::http::{HeaderValue, header};
use axum::middleware::map_response;
use axum::response::Response;
use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use hyper_util::service::TowerToHyperService;
use shomar_limits::Places;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;
use tokio::runtime::{Handle, Runtime};
use tokio::sync::{Semaphore, watch};
use tokio_rustls::TlsAcceptor;
use tracing::{debug, warn};

use crate::config::Config;
use crate::http::{Room, router};
use crate::metrics::Metrics;
use crate::server::{ServeError, thread};
use crate::window::Pages;

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
    let mut app = router(room.clone()).merge(pages.router);
    if acceptor.is_some() {
        app = app.layer(map_response(stay_encrypted));
    }
    let accept = Accept {
        app,
        readers: readers.handle().clone(),
        room,
        acceptor,
        connections: Arc::new(Semaphore::new(config.connections_max)),
        reading: Arc::new(Semaphore::new(config.connections_max.div_ceil(2))),
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

/// Whoever came over TLS once comes so for a year (RFC 6797).
async fn stay_encrypted(mut response: Response) -> Response {
    let year = HeaderValue::from_static("max-age=31536000");
    response.headers_mut().insert(header::STRICT_TRANSPORT_SECURITY, year);
    response
}

struct Accept {
    app: axum::Router,
    readers: Handle,
    room: Room,
    acceptor: Option<TlsAcceptor>,
    connections: Arc<Semaphore>,
    /// Places of connections that begin by reading: the others are left to senders.
    reading: Arc<Semaphore>,
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
            let Ok(place) = Arc::clone(&self.connections).acquire_owned().await else { break };
            let connection = Connection {
                app: self.app.clone(),
                address,
                watcher: graceful.watcher(),
                silence: self.room.silence,
                readers: self.readers.clone(),
                reading: Arc::clone(&self.reading),
                metrics: Arc::clone(&self.room.metrics),
            };
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

/// What a connection is served with.
struct Connection {
    app: axum::Router,
    address: SocketAddr,
    watcher: Watcher,
    silence: Duration,
    readers: Handle,
    reading: Arc<Semaphore>,
    metrics: Arc<Metrics>,
}

/// What a reader is told for whom there is no place.
const NO_PLACE: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\nretry-after: 1\r\n\
    content-length: 0\r\nconnection: close\r\n\r\n";

impl Connection {
    /// Serves it to its end: here, or on the threads of readers if it begins by reading.
    async fn serve<S>(self, stream: S)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let mut stream = BufReader::new(stream);
        let begins = tokio::time::timeout(self.silence, stream.fill_buf()).await;
        let Ok(Ok(begins)) = begins else { return };
        let is_reader = begins.starts_with(b"GET ") || begins.starts_with(b"HEAD ");
        if !is_reader {
            return self.serve_here(stream).await;
        }
        let Ok(place) = Arc::clone(&self.reading).try_acquire_owned() else {
            self.metrics.turned_away.inc();
            let _ = tokio::time::timeout(self.silence, stream.write_all(NO_PLACE)).await;
            return;
        };
        let readers = self.readers.clone();
        let served = self.serve_here(stream);
        let _ = readers.spawn(served).await;
        drop(place);
    }

    async fn serve_here<S>(self, stream: S)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let mut builder = http1::Builder::new();
        builder.timer(TokioTimer::new()).header_read_timeout(self.silence);
        let (app, address) = (TowerToHyperService::new(self.app), self.address);
        let service = service_fn(move |mut request: Request<Incoming>| {
            request.extensions_mut().insert(ConnectInfo(address));
            app.call(request)
        });
        let connection = builder.serve_connection(TokioIo::new(stream), service);
        // Clients go away in the middle of things; whoever sends again is answered as before.
        let _ = self.watcher.watch(connection).await;
    }
}
