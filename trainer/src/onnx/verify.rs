//! Whether another runtime says the same of a model file: onnxruntime, through Python, where it is installed.

use super::import;
use crate::non_voice;
use anyhow::{Context, Result, ensure};
use pathos_analysis::{
    Emotion, FeatureSettings, Logits, MIN_VOICED_FRAMES, Model, Window, Windowing,
};
use prost::Message;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::{
    io::Write,
    path::Path,
    process::{Command, Stdio},
};
use tract_onnx::pb::ModelProto;

/// Windows on which the runtimes are compared.
pub const WINDOWS: usize = 100;
/// How far they may differ: see [`difference`].
pub const TOLERANCE: f32 = 1e-4;
/// Numbers that a window is answered with.
const ANSWER: usize = Emotion::COUNT + 1;

/// Reads windows from its standard input, and writes their logits to its standard output, all as `float32`.
const SCRIPT: &str = r"
import sys, numpy, onnxruntime
count = int(sys.argv[2])
data = numpy.frombuffer(sys.stdin.buffer.read(), dtype='<f4').reshape(count, -1)
options = onnxruntime.SessionOptions()
options.intra_op_num_threads = 1
session = onnxruntime.InferenceSession(sys.argv[1], options, providers=['CPUExecutionProvider'])
for row in data:
    window, functionals = numpy.split(row, [len(row) - int(sys.argv[3])])
    inputs = {'features': window[:-80].reshape(1, 320, -1), 'mask': window[-80:].reshape(1, 80)}
    if len(functionals):
        inputs['functionals'] = functionals.reshape(1, -1)
    logits, voice = session.run(['logits', 'voice'], inputs)
    sys.stdout.buffer.write(numpy.concatenate([logits[0], voice[0]]).astype('<f4').tobytes())
";

/// What a comparison came to.
#[derive(Debug, PartialEq)]
pub enum Comparison {
    /// The largest [`difference`].
    Difference(f32),
    /// Why there was none.
    Skipped(String),
}

/// Made-up windows of every length that the plugin judges, the same each time. (Of an empty one the attention goes to what is
/// no voice, by scores of which little is left beside the number that shuts them out: runtimes differ there, and no matter.)
pub fn windows(features: &FeatureSettings, count: usize) -> Vec<Window> {
    let windowing = Windowing::new(features);
    let mut rng = ChaCha8Rng::seed_from_u64(0);
    let window = |number: usize| {
        let frames = non_voice::frames(&features.kinds, &mut rng);
        let shortest = MIN_VOICED_FRAMES.min(frames.len());
        let length = match number {
            0 => shortest,
            1 => frames.len(),
            _ => rng.random_range(shortest..=frames.len()),
        };
        windowing.window(&frames[..length])
    };
    (0..count).map(window).collect()
}

/// The largest difference of two answers, as a share of the largest logit where that is more than 1: a network that is sure of
/// itself says 20 and more, of which `f32` keeps fewer decimals.
pub fn difference(a: &Logits, b: &Logits) -> f32 {
    let emotions = a.emotions.iter().zip(&b.emotions);
    let all = emotions.chain([(&a.voice, &b.voice)]);
    let (difference, largest) = all.fold((0f32, 1f32), |(difference, largest), (a, b)| {
        (difference.max((a - b).abs()), largest.max(b.abs()))
    });
    difference / largest
}

/// Compares tract with onnxruntime, which the Python interpreter `python` must be able to import.
///
/// # Errors
///
/// If the model cannot be read, or onnxruntime fails on it.
pub fn compare(model_file: &Path, python: &str) -> Result<Comparison> {
    let model = Model::from_file(model_file)?;
    let importable = Command::new(python)
        .args(["-c", "import numpy, onnxruntime"])
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success());
    if !importable {
        return Ok(Comparison::Skipped(format!(
            "`{python}` cannot import onnxruntime; install it with `{python} -m pip install onnxruntime`"
        )));
    }
    let windows = windows(&model.info().features, WINDOWS);
    let answers = onnxruntime_answers(model_file, python, &windows)?;
    let differences = windows
        .iter()
        .zip(&answers)
        .map(|(window, answer)| difference(&model.infer(window), answer));
    Ok(Comparison::Difference(differences.fold(0.0, f32::max)))
}

