//! Files that are either whole or as they were before.

use anyhow::{Context, Result};
use std::{fs, path::Path};

/// Writes a file beside and moves it into place.
///
/// # Errors
///
/// If it cannot be written; the message names it.
pub fn replace(path: &Path, bytes: &[u8]) -> Result<()> {
    let cannot = || format!("cannot write {}", path.display());
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".unfinished");
    let unfinished = path.with_file_name(name);
    fs::write(&unfinished, bytes).with_context(cannot)?;
    fs::rename(&unfinished, path).with_context(cannot)
}
