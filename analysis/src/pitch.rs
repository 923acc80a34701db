//! Fundamental frequency and voicing, by YIN (de Cheveigné & Kawahara, JASA 111(4), 2002).

use crate::{
    ANALYSIS_RATE_HZ,
    difference::{Difference, INTEGRATION_SAMPLES},
    trailing::Trailing,
};

/// The lowest F0 that is found, in Hz: below the lowest notes of a bass.
pub const LOWEST_F0_HZ: f32 = 60.0;
/// The highest F0 that is found, in Hz: near a soprano's high C.
pub const HIGHEST_F0_HZ: f32 = 1_000.0;
/// The longest period, in samples.
const LONGEST: usize = (ANALYSIS_RATE_HZ as f32 / LOWEST_F0_HZ) as usize;
/// The shortest period, in samples.
const SHORTEST: usize = (ANALYSIS_RATE_HZ as f32 / HIGHEST_F0_HZ) as usize;
/// The first dip of the normalised difference below this is the period.
const THRESHOLD: f32 = 0.1;
/// Where the lowest dip is above this there is no pitch. Breath and creak lift the dips of a voice to about here; those of
/// white noise stay near 0.8.
pub(crate) const UNVOICED: f32 = 0.35;
/// Mean square below which a frame is silence: -80 dB of a full-scale sine.
const SILENCE: f32 = 0.5e-8;

/// What was found in a frame.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PitchFrame {
    /// The fundamental frequency in Hz; none in silence and in noise.
    pub f0_hz: Option<f32>,
    /// How periodic the sound is, from 0 to 1: one less the normalised difference between a period and the one before.
    pub voicing: f32,
}

impl PitchFrame {
    const NONE: Self = Self {
        f0_hz: None,
        voicing: 0.0,
    };
}

/// Streaming analysis of samples at [`ANALYSIS_RATE_HZ`].
///
/// The newest 512 samples (32 ms) are compared with those up to 267 samples before them: frame `k` sees 49 ms up to sample
/// `160 k + 399`, and its F0 is that of the middle of the 32 ms and one period more. All memory is taken at construction.
pub struct Pitch {
    trailing: Trailing,
    difference: Difference,
}

impl Pitch {
    /// An analysis that has heard nothing.
    #[must_use]
    pub fn new() -> Self {
        // One lag more than the longest, for the parabola around it.
        let longest = LONGEST + 1;
        Self {
            trailing: Trailing::new(INTEGRATION_SAMPLES + longest),
            difference: Difference::new(longest),
        }
    }

    /// Forgets all samples.
    pub fn reset(&mut self) {
        self.trailing.reset();
    }

    /// Takes one sample; returns what was found when it completes a frame.
    pub fn push(&mut self, sample: f32) -> Option<PitchFrame> {
        let samples = self.trailing.push(sample)?;
        let newest = &samples[samples.len() - INTEGRATION_SAMPLES..];
        let mean_square = newest.iter().map(|s| s * s).sum::<f32>() / INTEGRATION_SAMPLES as f32;
        Some(if mean_square < SILENCE || !mean_square.is_finite() {
            PitchFrame::NONE
        } else {
            period(self.difference.of(samples))
        })
    }
}

impl Default for Pitch {
    fn default() -> Self {
        Self::new()
    }
}

