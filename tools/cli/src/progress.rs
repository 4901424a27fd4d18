//! Progress bars with rate and time left, on a terminal only.
//!
//! In: how far it is. Out: one line on stderr while it lasts. Never: anything in a file or a pipe
//! (indicatif draws nothing where stderr is no terminal).

use std::fmt::Write;

use indicatif::{ProgressBar, ProgressState, ProgressStyle};

/// A bar over bytes.
pub(crate) fn bytes_bar(message: &'static str, total: u64) -> ProgressBar {
    let template = "{msg} {bar:30} {bytes}/{total_bytes} {bytes_per_sec}, {eta} left";
    bar(message, total, template)
}

/// A bar over ballots.
pub(crate) fn ballots_bar(message: &'static str, total: u64) -> ProgressBar {
    let template = "{msg} {bar:30} {human_pos}/{human_len} ballots, {rate}/s, {eta} left";
    bar(message, total, template)
}

/// A bar over batches.
pub(crate) fn batches_bar(message: &'static str, total: u64) -> ProgressBar {
    let template = "{msg} {bar:30} {human_pos}/{human_len} batches, {rate}/s, {eta} left";
    bar(message, total, template)
}

fn bar(message: &'static str, total: u64, template: &str) -> ProgressBar {
    let style = ProgressStyle::with_template(template)
        .expect("the template is a constant")
        .with_key("rate", |state: &ProgressState, out: &mut dyn Write| {
            // A bar that cannot be drawn is no reason to stop sealing.
            let _ = write!(out, "{:.0}", state.per_sec());
        });
    ProgressBar::new(total).with_style(style).with_message(message)
}
