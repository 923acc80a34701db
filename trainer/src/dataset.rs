//! Clips as frames, in memory, and a cache of them on disk.

use crate::corpora::Clip;
use anyhow::{Context, Result};
use indicatif::{ProgressBar, ProgressStyle};
use pathos_analysis::{
    ANALYSIS_RATE_HZ, FeatureSettings, MEL_BANDS, MelFrame, resample_all, voiced_frames,
};
use rayon::prelude::*;
use sha2::{Digest, Sha256};
use std::{
    fs,
    path::{Path, PathBuf},
};

/// A clip with the frames that the running recogniser would put in its window.
#[derive(Clone, Debug)]
pub struct Example {
    /// Its labels.
    pub clip: Clip,
    /// Its voiced frames.
    pub frames: Vec<MelFrame>,
}

/// The examples of some clips, and the clips that gave none.
#[derive(Debug, Default)]
pub struct Dataset {
    /// In the order of the clips.
    pub examples: Vec<Example>,
    /// Each clip that could not be read or holds no voice, and why.
    pub refused: Vec<(PathBuf, String)>,
}

/// A progress bar on a terminal; nothing elsewhere.
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

/// Reads and analyses clips, on all cores. What was analysed before, with the same settings and from the same bytes, comes from
/// `cache`.
///
/// # Errors
///
/// If the cache cannot be written. A clip that cannot be read is refused by name instead.
pub fn load(clips: Vec<Clip>, cache: &Path) -> Result<Dataset> {
    fs::create_dir_all(cache).with_context(|| format!("cannot make {}", cache.display()))?;
    let bar = progress_bar(clips.len() as u64, "features");
    let results: Vec<(Clip, Result<Vec<MelFrame>>)> = clips
        .into_par_iter()
        .map(|clip| {
            let frames = cached_frames(&clip.path, cache);
            bar.inc(1);
            (clip, frames)
        })
        .collect();
    let mut dataset = Dataset::default();
    for (clip, frames) in results {
        match frames {
            Ok(frames) if frames.is_empty() => {
                dataset
                    .refused
                    .push((clip.path, "no voice in it".to_owned()));
            }
            Ok(frames) => dataset.examples.push(Example { clip, frames }),
            Err(error) => dataset.refused.push((clip.path, format!("{error:#}"))),
        }
    }
    Ok(dataset)
}

/// The voiced frames of a file of any rate.
pub fn frames_of(path: &Path) -> Result<Vec<MelFrame>> {
    let clip = pathos_clips::read_mono(path)?;
    let samples = if clip.sample_rate_hz == ANALYSIS_RATE_HZ {
        clip.samples
    } else {
        resample_all(&clip.samples, f64::from(clip.sample_rate_hz))?
    };
    Ok(voiced_frames(&samples))
}

fn cached_frames(path: &Path, cache: &Path) -> Result<Vec<MelFrame>> {
    let bytes = fs::read(path)?;
    let mut hash = Sha256::new();
    hash.update(serde_json::to_vec(&FeatureSettings::default())?);
    hash.update(env!("CARGO_PKG_VERSION"));
    hash.update(&bytes);
    let key: String = hash
        .finalize()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let entry = cache.join(key);
    if let Ok(bytes) = fs::read(&entry) {
        return Ok(from_bytes(&bytes));
    }
    let frames = frames_of(path)?;
    // Written beside and moved into place, so that a killed run leaves no half an entry.
    let unfinished = entry.with_extension("unfinished");
    let bytes: Vec<u8> = frames
        .iter()
        .flatten()
        .flat_map(|v| v.to_le_bytes())
        .collect();
    fs::write(&unfinished, bytes)?;
    fs::rename(&unfinished, &entry)?;
    Ok(frames)
}

fn from_bytes(bytes: &[u8]) -> Vec<MelFrame> {
    bytes
        .chunks_exact(4 * MEL_BANDS)
        .map(|row| {
            std::array::from_fn(|band| {
                let at = 4 * band;
                f32::from_le_bytes([row[at], row[at + 1], row[at + 2], row[at + 3]])
            })
        })
        .collect()
}
