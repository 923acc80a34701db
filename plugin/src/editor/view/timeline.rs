//! The stretch of history that the window shows.

use crate::timeline::{COLUMNS_PER_SECOND, Column, Course, History, Reading};
use std::fmt::Write as _;

/// Two readings further apart than this have something unheard between them, in seconds.
const LONGEST_GAP_S: f64 = 0.6;

/// A reading and its time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::editor) struct Moment {
    /// In seconds.
    pub(in crate::editor) at_s: f64,
    pub(in crate::editor) reading: Reading,
}

/// What the timeline shows.
#[derive(Clone, Debug, Default)]
pub(in crate::editor) struct TimelineView {
    /// The sound, oldest first; what was not heard is left out.
    pub(in crate::editor) columns: Vec<Column>,
    /// The readings, oldest first.
    pub(in crate::editor) moments: Vec<Moment>,
    /// The newest time, in seconds.
    pub(in crate::editor) now_s: Option<f64>,
    /// Whether it stays as it is while the history goes on.
    pub(in crate::editor) is_paused: bool,
    /// Whether the times are the host's transport's.
    pub(in crate::editor) is_transport: bool,
    /// Changes with everything above.
    pub(in crate::editor) version: u64,
    /// The column after the last one shown.
    end: i64,
    length: i64,
    seen: Option<u64>,
}

impl TimelineView {
    /// Takes what is new; tells whether anything is.
    pub(super) fn update(&mut self, history: &History, span_s: u32) -> bool {
        let length = (f64::from(span_s) * COLUMNS_PER_SECOND) as i64;
        let is_same = self.seen == Some(history.version()) || self.is_paused;
        if is_same && length == self.length {
            return false;
        }
        self.length = length;
        let lane = history.lane();
        let is_transport = history.course() == Course::Transport;
        if !self.is_paused {
            self.seen = Some(history.version());
            let newest = lane.newest();
            self.now_s = newest.map(|index| seconds(index + 1));
            // A passage that is played again is shown where it was; else the newest is at the right edge.
            let is_shown = newest
                .is_some_and(|newest| (self.end - self.length..self.end).contains(&newest))
                && is_transport == self.is_transport;
            if !is_shown {
                self.end = newest.map_or(0, |newest| newest + 1);
            }
            self.is_transport = is_transport;
        }
        if is_transport == self.is_transport {
            let from = self.end - self.length;
            self.columns.clear();
            self.columns.extend(lane.columns(from, self.end));
            self.moments.clear();
            self.moments.extend(
                lane.readings(from, self.end)
                    .map(|(index, reading)| Moment {
                        at_s: seconds(index + 1),
                        reading: *reading,
                    }),
            );
        }
        self.version += 1;
        true
    }

    /// The first and the last time shown, in seconds.
    pub(in crate::editor) fn range_s(&self) -> [f64; 2] {
        [seconds(self.end - self.length), seconds(self.end)]
    }

    /// The reading that speaks for a time.
    pub(in crate::editor) fn at(&self, time_s: f64) -> Option<&Moment> {
        let index = self.moments.partition_point(|moment| moment.at_s < time_s);
        let moment = self.moments.get(index).or(self.moments.last())?;
        ((moment.at_s - time_s).abs() <= LONGEST_GAP_S).then_some(moment)
    }

    /// The readings in runs: with values or without, and nothing unheard within.
    pub(in crate::editor) fn runs(&self) -> impl Iterator<Item = &[Moment]> {
        self.moments.chunk_by(|before, after| {
            before.reading.state.has_values() == after.reading.state.has_values()
                && after.at_s - before.at_s <= LONGEST_GAP_S
        })
    }

    /// A table of the readings.
    pub(in crate::editor) fn csv(&self) -> String {
        let mut table = "seconds,state,angry,disgust,fear,happy,neutral,sad,surprise,valence,arousal,confidence\n".to_owned();
        for Moment { at_s, reading } in &self.moments {
            let _ = write!(table, "{at_s:.3},{}", reading.state.name());
            let values = reading.probabilities.iter().chain([
                &reading.valence,
                &reading.arousal,
                &reading.confidence,
            ]);
            for value in values {
                if reading.state.has_values() {
                    let _ = write!(table, ",{value:.4}");
                } else {
                    table.push(',');
                }
            }
            table.push('\n');
        }
        table
    }
}

fn seconds(index: i64) -> f64 {
    index as f64 / COLUMNS_PER_SECOND
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::timeline::{Place, Recorder};
    use pathos_analysis::{Estimate, VoiceState};

    const RATE_HZ: f64 = 1_000.0;

    fn angry(position: u64) -> Estimate {
        Estimate::new(
            position,
            [0.9, 0.0, 0.0, 0.0, 0.1, 0.0, 0.0],
            1.0,
            VoiceState::Voice,
        )
    }

    /// Plays seconds from a place on.
    fn play(history: &mut History, from_s: f64, seconds: u64) {
        let mut recorder = Recorder::default();
        let place = Place {
            transport_s: Some(from_s),
        };
        recorder.place(place, true, RATE_HZ);
        for second in 0..seconds {
            recorder.hear(history, &[0.5; 1_000], RATE_HZ);
            recorder.estimate(history, &angry(1_000 * (second + 1)), RATE_HZ);
        }
    }

    #[test]
    fn the_newest_is_at_the_right_and_a_replay_stays_where_it_was() {
        let (mut view, mut history) = (TimelineView::default(), History::default());
        play(&mut history, 0.0, 40);
        assert!(view.update(&history, 15));
        assert_eq!(view.range_s(), [25.0, 40.0]);
        assert_eq!(view.moments.len(), 15);
        assert!(!view.update(&history, 15), "nothing is new");
        play(&mut history, 30.0, 2);
        view.update(&history, 15);
        assert_eq!((view.range_s(), view.now_s), ([25.0, 40.0], Some(32.0)));
        play(&mut history, 2.0, 1);
        view.update(&history, 15);
        assert_eq!(view.range_s(), [-12.0, 3.0]);
    }

    #[test]
    fn a_pause_holds_the_stretch_while_the_history_goes_on() {
        let (mut view, mut history) = (TimelineView::default(), History::default());
        play(&mut history, 0.0, 20);
        view.update(&history, 15);
        view.is_paused = true;
        play(&mut history, 20.0, 20);
        assert!(!view.update(&history, 15));
        assert_eq!(view.range_s(), [5.0, 20.0]);
        view.update(&history, 30);
        assert_eq!(view.range_s(), [-10.0, 20.0]);
        view.is_paused = false;
        view.update(&history, 30);
        assert_eq!(view.range_s(), [10.0, 40.0]);
    }

    #[test]
    fn a_time_reads_what_speaks_for_it_and_a_table_has_it_all() {
        let (mut view, mut history) = (TimelineView::default(), History::default());
        play(&mut history, 0.0, 3);
        view.update(&history, 15);
        assert_eq!(view.at(1.5).unwrap().at_s, 2.0);
        assert!(view.at(9.0).is_none());
        let table = view.csv();
        assert_eq!(table.lines().count(), 4);
        assert!(
            table
                .lines()
                .nth(1)
                .unwrap()
                .starts_with("1.000,voice,0.9000,0.0000"),
            "{table}"
        );
    }
}
