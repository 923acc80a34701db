//! Intervals: how far apart the held pitches of a window lie, in whatever key.
//!
//! A tune in a minor key dwells a minor third from its tonic, one in a major key a major third, and listeners hear the first as sad and the
//! second as glad (Hevner, American Journal of Psychology 47, 1935). Who speaks glides, so that a pitch counts where it is held: of the
//! pitches of a song more than of those of speech, whose intervals are no tune.

use crate::{chroma::CHROMA_BINS, features::Frame, pitch::UNVOICED};

/// From unison to half an octave in steps of half a semitone; what is wider is as wide as its inversion.
pub const INTERVAL_VALUES: usize = 1 + PLACES / 2 / STEP;
/// Places of a pitch within an octave: an eighth of a semitone apart.
const PLACES: usize = 96;
/// Places to an interval.
const STEP: usize = 4;
/// Voicing from which a frame has a pitch of its own, not that of one before it.
const VOICED: f32 = 1.0 - UNVOICED;
/// Frames of a stretch in which a pitch is held: 170 ms.
const HELD_FRAMES: usize = 17;
/// How far apart its pitches may lie, in octaves: a semitone and a half, the width of a vibrato.
const HELD_WITHIN: f32 = 1.5 / 12.0;

/// Of all pairs of frames with a pitch, the shares of those that are held and lie each interval apart: they sum to the square of the share
/// that is held. A pair between two intervals counts for both.
#[must_use]
pub(crate) fn intervals<'a>(frames: impl IntoIterator<Item = &'a Frame>) -> [f32; INTERVAL_VALUES] {
    let pitches: Vec<Option<f32>> = frames.into_iter().map(pitch).collect();
    let mut counts = [0.0f32; PLACES];
    for log2_f0 in held(&pitches) {
        let place = (log2_f0 * PLACES as f32).round().rem_euclid(PLACES as f32);
        counts[place as usize] += 1.0;
    }
    let all = pitches.iter().flatten().count() as f32;
    let pairs = (all * all).max(1.0);
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

/// The base-2 logarithm of a frame's F0, if it is voiced.
fn pitch(frame: &Frame) -> Option<f32> {
    let [log2_f0, voicing] = [frame.extra[CHROMA_BINS], frame.extra[CHROMA_BINS + 1]];
    (voicing >= VOICED).then_some(log2_f0)
}

/// The pitches of frames that are in a stretch of held ones.
fn held(pitches: &[Option<f32>]) -> impl Iterator<Item = f32> {
    let mut held = vec![false; pitches.len()];
    for (first, stretch) in pitches.windows(HELD_FRAMES).enumerate() {
        let voiced = || stretch.iter().flatten().copied();
        let lowest = voiced().fold(f32::INFINITY, f32::min);
        let highest = voiced().fold(f32::NEG_INFINITY, f32::max);
        if voiced().count() == HELD_FRAMES && highest - lowest <= HELD_WITHIN {
            held[first..][..HELD_FRAMES].fill(true);
        }
    }
    let frames = pitches.iter().zip(held);
    frames.filter_map(|(pitch, held)| pitch.filter(|_| held))
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
        let frames: Vec<Frame> = [&[first; 40][..], &[second; 20]]
            .concat()
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
    fn only_a_held_pitch_counts() {
        let glide: Vec<Frame> = (0..60).map(|at| sung(60.0 + 0.2 * at as f32)).collect();
        assert_eq!(intervals(&glide), [0.0; INTERVAL_VALUES]);
        let vibrato = (0..60).map(|at| sung(60.0 + 0.7 * (at as f32 * 0.35).sin()));
        let vibrato: Vec<Frame> = vibrato.collect();
        assert!((intervals(&vibrato).iter().sum::<f32>() - 1.0).abs() < 0.001);
        let both = intervals(&[glide, vibrato].concat());
        assert!((both.iter().sum::<f32>() - 0.25).abs() < 0.02, "{both:?}");
    }

    #[test]
    fn what_has_no_pitch_has_no_intervals() {
        assert_eq!(intervals(&[]), [0.0; INTERVAL_VALUES]);
        let mut unvoiced = sung(60.0);
        unvoiced.extra[CHROMA_BINS + 1] = 0.6;
        assert_eq!(intervals(&[unvoiced]), [0.0; INTERVAL_VALUES]);
    }
}
