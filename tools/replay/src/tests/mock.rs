//! A small server that knows the contract: it checks records as far as the faults need, keeps them
//! in memory, and can be told to break the contract in every way that a run must notice.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use shomar_format::bytes::{Digest32, hex, sha256, u64_at};
use shomar_format::checksum::checksum_with_hole;
use shomar_format::document::TallyDocument;
use shomar_format::election::Mode;
use shomar_format::layout::record as at;
use shomar_format::record::{
    NO_PREVIOUS, RecordHeader, SecretKey, previous_hash, record_hash, verify_signature,
};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use super::kit::{Nation, secret};

/// What the server does with a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Act {
    /// As the contract says.
    Serve,
    /// This status, perhaps with `Retry-After` in seconds, and nothing looked at.
    Status(u16, Option<u64>),
    /// The connection is closed before anything was looked at.
    Reset,
    /// Everything is looked at, and the connection closed before the answer.
    LoseAnswer,
    /// As the contract says, after this time.
    Stall(Duration),
    /// Only the first record is looked at.
    First,
    /// Everything is accepted, whatever it is.
    Believe,
    /// Accepted once more, at a new position, if it was before.
    Double,
    /// Accepted at position 0.
    Same,
    /// Refused, whatever it is.
    Refuse,
}

/// What is done with the n-th request, from 0.
type Script = Arc<dyn Fn(usize) -> Act + Send + Sync>;

#[derive(Default)]
pub(crate) struct Journal {
    /// Hashes in the order of acceptance.
    pub(crate) accepted: Vec<Digest32>,
    positions: HashMap<Digest32, u64>,
    /// The hash at each station and sequence.
    at: HashMap<(u32, u64), Digest32>,
    /// Station and sequence of every honest-looking record in the order of arrival, and when.
    pub(crate) arrivals: Vec<(u32, u64, std::time::Instant)>,
    ballots: u64,
}

/// The server; it ends with the test.
pub(crate) struct Mock {
    pub(crate) address: SocketAddr,
    pub(crate) journal: Arc<Mutex<Journal>>,
    _runtime: tokio::runtime::Runtime,
}

struct Server {
    journal: Arc<Mutex<Journal>>,
    requests: AtomicUsize,
    script: Script,
    mode: Mode,
    answer: TallyDocument,
    /// A lie about the totals.
    lie: bool,
}

impl Mock {
    pub(crate) fn new(
        nation: &Nation,
        script: impl Fn(usize) -> Act + Send + Sync + 'static,
    ) -> Self {
        Self::start(nation, script, false, None)
    }

    /// A server that speaks TLS.
    pub(crate) fn secure(nation: &Nation, tls: TlsAcceptor) -> Self {
        Self::start(nation, |_| Act::Serve, false, Some(tls))
    }

    /// A server whose totals are wrong by one vote.
    pub(crate) fn lying(nation: &Nation) -> Self {
        Self::start(nation, |_| Act::Serve, true, None)
    }

    fn start(
        nation: &Nation,
        script: impl Fn(usize) -> Act + Send + Sync + 'static,
        lie: bool,
        tls: Option<TlsAcceptor>,
    ) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let journal: Arc<Mutex<Journal>> = Arc::default();
        let server = Arc::new(Server {
            journal: Arc::clone(&journal),
            requests: AtomicUsize::new(0),
            script: Arc::new(script),
            mode: nation.plan.mode(),
            answer: nation.plan.expected().clone(),
            lie,
        });
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap();
        runtime.spawn(async move {
            loop {
                let Ok((stream, _)) = listener.accept().await else { continue };
                let _ = stream.set_nodelay(true);
                let (server, tls) = (Arc::clone(&server), tls.clone());
                tokio::spawn(async move {
                    let service = service_fn(move |request| {
                        let server = Arc::clone(&server);
                        async move { server.answer(request).await }
                    });
                    let connection = hyper::server::conn::http1::Builder::new();
                    let Some(tls) = tls else {
                        let _ = connection.serve_connection(TokioIo::new(stream), service).await;
                        return;
                    };
                    let Ok(stream) = tls.accept(stream).await else { return };
                    let _ = connection.serve_connection(TokioIo::new(stream), service).await;
                });
            }
        });
        Self { address, journal, _runtime: runtime }
    }
}

/// The error closes the connection.
#[derive(Debug, thiserror::Error)]
#[error("the connection is closed")]
struct Closed;

fn json_response(status: u16, body: &Value) -> Response<Full<Bytes>> {
    Response::builder().status(status).body(Full::from(body.to_string())).unwrap()
}

