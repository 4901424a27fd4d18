//! Faults by script: what goes wrong besides the honest sending, how often, and what the server
//! must say to it.
//!
//! In: a faults file, the seed, the plan. Out: for each batch the faults that hit it, and when
//! which command is run. Never: an honest batch replaced; it is delivered as well, whatever the
//! fault.
//!
//! The file is TOML, one `[[fault]]` for each:
//!
//! ```toml
//! [[fault]]
//! kind = "duplicate"      # see `Kind`
//! per_mille = 20          # of all batches; or count = 5, exactly so many
//! times = 3               # duplicate: so often again (1)
//! within_ms = 2000        # duplicate: each within so long after the acknowledgement (1000)
//! # over_ms = 3000        # slow: the upload takes so long (3000)
//! # expect = ["chain"]    # verdicts to expect in place of the usual ones
//!
//! [[fault]]
//! kind = "kill"
//! command = "kill -9 $(cat server.pid); ./start-server"      # for sh; must return
//! after_batches = 1000    # acknowledged; or at_ms = 5000 after the start
//! ```

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;
use shomar_format::election::Mode;
use shomar_format::table::hint;
use toml::Spanned;

use crate::error::ReplayError;
use crate::plan::Plan;
use crate::random::{Purpose, Random};

/// What can go wrong, apart from commands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    /// The honest record again, after it was acknowledged.
    Duplicate,
    /// The device's next record before this one.
    Reorder,
    /// The upload stops at a byte, and the connection is closed.
    Truncate,
    /// The same record, signed by a key that is not the device's.
    WrongKey,
    /// The same record without its signature.
    Unsigned,
    /// Another record with the device and sequence of an accepted one, signed by the device.
    Equivocation,
    /// The same record, signed by the device as the successor of somebody else's record.
    Fork,
    /// The same record, signed by the device for the other mode: test for official, or the reverse.
    TestAsOfficial,
    /// One bit of the record is flipped.
    Flip,
    /// The accepted record again, trickling in.
    Slow,
    /// Random bytes in place of a record.
    Garbage,
}

const KINDS: [(&str, Kind); 11] = [
    ("duplicate", Kind::Duplicate),
    ("reorder", Kind::Reorder),
    ("truncate", Kind::Truncate),
    ("wrong-key", Kind::WrongKey),
    ("unsigned", Kind::Unsigned),
    ("equivocation", Kind::Equivocation),
    ("fork", Kind::Fork),
    ("test-as-official", Kind::TestAsOfficial),
    ("flip", Kind::Flip),
    ("slow", Kind::Slow),
    ("garbage", Kind::Garbage),
];

/// The kind that is a command.
const KILL: &str = "kill";

/// Codes of refusals in the contract, and what else can come back.
const VERDICTS: [&str; 22] = [
    "accepted",
    "duplicate",
    "refused",
    "cut",
    "too-large",
    "bytes",
    "version",
    "definition",
    "address",
    "not-served",
    "key",
    "signature",
    "evidence",
    "ballots",
    "equivocation",
    "fork",
    "chain",
    "not-open",
    "control",
    "storage-full",
    "busy",
    "stopping",
];

impl Kind {
    /// Its name in the file and in the report.
    pub(crate) fn name(self) -> &'static str {
        KINDS.iter().find(|(_, kind)| *kind == self).map_or("", |(name, _)| name)
    }

    /// Whether it comes before the honest batch, which then waits for it; else after that was
    /// acknowledged. What an honest batch could be mistaken for comes before it: a server that
    /// believes it is found out. A test election may take unsigned records, so there the unsigned
    /// one comes second, where it is a contradiction in any case.
    pub(crate) fn is_before(self, mode: Mode) -> bool {
        match self {
            Self::Duplicate | Self::Equivocation | Self::Slow => false,
            Self::Unsigned => mode == Mode::Official,
            _ => true,
        }
    }

    /// What the server may say to it; `refused` is any refusal that is about the record.
    fn verdicts(self, mode: Mode) -> &'static [&'static str] {
        match self {
            Self::Duplicate => &["duplicate"],
            // An honest record: a server may take it early, or insist on the order.
            Self::Reorder => &["accepted", "duplicate", "chain"],
            Self::Truncate => &["cut", "http-400", "http-408"],
            Self::WrongKey => &["signature", "key"],
            Self::Unsigned if mode == Mode::Official => &["version", "signature", "key"],
            Self::Unsigned => &["equivocation", "version", "signature", "key"],
            Self::Equivocation => &["equivocation"],
            Self::Fork => &["fork", "chain"],
            Self::TestAsOfficial => &["signature"],
            Self::Flip | Self::Garbage => &["refused"],
            Self::Slow => &["duplicate", "cut", "http-400", "http-408"],
        }
    }

    /// Whether it can only be made from a signed record.
    fn needs_signed(self) -> bool {
        matches!(self, Self::WrongKey | Self::Unsigned | Self::Fork | Self::TestAsOfficial)
    }

    /// Whether it takes the device's own key, where the record is signed.
    pub(crate) fn needs_key(self) -> bool {
        matches!(self, Self::Equivocation | Self::Fork | Self::TestAsOfficial)
    }
}

