//! Augmentation of the sound itself, mono at 16 kHz.
//!
//! Too slow to be drawn anew for each epoch, so [`dataset`](crate::dataset) makes a few copies of each clip with it and keeps
//! their frames on disk; [`augment`](crate::augment) works on the frames. Every effect takes any samples: silence, a single
//! one or none.

pub mod filters;
pub mod noise;
pub mod pitch;
pub mod reverb;
pub mod stretch;

use anyhow::Result;
use rand::Rng;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

/// How strongly copies are changed. Values are drawn evenly from their ranges, shares say how many copies are changed at all.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WaveformAugmentation {
    /// Largest change of speed, tempo and pitch together, as a share.
    pub speed: f32,
    /// Largest change of tempo alone, as a share.
    pub stretch: f32,
    /// Largest change of pitch alone, in semitones.
    pub pitch_semitones: f32,
    /// Share of copies with reverberation.
    pub reverb_share: f64,
    /// Time in which the reverberation falls by 60 dB, in seconds, from and to.
    pub reverb_rt60_s: [f32; 2],
    /// Level of the direct sound relative to the reverberation, in dB, from and to.
    pub reverb_direct_db: [f32; 2],
    /// Largest tilt of the spectrum from 100 Hz to 6 kHz, in dB.
    pub tilt_db: f32,
    /// Share of copies that are limited to a band, such as that of a telephone.
    pub band_limit_share: f64,
    /// Lower edge of the band, in Hz, from and to.
    pub band_low_hz: [f32; 2],
    /// Upper edge of the band, in Hz, from and to.
    pub band_high_hz: [f32; 2],
    /// Share of copies with noise.
    pub noise_share: f64,
    /// Signal-to-noise ratio, in dB, from and to.
    pub noise_snr_db: [f32; 2],
    /// Largest change of level, in dB.
    pub gain_db: f32,
}

impl WaveformAugmentation {
    /// The same with noise in each copy, and without what takes longer than the noise or would take it away: a copy is heard by the
    /// gate and the pitch tracker as a voice in that noise is, which noise that is added to frames leaves out.
    #[must_use]
    pub(crate) fn noisy(&self, snr_db: [f32; 2]) -> Self {
        Self {
            tilt_db: self.tilt_db,
            noise_share: 1.0,
            noise_snr_db: snr_db,
            gain_db: self.gain_db,
            ..self.clone().off()
        }
    }

    /// The same, so that it changes nothing.
    #[must_use]
    pub(crate) fn off(self) -> Self {
        Self {
            speed: 0.0,
            stretch: 0.0,
            pitch_semitones: 0.0,
            reverb_share: 0.0,
            tilt_db: 0.0,
            band_limit_share: 0.0,
            noise_share: 0.0,
            gain_db: 0.0,
            ..self
        }
    }

    /// The lower and the upper edge of a band at random, in Hz.
    pub(crate) fn draw_band(&self, rng: &mut impl Rng) -> [f32; 2] {
        [self.band_low_hz, self.band_high_hz].map(|range| within(range, rng))
    }
}

/// What can be done to a sound.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Effect {
    /// A faster or slower tape: tempo and pitch times a factor.
    Speed(f32),
    /// Another tempo: a factor of the duration.
    Stretch(f32),
    /// Another pitch, in semitones.
    Pitch(f32),
    /// A room.
    Reverb {
        /// Time in which it falls by 60 dB, in seconds.
        rt60_s: f32,
        /// Level of the direct sound relative to it, in dB.
        direct_db: f32,
    },
    /// A tilt of the spectrum from 100 Hz to 6 kHz, in dB.
    Tilt(f32),
    /// A band, in Hz.
    BandLimit {
        /// Lower edge.
        low_hz: f32,
        /// Upper edge.
        high_hz: f32,
    },
    /// Noise.
    Noise {
        /// What kind.
        colour: noise::Colour,
        /// Signal-to-noise ratio in dB.
        snr_db: f32,
    },
    /// A change of level in dB.
    Gain(f32),
}

