//! Networks that a network learns from: its targets are in part what they say of the same windows (Hinton et al., Distilling
//! the Knowledge in a Neural Network, 2015).

use crate::{batch::Batch, checkpoint::RunFolder, config::Config, evaluation, network::Network};
use anyhow::{Context, Result, ensure};
use burn::tensor::{Device, Tensor, TensorData, activation::softmax};
use pathos_analysis::{Emotion, TIME_POOL};

/// The networks of some runs, without autodiff.
pub struct Teachers {
    networks: Vec<Network>,
    share: f32,
    device: Device,
}

impl Teachers {
    /// The teachers that a configuration names; none if it names none.
    ///
    /// # Errors
    ///
    /// If a run is not there or has no checkpoint, or has other features, or another split: a teacher that has heard the
    /// speakers of the test would hand on what it knows of them.
    pub fn load(config: &Config, device: &Device) -> Result<Self> {
        let network = |folder: &String| -> Result<Network> {
            let run = RunFolder::open(folder.as_ref())?;
            let own = Config::read(&run.config())?;
            ensure!(
                own.split == config.split,
                "it was trained with another [split], so it may know the speakers of the test"
            );
            ensure!(
                own.feature_settings() == config.feature_settings(),
                "it has other [features]"
            );
            let (_, network) = evaluation::chosen_network(&run, &own, device)?;
            Ok(network)
        };
        let networks = config.training.teachers.iter().map(|folder| {
            network(folder).with_context(|| format!("{folder} in training.teachers cannot teach"))
        });
        Ok(Self {
            networks: networks.collect::<Result<_>>()?,
            share: config.training.teacher_share,
            device: device.clone(),
        })
    }

    /// Puts the mean of what they say of a batch's voices into its targets, by their share.
    pub fn teach(&self, batch: &mut Batch) {
        if self.networks.is_empty() {
            return;
        }
        let count = batch.voice.len();
        let steps = batch.frames / TIME_POOL;
        let columns = batch.features.len() / (count * batch.frames);
        let tensor = |values: &[f32], width: usize| {
            let data = TensorData::new(values.to_vec(), [count, width]);
            Tensor::<2>::from_data(data, &self.device)
        };
        let features = TensorData::new(batch.features.clone(), [count, batch.frames, columns]);
        let features = Tensor::<3>::from_data(features, &self.device);
        let mask = tensor(&batch.mask, steps);
        let absent = (tensor(&batch.classes, Emotion::COUNT) - 1.0) * 1e4;
        let said = self.networks.iter().map(|network| {
            let (logits, _) = network.forward(features.clone(), mask.clone());
            softmax(logits + absent.clone(), 1)
        });
        let Some(sum) = said.reduce(|sum, said| sum + said) else {
            return;
        };
        let said = (sum / self.networks.len() as f32).into_data();
        let said: Vec<f32> = said.try_to_vec().expect("probabilities are f32");
        let rows = batch.targets.chunks_exact_mut(Emotion::COUNT);
        let rows = rows
            .zip(said.chunks_exact(Emotion::COUNT))
            .zip(&batch.voice);
        for ((target, said), _) in rows.filter(|(_, voice)| **voice > 0.0) {
            for (target, said) in target.iter_mut().zip(said) {
                *target = (1.0 - self.share) * *target + self.share * said;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::Architecture;
    use pathos_analysis::{FeatureKind, FeatureSettings};

    fn config(overrides: &[&str]) -> Config {
        let overrides: Vec<String> = overrides.iter().map(|&own| own.to_owned()).collect();
        Config::parse(include_str!("../recipes/first.toml"), &overrides).unwrap()
    }

    fn batch() -> Batch {
        let mut targets = vec![0.0; 2 * Emotion::COUNT];
        (targets[0], targets[Emotion::COUNT]) = (1.0, 1.0);
        Batch {
            frames: 32,
            features: (0..2 * 32 * 64).map(|at| (at as f32 * 0.1).sin()).collect(),
            mask: vec![1.0; 2 * 8],
            targets,
            classes: [1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 0.0].repeat(2),
            voice: vec![1.0, 0.0],
        }
    }

    #[test]
    fn a_voice_is_told_in_part_what_its_teachers_say_and_other_sounds_are_not() {
        let device = Device::flex();
        let config = config(&[]);
        let features = FeatureSettings::of(&[FeatureKind::LogMel]);
        let network = || Architecture::new(&config.network, &features).init(0.0, &device);
        let teachers = Teachers {
            networks: vec![network(), network()],
            share: 0.5,
            device: device.clone(),
        };
        let mut taught = batch();
        teachers.teach(&mut taught);
        let (voice, other) = taught.targets.split_at(Emotion::COUNT);
        assert!((voice.iter().sum::<f32>() - 1.0).abs() < 1e-5);
        assert!(voice[0] > 0.5 && voice[1] > 0.0, "{voice:?}");
        assert_eq!(voice[6], 0.0, "a class that the corpus has not");
        assert_eq!(other, &batch().targets[Emotion::COUNT..]);
    }

    #[test]
    fn without_teachers_nothing_changes() {
        let teachers = Teachers::load(&config(&[]), &Device::flex()).unwrap();
        let mut taught = batch();
        teachers.teach(&mut taught);
        assert_eq!(taught, batch());
    }

    #[test]
    fn a_teacher_that_may_know_the_test_is_refused() {
        let folder = std::env::temp_dir().join(format!("pathos-teacher-{}", std::process::id()));
        let run = RunFolder::new(&folder).unwrap();
        config(&["split.fold=1"]).write(&run.config()).unwrap();
        let own = config(&[&format!("training.teachers=[\"{}\"]", folder.display())]);
        let error = Teachers::load(&own, &Device::flex()).err().unwrap();
        assert!(
            format!("{error:#}").contains("speakers of the test"),
            "{error:#}"
        );
        std::fs::remove_dir_all(folder).unwrap();
    }
}
