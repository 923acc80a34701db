//! The corpora as they are downloaded: a clip's labels are in its file's name.
//!
//! | corpus | example | source of the scheme |
//! |---|---|---|
//! | RAVDESS | `03-01-05-01-02-01-12.wav` | Livingstone and Russo, PLoS ONE 13(5), 2018 |
//! | CREMA-D | `1001_DFA_ANG_XX.wav` | Cao et al., IEEE Trans. Affective Computing 5(4), 2014 |
//! | TESS | `OAF_back_angry.wav` | Pichora-Fuller and Dupuis, Scholars Portal Dataverse, 2020 |
//! | SAVEE | `DC_a01.wav`, or `DC/a01.wav` | Haq and Jackson, 2010 |

use super::{Clip, Corpus, Scan, admit, emotion_of, statements::statement_of};
use anyhow::{Context, Result};
use pathos_analysis::Emotion;
use std::path::Path;
use walkdir::WalkDir;

/// The women of CREMA-D, from its `VideoDemographics.csv`.
const CREMA_D_WOMEN: [u16; 43] = [
    1002, 1003, 1004, 1006, 1007, 1008, 1009, 1010, 1012, 1013, 1018, 1020, 1021, 1024, 1025, 1028,
    1029, 1030, 1037, 1043, 1046, 1047, 1049, 1052, 1053, 1054, 1055, 1056, 1058, 1060, 1061, 1063,
    1072, 1073, 1074, 1075, 1076, 1078, 1079, 1082, 1084, 1089, 1091,
];

pub(super) fn read(folder: &Path, scan: &mut Scan) -> Result<()> {
    for entry in WalkDir::new(folder).sort_by_file_name() {
        let entry = entry.with_context(|| format!("cannot read {}", folder.display()))?;
        if entry.file_type().is_file() && pathos_clips::is_audio_file(entry.path()) {
            let path = entry.path();
            let reason = "its name is not one of RAVDESS, CREMA-D, TESS or SAVEE";
            let clip = clip(path).ok_or_else(|| reason.to_owned());
            admit(scan, clip, path);
        }
    }
    Ok(())
}

fn clip(path: &Path) -> Option<Clip> {
    let stem = path.file_stem()?.to_str()?;
    let parent = path.parent()?.file_name()?.to_str()?;
    let by_dash: Vec<&str> = stem.split('-').collect();
    let by_underscore: Vec<&str> = stem.split('_').collect();
    let mut statement = None;
    let (corpus, speaker, female, emotion) = match (&by_dash[..], &by_underscore[..]) {
        (["03", channel, emotion, _, said, _, actor], _) => {
            statement = match *said {
                "01" => statement_of("KIDS"),
                "02" => statement_of("DOGS"),
                _ => None,
            };
            ravdess(channel, emotion, actor)?
        }
        (_, [actor, said, emotion, _]) => {
            statement = statement_of(said);
            crema_d(actor, emotion)?
        }
        (_, [speaker @ ("OAF" | "OA" | "YAF"), _, emotion]) => {
            let speaker = if *speaker == "YAF" { "YAF" } else { "OAF" };
            let emotion = emotion_of(&emotion.to_ascii_lowercase())?;
            (Corpus::Tess, format!("TESS_{speaker}"), true, emotion)
        }
        (_, [speaker @ ("DC" | "JE" | "JK" | "KL"), code]) => savee(speaker, code)?,
        (_, [code]) if matches!(parent, "DC" | "JE" | "JK" | "KL") => savee(parent, code)?,
        _ => return None,
    };
    Some(Clip {
        path: path.to_owned(),
        corpus,
        speaker,
        female,
        emotion,
        votes: None,
        statement,
    })
}

type Labels = (Corpus, String, bool, Emotion);

fn ravdess(channel: &str, emotion: &str, actor: &str) -> Option<Labels> {
    let corpus = match channel {
        "01" => Corpus::RavdessSpeech,
        "02" => Corpus::RavdessSong,
        _ => return None,
    };
    let emotion = match emotion {
        "01" | "02" => Emotion::Neutral,
        "03" => Emotion::Happy,
        "04" => Emotion::Sad,
        "05" => Emotion::Angry,
        "06" => Emotion::Fear,
        "07" => Emotion::Disgust,
        "08" => Emotion::Surprise,
        _ => return None,
    };
    let number: u8 = actor.parse().ok()?;
    Some((
        corpus,
        format!("RAVDESS_{number:02}"),
        number.is_multiple_of(2),
        emotion,
    ))
}

