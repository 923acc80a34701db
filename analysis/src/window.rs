//! What the network sees: the last three seconds of voice, free of the channel and of the level.
//!
//! Each row is normalised once, by what was heard up to it, and stays as it is. So what a network made of rows that it has seen
//! before need not be reckoned again: see [`Recogniser`](crate::Recogniser).

use crate::{
    background::{Background, BackgroundSettings},
    chroma::CHROMA_BINS,
    deltas::{REACH, deltas, second_deltas},
    features::{FeatureKind, FeatureSettings, Frame, FrameExtractor},
    functionals::functionals,
    gate::VoiceGate,
    habit::Habit,
    intervals::intervals,
    ltas::{LTAS_VALUES, ltas},
    mfcc::{Mfcc, MfccFrame},
    statistics::Statistics,
};
use serde::{Deserialize, Serialize};
use std::collections::{VecDeque, vec_deque};

/// Frames that the network's window holds: 3.04 s.
pub const WINDOW_FRAMES: usize = 304;
/// Rows before those of the window, which the convolutions of its first frames reach back to.
pub const CONTEXT_FRAMES: usize = 16;
/// Rows of a [`Window`].
pub const WINDOW_ROWS: usize = CONTEXT_FRAMES + WINDOW_FRAMES;
/// Frames of voice before there is a value: 0.75 s.
pub const MIN_VOICED_FRAMES: usize = 75;
/// Frames to a step of the mask.
pub const TIME_POOL: usize = 4;
/// Steps of the mask.
pub const MASK_STEPS: usize = WINDOW_ROWS / TIME_POOL;
/// A window ends at a multiple of this many frames of voice, so that a step of the network is made of the same frames in each.
pub const STRIDE_FRAMES: usize = 8;
/// Frames whose mean and variance the first rows are normalised by, together.
const FIRST_FRAMES: usize = MIN_VOICED_FRAMES;
/// After this many frames the mean and the variance begin to forget, with this time constant: 3 s of voice.
const MEMORY_FRAMES: usize = 300;
/// Added to each column's standard deviation (in nepers of power), so that a band without movement is not blown up.
const DEVIATION_FLOOR: f32 = 0.1;

/// How a window is cut and normalised. A model states it beside the [`LogMelSettings`](crate::log_mel::LogMelSettings).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WindowSettings {
    /// Frames in a window.
    pub frames: usize,
    /// Rows before them.
    pub context: usize,
    /// Frames of voice before there is a value.
    pub min_voiced_frames: usize,
    /// Frames to a step of the network's mask.
    pub time_pool: usize,
    /// How a window is normalised; `"running-mean-variance"` is the one that this build knows.
    pub normalisation: String,
    /// The time constant of the mean and the variance, in frames.
    pub memory_frames: usize,
    /// Added to each column's standard deviation.
    pub deviation_floor: f32,
    /// The noise that is put under the voice, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub background: Option<BackgroundSettings>,
}

impl Default for WindowSettings {
    fn default() -> Self {
        Self {
            frames: WINDOW_FRAMES,
            context: CONTEXT_FRAMES,
            min_voiced_frames: MIN_VOICED_FRAMES,
            time_pool: TIME_POOL,
            normalisation: "running-mean-variance".to_owned(),
            memory_frames: MEMORY_FRAMES,
            deviation_floor: DEVIATION_FLOOR,
            background: None,
        }
    }
}

/// A window as the network takes it.
#[derive(Clone, Debug, PartialEq)]
pub struct Window {
    /// [`WINDOW_ROWS`] rows of the columns of the features, oldest first; before the first frame that was heard they are 0.
    pub features: Box<[f32]>,
    /// 1 for each of the [`MASK_STEPS`] steps of a frame in the window, 0 for those before it.
    pub mask: [f32; MASK_STEPS],
    /// Its [functionals](crate::functionals); empty where they are not asked for.
    pub functionals: Box<[f32]>,
}