/// Steps 4 and 5 of the paper: the first dip below the threshold, or the lowest of all, and the bottom of the parabola there.
fn period(difference: &[f32]) -> PitchFrame {
    let is_dip = |lag: &usize| {
        difference[*lag] <= difference[lag - 1] && difference[*lag] <= difference[lag + 1]
    };
    let dips = (SHORTEST..=LONGEST).filter(is_dip);
    let first = dips.clone().find(|&lag| difference[lag] < THRESHOLD);
    let lowest = || dips.min_by(|&a, &b| difference[a].total_cmp(&difference[b]));
    let Some(lag) = first.or_else(lowest) else {
        return PitchFrame::NONE;
    };
    let (before, here, after) = (difference[lag - 1], difference[lag], difference[lag + 1]);
    let curvature = before - 2.0 * here + after;
    let shift = if curvature > 0.0 {
        (0.5 * (before - after) / curvature).clamp(-0.5, 0.5)
    } else {
        0.0
    };
    PitchFrame {
        f0_hz: (here < UNVOICED).then(|| ANALYSIS_RATE_HZ as f32 / (lag as f32 + shift)),
        voicing: (1.0 - here).clamp(0.0, 1.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::f32::consts::TAU;

    fn frames(samples: impl Iterator<Item = f32>) -> Vec<PitchFrame> {
        let mut pitch = Pitch::new();
        samples.filter_map(|sample| pitch.push(sample)).collect()
    }

    /// A buzz through a pair of resonances.
    fn vowel(f0_hz: f32, samples: usize) -> impl Iterator<Item = f32> {
        (0..samples).map(move |n| {
            let time = n as f32 / 16_000.0;
            (1..20)
                .map(|k| {
                    let hz = f0_hz * k as f32;
                    let level = 1.0 / (1.0 + ((hz - 600.0) / 150.0).powi(2))
                        + 0.5 / (1.0 + ((hz - 1_300.0) / 150.0).powi(2));
                    0.1 * level * (TAU * hz * time).sin()
                })
                .sum()
        })
    }

    /// White noise from -1 to 1.
    fn noise(samples: usize) -> impl Iterator<Item = f32> {
        let mut state = 1u32;
        std::iter::repeat_with(move || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) as f32 / 8_388_608.0 - 1.0
        })
        .take(samples)
    }

    #[test]
    fn tones_and_vowels_have_their_f0_within_half_a_percent() {
        for f0_hz in [62.0, 70.0, 110.0, 220.0, 440.0, 880.0, 1_000.0] {
            let tone = (0..8_000).map(|n| 0.3 * (TAU * f0_hz * n as f32 / 16_000.0).sin());
            for frame in [
                *frames(tone).last().unwrap(),
                *frames(vowel(f0_hz, 8_000)).last().unwrap(),
            ] {
                let found = frame.f0_hz.unwrap();
                assert!(
                    (found / f0_hz - 1.0).abs() < 0.005,
                    "{found} for {f0_hz} Hz"
                );
                assert!(frame.voicing > 0.9, "{frame:?} for {f0_hz} Hz");
            }
        }
    }

    #[test]
    fn silence_and_noise_have_none() {
        let silence = frames(std::iter::repeat_n(0.0, 8_000));
        assert_eq!(silence.len(), 48);
        assert!(silence.iter().all(|&frame| frame == PitchFrame::NONE));
        assert!(frames(noise(64_000)).iter().all(|f| f.f0_hz.is_none()));
    }

    #[test]
    fn noise_10_db_below_a_vowel_leaves_it_its_f0() {
        // The vowel has a mean square of 0.0042.
        let power: f32 = vowel(180.0, 16_000).map(|s| s * s).sum::<f32>() / 16_000.0;
        let level = (0.1 * power * 3.0).sqrt();
        let mixed = vowel(180.0, 16_000).zip(noise(16_000));
        let found = frames(mixed.map(|(voice, noise)| voice + level * noise));
        let right = found[4..].iter().filter(|frame| {
            frame
                .f0_hz
                .is_some_and(|hz| (hz / 180.0 - 1.0).abs() < 0.02)
        });
        let share = right.count() as f32 / (found.len() - 4) as f32;
        assert!(share > 0.9, "{share} of the frames");
    }

    #[test]
    fn neither_level_nor_offset_matters() {
        let plain = frames(vowel(150.0, 6_000));
        let soft = frames(vowel(150.0, 6_000).map(|sample| sample / 512.0));
        let shifted = frames(vowel(150.0, 6_000).map(|sample| sample + 0.5));
        for ((a, b), c) in plain.iter().zip(&soft).zip(&shifted).skip(5) {
            let (a, b, c) = (a.f0_hz.unwrap(), b.f0_hz.unwrap(), c.f0_hz.unwrap());
            assert!((a - b).abs() < 0.01 && (a - c).abs() < 0.05, "{a} {b} {c}");
        }
    }

    #[test]
    fn samples_that_are_no_numbers_have_no_pitch_and_are_forgotten() {
        for bad in [f32::NAN, f32::INFINITY, f32::MAX] {
            let found = frames(std::iter::once(bad).chain(vowel(150.0, 6_000)));
            assert_eq!(found[0], PitchFrame::NONE);
            assert!(found.iter().all(|frame| frame.voicing.is_finite()));
            assert!((found.last().unwrap().f0_hz.unwrap() - 150.0).abs() < 0.75);
        }
    }
}
