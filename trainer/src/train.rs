//! Finding the weights.

use crate::{
    average::Average,
    batch::Source,
    checkpoint::{Checkpoint, RunFolder, State},
    config::{Config, Optimizer, Protocol, Schedule, Split, Training},
    corpora::Corpus,
    dataset::{Dataset, Example},
    device,
    evaluate::{self, Figures},
    facts::{Beginning, RunFacts},
    functional_head,
    log::EpochLog,
    loss,
    network::{Architecture, Network},
    progress::{Outcome, Progress, RunStart, Step},
    side_tasks::Student,
    teacher::Teachers,
};
use anyhow::{Result, bail, ensure};
use burn::{
    grad_clipping::GradientClippingConfig,
    module::Module,
    optim::{
        AdamConfig, AdamWConfig, GradientsParams, ModuleOptimizer, SgdConfig,
        decay::WeightDecayConfig, momentum::MomentumConfig,
    },
    tensor::Device,
};
use pathos_analysis::Windowing;
use std::{collections::BTreeSet, f64::consts::PI, path::PathBuf, sync::Arc, time::Instant};

/// Learning rate at the start and the end of the run, relative to the highest.
const LOWEST_RATE: f64 = 0.01;

/// What a run is given, beside its configuration and its clips.
pub struct Options<'a> {
    /// Where it keeps what it makes.
    pub folder: &'a RunFolder,
    /// Whether to go on from the folder's last checkpoint.
    pub resume: bool,
    /// What to begin with; random weights without it.
    pub start: Option<Start>,
    /// Is told how it goes.
    pub progress: &'a mut dyn Progress,
}

/// A network that has learned before.
pub struct Start {
    /// The model file or the folder of a run that it is from.
    pub path: PathBuf,
    /// The folders of runs whose weights it is the mean of, beside those of the first.
    pub others: Vec<PathBuf>,
    /// The network.
    pub network: Network,
    /// The corpora that it learned from, by name.
    pub corpora: BTreeSet<String>,
    /// The split of whose test it has heard nothing, if one is known.
    pub split: Option<Split>,
}

impl Start {
    fn facts(&self, config: &Config) -> Beginning {
        Beginning {
            path: self.path.display().to_string(),
            others: self
                .others
                .iter()
                .map(|path| path.display().to_string())
                .collect(),
            corpora: self.corpora.clone(),
            may_know_test: config.split.protocol != Protocol::All
                && self.split.as_ref() != Some(&config.split),
        }
    }
}

/// Trains to the last epoch or until the validation no longer improves, or goes on from the folder's checkpoint.
///
/// # Errors
///
/// If the folder cannot be written, holds a run already and `resume` is off, or holds one of another configuration or other
/// data; if there is nothing to learn from; if the loss is no longer a number.
pub fn train(config: &Config, dataset: Dataset, options: Options) -> Result<Outcome> {
    if dataset.training.is_empty() {
        bail!("there is no clip to learn from: everything is held out. Add corpora or folds");
    }
    ensure!(
        config.training.patience == 0 || !dataset.validation.is_empty(),
        "training.patience needs a validation, but split.validation_share leaves it empty: raise the share, or set patience to 0"
    );
    let Options {
        folder,
        resume,
        start,
        progress,
    } = options;
    let learns = config.training.epochs > 0;
    let device = device::training_device().autodiff();
    device.seed(config.seed);
    let architecture = Architecture::new(&config.network, &config.feature_settings());
    let tuned_from = start.as_ref().map(|start| start.facts(config));
    let fresh = start.is_none();
    let mut network = match start {
        Some(start) => start.network,
        None => architecture.init(config.network.dropout, &device),
    };
    let head = network.functionals.as_ref();
    let serves = head.is_some_and(|head| architecture.fits(head));
    if architecture.functionals > 0 && (fresh || !learns || !serves) {
        // What a checkpoint holds takes its place.
        network.functionals = Some(if folder.latest()?.is_some() {
            architecture.silent_head(&device)
        } else {
            functional_head::fit(&dataset.training, config, &architecture, &device)?
        });
    }
    if network
        .voices
        .as_ref()
        .map_or(0, |own| own.weight.dims()[0])
        != architecture.known_voices
    {
        network.voices = architecture.silent_voices(&device);
    }
    let facts = RunFacts::new(
        config,
        &dataset,
        &architecture,
        network.num_params(),
        tuned_from,
    );
    let source = Source::new(dataset.training, config)?;
    let network = if facts.tuned_from.is_some() && learns {
        normed(network, &source, &device)
    } else {
        network
    };
    let student = Student::new(network, &architecture, &config.training, &device);
    let mut learner = Learner::new(config, student, fresh, device);
    let steps = source.steps();
    let epochs_done = begin(config, folder, resume, &facts, steps, &mut learner)?;
    let log = folder.keep_log(epochs_done)?;
    progress.started(&RunStart {
        name: format!("{} {}", config.name, config.version),
        network: config.network.kind.name(),
        folder: folder.path().display().to_string(),
        epochs: config.training.epochs,
        steps,
        facts: &facts,
        log: &log,
    });
    let outcome = if learns {
        let run = Run {
            config,
            folder,
            judge: Judge {
                windowing: Windowing::new(&config.feature_settings()),
                validation: dataset.validation,
                test: dataset.test,
            },
            source,
            teachers: Teachers::load(config, &facts, &learner.device.clone().inner())?,
        };
        run.to_the_end(learner, log, progress)
    } else {
        save(folder, &learner, &log).map(|()| Outcome::Finished)
    };
    progress.finished(outcome.as_ref().ok());
    outcome
}