/// The voice that was heard since a stream began, as far as it matters: its last frames, and the rows that were made of them.
#[derive(Clone, Debug)]
pub struct VoiceWindow {
    kinds: Vec<FeatureKind>,
    mfcc: Mfcc,
    background: Background,
    /// The last frames, as many as an LTAS or a delta needs.
    frames: VecDeque<Frame>,
    /// Frames that were heard.
    heard: usize,
    /// Rows as they are before their normalisation, while it is not known yet.
    waiting: Vec<f32>,
    statistics: Statistics,
    /// The last normalised rows, without the columns that are of the window as a whole.
    rows: VecDeque<f32>,
    /// Rows that were normalised.
    made: usize,
    /// Of the voice since the stream began; outlives the frames.
    habit: Habit,
}

/// Frames that are kept.
const KEPT_FRAMES: usize = WINDOW_FRAMES + STRIDE_FRAMES + REACH;
/// Rows that are kept.
const KEPT_ROWS: usize = WINDOW_ROWS + STRIDE_FRAMES;

impl VoiceWindow {
    /// An empty one.
    #[must_use]
    pub fn new(settings: &FeatureSettings) -> Self {
        let columns = settings.columns() - settings.overall_columns();
        Self {
            kinds: settings.kinds.clone(),
            mfcc: Mfcc::new(),
            background: Background::new(settings.window.background),
            frames: VecDeque::with_capacity(KEPT_FRAMES),
            heard: 0,
            waiting: Vec::with_capacity(FIRST_FRAMES * columns),
            statistics: Statistics::new(columns, MEMORY_FRAMES),
            rows: VecDeque::with_capacity(KEPT_ROWS * columns),
            made: 0,
            habit: Habit::new(),
        }
    }

    /// Columns of a window.
    #[must_use]
    pub fn columns(&self) -> usize {
        self.kinds.iter().map(|kind| kind.columns()).sum()
    }

    /// Hears the newest frame.
    pub fn push(&mut self, frame: Frame) {
        if self.frames.len() == KEPT_FRAMES {
            self.frames.pop_front();
        }
        let frame = self.background.under(frame);
        self.frames.push_back(frame);
        self.habit.observe(&frame);
        self.heard += 1;
        let lag = lag(&self.kinds);
        if self.heard > lag {
            self.take(self.frames.len() - 1 - lag);
        }
    }

    /// Makes a row of a frame that is kept.
    fn take(&mut self, at: usize) {
        let first = self.waiting.len();
        self.fill(at);
        self.statistics.observe(&self.waiting[first..]);
        if self.made > 0 || self.waiting.len() == FIRST_FRAMES * self.statistics.columns() {
            let mut rows = std::mem::take(&mut self.waiting);
            self.statistics.normalise(&mut rows, DEVIATION_FLOOR);
            self.made += rows.len() / self.statistics.columns();
            let kept = KEPT_ROWS * self.statistics.columns();
            let leaving = (self.rows.len() + rows.len()).saturating_sub(kept);
            self.rows.drain(..leaving);
            self.rows.extend(rows.drain(..));
            self.waiting = rows;
        }
    }

    /// Appends the row of a frame, as it is before the normalisation, to those that wait.
    fn fill(&mut self, at: usize) {
        let frame = &self.frames[at];
        for kind in &self.kinds {
            match kind {
                FeatureKind::LogMel => self.waiting.extend(frame.log_mel),
                FeatureKind::Mfcc => {
                    let around = self.frames.range(at.saturating_sub(REACH)..=at + REACH);
                    let still: Vec<MfccFrame> =
                        around.map(|frame| self.mfcc.of(&frame.log_mel)).collect();
                    let middle = at.min(REACH);
                    self.waiting.extend(still[middle]);
                    self.waiting.extend(deltas(&still)[middle]);
                    self.waiting.extend(second_deltas(&still)[middle]);
                }
                FeatureKind::Chroma => self.waiting.extend(&frame.extra[..CHROMA_BINS]),
                FeatureKind::Prosody => self.waiting.extend(&frame.extra[CHROMA_BINS..]),
                // Are not normalised, and of no single frame.
                FeatureKind::Ltas
                | FeatureKind::Habit
                | FeatureKind::Functionals
                | FeatureKind::Intervals => {}
            }
        }
    }

    /// Has heard this of the voice before, too long ago to be in the window, and with a pause after it.
    pub fn remember(&mut self, earlier: &[Frame]) {
        let mut background = self.background.clone();
        for frame in earlier {
            self.habit.observe(&background.under(*frame));
        }
    }

