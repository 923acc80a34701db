//! The layer on functionals, fitted before the network learns.
//!
//! It looks at the same windows in another way than the network, and learns in another: a convex problem with one answer. So it errs
//! elsewhere, and the sum of both is right more often than either. Learned together, each would leave to the other what it finds
//! first.

use crate::{
    augment,
    batch::{self, absent_classes},
    config::Config,
    dataset::Example,
    draws,
    network::FunctionalHead,
    non_voice,
};
use burn::{
    module::Param,
    nn::Linear,
    optim::{AdamWConfig, GradientsParams},
    tensor::{Device, Tensor, TensorData, activation::log_softmax},
};
use pathos_analysis::{BACKGROUND_FRAMES, Emotion, FUNCTIONAL_VALUES, Frame, Windowing};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

/// How much of what it says is added to the network's logits. On CREMA-D 0.5 to 1 are as good: see `models/EXPERIMENTS.md`.
const SHARE: f32 = 0.75;
/// Weight of the squares of the weights beside the mean cross-entropy.
const RIDGE: f32 = 0.1;
/// Steps of the fit, at a rate that falls from this to nothing.
const STEPS: usize = 100;
const RATE: f64 = 3e-3;
/// Made-up sounds that it has no opinion about.
const SOUNDS: usize = 512;
/// Added to a standard deviation, for functionals that are always the same.
const TINY: f32 = 1e-6;

/// A window that it learns from.
struct Row {
    functionals: Vec<f32>,
    target: [f32; Emotion::COUNT],
    classes: [f32; Emotion::COUNT],
    weight: f32,
}

/// Multinomial logistic regression on a window of each copy of each example. Gives the same each time.
#[must_use]
pub fn fit(examples: &[Example], config: &Config, device: &Device) -> FunctionalHead {
    let rows = rows(examples, config);
    let (mean, scale) = distribution(&rows);
    let mut head = FunctionalHead::silent(FUNCTIONAL_VALUES, device);
    head.mean = Param::from_tensor(Tensor::from_floats(mean.as_slice(), device));
    head.scale = Param::from_tensor(Tensor::from_floats(scale.as_slice(), device));
    head.linear = regression(&rows, &head, device);
    head
}

fn rows(examples: &[Example], config: &Config) -> Vec<Row> {
    let windowing = Windowing::new(&config.feature_settings());
    let functionals = |frames: &[Frame], rng: &mut ChaCha8Rng| {
        let background_at = rng.random_range(0..BACKGROUND_FRAMES);
        let window = windowing.window_after(&[], frames, background_at);
        window.functionals.into_vec()
    };
    let generator =
        |number: usize| ChaCha8Rng::seed_from_u64(config.seed.wrapping_add(number as u64));
    let clips: Vec<_> = examples.iter().map(|example| &example.clip).collect();
    let weights = draws::weights(&clips, &config.training);
    let voices = examples.par_iter().zip(weights).enumerate();
    let mut rows: Vec<Row> = voices
        .flat_map_iter(|(number, (example, weight))| {
            let mut rng = generator(number);
            let classes = batch::classes(example.clip.corpus);
            let target = batch::target(&example.clip, &config.training);
            let heard = example.copies.iter().filter(|copy| !copy.is_empty());
            let windows = heard.map(|copy| {
                let frames = augment::crop(copy, &config.augmentation, &mut rng);
                functionals(&frames, &mut rng)
            });
            let windows: Vec<Vec<f32>> = windows.collect();
            let weight = weight as f32 / windows.len().max(1) as f32;
            windows.into_iter().map(move |functionals| Row {
                functionals,
                target,
                classes,
                weight,
            })
        })
        .collect();
    let voices: f32 = rows.iter().map(|row| row.weight).sum();
    let share = config.training.non_voice_share as f32;
    let weight = voices * share / (1.0 - share) / SOUNDS as f32;
    let sounds = (0..SOUNDS).into_par_iter().map(|number| {
        let mut rng = generator(number);
        let frames = non_voice::frames(&config.features.kinds, &mut rng);
        Row {
            functionals: functionals(&frames, &mut rng),
            target: [1.0 / Emotion::COUNT as f32; Emotion::COUNT],
            classes: [1.0; Emotion::COUNT],
            weight,
        }
    });
    if share < 1.0 {
        rows.par_extend(sounds);
    }
    rows
}

