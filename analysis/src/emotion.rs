//! The seven emotions, in the one order that everything in Pathos uses.

use serde::{Deserialize, Serialize};

/// An emotion that the recogniser knows.
///
/// The order of the variants is the order of every array, table and file in the project.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Emotion {
    /// Anger.
    Angry,
    /// Disgust.
    Disgust,
    /// Fear.
    Fear,
    /// Happiness.
    Happy,
    /// No marked emotion; RAVDESS's "calm" counts as this.
    Neutral,
    /// Sadness.
    Sad,
    /// Surprise.
    Surprise,
}

impl Emotion {
    /// How many emotions there are.
    pub const COUNT: usize = 7;

    /// All emotions, in order.
    pub const ALL: [Self; Self::COUNT] = [
        Self::Angry,
        Self::Disgust,
        Self::Fear,
        Self::Happy,
        Self::Neutral,
        Self::Sad,
        Self::Surprise,
    ];

    /// The emotion's place in every array, 0 to 6.
    #[must_use]
    pub const fn index(self) -> usize {
        self as usize
    }

    /// The lower-case name that files, parameter ids and metadata use.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Angry => "angry",
            Self::Disgust => "disgust",
            Self::Fear => "fear",
            Self::Happy => "happy",
            Self::Neutral => "neutral",
            Self::Sad => "sad",
            Self::Surprise => "surprise",
        }
    }

    /// The emotion with this [`name`](Self::name), if there is one.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|emotion| emotion.name() == name)
    }

    /// Pleasure and arousal, each from -1 to 1.
    ///
    /// Mean ratings of the terms "angry", "disgusted", "fearful", "happy", "sad" and "surprised" from Russell and Mehrabian,
    /// "Evidence for a three-factor theory of emotions", Journal of Research in Personality 11 (1977), 273-294; neutral is
    /// the origin.
    #[must_use]
    pub const fn valence_arousal(self) -> (f32, f32) {
        match self {
            Self::Angry => (-0.51, 0.59),
            Self::Disgust => (-0.60, 0.35),
            Self::Fear => (-0.64, 0.60),
            Self::Happy => (0.81, 0.51),
            Self::Neutral => (0.0, 0.0),
            Self::Sad => (-0.63, -0.27),
            Self::Surprise => (0.40, 0.67),
        }
    }
}

impl std::fmt::Display for Emotion {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_and_names_agree() {
        for (place, emotion) in Emotion::ALL.into_iter().enumerate() {
            assert_eq!(emotion.index(), place);
            assert_eq!(Emotion::from_name(emotion.name()), Some(emotion));
        }
        assert_eq!(Emotion::from_name("calm"), None);
    }
}
