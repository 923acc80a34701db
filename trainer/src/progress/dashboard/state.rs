//! What the dashboard knows of the run, and what follows from it. Times are from when it opened.

use super::curve::Curve;
use crate::{
    facts::RunFacts,
    log::EpochLog,
    progress::{RunStart, Step},
};
use std::time::Duration;

/// How many of the last epochs tell how long the next ones take.
const TIMED_EPOCHS: usize = 3;

/// What is shown of the run beside its head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pane {
    /// All of them; the first of the others if there is no room.
    All,
    Losses,
    Uars,
    Epochs,
    Rates,
}

impl Pane {
    pub(super) fn next(self) -> Self {
        match self {
            Self::All => Self::Losses,
            Self::Losses => Self::Uars,
            Self::Uars => Self::Epochs,
            Self::Epochs => Self::Rates,
            Self::Rates => Self::All,
        }
    }
}

pub(super) struct State {
    pub(super) name: String,
    pub(super) network: &'static str,
    pub(super) folder: String,
    pub(super) epochs: usize,
    pub(super) steps: usize,
    pub(super) facts: RunFacts,
    pub(super) log: Vec<EpochLog>,
    /// The last of the epoch under way.
    pub(super) last_step: Option<Step>,
    /// Running loss of the epoch under way, over epochs.
    pub(super) running: Curve,
    /// Learning rate over epochs.
    pub(super) rates: Curve,
    pub(super) pane: Pane,
    /// Whether the user wants it to end.
    pub(super) is_stopping: bool,
    epochs_before: usize,
    epoch_start: Duration,
    step_time: Duration,
}

impl State {
    pub(super) fn new(run: &RunStart) -> Self {
        let mut rates = Curve::new();
        for epoch in run.log {
            rates.push(epoch.epoch as f64, epoch.learning_rate);
        }
        Self {
            name: run.name.clone(),
            network: run.network,
            folder: run.folder.clone(),
            epochs: run.epochs,
            steps: run.steps,
            facts: run.facts.clone(),
            log: run.log.to_vec(),
            last_step: None,
            running: Curve::new(),
            rates,
            pane: Pane::All,
            is_stopping: false,
            epochs_before: run.log.len(),
            epoch_start: Duration::ZERO,
            step_time: Duration::ZERO,
        }
    }

    pub(super) fn step(&mut self, step: &Step, now: Duration) {
        let share = step.step as f64 / self.steps.max(1) as f64;
        let at = step.epoch.saturating_sub(1) as f64 + share;
        self.running.push(at, step.loss);
        self.rates.push(at, step.learning_rate);
        self.last_step = Some(*step);
        self.step_time = now;
    }

    pub(super) fn epoch(&mut self, epoch: EpochLog, now: Duration) {
        self.log.push(epoch);
        self.last_step = None;
        self.running = Curve::new();
        self.epoch_start = now;
    }

    /// The epoch under way, or the last; from 1.
    pub(super) fn epoch_number(&self) -> usize {
        (self.log.len() + 1).min(self.epochs)
    }

    pub(super) fn steps_done(&self) -> usize {
        self.last_step.map_or(0, |step| step.step)
    }

    /// Whether the steps of an epoch are done and it is not in the log yet.
    pub(super) fn is_judging(&self) -> bool {
        self.last_step.is_some_and(|step| step.step >= self.steps)
    }

    /// From 0 to 1.
    pub(super) fn share_of_epoch(&self) -> f64 {
        share(self.steps_done() as f64, self.steps)
    }

    /// From 0 to 1.
    pub(super) fn share_of_run(&self) -> f64 {
        share(self.log.len() as f64 + self.share_of_epoch(), self.epochs)
    }

    /// Clips a second that were learned from in the epoch under way.
    pub(super) fn clips_per_second(&self) -> Option<f64> {
        let clips = self.facts.training as f64 * self.share_of_epoch();
        let seconds = self.step_time.checked_sub(self.epoch_start)?.as_secs_f64();
        (clips > 0.0 && seconds > 0.0).then(|| clips / seconds)
    }

