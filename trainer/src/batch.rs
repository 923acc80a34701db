//! Batches of augmented windows, made on a thread of their own while the network learns from the one before.
//!
//! Windows of about the same length are put together, and a batch is only as long as its longest: padding costs as much time
//! as sound does.

use crate::{
    augment::{augment, spec_augment},
    config::{Config, Training},
    corpora::{Clip, Corpus, STATEMENTS},
    dataset::{self, Example},
    draws, mixup,
    network::Input,
    non_voice,
};
use anyhow::{Context, Result, ensure};
use burn::tensor::{Device, Tensor, TensorData};
use pathos_analysis::{
    BACKGROUND_FRAMES, CONTEXT_FRAMES, Emotion, Frame, TIME_POOL, Window, Windowing,
};
use rand::{
    Rng, SeedableRng,
    distr::{Distribution, weighted::WeightedIndex},
    seq::{IndexedRandom, IteratorRandom, SliceRandom},
};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;
use std::{
    collections::BTreeMap,
    sync::{Arc, mpsc},
    thread,
};

/// Batches that wait for the network at the most.
const QUEUE: usize = 4;
/// Batches whose windows are sorted by length together.
const SORTED_TOGETHER: usize = 16;
/// Made-up sounds that are no voice.
const SOUNDS: usize = 512;
/// Of what was heard of a voice before, every so many frames are taken: its means need no more.
const HISTORY_STRIDE: usize = 4;

/// Windows and targets, ready to become tensors. `B` is the batch size, `T` the frames of its longest window.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Batch {
    /// Frames of the longest window and its context, a multiple of 8.
    pub frames: usize,
    /// `[B, T, columns]`.
    pub features: Vec<f32>,
    /// `[B, T/4]`.
    pub mask: Vec<f32>,
    /// `[B, voices]`: how much of each known voice is heard, where any are known.
    pub voices: Vec<f32>,
    /// `[B, 7]`; rows sum to 1.
    pub targets: Vec<f32>,
    /// `[B, 7]`: 1 for the classes that the clip's corpus has.
    pub classes: Vec<f32>,
    /// `[B, 1]`: 1 for a voice.
    pub voice: Vec<f32>,
    /// Where each window's voice is from.
    pub corpora: Vec<Option<Corpus>>,
    /// Whether each window's voice was heard before it.
    pub known: Vec<bool>,
    /// Whether the voice goes on from another clip.
    pub joined: Vec<bool>,
    /// `[B, 14]`: 1 for the [statement](STATEMENTS) that is said, if it is known.
    pub statements: Vec<f32>,
    /// `[B, 7]`: the shares of the listeners who heard each emotion, if they are known.
    pub listeners: Vec<f32>,
}

/// One window with its targets.
#[derive(Clone, Debug)]
pub struct Item {
    /// Without the rows before the context of its first frame.
    pub rows: Vec<f32>,
    /// Of its steps, as [`Window::mask`].
    pub mask: Vec<f32>,
    /// How much of each known voice is heard; empty where none are known.
    pub voices: Vec<f32>,
    /// Sums to 1.
    pub target: [f32; Emotion::COUNT],
    /// 1 for the classes that can be the answer.
    pub classes: [f32; Emotion::COUNT],
    /// 1 for a voice.
    pub voice: f32,
    /// Where the voice is from, if it is one of the corpora.
    pub corpus: Option<Corpus>,
    /// Whether the voice was heard before the window.
    pub known: bool,
    /// Whether the voice goes on from another clip.
    pub joined: bool,
    /// 1 for the statement that is said, if it is known.
    pub statement: [f32; STATEMENTS.len()],
    /// Shares of the listeners who heard each emotion; 0 if they are not known.
    pub listeners: [f32; Emotion::COUNT],
}

