//! What a run was, so that it can be made again: `facts.json` in its folder.

use crate::{config::Config, dataset::Dataset, device, files, network::Architecture};
use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeSet, path::Path, slice};

/// What a run was, beside its configuration and its log.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunFacts {
    /// The last commit of the trainer's source.
    pub commit: String,
    /// SHA-256 over the files of the clips and their roles.
    pub data_hash: String,
    /// Seed of the training.
    pub seed: u64,
    /// Seed of the split.
    pub split_seed: u64,
    /// The corpora that were learned from, by name, also by the network that it began with.
    pub corpora: BTreeSet<String>,
    /// Clips (or rows) that were learned from.
    pub training: usize,
    /// That decided when to stop.
    pub validation: usize,
    /// That were judged.
    pub test: usize,
    /// Files that were refused.
    pub refused: usize,
    /// Numbers that were learned.
    pub parameters: usize,
    /// Multiplications and additions for one window of 3 s.
    pub macs: usize,
    /// Where it was trained.
    pub device: String,
    /// What it began with, if it was tuned.
    pub tuned_from: Option<Beginning>,
}

/// A network that had learned before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Beginning {
    /// The model file, or the folder of a run.
    pub path: String,
    /// The folders of other runs, where it began with the mean of their weights and those of the first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub others: Vec<String>,
    /// The corpora that it had learned from, by name. Their licences hold for what is tuned from it, too.
    pub corpora: BTreeSet<String>,
    /// Whether it may have learned from what the run holds out.
    pub may_know_test: bool,
}

impl Beginning {
    /// What it is, in Markdown.
    #[must_use]
    pub fn describe(&self) -> String {
        let Some((last, others)) = self.others.split_last() else {
            return format!("the network of `{}`", self.path);
        };
        let before = [slice::from_ref(&self.path), others].concat().join("`, `");
        format!("the mean of the networks of `{before}` and `{last}`")
    }
}

impl RunFacts {
    /// Of a run that is about to start.
    #[must_use]
    pub fn new(
        config: &Config,
        dataset: &Dataset,
        architecture: &Architecture,
        parameters: usize,
        tuned_from: Option<Beginning>,
    ) -> Self {
        let training = &dataset.training;
        let corpora = training.iter().map(|example| example.clip.corpus.name());
        let before = tuned_from.iter().flat_map(|before| before.corpora.clone());
        Self {
            commit: env!("PATHOS_COMMIT").to_owned(),
            data_hash: dataset.hash.clone(),
            seed: config.seed,
            split_seed: config.split.seed,
            corpora: corpora.map(str::to_owned).chain(before).collect(),
            training: training.len(),
            validation: dataset.validation.len(),
            test: dataset.test.len(),
            refused: dataset.refused.len(),
            parameters,
            macs: architecture.macs(),
            device: device::name().to_owned(),
            tuned_from,
        }
    }

    /// Whether there is nothing that the run is judged by, while it learns or afterwards.
    #[must_use]
    pub const fn holds_out_none(&self) -> bool {
        self.validation == 0 && self.test == 0
    }

    /// Whether the network that it began with may have learned from what it is judged on.
    #[must_use]
    pub fn may_know_test(&self) -> bool {
        let tuned_from = self.tuned_from.as_ref();
        tuned_from.is_some_and(|before| before.may_know_test)
    }

    /// Reads the facts of a run.
    ///
    /// # Errors
    ///
    /// If the file is not there or does not fit.
    pub fn read(path: &Path) -> Result<Self> {
        let bytes =
            std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
        serde_json::from_slice(&bytes).with_context(|| format!("{} does not fit", path.display()))
    }

    /// Writes the facts.
    ///
    /// # Errors
    ///
    /// If the file cannot be written.
    pub fn write(&self, path: &Path) -> Result<()> {
        files::replace(path, &serde_json::to_vec_pretty(self)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mean_names_all_its_networks() {
        let described = |others: &[&str]| {
            let beginning = Beginning {
                path: "a".into(),
                others: others.iter().copied().map(String::from).collect(),
                corpora: BTreeSet::new(),
                may_know_test: false,
            };
            beginning.describe()
        };
        assert_eq!(described(&[]), "the network of `a`");
        assert_eq!(described(&["b"]), "the mean of the networks of `a` and `b`");
        let of_three = "the mean of the networks of `a`, `b` and `c`";
        assert_eq!(described(&["b", "c"]), of_three);
    }
}
