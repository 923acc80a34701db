//! `trainer predict`.

use crate::{
    files,
    predict::{self, Failure},
    progress_bar::progress_bar,
    report,
};
use anyhow::{Result, bail, ensure};
use clap::Args;
use pathos_analysis::Model;
use std::{path::PathBuf, sync::Arc};

/// Arguments of `predict`.
#[derive(Args, Clone, Debug)]
pub struct PredictArguments {
    /// The folder whose clips are analysed, with those in the folders below it.
    #[arg(long, value_name = "FOLDER")]
    input_folder: PathBuf,
    /// The table: CSV or JSON by its ending (.csv, .json).
    #[arg(long, value_name = "FILE")]
    output: PathBuf,
    /// A row for each 250 ms of each clip, in the place of one for each clip.
    #[arg(long)]
    timeline: bool,
    /// Write a page with each clip's waveform, spectrogram and emotions over time, as HTML.
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// A model file, or `pathos-open`, in the place of the first that Pathos carries.
    #[arg(long, value_name = "FILE")]
    model: Option<PathBuf>,
}

/// Analyses the clips of a folder.
///
/// # Errors
///
/// If the folder has no clip, a file cannot be written, or a clip could not be read: the others are analysed and written, and
/// the error counts those that are missing.
pub fn predict(arguments: &PredictArguments) -> Result<()> {
    let PredictArguments {
        input_folder: folder,
        output,
        timeline,
        report: page,
        model,
    } = arguments;
    // What cannot be written is said before the work, not after it.
    predict::is_json(output)?;
    let model = Arc::new(match model {
        Some(path) => match path.to_str().and_then(pathos_models::embedded) {
            Some(bytes) => Model::from_bytes(bytes)?,
            None => Model::from_file(path)?,
        },
        None => Model::from_bytes(pathos_models::PATHOS)?,
    });
    let (clips, mut failures) = predict::audio_files(folder)?;
    ensure!(
        !clips.is_empty() || !failures.is_empty(),
        "there is no audio file in {}: files that end in {} are read",
        folder.display(),
        pathos_clips::EXTENSIONS.join(", ")
    );
    let bar = progress_bar(clips.len() as u64, "analysing");
    let (analyses, failed) = predict::analyse_all(&model, folder, &clips, &|| bar.inc(1));
    bar.finish_and_clear();
    failures.extend(failed);
    for Failure { path, reason } in &failures {
        eprintln!("skipped {path}: {reason}");
    }
    if *timeline {
        predict::write_timeline(output, &analyses)?;
    } else {
        predict::write_clips(output, &analyses)?;
    }
    println!("wrote {} with {} clips", output.display(), analyses.len());
    if let Some(path) = page {
        let text = report::prediction(folder, &model, &analyses, &failures)?;
        files::replace(path, text.as_bytes())?;
        println!("wrote {}", path.display());
    }
    if !failures.is_empty() {
        bail!(
            "{} of {} files could not be read",
            failures.len(),
            failures.len() + analyses.len()
        );
    }
    Ok(())
}
