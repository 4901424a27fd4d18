//! What all papers have in common: how they begin, how things are called.
//!
//! In: a board, a language. Out: a paper with its marks and facts; names and numbers as text.
//! Never: a block of one kind of paper.

use shomar_board::board::Board;
use shomar_board::telling::Telling;
use shomar_board::words::Words;
use shomar_engine::decision::Decision;
use shomar_format::bytes::hex;
use shomar_format::control::{Action, Lot};
use shomar_format::election::Mode;

use crate::paper::{FORMAT, Fact, MarkKind, PageWords, Paper};

/// A board in one language.
#[derive(Clone, Copy)]
pub(crate) struct Maker<'a> {
    pub(crate) board: &'a Board,
    pub(crate) words: Words,
}

impl<'a> Maker<'a> {
    pub(crate) fn say<'t>(self, english: &'t str, persian: &'t str) -> &'t str {
        self.words.say(english, persian)
    }

    pub(crate) fn number(self, number: impl TryInto<u64>) -> String {
        self.words.number(number)
    }

    pub(crate) fn telling(self) -> Telling<'a> {
        Telling { setting: &self.board.setting, words: self.words }
    }

    /// A paper without blocks.
    pub(crate) fn begin(self, name: &str, title: &str, about: &str) -> Paper {
        let (board, words) = (self.board, self.words);
        let as_of = (board.at_ms > 0 && board.at_ms <= LAST_WRITTEN_MS).then(|| {
            let time = std::time::UNIX_EPOCH + std::time::Duration::from_millis(board.at_ms);
            humantime::format_rfc3339_seconds(time).to_string()
        });
        let digest = self.digest().unwrap_or_else(|| "-".to_owned());
        let mut paper = Paper {
            format: FORMAT,
            name: name.to_owned(),
            language: words.code().to_owned(),
            direction: words.direction().to_owned(),
            title: title.to_owned(),
            election: self.telling().election_title().to_owned(),
            about: about.to_owned(),
            marks: Vec::new(),
            facts: Vec::new(),
            blocks: Vec::new(),
            page: PageWords {
                page: words.say("page", "صفحهٔ").to_owned(),
                of: words.say("of", "از").to_owned(),
            },
            as_of,
            identity: format!("{} {name} {} {digest}", self.election_id(), board.snapshot.position),
        };
        if board.setting.subject.election.head.mode == Mode::Test {
            let text = words.say("TEST: not an official result", "آزمایشی: نتیجهٔ رسمی نیست");
            paper.mark(MarkKind::Test, text);
        }
        paper
    }

    fn election_id(self) -> &'a str {
        &self.board.setting.subject.election.head.id
    }

    fn digest(self) -> Option<String> {
        let digests = self.board.snapshot.digests(self.board.setting.subject.definition)?;
        Some(hex(&digests.totals))
    }

    /// As of when, and up to which record.
    pub(crate) fn as_of(self, paper: &mut Paper) {
        let moment = match self.board.at_ms {
            0 => self.say("the journal has no times", "دفتر وقایع زمان ندارد").to_owned(),
            at => {
                format!("{} {}", self.words.moment(at), self.say("(Tehran time)", "(به وقت تهران)"))
            }
        };
        paper.fact(self.say("As of", "تا لحظهٔ"), moment, false);
        let records = self.number(self.board.snapshot.position);
        paper.fact(self.say("Records of the journal", "رکوردهای دفتر وقایع"), records, false);
    }

    /// What was counted and by which rules, for whoever counts again.
    pub(crate) fn frontier(self) -> Vec<Fact> {
        let setting = &self.board.setting;
        let mut facts = Vec::new();
        let mut fact = |label: &str, value: String, is_code: bool| {
            facts.push(Fact { label: label.to_owned(), value, is_code });
        };
        if let Some(totals) = &self.board.snapshot.totals {
            let frontier = totals.frontier(&setting.counting, &setting.subject.election.head);
            let batches = self.number(frontier.batches);
            fact(self.say("Batches counted", "بسته‌های شمرده‌شده"), batches, false);
            fact(self.say("Evidence", "چکیدهٔ شواهد"), frontier.evidence, true);
            fact(self.say("Totals", "چکیدهٔ جمع‌ها"), frontier.digest, true);
        }
        let definition = hex(setting.counting.digest());
        fact(self.say("Definition of the election", "چکیدهٔ تعریف انتخابات"), definition, true);
        fact(self.say("Rules", "چکیدهٔ قواعد"), setting.rules_digest.clone(), true);
        let by = format!("{} {}", self.say("Shomar", "شمار"), env!("CARGO_PKG_VERSION"));
        fact(self.say("Counted by", "شمارش با"), self.words.digits(&by), false);
        facts
    }

    /// A district, with its contest.
    pub(crate) fn about(self, district: u32) -> String {
        let telling = self.telling();
        let contest = telling.contest_name(self.board.setting.district(district).contest);
        format!("{contest} · {}", telling.district_name(district))
    }

    /// A station with its id.
    pub(crate) fn station(self, station: u32) -> String {
        let own = &self.board.setting.subject.election.stations[station as usize];
        match own.name_fa.as_str() {
            "" => own.id.clone(),
            name => format!("{name} ({})", own.id),
        }
    }

    /// That a lot was drawn, and of which district: not who won it.
    pub(crate) fn lot_untold(self, action: &Action, lot: &Lot) -> String {
        let telling = self.telling();
        format!("{}: {}", telling.action_name(action), telling.district_called(&lot.district))
    }

    /// What an officer did, in a line.
    pub(crate) fn decision(self, decision: &Decision) -> String {
        let telling = self.telling();
        let action = telling.action_name(&decision.control.action);
        match telling.about(&decision.control.action).as_str() {
            "" => action.to_owned(),
            about => format!("{action}: {about}"),
        }
    }
}

/// Beyond the year 9999 a moment has no form in RFC 3339.
const LAST_WRITTEN_MS: u64 = 253_402_300_799_999;

/// `part` of `whole` in thousandths, cut off; at most all of it.
pub(crate) fn per_mille(part: u64, whole: u64) -> u32 {
    let share = (u128::from(part) * 1_000).checked_div(u128::from(whole)).unwrap_or(0);
    u32::try_from(share.min(1_000)).expect("at most a thousand")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_is_never_longer_than_the_whole() {
        assert_eq!((per_mille(1, 3), per_mille(0, 0), per_mille(7, 0)), (333, 0, 0));
        assert_eq!(per_mille(u64::MAX, u64::MAX), 1_000);
        assert_eq!(per_mille(5, 4), 1_000);
    }
}
