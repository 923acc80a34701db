//! How a run goes, for whoever watches: a dashboard on a terminal, plain lines elsewhere.
//!
//! ```text
//! train ─► Progress ─┬─► plain: a line an epoch
//!                    └─► dashboard: a thread that draws and reads keys; plain lines once it is closed
//! ```

mod dashboard;
mod plain;
#[cfg(test)]
pub(crate) mod samples;
mod text;

use crate::{facts::RunFacts, log::EpochLog};
use std::io::{IsTerminal, stdin, stdout};

/// What is known when a run starts or goes on.
pub struct RunStart<'a> {
    /// The model's name and version.
    pub name: String,
    /// The kind of the network.
    pub network: &'static str,
    /// Where the run keeps what it makes.
    pub folder: String,
    /// Epochs of the whole run.
    pub epochs: usize,
    /// Steps of an epoch.
    pub steps: usize,
    /// What the run is.
    pub facts: &'a RunFacts,
    /// The epochs that were done before.
    pub log: &'a [EpochLog],
}

/// A step of learning.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Step {
    /// From 1.
    pub epoch: usize,
    /// From 1, in the epoch.
    pub step: usize,
    /// Mean of the epoch so far.
    pub loss: f64,
    /// Of this step.
    pub learning_rate: f64,
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// After its last epoch.
    Finished,
    /// When the validation no longer improved.
    StoppedEarly,
    /// By the user, in the middle of an epoch; the last checkpoint is whole.
    Interrupted,
}

/// Is told how a run goes.
pub trait Progress {
    /// The run starts, or goes on.
    fn started(&mut self, run: &RunStart);
    /// A step was done.
    fn step(&mut self, step: &Step);
    /// An epoch was done and judged: the last of the log.
    fn epoch(&mut self, log: &[EpochLog]);
    /// The run has ended; without an outcome, by an error.
    fn finished(&mut self, outcome: Option<&Outcome>);
    /// Whether the user wants it to end.
    fn stop_requested(&mut self) -> bool;
}

/// A dashboard if a terminal is there to show it and to read keys from, and `plain` is off; else plain lines.
#[must_use]
pub fn for_output(plain: bool) -> Box<dyn Progress> {
    let is_dumb = std::env::var_os("TERM").is_some_and(|terminal| terminal == "dumb");
    // Without keys the dashboard could not be left: it also takes Ctrl-C as a key.
    if plain || is_dumb || !stdout().is_terminal() || !stdin().is_terminal() {
        return Box::new(plain::Lines::new(stdout()));
    }
    Box::new(dashboard::Dashboard::new())
}

/// The place in the log of the epoch with the highest UAR of the validation, the first of equals; none if nothing was
/// validated.
fn best(log: &[EpochLog]) -> Option<usize> {
    let mut best: Option<(f64, usize)> = None;
    for (at, epoch) in log.iter().enumerate() {
        let uar = epoch.validation_uar?;
        if best.is_none_or(|(before, _)| uar > before) {
            best = Some((uar, at));
        }
    }
    best.map(|(_, at)| at)
}
