//! The map of provinces: equal tiles, each where its province lies, shaded by how much is in.
//!
//! In: progress per province. Out: SVG with a link and words for each tile. Never: a shade that no
//! number says as well; a size that means something.

use maud::{Markup, html};

use super::Sheet;
use crate::view::Kind;

/// A tile with its gap, in units of the picture.
const TILE: u32 = 108;
const GAP: u32 = 8;

impl Sheet<'_> {
    pub(super) fn map(&self) -> Markup {
        let words = self.words;
        let places = &self.board.setting.places;
        let tiles = places.tiles();
        let tile = |at: u32| tiles[at as usize];
        let all = || (0..).zip(&self.board.progress.provinces);
        let edge = |side: fn((u32, u32)) -> u32| {
            all().map(|(at, _)| side(tile(at)) + 1).max().unwrap_or(1)
        };
        let (width, height) = (edge(|tile| tile.0) * TILE, edge(|tile| tile.1) * TILE);
        let label = words.say(
            "Map of the provinces as tiles; the same numbers stand in the table below",
            "نقشهٔ استان‌ها به شکل خانه‌ها؛ همین عددها در جدول پایین هست",
        );
        html! {
            svg class="map"
                viewBox=(format!("0 0 {width} {height}"))
                role="group"
                aria-label=(label)
                direction="ltr"
            {
                @for (at, progress) in all() {
                    @let (column, row) = tile(at);
                    @let share = words.percent_short(progress.stations_in, progress.stations);
                    @let name = self.province_name(at);
                    @let own = &places.provinces[at as usize];
                    @let short = own.row.map_or(name, |row| words.say(row.short.1, row.short.0));
                    @let said = words.say("of stations in", "شعبه‌ها رسیده");
                    @let fifth = (progress.stations_in * 5)
                        .checked_div(progress.stations)
                        .unwrap_or(0);
                    a   href=(self.href(&Kind::Province(at)))
                        transform=(format!("translate({} {})", column * TILE, row * TILE))
                    {
                        ({
                            self.parts
                                .svg(
                                    &format!("m{at}"),
                                    html! {
                                        title { (name) ": "(share) " "(said) } rect class =
                                        (format!("tile f{fifth}")) width = (TILE - GAP) height =
                                        (TILE - GAP) rx = "10" {} text class =
                                        (format!("name f{fifth}")) x = ((TILE - GAP) / 2) y = "44"
                                        text - anchor = "middle" { (short) } text class =
                                        (format!("number f{fifth}")) x = ((TILE - GAP) / 2) y = "76"
                                        text - anchor = "middle" { (share) }
                                    },
                                )
                        })
                    }
                }
            }
            ul class="legend" aria-hidden="true" {
                @for fifth in 0..=5u32 {
                    li {
                        span class=(format!("swatch f{fifth}")) {}
                        @if fifth == 5 { (words.digits("100")) (words.say("%", "٪")) } @else {
                            (words.digits(&(fifth * 20).to_string()))
                            "–"
                            (words.digits(&(fifth * 20 + 19).to_string()))
                            (words.say("%", "٪"))
                        }
                    }
                }
            }
        }
    }
}
