//! The page that shows what augmentation does.

use super::{clip, page};
use anyhow::Result;
use maud::html;
use pathos_analysis::MelFrame;

/// A change of a sound.
pub struct Change {
    /// In words.
    pub description: String,
    /// What it gave, at the analysis rate.
    pub samples: Vec<f32>,
}

/// A change of the rows that a network is given.
pub struct RowsChange {
    /// In words.
    pub description: String,
    /// The normalised log-mel rows.
    pub rows: Vec<MelFrame>,
}

/// The page of a clip before and after some changes of its sound and of its rows, as HTML.
///
/// # Errors
///
/// If a picture cannot be encoded.
pub fn augmentation(
    clip: &str,
    before: &[f32],
    changes: &[Change],
    rows: &[RowsChange],
) -> Result<String> {
    let mut figures = vec![clip::figure(before, &[], "as it is")?];
    for change in changes {
        figures.push(clip::figure(&change.samples, &[], &change.description)?);
    }
    let mut pictures = Vec::new();
    for change in rows {
        pictures.push(clip::rows_figure(&change.rows, &change.description)?);
    }
    let body = html! {
        p { "Waveform and log-mel spectrogram of a clip, and of what each augmentation makes of it. Waveforms are drawn to their own peak; each figure has its own axis of time." }
        @for figure in &figures { (figure) }
        h2 { "The rows that the network is given" }
        p { "Log-mel rows of the voiced frames, each band free of its running mean and variance; time to the right, the lowest band below." }
        @for picture in &pictures { (picture) }
    };
    Ok(page::page(&format!("Augmentation of {clip}"), &body))
}
