//! From a trained network to an ONNX file that any runtime can run.
//!
//! Batch norms are folded into their convolutions; the LSTM is ONNX's own operator. What is written is run by tract before it
//! is handed out, and compared with burn.

use super::{
    builder::{self, GraphBuilder, int, ints},
    verify::{self, TOLERANCE},
};
use crate::{
    evaluate,
    network::{FunctionalHead, Lstm, Network, VARIANCE_FLOOR},
};
use anyhow::{Result, ensure};
use burn::{
    nn::Linear,
    tensor::{Device, Tensor},
};
use pathos_analysis::{
    Emotion, Evidence, FeatureSettings, HOP_SECONDS, MASK_STEPS, Model, TIME_POOL, WINDOW_ROWS,
    model::{FORMAT, keys},
};
use tract_onnx::pb::ModelProto;

/// Windows on which they are compared.
const WINDOWS: usize = 32;
/// Added to the LSTM's input gate at a step of padding, which shuts it: the cell stays at 0 up to the first real step.
const SHUT: f32 = -100.0;

/// What a model file says of itself, beside its network.
#[derive(Clone, Debug, Default)]
pub struct Labels {
    /// What it is called.
    pub name: String,
    /// Its version.
    pub version: String,
    /// What the network looks at.
    pub features: FeatureSettings,
    /// What the logits are divided by before the softmax.
    pub temperature: f32,
    /// The means of the log-probabilities of neutral voices, if any were judged.
    pub neutral: Option<[f32; Emotion::COUNT]>,
    /// What is known of its quality.
    pub evidence: Evidence,
}

/// The bytes of a model file. `network` is one without autodiff.
///
/// # Errors
///
/// If tract cannot run the graph, or runs it otherwise than burn.
pub fn model_file(network: &Network, labels: &Labels) -> Result<Vec<u8>> {
    let mut proto = graph(network, labels.features.columns());
    let features = serde_json::to_string(&labels.features)?;
    let evidence = serde_json::to_string(&labels.evidence)?;
    for (key, value) in [
        (keys::FORMAT, FORMAT),
        (keys::NAME, &labels.name),
        (keys::VERSION, &labels.version),
        (keys::LABELS, &Emotion::ALL.map(Emotion::name).join(",")),
        (keys::FEATURES, &features),
        (keys::TEMPERATURE, &labels.temperature.to_string()),
        (keys::HOP_SECONDS, &HOP_SECONDS.to_string()),
        (keys::EVIDENCE, &evidence),
    ] {
        builder::set_metadata(&mut proto, key, value);
    }
    if let Some(neutral) = &labels.neutral {
        let neutral = serde_json::to_string(neutral)?;
        builder::set_metadata(&mut proto, keys::NEUTRAL, &neutral);
    }
    let bytes = builder::bytes(&proto);
    let model = Model::from_bytes(&bytes)?;
    let difference = difference_from_burn(network, &model);
    ensure!(
        difference <= TOLERANCE,
        "tract's logits are up to {difference:.1e} away from burn's, more than {TOLERANCE:.0e}: the exported graph is not the network"
    );
    Ok(bytes)
}

/// The largest difference between burn and tract, on made-up windows of every length.
fn difference_from_burn(network: &Network, model: &Model) -> f32 {
    let windows = verify::windows(&model.info().features, WINDOWS);
    let expected = evaluate::run(network, &windows, &Device::flex());
    let pairs = windows.iter().zip(expected);
    pairs
        .map(|(window, expected)| verify::difference(&model.infer(window), &expected))
        .fold(0.0, f32::max)
}

