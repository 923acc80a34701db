//! `trainer train`, `trainer tune` and `trainer cross-validate`.

use super::{Data, print_refused};
use crate::{
    average, batch,
    checkpoint::RunFolder,
    config::{Config, Protocol},
    corpora, dataset, device, evaluation,
    facts::RunFacts,
    figures_table,
    network::{Architecture, Network},
    onnx::import,
    progress::{self, Outcome},
    split::Role,
    train::{self, Options, Start},
};
use anyhow::{Context, Result, bail, ensure};
use burn::module::Module;
use clap::Args;
use pathos_analysis::{FeatureSettings, Model};
use std::{
    fs, mem,
    path::{Path, PathBuf},
};

/// The recipe that `tune` takes without `--config`.
const TUNING: &str = include_str!("../../recipes/tune.toml");

/// Values that stand in the place of the configuration's.
#[derive(Args, Clone, Debug, Default)]
pub(super) struct Overrides {
    /// Passes over as many examples as there are clips: training.epochs.
    #[arg(long, value_name = "NUMBER")]
    epochs: Option<usize>,
    /// Examples in a step: training.batch_size.
    #[arg(long, value_name = "NUMBER")]
    batch_size: Option<usize>,
    /// Highest learning rate: training.learning_rate.
    #[arg(long, value_name = "RATE")]
    learning_rate: Option<f64>,
    /// Seeds every random choice of the training.
    #[arg(long, value_name = "NUMBER")]
    seed: Option<u64>,
    /// The fold that is held out, from 0: split.fold.
    #[arg(long, value_name = "NUMBER")]
    fold: Option<usize>,
    /// Any key of the configuration, such as `network.kind=cnn` or `augmentation.noise_snr_db=[0,20]`; can be given several
    /// times.
    #[arg(long = "set", value_name = "KEY=VALUE")]
    keys: Vec<String>,
}

impl Overrides {
    fn assignments(&self) -> Vec<String> {
        let named = [
            self.epochs.map(|value| format!("training.epochs={value}")),
            self.batch_size
                .map(|value| format!("training.batch_size={value}")),
            self.learning_rate
                .map(|value| format!("training.learning_rate={value:?}")),
            self.seed.map(|value| format!("seed={value}")),
            self.fold.map(|value| format!("split.fold={value}")),
        ];
        let named = named.into_iter().flatten();
        named.chain(self.keys.iter().cloned()).collect()
    }
}

/// Where a run goes and how it is shown.
#[derive(Args, Clone, Debug)]
pub(super) struct RunArguments {
    #[command(flatten)]
    data: Data,
    /// Where the run keeps its configuration, facts, log and checkpoints.
    #[arg(long, value_name = "FOLDER")]
    out: PathBuf,
    /// Go on from the folder's last checkpoint: the run ends as if it had never stopped.
    #[arg(long)]
    resume: bool,
    /// Plain lines in the place of the dashboard, also on a terminal.
    #[arg(long)]
    plain: bool,
}

/// Arguments of `train`.
#[derive(Args, Clone, Debug)]
pub struct TrainArguments {
    /// The recipe: a TOML file with every number of the run.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    #[command(flatten)]
    overrides: Overrides,
    #[command(flatten)]
    run: RunArguments,
}

/// Arguments of `tune`.
#[derive(Args, Clone, Debug)]
pub struct TuneArguments {
    /// The model file to begin with, or the folder of a run.
    model: PathBuf,
    /// Begin with the mean of its weights and those of this run, which went on from the same network as it; can be given several times.
    #[arg(long = "mean", value_name = "FOLDER")]
    others: Vec<PathBuf>,
    /// A recipe other than the built-in one; its network and features are those of the model.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(flatten)]
    overrides: Overrides,
    #[command(flatten)]
    run: RunArguments,
}

