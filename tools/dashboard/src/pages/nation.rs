//! The nation: how much is counted, by province and by contest, and what needs somebody's eye.

use maud::{Markup, html};
use shomar_seats::Method;

use super::{Content, Sheet};
use crate::view::Kind;
use shomar_board::progress::Progress;
use shomar_board::stations::StationFilter;

/// A contest of at most so many districts is shown with each of them.
const DISTRICTS_SHOWN: usize = 12;

impl Sheet<'_> {
    pub(super) fn nation(&self) -> Content {
        let words = self.words;
        let title = words.say("The whole country", "کل کشور").to_owned();
        let main = html! {
            h1 { (self.election_title()) }
            (self.figures("n", &self.board.progress.nation))
            (self.alarms())
            div class="two" {
                section aria-labelledby="map-title" {
                    h2 id="map-title" {
                        ({
                            words
                                .say(
                                    "Stations in, by province",
                                    "شعبه‌های رسیده به تفکیک استان",
                                )
                        })
                    }
                    (self.map())
                }
                section aria-labelledby="contests-title" {
                    h2 id="contests-title" { (words.say("Contests", "انتخابات")) }
                    (self.contests())
                }
            }
            (self.small_contests())
            section aria-labelledby="provinces-title" {
                h2 id="provinces-title" { (words.say("Provinces", "استان‌ها")) }
                (self.provinces())
            }
        };
        Content { title, main }
    }

    /// The four figures of a place.
    pub(super) fn figures(&self, key: &str, progress: &Progress) -> Markup {
        let words = self.words;
        let figure = |name: &str, label: &str, value: String, note: String, bar: Markup| {
            html! {
                div class="figure" {
                    dt { (label) }
                    dd class="value" { (self.parts.text(&format!("{key}.{name}"), value)) }
                    dd class="note" { (self.parts.text(&format!("{key}.{name}.of"), note)) }
                    dd class="graph" { (self.parts.markup(&format!("{key}.{name}.bar"), bar)) }
                }
            }
        };
        let Progress { stations, stations_in, registered_in, taken, ballots, .. } = *progress;
        let turnout = progress.turnout_in();
        let of = words.say(" of ", " از ");
        let stations_note = format!(
            "{}{of}{} {}",
            words.number(stations_in),
            words.number(stations),
            words.say("stations in with everything", "شعبه، همه چیزشان رسیده")
        );
        let turnout_of = match progress.is_turnout_authenticated() {
            true => words.say("authenticated", "احراز هویت‌شده"),
            false => words.say("council ballots taken", "برگ رأی شورا"),
        };
        let left_out = match progress.stations_without_turnout() {
            0 => String::new(),
            stations => format!(
                "{}{} {}",
                words.say("; without ", "؛ بی "),
                words.number(stations),
                words.say(
                    "whose register is not known or whose ballots are annulled or rejected",
                    "شعبه که شمار واجدان شرایط آن معلوم نیست یا آرای آن ابطال یا رد شده است",
                ),
            ),
        };
        let turnout_note = format!(
            "{} {turnout_of}{of}{} {}{left_out}",
            words.number(turnout),
            words.number(registered_in),
            words.say("registered, at the stations that are in", "واجد شرایط، در شعبه‌های رسیده"),
        );
        let has_numbers = self.board.public().is_some();
        let void_note = match has_numbers {
            true => format!(
                "{}{of}{} {}{} {}",
                words.number(ballots.void),
                words.number(ballots.taken),
                words.say("council ballots shown; blank: ", "برگ رأی نمایش‌داده‌شدهٔ شورا؛ سفید: "),
                words.number(ballots.blank),
                words.say("of the void", "از باطله‌ها"),
            ),
            false => words
                .say("not counted before the close", "پیش از پایان رأی‌گیری شمرده نمی‌شود")
                .to_owned(),
        };
        let void =
            if has_numbers { words.percent(ballots.void, ballots.taken) } else { "–".to_owned() };
        html! {
            dl class="figures" {
                ({
                    figure(
                        "in",
                        words.say("Stations in", "شعبه‌های رسیده"),
                        words.percent(stations_in, stations),
                        stations_note,
                        self.bar(stations_in, stations, ""),
                    )
                })
                ({
                    figure(
                        "taken",
                        words.say("Council ballots", "برگ‌های رأی شورا"),
                        words.number(taken),
                        words
                            .say(
                                "taken, at all stations that reported; one for each voter",
                                "مأخوذه، در همهٔ شعبه‌هایی که گزارش داده‌اند؛ برای هر رأی‌دهنده یکی",
                            )
                            .to_owned(),
                        html! {},
                    )
                })
                ({
                    figure(
                        "turnout",
                        words.say("Turnout so far", "مشارکت تا کنون"),
                        words.percent(turnout, registered_in),
                        turnout_note,
                        self.bar(turnout, registered_in, ""),
                    )
                })
                ({
                    figure(
                        "void",
                        words.say("Void", "باطله"),
                        void,
                        void_note,
                        self.bar(ballots.void, ballots.taken, "warm"),
                    )
                })
            }
        }
    }

    /// What needs somebody's eye.
    fn alarms(&self) -> Markup {
        let (words, board) = (self.words, self.board);
        let stations = |state| Kind::Stations { state, province: None, page: 1 };
        let mut alarms: Vec<(&str, String, Option<Kind>)> = Vec::new();
        if let Some(failure) = &board.reception.failure {
            let text = self.count_failed();
            alarms.push(("bad", format!("{text}: {failure}"), Some(Kind::Reception)));
        }
        if board.reception.waits {
            let text = self.count_waits().to_owned();
            alarms.push(("bad", text, Some(Kind::Reception)));
        }
        if !board.reception.is_open {
            let text = words.say("No batches are taken now", "اکنون بسته‌ای پذیرفته نمی‌شود");
            alarms.push(("bad", text.to_owned(), Some(Kind::Reception)));
        }
        let held = board.snapshot.held.iter().filter(|held| !held.is_rejected).count();
        if held > 0 {
            let text = words.say(
                "batches are held by checks, outside the totals",
                "بسته به سبب بررسی‌ها نگه داشته شده و در جمع‌ها نیست",
            );
            alarms.push((
                "warn",
                format!("{} {text}", words.number(held)),
                Some(stations(StationFilter::Held)),
            ));
        }
        let gaps = board.completeness.gaps().len();
        if gaps > 0 {
            let text = words.say(
                "devices have sent a later batch before an earlier one",
                "دستگاه بسته‌ای را پیش از بستهٔ قبلی فرستاده است",
            );
            alarms.push((
                "warn",
                format!("{} {text}", words.number(gaps)),
                Some(stations(StationFilter::Gap)),
            ));
        }
        for (finding, number) in &board.reception.findings {
            let text = match finding.as_str() {
                "fork" => words.say(
                    "records that contradict the chain of their device were refused",
                    "رکورد ناسازگار با زنجیرهٔ دستگاه رد شد",
                ),
                "equivocation" => words.say(
                    "records were refused whose device had signed another one of the same number",
                    "رکورد رد شد که دستگاهش با همان شماره رکورد دیگری امضا کرده بود",
                ),
                _ => continue,
            };
            alarms.push((
                "warn",
                format!("{} {text}", words.number(*number)),
                Some(Kind::Reception),
            ));
        }
        let lots: u64 = board.contests.iter().map(|contest| contest.seat_lots).sum();
        if lots > 0 {
            let text = words.say(
                "districts with everything in need a lot for who is elected",
                "حوزه که همه چیزشان رسیده، برای تعیین منتخب قرعه می‌خواهند",
            );
            alarms.push(("info", format!("{} {text}", words.number(lots)), None));
        }
        let list = html! {
            @if alarms.is_empty() {
                p class="calm" {
                    ({
                        words
                            .say(
                                "Nothing is held, nothing contradicts anything, publishing goes on.",
                                "چیزی نگه داشته نشده، چیزی ناسازگار نیست و انتشار برقرار است.",
                            )
                    })
                }
            } @else {
                ul class="alarms" {
                    @for (class, text, kind) in &alarms {
                        li class=(class) data-key=[kind.as_ref().map(|kind| self.href(kind))] {
                            @if let Some(kind) = kind {
                                a href=(self.href(kind)) { (text) }
                            } @else { (text) }
                        }
                    }
                }
            }
        };
        html! {
            section class="alarm-box" aria-labelledby="alarms-title" {
                h2 id="alarms-title" { (words.say("Needs attention", "نیازمند توجه")) }
                (self.parts.block("alarms", list))
            }
        }
    }

    fn contests(&self) -> Markup {
        let words = self.words;
        html! {
            div class="scroll"
                tabindex="0"
                role="group"
                aria-label=(words.say("Contests", "انتخابات"))
            {
                table {
                    caption {
                        ({
                            words
                                .say(
                                    "Districts of which everything is in; persons elected are of these alone",
                                    "حوزه‌هایی که همه چیزشان رسیده است؛ منتخبان تنها از همین حوزه‌ها شمرده شده‌اند",
                                )
                        })
                    }
                    thead {
                        tr {
                            th scope="col" { (words.say("contest", "انتخابات")) }
                            th scope="col" class="n" { (words.say("districts", "حوزه")) }
                            th scope="col" class="n" { (words.say("complete", "کامل")) }
                            th scope="col" class="n" { (words.say("seats", "کرسی")) }
                            th scope="col" class="n" { (words.say("elected", "منتخب")) }
                            th scope="col" class="n" { (words.say("need a lot", "نیازمند قرعه")) }
                        }
                    }
                    tbody {
                        @for (index, contest) in self.board.contests.iter().enumerate() {
                            @let key = |name: &str| format!("c{index}.{name}");
                            tr {
                                th scope="row" { (self.contest_name(index)) }
                                td class="n" { (words.number(contest.districts)) }
                                td class="n" {
                                    (self.parts.text(&key("c"), words.number(contest.complete)))
                                }
                                td class="n" { (words.number(contest.seats)) }
                                td class="n" {
                                    (self.parts.text(&key("e"), words.number(contest.elected)))
                                }
                                td class="n" {
                                    (self.parts.text(&key("l"), words.number(contest.seat_lots)))
                                }
                            }
                        }
                    }
                }
            }
        }
    }

    /// Contests of few districts, each with who leads or is elected.
    fn small_contests(&self) -> Markup {
        let words = self.words;
        let setting = &self.board.setting;
        let small = setting.districts_of_contest.iter().enumerate();
        let small = small.filter(|(_, districts)| districts.len() <= DISTRICTS_SHOWN);
        html! {
            @for (contest, districts) in small {
                @let id = format!("contest-{contest}");
                section aria-labelledby=(id) {
                    h2 id=(id) { (self.contest_name(contest)) }
                    @let is_list = setting.rules[contest].rule.method() == Method::Article24;
                    @if is_list && districts.len() == 1 {
                        (self.council_summary(districts[0]))
                    } @else {
                        (self.district_table(&format!("s{contest}"), districts))
                    }
                }
            }
            p class="hint" {
                ({
                    words
                        .say(
                            "Every other city and village: by the search above, or by its province below.",
                            "هر شهر و روستای دیگر: با جستجوی بالا، یا از استان آن در پایین.",
                        )
                })
            }
        }
    }

    fn provinces(&self) -> Markup {
        let rows = (0..).zip(&self.board.progress.provinces).map(|(at, progress)| {
            let name = html! {
                a href=(self.href(&Kind::Province(at))) { (self.province_name(at)) }
            };
            (format!("p{at}"), name, progress)
        });
        self.progress_table(self.words.say("province", "استان"), rows)
    }

    /// How far the count is, a place a row.
    pub(super) fn progress_table<'p>(
        &self,
        what: &str,
        rows: impl Iterator<Item = (String, Markup, &'p Progress)>,
    ) -> Markup {
        let words = self.words;
        let has_numbers = self.board.public().is_some();
        html! {
            div class="scroll" tabindex="0" role="group" aria-label=(what) {
                table class="places" {
                    caption {
                        ({
                            words
                                .say(
                                    "Turnout is of the stations that are in: who came there, of those registered there. Void is of the council ballots shown.",
                                    "مشارکت از شعبه‌های رسیده است: رأی‌دهندگان آن‌جا از واجدان شرایط همان‌جا. باطله از برگ‌های نمایش‌داده‌شدهٔ شورا است.",
                                )
                        })
                    }
                    thead {
                        tr {
                            th scope="col" { (what) }
                            th scope="col" class="n" { (words.say("stations", "شعبه")) }
                            th scope="col" class="n" { (words.say("in", "رسیده")) }
                            th scope="col" class="n" { (words.say("registered", "واجد شرایط")) }
                            th scope="col" class="n" {
                                (words.say("council ballots", "برگ رأی شورا"))
                            }
                            th scope="col" class="n" { (words.say("turnout", "مشارکت")) }
                            th scope="col" class="n" { (words.say("void", "باطله")) }
                        }
                    }
                    tbody {
                        @for (key, name, progress) in rows {
                            @let Progress {
                                stations,
                                stations_in,
                                registered,
                                registered_in,
                                taken,
                                ballots,
                                ..
                            } = *progress;
                            tr {
                                th scope="row" { (name) }
                                td class="n" { (words.number(stations)) }
                                td class="n" {
                                    ({
                                        self.parts
                                            .text(
                                                &format!("{key}.i"),
                                                words.percent(stations_in, stations),
                                            )
                                    })
                                }
                                td class="n" { (words.number(registered)) }
                                td class="n" {
                                    (self.parts.text(&format!("{key}.t"), words.number(taken)))
                                }
                                td class="n" {
                                    ({
                                        self.parts
                                            .text(
                                                &format!("{key}.u"),
                                                words.percent(progress.turnout_in(), registered_in),
                                            )
                                    })
                                }
                                td class="n" {
                                    ({
                                        self.parts
                                            .text(
                                                &format!("{key}.v"),
                                                if has_numbers {
                                                    words.percent(ballots.void, ballots.taken)
                                                } else {
                                                    "–".to_owned()
                                                },
                                            )
                                    })
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}