/// A network that has learned before, with batch norms that know the data.
fn normed(network: Network, source: &Arc<Source>, device: &Device) -> Network {
    let Ok(batch) = source.epoch(0).recv() else {
        return network;
    };
    let input = batch.input(&device.clone().inner());
    network.valid().normed_by(input.features).train()
}

/// Starts the folder, or loads its checkpoint; returns the epochs that were done.
fn begin(
    config: &Config,
    folder: &RunFolder,
    resume: bool,
    facts: &RunFacts,
    steps: usize,
    learner: &mut Learner,
) -> Result<usize> {
    let Some(checkpoint) = folder.latest()? else {
        config.write(&folder.config())?;
        facts.write(&folder.facts())?;
        return Ok(0);
    };
    let done = checkpoint.epochs_done;
    ensure!(
        resume,
        "the folder holds a run of {done} epochs already: go on with --resume, or give another --out"
    );
    ensure!(
        &Config::read(&folder.config())? == config,
        "the run in the folder has another configuration: give another --out"
    );
    let before = RunFacts::read(&folder.facts())?;
    ensure!(
        before.data_hash == facts.data_hash,
        "the run in the folder learned from other clips (their hash was {}, and is {}): give the same --data, or another --out",
        before.data_hash,
        facts.data_hash
    );
    learner.load(&checkpoint, done * steps)?;
    Ok(done)
}

/// The network that learns, with all that goes with it.
struct Learner {
    device: Device,
    student: Student,
    optimizer: ModuleOptimizer,
    average: Option<Average>,
}

impl Learner {
    fn new(config: &Config, student: Student, fresh: bool, device: Device) -> Self {
        let decay = config.training.weight_average;
        let average = || Average::new(student.network.valid(), decay, fresh.then_some(0));
        Self {
            average: (decay > 0.0).then(average),
            optimizer: optimizer(&config.training),
            student,
            device,
        }
    }

    fn load(&mut self, checkpoint: &Checkpoint, steps_done: usize) -> Result<()> {
        let student = &mut self.student;
        student.network = student
            .network
            .clone()
            .try_load_file(checkpoint.weights())?;
        if let Some(side_tasks) = student.side_tasks.take() {
            student.side_tasks = Some(side_tasks.try_load_file(checkpoint.side_tasks())?);
        }
        self.optimizer = self.optimizer.clone().load(checkpoint.optimizer())?;
        if let Some(average) = &mut self.average {
            let network = self.student.network.valid();
            average.resume(network.try_load_file(checkpoint.average())?, steps_done);
        }
        Ok(())
    }

    /// The network that is judged.
    fn judged(&self) -> Network {
        match &self.average {
            Some(average) => average.network().clone(),
            None => self.student.network.valid(),
        }
    }
}

fn optimizer(training: &Training) -> ModuleOptimizer {
    let clipping = Some(GradientClippingConfig::Norm(training.gradient_clip));
    let decay = training.weight_decay;
    match training.optimizer {
        Optimizer::AdamW => AdamWConfig::new()
            .with_weight_decay(decay)
            .with_grad_clipping(clipping)
            .init(),
        Optimizer::Adam => AdamConfig::new()
            .with_weight_decay(Some(WeightDecayConfig::new(decay)))
            .with_grad_clipping(clipping)
            .init(),
        Optimizer::Sgd => SgdConfig::new()
            .with_weight_decay(Some(WeightDecayConfig::new(decay)))
            .with_momentum(Some(MomentumConfig::new().with_nesterov(true)))
            .with_gradient_clipping(clipping)
            .init(),
    }
}