fn graph(network: &Network, columns: usize) -> ModelProto {
    let mut graph = GraphBuilder::new("pathos");
    graph.input("features", &[1, WINDOW_ROWS, columns]);
    graph.input("mask", &[1, MASK_STEPS]);
    let stride = network.mask_stride();
    let steps = MASK_STEPS.div_ceil(stride);
    graph.integers("mask_column", &[MASK_STEPS as i64, 1]);
    graph.constant("one", &[1], &[1.0]);
    graph.node("Reshape", &["mask", "mask_column"], "mask_steps", vec![]);
    every(&mut graph, stride, "mask_steps", "real");
    graph.node("Sub", &["real", "one"], "unreal", vec![]);

    let mut joined: Vec<&str> = Vec::new();
    if network.convolved > 0 {
        take_columns(&mut graph, 0, network.convolved, "spectrum");
        convolutions(&mut graph, network, "spectrum", "convolved");
        joined.push("convolved");
    }
    let overall = network.overall();
    if network.convolved + overall < columns {
        take_columns(&mut graph, network.convolved, columns - overall, "others");
        let width = stride * TIME_POOL * (columns - overall - network.convolved);
        graph.integers("stack", &[-1, width as i64]);
        graph.node("Reshape", &["others", "stack"], "stacked", vec![]);
        joined.push("stacked");
    }
    graph.node("Concat", &joined, "joined", vec![int("axis", 1)]);
    // Up to here and this layer, a step is made of a few rows alone, which `pathos_analysis::Recogniser` makes use of.
    linear(&mut graph, "joined", &network.projection, "steps");
    let mut projected = "steps";
    if let Some(tone) = &network.tone {
        slice(
            &mut graph,
            "features",
            1,
            [WINDOW_ROWS - 1, WINDOW_ROWS],
            "last_row",
        );
        slice(
            &mut graph,
            "last_row",
            2,
            [columns - overall, columns],
            "last_columns",
        );
        graph.integers("vector", &[1, overall as i64]);
        graph.node("Reshape", &["last_columns", "vector"], "ltas", vec![]);
        graph.constant(
            "tone_weight",
            &tone.weight.dims(),
            &values(tone.weight.val()),
        );
        graph.node("MatMul", &["ltas", "tone_weight"], "tone", vec![]);
        graph.node("Add", &["steps", "tone"], "toned", vec![]);
        projected = "toned";
    }
    if let Some(head) = &network.functionals {
        standardised(&mut graph, head);
    }
    if let Some(layer) = &network.voices {
        let weight = layer.weight.val();
        graph.constant("known_weight", &weight.dims(), &values(weight));
        let inputs = ["functional_voices", "known_weight"];
        graph.node("MatMul", &inputs, "known", vec![]);
        graph.node("Add", &[projected, "known"], "expected", vec![]);
        projected = "expected";
    }
    graph.node("Relu", &[projected], "projection", vec![]);
    let mut output = "projection";
    if let Some(own) = &network.lstm {
        lstm(&mut graph, own, steps, output, "recurrent");
        output = "recurrent";
    }
    pool(&mut graph, output, &network.score, "pooled");
    match &network.functionals {
        None => linear(&mut graph, "pooled", &network.emotions, "logits"),
        Some(head) => {
            linear(&mut graph, "pooled", &network.emotions, "emotions");
            functionals(&mut graph, head, "functional");
            graph.node("Add", &["emotions", "functional"], "logits", vec![]);
        }
    }
    linear(&mut graph, "pooled", &network.voice, "voice");
    graph.output("logits", &[1, Emotion::COUNT]);
    graph.output("voice", &[1, 1]);
    graph.finish()
}

/// Every `stride`-th row of `[rows, columns]`, from the first on. (A `Slice` with steps would say the same, but tract cannot
/// simplify one after a `Reshape`.)
fn every(graph: &mut GraphBuilder, stride: usize, input: &str, output: &str) {
    let rows: Vec<i64> = (0..MASK_STEPS as i64).step_by(stride).collect();
    let places = format!("{output}_places");
    graph.integers(&places, &rows);
    graph.node("Gather", &[input, &places], output, vec![int("axis", 0)]);
}

/// The columns `from` to `to` of the features.
fn take_columns(graph: &mut GraphBuilder, from: usize, to: usize, output: &str) {
    slice(graph, "features", 2, [from, to], output);
}

/// What lies from one place to another along an axis.
fn slice(graph: &mut GraphBuilder, input: &str, axis: i64, range: [usize; 2], output: &str) {
    let name = |what: &str| format!("{output}_{what}");
    let (start, end, along) = (name("from"), name("to"), name("axis"));
    graph.integers(&start, &[range[0] as i64]);
    graph.integers(&end, &[range[1] as i64]);
    graph.integers(&along, &[axis]);
    graph.node("Slice", &[input, &start, &end, &along], output, vec![]);
}