fn crema_d(actor: &str, emotion: &str) -> Option<Labels> {
    let emotion = match emotion {
        "ANG" => Emotion::Angry,
        "DIS" => Emotion::Disgust,
        "FEA" => Emotion::Fear,
        "HAP" => Emotion::Happy,
        "NEU" => Emotion::Neutral,
        "SAD" => Emotion::Sad,
        _ => return None,
    };
    let number: u16 = actor.parse().ok().filter(|n| (1001..=1091).contains(n))?;
    let female = CREMA_D_WOMEN.contains(&number);
    Some((Corpus::CremaD, format!("CREMA_{number}"), female, emotion))
}

fn savee(speaker: &str, code: &str) -> Option<Labels> {
    let emotion = match code.trim_end_matches(|c: char| c.is_ascii_digit()) {
        "a" => Emotion::Angry,
        "d" => Emotion::Disgust,
        "f" => Emotion::Fear,
        "h" => Emotion::Happy,
        "n" => Emotion::Neutral,
        "sa" => Emotion::Sad,
        "su" => Emotion::Surprise,
        _ => return None,
    };
    Some((Corpus::Savee, format!("SAVEE_{speaker}"), false, emotion))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(path: &str) -> Option<(Corpus, String, bool, Emotion)> {
        let clip = clip(Path::new(path))?;
        Some((clip.corpus, clip.speaker, clip.female, clip.emotion))
    }

    #[test]
    fn names_of_each_corpus_are_understood() {
        let expected = [
            (
                "Actor_12/03-01-05-01-02-01-12.wav",
                Corpus::RavdessSpeech,
                "RAVDESS_12",
                true,
                Emotion::Angry,
            ),
            (
                "Actor_01/03-02-02-01-01-01-01.wav",
                Corpus::RavdessSong,
                "RAVDESS_01",
                false,
                Emotion::Neutral,
            ),
            (
                "AudioWAV/1002_IEO_FEA_HI.wav",
                Corpus::CremaD,
                "CREMA_1002",
                true,
                Emotion::Fear,
            ),
            (
                "OAF_Fear/OAF_back_fear.wav",
                Corpus::Tess,
                "TESS_OAF",
                true,
                Emotion::Fear,
            ),
            (
                "YAF/YAF_dog_ps.wav",
                Corpus::Tess,
                "TESS_YAF",
                true,
                Emotion::Surprise,
            ),
            (
                "ALL/DC_su03.wav",
                Corpus::Savee,
                "SAVEE_DC",
                false,
                Emotion::Surprise,
            ),
            (
                "AudioData/KL/sa11.wav",
                Corpus::Savee,
                "SAVEE_KL",
                false,
                Emotion::Sad,
            ),
        ];
        for (path, corpus, speaker, female, emotion) in expected {
            let expected = (corpus, speaker.to_owned(), female, emotion);
            assert_eq!(labels(path), Some(expected), "{path}");
        }
    }

    #[test]
    fn what_is_said_is_known_where_all_say_it() {
        let said = |path| clip(Path::new(path)).unwrap().statement;
        assert_eq!(said("a/1002_IEO_FEA_HI.wav"), statement_of("IEO"));
        assert_eq!(said("a/03-02-02-01-02-01-01.wav"), statement_of("DOGS"));
        assert!(said("a/03-01-02-01-01-01-01.wav").is_some());
        assert_eq!(said("a/OAF_back_fear.wav"), None);
        assert_eq!(said("a/DC_su03.wav"), None);
    }

    #[test]
    fn other_names_are_not() {
        for path in [
            "a/song.wav",
            "a/03-01-09-01-01-01-01.wav",
            "a/1001_DFA_XXX_XX.wav",
            "a/2000_DFA_ANG_XX.wav",
            "a/a01.wav",
        ] {
            assert_eq!(labels(path), None, "{path}");
        }
    }
}