/// Arguments of `cross-validate`.
#[derive(Args, Clone, Debug)]
pub struct CrossValidateArguments {
    /// The recipe: a TOML file with every number of the runs but the fold.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    #[command(flatten)]
    overrides: Overrides,
    #[command(flatten)]
    run: RunArguments,
    /// Folds to run, such as `0,1`; all of them by default.
    #[arg(long, value_delimiter = ',', value_name = "NUMBERS")]
    folds: Vec<usize>,
    /// Seeds to run each fold with, such as `1,2,3`; the recipe's by default.
    #[arg(long, value_delimiter = ',', value_name = "NUMBERS")]
    seeds: Vec<u64>,
}

/// Trains a network.
///
/// # Errors
///
/// If the recipe, the data or the folder do not fit.
pub fn train(arguments: &TrainArguments) -> Result<()> {
    let config = Config::read_with(&arguments.config, &arguments.overrides.assignments())?;
    run(
        &config,
        &arguments.run,
        &arguments.run.out,
        arguments.run.resume,
        None,
    )
    .map(|_| ())
}

/// Goes on training the network of a model file or of a run.
///
/// # Errors
///
/// As [`train()`], and if the file is no model of this trainer's, the folder no run with a checkpoint, or what is to be averaged no run
/// with the same network.
pub fn tune(arguments: &TuneArguments) -> Result<()> {
    let path = &arguments.model;
    let assignments = arguments.overrides.assignments();
    let mut config = match &arguments.config {
        Some(config) => Config::read_with(config, &assignments)?,
        None => Config::parse(TUNING, &assignments)?,
    };
    let start = if path.is_dir() {
        of_run(path, &mut config)
    } else {
        of_model(path, &mut config)
    };
    let start = start.with_context(|| format!("{} cannot be tuned", path.display()))?;
    ensure!(
        arguments.others.is_empty() || path.is_dir(),
        "{} is a model file, whose batch norms are folded into its weights, so that they have no mean with a run's: begin with the folder of its run",
        path.display()
    );
    let start = if arguments.others.is_empty() {
        start
    } else {
        mean(start, &arguments.others, &config)?
    };
    run(
        &config,
        &arguments.run,
        &arguments.run.out,
        arguments.run.resume,
        Some(start),
    )
    .map(|_| ())
}

/// The network of a model file; the configuration is given its sizes and features.
fn of_model(path: &Path, config: &mut Config) -> Result<Start> {
    let bytes = fs::read(path)?;
    let model = Model::from_bytes(&bytes)?;
    let device = device::training_device().autodiff();
    let (architecture, network) = import::network(&bytes, config.network.dropout, &device)?;
    let info = model.info();
    adopt(config, &architecture, &info.features);
    Ok(Start {
        path: path.to_owned(),
        others: Vec::new(),
        network,
        corpora: info.evidence.corpora.iter().cloned().collect(),
        split: None,
    })
}

/// The network that a run chose; the configuration is given its sizes and features.
fn of_run(path: &Path, config: &mut Config) -> Result<Start> {
    let folder = RunFolder::open(path)?;
    let mut own = Config::read(&folder.config())?;
    own.network.dropout = config.network.dropout;
    let (_, network) = evaluation::chosen_network(&folder, &own, &device::training_device())?;
    let features = own.judged_features();
    adopt(
        config,
        &Architecture::new(&own.network, &features),
        &features,
    );
    let facts = RunFacts::read(&folder.facts())?;
    Ok(Start {
        path: path.to_owned(),
        others: Vec::new(),
        network: network.train(),
        split: (!facts.may_know_test()).then_some(own.split),
        corpora: facts.corpora,
    })
}

/// The mean of a network and those of some runs, without layers on functionals: theirs lie in valleys of their own and have no mean
/// (models/EXPERIMENTS.md, 156), so they are fitted anew.
fn mean(mut start: Start, others: &[PathBuf], config: &Config) -> Result<Start> {
    let averaged = |network: Network| Network {
        functionals: None,
        ..network.valid()
    };
    let mut networks = Vec::new();
    for path in others {
        let mut own = config.clone();
        let other = of_run(path, &mut own)
            .with_context(|| format!("{} cannot be averaged with others", path.display()))?;
        ensure!(
            own == *config,
            "{} has another network or other features than {}: weights have a mean only where each means the same",
            path.display(),
            start.path.display()
        );
        networks.push(averaged(other.network));
        start.corpora.extend(other.corpora);
        start.split = start
            .split
            .filter(|split| other.split.as_ref() == Some(split));
        start.others.push(other.path);
    }
    start.network = average::mean(averaged(start.network), &networks).train();
    Ok(start)
}

