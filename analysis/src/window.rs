//! What the network sees: the last three seconds of voice, free of the channel and of the level.

use crate::{
    gate::VoiceGate,
    log_mel::{LogMel, MEL_BANDS, MelFrame},
};
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// Frames in the network's window: 3 s.
pub const WINDOW_FRAMES: usize = 300;
/// Frames of voice before there is a value: 0.75 s.
pub const MIN_VOICED_FRAMES: usize = 75;
/// Frames that the network pools into one of its time steps.
pub const TIME_POOL: usize = 4;
/// Time steps of the network.
pub const MASK_STEPS: usize = WINDOW_FRAMES / TIME_POOL;
/// Added to each band's standard deviation (in nepers of power), so that a band without movement is not blown up.
const DEVIATION_FLOOR: f32 = 0.1;

/// How a window is cut and normalised. A model states it beside the [`LogMelSettings`](crate::log_mel::LogMelSettings).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WindowSettings {
    /// Frames in a window.
    pub frames: usize,
    /// Frames of voice before there is a value.
    pub min_voiced_frames: usize,
    /// Frames to a step of the network's mask.
    pub time_pool: usize,
    /// How a window is normalised; `"band-mean-variance"` is the one that this build knows.
    pub normalisation: String,
    /// Added to each band's standard deviation.
    pub deviation_floor: f32,
}

impl Default for WindowSettings {
    fn default() -> Self {
        Self {
            frames: WINDOW_FRAMES,
            min_voiced_frames: MIN_VOICED_FRAMES,
            time_pool: TIME_POOL,
            normalisation: "band-mean-variance".to_owned(),
            deviation_floor: DEVIATION_FLOOR,
        }
    }
}

/// A window as the network takes it.
#[derive(Clone, Debug, PartialEq)]
pub struct NormalisedWindow {
    /// [`WINDOW_FRAMES`] rows of [`MEL_BANDS`], oldest first; a short window has zeros before its first frame.
    pub log_mel: Box<[f32]>,
    /// 1 for each of the network's [`MASK_STEPS`] steps that holds a real frame, else 0.
    pub mask: [f32; MASK_STEPS],
}

/// Removes each band's mean and variance over the window, and pads on the left with zeros.
///
/// Takes the last [`WINDOW_FRAMES`] of `frames`. The statistics are of these frames alone, so a value reads nothing of the
/// future, and three seconds after a change of microphone nothing is left of the old one.
#[must_use]
pub fn normalise<'a>(
    frames: impl ExactSizeIterator<Item = &'a MelFrame> + Clone,
) -> NormalisedWindow {
    let surplus = frames.len().saturating_sub(WINDOW_FRAMES);
    let frames = frames.skip(surplus);
    let count = frames.len();

    let mut mean = [0.0f32; MEL_BANDS];
    let mut deviation = [0.0f32; MEL_BANDS];
    let scale = 1.0 / count.max(1) as f32;
    for frame in frames.clone() {
        for (sum, value) in mean.iter_mut().zip(frame) {
            *sum += value * scale;
        }
    }
    for frame in frames.clone() {
        for ((sum, value), mean) in deviation.iter_mut().zip(frame).zip(&mean) {
            *sum += (value - mean).powi(2) * scale;
        }
    }
    for variance in &mut deviation {
        *variance = variance.sqrt() + DEVIATION_FLOOR;
    }

    let padding = WINDOW_FRAMES - count;
    let mut log_mel = vec![0.0; WINDOW_FRAMES * MEL_BANDS].into_boxed_slice();
    let rows = log_mel[padding * MEL_BANDS..].chunks_exact_mut(MEL_BANDS);
    for (row, frame) in rows.zip(frames) {
        for (band, out) in row.iter_mut().enumerate() {
            *out = (frame[band] - mean[band]) / deviation[band];
        }
    }
    let mut mask = [0.0; MASK_STEPS];
    if count > 0 {
        mask[padding / TIME_POOL..].fill(1.0);
    }
    NormalisedWindow { log_mel, mask }
}

