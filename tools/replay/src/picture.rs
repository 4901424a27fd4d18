//! The picture: latency by percentile, from the intended time and of the service alone.
//!
//! In: two histograms. Out: an SVG that needs nothing else and is readable on a light and on a dark
//! ground. Never: a number that the histograms do not have.
//!
//! Plain text and no drawing crate: only style sheets know the reader's ground.

use std::fmt::Write;

use crate::latency::Latencies;

const WIDTH: u32 = 960;
const HEIGHT: u32 = 540;
const LEFT: u32 = 84;
const RIGHT: u32 = WIDTH - 44;
const TOP: u32 = 76;
const BOTTOM: u32 = HEIGHT - 60;

/// Colours that people tell apart who see colours differently (Okabe and Ito), lighter at night.
const STYLE: &str = "\
  .ground{fill:#fff}.ink{fill:#20242c}.faint{stroke:#dee1e6}
  .intended{stroke:#d55e00;fill:none}.service{stroke:#0072b2;fill:none;stroke-dasharray:7 4}
  text{font-family:sans-serif;font-size:14px}.title{font-size:21px}
  @media (prefers-color-scheme:dark){.ground{fill:#14171c}.ink{fill:#e4e7ec}.faint{stroke:#343a44}
  .intended{stroke:#ff9a4d}.service{stroke:#6cbcf0}}
";

/// The percentiles that are marked below the picture, and one in how many is above them.
const MARKS: [(&str, u64); 8] = [
    ("0 %", 1),
    ("50 %", 2),
    ("90 %", 10),
    ("99 %", 100),
    ("99.9 %", 1_000),
    ("99.99 %", 10_000),
    ("99.999 %", 100_000),
    ("99.9999 %", 1_000_000),
];

/// Parts of one on the axis of percentiles, so that few and many in ten are told apart.
const FINE: u64 = 1_000;

/// Draws both curves.
pub(crate) fn draw(title: &str, intended: &Latencies, service: &Latencies) -> String {
    let curves = [(intended, "intended"), (service, "service")];
    let count = intended.count().max(service.count()).max(10);
    let values = curves.iter().flat_map(|(latencies, _)| latencies.curve());
    let (low, high) = decades(values.map(|(value, _)| value));
    let high_x = power_of_ten_from(count).saturating_mul(FINE);
    let across = Axis { low: FINE, high: high_x, from: LEFT, to: RIGHT };
    let upwards = Axis { low, high, from: BOTTOM, to: TOP };
    let mut svg = String::new();
    let mut put = |line: std::fmt::Arguments<'_>| {
        svg.write_fmt(line).expect("a string takes everything");
    };
    put(format_args!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\">\n\
         <title>{title}</title>\n<style>\n{STYLE}</style>\n\
         <rect class=\"ground\" width=\"{WIDTH}\" height=\"{HEIGHT}\"/>\n\
         <text class=\"ink title\" x=\"24\" y=\"34\">{title}</text>\n",
        title = escaped(title),
    ));
    let mut legend = 24;
    for (name, class) in [
        ("from the intended time to the acknowledgement", "intended"),
        ("service time: from sending to the acknowledgement", "service"),
    ] {
        put(format_args!(
            "<path class=\"{class}\" stroke-width=\"2.5\" d=\"M{legend} 55h34\"/>\
             <text class=\"ink\" x=\"{}\" y=\"60\">{name}</text>\n",
            legend + 42
        ));
        legend += 420;
    }
    for (name, one_in) in MARKS.iter().filter(|(_, one_in)| one_in * FINE <= across.high) {
        let x = across.place(one_in * FINE);
        put(format_args!(
            "<path class=\"faint\" d=\"M{x} {TOP}V{BOTTOM}\"/>\
             <text class=\"ink\" x=\"{x}\" y=\"{}\" text-anchor=\"middle\">{name}</text>\n",
            BOTTOM + 22
        ));
    }
    let decades = std::iter::successors(Some(low), |value| value.checked_mul(10));
    for value in decades.take_while(|&value| value <= high) {
        let y = upwards.place(value);
        put(format_args!(
            "<path class=\"faint\" d=\"M{LEFT} {y}H{RIGHT}\"/>\
             <text class=\"ink\" x=\"{}\" y=\"{y}\" dy=\"5\" text-anchor=\"end\">{}</text>\n",
            LEFT - 10,
            time(value)
        ));
    }
    put(format_args!(
        "<text class=\"ink\" x=\"{}\" y=\"{}\" text-anchor=\"middle\">of the batches took no longer \
         (the axis is 1/(1-p))</text>\n",
        LEFT.midpoint(RIGHT),
        HEIGHT - 14
    ));
    for (latencies, class) in curves {
        let path = path(latencies, &across, &upwards);
        put(format_args!("<path class=\"{class}\" stroke-width=\"2.5\" d=\"{path}\"/>\n"));
    }
    svg.push_str("</svg>\n");
    svg
}

/// The curve as steps: right to where a value holds, then up to the next one.
fn path(latencies: &Latencies, across: &Axis, upwards: &Axis) -> String {
    let count = latencies.count();
    let mut path = String::new();
    let mut last = String::new();
    for (value, left) in latencies.curve() {
        // The last value is that of the longest: it ends where its one would be.
        let one_in = count.saturating_mul(FINE) / left.max(1);
        let (x, y) = (across.place(one_in), upwards.place(value));
        let step = if path.is_empty() { format!("M{LEFT} {y}H{x}") } else { format!("V{y}H{x}") };
        if step != last {
            path.push_str(&step);
        }
        last = step;
    }
    path
}

/// A logarithmic axis from one value at one place to another.
struct Axis {
    low: u64,
    high: u64,
    from: u32,
    to: u32,
}

impl Axis {
    /// Where a value is, with one decimal.
    #[expect(clippy::float_arithmetic, reason = "a logarithm for the eye alone")]
    #[expect(clippy::cast_precision_loss, reason = "pixels have three digits")]
    fn place(&self, value: u64) -> String {
        let logarithm = |value: u64| (value.max(1) as f64).log10();
        let span = logarithm(self.high) - logarithm(self.low);
        let part = (logarithm(value.clamp(self.low, self.high)) - logarithm(self.low)) / span;
        let place = f64::from(self.from) + part * (f64::from(self.to) - f64::from(self.from));
        format!("{place:.1}")
    }
}

/// The powers of ten around all of them.
fn decades(values: impl Iterator<Item = u64>) -> (u64, u64) {
    let (mut low, mut high) = (u64::MAX, 1);
    for value in values {
        (low, high) = (low.min(value.max(1)), high.max(value));
    }
    let low = 10_u64.pow(low.min(high).ilog10());
    (low, power_of_ten_from(high).max(low * 10))
}

/// The smallest power of ten that is not below.
fn power_of_ten_from(value: u64) -> u64 {
    let powers = std::iter::successors(Some(1_u64), |power| power.checked_mul(10));
    powers.into_iter().find(|&power| power >= value).unwrap_or(u64::MAX)
}

fn time(microseconds: u64) -> String {
    match microseconds {
        1_000_000.. => format!("{} s", microseconds / 1_000_000),
        1_000.. => format!("{} ms", microseconds / 1_000),
        _ => format!("{microseconds} µs"),
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn axes_end_at_powers_of_ten() {
        assert_eq!(decades([3, 70].into_iter()), (1, 100));
        assert_eq!(decades([100].into_iter()), (100, 1_000));
        assert_eq!(decades([].into_iter()), (1, 10));
        let axis = Axis { low: 1, high: 100, from: 0, to: 200 };
        assert_eq!(
            [1, 10, 100, 5_000].map(|value| axis.place(value)),
            ["0.0", "100.0", "200.0", "200.0"]
        );
    }

    #[test]
    fn picture_has_both_curves_marks_and_a_dark_ground() {
        let (mut intended, mut service) = (Latencies::default(), Latencies::default());
        for number in 1..=2_000 {
            intended.record(Duration::from_micros(number * 90));
            service.record(Duration::from_micros(100 + number));
        }
        let svg = draw("a < b", &intended, &service);
        for text in ["a &lt; b", "prefers-color-scheme:dark", "99.9 %", "100 µs", "1 s", "</svg>\n"]
        {
            assert!(svg.contains(text), "{text}: {svg}");
        }
        assert!(!svg.contains("99.999 %"), "two thousand measured cannot tell one in 100,000");
        assert_eq!(svg.matches("class=\"intended\"").count(), 2);
        assert!(
            draw("nothing", &Latencies::default(), &Latencies::default()).ends_with("</svg>\n")
        );
    }
}
