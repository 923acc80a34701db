//! What the recogniser says.

use crate::Emotion;

/// What is known of the voice at this moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum VoiceState {
    /// No voice: nothing was heard yet, or it stopped a while ago, or what sounds is not a voice.
    #[default]
    NoVoice,
    /// A voice, but less of it than the 0.75 s that a value needs.
    Gathering,
    /// A voice sounds, and the values speak of it.
    Voice,
    /// The voice has just stopped; the values are its last.
    Hold,
}

impl VoiceState {
    /// Whether the probabilities speak of a voice.
    #[must_use]
    pub fn has_values(self) -> bool {
        matches!(self, Self::Voice | Self::Hold)
    }

    /// In a word or two, for tables.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::NoVoice => "no voice",
            Self::Gathering => "gathering",
            Self::Voice => "voice",
            Self::Hold => "hold",
        }
    }
}

/// The recogniser's word on one moment of a stream, given every [`HOP_SECONDS`](crate::HOP_SECONDS).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// The moment: samples at the stream's own rate since the last reset. Everything before it was heard, nothing after.
    pub position: u64,
    /// The probability of each emotion, in the order of [`Emotion::ALL`]. They sum to 1, and are equal while
    /// [`state`](Self::state) has no values.
    pub probabilities: [f32; Emotion::COUNT],
    /// Displeasure to pleasure, -1 to 1: derived from the probabilities, see [`Emotion::valence_arousal`].
    pub valence: f32,
    /// Calm to excitement, -1 to 1: derived likewise.
    pub arousal: f32,
    /// How much of a voice there was in the last hop, 0 to 1: the gate's share times the network's own belief.
    pub voice: f32,
    /// How sure the recogniser is, 0 to 1: one less the entropy of the probabilities as a share of its maximum.
    pub confidence: f32,
    /// What is known of the voice.
    pub state: VoiceState,
}

impl Estimate {
    /// An estimate from its parts; the rest is derived.
    #[must_use]
    pub fn new(
        position: u64,
        probabilities: [f32; Emotion::COUNT],
        voice: f32,
        state: VoiceState,
    ) -> Self {
        let (mut valence, mut arousal, mut entropy) = (0.0, 0.0, 0.0);
        for (emotion, &probability) in Emotion::ALL.into_iter().zip(&probabilities) {
            let (v, a) = emotion.valence_arousal();
            valence += probability * v;
            arousal += probability * a;
            if probability > 0.0 {
                entropy -= probability * probability.ln();
            }
        }
        Self {
            position,
            probabilities,
            valence,
            arousal,
            voice,
            confidence: (1.0 - entropy / (Emotion::COUNT as f32).ln()).clamp(0.0, 1.0),
            state,
        }
    }

    /// The estimate where there is no voice to speak of: every emotion equally probable.
    #[must_use]
    pub fn without_values(position: u64, voice: f32, state: VoiceState) -> Self {
        const EQUAL: [f32; Emotion::COUNT] = [1.0 / Emotion::COUNT as f32; Emotion::COUNT];
        Self {
            valence: 0.0,
            arousal: 0.0,
            confidence: 0.0,
            ..Self::new(position, EQUAL, voice, state)
        }
    }

    /// The most probable emotion.
    #[must_use]
    pub fn leading(&self) -> Emotion {
        Emotion::ALL
            .into_iter()
            .max_by(|a, b| self.probabilities[a.index()].total_cmp(&self.probabilities[b.index()]))
            .unwrap_or(Emotion::Neutral)
    }
}

/// The probabilities that logits stand for, at a temperature (above 1 is less sure): a softmax.
#[must_use]
pub fn softmax(logits: &[f32; Emotion::COUNT], temperature: f32) -> [f32; Emotion::COUNT] {
    let highest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let mut probabilities = logits.map(|logit| ((logit - highest) / temperature).exp());
    let sum: f32 = probabilities.iter().sum();
    probabilities.iter_mut().for_each(|p| *p /= sum);
    probabilities
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sure_estimate_and_an_unsure_one() {
        let mut probabilities = [0.0; 7];
        probabilities[Emotion::Happy.index()] = 1.0;
        let sure = Estimate::new(0, probabilities, 1.0, VoiceState::Voice);
        assert_eq!(sure.leading(), Emotion::Happy);
        assert_eq!((sure.valence, sure.arousal), (0.81, 0.51));
        assert_eq!(sure.confidence, 1.0);

        let unsure = Estimate::without_values(0, 0.0, VoiceState::NoVoice);
        assert!((unsure.probabilities.iter().sum::<f32>() - 1.0).abs() < 1e-6);
        assert_eq!(
            (unsure.valence, unsure.arousal, unsure.confidence),
            (0.0, 0.0, 0.0)
        );
    }

    #[test]
    fn softmax_survives_large_logits_and_cools() {
        let logits = [1000.0, 999.0, 0.0, 0.0, 0.0, 0.0, -1000.0];
        let hot = softmax(&logits, 10.0);
        let cold = softmax(&logits, 1.0);
        assert!((hot.iter().sum::<f32>() - 1.0).abs() < 1e-6);
        assert!(cold[0] > hot[0] && hot[0] > 0.5);
    }
}
