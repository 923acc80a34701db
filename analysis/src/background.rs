//! A background that lies under every voice alike.
//!
//! Each band is normalised by its own mean and variance, so a band that falls silent between words in a studio looks quite unlike
//! one that falls to the noise of a room, and a network that has learned in rooms takes the studio for a mood. Noise that is
//! added to the powers of the bands and to the level, as far below the voice in every recording, hides what lies deeper.

use crate::{
    ANALYSIS_RATE_HZ,
    chroma::CHROMA_BINS,
    features::Frame,
    log_mel::{FRAME_HOP_SAMPLES, MEL_BANDS},
};
use std::f32::consts::LN_10;

/// How fast the remembered peak of the voice falls: 2 dB in a second, as in the [gate](crate::gate).
const FALL_DB_PER_S: f32 = 2.0;
/// Nepers of power in a decibel.
const NEPERS_PER_DB: f32 = LN_10 / 10.0;
const FALL_PER_FRAME: f32 =
    FALL_DB_PER_S * NEPERS_PER_DB * FRAME_HOP_SAMPLES as f32 / ANALYSIS_RATE_HZ as f32;
/// Where a [`Frame`] keeps its level, in tens of decibels, which are as many times ln 10 nepers.
const LEVEL: usize = CHROMA_BINS + 2;

/// The background of one stream: of the same power in each band, so many decibels below the voice's recent peak.
#[derive(Clone, Debug)]
pub(crate) struct Background {
    below_peak: f32,
    bands: Peak,
    level: Peak,
}

/// The largest power that was heard, as its natural logarithm, less what it fell since.
#[derive(Clone, Copy, Debug)]
struct Peak(f32);

impl Peak {
    const NONE: Self = Self(f32::MIN);

    fn follow(&mut self, power: f32) -> f32 {
        self.0 = power.max(self.0 - FALL_PER_FRAME);
        self.0
    }
}

impl Background {
    /// That many decibels below the peak of a voice that is still to be heard.
    pub(crate) fn new(below_peak_db: f32) -> Self {
        Self {
            below_peak: below_peak_db * NEPERS_PER_DB,
            bands: Peak::NONE,
            level: Peak::NONE,
        }
    }

    /// Forgets the voice.
    pub(crate) fn clear(&mut self) {
        (self.bands, self.level) = (Peak::NONE, Peak::NONE);
    }

    /// Puts it under the bands and the level of the next frame.
    pub(crate) fn under(&mut self, mut frame: Frame) -> Frame {
        // Relative to the loudest band, so that no exponential overflows.
        let loudest = frame.log_mel.iter().fold(f32::MIN, |a, b| a.max(*b));
        let powers = frame.log_mel.iter().map(|band| (band - loudest).exp());
        let mean = loudest + (powers.sum::<f32>() / MEL_BANDS as f32).ln();
        let noise = self.bands.follow(mean) - self.below_peak;
        for band in &mut frame.log_mel {
            *band = sum(*band, noise);
        }
        let level = frame.extra[LEVEL] * LN_10;
        let noise = self.level.follow(level) - self.below_peak;
        frame.extra[LEVEL] = sum(level, noise) / LN_10;
        frame
    }
}

/// The logarithm of the sum of two powers that are given by theirs.
fn sum(a: f32, b: f32) -> f32 {
    let (larger, smaller) = (a.max(b), a.min(b));
    larger + (smaller - larger).exp().ln_1p()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flat(db: f32) -> Frame {
        let mut frame = Frame::from([db * NEPERS_PER_DB; MEL_BANDS]);
        frame.extra[LEVEL] = db / 10.0;
        frame
    }

    /// The level of each band, which is the frame's own.
    fn db(frame: Frame) -> f32 {
        let band = frame.log_mel[0] / NEPERS_PER_DB;
        assert!((band - 10.0 * frame.extra[LEVEL]).abs() < 1e-3);
        band
    }

    #[test]
    fn a_studio_and_a_room_look_alike_below_it() {
        for silence_db in [-90.0, -60.0] {
            let mut background = Background::new(40.0);
            assert!((db(background.under(flat(-10.0))) + 10.0).abs() < 0.01);
            let pause = db(background.under(flat(silence_db)));
            assert!((pause + 50.0).abs() < 0.5, "{pause}");
        }
    }

    #[test]
    fn it_moves_with_a_gain() {
        let levels = |gain_db: f32| {
            let mut background = Background::new(30.0);
            let said = [-20.0, -35.0, -80.0, -50.0, -15.0, -44.0];
            said.map(|level| db(background.under(flat(level + gain_db))) - gain_db)
        };
        for (quiet, loud) in levels(-12.0).iter().zip(levels(12.0)) {
            assert!((quiet - loud).abs() < 1e-3);
        }
    }

    #[test]
    fn it_follows_a_voice_that_falls_and_forgets_one_that_is_gone() {
        let mut background = Background::new(40.0);
        background.under(flat(0.0));
        (0..500).for_each(|_| drop(background.under(flat(-90.0))));
        let later = db(background.under(flat(-90.0)));
        assert!((later + 50.0).abs() < 0.1, "10 dB in 5 s: {later}");
        background.clear();
        assert!((db(background.under(flat(-90.0))) + 90.0).abs() < 0.01);
    }
}
