//! Fundamental frequency and voicing, by YIN (de Cheveigné & Kawahara, JASA 111(4), 2002).

use crate::{ANALYSIS_RATE_HZ, trailing::Trailing};

/// The lowest F0 that is found, in Hz: below the lowest notes of a bass.
pub const LOWEST_F0_HZ: f32 = 60.0;
/// The highest F0 that is found, in Hz: about a soprano's high C.
pub const HIGHEST_F0_HZ: f32 = 1_050.0;
/// Samples over which a period is compared with the next: 32 ms.
const INTEGRATION_SAMPLES: usize = 512;
/// The longest period, in samples.
const LONGEST: usize = (ANALYSIS_RATE_HZ as f32 / LOWEST_F0_HZ) as usize;
/// The shortest period, in samples.
const SHORTEST: usize = (ANALYSIS_RATE_HZ as f32 / HIGHEST_F0_HZ) as usize;
/// The first dip of the normalised difference below this is the period.
const THRESHOLD: f32 = 0.1;
/// Where the lowest dip is above this there is no pitch.
const UNVOICED: f32 = 0.35;
/// Mean square below which a frame is silence: -80 dB of a full-scale sine.
const SILENCE: f32 = 0.5e-8;

/// What was found in a frame.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PitchFrame {
    /// The fundamental frequency in Hz; none in silence and in noise.
    pub f0_hz: Option<f32>,
    /// How periodic the sound is, from 0 to 1: one less the normalised difference of a period and the next.
    pub voicing: f32,
}

/// Streaming analysis of samples at [`ANALYSIS_RATE_HZ`]. Frame `k` sees the 49 ms up to sample `160 k + 399`.
pub struct Pitch {
    trailing: Trailing,
    /// The cumulative mean normalised difference of each lag.
    difference: Vec<f32>,
}

impl Pitch {
    /// An analysis that has heard nothing.
    #[must_use]
    pub fn new() -> Self {
        Self {
            // A lag more than the longest, for the parabola around it.
            trailing: Trailing::new(INTEGRATION_SAMPLES + LONGEST + 1),
            difference: vec![1.0; LONGEST + 2],
        }
    }

    /// Takes one sample; returns what was found when it completes a frame.
    pub fn push(&mut self, sample: f32) -> Option<PitchFrame> {
        let samples = self.trailing.push(sample)?;
        let newest = &samples[samples.len() - INTEGRATION_SAMPLES..];
        let power = newest.iter().map(|s| s * s).sum::<f32>() / INTEGRATION_SAMPLES as f32;
        if power < SILENCE {
            return Some(PitchFrame {
                f0_hz: None,
                voicing: 0.0,
            });
        }
        normalised_difference(samples, newest, &mut self.difference);
        Some(period(&self.difference))
    }
}

impl Default for Pitch {
    fn default() -> Self {
        Self::new()
    }
}

/// Equations 6 and 8 of the paper, for every lag: how much the newest samples differ from those a lag before them, relative
/// to the mean of the shorter lags.
fn normalised_difference(samples: &[f32], newest: &[f32], difference: &mut [f32]) {
    let start = samples.len() - newest.len();
    let mut sum = 0.0;
    for (lag, out) in difference.iter_mut().enumerate().skip(1) {
        let before = &samples[start - lag..][..newest.len()];
        let own: f32 = newest
            .iter()
            .zip(before)
            .map(|(a, b)| (a - b).powi(2))
            .sum();
        sum += own;
        *out = if sum > 0.0 {
            own * lag as f32 / sum
        } else {
            1.0
        };
    }
}

/// The first dip below the threshold, or the lowest of all.
fn period(difference: &[f32]) -> PitchFrame {
    let is_dip = |lag: &usize| {
        difference[*lag] <= difference[lag - 1] && difference[*lag] <= difference[lag + 1]
    };
    let dips = (SHORTEST..=LONGEST).filter(is_dip);
    let first = dips.clone().find(|&lag| difference[lag] < THRESHOLD);
    let lowest = || dips.min_by(|&a, &b| difference[a].total_cmp(&difference[b]));
    let Some(lag) = first.or_else(lowest) else {
        return PitchFrame {
            f0_hz: None,
            voicing: 0.0,
        };
    };
    let (before, here, after) = (difference[lag - 1], difference[lag], difference[lag + 1]);
    // The bottom of the parabola through three lags.
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

    #[test]
    fn tones_and_vowels_have_their_f0() {
        for f0_hz in [70.0, 110.0, 220.0, 440.0, 880.0, 1_000.0] {
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
                assert!(frame.voicing > 0.9);
            }
        }
    }

    #[test]
    fn silence_and_noise_have_none() {
        let silence = frames(std::iter::repeat_n(0.0, 8_000));
        assert!(
            silence
                .iter()
                .all(|frame| frame.f0_hz.is_none() && frame.voicing == 0.0)
        );
        let mut state = 1u32;
        let noise = (0..32_000).map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) as f32 / 8_388_608.0 - 1.0
        });
        let found = frames(noise);
        let voiced = found.iter().filter(|frame| frame.f0_hz.is_some()).count();
        assert!(
            voiced * 20 < found.len(),
            "{voiced} of {} frames of noise",
            found.len()
        );
    }

    #[test]
    fn level_does_not_matter() {
        let loud = frames(vowel(150.0, 6_000));
        let soft = frames(vowel(150.0, 6_000).map(|sample| sample / 512.0));
        for (a, b) in loud.iter().zip(&soft).skip(4) {
            assert_eq!(a.f0_hz, b.f0_hz);
        }
    }
}
