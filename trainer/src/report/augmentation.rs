//! The page that shows what augmentation does.

use super::{clip, page};
use anyhow::Result;
use maud::html;

/// A change of a sound.
pub struct Change {
    /// In words.
    pub description: String,
    /// What it gave, at the analysis rate.
    pub samples: Vec<f32>,
}

/// The page of a clip before and after some changes, as HTML.
///
/// # Errors
///
/// If a picture cannot be encoded.
pub fn augmentation(clip: &str, before: &[f32], changes: &[Change]) -> Result<String> {
    let mut figures = vec![clip::figure(before, &[], "as it is")?];
    for change in changes {
        figures.push(clip::figure(&change.samples, &[], &change.description)?);
    }
    let body = html! {
        p { "Waveform and log-mel spectrogram of a clip, and of what each augmentation makes of it. Waveforms are drawn to their own peak; each figure has its own axis of time." }
        @for figure in &figures { (figure) }
    };
    Ok(page::page(&format!("Augmentation of {clip}"), &body))
}
