//! A line an epoch, and a line a minute within a long one: for log files.

use super::{Outcome, Progress, RunStart, Step};
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
    epochs: usize,
    steps: usize,
    last: Instant,
}

impl<W: Write> Lines<W> {
    /// Writes to an output.
    pub(super) fn new(output: W) -> Self {
        Self {
            output,
            epochs: 0,
            steps: 0,
            last: Instant::now(),
        }
    }

    fn line(&mut self, text: &str) {
        self.last = Instant::now();
        let _ = writeln!(self.output, "{text}");
        let _ = self.output.flush();
    }
}

fn percent(share: Option<f64>) -> String {
    share.map_or_else(|| "-".to_owned(), |share| format!("{:.1}", 100.0 * share))
}

impl<W: Write> Progress for Lines<W> {
    fn started(&mut self, run: &RunStart) {
        (self.epochs, self.steps) = (run.epochs, run.steps);
        let facts = run.facts;
        self.line(&format!(
            "{}: {} of {} parameters on {}; {} clips to learn from, {} to validate, {} to test; {} epochs of {} steps into {}",
            run.name,
            run.network,
            facts.parameters,
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
        if self.last.elapsed() >= INTERVAL {
            self.line(&format!(
                "epoch {:>3}  step {} of {}  loss {:.3}",
                step.epoch, step.step, self.steps, step.loss
            ));
        }
    }

    fn epoch(&mut self, log: &[EpochLog]) {
        let Some(epoch) = log.last() else { return };
        let mut text = format!(
            "epoch {:>3} of {}  loss {:.3}",
            epoch.epoch, self.epochs, epoch.loss
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
        self.line(&format!("{text}  ({:.0} s)", epoch.seconds));
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

    #[test]
    fn an_epoch_is_a_line() {
        let mut lines = Lines::new(Vec::new());
        lines.epochs = 40;
        let epoch = EpochLog {
            epoch: 7,
            learning_rate: 1e-3,
            loss: 1.2345,
            seconds: 81.4,
            validation_loss: Some(1.1),
            validation_uar: Some(0.5),
            test_loss: Some(1.3),
            crema_d_uar: Some(0.612),
            ravdess_speech_uar: None,
            ravdess_song_uar: None,
            savee_uar: None,
            tess_uar: Some(0.7),
            mix_uar: Some(0.6),
            mix_accuracy: Some(0.625),
        };
        lines.epoch(&[epoch]);
        lines.step(&Step {
            epoch: 8,
            step: 1,
            loss: 1.0,
            learning_rate: 0.1,
        });
        assert_eq!(
            String::from_utf8(lines.output).unwrap(),
            "epoch   7 of 40  loss 1.234  validation UAR 50.0  CREMA-D 61.2  TESS 70.0  mix UAR 60.0 accuracy 62.5  (81 s)\n"
        );
    }
}
