//! What the network sees: the last three seconds of voice, free of the channel and of the level.

use crate::{
    chroma::CHROMA_BINS,
    deltas::{deltas, second_deltas},
    features::{FeatureKind, Frame, FrameExtractor},
    gate::VoiceGate,
    ltas::ltas,
    mfcc::{Mfcc, MfccFrame},
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
pub struct Window {
    /// [`WINDOW_FRAMES`] rows of the columns of the features, oldest first; a short window has zeros before its first frame.
    pub features: Box<[f32]>,
    /// 1 for each of the network's [`MASK_STEPS`] steps that holds a real frame, else 0.
    pub mask: [f32; MASK_STEPS],
}

/// Makes windows of frames.
#[derive(Clone, Debug)]
pub struct Windowing {
    kinds: Vec<FeatureKind>,
    mfcc: Mfcc,
}

impl Windowing {
    /// For windows of some kinds of feature, which are in the order of [`FeatureKind::ALL`].
    #[must_use]
    pub fn new(kinds: &[FeatureKind]) -> Self {
        Self {
            kinds: kinds.to_vec(),
            mfcc: Mfcc::new(),
        }
    }

    /// Columns of a window.
    #[must_use]
    pub fn columns(&self) -> usize {
        self.kinds.iter().map(|kind| kind.columns()).sum()
    }

    /// Removes each column's mean and variance over the window, but for those of the LTAS, and pads on the left with zeros.
    ///
    /// Takes the last [`WINDOW_FRAMES`] of `frames`. The statistics are of these frames alone, so a value reads nothing of the
    /// future, and three seconds after a change of microphone nothing is left of the old one.
    #[must_use]
    pub fn window(&self, frames: &[Frame]) -> Window {
        let frames = &frames[frames.len().saturating_sub(WINDOW_FRAMES)..];
        let columns = self.columns();
        let padding = WINDOW_FRAMES - frames.len();
        let mut features = vec![0.0; WINDOW_FRAMES * columns].into_boxed_slice();
        let rows = &mut features[padding * columns..];
        let mut first = 0;
        for &kind in &self.kinds {
            self.fill(kind, frames, rows, first, columns);
            first += kind.columns();
        }
        normalise(rows, columns);
        if self.kinds.contains(&FeatureKind::Ltas) {
            let values = ltas(frames);
            let first = columns - values.len();
            for row in rows.chunks_exact_mut(columns) {
                row[first..].copy_from_slice(&values);
            }
        }

        let mut mask = [0.0; MASK_STEPS];
        if !frames.is_empty() {
            mask[padding / TIME_POOL..].fill(1.0);
        }
        Window { features, mask }
    }

    /// Writes a kind of feature into its columns, from `first` on.
    fn fill(
        &self,
        kind: FeatureKind,
        frames: &[Frame],
        rows: &mut [f32],
        first: usize,
        columns: usize,
    ) {
        let places = rows
            .chunks_exact_mut(columns)
            .map(|row| &mut row[first..first + kind.columns()]);
        let pairs = places.zip(frames);
        match kind {
            FeatureKind::LogMel => {
                pairs.for_each(|(place, frame)| place.copy_from_slice(&frame.log_mel));
            }
            FeatureKind::Mfcc => {
                let still: Vec<MfccFrame> = frames
                    .iter()
                    .map(|frame| self.mfcc.of(&frame.log_mel))
                    .collect();
                let (first, second) = (deltas(&still), second_deltas(&still));
                for (at, (place, _)) in pairs.enumerate() {
                    let values = still[at].iter().chain(&first[at]).chain(&second[at]);
                    place
                        .iter_mut()
                        .zip(values)
                        .for_each(|(to, from)| *to = *from);
                }
            }
            FeatureKind::Chroma => {
                pairs.for_each(|(place, frame)| place.copy_from_slice(&frame.extra[..CHROMA_BINS]));
            }
            FeatureKind::Prosody => {
                pairs.for_each(|(place, frame)| place.copy_from_slice(&frame.extra[CHROMA_BINS..]));
            }
            // Is not normalised, and comes last.
            FeatureKind::Ltas => {}
        }
    }
}

/// Removes the mean and the variance of each column.
fn normalise(rows: &mut [f32], columns: usize) {
    let mut mean = vec![0.0f32; columns];
    let mut deviation = vec![0.0f32; columns];
    let scale = columns as f32 / rows.len().max(1) as f32;
    for row in rows.chunks_exact(columns) {
        for (sum, value) in mean.iter_mut().zip(row) {
            *sum += value * scale;
        }
    }
    for row in rows.chunks_exact(columns) {
        for ((sum, value), mean) in deviation.iter_mut().zip(row).zip(&mean) {
            *sum += (value - mean).powi(2) * scale;
        }
    }
    for variance in &mut deviation {
        *variance = variance.sqrt() + DEVIATION_FLOOR;
    }
    for row in rows.chunks_exact_mut(columns) {
        for ((value, mean), deviation) in row.iter_mut().zip(&mean).zip(&deviation) {
            *value = (*value - mean) / deviation;
        }
    }
}

/// The last [`WINDOW_FRAMES`] voiced frames of a stream.
#[derive(Clone, Debug)]
pub struct VoiceWindow {
    frames: VecDeque<Frame>,
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
    pub fn push(&mut self, frame: Frame) {
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

    /// The frames, oldest first.
    pub fn frames(&mut self) -> &[Frame] {
        self.frames.make_contiguous()
    }
}

impl Default for VoiceWindow {
    fn default() -> Self {
        Self::new()
    }
}

/// Changes with what [`voiced_frames`] gives of the same samples by the same settings, so that what was kept of older builds is
/// known for what it is.
pub const FRAMES_VERSION: u32 = 2;

/// The frames of a clip at the analysis rate that the running recogniser would put in its window, in order.
///
/// What the trainer learns from, so that it sees what the plugin sees.
#[must_use]
pub fn voiced_frames(samples: &[f32], kinds: &[FeatureKind]) -> Vec<Frame> {
    let mut extractor = FrameExtractor::new(kinds);
    let mut gate = VoiceGate::new();
    samples
        .iter()
        .filter_map(|&sample| extractor.push(sample))
        .filter(|(_, level_db)| gate.step(*level_db))
        .map(|(frame, _)| frame)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log_mel::MEL_BANDS;

    fn windowing() -> Windowing {
        Windowing::new(&[FeatureKind::LogMel])
    }

    fn ramp(count: usize) -> Vec<Frame> {
        let mel = |t: usize| std::array::from_fn(|band| (t as f32 * 0.3).sin() * (1 + band) as f32);
        (0..count).map(|t| Frame::from(mel(t))).collect()
    }

    #[test]
    fn a_column_has_zero_mean_and_about_unit_variance() {
        let windowing = Windowing::new(&FeatureKind::ALL);
        let window = windowing.window(&ramp(300));
        let columns = windowing.columns();
        assert_eq!(columns, 64 + 60 + 12 + 3 + 32);
        for column in 0..MEL_BANDS {
            let values = window.features.iter().skip(column).step_by(columns);
            let mean = values.clone().sum::<f32>() / 300.0;
            let variance = values.map(|v| (v - mean).powi(2)).sum::<f32>() / 300.0;
            assert!(mean.abs() < 1e-4);
            assert!(
                (0.75..=1.0).contains(&variance),
                "column {column}: {variance}"
            );
        }
    }

    #[test]
    fn channel_and_gain_are_gone() {
        let plain = ramp(200);
        let coloured: Vec<Frame> = plain
            .iter()
            .map(|frame| std::array::from_fn(|band| frame.log_mel[band] + 3.0 - band as f32 * 0.1))
            .map(Frame::from)
            .collect();
        let (a, b) = (windowing().window(&plain), windowing().window(&coloured));
        for (a, b) in a.features.iter().zip(&b.features) {
            assert!((a - b).abs() < 1e-3);
        }
    }

    #[test]
    fn a_short_window_is_padded_on_the_left_and_masked() {
        for kinds in [&[FeatureKind::LogMel][..], &FeatureKind::ALL] {
            let windowing = Windowing::new(kinds);
            let window = windowing.window(&ramp(75));
            let padding = &window.features[..225 * windowing.columns()];
            assert!(padding.iter().all(|&v| v == 0.0));
            assert_eq!(window.mask[..56], [0.0; 56]);
            assert_eq!(window.mask[56..], [1.0; 19]);
            assert_eq!(windowing.window(&[]).mask, [0.0; MASK_STEPS]);
        }
    }

    #[test]
    fn a_full_window_drops_its_oldest_frame() {
        let frames = ramp(350);
        let mut window = VoiceWindow::new();
        frames.iter().for_each(|frame| window.push(*frame));
        assert_eq!(window.len(), WINDOW_FRAMES);
        assert_eq!(window.frames(), &frames[50..]);
        assert_eq!(
            windowing().window(window.frames()),
            windowing().window(&frames)
        );
    }

    #[test]
    fn the_columns_of_a_kind_do_not_depend_on_the_others() {
        let frames = ramp(120);
        let all = Windowing::new(&FeatureKind::ALL);
        let (alone, together) = (windowing().window(&frames), all.window(&frames));
        let (alone, together) = (
            alone.features.chunks_exact(MEL_BANDS),
            together.features.chunks_exact(all.columns()),
        );
        for (alone, together) in alone.zip(together) {
            assert_eq!(alone, &together[..MEL_BANDS]);
        }
    }
}
