//! A bar for work that takes a while, on a terminal; nothing elsewhere.

use indicatif::{ProgressBar, ProgressStyle};

/// A bar of some length, with a word before it.
#[must_use]
pub fn progress_bar(length: u64, what: &'static str) -> ProgressBar {
    let style = ProgressStyle::with_template("{prefix:>12} [{bar:40}] {pos}/{len} {eta} {msg}");
    ProgressBar::new(length)
        .with_style(
            style
                .expect("the template is well formed")
                .progress_chars("=> "),
        )
        .with_prefix(what)
}
