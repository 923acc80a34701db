//! A background that lies under every voice alike.
//!
//! Each band is normalised by its own mean and variance, so a band that falls silent between words in a studio looks quite unlike
//! one that falls to the noise of a room, and a network that has learned in rooms takes the studio for a mood. Noise that is
//! added to the powers of the bands and to the level, as far below the voice in every recording, hides what lies deeper.

use crate::{
    features::{Frame, LEVEL},
    gate::PEAK_FALL_DB_PER_FRAME,
    power::{self, NEPERS_PER_DB},
};
use std::f32::consts::LN_10;

/// The background of one stream: of the same power in each band, so many decibels below the voice's recent peak. Or none.
#[derive(Clone, Debug)]
pub(crate) struct Background {
    below_peak: Option<f32>,
    bands: Peak,
    level: Peak,
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
    /// That many decibels below the peak of a voice that is still to be heard.
    pub(crate) fn new(below_peak_db: Option<f32>) -> Self {
        Self {
            below_peak: below_peak_db.map(|db| db * NEPERS_PER_DB),
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
        let Some(below_peak) = self.below_peak else {
            return frame;
        };
        let noise = self.bands.follow(power::mean(&frame.log_mel)) - below_peak;
        for band in &mut frame.log_mel {
            *band = power::sum(*band, noise);
        }
        // Tens of decibels are as many times ln 10 nepers.
        let level = frame.extra[LEVEL] * LN_10;
        let noise = self.level.follow(level) - below_peak;
        frame.extra[LEVEL] = power::sum(level, noise) / LN_10;
        frame
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log_mel::MEL_BANDS;

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
            let mut background = Background::new(Some(40.0));
            assert!((db(background.under(flat(-10.0))) + 10.0).abs() < 0.01);
            let pause = db(background.under(flat(silence_db)));
            assert!((pause + 50.0).abs() < 0.5, "{pause}");
        }
    }

    #[test]
    fn it_moves_with_a_gain() {
        let levels = |gain_db: f32| {
            let mut background = Background::new(Some(30.0));
            let said = [-20.0, -35.0, -80.0, -50.0, -15.0, -44.0];
            said.map(|level| db(background.under(flat(level + gain_db))) - gain_db)
        };
        for (quiet, loud) in levels(-12.0).iter().zip(levels(12.0)) {
            assert!((quiet - loud).abs() < 1e-3);
        }
    }

    #[test]
    fn it_follows_a_voice_that_falls_and_forgets_one_that_is_gone() {
        let mut background = Background::new(Some(40.0));
        background.under(flat(0.0));
        for _ in 0..500 {
            background.under(flat(-90.0));
        }
        let later = db(background.under(flat(-90.0)));
        assert!((later + 50.0).abs() < 0.1, "10 dB in 5 s: {later}");
        background.clear();
        assert!((db(background.under(flat(-90.0))) + 90.0).abs() < 0.01);
    }
}