    /// Until the last epoch is done, if it comes to that: by this session's last epochs, by its first steps if there is none,
    /// by the log before there is a step.
    pub(super) fn time_left(&self, now: Duration) -> Option<Duration> {
        let here = &self.log[self.epochs_before.min(self.log.len())..];
        let learning = self.step_time.saturating_sub(self.epoch_start);
        let done = self.share_of_epoch();
        let an_epoch = if here.is_empty() && done > 0.0 {
            learning.as_secs_f64() / done
        } else {
            let timed = if here.is_empty() { &self.log } else { here };
            let last = &timed[timed.len().saturating_sub(TIMED_EPOCHS)..];
            last.iter().map(|epoch| epoch.seconds).sum::<f64>() / last.len() as f64
        };
        let spent = now.saturating_sub(self.epoch_start).as_secs_f64();
        let to_do = self.epochs.saturating_sub(self.log.len()) as f64;
        // An epoch that takes longer than the others delays the ones after it, and never makes them shorter.
        let seconds = to_do * an_epoch - spent.min(an_epoch);
        // Not a number if nothing was timed yet.
        if seconds < 0.0 {
            return Some(Duration::ZERO);
        }
        Duration::try_from_secs_f64(seconds).ok()
    }
}

fn share(done: f64, all: usize) -> f64 {
    (done / all.max(1) as f64).clamp(0.0, 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::progress::samples::{epoch, facts};

    fn state(log: &[EpochLog]) -> State {
        State::new(&RunStart {
            name: "first 0.1.0".to_owned(),
            network: "cnn",
            folder: "runs/first".to_owned(),
            epochs: 40,
            steps: 110,
            facts: &facts(),
            log,
        })
    }

    fn step(epoch: usize, step: usize) -> Step {
        Step {
            epoch,
            step,
            loss: 1.0,
            learning_rate: 1e-3,
        }
    }

    const fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn time_left_follows_steps_then_epochs() {
        let mut run = state(&[]);
        assert_eq!(run.time_left(seconds(1)), None);
        // Half of an epoch in 40 s: 40 epochs of 80 s, less the 40.
        run.step(&step(1, 55), seconds(40));
        assert_eq!(run.time_left(seconds(40)), Some(seconds(40 * 80 - 40)));
        // 7040 clips in 110 steps.
        assert_eq!(run.clips_per_second(), Some(88.0));
        let mut first = epoch(1);
        first.seconds = 100.0;
        run.epoch(first, seconds(100));
        assert_eq!(run.time_left(seconds(130)), Some(seconds(39 * 100 - 30)));
        // It takes longer than the first did.
        assert_eq!(run.time_left(seconds(900)), Some(seconds(38 * 100)));
        assert_eq!(run.clips_per_second(), None);
    }

    #[test]
    fn a_resumed_run_starts_from_its_log() {
        let log: Vec<_> = (1..=10).map(epoch).collect();
        let mut run = state(&log);
        assert_eq!(run.time_left(seconds(0)), Some(seconds(30 * 80)));
        assert_eq!((run.epoch_number(), run.share_of_run()), (11, 0.25));
        run.step(&step(11, 11), seconds(16));
        assert_eq!(run.time_left(seconds(16)), Some(seconds(30 * 160 - 16)));
        assert!((run.share_of_run() - 10.1 / 40.0).abs() < 1e-12);
        run.step(&step(11, 110), seconds(160));
        assert!(run.is_judging());
    }

    #[test]
    fn figures_that_make_no_sense_are_survived() {
        let mut odd = epoch(1);
        (odd.seconds, odd.loss, odd.learning_rate) = (f64::NAN, f64::INFINITY, f64::NAN);
        let mut run = state(&[odd]);
        (run.steps, run.epochs) = (0, 0);
        run.step(&step(0, 7), seconds(1));
        assert_eq!((run.share_of_epoch(), run.share_of_run()), (1.0, 1.0));
        run.epoch(epoch(2), seconds(2));
        assert_eq!(run.time_left(seconds(2)), Some(seconds(0)));
    }
}
