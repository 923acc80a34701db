//! Level and zero crossings of a frame: what is known of a sound without a spectrum.

use crate::{log_mel::FRAME_WINDOW_SAMPLES, trailing::Trailing};

/// The lowest level that is told, in dB of a full-scale sine.
pub const LOWEST_LEVEL_DB: f32 = -120.0;
/// Samples as small as this have no sign, so that the dust of rounding in a silence is no sound.
const SIGNLESS: f32 = 1e-10;

/// What was found in a frame.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct EnergyFrame {
    /// Root mean square of the frame in dB of that of a full-scale sine, [`LOWEST_LEVEL_DB`] or more.
    pub level_db: f32,
    /// Sign changes within the frame over its number of samples, from 0 to 1; 0 counts as positive.
    pub zero_crossing_rate: f32,
}

/// Streaming analysis of samples at [`ANALYSIS_RATE_HZ`](crate::ANALYSIS_RATE_HZ).
///
/// Frame `k` sees the samples from `160 k` to `160 k + 399`, unweighted. All memory is taken at construction.
#[derive(Clone, Debug)]
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

    /// Forgets all samples.
    pub fn reset(&mut self) {
        self.trailing.reset();
    }

    /// Takes one sample; returns what was found when it completes a frame.
    pub fn push(&mut self, sample: f32) -> Option<EnergyFrame> {
        let samples = self.trailing.push(sample)?;
        let length = samples.len() as f32;
        let mean_square = samples.iter().map(|s| s * s).sum::<f32>() / length;
        let is_negative = |sample: f32| sample < -SIGNLESS;
        let crossings = samples
            .windows(2)
            .filter(|pair| is_negative(pair[0]) != is_negative(pair[1]))
            .count();
        Some(EnergyFrame {
            // A full-scale sine has a mean square of 1/2. The logarithm of 0 is below any level, and so is taken up to the lowest.
            level_db: (10.0 * (2.0 * mean_square).log10()).max(LOWEST_LEVEL_DB),
            zero_crossing_rate: crossings as f32 / length,
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

    fn last_frame(sample: impl Fn(usize) -> f32) -> EnergyFrame {
        let mut energy = Energy::new();
        let frames = (0..4_000).filter_map(|n| energy.push(sample(n)));
        frames.last().unwrap()
    }

    #[test]
    fn a_sine_has_its_level_and_its_crossings() {
        for (amplitude, level_db) in [(1.0, 0.0), (0.1, -20.0), (0.001, -60.0)] {
            // A phase of its own, so that no sample is 0.
            let frame =
                last_frame(|n| amplitude * (TAU * 1_000.0 * n as f32 / 16_000.0 + 0.1).sin());
            assert!((frame.level_db - level_db).abs() < 0.01, "{frame:?}");
            assert!(
                (frame.zero_crossing_rate - 0.125).abs() <= 1.0 / 400.0,
                "{frame:?}"
            );
        }
    }

    #[test]
    fn silence_has_the_lowest_level_and_no_crossings() {
        for dust in [0.0, 1e-12] {
            let frame = last_frame(|n| if n % 2 == 0 { dust } else { -dust });
            assert_eq!(frame.level_db, LOWEST_LEVEL_DB);
            assert_eq!(frame.zero_crossing_rate, 0.0, "negative zero is zero");
        }
    }

    #[test]
    fn samples_that_are_no_numbers_spoil_only_their_frames() {
        for bad in [f32::NAN, f32::INFINITY] {
            let frame = last_frame(|n| if n == 2_000 { bad } else { 0.5 });
            assert!((frame.level_db + 3.01).abs() < 0.01, "{frame:?}");
        }
    }
}
