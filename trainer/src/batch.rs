//! Batches of augmented windows, made on a thread of their own while the network learns from the one before.

use crate::{
    augment::{augment, spec_augment},
    config::Config,
    dataset::Example,
    non_voice,
};
use pathos_analysis::{Emotion, MASK_STEPS, MEL_BANDS, NormalisedWindow, WINDOW_FRAMES, normalise};
use rand::{
    Rng, SeedableRng,
    distr::{Distribution, weighted::WeightedIndex},
};
use rand_chacha::ChaCha8Rng;
use std::{
    sync::{Arc, mpsc},
    thread,
};

/// Batches that wait for the network at the most.
const QUEUE: usize = 4;

/// Windows and targets, ready to become tensors. `B` is the batch size.
#[derive(Clone, Debug, Default)]
pub struct Batch {
    /// `[B, 300, 64]`.
    pub log_mel: Vec<f32>,
    /// `[B, 75]`.
    pub mask: Vec<f32>,
    /// `[B, 7]`; rows sum to 1.
    pub targets: Vec<f32>,
    /// `[B, 7]`: 1 for the classes that the clip's corpus has.
    pub classes: Vec<f32>,
    /// `[B, 1]`: 1 for a voice.
    pub voice: Vec<f32>,
}

/// One window with its targets.
struct Item {
    window: NormalisedWindow,
    target: [f32; Emotion::COUNT],
    classes: [f32; Emotion::COUNT],
    voice: f32,
}

/// The batches of an epoch, as a stream. The same seed and epoch give the same batches.
pub fn epoch(
    examples: &Arc<Vec<Example>>,
    weights: &[f64],
    config: &Config,
    epoch: usize,
) -> mpsc::Receiver<Batch> {
    let (sender, receiver) = mpsc::sync_channel(QUEUE);
    let (examples, config) = (Arc::clone(examples), config.clone());
    let draws = WeightedIndex::new(weights).expect("there are clips, and each weighs something");
    thread::spawn(move || {
        let mut rng = ChaCha8Rng::seed_from_u64(config.seed.wrapping_add(1_000_003 * epoch as u64));
        for _ in 0..steps(examples.len(), &config) {
            let batch = batch(&examples, &draws, &config, &mut rng);
            if sender.send(batch).is_err() {
                return;
            }
        }
    });
    receiver
}

/// Steps in an epoch.
pub fn steps(examples: usize, config: &Config) -> usize {
    (examples / config.training.batch_size).max(1)
}

fn batch(
    examples: &[Example],
    draws: &WeightedIndex<f64>,
    config: &Config,
    rng: &mut ChaCha8Rng,
) -> Batch {
    let mut items: Vec<Item> = (0..config.training.batch_size)
        .map(|_| {
            if rng.random_bool(config.training.non_voice_share) {
                sound(config, rng)
            } else {
                clip(&examples[draws.sample(rng)], config, rng)
            }
        })
        .collect();
    mix(&mut items, config, rng);
    let mut batch = Batch::default();
    for item in items {
        batch.log_mel.extend_from_slice(&item.window.log_mel);
        batch.mask.extend_from_slice(&item.window.mask);
        batch.targets.extend_from_slice(&item.target);
        batch.classes.extend_from_slice(&item.classes);
        batch.voice.push(item.voice);
    }
    batch
}

fn clip(example: &Example, config: &Config, rng: &mut ChaCha8Rng) -> Item {
    let frames = augment(&example.frames, &config.augmentation, rng);
    let mut window = normalise(frames.iter());
    spec_augment(&mut window, &config.augmentation, rng);
    let corpus = example.clip.corpus;
    let classes = Emotion::ALL.map(|emotion| if corpus.has(emotion) { 1.0 } else { 0.0 });
    let count: f32 = classes.iter().sum();
    let smoothing = config.training.label_smoothing;
    let mut target = classes.map(|class| class * smoothing / count);
    target[example.clip.emotion.index()] += 1.0 - smoothing;
    Item {
        window,
        target,
        classes,
        voice: 1.0,
    }
}

fn sound(config: &Config, rng: &mut ChaCha8Rng) -> Item {
    let frames = augment(&non_voice::frames(rng), &config.augmentation, rng);
    Item {
        window: normalise(frames.iter()),
        target: [1.0 / Emotion::COUNT as f32; Emotion::COUNT],
        classes: [1.0; Emotion::COUNT],
        voice: 0.0,
    }
}

