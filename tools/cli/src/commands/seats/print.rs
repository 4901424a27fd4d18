//! The outcome of `shomar seats` as JSON for programs and as a table for people (docs/commands.md).
//!
//! What comes in: an outcome by position, and the names of the votes file. What goes out: text or
//! a value to serialise. It decides nothing; besides the fields of the contract the JSON carries
//! `options`, `vacant`, `undecided` and, per lot, `next_place`.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::Serialize;
use shomar_format::Reading;
use shomar_seats::{Group, GroupKey, Margin, Margins, Outcome, Party, Rule};

use crate::slate::Slate;

impl Slate {
    /// Groups in the order in which the file first names them.
    fn groups<'o>(&self, outcome: &'o Outcome) -> Vec<&'o Group> {
        let independents = self.candidates.iter().zip(&self.candidate_lines);
        let mut independents = independents.filter(|(candidate, _)| candidate.list.is_none());
        let pool = independents.next().map_or(u64::MAX, |(_, line)| *line);
        let mut groups: Vec<&Group> = outcome.groups.iter().collect();
        groups.sort_by_key(|group| match group.key {
            GroupKey::List(list) => self.list_lines[list as usize],
            GroupKey::Independent(candidate) => self.candidate_lines[candidate as usize],
            GroupKey::Independents | GroupKey::AllLists => pool,
        });
        groups
    }

    fn person(&self, position: u32) -> PersonJson<'_> {
        let candidate = self.candidates[position as usize];
        PersonJson {
            list: candidate.list.map(|list| self.list_names[list as usize].as_str()),
            candidate: &self.candidate_names[position as usize],
            votes: candidate.votes,
        }
    }

    pub(crate) fn json<'s>(
        &'s self,
        rule: &Rule,
        reading: Option<Reading>,
        outcome: &Outcome,
        margins: Margins,
    ) -> OutcomeJson<'s> {
        let margin = |margin: Margin| MarginJson {
            votes: margin.votes,
            certainty: margin.certainty.name(),
            from: margin.from.and_then(|party| self.party_label(party)),
            to: margin.to.and_then(|party| self.party_label(party)),
        };
        let group = |group: &Group| GroupJson {
            list: match group.key {
                GroupKey::List(list) => Some(self.list_names[list as usize].as_str()),
                _ => None,
            },
            candidate: match group.key {
                GroupKey::Independent(who) => Some(self.candidate_names[who as usize].as_str()),
                _ => None,
            },
            votes: group.votes,
            seats: group.seats,
            vacant: group.vacant,
        };
        let lot = |lot: &shomar_seats::PendingLot| LotJson {
            kind: lot.kind.name(),
            places: lot.places,
            next_place: lot.next_place,
            between: lot.between.iter().map(|party| self.party_label(*party)).collect(),
        };
        let step = |step: &shomar_seats::Step| StepJson {
            article: step.source(rule),
            text_en: step.text_en(self),
            text_fa: step.text_fa(self),
            numbers: step.fact.numbers().into_iter().collect(),
        };
        let mut options: BTreeMap<&'static str, String> =
            rule.option_values().into_iter().collect();
        let read = reading.iter().flat_map(Reading::entries);
        options.extend(read.map(|(name, value)| (name, value.to_owned())));
        OutcomeJson {
            method: rule.method().name(),
            rule: rule.name(),
            options,
            seats: outcome.seats,
            status: outcome.status.name(),
            groups: self.groups(outcome).into_iter().map(group).collect(),
            vacant: outcome.vacant,
            undecided: outcome.undecided,
            runoff: outcome.runoff.as_ref().map(|runoff| RunoffJson {
                seats: runoff.seats,
                between: runoff.between.iter().map(|who| self.person(*who)).collect(),
            }),
            elected: outcome.elected.iter().map(|who| self.person(*who)).collect(),
            alternates: outcome.alternates.iter().map(|who| self.person(*who)).collect(),
            lots: outcome.lots.iter().map(lot).collect(),
            margin: MarginsJson {
                seat: margins.seat.map(margin),
                person: margins.person.map(margin),
            },
            steps: outcome.steps.iter().map(step).collect(),
        }
    }

    pub(crate) fn table(&self, rule: &Rule, outcome: &Outcome, margins: Margins) -> String {
        let mut text = format!(
            "{}, {} seats: {} (vacant {}, undecided {})\n\n",
            rule.name(),
            outcome.seats,
            outcome.status.name(),
            outcome.vacant,
            outcome.undecided
        );
        let mut rows = vec![["group", "votes", "seats", "vacant"].map(str::to_owned)];
        for group in self.groups(outcome) {
            let name = self.names(&[Party::Group(group.key)]).concat();
            let numbers = [group.votes, u64::from(group.seats), u64::from(group.vacant)];
            let [votes, seats, vacant] = numbers.map(|number| number.to_string());
            rows.push([name, votes, seats, vacant]);
        }
        push_rows(&mut text, &rows);
        let none = Vec::new();
        let runoff = outcome.runoff.as_ref().map_or(&none, |runoff| &runoff.between);
        for (title, people) in [
            ("elected", &outcome.elected),
            ("alternates", &outcome.alternates),
            ("second round", runoff),
        ] {
            if people.is_empty() {
                continue;
            }
            let mut rows = vec![[title, "votes", "list"].map(str::to_owned)];
            for person in people.iter().map(|who| self.person(*who)) {
                let list = person.list.unwrap_or("-");
                rows.push([person.candidate.to_owned(), person.votes.to_string(), list.to_owned()]);
            }
            text.push('\n');
            push_rows(&mut text, &rows);
        }
        for (what, margin) in [("seat", margins.seat), ("person", margins.person)] {
            let Some(Margin { votes, certainty, from, to }) = margin else { continue };
            let certainty = certainty.name();
            let _ = write!(text, "\nmargin of the last {what}: {votes} votes, {certainty}");
            if let (Some(from), Some(to)) = (from, to) {
                let names = self.names(&[to, from]);
                let _ = write!(text, " ({} against {})", names[0], names[1]);
            }
        }
        if !outcome.steps.is_empty() {
            text.push_str("\nhow\n");
        }
        for step in &outcome.steps {
            let _ = writeln!(text, "  {} [{}]", step.text_en(self), step.source(rule));
        }
        text
    }
}

