//! `MANIFEST.csv`: a line a clip, of all corpora.

use super::{Clip, Corpus, Scan, admit, emotion_of};
use anyhow::Result;
use serde::Deserialize;
use std::path::Path;

#[derive(Deserialize)]
struct Row {
    path: String,
    corpus: String,
    speaker: String,
    sex: String,
    emotion: String,
    kind: String,
}

pub(super) fn read(manifest: &Path, folder: &Path, scan: &mut Scan) -> Result<()> {
    for row in csv::Reader::from_path(manifest)?.deserialize() {
        let row: Row = row?;
        let path = folder.join(&row.path);
        let clip = clip(row, path.clone());
        admit(scan, clip, &path);
    }
    Ok(())
}

fn clip(row: Row, path: std::path::PathBuf) -> Result<Clip, String> {
    let corpus = match (row.corpus.as_str(), row.kind.as_str()) {
        ("CREMA-D", _) => Corpus::CremaD,
        ("RAVDESS", "speech") => Corpus::RavdessSpeech,
        ("RAVDESS", "song") => Corpus::RavdessSong,
        ("SAVEE", _) => Corpus::Savee,
        ("TESS", _) => Corpus::Tess,
        (corpus, kind) => return Err(format!("the corpus `{corpus}` ({kind}) is unknown")),
    };
    Ok(Clip {
        path,
        corpus,
        speaker: row.speaker,
        female: row.sex == "F",
        emotion: emotion_of(&row.emotion)
            .ok_or_else(|| format!("the emotion `{}` is unknown", row.emotion))?,
    })
}
