//! Intervals: how far apart the pitches of a window lie, in whatever key.
//!
//! A tune in a minor key dwells a minor third from its tonic, one in a major key a major third, and listeners hear the first as sad and the
//! second as glad (Hevner, American Journal of Psychology 47, 1935).

use crate::{chroma::CHROMA_BINS, features::Frame, pitch::UNVOICED};

/// From unison to half an octave in steps of half a semitone; what is wider is as wide as its inversion.
pub const INTERVAL_VALUES: usize = 1 + PLACES / 2 / STEP;
/// Places of a pitch within an octave: an eighth of a semitone apart.
const PLACES: usize = 96;
/// Places to an interval.
const STEP: usize = 4;
/// Voicing from which a frame has a pitch of its own, not that of one before it.
const VOICED: f32 = 1.0 - UNVOICED;

/// Of all pairs of frames with a pitch, the shares that lie each interval apart: they sum to 1, or to 0 without a pitch. A pair between two
/// intervals counts for both.
#[must_use]
pub(crate) fn intervals<'a>(frames: impl IntoIterator<Item = &'a Frame>) -> [f32; INTERVAL_VALUES] {
    let mut counts = [0.0f32; PLACES];
    for frame in frames {
        let [log2_f0, voicing] = [frame.extra[CHROMA_BINS], frame.extra[CHROMA_BINS + 1]];
        if voicing >= VOICED {
            let place = (log2_f0 * PLACES as f32).round().rem_euclid(PLACES as f32);
            counts[place as usize] += 1.0;
        }
    }
    let pitches: f32 = counts.iter().sum();
    let pairs = (pitches * pitches).max(1.0);
    let mut shares = [0.0; INTERVAL_VALUES];
    for distance in 0..PLACES {
        let places = counts.iter().enumerate();
        let pair = |(place, count): (usize, &f32)| count * counts[(place + distance) % PLACES];
        let share = places.map(pair).sum::<f32>() / pairs;
        let inverted = distance.min(PLACES - distance);
        let beyond = (inverted % STEP) as f32 / STEP as f32;
        shares[inverted / STEP] += share * (1.0 - beyond);
        if beyond > 0.0 {
            shares[inverted / STEP + 1] += share * beyond;
        }
    }
    shares
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A frame of a MIDI note.
    fn sung(note: f32) -> Frame {
        let mut frame = Frame::from([0.0; crate::MEL_BANDS]);
        frame.extra[CHROMA_BINS] = (440.0 * ((note - 69.0) / 12.0).exp2()).log2();
        frame.extra[CHROMA_BINS + 1] = 1.0;
        frame
    }

    /// Two of three frames on the first note, the others on the second.
    fn tune(first: f32, second: f32) -> [f32; INTERVAL_VALUES] {
        let frames: Vec<Frame> = [first, first, second]
            .repeat(20)
            .into_iter()
            .map(sung)
            .collect();
        intervals(&frames)
    }

    #[test]
    fn a_third_is_told_in_every_key_and_octave() {
        for (second, third) in [(68.0, 6), (69.0, 8), (68.5, 7)] {
            for transposed in [0.0, 2.0, 7.5, 0.125, -12.0] {
                let values = tune(65.0 + transposed, second + transposed);
                // 2/3 × 1/3 of all pairs are of the first note and the second, and as many of the second and the first.
                assert!((values[third] - 4.0 / 9.0).abs() < 0.01, "{values:?}");
                assert!((values[0] - 5.0 / 9.0).abs() < 0.01, "{values:?}");
            }
            let values = [tune(65.0, second), tune(65.0, second + 12.0)];
            let pairs = values[0].iter().zip(values[1]);
            pairs.for_each(|(a, b)| assert!((a - b).abs() < 0.01, "{values:?}"));
        }
    }

    #[test]
    fn what_has_no_pitch_has_no_intervals() {
        assert_eq!(intervals(&[]), [0.0; INTERVAL_VALUES]);
        let mut unvoiced = sung(60.0);
        unvoiced.extra[CHROMA_BINS + 1] = 0.6;
        assert_eq!(intervals(&[unvoiced]), [0.0; INTERVAL_VALUES]);
    }
}