impl Item {
    /// The real part of a window with its context, without targets.
    #[must_use]
    pub fn unpadded(window: &Window, columns: usize) -> Self {
        let padding = window.mask.iter().take_while(|&&real| real == 0.0).count();
        let padding = padding - CONTEXT_FRAMES / TIME_POOL;
        Self {
            rows: window.features[padding * TIME_POOL * columns..].to_vec(),
            mask: window.mask[padding..].to_vec(),
            voices: Vec::new(),
            target: [0.0; Emotion::COUNT],
            classes: [0.0; Emotion::COUNT],
            voice: 0.0,
            corpus: None,
            known: false,
            joined: false,
            statement: [0.0; STATEMENTS.len()],
            listeners: [0.0; Emotion::COUNT],
        }
    }
}

impl Batch {
    /// Items side by side, the shorter ones with zeros before them. Targets are left out of plain windows.
    fn of(items: &[Item], columns: usize) -> Self {
        let steps = items.iter().map(|item| item.mask.len()).max().unwrap_or(0);
        let mut batch = Self {
            frames: steps * TIME_POOL,
            ..Self::default()
        };
        for item in items {
            let padding = steps - item.mask.len();
            let zeros = |count| std::iter::repeat_n(0.0, count);
            batch.features.extend(zeros(padding * TIME_POOL * columns));
            batch.features.extend_from_slice(&item.rows);
            batch.mask.extend(zeros(padding));
            batch.mask.extend_from_slice(&item.mask);
            batch.voices.extend_from_slice(&item.voices);
            batch.targets.extend_from_slice(&item.target);
            batch.classes.extend_from_slice(&item.classes);
            batch.voice.push(item.voice);
            batch.corpora.push(item.corpus);
            batch.known.push(item.known);
            batch.joined.push(item.joined);
            batch.statements.extend_from_slice(&item.statement);
            batch.listeners.extend_from_slice(&item.listeners);
        }
        batch
    }

    /// What a network takes.
    #[must_use]
    pub fn input(&self, device: &Device) -> Input {
        let count = self.voice.len();
        let columns = self.features.len() / (count * self.frames);
        let features = TensorData::new(self.features.clone(), [count, self.frames, columns]);
        let mask = TensorData::new(self.mask.clone(), [count, self.frames / TIME_POOL]);
        Input {
            features: Tensor::from_data(features, device),
            mask: Tensor::from_data(mask, device),
            voices: (!self.voices.is_empty()).then(|| self.matrix(&self.voices, device)),
        }
    }

    /// Some of its values, as `[B, width]`.
    #[must_use]
    pub fn matrix(&self, values: &[f32], device: &Device) -> Tensor<2> {
        let count = self.voice.len();
        let shape = [count, values.len() / count];
        Tensor::from_data(TensorData::new(values.to_vec(), shape), device)
    }

    /// What is added to the logits, `[B, 7]`, so that classes which a clip's corpus does not have get no probability.
    #[must_use]
    pub fn absent(&self, device: &Device) -> Tensor<2> {
        absent_classes(self.matrix(&self.classes, device))
    }

    /// A batch of plain windows, for evaluation.
    #[must_use]
    pub fn plain(windows: &[Window], columns: usize) -> Self {
        let items = windows.iter().map(|window| Item {
            target: [0.0; Emotion::COUNT],
            classes: [1.0; Emotion::COUNT],
            voice: 0.0,
            ..Item::unpadded(window, columns)
        });
        Self::of(&items.collect::<Vec<_>>(), columns)
    }
}

/// Where batches come from.
pub struct Source {
    examples: Vec<Example>,
    /// The places of the examples of each speaker of each corpus.
    speakers: BTreeMap<(Corpus, String), Vec<usize>>,
    /// The voices that are known, in order; empty where the network knows none.
    voices: Vec<String>,
    draws: WeightedIndex<f64>,
    /// Made-up sounds that are no voice; making them anew for each batch would take as long as learning from them.
    sounds: Vec<Vec<Frame>>,
    config: Config,
    windowing: Windowing,
}