/// Rows as aligned text: the first column to the left, the others to the right.
fn push_rows<const N: usize>(text: &mut String, rows: &[[String; N]]) {
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max();
    let widths: Vec<usize> = (0..N).map(|column| width(column).unwrap_or(0)).collect();
    for row in rows {
        let _ = write!(text, "  {:<width$}", row[0], width = widths[0]);
        for (field, width) in row.iter().zip(&widths).skip(1) {
            let _ = write!(text, "  {field:>width$}");
        }
        text.push('\n');
    }
}

#[derive(Debug, Serialize)]
pub(crate) struct OutcomeJson<'s> {
    method: &'static str,
    rule: &'static str,
    options: BTreeMap<&'static str, String>,
    seats: u32,
    status: &'static str,
    groups: Vec<GroupJson<'s>>,
    vacant: u32,
    undecided: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    runoff: Option<RunoffJson<'s>>,
    elected: Vec<PersonJson<'s>>,
    alternates: Vec<PersonJson<'s>>,
    lots: Vec<LotJson>,
    margin: MarginsJson,
    steps: Vec<StepJson>,
}

#[derive(Debug, Serialize)]
struct GroupJson<'s> {
    list: Option<&'s str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    candidate: Option<&'s str>,
    votes: u64,
    seats: u32,
    vacant: u32,
}

#[derive(Debug, Serialize)]
struct PersonJson<'s> {
    list: Option<&'s str>,
    candidate: &'s str,
    votes: u64,
}

#[derive(Debug, Serialize)]
struct RunoffJson<'s> {
    seats: u32,
    between: Vec<PersonJson<'s>>,
}

#[derive(Debug, Serialize)]
struct MarginsJson {
    seat: Option<MarginJson>,
    person: Option<MarginJson>,
}

#[derive(Debug, Serialize)]
struct MarginJson {
    votes: u64,
    certainty: &'static str,
    from: Option<String>,
    to: Option<String>,
}

#[derive(Debug, Serialize)]
struct LotJson {
    kind: &'static str,
    places: u32,
    next_place: u32,
    between: Vec<Option<String>>,
}

#[derive(Debug, Serialize)]
struct StepJson {
    article: String,
    text_en: String,
    text_fa: String,
    #[serde(flatten)]
    numbers: BTreeMap<&'static str, u64>,
}
