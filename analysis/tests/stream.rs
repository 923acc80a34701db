//! What a stream may rely on: blocks do not matter, bad samples do no harm, the voice state follows the voice.

use pathos_analysis::{Analyzer, Estimate, HOP_SECONDS, Model, VoiceState};
use std::{f32::consts::TAU, sync::Arc};

fn model() -> Arc<Model> {
    Arc::new(Model::from_bytes(pathos_models::PATHOS).expect("the embedded model loads"))
}

/// A sung note of changing pitch and loudness: a harmonic series through a fixed pair of resonances.
fn voice(rate_hz: f32, seconds: f32) -> Vec<f32> {
    let mut phase = 0.0f32;
    (0..(rate_hz * seconds) as usize)
        .map(|n| {
            let time = n as f32 / rate_hz;
            let f0_hz = 180.0 + 25.0 * (TAU * 0.7 * time).sin() + 5.0 * (TAU * 5.5 * time).sin();
            phase = (phase + f0_hz / rate_hz).fract();
            let harmonics = (1..16).map(|k| {
                let hz = f0_hz * k as f32;
                let formants = 1.0 / (1.0 + ((hz - 600.0) / 150.0).powi(2))
                    + 0.6 / (1.0 + ((hz - 1400.0) / 200.0).powi(2));
                formants * (TAU * phase * k as f32).sin()
            });
            0.2 * (0.6 + 0.4 * (TAU * 3.0 * time).sin()) * harmonics.sum::<f32>()
        })
        .collect()
}

fn estimates_in_blocks(analyzer: &mut Analyzer, samples: &[f32], block: usize) -> Vec<Estimate> {
    let mut estimates = Vec::new();
    for block in samples.chunks(block) {
        analyzer.push(block, &mut |estimate| estimates.push(estimate));
    }
    estimates
}

fn estimates(rate_hz: f64, samples: &[f32]) -> Vec<Estimate> {
    let mut analyzer = Analyzer::new(model(), rate_hz).unwrap();
    estimates_in_blocks(&mut analyzer, samples, samples.len().max(1))
}

#[test]
fn blocks_do_not_matter() {
    for rate_hz in [8_000.0, 16_000.0, 44_100.0, 48_000.0] {
        let samples = voice(rate_hz as f32, 4.3);
        let whole = estimates(rate_hz, &samples);
        assert!(whole.len() >= 16);
        for block in [1, 7, 64, 480, 4096] {
            let mut analyzer = Analyzer::new(model(), rate_hz).unwrap();
            let parts = estimates_in_blocks(&mut analyzer, &samples, block);
            assert_eq!(parts, whole, "at {rate_hz} Hz in blocks of {block}");
            analyzer.reset();
            let again = estimates_in_blocks(&mut analyzer, &samples, block);
            assert_eq!(again, whole, "at {rate_hz} Hz after a reset");
        }
    }
}

#[test]
fn positions_lie_on_the_grid_of_the_input() {
    for rate_hz in [8_000.0, 11_025.0, 44_100.0, 384_000.0] {
        let got = estimates(rate_hz, &voice(rate_hz as f32, 1.6));
        let positions: Vec<u64> = got.iter().map(|estimate| estimate.position).collect();
        let expected: Vec<u64> = (1..=6)
            .map(|hop| (f64::from(hop) * HOP_SECONDS * rate_hz).round() as u64)
            .collect();
        assert_eq!(positions, expected, "at {rate_hz} Hz");
    }
}

#[test]
fn another_hop_asks_more_often_and_hears_the_same() {
    let sound = voice(48_000.0, 3.0);
    let usual = estimates(48_000.0, &sound);
    let mut analyzer = Analyzer::new(model(), 48_000.0).unwrap();
    analyzer.set_hop_seconds(0.125);
    analyzer.reset();
    let mut short = Vec::new();
    analyzer.push(&sound, &mut |estimate| short.push(estimate));
    assert!(short.len() >= 2 * usual.len());
    let mut compared = 0;
    for estimate in &usual {
        let same = short.iter().find(|own| own.position == estimate.position);
        if estimate.state.has_values() {
            assert_eq!(same.unwrap().probabilities, estimate.probabilities);
            compared += 1;
        }
    }
    assert!(compared > 4 || usual.iter().all(|estimate| estimate.voice < 0.5));
}

#[test]
fn the_state_follows_the_voice() {
    let mut samples = vec![0.0; 48_000];
    samples.extend(voice(48_000.0, 3.0));
    samples.extend(vec![0.0; 3 * 48_000]);
    samples.extend(voice(48_000.0, 1.0));
    let got = estimates(48_000.0, &samples);
    let state_at = |seconds: f64| {
        let position = (seconds * 48_000.0).round() as u64;
        got.iter().find(|e| e.position == position).unwrap().state
    };
    assert_eq!(state_at(1.0), VoiceState::NoVoice);
    assert_eq!(state_at(1.5), VoiceState::Gathering);
    assert!(got.iter().any(|e| e.state.has_values()) || got.iter().all(|e| e.voice < 0.5));
    assert_eq!(state_at(6.5), VoiceState::NoVoice);
    // The long pause has emptied the window: the new phrase has to be heard for a while first.
    assert_eq!(state_at(7.5), VoiceState::Gathering);

    for estimate in &got {
        let sum: f32 = estimate.probabilities.iter().sum();
        assert!((sum - 1.0).abs() < 1e-5);
        for value in [estimate.voice, estimate.confidence] {
            assert!((0.0..=1.0).contains(&value));
        }
        for value in [estimate.valence, estimate.arousal] {
            assert!((-1.0..=1.0).contains(&value));
        }
    }
}

#[test]
fn bad_samples_are_heard_as_silence() {
    let clean = voice(48_000.0, 3.0);
    let (mut bad, mut zeroed) = (clean.clone(), clean);
    for (n, fault) in [
        (1_000, f32::NAN),
        (2_000, f32::INFINITY),
        (3_000, f32::NEG_INFINITY),
        (60_000, f32::MAX),
        (60_001, -1e30),
    ] {
        bad[n] = fault;
        zeroed[n] = 0.0;
    }
    assert_eq!(estimates(48_000.0, &bad), estimates(48_000.0, &zeroed));
    let faults = estimates(48_000.0, &vec![f32::NAN; 96_000]);
    assert!(faults.iter().all(|e| e.state == VoiceState::NoVoice));
}

#[test]
fn silence_has_no_values() {
    for estimate in estimates(44_100.0, &vec![0.0; 5 * 44_100]) {
        assert_eq!(estimate.state, VoiceState::NoVoice);
        assert_eq!(estimate.voice, 0.0);
        assert_eq!((estimate.valence, estimate.arousal), (0.0, 0.0));
    }
}

#[test]
fn nothing_in_nothing_out() {
    assert_eq!(estimates(48_000.0, &[]), []);
}
