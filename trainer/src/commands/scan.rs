//! `trainer scan`.

use super::print_refused;
use crate::{
    config::{Config, Split},
    corpora::{self, Clip},
    dataset, files,
    progress_bar::progress_bar,
    split,
};
use anyhow::{Result, bail};
use rayon::prelude::*;
use std::path::{Path, PathBuf};

/// Lists what is in folders of corpora, and each file that was refused. Every clip is decoded, so that what is listed is what
/// can be learned from. With a file and a recipe, the clips go to the file with their folds in that recipe.
///
/// # Errors
///
/// If a folder or the recipe cannot be read, no usable clip is left, or the file cannot be written.
pub fn scan(folders: &[PathBuf], folds: Option<(&Path, &Path)>) -> Result<()> {
    let folds = match folds {
        Some((file, recipe)) => Some((file, Config::read(recipe)?.split)),
        None => None,
    };
    let mut scan = corpora::scan(folders)?;
    let bar = progress_bar(scan.clips.len() as u64, "reading");
    let read: Vec<_> = scan
        .clips
        .into_par_iter()
        .map(|clip| {
            let seconds = dataset::seconds_of(&clip.path);
            bar.inc(1);
            (clip, seconds)
        })
        .collect();
    bar.finish_and_clear();
    let mut usable = Vec::new();
    for (clip, seconds) in read {
        match seconds {
            Ok(seconds) => usable.push((clip, seconds)),
            Err(error) => scan.refused.push((clip.path, format!("{error:#}"))),
        }
    }
    if !usable.is_empty() {
        println!("{}", corpora::table(&usable));
    }
    print_refused(&scan.refused);
    if usable.is_empty() {
        bail!(
            "no usable clip is left: {} files were refused",
            scan.refused.len()
        );
    }
    if !scan.refused.is_empty() {
        println!("{} files were refused", scan.refused.len());
    }
    if let Some((file, split)) = folds {
        let clips = usable.into_iter().map(|(clip, _)| clip).collect();
        write_folds(file, clips, &split)?;
    }
    Ok(())
}

/// Writes a row a clip: its file, corpus, speaker, emotion and fold.
fn write_folds(file: &Path, clips: Vec<Clip>, split: &Split) -> Result<()> {
    let folds = split::folds(&clips, split);
    let mut bytes = Vec::new();
    let mut writer = csv::Writer::from_writer(&mut bytes);
    writer.write_record(["path", "corpus", "speaker", "emotion", "fold"])?;
    for clip in clips {
        writer.write_record([
            &clip.path.display().to_string(),
            clip.corpus.name(),
            &clip.speaker,
            clip.emotion.name(),
            &folds[&clip.speaker].to_string(),
        ])?;
    }
    writer.flush()?;
    drop(writer);
    files::replace(file, &bytes)
}