/// How often.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Share {
    PerMille(u64),
    Count(u64),
}

/// One fault of the script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Rule {
    pub(crate) kind: Kind,
    share: Share,
    pub(crate) times: u64,
    pub(crate) within: Duration,
    pub(crate) over: Duration,
    expect: Option<Vec<String>>,
    line: u64,
}

/// A command that is run once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Kill {
    pub(crate) command: String,
    pub(crate) when: When,
}

/// When a command is run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum When {
    /// After so many acknowledged batches.
    Batches(u64),
    /// So long after the start.
    At(Duration),
}

/// A faults file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FaultScript {
    path: PathBuf,
    pub(crate) rules: Vec<Rule>,
    pub(crate) kills: Vec<Kill>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    #[serde(default)]
    fault: Vec<Spanned<Entry>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    kind: Spanned<String>,
    per_mille: Option<Spanned<u64>>,
    count: Option<Spanned<u64>>,
    times: Option<Spanned<u64>>,
    within_ms: Option<Spanned<u64>>,
    over_ms: Option<Spanned<u64>>,
    expect: Option<Spanned<Vec<String>>>,
    command: Option<Spanned<String>>,
    after_batches: Option<Spanned<u64>>,
    at_ms: Option<Spanned<u64>>,
}

impl FaultScript {
    /// Reads a faults file.
    ///
    /// # Errors
    /// The first thing in it that is none, with its line.
    pub fn read(path: &Path) -> Result<Self, ReplayError> {
        let text = std::fs::read_to_string(path).map_err(ReplayError::io(path, "read"))?;
        Self::parse(path, &text)
    }

    fn parse(path: &Path, text: &str) -> Result<Self, ReplayError> {
        let document: Document = toml::from_str(text).map_err(|error| {
            let line = error.span().map_or(0, |span| line_of(text, span.start));
            let found = error.message().replace('\n', " ");
            ReplayError::input(path, line, found, "faults as docs/commands.md describes them")
        })?;
        let mut script = Self { path: path.to_owned(), ..Self::default() };
        for entry in &document.fault {
            let reader =
                EntryReader { path, text, entry: entry.get_ref(), start: entry.span().start };
            if reader.entry.kind.get_ref() == KILL {
                script.kills.push(reader.kill()?);
            } else {
                script.rules.push(reader.rule()?);
            }
        }
        Ok(script)
    }
}

fn line_of(text: &str, offset: usize) -> u64 {
    let before = text.as_bytes().get(..offset).unwrap_or_default();
    1 + before.iter().filter(|&&byte| byte == b'\n').count() as u64
}

/// Reads one entry, with the places of its fields for messages.
struct EntryReader<'a> {
    path: &'a Path,
    text: &'a str,
    entry: &'a Entry,
    start: usize,
}

