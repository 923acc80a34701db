//! The ten outputs reach a host with the editor closed: they move with a voice, rest without one, and obey nobody else.

use pathos_tests::host::{Change, Format, Setup};
use pathos_tests::lanes::Lanes;
use pathos_tests::outputs::{
    self, EMOTIONS, OUTPUTS, SMOOTHING, is_bipolar, parameter_id, values_now,
};
use pathos_tests::play::{Player, Recording};
use pathos_tests::voice::{self, EVEN, EXCITED};
use std::collections::HashMap;
use std::time::{Duration, Instant};

pathos_tests::in_both_formats!(
    parameters_are_as_promised,
    texts_are_for_people,
    move_with_a_voice_and_settle_when_it_stops,
    move_and_settle_in_real_time,
    silence_moves_nothing,
    two_renders_are_equal,
    blocks_do_not_matter,
    events_are_sparse,
    host_writes_are_ignored,
    a_jump_of_the_playhead_is_a_new_start,
);

const RATE_HZ: f64 = 48_000.0;

/// Four seconds of voice and six of rest.
fn voice_then_rest() -> Vec<f32> {
    let mut sound = voice::speak(EVEN, RATE_HZ, 4.0);
    sound.extend(voice::silence(RATE_HZ, 6.0));
    sound
}

fn render(format: Format, blocks: &[usize], sound: &[f32]) -> Recording {
    let mut plugin = format.open().unwrap();
    plugin.activate(Setup::offline(RATE_HZ)).unwrap();
    Player {
        blocks,
        ..Player::new(&mut *plugin, RATE_HZ)
    }
    .play(&[sound, sound])
    .unwrap()
}

fn emotions_at(lanes: &Lanes, seconds: f64) -> [f64; EMOTIONS.len()] {
    std::array::from_fn(|place| lanes.value_at(place, seconds))
}

fn parameters_are_as_promised(format: Format) {
    let mut plugin = format.open().unwrap();
    for (place, name) in OUTPUTS.iter().enumerate() {
        let parameter = outputs::parameter(&mut *plugin, name).unwrap();
        // Read-only parameters cannot be recorded in some hosts, and modulated outputs make no sense.
        assert!(
            parameter.automatable && !parameter.read_only && !parameter.modulatable,
            "{format}: {parameter:?}"
        );
        let rest = if is_bipolar(place) { 0.5 } else { 0.0 };
        assert_eq!(parameter.default, rest, "{format}: {parameter:?}");
        assert_eq!(
            parameter.name.to_lowercase(),
            *name,
            "{format}: {parameter:?}"
        );
    }
    outputs::parameter(&mut *plugin, SMOOTHING).unwrap();
    let ids: Vec<u32> = plugin
        .parameters()
        .iter()
        .map(|parameter| parameter.id)
        .collect();
    let distinct: std::collections::HashSet<_> = ids.iter().collect();
    assert_eq!(distinct.len(), ids.len(), "{format}: ids {ids:?}");
}

fn texts_are_for_people(format: Format) {
    let mut plugin = format.open().unwrap();
    assert_eq!(plugin.text(parameter_id("angry"), 0.37), "37 %");
    assert_eq!(plugin.text(parameter_id("voice"), 1.0), "100 %");
    assert_eq!(plugin.text(parameter_id("valence"), 0.375), "-0.25");
}

fn move_with_a_voice_and_settle_when_it_stops(format: Format) {
    let Recording { lanes, .. } = render(format, &[512], &voice_then_rest());
    assert_eq!(
        emotions_at(&lanes, 0.5),
        [0.0; 7],
        "{format}: values before 0.75 s of voice"
    );
    let during = emotions_at(&lanes, 3.9);
    let sum: f64 = during.iter().sum();
    assert!(
        (0.9..=1.1).contains(&sum),
        "{format}: the seven sum to {sum} while a voice sounds: {during:?}"
    );
    let voice = lanes.value_at(9, 2.0);
    assert!(voice > 0.5, "{format}: voice is {voice} while one sounds");
    assert_eq!(
        lanes.last(),
        [0.0; 10],
        "{format}: six seconds after the voice the outputs are not at rest"
    );
}

fn move_and_settle_in_real_time(format: Format) {
    const PATIENCE: Duration = Duration::from_secs(90);
    // Faster than sound, but with time for the worker of a busy machine.
    const PACE: f64 = 4.0;
    let mut plugin = format.open().unwrap();
    plugin.activate(Setup::realtime(RATE_HZ)).unwrap();
    let started = Instant::now();
    let mut play = |sound: &[f32], done: &dyn Fn(&[f64; 10]) -> bool| -> bool {
        let mut reached = false;
        while !reached && started.elapsed() < PATIENCE {
            Player {
                pace: Some(PACE),
                ..Player::new(&mut *plugin, RATE_HZ)
            }
            .play_while(&[sound, sound], |lanes| {
                reached = done(&lanes.last());
                !reached && started.elapsed() < PATIENCE
            })
            .unwrap();
        }
        reached
    };
    assert!(
        play(&voice::speak(EVEN, RATE_HZ, 3.0), &|values| values[..7]
            .iter()
            .sum::<f64>()
            > 0.8),
        "{format}: no values while a voice plays"
    );
    assert!(
        play(&voice::silence(RATE_HZ, 1.0), &|values| *values
            == [0.0; 10]),
        "{format}: the outputs do not come to rest in silence"
    );
}

