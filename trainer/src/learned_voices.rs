//! What `Learn this voice` is worth: clips of voices that were learned from some neutral ones, judged with and without what was learned.

use crate::{
    corpora::{Clip, Corpus},
    dataset::{self, Example},
    evaluate::{self, Figures},
    evaluation::JudgedClip,
};
use pathos_analysis::{
    Emotion, Estimate, Frame, Logits, Model, VoiceLearner, VoiceReference, VoiceState, softmax,
};
use rand::{SeedableRng, seq::SliceRandom};
use rand_chacha::ChaCha8Rng;
use serde::Serialize;
use std::collections::BTreeSet;

/// Neutral clips that a voice is learned from.
pub const CLIPS: usize = 4;
/// Decides which.
const SEED: u64 = 11;

/// The figures of clips of learned voices, without those that they were learned from.
#[derive(Clone, Debug, Serialize)]
pub struct LearnedVoices {
    /// As they are judged otherwise.
    pub without: Vec<Figures>,
    /// With what was learned taken off.
    pub with: Vec<Figures>,
}

/// A voice that is learned.
#[derive(Debug)]
pub struct Lesson {
    /// The corpus, and the speaker in it.
    voice: (Corpus, String),
    /// What the plugin makes of it meanwhile.
    heard: Vec<Logits>,
    /// The voice's other clips, by their places; none where no neutral one is among them.
    judged: Vec<usize>,
}

impl Lesson {
    /// What the plugin keeps of it; nothing if it is too short.
    fn reference(&self, temperature: f32) -> Option<VoiceReference> {
        let mut learner = VoiceLearner::default();
        for logits in &self.heard {
            let probabilities = softmax(&logits.emotions, temperature);
            learner.hear(&Estimate::new(0, probabilities, 1.0, VoiceState::Voice));
        }
        learner.reference()
    }

    /// Whether the voice is of one of some corpora.
    fn is_of(&self, corpora: &BTreeSet<String>) -> bool {
        corpora.contains(self.voice.0.name())
    }
}

/// A lesson for each voice; its places are those of `examples`, counted on from `first`.
pub fn lessons(model: &Model, examples: &[Example], first: usize) -> Vec<Lesson> {
    let mut rng = ChaCha8Rng::seed_from_u64(SEED);
    let lesson = |(voice, places): (_, Vec<usize>)| {
        let is_neutral = |place: &usize| examples[*place].clip.emotion == Emotion::Neutral;
        let (mut neutral, mut judged): (Vec<_>, Vec<_>) = places.into_iter().partition(is_neutral);
        if neutral.len() > CLIPS {
            neutral.shuffle(&mut rng);
            judged.extend(neutral.split_off(CLIPS));
        } else {
            // All were learned from: none is left to judge by.
            judged.clear();
        }
        // One after the other, as along a track.
        let frames = neutral.iter().flat_map(|&place| examples[place].frames());
        let frames: Vec<Frame> = frames.copied().collect();
        Lesson {
            voice,
            heard: evaluate::estimates(model, &frames),
            judged: judged.into_iter().map(|place| first + place).collect(),
        }
    };
    let voices = dataset::places_by(examples, Clip::voice);
    voices.into_iter().map(lesson).collect()
}

/// How neutral voices read: the means of what was learned of those of some corpora, by name, every voice counting the same. Nothing
/// without such a voice.
pub fn neutral(
    lessons: &[Lesson],
    temperature: f32,
    corpora: &BTreeSet<String>,
) -> Option<[f32; Emotion::COUNT]> {
    let counting = lessons.iter().filter(|lesson| lesson.is_of(corpora));
    mean(counting.filter_map(|lesson| lesson.reference(temperature)))
}

/// The mean of some voices, if there are any.
fn mean(voices: impl Iterator<Item = VoiceReference>) -> Option<[f32; Emotion::COUNT]> {
    let read: Vec<_> = voices.map(|voice| voice.log_probabilities).collect();
    let sum = |at: usize| read.iter().map(|voice| voice[at]).sum::<f32>();
    (!read.is_empty()).then(|| std::array::from_fn(|at| sum(at) / read.len() as f32))
}

