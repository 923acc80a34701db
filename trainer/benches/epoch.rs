//! How long an epoch takes: `cargo bench -p pathos-trainer --bench epoch -- DATA [RECIPE [KEY=VALUE...]]`.
//!
//! Trains for one epoch on all of the folder's clips, by the recipe of the shipped model or another, and prints the seconds of
//! the features (from the cache if they are there), of the epoch and of a step.

use anyhow::{Context, Result};
use pathos_trainer::{
    checkpoint::RunFolder,
    config::Config,
    corpora, dataset,
    progress::{Outcome, Progress, RunStart, Step},
    split::Role,
    train::{self, Options},
};
use std::{path::PathBuf, time::Instant};

/// The recipe of the shipped model.
const SHIPPED: &str = include_str!("../recipes/pathos.toml");

fn main() -> Result<()> {
    // `cargo bench` adds an argument of its own.
    let mut arguments = std::env::args().skip(1).filter(|own| own != "--bench");
    let data = arguments
        .next()
        .context("give a folder of corpora: cargo bench -p pathos-trainer --bench epoch -- DATA")?;
    let recipe = arguments.next();
    let mut overrides: Vec<String> = arguments.collect();
    // A run of one epoch that holds nothing out.
    overrides.extend(["training.epochs=1", "split.protocol=all"].map(str::to_owned));
    let config = match recipe {
        Some(path) => Config::read_with(&PathBuf::from(path), &overrides)?,
        None => Config::parse(SHIPPED, &overrides)?,
    };

    let start = Instant::now();
    let clips = corpora::scan(&[PathBuf::from(data)])?.clips;
    let cache = PathBuf::from("runs/cache");
    let dataset = dataset::load(clips, &config, &Role::ALL, None, &cache)?;
    println!(
        "features of {} clips: {:.1} s",
        dataset.training.len(),
        start.elapsed().as_secs_f64()
    );

    let folder = std::env::temp_dir().join(format!("pathos-bench-{}", std::process::id()));
    let mut steps = Steps(0);
    let start = Instant::now();
    let options = Options {
        folder: &RunFolder::new(&folder)?,
        resume: false,
        start: None,
        progress: &mut steps,
    };
    train::train(&config, dataset, options)?;
    let seconds = start.elapsed().as_secs_f64();
    println!(
        "an epoch of {} steps of {}: {seconds:.1} s, {:.3} s a step",
        steps.0,
        config.training.batch_size,
        seconds / steps.0 as f64
    );
    Ok(std::fs::remove_dir_all(folder)?)
}

/// Counts steps.
struct Steps(usize);

impl Progress for Steps {
    fn started(&mut self, run: &RunStart) {
        println!(
            "{}: {} parameters, {:.1} million multiplications and additions a window",
            run.network,
            run.facts.parameters,
            run.facts.macs as f64 / 1e6
        );
    }

    fn step(&mut self, step: &Step) {
        self.0 = step.step;
    }

    fn epoch(&mut self, _: &[pathos_trainer::log::EpochLog]) {}

    fn finished(&mut self, _: Option<&Outcome>) {}

    fn stop_requested(&mut self) -> bool {
        false
    }
}
