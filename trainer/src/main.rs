//! The command line of the trainer.

use anyhow::Result;
use clap::{Parser, Subcommand};
use pathos_trainer::{
    commands::{
        self, CrossValidateArguments, Data, PredictArguments, TrainArguments, TuneArguments,
    },
    condition::Condition,
};
use std::path::PathBuf;

/// Trains, judges and exports recognisers of vocal emotion for Pathos.
#[derive(Parser)]
#[command(version, about)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// List what is in folders of corpora, and each file that was refused.
    Scan {
        /// Folders with a MANIFEST.csv, or with RAVDESS, CREMA-D, TESS or SAVEE as downloaded.
        #[arg(required = true)]
        folders: Vec<PathBuf>,
        /// Write each usable clip with its fold to this file, as CSV: what a baseline needs to be judged on the same folds.
        #[arg(long, value_name = "FILE", requires = "config")]
        folds: Option<PathBuf>,
        /// The recipe whose folds are meant.
        #[arg(long, value_name = "RECIPE")]
        config: Option<PathBuf>,
    },
    /// Train a network by a recipe.
    Train(TrainArguments),
    /// Go on training the network of a model file.
    Tune(TuneArguments),
    /// Train a network for each fold, and judge them together.
    CrossValidate(CrossValidateArguments),
    /// Judge runs on what each held out, all of them together.
    Evaluate {
        /// The folder of a run; several, such as one for each fold, are pooled.
        #[arg(long = "run", required = true, value_name = "FOLDER")]
        runs: Vec<PathBuf>,
        #[command(flatten)]
        data: Data,
        /// Judge again under these conditions, and say what each costs.
        #[arg(long, value_delimiter = ',', value_name = "CONDITIONS")]
        under: Vec<Condition>,
        #[command(flatten)]
        outputs: commands::Outputs,
    },
    /// Turn a run's network into a model file with its evidence, and write its card beside it.
    Export {
        /// The folder of the run.
        #[arg(long, value_name = "FOLDER")]
        run: PathBuf,
        /// The folder of a run whose figures the file states, such as one fold of the same recipe; can be given several times.
        /// The run's own figures by default.
        #[arg(long, value_name = "FOLDER")]
        evidence: Vec<PathBuf>,
        #[command(flatten)]
        data: Data,
        /// The model file; the card is beside it, with the ending .md.
        #[arg(long, value_name = "FILE")]
        to: PathBuf,
        /// Write all figures of the evidence to this file, as JSON, as `evaluate` does.
        #[arg(long, value_name = "FILE")]
        json: Option<PathBuf>,
    },
    /// Analyse the clips of a folder with the code that the plugin runs.
    Predict(PredictArguments),
    /// Show a clip before and after each augmentation, on a page.
    Plot {
        /// The clip.
        clip: PathBuf,
        /// Another clip for the babble of voices; can be given several times.
        #[arg(long, value_name = "FILE")]
        babble: Vec<PathBuf>,
        /// A recipe, of whose augmentation some copies are shown too.
        #[arg(long, value_name = "FILE")]
        config: Option<PathBuf>,
        /// Seeds what is random.
        #[arg(long, default_value_t = 1, value_name = "NUMBER")]
        seed: u64,
        /// The page, as HTML.
        #[arg(long, value_name = "FILE")]
        to: PathBuf,
    },
    /// Compare tract with onnxruntime on a model file, and print its size.
    Verify {
        /// The model file.
        model: PathBuf,
        /// The Python interpreter that has onnxruntime.
        #[arg(long, default_value = "python3", value_name = "COMMAND")]
        python: String,
    },
}

fn main() -> Result<()> {
    match Arguments::parse().command {
        Command::Scan {
            folders,
            folds,
            config,
        } => commands::scan(&folders, folds.as_deref().zip(config.as_deref())),
        Command::Train(arguments) => commands::train(&arguments),
        Command::Tune(arguments) => commands::tune(&arguments),
        Command::CrossValidate(arguments) => commands::cross_validate(&arguments),
        Command::Evaluate {
            runs,
            data,
            under,
            outputs,
        } => commands::evaluate(&runs, &data, &under, &outputs),
        Command::Export {
            run,
            evidence,
            data,
            to,
            json,
        } => commands::export(&run, &evidence, &data, &to, json.as_deref()),
        Command::Predict(arguments) => commands::predict(&arguments),
        Command::Plot {
            clip,
            babble,
            config,
            seed,
            to,
        } => commands::plot(&clip, &babble, config.as_deref(), seed, &to),
        Command::Verify { model, python } => commands::verify(&model, &python),
    }
}
