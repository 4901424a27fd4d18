//! What a control record says: who may count what from here on, and why.
//!
//! In: an action with its reason; or the payload of a control record. Out: its canonical text
//! (FORMAT.md, section 4.5); or the action. Never: a second spelling of a text, an action applied;
//! whether it can be applied, the journal before it decides (`shomar-engine`, `ledger`).

use std::fmt::Write;

use crate::bytes::{Digest32, digest_from_hex, hex};
use crate::limits;

/// First line of the text.
const TITLE: &str = "shomar-control 1";

/// One signed decision of an officer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Control {
    /// When the officer signed it, in milliseconds since 1970-01-01 UTC.
    pub at_ms: u64,
    /// Why, in words: never empty.
    pub why: String,
    /// What is to be done.
    pub action: Action,
}

/// What a control record does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// The vote begins: from here on batches are taken.
    Open,
    /// The vote is over: from here on there are numbers per option.
    Close,
    /// Takes the batches of a subject out of the totals: those that are there, and those that come.
    Annul {
        /// Code of the reason (`VoidReason` of the seat rules).
        reason: String,
        /// What is annulled.
        subject: Subject,
    },
    /// Takes an annulment back.
    Reinstate {
        /// What was annulled, in the same words.
        subject: Subject,
    },
    /// A recount stands for all other batches of a pair.
    Supersede {
        /// Id of the station.
        station: String,
        /// Id of the district.
        district: String,
        /// Hashes of the records that stood for the pair until now, ascending.
        old: Vec<Digest32>,
        /// Hashes of the records of the recount, ascending; at least one.
        new: Vec<Digest32>,
    },
    /// Counts a batch that a check holds.
    Release {
        /// Hash of its record.
        batch: Digest32,
    },
    /// Leaves a batch that a check holds out for good.
    Reject {
        /// Hash of its record.
        batch: Digest32,
    },
    /// A lot was drawn.
    Lot(Lot),
    /// The result of a district is declared: nothing more is expected.
    Declare {
        /// Id of the district.
        district: String,
        /// Codes of those declared elected, ascending.
        elected: Vec<u32>,
    },
}

/// A lot, in the columns of a lots file (docs/commands.md).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lot {
    /// Id of the district.
    pub district: String,
    /// What it decides.
    pub kind: String,
    /// Which lot of its tie it is, from 1.
    pub place: u32,
    /// Code of the winner, or a word that stands for several.
    pub winner: String,
    /// Between whom it was drawn, separated by `;`; may be empty.
    pub between: String,
    /// When, in the words of the minutes; may be empty.
    pub drawn_at: String,
    /// Who was present, in the words of the minutes; may be empty.
    pub present: String,
}

/// What an annulment is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Subject {
    /// All batches of a station.
    Station(String),
    /// All batches of a station for a district.
    Pair(String, String),
    /// One batch, by the hash of its record.
    Batch(Digest32),
}

impl std::fmt::Display for Subject {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Station(station) => write!(formatter, "station {station}"),
            Self::Pair(station, district) => {
                write!(formatter, "station {station}, district {district}")
            }
            Self::Batch(hash) => write!(formatter, "batch {}", hex(hash)),
        }
    }
}

impl Action {
    /// Its word.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Close => "close",
            Self::Annul { .. } => "annul",
            Self::Reinstate { .. } => "reinstate",
            Self::Supersede { .. } => "supersede",
            Self::Release { .. } => "release",
            Self::Reject { .. } => "reject",
            Self::Lot(_) => "lot",
            Self::Declare { .. } => "declare",
        }
    }
}

/// Words of all actions.
const ACTIONS: &str = "open, close, annul, reinstate, supersede, release, reject, lot, declare";

/// What is wrong with the text of a control record.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: found {found}, expected {expected}")]
pub struct ControlError {
    /// From 1.
    pub line: usize,
    /// What stands there.
    pub found: String,
    /// What should.
    pub expected: String,
}

impl Control {
    /// The canonical text.
    ///
    /// # Errors
    /// If a field is one that no text may hold: empty, too long, or with a control character; or
    /// the order of hashes or codes is another.
    pub fn to_text(&self) -> Result<String, ControlError> {
        let text = self.write();
        // What cannot be read back as it was is refused, and not sealed.
        match Self::parse(text.as_bytes()) {
            Ok(read) if read == *self => Ok(text),
            Ok(_) => Err(ControlError {
                line: 0,
                found: "fields that the text does not keep apart".to_owned(),
                expected: "fields without tabs and line ends".to_owned(),
            }),
            Err(error) => Err(error),
        }
    }

