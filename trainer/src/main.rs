//! Trains, evaluates and exports the recogniser that Pathos carries.

mod augment;
mod batch;
mod config;
mod corpora;
mod dataset;
mod evaluate;
mod metrics;
mod network;
mod non_voice;
mod split;
mod train;

use anyhow::Result;
use clap::{Parser, Subcommand};
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
        /// A folder with corpora; can be given several times.
        #[arg(long, required = true)]
        data: Vec<PathBuf>,
        /// Where the run keeps its configuration, log and checkpoints.
        #[arg(long)]
        out: PathBuf,
        /// Go on from the folder's last checkpoint.
        #[arg(long)]
        resume: bool,
        /// Where analysed clips are kept between runs.
        #[arg(long, default_value = "runs/cache")]
        cache: PathBuf,
    },
}

fn main() -> Result<()> {
    match Arguments::parse().command {
        Command::Scan { folders } => scan(&folders),
        Command::Train { config, data, out, resume, cache } => {
            let config = config::Config::read(&config)?;
            let (training, held_out) = split_examples(&config, &data, &cache)?;
            println!("{} clips to learn from, {} of unheard speakers", training.len(), held_out.len());
            let folder = train::RunFolder::new(&out)?;
            train::train(&config, training, &held_out, &folder, resume)?;
            Ok(())
        }
    }
}

fn scan(folders: &[PathBuf]) -> Result<()> {
    let scan = corpora::scan(folders)?;
    println!("{}", corpora::table(&scan.clips));
    print_refused(&scan.refused);
    Ok(())
}

fn print_refused(refused: &[(PathBuf, String)]) {
    for (path, reason) in refused {
        eprintln!("refused {}: {reason}", path.display());
    }
}

/// The examples to learn from, and those of the held-out speakers.
fn split_examples(
    config: &config::Config,
    data: &[PathBuf],
    cache: &std::path::Path,
) -> Result<(Vec<dataset::Example>, Vec<dataset::Example>)> {
    let scan = corpora::scan(data)?;
    print_refused(&scan.refused);
    let held_out = split::held_out_speakers(&scan.clips, &config.split);
    let dataset = dataset::load(scan.clips, cache)?;
    print_refused(&dataset.refused);
    Ok(dataset.examples.into_iter().partition(|example| !held_out.contains(&example.clip.speaker)))
}
