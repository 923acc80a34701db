//! What is known of each epoch of a run: a line of its `log.csv`.

use crate::corpora::Corpus;
use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use std::path::Path;

/// An epoch. UARs and accuracies are shares, of each clip's last 3 s of voice; an empty field was not judged.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EpochLog {
    /// From 1.
    pub epoch: usize,
    /// Of its last step.
    pub learning_rate: f64,
    /// Mean over the training's augmented examples.
    pub loss: f64,
    /// That it took, with the judging.
    pub seconds: f64,
    /// Mean negative log-likelihood of the validation's clips.
    pub validation_loss: Option<f64>,
    /// UAR of the validation's mix.
    pub validation_uar: Option<f64>,
    /// Mean negative log-likelihood of the test's clips.
    pub test_loss: Option<f64>,
    /// UAR of CREMA-D in the test.
    pub crema_d_uar: Option<f64>,
    /// UAR of RAVDESS speech in the test.
    pub ravdess_speech_uar: Option<f64>,
    /// UAR of RAVDESS song in the test.
    pub ravdess_song_uar: Option<f64>,
    /// UAR of SAVEE in the test.
    pub savee_uar: Option<f64>,
    /// UAR of TESS in the test.
    pub tess_uar: Option<f64>,
    /// UAR of all the test's clips.
    pub mix_uar: Option<f64>,
    /// Share of all the test's clips that were recognised.
    pub mix_accuracy: Option<f64>,
}

impl EpochLog {
    /// The UAR of each set of the test that was judged, by name.
    #[must_use]
    pub fn test_uars(&self) -> Vec<(&'static str, f64)> {
        let uars = [
            self.crema_d_uar,
            self.ravdess_speech_uar,
            self.ravdess_song_uar,
            self.savee_uar,
            self.tess_uar,
        ];
        let pairs = Corpus::ALL.into_iter().zip(uars);
        pairs
            .filter_map(|(corpus, uar)| Some((corpus.name(), uar?)))
            .collect()
    }
}

/// Reads a log; an empty one if there is none.
///
/// # Errors
///
/// If a line does not fit.
pub fn read(path: &Path) -> Result<Vec<EpochLog>> {
    if !path.exists() {
        return Ok(Vec::new());
    }
    let epochs = csv::Reader::from_path(path)
        .and_then(|mut reader| reader.deserialize().collect::<Result<_, _>>());
    epochs.with_context(|| format!("the log {} does not fit", path.display()))
}

/// Writes a log over the one before.
///
/// # Errors
///
/// If the file cannot be written.
pub fn write(path: &Path, epochs: &[EpochLog]) -> Result<()> {
    let mut bytes = Vec::new();
    let mut writer = csv::Writer::from_writer(&mut bytes);
    for epoch in epochs {
        writer.serialize(epoch)?;
    }
    writer.flush()?;
    drop(writer);
    crate::files::replace(path, &bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_survives_its_file() {
        let path = std::env::temp_dir().join(format!("pathos-log-{}.csv", std::process::id()));
        assert_eq!(read(&path).unwrap(), []);
        let epoch = EpochLog {
            epoch: 1,
            learning_rate: 1e-3,
            loss: 1.5,
            seconds: 20.25,
            validation_loss: None,
            validation_uar: None,
            test_loss: Some(1.25),
            crema_d_uar: Some(0.5),
            ravdess_speech_uar: None,
            ravdess_song_uar: None,
            savee_uar: Some(0.25),
            tess_uar: None,
            mix_uar: Some(0.3),
            mix_accuracy: Some(0.4),
        };
        let log = [epoch.clone(), EpochLog { epoch: 2, ..epoch }];
        write(&path, &log).unwrap();
        assert_eq!(read(&path).unwrap(), log);
        assert_eq!(log[0].test_uars(), [("CREMA-D", 0.5), ("SAVEE", 0.25)]);
        std::fs::write(&path, "epoch,loss\n1,2\n").unwrap();
        assert!(format!("{:#}", read(&path).unwrap_err()).contains("pathos-log"));
        std::fs::remove_file(path).unwrap();
    }
}
