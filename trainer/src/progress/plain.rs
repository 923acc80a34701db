//! A line an epoch, and a line a minute within a long one: for log files.

use super::{
    Outcome, Progress, RunStart, Step,
    text::{count, loss, percent, rate},
};
use crate::log::EpochLog;
use std::{
    io::Write,
    time::{Duration, Instant},
};

/// From one line within an epoch to the next.
const INTERVAL: Duration = Duration::from_secs(60);

/// Writes lines; what cannot be written is let go, as a run must not end for it.
pub(super) struct Lines<W> {
    output: W,
    interval: Duration,
    epochs: usize,
    steps: usize,
    last: Instant,
}

impl<W: Write> Lines<W> {
    /// Writes to an output.
    pub(super) fn new(output: W) -> Self {
        Self {
            output,
            interval: INTERVAL,
            epochs: 0,
            steps: 0,
            last: Instant::now(),
        }
    }

    /// Learns how long a run is, without a word.
    pub(super) fn set_length(&mut self, epochs: usize, steps: usize) {
        (self.epochs, self.steps) = (epochs, steps);
    }

    /// Writes what an epoch of the log came to.
    pub(super) fn epoch_line(&mut self, log: &[EpochLog], at: usize) {
        let Some(epoch) = log.get(at) else { return };
        let mut text = format!(
            "epoch {:>3} of {}  loss {}",
            epoch.epoch,
            self.epochs,
            loss(Some(epoch.loss))
        );
        if epoch.validation_uar.is_some() {
            text += &format!("  validation UAR {}", percent(epoch.validation_uar));
        }
        for (set, uar) in epoch.test_uars() {
            text += &format!("  {set} {}", percent(Some(uar)));
        }
        if epoch.mix_uar.is_some() {
            text += &format!(
                "  mix UAR {} accuracy {}",
                percent(epoch.mix_uar),
                percent(epoch.mix_accuracy)
            );
        }
        text += &format!("  ({:.0} s)", epoch.seconds);
        if super::best(log) == Some(at) {
            text += "  best so far";
        }
        self.line(&text);
    }

    fn line(&mut self, text: &str) {
        self.last = Instant::now();
        let _ = writeln!(self.output, "{text}");
        let _ = self.output.flush();
    }
}

impl<W: Write> Progress for Lines<W> {
    fn started(&mut self, run: &RunStart) {
        self.set_length(run.epochs, run.steps);
        let facts = run.facts;
        self.line(&format!(
            "{}: {} of {} parameters and {} MACs on {}; {} clips to learn from, {} to validate, {} to test; {} epochs of {} steps into {}",
            run.name,
            run.network,
            facts.parameters,
            count(facts.macs),
            facts.device,
            facts.training,
            facts.validation,
            facts.test,
            run.epochs,
            run.steps,
            run.folder
        ));
        if let Some(last) = run.log.last() {
            self.line(&format!("going on after epoch {}", last.epoch));
        }
    }

    fn step(&mut self, step: &Step) {
        if self.last.elapsed() >= self.interval {
            self.line(&format!(
                "epoch {:>3}  step {} of {}  loss {}  learning rate {}",
                step.epoch,
                step.step,
                self.steps,
                loss(Some(step.loss)),
                rate(step.learning_rate)
            ));
        }
    }

    fn epoch(&mut self, log: &[EpochLog]) {
        self.epoch_line(log, log.len().saturating_sub(1));
    }

    fn finished(&mut self, outcome: Option<&Outcome>) {
        match outcome {
            Some(Outcome::Finished) => self.line("finished after the last epoch"),
            Some(Outcome::StoppedEarly) => {
                self.line("stopped early: the validation no longer improves");
            }
            Some(Outcome::Interrupted) => {
                self.line("interrupted; --resume goes on after the last epoch that was finished");
            }
            None => {}
        }
    }

    fn stop_requested(&mut self) -> bool {
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::progress::samples::{epoch, facts};

    fn written(lines: Lines<Vec<u8>>) -> String {
        String::from_utf8(lines.output).unwrap()
    }

    #[test]
    fn a_run_starts_or_goes_on() {
        let mut lines = Lines::new(Vec::new());
        lines.started(&RunStart {
            name: "first 0.1.0".to_owned(),
            network: "cnn-lstm",
            folder: "runs/first".to_owned(),
            epochs: 40,
            steps: 110,
            facts: &facts(),
            log: &[epoch(1), epoch(2)],
        });
        assert_eq!(
            written(lines),
            "first 0.1.0: cnn-lstm of 112345 parameters and 9.1 M MACs on CPU; 7040 clips to learn from, 800 to validate, \
             1200 to test; 40 epochs of 110 steps into runs/first\ngoing on after epoch 2\n"
        );
    }

    #[test]
    fn an_epoch_is_a_line() {
        let mut lines = Lines::new(Vec::new());
        lines.set_length(40, 110);
        let mut now = epoch(7);
        (now.loss, now.seconds) = (1.2345, 81.4);
        now.validation_uar = Some(0.5);
        now.crema_d_uar = Some(0.612);
        (now.ravdess_speech_uar, now.ravdess_song_uar, now.savee_uar) = (None, None, None);
        now.tess_uar = Some(0.7);
        (now.mix_uar, now.mix_accuracy) = (Some(0.6), Some(0.625));
        let mut before = now.clone();
        (before.epoch, before.validation_uar) = (6, Some(0.55));
        // The minute is not over: a step is no line.
        lines.step(&Step {
            epoch: 7,
            step: 1,
            loss: 1.0,
            learning_rate: 0.1,
        });
        lines.epoch(&[before.clone(), now.clone()]);
        before.validation_uar = Some(0.45);
        lines.epoch(&[before, now.clone()]);
        // Of a run that holds nothing out.
        (now.validation_uar, now.crema_d_uar, now.tess_uar) = (None, None, None);
        (now.mix_uar, now.mix_accuracy, now.loss) = (None, None, f64::NAN);
        lines.epoch(&[now]);
        lines.epoch(&[]);
        let epoch = "epoch   7 of 40  loss 1.234  validation UAR 50.0  CREMA-D 61.2  TESS 70.0  mix UAR 60.0 accuracy 62.5  (81 s)";
        assert_eq!(
            written(lines),
            format!("{epoch}\n{epoch}  best so far\nepoch   7 of 40  loss NaN  (81 s)\n")
        );
    }

    #[test]
    fn a_long_epoch_has_lines_within_and_an_end_has_one() {
        let mut lines = Lines::new(Vec::new());
        lines.set_length(40, 110);
        lines.interval = Duration::ZERO;
        lines.step(&Step {
            epoch: 7,
            step: 55,
            loss: 1.0625,
            learning_rate: 1.2345e-3,
        });
        lines.finished(Some(&Outcome::Interrupted));
        lines.finished(None);
        assert_eq!(
            written(lines),
            "epoch   7  step 55 of 110  loss 1.062  learning rate 1.23e-3\n\
             interrupted; --resume goes on after the last epoch that was finished\n"
        );
    }
}
