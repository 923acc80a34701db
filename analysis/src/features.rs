//! What a network may look at: frames of features, from samples at the analysis rate.

use crate::{
    background::BackgroundSettings,
    chroma::{CHROMA_BINS, Chroma},
    functionals::FUNCTIONAL_VALUES,
    habit::HABIT_VALUES,
    intervals::INTERVAL_VALUES,
    log_mel::{LogMel, LogMelSettings, MEL_BANDS, MelFrame},
    ltas::LTAS_VALUES,
    mfcc::MFCC_COEFFICIENTS,
    pitch::Pitch,
    window::WindowSettings,
};
use serde::{Deserialize, Serialize};

/// Values of a frame beside its log-mel bands: chroma and prosody.
pub const EXTRA_VALUES: usize = CHROMA_BINS + PROSODY_VALUES;
/// Prosody is the logarithm of F0, the voicing and the level.
pub const PROSODY_VALUES: usize = 3;
/// Where the extra values of a [`Frame`] hold the level, which is the last of prosody.
pub(crate) const LEVEL: usize = EXTRA_VALUES - 1;
/// F0 that is taken before the first voiced frame, in Hz: between the medians of men and women.
const NEUTRAL_F0_HZ: f32 = 160.0;
/// Decibels to a unit of the level in [`FeatureKind::Prosody`], which gives it about the spread of the other columns.
const DB_PER_UNIT: f32 = 10.0;

/// A kind of feature.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FeatureKind {
    /// 64 log-mel bands: see [`log_mel`](crate::log_mel).
    LogMel,
    /// 20 MFCC with their first and second deltas: see [`mfcc`](crate::mfcc) and [`deltas`](crate::deltas).
    Mfcc,
    /// 12 pitch classes: see [`chroma`](crate::chroma).
    Chroma,
    /// Base-2 logarithm of F0 in Hz (held through unvoiced frames), voicing from 0 to 1 and level in tens of dB: see
    /// [`pitch`](crate::pitch).
    Prosody,
    /// What the normalisation takes off the others: the spectrum's long-term shape and movement, the same in every row of a
    /// window. See [`ltas`](crate::ltas).
    Ltas,
    /// How the window departs from what was heard of the voice before, the same in every row. See [`habit`](crate::habit).
    Habit,
    /// [Functionals](crate::functionals) of the window: no columns of it, but an input of their own.
    Functionals,
    /// [Intervals](crate::intervals) between its held pitches, which need `Prosody`: functionals, too.
    Intervals,
}

impl FeatureKind {
    /// All of them, in the order of their columns.
    pub const ALL: [Self; 8] = [
        Self::LogMel,
        Self::Mfcc,
        Self::Chroma,
        Self::Prosody,
        Self::Ltas,
        Self::Habit,
        Self::Functionals,
        Self::Intervals,
    ];

    /// Whether it is made of single frames; the others are made of the frames of a window.
    #[must_use]
    pub const fn is_of_frames(self) -> bool {
        !matches!(self, Self::Mfcc) && !self.is_overall()
    }

    /// Whether it is of the window as a whole, and not normalised: the same in every row, or in none.
    #[must_use]
    pub const fn is_overall(self) -> bool {
        matches!(self, Self::Ltas | Self::Habit) || self.functionals() > 0
    }

    /// How many functionals it has: values of a window beside its columns.
    #[must_use]
    pub const fn functionals(self) -> usize {
        match self {
            Self::Functionals => FUNCTIONAL_VALUES,
            Self::Intervals => INTERVAL_VALUES,
            _ => 0,
        }
    }

    /// How many columns it has in a window.
    #[must_use]
    pub const fn columns(self) -> usize {
        match self {
            Self::LogMel => MEL_BANDS,
            Self::Mfcc => 3 * MFCC_COEFFICIENTS,
            Self::Chroma => CHROMA_BINS,
            Self::Prosody => PROSODY_VALUES,
            Self::Ltas => LTAS_VALUES,
            Self::Habit => HABIT_VALUES,
            Self::Functionals | Self::Intervals => 0,
        }
    }
}

/// How the network's input is made.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FeatureSettings {
    /// What a window holds, in the order of [`FeatureKind::ALL`].
    pub kinds: Vec<FeatureKind>,
    /// The log-mel frames, from which the MFCC are made too.
    pub log_mel: LogMelSettings,
    /// The window of frames.
    pub window: WindowSettings,
}

impl FeatureSettings {
    /// The settings of this build for some kinds of feature, in any order.
    #[must_use]
    pub fn of(kinds: &[FeatureKind]) -> Self {
        let all = FeatureKind::ALL.into_iter();
        Self {
            kinds: all.filter(|kind| kinds.contains(kind)).collect(),
            log_mel: LogMelSettings::default(),
            window: WindowSettings::default(),
        }
    }

    /// The same, with some noise under the voice, or none.
    #[must_use]
    pub fn over_background(mut self, background: Option<BackgroundSettings>) -> Self {
        self.window.background = background;
        self
    }

    /// Columns of a window.
    #[must_use]
    pub fn columns(&self) -> usize {
        self.kinds.iter().map(|kind| kind.columns()).sum()
    }

    /// Columns that are of the window as a whole, which are the last.
    #[must_use]
    pub fn overall_columns(&self) -> usize {
        let overall = self.kinds.iter().filter(|kind| kind.is_overall());
        overall.map(|kind| kind.columns()).sum()
    }

    /// How many functionals go with a window.
    #[must_use]
    pub fn functionals(&self) -> usize {
        self.kinds.iter().map(|kind| kind.functionals()).sum()
    }

