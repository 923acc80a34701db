//! The batch tool says of a file what the plugin says of the same sound: they are the same code.

use pathos_analysis::{Ballistics, Emotion, Estimate, HOP_SECONDS, Model, Times};
use pathos_tests::{
    host::{Format, Setup},
    outputs::{self, EMOTIONS, SMOOTHING},
    play::{Player, Recording},
    voice::{self, EVEN},
};
use pathos_trainer::predict;
use std::sync::Arc;

const RATE_HZ: f64 = 48_000.0;
/// The shortest smoothing.
const TIMES: Times = Times {
    attack_ms: 50.0,
    hold_ms: 0.0,
    release_ms: 50.0,
};
/// The values follow an estimate this long after its moment.
const SETTLING_SECONDS: f64 = 0.03;
/// A host is told of changes of 1 % or more, and of a value below half of that as rest.
const TOLERANCE: f64 = 0.0151;

fn sound() -> Vec<f32> {
    let mut sound = voice::speak(EVEN, RATE_HZ, 5.0);
    sound.extend(voice::silence(RATE_HZ, 1.5));
    sound.extend(voice::speak(EVEN, RATE_HZ, 3.0));
    sound
}

fn render(format: Format, sound: &[f32]) -> Recording {
    let mut plugin = format.open().unwrap();
    plugin.set_while_idle(outputs::parameter_id(SMOOTHING), 0.0);
    plugin.activate(Setup::offline(RATE_HZ)).unwrap();
    let mut player = Player::new(&mut *plugin, RATE_HZ);
    player.play(&[sound, sound]).unwrap()
}

/// The emotions that the plugin shows half a hop after each estimate.
fn expected(estimates: &[Estimate]) -> Vec<[f64; Emotion::COUNT]> {
    let mut ballistics: [Ballistics; Emotion::COUNT] =
        std::array::from_fn(|_| Ballistics::new(TIMES, RATE_HZ));
    let samples = |seconds: f64| (seconds * RATE_HZ) as u64;
    let mut before = [0.0; Emotion::COUNT];
    let mut rows = Vec::new();
    for estimate in estimates {
        let targets = if estimate.state.has_values() {
            estimate.probabilities
        } else {
            [0.0; Emotion::COUNT]
        };
        let mut row = [0.0; Emotion::COUNT];
        for (place, own) in ballistics.iter_mut().enumerate() {
            // From half a hop after the last estimate until this one counts, and from then to half a hop after it.
            own.advance(before[place], samples(HOP_SECONDS / 2.0 + SETTLING_SECONDS));
            let value = own.advance(
                targets[place],
                samples(HOP_SECONDS / 2.0 - SETTLING_SECONDS),
            );
            row[place] = f64::from(value);
        }
        before = targets;
        rows.push(row);
    }
    rows
}

fn the_plugin_and_the_batch_tool_agree(format: Format) {
    let sound = sound();
    let model = Arc::new(Model::from_bytes(pathos_models::PATHOS).unwrap());
    let estimates = predict::estimates(&model, &sound, RATE_HZ).unwrap();
    assert!(
        estimates
            .iter()
            .filter(|hop| hop.state.has_values())
            .count()
            > 20
    );
    let recording = render(format, &sound);
    for (estimate, row) in estimates.iter().zip(expected(&estimates)) {
        let seconds = estimate.position as f64 / RATE_HZ + HOP_SECONDS / 2.0;
        if (seconds + 0.03) * RATE_HZ >= sound.len() as f64 {
            break;
        }
        for (place, expected) in row.into_iter().enumerate() {
            // A host hears of it in the block in which it is told, or the next.
            let found = recording.lanes.value_at(place, seconds + 0.03);
            assert!(
                (found - expected).abs() <= TOLERANCE,
                "{format}: {} at {seconds} s is {found}, and {expected} by the batch tool",
                EMOTIONS[place]
            );
        }
    }
}

#[test]
fn the_plugin_and_the_batch_tool_agree_in_clap() {
    the_plugin_and_the_batch_tool_agree(Format::Clap);
}

#[test]
fn the_plugin_and_the_batch_tool_agree_in_vst3() {
    the_plugin_and_the_batch_tool_agree(Format::Vst3);
}
