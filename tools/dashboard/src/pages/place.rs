//! A province and a county: how far its count is, and its districts.

use maud::{Markup, html};
use shomar_seats::Status;

use super::{Content, Sheet};
use crate::view::Kind;
use shomar_board::stations::StationFilter;

/// Names of elected persons shown in a row.
const NAMES_SHOWN: usize = 5;

impl Sheet<'_> {
    pub(super) fn province(&self, at: u32) -> Content {
        let words = self.words;
        let places = &self.board.setting.places;
        let own = &places.provinces[at as usize];
        let name = self.province_name(at).to_owned();
        let stations = |state| Kind::Stations { state, province: Some(at), page: 1 };
        let counties = own.counties.iter().map(|&county| {
            let name = &places.counties[county as usize].name_fa;
            let link = html! {
                a href=(self.href(&Kind::County(county))) { (self.name(name)) }
            };
            (format!("k{county}"), link, &self.board.progress.counties[county as usize])
        });
        let title = format!("{}{name}", words.say("Province: ", "استان "));
        let main = html! {
            (self.crumbs(None, None))
            h1 { (title) }
            (self.figures("p", &self.board.progress.provinces[at as usize]))
            p {
                a href=(self.href(&stations(StationFilter::Missing))) {
                    ({
                        words
                            .say(
                                "Stations that are missing",
                                "شعبه‌هایی که نرسیده‌اند",
                            )
                    })
                }
                " · "
                a href=(self.href(&stations(StationFilter::All))) {
                    (words.say("All stations", "همهٔ شعبه‌ها"))
                }
            }
            @if !own.districts.is_empty() {
                section aria-labelledby="wide" {
                    h2 id="wide" {
                        ({
                            words
                                .say(
                                    "Districts over several counties",
                                    "حوزه‌های چند شهرستان",
                                )
                        })
                    }
                    (self.district_table("w", &own.districts))
                }
            }
            section aria-labelledby="counties" {
                h2 id="counties" { (words.say("Counties", "شهرستان‌ها")) }
                (self.progress_table(words.say("county", "شهرستان"), counties))
            }
        };
        Content { title, main }
    }

    pub(super) fn county(&self, at: u32) -> Content {
        let words = self.words;
        let own = &self.board.setting.places.counties[at as usize];
        let title = format!("{}{}", words.say("County: ", "شهرستان "), own.name_fa);
        let main = html! {
            (self.crumbs(Some(own.province), None))
            h1 { (words.say("County: ", "شهرستان ")) (self.name(&own.name_fa)) }
            (self.figures("k", &self.board.progress.counties[at as usize]))
            section aria-labelledby="districts" {
                h2 id="districts" { (words.say("Districts", "حوزه‌ها")) }
                (self.district_table("d", &own.districts))
            }
        };
        Content { title, main }
    }

    /// Districts, a row each, with who leads or is elected.
    pub(super) fn district_table(&self, key: &str, districts: &[u32]) -> Markup {
        let words = self.words;
        html! {
            @if districts.is_empty() {
                p { (words.say("None.", "هیچ.")) }
            } @else {
                div class="scroll"
                    tabindex="0"
                    role="group"
                    aria-label=(words.say("Districts", "حوزه‌ها"))
                {
                    table {
                        caption {
                            ({
                                words
                                    .say(
                                        "Names are of those who lead on the votes shown, of which there may be fewer than ballots; they are elected only where the district is complete",
                                        "نام‌ها از پیشتازان رأی‌های نمایش‌داده‌شده است که شاید هنوز از همهٔ برگ‌ها نباشد؛ تنها در حوزهٔ کامل منتخب‌اند",
                                    )
                            })
                        }
                        thead {
                            tr {
                                th scope="col" { (words.say("district", "حوزه")) }
                                th scope="col" { (words.say("contest", "انتخابات")) }
                                th scope="col" { (words.say("state", "وضع")) }
                                th scope="col" class="n" { (words.say("stations", "شعبه")) }
                                th scope="col" class="n" { (words.say("ballots", "برگ رأی")) }
                                th scope="col" class="n" { (words.say("seats", "کرسی")) }
                                th scope="col" {
                                    ({
                                        words
                                            .say(
                                                "who leads or is elected",
                                                "پیشتاز یا منتخب",
                                            )
                                    })
                                }
                            }
                        }
                        tbody {
                            @for &at in districts {
                                @let taken = self.board.districts[at as usize].taken;
                                @let part = |name: &str| format!("{key}{at}.{name}");
                                tr {
                                    th scope="row" { (self.district_link(at)) }
                                    td {
                                        (self.contest_name(self.board.setting.district(at).contest))
                                    }
                                    td { (self.parts.markup(&part("s"), self.state_chip(at))) }
                                    td class="n" {
                                        (self.parts.text(&part("r"), self.stations_of(at)))
                                    }
                                    td class="n" {
                                        (self.parts.text(&part("b"), words.number(taken)))
                                    }
                                    td class="n" {
                                        (words.number(self.board.setting.district(at).seats))
                                    }
                                    td { (self.parts.text(&part("w"), self.leaders(at))) }
                                }
                            }
                        }
                    }
                }
            }
        }
    }

    /// Stations received of those expected.
    pub(super) fn stations_of(&self, district: u32) -> String {
        let words = self.words;
        let own = self.board.received(district);
        match own.expected {
            Some(expected) => {
                format!(
                    "{}{}{}",
                    words.number(own.received),
                    words.say(" of ", " از "),
                    words.number(expected)
                )
            }
            None => words.number(own.received),
        }
    }

    /// How a district stands, in a word or two.
    pub(super) fn state_chip(&self, district: u32) -> Markup {
        let words = self.words;
        let own = self.board.received(district);
        let standing = &self.board.districts[district as usize];
        let (class, text) = if self.board.public().is_none() {
            ("part", words.say("before the close", "پیش از پایان رأی‌گیری"))
        } else if self.board.is_waited_for(district) {
            match own.received + own.held {
                0 => ("none", words.say("nothing yet", "هنوز هیچ")),
                _ => ("part", words.say("partial", "ناتمام")),
            }
        } else {
            match standing.status {
                Some(Status::Final) if self.board.declared.contains(&district) => {
                    ("done", words.say("declared", "اعلام‌شده"))
                }
                Some(Status::Final) => ("done", words.say("complete", "کامل")),
                Some(Status::LotRequired) if standing.needs_seat_lot => {
                    ("lot", words.say("needs a lot", "نیازمند قرعه"))
                }
                Some(Status::LotRequired) => {
                    ("done", words.say("complete; lot for alternates", "کامل؛ قرعهٔ علی‌البدل"))
                }
                Some(Status::RunoffRequired) => ("lot", words.say("second round", "مرحلهٔ دوم")),
                Some(Status::NoVotes) => ("none", words.say("no votes", "بی‌رأی")),
                None => ("bad", words.say("refused by the rules", "ناسازگار با قواعد")),
            }
        };
        html! {
            span class=(format!("chip {class}")) { (text) }
        }
    }

    /// Who is elected for certain, or leads, on what is counted.
    fn leaders(&self, district: u32) -> String {
        let words = self.words;
        let Some(Ok(outcome)) = self.board.told_outcome(district) else { return String::new() };
        if outcome.tally.ballots.valid == 0 {
            return String::new();
        }
        let elected = self.board.elected_in_order(district, &outcome);
        let mut names: Vec<String> = elected
            .iter()
            .take(NAMES_SHOWN)
            .map(|&who| {
                let candidate = outcome.candidate(who);
                words.name(&candidate.name_en, &candidate.name_fa).to_owned()
            })
            .collect();
        if elected.len() > NAMES_SHOWN {
            names.push(format!("+{}", words.number(elected.len() - NAMES_SHOWN)));
        }
        let (who, tied) = match outcome.provisional {
            true => (words.say("leading: ", "پیشتاز: "), words.say("tied so far", "با رأی برابر")),
            false => (words.say("elected: ", "منتخب: "), words.say("by lot", "به قرعه")),
        };
        let mut said = Vec::new();
        if !names.is_empty() {
            said.push(format!("{who}{}", words.joined(&names)));
        }
        if outcome.needs_seat_lot() {
            said.push(format!("{} {tied}", words.number(outcome.seats_of_lots())));
        }
        said.join(words.say("; ", "؛ "))
    }
}
