//! The network and its file: an ordinary ONNX graph whose metadata says everything that is needed to run it.

use crate::{
    CONTEXT_FRAMES, Emotion, FeatureKind, FeatureSettings, HOP_SECONDS, MASK_STEPS, STRIDE_FRAMES,
    TIME_POOL, WINDOW_ROWS, Window, Windowing, ltas::LTAS_VALUES,
};
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeSet, HashMap},
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
    sync::Arc,
};
use tract_onnx::{
    pb::{
        GraphProto, ModelProto, NodeProto, TensorShapeProto, TypeProto, ValueInfoProto,
        tensor_proto::DataType,
        tensor_shape_proto::{self, dimension::Value::DimValue},
        type_proto::{self, Value::TensorType},
    },
    prelude::*,
    tract_hir::internal::{TractErrorContext as _, bail, ensure},
};

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
///
/// The file's graph is that of a whole window. It is run in two parts, cut at the value `steps`: what comes before, the
/// convolutions above all, sees a few rows at a time, so that it need not see them again.
pub struct Model {
    /// [`PIECE_ROWS`] of the features to their steps.
    front: Arc<TypedRunnableModel>,
    /// The steps of a window, its mask and its LTAS to the logits.
    back: Arc<TypedRunnableModel>,
    /// Values of a step, and the rows that it is made of.
    step: [usize; 2],
    info: ModelInfo,
}

const INPUTS: [&str; 2] = ["features", "mask"];
const OUTPUTS: [&str; 2] = ["logits", "voice"];
const STEPS: &str = "steps";
const LTAS: &str = "ltas";
const SHAPES: &str = "`features` [1, 320, columns] and `mask` [1, 80] by way of `steps` [steps, width] to `logits` [1, 7] and \
                      `voice` [1, 1]";

