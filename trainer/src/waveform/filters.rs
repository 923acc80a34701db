//! Microphones and lines: a tilt of the spectrum, and a limited band.

use anyhow::{Result, anyhow};
use biquad::{Biquad, Coefficients, DirectForm2Transposed, Type};
use pathos_analysis::ANALYSIS_RATE_HZ;

/// Corners of the two shelves of a tilt, in Hz.
const LOW_SHELF_HZ: f32 = 400.0;
const HIGH_SHELF_HZ: f32 = 2_000.0;
/// Quality of a shelf that rises as gently as one can without a dip.
const SHELF_QUALITY: f32 = 0.5;
/// Qualities of the two sections of a Butterworth filter of the fourth order.
const BUTTERWORTH: [f32; 2] = [0.541_196_1, 1.306_563];

/// A tilt of the spectrum by `db` from 100 Hz to 6 kHz, half of it down and half up.
///
/// # Errors
///
/// Never with a finite tilt.
pub fn tilt(samples: &[f32], db: f32) -> Result<Vec<f32>> {
    filtered(
        samples,
        &[
            (Type::LowShelf(-db / 2.0), LOW_SHELF_HZ, SHELF_QUALITY),
            (Type::HighShelf(db / 2.0), HIGH_SHELF_HZ, SHELF_QUALITY),
        ],
    )
}

/// The band from `low_hz` to `high_hz`, by Butterworth filters of the fourth order on each side (24 dB an octave).
///
/// # Errors
///
/// If an edge is not between 0 and 8 kHz.
pub fn band_limit(samples: &[f32], low_hz: f32, high_hz: f32) -> Result<Vec<f32>> {
    let sections = BUTTERWORTH.iter().flat_map(|&quality| {
        [
            (Type::HighPass, low_hz, quality),
            (Type::LowPass, high_hz, quality),
        ]
    });
    filtered(samples, &sections.collect::<Vec<_>>())
}

fn filtered(samples: &[f32], sections: &[(Type<f32>, f32, f32)]) -> Result<Vec<f32>> {
    let mut samples = samples.to_vec();
    for &(kind, hz, quality) in sections {
        // Relative to half the rate. (`from_params` of biquad 0.5.0 gets this quotient wrong.)
        let corner = 2.0 * hz / ANALYSIS_RATE_HZ as f32;
        let coefficients = Coefficients::<f32>::from_normalized_params(kind, corner, quality)
            .map_err(|_| {
                anyhow!(
                    "a filter cannot have its corner at {hz} Hz; it must lie between 0 and 8000 Hz"
                )
            })?;
        let mut section = DirectForm2Transposed::<f32>::new(coefficients);
        samples
            .iter_mut()
            .for_each(|sample| *sample = section.run(*sample));
    }
    Ok(samples)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::f32::consts::TAU;

    /// The gain of an effect at a frequency, in dB.
    fn gain_db(hz: f32, effect: impl Fn(&[f32]) -> Vec<f32>) -> f32 {
        let tone: Vec<f32> = (0..16_000)
            .map(|n| (TAU * hz * n as f32 / 16_000.0).sin())
            .collect();
        let power = |samples: &[f32]| samples[8_000..].iter().map(|s| s * s).sum::<f32>();
        10.0 * (power(&effect(&tone)) / power(&tone)).log10()
    }

    #[test]
    fn a_tilt_has_its_decibels_from_100_hz_to_6_khz() {
        for db in [-12.0, 6.0, 12.0] {
            let gain = |hz| gain_db(hz, |samples| tilt(samples, db).unwrap());
            assert!(
                (gain(6_000.0) - gain(100.0) - db).abs() < 0.15 * db.abs(),
                "{db}"
            );
            assert!((gain(1_000.0) - 0.5 * (gain(6_000.0) + gain(100.0))).abs() < 1.5);
            let steps = [100.0, 300.0, 1_000.0, 3_000.0, 6_000.0].map(gain);
            assert!(
                steps.windows(2).all(|pair| (pair[1] - pair[0]) * db > 0.0),
                "{steps:?}"
            );
        }
    }

    #[test]
    fn a_band_lets_its_inside_through_and_little_else() {
        let gain = |hz| gain_db(hz, |samples| band_limit(samples, 300.0, 3_400.0).unwrap());
        for hz in [500.0, 1_000.0, 2_500.0] {
            assert!(gain(hz).abs() < 1.0, "{hz} Hz: {}", gain(hz));
        }
        for edge in [300.0, 3_400.0] {
            assert!((gain(edge) + 3.0).abs() < 0.7, "{edge} Hz: {}", gain(edge));
        }
        assert!(gain(100.0) < -30.0 && gain(6_800.0) < -24.0);
    }

    #[test]
    fn a_corner_that_cannot_be_is_refused() {
        let message = band_limit(&[0.0], 300.0, 9_000.0).unwrap_err().to_string();
        assert!(message.contains("9000"), "{message}");
    }
}
