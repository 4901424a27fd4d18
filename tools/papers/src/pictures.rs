//! Pictures of papers: bars, a map of equal tiles, a small curve in each tile.
//!
//! In: names, numbers as text, shares in thousandths. Out: SVG that a browser and typst draw alike:
//! no style sheet, no direction of writing left open. Never: a shade or a length that no number
//! says as well; a float.

use maud::{Markup, html};

/// Families with Persian letters; not Noto Naskh Arabic, whose digits are Urdu where local forms
/// cannot be left out, as in pictures of a PDF.
const FONTS: &str = "Vazirmatn, Vazir, Noto Sans Arabic, Nazli, DejaVu Sans, Noto Sans, sans-serif";
const INK: &str = "#14181d";
const SOFT: &str = "#55606b";
const LINE: &str = "#9aa5b1";
const BAR: &str = "#1d5c8c";
const PALE: &str = "#a9c6dc";
/// Shades from nothing to everything, and the colour of letters on each.
const SHADES: [(&str, &str); 6] = [
    ("#ffffff", INK),
    ("#dbe8f1", INK),
    ("#b3cfe2", INK),
    ("#7fadcd", INK),
    ("#3f7fae", "#ffffff"),
    ("#17486f", "#ffffff"),
];

/// A bar with its name and number.
pub(crate) struct Bar {
    pub(crate) name: String,
    pub(crate) per_mille: u32,
    pub(crate) value: String,
    /// Not everything of it is in.
    pub(crate) is_partial: bool,
}

/// Bars under each other; the names stand where reading begins.
pub(crate) fn bars(bars: &[Bar], is_rtl: bool) -> String {
    const ROW: u32 = 22;
    const WIDTH: u32 = 680;
    const NAMES: u32 = 170;
    const VALUES: u32 = 70;
    let room = WIDTH - NAMES - VALUES;
    let height = u32::try_from(bars.len()).unwrap_or(u32::MAX / ROW).saturating_mul(ROW) + 4;
    // A place from where reading begins, as a place from the left.
    let place = |x: u32| if is_rtl { WIDTH - x } else { x };
    let anchor = |at_begin: bool| if at_begin == is_rtl { "end" } else { "start" };
    let body = html! {
        @for (at, bar) in (0u32..).zip(bars) {
            @let y = at * ROW + 2;
            @let length = room * bar.per_mille / 1_000;
            @let from = if is_rtl { place(NAMES + length) } else { NAMES };
            @let fill = if bar.is_partial { PALE } else { BAR };
            text x=(place(0)) y=(y + 15) font-size="12" fill=(INK) text-anchor=(anchor(true)) {
                (bar.name)
            }
            rect x=(from)
                y=(y + 3)
                width=(length)
                height=(ROW - 7)
                fill=(fill)
                stroke=(BAR)
                stroke-dasharray=(if bar.is_partial { "3 2" } else { "none" }) {}
            text
                x=(place(NAMES + length + 6))
                y=(y + 15)
                font-size="12"
                fill=(INK)
                text-anchor=(anchor(true))
            { (bar.value) }
        }
    };
    picture(WIDTH, height, &body)
}

/// A tile of the map.
pub(crate) struct Tile {
    /// Column from the west and row from the north.
    pub(crate) at: (u32, u32),
    pub(crate) name: String,
    pub(crate) value: String,
    /// From 0, nothing, to 5, everything.
    pub(crate) shade: usize,
}

const TILE: u32 = 100;
const GAP: u32 = 6;
/// A map is at least so wide.
const COLUMNS_MIN: u32 = 6;

fn map_size<'t>(tiles: impl Iterator<Item = &'t (u32, u32)> + Clone) -> (u32, u32) {
    // One province alone is no bigger than others.
    let width = tiles.clone().map(|at| at.0 + 1).max().unwrap_or(1).max(COLUMNS_MIN);
    let height = tiles.map(|at| at.1 + 1).max().unwrap_or(1);
    (width * TILE, height * TILE)
}

/// A map of equal tiles, each where its province lies.
pub(crate) fn map(tiles: &[Tile]) -> String {
    let (width, height) = map_size(tiles.iter().map(|tile| &tile.at));
    let side = TILE - GAP;
    let body = html! {
        @for tile in tiles {
            @let (fill, letters) = SHADES[tile.shade.min(SHADES.len() - 1)];
            @let (x, y) = (tile.at.0 * TILE, tile.at.1 * TILE);
            rect x=(x + GAP / 2)
                y=(y + GAP / 2)
                width=(side)
                height=(side)
                rx="8"
                fill=(fill)
                stroke=(LINE) {}
            text
                x=(x + TILE / 2)
                y=(y + 42)
                font-size="15"
                fill=(letters)
                text-anchor="middle"
            { (tile.name) }
            text
                x=(x + TILE / 2)
                y=(y + 72)
                font-size="20"
                font-weight="bold"
                fill=(letters)
                text-anchor="middle"
            { (tile.value) }
        }
    };
    picture(width, height, &body)
}