impl EntryReader<'_> {
    fn wrong(&self, offset: usize, found: String, expected: &str) -> ReplayError {
        ReplayError::input(self.path, line_of(self.text, offset), found, expected)
    }

    /// Refuses a field that this kind does not have.
    fn refuse<T>(&self, name: &str, field: Option<&Spanned<T>>) -> Result<(), ReplayError> {
        let kind = self.entry.kind.get_ref();
        field.map_or(Ok(()), |field| {
            let found = format!("{name} for kind '{kind}'");
            Err(self.wrong(field.span().start, found, "none: this kind does not know it"))
        })
    }

    /// A number in a field, between these two.
    fn number(
        &self,
        name: &str,
        field: Option<&Spanned<u64>>,
        default: u64,
        most: u64,
    ) -> Result<u64, ReplayError> {
        let Some(field) = field else { return Ok(default) };
        let number = *field.get_ref();
        if (1..=most).contains(&number) {
            return Ok(number);
        }
        let found = format!("{name} = {number}");
        Err(self.wrong(field.span().start, found, &format!("1 to {most}")))
    }

    fn kill(&self) -> Result<Kill, ReplayError> {
        let entry = self.entry;
        self.refuse("per_mille", entry.per_mille.as_ref())?;
        self.refuse("count", entry.count.as_ref())?;
        self.refuse("times", entry.times.as_ref())?;
        self.refuse("within_ms", entry.within_ms.as_ref())?;
        self.refuse("over_ms", entry.over_ms.as_ref())?;
        self.refuse("expect", entry.expect.as_ref())?;
        let when = match (&entry.after_batches, &entry.at_ms) {
            (Some(batches), None) => When::Batches(*batches.get_ref()),
            (None, Some(time)) => When::At(Duration::from_millis(*time.get_ref())),
            _ => {
                let found = "a kill without its time, or with two".to_owned();
                return Err(self.wrong(self.start, found, "after_batches or at_ms"));
            }
        };
        let command = entry.command.as_ref().ok_or_else(|| {
            self.wrong(self.start, "a kill without a command".to_owned(), "command = \"...\"")
        })?;
        Ok(Kill { command: command.get_ref().clone(), when })
    }

    fn rule(&self) -> Result<Rule, ReplayError> {
        let entry = self.entry;
        let name = entry.kind.get_ref().as_str();
        let kind = KINDS.iter().find(|(known, _)| *known == name).map(|(_, kind)| *kind);
        let kind = kind.ok_or_else(|| {
            let known: Vec<&str> = KINDS.iter().map(|(name, _)| *name).chain([KILL]).collect();
            let expected = hint(name, &known);
            self.wrong(entry.kind.span().start, format!("kind '{name}'"), &expected)
        })?;
        self.refuse("command", entry.command.as_ref())?;
        self.refuse("after_batches", entry.after_batches.as_ref())?;
        self.refuse("at_ms", entry.at_ms.as_ref())?;
        if kind != Kind::Duplicate {
            self.refuse("times", entry.times.as_ref())?;
            self.refuse("within_ms", entry.within_ms.as_ref())?;
        }
        if kind != Kind::Slow {
            self.refuse("over_ms", entry.over_ms.as_ref())?;
        }
        let share = match (&entry.per_mille, &entry.count) {
            (Some(_), None) => {
                Share::PerMille(self.number("per_mille", entry.per_mille.as_ref(), 0, 1_000)?)
            }
            (None, Some(_)) => {
                Share::Count(self.number("count", entry.count.as_ref(), 0, u64::from(u32::MAX))?)
            }
            _ => {
                let found = "a fault without its share, or with two".to_owned();
                return Err(self.wrong(self.start, found, "per_mille or count"));
            }
        };
        let day = 86_400_000;
        Ok(Rule {
            kind,
            share,
            times: self.number("times", entry.times.as_ref(), 1, 1_000)?,
            within: Duration::from_millis(self.number(
                "within_ms",
                entry.within_ms.as_ref(),
                1_000,
                day,
            )?),
            over: Duration::from_millis(self.number(
                "over_ms",
                entry.over_ms.as_ref(),
                3_000,
                day,
            )?),
            expect: self.expect()?,
            line: line_of(self.text, self.start),
        })
    }

    fn expect(&self) -> Result<Option<Vec<String>>, ReplayError> {
        let Some(names) = &self.entry.expect else { return Ok(None) };
        let is_status = |name: &str| {
            name.strip_prefix("http-").is_some_and(|status| status.parse::<u16>().is_ok())
        };
        for name in names.get_ref() {
            if !VERDICTS.contains(&name.as_str()) && !is_status(name) {
                let expected = format!("http-STATUS, or {}", hint(name, &VERDICTS));
                return Err(self.wrong(names.span().start, format!("verdict '{name}'"), &expected));
            }
        }
        Ok(Some(names.get_ref().clone()))
    }
}

