//! Another pitch at the same tempo, and both together.

use super::stretch::stretch;
use anyhow::Result;
use pathos_analysis::{ANALYSIS_RATE_HZ, resample_all};

/// The samples `semitones` higher, as long as before: stretched, then played faster by as much. Formants move with the pitch,
/// as of a smaller throat.
///
/// # Errors
///
/// If it is more than an octave down, which cannot be resampled.
pub fn shift(samples: &[f32], semitones: f32) -> Result<Vec<f32>> {
    let factor = 2f32.powf(semitones / 12.0);
    let mut shifted = speed(&stretch(samples, factor), factor)?;
    shifted.resize(samples.len(), 0.0);
    Ok(shifted)
}

/// The samples played `factor` times as fast: tempo and pitch together.
///
/// # Errors
///
/// If it is less than half or more than 24 times as fast, which cannot be resampled.
pub fn speed(samples: &[f32], factor: f32) -> Result<Vec<f32>> {
    let length =
        ((samples.len() as f32 / factor).round() as usize).max(usize::from(!samples.is_empty()));
    let mut faster = resample_all(samples, f64::from(factor) * f64::from(ANALYSIS_RATE_HZ))?;
    faster.resize(length, 0.0);
    Ok(faster)
}

#[cfg(test)]
mod tests {
    use super::*;
    use pathos_analysis::pitch::Pitch;
    use std::f32::consts::TAU;

    fn buzz(f0_hz: f32) -> Vec<f32> {
        let sample = |n: usize| {
            let phase = TAU * f0_hz * n as f32 / 16_000.0;
            0.1 * (1..8)
                .map(|k| (phase * k as f32).sin() / k as f32)
                .sum::<f32>()
        };
        (0..24_000).map(sample).collect()
    }

    fn f0(samples: &[f32]) -> f32 {
        let mut pitch = Pitch::new();
        let frames = samples.iter().filter_map(|&sample| pitch.push(sample));
        let mut all: Vec<f32> = frames.filter_map(|frame| frame.f0_hz).collect();
        all.sort_by(f32::total_cmp);
        all[all.len() / 2]
    }

    #[test]
    fn a_shifted_tone_has_the_right_f0_and_length() {
        for f0_hz in [100.0, 220.0, 400.0] {
            for semitones in [-3.0, -0.7, 0.0, 0.7, 3.0] {
                let shifted = shift(&buzz(f0_hz), semitones).unwrap();
                assert_eq!(shifted.len(), 24_000);
                let expected = f0_hz * 2f32.powf(semitones / 12.0);
                let found = f0(&shifted);
                assert!(
                    (found / expected - 1.0).abs() < 0.01,
                    "{found} for {expected} Hz"
                );
            }
        }
    }

    #[test]
    fn speed_changes_both() {
        let faster = speed(&buzz(200.0), 1.2).unwrap();
        assert_eq!(faster.len(), 20_000);
        assert!((f0(&faster) / 240.0 - 1.0).abs() < 0.01);
    }

    #[test]
    fn what_cannot_be_resampled_is_refused() {
        assert!(speed(&buzz(200.0), 0.1).is_err());
    }
}