fn silence_moves_nothing(format: Format) {
    let recording = render(format, &[512], &voice::silence(RATE_HZ, 3.0));
    assert_eq!(recording.changes, [], "{format}");
}

fn two_renders_are_equal(format: Format) {
    let sound = voice_then_rest();
    let [once, again] = [(); 2].map(|()| render(format, &[512], &sound));
    assert!(!once.changes.is_empty());
    assert_eq!(once.changes, again.changes, "{format}");
}

fn blocks_do_not_matter(format: Format) {
    let sound = voice_then_rest();
    let reference = render(format, &[512], &sound);
    for blocks in [&[64_usize][..], &[4096], &[16_384], &[1, 480, 0, 7, 2048]] {
        let other = render(format, blocks, &sound);
        for (place, name) in OUTPUTS.iter().enumerate() {
            for quarter in 4..40 {
                // A large block tells of a value up to its own length and a hop later; and small blocks hear of an
                // estimate some milliseconds late, which is the tolerance.
                let seconds = 0.25 * f64::from(quarter);
                let nearest = (-5..=1)
                    .map(|shift| {
                        reference
                            .lanes
                            .value_at(place, seconds + 0.125 * f64::from(shift))
                    })
                    .map(|value| (value - other.lanes.value_at(place, seconds)).abs())
                    .fold(f64::INFINITY, f64::min);
                assert!(
                    nearest < 0.08,
                    "{format}: {name} at {seconds} s differs by {nearest} with blocks {blocks:?}"
                );
            }
        }
    }
}

fn events_are_sparse(format: Format) {
    let recording = render(format, &[64], &voice_then_rest());
    let mut last: HashMap<u32, (u64, f64)> = HashMap::new();
    for (frame, change) in &recording.changes {
        let name = outputs::place_of(change.id).map_or("no output", |place| OUTPUTS[place]);
        assert_ne!(name, "no output", "{format}: {change:?}");
        if let Some((before, value)) = last.insert(change.id, (*frame, change.value)) {
            let apart = (frame - before) as f64 / RATE_HZ;
            assert!(
                apart > 0.24,
                "{format}: {name} was sent twice within {apart} s"
            );
            assert_ne!(
                value, change.value,
                "{format}: {name} was sent without a change"
            );
        }
    }
}

fn host_writes_are_ignored(format: Format) {
    let mut plugin = format.open().unwrap();
    let rest = values_now(&mut *plugin);
    assert_eq!(rest, [0.0; 10]);
    for name in OUTPUTS {
        let sent = plugin.set_while_idle(parameter_id(name), 0.9);
        assert_eq!(sent, [], "{format}, inactive: {name} was sent back");
    }
    assert_eq!(
        values_now(&mut *plugin),
        rest,
        "{format}: written while inactive"
    );

    plugin.activate(Setup::realtime(RATE_HZ)).unwrap();
    for name in OUTPUTS {
        plugin.set_while_idle(parameter_id(name), 0.9);
    }
    assert_eq!(
        values_now(&mut *plugin),
        rest,
        "{format}: written while active"
    );

    let writes: Vec<Change> = OUTPUTS
        .iter()
        .map(|name| Change {
            id: parameter_id(name),
            frame: 3,
            value: 0.9,
        })
        .collect();
    let silence = [0.0; 256];
    let sent = plugin
        .process(&[&silence, &silence], &mut Vec::new(), &writes, None)
        .unwrap();
    assert_eq!(sent, [], "{format}: an answer to a write");
    assert_eq!(
        values_now(&mut *plugin),
        rest,
        "{format}: written while processing"
    );
}

fn a_jump_of_the_playhead_is_a_new_start(format: Format) {
    let mut plugin = format.open().unwrap();
    plugin.activate(Setup::offline(RATE_HZ)).unwrap();
    let voice = voice::speak(EXCITED, RATE_HZ, 3.0);
    let mut play = |position: u64, sound: &[f32]| {
        Player {
            position: Some(position),
            ..Player::new(&mut *plugin, RATE_HZ)
        }
        .play(&[sound, sound])
        .unwrap()
        .lanes
    };
    let before = play(0, &voice).last();
    assert!(
        before[..7].iter().sum::<f64>() > 0.8,
        "{format}: {before:?}"
    );
    // On from there: the voice is known already, and its values go on.
    let on = play(voice.len() as u64, &voice[..24_000]).last();
    assert!(on[..7].iter().sum::<f64>() > 0.8, "{format}: {on:?}");
    // From elsewhere: nothing is known until there was enough of the new voice.
    let after = play(40 * 48_000, &voice[..33_600]).last();
    let left: f64 = after[..7].iter().sum();
    assert!(
        left < 0.5,
        "{format}: 0.7 s after a jump the old values still stand: {after:?}"
    );
}
