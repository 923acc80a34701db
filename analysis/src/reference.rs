//! A learned voice: how one singer reads when nothing is expressed, so that it can be set off from what is.
//!
//! Some voices sound sad, or angry, at rest. While a voice is learned the means of its log-probabilities are taken; later half of the
//! difference between these and those of the model's neutral voices (in its file's metadata) is taken off again:
//!
//! ```text
//! ln p'(k) = ln p(k) - weight × (learned(k) - neutral(k)) + constant
//! ```
//!
//! All of it would do more for a voice unlike those that the model learned from, and harm to one that is like them: see
//! `models/EXPERIMENTS.md`, 90.

use crate::{Emotion, Estimate};
use serde::{Deserialize, Serialize};

/// Estimates that a voice is learned from at the least: two seconds of voice.
pub const LEAST_HOPS: u32 = 8;
/// The most of the difference that is taken off.
const LARGEST_WEIGHT: f32 = 0.5;
/// The weight is half of that after so many estimates, and nearly all of it after ten times as many.
const HALF_WEIGHT_HOPS: f32 = 8.0;
/// No emotion is moved by more than this, in nepers: a passage that was not neutral after all must not silence an output.
const LARGEST_SHIFT: f32 = 2.0;
/// Probabilities below this count as this.
const LEAST_PROBABILITY: f32 = 1e-4;

/// A learned voice.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct VoiceReference {
    /// The mean natural logarithm of each emotion's probability, in the order of [`Emotion::ALL`].
    pub log_probabilities: [f32; Emotion::COUNT],
    /// Estimates that they are the mean of.
    pub hops: u32,
}

impl VoiceReference {
    /// Whether the numbers can be used; those of a damaged project cannot.
    #[must_use]
    pub fn is_valid(&self) -> bool {
        let all_finite = self.log_probabilities.iter().all(|value| value.is_finite());
        all_finite && self.hops >= LEAST_HOPS
    }

    /// Probabilities without what is this voice's own, against the model's neutral voices.
    #[must_use]
    pub fn correct(
        &self,
        probabilities: &[f32; Emotion::COUNT],
        neutral: &[f32; Emotion::COUNT],
    ) -> [f32; Emotion::COUNT] {
        let hops = self.hops as f32;
        let weight = LARGEST_WEIGHT * hops / (hops + HALF_WEIGHT_HOPS);
        let mut corrected = *probabilities;
        for (index, probability) in corrected.iter_mut().enumerate() {
            let shift = weight * (self.log_probabilities[index] - neutral[index]);
            *probability *= (-shift.clamp(-LARGEST_SHIFT, LARGEST_SHIFT)).exp();
        }
        let sum: f32 = corrected.iter().sum();
        corrected.map(|probability| probability / sum)
    }
}

/// The mean of the logarithms of some probabilities, as [`VoiceReference`] holds them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct VoiceLearner {
    sums: [f64; Emotion::COUNT],
    hops: u32,
}

impl VoiceLearner {
    /// Learns from an estimate; one without values says nothing.
    pub fn hear(&mut self, estimate: &Estimate) {
        if !estimate.state.has_values() {
            return;
        }
        for (sum, probability) in self.sums.iter_mut().zip(estimate.probabilities) {
            *sum += f64::from(probability.max(LEAST_PROBABILITY).ln());
        }
        self.hops += 1;
    }

    /// Estimates with values that were heard.
    #[must_use]
    pub fn hops(&self) -> u32 {
        self.hops
    }

    /// What was learned; nothing of less than [`LEAST_HOPS`].
    #[must_use]
    pub fn reference(&self) -> Option<VoiceReference> {
        (self.hops >= LEAST_HOPS).then(|| VoiceReference {
            log_probabilities: self.sums.map(|sum| (sum / f64::from(self.hops)) as f32),
            hops: self.hops,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::VoiceState;

    const NEUTRAL: [f32; 7] = [0.05, 0.05, 0.05, 0.1, 0.6, 0.1, 0.05];
    const GLOOMY: [f32; 7] = [0.05, 0.05, 0.05, 0.05, 0.2, 0.55, 0.05];

    fn learned(probabilities: [f32; 7], hops: usize) -> VoiceLearner {
        let mut learner = VoiceLearner::default();
        for _ in 0..hops {
            learner.hear(&Estimate::new(0, probabilities, 1.0, VoiceState::Voice));
        }
        learner
    }

    #[test]
    fn a_voice_that_is_gloomy_at_rest_reads_as_half_as_gloomy() {
        let reference = learned(GLOOMY, 400).reference().unwrap();
        let corrected = reference.correct(&GLOOMY, &NEUTRAL.map(f32::ln));
        // Half of a difference of logarithms: the geometric mean of both.
        let means: [f32; 7] = std::array::from_fn(|at| (GLOOMY[at] * NEUTRAL[at]).sqrt());
        let sum: f32 = means.iter().sum();
        for (corrected, mean) in corrected.iter().zip(means) {
            assert!((corrected - mean / sum).abs() < 0.01, "{corrected} {mean}");
        }
        assert!((corrected.iter().sum::<f32>() - 1.0).abs() < 1e-6);
    }

    #[test]
    fn an_average_voice_is_left_as_it_is() {
        let reference = learned(NEUTRAL, 40).reference().unwrap();
        let corrected = reference.correct(&GLOOMY, &NEUTRAL.map(f32::ln));
        for (corrected, before) in corrected.iter().zip(GLOOMY) {
            assert!((corrected - before).abs() < 1e-5);
        }
    }

    #[test]
    fn little_is_learned_from_little_and_nothing_from_silence() {
        assert_eq!(learned(GLOOMY, 7).reference(), None);
        let mut learner = VoiceLearner::default();
        learner.hear(&Estimate::without_values(0, 0.0, VoiceState::NoVoice));
        assert_eq!(learner, VoiceLearner::default());
    }

    #[test]
    fn numbers_that_are_none_are_found() {
        let mut reference = learned(GLOOMY, 8).reference().unwrap();
        assert!(reference.is_valid());
        reference.log_probabilities[3] = f32::NAN;
        assert!(!reference.is_valid());
    }
}
