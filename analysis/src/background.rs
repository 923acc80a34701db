//! A background that lies under every voice alike.
//!
//! Each band is normalised by its own mean and variance, so a band that falls silent between words in a studio looks quite unlike
//! one that falls to the noise of a room, and a network that has learned in rooms takes the studio for a mood. Noise that is
//! added to the powers of the bands and to the level, as far below the voice in every recording, hides what lies deeper. It hides most where its
//! power fluctuates as that of real noise does: what betrays a studio is that nothing moves in it.

use crate::{
    features::{Frame, LEVEL},
    gate::PEAK_FALL_DB_PER_FRAME,
    log_mel::{
        FRAME_HOP_SAMPLES, FRAME_WINDOW_SAMPLES, MEL_BANDS, MelFrame, centres_hz, log_mel_of,
    },
    power::{self, NEPERS_PER_DB},
};
use serde::{Deserialize, Serialize};
use std::{f32::consts::LN_10, ops::RangeInclusive, sync::LazyLock};

/// Frames after which the noise repeats itself: 20 s.
pub const BACKGROUND_FRAMES: usize = 2_000;
/// What [`BackgroundSettings::below_voice_db`] can be.
pub const BELOW_VOICE_DB: RangeInclusive<f32> = 10.0..=100.0;
/// What [`BackgroundSettings::rumble_db`] can be.
pub const RUMBLE_DB: RangeInclusive<f32> = 0.0..=40.0;
/// Up to here a rumble is as loud as is said, in Hz.
pub const RUMBLE_HZ: f32 = 150.0;
/// Up to here there is some of it, in Hz.
const RUMBLE_END_HZ: f32 = 450.0;

/// How loud the background is.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BackgroundSettings {
    /// Decibels below the voice's recent peak, of each band.
    pub below_voice_db: f32,
    /// By how many decibels it is louder up to 150 Hz, as rooms are by traffic and machines; from there that falls to none at 450 Hz.
    pub rumble_db: f32,
    /// Whether its power fluctuates as that of white noise does, or is the mean of that.
    pub fluctuates: bool,
}

impl BackgroundSettings {
    /// Whether its levels are in their ranges.
    #[must_use]
    pub fn is_known(&self) -> bool {
        BELOW_VOICE_DB.contains(&self.below_voice_db) && RUMBLE_DB.contains(&self.rumble_db)
    }
}

/// The background of one stream, or none.
#[derive(Clone, Debug)]
pub(crate) struct Background {
    noise: Option<Noise>,
    bands: Peak,
    level: Peak,
    /// The next frame of the noise.
    at: usize,
}

#[derive(Clone, Debug)]
struct Noise {
    /// The mean power of each band relative to the voice's peak, in nepers.
    shape: MelFrame,
    /// The mean of that over the bands.
    level: f32,
    /// [`WHITE_NOISE`], which is made before it is heard; none if it does not fluctuate.
    white: Option<&'static [MelFrame]>,
}

impl Noise {
    fn new(settings: BackgroundSettings) -> Self {
        let share = |hz: f32| (RUMBLE_END_HZ - hz) / (RUMBLE_END_HZ - RUMBLE_HZ);
        let db = |hz: f32| settings.rumble_db * share(hz).clamp(0.0, 1.0) - settings.below_voice_db;
        let shape = centres_hz().map(|hz| db(hz) * NEPERS_PER_DB);
        Self {
            shape,
            level: power::mean(&shape),
            white: settings.fluctuates.then(|| WHITE_NOISE.as_slice()),
        }
    }
}

/// White noise as the bands hear it, each with a mean power of 1.
static WHITE_NOISE: LazyLock<Vec<MelFrame>> = LazyLock::new(|| {
    let samples = FRAME_WINDOW_SAMPLES + FRAME_HOP_SAMPLES * (BACKGROUND_FRAMES - 1);
    let mut frames = log_mel_of(&white_noise(samples));
    for band in 0..MEL_BANDS {
        let powers: Vec<f32> = frames.iter().map(|frame| frame[band]).collect();
        let mean = power::mean(&powers);
        frames.iter_mut().for_each(|frame| frame[band] -= mean);
    }
    frames
});

/// The same on every machine: a linear congruential generator (Knuth, The Art of Computer Programming 2, 3.3.4, line 26), whose
/// upper bits are the samples.
fn white_noise(count: usize) -> Vec<f32> {
    let mut state = 1u64;
    let mut sample = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f32 / (1 << 23) as f32 - 1.0
    };
    (0..count).map(|_| sample()).collect()
}

/// The largest power that was heard, as its natural logarithm, less what it fell since.
#[derive(Clone, Copy, Debug)]
struct Peak(f32);

impl Peak {
    const NONE: Self = Self(f32::MIN);

    fn follow(&mut self, power: f32) -> f32 {
        self.0 = power.max(self.0 - PEAK_FALL_DB_PER_FRAME * NEPERS_PER_DB);
        self.0
    }
}

impl Background {
    /// Below a voice that is still to be heard.
    pub(crate) fn new(settings: Option<BackgroundSettings>) -> Self {
        Self {
            noise: settings.map(Noise::new),
            bands: Peak::NONE,
            level: Peak::NONE,
            at: 0,
        }
    }

    /// Goes on from one of its [`BACKGROUND_FRAMES`].
    pub(crate) fn begin_at(&mut self, frame: usize) {
        self.at = frame % BACKGROUND_FRAMES;
    }

    /// Forgets the voice, and begins anew.
    pub(crate) fn clear(&mut self) {
        (self.bands, self.level, self.at) = (Peak::NONE, Peak::NONE, 0);
    }

