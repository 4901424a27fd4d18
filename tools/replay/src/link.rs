//! One keep-alive connection: requests on it one after another.
//!
//! In: records to send, paths to get. Out: answers. Never: a second request before the first was
//! answered; a connection used again after anything on it went wrong; a record copied.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::Request;
use hyper::body::{Body, Frame, SizeHint};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::header::{CONTENT_LENGTH, CONTENT_TYPE, HOST, RETRY_AFTER};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::answer::{Answer, Verdict};
use crate::target::Target;

/// Bytes of an answer that are read at most: the tally of a nation has some tens of millions.
const ANSWER_BYTES_MAX: usize = 1 << 30;
/// Where the contract takes records.
const BATCHES: &str = "/v1/batches";

/// A connection; given up with the first thing that goes wrong on it.
pub(crate) struct Link {
    sender: SendRequest<Parts>,
    /// Drives the connection; it ends with the link.
    driver: tokio::task::JoinHandle<()>,
}

impl Drop for Link {
    fn drop(&mut self) {
        self.driver.abort();
    }
}

impl Link {
    /// Connects.
    pub(crate) async fn connect(target: &Target) -> io::Result<Self> {
        let stream = target.connect().await?;
        let (sender, connection) =
            handshake(TokioIo::new(stream)).await.map_err(io::Error::other)?;
        let driver = tokio::spawn(async move {
            // What goes wrong here is told to whoever waits for the answer.
            let _ = connection.await;
        });
        Ok(Self { sender, driver })
    }

    /// Sends records in one request.
    pub(crate) async fn post(
        &mut self,
        target: &Target,
        records: impl Into<Parts>,
    ) -> Result<Answer, hyper::Error> {
        let request = Request::post(target.path(BATCHES))
            .header(HOST, target.authority())
            .header(CONTENT_TYPE, "application/octet-stream")
            .body(records.into())
            .expect("the target was checked");
        let (status, retry_after, body) = self.exchange(request).await?;
        Ok(Answer::read(status, retry_after.as_deref(), &body))
    }

    /// Gets a resource: its status and its body.
    pub(crate) async fn get(
        &mut self,
        target: &Target,
        resource: &str,
    ) -> Result<(u16, Bytes), hyper::Error> {
        let request = Request::get(target.path(resource))
            .header(HOST, target.authority())
            .body(Parts::default())
            .expect("the target was checked");
        let (status, _, body) = self.exchange(request).await?;
        Ok((status, body))
    }

    async fn exchange(
        &mut self,
        request: Request<Parts>,
    ) -> Result<(u16, Option<String>, Bytes), hyper::Error> {
        self.sender.ready().await?;
        let response = self.sender.send_request(request).await?;
        let status = response.status().as_u16();
        let header = |name| response.headers().get(name).and_then(|value| value.to_str().ok());
        let retry_after = header(RETRY_AFTER).map(str::to_owned);
        let length = header(CONTENT_LENGTH).and_then(|text| text.parse::<usize>().ok());
        if length.is_some_and(|length| length > ANSWER_BYTES_MAX) {
            return Ok((status, retry_after, Bytes::new()));
        }
        let body = response.into_body().collect().await?.to_bytes();
        Ok((status, retry_after, body))
    }

    /// Whether the server has closed it.
    pub(crate) fn is_closed(&self) -> bool {
        self.sender.is_closed()
    }
}

/// The body of a request: slices one after another, perhaps with a pause before each.
#[derive(Default)]
pub(crate) struct Parts {
    slices: VecDeque<Bytes>,
    pause: Option<Duration>,
    waiting: Option<Pin<Box<tokio::time::Sleep>>>,
}

impl From<Vec<Bytes>> for Parts {
    fn from(slices: Vec<Bytes>) -> Self {
        Self { slices: slices.into(), ..Self::default() }
    }
}

impl From<Bytes> for Parts {
    fn from(slice: Bytes) -> Self {
        vec![slice].into()
    }
}

impl Parts {
    /// A record that trickles: in this many pieces, with this pause before each.
    pub(crate) fn slow(record: &Bytes, pieces: usize, pause: Duration) -> Self {
        let piece = record.len().div_ceil(pieces.max(1)).max(1);
        let slices = (0..record.len())
            .step_by(piece)
            .map(|from| record.slice(from..record.len().min(from + piece)));
        Self { slices: slices.collect(), pause: Some(pause), waiting: None }
    }
}

impl Body for Parts {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if let (Some(pause), false) = (self.pause, self.slices.is_empty()) {
            let waiting = self.waiting.get_or_insert_with(|| Box::pin(tokio::time::sleep(pause)));
            std::task::ready!(waiting.as_mut().poll(context));
            self.waiting = None;
        }
        Poll::Ready(self.slices.pop_front().map(|slice| Ok(Frame::data(slice))))
    }

    fn is_end_stream(&self) -> bool {
        self.slices.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.slices.iter().map(|slice| slice.len() as u64).sum())
    }
}

/// Begins to upload a record, stops after `cut` of its bytes and closes the sending side; then what
/// the server says to that.
pub(crate) async fn post_truncated(
    target: &Target,
    record: &Bytes,
    cut: usize,
    patience: Duration,
) -> io::Result<Verdict> {
    let mut stream = target.connect().await?;
    let head = format!(
        "POST {} HTTP/1.1\r\nHost: {}\r\nContent-Type: application/octet-stream\r\n\
         Content-Length: {}\r\n\r\n",
        target.path(BATCHES),
        target.authority(),
        record.len()
    );
    stream.write_all(head.as_bytes()).await?;
    stream.write_all(&record[..cut.min(record.len())]).await?;
    stream.flush().await?;
    // From here on whatever the server does is its answer.
    let _ = stream.shutdown().await;
    let mut text = Vec::new();
    let mut reader = stream.take(1 << 16);
    let _ = tokio::time::timeout(patience, reader.read_to_end(&mut text)).await;
    Ok(read_raw(&text))
}

/// The verdict in an answer as it came off the wire; the body is only needed where it accepts.
fn read_raw(text: &[u8]) -> Verdict {
    let status = text.strip_prefix(b"HTTP/1.1 ").and_then(|rest| rest.get(..3));
    let status = status.and_then(|digits| std::str::from_utf8(digits).ok()?.parse().ok());
    let Some(status) = status else { return Verdict::Cut };
    let body = text.windows(4).position(|window| window == b"\r\n\r\n").map(|at| &text[at + 4..]);
    Answer::read(status, None, body.unwrap_or_default()).verdict(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn raw_answers_are_read() {
        assert_eq!(read_raw(b""), Verdict::Cut);
        assert_eq!(read_raw(b"SSH-2.0"), Verdict::Cut);
        assert_eq!(read_raw(b"HTTP/1.1 400 Bad Request\r\n\r\n"), Verdict::Status(400));
        let accepted = b"HTTP/1.1 200 OK\r\nA: b\r\n\r\n{\"results\":[{\"status\":\"accepted\",\"position\":4}]}";
        assert_eq!(read_raw(accepted), Verdict::Accepted(4));
    }

    #[test]
    fn slow_pieces_are_the_whole_record() {
        let record = Bytes::from_iter(0..=255_u8);
        for pieces in [0, 1, 7, 255, 256, 1_000] {
            let parts = Parts::slow(&record, pieces, Duration::ZERO);
            assert_eq!(parts.size_hint().exact(), Some(256));
            assert_eq!(parts.slices.iter().flatten().copied().collect::<Bytes>(), record);
        }
    }
}
