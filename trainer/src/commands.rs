//! What each command does.

use crate::{
    card,
    card::Facts,
    checkpoint::RunFolder,
    config::Config,
    corpora::{self, Clip},
    dataset::{self, Example},
    evaluate::{self, Figures, VoiceFigures},
    export::{self, Labels},
    split, train, verify,
};
use anyhow::{Context, Result, bail};
use burn::{module::Module, tensor::Device};
use clap::Args;
use pathos_analysis::Model;
use serde::Serialize;
use std::{
    fs,
    path::{Path, PathBuf},
};

/// The clips of a command.
#[derive(Args)]
pub struct Data {
    /// A folder with corpora; can be given several times.
    #[arg(long = "data", required = true, value_name = "FOLDER")]
    pub folders: Vec<PathBuf>,
    /// Where analysed clips are kept between runs.
    #[arg(long, default_value = "runs/cache", value_name = "FOLDER")]
    pub cache: PathBuf,
}

/// `trainer scan`.
pub fn scan(folders: &[PathBuf]) -> Result<()> {
    let scan = corpora::scan(folders)?;
    println!("{}", corpora::table(&scan.clips));
    print_refused(&scan.refused);
    Ok(())
}

/// `trainer train`.
pub fn train(config: &Path, data: &Data, out: &Path, resume: bool) -> Result<()> {
    let config = Config::read(config)?;
    let (training, held_out) = split_examples(&config, data)?;
    println!(
        "{} clips to learn from, {} of unheard speakers",
        training.len(),
        held_out.len()
    );
    if training.is_empty() {
        bail!("there is no clip to learn from: all speakers are held out. Add corpora or folds");
    }
    train::train(&config, training, &held_out, &RunFolder::new(out)?, resume)?;
    Ok(())
}

/// The outcome of an evaluation.
#[derive(Serialize)]
struct Report {
    protocol: String,
    temperature: f32,
    /// Of the mean over a clip's windows while it plays.
    sets: Vec<Figures>,
    /// Of a clip's last 3 s of voice.
    sets_at_the_end: Vec<Figures>,
    voice: VoiceFigures,
}

/// `trainer evaluate`.
pub fn evaluate(model: &Path, config: &Path, data: &Data, json: Option<&Path>) -> Result<()> {
    let config = Config::read(config)?;
    let model = Model::from_file(model)?;
    let (_, held_out) = split_examples(&config, data)?;
    let clips = clips_of(&held_out)?;
    let logits = evaluate::model_logits(&model, &held_out);
    let temperature = model.info().temperature;
    let sets = |logits| evaluate::report(&clips, &evaluate::judge(&clips, logits, temperature));
    let report = Report {
        protocol: format!(
            "speakers, fold {} of {}; with the file's temperature",
            config.split.fold, config.split.folds
        ),
        temperature,
        sets: sets(&logits.running),
        sets_at_the_end: sets(&logits.last),
        voice: evaluate::voice_figures(&model, &logits.running),
    };
    print_figures("while it plays", &report.sets);
    print_figures("last 3 s", &report.sets_at_the_end);
    if let Some(path) = json {
        write(path, &serde_json::to_vec_pretty(&report)?)?;
    }
    Ok(())
}

