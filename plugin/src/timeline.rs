//! What an instance heard in the last minutes, for its window to show: the sound and the estimates, in the time of the host's
//! transport. The worker writes, the window reads; no audio thread comes here.

use pathos_analysis::{Emotion, Estimate, MEL_BANDS, MelFrame, VoiceState};
use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

/// Columns a second.
pub(crate) const COLUMNS_PER_SECOND: f64 = 40.0;
/// Seconds that are kept: more than the longest that is shown.
const KEPT_SECONDS: f64 = 180.0;
const KEPT_COLUMNS: usize = (KEPT_SECONDS * COLUMNS_PER_SECOND) as usize;
/// Rows of a column's spectrum, lowest first: pairs of mel bands.
pub(crate) const SPECTRUM_ROWS: usize = MEL_BANDS / 2;
/// The spectrum's range, in nepers of power: from this to the brightest. About -90 to -20 dB for a full-scale sine.
const SPECTRUM_RANGE: [f32; 2] = [-14.0, 2.0];

/// Nothing louder than this is silence.
const SILENCE: f32 = 1e-5;
/// While the transport stands, time stands too after so much of it, in seconds: a window has nothing to draw then.
const LONGEST_SILENCE_S: f64 = 1.0;

/// Where a stretch of sound lies in time.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Place {
    /// The transport's position at its first sample, in seconds; none if the host has no transport or it stands.
    pub(crate) transport_s: Option<f64>,
}

/// A short stretch of sound.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Column {
    /// Its number: time by [`COLUMNS_PER_SECOND`].
    pub(crate) index: i64,
    /// Lowest and highest sample.
    pub(crate) peaks: [f32; 2],
    /// Power by mel band, from 0 (nothing) to 255.
    pub(crate) spectrum: [u8; SPECTRUM_ROWS],
}

impl Column {
    fn empty(index: i64) -> Self {
        Self {
            index,
            peaks: [0.0; 2],
            spectrum: [0; SPECTRUM_ROWS],
        }
    }
}

/// What the recogniser said of a moment.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Reading {
    /// In the order of [`Emotion::ALL`]; all 0 where there are no values.
    pub(crate) probabilities: [f32; Emotion::COUNT],
    /// Displeasure to pleasure, -1 to 1.
    pub(crate) valence: f32,
    /// Calm to excitement, -1 to 1.
    pub(crate) arousal: f32,
    /// How sure it was, 0 to 1.
    pub(crate) confidence: f32,
    /// What was known of the voice.
    pub(crate) state: VoiceState,
}

impl From<&Estimate> for Reading {
    fn from(estimate: &Estimate) -> Self {
        Self {
            probabilities: estimate.probabilities,
            valence: estimate.valence,
            arousal: estimate.arousal,
            confidence: estimate.confidence,
            state: estimate.state,
        }
    }
}

/// One course of time: what is heard anew at a time replaces what was heard there before.
#[derive(Clone, Debug, Default)]
pub(crate) struct Lane {
    /// A ring: a column's place is its number modulo the length. Empty until something is heard.
    columns: Vec<Column>,
    /// By the number of the column in which they fall.
    readings: BTreeMap<i64, Reading>,
    newest: Option<i64>,
}

impl Lane {
    /// The number of the column that was written last.
    pub(crate) fn newest(&self) -> Option<i64> {
        self.newest
    }

    /// The columns that were heard from one number up to, and without, another.
    pub(crate) fn columns(&self, from: i64, to: i64) -> impl Iterator<Item = &Column> {
        (from..to).filter_map(|index| {
            let column = self.columns.get(slot(index))?;
            (column.index == index).then_some(column)
        })
    }

    /// The readings of the same range, each with its column's number.
    pub(crate) fn readings(&self, from: i64, to: i64) -> impl Iterator<Item = (i64, &Reading)> {
        self.readings
            .range(from..to)
            .map(|(&index, reading)| (index, reading))
    }

