//! The network of a model file, run in two parts.
//!
//! The file's graph is that of a whole window. It is cut at the value `steps`: what comes before, the convolutions above all, sees
//! a few rows at a time, so that a stream need not see them again.

use crate::{
    CONTEXT_FRAMES, Emotion, FeatureSettings, Logits, MASK_STEPS, STRIDE_FRAMES, TIME_POOL,
    WINDOW_ROWS, Window, Windowing,
    piece::{self, OWN_ROWS, PIECE_ROWS},
};
use std::{collections::BTreeSet, sync::Arc};
use tract_onnx::{
    Onnx,
    pb::{
        GraphProto, ModelProto, NodeProto, TensorShapeProto, TypeProto, ValueInfoProto,
        tensor_proto::DataType,
        tensor_shape_proto::{self, dimension::Value::DimValue},
        type_proto::{self, Value::TensorType},
    },
    prelude::*,
    tract_hir::internal::{TractErrorContext as _, bail, ensure},
};

/// What the parts of a network are cut at, in words.
pub(crate) const SHAPES: &str = "`features` [1, 320, columns] and `mask` [1, 80] by way of `steps` [steps, width] and, if it has them, `functionals` \
                                 [1, 2501] to `logits` [1, 7] and \
                                 `voice` [1, 1]";
const INPUTS: [&str; 2] = ["features", "mask"];
const OUTPUTS: [&str; 2] = ["logits", "voice"];
const STEPS: &str = "steps";
/// The columns that are of the window as a whole. The format has the name from when the LTAS was all of them.
const OVERALL: &str = "ltas";
/// An input beside [`INPUTS`], where there are functionals.
const FUNCTIONALS: &str = "functionals";

/// Rows after its own that a step may depend on: 80 ms.
pub const REACH_ROWS: usize = STRIDE_FRAMES;
/// How much a step may change by rows that it should not depend on.
const SETTLED: f32 = 1e-3;

/// A network in two parts.
pub(crate) struct Network {
    /// [`PIECE_ROWS`] of the features to the steps of their last [`OWN_ROWS`].
    front: Arc<TypedRunnableModel>,
    /// The steps of a window, its mask and its overall columns to the logits.
    back: Arc<TypedRunnableModel>,
    /// Values of a step, and the rows that it is made of.
    step: [usize; 2],
    columns: usize,
    /// Of the columns, those that are of the window as a whole.
    overall: usize,
    /// Functionals that go with a window.
    functionals: usize,
}

impl Network {
    /// Cuts the graph of a file, and runs its parts once.
    pub(crate) fn new(
        onnx: &Onnx,
        proto: &ModelProto,
        features: &FeatureSettings,
    ) -> TractResult<Self> {
        // tract also takes an inner node by its name, which other runtimes would not find.
        let declared = proto.graph.as_ref().context("it holds no graph")?;
        let functionals = features.functionals();
        let mut given = INPUTS.to_vec();
        if functionals > 0 {
            given.push(FUNCTIONALS);
        }
        for (values, names) in [(&declared.input, &given[..]), (&declared.output, &OUTPUTS)] {
            for &name in names {
                ensure!(
                    values.iter().any(|value| value.name == name),
                    "it declares no {name}"
                );
            }
        }
        let columns = features.columns();
        let mut front = between(proto, &[("features", &[1, PIECE_ROWS, columns])], &[STEPS]);
        if let Some(graph) = &mut front.graph {
            piece::own_steps(graph, STEPS)?;
        }
        let front = runnable(onnx, &front)?;
        let rows = Tensor::zero::<f32>(&[1, PIECE_ROWS, columns])?;
        let made = front.run(tvec!(rows.into()))?;
        let &[steps, width] = made[0].shape() else {
            bail!("its steps have the shape {:?}", made[0].shape());
        };
        let rows = OWN_ROWS.checked_div(steps).unwrap_or(0);
        ensure!(
            rows == TIME_POOL || rows == STRIDE_FRAMES,
            "it makes {steps} steps of {OWN_ROWS} rows"
        );
        let mut inputs: Vec<(&str, &[usize])> = Vec::new();
        let overall = features.overall_columns();
        let (all_steps, one_row, one) =
            ([WINDOW_ROWS / rows, width], [1, overall], [1, functionals]);
        inputs.push((STEPS, &all_steps));
        inputs.push(("mask", &[1, MASK_STEPS]));
        if overall > 0 {
            inputs.push((OVERALL, &one_row));
        }
        if functionals > 0 {
            inputs.push((FUNCTIONALS, &one));
        }
        let network = Self {
            back: runnable(onnx, &between(proto, &inputs, &OUTPUTS))?,
            front,
            step: [width, rows],
            columns,
            overall,
            functionals,
        };
        network.whole(&Windowing::new(features).window(&[]))?;
        network.check_reach()?;
        Ok(network)
    }

