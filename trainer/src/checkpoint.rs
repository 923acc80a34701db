//! The folder of a run: its configuration, its facts, its log, its last checkpoint and its best.

use crate::{
    files,
    log::{self, EpochLog},
    network::Network,
    side_tasks::Student,
};
use anyhow::{Context, Result};
use burn::{module::Module, optim::ModuleOptimizer};
use std::{
    fs,
    path::{Path, PathBuf},
};

const CHECKPOINT: &str = "checkpoint-";
const BEST: &str = "best-";

/// The folder of a run.
pub struct RunFolder(PathBuf);

/// The state of a run after some epochs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// Epochs that were finished.
    pub epochs_done: usize,
    folder: PathBuf,
}

impl Checkpoint {
    /// The weights that are learned on.
    #[must_use]
    pub fn weights(&self) -> PathBuf {
        self.folder.join("weights.bpk")
    }

    /// The weights that are judged and exported: the average, where the run keeps one.
    #[must_use]
    pub fn judged_weights(&self) -> PathBuf {
        let average = self.average();
        if average.exists() {
            average
        } else {
            self.weights()
        }
    }

    /// The average of the weights.
    #[must_use]
    pub fn average(&self) -> PathBuf {
        self.folder.join("average.bpk")
    }

    /// The layers of the side tasks.
    #[must_use]
    pub fn side_tasks(&self) -> PathBuf {
        self.folder.join("side-tasks.bpk")
    }

    /// The optimiser's moments.
    #[must_use]
    pub fn optimizer(&self) -> PathBuf {
        self.folder.join("optimizer.bpk")
    }
}

/// What a checkpoint holds.
pub struct State<'a> {
    /// The network that learns, and its side tasks.
    pub student: &'a Student,
    /// The average of its weights, if the run keeps one.
    pub average: Option<&'a Network>,
    /// The optimiser.
    pub optimizer: &'a ModuleOptimizer,
    /// Epochs that were finished.
    pub epochs_done: usize,
    /// Whether the validation was never better.
    pub is_best: bool,
}

impl RunFolder {
    /// The folder, made if it is not there.
    ///
    /// # Errors
    ///
    /// If it cannot be made.
    pub fn new(path: &Path) -> Result<Self> {
        fs::create_dir_all(path).with_context(|| format!("cannot make {}", path.display()))?;
        Ok(Self(path.to_owned()))
    }