    /// Whether there is a kind that is not of the window as a whole, and this build makes the features as stated.
    #[must_use]
    pub fn is_known(&self) -> bool {
        let background = self.window.background;
        self.kinds.iter().any(|kind| !kind.is_overall())
            && *self == Self::of(&self.kinds).over_background(background)
            && background.is_none_or(|background| background.is_known())
    }
}

impl Default for FeatureSettings {
    /// Log-mel bands alone.
    fn default() -> Self {
        Self::of(&[FeatureKind::LogMel])
    }
}

/// What was heard in one frame, before a window is made of it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Frame {
    /// The log-mel bands; MFCC and deltas are made of these when a window is.
    pub log_mel: MelFrame,
    /// Chroma, then prosody; 0 where they were not asked for.
    pub extra: [f32; EXTRA_VALUES],
}

impl From<MelFrame> for Frame {
    fn from(log_mel: MelFrame) -> Self {
        Self {
            log_mel,
            extra: [0.0; EXTRA_VALUES],
        }
    }
}

/// Streaming extraction of frames from samples at [`ANALYSIS_RATE_HZ`](crate::ANALYSIS_RATE_HZ).
///
/// Frame `k` sees the samples up to `160 k + 399`. All memory is taken at construction.
pub struct FrameExtractor {
    log_mel: LogMel,
    chroma: Option<Chroma>,
    pitch: Option<Pitch>,
    log2_f0: f32,
}

impl FrameExtractor {
    /// An extractor of some kinds of feature.
    #[must_use]
    pub fn new(kinds: &[FeatureKind]) -> Self {
        let wants = |kind| kinds.contains(&kind);
        Self {
            log_mel: LogMel::new(),
            chroma: wants(FeatureKind::Chroma).then(Chroma::new),
            pitch: wants(FeatureKind::Prosody).then(Pitch::new),
            log2_f0: NEUTRAL_F0_HZ.log2(),
        }
    }

    /// Takes one sample; returns a frame and its level (dB of a full-scale sine, in the band of speech) when it completes one.
    pub fn push(&mut self, sample: f32) -> Option<(Frame, f32)> {
        let chroma = self.chroma.as_mut().and_then(|chroma| chroma.push(sample));
        let pitch = self.pitch.as_mut().and_then(|pitch| pitch.push(sample));
        let mel = self.log_mel.push(sample)?;
        let mut frame = Frame::from(mel.log_mel);
        let (classes, prosody) = frame.extra.split_at_mut(CHROMA_BINS);
        if let Some(chroma) = chroma {
            classes.copy_from_slice(&chroma);
        }
        if let Some(pitch) = pitch {
            self.log2_f0 = pitch.f0_hz.map_or(self.log2_f0, f32::log2);
            prosody.copy_from_slice(&[self.log2_f0, pitch.voicing, mel.level_db / DB_PER_UNIT]);
        }
        Some((frame, mel.level_db))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::f32::consts::TAU;

    #[test]
    fn kinds_are_put_in_order_and_unknown_settings_are_found() {
        let settings = FeatureSettings::of(&[FeatureKind::Prosody, FeatureKind::LogMel]);
        assert_eq!(settings.kinds, [FeatureKind::LogMel, FeatureKind::Prosody]);
        assert_eq!(settings.columns(), 67);
        assert!(settings.is_known());
        assert!(!FeatureSettings::of(&[]).is_known());
        let mut other = FeatureSettings::default();
        other.log_mel.high_hz = 8000.0;
        assert!(!other.is_known());
        let over = |below_voice_db, rumble_db| {
            let background = BackgroundSettings {
                below_voice_db,
                rumble_db,
                fluctuates: true,
            };
            FeatureSettings::default().over_background(Some(background))
        };
        assert!(over(40.0, 0.0).is_known() && over(25.0, 15.0).is_known());
        assert!(!over(-1.0, 0.0).is_known() && !over(f32::NAN, 0.0).is_known());
        assert!(!over(40.0, -1.0).is_known() && !over(40.0, f32::NAN).is_known());
    }

    #[test]
    fn a_tone_has_its_pitch_class_and_its_f0() {
        let mut extractor = FrameExtractor::new(&FeatureKind::ALL);
        let tone = (0..16_000).map(|n| 0.3 * (TAU * 220.0 * n as f32 / 16_000.0).sin());
        let (frame, level_db) = tone
            .filter_map(|sample| extractor.push(sample))
            .last()
            .unwrap();
        let (chroma, prosody) = frame.extra.split_at(CHROMA_BINS);
        let leading = (0..CHROMA_BINS).max_by(|&a, &b| chroma[a].total_cmp(&chroma[b]));
        assert_eq!(leading, Some(9), "A is the tenth of the classes from C");
        assert!((prosody[0] - 220f32.log2()).abs() < 0.02, "{prosody:?}");
        assert!(prosody[1] > 0.9, "{prosody:?}");
        assert!((prosody[2] - level_db / 10.0).abs() < 1e-6);
    }

    #[test]
    fn what_is_not_asked_for_is_zero_and_log_mel_is_the_same() {
        let samples: Vec<f32> = (0..8_000).map(|n| ((n * n) as f32 * 1e-3).sin()).collect();
        let frames = |kinds: &[FeatureKind]| -> Vec<Frame> {
            let mut extractor = FrameExtractor::new(kinds);
            let all = samples.iter().filter_map(|&sample| extractor.push(sample));
            all.map(|(frame, _)| frame).collect()
        };
        let plain = frames(&[FeatureKind::LogMel]);
        assert!(plain.iter().all(|frame| frame.extra == [0.0; EXTRA_VALUES]));
        for (a, b) in plain.iter().zip(frames(&FeatureKind::ALL)) {
            assert_eq!(a.log_mel, b.log_mel);
        }
    }
}
