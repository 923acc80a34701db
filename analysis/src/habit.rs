//! What a voice is like as a rule, and how its last seconds depart from that.
//!
//! A voice that is high, loud or bright says little by itself; one that is higher, louder or brighter than it usually is says much.
//! Setting each of a speaker's clips against the others is worth more than any other single step in the field (Schuller et al.,
//! IEEE Trans. Affective Computing 1(2), 2010), but needs the recordings of tomorrow. Here it looks back alone: at the voice
//! that was heard since the stream began, the newest minute above all.

use crate::{
    chroma::CHROMA_BINS,
    features::{Frame, PROSODY_VALUES},
    ltas::{GROUPS, group_levels},
    statistics::Statistics,
};

/// What is followed of a frame: the level of each group of bands, then the prosody.
const TRAITS: usize = GROUPS + PROSODY_VALUES;
/// Values of a departure: of the mean of each trait, of the deviation of each, and how much of the voice is known.
pub const HABIT_VALUES: usize = 2 * TRAITS + 1;
/// After this many frames a habit begins to forget, with this time constant: a minute of voice.
const MEMORY_FRAMES: usize = 6_000;
/// Frames after which a habit is known by two thirds, about: 20 s of voice.
const KNOWN_FRAMES: f32 = 2_000.0;
/// What the departures of a group's level, in nepers, of the octaves of F0, of the voicing and of the level in tens of dB are
/// multiplied by, which gives all about the same spread over speech.
const UNITS: [f32; 1 + PROSODY_VALUES] = [0.5, 2.0, 3.0, 1.0];
/// No departure is taken for larger than this.
const LARGEST: f32 = 4.0;

/// The mean and the deviation of each trait over a voice.
#[derive(Clone, Debug)]
pub struct Habit {
    traits: Statistics,
}

impl Default for Habit {
    fn default() -> Self {
        Self::new()
    }
}

impl Habit {
    /// Of no voice yet.
    #[must_use]
    pub fn new() -> Self {
        Self {
            traits: Statistics::new(TRAITS, MEMORY_FRAMES),
        }
    }

    /// Hears a frame of the voice.
    pub fn observe(&mut self, frame: &Frame) {
        let mut traits = [0.0; TRAITS];
        let (levels, prosody) = traits.split_at_mut(GROUPS);
        levels.copy_from_slice(&group_levels(frame));
        prosody.copy_from_slice(&frame.extra[CHROMA_BINS..]);
        self.traits.observe(&traits);
    }

    /// How some frames, which were heard with the others, depart from all that were: the differences of the means, in units of 2 Np,
    /// half an octave, a third of full voicing and 10 dB; those of the standard deviations; and from 0 to 1 how well the voice is
    /// known. Where nothing else was heard there is no departure: a voice at its beginning is at home. Zeros of no frames.
    #[must_use]
    pub fn departure<'a>(
        &self,
        frames: impl ExactSizeIterator<Item = &'a Frame>,
    ) -> [f32; HABIT_VALUES] {
        let mut values = [0.0; HABIT_VALUES];
        if frames.len() == 0 {
            return values;
        }
        let mut now = Self::new();
        frames.for_each(|frame| now.observe(frame));
        let (now, usual) = (now.traits, &self.traits);
        let means = now.mean().iter().zip(usual.mean()).map(|(a, b)| a - b);
        let deviations = now.deviations().zip(usual.deviations());
        let deviations = deviations.map(|(a, b)| a - b);
        let [levels, prosody @ ..] = UNITS;
        let units = std::iter::repeat_n(levels, GROUPS).chain(prosody);
        let differences = means.chain(deviations).zip(units.clone().chain(units));
        for (value, (difference, unit)) in values.iter_mut().zip(differences) {
            *value = (difference * unit).clamp(-LARGEST, LARGEST);
        }
        values[2 * TRAITS] = 1.0 - (-(usual.count() as f32) / KNOWN_FRAMES).exp();
        values
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A voice whose bands swing by one neper around a level.
    fn voice(count: usize, level: f32) -> Vec<Frame> {
        let swing = |t: usize| if t.is_multiple_of(2) { 1.0 } else { -1.0 };
        let frames = (0..count).map(|t| Frame::from([level + swing(t); 64]));
        frames.collect()
    }

    fn habit(frames: &[Frame]) -> Habit {
        let mut habit = Habit::new();
        frames.iter().for_each(|frame| habit.observe(frame));
        habit
    }

    #[test]
    fn a_voice_at_its_beginning_is_at_home() {
        let frames = voice(200, -3.0);
        let departure = habit(&frames).departure(frames.iter());
        assert_eq!(departure[..2 * TRAITS], [0.0; 2 * TRAITS]);
        assert!(departure[2 * TRAITS] > 0.09 && departure[2 * TRAITS] < 0.1);
    }

    #[test]
    fn louder_than_usual_is_seen_at_any_gain() {
        let departure = |gain: f32| {
            let mut frames = voice(1_200, gain);
            frames.extend(voice(300, gain + 2.0));
            habit(&frames).departure(frames[1_200..].iter())
        };
        // A fifth of what was heard is louder by 2 Np, so the mean lies 0.4 Np above the usual.
        let quiet = departure(-8.0);
        assert!((quiet[0] - 0.8).abs() < 1e-3, "{}", quiet[0]);
        assert!((quiet[TRAITS] + 0.14).abs() < 0.01, "{}", quiet[TRAITS]);
        for (quiet, loud) in quiet.iter().zip(departure(5.0)) {
            assert!((quiet - loud).abs() < 1e-3);
        }
    }

    #[test]
    fn an_old_habit_is_forgotten() {
        let mut frames = voice(6_000, 0.0);
        frames.extend(voice(30_000, 5.0));
        let departure = habit(&frames).departure(frames[35_700..].iter());
        assert!(departure[0].abs() < 0.05, "{}", departure[0]);
        assert_eq!(habit(&[]).departure([].iter()), [0.0; HABIT_VALUES]);
    }
}
