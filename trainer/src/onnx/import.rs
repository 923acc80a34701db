//! From a model file that [`export`](super::export) wrote back to a network that can learn on.

use crate::{
    config::NetworkKind,
    network::{Architecture, FunctionalHead, Network},
};
use anyhow::{Context, Result, bail, ensure};
use burn::{
    module::{Param, RunningState},
    nn::{BatchNorm, Linear},
    tensor::{Device, Tensor, TensorData},
};
use pathos_analysis::MEL_BANDS;
use prost::Message;
use tract_onnx::pb::{GraphProto, ModelProto, tensor_shape_proto::dimension, type_proto};

/// The architecture of a model file, and its network on a device. `dropout` is for learning on.
///
/// The batch norms, which the file has folded into the convolutions, begin anew as no change: [`Network::normed_by`] some features before
/// it learns on.
///
/// # Errors
///
/// If it is no model file of this trainer's.
pub fn network(bytes: &[u8], dropout: f64, device: &Device) -> Result<(Architecture, Network)> {
    let graph = graph(bytes)?;
    let architecture = architecture_of(&graph)?;
    let mut network = architecture.init(dropout, device);
    for (number, block) in network.blocks.iter_mut().enumerate() {
        let weight = tensor(&graph, &format!("conv{number}_weight"))?;
        let bias = tensor(&graph, &format!("conv{number}_bias"))?;
        block.conv.weight = Param::from_data(weight, device);
        as_bias(&mut block.norm, bias, device);
    }
    load_linear(&graph, "steps", &mut network.projection, device)?;
    if let Some(tone) = &mut network.tone {
        tone.weight = Param::from_data(tensor(&graph, "tone_weight")?, device);
    }
    if let Some(lstm) = &mut network.lstm {
        let hidden = architecture.hidden;
        let input = tensor(&graph, "lstm_input")?;
        // The last input is that of the padding, which is no weight.
        let input = Tensor::<3>::from_data(input, device)
            .squeeze_dim::<2>(0)
            .narrow(1, 0, architecture.projection);
        let recurrent = Tensor::<3>::from_data(tensor(&graph, "lstm_recurrent")?, device);
        let bias = Tensor::<2>::from_data(tensor(&graph, "lstm_bias")?, device);
        lstm.input.weight = Param::from_tensor(input.transpose());
        lstm.recurrent = Param::from_tensor(recurrent.squeeze_dim::<2>(0).transpose());
        lstm.input.bias = Some(Param::from_tensor(
            bias.narrow(1, 0, 4 * hidden).squeeze_dim::<1>(0),
        ));
    }
    load_linear(&graph, "score", &mut network.score, device)?;
    let mut emotions = "logits";
    if let Some(head) = &mut network.functionals {
        emotions = "emotions";
        let measured = |name| -> Result<_> {
            let values = Tensor::from_data(tensor(&graph, name)?, device);
            Ok(FunctionalHead::measured(values))
        };
        head.mean = measured("functional_mean")?;
        head.scale = measured("functional_scale")?;
        load_linear(&graph, "functional_hidden", &mut head.hidden, device)?;
        if let Some(voices) = &mut head.voices {
            let which = &mut voices.which;
            load_linear(&graph, "functional_traits", &mut which.traits, device)?;
            load_linear(&graph, "functional_voice", &mut which.voices, device)?;
            voices.natures = Param::from_data(tensor(&graph, "functional_natures")?, device);
        }
        match &mut head.gate {
            None => load_linear(&graph, "functional", &mut head.emotions, device)?,
            Some(gate) => {
                load_linear(&graph, "functional_each", &mut head.emotions, device)?;
                load_linear(&graph, "functional_gate", gate, device)?;
            }
        }
    }
    if let Some(layer) = &mut network.voices {
        layer.weight = Param::from_data(tensor(&graph, "known_weight")?, device);
    }
    load_linear(&graph, emotions, &mut network.emotions, device)?;
    load_linear(&graph, "voice", &mut network.voice, device)?;
    Ok((architecture, network))
}

/// The architecture of a model file.
///
/// # Errors
///
/// If it is no model file of this trainer's.
pub fn architecture(bytes: &[u8]) -> Result<Architecture> {
    architecture_of(&graph(bytes)?)
}

fn graph(bytes: &[u8]) -> Result<GraphProto> {
    let proto = ModelProto::decode(bytes).context("not an ONNX file")?;
    proto.graph.context("the file holds no graph")
}

