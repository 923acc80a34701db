//! Batch analysis: a folder of clips through the code that the plugin runs.

mod table;

pub(crate) use table::is_json;
pub use table::{write_clips, write_timeline};

use crate::evaluate::HOP_FRAMES;
use anyhow::{Context, Result};
use pathos_analysis::{
    Analyzer, Emotion, Estimate, MIN_VOICED_FRAMES, Model, VoiceState, WINDOW_FRAMES,
};
use rayon::prelude::*;
use std::{
    path::{Path, PathBuf},
    sync::Arc,
};
use walkdir::WalkDir;

/// Samples that are pushed at a time. The estimates do not depend on it.
const BLOCK: usize = 4096;

/// Hops from the first value, after 0.75 s of voice, to a window that is full of it.
const HOPS_TO_A_FULL_WINDOW: usize = 1 + (WINDOW_FRAMES - MIN_VOICED_FRAMES).div_ceil(HOP_FRAMES);

/// What was heard in a file.
#[derive(Clone, Debug)]
pub struct Analysis {
    /// The file, as it is named in tables: relative to the folder.
    pub path: String,
    /// The rate of its samples, in Hz.
    pub sample_rate_hz: u32,
    /// Its length in seconds.
    pub seconds: f64,
    /// An estimate each 250 ms, exactly those that the plugin makes of the same samples.
    pub hops: Vec<Estimate>,
    /// Of the whole file: see [`summary`].
    pub whole: Estimate,
}

/// A file that could not be analysed.
#[derive(Clone, Debug)]
pub struct Failure {
    /// The file, relative to the folder.
    pub path: String,
    /// Why.
    pub reason: String,
}

/// The audio files in a folder and below it, in the order of their names, and what below it cannot be read.
///
/// # Errors
///
/// If the folder itself cannot be read.
pub fn audio_files(folder: &Path) -> Result<(Vec<PathBuf>, Vec<Failure>)> {
    std::fs::read_dir(folder).with_context(|| {
        format!(
            "cannot read the folder {}: give one that holds clips",
            folder.display()
        )
    })?;
    let (mut files, mut failures) = (Vec::new(), Vec::new());
    for entry in WalkDir::new(folder).follow_links(true).sort_by_file_name() {
        match entry {
            Ok(entry)
                if entry.file_type().is_file() && pathos_clips::is_audio_file(entry.path()) =>
            {
                files.push(entry.into_path());
            }
            Ok(_) => {}
            Err(error) => failures.push(Failure {
                path: error
                    .path()
                    .map_or_else(String::new, |path| name_in(folder, path)),
                reason: error.to_string(),
            }),
        }
    }
    Ok((files, failures))
}

/// Analyses files on all cores; tells `done` of each. Files that fail are apart from those that do not, both in order.
pub fn analyse_all(
    model: &Arc<Model>,
    folder: &Path,
    files: &[PathBuf],
    done: &(dyn Fn() + Sync),
) -> (Vec<Analysis>, Vec<Failure>) {
    let results: Vec<Result<Analysis, Failure>> = files
        .par_iter()
        .map(|path| {
            let name = name_in(folder, path);
            let result = analyse(model, path, &name);
            done();
            result.map_err(|error| Failure {
                path: name,
                reason: format!("{error:#}"),
            })
        })
        .collect();
    let (mut analyses, mut failures) = (Vec::new(), Vec::new());
    for result in results {
        match result {
            Ok(analysis) => analyses.push(analysis),
            Err(failure) => failures.push(failure),
        }
    }
    (analyses, failures)
}

/// Analyses a file, which tables call `name`.
///
/// # Errors
///
/// If it cannot be read, or its rate cannot be analysed.
pub fn analyse(model: &Arc<Model>, path: &Path, name: &str) -> Result<Analysis> {
    let clip = pathos_clips::read_mono(path)?;
    let hops = estimates(model, &clip.samples, f64::from(clip.sample_rate_hz))?;
    Ok(Analysis {
        path: name.to_owned(),
        sample_rate_hz: clip.sample_rate_hz,
        seconds: clip.samples.len() as f64 / f64::from(clip.sample_rate_hz),
        whole: summary(&hops),
        hops,
    })
}

/// The estimates of some samples, as the plugin makes them.
///
/// # Errors
///
/// If the rate cannot be analysed.
pub fn estimates(model: &Arc<Model>, samples: &[f32], rate_hz: f64) -> Result<Vec<Estimate>> {
    let mut analyzer = Analyzer::new(Arc::clone(model), rate_hz)?;
    let mut hops = Vec::new();
    for block in samples.chunks(BLOCK) {
        analyzer.push(block, &mut |estimate| hops.push(estimate));
    }
    Ok(hops)
}

