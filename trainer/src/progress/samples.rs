//! A made-up run for the tests.

use crate::{corpora::Corpus, facts::RunFacts, log::EpochLog};

/// A run on four corpora.
pub(crate) fn facts() -> RunFacts {
    RunFacts {
        commit: "0123abc".to_owned(),
        data_hash: "00".to_owned(),
        seed: 1,
        split_seed: 1,
        corpora: Corpus::ALL.map(|corpus| corpus.name().to_owned()).into(),
        training: 7040,
        validation: 800,
        test: 1200,
        refused: 0,
        parameters: 112_345,
        macs: 9_140_000,
        device: "CPU".to_owned(),
        tuned_from: None,
    }
}

/// An epoch of 80 s (from 1) whose losses fall and whose UARs rise.
pub(super) fn epoch(epoch: usize) -> EpochLog {
    let learned = 1.0 - (-0.1 * epoch as f64).exp();
    let uar = |most: f64| Some(0.14 + (most - 0.14) * learned);
    EpochLog {
        epoch,
        learning_rate: 1e-3 / epoch as f64,
        loss: 1.95 - learned,
        seconds: 80.0,
        validation_loss: Some(1.95 - 0.8 * learned),
        validation_uar: uar(0.60),
        test_loss: Some(1.95 - 0.7 * learned),
        crema_d_uar: uar(0.62),
        ravdess_speech_uar: uar(0.54),
        ravdess_song_uar: uar(0.58),
        savee_uar: uar(0.46),
        tess_uar: uar(0.70),
        mix_uar: uar(0.56),
        mix_accuracy: uar(0.57),
    }
}