impl Source {
    /// A source of batches of some examples, of which there must be one.
    ///
    /// # Errors
    ///
    /// If there is none, or every draw has a weight of 0.
    pub fn new(examples: Vec<Example>, config: &Config) -> Result<Arc<Self>> {
        let clips: Vec<_> = examples.iter().map(|example| &example.clip).collect();
        let weights = draws::weights(&clips, &config.training);
        let mut features = config.feature_settings();
        // A network learns without them, so no window of a batch has to have them made.
        features.kinds.retain(|kind| kind.functionals() == 0);
        let sound = |number: usize| {
            let seed = config.seed.wrapping_add(number as u64);
            non_voice::frames(&features.kinds, &mut ChaCha8Rng::seed_from_u64(seed))
        };
        Ok(Arc::new(Self {
            speakers: dataset::places_by(&examples, Clip::voice),
            voices: if config.network.voices_known() > 0 {
                dataset::speakers(&examples)
            } else {
                Vec::new()
            },
            draws: WeightedIndex::new(weights).context("there is nothing to learn from")?,
            sounds: (0..SOUNDS).into_par_iter().map(sound).collect(),
            windowing: Windowing::new(&features),
            config: config.clone(),
            examples,
        }))
    }

    /// Steps in an epoch.
    #[must_use]
    pub fn steps(&self) -> usize {
        (self.examples.len() / self.config.training.batch_size).max(1)
    }

    /// The batches of an epoch, as a stream. The same seed and epoch give the same batches.
    #[must_use]
    pub fn epoch(self: &Arc<Self>, epoch: usize) -> mpsc::Receiver<Batch> {
        let (sender, receiver) = mpsc::sync_channel(QUEUE);
        let source = Arc::clone(self);
        thread::spawn(move || {
            let seed = source.config.seed.wrapping_add(1_000_003 * epoch as u64);
            let mut rng = ChaCha8Rng::seed_from_u64(seed);
            let mut left = source.steps();
            while left > 0 {
                let count = left.min(SORTED_TOGETHER);
                left -= count;
                for batch in source.batches(count, &mut rng) {
                    if sender.send(batch).is_err() {
                        return;
                    }
                }
            }
        });
        receiver
    }

    /// Some batches of items that were drawn together.
    fn batches(&self, count: usize, rng: &mut ChaCha8Rng) -> Vec<Batch> {
        let size = self.config.training.batch_size;
        let mut items: Vec<Item> = (0..count * size)
            .map(|_| {
                if rng.random_bool(self.config.training.non_voice_share) {
                    self.sound(rng)
                } else {
                    self.clip(&self.examples[self.draws.sample(rng)], rng)
                }
            })
            .collect();
        items.sort_by_key(|item| item.mask.len());
        let columns = self.windowing.columns();
        let mut batches: Vec<Batch> = items
            .chunks_mut(size)
            .map(|items| {
                // Mixed with whatever neighbour, not with the nearest in length.
                items.shuffle(rng);
                mixup::mix(items, &self.config.augmentation, rng);
                Batch::of(items, columns)
            })
            .collect();
        batches.shuffle(rng);
        batches
    }

    fn clip(&self, example: &Example, rng: &mut ChaCha8Rng) -> Item {
        let augmentation = &self.config.augmentation;
        let copies = 0..example.copies.len();
        let heard: Vec<usize> = copies
            .filter(|&at| !example.copies[at].is_empty())
            .collect();
        let copy = heard[rng.random_range(0..heard.len())];
        let earlier = self.earlier(example, copy, rng);
        let known = earlier.iter().any(|clip| !clip.is_empty());
        let before = self.before(example, copy, rng);
        let joined = !before.is_empty();
        let line = [before, &example.copies[copy]].concat();
        let (earlier, frames) = augment(&earlier, &line, augmentation, rng);
        let columns = self.windowing.columns();
        let window = self.window(&earlier, &frames, rng);
        let mut item = Item::unpadded(&window, columns);
        spec_augment(&mut item.rows, columns, augmentation, rng);
        if rng.random_bool(augmentation.ltas_dropped) {
            self.windowing.drop_ltas(&mut item.rows);
        }
        let corpus = example.clip.corpus;
        let classes = classes(corpus);
        let target = target(&example.clip, &self.config.training);
        // Of two clips two statements are heard.
        let said = example.clip.statement.filter(|_| !joined);
        Item {
            statement: std::array::from_fn(|at| f32::from(u8::from(said == Some(at)))),
            listeners: listeners(&example.clip),
            target,
            classes,
            voice: 1.0,
            corpus: Some(corpus),
            known,
            joined,
            voices: self.only(self.voices.binary_search(&example.clip.speaker).ok()),
            ..item
        }
    }