/// Mixup (Zhang et al., ICLR 2018) of some of the voices with the item after them.
fn mix(items: &mut [Item], config: &Config, rng: &mut ChaCha8Rng) {
    let alpha = config.augmentation.mixup_alpha;
    for place in 1..items.len() {
        let (before, after) = items.split_at_mut(place);
        let (item, other) = (&mut before[place - 1], &after[0]);
        let mixed = rng.random_bool(config.augmentation.mixup_share);
        if !mixed || item.voice == 0.0 || other.voice == 0.0 {
            continue;
        }
        let share = symmetric_beta(alpha, rng).max(0.5) as f32;
        let blend = |a: &mut f32, b: &f32| *a = *a * share + b * (1.0 - share);
        let pairs = |a: &mut [f32], b: &[f32]| a.iter_mut().zip(b).for_each(|(a, b)| blend(a, b));
        pairs(&mut item.window.log_mel, &other.window.log_mel);
        pairs(&mut item.target, &other.target);
        for (a, b) in item.classes.iter_mut().zip(&other.classes) {
            *a = a.max(*b);
        }
        for (a, b) in item.window.mask.iter_mut().zip(&other.window.mask) {
            *a = a.max(*b);
        }
    }
}

/// A draw from Beta(alpha, alpha) by Jöhnk's method, which suits alpha below 1.
fn symmetric_beta(alpha: f64, rng: &mut ChaCha8Rng) -> f64 {
    loop {
        let x = rng.random::<f64>().powf(1.0 / alpha);
        let y = rng.random::<f64>().powf(1.0 / alpha);
        if x + y > 0.0 && x + y <= 1.0 {
            return x / (x + y);
        }
    }
}

/// A batch of plain windows, for evaluation: `log_mel` and `mask` alone.
pub fn plain(windows: &[NormalisedWindow]) -> Batch {
    let mut batch = Batch {
        log_mel: Vec::with_capacity(windows.len() * WINDOW_FRAMES * MEL_BANDS),
        mask: Vec::with_capacity(windows.len() * MASK_STEPS),
        ..Batch::default()
    };
    for window in windows {
        batch.log_mel.extend_from_slice(&window.log_mel);
        batch.mask.extend_from_slice(&window.mask);
    }
    batch
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::corpora::{Clip, Corpus};
    use pathos_analysis::MelFrame;

    fn config() -> Config {
        let recipe = concat!(env!("CARGO_MANIFEST_DIR"), "/recipes/first.toml");
        Config::read(std::path::Path::new(recipe)).unwrap()
    }

    fn examples() -> Arc<Vec<Example>> {
        let example = |number: usize| Example {
            clip: Clip {
                path: format!("{number}.wav").into(),
                corpus: [Corpus::CremaD, Corpus::RavdessSong, Corpus::Tess][number % 3],
                speaker: format!("S{number}"),
                female: false,
                emotion: Emotion::Sad,
            },
            frames: (0..120)
                .map(|t| -> MelFrame { std::array::from_fn(|b| ((t * b) as f32 * 0.01).sin()) })
                .collect(),
        };
        Arc::new((0..96).map(example).collect())
    }

    fn batches(epoch: usize) -> Vec<Batch> {
        let examples = examples();
        let weights = vec![1.0; examples.len()];
        super::epoch(&examples, &weights, &config(), epoch)
            .into_iter()
            .collect()
    }

    #[test]
    fn an_epoch_is_the_same_each_time_and_unlike_the_next() {
        let all = |epoch| {
            let batches = batches(epoch);
            batches
                .into_iter()
                .flat_map(|b| b.log_mel)
                .collect::<Vec<f32>>()
        };
        assert_eq!(all(0), all(0));
        assert_ne!(all(0), all(1));
    }

    #[test]
    fn targets_sum_to_one_and_give_nothing_to_classes_that_are_not_there() {
        let batches = batches(0);
        assert_eq!(batches.len(), 3);
        for batch in &batches {
            let rows = batch.targets.chunks_exact(Emotion::COUNT);
            for (target, classes) in rows.zip(batch.classes.chunks_exact(Emotion::COUNT)) {
                assert!((target.iter().sum::<f32>() - 1.0).abs() < 1e-5);
                for (target, class) in target.iter().zip(classes) {
                    assert!(
                        *class == 1.0 || *target == 0.0,
                        "{target} on an absent class"
                    );
                }
            }
        }
    }

    #[test]
    fn sounds_without_a_voice_have_no_opinion() {
        for batch in batches(0) {
            let rows = batch.targets.chunks_exact(Emotion::COUNT);
            for (target, voice) in rows.zip(&batch.voice) {
                let even = target.iter().all(|t| (t - 1.0 / 7.0).abs() < 1e-6);
                assert_eq!(even, *voice == 0.0);
            }
        }
    }
}
