//! Turnout by province and county: who came, of whom, how many ballots are void.
//!
//! In: a board, before the close or after it. Out: its paper. Never: a place that is not finished
//! inside the sum of those that are; a share that does not say of what it is.

use shomar_board::board::Board;
use shomar_board::progress::Progress;
use shomar_board::words::Words;

use crate::maker::{Maker, per_mille};
use crate::paper::{Block, Column, Figure, MarkKind, Paper, Picture, Row, RowKind, Tone};
use crate::pictures::{Bar, bars};

/// The report.
#[must_use]
pub fn turnout(board: &Board, words: Words) -> Paper {
    Report { maker: Maker { board, words }, has_votes: board.public().is_some() }.paper()
}

struct Report<'a> {
    maker: Maker<'a>,
    /// Whether ballots are told by kind.
    has_votes: bool,
}

/// A place, or a sum of places.
struct Line {
    kind: RowKind,
    name: String,
    progress: Progress,
}

impl Line {
    fn of(kind: RowKind, name: &str, progress: &Progress) -> Self {
        Self { kind, name: name.to_owned(), progress: progress.clone() }
    }
}

/// Sums of places.
fn sum<'p>(of: impl Iterator<Item = &'p Progress>) -> Progress {
    let none = Progress { authenticated_in: Some(0), ..Progress::default() };
    of.fold(none, |mut sum, own| {
        sum.add(own);
        sum
    })
}