    fn column(&mut self, index: i64) -> &mut Column {
        if self.columns.is_empty() {
            self.columns = vec![Column::empty(i64::MIN); KEPT_COLUMNS];
        }
        let place = &mut self.columns[slot(index)];
        let is_new = place.index != index || self.newest != Some(index);
        if place.index != index {
            *place = Column::empty(index);
        }
        if is_new && self.newest.is_none_or(|newest| newest != index) {
            // Written anew: nothing is left of what was here before.
            *place = Column::empty(index);
            self.readings.remove(&index);
            self.newest = Some(index);
            let oldest = index - KEPT_COLUMNS as i64;
            while let Some(entry) = self.readings.first_entry() {
                if *entry.key() > oldest {
                    break;
                }
                entry.remove();
            }
        }
        &mut self.columns[slot(index)]
    }
}

fn slot(index: i64) -> usize {
    index.rem_euclid(KEPT_COLUMNS as i64) as usize
}

/// Which course of time something belongs to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Course {
    /// That of the host's transport.
    Transport,
    /// That of the sound which comes while the transport stands, or in a host without one.
    #[default]
    Free,
}

/// An instance's history.
#[derive(Clone, Debug, Default)]
pub(crate) struct History {
    transport: Lane,
    free: Lane,
    course: Course,
    version: u64,
}

impl History {
    /// The course that was heard last.
    pub(crate) fn lane(&self) -> &Lane {
        match self.course {
            Course::Transport => &self.transport,
            Course::Free => &self.free,
        }
    }

    /// Which one that is.
    pub(crate) fn course(&self) -> Course {
        self.course
    }

    /// Grows with every change.
    pub(crate) fn version(&self) -> u64 {
        self.version
    }

    fn lane_mut(&mut self, course: Course) -> &mut Lane {
        match course {
            Course::Transport => &mut self.transport,
            Course::Free => &mut self.free,
        }
    }
}

/// A history that a worker and a window share.
#[derive(Default)]
pub(crate) struct Timeline(Mutex<History>);

impl Timeline {
    /// The history, for as short a time as possible: the worker waits.
    pub(crate) fn lock(&self) -> MutexGuard<'_, History> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Writes one stream into a history. On the worker's thread.
#[derive(Default)]
pub(crate) struct Recorder {
    /// Where the stream's sample `since` lies.
    place: Place,
    since: u64,
    /// Samples of the stream so far.
    heard: u64,
    /// The free course's time at `since`, in seconds.
    free_s: f64,
    /// Samples of silence up to now.
    silent: usize,
}

impl Recorder {
    /// From the next sample on the sound lies at `place`; if the stream begins anew, that is its sample 0.
    pub(crate) fn place(&mut self, place: Place, is_reset: bool, sample_rate_hz: f64) {
        self.free_s = self.free_time(self.heard, sample_rate_hz);
        self.place = place;
        if is_reset {
            self.heard = 0;
        }
        self.since = self.heard;
        // Silence is nothing to turn to from what is shown: the free course goes on with the next sound.
        self.silent = usize::MAX / 2;
    }

    /// Samples came. Tells whether there is something new to see.
    pub(crate) fn hear(
        &mut self,
        history: &mut History,
        samples: &[f32],
        sample_rate_hz: f64,
    ) -> bool {
        let course = self.course();
        if samples.iter().all(|sample| sample.abs() < SILENCE) {
            self.silent = self.silent.saturating_add(samples.len());
        } else {
            self.silent = 0;
        }
        if course == Course::Free && self.silent as f64 > LONGEST_SILENCE_S * sample_rate_hz {
            self.free_s = self.free_time(self.heard, sample_rate_hz);
            self.heard += samples.len() as u64;
            self.since = self.heard;
            return false;
        }
        let mut rest = samples;
        while !rest.is_empty() {
            let index = self.index(self.heard, sample_rate_hz);
            let next = self.time_of(index + 1, sample_rate_hz).max(self.heard + 1);
            let count = rest.len().min((next - self.heard) as usize);
            let column = history.lane_mut(course).column(index);
            for &sample in &rest[..count] {
                let [low, high] = &mut column.peaks;
                *low = low.min(sample);
                *high = high.max(sample);
            }
            self.heard += count as u64;
            rest = &rest[count..];
        }
        history.course = course;
        history.version += 1;
        true
    }

