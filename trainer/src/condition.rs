//! What is done to the clips of an evaluation, to see what it costs.

use crate::waveform::{Effect, noise::Colour};
use clap::ValueEnum;
use serde::Serialize;

/// Signal-to-noise ratio of the noise conditions, in dB.
const SNR_DB: f32 = 10.0;
/// Change of level of the gain conditions, in dB.
const GAIN_DB: f32 = 12.0;
/// The band of a telephone, in Hz.
const TELEPHONE_HZ: [f32; 2] = [300.0, 3_400.0];

/// A condition under which clips are judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Condition {
    /// White noise at a signal-to-noise ratio of 10 dB.
    WhiteNoise,
    /// Pink noise at a signal-to-noise ratio of 10 dB.
    PinkNoise,
    /// 12 dB quieter.
    Quiet,
    /// 12 dB louder.
    Loud,
    /// The band of a telephone, 300 to 3400 Hz.
    Telephone,
}

impl Condition {
    /// What it does to the sound.
    #[must_use]
    pub fn effect(self) -> Effect {
        let noise = |colour| Effect::Noise {
            colour,
            snr_db: SNR_DB,
        };
        let [low_hz, high_hz] = TELEPHONE_HZ;
        match self {
            Self::WhiteNoise => noise(Colour::White),
            Self::PinkNoise => noise(Colour::Pink),
            Self::Quiet => Effect::Gain(-GAIN_DB),
            Self::Loud => Effect::Gain(GAIN_DB),
            Self::Telephone => Effect::BandLimit { low_hz, high_hz },
        }
    }
}
