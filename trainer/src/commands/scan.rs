//! `trainer scan`.

use super::print_refused;
use crate::{corpora, dataset, progress_bar::progress_bar};
use anyhow::{Result, bail};
use rayon::prelude::*;
use std::path::PathBuf;

/// Lists what is in folders of corpora, and each file that was refused. Every clip is decoded, so that what is listed is what
/// can be learned from.
///
/// # Errors
///
/// If a folder cannot be read, or no usable clip is left.
pub fn scan(folders: &[PathBuf]) -> Result<()> {
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
    Ok(())
}