fn save(folder: &RunFolder, learner: &Learner, log: &[EpochLog]) -> Result<()> {
    let state = State {
        student: &learner.student,
        average: learner.average.as_ref().map(Average::network),
        optimizer: &learner.optimizer,
        epochs_done: log.len(),
        is_best: epochs_since_best(log) == Some(0),
    };
    folder.save(&state, log)
}

/// A run between its epochs.
struct Run<'a> {
    config: &'a Config,
    folder: &'a RunFolder,
    judge: Judge,
    source: Arc<Source>,
    teachers: Teachers,
}

impl Run<'_> {
    fn to_the_end(
        &self,
        mut learner: Learner,
        mut log: Vec<EpochLog>,
        progress: &mut dyn Progress,
    ) -> Result<Outcome> {
        let settings = &self.config.training;
        while log.len() < settings.epochs {
            if is_out_of_patience(&log, settings.patience) {
                return Ok(Outcome::StoppedEarly);
            }
            let start = Instant::now();
            let Some((loss, learning_rate)) = self.epoch(&mut learner, log.len(), progress)? else {
                return Ok(Outcome::Interrupted);
            };
            let judged = learner.judged();
            let epoch = EpochLog {
                epoch: log.len() + 1,
                learning_rate,
                loss,
                ..self.judge.judge(&judged, &learner.device)
            };
            log.push(EpochLog {
                seconds: (start.elapsed().as_secs_f64() * 10.0).round() / 10.0,
                ..epoch
            });
            save(self.folder, &learner, &log)?;
            progress.epoch(&log);
        }
        Ok(Outcome::Finished)
    }

    /// Learns for an epoch; returns the mean loss and the last learning rate, or nothing if the user stopped it.
    fn epoch(
        &self,
        learner: &mut Learner,
        done: usize,
        progress: &mut dyn Progress,
    ) -> Result<Option<(f64, f64)>> {
        let settings = &self.config.training;
        let (steps, batches) = (self.source.steps(), self.source.epoch(done));
        learner
            .device
            .seed(self.config.seed.wrapping_add(done as u64));
        let (mut sum, mut rate) = (0.0, 0.0);
        for (step, mut batch) in batches.into_iter().enumerate() {
            if progress.stop_requested() {
                return Ok(None);
            }
            let share = (done * steps + step) as f64 / (settings.epochs * steps) as f64;
            rate = relative_rate(share, settings) * settings.learning_rate;
            self.teachers.teach(&mut batch);
            let loss = loss::loss(&learner.student, &batch, settings, &learner.device);
            let value = f64::from(loss.clone().into_scalar::<f32>());
            ensure!(
                value.is_finite(),
                "the loss is {value} in epoch {}, step {}: lower training.learning_rate or training.gradient_clip",
                done + 1,
                step + 1
            );
            sum += value;
            let gradients = GradientsParams::from_grads(loss.backward(), &learner.student);
            learner.student = learner
                .optimizer
                .step(rate, learner.student.clone(), gradients);
            if let Some(average) = &mut learner.average {
                average.update(&learner.student.network);
            }
            progress.step(&Step {
                epoch: done + 1,
                step: step + 1,
                loss: sum / (step + 1) as f64,
                learning_rate: rate,
            });
        }
        Ok(Some((sum / steps as f64, rate)))
    }
}

/// The learning rate at a share of the run, relative to the highest.
pub(crate) fn relative_rate(share: f64, training: &Training) -> f64 {
    let warmup = training.warmup;
    let height = if share < warmup {
        share / warmup
    } else {
        match training.schedule {
            Schedule::Constant => 1.0,
            Schedule::OneCycle => {
                0.5 + 0.5 * (PI * (share - warmup) / (1.0 - warmup).max(1e-9)).cos()
            }
        }
    };
    LOWEST_RATE + (1.0 - LOWEST_RATE) * height
}

/// Epochs since the validation's best; none if nothing was validated.
fn epochs_since_best(log: &[EpochLog]) -> Option<usize> {
    let mut best: Option<(f64, usize)> = None;
    for (at, epoch) in log.iter().enumerate() {
        let uar = epoch.validation_uar?;
        if best.is_none_or(|(before, _)| uar > before) {
            best = Some((uar, at));
        }
    }
    best.map(|(_, at)| log.len() - 1 - at)
}

fn is_out_of_patience(log: &[EpochLog], patience: usize) -> bool {
    patience > 0 && epochs_since_best(log).is_some_and(|epochs| epochs >= patience)
}

