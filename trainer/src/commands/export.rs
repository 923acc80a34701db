//! `trainer export`.

use super::{Data, print_refused};
use crate::{
    card::{self, Facts},
    checkpoint::RunFolder,
    condition::Condition,
    config::{Config, Protocol},
    corpora::{self, Clip},
    evaluation,
    facts::RunFacts,
    figures_table, files,
    onnx::{
        export::{self, Labels},
        verify,
    },
    split::{self, Role},
};
use anyhow::{Result, ensure};
use burn::tensor::Device;
use clap::ValueEnum;
use std::path::{Path, PathBuf};

/// Writes a run's network as a model file with its evidence, and the card beside it.
///
/// `evidence` are the runs whose figures the file states; the run itself if there are none. `json` is where these figures go, too.
///
/// # Errors
///
/// If a run has no checkpoint, nothing is held out, or a file cannot be written.
pub fn export(
    run: &Path,
    evidence: &[PathBuf],
    data: &Data,
    to: &Path,
    json: Option<&Path>,
) -> Result<()> {
    let folder = RunFolder::open(run)?;
    let config = Config::read(&folder.config())?;
    let facts = RunFacts::read(&folder.facts())?;
    let (checkpoint, network) = evaluation::chosen_network(&folder, &config, &Device::flex())?;
    ensure!(
        config.split.protocol != Protocol::All || !evidence.is_empty(),
        "{} learned from everything, so nothing is left to judge it on: name the runs that judged its recipe with --evidence FOLDER",
        run.display()
    );
    let own = [run.to_owned()];
    let judged = if evidence.is_empty() {
        &own[..]
    } else {
        evidence
    };
    let evaluation = evaluation::evaluate(
        judged,
        &data.folders,
        Condition::value_variants(),
        &data.cache,
        &mut print_refused,
    )?;
    figures_table::print(&evaluation);

    let parts = split::divide(corpora::scan(&data.folders)?.clips, &config.split);
    let training = parts.iter().filter(|part| part.role == Role::Training);
    let learned_from: Vec<&Clip> = training.map(|part| &part.clip).collect();
    let network = network.without(&corpora::unlearned(&learned_from));
    let labels = Labels {
        name: config.name.clone(),
        version: config.version.clone(),
        features: config.judged_features(),
        temperature: evaluation.temperature,
        neutral: evaluation.neutral,
        evidence: card::evidence(&config, &facts, &evaluation),
    };
    let bytes = export::model_file(&network, &labels)?;
    let log = folder.log()?;
    let text = card::card(&Facts {
        file: &to.file_name().unwrap_or_default().to_string_lossy(),
        config: &config,
        run: &facts,
        epochs_done: checkpoint.epochs_done,
        seconds: log.iter().map(|epoch| epoch.seconds).sum(),
        learned_from: &learned_from,
        evaluation: &evaluation,
        size: verify::size(&bytes)?,
    });
    if let Some(path) = json {
        files::replace(path, &serde_json::to_vec_pretty(&evaluation)?)?;
    }
    files::replace(to, &bytes)?;
    let card = to.with_extension("md");
    files::replace(&card, text.as_bytes())?;
    println!(
        "wrote {} after {} epochs, and its card {}",
        to.display(),
        checkpoint.epochs_done,
        card.display()
    );
    Ok(())
}
