//! From a trained network to an ONNX file that any runtime can run.
//!
//! Batch norms are folded into their convolutions; the LSTM is ONNX's own operator. What is written is run by tract before it
//! is handed out, and compared with burn.

use crate::{
    evaluate,
    network::{Lstm, Network, STRIDES, VARIANCE_FLOOR},
    onnx::{self, GraphBuilder, int, ints},
    verify,
};
use anyhow::{Result, ensure};
use burn::{
    nn::Linear,
    tensor::{Device, Tensor},
};
use pathos_analysis::{
    Emotion, Evidence, FeatureSettings, HOP_SECONDS, MASK_STEPS, MEL_BANDS, Model, WINDOW_FRAMES,
    model::{FORMAT, keys},
};
use tract_onnx::pb::ModelProto;

/// How far burn and tract may differ in a logit.
const TOLERANCE: f32 = 1e-4;
/// Windows on which they are compared.
const WINDOWS: usize = 32;

/// What a model file says of itself, beside its network.
#[derive(Clone, Debug, Default)]
pub struct Labels {
    /// What it is called.
    pub name: String,
    /// Its version.
    pub version: String,
    /// What the logits are divided by before the softmax.
    pub temperature: f32,
    /// What is known of its quality.
    pub evidence: Evidence,
}

/// The bytes of a model file. `network` is one without autodiff.
///
/// # Errors
///
/// If tract cannot run the graph, or runs it otherwise than burn.
pub fn model_file(network: &Network, labels: &Labels) -> Result<Vec<u8>> {
    let mut proto = graph(network);
    let features = serde_json::to_string(&FeatureSettings::default())?;
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
        onnx::set_metadata(&mut proto, key, value);
    }
    let bytes = onnx::bytes(&proto);
    let model = Model::from_bytes(&bytes)?;
    let difference = difference_from_burn(network, &model);
    ensure!(
        difference <= TOLERANCE,
        "tract's logits are up to {difference:.1e} away from burn's, more than {TOLERANCE:.0e}: the exported graph is not the network"
    );
    Ok(bytes)
}

/// The largest difference of a logit between burn and tract, on made-up windows of every length.
fn difference_from_burn(network: &Network, model: &Model) -> f32 {
    let windows = verify::windows(WINDOWS);
    let expected = evaluate::run(network, &windows, &Device::flex());
    let pairs = windows.iter().zip(expected);
    pairs
        .map(|(window, expected)| verify::difference(&model.infer(window), &expected))
        .fold(0.0, f32::max)
}

fn graph(network: &Network) -> ModelProto {
    let mut graph = GraphBuilder::new("cnn-lstm");
    graph.input("log_mel", &[1, WINDOW_FRAMES, MEL_BANDS]);
    graph.input("mask", &[1, MASK_STEPS]);
    let channels = convolutions(&mut graph, network);

    // [1, channels, steps, bands] to a row for each step.
    graph.node(
        "Transpose",
        &[&channels],
        "by_step",
        vec![ints("perm", &[2, 0, 1, 3])],
    );
    graph.integers("rows", &[MASK_STEPS as i64, -1]);
    graph.node("Reshape", &["by_step", "rows"], "steps", vec![]);
    linear(&mut graph, "steps", &network.projection, "projected");
    graph.node("Relu", &["projected"], "projection", vec![]);
    lstm(&mut graph, "projection", &network.lstm, "recurrent");
    pool(&mut graph, "recurrent", &network.score, "pooled");
    linear(&mut graph, "pooled", &network.emotions, "logits");
    linear(&mut graph, "pooled", &network.voice, "voice");
    graph.output("logits", &[1, Emotion::COUNT]);
    graph.output("voice", &[1, 1]);
    graph.finish()
}

