//! Votes of everybody: every candidate once, most votes first; lists with bars.
//!
//! In: the totals of a district and its outcome. Out: tables with their sums. Never: a candidate
//! left out; a place that tells two equals apart.

use std::cmp::Reverse;
use std::collections::HashMap;

use shomar_format::election::CandidateStatus;

use super::Sheet;
use crate::maker::per_mille;
use crate::paper::{Cell, Column, Holds, Paper, Row, RowKind, Tone};

impl Sheet<'_> {
    pub(super) fn votes(&self, paper: &mut Paper) {
        paper.heading(1, self.say("Votes", "رأی‌ها"));
        self.lists(paper);
        let has_lists = !self.outcome.district.lists.is_empty();
        let mut columns = vec![
            Column::number(self.say("place", "رتبه")),
            Column::number(self.say("code", "کد")),
            Column::text(self.say("name", "نام"), 3),
        ];
        if has_lists {
            columns.push(Column::text(self.say("list", "فهرست"), 2));
            columns.push(Column::number(self.say("by name", "مستقیم")));
            columns.push(Column::number(self.say("by list", "از فهرست")));
        }
        columns.push(Column::number(self.say("votes", "رأی")));
        columns.push(Column::number(self.say("share", "سهم")));
        columns.push(Column::text("", 0));
        let caption = format!(
            "{} {}",
            self.say(
                "Every candidate, most votes first; equals share a place. Shares are of valid ballots:",
                "همهٔ نامزدها به ترتیب رأی؛ هم‌رأی‌ها یک رتبه دارند. درصدها از برگ‌های صحیح است:",
            ),
            self.number(self.outcome.tally.ballots.valid)
        );
        paper.table(&caption, columns, self.candidate_rows(has_lists));
    }

    fn candidate_rows(&self, has_lists: bool) -> Vec<Row> {
        let words = self.maker.words;
        let district = self.outcome.district;
        let valid = self.outcome.tally.ballots.valid;
        let ends = self.ends();
        let mut all: Vec<_> = self.outcome.tally.candidates.iter().collect();
        all.sort_by_key(|own| (Reverse(own.votes), own.code));
        let persons: HashMap<u32, _> =
            district.candidates.iter().map(|person| (person.code, person)).collect();
        let mut rows = Vec::new();
        let (mut place, mut before) = (0, None);
        for (number, own) in (1u64..).zip(&all) {
            if before != Some(own.votes) {
                (place, before) = (number, Some(own.votes));
            }
            let person = persons.get(&own.code);
            let name = person.map_or("", |own| words.name(&own.name_en, &own.name_fa));
            let mut cells = vec![self.number(place), self.code(own.code), name.to_owned()];
            if has_lists {
                cells.push(self.list_name(person.and_then(|person| person.list)));
                cells.extend([self.number(own.direct), self.number(own.via_list)]);
            }
            let status = person.map_or("", |person| self.status(person.status));
            let end = ends.get(&own.code);
            cells.push(self.number(own.votes));
            cells.push(words.percent(own.votes, valid));
            cells.push(end.map_or(status, String::as_str).to_owned());
            let is_elected = end.is_some_and(|end| end == self.say("elected", "منتخب"));
            let kind = if is_elected { RowKind::Marked } else { RowKind::Plain };
            rows.push(Row::of(kind, cells));
        }
        let mut sum = vec![String::new(), String::new(), self.say("sum", "جمع").to_owned()];
        if has_lists {
            sum.push(String::new());
            sum.push(self.number(all.iter().map(|own| own.direct).sum::<u64>()));
            sum.push(self.number(all.iter().map(|own| own.via_list).sum::<u64>()));
        }
        sum.push(self.number(all.iter().map(|own| own.votes).sum::<u64>()));
        sum.extend([String::new(), String::new()]);
        if !all.is_empty() {
            rows.push(Row::of(RowKind::Total, sum));
        }
        rows
    }

    /// What became of whom, by code, as far as it is certain.
    fn ends(&self) -> HashMap<u32, String> {
        let mut ends = HashMap::new();
        if self.stand.has_alternates() {
            for order in self.outcome.outcome.alternate_orders() {
                for (number, position) in (1u64..).zip(order.named) {
                    let word = self.say("alternate", "علی‌البدل");
                    let text = format!("{word} {}", self.number(number));
                    ends.insert(self.outcome.candidate_code(*position), text);
                }
            }
        }
        if self.stand.has_names() {
            for position in &self.outcome.outcome.elected {
                let text = self.say("elected", "منتخب").to_owned();
                ends.insert(self.outcome.candidate_code(*position), text);
            }
        }
        ends
    }

    fn status(&self, status: CandidateStatus) -> &'static str {
        let (english, persian) = match status {
            CandidateStatus::Stands => return "",
            CandidateStatus::Withdrawn => ("withdrew", "انصراف"),
            CandidateStatus::Disqualified => ("disqualified", "رد صلاحیت"),
            CandidateStatus::Deceased => ("died", "درگذشته"),
        };
        self.maker.words.say(english, persian)
    }

    pub(super) fn code(&self, code: u32) -> String {
        self.maker.words.digits(&code.to_string())
    }

    /// Name of a list, by index; that of the independents.
    pub(super) fn list_name(&self, list: Option<u16>) -> String {
        let Some(list) = list else { return self.say("independent", "منفرد").to_owned() };
        let own = &self.outcome.district.lists[usize::from(list)];
        let name = self.maker.words.name(&own.name_en, &own.name_fa);
        format!("{} {name}", self.code(own.code))
    }

    fn lists(&self, paper: &mut Paper) {
        let district = self.outcome.district;
        if district.lists.is_empty() {
            return;
        }
        let words = self.maker.words;
        let groups = &self.outcome.outcome.groups;
        let has_seats = !self.outcome.rule.method().is_plurality();
        let most = groups.iter().map(|group| group.votes).max().unwrap_or(0);
        let whole: u64 = groups.iter().map(|group| group.votes).sum();
        let ballots: HashMap<u32, u64> =
            self.outcome.tally.lists.iter().map(|list| (list.code, list.votes)).collect();
        let rows = groups.iter().map(|group| {
            let code = self.outcome.group_code(group.key).code();
            let of_list = code.and_then(|code| ballots.get(&code));
            let of_list = of_list.map_or_else(|| "–".to_owned(), |votes| self.number(*votes));
            let label = self.outcome.group_label(group.key, words.language);
            let mut cells: Vec<Cell> = vec![
                label.into(),
                of_list.into(),
                self.number(group.votes).into(),
                words.percent(group.votes, whole).into(),
            ];
            if has_seats {
                let seats = match self.stand.has_names() {
                    true => self.number(group.seats),
                    false => "–".to_owned(),
                };
                cells.push(seats.into());
            }
            cells.push(Cell { text: String::new(), bar: Some(per_mille(group.votes, most)) });
            Row { cells, kind: RowKind::Plain }
        });
        let mut columns = vec![
            Column::text(self.say("list", "فهرست"), 2),
            Column::number(self.say("ballots for the list", "برگ به فهرست")),
            Column::number(self.say("votes", "رأی")),
            Column::number(self.say("share", "سهم")),
        ];
        if has_seats {
            columns.push(Column::number(self.say("seats", "کرسی")));
        }
        columns.push(Column { title: String::new(), holds: Holds::Bar, share: 2 });
        let caption = format!(
            "{} {}",
            self.say(
                "Lists and independents. Shares are of the votes of all of them:",
                "فهرست‌ها و منفردها. درصدها از مجموع رأی همهٔ آن‌ها است:",
            ),
            self.number(whole)
        );
        let rows: Vec<Row> = rows.collect();
        paper.table(&caption, columns, rows);
        if has_seats && !self.stand.has_names() {
            paper.paragraph(
                Tone::Note,
                self.say(
                    "No seats stand here: what is outstanding may move them.",
                    "کرسی‌ها نوشته نشده است: آنچه باقی مانده می‌تواند آن‌ها را جابه‌جا کند.",
                ),
            );
        }
    }
}