impl Effect {
    /// One of each, at values at which they are plain to see and hear.
    pub const DEMONSTRATIONS: [Self; 11] = [
        Self::Speed(1.15),
        Self::Stretch(1.2),
        Self::Pitch(3.0),
        Self::Pitch(-3.0),
        Self::Reverb {
            rt60_s: 0.8,
            direct_db: 0.0,
        },
        Self::Tilt(12.0),
        Self::BandLimit {
            low_hz: 300.0,
            high_hz: 3_400.0,
        },
        Self::Noise {
            colour: noise::Colour::White,
            snr_db: 10.0,
        },
        Self::Noise {
            colour: noise::Colour::Pink,
            snr_db: 10.0,
        },
        Self::Noise {
            colour: noise::Colour::Babble,
            snr_db: 5.0,
        },
        Self::Gain(-12.0),
    ];

    /// The effect in words.
    #[must_use]
    pub fn describe(&self) -> String {
        match self {
            Self::Speed(factor) => format!("speed times {factor:.2}: tempo and pitch"),
            Self::Stretch(factor) => format!("duration times {factor:.2}, the pitch kept"),
            Self::Pitch(semitones) => format!("pitch {semitones:+.1} semitones, the duration kept"),
            Self::Reverb { rt60_s, direct_db } => format!(
                "reverberation of {rt60_s:.1} s (60 dB), direct sound {direct_db:+.0} dB above it"
            ),
            Self::Tilt(db) => format!("tilt of {db:+.0} dB from 100 Hz to 6 kHz"),
            Self::BandLimit { low_hz, high_hz } => {
                format!("band limited to {low_hz:.0} to {high_hz:.0} Hz")
            }
            Self::Noise { colour, snr_db } => {
                format!("{} at {snr_db:.0} dB below the voice", colour.name())
            }
            Self::Gain(db) => format!("gain of {db:+.0} dB"),
        }
    }

    /// The changed sound. `voices` are other clips, for babble.
    ///
    /// # Errors
    ///
    /// If a factor is out of what can be resampled.
    pub fn apply(
        &self,
        samples: &[f32],
        voices: &[&[f32]],
        rng: &mut ChaCha8Rng,
    ) -> Result<Vec<f32>> {
        Ok(match *self {
            Self::Speed(factor) => pitch::speed(samples, factor)?,
            Self::Stretch(factor) => stretch::stretch(samples, factor),
            Self::Pitch(semitones) => pitch::shift(samples, semitones)?,
            Self::Reverb { rt60_s, direct_db } => reverb::reverb(samples, rt60_s, direct_db, rng),
            Self::Tilt(db) => filters::tilt(samples, db)?,
            Self::BandLimit { low_hz, high_hz } => filters::band_limit(samples, low_hz, high_hz)?,
            Self::Noise { colour, snr_db } => noise::add(samples, colour, snr_db, voices, rng),
            Self::Gain(db) => gain(samples, db),
        })
    }
}

/// Samples times a gain in dB.
#[must_use]
pub fn gain(samples: &[f32], db: f32) -> Vec<f32> {
    let factor = 10f32.powf(db / 20.0);
    samples.iter().map(|sample| sample * factor).collect()
}

/// The samples after some effects, one after the other. `voices` are other clips, for babble.
///
/// # Errors
///
/// As [`Effect::apply`].
pub fn apply(
    effects: &[Effect],
    samples: &[f32],
    voices: &[&[f32]],
    rng: &mut ChaCha8Rng,
) -> Result<Vec<f32>> {
    effects
        .iter()
        .try_fold(samples.to_vec(), |samples, effect| {
            effect.apply(&samples, voices, rng)
        })
}

/// A value between two.
fn within([from, to]: [f32; 2], rng: &mut impl Rng) -> f32 {
    from + (to - from) * rng.random::<f32>()
}

