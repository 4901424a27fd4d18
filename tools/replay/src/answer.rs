//! What the server said, as far as the contract goes.
//!
//! In: status, header `Retry-After`, body of an answer. Out: one result for each record that the
//! server looked at. Never: a result guessed from the status: what is durable is what the results
//! say is.

use std::borrow::Cow;
use std::time::Duration;

use serde::Deserialize;

/// An answer to `POST /v1/batches`.
#[derive(Debug)]
pub(crate) struct Answer {
    /// HTTP status.
    pub(crate) status: u16,
    /// What `Retry-After` asks for.
    pub(crate) retry_after: Option<Duration>,
    /// In the order of the records; one without a result was not looked at.
    pub(crate) results: Vec<RecordResult>,
}

/// What became of one record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RecordResult {
    pub(crate) verdict: Verdict,
    /// The hash of the record that the result is about, as the server writes it.
    pub(crate) record: Option<String>,
}

/// What became of a record, or of an attempt to send one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Durable, at this position of the journal.
    Accepted(u64),
    /// The same bytes were accepted before, at this position.
    Duplicate(u64),
    /// Refused with this code; then what was found and expected.
    Refused(String, String),
    /// An HTTP status, and no result.
    Status(u16),
    /// The server closed the connection, or did not answer in time.
    Cut,
}

/// Codes that say nothing about the record: it may be sent again.
const AGAIN: [&str; 3] = ["busy", "storage-full", "stopping"];

impl Verdict {
    /// Its name in a report and in a faults file.
    pub(crate) fn name(&self) -> Cow<'_, str> {
        match self {
            Self::Accepted(_) => "accepted".into(),
            Self::Duplicate(_) => "duplicate".into(),
            Self::Refused(code, _) => code.into(),
            Self::Status(status) => format!("http-{status}").into(),
            Self::Cut => "cut".into(),
        }
    }

    /// The position, if the record is durable.
    pub(crate) fn position(&self) -> Option<u64> {
        match self {
            Self::Accepted(position) | Self::Duplicate(position) => Some(*position),
            _ => None,
        }
    }

    /// Whether it says nothing about the record, which is to be sent again.
    pub(crate) fn is_again(&self) -> bool {
        match self {
            Self::Refused(code, _) => AGAIN.contains(&code.as_str()),
            Self::Status(status) => matches!(status, 408 | 425 | 429 | 500..),
            Self::Cut => true,
            Self::Accepted(_) | Self::Duplicate(_) => false,
        }
    }

    /// Whether this is one of the names of a list, in which `refused` stands for every refusal that
    /// is about the record.
    pub(crate) fn is_among<S: AsRef<str>>(&self, names: &[S]) -> bool {
        let refusal = match self {
            Self::Refused(..) | Self::Status(400..500) => !self.is_again(),
            _ => false,
        };
        let name = self.name();
        names
            .iter()
            .any(|known| *known.as_ref() == *name || (refusal && known.as_ref() == "refused"))
    }
}

#[derive(Deserialize)]
struct AnswerText<'a> {
    #[serde(borrow)]
    results: Vec<ResultText<'a>>,
}

#[derive(Deserialize)]
struct ResultText<'a> {
    #[serde(borrow)]
    status: Cow<'a, str>,
    #[serde(default)]
    position: Option<u64>,
    #[serde(borrow, default)]
    code: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    found: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    expected: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    record: Option<Cow<'a, str>>,
}

impl Answer {
    /// Reads an answer. A body that is not that of the contract has no result.
    pub(crate) fn read(status: u16, retry_after: Option<&str>, body: &[u8]) -> Self {
        let text: Option<AnswerText<'_>> = serde_json::from_slice(body).ok();
        let results = text.map_or(Vec::new(), |text| text.results);
        Self {
            status,
            // A date instead of seconds is allowed by HTTP and not by the contract.
            retry_after: retry_after
                .and_then(|text| text.trim().parse().ok())
                .map(Duration::from_secs),
            // Whatever follows a result that cannot be read is none.
            results: results.into_iter().map_while(read_result).collect(),
        }
    }

    /// The verdict on a record, by its place in the request.
    pub(crate) fn verdict(&self, place: usize) -> Verdict {
        self.results
            .get(place)
            .map_or(Verdict::Status(self.status), |result| result.verdict.clone())
    }
}

fn read_result(text: ResultText<'_>) -> Option<RecordResult> {
    let verdict = match (&*text.status, text.position, text.code) {
        ("accepted", Some(position), _) => Verdict::Accepted(position),
        ("duplicate", Some(position), _) => Verdict::Duplicate(position),
        ("refused", _, Some(code)) => {
            let (found, expected) =
                (text.found.unwrap_or_default(), text.expected.unwrap_or_default());
            Verdict::Refused(code.into_owned(), format!("found {found}, expected {expected}"))
        }
        _ => return None,
    };
    Some(RecordResult { verdict, record: text.record.map(Cow::into_owned) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_answer_of_the_contract_is_read() {
        let body = br#"{"results":[
            {"status":"accepted","position":7,"record":"ab"},
            {"status":"duplicate","position":3,"record":"cd"},
            {"status":"refused","code":"signature","found":"a \"b\"","expected":"c","record":null},
            {"status":"accepted"},
            {"status":"accepted","position":8}]}"#;
        let answer = Answer::read(422, None, body);
        let verdicts: Vec<Verdict> = (0..5).map(|place| answer.verdict(place)).collect();
        let refused = "found a \"b\", expected c".to_owned();
        assert_eq!(
            verdicts,
            [
                Verdict::Accepted(7),
                Verdict::Duplicate(3),
                Verdict::Refused("signature".to_owned(), refused),
                // Accepted where? Nothing from here on is believed.
                Verdict::Status(422),
                Verdict::Status(422),
            ]
        );
        assert_eq!(answer.results[0].record.as_deref(), Some("ab"));
    }

    #[test]
    fn other_answers_have_no_results() {
        for body in [&b""[..], b"<html>", b"{}", b"{\"results\":{}}", b"{\"results\":[1]}"] {
            let answer = Answer::read(503, Some(" 4 "), body);
            assert_eq!(answer.verdict(0), Verdict::Status(503));
            assert_eq!(answer.retry_after, Some(Duration::from_secs(4)));
        }
        let date = Answer::read(429, Some("Wed, 21 Oct 2015 07:28:00 GMT"), b"");
        assert_eq!(date.retry_after, None);
    }

    #[test]
    fn verdicts_are_told_apart() {
        let refused = |code: &str| Verdict::Refused(code.to_owned(), String::new());
        for again in [Verdict::Status(429), Verdict::Status(503), Verdict::Cut, refused("busy")] {
            assert!(again.is_again(), "{again:?}");
        }
        for final_one in [Verdict::Status(400), Verdict::Accepted(1), refused("fork")] {
            assert!(!final_one.is_again(), "{final_one:?}");
        }
        assert!(refused("fork").is_among(&["chain", "fork"]));
        assert!(refused("fork").is_among(&["refused"]));
        assert!(Verdict::Status(400).is_among(&["refused"]));
        assert!(!Verdict::Status(500).is_among(&["refused"]));
        assert!(!refused("busy").is_among(&["refused"]), "that says nothing of the record");
        assert!(refused("busy").is_among(&["busy"]));
        assert!(!Verdict::Accepted(1).is_among(&["refused", "duplicate"]));
        assert!(Verdict::Cut.is_among(&["cut"]));
    }
}