    /// The examples of a clip's speaker, itself among them, that can be heard with a copy of it: with an augmented one those of the
    /// same [session](crate::session), for they must have been changed alike.
    fn of_its_voice(&self, example: &Example, copy: usize) -> Vec<&Example> {
        let places = self.speakers[&example.clip.voice()].iter();
        places
            .map(|&place| &self.examples[place])
            .filter(|other| copy == 0 || other.session == example.session)
            .collect()
    }

    /// What comes directly before a clip's voice, as where a line goes on: nothing, or the frames of another clip of its speaker and
    /// emotion.
    fn before(&self, example: &Example, copy: usize, rng: &mut ChaCha8Rng) -> &[Frame] {
        let share = self.config.training.joined_share;
        if share == 0.0 || !rng.random_bool(share) {
            return &[];
        }
        let mut others = self.of_its_voice(example, copy);
        let Clip { path, emotion, .. } = &example.clip;
        others.retain(|Example { clip, .. }| clip.emotion == *emotion && clip.path != *path);
        others.choose(rng).map_or(&[], |other| &other.copies[copy])
    }

    /// What was heard of a clip's voice some time before it: nothing, or frames of each of some clips of the same speaker.
    fn earlier(&self, example: &Example, copy: usize, rng: &mut ChaCha8Rng) -> Vec<Vec<Frame>> {
        let training = &self.config.training;
        if training.history_share == 0.0 || !rng.random_bool(training.history_share) {
            return Vec::new();
        }
        let mut clips = self.of_its_voice(example, copy);
        if rng.random_bool(training.history_alike) {
            clips.retain(|other| other.clip.emotion == example.clip.emotion);
        }
        let count = rng.random_range(1..=training.history_clips);
        let others = (0..count).map(|_| clips[rng.random_range(0..clips.len())]);
        let every = |other: &Example| {
            let frames = other.copies[copy].iter().step_by(HISTORY_STRIDE);
            frames.copied().collect()
        };
        others.map(every).collect()
    }

    /// The window of some frames, heard after others, over a background that begins anywhere.
    fn window(&self, earlier: &[Vec<Frame>], frames: &[Frame], rng: &mut ChaCha8Rng) -> Window {
        let background_at = rng.random_range(0..BACKGROUND_FRAMES);
        self.windowing.window_after(earlier, frames, background_at)
    }

    /// 1 for one of the known voices, 0 for the others.
    fn only(&self, voice: Option<usize>) -> Vec<f32> {
        let voices = 0..self.voices.len();
        voices
            .map(|own| f32::from(u8::from(Some(own) == voice)))
            .collect()
    }

    fn sound(&self, rng: &mut ChaCha8Rng) -> Item {
        let sound = &self.sounds[rng.random_range(0..self.sounds.len())];
        let (_, frames) = augment(&[], sound, &self.config.augmentation, rng);
        let window = self.window(&[], &frames, rng);
        Item {
            target: [1.0 / Emotion::COUNT as f32; Emotion::COUNT],
            classes: [1.0; Emotion::COUNT],
            voice: 0.0,
            // Any voice will be what it resembles most.
            voices: self.only((0..self.voices.len()).choose(rng)),
            ..Item::unpadded(&window, self.windowing.columns())
        }
    }
}

/// 1 for each class that a corpus has, 0 for the others.
pub(crate) fn classes(corpus: Corpus) -> [f32; Emotion::COUNT] {
    Emotion::ALL.map(|emotion| f32::from(u8::from(corpus.has(emotion))))
}

