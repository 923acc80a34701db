//! From what was recognised to what an output says: sensitivity, gain, threshold, curve and range.
//!
//! ```text
//! probability ─► threshold ─► gain × sensitivity ─► ballistics ─► curve ─► range ─► output
//! axis        ─────────────────────► sensitivity ─► ballistics ─► curve ─► range ─► output
//! ```
//!
//! [`Ballistics`](crate::Ballistics) lie between the two halves, so that a curve bends the movement too.

use crate::Emotion;

/// How outputs are shaped. [`Shaping::default`] changes nothing.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Shaping {
    /// What all probabilities and axes are multiplied by; 1 changes nothing.
    pub sensitivity: f32,
    /// What each emotion's probability is multiplied by beside that.
    pub gains: [f32; Emotion::COUNT],
    /// The probability at which each emotion's output begins to move, below 1; what is above it is spread over the whole range.
    pub thresholds: [f32; Emotion::COUNT],
    /// From -1 (small values vanish) over 0 (straight) to 1 (small values are lifted): the exponent is `4^-curve`.
    pub curve: f32,
    /// Where an output is at rest, and at its highest, each 0 to 1. The first may be above the second: then it falls as the emotion rises.
    pub range: [f32; 2],
}

impl Default for Shaping {
    fn default() -> Self {
        Self {
            sensitivity: 1.0,
            gains: [1.0; Emotion::COUNT],
            thresholds: [0.0; Emotion::COUNT],
            curve: 0.0,
            range: [0.0, 1.0],
        }
    }
}

impl Shaping {
    /// Before the ballistics: an emotion's probability to a value from 0 to 1.
    #[must_use]
    pub fn emotion(&self, emotion: Emotion, probability: f32) -> f32 {
        let threshold = self.thresholds[emotion.index()].clamp(0.0, 0.99);
        let above = ((probability - threshold) / (1.0 - threshold)).max(0.0);
        (above * self.gains[emotion.index()] * self.sensitivity).clamp(0.0, 1.0)
    }

    /// Before the ballistics: valence or arousal to a value from -1 to 1.
    #[must_use]
    pub fn axis(&self, value: f32) -> f32 {
        (value * self.sensitivity).clamp(-1.0, 1.0)
    }

    /// After the ballistics: a value from 0 to 1 to an output in [`range`](Self::range).
    #[must_use]
    pub fn share(&self, value: f32) -> f32 {
        self.place(self.bend(value))
    }

    /// After the ballistics: a value from -1 to 1 to an output from -1 to 1, of which the range takes a part.
    #[must_use]
    pub fn bipolar(&self, value: f32) -> f32 {
        2.0 * self.place(f32::midpoint(self.bend(value), 1.0)) - 1.0
    }

    fn bend(&self, value: f32) -> f32 {
        if self.curve == 0.0 {
            return value;
        }
        value.abs().powf(4f32.powf(-self.curve)).copysign(value)
    }

    fn place(&self, value: f32) -> f32 {
        let [rest, highest] = self.range;
        rest + (highest - rest) * value
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_changes_nothing() {
        let shaping = Shaping::default();
        for value in [0.0, 0.1, 0.37, 1.0] {
            assert_eq!(shaping.share(shaping.emotion(Emotion::Sad, value)), value);
        }
        for value in [-1.0, -0.25, 0.0, 0.5, 1.0] {
            assert_eq!(shaping.bipolar(shaping.axis(value)), value);
        }
    }

    #[test]
    fn a_threshold_is_a_new_zero_and_a_gain_reaches_the_top_sooner() {
        let mut shaping = Shaping::default();
        shaping.thresholds[Emotion::Angry.index()] = 0.5;
        assert_eq!(shaping.emotion(Emotion::Angry, 0.4), 0.0);
        assert_eq!(shaping.emotion(Emotion::Angry, 0.75), 0.5);
        assert_eq!(shaping.emotion(Emotion::Angry, 1.0), 1.0);
        shaping.gains[Emotion::Angry.index()] = 4.0;
        assert_eq!(shaping.emotion(Emotion::Angry, 0.75), 1.0);
        assert_eq!(shaping.emotion(Emotion::Sad, 0.4), 0.4);
        shaping.sensitivity = 0.5;
        assert_eq!(shaping.emotion(Emotion::Sad, 0.4), 0.2);
        assert_eq!(shaping.axis(-0.6), -0.3);
    }

    #[test]
    fn a_curve_keeps_the_ends_and_the_sign() {
        for curve in [-1.0, -0.3, 0.4, 1.0] {
            let shaping = Shaping {
                curve,
                ..Shaping::default()
            };
            assert_eq!([0.0, 1.0].map(|value| shaping.share(value)), [0.0, 1.0]);
            assert_eq!(shaping.bipolar(-1.0), -1.0);
            assert_eq!(shaping.share(0.3) > 0.3, curve > 0.0);
            assert!((shaping.bipolar(-0.3) + shaping.bipolar(0.3)).abs() < 1e-6);
        }
    }

    #[test]
    fn a_range_can_be_narrow_and_upside_down() {
        let shaping = |range| Shaping {
            range,
            ..Shaping::default()
        };
        let narrow = shaping([0.2, 0.6]);
        for (value, place) in [(0.0, 0.2), (0.5, 0.4), (1.0, 0.6)] {
            assert!((narrow.share(value) - place).abs() < 1e-6);
        }
        let down = shaping([1.0, 0.0]);
        assert_eq!([0.0, 1.0].map(|value| down.share(value)), [1.0, 0.0]);
        assert_eq!(down.bipolar(1.0), -1.0);
        assert!((narrow.bipolar(0.0) - -0.2).abs() < 1e-6);
    }
}