    /// A frame's spectrum became known; its middle lies at `position`, in the stream's samples.
    pub(crate) fn frame(
        &self,
        history: &mut History,
        position: u64,
        frame: &MelFrame,
        sample_rate_hz: f64,
    ) {
        if let Some(column) = self.earlier(history, position, sample_rate_hz) {
            let [low, high] = SPECTRUM_RANGE;
            for (row, pair) in column.spectrum.iter_mut().zip(frame.chunks_exact(2)) {
                let share = (pair[0].max(pair[1]) - low) / (high - low);
                *row = (*row).max((share * 255.0) as u8);
            }
        }
    }

    /// An estimate was made.
    pub(crate) fn estimate(&self, history: &mut History, estimate: &Estimate, sample_rate_hz: f64) {
        let position = estimate.position.saturating_sub(1);
        if let Some(&mut Column { index, .. }) = self.earlier(history, position, sample_rate_hz) {
            let lane = history.lane_mut(self.course());
            lane.readings.insert(index, Reading::from(estimate));
        }
    }

    /// The column of a position that was heard at this place. What was heard at another is let go.
    fn earlier<'a>(
        &self,
        history: &'a mut History,
        position: u64,
        sample_rate_hz: f64,
    ) -> Option<&'a mut Column> {
        if position < self.since {
            return None;
        }
        let index = self.index(position, sample_rate_hz);
        let lane = history.lane_mut(self.course());
        let column = lane.columns.get_mut(slot(index))?;
        (column.index == index).then_some(column)
    }

    fn course(&self) -> Course {
        match self.place.transport_s {
            Some(_) => Course::Transport,
            None => Course::Free,
        }
    }

    fn free_time(&self, position: u64, sample_rate_hz: f64) -> f64 {
        match self.course() {
            Course::Free => self.free_s + (position - self.since) as f64 / sample_rate_hz,
            Course::Transport => self.free_s,
        }
    }

    fn start_s(&self) -> f64 {
        self.place.transport_s.unwrap_or(self.free_s)
    }

    /// The column of a position of the stream.
    fn index(&self, position: u64, sample_rate_hz: f64) -> i64 {
        let seconds = self.start_s() + (position - self.since) as f64 / sample_rate_hz;
        // A hair above, so that rounding leaves no sample before the column that it begins.
        (seconds * COLUMNS_PER_SECOND + 1e-6).floor() as i64
    }

    /// The first position of the stream that lies in a column.
    fn time_of(&self, index: i64, sample_rate_hz: f64) -> u64 {
        let seconds = index as f64 / COLUMNS_PER_SECOND - self.start_s();
        self.since + (seconds * sample_rate_hz).ceil().max(0.0) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE_HZ: f64 = 48_000.0;
    const COLUMN: usize = 1200;

    fn transport(seconds: f64) -> Place {
        Place {
            transport_s: Some(seconds),
        }
    }

    fn levels(history: &History, from: i64, to: i64) -> Vec<(i64, f32)> {
        let columns = history.lane().columns(from, to);
        columns
            .map(|column| (column.index, column.peaks[1]))
            .collect()
    }

    #[test]
    fn sound_lies_where_the_transport_says() {
        let (mut recorder, mut history) = (Recorder::default(), History::default());
        recorder.place(transport(10.0), true, RATE_HZ);
        recorder.hear(&mut history, &[0.25; COLUMN], RATE_HZ);
        recorder.hear(&mut history, &[0.5; 2 * COLUMN], RATE_HZ);
        assert_eq!(
            levels(&history, 0, 1000),
            [(400, 0.25), (401, 0.5), (402, 0.5)]
        );
        assert_eq!(history.course(), Course::Transport);
        recorder.estimate(
            &mut history,
            &Estimate::without_values(COLUMN as u64, 0.0, VoiceState::Gathering),
            RATE_HZ,
        );
        let readings: Vec<i64> = history.lane().readings(0, 1000).map(|(at, _)| at).collect();
        assert_eq!(readings, [400]);
    }

    #[test]
    fn a_passage_that_is_played_again_replaces_itself() {
        let (mut recorder, mut history) = (Recorder::default(), History::default());
        let estimate = Estimate::without_values(COLUMN as u64, 0.0, VoiceState::Gathering);
        for level in [0.25, 0.125] {
            recorder.place(transport(1.0), true, RATE_HZ);
            recorder.hear(&mut history, &[level; 3 * COLUMN], RATE_HZ);
            recorder.estimate(&mut history, &estimate, RATE_HZ);
        }
        recorder.place(transport(1.0), true, RATE_HZ);
        recorder.hear(&mut history, &[0.5; 2 * COLUMN], RATE_HZ);
        assert_eq!(
            levels(&history, 0, 100),
            [(40, 0.5), (41, 0.5), (42, 0.125)]
        );
        assert_eq!(history.lane().readings(0, 100).count(), 0);
    }

    #[test]
    fn while_the_transport_stands_time_goes_on_beside_it() {
        let (mut recorder, mut history) = (Recorder::default(), History::default());
        recorder.hear(&mut history, &[0.25; COLUMN], RATE_HZ);
        recorder.place(transport(5.0), false, RATE_HZ);
        recorder.hear(&mut history, &[0.5; COLUMN], RATE_HZ);
        assert_eq!(levels(&history, 0, 1000), [(200, 0.5)]);
        recorder.place(Place::default(), false, RATE_HZ);
        recorder.hear(&mut history, &[0.75; COLUMN], RATE_HZ);
        assert_eq!(levels(&history, 0, 1000), [(0, 0.25), (1, 0.75)]);
    }

    #[test]
    fn while_nothing_sounds_and_the_transport_stands_time_stands_too() {
        let (mut recorder, mut history) = (Recorder::default(), History::default());
        let second = |level: f32| vec![level; 48_000];
        recorder.hear(&mut history, &second(0.5), RATE_HZ);
        for _ in 0..5 {
            recorder.hear(&mut history, &second(0.0), RATE_HZ);
        }
        let version = history.version();
        recorder.hear(&mut history, &second(0.0), RATE_HZ);
        assert_eq!(history.version(), version);
        recorder.hear(&mut history, &second(0.25), RATE_HZ);
        assert_eq!(history.lane().newest(), Some(119));
        assert_eq!(levels(&history, 80, 82), [(80, 0.25), (81, 0.25)]);

        recorder.place(transport(10.0), false, RATE_HZ);
        for _ in 0..5 {
            recorder.hear(&mut history, &second(0.0), RATE_HZ);
        }
        assert_eq!(history.lane().newest(), Some(599));
        recorder.place(Place::default(), false, RATE_HZ);
        assert!(!recorder.hear(&mut history, &second(0.0), RATE_HZ));
        assert_eq!(history.course(), Course::Transport, "what was shown stays");
        assert!(recorder.hear(&mut history, &second(0.5), RATE_HZ));
        assert_eq!(history.course(), Course::Free);
    }

    #[test]
    fn only_the_last_minutes_are_kept() {
        let (mut recorder, mut history) = (Recorder::default(), History::default());
        for second in 0..400 {
            recorder.hear(&mut history, &[0.5; 48_000], RATE_HZ);
            let position = (second + 1) * 48_000;
            let estimate = Estimate::without_values(position, 0.0, VoiceState::Gathering);
            recorder.estimate(&mut history, &estimate, RATE_HZ);
        }
        let lane = history.lane();
        assert_eq!(lane.columns(0, 16_000).count(), KEPT_COLUMNS);
        assert!(lane.readings.len() <= KEPT_SECONDS as usize + 1);
        assert_eq!(lane.newest(), Some(15_999));
    }
}