/// A script applied to a plan: which batches are hit by what.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    pub(crate) rules: Vec<Rule>,
    mode: Mode,
    /// The rules that hit a batch, in the order of the file.
    of_batch: HashMap<u32, Vec<usize>>,
}

impl Faults {
    /// Draws the batches that each fault hits. It follows from the seed, the place of the fault in
    /// the file and the plan.
    ///
    /// # Errors
    /// If a fault cannot be made of this folder.
    pub(crate) fn choose(
        script: &FaultScript,
        plan: &Plan,
        seed: u64,
    ) -> Result<Self, ReplayError> {
        let mut of_batch: HashMap<u32, Vec<usize>> = HashMap::new();
        for (number, rule) in script.rules.iter().enumerate() {
            let chosen = chosen_batches(rule, number, plan, seed);
            let unsigned = chosen.iter().any(|&batch| !plan.batch(batch as usize).signed);
            if rule.kind.needs_signed() && (unsigned || plan.batch_count() == 0) {
                let found = format!("{} for batches without a signature", rule.kind.name());
                let expected = "a folder of `shomar generate --signed`";
                return Err(ReplayError::input(&script.path, rule.line, found, expected));
            }
            for batch in chosen {
                of_batch.entry(batch).or_default().push(number);
            }
        }
        Ok(Self { rules: script.rules.clone(), mode: plan.mode(), of_batch })
    }

    /// The faults that come before a batch, or those after it, as numbers of rules.
    pub(crate) fn of_batch(&self, batch: usize, before: bool) -> impl Iterator<Item = usize> {
        let batch = u32::try_from(batch).unwrap_or(u32::MAX);
        let hit = self.of_batch.get(&batch).into_iter().flatten().copied();
        hit.filter(move |&rule| self.rules[rule].kind.is_before(self.mode) == before)
    }

    /// Every batch that is hit, with the rules.
    pub(crate) fn hits(&self) -> impl Iterator<Item = (usize, &Rule)> {
        let rules =
            |rules: &[usize]| rules.iter().map(|&rule| &self.rules[rule]).collect::<Vec<_>>();
        self.of_batch.iter().flat_map(move |(&batch, hit)| {
            rules(hit).into_iter().map(move |rule| (batch as usize, rule))
        })
    }

    /// What the server may say to a fault.
    pub(crate) fn verdicts(&self, rule: usize) -> Vec<&str> {
        let rule = &self.rules[rule];
        match &rule.expect {
            Some(names) => names.iter().map(String::as_str).collect(),
            None => rule.kind.verdicts(self.mode).to_vec(),
        }
    }
}

fn chosen_batches(rule: &Rule, number: usize, plan: &Plan, seed: u64) -> Vec<u32> {
    let possible = |batch: &u32| {
        rule.kind != Kind::Reorder
            || plan.next_of_client(*batch as usize).is_some_and(|next| {
                let device = |batch: usize| plan.batch(batch).address.device;
                device(next) == device(*batch as usize)
            })
    };
    let batches = (0_u32..).take(plan.batch_count()).filter(possible);
    let draw = |batch: u32| Random::new(seed, Purpose::Choice, number as u64, u64::from(batch));
    match rule.share {
        Share::PerMille(share) => {
            batches.filter(|&batch| draw(batch).below(1_000) < share).collect()
        }
        Share::Count(count) => {
            // Those with the smallest numbers drawn.
            let mut drawn: Vec<(u64, u32)> =
                batches.map(|batch| (draw(batch).next(), batch)).collect();
            drawn.sort_unstable();
            drawn.truncate(usize::try_from(count).unwrap_or(usize::MAX));
            let mut chosen: Vec<u32> = drawn.into_iter().map(|(_, batch)| batch).collect();
            chosen.sort_unstable();
            chosen
        }
    }
}

#[cfg(test)]
#[path = "faults_tests.rs"]
mod tests;
