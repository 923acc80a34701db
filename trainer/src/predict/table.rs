//! The tables of a batch analysis, as CSV or JSON.

use super::Analysis;
use anyhow::{Result, bail};
use pathos_analysis::{Emotion, Estimate};
use serde::Serialize;
use std::path::Path;

/// A row of a clip.
#[derive(Serialize)]
struct ClipRow<'a> {
    path: &'a str,
    seconds: f64,
    #[serde(flatten)]
    values: Values,
}

/// A row of a hop.
#[derive(Serialize)]
struct HopRow<'a> {
    path: &'a str,
    /// The moment: everything before it was heard, nothing after.
    seconds: f64,
    #[serde(flatten)]
    values: Values,
}

/// The columns that clips and hops share. The probabilities stand in the order of [`Emotion::ALL`].
#[derive(Serialize)]
struct Values {
    /// Empty without a voice.
    emotion: &'static str,
    angry: f32,
    disgust: f32,
    fear: f32,
    happy: f32,
    neutral: f32,
    sad: f32,
    surprise: f32,
    valence: f32,
    arousal: f32,
    voice: f32,
}

impl Values {
    fn of(estimate: &Estimate) -> Self {
        let [angry, disgust, fear, happy, neutral, sad, surprise] = estimate.probabilities;
        Self {
            emotion: if estimate.state.has_values() {
                estimate.leading().name()
            } else {
                ""
            },
            angry,
            disgust,
            fear,
            happy,
            neutral,
            sad,
            surprise,
            valence: estimate.valence,
            arousal: estimate.arousal,
            voice: estimate.voice,
        }
    }

    fn cells(&self) -> Vec<String> {
        let numbers = [
            self.angry,
            self.disgust,
            self.fear,
            self.happy,
            self.neutral,
            self.sad,
            self.surprise,
            self.valence,
            self.arousal,
            self.voice,
        ];
        let numbers = numbers.into_iter().map(|number| number.to_string());
        std::iter::once(self.emotion.to_owned())
            .chain(numbers)
            .collect()
    }
}

/// A row for each clip.
///
/// # Errors
///
/// If the file ends neither in `.csv` nor in `.json`, or cannot be written.
pub fn write_clips(path: &Path, analyses: &[Analysis]) -> Result<()> {
    let rows = analyses.iter().map(|analysis| ClipRow {
        path: &analysis.path,
        seconds: analysis.seconds,
        values: Values::of(&analysis.whole),
    });
    let rows: Vec<ClipRow> = rows.collect();
    write(path, &rows, |row| (row.path, row.seconds, &row.values))
}

/// A row for each hop of each clip.
///
/// # Errors
///
/// As [`write_clips`].
pub fn write_timeline(path: &Path, analyses: &[Analysis]) -> Result<()> {
    let rows = analyses.iter().flat_map(|analysis| {
        analysis.hops.iter().map(|hop| HopRow {
            path: &analysis.path,
            seconds: hop.position as f64 / f64::from(analysis.sample_rate_hz),
            values: Values::of(hop),
        })
    });
    let rows: Vec<HopRow> = rows.collect();
    write(path, &rows, |row| (row.path, row.seconds, &row.values))
}

/// Whether a file's name ends as that of a table does.
///
/// # Errors
///
/// If it does not.
pub(crate) fn is_json(path: &Path) -> Result<bool> {
    let ending = path.extension().and_then(|ending| ending.to_str());
    match ending.map(str::to_ascii_lowercase).as_deref() {
        Some("csv") => Ok(false),
        Some("json") => Ok(true),
        _ => bail!("{} must end in .csv or .json", path.display()),
    }
}

fn write<T: Serialize>(
    path: &Path,
    rows: &[T],
    parts: impl Fn(&T) -> (&str, f64, &Values),
) -> Result<()> {
    if is_json(path)? {
        return crate::files::replace(path, &serde_json::to_vec_pretty(rows)?);
    }
    // The `csv` crate has no flattened rows.
    let mut writer = csv::Writer::from_writer(Vec::new());
    let names = Emotion::ALL.map(Emotion::name);
    let header = ["path", "seconds", "emotion"].into_iter().chain(names);
    writer.write_record(header.chain(["valence", "arousal", "voice"]))?;
    for row in rows {
        let (path, seconds, values) = parts(row);
        let start = [path.to_owned(), seconds.to_string()];
        writer.write_record(start.into_iter().chain(values.cells()))?;
    }
    crate::files::replace(path, &writer.into_inner()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use pathos_analysis::VoiceState;

    fn analysis() -> Analysis {
        let mut probabilities = [0.1; Emotion::COUNT];
        probabilities[3] = 0.4;
        let hop = |position, state| Estimate::new(position, probabilities, 0.75, state);
        Analysis {
            path: "a, \"quoted\" name.wav".into(),
            sample_rate_hz: 48_000,
            seconds: 0.6,
            hops: vec![
                hop(12_000, VoiceState::Gathering),
                hop(24_000, VoiceState::Voice),
            ],
            whole: hop(24_000, VoiceState::Voice),
        }
    }

    fn written(ending: &str, write: fn(&Path, &[Analysis]) -> Result<()>) -> String {
        let name = format!("pathos-table-{}-{}", std::process::id(), write as usize);
        let path = std::env::temp_dir().join(name).with_extension(ending);
        write(&path, &[analysis()]).unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        std::fs::remove_file(path).unwrap();
        text
    }

    #[test]
    fn a_clip_is_a_row() {
        assert_eq!(
            written("csv", write_clips),
            "path,seconds,emotion,angry,disgust,fear,happy,neutral,sad,surprise,valence,arousal,voice\n\
             \"a, \"\"quoted\"\" name.wav\",0.6,happy,0.1,0.1,0.1,0.4,0.1,0.1,0.1,"
                .to_owned()
                + &format!("{},{},0.75\n", analysis().whole.valence, analysis().whole.arousal)
        );
        let json: serde_json::Value = serde_json::from_str(&written("json", write_clips)).unwrap();
        assert_eq!(json[0]["path"], "a, \"quoted\" name.wav");
        assert_eq!(json[0]["emotion"], "happy");
    }

    #[test]
    fn a_hop_is_a_row_of_the_timeline() {
        let text = written("csv", write_timeline);
        let rows: Vec<&str> = text.lines().skip(1).collect();
        assert_eq!(rows.len(), 2);
        assert!(rows[0].contains(",0.25,,"), "no emotion yet: {}", rows[0]);
        assert!(rows[1].contains(",0.5,happy,"), "{}", rows[1]);
    }

    #[test]
    fn other_endings_are_refused() {
        let message = write_clips(Path::new("table.txt"), &[])
            .unwrap_err()
            .to_string();
        assert!(
            message.contains("table.txt") && message.contains(".csv"),
            "{message}"
        );
    }
}