/// What is added to logits, so that classes with a 0 get no probability.
pub(crate) fn absent_classes(classes: Tensor<2>) -> Tensor<2> {
    (classes - 1.0) * 1e4
}

/// What the network is to say of a clip: what was acted, in part what its listeners heard, and some of every class that its
/// corpus has. Sums to 1.
pub(crate) fn target(clip: &Clip, training: &Training) -> [f32; Emotion::COUNT] {
    let smoothing = training.label_smoothing;
    let listening = if clip.votes.is_some() {
        training.vote_share
    } else {
        0.0
    };
    let classes = classes(clip.corpus);
    let count: f32 = classes.iter().sum();
    let votes = listeners(clip);
    Emotion::ALL.map(|emotion| {
        let at = emotion.index();
        let acted = f32::from(u8::from(emotion == clip.emotion));
        let heard = (1.0 - listening) * acted + listening * votes[at];
        (1.0 - smoothing) * heard + smoothing * classes[at] / count
    })
}

/// Whether what listeners heard can be learned, where a configuration asks for it.
///
/// # Errors
///
/// If it asks, there are clips of CREMA-D, and no clip has votes.
pub fn check_listeners(clips: &[Clip], training: &Training) -> Result<()> {
    let asks = training.vote_share > 0.0 || training.listeners_weight > 0.0;
    let could_have = clips.iter().any(|clip| clip.corpus == Corpus::CremaD);
    ensure!(
        !asks || !could_have || clips.iter().any(|clip| clip.votes.is_some()),
        "training.vote_share and training.listeners_weight ask what CREMA-D's listeners heard, but no clip has their votes: put crema_d_votes.csv beside the manifest, or set both to 0"
    );
    Ok(())
}

