//! Decisions of officers that touch the district: who, when, why, old and new numbers.
//!
//! In: decisions of the journal. Out: a table, and the votes that each changed. Never: an effect
//! that was not counted: each is the difference of two counts.

use shomar_engine::decision::{Decision, DistrictEffect, Effects};
use shomar_format::control::Action;
use shomar_seats::{Language, LotKind};

use super::Sheet;
use crate::paper::{Column, Paper, Row, RowKind, Tone};

/// Options whose change is written out; of more the log has every one.
const OPTIONS_SHOWN: usize = 40;

impl Sheet<'_> {
    pub(super) fn decisions(&self, paper: &mut Paper) {
        paper.heading(1, self.say("Decisions of officers", "تصمیم‌های مقام‌های مسئول"));
        if self.decisions.is_empty() {
            paper.paragraph(
                Tone::Plain,
                self.say(
                    "No officer has decided anything about this district.",
                    "دربارهٔ این حوزه تصمیمی گرفته نشده است.",
                ),
            );
            return;
        }
        let words = self.maker.words;
        let rows = self.decisions.iter().map(|decision| {
            let effect = self.effect(decision);
            let change = |of: fn(&DistrictEffect) -> [u64; 2]| {
                effect.map_or_else(
                    || "–".to_owned(),
                    |effect| {
                        let [before, after] = of(effect).map(|number| self.number(number));
                        format!("{before} {} {after}", self.say("to", "به"))
                    },
                )
            };
            let cells = vec![
                self.number(decision.position),
                words.moment(decision.control.at_ms),
                self.maker.telling().officer_name(decision.officer).to_owned(),
                self.what(decision),
                decision.control.why.clone(),
                change(|own| [own.before.ballots.taken, own.after.ballots.taken]),
                change(|own| [own.before.ballots.valid, own.after.ballots.valid]),
                change(|own| [own.before.ballots.void, own.after.ballots.void]),
            ];
            Row::of(RowKind::Plain, cells)
        });
        let columns = vec![
            Column::number(self.say("record", "رکورد")),
            Column::text(self.say("when", "زمان"), 2),
            Column::text(self.say("who", "تصمیم‌گیرنده"), 2),
            Column::text(self.say("what", "تصمیم"), 4),
            Column::text(self.say("why", "سبب"), 3),
            Column::text(self.say("taken", "مأخوذه"), 2),
            Column::text(self.say("valid", "صحیح"), 2),
            Column::text(self.say("void", "باطل"), 2),
        ];
        let caption = self.say(
            "Each is a signed record; numbers are of this district, before and after",
            "هر یک رکوردی امضاشده است؛ عددها از همین حوزه، پیش و پس از تصمیم است",
        );
        paper.table(caption, columns, rows.collect());
        for decision in self.decisions {
            if let Some(effect) = self.effect(decision) {
                self.changed_votes(paper, decision, effect);
            }
        }
    }

    /// Says that the last declaration is of something else than what is counted here.
    pub(super) fn declaration(&self, paper: &mut Paper) {
        let Some(own) = self.maker.board.declarations.get(&self.district) else { return };
        let record = self.number(own.position);
        let language = self.maker.words.language;
        let mut alert = |text: String| paper.paragraph(Tone::Alert, &text);
        if own.is_overtaken {
            alert(match language {
                Language::English => format!(
                    "After record {record} declared the result, batches of this district came \
                     into the count or went out of it."
                ),
                Language::Persian => format!(
                    "پس از اعلام نتیجه با رکورد {record}، بسته‌هایی از این حوزه به شمارش آمده یا از آن \
                     بیرون رفته است."
                ),
            });
        }
        let board = self.maker.board;
        if board.is_waited_for(self.district) {
            alert(match language {
                Language::English => {
                    format!("Record {record} declares a result, and the count is not complete.")
                }
                Language::Persian => {
                    format!("رکورد {record} نتیجه را اعلام کرده است، ولی شمارش کامل نیست.")
                }
            });
        }
        if !self.stand.has_names() {
            return;
        }
        if self.outcome.needs_seat_lot() {
            alert(match language {
                Language::English => {
                    format!("Record {record} declares a result, and a seat waits for a lot.")
                }
                Language::Persian => {
                    format!(
                        "رکورد {record} نتیجه را اعلام کرده است، ولی یک کرسی در انتظار قرعه است."
                    )
                }
            });
        }
        let elected = self.outcome.outcome.elected.iter();
        let mut elected: Vec<u32> = elected.map(|&who| self.outcome.candidate_code(who)).collect();
        elected.sort_unstable();
        if elected != own.elected {
            let declared = self.codes(&own.elected);
            alert(match language {
                Language::English => format!(
                    "Record {record} declares others than those who are elected here: {declared}."
                ),
                Language::Persian => format!(
                    "رکورد {record} کسانی جز منتخبان این صورت‌جلسه را اعلام کرده است: {declared}."
                ),
            });
        }
    }

    fn codes(&self, codes: &[u32]) -> String {
        let codes: Vec<String> = codes.iter().map(|code| self.code(*code)).collect();
        self.maker.words.joined(&codes)
    }

    /// What was decided; who won a lot, or was declared, only where that may be told.
    fn what(&self, decision: &Decision) -> String {
        match &decision.control.action {
            // A lot about who comes in for a member has a kind of its own, and is drawn after all.
            Action::Lot(lot)
                if LotKind::parse(&lot.kind).is_some_and(|kind| !self.tells_lots(kind)) =>
            {
                self.maker.lot_untold(&decision.control.action, lot)
            }
            Action::Declare { elected, .. } if self.stand.has_names() => {
                format!("{}: {}", self.maker.decision(decision), self.codes(elected))
            }
            _ => self.maker.decision(decision),
        }
    }

    fn effect<'d>(&self, decision: &'d Decision) -> Option<&'d DistrictEffect> {
        match &decision.effects {
            Effects::Districts(effects) => {
                effects.iter().find(|effect| effect.district == self.district)
            }
            Effects::NoNumbers | Effects::NumbersBegin => None,
        }
    }

    fn changed_votes(&self, paper: &mut Paper, decision: &Decision, effect: &DistrictEffect) {
        let changed: Vec<(u32, u64, u64)> = effect.options().collect();
        let record = self.number(decision.position);
        let caption = match self.maker.words.language {
            Language::English => format!("Votes changed by record {record}"),
            Language::Persian => format!("رأی‌هایی که با رکورد {record} تغییر کرد"),
        };
        if changed.len() > OPTIONS_SHOWN {
            let text = format!(
                "{caption}: {} {}",
                self.number(changed.len()),
                self.say(
                    "lists and candidates; shomar log has each of them.",
                    "فهرست و نامزد؛ یک‌یک آن‌ها در shomar log آمده است."
                )
            );
            paper.paragraph(Tone::Note, &text);
            return;
        }
        let district = self.outcome.district;
        let words = self.maker.words;
        let rows = changed.iter().map(|(code, before, after)| {
            let lists = district.lists.iter().map(|own| (own.code, &own.name_en, &own.name_fa));
            let persons =
                district.candidates.iter().map(|own| (own.code, &own.name_en, &own.name_fa));
            let found = lists.chain(persons).find(|(own, ..)| own == code);
            let name = found.map_or("", |(_, english, persian)| words.name(english, persian));
            let [before, after] = [*before, *after].map(|votes| self.number(votes));
            Row::of(RowKind::Plain, vec![self.code(*code), name.to_owned(), before, after])
        });
        let columns = vec![
            Column::number(self.say("code", "کد")),
            Column::text(self.say("name", "نام"), 1),
            Column::number(self.say("before", "پیش")),
            Column::number(self.say("after", "پس")),
        ];
        paper.table(&caption, columns, rows.collect());
    }
}
