//! The folder of a run: its configuration, its log, and its last checkpoint.

use crate::network::Network;
use anyhow::{Context, Result};
use burn::{module::Module, optim::ModuleOptimizer};
use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
};

const PREFIX: &str = "checkpoint-";

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
    /// The network's weights.
    pub fn weights(&self) -> PathBuf {
        self.folder.join("weights.bpk")
    }

    /// The optimiser's moments.
    pub fn optimizer(&self) -> PathBuf {
        self.folder.join("optimizer.bpk")
    }
}

impl RunFolder {
    /// The folder, made if it is not there.
    pub fn new(path: &Path) -> Result<Self> {
        fs::create_dir_all(path).with_context(|| format!("cannot make {}", path.display()))?;
        Ok(Self(path.to_owned()))
    }

    /// A folder that must be there.
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

    /// The configuration that the run was started with.
    pub fn config(&self) -> PathBuf {
        self.0.join("config.toml")
    }

    /// A line an epoch.
    pub fn log_file(&self) -> PathBuf {
        self.0.join("log.csv")
    }

    /// The last checkpoint, if an epoch was finished.
    pub fn latest(&self) -> Result<Option<Checkpoint>> {
        let mut latest: Option<Checkpoint> = None;
        let unreadable = || format!("cannot read {}", self.0.display());
        for entry in fs::read_dir(&self.0).with_context(unreadable)? {
            let folder = entry.with_context(unreadable)?.path();
            let name = folder.file_name().and_then(|name| name.to_str());
            let number = name.and_then(|name| name.strip_prefix(PREFIX)?.parse().ok());
            if let Some(epochs_done) = number
                && latest
                    .as_ref()
                    .is_none_or(|best| best.epochs_done < epochs_done)
            {
                latest = Some(Checkpoint {
                    epochs_done,
                    folder,
                });
            }
        }
        Ok(latest)
    }

    /// Writes a checkpoint, then removes the one before. A run that is killed at any moment leaves a whole one.
    pub fn save(
        &self,
        network: &Network,
        optimizer: &ModuleOptimizer,
        epochs_done: usize,
    ) -> Result<()> {
        let before = self.latest()?;
        let unfinished = Checkpoint {
            epochs_done,
            folder: self.0.join("unfinished"),
        };
        if unfinished.folder.exists() {
            fs::remove_dir_all(&unfinished.folder)?;
        }
        fs::create_dir(&unfinished.folder)?;
        network.clone().save_file(unfinished.weights())?;
        optimizer.save(unfinished.optimizer())?;
        let finished = self.0.join(format!("{PREFIX}{epochs_done:03}"));
        fs::rename(&unfinished.folder, finished)?;
        if let Some(before) = before {
            fs::remove_dir_all(before.folder)?;
        }
        Ok(())
    }

    /// How long the epochs in the log took, in seconds: its fourth column.
    pub fn seconds(&self) -> Option<f64> {
        let log = fs::read_to_string(self.log_file()).ok()?;
        let seconds = log
            .lines()
            .skip(1)
            .map(|line| line.split(',').nth(3)?.parse::<f64>().ok());
        seconds.sum()
    }

    /// Keeps the header and the lines of the first epochs of the log, or starts it: a run that was killed between its log
    /// and its checkpoint has a line too many.
    pub fn keep_log(&self, columns: &str, epochs: usize) -> Result<()> {
        let before = fs::read_to_string(self.log_file()).unwrap_or_default();
        let mut text = format!("{columns}\n");
        for line in before.lines().skip(1).take(epochs) {
            text += line;
            text.push('\n');
        }
        fs::write(self.log_file(), text)
            .with_context(|| format!("cannot write {}", self.log_file().display()))
    }

    /// Adds a line to the log.
    pub fn log(&self, line: &str) -> Result<()> {
        let mut log = fs::OpenOptions::new().append(true).open(self.log_file())?;
        Ok(writeln!(log, "{line}")?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_latest_checkpoint_is_found_and_the_log_cut_to_it() {
        let path = std::env::temp_dir().join(format!("pathos-checkpoint-{}", std::process::id()));
        let folder = RunFolder::new(&path).unwrap();
        assert_eq!(folder.latest().unwrap(), None);
        for name in [
            "checkpoint-002",
            "checkpoint-010",
            "unfinished",
            "checkpoint-x",
        ] {
            fs::create_dir(path.join(name)).unwrap();
        }
        assert_eq!(folder.latest().unwrap().unwrap().epochs_done, 10);

        folder.keep_log("epoch", 0).unwrap();
        ["1", "2", "3"]
            .iter()
            .for_each(|line| folder.log(line).unwrap());
        folder.keep_log("epoch", 2).unwrap();
        assert_eq!(
            fs::read_to_string(folder.log_file()).unwrap(),
            "epoch\n1\n2\n"
        );
        fs::remove_dir_all(path).unwrap();
    }
}
