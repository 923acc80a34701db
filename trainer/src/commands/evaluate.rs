//! `trainer evaluate`.

use super::{Data, print_refused};
use crate::{condition::Condition, evaluation, figures_table, files, report};
use anyhow::Result;
use std::path::{Path, PathBuf};

/// Judges runs on what each held out; prints the figures, and writes them as JSON and as a page.
///
/// # Errors
///
/// If a folder is no run, nothing is held out, or a file cannot be written.
pub fn evaluate(
    runs: &[PathBuf],
    data: &Data,
    conditions: &[Condition],
    json: Option<&Path>,
    page: Option<&Path>,
) -> Result<()> {
    let evaluation = evaluation::evaluate(
        runs,
        &data.folders,
        conditions,
        &data.cache,
        &mut print_refused,
    )?;
    figures_table::print(&evaluation);
    if let Some(path) = json {
        files::replace(path, &serde_json::to_vec_pretty(&evaluation)?)?;
        println!("wrote {}", path.display());
    }
    if let Some(path) = page {
        files::replace(path, report::evaluation(&evaluation)?.as_bytes())?;
        println!("wrote {}", path.display());
    }
    Ok(())
}