/// The mean of each functional, and what it is multiplied by to have a deviation of 1.
fn distribution(rows: &[Row]) -> (Vec<f32>, Vec<f32>) {
    let count = rows.len().max(1) as f64;
    let mut mean = vec![0.0f64; FUNCTIONAL_VALUES];
    let mut square = mean.clone();
    for row in rows {
        for ((mean, square), &value) in mean.iter_mut().zip(&mut square).zip(&row.functionals) {
            *mean += f64::from(value) / count;
            *square += f64::from(value).powi(2) / count;
        }
    }
    let scale = mean.iter().zip(&square).map(|(mean, square)| {
        let deviation = (square - mean * mean).max(0.0).sqrt() as f32;
        1.0 / (deviation + TINY)
    });
    let scale = scale.collect();
    (mean.into_iter().map(|mean| mean as f32).collect(), scale)
}

/// The layer for a head that knows how the functionals are distributed, weakened to what is to be added.
fn regression(rows: &[Row], head: &FunctionalHead, device: &Device) -> Linear {
    let matrix = |values: Vec<f32>| {
        let shape = [rows.len(), values.len() / rows.len()];
        Tensor::<2>::from_data(TensorData::new(values, shape), device)
    };
    let values = rows.iter().flat_map(|row| row.functionals.iter().copied());
    let values = head.standardised(matrix(values.collect())).detach();
    let total: f32 = rows.iter().map(|row| row.weight).sum();
    let targets = matrix(
        rows.iter()
            .flat_map(|row| row.target.map(|target| target * row.weight / total))
            .collect(),
    );
    let absent = absent_classes(matrix(rows.iter().flat_map(|row| row.classes).collect()));
    let mut linear = head.linear.clone();
    let mut optimizer = AdamWConfig::new()
        .with_weight_decay(0.0)
        .with_epsilon(1e-8)
        .init();
    for step in 0..STEPS {
        let logits = linear.forward(values.clone()) + absent.clone();
        let likelihood = (log_softmax(logits, 1) * targets.clone()).sum();
        let ridge = linear.weight.val().square().sum() * RIDGE;
        let gradients = GradientsParams::from_grads((ridge - likelihood).backward(), &linear);
        let rate = RATE * (1.0 - step as f64 / STEPS as f64);
        linear = optimizer.step(rate, linear, gradients);
    }
    Linear {
        weight: Param::from_tensor((linear.weight.val() * SHARE).detach()),
        bias: linear
            .bias
            .map(|bias| Param::from_tensor((bias.val() * SHARE).detach())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        corpora::{Clip, Corpus},
        evaluate,
        network::Architecture,
    };
    use burn::module::Module;
    use pathos_analysis::softmax;

    /// Sad voices sway slowly and angry ones fast, at a loudness of each speaker's own.
    fn example(number: usize) -> Example {
        let speaker = number % 6;
        let emotion = [Emotion::Sad, Emotion::Angry][number / 6 % 2];
        let speed = if emotion == Emotion::Sad { 0.1 } else { 0.5 };
        let frame = |t: usize| {
            let sway = (speed * (t + number) as f32).sin();
            let level = |band: usize| speaker as f32 + sway - 0.01 * (band * speaker) as f32;
            Frame::from(std::array::from_fn(level))
        };
        Example {
            clip: Clip {
                path: format!("{number}.wav").into(),
                corpus: Corpus::CremaD,
                speaker: format!("S{speaker}"),
                female: false,
                emotion,
                votes: None,
                statement: None,
            },
            copies: vec![(0..160).map(frame).collect(), Vec::new()],
            session: 0,
        }
    }

    #[test]
    fn a_voice_that_is_new_is_judged_and_a_class_that_was_not_there_is_left_alone() {
        let recipe = include_str!("../recipes/first.toml");
        let kinds = "features.kinds=[\"log-mel\",\"functionals\"]".to_owned();
        let config = Config::parse(recipe, &[kinds]).unwrap();
        let (new, known): (Vec<Example>, Vec<Example>) = (0..72)
            .map(example)
            .partition(|example| example.clip.speaker == "S5");
        let device = Device::flex();
        let head = fit(&known, &config, &device.clone().autodiff());
        let surprise = head
            .linear
            .weight
            .val()
            .narrow(1, Emotion::Surprise.index(), 1);
        assert!(surprise.abs().max().into_scalar::<f32>() < 0.05);

        let settings = config.feature_settings();
        let architecture = Architecture::new(&config.network, &settings);
        let mut network = architecture.init(0.0, &device);
        let windowing = Windowing::new(&settings);
        let windows: Vec<_> = new
            .iter()
            .map(|own| windowing.window(own.frames()))
            .collect();
        let before = evaluate::run(&network, &windows, &device);
        network.functionals = Some(head.valid());
        let after = evaluate::run(&network, &windows, &device);
        for ((example, before), after) in new.iter().zip(before).zip(after) {
            let at = example.clip.emotion.index();
            let share = |logits: &[f32; Emotion::COUNT]| softmax(logits, 1.0)[at];
            let (before, after) = (share(&before.emotions), share(&after.emotions));
            assert!(after > before + 0.1, "{before} to {after}");
        }
    }
}
