//! `trainer evaluate`.

use super::{Data, print_refused};
use crate::{
    condition::Condition,
    evaluation::{self, Evaluation},
    figures_table, files, report,
};
use anyhow::Result;
use pathos_analysis::Emotion;
use std::path::{Path, PathBuf};

/// Where the figures go, beside the terminal.
#[derive(clap::Args)]
pub struct Outputs {
    /// Write the figures to this file, as JSON.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Write a page with tables and plots to this file, as HTML.
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// Write a line for each clip that was judged, with its probabilities, to this file, as CSV.
    #[arg(long, value_name = "FILE")]
    clips: Option<PathBuf>,
}

/// Judges runs on what each held out; prints the figures, and writes what is asked for.
///
/// # Errors
///
/// If a folder is no run, nothing is held out, or a file cannot be written.
pub fn evaluate(
    runs: &[PathBuf],
    data: &Data,
    conditions: &[Condition],
    outputs: &Outputs,
) -> Result<()> {
    let evaluation = evaluation::evaluate(
        runs,
        &data.folders,
        conditions,
        &data.cache,
        &mut print_refused,
    )?;
    figures_table::print(&evaluation);
    if let Some(path) = &outputs.json {
        files::replace(path, &serde_json::to_vec_pretty(&evaluation)?)?;
        println!("wrote {}", path.display());
    }
    if let Some(path) = &outputs.report {
        files::replace(path, report::evaluation(&evaluation)?.as_bytes())?;
        println!("wrote {}", path.display());
    }
    if let Some(path) = &outputs.clips {
        write_clips(path, &evaluation)?;
        println!("wrote {}", path.display());
    }
    Ok(())
}

/// Writes a row a clip: its file, corpus and speaker, what was acted and what it was taken for while it played, and its
/// probabilities among the classes of its corpus, after the temperature.
fn write_clips(path: &Path, evaluation: &Evaluation) -> Result<()> {
    let judged = evaluation.judged_while_it_plays();
    let mut writer = csv::Writer::from_writer(Vec::new());
    let start = ["path", "corpus", "speaker", "emotion", "taken_for"];
    writer.write_record(start.into_iter().chain(Emotion::ALL.map(Emotion::name)))?;
    for (judged_clip, judged) in evaluation.clips.iter().zip(judged) {
        let clip = &judged_clip.clip;
        let start = [
            clip.path.display().to_string(),
            clip.corpus.name().to_owned(),
            clip.speaker.clone(),
            clip.emotion.name().to_owned(),
            Emotion::ALL[judged.predicted()].name().to_owned(),
        ];
        let probabilities = judged.probabilities.map(|p| p.to_string());
        writer.write_record(start.into_iter().chain(probabilities))?;
    }
    files::replace(path, &writer.into_inner()?)
}