/// The estimate of a whole clip: the normalised geometric mean of the probabilities of the hops that heard the most voice, which
/// is the softmax of their mean logits, and by which the model's figures were measured. These are the hops whose window was
/// full, or the last one where none was. The voice is the mean of all hops. Without a voice every emotion is equally probable
/// and the state says so.
#[must_use]
pub fn summary(hops: &[Estimate]) -> Estimate {
    let position = hops.last().map_or(0, |hop| hop.position);
    let voice = hops.iter().map(|hop| hop.voice).sum::<f32>() / hops.len().max(1) as f32;
    let mut logits = [0.0f32; Emotion::COUNT];
    let heard = fullest(hops);
    if heard.is_empty() {
        return Estimate::without_values(position, voice, VoiceState::NoVoice);
    }
    for hop in &heard {
        for (sum, probability) in logits.iter_mut().zip(hop.probabilities) {
            *sum += probability.max(f32::MIN_POSITIVE).ln();
        }
    }
    let mean = logits.map(|sum| sum / heard.len() as f32);
    Estimate::new(
        position,
        pathos_analysis::softmax(&mean, 1.0),
        voice,
        VoiceState::Voice,
    )
}

/// The hops in which a voice sounded and whose window held the most of it.
fn fullest(hops: &[Estimate]) -> Vec<&Estimate> {
    let mut most = 0;
    let mut since_empty = 0;
    let mut heard = Vec::new();
    for hop in hops {
        match hop.state {
            VoiceState::Gathering => since_empty = 0,
            VoiceState::Voice => {
                since_empty = (since_empty + 1).min(HOPS_TO_A_FULL_WINDOW);
                let is_full = since_empty == HOPS_TO_A_FULL_WINDOW;
                if since_empty > most || (since_empty == most && !is_full) {
                    heard.clear();
                }
                if since_empty >= most {
                    most = since_empty;
                    heard.push(hop);
                }
            }
            VoiceState::NoVoice | VoiceState::Hold => {}
        }
    }
    heard
}

fn name_in(folder: &Path, path: &Path) -> String {
    path.strip_prefix(folder)
        .unwrap_or(path)
        .display()
        .to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hop(first: f32, second: f32, voice: f32, state: VoiceState) -> Estimate {
        let rest = (1.0 - first - second) / 5.0;
        let mut probabilities = [rest; Emotion::COUNT];
        (probabilities[0], probabilities[1]) = (first, second);
        Estimate::new(100, probabilities, voice, state)
    }

    #[test]
    fn the_whole_is_the_geometric_mean_of_the_full_windows() {
        let mut hops = vec![hop(0.05, 0.9, 1.0, VoiceState::Voice); HOPS_TO_A_FULL_WINDOW - 1];
        hops.push(hop(0.4, 0.1, 1.0, VoiceState::Voice));
        hops.push(hop(0.1, 0.4, 0.8, VoiceState::Voice));
        hops.push(hop(0.9, 0.05, 0.0, VoiceState::Hold));
        let whole = summary(&hops);
        assert!((whole.probabilities[0] - whole.probabilities[1]).abs() < 1e-6);
        assert!((whole.probabilities.iter().sum::<f32>() - 1.0).abs() < 1e-6);
        assert!((whole.probabilities[0] / whole.probabilities[2] - 2.0).abs() < 1e-4);
    }

    #[test]
    fn of_a_short_clip_the_last_window_counts() {
        let hops = [
            hop(0.1, 0.6, 1.0, VoiceState::Voice),
            hop(0.7, 0.1, 0.8, VoiceState::Voice),
            hop(0.1, 0.6, 0.0, VoiceState::Hold),
        ];
        let whole = summary(&hops);
        assert!((whole.probabilities[0] - 0.7).abs() < 1e-5);
        assert!((whole.voice - 0.6).abs() < 1e-6);
        // After a pause the window starts anew: its first hops say less than the last before it.
        let gathering = hop(0.0, 0.0, 0.5, VoiceState::Gathering);
        let after = [hops[0], hops[1], gathering, hops[0]];
        assert!((summary(&after).probabilities[0] - 0.7).abs() < 1e-5);
    }

    #[test]
    fn without_a_voice_there_is_no_opinion() {
        for hops in [&[][..], &[hop(0.9, 0.0, 0.1, VoiceState::NoVoice)]] {
            let whole = summary(hops);
            assert_eq!(whole.state, VoiceState::NoVoice);
            assert!(
                whole
                    .probabilities
                    .iter()
                    .all(|p| (p - 1.0 / 7.0).abs() < 1e-6)
            );
        }
    }
}