/// The convolutions with their batch norms: `[1, frames, bands]` to a row for each step.
fn convolutions(graph: &mut GraphBuilder, network: &Network, input: &str, output: &str) {
    let image = [1, 1, -1, network.convolved as i64];
    graph.integers("image", &image);
    graph.node("Reshape", &[input, "image"], "channel", vec![]);
    let mut input = "channel".to_owned();
    for (number, block) in network.blocks.iter().enumerate() {
        let shape = block.conv.weight.dims();
        let mut weights = values(block.conv.weight.val());
        let gamma = values(block.norm.gamma.val());
        let mean = values(block.norm.running_mean.value());
        let variance = values(block.norm.running_var.value());
        let mut bias = values(block.norm.beta.val());
        let outputs = weights.chunks_exact_mut(shape[1..].iter().product());
        for (channel, weights) in outputs.enumerate() {
            let scale = gamma[channel] / (variance[channel] + block.norm.epsilon as f32).sqrt();
            weights.iter_mut().for_each(|weight| *weight *= scale);
            bias[channel] -= mean[channel] * scale;
        }
        let name = |what: &str| format!("conv{number}_{what}");
        let (weight_name, bias_name, linear_name) = (name("weight"), name("bias"), name("linear"));
        graph.constant(&weight_name, &shape, &weights);
        graph.constant(&bias_name, &shape[..1], &bias);
        let attributes = vec![
            ints("kernel_shape", &shape[2..]),
            ints("pads", &[1, 1, 1, 1]),
            ints("strides", &block.conv.stride),
        ];
        graph.node(
            "Conv",
            &[&input, &weight_name, &bias_name],
            &linear_name,
            attributes,
        );
        input = name("relu");
        graph.node("Relu", &[&linear_name], &input, vec![]);
    }
    // [1, channels, steps, bands] to a row for each step.
    graph.node(
        "Transpose",
        &[&input],
        "by_step",
        vec![ints("perm", &[2, 0, 1, 3])],
    );
    // 0 stands for as many as there are.
    graph.integers("rows", &[0, -1]);
    graph.node("Reshape", &["by_step", "rows"], output, vec![]);
}

/// `[rows, inputs]` to `[rows, outputs]`.
fn linear(graph: &mut GraphBuilder, input: &str, layer: &Linear, output: &str) {
    let (weight, bias) = (format!("{output}_weight"), format!("{output}_bias"));
    let shape = layer.weight.dims();
    graph.constant(&weight, &shape, &values(layer.weight.val()));
    graph.constant(&bias, &shape[1..], &bias_of(layer));
    graph.node("Gemm", &[input, &weight, &bias], output, vec![]);
}

/// `[steps, inputs]` to `[steps, hidden]`. One input more than burn's says whether a step is padding: see [`SHUT`].
fn lstm(graph: &mut GraphBuilder, lstm: &Lstm, steps: usize, input: &str, output: &str) {
    let [inputs, gates] = lstm.input.weight.dims();
    let hidden = gates / 4;
    graph.node(
        "Concat",
        &[input, "unreal"],
        "lstm_steps",
        vec![int("axis", 1)],
    );
    let weights = transposed(lstm.input.weight.val());
    let mut with_padding = Vec::with_capacity(gates * (inputs + 1));
    for (gate, weights) in weights.chunks_exact(inputs).enumerate() {
        with_padding.extend_from_slice(weights);
        // The input gates come first, and `unreal` is -1 at a step of padding.
        with_padding.push(if gate < hidden { -SHUT } else { 0.0 });
    }
    graph.constant("lstm_input", &[1, gates, inputs + 1], &with_padding);
    graph.constant(
        "lstm_recurrent",
        &[1, gates, hidden],
        &transposed(lstm.recurrent.val()),
    );
    // ONNX has one bias for the input and one for the state; burn's one stands for their sum.
    let mut bias = bias_of(&lstm.input);
    bias.resize(2 * gates, 0.0);
    graph.constant("lstm_bias", &[1, 2 * gates], &bias);
    graph.integers("sequence", &[steps as i64, 1, inputs as i64 + 1]);
    graph.node(
        "Reshape",
        &["lstm_steps", "sequence"],
        "lstm_sequence",
        vec![],
    );
    graph.node(
        "LSTM",
        &["lstm_sequence", "lstm_input", "lstm_recurrent", "lstm_bias"],
        "lstm",
        vec![int("hidden_size", hidden as i64)],
    );
    graph.integers("states", &[steps as i64, hidden as i64]);
    graph.node("Reshape", &["lstm", "states"], output, vec![]);
}