    fn write(&self) -> String {
        let mut text = format!("{TITLE}\naction\t{}\n", self.action.name());
        let mut line = |key: &str, fields: &[&str]| {
            text.push_str(key);
            for field in fields {
                text.push('\t');
                text.push_str(field);
            }
            text.push('\n');
        };
        line("at", &[&self.at_ms.to_string()]);
        line("why", &[&self.why]);
        match &self.action {
            Action::Open | Action::Close => {}
            Action::Annul { reason, subject } => {
                line("reason", &[reason]);
                write_subject(subject, &mut line);
            }
            Action::Reinstate { subject } => write_subject(subject, &mut line),
            Action::Supersede { station, district, old, new } => {
                line("pair", &[station, district]);
                old.iter().for_each(|hash| line("old", &[&hex(hash)]));
                new.iter().for_each(|hash| line("new", &[&hex(hash)]));
            }
            Action::Release { batch } | Action::Reject { batch } => line("batch", &[&hex(batch)]),
            Action::Lot(lot) => {
                line("district", &[&lot.district]);
                line("kind", &[&lot.kind]);
                line("place", &[&lot.place.to_string()]);
                line("winner", &[&lot.winner]);
                line("between", &[&lot.between]);
                line("drawn_at", &[&lot.drawn_at]);
                line("present", &[&lot.present]);
            }
            Action::Declare { district, elected } => {
                line("district", &[district]);
                elected.iter().for_each(|code| line("elected", &[&code.to_string()]));
            }
        }
        text
    }

    /// Reads the payload of a control record.
    ///
    /// # Errors
    /// The first line that is not as the canonical text has it.
    pub fn parse(payload: &[u8]) -> Result<Self, ControlError> {
        let mut lines = Lines::of(payload)?;
        lines.title()?;
        let name = lines.field("action")?.to_owned();
        let at = lines.field("at")?;
        let at_ms = at.parse().ok().filter(|number: &u64| number.to_string() == at);
        let at_ms = at_ms.ok_or_else(|| lines.wrong("milliseconds in decimal"))?;
        let why = lines.text("why")?;
        let action = match name.as_str() {
            "open" => Action::Open,
            "close" => Action::Close,
            "annul" => Action::Annul { reason: lines.text("reason")?, subject: lines.subject()? },
            "reinstate" => Action::Reinstate { subject: lines.subject()? },
            "supersede" => {
                let [station, district] = lines.pair()?;
                let (old, new) = (lines.hashes("old")?, lines.hashes("new")?);
                if new.is_empty() {
                    return Err(lines.wrong("new, and the hash of a record"));
                }
                Action::Supersede { station, district, old, new }
            }
            "release" => Action::Release { batch: lines.hash("batch")? },
            "reject" => Action::Reject { batch: lines.hash("batch")? },
            "lot" => Action::Lot(Lot {
                district: lines.text("district")?,
                kind: lines.text("kind")?,
                place: lines.code("place")?,
                winner: lines.field("winner")?.to_owned(),
                between: lines.field("between")?.to_owned(),
                drawn_at: lines.field("drawn_at")?.to_owned(),
                present: lines.field("present")?.to_owned(),
            }),
            "declare" => {
                let district = lines.text("district")?;
                let mut elected = Vec::new();
                while lines.next_is("elected") {
                    elected.push(lines.code("elected")?);
                }
                if !elected.is_sorted_by(|a, b| a < b) {
                    return Err(lines.wrong("codes that ascend"));
                }
                Action::Declare { district, elected }
            }
            _ => return Err(lines.wrong_at(2, format!("the action '{name}'"), ACTIONS)),
        };
        lines.end()?;
        Ok(Self { at_ms, why, action })
    }
}

fn write_subject(subject: &Subject, line: &mut impl FnMut(&str, &[&str])) {
    match subject {
        Subject::Station(station) => line("station", &[station]),
        Subject::Pair(station, district) => line("pair", &[station, district]),
        Subject::Batch(hash) => line("batch", &[&hex(hash)]),
    }
}

/// The lines of a text, taken one by one.
struct Lines<'a> {
    lines: Vec<&'a str>,
    /// How many were taken.
    taken: usize,
}