    /// Forgets all that was heard but what the voice is like as a rule.
    pub fn clear(&mut self) {
        self.frames.clear();
        self.waiting.clear();
        self.rows.clear();
        self.statistics.clear();
        self.background.clear();
        (self.heard, self.made) = (0, 0);
    }

    /// Whether rows stay as they are now; before [`MIN_VOICED_FRAMES`] they do not, as each changes the mean of all.
    #[must_use]
    pub fn has_settled_rows(&self) -> bool {
        self.made > 0
    }

    /// Frames that were heard.
    #[must_use]
    pub fn heard(&self) -> usize {
        self.heard
    }

    /// The row before which the window ends, counted from the stream's first: a multiple of [`STRIDE_FRAMES`].
    #[must_use]
    pub fn end(&self) -> usize {
        let rows = self.made + self.waiting.len() / self.statistics.columns();
        rows / STRIDE_FRAMES * STRIDE_FRAMES
    }

    /// `count` rows before the row `end`, which must be among the last [`WINDOW_ROWS`]; 0 before the stream's first and in the
    /// columns that are of the window as a whole.
    #[must_use]
    pub fn rows(&self, end: usize, count: usize) -> Vec<f32> {
        let (own, columns) = (self.statistics.columns(), self.columns());
        let mut out = vec![0.0; count * columns];
        let mut waiting = self.waiting.clone();
        self.statistics.normalise(&mut waiting, DEVIATION_FLOOR);
        let oldest = self.made - self.rows.len() / own;
        for (place, out) in out.chunks_exact_mut(columns).enumerate() {
            let Some(row) = (end + place).checked_sub(count) else {
                continue;
            };
            let at = (row - oldest) * own;
            for (column, value) in out[..own].iter_mut().enumerate() {
                *value = match self.rows.get(at + column) {
                    Some(value) => *value,
                    None => waiting[at + column - self.rows.len()],
                };
            }
        }
        out
    }

    /// The columns that are of the window as a whole; 0 if no frame is in it.
    #[must_use]
    pub fn overall(&self) -> Vec<f32> {
        let frames = self.window_frames();
        let mut values = Vec::new();
        for kind in &self.kinds {
            match kind {
                FeatureKind::Ltas => values.extend(ltas(frames.clone())),
                FeatureKind::Habit => values.extend(self.habit.departure(frames.clone())),
                _ => {}
            }
        }
        values
    }

    /// The functionals of the window; empty where they are not asked for.
    #[must_use]
    pub fn functionals(&self) -> Vec<f32> {
        let mut values = Vec::new();
        if self.kinds.contains(&FeatureKind::Functionals) {
            let frames: Vec<Frame> = self.window_frames().copied().collect();
            values = functionals(&frames, &self.mfcc);
        }
        if self.kinds.contains(&FeatureKind::Intervals) {
            values.extend(intervals(self.window_frames()));
        }
        values
    }

    /// The frames in the window, over the background.
    fn window_frames(&self) -> vec_deque::Iter<'_, Frame> {
        let oldest = self.heard - self.frames.len();
        let first = self.end().saturating_sub(WINDOW_FRAMES);
        self.frames.range(first - oldest..self.end() - oldest)
    }

    /// Frames in the window.
    #[must_use]
    pub fn len(&self) -> usize {
        self.end().min(WINDOW_FRAMES)
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Of each step of the mask, whether its frames are in the window: 1 or 0.
    #[must_use]
    pub fn mask(&self) -> [f32; MASK_STEPS] {
        let mut mask = [0.0; MASK_STEPS];
        mask[MASK_STEPS - self.len() / TIME_POOL..].fill(1.0);
        mask
    }

    /// The window as it is now.
    #[must_use]
    pub fn window(&self) -> Window {
        let columns = self.columns();
        let mut features = self.rows(self.end(), WINDOW_ROWS).into_boxed_slice();
        let overall = self.overall();
        let heard = self.end().min(WINDOW_ROWS);
        for row in features.chunks_exact_mut(columns).rev().take(heard) {
            row[columns - overall.len()..].copy_from_slice(&overall);
        }
        Window {
            features,
            mask: self.mask(),
            functionals: self.functionals().into_boxed_slice(),
        }
    }
}

/// Frames that have to be heard after one before its row is known.
fn lag(kinds: &[FeatureKind]) -> usize {
    if kinds.contains(&FeatureKind::Mfcc) {
        REACH
    } else {
        0
    }
}

