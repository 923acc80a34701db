//! The network and its file: an ordinary ONNX graph whose metadata says everything that is needed to run it.

use crate::{
    Emotion, FeatureSettings, HOP_SECONDS, Window, Windowing,
    network::{Network, SHAPES},
};
use serde::{Deserialize, Serialize};
use std::{
    collections::HashMap,
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
};
use tract_onnx::{pb::ModelProto, prelude::*, tract_hir::internal::bail};

/// The version of the file format that this build reads and the trainer writes.
pub const FORMAT: &str = "2";
/// Larger files are no model of ours, and reading one would stall a host.
const LARGEST_FILE_BYTES: u64 = 64 << 20;

/// The keys of the metadata of a model file.
pub mod keys {
    /// The version of the file format: [`FORMAT`](super::FORMAT).
    pub const FORMAT: &str = "pathos.format";
    /// What the model is called.
    pub const NAME: &str = "pathos.name";
    /// The version of the model.
    pub const VERSION: &str = "pathos.version";
    /// The labels of the logits in order, with commas between.
    pub const LABELS: &str = "pathos.labels";
    /// [`FeatureSettings`](super::FeatureSettings) as JSON.
    pub const FEATURES: &str = "pathos.features";
    /// What the logits are divided by before the softmax.
    pub const TEMPERATURE: &str = "pathos.temperature";
    /// Seconds from one estimate to the next.
    pub const HOP_SECONDS: &str = "pathos.hop_seconds";
    /// Means of the log-probabilities of neutral voices as a JSON array, in the order of the labels; can be left out.
    pub const NEUTRAL: &str = "pathos.neutral";
    /// [`Evidence`](super::Evidence) as JSON.
    pub const EVIDENCE: &str = "pathos.evidence";
}

/// A figure that was measured for a model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Figure {
    /// The clips that it was measured on, such as `"CREMA-D"`.
    pub set: String,
    /// What was measured, such as `"UAR"`.
    pub measure: String,
    /// The value; shares are 0 to 1.
    pub value: f64,
    /// The 95 % interval, if one was computed.
    #[serde(default)]
    pub interval: Option<[f64; 2]>,
    /// How many clips it was measured on.
    pub clips: usize,
}

/// What is known of a model's quality.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Evidence {
    /// The protocol of the figures, such as `"speakers, fold 0 of 5"`.
    pub protocol: String,
    /// The corpora that the network learned from.
    pub corpora: Vec<String>,
    /// The licence that follows from them, in words.
    pub licence: String,
    /// The figures, the leading one first.
    pub figures: Vec<Figure>,
}

/// What a model file says of itself.
#[derive(Clone, Debug, PartialEq)]
pub struct ModelInfo {
    /// What it is called.
    pub name: String,
    /// Its version.
    pub version: String,
    /// The labels of the logits, in order; always the names of [`Emotion::ALL`].
    pub labels: Vec<String>,
    /// What the network looks at.
    pub features: FeatureSettings,
    /// What the logits are divided by before the softmax.
    pub temperature: f32,
    /// The means of the log-probabilities of neutral voices, against which a [`VoiceReference`](crate::VoiceReference) is set.
    pub neutral: Option<[f32; Emotion::COUNT]>,
    /// What is known of its quality.
    pub evidence: Evidence,
}

/// Why a file is no model that this build can run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ModelError {
    /// The file could not be read.
    #[error("cannot read the model file {path}: {source}. Check that it exists and may be read")]
    Read {
        /// The file.
        path: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// The file is too large to be a model.
    #[error("the model file {path} has {bytes} bytes, more than the 64 MiB that a model may have")]
    TooLarge {
        /// The file.
        path: String,
        /// Its size.
        bytes: u64,
    },
    /// The bytes are no ONNX graph, or one that cannot be run.
    #[error("not a usable ONNX file: {0}. It may be truncated; copy or export it again")]
    Graph(String),
    /// A metadata entry is missing.
    #[error(
        "the model's metadata has no `{0}`. Only models that Pathos's trainer exported can be loaded"
    )]
    MissingKey(&'static str),
    /// A metadata entry does not fit this build.
    #[error("the model's metadata says `{key}` = `{found}`, but this build needs {needed}")]
    Unfit {
        /// The key.
        key: &'static str,
        /// The value in the file.
        found: String,
        /// What would fit.
        needed: String,
    },
    /// The network's inputs or outputs do not have the shapes of the format.
    #[error("the network does not take {needed}: {reason}")]
    Shape {
        /// The shapes of the format.
        needed: &'static str,
        /// What went wrong.
        reason: String,
    },
}

/// What the network says of one window.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Logits {
    /// One for each emotion, in the order of [`Emotion::ALL`], before the temperature.
    pub emotions: [f32; Emotion::COUNT],
    /// The log-odds that the window holds a voice.
    pub voice: f32,
}

/// A network that is ready to run, with what its file says of it. Shared between streams by [`Arc`].
pub struct Model {
    network: Network,
    info: ModelInfo,
}

impl Model {
    /// Reads a model file.
    ///
    /// # Errors
    ///
    /// If it cannot be read, or as for [`from_bytes`](Self::from_bytes).
    pub fn from_file(path: &Path) -> Result<Self, ModelError> {
        let unreadable = |source| ModelError::Read {
            path: path.display().to_string(),
            source,
        };
        let bytes = std::fs::metadata(path).map_err(unreadable)?.len();
        if bytes > LARGEST_FILE_BYTES {
            return Err(ModelError::TooLarge {
                path: path.display().to_string(),
                bytes,
            });
        }
        Self::from_bytes(&std::fs::read(path).map_err(unreadable)?)
    }