/// The effects of a copy at random, in the order in which a voice meets them: the voice itself, the room, the microphone and
/// the line, the noise, the level.
#[must_use]
pub fn draw(
    settings: &WaveformAugmentation,
    has_voices: bool,
    rng: &mut ChaCha8Rng,
) -> Vec<Effect> {
    let mut effects = Vec::new();
    let mut around_zero = |largest: f32| largest * rng.random_range(-1.0..=1.0f32);
    let (speed, stretch) = (around_zero(settings.speed), around_zero(settings.stretch));
    let (semitones, tilt_db) = (
        around_zero(settings.pitch_semitones),
        around_zero(settings.tilt_db),
    );
    let gain_db = around_zero(settings.gain_db);
    if settings.speed > 0.0 {
        effects.push(Effect::Speed(1.0 + speed));
    }
    if settings.stretch > 0.0 {
        effects.push(Effect::Stretch(1.0 + stretch));
    }
    if settings.pitch_semitones > 0.0 {
        effects.push(Effect::Pitch(semitones));
    }
    if rng.random_bool(settings.reverb_share.clamp(0.0, 1.0)) {
        effects.push(Effect::Reverb {
            rt60_s: within(settings.reverb_rt60_s, rng),
            direct_db: within(settings.reverb_direct_db, rng),
        });
    }
    if settings.tilt_db > 0.0 {
        effects.push(Effect::Tilt(tilt_db));
    }
    if rng.random_bool(settings.band_limit_share.clamp(0.0, 1.0)) {
        let [low_hz, high_hz] = settings.draw_band(rng);
        effects.push(Effect::BandLimit { low_hz, high_hz });
    }
    if rng.random_bool(settings.noise_share.clamp(0.0, 1.0)) {
        effects.push(Effect::Noise {
            colour: noise::Colour::draw(has_voices, rng),
            snr_db: within(settings.noise_snr_db, rng),
        });
    }
    if settings.gain_db > 0.0 {
        effects.push(Effect::Gain(gain_db));
    }
    effects
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use rand::SeedableRng;
    use std::f32::consts::TAU;

    fn settings() -> WaveformAugmentation {
        let mut settings = Config::first(&[]).augmentation.waveform;
        (
            settings.reverb_share,
            settings.band_limit_share,
            settings.noise_share,
        ) = (1.0, 1.0, 1.0);
        settings
    }

    fn tone() -> Vec<f32> {
        let sample = |n: usize| 0.3 * (TAU * 220.0 * n as f32 / 16_000.0).sin();
        (0..16_000).map(sample).collect()
    }

    #[test]
    fn the_same_seed_gives_the_same_copy() {
        let copy = |seed| {
            let mut rng = ChaCha8Rng::seed_from_u64(seed);
            let effects = draw(&settings(), true, &mut rng);
            apply(&effects, &tone(), &[&tone()], &mut rng).unwrap()
        };
        assert_eq!(copy(1), copy(1));
        assert_ne!(copy(1), copy(2));
    }

    #[test]
    fn every_effect_takes_any_samples() {
        for samples in [vec![], vec![0.5], vec![0.0; 5_000], vec![0.1; 333], tone()] {
            for effect in Effect::DEMONSTRATIONS {
                for voices in [&[][..], &[&[][..]], &[&tone()[..]]] {
                    let mut rng = ChaCha8Rng::seed_from_u64(1);
                    let changed = effect.apply(&samples, voices, &mut rng).unwrap();
                    assert!(
                        changed.iter().all(|sample| sample.is_finite()),
                        "{effect:?}"
                    );
                    assert_eq!(changed.is_empty(), samples.is_empty(), "{effect:?}");
                    assert!(!effect.describe().is_empty());
                }
            }
        }
    }

    #[test]
    fn all_settings_at_zero_change_nothing() {
        let nothing = settings().off();
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let effects = draw(&nothing, false, &mut rng);
        assert!(effects.is_empty());
        assert_eq!(apply(&effects, &tone(), &[], &mut rng).unwrap(), tone());
    }

    #[test]
    fn gain_is_exact() {
        let quiet = gain(&tone(), -20.0);
        for (quiet, loud) in quiet.iter().zip(tone()) {
            assert!((quiet * 10.0 - loud).abs() < 1e-6);
        }
    }
}
