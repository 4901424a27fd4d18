//! A server that accepts whatever comes: against it a replay measures itself.
//!
//! In: a port [default: 8405] and a number of threads [default: 1]. Out: answers of the contract,
//! as cheap as they come. Never: a record looked at further than its length, or kept.
//!
//! `cargo run --release -p shomar-replay --example accept_everything`, then `shomar replay` against
//! it, each on a core of its own (`taskset`). The totals will be said to be missing: it has none.

use std::convert::Infallible;
use std::fmt::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use shomar_format::bytes::u64_at;
use shomar_format::layout::record as at;
use shomar_format::limits::{ALIGNMENT, RECORD_BYTES_MIN};
use tokio::net::TcpListener;

fn main() -> std::io::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let mut number =
        |default| arguments.next().and_then(|text| text.parse::<u16>().ok()).unwrap_or(default);
    let (port, threads) = (number(8405), number(1));
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(usize::from(threads.max(1)))
        .enable_all()
        .build()?;
    runtime.block_on(serve(port))
}

async fn serve(port: u16) -> std::io::Result<()> {
    let listener = TcpListener::bind(("127.0.0.1", port)).await?;
    let accepted = Arc::new(AtomicU64::new(0));
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let accepted = Arc::clone(&accepted);
        tokio::spawn(async move {
            let service = service_fn(move |request| answer(request, Arc::clone(&accepted)));
            // Whoever breaks off knows that they did.
            let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

async fn answer(
    request: Request<Incoming>,
    accepted: Arc<AtomicU64>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let text = match request.uri().path() {
        "/v1/batches" => {
            let body = request.into_body().collect().await;
            results(&body.map_or_else(|_| Bytes::new(), |body| body.to_bytes()), &accepted)
        }
        "/v1/frontier" => {
            let batches = accepted.load(Ordering::Relaxed);
            format!("{{\"position\":{batches},\"durable\":{batches},\"batches\":{batches}}}")
        }
        _ => "{}".to_owned(),
    };
    Ok(Response::new(Full::from(text)))
}

fn results(mut rest: &[u8], accepted: &AtomicU64) -> String {
    let mut text = "{\"results\":[".to_owned();
    while rest.len() >= RECORD_BYTES_MIN {
        let length = usize::try_from(u64_at(rest, at::PAYLOAD_LENGTH_OFFSET)).unwrap_or(usize::MAX);
        let length = length.checked_next_multiple_of(ALIGNMENT).unwrap_or(usize::MAX);
        rest = rest.get(length.saturating_add(RECORD_BYTES_MIN)..).unwrap_or_default();
        let position = accepted.fetch_add(1, Ordering::Relaxed);
        let comma = if text.ends_with('[') { "" } else { "," };
        write!(text, "{comma}{{\"status\":\"accepted\",\"position\":{position}}}")
            .expect("a string takes everything");
    }
    text + "]}"
}
