//! A real server in a process of its own, and the plainest client.
//!
//! In: an election, records. Out: answers as JSON. Never: a line of the server's code; only
//! sockets, files and signals.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::kit::text;

/// A running server.
pub(crate) struct Server {
    child: Child,
    pub(crate) address: String,
    log: Option<std::thread::JoinHandle<String>>,
}

impl Server {
    /// Starts one on a free port.
    pub(crate) fn start(election: &Path, data: &Path, more: &[&str]) -> Self {
        Self::try_start(election, data, more).unwrap_or_else(|log| panic!("{log}"))
    }

    /// Starts one, or gives what it said when it could not.
    pub(crate) fn try_start(election: &Path, data: &Path, more: &[&str]) -> Result<Self, String> {
        Self::try_start_at("127.0.0.1:0", election, data, more)
    }

    /// Starts one at an address, where another one has been before.
    pub(crate) fn start_at(address: &str, election: &Path, data: &Path, more: &[&str]) -> Self {
        Self::try_start_at(address, election, data, more).unwrap_or_else(|log| panic!("{log}"))
    }

    fn try_start_at(
        address: &str,
        election: &Path,
        data: &Path,
        more: &[&str],
    ) -> Result<Self, String> {
        let mut child = Command::new(env!("CARGO_BIN_EXE_shomar-under-test"))
            .args(["serve", "--election", text(election), "--data", text(data)])
            .args(["--listen", address])
            .args(more)
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let mut said = String::new();
        for line in lines.by_ref() {
            let line = line.unwrap();
            said.push_str(&line);
            said.push('\n');
            if let Some(address) = line.strip_prefix("listening on ") {
                let address = address.to_owned();
                // Read on, or the server would wait for somebody to read.
                let log = std::thread::spawn(move || {
                    lines.map_while(Result::ok).fold(said, |said, line| said + &line + "\n")
                });
                return Ok(Self { child, address, log: Some(log) });
            }
        }
        child.wait().unwrap();
        Err(said)
    }

    /// Ends it as nobody should.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Asks it to stop; its exit code, and its log.
    pub(crate) fn stop(mut self) -> (i32, String) {
        self.signal("-TERM");
        let status = self.child.wait().unwrap();
        (status.code().unwrap_or(-1), self.log.take().unwrap().join().unwrap())
    }

    /// Its process.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Sends it a signal.
    pub(crate) fn signal(&self, signal: &str) {
        let process = self.child.id().to_string();
        assert!(Command::new("kill").args([signal, &process]).status().unwrap().success());
    }

    /// Sends records in one request; the status, and the answers.
    pub(crate) fn send(&self, records: &[&[u8]]) -> (u16, Value) {
        let (status, body) = self.request("POST", "/v1/batches", &records.concat()).unwrap();
        (status, serde_json::from_str(&body).unwrap_or(Value::Null))
    }

    /// Sends one record; the status, and its answer.
    pub(crate) fn send_one(&self, record: &[u8]) -> (u16, Value) {
        let (status, mut answers) = self.send(&[record]);
        (status, answers["results"][0].take())
    }

    /// Reads a document.
    pub(crate) fn get(&self, path: &str) -> (u16, String) {
        self.request("GET", path, &[]).unwrap()
    }

    /// Waits until everything durable is in the snapshot, and gives the frontier.
    pub(crate) fn caught_up(&self) -> Value {
        let end = Instant::now() + Duration::from_secs(30);
        loop {
            let frontier: Value = serde_json::from_str(&self.get("/v1/frontier").1).unwrap();
            if frontier["position"] == frontier["durable"] {
                return frontier;
            }
            assert!(Instant::now() < end, "the count does not come after: {frontier}");
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// One request on a connection of its own.
    pub(crate) fn request(
        &self,
        method: &str,
        path: &str,
        body: &[u8],
    ) -> std::io::Result<(u16, String)> {
        request(&self.address, method, path, body)
    }
}

/// One request on a connection of its own.
pub(crate) fn request(
    address: &str,
    method: &str,
    path: &str,
    body: &[u8],
) -> std::io::Result<(u16, String)> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(Duration::from_secs(30)))?;
    let length = body.len();
    let head = format!(
        "{method} {path} HTTP/1.1\r\nhost: x\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n"
    );
    stream.write_all(head.as_bytes())?;
    stream.write_all(body)?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    let answer = String::from_utf8_lossy(&answer).into_owned();
    let status = answer.split(' ').nth(1).and_then(|code| code.parse().ok());
    let body = answer.split_once("\r\n\r\n").map(|(_, body)| body.to_owned());
    match (status, body) {
        (Some(status), Some(body)) => Ok((status, body)),
        _ => Err(std::io::Error::other(format!("no answer: {answer:?}"))),
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // A test that fails leaves no server behind.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
