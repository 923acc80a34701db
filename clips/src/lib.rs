//! Reads audio files of any common format as mono samples.
//!
//! WAV, AIFF, FLAC, MP3 and Ogg Vorbis are decoded by `symphonia`, Ogg Opus by `opus-decoder`. Channels are averaged.
//!
//! A file that ends in the middle of its data gives the sound up to there, as players do; a file that gives no sound at all
//! is an error.

mod general;
mod opus;

use std::path::{Path, PathBuf};

/// The endings of the files that [`read_mono`] can read, in lower case.
pub const EXTENSIONS: [&str; 8] = ["wav", "aif", "aiff", "flac", "mp3", "ogg", "oga", "opus"];

/// The sound of a file.
#[derive(Clone, Debug, PartialEq)]
pub struct Clip {
    /// The mean of the file's channels; full scale is 1.
    pub samples: Vec<f32>,
    /// Samples per second.
    pub sample_rate_hz: u32,
}

/// Why a file gave no clip.
#[derive(Debug, thiserror::Error)]
#[error("cannot read {}: {reason}", path.display())]
pub struct ClipError {
    /// The file.
    pub path: PathBuf,
    /// What was wrong with it, and what to do.
    pub reason: String,
}

/// Whether the file's name ends as that of an audio file does.
#[must_use]
pub fn is_audio_file(path: &Path) -> bool {
    path.extension()
        .and_then(|extension| extension.to_str())
        .is_some_and(|extension| EXTENSIONS.contains(&extension.to_ascii_lowercase().as_str()))
}

/// Reads a whole file.
///
/// # Errors
///
/// If the file cannot be opened, its format is unknown, or it holds no sound. The error names the file.
pub fn read_mono(path: impl AsRef<Path>) -> Result<Clip, ClipError> {
    let path = path.as_ref();
    let refuse = |reason| ClipError {
        path: path.to_owned(),
        reason,
    };
    let bytes = std::fs::read(path).map_err(|error| refuse(error.to_string()))?;
    let clip = if opus::is_opus(&bytes) {
        opus::decode(&bytes)
    } else {
        general::decode(bytes, path)
    }
    .map_err(refuse)?;
    if clip.samples.is_empty() {
        return Err(refuse("it holds no sound".to_owned()));
    }
    Ok(clip)
}