/// The shares of a clip's listeners who heard each emotion; 0 if nobody is known to have listened.
fn listeners(clip: &Clip) -> [f32; Emotion::COUNT] {
    let votes = clip.votes.unwrap_or_default().map(f32::from);
    let voters = votes.iter().sum::<f32>().max(1.0);
    votes.map(|votes| votes / voters)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::corpora::Corpus;
    use pathos_analysis::{Frame, MelFrame};

    fn config() -> Config {
        Config::first(&[])
    }

    fn examples() -> Vec<Example> {
        let example = |number: usize| {
            let mel = |t: usize| -> MelFrame {
                std::array::from_fn(|band| ((t * band) as f32 * 0.01).sin())
            };
            let frames = (0..100 + 2 * number).map(|t| Frame::from(mel(t)));
            Example {
                clip: Clip {
                    path: format!("{number}.wav").into(),
                    corpus: [Corpus::CremaD, Corpus::RavdessSong, Corpus::Tess][number % 3],
                    speaker: format!("S{number}"),
                    female: false,
                    emotion: Emotion::Sad,
                    votes: None,
                    statement: None,
                },
                copies: vec![frames.collect()],
                session: 0,
            }
        };
        (0..96).map(example).collect()
    }

    fn batches(epoch: usize) -> Vec<Batch> {
        let source = Source::new(examples(), &config()).unwrap();
        source.epoch(epoch).into_iter().collect()
    }

    #[test]
    fn an_epoch_is_the_same_each_time_and_unlike_the_next() {
        assert_eq!(batches(0), batches(0));
        assert_ne!(batches(0), batches(1));
    }

    #[test]
    fn known_voices_are_told_in_order() {
        let config = Config::first(&[
            "network.known_voices=96",
            "features.kinds=[\"log-mel\",\"functionals\"]",
            "augmentation.mixup_share=0",
        ]);
        let examples = examples();
        let speakers = dataset::speakers(&examples);
        assert_eq!(speakers.len(), 96);
        let source = Source::new(examples, &config).unwrap();
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        for (place, speaker) in speakers.iter().enumerate() {
            let own = source
                .examples
                .iter()
                .find(|own| own.clip.speaker == *speaker);
            let item = source.clip(own.unwrap(), &mut rng);
            let voices: Vec<usize> = (0..96).filter(|&at| item.voices[at] > 0.0).collect();
            assert_eq!(voices, [place]);
        }
        assert_eq!(source.sound(&mut rng).voices.iter().sum::<f32>(), 1.0);
        for batch in source.epoch(0).into_iter().take(1) {
            let voices = batch.input(&Device::flex()).voices.unwrap();
            assert_eq!(voices.dims(), [batch.voice.len(), 96]);
        }
        assert!(batches(0)[0].input(&Device::flex()).voices.is_none());
    }

    #[test]
    fn batches_are_as_long_as_their_longest_window() {
        let batches = batches(0);
        assert_eq!(batches.len(), 3);
        let mut lengths = Vec::new();
        for batch in &batches {
            let count = batch.voice.len();
            assert_eq!(count, 32);
            assert_eq!(batch.frames % TIME_POOL, 0);
            assert_eq!(batch.features.len(), count * batch.frames * 64);
            let steps = batch.frames / TIME_POOL;
            assert_eq!(batch.mask.len(), count * steps);
            assert!(
                batch
                    .mask
                    .chunks(steps)
                    .any(|row| row[..5] == [0.0, 0.0, 0.0, 0.0, 1.0]),
                "none is that long, with its context"
            );
            assert!(batch.mask.chunks(steps).all(|row| row[steps - 1] == 1.0));
            lengths.push(batch.frames);
        }
        let (shortest, longest) = (lengths.iter().min(), lengths.iter().max());
        assert!(
            shortest < longest,
            "windows of a length are together: {lengths:?}"
        );
    }

    #[test]
    fn targets_sum_to_one_and_give_nothing_to_classes_that_are_not_there() {
        for batch in &batches(0) {
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
    fn listeners_have_their_share() {
        let mut clip = examples().remove(0).clip;
        let mut training = config().training;
        (training.vote_share, training.label_smoothing) = (0.25, 0.0);
        assert_eq!(
            target(&clip, &training),
            [0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0]
        );
        clip.votes = Some([0, 0, 3, 0, 6, 1, 0]);
        let heard = target(&clip, &training);
        let expected = [0.0, 0.0, 0.075, 0.0, 0.15, 0.775, 0.0];
        assert!(
            heard
                .iter()
                .zip(expected)
                .all(|(a, b)| (a - b).abs() < 1e-6)
        );
    }

    #[test]
    fn listeners_of_whom_nothing_is_known_are_not_learned_from() {
        let mut training = config().training;
        training.vote_share = 0.25;
        let clips: Vec<Clip> = examples().into_iter().map(|own| own.clip).collect();
        let refusal = check_listeners(&clips, &training).unwrap_err().to_string();
        assert!(refusal.contains("crema_d_votes.csv"), "{refusal}");
        let mut heard = clips.clone();
        heard[3].votes = Some([0, 0, 3, 0, 6, 1, 0]);
        assert!(check_listeners(&heard, &training).is_ok());
        let mut others = clips;
        others.retain(|clip| clip.corpus != Corpus::CremaD);
        assert!(
            check_listeners(&others, &training).is_ok(),
            "who has none of it"
        );
    }

    /// A configuration that looks at habits, and examples of one speaker.
    fn one_voice(history: &[&str]) -> (Config, Vec<Example>) {
        let kinds = "features.kinds=[\"log-mel\",\"habit\"]";
        let config = Config::first(&[&[kinds], history].concat());
        let mut examples = examples();
        for example in &mut examples {
            example.clip.speaker = "S".to_owned();
        }
        (config, examples)
    }

    #[test]
    fn a_voice_may_have_been_heard_before() {
        let (config, examples) = one_voice(&[
            "training.history_share=0.5",
            "training.history_clips=12",
            "training.history_alike=0.5",
        ]);
        let source = Source::new(examples, &config).unwrap();
        let columns = source.windowing.columns();
        let (mut known, mut new, mut said) = (0, 0, 0);
        for batch in source.epoch(0) {
            for window in batch.features.chunks_exact(batch.frames * columns) {
                // How well the voice is known is the last of a habit's values; what is heard alone is of 3 s at the most.
                let last = window[window.len() - 1];
                *(if last > 0.15 { &mut known } else { &mut new }) += 1;
            }
            said += batch.known.iter().filter(|&&known| known).count();
        }
        assert!(known > 10 && new > 30, "{known} and {new}");
        // One other clip of the shortest is as short as a window.
        assert!(said >= known && said < known + new, "{said} of {known}");
    }

    #[test]
    fn a_line_goes_on_with_a_clip_of_the_same_speaker_emotion_and_session() {
        let (mut config, mut examples) = one_voice(&["training.joined_share=1.0"]);
        for (number, example) in examples.iter_mut().enumerate() {
            let level = (number % 8) as f32;
            example.session = number % 4;
            example.clip.emotion = [Emotion::Sad, Emotion::Angry][number / 4 % 2];
            example.copies = vec![vec![Frame::from([level; 64]); 80]; 2];
        }
        let mut lonely = examples[0].clone();
        lonely.clip.emotion = Emotion::Happy;
        examples.push(lonely);
        let before = |source: &Source, place: usize, copy: usize| {
            let mut rng = ChaCha8Rng::seed_from_u64(place as u64);
            let frames = source.before(&source.examples[place], copy, &mut rng);
            frames.first().map(|frame| frame.log_mel[0] as usize)
        };
        let lines = Source::new(examples.clone(), &config).unwrap();
        for place in 0..16 {
            let as_it_is = before(&lines, place, 0).unwrap();
            assert_eq!(as_it_is / 4, place % 8 / 4, "of another emotion");
            assert_eq!(before(&lines, place, 1), Some(place % 8));
        }
        assert_eq!(before(&lines, 96, 0), None, "there is no other like it");
        config.training.joined_share = 0.0;
        let clips = Source::new(examples, &config).unwrap();
        assert_eq!(before(&clips, 0, 0), None);
    }

    #[test]
    fn windows_of_lines_are_full_and_ask_for_no_sentence() {
        let (config, mut examples) = one_voice(&["training.joined_share=1.0"]);
        for example in &mut examples {
            example.clip.statement = Some(0);
            example.copies[0].truncate(100);
        }
        let full = |config: &Config| {
            let source = Source::new(examples.clone(), config).unwrap();
            let batches: Vec<Batch> = source.epoch(0).into_iter().collect();
            let said: f32 = batches.iter().flat_map(|batch| &batch.statements).sum();
            let longest = batches.iter().map(|batch| batch.frames).max().unwrap();
            (longest, said > 0.0)
        };
        let (longest, said) = full(&config);
        assert!(!said);
        let (shorter, said) = full(&one_voice(&[]).0);
        assert!(said && shorter < longest, "{shorter} and {longest}");
    }

    #[test]
    fn what_was_heard_before_a_copy_was_changed_alike() {
        let (config, mut examples) =
            one_voice(&["training.history_share=1.0", "training.history_clips=9"]);
        let copy = |level: f32| vec![Frame::from([level; 64]); 80];
        for (number, example) in examples.iter_mut().enumerate() {
            example.session = number / 3 % 4;
            // A copy in which nothing was heard is passed over.
            let silent = number >= 90;
            let changed = if silent {
                vec![]
            } else {
                copy(1.0 + example.session as f32)
            };
            example.copies = vec![copy(0.0), changed];
        }
        let source = Source::new(examples, &config).unwrap();
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        for example in &source.examples[..90] {
            let levels = [0, 1].map(|copy| {
                let earlier = source.earlier(example, copy, &mut rng);
                let levels = earlier.iter().flatten().map(|frame| frame.log_mel[0]);
                levels.collect::<Vec<_>>()
            });
            assert!(!levels[0].is_empty());
            assert!(levels[0].iter().all(|&level| level == 0.0));
            let own = 1.0 + example.session as f32;
            assert!(levels[1].iter().all(|&level| level == own), "{levels:?}");
        }
        assert!(source.epoch(0).into_iter().count() > 0);
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
