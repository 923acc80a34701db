//! A run's configuration: one TOML file that holds every number, saved beside the run's results.

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use std::path::Path;

/// Everything that decides a run, but for the clips.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// What the model is called in its metadata.
    pub name: String,
    /// The version of the model.
    pub version: String,
    /// Seeds every random choice.
    pub seed: u64,
    /// Which speakers are held out.
    pub split: Split,
    /// The sizes of the network.
    pub network: NetworkSizes,
    /// The optimisation.
    pub training: Training,
    /// What is done to a clip before it is learned from.
    pub augmentation: Augmentation,
}

/// The protocol `speakers`: one fold of the speakers of each corpus is held out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Split {
    /// The fold that is held out, from 0.
    pub fold: usize,
    /// How many folds there are.
    pub folds: usize,
    /// Seeds the dealing of speakers to folds.
    pub seed: u64,
}

/// See [`NetworkConfig`](crate::network::NetworkConfig).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NetworkSizes {
    /// Channels of the four convolutions.
    pub channels: [usize; 4],
    /// Width of the layer before the LSTM.
    pub projection: usize,
    /// Width of the LSTM.
    pub hidden: usize,
    /// Share of activations dropped in training.
    pub dropout: f64,
}

/// How the weights are found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Training {
    /// Passes over as many examples as there are clips.
    pub epochs: usize,
    /// Examples in a step.
    pub batch_size: usize,
    /// Highest learning rate of the one-cycle schedule.
    pub learning_rate: f64,
    /// Share of the run over which the learning rate rises.
    pub warmup: f64,
    /// Decoupled weight decay of AdamW.
    pub weight_decay: f32,
    /// Largest norm of a parameter's gradient.
    pub gradient_clip: f32,
    /// Mass of the target that is spread over the corpus's own classes.
    pub label_smoothing: f32,
    /// Share of a batch that is no voice.
    pub non_voice_share: f64,
    /// Weight of the voice head's loss.
    pub voice_weight: f32,
    /// Largest share of the draws that may fall on TESS, which has two speakers.
    pub tess_share: f64,
}

/// Augmentation of log-mel frames.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Augmentation {
    /// Share of examples that are as long as they can be; the rest are cropped to 0.75 s or more.
    pub longest_share: f64,
    /// Largest change of rate, as a share.
    pub stretch: f64,
    /// Largest shift of the spectrum along the bands, as a share.
    pub warp: f64,
    /// Largest tilt from the lowest to the highest band, in dB.
    pub tilt_db: f64,
    /// Share of examples with noise.
    pub noise_share: f64,
    /// Signal-to-noise ratio of that noise, in dB, from and to.
    pub noise_snr_db: [f64; 2],
    /// SpecAugment: how many bands of bands, and how wide at the most.
    pub band_masks: [usize; 2],
    /// SpecAugment: how many spans of frames, and how long at the most.
    pub frame_masks: [usize; 2],
    /// Share of examples that are mixed with another.
    pub mixup_share: f64,
    /// Parameter of mixup's Beta distribution.
    pub mixup_alpha: f64,
}

impl Config {
    /// Reads a configuration; a key that is unknown or missing is an error that names its line.
    pub fn read(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("cannot read the configuration {}", path.display()))?;
        toml::from_str(&text)
            .with_context(|| format!("the configuration {} does not fit", path.display()))
    }

    /// Writes the configuration.
    pub fn write(&self, path: &Path) -> Result<()> {
        std::fs::write(path, toml::to_string(self)?)
            .with_context(|| format!("cannot write {}", path.display()))
    }
}