impl Report<'_> {
    fn say<'t>(&self, english: &'t str, persian: &'t str) -> &'t str {
        self.maker.say(english, persian)
    }

    fn number(&self, number: impl TryInto<u64>) -> String {
        self.maker.number(number)
    }

    fn paper(&self) -> Paper {
        let board = self.maker.board;
        let title = self.say("Turnout by province", "گزارش مشارکت به تفکیک استان");
        let mut paper = self.maker.begin("turnout", title, "");
        let nation = &board.progress.nation;
        if !self.has_votes {
            paper.mark(
                MarkKind::BeforeClose,
                self.say(
                    "BEFORE THE CLOSE: nothing is counted per option, and no ballot by kind",
                    "پیش از پایان رأی‌گیری: هیچ رأیی به تفکیک نامزد و هیچ برگی به تفکیک صحیح و باطل شمرده نشده است",
                ),
            );
        }
        if !board.is_finished() {
            let why = match nation.has_all_stations_in() {
                false => {
                    self.say("PARTIAL: not every station is in", "ناتمام: همهٔ شعبه‌ها نرسیده‌اند")
                }
                true => self.say(
                    "PARTIAL: nobody has declared that everything is in",
                    "ناتمام: هنوز اعلام نشده است که همه‌چیز رسیده است",
                ),
            };
            paper.mark(MarkKind::Provisional, why);
        }
        paper.mark(
            MarkKind::Readers,
            self.say(
                "For headquarters. Ballots of small districts and counties stand here by kind; files \
                 for the public obey the rule of small cells.",
                "ویژهٔ ستاد. برگ‌های حوزه‌ها و شهرستان‌های کوچک به تفکیک در این برگ آمده است؛ آنچه \
                 برای عموم منتشر می‌شود تابع قاعدهٔ پوشاندن شمارهای کوچک است.",
            ),
        );
        let head = &board.setting.subject.election.head;
        paper.fact(self.say("Election", "شناسهٔ انتخابات"), head.id.clone(), true);
        if !head.date.is_empty() {
            let date = self.maker.words.digits(&head.date);
            paper.fact(self.say("Day of the vote", "روز رأی‌گیری"), date, false);
        }
        self.maker.as_of(&mut paper);
        paper.fact(self.say("Turnout is", "مشارکت یعنی"), self.basis(nation).to_owned(), false);
        self.figures(&mut paper, nation);
        self.provinces(&mut paper);
        self.picture(&mut paper);
        self.counties(&mut paper);
        paper.heading(1, self.say("What was counted", "آنچه شمرده شده است"));
        paper.blocks.push(Block::Facts { facts: self.maker.frontier() });
        paper
    }

    /// Of what the turnout of a place is.
    fn basis(&self, progress: &Progress) -> &'static str {
        let stations = progress.stations_of_turnout;
        let (english, persian) = match (progress.is_turnout_authenticated(), stations) {
            (_, 0) => ("of nothing yet", "هنوز برای هیچ شعبه‌ای معلوم نیست"),
            (true, _) => (
                "voters authenticated of voters registered, at the stations that are in",
                "احراز هویت‌شدگان از واجدان شرایط، در شعبه‌های رسیده",
            ),
            (false, _) => (
                "council ballots of voters registered, at the stations that are in (who was \
                 authenticated is not known everywhere)",
                "برگ‌های شورا از واجدان شرایط، در شعبه‌های رسیده (شمار احراز هویت‌شدگان همه‌جا معلوم نیست)",
            ),
        };
        self.maker.words.say(english, persian)
    }

    /// The same in a word, for a table.
    fn basis_word(&self, progress: &Progress) -> &'static str {
        let stations = progress.stations_of_turnout;
        let (english, persian) = match (progress.is_turnout_authenticated(), stations) {
            (_, 0) => ("–", "–"),
            (true, _) => ("authenticated", "احراز هویت"),
            (false, _) => ("ballots", "برگ رأی"),
        };
        self.maker.words.say(english, persian)
    }

    fn figures(&self, paper: &mut Paper, nation: &Progress) {
        let words = self.maker.words;
        let of = |whole: u64| format!("{} {}", self.say("of", "از"), self.number(whole));
        let figure = |label: &str, value: String, note: String| Figure {
            label: label.to_owned(),
            value,
            note,
        };
        let mut figures = vec![
            figure(
                self.say("Stations in", "شعبه‌های رسیده"),
                self.number(nation.stations_in),
                of(nation.stations),
            ),
            figure(
                self.say("Turnout there", "مشارکت در آن‌ها"),
                words.percent(nation.turnout_in(), nation.registered_in),
                match nation.stations_of_turnout {
                    0 => String::new(),
                    _ => of(nation.registered_in),
                },
            ),
            figure(
                self.say("Council ballots counted", "برگ‌های شورای شمرده‌شده"),
                self.number(nation.taken),
                self.say("all stations", "همهٔ شعبه‌ها").to_owned(),
            ),
        ];
        if self.has_votes {
            let share = words.percent(nation.ballots.void, nation.ballots.taken);
            let label = self.say("Void of these", "باطله از این برگ‌ها");
            figures.push(figure(label, self.number(nation.ballots.void), share));
        }
        paper.blocks.push(Block::Figures { figures });
    }

    /// Whether there is a station that is in, and in no turnout.
    fn has_left_out(&self) -> bool {
        self.maker.board.progress.nation.stations_without_turnout() > 0
    }

    /// Places as two tables, since one with every column is wider than a sheet: who came, and the
    /// ballots by kind.
    fn tables(&self, paper: &mut Paper, caption: &str, first: &str, places: &[Line]) {
        let rows = places.iter().map(|line| self.turnout_row(line)).collect();
        paper.table(caption, self.turnout_columns(first), rows);
        if self.has_votes {
            let kinds = self.say("council ballots by kind", "برگ‌های شورا به تفکیک صحیح و باطل");
            let caption = match caption {
                "" => kinds.to_owned(),
                _ => format!("{caption} – {kinds}"),
            };
            let rows = places.iter().map(|line| self.ballots_row(line)).collect();
            paper.table(&caption, self.ballots_columns(first), rows);
        }
    }

    fn column(&self, english: &str, persian: &str) -> Column {
        Column::number(self.say(english, persian))
    }

    fn turnout_columns(&self, first: &str) -> Vec<Column> {
        let mut columns = vec![
            Column::text(first, 1),
            self.column("stations", "شعبه"),
            self.column("in", "رسیده"),
        ];
        if self.has_left_out() {
            columns.push(self.column("turnout of", "مشارکت از"));
        }
        columns.extend([
            self.column("registered there", "واجدان همان‌جا"),
            self.column("came there", "شرکت‌کنندگان همان‌جا"),
            self.column("turnout", "مشارکت"),
            Column::text(self.say("came: by", "شرکت‌کنندگان بر پایهٔ"), 0),
        ]);
        if !self.has_votes {
            columns.push(self.ballots_column());
        }
        columns
    }

    fn ballots_column(&self) -> Column {
        self.column("ballots, all stations", "برگ‌ها، همهٔ شعبه‌ها")
    }

    fn ballots_columns(&self, first: &str) -> Vec<Column> {
        vec![
            Column::text(first, 1),
            self.ballots_column(),
            self.column("valid", "صحیح"),
            self.column("void", "باطل"),
            self.column("void share", "سهم باطل"),
            self.column("blank", "سفید"),
        ]
    }

    /// What is not known is no zero.
    fn known(&self, is_known: bool, number: u64) -> String {
        if is_known { self.number(number) } else { "–".to_owned() }
    }

    fn turnout_row(&self, line: &Line) -> Row {
        let own = &line.progress;
        let mut cells =
            vec![line.name.clone(), self.number(own.stations), self.number(own.stations_in)];
        if self.has_left_out() {
            cells.push(self.number(own.stations_of_turnout));
        }
        let has_turnout = own.stations_of_turnout > 0 || own.stations_in == 0;
        cells.extend([
            self.known(has_turnout, own.registered_in),
            self.known(has_turnout, own.turnout_in()),
            self.maker.words.percent(own.turnout_in(), own.registered_in),
            self.basis_word(own).to_owned(),
        ]);
        if !self.has_votes {
            cells.push(self.number(own.taken));
        }
        Row::of(line.kind, cells)
    }

    fn ballots_row(&self, line: &Line) -> Row {
        let Progress { taken, ballots, .. } = line.progress;
        // Kinds of a district that spans several places stand with none of them.
        let is_whole = ballots.taken == taken;
        let share = self.maker.words.percent(ballots.void, ballots.taken);
        let cells = vec![
            line.name.clone(),
            self.number(taken),
            self.known(is_whole, ballots.valid),
            self.known(is_whole, ballots.void),
            if is_whole { share } else { "–".to_owned() },
            self.known(is_whole, ballots.blank),
        ];
        Row::of(line.kind, cells)
    }

    /// Finished provinces with their sum, then the others with theirs, then everything.
    fn provinces(&self, paper: &mut Paper) {
        let board = self.maker.board;
        let all = || (0u32..).zip(&board.progress.provinces);
        let first = self.say("province", "استان");
        paper.heading(1, self.say("Provinces", "استان‌ها"));
        for (finished, caption, sum_name) in [
            (
                true,
                self.say("Finished: every station is in", "پایان‌یافته: همهٔ شعبه‌ها رسیده‌اند"),
                self.say("sum of the finished", "جمع پایان‌یافته‌ها"),
            ),
            (
                false,
                self.say(
                    "NOT FINISHED: numbers are of what is in, and in no sum of the finished",
                    "ناتمام: عددها از شعبه‌های رسیده است و در جمع پایان‌یافته‌ها نیست",
                ),
                self.say("sum of the others", "جمع ناتمام‌ها"),
            ),
        ] {
            let own: Vec<(u32, &Progress)> =
                all().filter(|(at, _)| board.is_province_finished(*at) == finished).collect();
            if own.is_empty() {
                continue;
            }
            let mut lines: Vec<Line> = own
                .iter()
                .map(|(at, progress)| {
                    let name = self.maker.telling().province_name(*at);
                    Line::of(RowKind::Plain, name, progress)
                })
                .collect();
            let sum = sum(own.iter().map(|(_, progress)| *progress));
            lines.push(Line::of(RowKind::Total, sum_name, &sum));
            self.tables(paper, caption, first, &lines);
        }
        let whole = self.say("whole country", "کل کشور");
        let caption = self.say("Finished or not", "پایان‌یافته و ناتمام با هم");
        let nation = Line::of(RowKind::Total, whole, &board.progress.nation);
        self.tables(paper, caption, "", &[nation]);
        paper.paragraph(
            Tone::Note,
            self.say(
                "Came there: voters authenticated, or ballots where that is not known, at the \
                 stations that are in; of those registered at the same stations. Ballots are those \
                 of councils, one for each voter; valid, void and blank are shares of these. Blank \
                 is a kind of void.",
                "شرکت‌کنندگان: احراز هویت‌شدگان، و هر جا معلوم نیست برگ‌های رأی، در شعبه‌های رسیده؛ از واجدان \
                 شرایط همان شعبه‌ها. برگ‌ها از انتخابات شوراها است، هر رأی‌دهنده یکی؛ سهم باطل از همین \
                 برگ‌ها است. سفید نوعی باطل است.",
            ),
        );
        self.left_out(paper);
    }

    /// Says of which stations that are in there is no turnout.
    fn left_out(&self, paper: &mut Paper) {
        if !self.has_left_out() {
            return;
        }
        let text = format!(
            "{} {}",
            self.say(
                "Stations that are in, but in no turnout, because their register is not known or \
                 their council ballots are annulled or rejected (the column \"turnout of\" counts \
                 the others):",
                "شعبه‌های رسیده‌ای که در مشارکت نیامده‌اند، زیرا شمار واجدان شرایط آن‌ها معلوم نیست یا آرای \
                 شورای آن‌ها ابطال یا رد شده است (ستون «مشارکت از» شمار شعبه‌های دیگر است):",
            ),
            self.number(self.maker.board.progress.nation.stations_without_turnout())
        );
        paper.paragraph(Tone::Note, &text);
    }

    fn picture(&self, paper: &mut Paper) {
        let board = self.maker.board;
        let words = self.maker.words;
        let mut own: Vec<(u32, &Progress)> = (0u32..)
            .zip(&board.progress.provinces)
            .filter(|(_, progress)| progress.registered_in > 0)
            .collect();
        if own.is_empty() {
            return;
        }
        // Highest turnout first; no division, so that equals stay equals.
        own.sort_by(|(_, one), (_, other)| {
            let cross = |one: &Progress, other: &Progress| {
                u128::from(one.turnout_in()) * u128::from(other.registered_in)
            };
            cross(other, one).cmp(&cross(one, other))
        });
        let pieces: Vec<Bar> = own
            .iter()
            .map(|(at, progress)| {
                let is_partial = !board.is_province_finished(*at);
                let name = self.maker.telling().province_name(*at);
                let mark = if is_partial { self.say(" (partial)", " (ناتمام)") } else { "" };
                Bar {
                    name: format!("{name}{mark}"),
                    per_mille: per_mille(progress.turnout_in(), progress.registered_in),
                    value: words.percent(progress.turnout_in(), progress.registered_in),
                    is_partial,
                }
            })
            .collect();
        let caption = self.say(
            "Turnout by province, of voters registered at the stations that are in; a full bar is \
             100 %. Pale and dashed: not finished.",
            "مشارکت هر استان، از واجدان شرایط شعبه‌های رسیده؛ میلهٔ پر یعنی ۱۰۰٪. کم‌رنگ و خط‌چین: ناتمام.",
        );
        let alternative = self.say(
            "Bars of turnout by province; the same numbers stand in the tables above",
            "میله‌های مشارکت به تفکیک استان؛ همین عددها در جدول‌های بالا هست",
        );
        paper.heading(1, self.say("Turnout as a picture", "تصویر مشارکت"));
        paper.blocks.push(Block::Picture(Picture {
            svg: bars(&pieces, words.direction() == "rtl"),
            alternative: alternative.to_owned(),
            caption: caption.to_owned(),
        }));
    }

    fn counties(&self, paper: &mut Paper) {
        let board = self.maker.board;
        let places = &board.setting.places;
        paper.heading(1, self.say("Counties", "شهرستان‌ها"));
        for (at, province) in (0u32..).zip(&places.provinces) {
            let lines: Vec<Line> = province
                .counties
                .iter()
                .map(|county| {
                    let name = &places.counties[*county as usize].name_fa;
                    let name = match board.is_county_finished(*county) {
                        true => name.clone(),
                        false => format!("{name} {}", self.say("(partial)", "(ناتمام)")),
                    };
                    let progress = &board.progress.counties[*county as usize];
                    Line::of(RowKind::Plain, &name, progress)
                })
                .collect();
            if lines.is_empty() {
                continue;
            }
            paper.heading(2, self.maker.telling().province_name(at));
            self.tables(paper, "", self.say("county", "شهرستان"), &lines);
        }
        paper.paragraph(
            Tone::Note,
            self.say(
                "Ballots by kind of a district that spans several counties stand with its province \
                 alone; a county with ballots of such a district has dashes there.",
                "صحیح و باطل حوزه‌ای که چند شهرستان را در بر می‌گیرد تنها در سطر استان آمده است؛ سطر شهرستانی \
                 که برگ‌هایی از چنین حوزه‌ای دارد در این ستون‌ها خط تیره دارد.",
            ),
        );
    }
}