/// The input `functionals` to how many deviations they are from their means, and to how likely it is each of the voices that are known.
fn standardised(graph: &mut GraphBuilder, head: &FunctionalHead) {
    let [count, _] = head.hidden.weight.dims();
    graph.input("functionals", &[1, count]);
    graph.constant("functional_mean", &[count], &values(head.mean.val()));
    graph.constant("functional_scale", &[count], &values(head.scale.val()));
    graph.constant("functional_most", &[1], &[FunctionalHead::LARGEST]);
    graph.constant("functional_least", &[1], &[-FunctionalHead::LARGEST]);
    for (operator, inputs, made) in [
        (
            "Sub",
            ["functionals", "functional_mean"],
            "functionals_centred",
        ),
        (
            "Mul",
            ["functionals_centred", "functional_scale"],
            "functionals_scaled",
        ),
        (
            "Min",
            ["functionals_scaled", "functional_most"],
            "functionals_capped",
        ),
        (
            "Max",
            ["functionals_capped", "functional_least"],
            "functionals_standardised",
        ),
    ] {
        graph.node(operator, &inputs, made, vec![]);
    }
    if let Some(voices) = &head.voices {
        linear(
            graph,
            "functionals_standardised",
            &voices.which.traits,
            "functional_traits",
        );
        linear(
            graph,
            "functional_traits",
            &voices.which.voices,
            "functional_voice",
        );
        graph.node(
            "Softmax",
            &["functional_voice"],
            "functional_voices",
            vec![int("axis", 1)],
        );
    }
}

/// What follows to what it adds to the logits. See `FunctionalHead::forward`.
fn functionals(graph: &mut GraphBuilder, head: &FunctionalHead, output: &str) {
    linear(
        graph,
        "functionals_standardised",
        &head.hidden,
        "functional_hidden",
    );
    let mut hidden = "functional_hidden";
    if let Some(voices) = &head.voices {
        let natures = voices.natures.val();
        graph.constant("functional_natures", &natures.dims(), &values(natures));
        for (operator, inputs, made) in [
            (
                "MatMul",
                ["functional_voices", "functional_natures"],
                "functional_nature",
            ),
            ("Sub", [hidden, "functional_nature"], "functional_others"),
        ] {
            graph.node(operator, &inputs, made, vec![]);
        }
        hidden = "functional_others";
    }
    graph.node("Relu", &[hidden], "functional_positive", vec![]);
    let Some(gate) = &head.gate else {
        linear(graph, "functional_positive", &head.emotions, output);
        return;
    };
    linear(
        graph,
        "functional_positive",
        &head.emotions,
        "functional_each",
    );
    linear(graph, "functional_positive", gate, "functional_gate");
    let rows = [FunctionalHead::CORPORA as i64, Emotion::COUNT as i64];
    graph.integers("functional_rows", &rows);
    graph.node(
        "Reshape",
        &["functional_each", "functional_rows"],
        "functional_by_corpus",
        vec![],
    );
    for (logits, probabilities) in [
        ("functional_by_corpus", "functional_opinions"),
        ("functional_gate", "functional_counts"),
    ] {
        graph.node("Softmax", &[logits], probabilities, vec![int("axis", 1)]);
    }
    graph.constant("functional_floor", &[1], &[FunctionalHead::LEAST]);
    graph.constant("functional_share", &[1], &[head.share()]);
    for (operator, inputs, made) in [
        (
            "MatMul",
            &["functional_counts", "functional_opinions"][..],
            "functional_mixed",
        ),
        (
            "Max",
            &["functional_mixed", "functional_floor"],
            "functional_floored",
        ),
        ("Log", &["functional_floored"], "functional_log"),
        ("Mul", &["functional_log", "functional_share"], output),
    ] {
        graph.node(operator, inputs, made, vec![]);
    }
}