/// Makes windows of frames that are all there.
#[derive(Clone, Debug)]
pub struct Windowing {
    empty: VoiceWindow,
}

impl Windowing {
    /// For windows of such features.
    #[must_use]
    pub fn new(settings: &FeatureSettings) -> Self {
        Self {
            empty: VoiceWindow::new(settings),
        }
    }

    /// Columns of a window.
    #[must_use]
    pub fn columns(&self) -> usize {
        self.empty.columns()
    }

    /// Takes the LTAS, if there is one, from rows.
    pub fn drop_ltas(&self, rows: &mut [f32]) {
        if !self.empty.kinds.contains(&FeatureKind::Ltas) {
            return;
        }
        let (own, columns) = (self.empty.statistics.columns(), self.columns());
        for row in rows.chunks_exact_mut(columns) {
            row[own..own + LTAS_VALUES].fill(0.0);
        }
    }

    /// The window at the end of a stream of these frames.
    #[must_use]
    pub fn window(&self, frames: &[Frame]) -> Window {
        self.window_after(&[], frames, 0)
    }

    /// As [`window`](Self::window), of a voice of which these were heard before, each with a pause after it, over a background that begins at one
    /// of its [`BACKGROUND_FRAMES`](crate::background::BACKGROUND_FRAMES): one that learns must not always meet the same.
    #[must_use]
    pub fn window_after(
        &self,
        earlier: &[Vec<Frame>],
        frames: &[Frame],
        background_at: usize,
    ) -> Window {
        let mut stream = self.empty.clone();
        stream.background.begin_at(background_at);
        earlier.iter().for_each(|frames| stream.remember(frames));
        frames.iter().for_each(|frame| stream.push(*frame));
        stream.window()
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

    const ROOM: BackgroundSettings = BackgroundSettings {
        below_voice_db: 40.0,
        rumble_db: 0.0,
        fluctuates: true,
    };

    fn windowing() -> Windowing {
        Windowing::new(&FeatureSettings::default())
    }

    fn ramp(count: usize) -> Vec<Frame> {
        let mel = |t: usize| std::array::from_fn(|band| (t as f32 * 0.3).sin() * (1 + band) as f32);
        (0..count).map(|t| Frame::from(mel(t))).collect()
    }

    #[test]
    fn a_column_has_about_zero_mean_and_unit_variance() {
        let windowing = Windowing::new(&FeatureSettings::of(&FeatureKind::ALL));
        let window = windowing.window(&ramp(308));
        let columns = windowing.columns();
        assert_eq!(columns, 64 + 60 + 12 + 3 + 32 + 39);
        for column in 0..MEL_BANDS {
            let values = window.features.iter().skip(column).step_by(columns);
            let mean = values.clone().sum::<f32>() / WINDOW_FRAMES as f32;
            let variance = values.map(|v| (v - mean).powi(2)).sum::<f32>() / WINDOW_FRAMES as f32;
            assert!(mean.abs() < 0.05, "column {column}: {mean}");
            assert!(
                (0.7..=1.1).contains(&variance),
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
            let windowing = Windowing::new(&FeatureSettings::of(kinds));
            let window = windowing.window(&ramp(84));
            let padding = &window.features[..(WINDOW_ROWS - 80) * windowing.columns()];
            assert!(padding.iter().all(|&v| v == 0.0));
            assert_eq!(window.mask[..60], [0.0; 60]);
            assert_eq!(window.mask[60..], [1.0; 20]);
            assert_eq!(windowing.window(&[]).mask, [0.0; MASK_STEPS]);
        }
    }

    #[test]
    fn a_row_stays_as_it_is_while_the_window_moves_over_it() {
        for kinds in [&[FeatureKind::LogMel][..], &FeatureKind::ALL[..4]] {
            let frames = ramp(700);
            let mut stream = VoiceWindow::new(&FeatureSettings::of(kinds));
            let mut before: Option<(usize, Vec<f32>)> = None;
            for (count, frame) in frames.iter().enumerate() {
                stream.push(*frame);
                if count < FIRST_FRAMES + 10 || count % 37 > 0 {
                    continue;
                }
                let (end, columns) = (stream.end(), stream.columns());
                let rows = stream.rows(end, WINDOW_ROWS);
                if let Some((before_end, before)) = before {
                    let moved = (end - before_end) * columns;
                    assert_eq!(rows[..rows.len() - moved], before[moved..], "at {count}");
                }
                before = Some((end, rows));
            }
        }
    }

    #[test]
    fn a_full_window_has_its_context_before_it() {
        let frames = ramp(350);
        let window = windowing().window(&frames);
        let mut stream = VoiceWindow::new(&FeatureSettings::default());
        frames.iter().for_each(|frame| stream.push(*frame));
        assert_eq!(
            (stream.heard(), stream.end(), stream.len()),
            (350, 344, 304)
        );
        assert_eq!(stream.window(), window);
        let context = &window.features[..CONTEXT_FRAMES * MEL_BANDS];
        assert!(context.iter().any(|&value| value != 0.0));
        assert_eq!(window.mask[..4], [0.0; 4]);
        assert_eq!(window.mask[4..], [1.0; 76]);
        stream.clear();
        assert_eq!(stream.window(), windowing().window(&[]));
    }

    #[test]
    fn a_habit_outlives_a_pause_and_frames_that_were_heard_before_are_part_of_it() {
        let kinds = [FeatureKind::LogMel, FeatureKind::Habit];
        let features = FeatureSettings::of(&kinds).over_background(Some(ROOM));
        let (earlier, now) = (ramp(500), ramp(200));
        let louder: Vec<Frame> = now
            .iter()
            .map(|frame| Frame::from(frame.log_mel.map(|band| band + 2.0)))
            .collect();
        let mut stream = VoiceWindow::new(&features);
        earlier.iter().for_each(|frame| stream.push(*frame));
        stream.clear();
        louder.iter().for_each(|frame| stream.push(*frame));
        let windowing = Windowing::new(&features);
        let window = windowing.window_after(&[earlier], &louder, 0);
        assert_eq!(stream.window(), window);
        let [.., first, second] = *window.features.as_chunks::<103>().0 else {
            panic!("there are rows");
        };
        assert_eq!(first[MEL_BANDS..], second[MEL_BANDS..], "every row has it");
        assert!(second[MEL_BANDS] > 0.5, "{}", second[MEL_BANDS]);
        let alone = windowing.window(&louder);
        let [.., last] = *alone.features.as_chunks::<103>().0 else {
            panic!("there are rows");
        };
        assert!(last[MEL_BANDS].abs() < 0.1, "{}", last[MEL_BANDS]);
    }

    #[test]
    fn over_a_background_a_studio_looks_as_a_room() {
        let difference = |background| {
            let features = FeatureSettings::default().over_background(background);
            let windowing = Windowing::new(&features);
            let said_in = |silence: f32| {
                let level = |t: usize| match t % 40 {
                    0..10 => 0.0,
                    10..20 => -7.0,
                    _ => silence,
                };
                let frames = (0..304).map(|t| Frame::from([level(t); MEL_BANDS]));
                windowing.window(&frames.collect::<Vec<_>>()).features
            };
            // 48 and 78 dB below the voice.
            let (room, studio) = (said_in(-11.0), said_in(-18.0));
            let pairs = room.iter().zip(&studio);
            pairs.map(|(a, b)| (a - b).abs()).sum::<f32>() / room.len() as f32
        };
        // 40 dB are 9.2 Np.
        let (plain, over) = (difference(None), difference(Some(ROOM)));
        assert!(over < plain / 2.0, "{plain} {over}");
    }

    #[test]
    fn an_old_microphone_is_forgotten() {
        let mut frames = ramp(300);
        frames.extend(ramp(1200).iter().map(|frame| {
            Frame::from(std::array::from_fn(|band| {
                frame.log_mel[band] - band as f32
            }))
        }));
        let window = windowing().window(&frames);
        let column = window.features.iter().skip(60).step_by(MEL_BANDS);
        let mean = column.sum::<f32>() / WINDOW_ROWS as f32;
        assert!(mean.abs() < 0.1, "{mean}");
    }

    #[test]
    fn the_columns_of_a_kind_do_not_depend_on_the_others() {
        let frames = ramp(124);
        let kinds = [FeatureKind::LogMel, FeatureKind::Prosody, FeatureKind::Ltas];
        let all = Windowing::new(&FeatureSettings::of(&kinds));
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
