//! Level and zero crossings of a frame: what else is known of a sound without a spectrum.

use crate::{log_mel::FRAME_WINDOW_SAMPLES, trailing::Trailing};

/// The lowest level that is told, in dB of a full-scale sine.
pub const LOWEST_LEVEL_DB: f32 = -120.0;

/// What was found in a frame.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct EnergyFrame {
    /// Root mean square of the frame in dB of a full-scale sine, [`LOWEST_LEVEL_DB`] or more.
    pub level_db: f32,
    /// Share of the samples at which the sign changes.
    pub zero_crossing_rate: f32,
}

/// Streaming analysis of samples at [`ANALYSIS_RATE_HZ`](crate::ANALYSIS_RATE_HZ). Frame `k` sees the samples from `160 k` to
/// `160 k + 399`.
pub struct Energy {
    trailing: Trailing,
}

impl Energy {
    /// An analysis that has heard nothing.
    #[must_use]
    pub fn new() -> Self {
        Self {
            trailing: Trailing::new(FRAME_WINDOW_SAMPLES),
        }
    }

    /// Takes one sample; returns what was found when it completes a frame.
    pub fn push(&mut self, sample: f32) -> Option<EnergyFrame> {
        let samples = self.trailing.push(sample)?;
        let length = samples.len() as f32;
        let power = samples.iter().map(|s| s * s).sum::<f32>() / length;
        let crossings = samples
            .windows(2)
            .filter(|pair| pair[0].is_sign_negative() != pair[1].is_sign_negative());
        Some(EnergyFrame {
            // A full-scale sine has a mean square of 1/2.
            level_db: (10.0 * (2.0 * power).log10()).max(LOWEST_LEVEL_DB),
            zero_crossing_rate: crossings.count() as f32 / length,
        })
    }
}

impl Default for Energy {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::f32::consts::TAU;

    #[test]
    fn a_sine_has_its_level_and_its_crossings() {
        for (amplitude, level_db) in [(1.0, 0.0), (0.1, -20.0), (0.001, -60.0)] {
            let mut energy = Energy::new();
            let sine = (0..4_000).map(|n| amplitude * (TAU * 1_000.0 * n as f32 / 16_000.0).sin());
            let frame = sine
                .filter_map(|sample| energy.push(sample))
                .last()
                .unwrap();
            assert!((frame.level_db - level_db).abs() < 0.1, "{frame:?}");
            assert!(
                (frame.zero_crossing_rate - 0.125).abs() < 0.005,
                "{frame:?}"
            );
        }
    }

    #[test]
    fn silence_has_the_lowest_level() {
        let mut energy = Energy::new();
        let frame = (0..400).find_map(|_| energy.push(0.0)).unwrap();
        assert_eq!(frame.level_db, LOWEST_LEVEL_DB);
        assert_eq!(frame.zero_crossing_rate, 0.0);
    }
}
