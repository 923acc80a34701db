//! `MANIFEST.csv`: a line a clip, of all corpora. Beside it there may be `crema_d_votes.csv`: what listeners heard in a clip.

use super::{Clip, Corpus, Scan, admit, emotion_of, statements::statement_of};
use anyhow::{Context, Result};
use pathos_analysis::Emotion;
use serde::Deserialize;
use std::{
    collections::HashMap,
    path::{Path, PathBuf},
};

/// The listeners' votes, in the manifest's folder.
const VOTES: &str = "crema_d_votes.csv";

#[derive(Deserialize)]
struct Row {
    path: String,
    corpus: String,
    speaker: String,
    sex: String,
    emotion: String,
    kind: String,
    #[serde(default)]
    statement: String,
}

/// How many listeners chose each emotion. CREMA-D's could not choose surprise.
#[derive(Deserialize)]
struct Votes {
    path: String,
    angry: u8,
    disgust: u8,
    fear: u8,
    happy: u8,
    neutral: u8,
    sad: u8,
}

pub(super) fn read(manifest: &Path, folder: &Path, scan: &mut Scan) -> Result<()> {
    let votes = votes(&folder.join(VOTES))?;
    for row in csv::Reader::from_path(manifest)?.deserialize() {
        let row: Row = row?;
        let path = folder.join(&row.path);
        let votes = votes.get(&row.path).copied();
        let clip = clip(row, path.clone(), votes);
        admit(scan, clip, &path);
    }
    Ok(())
}

fn clip(row: Row, path: PathBuf, votes: Option<[u8; Emotion::COUNT]>) -> Result<Clip, String> {
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
        votes,
        statement: statement_of(&row.statement),
    })
}

/// The votes by path; none if there is no such file. A clip that nobody voted on has none.
fn votes(file: &Path) -> Result<HashMap<String, [u8; Emotion::COUNT]>> {
    if !file.is_file() {
        return Ok(HashMap::new());
    }
    let read = || -> Result<_> {
        let mut all = HashMap::new();
        for row in csv::Reader::from_path(file)?.deserialize() {
            let Votes {
                path,
                angry,
                disgust,
                fear,
                happy,
                neutral,
                sad,
            } = row?;
            let votes = [angry, disgust, fear, happy, neutral, sad, 0];
            if votes.iter().any(|&count| count > 0) {
                all.insert(path, votes);
            }
        }
        Ok(all)
    };
    read().with_context(|| format!("in {}", file.display()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn scanned(name: &str, votes: &str) -> Result<Scan> {
        let folder = std::env::temp_dir().join(format!("pathos-{name}-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        for clip in ["a.wav", "b.wav"] {
            fs::write(folder.join(clip), b"").unwrap();
        }
        let manifest = folder.join("MANIFEST.csv");
        let rows = "a.wav,CREMA-D,S1,F,sad,speech\nb.wav,CREMA-D,S1,F,happy,speech\n";
        let header = "path,corpus,speaker,sex,emotion,kind\n";
        fs::write(&manifest, [header, rows].concat()).unwrap();
        fs::write(folder.join(VOTES), votes).unwrap();
        let mut scan = Scan::default();
        let outcome = read(&manifest, &folder, &mut scan);
        fs::remove_dir_all(&folder).unwrap();
        outcome.map(|()| scan)
    }

    #[test]
    fn votes_go_to_their_clips_and_none_are_no_votes() {
        let header = "path,angry,disgust,fear,happy,neutral,sad\n";
        let rows = "b.wav,0,1,0,2,7,0\na.wav,0,0,0,0,0,0\n";
        let clips = scanned("votes", &[header, rows].concat()).unwrap().clips;
        assert_eq!(clips[0].votes, None);
        assert_eq!(clips[1].votes, Some([0, 1, 0, 2, 7, 0, 0]));
    }

    #[test]
    fn votes_that_cannot_be_read_are_named() {
        let error = scanned("bad-votes", "path,angry\na.wav,many\n").unwrap_err();
        assert!(format!("{error:#}").contains(VOTES), "{error:#}");
    }
}