fn onnxruntime_answers(model_file: &Path, python: &str, windows: &[Window]) -> Result<Vec<Logits>> {
    let mut child = Command::new(python)
        .args(["-c", SCRIPT])
        .arg(model_file)
        .arg(windows.len().to_string())
        .arg(
            windows
                .first()
                .map_or(0, |window| window.functionals.len())
                .to_string(),
        )
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot start `{python}`"))?;
    let numbers = windows.iter().flat_map(|window| {
        window
            .features
            .iter()
            .chain(&window.mask)
            .chain(&window.functionals)
    });
    let bytes: Vec<u8> = numbers.flat_map(|number| number.to_le_bytes()).collect();
    // The script reads all of it before it answers, so neither side waits for the other.
    let mut input = child.stdin.take().context("the script has no input")?;
    input
        .write_all(&bytes)
        .context("the script stopped reading")?;
    drop(input);
    let output = child.wait_with_output()?;
    ensure!(
        output.status.success(),
        "onnxruntime failed on {}",
        model_file.display()
    );
    ensure!(
        output.stdout.len() == windows.len() * ANSWER * 4,
        "onnxruntime gave {} bytes for {} windows",
        output.stdout.len(),
        windows.len()
    );
    let answers = output.stdout.chunks_exact(4 * ANSWER).map(|bytes| {
        let number =
            |at: usize| f32::from_le_bytes(std::array::from_fn(|byte| bytes[4 * at + byte]));
        Logits {
            emotions: std::array::from_fn(number),
            voice: number(Emotion::COUNT),
        }
    });
    Ok(answers.collect())
}

/// The size of a model file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// Of the file.
    pub bytes: usize,
    /// Numbers that were learned, with the batch norms folded in.
    pub parameters: usize,
    /// Multiplications and additions for each 250 ms of voice, as a stream runs it.
    pub macs: usize,
}

/// The size of a model file that this trainer wrote.
///
/// # Errors
///
/// If it has other tensors.
pub fn size(bytes: &[u8]) -> Result<Size> {
    let architecture = import::architecture(bytes)?;
    let proto = ModelProto::decode(bytes).context("not an ONNX file")?;
    let tensors = proto.graph.unwrap_or_default().initializer;
    // The other tensors are shapes, axes and constants of the pooling.
    let learned = tensors.iter().filter(|tensor| {
        let name = &tensor.name;
        name.starts_with("lstm_") || name.ends_with("_weight") || name.ends_with("_bias")
    });
    Ok(Size {
        bytes: bytes.len(),
        parameters: learned.map(|tensor| tensor.raw_data.len() / 4).sum(),
        macs: architecture.macs(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_windows_are_the_same_each_time_and_of_many_lengths() {
        let features = FeatureSettings::default();
        let windows = windows(&features, 20);
        assert_eq!(windows, self::windows(&features, 20));
        assert_eq!(windows[0].mask.iter().sum::<f32>(), 18.0);
        assert_eq!(windows[1].mask.iter().sum::<f32>(), 76.0);
    }

    #[test]
    fn without_onnxruntime_the_comparison_says_so() {
        let folder = std::env::temp_dir().join(format!("pathos-verify-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let file = folder.join("model.onnx");
        std::fs::write(&file, pathos_models::PATHOS).unwrap();
        let comparison = compare(&file, "no-such-python").unwrap();
        assert!(
            matches!(comparison, Comparison::Skipped(reason) if reason.contains("onnxruntime"))
        );
        std::fs::remove_dir_all(folder).unwrap();
    }
}