/// `trainer export`.
pub fn export(run: &Path, data: &Data, to: &Path) -> Result<()> {
    let folder = RunFolder::open(run)?;
    let config = Config::read(&folder.config())?;
    let checkpoint = folder.latest()?;
    let checkpoint = checkpoint.with_context(|| {
        format!(
            "{} has no checkpoint yet: wait for its first epoch",
            run.display()
        )
    })?;
    let network = train::new_network(&config, &Device::flex());
    let network = network.try_load_file(checkpoint.weights())?;
    let mut labels = Labels {
        name: config.name.clone(),
        version: config.version.clone(),
        temperature: 1.0,
        ..Labels::default()
    };
    let model = Model::from_bytes(&export::model_file(&network, &labels)?)?;

    let (training, held_out) = split_examples(&config, data)?;
    let clips = clips_of(&held_out)?;
    let logits = evaluate::model_logits(&model, &held_out);
    let report = |logits| evaluate::report(&clips, &evaluate::judge_cross_fitted(&clips, logits));
    let (figures, at_the_end) = (report(&logits.running), report(&logits.last));
    let learned_from: Vec<&Clip> = training.iter().map(|example| &example.clip).collect();
    labels.temperature = evaluate::fit_temperature(&clips, &logits.running);
    labels.evidence = card::evidence(&config, &learned_from, &figures, &at_the_end);
    let bytes = export::model_file(&network, &labels)?;
    let text = card::card(&Facts {
        config: &config,
        epochs_done: checkpoint.epochs_done,
        seconds: folder.seconds(),
        learned_from: &learned_from,
        figures: &figures,
        at_the_end: &at_the_end,
        voice: evaluate::voice_figures(&model, &logits.running),
        temperature: labels.temperature,
        size: verify::size(&bytes)?,
    });
    print_figures("while it plays", &figures);
    print_figures("last 3 s", &at_the_end);
    write(to, &bytes)?;
    write(&to.with_file_name("README.md"), text.as_bytes())?;
    println!(
        "wrote {} after {} epochs, and its card",
        to.display(),
        checkpoint.epochs_done
    );
    Ok(())
}

/// `trainer verify`.
pub fn verify(model: &Path, python: &str) -> Result<()> {
    let info = Model::from_file(model)?.info().clone();
    println!("{} {}: {}", info.name, info.version, info.evidence.protocol);
    match verify::size(&fs::read(model)?) {
        Ok(size) => println!(
            "{} bytes, {} parameters, {} multiplications and additions a window",
            size.bytes, size.parameters, size.macs
        ),
        Err(error) => println!("{:#}: its size is unknown", error),
    }
    match verify::compare(model, python)? {
        verify::Comparison::Skipped(reason) => println!("skipped: {reason}"),
        verify::Comparison::Difference(difference) if difference <= verify::TOLERANCE => println!(
            "tract and onnxruntime differ by {difference:.1e} at the most on {} windows",
            verify::WINDOWS
        ),
        verify::Comparison::Difference(difference) => bail!(
            "tract and onnxruntime differ by {difference:.1e}, more than {:.0e}: one of them does not run {} as it is meant",
            verify::TOLERANCE,
            model.display()
        ),
    }
    Ok(())
}

fn print_refused(refused: &[(PathBuf, String)]) {
    for (path, reason) in refused {
        eprintln!("refused {}: {reason}", path.display());
    }
}

fn print_figures(title: &str, all: &[Figures]) {
    println!(
        "{:<15} {:>6} {:>8} {:>6} {:>15} {:>8} {:>6} {:>6} {:>6}",
        title, "clips", "speakers", "UAR", "95 %", "accuracy", "ECE", "NLL", "Brier"
    );
    for figures in all {
        let interval = figures.uar_interval.map_or(String::new(), |[low, high]| {
            format!("{:.1} to {:.1}", 100.0 * low, 100.0 * high)
        });
        println!(
            "{:<15} {:>6} {:>8} {:>6.1} {:>15} {:>8.1} {:>6.1} {:>6.3} {:>6.3}",
            figures.set,
            figures.clips,
            figures.speakers,
            100.0 * figures.uar,
            interval,
            100.0 * figures.accuracy,
            100.0 * figures.ece,
            figures.nll,
            figures.brier
        );
    }
}

/// The clips of examples, of which there must be some.
fn clips_of(held_out: &[Example]) -> Result<Vec<&Clip>> {
    if held_out.is_empty() {
        bail!("no speaker of these corpora is held out, so there is nothing to judge on");
    }
    Ok(held_out.iter().map(|example| &example.clip).collect())
}

/// The examples to learn from, and those of the held-out speakers.
fn split_examples(config: &Config, data: &Data) -> Result<(Vec<Example>, Vec<Example>)> {
    let scan = corpora::scan(&data.folders)?;
    print_refused(&scan.refused);
    let held_out = split::held_out_speakers(&scan.clips, &config.split);
    let dataset = dataset::load(scan.clips, &data.cache)?;
    print_refused(&dataset.refused);
    let is_training = |example: &Example| !held_out.contains(&example.clip.speaker);
    Ok(dataset.examples.into_iter().partition(is_training))
}

fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    fs::write(path, bytes).with_context(|| format!("cannot write {}", path.display()))
}