/// A tile with a curve: shares in thousandths at moments of equal distance.
pub(crate) struct CurveTile {
    pub(crate) at: (u32, u32),
    pub(crate) name: String,
    pub(crate) value: String,
    pub(crate) shares: Vec<u32>,
    /// Place of the close among the moments, in thousandths; `None` without one.
    pub(crate) close: Option<u32>,
}

/// A small curve in each tile: all have the same moments, and run from nothing to everything.
pub(crate) fn curves(tiles: &[CurveTile]) -> String {
    const ROOM: u32 = 54;
    let (width, height) = map_size(tiles.iter().map(|tile| &tile.at));
    let side = TILE - GAP;
    let body = html! {
        @for tile in tiles {
            @let (left, top) = (tile.at.0 * TILE + GAP / 2, tile.at.1 * TILE + GAP / 2);
            @let bottom = top + 24 + ROOM;
            rect x=(left) y=(top) width=(side) height=(side) fill="#ffffff" stroke=(LINE) {}
            text
                x=(left + side / 2)
                y=(top + 15)
                font-size="13"
                fill=(INK)
                text-anchor="middle"
            { (tile.name) }
            @if let Some(close) = tile.close {
                @let x = left + side * close / 1_000;
                line
                    x1=(x)
                    y1=(top + 24)
                    x2=(x)
                    y2=(bottom)
                    stroke="#9b1c1c"
                    stroke-width="1"
                    stroke-dasharray="3 2" {}
            }
            @if !tile.shares.is_empty() {
                path d=(area(&tile.shares, left, side, bottom, ROOM)) fill=(PALE) stroke="none" {}
                polyline
                    points=(points(&tile.shares, left, side, bottom, ROOM))
                    fill="none"
                    stroke=(BAR)
                    stroke-width="1.6" {}
            }
            text
                x=(left + side / 2)
                y=(top + side - 3)
                font-size="11"
                fill=(SOFT)
                text-anchor="middle"
            { (tile.value) }
        }
    };
    picture(width, height, &body)
}

fn points(shares: &[u32], left: u32, side: u32, bottom: u32, room: u32) -> String {
    let steps = u32::try_from(shares.len()).unwrap_or(u32::MAX).saturating_sub(1).max(1);
    let points = (0u32..).zip(shares).map(|(at, share)| {
        format!("{},{}", left + side * at / steps, bottom - room * (*share).min(1_000) / 1_000)
    });
    points.collect::<Vec<_>>().join(" ")
}

fn area(shares: &[u32], left: u32, side: u32, bottom: u32, room: u32) -> String {
    let line = points(shares, left, side, bottom, room).replace(' ', " L");
    format!("M{left},{bottom} L{line} L{},{bottom} Z", left + side)
}

fn picture(width: u32, height: u32, body: &Markup) -> String {
    let picture = html! {
        svg xmlns="http://www.w3.org/2000/svg"
            viewBox=(format!("0 0 {width} {height}"))
            font-family=(FONTS)
            direction="ltr"
        { (body) }
    };
    picture.into_string()
}

/// The shade of a share.
pub(crate) fn shade(per_mille: u32) -> usize {
    // Anything at all is told from nothing.
    if per_mille == 0 { 0 } else { 1 + (per_mille.min(1_000) as usize * 4) / 1_000 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_curve_begins_at_its_tile_and_never_leaves_it() {
        let shares = [0, 250, 500, 2_000];
        assert_eq!(points(&shares, 10, 90, 80, 50), "10,80 40,68 70,55 100,30");
        assert_eq!(points(&[1_000], 10, 90, 80, 50), "10,30");
        assert!(area(&shares, 10, 90, 80, 50).ends_with("L100,80 Z"));
    }

    #[test]
    fn a_shade_tells_anything_from_nothing_and_everything_from_less() {
        assert_eq!([0, 1, 249, 250, 999, 1_000, 9_999].map(shade), [0, 1, 1, 2, 4, 5, 5]);
    }

    #[test]
    fn a_name_in_a_picture_is_text_and_bars_turn_with_the_direction() {
        let bar = || Bar {
            name: "<b>&\"".to_owned(),
            per_mille: 500,
            value: "۵۰".to_owned(),
            is_partial: true,
        };
        let (rtl, ltr) = (bars(&[bar()], true), bars(&[bar()], false));
        assert!(rtl.contains("&lt;b&gt;&amp;") && !rtl.contains("<b>"), "{rtl}");
        assert!(rtl.contains(r#"x="680" y="17""#) && ltr.contains(r#"x="0" y="17""#));
        assert!(rtl.contains("stroke-dasharray=\"3 2\""));
    }
}
