//! `trainer plot`.

use crate::{
    config::Config,
    dataset, files,
    report::{self, Change},
    waveform::{self, Effect},
};
use anyhow::{Context, Result};
use pathos_analysis::resample_all;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use std::path::{Path, PathBuf};

/// Copies that a recipe's settings are shown by.
const COPIES: usize = 4;

/// Shows a clip before and after each augmentation of the waveform, and after those of a recipe.
///
/// `babble` are other clips, for the babble; without them the clip itself, backwards, stands in.
///
/// # Errors
///
/// If a clip cannot be read, or the page cannot be written.
pub fn plot(
    clip: &Path,
    babble: &[PathBuf],
    config: Option<&Path>,
    seed: u64,
    to: &Path,
) -> Result<()> {
    let samples = dataset::samples_of(clip)?;
    let mut voices = babble
        .iter()
        .map(|path| dataset::samples_of(path))
        .collect::<Result<Vec<_>>>()?;
    if voices.is_empty() {
        voices.push(samples.iter().rev().copied().collect());
        voices.push(resample_all(&voices[0], 17_000.0)?);
    }
    let voices: Vec<&[f32]> = voices.iter().map(Vec::as_slice).collect();
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut changes = Vec::new();
    for effect in Effect::DEMONSTRATIONS {
        changes.push(Change {
            description: effect.describe(),
            samples: effect.apply(&samples, &voices, &mut rng)?,
        });
    }
    if let Some(path) = config {
        let settings = Config::read(path)?.augmentation.waveform;
        for number in 1..=COPIES {
            changes.push(Change {
                description: format!("copy {number} by the recipe {}", path.display()),
                samples: waveform::augment(&samples, &settings, &voices, &mut rng)?,
            });
        }
    }
    let name = clip
        .file_name()
        .context("the clip has no name")?
        .to_string_lossy();
    files::replace(
        to,
        report::augmentation(&name, &samples, &changes)?.as_bytes(),
    )?;
    println!("wrote {}", to.display());
    Ok(())
}
