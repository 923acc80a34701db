//! The four corpora: from a folder to labelled clips.

mod manifest;
mod names;
mod statements;

pub use statements::STATEMENTS;

use anyhow::{Context, Result, bail};
use pathos_analysis::Emotion;
use serde::Serialize;
use std::{
    collections::BTreeSet,
    ffi::OsStr,
    path::{Path, PathBuf},
};

/// A set of clips that were recorded together, and are reported apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Corpus {
    /// CREMA-D: 91 actors, six classes.
    CremaD,
    /// RAVDESS, spoken.
    RavdessSpeech,
    /// RAVDESS, sung, by the same actors.
    RavdessSong,
    /// SAVEE: four men.
    Savee,
    /// TESS: two women.
    Tess,
}

impl Corpus {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::CremaD,
        Self::RavdessSpeech,
        Self::RavdessSong,
        Self::Savee,
        Self::Tess,
    ];

    /// The name in tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::CremaD => "CREMA-D",
            Self::RavdessSpeech => "RAVDESS speech",
            Self::RavdessSong => "RAVDESS song",
            Self::Savee => "SAVEE",
            Self::Tess => "TESS",
        }
    }

    /// The recordings that share speakers: RAVDESS's speech and song are of the same actors.
    pub fn speakers_of(self) -> &'static str {
        match self {
            Self::RavdessSpeech | Self::RavdessSong => "RAVDESS",
            other => other.name(),
        }
    }

    /// Whether the corpus has clips of this emotion. Where it has none, the emotion's logit is left out of the loss and of
    /// the figures: else a network learns that a corpus's channel excludes an emotion.
    pub fn has(self, emotion: Emotion) -> bool {
        match self {
            Self::CremaD => emotion != Emotion::Surprise,
            Self::RavdessSong => !matches!(emotion, Emotion::Disgust | Emotion::Surprise),
            _ => true,
        }
    }
}

/// A clip as a corpus describes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Clip {
    /// The file.
    pub path: PathBuf,
    /// Where it comes from.
    pub corpus: Corpus,
    /// Who speaks or sings; unique over all corpora.
    pub speaker: String,
    /// Whether the speaker is a woman.
    pub female: bool,
    /// What was acted; RAVDESS's calm counts as neutral.
    pub emotion: Emotion,
    /// How many listeners, of the voice alone, chose each emotion; known of CREMA-D.
    pub votes: Option<[u8; Emotion::COUNT]>,
    /// What is said, as its place in [`STATEMENTS`]; known of CREMA-D and RAVDESS.
    pub statement: Option<usize>,
}

impl Clip {
    /// Whose clip it is, as a key: RAVDESS's actors count twice, for they speak and sing.
    #[must_use]
    pub fn voice(&self) -> (Corpus, String) {
        (self.corpus, self.speaker.clone())
    }

    /// Of what line it can be a part, as a key: clips of one voice and emotion.
    #[must_use]
    pub fn line(&self) -> ((Corpus, String), usize) {
        (self.voice(), self.emotion.index())
    }

    /// The name of its file, which stays where a corpus is moved.
    #[must_use]
    pub fn file_name(&self) -> &OsStr {
        self.path.file_name().unwrap_or_default()
    }
}

/// A file that was refused, and why.
pub type Refused = (PathBuf, String);

/// What was found in some folders.
#[derive(Debug, Default)]
pub struct Scan {
    /// The usable clips, by path.
    pub clips: Vec<Clip>,
    /// Each file that was refused, and why.
    pub refused: Vec<Refused>,
}

/// Reads folders: each holds a `MANIFEST.csv`, or corpora in the layouts in which they are downloaded.
///
/// # Errors
///
/// If a folder cannot be read, or if no usable clip is left.
pub fn scan(folders: &[PathBuf]) -> Result<Scan> {
    let mut scan = Scan::default();
    for folder in folders {
        if !folder.is_dir() {
            bail!(
                "{} is no folder; give the one that holds the corpora",
                folder.display()
            );
        }
        let manifest = folder.join("MANIFEST.csv");
        if manifest.is_file() {
            manifest::read(&manifest, folder, &mut scan)
                .with_context(|| format!("in {}", manifest.display()))?;
        } else {
            names::read(folder, &mut scan)?;
        }
    }
    scan.clips.sort_by(|a, b| a.path.cmp(&b.path));
    if scan.clips.is_empty() {
        let reasons: String = scan
            .refused
            .iter()
            .take(5)
            .map(|(path, reason)| format!("\n  {}: {reason}", path.display()))
            .collect();
        bail!(
            "no usable clip in {}: give folders with a MANIFEST.csv, or with RAVDESS, CREMA-D, TESS or SAVEE as downloaded{reasons}",
            folders
                .iter()
                .map(|f| f.display().to_string())
                .collect::<Vec<_>>()
                .join(", ")
        );
    }
    Ok(scan)
}

/// A table of clips and their seconds: per corpus clips, speakers, hours and classes.
#[must_use]
pub fn table(clips: &[(Clip, f64)]) -> String {
    let mut text = format!(
        "{:<15} {:>6} {:>8} {:>6}",
        "corpus", "clips", "speakers", "hours"
    );
    for emotion in Emotion::ALL {
        text += &format!(" {:>8}", emotion.name());
    }
    for corpus in Corpus::ALL {
        let own = clips.iter().filter(|(clip, _)| clip.corpus == corpus);
        text += &row(corpus.name(), &own.collect::<Vec<_>>());
    }
    text + &row("all", &clips.iter().collect::<Vec<_>>())
}

fn row(name: &str, clips: &[&(Clip, f64)]) -> String {
    if clips.is_empty() {
        return String::new();
    }
    let speakers: BTreeSet<&str> = clips
        .iter()
        .map(|(clip, _)| clip.speaker.as_str())
        .collect();
    let hours = clips.iter().map(|(_, seconds)| seconds).sum::<f64>() / 3600.0;
    let mut text = format!(
        "\n{name:<15} {:>6} {:>8} {hours:>6.2}",
        clips.len(),
        speakers.len()
    );
    for emotion in Emotion::ALL {
        let count = clips
            .iter()
            .filter(|(clip, _)| clip.emotion == emotion)
            .count();
        text += &format!(" {count:>8}");
    }
    text
}

/// The emotions that none of the clips' corpora has: a network that learns from these alone knows nothing of them.
#[must_use]
pub fn unlearned(clips: &[&Clip]) -> Vec<Emotion> {
    let is_learned = |emotion: &Emotion| clips.iter().any(|clip| clip.corpus.has(*emotion));
    let all = Emotion::ALL.into_iter();
    all.filter(|emotion| !is_learned(emotion)).collect()
}

/// The emotion that a corpus's word stands for.
fn emotion_of(word: &str) -> Option<Emotion> {
    Some(match word {
        "calm" => Emotion::Neutral,
        "anger" => Emotion::Angry,
        "fearful" => Emotion::Fear,
        "happiness" => Emotion::Happy,
        "sadness" => Emotion::Sad,
        "surprised" | "ps" => Emotion::Surprise,
        name => return Emotion::from_name(name),
    })
}

/// Takes a clip into the scan unless its file is missing.
fn admit(scan: &mut Scan, clip: Result<Clip, String>, path: &Path) {
    match clip {
        Ok(clip) if clip.path.is_file() => scan.clips.push(clip),
        Ok(clip) => scan
            .refused
            .push((clip.path, "the file is missing".to_owned())),
        Err(reason) => scan.refused.push((path.to_owned(), reason)),
    }
}