/// Gives a configuration the network and the features of a model.
fn adopt(config: &mut Config, architecture: &Architecture, features: &FeatureSettings) {
    // Layers on functionals can be fitted beside a network that had none, or fewer.
    let own = features.kinds.clone();
    let asked = mem::replace(&mut config.features.kinds, own).into_iter();
    let beside = asked.filter(|kind| kind.functionals() > 0 && !features.kinds.contains(kind));
    config.features.kinds.extend(beside);
    config.features.background = features.window.background;
    let network = &mut config.network;
    network.kind = architecture.kind;
    network.channels.clone_from(&architecture.channels);
    network.strides.clone_from(&architecture.strides);
    network.projection = architecture.projection;
    if architecture.kind.recurs() {
        network.hidden = architecture.hidden;
    }
    if architecture.functionals > 0 {
        let (width, outputs) = (architecture.functional_hidden, architecture.corpus_outputs);
        network.functional_hidden.get_or_insert(width);
        network.corpus_outputs.get_or_insert(outputs);
        network
            .known_voices
            .get_or_insert(architecture.known_voices);
    }
}

/// Trains a network for each fold and seed, then judges them together. What was finished before is not run again.
///
/// # Errors
///
/// As [`train()`].
pub fn cross_validate(arguments: &CrossValidateArguments) -> Result<()> {
    let CrossValidateArguments {
        config,
        overrides,
        run: shown,
        folds,
        seeds,
    } = arguments;
    let base = Config::read_with(config, &overrides.assignments())?;
    ensure!(
        base.split.protocol != Protocol::All,
        "the protocol `all` holds nothing out: choose speakers, clips or rows"
    );
    let folds: Vec<usize> = match (folds.is_empty(), base.split.protocol) {
        (false, _) => folds.clone(),
        (true, Protocol::Speakers) => (0..base.split.folds.most()).collect(),
        (true, _) => vec![0],
    };
    let seeds = if seeds.is_empty() {
        vec![base.seed]
    } else {
        seeds.clone()
    };
    let mut folders = Vec::new();
    for &seed in &seeds {
        for &fold in &folds {
            let mut config = base.clone();
            (config.seed, config.split.fold) = (seed, fold);
            let folder = shown.out.join(format!("seed-{seed}-fold-{fold}"));
            let resume = shown.resume && folder.join("config.toml").exists();
            if run(&config, shown, &folder, resume, None)? == Outcome::Interrupted {
                bail!("interrupted; --resume goes on in {}", shown.out.display());
            }
            folders.push(folder);
        }
    }
    let data = &shown.data;
    let evaluation = evaluation::evaluate(&folders, &data.folders, &[], &data.cache, &mut |_| ())?;
    figures_table::print(&evaluation);
    Ok(())
}

fn run(
    config: &Config,
    arguments: &RunArguments,
    out: &Path,
    resume: bool,
    start: Option<Start>,
) -> Result<Outcome> {
    ensure!(
        config.training.epochs > 0 || start.is_some(),
        "training.epochs must be 1 or more for a network that has learned nothing"
    );
    let data = &arguments.data;
    let scan = corpora::scan(&data.folders)?;
    print_refused(&scan.refused);
    batch::check_listeners(&scan.clips, &config.training)?;
    let dataset = dataset::load(scan.clips, config, &Role::ALL, None, &data.cache)?;
    print_refused(&dataset.refused);
    let mut progress = progress::for_output(arguments.plain);
    let folder = RunFolder::new(out)?;
    let options = Options {
        folder: &folder,
        resume,
        start,
        progress: &mut *progress,
    };
    train::train(config, dataset, options)
}
