//! The picture: time against ballots, both on logarithmic axes.
//!
//! In: points. Out: an SVG that needs nothing else, on a light ground. Never: a number that the
//! table does not have; a font of its own.

use std::time::Duration;

use anyhow::{Result, anyhow};
use plotters::element::DashedPathElement;
use plotters::prelude::*;

use crate::growth::Point;
use crate::machine::Machine;

const SIZE: (u32, u32) = (960, 640);
const FONT: &str = "sans-serif";
const INK: RGBColor = RGBColor(32, 36, 44);
const FAINT: RGBColor = RGBColor(222, 225, 230);
const READ: RGBColor = RGBColor(120, 120, 120);
/// Told apart by people who see colours differently, too (Okabe and Ito).
const LINES: [RGBColor; 6] = [
    RGBColor(0, 114, 178),
    RGBColor(213, 94, 0),
    RGBColor(0, 158, 115),
    RGBColor(204, 121, 167),
    RGBColor(230, 159, 0),
    RGBColor(86, 180, 233),
];

/// A line: what it is, its colour, ballots and nanoseconds.
struct Line {
    name: String,
    colour: RGBColor,
    points: Vec<(u64, u64)>,
    dashed: bool,
}

/// Draws one line for each number of threads, and one for reading alone.
pub(crate) fn draw(machine: &Machine, points: &[Point]) -> Result<String> {
    let mut svg = String::new();
    draw_into(&mut svg, machine, points).map_err(|error| anyhow!("the picture: {error}"))?;
    // House rules for text: clean ends.
    let lines: Vec<&str> = svg.lines().map(str::trim_end).filter(|line| !line.is_empty()).collect();
    Ok(lines.join("\n") + "\n")
}

fn draw_into(
    svg: &mut String,
    machine: &Machine,
    points: &[Point],
) -> Result<(), Box<dyn std::error::Error>> {
    let lines = lines(points);
    let all = lines.iter().flat_map(|line| &line.points);
    let ballots = points.iter().map(|point| point.ballots);
    let (first, last) = (ballots.clone().min(), ballots.max());
    let (first, last) = first.zip(last).ok_or("no point")?;
    let times = decades(all.map(|&(_, time)| time)).ok_or("no point")?;
    let root = SVGBackend::with_string(svg, SIZE).into_drawing_area();
    root.fill(&WHITE)?;
    let title = "Shomar: time to verify and count a nation";
    root.draw(&Text::new(title, (24, 18), (FONT, 24).into_font().color(&INK)))?;
    let small = (FONT, 14).into_font().color(&INK);
    root.draw(&Text::new(machine.to_string(), (24, 50), small.clone()))?;
    let mut chart = ChartBuilder::on(&root)
        .margin_top(80)
        .margin_right(32)
        .margin_bottom(12)
        .margin_left(16)
        .x_label_area_size(56)
        .y_label_area_size(84)
        // No point lies on an axis.
        .build_cartesian_2d(
            (first * 4 / 5..last * 5 / 4).log_scale(),
            (times.0..times.1).log_scale(),
        )?;
    chart
        .configure_mesh()
        .bold_line_style(FAINT)
        .light_line_style(FAINT.mix(0.4))
        .axis_style(INK)
        .label_style(small.clone())
        .axis_desc_style((FONT, 15).into_font().color(&INK))
        .x_desc("ballots (millions)")
        .y_desc("time, in process, best of five")
        .x_label_formatter(&|ballots| millions(*ballots))
        .y_label_formatter(&|nanoseconds| time(*nanoseconds))
        .draw()?;
    for Line { name, colour, points, dashed } in lines {
        let width = if dashed { 1 } else { 2 };
        let style = colour.stroke_width(width);
        let key = |(x, y)| [(x, y), (x + 24, y)];
        if dashed {
            let series = chart.draw_series(DashedLineSeries::new(points, 6, 4, style))?;
            let key = move |at| DashedPathElement::new(key(at), 6, 4, style);
            series.label(name).legend(key);
        } else {
            let dots = points.iter().map(|&point| Circle::new(point, 3, colour.filled()));
            chart.draw_series(dots.collect::<Vec<_>>())?;
            let series = chart.draw_series(LineSeries::new(points, style))?;
            series.label(name).legend(move |at| PathElement::new(key(at), style));
        }
    }
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::UpperLeft)
        .margin(16)
        .legend_area_size(32)
        .label_font(small)
        .background_style(WHITE)
        .border_style(FAINT)
        .draw()?;
    root.present()?;
    Ok(())
}

fn lines(points: &[Point]) -> Vec<Line> {
    let threads = points.first().map_or(0, |point| point.counts.len());
    let mut lines: Vec<Line> = (0..threads)
        .map(|at| {
            let count = points[0].counts[at].0;
            let measured = |point: &Point| (point.ballots, nanoseconds(point.counts[at].1));
            Line {
                name: format!("shomar, {count} thread{}", if count == 1 { "" } else { "s" }),
                colour: LINES[at % LINES.len()],
                points: points.iter().map(measured).collect(),
                dashed: false,
            }
        })
        .collect();
    let read = |point: &Point| Some((point.ballots, nanoseconds(point.read?)));
    lines.push(Line {
        name: "plain read of as many bytes, all threads".to_owned(),
        colour: READ,
        points: points.iter().filter_map(read).collect(),
        dashed: true,
    });
    lines
}

fn nanoseconds(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

/// The powers of ten around all of them.
fn decades(values: impl Iterator<Item = u64>) -> Option<(u64, u64)> {
    let (mut low, mut high) = (u64::MAX, 1);
    for value in values {
        (low, high) = (low.min(value.max(1)), high.max(value));
    }
    let below = 10_u64.checked_pow(low.checked_ilog10()?)?;
    let above = 10_u64.checked_pow((high - 1).checked_ilog10().map_or(0, |power| power + 1))?;
    (below < above).then_some((below, above))
}

fn millions(ballots: u64) -> String {
    (ballots / 1_000_000).to_string()
}

fn time(nanoseconds: u64) -> String {
    match nanoseconds {
        1_000_000_000.. => format!("{} s", nanoseconds / 1_000_000_000),
        1_000_000.. => format!("{} ms", nanoseconds / 1_000_000),
        _ => format!("{} µs", nanoseconds / 1_000),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::growth::tests::points;

    #[test]
    fn axes_end_at_powers_of_ten() {
        assert_eq!(decades([3, 70].into_iter()), Some((1, 100)));
        assert_eq!(decades([1_000_000, 500_000_000].into_iter()), Some((1_000_000, 1_000_000_000)));
        assert_eq!(decades([10, 100].into_iter()), Some((10, 100)));
        assert_eq!(decades([].into_iter()), None);
    }

    #[test]
    fn picture_names_every_line_its_units_and_the_machine() {
        let machine = Machine::for_tests(2);
        let svg = draw(&machine, &points()).unwrap();
        let wanted = ["<svg ", "shomar, 1 thread", "shomar, 2 threads", "plain read", "millions"];
        for text in wanted.into_iter().chain(["100 ms", &machine.to_string()]) {
            assert!(svg.contains(text), "{text}: {svg}");
        }
        assert!(svg.ends_with("</svg>\n") && !svg.contains(" \n"));
    }
}