impl Server {
    async fn answer(&self, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Closed> {
        let resource = request.uri().path().to_owned();
        let Ok(body) = request.into_body().collect().await else { return Err(Closed) };
        let body = body.to_bytes();
        match resource.as_str() {
            "/v1/frontier" => {
                let batches = self.journal.lock().unwrap().accepted.len();
                let frontier = json!({"election": "replayed", "position": batches,
                    "durable": batches, "batches": batches, "digest": null});
                Ok(json_response(200, &frontier))
            }
            "/v1/tally" => {
                let mut answer = self.answer.clone();
                answer.ballots.taken = self.journal.lock().unwrap().ballots;
                if self.lie {
                    answer.districts[1].candidates[1].votes += 1;
                }
                Ok(json_response(200, &serde_json::to_value(&answer).unwrap()))
            }
            "/metrics" => {
                let accepted = self.journal.lock().unwrap().accepted.len();
                let text = format!(
                    "# HELP x\nshomar_ingest_records_total{{result=\"accepted\"}} {accepted}\n\
                     shomar_snapshot_delay_seconds{{quantile=\"0.99\"}} 0.0125\n"
                );
                Ok(Response::new(Full::from(text)))
            }
            "/v1/batches" => self.take(&body).await,
            _ => Ok(json_response(404, &json!({}))),
        }
    }

    async fn take(&self, body: &[u8]) -> Result<Response<Full<Bytes>>, Closed> {
        let act = (self.script)(self.requests.fetch_add(1, Ordering::SeqCst));
        match act {
            Act::Reset => return Err(Closed),
            Act::Status(status, retry_after) => {
                let mut response = json_response(status, &json!({"results": []}));
                if let Some(seconds) = retry_after {
                    response.headers_mut().insert("retry-after", seconds.into());
                }
                return Ok(response);
            }
            Act::Stall(time) => tokio::time::sleep(time).await,
            _ => {}
        }
        let (mut results, mut rest, mut status) = (Vec::new(), body, 200);
        while !rest.is_empty() {
            let length = rest.get(at::PAYLOAD_LENGTH_OFFSET..).filter(|rest| rest.len() >= 8);
            let length = length.map(|_| u64_at(rest, at::PAYLOAD_LENGTH_OFFSET));
            let length = length.and_then(|length| usize::try_from(length).ok());
            let length = length.and_then(|length| length.checked_next_multiple_of(64));
            let length = length.and_then(|length| length.checked_add(320));
            let record = length.and_then(|length| rest.get(..length));
            let Some(record) = record.filter(|record| record[..8] == at::MAGIC) else {
                results.push(refused("bytes", None));
                status = 400;
                break;
            };
            rest = &rest[record.len()..];
            let result = self.take_record(record, &act);
            if result["status"] == "refused" {
                status = 422;
            }
            results.push(result);
            if act == Act::First {
                break;
            }
        }
        if act == Act::LoseAnswer {
            return Err(Closed);
        }
        Ok(json_response(status, &json!({"results": results})))
    }

    fn take_record(&self, record: &[u8], act: &Act) -> Value {
        let mut journal = self.journal.lock().unwrap();
        let hash = record_hash(record);
        if *act == Act::Refuse {
            return refused("evidence", Some(&hash));
        }
        let known = journal.positions.get(&hash).copied();
        if let (Some(position), false) = (known, *act == Act::Double) {
            return json!({"status": "duplicate", "position": position, "record": hex(&hash)});
        }
        if known.is_none()
            && *act != Act::Believe
            && let Err(code) = self.check(record, &journal)
        {
            return refused(code, Some(&hash));
        }
        let position = journal.accepted.len() as u64;
        journal.accepted.push(hash);
        journal.positions.insert(hash, position);
        if let Ok(header) = RecordHeader::read(record) {
            let address = header.address();
            journal.at.insert((address.station, address.sequence), hash);
            let now = std::time::Instant::now();
            journal.arrivals.push((address.station, address.sequence, now));
            journal.ballots += u64::from(header.taken());
        }
        let position = if *act == Act::Same { 0 } else { position };
        json!({"status": "accepted", "position": position, "record": hex(&hash)})
    }

    fn check(&self, record: &[u8], journal: &Journal) -> Result<(), &'static str> {
        let header = RecordHeader::read(record).map_err(|_| "bytes")?;
        if checksum_with_hole(record, at::CHECKSUM_OFFSET) != header.checksum() {
            return Err("bytes");
        }
        let length = usize::try_from(header.payload_length()).map_err(|_| "bytes")?;
        if sha256(&record[at::HEADER_BYTES..][..length]) != *header.body_hash() {
            return Err("evidence");
        }
        let address = header.address();
        let signed = header.version() == at::VERSION_SIGNED;
        if signed {
            let key = SecretKey::from_seed(&secret(address.station)).public();
            verify_signature(record, self.mode, &key).map_err(|_| "signature")?;
        } else if self.mode == Mode::Official {
            return Err("version");
        }
        if journal.at.contains_key(&(address.station, address.sequence)) {
            return Err("equivocation");
        }
        if signed {
            let before = match address.sequence.checked_sub(1) {
                None => NO_PREVIOUS,
                Some(before) => *journal.at.get(&(address.station, before)).ok_or("chain")?,
            };
            if before != previous_hash(record) {
                return Err("fork");
            }
        }
        Ok(())
    }
}

fn refused(code: &str, hash: Option<&Digest32>) -> Value {
    let hash = hash.map(|hash| hex(hash));
    json!({"status": "refused", "code": code, "found": "a", "expected": "b", "record": hash})
}

/// So that a folder of a test can be named in a command.
pub(crate) fn quoted(path: &Path) -> String {
    format!("'{}'", path.display())
}