/// Attention, mean and deviation over the real steps: `[steps, hidden]` to `[1, 3 hidden]`. See `Network::pool`.
fn pool(graph: &mut GraphBuilder, x: &str, score: &Linear, output: &str) {
    let sum = |graph: &mut GraphBuilder, input: &str, output: &str| {
        graph.node(
            "ReduceSum",
            &[input, "over_steps"],
            output,
            vec![int("keepdims", 1)],
        );
    };
    graph.integers("over_steps", &[0]);
    graph.constant("far", &[1], &[1e4]);
    graph.constant("variance_floor", &[1], &[VARIANCE_FLOOR]);

    graph.node("Mul", &["unreal", "far"], "padded", vec![]);
    linear(graph, x, score, "score");
    graph.node("Add", &["score", "padded"], "real_score", vec![]);
    graph.node(
        "Softmax",
        &["real_score"],
        "attention_weight",
        vec![int("axis", 0)],
    );
    graph.node("Mul", &[x, "attention_weight"], "attended", vec![]);
    sum(graph, "attended", "attention");

    sum(graph, "real", "real_count");
    graph.node("Max", &["real_count", "one"], "count", vec![]);
    graph.node("Mul", &[x, "real"], "real_steps", vec![]);
    sum(graph, "real_steps", "real_sum");
    graph.node("Div", &["real_sum", "count"], "mean", vec![]);

    graph.node("Sub", &[x, "mean"], "centred", vec![]);
    graph.node("Mul", &["centred", "centred"], "square", vec![]);
    graph.node("Mul", &["square", "real"], "real_square", vec![]);
    sum(graph, "real_square", "square_sum");
    graph.node("Div", &["square_sum", "count"], "variance", vec![]);
    graph.node("Add", &["variance", "variance_floor"], "floored", vec![]);
    graph.node("Sqrt", &["floored"], "deviation", vec![]);

    let parts = ["attention", "mean", "deviation"];
    graph.node("Concat", &parts, output, vec![int("axis", 1)]);
}

fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().try_to_vec().expect("weights are f32")
}

fn transposed(matrix: Tensor<2>) -> Vec<f32> {
    values(matrix.transpose())
}

