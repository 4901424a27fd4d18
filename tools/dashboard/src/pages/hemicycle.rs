//! A council as a hemicycle: one circle per seat, group after group.
//!
//! In: seats per group. Out: SVG; every circle has the number of its group in it, so that colour
//! alone says nothing. Never: a full circle for a seat that is not certain; one that can still move
//! is an outline, and one that waits for a lot is empty.

#![expect(clippy::float_arithmetic, reason = "places in a picture, no vote")]

use maud::{Markup, html};

/// Colours that the style knows for groups.
pub(super) const GROUP_COLOURS: usize = 10;

/// A group with its label in a circle and its seats.
pub(super) struct Bench {
    pub(super) label: String,
    /// Which of the colours; `None`: seats that nobody has yet.
    pub(super) colour: Option<usize>,
    pub(super) seats: u32,
}

const RADIUS: f64 = 400.0;
const INNER: f64 = 170.0;

/// Draws the benches from one end to the other.
pub(super) fn hemicycle(benches: &[Bench], label: &str, is_provisional: bool) -> Markup {
    let total: u32 = benches.iter().map(|bench| bench.seats).sum();
    let (places, size) = places(total);
    let kind = if is_provisional { "seat leading" } else { "seat" };
    let owners = benches.iter().flat_map(|bench| (0..bench.seats).map(move |_| bench));
    html! {
        svg class="hemicycle"
            viewBox="-440 -440 880 480"
            role="img"
            aria-label=(label)
            direction="ltr"
        {
            @for ((x, y), bench) in places.iter().zip(owners) {
                @let class = bench
                    .colour
                    .map_or(
                        "seat open".to_owned(),
                        |colour| format!("{kind} g{}", colour % GROUP_COLOURS),
                    );
                circle
                    class=(class)
                    cx=(format!("{x:.1}"))
                    cy=(format!("{y:.1}"))
                    r=(format!("{size:.1}")) {}
                text
                    class="seat-label"
                    x=(format!("{x:.1}"))
                    y=(format!("{:.1}", y + size * 0.32))
                    font-size=(format!("{:.1}", size * 0.85))
                    text-anchor="middle"
                { (bench.label) }
            }
        }
    }
}

/// Places of so many seats, from one end to the other, and the radius of a circle.
fn places(total: u32) -> (Vec<(f64, f64)>, f64) {
    let rows = (1..=12_u32).find(|rows| capacity(*rows) >= total).unwrap_or(12);
    let gap = (RADIUS - INNER) / f64::from(rows.max(2) - 1);
    let radius = |row: u32| if rows == 1 { RADIUS } else { INNER + gap * f64::from(row) };
    let whole: f64 = (0..rows).map(radius).sum();
    // Seats of a row by its length; what rounding leaves goes to the outer rows.
    let mut left = total;
    let mut angles: Vec<(f64, f64)> = Vec::new();
    for row in (0..rows).rev() {
        let share = (f64::from(total) * radius(row) / whole).round();
        let seats = if row == 0 {
            left
        } else {
            (0..=left).rev().find(|seats| f64::from(*seats) <= share).unwrap_or(0)
        };
        left -= seats;
        for seat in 0..seats {
            let part = if seats == 1 { 0.5 } else { f64::from(seat) / f64::from(seats - 1) };
            angles.push((part, radius(row)));
        }
    }
    // From one end to the other, across the rows.
    angles.sort_by(|one, other| one.0.total_cmp(&other.0).then(one.1.total_cmp(&other.1)));
    let size = if rows == 1 { 38.0 } else { (gap * 0.42).min(38.0) };
    let places = angles.into_iter().map(|(part, radius)| {
        let angle = std::f64::consts::PI * (1.0 - part);
        (radius * angle.cos(), -radius * angle.sin())
    });
    (places.collect(), size)
}

/// Seats for which so many rows look well.
fn capacity(rows: u32) -> u32 {
    [7, 21, 45, 80, 120, 170, 230, 300, 400, 500, 650, u32::MAX][rows as usize - 1]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_seat_has_a_place_of_its_own() {
        for total in [1, 2, 3, 7, 21, 35, 101, 290, 1_000] {
            let (places, size) = places(total);
            assert_eq!(places.len(), total as usize, "{total}");
            assert!(size > 1.0);
            for (at, (x, y)) in places.iter().enumerate() {
                assert!((-401.0..=401.0).contains(x) && (-401.0..=1.0).contains(y), "{total}");
                let apart = places[..at].iter().all(|(a, b)| (a - x).hypot(b - y) > size);
                assert!(apart || total > 300, "seat {at} of {total} stands on another one");
            }
        }
        assert!(places(0).0.is_empty());
    }
}