    /// A folder that must be that of a run.
    ///
    /// # Errors
    ///
    /// If it is not.
    pub fn open(path: &Path) -> Result<Self> {
        let folder = Self(path.to_owned());
        fs::metadata(folder.config()).with_context(|| {
            format!(
                "{} is no folder of a run: it has no config.toml",
                path.display()
            )
        })?;
        Ok(folder)
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// The configuration that the run was started with.
    #[must_use]
    pub fn config(&self) -> PathBuf {
        self.0.join("config.toml")
    }

    /// What the run was: see [`RunFacts`](crate::facts::RunFacts).
    #[must_use]
    pub fn facts(&self) -> PathBuf {
        self.0.join("facts.json")
    }

    /// A line an epoch.
    #[must_use]
    pub fn log_file(&self) -> PathBuf {
        self.0.join("log.csv")
    }

    /// The lines of the epochs that were finished.
    ///
    /// # Errors
    ///
    /// If the log does not fit.
    pub fn log(&self) -> Result<Vec<EpochLog>> {
        log::read(&self.log_file())
    }

    /// The last checkpoint, if an epoch was finished.
    ///
    /// # Errors
    ///
    /// If the folder cannot be read.
    pub fn latest(&self) -> Result<Option<Checkpoint>> {
        self.newest(CHECKPOINT)
    }

    /// The checkpoint to judge and export: the one with the best validation, or the last if nothing was validated.
    ///
    /// # Errors
    ///
    /// If the folder cannot be read, or no epoch was finished.
    pub fn chosen(&self) -> Result<Checkpoint> {
        let best = self.newest(BEST)?;
        let chosen = if best.is_some() { best } else { self.latest()? };
        chosen.with_context(|| {
            format!(
                "{} has no checkpoint yet: wait for its first epoch",
                self.0.display()
            )
        })
    }

    fn newest(&self, prefix: &str) -> Result<Option<Checkpoint>> {
        let mut newest: Option<Checkpoint> = None;
        let unreadable = || format!("cannot read {}", self.0.display());
        for entry in fs::read_dir(&self.0).with_context(unreadable)? {
            let folder = entry.with_context(unreadable)?.path();
            let name = folder.file_name().and_then(|name| name.to_str());
            let number = name.and_then(|name| name.strip_prefix(prefix)?.parse().ok());
            if let Some(epochs_done) = number
                && newest
                    .as_ref()
                    .is_none_or(|before| before.epochs_done < epochs_done)
            {
                newest = Some(Checkpoint {
                    epochs_done,
                    folder,
                });
            }
        }
        Ok(newest)
    }

    /// Writes a checkpoint and its line of the log, then removes the one before. A run that is killed at any moment leaves a
    /// whole one.
    ///
    /// # Errors
    ///
    /// If the folder cannot be written.
    pub fn save(&self, state: &State, log: &[EpochLog]) -> Result<()> {
        let before = self.latest()?;
        let unfinished = Checkpoint {
            epochs_done: state.epochs_done,
            folder: self.0.join("unfinished"),
        };
        write_weights(&unfinished, state)?;
        state.optimizer.save(unfinished.optimizer())?;
        // First the line, then the checkpoint: `keep_log` takes a line too many away again.
        log::write(&self.log_file(), log)?;
        self.finish(&unfinished, CHECKPOINT)?;
        // One after as many epochs was replaced by it.
        if let Some(before) = before.filter(|before| before.epochs_done != state.epochs_done) {
            fs::remove_dir_all(before.folder)?;
        }
        if state.is_best {
            let before = self.newest(BEST)?;
            write_weights(&unfinished, state)?;
            self.finish(&unfinished, BEST)?;
            if let Some(before) = before {
                fs::remove_dir_all(before.folder)?;
            }
        }
        Ok(())
    }

    fn finish(&self, unfinished: &Checkpoint, prefix: &str) -> Result<()> {
        let finished = self
            .0
            .join(format!("{prefix}{:03}", unfinished.epochs_done));
        if finished.exists() {
            fs::remove_dir_all(&finished)?;
        }
        Ok(fs::rename(&unfinished.folder, finished)?)
    }

    /// Keeps the lines of the first epochs of the log, and returns them: a run that was killed between its log and its
    /// checkpoint has a line too many.
    ///
    /// # Errors
    ///
    /// If the log does not fit or cannot be written.
    pub fn keep_log(&self, epochs: usize) -> Result<Vec<EpochLog>> {
        let mut log = self.log()?;
        log.truncate(epochs);
        log::write(&self.log_file(), &log)?;
        Ok(log)
    }

    /// Writes a file of results into the folder.
    ///
    /// # Errors
    ///
    /// If it cannot be written.
    pub fn write(&self, name: &str, bytes: &[u8]) -> Result<()> {
        files::replace(&self.0.join(name), bytes)
    }
}

fn write_weights(unfinished: &Checkpoint, state: &State) -> Result<()> {
    if unfinished.folder.exists() {
        fs::remove_dir_all(&unfinished.folder)?;
    }
    fs::create_dir(&unfinished.folder)?;
    let Student {
        network,
        side_tasks,
    } = state.student.clone();
    network.save_file(unfinished.weights())?;
    if let Some(side_tasks) = side_tasks {
        side_tasks.save_file(unfinished.side_tasks())?;
    }
    if let Some(average) = state.average {
        average.clone().save_file(unfinished.average())?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_latest_and_the_best_checkpoint_are_found() {
        let path = std::env::temp_dir().join(format!("pathos-checkpoint-{}", std::process::id()));
        let folder = RunFolder::new(&path).unwrap();
        assert_eq!(folder.latest().unwrap(), None);
        assert!(
            folder
                .chosen()
                .unwrap_err()
                .to_string()
                .contains("first epoch")
        );
        for name in [
            "checkpoint-002",
            "checkpoint-010",
            "unfinished",
            "checkpoint-x",
        ] {
            fs::create_dir(path.join(name)).unwrap();
        }
        assert_eq!(folder.latest().unwrap().unwrap().epochs_done, 10);
        assert_eq!(folder.chosen().unwrap().epochs_done, 10);
        fs::create_dir(path.join("best-004")).unwrap();
        assert_eq!(folder.chosen().unwrap().epochs_done, 4);
        fs::remove_dir_all(path).unwrap();
    }
}