impl<'a> Lines<'a> {
    fn of(payload: &'a [u8]) -> Result<Self, ControlError> {
        let wrong = |found: String, expected: &str| ControlError {
            line: 1,
            found,
            expected: expected.to_owned(),
        };
        if payload.len() > limits::CONTROL_BYTES_MAX {
            let expected = format!("at most {}", limits::CONTROL_BYTES_MAX);
            return Err(wrong(format!("{} bytes", payload.len()), &expected));
        }
        let text = std::str::from_utf8(payload)
            .map_err(|error| wrong(format!("bytes that are not UTF-8 ({error})"), "UTF-8"))?;
        let text = text.strip_suffix('\n').ok_or_else(|| {
            wrong("a text without a line end at its end".to_owned(), "a line feed after every line")
        })?;
        Ok(Self { lines: text.split('\n').collect(), taken: 0 })
    }

    fn wrong(&self, expected: &str) -> ControlError {
        let line = self.taken.max(1);
        let found = match self.lines.get(line - 1) {
            Some(line) => quoted(line),
            None => "the end".to_owned(),
        };
        self.wrong_at(line, found, expected)
    }

    fn wrong_at(&self, line: usize, found: String, expected: &str) -> ControlError {
        ControlError { line, found, expected: expected.to_owned() }
    }

    fn title(&mut self) -> Result<(), ControlError> {
        self.taken = 1;
        if self.lines[0] == TITLE { Ok(()) } else { Err(self.wrong(TITLE)) }
    }

    fn next_is(&self, key: &str) -> bool {
        let next = self.lines.get(self.taken).and_then(|line| line.split_once('\t'));
        next.is_some_and(|(found, _)| found == key)
    }

    fn fields<const N: usize>(&mut self, key: &str) -> Result<[&'a str; N], ControlError> {
        self.taken += 1;
        let mut expected = key.to_owned();
        let _ = write!(expected, ", and {N} field(s) without control characters");
        let Some(line) = self.lines.get(self.taken - 1) else { return Err(self.wrong(&expected)) };
        let mut parts = line.split('\t');
        if parts.next() != Some(key) {
            return Err(self.wrong(&expected));
        }
        let fields: Vec<&str> = parts.collect();
        let sound = |field: &&str| {
            field.len() <= limits::FIELD_BYTES_MAX && !field.chars().any(char::is_control)
        };
        match <[&str; N]>::try_from(fields) {
            Ok(fields) if fields.iter().all(sound) => Ok(fields),
            _ => Err(self.wrong(&expected)),
        }
    }

    /// One field, which may be empty.
    fn field(&mut self, key: &str) -> Result<&'a str, ControlError> {
        self.fields::<1>(key).map(|[field]| field)
    }

    /// One field with something in it.
    fn text(&mut self, key: &str) -> Result<String, ControlError> {
        match self.field(key)? {
            "" => Err(self.wrong(&format!("{key}, and a text"))),
            text => Ok(text.to_owned()),
        }
    }

    /// Station and district, neither of which is empty.
    fn pair(&mut self) -> Result<[String; 2], ControlError> {
        let fields = self.fields("pair")?;
        if fields.contains(&"") {
            return Err(self.wrong("pair, a station and a district"));
        }
        Ok(fields.map(str::to_owned))
    }

    fn code(&mut self, key: &str) -> Result<u32, ControlError> {
        let field = self.field(key)?;
        let number = field.parse().ok().filter(|number: &u32| number.to_string() == field);
        number.filter(|&number| number > 0).ok_or_else(|| self.wrong("a number from 1 in decimal"))
    }

    fn hash(&mut self, key: &str) -> Result<Digest32, ControlError> {
        let field = self.field(key)?;
        let hash = digest_from_hex(field).filter(|hash| hex(hash) == field);
        hash.ok_or_else(|| self.wrong("64 lower-case hexadecimal digits"))
    }

    fn hashes(&mut self, key: &str) -> Result<Vec<Digest32>, ControlError> {
        let mut hashes = Vec::new();
        while self.next_is(key) {
            hashes.push(self.hash(key)?);
        }
        if hashes.is_sorted_by(|a, b| a < b) {
            Ok(hashes)
        } else {
            Err(self.wrong("hashes that ascend"))
        }
    }

    fn subject(&mut self) -> Result<Subject, ControlError> {
        if self.next_is("station") {
            return Ok(Subject::Station(self.text("station")?));
        }
        if self.next_is("pair") {
            let [station, district] = self.pair()?;
            return Ok(Subject::Pair(station, district));
        }
        Ok(Subject::Batch(self.hash("batch")?))
    }

    fn end(&mut self) -> Result<(), ControlError> {
        if self.taken == self.lines.len() {
            return Ok(());
        }
        self.taken += 1;
        Err(self.wrong("the end"))
    }
}

/// Letters of a line that an error shows: a line may have a megabyte.
const SHOWN_MAX: usize = 80;

