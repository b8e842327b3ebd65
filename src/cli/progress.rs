//! The bar that shows how far a job is.

use indicatif::{ProgressBar, ProgressStyle};

/// A bar on a terminal, nothing elsewhere.
pub(super) fn progress_bar() -> ProgressBar {
    let bar = ProgressBar::new(0);
    if let Ok(style) = ProgressStyle::with_template("{msg:10} [{bar:40}] {percent:>3}% {elapsed} left {eta}") {
        bar.set_style(style.progress_chars("=> "));
    }
    bar
}

/// Shows how far a job is; every stage begins anew.
pub(super) fn draw(bar: &ProgressBar, stage: &str, done: u64, total: Option<u64>) {
    if bar.message() != stage {
        bar.reset();
        bar.set_message(stage.to_owned());
    }
    bar.set_length(total.unwrap_or(done).max(1));
    bar.set_position(done);
}