fn bias_of(layer: &Linear) -> Vec<f32> {
    let [_, outputs] = layer.weight.dims();
    let bias = layer.bias.as_ref().map(|bias| values(bias.val()));
    bias.unwrap_or_else(|| vec![0.0; outputs])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::non_voice;
    use crate::{
        config::{Config, NetworkKind},
        network::{Architecture, Input},
        onnx::import,
    };
    use burn::{module::Module, tensor::Distribution};
    use pathos_analysis::{FeatureKind, Recogniser};
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    const KINDS: [NetworkKind; 3] = [NetworkKind::Cnn, NetworkKind::Lstm, NetworkKind::CnnLstm];
    const FEATURES: [&[FeatureKind]; 2] = [&[FeatureKind::LogMel], &FeatureKind::ALL];
    /// Steps of 4 frames and of 8.
    const STRIDES: [&str; 2] = ["[[2,2],[2,2],[1,2],[1,2]]", "[[2,2],[2,2],[2,2],[1,2]]"];

    fn architecture(kind: NetworkKind, features: &[FeatureKind], strides: &str) -> Architecture {
        let overrides = [
            &format!("network.strides={strides}"),
            "network.channels=[4,6,8,10]",
            "network.projection=12",
            "network.hidden=14",
        ];
        let mut settings = Config::first(&overrides).network;
        settings.kind = kind;
        settings.corpus_outputs = Some(strides == STRIDES[0]);
        settings.known_voices = (strides == STRIDES[0]).then_some(9);
        Architecture::new(&settings, &FeatureSettings::of(features))
    }

    /// A small network whose batch norms have seen something, so that folding them matters.
    fn network(kind: NetworkKind, features: &[FeatureKind], strides: &str) -> Network {
        let autodiff = Device::flex().autodiff();
        autodiff.seed(3);
        let architecture = architecture(kind, features, strides);
        let learning = architecture.init(0.3, &autodiff);
        for _ in 0..3 {
            let shape = [4, WINDOW_ROWS, architecture.columns];
            let features = Tensor::random(shape, Distribution::Normal(0.5, 2.0), &autodiff);
            let mask = Tensor::ones([4, MASK_STEPS], &autodiff);
            let _ = learning.forward(Input {
                features,
                mask,
                voices: None,
            });
        }
        let mut network = learning.valid();
        if let Some(head) = &mut network.functionals {
            let random = |weight: Tensor<2>| weight.random_like(Distribution::Normal(0.0, 0.01));
            head.scale = head.scale.clone().map(|scale| scale * 0.5);
            let gate = head.gate.iter_mut();
            for layer in [&mut head.hidden, &mut head.emotions]
                .into_iter()
                .chain(gate)
            {
                layer.weight = layer.weight.clone().map(random);
            }
            if let Some(voices) = &mut head.voices {
                let which = &mut voices.which;
                for layer in [&mut which.traits, &mut which.voices] {
                    layer.weight = layer.weight.clone().map(|weight| random(weight) * 3.0);
                }
                voices.natures = voices.natures.clone().map(|natures| random(natures) * 10.0);
            }
            if let Some(voices) = &mut network.voices {
                voices.weight = voices.weight.clone().map(|weight| random(weight) * 10.0);
            }
        }
        network
    }

    fn labels(features: &[FeatureKind]) -> Labels {
        Labels {
            name: "Test".into(),
            version: "9".into(),
            features: FeatureSettings::of(features),
            temperature: 1.25,
            ..Labels::default()
        }
    }

    fn file(network: &Network, features: &[FeatureKind]) -> Vec<u8> {
        // `model_file` itself refuses a graph that differs.
        model_file(network, &labels(features)).unwrap()
    }

    #[test]
    fn tract_runs_what_burn_trained_whatever_it_is() {
        for (kind, strides) in KINDS
            .into_iter()
            .flat_map(|kind| STRIDES.map(|own| (kind, own)))
        {
            for features in FEATURES {
                let network = network(kind, features, strides);
                if let Some(block) = network.blocks.first() {
                    let mean = values(block.norm.running_mean.value());
                    assert!(
                        mean.iter().any(|mean| mean.abs() > 1e-3),
                        "norms are as new"
                    );
                }
                let model = Model::from_bytes(&file(&network, features)).unwrap();
                assert_eq!(model.info().name, "Test");
                assert_eq!(model.info().temperature, 1.25);
                assert_eq!(model.info().features, FeatureSettings::of(features));
            }
        }
    }

    #[test]
    fn what_was_written_is_read_back() {
        for (kind, strides) in KINDS
            .into_iter()
            .flat_map(|kind| STRIDES.map(|own| (kind, own)))
        {
            for features in FEATURES {
                let bytes = file(&network(kind, features, strides), features);
                let (found, network) = import::network(&bytes, 0.0, &Device::flex()).unwrap();
                assert_eq!(found, architecture(kind, features, strides));
                let model = Model::from_bytes(&bytes).unwrap();
                let difference = difference_from_burn(&network, &model);
                assert!(difference < TOLERANCE, "{kind:?}: {difference}");
            }
        }
    }

    #[test]
    fn a_stream_is_told_what_its_windows_are() {
        let mut rng = ChaCha8Rng::seed_from_u64(5);
        for (kind, strides) in KINDS
            .into_iter()
            .flat_map(|kind| STRIDES.map(|own| (kind, own)))
        {
            for features in FEATURES {
                let network = network(kind, features, strides);
                let model = Model::from_bytes(&file(&network, features)).unwrap();
                let mut stream = Recogniser::new(&model);
                let mut heard = Vec::new();
                // Too little for a value, hops of usual length, none at all, and a pause of many windows.
                for hop in [21, 75, 25, 25, 0, 1, 130, 25, 12, 390, 25, 700, 25, 3] {
                    while heard.len() < hop {
                        heard.extend(non_voice::frames(features, &mut rng));
                    }
                    for frame in heard.drain(..hop) {
                        stream.push(frame);
                    }
                    let expected = model.infer(&stream.voice().window());
                    let difference = verify::difference(&stream.logits(&model), &expected);
                    assert!(
                        difference < TOLERANCE,
                        "{kind:?} {strides}: {difference} after {}",
                        stream.heard()
                    );
                }
            }
        }
    }

    #[test]
    fn a_graph_that_differs_is_noticed() {
        let features = FEATURES[0];
        let network = network(NetworkKind::CnnLstm, features, STRIDES[0]);
        let model = Model::from_bytes(&file(&network, features)).unwrap();
        let device = Device::flex();
        let other = architecture(NetworkKind::CnnLstm, features, STRIDES[0]).init(0.3, &device);
        assert!(difference_from_burn(&other, &model) > TOLERANCE);
    }

    #[test]
    fn the_mask_decides_what_is_pooled() {
        let features = FEATURES[0];
        let model = Model::from_bytes(&file(
            &network(NetworkKind::CnnLstm, features, STRIDES[0]),
            features,
        ));
        let model = model.unwrap();
        let mut window = model.windowing().window(&[]);
        let nothing = model.infer(&window);
        assert!(nothing.emotions.iter().all(|logit| logit.is_finite()));
        window.mask = [1.0; MASK_STEPS];
        assert_ne!(model.infer(&window), nothing);
    }
}
