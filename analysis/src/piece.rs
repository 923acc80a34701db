//! A piece of the stream: the rows that a network sees at a time, and what it reckons of them.
//!
//! A file's graph is that of a whole window, so each of its convolutions pads both ends. Where a piece begins there is more voice,
//! not nothing: what would be reckoned there is wrong, and no step that is asked for depends on it. So it is left out, layer by layer.

use crate::{CONTEXT_FRAMES, STRIDE_FRAMES, TIME_POOL};
use tract_onnx::{
    pb::{GraphProto, NodeProto, TensorProto, tensor_proto::DataType},
    prelude::TractResult,
    tract_hir::internal::{TractErrorContext as _, ensure},
};

/// Steps of the stream that are made of one piece, in units of [`STRIDE_FRAMES`].
const STRIDES: usize = 5;
/// Rows of the steps that are made of one piece.
pub const OWN_ROWS: usize = STRIDES * STRIDE_FRAMES;
/// Rows of a piece: those that its first step reaches back to, and its steps' own.
pub const PIECE_ROWS: usize = CONTEXT_FRAMES + OWN_ROWS;

/// Rows that each of some convolutions, three frames wide and with such strides of frames, makes of a piece; the last one's are the
/// steps. `None` if a step depends on more rows than a piece gives it.
#[must_use]
pub fn convolved_rows(strides: &[usize]) -> Option<Vec<usize>> {
    let needed = first_needed(strides)?;
    let mut rows = PIECE_ROWS;
    let made = strides.iter().zip(&needed[1..]).map(|(stride, first)| {
        rows /= stride;
        rows - first
    });
    Some(made.collect())
}

/// The first row that is needed of what each convolution is given, then of what the last one makes, where a piece is convolved from end to
/// end.
fn first_needed(strides: &[usize]) -> Option<Vec<usize>> {
    let mut first = CONTEXT_FRAMES / strides.iter().product::<usize>();
    let mut needed = vec![first];
    for stride in strides.iter().rev() {
        first = (first * stride).checked_sub(1)?;
        needed.push(first);
    }
    needed.reverse();
    Some(needed)
}

/// Makes a graph that gives `steps` for all rows of a piece give those of its [`OWN_ROWS`] alone.
pub(crate) fn own_steps(graph: &mut GraphProto, steps: &str) -> TractResult<()> {
    let places = 0..graph.node.len();
    let convolutions: Vec<usize> = places
        .filter(|&at| graph.node[at].op_type == "Conv")
        .collect();
    let strides = convolutions.iter().map(|&at| stride(&graph.node[at]));
    let strides: Vec<usize> = strides.collect::<TractResult<_>>()?;
    let needed = first_needed(&strides).with_context(|| {
        format!("its steps depend on more than {CONTEXT_FRAMES} rows before their own")
    })?;
    let convolved = descendants(graph, &convolutions);
    for &at in &convolutions {
        let pads = graph.node[at].attribute.iter_mut();
        pads.filter(|own| own.name == "pads")
            .for_each(|own| own.ints[0] = 0);
    }
    // What goes into the layer that makes the steps is side by side: what was convolved, and rows that were not, as many as steps.
    let context = match convolutions.first() {
        Some(&first) => {
            cut(graph, first, 0, 2, needed[0]);
            needed[strides.len()]
        }
        None => CONTEXT_FRAMES / TIME_POOL,
    };
    let layer = maker(graph, steps).context("nothing makes its steps")?;
    let joined = graph.node[layer].input.first().cloned();
    let joined = joined.context("its steps are made of nothing")?;
    let (made, inputs) = match maker(graph, &joined) {
        Some(at) if graph.node[at].op_type == "Concat" => {
            (joined.as_str(), graph.node[at].input.len())
        }
        _ => (steps, 1),
    };
    for input in 0..inputs {
        // A cut adds a node before it.
        let at = maker(graph, made).context("it lost a node")?;
        if !convolved.contains(&graph.node[at].input[input]) {
            cut(graph, at, input, 0, context);
        }
    }
    Ok(())
}

/// The stride of a convolution's frames.
fn stride(convolution: &NodeProto) -> TractResult<usize> {
    let of_frames = |name, usual| *integers(convolution, name).first().unwrap_or(&usual);
    ensure!(
        [
            of_frames("kernel_shape", 0),
            of_frames("pads", 0),
            of_frames("dilations", 1)
        ] == [3, 1, 1],
        "its convolution `{}` is not three frames wide and padded by one",
        convolution.name
    );
    Ok(of_frames("strides", 1) as usize)
}

/// The node that makes a value.
fn maker(graph: &GraphProto, value: &str) -> Option<usize> {
    let mut nodes = graph.node.iter();
    nodes.position(|node| node.output.iter().any(|own| own == value))
}

/// The integers of an attribute; none if the node has no such attribute.
fn integers<'a>(node: &'a NodeProto, name: &str) -> &'a [i64] {
    let attribute = node.attribute.iter().find(|own| own.name == name);
    attribute.map_or(&[], |own| own.ints.as_slice())
}

/// The names of all that follows from some nodes.
fn descendants(graph: &GraphProto, nodes: &[usize]) -> Vec<String> {
    let made = nodes.iter().flat_map(|&at| graph.node[at].output.clone());
    let mut names: Vec<String> = made.collect();
    // Nodes come after what they need.
    for node in &graph.node {
        if node.input.iter().any(|input| names.contains(input)) {
            names.extend(node.output.clone());
        }
    }
    names
}

/// Gives a node one of its inputs from a place along an axis on.
fn cut(graph: &mut GraphProto, node: usize, input: usize, axis: i64, from: usize) {
    let whole = graph.node[node].input[input].clone();
    let name = |what: &str| format!("{whole} of a piece: {what}");
    let ranges = [
        ("from", from as i64),
        ("to", i64::from(i32::MAX)),
        ("axis", axis),
    ];
    for (what, value) in ranges {
        graph.initializer.push(TensorProto {
            name: name(what),
            dims: vec![1],
            data_type: DataType::Int64 as i32,
            raw_data: value.to_le_bytes().to_vec(),
            ..TensorProto::default()
        });
    }
    let own = name("own");
    graph.node[node].input[input].clone_from(&own);
    let slice = NodeProto {
        name: own.clone(),
        op_type: "Slice".to_owned(),
        input: vec![whole.clone(), name("from"), name("to"), name("axis")],
        output: vec![own],
        ..NodeProto::default()
    };
    graph.node.insert(node, slice);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_piece_is_convolved_no_further_than_its_steps_need() {
        // The last of stride 1 needs a row before its first, and so on back: rows 1 to 55 of the piece.
        assert_eq!(convolved_rows(&[2, 2, 2, 1]).unwrap(), [27, 13, 6, 5]);
        assert_eq!(convolved_rows(&[2, 2, 1, 1]).unwrap(), [25, 12, 11, 10]);
        assert!(convolved_rows(&[]).unwrap().is_empty());
    }

    #[test]
    fn a_step_that_needs_more_than_its_context_is_told() {
        assert_eq!(convolved_rows(&[2, 2, 2, 1, 1]), None);
    }
}