    /// Makes a model of the bytes of a file, and runs it once.
    ///
    /// # Errors
    ///
    /// If the bytes are no ONNX graph, its metadata does not fit this build, or its shapes are not those of the format.
    pub fn from_bytes(mut bytes: &[u8]) -> Result<Self, ModelError> {
        let onnx = tract_onnx::onnx();
        let proto = onnx
            .proto_model_for_read(&mut bytes)
            .map_err(|error| ModelError::Graph(format!("{error:#}")))?;
        let info = read_info(&proto)?;
        let shape = |error: TractError| ModelError::Shape {
            needed: SHAPES,
            reason: format!("{error:#}"),
        };
        // tract panics on some damaged graphs, and a file must never take a host down with it.
        let build = || Network::new(&onnx, &proto, &info.features);
        let network = catch_unwind(AssertUnwindSafe(build))
            .unwrap_or_else(|_| bail!("its graph does not hold together"))
            .map_err(shape)?;
        Ok(Self { network, info })
    }

    /// The parts of the network.
    pub(crate) fn network(&self) -> &Network {
        &self.network
    }

    /// Runs the network on a whole window, which costs some milliseconds of one core. For a stream, whose windows overlap, a
    /// [`Recogniser`](crate::Recogniser) gives the same for a fifth of that. Allocates; not for an audio thread.
    ///
    /// Logits that are not finite (a broken file can hold such weights) are taken as 0, which says nothing.
    ///
    /// # Panics
    ///
    /// Never on a model that was loaded: loading has run the same graph on the same shapes.
    #[must_use]
    pub fn infer(&self, window: &Window) -> Logits {
        ran(self.network.whole(window))
    }

    /// Makes the windows that the network takes.
    #[must_use]
    pub fn windowing(&self) -> Windowing {
        Windowing::new(&self.info.features)
    }

    /// What the file says of the model.
    #[must_use]
    pub fn info(&self) -> &ModelInfo {
        &self.info
    }
}

/// The logits of a network that ran when it was loaded, on the same shapes; what is not finite says nothing.
pub(crate) fn ran(logits: TractResult<Logits>) -> Logits {
    let mut logits = logits.expect("the network ran when it was loaded");
    let all = logits.emotions.iter_mut().chain([&mut logits.voice]);
    all.filter(|logit| !logit.is_finite())
        .for_each(|logit| *logit = 0.0);
    logits
}

impl std::fmt::Debug for Model {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Model")
            .field("info", &self.info)
            .finish_non_exhaustive()
    }
}

fn read_info(proto: &ModelProto) -> Result<ModelInfo, ModelError> {
    let entries: HashMap<&str, &str> = proto
        .metadata_props
        .iter()
        .map(|entry| (entry.key.as_str(), entry.value.as_str()))
        .collect();
    let get = |key: &'static str| entries.get(key).copied().ok_or(ModelError::MissingKey(key));
    let unfit = |key, found: &str, needed: String| ModelError::Unfit {
        key,
        found: found.chars().take(200).collect(),
        needed,
    };

    let format = get(keys::FORMAT)?;
    if format != FORMAT {
        return Err(unfit(keys::FORMAT, format, format!("format `{FORMAT}`")));
    }
    let labels = get(keys::LABELS)?;
    let expected = Emotion::ALL.map(Emotion::name).join(",");
    if labels != expected {
        return Err(unfit(keys::LABELS, labels, format!("`{expected}`")));
    }
    let features = get(keys::FEATURES)?;
    let settings = serde_json::from_str(features).ok();
    let settings = settings.filter(FeatureSettings::is_known).ok_or_else(|| {
        let needed = serde_json::to_string(&FeatureSettings::default()).unwrap_or_default();
        unfit(keys::FEATURES, features, format!("such as `{needed}`"))
    })?;
    let hop = get(keys::HOP_SECONDS)?;
    if hop.parse() != Ok(HOP_SECONDS) {
        return Err(unfit(keys::HOP_SECONDS, hop, format!("`{HOP_SECONDS}`")));
    }
    let temperature = get(keys::TEMPERATURE)?;
    let temperature = temperature
        .parse()
        .ok()
        .filter(|t: &f32| (0.05..=20.0).contains(t))
        .ok_or_else(|| {
            unfit(
                keys::TEMPERATURE,
                temperature,
                "a number from 0.05 to 20".into(),
            )
        })?;
    let neutral = match entries.get(keys::NEUTRAL) {
        None => None,
        Some(&text) => {
            let numbers = serde_json::from_str(text).ok();
            let finite = |values: &[f32; Emotion::COUNT]| values.iter().all(|v| v.is_finite());
            let needed = || unfit(keys::NEUTRAL, text, "seven numbers as JSON".into());
            Some(numbers.filter(finite).ok_or_else(needed)?)
        }
    };
    let evidence = get(keys::EVIDENCE)?;
    let evidence = serde_json::from_str(evidence).map_err(|error| {
        unfit(
            keys::EVIDENCE,
            evidence,
            format!("evidence as JSON ({error})"),
        )
    })?;
    Ok(ModelInfo {
        name: get(keys::NAME)?.to_owned(),
        version: get(keys::VERSION)?.to_owned(),
        labels: labels.split(',').map(str::to_owned).collect(),
        features: settings,
        temperature,
        neutral,
        evidence,
    })
}
