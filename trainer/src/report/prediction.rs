//! The page of a batch analysis.

use super::{
    clip::{self, Hop},
    colour, page,
};
use crate::{
    dataset,
    predict::{Analysis, Failure},
};
use anyhow::Result;
use maud::{Markup, html};
use pathos_analysis::{Emotion, Estimate, Model};
use rayon::prelude::*;
use std::path::Path;

/// The page of a folder's clips, as HTML. A clip costs about 30 kB.
///
/// # Errors
///
/// If a picture cannot be encoded, or a clip can no longer be read.
pub fn prediction(
    folder: &Path,
    model: &Model,
    analyses: &[Analysis],
    failures: &[Failure],
) -> Result<String> {
    let figures: Vec<Markup> = analyses
        .par_iter()
        .map(|analysis| figure(folder, analysis))
        .collect::<Result<_>>()?;
    let info = model.info();
    let seconds: f64 = analyses.iter().map(|analysis| analysis.seconds).sum();
    let body = html! {
        p { (analyses.len()) " clips, " (format!("{:.1}", seconds / 60.0)) " minutes, by the model " (info.name) " " (info.version) ": how " em { "acted" } " emotions sound, not what anybody feels." }
        @if let Some(figure) = info.evidence.figures.first() {
            p.weak { "Of speakers whom it had never heard it recognises " (format!("{:.0}", 100.0 * figure.value)) " % (" (figure.measure) ", " (figure.set) "; " (info.evidence.protocol) ")." }
        }
        @if !failures.is_empty() {
            div.notice {
                p { (failures.len()) " files could not be read:" }
                ul { @for failure in failures { li { code { (failure.path) } ": " (failure.reason) } } }
            }
        }
        (page::legend())
        table {
            tr { th { "clip" } th { "seconds" } th { "emotion" } th { "probabilities" } th { "valence" } th { "arousal" } th { "voice" } }
            @for (number, analysis) in analyses.iter().enumerate() { (row(number, analysis)) }
        }
        p.weak { "Below, over one axis of time: each clip's waveform, its log-mel spectrogram, and the probabilities of the seven emotions, stacked; gaps are without a voice." }
        @if analyses.is_empty() { p { "No clip could be analysed." } }
        @for (number, (analysis, figure)) in analyses.iter().zip(&figures).enumerate() {
            details id=(format!("clip-{number}")) open[analyses.len() <= 12] {
                summary { (analysis.path) }
                (figure)
            }
        }
    };
    Ok(page::page(
        &format!("Emotions in {}", folder.display()),
        &body,
    ))
}

fn row(number: usize, analysis: &Analysis) -> Markup {
    let whole = &analysis.whole;
    html! {
        tr {
            td { a href=(format!("#clip-{number}")) { (analysis.path) } }
            td { (format!("{:.1}", analysis.seconds)) }
            @if whole.state.has_values() {
                td { (whole.leading().name()) " " (format!("{:.0} %", 100.0 * whole.probabilities[whole.leading().index()])) }
                td { (bar(whole)) }
                td { (format!("{:+.2}", whole.valence)) } td { (format!("{:+.2}", whole.arousal)) }
            } @else {
                td { "no voice" } td { "–" } td { "–" } td { "–" }
            }
            td { (format!("{:.2}", whole.voice)) }
        }
    }
}

fn bar(estimate: &Estimate) -> Markup {
    html! {
        div.bar {
            @for emotion in Emotion::ALL {
                @let share = estimate.probabilities[emotion.index()];
                i title=(format!("{} {:.0} %", emotion.name(), 100.0 * share)) style=(format!("width:{:.1}%;background:{}", 100.0 * share, colour(emotion))) {}
            }
        }
    }
}

fn figure(folder: &Path, analysis: &Analysis) -> Result<Markup> {
    let samples = dataset::samples_of(&folder.join(&analysis.path))?;
    let hops: Vec<Hop> = analysis
        .hops
        .iter()
        .map(|estimate| Hop {
            seconds: estimate.position as f64 / f64::from(analysis.sample_rate_hz),
            estimate,
        })
        .collect();
    clip::figure(
        &samples,
        &hops,
        "waveform, log-mel spectrogram and the probabilities of the seven emotions; gaps are without a voice",
    )
}