/// The convolutions with their batch norms; the name of the last one's output.
fn convolutions(graph: &mut GraphBuilder, network: &Network) -> String {
    graph.integers("image", &[1, 1, WINDOW_FRAMES as i64, MEL_BANDS as i64]);
    graph.node("Reshape", &["log_mel", "image"], "channel", vec![]);
    let mut input = "channel".to_owned();
    for (number, (block, strides)) in network.blocks.iter().zip(STRIDES).enumerate() {
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
            ints("strides", &strides),
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
    input
}

/// `[rows, inputs]` to `[rows, outputs]`.
fn linear(graph: &mut GraphBuilder, input: &str, layer: &Linear, output: &str) {
    let (weight, bias) = (format!("{output}_weight"), format!("{output}_bias"));
    let shape = layer.weight.dims();
    graph.constant(&weight, &shape, &values(layer.weight.val()));
    graph.constant(&bias, &shape[1..], &bias_of(layer));
    graph.node("Gemm", &[input, &weight, &bias], output, vec![]);
}

/// `[steps, inputs]` to `[steps, hidden]`.
fn lstm(graph: &mut GraphBuilder, input: &str, lstm: &Lstm, output: &str) {
    let [inputs, gates] = lstm.input.weight.dims();
    let hidden = gates / 4;
    graph.constant(
        "lstm_input",
        &[1, gates, inputs],
        &transposed(lstm.input.weight.val()),
    );
    graph.constant(
        "lstm_recurrent",
        &[1, gates, hidden],
        &transposed(lstm.recurrent.val()),
    );
    // ONNX has one bias for the input and one for the state; burn's one stands for their sum.
    let mut bias = bias_of(&lstm.input);
    bias.resize(2 * gates, 0.0);
    graph.constant("lstm_bias", &[1, 2 * gates], &bias);
    graph.integers("sequence", &[MASK_STEPS as i64, 1, inputs as i64]);
    graph.node("Reshape", &[input, "sequence"], "lstm_sequence", vec![]);
    graph.node(
        "LSTM",
        &["lstm_sequence", "lstm_input", "lstm_recurrent", "lstm_bias"],
        "lstm",
        vec![int("hidden_size", hidden as i64)],
    );
    graph.integers("states", &[MASK_STEPS as i64, hidden as i64]);
    graph.node("Reshape", &["lstm", "states"], output, vec![]);
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
    graph.integers("column", &[MASK_STEPS as i64, 1]);
    graph.constant("one", &[1], &[1.0]);
    graph.constant("far", &[1], &[1e4]);
    graph.constant("variance_floor", &[1], &[VARIANCE_FLOOR]);

    graph.node("Reshape", &["mask", "column"], "real", vec![]);
    graph.node("Sub", &["real", "one"], "unreal", vec![]);
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
    use crate::network::NetworkConfig;
    use burn::{module::Module, tensor::Distribution};

    /// A small network whose batch norms have seen something, so that folding them matters.
    fn network() -> Network {
        let device = Device::flex();
        device.seed(3);
        let network = NetworkConfig::new([4, 6, 8, 10], 12, 14, 0.3).init(&device);
        let learning = network.train();
        let autodiff = device.autodiff();
        let learning = learning.to_device(&autodiff);
        for _ in 0..3 {
            let log_mel = Tensor::random(
                [4, WINDOW_FRAMES, MEL_BANDS],
                Distribution::Normal(0.5, 2.0),
                &autodiff,
            );
            let mask = Tensor::ones([4, MASK_STEPS], &autodiff);
            let _ = learning.forward(log_mel, mask);
        }
        learning.valid()
    }

    fn labels() -> Labels {
        Labels {
            name: "Test".into(),
            version: "9".into(),
            temperature: 1.25,
            ..Labels::default()
        }
    }

    #[test]
    fn tract_runs_what_burn_trained() {
        let network = network();
        let mean = values(network.blocks[0].norm.running_mean.value());
        assert!(
            mean.iter().any(|mean| mean.abs() > 1e-3),
            "the norms are as new"
        );
        // `model_file` itself refuses a graph that differs.
        let model = Model::from_bytes(&model_file(&network, &labels()).unwrap()).unwrap();
        assert_eq!(model.info().name, "Test");
        assert_eq!(model.info().temperature, 1.25);
    }

    #[test]
    fn a_graph_that_differs_is_noticed() {
        let network = network();
        let model = Model::from_bytes(&model_file(&network, &labels()).unwrap()).unwrap();
        let device = Device::flex();
        let other = NetworkConfig::new([4, 6, 8, 10], 12, 14, 0.3).init(&device);
        assert!(difference_from_burn(&other, &model) > TOLERANCE);
    }

    #[test]
    fn padding_does_not_reach_the_logits_of_the_pooling() {
        let network = network();
        let model = Model::from_bytes(&model_file(&network, &labels()).unwrap()).unwrap();
        let mut window = pathos_analysis::normalise([].iter());
        let nothing = model.infer(&window);
        assert!(nothing.emotions.iter().all(|logit| logit.is_finite()));
        window.mask = [1.0; MASK_STEPS];
        assert_ne!(
            model.infer(&window),
            nothing,
            "the mask decides what is pooled"
        );
    }
}