    /// Puts it under the bands and the level of the next frame.
    pub(crate) fn under(&mut self, mut frame: Frame) -> Frame {
        let Some(Noise {
            shape,
            level: below_peak,
            white,
        }) = &self.noise
        else {
            return frame;
        };
        let peak = self.bands.follow(power::mean(&frame.log_mel));
        let white = white.map_or([0.0; MEL_BANDS], |white| white[self.at]);
        let bands = frame.log_mel.iter_mut().zip(shape).zip(white);
        for ((band, shape), white) in bands {
            *band = power::sum(*band, peak + shape + white);
        }
        // Tens of decibels are as many times ln 10 nepers.
        let level = frame.extra[LEVEL] * LN_10;
        let noise = self.level.follow(level) + below_peak;
        frame.extra[LEVEL] = power::sum(level, noise) / LN_10;
        self.begin_at(self.at + 1);
        frame
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flat(db: f32) -> Frame {
        let mut frame = Frame::from([db * NEPERS_PER_DB; MEL_BANDS]);
        frame.extra[LEVEL] = db / 10.0;
        frame
    }

    fn background(below_voice_db: f32, rumble_db: f32) -> Background {
        Background::new(Some(BackgroundSettings {
            below_voice_db,
            rumble_db,
            fluctuates: true,
        }))
    }

    /// The mean power of each band in a long pause after a loud frame, in dB.
    fn pause_db(background: &mut Background, silence_db: f32) -> MelFrame {
        background.under(flat(-10.0));
        // Rising by what the peak falls, so that the background stays where it is.
        let frames: Vec<Frame> = (0..BACKGROUND_FRAMES)
            .map(|_| {
                background.bands.0 = -10.0 * NEPERS_PER_DB;
                background.under(flat(silence_db))
            })
            .collect();
        std::array::from_fn(|band| {
            let powers: Vec<f32> = frames.iter().map(|frame| frame.log_mel[band]).collect();
            power::mean(&powers) / NEPERS_PER_DB
        })
    }

    #[test]
    fn a_studio_and_a_room_look_alike_below_it() {
        for silence_db in [-90.0, -65.0] {
            let pause = pause_db(&mut background(40.0, 0.0), silence_db);
            assert!(pause.iter().all(|db| (db + 50.0).abs() < 0.3), "{pause:?}");
        }
        let loud = background(40.0, 0.0).under(flat(-10.0));
        assert!((10.0 * loud.extra[LEVEL] + 10.0).abs() < 0.01);
    }

    #[test]
    fn a_rumble_is_loudest_in_the_lowest_bands() {
        let plain = pause_db(&mut background(40.0, 0.0), -120.0);
        let rumbling = pause_db(&mut background(40.0, 15.0), -120.0);
        let louder: MelFrame = std::array::from_fn(|band| rumbling[band] - plain[band]);
        assert!((louder[0] - 15.0).abs() < 0.01, "{louder:?}");
        for (db, hz) in louder.iter().zip(centres_hz()) {
            assert_eq!(*db > 0.01, hz < RUMBLE_END_HZ, "{db} dB at {hz} Hz");
        }
    }

    #[test]
    fn it_fluctuates_as_noise_does() {
        let mut background = background(40.0, 0.0);
        let low: Vec<f32> = (0..BACKGROUND_FRAMES)
            .map(|_| {
                background.bands.0 = 0.0;
                background.under(flat(-120.0)).log_mel[0]
            })
            .collect();
        let mean = low.iter().sum::<f32>() / low.len() as f32;
        let variance = low.iter().map(|v| (v - mean).powi(2)).sum::<f32>() / low.len() as f32;
        // The logarithm of one bin's power has a deviation of pi / sqrt 6, which is 1.28; a band has one or two.
        let deviation = variance.sqrt();
        assert!((0.8..1.3).contains(&deviation), "{deviation}");
    }

    #[test]
    fn it_does_not_fluctuate_if_it_is_not_to() {
        let mut background = Background::new(Some(BackgroundSettings {
            below_voice_db: 40.0,
            rumble_db: 0.0,
            fluctuates: false,
        }));
        let pauses = [-10.0, -90.0, -70.0].map(|db| background.under(flat(db)).log_mel[3]);
        let db = pauses.map(|power| power / NEPERS_PER_DB);
        assert!(
            (db[0] + 10.0).abs() < 0.01 && (db[1] + 50.0).abs() < 0.1,
            "{db:?}"
        );
        assert!((db[2] + 50.0).abs() < 0.1, "{db:?}");
    }

    #[test]
    fn it_moves_with_a_gain() {
        let levels = |gain_db: f32| {
            let mut background = background(30.0, 10.0);
            let said = [-20.0, -35.0, -80.0, -50.0, -15.0, -44.0];
            said.map(|level| {
                background.under(flat(level + gain_db)).log_mel[5] / NEPERS_PER_DB - gain_db
            })
        };
        for (quiet, loud) in levels(-12.0).iter().zip(levels(12.0)) {
            assert!((quiet - loud).abs() < 1e-3);
        }
    }

    #[test]
    fn it_follows_a_voice_that_falls_and_forgets_one_that_is_gone() {
        let level = |frame: Frame| 10.0 * frame.extra[LEVEL];
        let mut background = background(40.0, 0.0);
        let first = background.under(flat(0.0));
        for _ in 0..500 {
            background.under(flat(-90.0));
        }
        let later = level(background.under(flat(-90.0)));
        assert!((later + 50.0).abs() < 0.1, "10 dB in 5 s: {later}");
        background.clear();
        assert_eq!(background.under(flat(0.0)), first);
    }
}
