//! Progress bars on standard error; where that is no terminal, nothing is drawn.

use crate::terminal::{err_line, is_utf8};
use crate::text::count_text;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};
use std::fmt::Write;
use std::time::Duration;

/// How often a bar whose work stands still is drawn again.
const TICK: Duration = Duration::from_millis(250);

const TRACES: &str = "{bar:30} {human_pos}/{human_len} traces  {rate}  {eta} left  {msg}";
const BYTES: &str = "{bar:30} {binary_bytes}/{binary_total_bytes}  {binary_bytes_per_sec}  {eta} left  {msg}";
const THINGS: &str = "{bar:30} {human_pos}/{human_len} {msg}  {rate}  {eta} left";
const MORE_THINGS: &str = "{spinner} {human_pos} {msg}  {rate}";
const ENDLESS: &str = "{spinner} {binary_bytes}  {binary_bytes_per_sec}  {msg}";

/// A stage of long work, by its share.
const STAGE: &str = "{bar:30} {percent:>3} %  {msg}";

/// A bar.
pub(crate) struct Progress {
    bar: ProgressBar,
}

impl Progress {
    /// A bar of traces.
    pub(crate) fn traces(total: u64) -> Progress {
        Progress::new(Some(total), TRACES)
    }

    /// A bar of things of a kind; a spinner if nobody knows how many there are.
    pub(crate) fn things(kind: &str, total: Option<u64>) -> Progress {
        let progress = Progress::new(total, if total.is_some() { THINGS } else { MORE_THINGS });
        progress.say(kind);
        progress
    }

    /// A bar of the bytes of a file; of a stream, whose length nobody knows, a spinner.
    pub(crate) fn bytes(total: Option<u64>) -> Progress {
        Progress::new(total, if total.is_some() { BYTES } else { ENDLESS })
    }

    /// A bar of a stage of long work, in whatever it counts.
    pub(crate) fn stage(name: &str, total: u64) -> Progress {
        let progress = Progress::new(Some(total), STAGE);
        progress.say(name);
        progress
    }

    fn new(total: Option<u64>, template: &str) -> Progress {
        let bar = ProgressBar::with_draw_target(total, ProgressDrawTarget::stderr());
        let style = ProgressStyle::with_template(template).expect("the templates are sound");
        // Its own rate has four decimals.
        let style = style.with_key("rate", |state: &ProgressState, out: &mut dyn Write| {
            write!(out, "{}/s", count_text(state.per_sec() as u64)).expect("a bar is written to a string");
        });
        let style = if is_utf8() {
            style.progress_chars("█▉▊▋▌▍▎▏ ")
        } else {
            style.progress_chars("=> ")
        };
        bar.set_style(if is_utf8() { style } else { style.tick_chars("-\\|/ ") });
        bar.enable_steady_tick(TICK);
        Progress { bar }
    }

    /// Moves the bar to a place.
    pub(crate) fn set(&self, position: u64) {
        // A total that was counted before the first trace was sent may be too small at the end.
        if self.bar.length().is_some_and(|length| length < position) {
            self.bar.set_length(position);
        }
        self.bar.set_position(position);
    }

    /// Starts from a place that was reached earlier, which is no part of the speed.
    pub(crate) fn start_at(&self, position: u64) {
        self.bar.set_position(position);
        self.bar.reset_eta();
    }

    /// Says what goes on, beside the bar.
    pub(crate) fn say(&self, message: &str) {
        self.bar.set_message(message.to_owned());
    }

    /// Prints a line on standard error, above the bar.
    pub(crate) fn err_line(&self, line: &str) {
        self.bar.suspend(|| err_line(line));
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_templates_are_sound() {
        for template in [TRACES, BYTES, ENDLESS, STAGE, THINGS, MORE_THINGS] {
            Progress::new(Some(1), template);
        }
    }
}