/// The figures of some lessons by the plugin's code, each voice set against the neutral voices of other speakers of some corpora;
/// nothing without such voices.
pub fn figures(
    lessons: &[Lesson],
    clips: &[JudgedClip],
    temperature: f32,
    corpora: &BTreeSet<String>,
) -> Option<LearnedVoices> {
    let read: Vec<Option<VoiceReference>> = lessons
        .iter()
        .map(|lesson| lesson.reference(temperature))
        .collect();
    let (mut own, mut without, mut with) = (Vec::new(), Vec::new(), Vec::new());
    for (lesson, voice) in lessons.iter().zip(&read) {
        let others = lessons.iter().zip(&read).filter(|(other, _)| {
            let ((_, speaker), (_, other_speaker)) = (&lesson.voice, &other.voice);
            other_speaker != speaker && other.is_of(corpora)
        });
        let neutral = mean(others.filter_map(|(_, voice)| *voice));
        let Some((voice, neutral)) = voice.zip(neutral) else {
            continue;
        };
        for JudgedClip { clip, running, .. } in lesson.judged.iter().map(|&place| &clips[place]) {
            let probabilities = softmax(&running.emotions, temperature);
            let corrected = voice.correct(&probabilities, &neutral);
            own.push(clip);
            without.push(*running);
            with.push(Logits {
                emotions: corrected.map(|probability| probability.max(f32::MIN_POSITIVE).ln()),
                voice: running.voice,
            });
        }
    }
    let figures = |logits: &[Logits], temperature: f32| {
        evaluate::report(&own, &evaluate::judge(&own, logits, temperature))
    };
    (!own.is_empty()).then(|| LearnedVoices {
        without: figures(&without, temperature),
        // The logarithms of probabilities, which have the temperature.
        with: figures(&with, 1.0),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Logits of a clip of a voice that always sounds sadder than it is, or of another.
    fn logits(emotion: Emotion, gloom: f32) -> Logits {
        let mut emotions = [-3.0; Emotion::COUNT];
        emotions[emotion.index()] = 0.0;
        emotions[Emotion::Sad.index()] += gloom;
        Logits {
            emotions,
            voice: 5.0,
        }
    }

    #[test]
    fn a_gloomy_voice_is_understood_once_it_was_learned() {
        let emotions = [Emotion::Angry, Emotion::Happy, Emotion::Neutral];
        let clips = emotions.map(|emotion| JudgedClip {
            clip: Clip {
                path: "clip.wav".into(),
                corpus: Corpus::CremaD,
                speaker: "gloomy".to_owned(),
                female: true,
                emotion,
                votes: None,
                statement: None,
            },
            running: logits(emotion, 4.0),
            first_second: Logits::default(),
            last: Logits::default(),
        });
        let lesson = |speaker: &str, gloom, hops, judged| Lesson {
            voice: (Corpus::CremaD, speaker.to_owned()),
            heard: vec![logits(Emotion::Neutral, gloom); hops],
            judged,
        };
        let uar = |hops, corpus: Corpus| {
            let lessons = [
                lesson("gloomy", 4.0, hops, vec![0, 1, 2]),
                lesson("other", 0.0, hops, Vec::new()),
            ];
            let learned_from = BTreeSet::from([corpus.name().to_owned()]);
            let learned = figures(&lessons, &clips, 1.0, &learned_from)?;
            let mix = |all: &[Figures]| all.last().map(|mix| mix.uar);
            mix(&learned.without).zip(mix(&learned.with))
        };
        assert_eq!(uar(100, Corpus::CremaD), Some((0.0, 1.0)));
        assert_eq!(uar(1, Corpus::CremaD), None, "too short to learn from");
        assert_eq!(uar(100, Corpus::Savee), None, "nothing to set it against");
    }
}