/// A line as an error shows it.
fn quoted(line: &str) -> String {
    match line.char_indices().nth(SHOWN_MAX) {
        None => format!("'{}'", line.escape_debug()),
        Some((end, _)) => {
            format!("'{}...', {} bytes", line[..end].escape_debug(), line.len())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn samples() -> Vec<Control> {
        let text = |text: &str| text.to_owned();
        let subjects = [
            Subject::Station(text("S1")),
            Subject::Pair(text("S1"), text("شهر")),
            Subject::Batch([7; 32]),
        ];
        let mut actions = vec![
            Action::Open,
            Action::Close,
            Action::Supersede {
                station: text("S1"),
                district: text("D"),
                old: vec![[1; 32], [2; 32]],
                new: vec![[3; 32]],
            },
            Action::Release { batch: [4; 32] },
            Action::Reject { batch: [5; 32] },
            Action::Lot(Lot {
                district: text("D"),
                kind: text("person"),
                place: 1,
                winner: text("17"),
                between: text("17;18"),
                drawn_at: String::new(),
                present: text("هیئت اجرایی"),
            }),
            Action::Declare { district: text("D"), elected: vec![3, 14] },
            Action::Declare { district: text("D"), elected: Vec::new() },
        ];
        for subject in subjects {
            actions.push(Action::Annul { reason: text("b-fraud"), subject: subject.clone() });
            actions.push(Action::Reinstate { subject });
        }
        let control = |action| Control { at_ms: 1_800_000_000_000, why: text("زیرا"), action };
        actions.into_iter().map(control).collect()
    }

    #[test]
    fn every_action_is_read_back_from_its_text() {
        for control in samples() {
            let text = control.to_text().unwrap();
            assert_eq!(Control::parse(text.as_bytes()).unwrap(), control);
        }
    }

    /// Whatever is changed in a text, it is refused, or means something else and is the text of it.
    #[test]
    fn a_control_has_one_text() {
        for control in samples() {
            let text = control.to_text().unwrap();
            for at in 0..text.len() {
                for byte in [b'\t', b'\n', b' ', b'0', b'A', 0xff] {
                    let mut changed = text.clone().into_bytes();
                    for insert in [false, true] {
                        if insert {
                            changed.insert(at, byte);
                        } else {
                            changed[at] = byte;
                        }
                        if let Ok(read) = Control::parse(&changed) {
                            assert_eq!(read.to_text().unwrap().as_bytes(), changed);
                        }
                    }
                }
                // A list of codes may be cut between two: that is the text of fewer.
                if let Ok(read) = Control::parse(&text.as_bytes()[..at]) {
                    assert_ne!(read, control, "cut at {at}");
                }
            }
        }
    }

    #[test]
    fn what_is_wrong_is_said_by_line() {
        let parse = |text: &str| Control::parse(text.as_bytes()).unwrap_err().to_string();
        assert_eq!(
            parse("shomar-control 1\naction\tburn\nat\t1\nwhy\tx\n"),
            format!("line 2: found the action 'burn', expected {ACTIONS}")
        );
        let empty = parse("shomar-control 1\naction\topen\nat\t1\nwhy\t\n");
        assert_eq!(empty, "line 4: found 'why\\t', expected why, and a text");
        assert!(parse("shomar-control 1\naction\topen\nat\t01\nwhy\tx\n").contains("line 3"));
        let pair = "shomar-control 1\naction\treinstate\nat\t1\nwhy\tx\npair\tS1\t\n";
        assert!(parse(pair).ends_with("expected pair, a station and a district"));
        let more = parse("shomar-control 1\naction\topen\nat\t1\nwhy\tx\nmore\ty\n");
        assert_eq!(more, "line 5: found 'more\\ty', expected the end");
        // Anybody may send a megabyte of one line, each byte of which would be shown as six.
        let long = parse(&format!("{}\n", "\u{7f}".repeat(1_000_000)));
        assert!(long.len() < 600 && long.contains("...', 1000000 bytes, expected"), "{long}");
    }

    #[test]
    fn a_field_that_the_text_cannot_hold_is_not_sealed() {
        for why in ["", "two\nlines", "a\ttab"] {
            let control = Control { at_ms: 1, why: why.to_owned(), action: Action::Open };
            assert!(control.to_text().is_err(), "{why:?}");
        }
        let new = vec![[2; 32], [1; 32]];
        let (station, district) = ("S".to_owned(), "D".to_owned());
        let action = Action::Supersede { station, district, old: Vec::new(), new };
        assert!(Control { at_ms: 1, why: "x".to_owned(), action }.to_text().is_err());
    }
}