/// The last [`WINDOW_FRAMES`] voiced frames of a stream.
#[derive(Clone, Debug)]
pub struct VoiceWindow {
    frames: VecDeque<MelFrame>,
}

impl VoiceWindow {
    /// An empty window, with all the memory that it will need.
    #[must_use]
    pub fn new() -> Self {
        Self {
            frames: VecDeque::with_capacity(WINDOW_FRAMES),
        }
    }

    /// Adds the newest frame; the oldest leaves if the window is full.
    pub fn push(&mut self, frame: MelFrame) {
        if self.frames.len() == WINDOW_FRAMES {
            self.frames.pop_front();
        }
        self.frames.push_back(frame);
    }

    /// Forgets all frames.
    pub fn clear(&mut self) {
        self.frames.clear();
    }

    /// How many frames it holds.
    #[must_use]
    pub fn len(&self) -> usize {
        self.frames.len()
    }

    /// Whether it holds none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.frames.is_empty()
    }

    /// The window as the network takes it.
    #[must_use]
    pub fn normalised(&self) -> NormalisedWindow {
        normalise(self.frames.iter())
    }
}

impl Default for VoiceWindow {
    fn default() -> Self {
        Self::new()
    }
}

/// The frames of a clip at the analysis rate that the running recogniser would put in its window, in order.
///
/// What the trainer learns from, so that it sees what the plugin sees.
#[must_use]
pub fn voiced_frames(samples: &[f32]) -> Vec<MelFrame> {
    let mut log_mel = LogMel::new();
    let mut gate = VoiceGate::new();
    samples
        .iter()
        .filter_map(|&sample| log_mel.push(sample))
        .filter(|frame| gate.step(frame.level_db))
        .map(|frame| frame.log_mel)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ramp(count: usize) -> Vec<MelFrame> {
        (0..count)
            .map(|t| std::array::from_fn(|band| (t as f32 * 0.3).sin() * (1 + band) as f32))
            .collect()
    }

    #[test]
    fn a_band_has_zero_mean_and_about_unit_variance() {
        let window = normalise(ramp(300).iter());
        for band in 0..MEL_BANDS {
            let column: Vec<f32> = window
                .log_mel
                .iter()
                .skip(band)
                .step_by(MEL_BANDS)
                .copied()
                .collect();
            let mean = column.iter().sum::<f32>() / 300.0;
            let variance = column.iter().map(|v| (v - mean).powi(2)).sum::<f32>() / 300.0;
            assert!(mean.abs() < 1e-4);
            assert!((0.75..=1.0).contains(&variance), "band {band}: {variance}");
        }
    }

    #[test]
    fn channel_and_gain_are_gone() {
        let plain = ramp(200);
        let coloured: Vec<MelFrame> = plain
            .iter()
            .map(|frame| std::array::from_fn(|band| frame[band] + 3.0 - band as f32 * 0.1))
            .collect();
        let (a, b) = (normalise(plain.iter()), normalise(coloured.iter()));
        for (a, b) in a.log_mel.iter().zip(&b.log_mel) {
            assert!((a - b).abs() < 1e-3);
        }
    }

    #[test]
    fn a_short_window_is_padded_on_the_left_and_masked() {
        let window = normalise(ramp(75).iter());
        assert!(window.log_mel[..225 * MEL_BANDS].iter().all(|&v| v == 0.0));
        assert_eq!(window.mask[..56], [0.0; 56]);
        assert_eq!(window.mask[56..], [1.0; 19]);
        assert_eq!(normalise([].iter()).mask, [0.0; MASK_STEPS]);
    }

    #[test]
    fn a_full_window_drops_its_oldest_frame() {
        let frames = ramp(350);
        let mut window = VoiceWindow::new();
        frames.iter().for_each(|frame| window.push(*frame));
        assert_eq!(window.len(), WINDOW_FRAMES);
        assert_eq!(window.normalised(), normalise(frames[50..].iter()));
        assert_eq!(window.normalised(), normalise(frames.iter()));
    }
}
