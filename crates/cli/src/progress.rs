//! A progress bar on a terminal.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::IsTerminal;
use std::time::Duration;

pub(crate) struct Progress(ProgressBar);

impl Progress {
    /// Counts bytes; the length of standard input is not known. Hidden unless standard error is a terminal and the
    /// report goes elsewhere: a report on the terminal is progress enough.
    pub(crate) fn start(bytes: u64) -> Progress {
        let bar = if bytes == 0 { ProgressBar::no_length() } else { ProgressBar::new(bytes) };
        if std::io::stdout().is_terminal() {
            bar.set_draw_target(ProgressDrawTarget::hidden());
        }
        let template = match bytes {
            0 => "{spinner} {bytes} checked in {elapsed}",
            _ => "{bar:40} {percent:>3} % of {total_bytes}, {eta} left",
        };
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        bar.enable_steady_tick(Duration::from_millis(200));
        Progress(bar)
    }

    pub(crate) fn step(&self, bytes: usize) {
        self.0.inc(bytes as u64);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