    /// Whether a step depends on no rows but those that it may depend on.
    fn check_reach(&self) -> TractResult<()> {
        let columns = self.columns;
        let noise = |at: usize| ((at * at) as f32 * 0.37).sin();
        let rows: Vec<f32> = (0..PIECE_ROWS * columns).map(noise).collect();
        let mut other = rows.clone();
        let (first, last) = other.split_at_mut((PIECE_ROWS - STRIDE_FRAMES) * columns);
        first[..STRIDE_FRAMES * columns].fill(0.0);
        last.fill(0.0);
        // Rows beside the second step's context and the last settled one's reach.
        let settled = self.step_values(STRIDE_FRAMES)
            ..self.step_values(OWN_ROWS - REACH_ROWS - STRIDE_FRAMES);
        let (a, b) = (self.piece(&rows)?, self.piece(&other)?);
        let mut pairs = a[settled.clone()].iter().zip(&b[settled]);
        ensure!(
            pairs.all(|(a, b)| (a - b).abs() < SETTLED || !a.is_finite()),
            "its steps depend on more than {CONTEXT_FRAMES} rows before and {REACH_ROWS} after their own"
        );
        Ok(())
    }

    /// The steps of the rows `from` to `end`, multiples of [`STRIDE_FRAMES`]; `before` gives the [`PIECE_ROWS`] before a row. Those
    /// of the last [`REACH_ROWS`] change with the rows after them.
    pub(crate) fn steps(
        &self,
        from: usize,
        end: usize,
        before: impl Fn(usize) -> Vec<f32>,
    ) -> TractResult<Vec<f32>> {
        let mut steps = Vec::with_capacity(self.step_values(end - from));
        let mut known = from;
        while known < end {
            let piece_end = end.min(known + OWN_ROWS);
            let made = self.piece(&before(piece_end))?;
            let unsettled = if piece_end == end { 0 } else { REACH_ROWS };
            let first = OWN_ROWS - (piece_end - known);
            let places = self.step_values(first)..self.step_values(OWN_ROWS - unsettled);
            steps.extend(&made[places]);
            known = piece_end - unsettled;
        }
        Ok(steps)
    }

    /// The steps of the last [`OWN_ROWS`] of [`PIECE_ROWS`] rows.
    fn piece(&self, rows: &[f32]) -> TractResult<Vec<f32>> {
        let columns = self.columns;
        let rows = Tensor::from_shape(&[1, PIECE_ROWS, columns], rows)?;
        let made = self.front.run(tvec!(rows.into()))?;
        Ok(made[0]
            .to_plain_array_view::<f32>()?
            .iter()
            .copied()
            .collect())
    }

    /// What follows from the steps of a window.
    pub(crate) fn conclude(
        &self,
        steps: &[f32],
        overall: &[f32],
        functionals: &[f32],
        mask: &[f32; MASK_STEPS],
    ) -> TractResult<Logits> {
        let [width, rows] = self.step;
        let mut inputs = tvec!(
            Tensor::from_shape(&[WINDOW_ROWS / rows, width], steps)?.into(),
            Tensor::from_shape(&[1, MASK_STEPS], mask)?.into(),
        );
        if self.overall > 0 {
            inputs.push(Tensor::from_shape(&[1, self.overall], overall)?.into());
        }
        if self.functionals > 0 {
            inputs.push(Tensor::from_shape(&[1, self.functionals], functionals)?.into());
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

    /// What follows from a whole window.
    pub(crate) fn whole(&self, window: &Window) -> TractResult<Logits> {
        // What comes before the window's context is nothing.
        let mut rows = vec![0.0; CONTEXT_FRAMES * self.columns];
        rows.extend(&window.features);
        let steps = self.steps(0, WINDOW_ROWS, |end| {
            let end = CONTEXT_FRAMES + end;
            rows[(end - PIECE_ROWS) * self.columns..end * self.columns].to_vec()
        })?;
        let overall = &window.features[window.features.len() - self.overall..];
        self.conclude(&steps, overall, &window.functionals, &window.mask)
    }

    /// Values of the steps of so many rows, a multiple of [`STRIDE_FRAMES`].
    pub(crate) fn step_values(&self, rows: usize) -> usize {
        let [width, step_rows] = self.step;
        rows / step_rows * width
    }
}

/// The part of a file's graph from some of its values to others, in this order.
fn between(proto: &ModelProto, inputs: &[(&str, &[usize])], outputs: &[&str]) -> ModelProto {
    let mut proto = proto.clone();
    if let Some(graph) = &mut proto.graph {
        keep_between(graph, inputs, outputs);
    }
    proto
}

fn runnable(onnx: &Onnx, proto: &ModelProto) -> TractResult<Arc<TypedRunnableModel>> {
    let mut graph = onnx.model_for_proto_model(proto)?;
    if let Some(declared) = &proto.graph {
        graph.select_inputs_by_name(declared.input.iter().map(|value| &value.name))?;
        graph.select_outputs_by_name(declared.output.iter().map(|value| &value.name))?;
    }
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
