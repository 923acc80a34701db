//! Networks that a network learns from: its targets are in part what they say of the same windows (Hinton et al., Distilling
//! the Knowledge in a Neural Network, 2015).

use crate::{
    batch::Batch,
    checkpoint::RunFolder,
    config::Config,
    corpora::Corpus,
    evaluation,
    facts::RunFacts,
    network::{Input, Network},
};
use anyhow::{Context, Result, bail, ensure};
use burn::tensor::{Device, activation::softmax};
use pathos_analysis::{Emotion, FeatureKind};
use std::collections::BTreeSet;

/// The networks of some runs, without autodiff.
pub struct Teachers {
    all: Vec<Teacher>,
    share: f32,
    device: Device,
}

/// A network, which is asked about what it can judge.
struct Teacher {
    network: Network,
    /// What it looks at: the first of the columns.
    columns: usize,
    corpora: BTreeSet<String>,
    /// Whether it looks at what was heard of a voice before.
    remembers: bool,
    /// Whether it has learned from voices that go on from one clip to another.
    reads_on: bool,
}

impl Teacher {
    /// Whether it can judge a voice of a corpus. One that does not look at a habit is not asked about a voice that was heard
    /// before: it would teach to pay no heed to it. Nor is one that never met a voice that goes on from another clip, for it is
    /// wrong about most (92 in `models/EXPERIMENTS.md`).
    fn can_judge(&self, corpus: Corpus, known: bool, joined: bool) -> bool {
        self.corpora.contains(corpus.name())
            && (self.remembers || !known)
            && (self.reads_on || !joined)
    }
}

impl Teachers {
    /// The teachers that a configuration names; none if it names none. `facts` are of the run that is to learn from them.
    ///
    /// # Errors
    ///
    /// If a run is not there or has no checkpoint, or looks at what this one does not. If this one is judged on clips that it holds out, and
    /// the other has another split: a teacher that has heard the speakers of the test would hand on what it knows of them. If it learned from
    /// a corpus that the run does not: its licence would reach what learns from it. If it knows other voices.
    pub fn load(config: &Config, facts: &RunFacts, device: &Device) -> Result<Self> {
        let teacher = |folder: &String| -> Result<Teacher> {
            let run = RunFolder::open(folder.as_ref())?;
            let own = Config::read(&run.config())?;
            ensure!(
                facts.holds_out_none() || own.split == config.split,
                "it was trained with another [split], so it may know the speakers of the test"
            );
            let features = own.judged_features();
            let pupil = config.feature_settings();
            ensure!(
                pupil.kinds.starts_with(&features.kinds) && pupil.window == features.window,
                "it does not look at the first of the features.kinds of this run, or over another features.background"
            );
            let corpora = RunFacts::read(&run.facts())?.corpora;
            if let Some(foreign) = corpora.difference(&facts.corpora).next() {
                bail!(
                    "it learned from {foreign}, which this run does not: what it teaches would carry that corpus's licence"
                );
            }
            let [taught, learned] = [config, &own].map(|own| own.network.voices_known());
            ensure!(
                learned == 0 || learned == taught,
                "it knows {learned} voices, and this run {taught}: set network.known_voices to as many"
            );
            let (_, network) = evaluation::chosen_network(&run, &own, device)?;
            Ok(Teacher {
                network,
                columns: features.columns(),
                corpora,
                remembers: features.kinds.contains(&FeatureKind::Habit),
                reads_on: own.training.joined_share > 0.0,
            })
        };
        let all = config.training.teachers.iter().map(|folder| {
            teacher(folder).with_context(|| format!("{folder} in training.teachers cannot teach"))
        });
        Ok(Self {
            all: all.collect::<Result<_>>()?,
            share: config.training.teacher_share,
            device: device.clone(),
        })
    }