fn architecture_of(graph: &GraphProto) -> Result<Architecture> {
    let mut channels = Vec::new();
    let mut strides = Vec::new();
    for node in graph.node.iter().filter(|node| node.op_type == "Conv") {
        let weight = node.input.get(1).map_or("", String::as_str);
        channels.push(shape(graph, weight)?[0]);
        let attribute = node.attribute.iter().find(|own| own.name == "strides");
        let own = attribute.map_or(&[][..], |own| own.ints.as_slice());
        let &[frames, bands] = own else {
            bail!("the convolution `{}` has no two strides", node.name);
        };
        strides.push([frames as usize, bands as usize]);
    }
    let recurs = graph.node.iter().any(|node| node.op_type == "LSTM");
    let kind = match (channels.is_empty(), recurs) {
        (false, true) => NetworkKind::CnnLstm,
        (false, false) => NetworkKind::Cnn,
        (true, true) => NetworkKind::Lstm,
        (true, false) => bail!("the graph has neither convolutions nor an LSTM"),
    };
    let architecture = Architecture {
        kind,
        columns: columns(graph)?,
        convolved: if channels.is_empty() { 0 } else { MEL_BANDS },
        overall: shape(graph, "tone_weight").map_or(0, |shape| shape[0]),
        functionals: shape(graph, "functional_hidden_weight").map_or(0, |shape| shape[0]),
        functional_hidden: shape(graph, "functional_hidden_weight").map_or(0, |shape| shape[1]),
        corpus_outputs: shape(graph, "functional_gate_weight").is_ok(),
        known_voices: shape(graph, "functional_voice_weight").map_or(0, |shape| shape[1]),
        channels,
        strides,
        projection: shape(graph, "steps_weight")?[1],
        hidden: if recurs {
            shape(graph, "lstm_recurrent")?[2]
        } else {
            0
        },
    };
    let joined = shape(graph, "steps_weight")?[0];
    ensure!(
        joined == architecture.joined(),
        "`steps_weight` takes {joined} values, but {} reach it",
        architecture.joined()
    );
    Ok(architecture)
}

/// The last dimension of the features.
fn columns(graph: &GraphProto) -> Result<usize> {
    let input = graph.input.iter().find(|input| input.name == "features");
    let kind = input.and_then(|input| input.r#type.as_ref()?.value.as_ref());
    let Some(type_proto::Value::TensorType(tensor)) = kind else {
        bail!("the graph has no input `features`");
    };
    let last = tensor.shape.as_ref().and_then(|shape| shape.dim.last());
    match last.and_then(|last| last.value.as_ref()) {
        Some(dimension::Value::DimValue(size)) => Ok(*size as usize),
        _ => bail!("the input `features` has no fixed shape"),
    }
}

fn shape(graph: &GraphProto, name: &str) -> Result<Vec<usize>> {
    let tensor = graph.initializer.iter().find(|tensor| tensor.name == name);
    let tensor = tensor.with_context(|| format!("the graph has no tensor `{name}`"))?;
    let shape: Vec<usize> = tensor.dims.iter().map(|&size| size as usize).collect();
    ensure!(
        shape.iter().product::<usize>() * 4 == tensor.raw_data.len() && shape.len() < 5,
        "the tensor `{name}` of shape {shape:?} holds {} bytes",
        tensor.raw_data.len()
    );
    Ok([&shape[..], &[0; 4][..4 - shape.len()]].concat())
}

fn tensor(graph: &GraphProto, name: &str) -> Result<TensorData> {
    let shape = shape(graph, name)?;
    let shape: Vec<usize> = shape.into_iter().take_while(|&size| size > 0).collect();
    let tensor = graph.initializer.iter().find(|tensor| tensor.name == name);
    let bytes = tensor.map_or(&[][..], |tensor| &tensor.raw_data);
    let (values, _) = bytes.as_chunks();
    let values: Vec<f32> = values
        .iter()
        .map(|bytes| f32::from_le_bytes(*bytes))
        .collect();
    Ok(TensorData::new(values, shape))
}

fn load_linear(graph: &GraphProto, name: &str, layer: &mut Linear, device: &Device) -> Result<()> {
    let weight = tensor(graph, &format!("{name}_weight"))?;
    let bias = tensor(graph, &format!("{name}_bias"))?;
    ensure!(
        weight.shape().as_slice() == layer.weight.dims(),
        "`{name}_weight` has the shape {:?}, not {:?}",
        weight.shape(),
        layer.weight.dims()
    );
    layer.weight = Param::from_data(weight, device);
    layer.bias = Some(Param::from_data(bias, device));
    Ok(())
}

/// Makes a batch norm add a bias and do nothing else.
fn as_bias(norm: &mut BatchNorm, bias: TensorData, device: &Device) {
    let channels = bias.num_elements();
    norm.gamma = Param::from_tensor(Tensor::ones([channels], device));
    norm.beta = Param::from_data(bias, device);
    norm.running_mean = RunningState::new(Tensor::zeros([channels], device));
    let variance = Tensor::ones([channels], device) - norm.epsilon;
    norm.running_var = RunningState::new(variance);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_model_is_refused() {
        assert!(architecture(b"garbage").is_err());
        assert!(
            architecture(b"")
                .unwrap_err()
                .to_string()
                .contains("no graph")
        );
    }

    #[test]
    fn a_damaged_model_is_refused() {
        let mut proto = ModelProto::decode(pathos_models::PATHOS).unwrap();
        let graph = proto.graph.as_mut().unwrap();
        let tensor = graph
            .initializer
            .iter_mut()
            .find(|tensor| tensor.name == "steps_weight");
        tensor.unwrap().raw_data.truncate(40);
        let message = architecture(&proto.encode_to_vec())
            .unwrap_err()
            .to_string();
        assert!(message.contains("steps_weight"), "{message}");
    }
}
