//! The copies of a clip that the protocol `rows` shuffles, as the notebook makes them that claims 97.25 %
//! (`mostafaabdlhamed/speech-emotion-recognition-97-25-accuracy`): the clip, with noise, shifted in pitch, and both.

use crate::waveform::pitch;
use anyhow::Result;
use rand::Rng;
use rand_distr::{Distribution, StandardNormal};
use serde::Serialize;

/// The noise's standard deviation is drawn from 0 to this share of the clip's largest sample.
const LARGEST_NOISE: f32 = 0.035;
/// The shift in pitch.
const SEMITONES: f32 = 0.7;

/// A copy of a clip.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub enum Row {
    /// The clip as it is.
    Original,
    /// With white noise.
    Noise,
    /// Shifted in pitch.
    Pitch,
    /// With noise, then shifted in pitch.
    NoiseAndPitch,
}

impl Row {
    /// All of them.
    pub const ALL: [Self; 4] = [
        Self::Original,
        Self::Noise,
        Self::Pitch,
        Self::NoiseAndPitch,
    ];

    /// The copy, from samples at the analysis rate.
    ///
    /// # Errors
    ///
    /// If the pitch cannot be shifted.
    pub fn of(self, samples: &[f32], rng: &mut impl Rng) -> Result<Vec<f32>> {
        Ok(match self {
            Self::Original => samples.to_vec(),
            Self::Noise => with_noise(samples, rng),
            Self::Pitch => pitch::shift(samples, SEMITONES)?,
            Self::NoiseAndPitch => pitch::shift(&with_noise(samples, rng), SEMITONES)?,
        })
    }
}

fn with_noise(samples: &[f32], rng: &mut impl Rng) -> Vec<f32> {
    let peak = samples.iter().fold(0.0f32, |peak, s| peak.max(s.abs()));
    let deviation = LARGEST_NOISE * rng.random::<f32>() * peak;
    let noisy = samples.iter().map(|sample| {
        let noise: f32 = StandardNormal.sample(rng);
        sample + deviation * noise
    });
    noisy.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;
    use std::f32::consts::TAU;

    #[test]
    fn the_copies_differ_as_the_notebook_has_them() {
        let tone: Vec<f32> = (0..16_000)
            .map(|n| 0.5 * (TAU * 300.0 * n as f32 / 16_000.0).sin())
            .collect();
        let mut rng = ChaCha8Rng::seed_from_u64(3);
        let [original, noise, pitch, both] = Row::ALL.map(|row| row.of(&tone, &mut rng).unwrap());
        assert_eq!(original, tone);
        let rms = |a: &[f32]| {
            let squares = a.iter().zip(&tone).map(|(a, b)| (a - b).powi(2));
            (squares.sum::<f32>() / tone.len() as f32).sqrt()
        };
        let noise = rms(&noise);
        assert!(noise > 1e-5 && noise < 0.5 * LARGEST_NOISE, "{noise}");
        assert!(rms(&pitch) > 0.1 && rms(&both) > 0.1);
        assert_eq!(pitch.len(), tone.len());
    }
}
