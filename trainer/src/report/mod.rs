//! Pages for people: self-contained HTML with inline plots, which need no network and no script.

mod augmentation;
mod chart;
mod clip;
mod evaluation;
mod page;
mod prediction;

pub use augmentation::{Change, RowsChange, augmentation};
pub use evaluation::evaluation;
pub use prediction::prediction;

use pathos_analysis::Emotion;

/// The colour of an emotion, as in the plugin's editor.
fn colour(emotion: Emotion) -> &'static str {
    match emotion {
        Emotion::Angry => "#e4572e",
        Emotion::Disgust => "#2fa37c",
        Emotion::Fear => "#c77dbb",
        Emotion::Happy => "#f2d544",
        Emotion::Neutral => "#9aa4b2",
        Emotion::Sad => "#5c8cea",
        Emotion::Surprise => "#5cc3f0",
    }
}

/// A share in per cent with a decimal; a dash where it is no number.
fn percent(share: f64) -> String {
    if share.is_finite() {
        format!("{:.1}", 100.0 * share)
    } else {
        "–".to_owned()
    }
}
