//! `trainer plot`.

use crate::{
    augment,
    batch::Item,
    config::{Augmentation, Config},
    dataset, files, mixup,
    report::{self, Change, RowsChange},
    waveform::{self, Effect},
};
use anyhow::{Context, Result};
use pathos_analysis::{FeatureSettings, MEL_BANDS, Windowing, resample_all, voiced_frames};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use std::path::{Path, PathBuf};

/// Copies that a recipe's settings are shown by.
const COPIES: usize = 4;

/// The recipe whose augmentation of the rows is shown without `--config`.
const DEFAULT: &str = include_str!("../../recipes/pathos.toml");

/// Shows a clip before and after each augmentation of the waveform and of the rows, and after those of a recipe.
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
            let effects = waveform::draw(&settings, true, &mut rng);
            changes.push(Change {
                description: format!("copy {number} by the recipe {}", path.display()),
                samples: waveform::apply(&effects, &samples, &voices, &mut rng)?,
            });
        }
    }
    let recipe = match config {
        Some(path) => Config::read(path)?,
        None => Config::parse(DEFAULT, &[])?,
    };
    let rows = rows(&samples, voices[0], &recipe.augmentation, &mut rng);
    let name = clip
        .file_name()
        .context("the clip has no name")?
        .to_string_lossy();
    files::replace(
        to,
        report::augmentation(&name, &samples, &changes, &rows)?.as_bytes(),
    )?;
    println!("wrote {}", to.display());
    Ok(())
}

/// The rows of a clip as they are, with SpecAugment, and mixed with those of another.
fn rows(
    samples: &[f32],
    other: &[f32],
    settings: &Augmentation,
    rng: &mut ChaCha8Rng,
) -> Vec<RowsChange> {
    let features = FeatureSettings::default();
    let windowing = Windowing::new(&features);
    let item = |samples: &[f32]| Item {
        voice: 1.0,
        ..Item::unpadded(
            &windowing.window(&voiced_frames(samples, &features.kinds)),
            MEL_BANDS,
        )
    };
    let change = |description: &str, rows: &[f32]| RowsChange {
        description: description.to_owned(),
        rows: rows.as_chunks().0.to_vec(),
    };
    let plain = item(samples);
    let mut masked = plain.clone();
    augment::spec_augment(&mut masked.rows, MEL_BANDS, settings, rng);
    let always = Augmentation {
        mixup_share: 1.0,
        ..settings.clone()
    };
    let mut mixed = [plain.clone(), item(other)];
    mixup::mix(&mut mixed, &always, rng);
    vec![
        change("as they are", &plain.rows),
        change("with SpecAugment: bands and spans of zeros", &masked.rows),
        change("with mixup: a share of another clip", &mixed[0].rows),
    ]
}
