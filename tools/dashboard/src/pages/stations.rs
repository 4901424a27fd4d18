//! Stations: which have reported, which are held or missing, and why.

use maud::{Markup, html};
use shomar_engine::completeness::{PairStanding, PairState};

use super::{Content, Sheet};
use crate::view::{Kind, STATIONS_SHOWN};
use shomar_board::stations::StationFilter;

impl Sheet<'_> {
    /// A page of pairs of station and district; the last one for whoever asks for more: a list
    /// gets shorter while somebody looks at its end.
    pub(super) fn stations(
        &self,
        state: StationFilter,
        province: Option<u32>,
        page: u32,
    ) -> Content {
        let words = self.words;
        let all = self.board.pairs(state, province);
        let pages = u32::try_from(all.len().div_ceil(STATIONS_SHOWN)).unwrap_or(u32::MAX).max(1);
        let page = page.min(pages);
        let from = (page as usize - 1) * STATIONS_SHOWN;
        let shown = &all[from..all.len().min(from + STATIONS_SHOWN)];
        let title = words.say("Stations", "شعبه‌ها").to_owned();
        let count = format!(
            "{} {}",
            words.number(all.len()),
            words.say(
                "pairs of a station and a district it reports",
                "جفت شعبه و حوزه‌ای که گزارش می‌دهد"
            ),
        );
        let rows = self.station_rows(shown);
        let main = html! {
            h1 { (title) }
            (self.station_filter(state, province))
            (self.station_counts(state, province))
            p { (self.parts.text("count", count)) }
            @if self.board.setting.subject.election.serves.is_none() {
                p class="hint" {
                    ({
                        words
                            .say(
                                "Nobody has said which stations are expected (no serves.csv): only those that reported are listed.",
                                "تعیین نشده که کدام شعبه‌ها باید گزارش دهند (بی serves.csv): تنها آن‌هایی که گزارش داده‌اند آمده‌اند.",
                            )
                    })
                }
            }
            (self.parts.block("rows", rows))
            ({
                self.page_links(
                    page,
                    pages,
                    |page| Kind::Stations {
                        state,
                        province,
                        page,
                    },
                )
            })
        };
        Content { title, main }
    }

    fn filter_name(&self, state: StationFilter) -> &'static str {
        let words = self.words;
        match state {
            StationFilter::Missing => words.say("missing", "نرسیده"),
            StationFilter::Held => words.say("held", "نگه‌داشته"),
            StationFilter::Gap => words.say("a batch is missing", "با بستهٔ نرسیده"),
            StationFilter::Annulled => words.say("annulled", "ابطال‌شده"),
            StationFilter::Rejected => words.say("rejected", "ردشده"),
            StationFilter::Received => words.say("in", "رسیده"),
            StationFilter::All => words.say("all", "همه"),
        }
    }

    /// How many pairs stand how, each with its list.
    fn station_counts(&self, shown: StationFilter, province: Option<u32>) -> Markup {
        let words = self.words;
        html! {
            nav aria-label=(words.say("By state", "به تفکیک وضع")) {
                ul class="kinds" {
                    @for (state, count) in self.board.pair_counts(province) {
                        li {
                            a   href=({
                                    self.href(
                                        &Kind::Stations {
                                            state,
                                            province,
                                            page: 1,
                                        },
                                    )
                                })
                                aria-current=[(state == shown).then_some("page")]
                            { (self.filter_name(state)) }
                            ": "
                            ({
                                self.parts
                                    .text(
                                        &format!("count.{}", state.name()),
                                        words.number(count),
                                    )
                            })
                        }
                    }
                }
            }
        }
    }

    fn station_filter(&self, state: StationFilter, province: Option<u32>) -> Markup {
        let words = self.words;
        html! {
            form class="filter" action=(format!("/{}/stations", words.code())) {
                label {
                    (words.say("State", "وضع"))
                    " "
                    select name="state" {
                        @for own in StationFilter::ALL {
                            option value=(own.name()) selected[own == state] {
                                (self.filter_name(own))
                            }
                        }
                    }
                }
                label {
                    (words.say("Province", "استان"))
                    " "
                    select name="province" {
                        option value="" { (words.say("all", "همه")) }
                        @for at in (0..).take(self.board.progress.provinces.len()) {
                            option value=(at) selected[province == Some(at)] {
                                (self.province_name(at))
                            }
                        }
                    }
                }
                button { (words.say("Show", "نمایش")) }
            }
        }
    }

    fn station_rows(&self, pairs: &[&PairStanding]) -> Markup {
        let words = self.words;
        let setting = &self.board.setting;
        let held = self.board.held_pairs();
        html! {
            @if pairs.is_empty() {
                p class="calm" { (words.say("None.", "هیچ.")) }
            } @else {
                div class="scroll"
                    tabindex="0"
                    role="group"
                    aria-label=(words.say("Stations", "شعبه‌ها"))
                {
                    table {
                        thead {
                            tr {
                                th scope="col" { (words.say("station", "شعبه")) }
                                th scope="col" { (words.say("where", "جا")) }
                                th scope="col" { (words.say("district", "حوزه")) }
                                th scope="col" { (words.say("state", "وضع")) }
                                th scope="col" { (words.say("why", "چرا")) }
                                th scope="col" class="n" { (words.say("registered", "واجد شرایط")) }
                                th scope="col" class="n" {
                                    (words.say("ballots counted", "برگ شمرده‌شده"))
                                }
                            }
                        }
                        tbody {
                            @for (at, pair) in pairs.iter().enumerate() {
                                @let station = &setting
                                    .subject
                                    .election
                                    .stations[pair.station as usize];
                                @let methods = held
                                    .get(&(pair.station, pair.district))
                                    .map(Vec::as_slice)
                                    .unwrap_or_default();
                                @let (class, state, why) = self.pair_state(pair, methods);
                                @let registered = setting
                                    .subject
                                    .registers
                                    .pair(pair.station, pair.district)
                                    .registered;
                                // An id for whoever is sent to a station: on the first of its rows.
                                @let is_first = at == 0 || pairs[at - 1].station != pair.station;
                                tr  id=[is_first.then(|| format!("s-{}", station.id))]
                                    data-key=(format!("{}-{}", pair.station, pair.district))
                                {
                                    th scope="row" {
                                        (self.name(&station.name_fa))
                                        " "
                                        span class="code" { (station.id) }
                                    }
                                    td {
                                        ({
                                            self.province_name(
                                                setting.places.province_of_station(pair.station),
                                            )
                                        })
                                        (words.say(", ", "، "))
                                        (self.name(&station.county))
                                    }
                                    td { (self.district_link(pair.district)) }
                                    td {
                                        span class=(format!("chip {class}")) { (state) }
                                    }
                                    td { (why) }
                                    td class="n" {
                                        @if let Some(registered) = registered {
                                            (words.number(registered))
                                        } @else { "–" }
                                    }
                                    td class="n" { (words.number(pair.taken)) }
                                }
                            }
                        }
                    }
                }
            }
        }
    }

    /// Class, state and reason of a pair.
    fn pair_state(
        &self,
        pair: &PairStanding,
        methods: &[&str],
    ) -> (&'static str, &'static str, String) {
        let words = self.words;
        let say = |english: &'static str, persian: &'static str| words.say(english, persian);
        match pair.state {
            PairState::Received => ("done", say("in", "رسیده"), String::new()),
            PairState::Missing => (
                "none",
                say("missing", "نرسیده"),
                say("nothing that counts has come", "چیزی که به شمار آید نرسیده است").to_owned(),
            ),
            PairState::Held => {
                let names: Vec<String> =
                    methods.iter().map(|name| self.telling().check_name(name)).collect();
                ("lot", say("held", "نگه‌داشته"), words.joined(&names))
            }
            PairState::Waiting => (
                "lot",
                say("recount waits", "بازشماری در انتظار"),
                say("an officer has to put it in place", "مقام مسئول باید آن را جایگزین کند")
                    .to_owned(),
            ),
            PairState::Gap => {
                let gaps =
                    self.board.completeness.gaps().iter().filter(|gap| gap.station == pair.station);
                let gaps: Vec<String> = gaps
                    .map(|gap| {
                        format!(
                            "{} {}: {}–{}",
                            say("device", "دستگاه"),
                            words.number(gap.device),
                            words.number(gap.from),
                            words.number(gap.to)
                        )
                    })
                    .collect();
                let text = format!(
                    "{} {}",
                    say("batches have not come:", "بسته‌هایی نرسیده‌اند:"),
                    words.joined(&gaps)
                );
                ("part", say("partial", "ناتمام"), text)
            }
            PairState::Annulled | PairState::Rejected => (
                "bad",
                match pair.state {
                    PairState::Rejected => say("rejected", "ردشده"),
                    _ => say("annulled", "ابطال‌شده"),
                },
                say("by a decision: see corrections", "به تصمیم مقام مسئول: نگاه کنید به اصلاح‌ها")
                    .to_owned(),
            ),
        }
    }

    /// Links to the pages of a long list, of which there may soon be more or less.
    pub(super) fn page_links(&self, page: u32, pages: u32, kind: impl Fn(u32) -> Kind) -> Markup {
        let words = self.words;
        let links = html! {
            @if pages > 1 {
                nav class="pages" aria-label=(words.say("Pages", "صفحه‌ها")) {
                    @if page > 1 {
                        a rel="prev" href=(self.href(&kind(page - 1))) {
                            (words.say("previous", "قبلی"))
                        }
                        " "
                    }
                    span {
                        (words.say("page", "صفحهٔ"))
                        " "
                        (words.number(page))
                        (words.say(" of ", " از "))
                        (words.number(pages))
                    }
                    @if page < pages {
                        " "
                        a rel="next" href=(self.href(&kind(page + 1))) {
                            (words.say("next", "بعدی"))
                        }
                    }
                }
            }
        };
        self.parts.block("pages", links)
    }
}
