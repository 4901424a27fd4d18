//! The wall screen: chosen views take turns, large, for a hall.
//!
//! Without a script the page turns itself (`refresh`); whoever wants to read on stops it.

use maud::{DOCTYPE, Markup, html};

use super::{Content, Sheet, identity};
use crate::view::{Kind, View, WALL_SECONDS, Wall};

impl Sheet<'_> {
    /// A form that sets up a wall screen.
    pub(super) fn wall_setup(&self) -> Content {
        let words = self.words;
        let setting = &self.board.setting;
        let title = words.say("Wall screen", "نمایشگر دیواری").to_owned();
        let mut views: Vec<(Kind, String, bool)> = self
            .views()
            .into_iter()
            .filter(|(kind, _)| *kind != Kind::WallSetup)
            .map(|(kind, label)| {
                let is_chosen = matches!(kind, Kind::Nation | Kind::Reception);
                (kind, label.to_owned(), is_chosen)
            })
            .collect();
        for districts in setting.districts_of_contest.iter().filter(|own| own.len() <= 12) {
            for &at in districts {
                let own = setting.district(at);
                let name = words.name(&own.name_en, &own.name_fa).to_owned();
                views.push((Kind::District(at), name, districts.len() == 1));
            }
        }
        for at in (0..).take(setting.places.provinces.len()) {
            views.push((Kind::Province(at), self.province_name(at).to_owned(), false));
        }
        let main = html! {
            h1 { (title) }
            p {
                ({
                    words
                        .say(
                            "Views take turns on one screen, a long one in several parts. It can be stopped, and turned by hand.",
                            "نماها به نوبت روی یک صفحه می‌آیند و نمای بلند در چند بخش؛ می‌توان آن را نگه داشت و با دست ورق زد.",
                        )
                })
            }
            form class="wall-setup" action=(format!("/{}/wall", words.code())) {
                fieldset {
                    legend { (words.say("Views", "نماها")) }
                    @for (kind, label, is_chosen) in views {
                        label {
                            input
                                type="checkbox"
                                name="views"
                                value=(kind.path(setting))
                                checked[is_chosen];
                            " "
                            (label)
                        }
                    }
                }
                p {
                    label {
                        ({
                            words
                                .say(
                                    "Seconds for each screenful",
                                    "ثانیه برای هر صفحهٔ نمایش",
                                )
                        })
                        " "
                        input
                            type="number"
                            name="seconds"
                            min=(WALL_SECONDS.0)
                            max=(WALL_SECONDS.1)
                            value="15";
                    }
                }
                button { (words.say("Begin", "آغاز")) }
            }
        };
        Content { title, main }
    }

    /// The document of a wall screen.
    pub(super) fn wall_frame(&self, view: &View, wall: &Wall, content: &Content) -> Markup {
        let words = self.words;
        let setting = &self.board.setting;
        let count = wall.views.len();
        let turned = |at: usize, is_paused: bool| {
            self.href(&Kind::Wall(Wall { at: at % count, is_paused, ..wall.clone() }))
        };
        let next = turned(wall.at + 1, wall.is_paused);
        // The script turns, so that reading aloud can be stopped; without it the page does.
        let refresh = html! {
            @if !wall.is_paused {
                noscript {
                    meta http-equiv="refresh" content=(format!("{}; url={next}", wall.seconds));
                }
            }
        };
        let turns_after = (!wall.is_paused).then_some(wall.seconds);
        let stream = view.streamed().map(|view| view.path(setting));
        html! {
            (DOCTYPE)
            html lang=(words.code()) dir=(words.direction()) class="wall" {
                (self.head(&content.title, &refresh))
                body
                    data-page=(identity(setting))
                    data-stream=[stream]
                    data-paused=(self.says_lost())
                    data-slow=(self.says_slow())
                    data-turns-after=[turns_after]
                {
                    header class="top" {
                        (self.test_mark())
                        div class="bar" {
                            span class="brand" {
                                span class="logo" { (words.say("Shomar", "شمار")) }
                                span class="of" { (self.election_title()) }
                            }
                            nav class="turn" aria-label=(words.say("Turn", "ورق زدن")) {
                                a id="previous" href=(turned(wall.at + count - 1, wall.is_paused)) {
                                    (words.say("previous", "قبلی"))
                                }
                                a id="pause" href=(turned(wall.at, !wall.is_paused)) {
                                    @if wall.is_paused { (words.say("go on", "ادامه")) } @else {
                                        (words.say("stop", "نگه داشتن"))
                                    }
                                }
                                a id="next" href=(next) { (words.say("next", "بعدی")) }
                                a href=(self.href(&Kind::WallSetup)) {
                                    (words.say("set up", "تنظیم"))
                                }
                                span {
                                    (words.number(wall.at + 1))
                                    (words.say(" of ", " از "))
                                    (words.number(count))
                                }
                            }
                        }
                        (self.live_as_of(None))
                    }
                    main id="main" tabindex="-1" { (content.main) }
                    footer class="hidden" { (self.foot()) }
                }
            }
        }
    }
}
