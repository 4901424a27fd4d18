//! Search: whatever bears a name or a code.

use maud::{Markup, html};

use super::{Content, Sheet};
use crate::view::Kind;
use shomar_board::search::Target;
use shomar_board::stations::StationFilter;

/// Matches shown.
const SHOWN: usize = 60;

impl Sheet<'_> {
    pub(super) fn search(&self, query: &str) -> Content {
        let words = self.words;
        let title = words.say("Search", "جستجو").to_owned();
        let found = self.board.setting.names.find(query);
        let count = found.targets.len();
        let number =
            if found.is_cut { format!("{}+", words.number(count)) } else { words.number(count) };
        let main = html! {
            h1 { (title) }
            @if query.trim().is_empty() {
                p {
                    ({
                        words
                            .say(
                                "Type a name or a code above: a city, a village, a candidate, a list, a station.",
                                "نام یا کدی را در بالا بنویسید: شهر، روستا، نامزد، فهرست، شعبه.",
                            )
                    })
                }
            } @else {
                p role="status" {
                    (number)
                    " "
                    (words.say("found for", "مورد برای"))
                    " "
                    q dir="auto" { (query) }
                }
                ul class="found" {
                    @for target in found.targets.iter().take(SHOWN) {
                        li { (self.target(*target)) }
                    }
                }
                @if count > SHOWN {
                    p class="hint" {
                        ({
                            words
                                .say(
                                    "Only the first are shown: more letters, or a second word, say it better.",
                                    "تنها نخستین‌ها نشان داده شد: با حرف‌ها یا واژهٔ بیشتر دقیق‌تر می‌شود.",
                                )
                        })
                    }
                }
                @if count == 0 {
                    p {
                        ({
                            words
                                .say(
                                    "Words must begin as names begin; a code must be whole. ي and ی, ك and ک, آ and ا, joined or not, are the same.",
                                    "واژه‌ها باید مانند آغاز نام‌ها باشند و کد کامل باشد. ي و ی، ك و ک، آ و ا، با نیم‌فاصله یا بی آن، یکی‌اند.",
                                )
                        })
                    }
                }
            }
        };
        Content { title, main }
    }

    fn target(&self, target: Target) -> Markup {
        let words = self.words;
        let setting = &self.board.setting;
        let places = &setting.places;
        match target {
            Target::Province(at) => html! {
                span class="what" { (words.say("province", "استان")) }
                " "
                a href=(self.href(&Kind::Province(at))) { (self.province_name(at)) }
            },
            Target::County(at) => {
                let own = &places.counties[at as usize];
                html! {
                    span class="what" { (words.say("county", "شهرستان")) }
                    " "
                    a href=(self.href(&Kind::County(at))) { (self.name(&own.name_fa)) }
                    " "
                    span class="where" { (self.province_name(own.province)) }
                }
            }
            Target::District(at) => html! {
                span class="what" { (self.contest_name(setting.district(at).contest)) }
                " "
                (self.district_link(at))
                " "
                span class="where" { (self.where_is(at)) }
                " "
                (self.state_chip(at))
            },
            Target::List(district, at) => {
                let list = &setting.district(district).lists[at as usize];
                html! {
                    span class="what" { (words.say("list", "فهرست")) }
                    " "
                    a href=(self.href(&Kind::District(district))) {
                        (self.name(words.name(&list.name_en, &list.name_fa)))
                    }
                    " "
                    span class="code" { (words.digits(&list.code.to_string())) }
                    " "
                    span class="where" { (self.named(district)) }
                }
            }
            Target::Candidate(district, at) => {
                let person = &setting.district(district).candidates[at as usize];
                html! {
                    span class="what" { (words.say("candidate", "نامزد")) }
                    " "
                    a href=(self.href(&Kind::District(district))) {
                        (self.name(words.name(&person.name_en, &person.name_fa)))
                    }
                    " "
                    span class="code" { (words.digits(&person.code.to_string())) }
                    " "
                    span class="where" {
                        (self.named(district))
                        (words.say(", ", "، "))
                        (self.where_is(district))
                    }
                }
            }
            Target::Station(at) => {
                let station = &setting.subject.election.stations[at as usize];
                let province = places.province_of_station(at);
                let page = self.page_of_station(at, province);
                let list =
                    Kind::Stations { state: StationFilter::All, province: Some(province), page };
                html! {
                    span class="what" { (words.say("station", "شعبه")) }
                    " "
                    a href=(format!("{}#s-{}", self.href(&list), station.id)) {
                        (self.name(&station.name_fa))
                        " "
                        span class="code" { (station.id) }
                    }
                    " "
                    span class="where" {
                        (self.province_name(province))
                        (words.say(", ", "، "))
                        (self.name(&station.county))
                    }
                }
            }
        }
    }

    fn named(&self, district: u32) -> &str {
        let own = self.board.setting.district(district);
        self.words.name(&own.name_en, &own.name_fa)
    }

    /// Province and county of a district.
    fn where_is(&self, district: u32) -> Markup {
        let places = &self.board.setting.places;
        let county = places.county_of_district[district as usize];
        html! {
            (self.province_name(places.province_of_district[district as usize]))
            @if let Some(county) = county {
                (self.words.say(", ", "، "))
                (self.name(&places.counties[county as usize].name_fa))
            }
        }
    }

    /// The page of the list of all stations of a province that has this one.
    fn page_of_station(&self, station: u32, province: u32) -> u32 {
        let places = &self.board.setting.places;
        let pairs = self.board.completeness.pairs().iter();
        let before = pairs.take_while(|pair| pair.station < station);
        let before =
            before.filter(|pair| places.province_of_station(pair.station) == province).count();
        u32::try_from(before / crate::view::STATIONS_SHOWN).unwrap_or(0) + 1
    }
}