/// Steps of the stream that one run of the front can settle, in units of [`STRIDE_FRAMES`].
pub(crate) const PIECE_STRIDES: usize = 5;
/// Rows that the front sees at a time: those before which its first settled step reaches back, and the steps.
pub const PIECE_ROWS: usize = CONTEXT_FRAMES + PIECE_STRIDES * STRIDE_FRAMES;
/// Rows after its own that a step may depend on: 80 ms.
pub const REACH_ROWS: usize = STRIDE_FRAMES;
/// How much a step may change by rows that it should not depend on.
const SETTLED: f32 = 1e-3;

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
        catch_unwind(AssertUnwindSafe(|| Self::build(&onnx, &proto, info)))
            .unwrap_or_else(|_| bail!("its graph does not hold together"))
            .map_err(shape)
    }

    fn build(onnx: &tract_onnx::Onnx, proto: &ModelProto, info: ModelInfo) -> TractResult<Self> {
        // tract also takes an inner node by its name, which other runtimes would not find.
        let declared = proto.graph.as_ref().context("it holds no graph")?;
        for (values, names) in [(&declared.input, INPUTS), (&declared.output, OUTPUTS)] {
            for name in names {
                ensure!(
                    values.iter().any(|value| value.name == name),
                    "it declares no {name}"
                );
            }
        }
        let columns = info.features.columns();
        let front = part(
            onnx,
            proto,
            &[("features", &[1, PIECE_ROWS, columns])],
            &[STEPS],
        )?;
        let rows = Tensor::zero::<f32>(&[1, PIECE_ROWS, columns])?;
        let made = front.run(tvec!(rows.into()))?;
        let &[steps, width] = made[0].shape() else {
            bail!("its steps have the shape {:?}", made[0].shape());
        };
        let rows = PIECE_ROWS.checked_div(steps).unwrap_or(0);
        ensure!(
            rows == TIME_POOL || rows == STRIDE_FRAMES,
            "it makes {steps} steps of {PIECE_ROWS} rows"
        );
        let mut inputs: Vec<(&str, &[usize])> = Vec::new();
        let (all_steps, ltas) = ([WINDOW_ROWS / rows, width], [1, LTAS_VALUES]);
        inputs.push((STEPS, &all_steps));
        inputs.push(("mask", &[1, MASK_STEPS]));
        if info.features.kinds.contains(&FeatureKind::Ltas) {
            inputs.push((LTAS, &ltas));
        }
        let back = part(onnx, proto, &inputs, &OUTPUTS)?;
        let model = Self {
            front,
            back,
            step: [width, rows],
            info,
        };
        model.run(&model.windowing().window(&[]))?;
        model.check_reach()?;
        Ok(model)
    }

    /// Whether a step depends on no rows but those that it may depend on.
    fn check_reach(&self) -> TractResult<()> {
        let columns = self.info.features.columns();
        let noise = |at: usize| ((at * at) as f32 * 0.37).sin();
        let rows: Vec<f32> = (0..PIECE_ROWS * columns).map(noise).collect();
        let mut other = rows.clone();
        let (first, last) = other.split_at_mut((PIECE_ROWS - STRIDE_FRAMES) * columns);
        first[..STRIDE_FRAMES * columns].fill(0.0);
        last.fill(0.0);
        // Rows beside the first settled step's context and the last's reach.
        let settled = self.step_values(CONTEXT_FRAMES + STRIDE_FRAMES)
            ..self.step_values(PIECE_ROWS - REACH_ROWS - STRIDE_FRAMES);
        let (a, b) = (self.run_front(&rows)?, self.run_front(&other)?);
        let pairs = a[settled.clone()].iter().zip(&b[settled]);
        ensure!(
            pairs
                .into_iter()
                .all(|(a, b)| (a - b).abs() < SETTLED || !a.is_finite()),
            "its steps depend on more than {CONTEXT_FRAMES} rows before and {REACH_ROWS} after their own"
        );
        Ok(())
    }

    fn run_front(&self, rows: &[f32]) -> TractResult<Vec<f32>> {
        let columns = self.info.features.columns();
        let rows = Tensor::from_shape(&[1, PIECE_ROWS, columns], rows)?;
        let made = self.front.run(tvec!(rows.into()))?;
        Ok(made[0]
            .to_plain_array_view::<f32>()?
            .iter()
            .copied()
            .collect())
    }

    fn run_back(
        &self,
        steps: &[f32],
        ltas: &[f32; LTAS_VALUES],
        mask: &[f32; MASK_STEPS],
    ) -> TractResult<Logits> {
        let [width, rows] = self.step;
        let mut inputs = tvec!(
            Tensor::from_shape(&[WINDOW_ROWS / rows, width], steps)?.into(),
            Tensor::from_shape(&[1, MASK_STEPS], mask)?.into(),
        );
        if self.info.features.kinds.contains(&FeatureKind::Ltas) {
            inputs.push(Tensor::from_shape(&[1, LTAS_VALUES], ltas)?.into());
        }
        let outputs = self.back.run(inputs)?;
        let logits = outputs[0].to_plain_array_view::<f32>()?;
        let voice = outputs[1].to_plain_array_view::<f32>()?;
        if logits.shape() != [1, Emotion::COUNT] || voice.shape() != [1, 1] {
            return Err(TractError::msg(format!(
                "it gives logits {:?} and voice {:?}",
                logits.shape(),
                voice.shape()
            )));
        }
        let mut emotions = [0.0; Emotion::COUNT];
        emotions
            .iter_mut()
            .zip(logits)
            .for_each(|(to, from)| *to = *from);
        Ok(Logits {
            emotions,
            voice: voice[[0, 0]],
        })
    }

    fn run(&self, window: &Window) -> TractResult<Logits> {
        let columns = self.info.features.columns();
        let mut steps = Vec::with_capacity(self.step_values(WINDOW_ROWS));
        // What comes before the window's context is nothing.
        let mut rows = vec![0.0; CONTEXT_FRAMES * columns];
        rows.extend(&window.features);
        let mut end = PIECE_ROWS;
        while steps.len() < self.step_values(WINDOW_ROWS) {
            let made = self.run_front(&rows[(end - PIECE_ROWS) * columns..end * columns])?;
            let known = steps.len() / self.step_values(STRIDE_FRAMES) * STRIDE_FRAMES;
            let first = known + CONTEXT_FRAMES + PIECE_ROWS - end;
            let is_last = end == CONTEXT_FRAMES + WINDOW_ROWS;
            let settled = PIECE_ROWS - if is_last { 0 } else { REACH_ROWS };
            steps.extend(&made[self.step_values(first)..self.step_values(settled)]);
            end =
                (end + PIECE_ROWS - CONTEXT_FRAMES - REACH_ROWS).min(CONTEXT_FRAMES + WINDOW_ROWS);
        }
        let ltas = window
            .features
            .last_chunk()
            .copied()
            .unwrap_or([0.0; LTAS_VALUES]);
        self.run_back(&steps, &ltas, &window.mask)
    }

    /// Values of the steps of so many rows, a multiple of [`STRIDE_FRAMES`].
    pub(crate) fn step_values(&self, rows: usize) -> usize {
        let [width, step_rows] = self.step;
        rows / step_rows * width
    }

    /// The steps of [`PIECE_ROWS`] rows.
    ///
    /// # Panics
    ///
    /// Never on a model that was loaded: loading has run the same graph on the same shapes.
    pub(crate) fn steps(&self, rows: &[f32]) -> Vec<f32> {
        self.run_front(rows)
            .expect("the network ran when it was loaded")
    }

    /// What follows from the steps of a window. Logits that are not finite (a broken file can hold such weights) are taken as 0,
    /// which says nothing.
    ///
    /// # Panics
    ///
    /// Never on a model that was loaded: loading has run the same graph on the same shapes.
    pub(crate) fn conclude(
        &self,
        steps: &[f32],
        ltas: &[f32; LTAS_VALUES],
        mask: &[f32; MASK_STEPS],
    ) -> Logits {
        let logits = self.run_back(steps, ltas, mask);
        finite(logits.expect("the network ran when it was loaded"))
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
        finite(
            self.run(window)
                .expect("the network ran when it was loaded"),
        )
    }

    /// Makes the windows that the network takes.
    #[must_use]
    pub fn windowing(&self) -> Windowing {
        Windowing::new(&self.info.features.kinds)
    }

    /// What the file says of the model.
    #[must_use]
    pub fn info(&self) -> &ModelInfo {
        &self.info
    }
}

