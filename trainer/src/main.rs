//! The command line of the trainer.

use anyhow::Result;
use clap::{Parser, Subcommand};
use pathos_trainer::commands::{self, Data};
use std::path::PathBuf;

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
    },
    /// Train a network on all speakers but one fold of each corpus.
    Train {
        /// The recipe: a TOML file with every number of the run.
        #[arg(long)]
        config: PathBuf,
        #[command(flatten)]
        data: Data,
        /// Where the run keeps its configuration, log and checkpoints.
        #[arg(long)]
        out: PathBuf,
        /// Go on from the folder's last checkpoint.
        #[arg(long)]
        resume: bool,
    },
    /// Judge a model file on the speakers that a run held out.
    Evaluate {
        /// The model file.
        model: PathBuf,
        /// The run's configuration, which says who was held out.
        #[arg(long)]
        config: PathBuf,
        #[command(flatten)]
        data: Data,
        /// Write the figures to this file, as JSON.
        #[arg(long)]
        json: Option<PathBuf>,
    },
    /// Turn a run's last checkpoint into a model file with its evidence, and write its card beside it.
    Export {
        /// The folder of the run.
        #[arg(long)]
        run: PathBuf,
        #[command(flatten)]
        data: Data,
        /// The model file; the card is README.md in the same folder.
        #[arg(long)]
        to: PathBuf,
    },
    /// Compare tract with onnxruntime on a model file, and print its size.
    Verify {
        /// The model file.
        model: PathBuf,
        /// The Python interpreter that has onnxruntime.
        #[arg(long, default_value = "python3")]
        python: String,
    },
}

fn main() -> Result<()> {
    match Arguments::parse().command {
        Command::Scan { folders } => commands::scan(&folders),
        Command::Train {
            config,
            data,
            out,
            resume,
        } => commands::train(&config, &data, &out, resume),
        Command::Evaluate {
            model,
            config,
            data,
            json,
        } => commands::evaluate(&model, &config, &data, json.as_deref()),
        Command::Export { run, data, to } => commands::export(&run, &data, &to),
        Command::Verify { model, python } => commands::verify(&model, &python),
    }
}