/// What is judged after each epoch.
struct Judge {
    windowing: Windowing,
    validation: Vec<Example>,
    test: Vec<Example>,
}

impl Judge {
    /// The figures of an epoch; the others are 0.
    fn judge(&self, network: &Network, device: &Device) -> EpochLog {
        let device = device.clone().inner();
        let figures = |examples: &[Example]| -> Vec<Figures> {
            let logits = evaluate::quick_logits(network, &self.windowing, examples, &device);
            let clips: Vec<_> = examples.iter().map(|example| &example.clip).collect();
            evaluate::report(&clips, &evaluate::judge(&clips, &logits, 1.0))
        };
        let (validation, test) = (figures(&self.validation), figures(&self.test));
        let set = |name: &str| test.iter().find(|figures| figures.set == name);
        let uar = |corpus: Corpus| set(corpus.name()).map(|figures| figures.uar);
        let (seen, mix) = (validation.last(), test.last());
        EpochLog {
            epoch: 0,
            learning_rate: 0.0,
            loss: 0.0,
            seconds: 0.0,
            validation_loss: seen.map(|mix| mix.nll),
            validation_uar: seen.map(|mix| mix.uar),
            test_loss: mix.map(|mix| mix.nll),
            crema_d_uar: uar(Corpus::CremaD),
            ravdess_speech_uar: uar(Corpus::RavdessSpeech),
            ravdess_song_uar: uar(Corpus::RavdessSong),
            savee_uar: uar(Corpus::Savee),
            tess_uar: uar(Corpus::Tess),
            mix_uar: mix.map(|mix| mix.uar),
            mix_accuracy: mix.map(|mix| mix.accuracy),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn training(schedule: Schedule) -> Training {
        let mut training = Config::first(&[]).training;
        training.schedule = schedule;
        training
    }

    #[test]
    fn the_rate_rises_and_falls_or_stays() {
        let one_cycle = |share| relative_rate(share, &training(Schedule::OneCycle));
        assert!((one_cycle(0.0) - 0.01).abs() < 1e-9);
        assert!((one_cycle(0.1) - 1.0).abs() < 1e-9);
        assert!((one_cycle(1.0) - 0.01).abs() < 1e-9);
        assert!(one_cycle(0.3) > one_cycle(0.6));
        let constant = |share| relative_rate(share, &training(Schedule::Constant));
        assert!(constant(0.05) < 0.6);
        assert_eq!((constant(0.1), constant(1.0)), (1.0, 1.0));
    }

    #[test]
    fn what_is_tuned_may_know_the_test_unless_its_run_held_the_same_out() {
        let config = |key: &str| Config::first(&[key]);
        let (first, second) = (config("split.fold=0"), config("split.fold=1"));
        let may_know = |split: Option<&Config>, config: &Config| {
            let start = Start {
                path: "runs/before".into(),
                others: Vec::new(),
                network: Architecture::new(&config.network, &config.feature_settings())
                    .init(0.0, &Device::flex()),
                corpora: BTreeSet::from(["TESS".to_owned()]),
                split: split.map(|before| before.split.clone()),
            };
            start.facts(config).may_know_test
        };
        assert!(may_know(None, &first), "a model file does not say");
        assert!(may_know(Some(&second), &first));
        assert!(!may_know(Some(&first), &first));
        let all = config("split.protocol=all");
        assert!(!may_know(None, &all), "nothing is judged");
    }

    fn log(uars: &[f64]) -> Vec<EpochLog> {
        let line = |(at, uar): (usize, &f64)| EpochLog {
            epoch: at + 1,
            learning_rate: 0.0,
            loss: 0.0,
            seconds: 0.0,
            validation_loss: None,
            validation_uar: Some(*uar),
            test_loss: None,
            crema_d_uar: None,
            ravdess_speech_uar: None,
            ravdess_song_uar: None,
            savee_uar: None,
            tess_uar: None,
            mix_uar: None,
            mix_accuracy: None,
        };
        uars.iter().enumerate().map(line).collect()
    }

    #[test]
    fn patience_counts_from_the_best_epoch() {
        assert_eq!(epochs_since_best(&[]), None);
        assert_eq!(epochs_since_best(&log(&[0.2, 0.4, 0.3, 0.4])), Some(2));
        assert!(!is_out_of_patience(&log(&[0.2, 0.4, 0.3, 0.4]), 3));
        assert!(is_out_of_patience(&log(&[0.2, 0.4, 0.3, 0.4]), 2));
        assert!(
            !is_out_of_patience(&log(&[0.4, 0.3, 0.3, 0.3]), 0),
            "0 is for never"
        );
    }
}