    /// Puts what they say of a batch's voices into its targets, by their share: of each voice the mean of those who can
    /// judge it.
    pub fn teach(&self, batch: &mut Batch) {
        if self.all.is_empty() {
            return;
        }
        let input = batch.input(&self.device);
        let absent = batch.absent(&self.device);
        let say = |teacher: &Teacher| -> Vec<f32> {
            let (logits, _) = teacher.network.forward(Input {
                features: input.features.clone().narrow(2, 0, teacher.columns),
                mask: input.mask.clone(),
                voices: input.voices.clone(),
            });
            let said = softmax(logits + absent.clone(), 1).into_data();
            said.try_to_vec().expect("probabilities are f32")
        };
        let said: Vec<Vec<f32>> = self.all.iter().map(say).collect();
        for (row, corpus) in batch.corpora.iter().enumerate() {
            let Some(corpus) = *corpus else { continue };
            let (known, joined) = (batch.known[row], batch.joined[row]);
            let judges = self.all.iter().zip(&said);
            let judges: Vec<&[f32]> = judges
                .filter(|(teacher, _)| teacher.can_judge(corpus, known, joined))
                .map(|(_, said)| &said[row * Emotion::COUNT..][..Emotion::COUNT])
                .collect();
            if judges.is_empty() {
                continue;
            }
            let share = self.share / judges.len() as f32;
            let target = &mut batch.targets[row * Emotion::COUNT..][..Emotion::COUNT];
            for (at, target) in target.iter_mut().enumerate() {
                let said: f32 = judges.iter().map(|said| said[at]).sum();
                *target = (1.0 - self.share) * *target + share * said;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{network::Architecture, progress::samples};
    use pathos_analysis::FeatureSettings;

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
            corpora: vec![Some(Corpus::CremaD), None],
            known: vec![false; 2],
            joined: vec![false; 2],
            ..Batch::default()
        }
    }

    fn facts(corpora: &[Corpus]) -> RunFacts {
        let names = corpora.iter().map(|corpus| corpus.name().to_owned());
        RunFacts {
            corpora: names.collect(),
            ..samples::facts()
        }
    }

    #[test]
    fn a_voice_is_told_in_part_what_those_say_who_can_judge_it() {
        let device = Device::flex();
        let config = Config::first(&[]);
        let features = FeatureSettings::of(&[FeatureKind::LogMel]);
        let teacher = |corpus: Corpus| Teacher {
            network: Architecture::new(&config.network, &features).init(0.0, &device),
            columns: features.columns(),
            corpora: facts(&[corpus]).corpora,
            remembers: false,
            reads_on: false,
        };
        let taught_by = |all: Vec<Teacher>, mut batch: Batch| {
            let teachers = Teachers {
                all,
                share: 0.5,
                device: device.clone(),
            };
            teachers.teach(&mut batch);
            batch
        };
        let knows = || teacher(Corpus::CremaD);
        let taught = taught_by(vec![knows(), teacher(Corpus::Tess), knows()], batch());
        let (voice, other) = taught.targets.split_at(Emotion::COUNT);
        assert!((voice.iter().sum::<f32>() - 1.0).abs() < 1e-5);
        assert!(voice[0] > 0.5 && voice[1] > 0.0, "{voice:?}");
        assert_eq!(voice[6], 0.0, "a class that the corpus has not");
        assert_eq!(other, &batch().targets[Emotion::COUNT..]);

        let by_a_stranger = taught_by(vec![teacher(Corpus::Tess)], batch());
        assert_eq!(by_a_stranger, batch(), "it knows nothing of CREMA-D");

        // What a teacher must have learned to be asked about: a voice that was heard before, and one that goes on.
        let known = Batch {
            known: vec![true, false],
            ..batch()
        };
        let remembers = Teacher {
            remembers: true,
            ..knows()
        };
        let joined = Batch {
            joined: vec![true, false],
            ..batch()
        };
        let reads_on = Teacher {
            reads_on: true,
            ..knows()
        };
        for (asked, able) in [(known, remembers), (joined, reads_on)] {
            assert_eq!(taught_by(vec![knows()], asked.clone()), asked);
            assert_ne!(taught_by(vec![able], asked.clone()), asked);
        }
    }

    #[test]
    fn without_teachers_nothing_changes() {
        let teachers = Teachers::load(&Config::first(&[]), &facts(&[]), &Device::flex()).unwrap();
        let mut taught = batch();
        teachers.teach(&mut taught);
        assert_eq!(taught, batch());
    }

    /// Why the run of a folder is refused as a teacher of one that learns from CREMA-D.
    fn refusal(name: &str, overrides: &[&str], corpora: &[Corpus]) -> String {
        refusal_by(&facts(&[Corpus::CremaD]), name, overrides, corpora)
    }

    /// The same, by a run of these facts.
    fn refusal_by(own: &RunFacts, name: &str, overrides: &[&str], corpora: &[Corpus]) -> String {
        let folder = std::env::temp_dir().join(format!("pathos-{name}-{}", std::process::id()));
        let run = RunFolder::new(&folder).unwrap();
        Config::first(overrides).write(&run.config()).unwrap();
        facts(corpora).write(&run.facts()).unwrap();
        let pupil = Config::first(&[&format!("training.teachers=[\"{}\"]", folder.display())]);
        let refused = Teachers::load(&pupil, own, &Device::flex());
        std::fs::remove_dir_all(folder).unwrap();
        format!("{:#}", refused.err().expect("it is refused"))
    }

    #[test]
    fn a_teacher_that_may_know_the_test_is_refused() {
        let error = refusal("split", &["split.fold=1"], &[Corpus::CremaD]);
        assert!(error.contains("speakers of the test"), "{error}");
    }

    #[test]
    fn a_run_that_holds_out_none_may_learn_from_another_split() {
        let own = RunFacts {
            validation: 0,
            test: 0,
            ..facts(&[Corpus::CremaD])
        };
        let error = refusal_by(&own, "no-test", &["split.fold=1"], &[Corpus::CremaD]);
        assert!(error.contains("no checkpoint yet"), "{error}");
    }

    #[test]
    fn a_teacher_that_learned_from_another_corpus_is_refused() {
        let error = refusal("licence", &[], &[Corpus::CremaD, Corpus::Tess]);
        assert!(error.contains("learned from TESS"), "{error}");
    }

    #[test]
    fn a_teacher_that_looks_at_something_else_is_refused() {
        let kinds = "features.kinds=[\"log-mel\",\"prosody\"]";
        let error = refusal("features", &[kinds], &[Corpus::CremaD]);
        assert!(error.contains("features.kinds"), "{error}");
    }
}