/// The part of a graph from some of its values to others.
fn part(
    onnx: &tract_onnx::Onnx,
    proto: &ModelProto,
    inputs: &[(&str, &[usize])],
    outputs: &[&str],
) -> TractResult<Arc<TypedRunnableModel>> {
    let mut proto = proto.clone();
    if let Some(graph) = &mut proto.graph {
        keep_between(graph, inputs, outputs);
    }
    let mut graph = onnx.model_for_proto_model(&proto)?;
    // In this order.
    graph.select_inputs_by_name(inputs.iter().map(|(name, _)| name))?;
    graph.select_outputs_by_name(outputs)?;
    graph.into_optimized()?.into_runnable()
}

/// Takes from a graph all that is not needed for some values, where others are given.
fn keep_between(graph: &mut GraphProto, inputs: &[(&str, &[usize])], outputs: &[&str]) {
    let is_given = |name: &str| inputs.iter().any(|(input, _)| *input == name);
    let mut needed: BTreeSet<String> = outputs.iter().map(|&name| name.to_owned()).collect();
    let makes = |node: &NodeProto, needed: &BTreeSet<String>| {
        let mut made = node.output.iter();
        made.any(|name| needed.contains(name) && !is_given(name))
    };
    let mut count = 0;
    while count < needed.len() {
        count = needed.len();
        let makers = graph.node.iter().filter(|node| makes(node, &needed));
        let inputs: Vec<String> = makers.flat_map(|node| node.input.clone()).collect();
        needed.extend(inputs);
    }
    graph.node.retain(|node| makes(node, &needed));
    graph
        .initializer
        .retain(|tensor| needed.contains(&tensor.name));
    let dimension = |&size: &usize| tensor_shape_proto::Dimension {
        value: Some(DimValue(size as i64)),
        ..Default::default()
    };
    let input = |(name, shape): &(&str, &[usize])| ValueInfoProto {
        name: (*name).to_owned(),
        r#type: Some(TypeProto {
            value: Some(TensorType(type_proto::Tensor {
                elem_type: DataType::Float as i32,
                shape: Some(TensorShapeProto {
                    dim: shape.iter().map(dimension).collect(),
                }),
            })),
            ..Default::default()
        }),
        ..Default::default()
    };
    graph.input = inputs.iter().map(input).collect();
    let output = |&name: &&str| ValueInfoProto {
        name: name.to_owned(),
        ..Default::default()
    };
    graph.output = outputs.iter().map(output).collect();
    graph.value_info.clear();
}

/// Logits in which what is not finite says nothing.
fn finite(mut logits: Logits) -> Logits {
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
