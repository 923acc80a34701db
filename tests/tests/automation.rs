//! The ways out of the plugin: gestures, MIDI, CV, OSC; and what changes them: lookahead, freeze, learning.

use pathos_tests::{
    bundles,
    host::{Change, Format, Gesture, PluginHost, Setup},
    in_both_formats,
    outputs::{self, OUTPUTS, parameter_id, place_of},
    play::{Player, Recording},
    voice::{self, EXCITED},
    vst3_host::Vst3Host,
};
use rosc::{OscPacket, OscType};
use std::{net::UdpSocket, time::Duration};

const RATE_HZ: f64 = 48_000.0;

in_both_formats!(
    live_values_are_no_edits,
    off_is_silent,
    write_is_one_gesture_a_pass,
    controllers_follow_the_values,
    nothing_is_sent_while_nothing_sounds,
    cv_follows_the_values,
    cv_in_mono,
    osc_carries_every_hop,
    an_unreachable_target_costs_nothing,
    lookahead_delays_the_sound_and_not_the_values,
    a_new_lookahead_is_told,
    frozen_values_stay,
    the_maximum_is_the_highest_value,
    a_voice_is_learned_and_kept,
);

fn sound() -> Vec<f32> {
    let mut sound = voice::speak(EXCITED, RATE_HZ, 3.0);
    sound.extend(voice::silence(RATE_HZ, 4.0));
    sound
}

/// An active plugin with some parameters set, from 0 to 1.
fn plugin(format: Format, settings: &[(&str, f64)], setup: Setup) -> Box<dyn PluginHost> {
    let mut plugin = format.open().unwrap();
    set(&mut *plugin, settings);
    plugin.activate(setup).unwrap();
    plugin
}

fn set(plugin: &mut dyn PluginHost, settings: &[(&str, f64)]) {
    for (id, value) in settings {
        outputs::parameter(plugin, id).unwrap();
        plugin.set_while_idle(parameter_id(id), *value);
    }
}

fn play(plugin: &mut dyn PluginHost, sound: &[f32], position: Option<u64>) -> Recording {
    Player {
        position,
        ..Player::new(plugin, RATE_HZ)
    }
    .play(&[sound, sound])
    .unwrap()
}

/// Sets a parameter as hosts do while the plugin processes.
fn set_live(plugin: &mut dyn PluginHost, id: &str, value: f64) {
    let change = Change {
        id: parameter_id(id),
        frame: 0,
        value,
    };
    let silence = [0.0; 64];
    plugin
        .process(&[&silence, &silence], &mut Vec::new(), &[change], None)
        .unwrap();
    plugin.idle();
}

const LIVE: f64 = 0.5;
const WRITE: f64 = 1.0;

fn live_values_are_no_edits(format: Format) {
    let settings = [("host_updates", LIVE)];
    let mut plugin = plugin(format, &settings, Setup::offline(RATE_HZ));
    let recording = play(&mut *plugin, &sound(), Some(0));
    assert!(!recording.changes.is_empty(), "{format}");
    assert_eq!(recording.heard.gestures, [], "{format}");
    assert_eq!(
        recording.heard.written,
        [],
        "{format}: values to be recorded"
    );
}

fn off_is_silent(format: Format) {
    let settings = [("host_updates", 0.0)];
    let mut plugin = plugin(format, &settings, Setup::offline(RATE_HZ));
    let recording = play(&mut *plugin, &sound(), Some(0));
    assert_eq!(recording.changes, [], "{format}");
    assert_eq!(recording.heard.gestures, [], "{format}");
    assert_eq!(recording.heard.written, [], "{format}");
}

fn write_is_one_gesture_a_pass(format: Format) {
    let settings = [("host_updates", WRITE)];
    let mut plugin = plugin(format, &settings, Setup::offline(RATE_HZ));
    for pass in 0..2 {
        let heard = play(&mut *plugin, &sound(), Some(pass * 480_000)).heard;
        let begins = |gesture: &&Gesture| gesture.begins;
        assert_eq!(heard.gestures.iter().filter(begins).count(), 10, "{format}");
        assert_eq!(heard.gestures.len(), 10, "{format}: none has ended yet");
        assert!(
            heard.written.len() > 50,
            "{format}: {} values",
            heard.written.len()
        );
        for (place, name) in OUTPUTS.iter().enumerate() {
            let mut own = heard
                .written
                .iter()
                .filter(|change| place_of(change.id) == Some(place));
            assert!(own.next().is_some(), "{format}: {name} has no value");
        }
        let silence = vec![0.0; 1024];
        let stopped = play(&mut *plugin, &silence, None).heard;
        assert_eq!(
            stopped.gestures.len(),
            10,
            "{format}: {:?}",
            stopped.gestures
        );
        assert!(
            stopped.gestures.iter().all(|gesture| !gesture.begins),
            "{format}"
        );
        assert_eq!(heard.wrong_threads + stopped.wrong_threads, 0, "{format}");
    }
}

/// VST3 hosts on Linux that lend no run loop.
mod without_a_run_loop {
    use super::*;

    fn plugin(settings: &[(&str, f64)]) -> Vst3Host {
        let library = bundles::vst3_library().unwrap();
        let mut plugin = Vst3Host::open_with(&library, false).unwrap();
        set(&mut plugin, settings);
        plugin.activate(Setup::offline(RATE_HZ)).unwrap();
        plugin
    }

    #[test]
    #[cfg_attr(not(target_os = "linux"), ignore = "elsewhere there is an event loop")]
    fn write_falls_back_to_plain_changes() {
        let mut plugin = plugin(&[("host_updates", WRITE)]);
        let recording = play(&mut plugin, &sound(), Some(0));
        assert!(!recording.changes.is_empty());
        assert_eq!(recording.heard.gestures, []);
        assert_eq!(recording.heard.wrong_threads, 0);
    }

    #[test]
    #[cfg_attr(not(target_os = "linux"), ignore = "elsewhere there is an event loop")]
    fn gestures_come_from_the_audio_thread_if_the_user_wants_it() {
        let mut plugin = plugin(&[("host_updates", WRITE), ("edits_from_audio", 1.0)]);
        let heard = play(&mut plugin, &sound(), Some(0)).heard;
        assert_eq!(heard.gestures.len(), 10);
        assert!(heard.written.len() > 50);
        assert_eq!(
            heard.wrong_threads,
            heard.gestures.len() + heard.written.len()
        );
    }
}

fn controllers_follow_the_values(format: Format) {
    let settings = [("midi", 1.0), ("smoothing", 0.0)];
    let mut plugin = plugin(format, &settings, Setup::offline(RATE_HZ));
    let recording = play(&mut *plugin, &sound(), None);
    let controllers = &recording.heard.controllers;
    assert!(controllers.len() > 50, "{format}: {}", controllers.len());
    for (place, name) in OUTPUTS.iter().enumerate() {
        let number = 70 + place as u8;
        let own: Vec<u8> = controllers
            .iter()
            .filter(|controller| controller.number == number && controller.channel == 0)
            .map(|controller| controller.value)
            .collect();
        assert!(
            own.windows(2).all(|pair| pair[0] != pair[1]),
            "{format}: {name} {own:?}"
        );
        let lane = recording
            .changes
            .iter()
            .filter(|(_, change)| place_of(change.id) == Some(place));
        let highest = lane.map(|(_, change)| change.value).fold(0.0, f64::max);
        let sent = own
            .iter()
            .max()
            .map_or(0.0, |value| f64::from(*value) / 127.0);
        assert!(
            (sent - highest).abs() < 0.02,
            "{format}: {name} {sent} {highest}"
        );
        let rest = if (7..9).contains(&place) { 64 } else { 0 };
        assert_eq!(own.last(), Some(&rest), "{format}: {name} comes to rest");
    }
}

fn nothing_is_sent_while_nothing_sounds(format: Format) {
    // A range that does not begin at 0 puts the values elsewhere at rest.
    let settings = [("midi", 1.0), ("minimum", 0.3)];
    let mut plugin = plugin(format, &settings, Setup::offline(RATE_HZ));
    let recording = play(&mut *plugin, &voice::silence(RATE_HZ, 3.0), None);
    assert_eq!(recording.changes, [], "{format}");
    assert_eq!(recording.heard.controllers, [], "{format}");
}

fn cv(format: Format, channels: usize) -> Recording {
    let setup = Setup {
        cv: true,
        channels,
        ..Setup::offline(RATE_HZ)
    };
    let mut plugin = plugin(format, &[("cv", 1.0), ("smoothing", 0.0)], setup);
    let sound = sound();
    let sound = vec![&sound[..]; channels];
    Player {
        blocks: &[512, 64, 7],
        ..Player::new(&mut *plugin, RATE_HZ)
    }
    .play(&sound)
    .unwrap()
}

fn cv_follows_the_values(format: Format) {
    let recording = cv(format, 2);
    assert_eq!(
        recording.audio[0],
        sound(),
        "{format}: the sound is as it was"
    );
    assert_eq!(recording.heard.cv.len(), 10, "{format}");
    for (place, lane) in recording.heard.cv.iter().enumerate() {
        let name = OUTPUTS[place];
        assert_eq!(lane.len(), sound().len(), "{format}: {name}");
        let steepest = lane
            .windows(2)
            .map(|pair| (pair[1] - pair[0]).abs())
            .fold(0.0, f32::max);
        assert!(steepest < 0.002, "{format}: {name} steps by {steepest}");
        for quarter in 4..28 {
            let seconds = 0.25 * f64::from(quarter) - 0.05;
            let value = recording.lanes.value_at(place, seconds);
            // A lane is told of a value once a hop; CV is where the value is now.
            let around = &lane[((seconds - 0.3) * RATE_HZ) as usize..(seconds * RATE_HZ) as usize];
            let nearest = around.iter().map(|cv| (f64::from(*cv) - value).abs());
            let nearest = nearest.fold(f64::INFINITY, f64::min);
            assert!(
                nearest < 0.03,
                "{format}: {name} at {seconds} s is {nearest} away"
            );
        }
        assert!(
            lane[lane.len() - 1].abs() < 0.01,
            "{format}: {name} comes to rest"
        );
    }
}

fn cv_in_mono(format: Format) {
    let (mono, stereo) = (cv(format, 1), cv(format, 2));
    assert_eq!(mono.audio.len(), 1);
    assert_eq!(mono.heard.cv, stereo.heard.cv, "{format}");
}

#[test]
fn vst3_cv_buses_are_there_if_wanted_and_then_off() {
    use pathos_tests::vst3_host::{CONTROL_VOLTAGE, DEFAULT_ACTIVE};
    let mut plugin = Vst3Host::open(&bundles::vst3_library().unwrap()).unwrap();
    assert_eq!(plugin.output_bus(0), Some((DEFAULT_ACTIVE, 2)));
    assert_eq!(
        plugin.output_bus(1),
        None,
        "plain stereo for who wants no more"
    );
    plugin.set_while_idle(parameter_id("cv"), 1.0);
    assert_eq!(plugin.heard().bus_changes, 1);
    for bus in 1..=10 {
        assert_eq!(plugin.output_bus(bus), Some((CONTROL_VOLTAGE, 1)));
    }
    assert_eq!(plugin.output_bus(11), None);
}

/// A state with one text in the place of another. In CLAP its length comes first.
fn with_text(state: &[u8], text: &str, other: &str) -> Vec<u8> {
    let start = state.iter().position(|&byte| byte == b'{').unwrap();
    let json = String::from_utf8(state[start..].to_vec()).unwrap();
    assert!(json.contains(text), "{json}");
    let json = json.replace(text, other).into_bytes();
    let length = (json.len() as u64).to_le_bytes();
    let prefix = if start == 0 { &[][..] } else { &length };
    [prefix, &json].concat()
}

/// A plugin whose project sends OSC to an address.
fn with_osc(format: Format, address: &str) -> Box<dyn PluginHost> {
    let mut plugin = format.open().unwrap();
    set(&mut *plugin, &[("osc", 1.0)]);
    let state = plugin.save().unwrap();
    plugin
        .load(&with_text(&state, "127.0.0.1:9000", address))
        .unwrap();
    plugin.activate(Setup::offline(RATE_HZ)).unwrap();
    plugin
}

fn osc_carries_every_hop(format: Format) {
    let receiver = UdpSocket::bind("127.0.0.1:0").unwrap();
    receiver
        .set_read_timeout(Some(Duration::from_secs(10)))
        .unwrap();
    let mut plugin = with_osc(format, &receiver.local_addr().unwrap().to_string());
    let recording = play(&mut *plugin, &sound()[..144_000], None);
    // Half a hop after each hop, from the first at which something sounds.
    let mut loudest = [0.0f64; 10];
    for hop in 0.. {
        let mut bytes = [0; 2048];
        let count = match receiver.recv(&mut bytes) {
            Ok(count) => count,
            Err(_) if hop >= 11 => break,
            Err(error) => panic!("{format}: hop {hop}: {error}"),
        };
        if hop == 10 {
            let short = Duration::from_millis(500);
            receiver.set_read_timeout(Some(short)).unwrap();
        }
        let (_, packet) = rosc::decoder::decode_udp(&bytes[..count]).unwrap();
        let OscPacket::Bundle(bundle) = packet else {
            panic!("{format}: {packet:?}");
        };
        assert_eq!(bundle.content.len(), 10, "{format}");
        for ((place, name), packet) in OUTPUTS.iter().enumerate().zip(bundle.content) {
            let OscPacket::Message(message) = packet else {
                panic!("{format}: {packet:?}");
            };
            let parts: Vec<&str> = message.addr.split('/').collect();
            assert_eq!((parts[1], parts[3]), ("pathos", *name), "{format}");
            let [OscType::Float(value)] = message.args[..] else {
                panic!("{format}: {:?}", message.args);
            };
            loudest[place] = loudest[place].max(f64::from(value));
        }
    }
    for place in 0..7 {
        let lane = recording
            .changes
            .iter()
            .filter(|(_, change)| place_of(change.id) == Some(place));
        let highest = lane.map(|(_, change)| change.value).fold(0.0, f64::max);
        assert!(
            (highest - loudest[place]).abs() < 0.02,
            "{format}: {} is {highest} at the most in the lane, {} by OSC",
            OUTPUTS[place],
            loudest[place]
        );
    }
}

fn an_unreachable_target_costs_nothing(format: Format) {
    let mut plugin = with_osc(format, "no.such.host.invalid:1");
    let bare = {
        let mut plugin = self::plugin(format, &[], Setup::offline(RATE_HZ));
        play(&mut *plugin, &sound(), None)
    };
    let recording = play(&mut *plugin, &sound(), None);
    assert_eq!(recording.changes, bare.changes, "{format}");
    assert_eq!(recording.audio, bare.audio, "{format}");
}

/// The frame at which the first emotion has a value.
fn first_value(recording: &Recording) -> u64 {
    let emotions =
        |(_, change): &&(u64, Change)| place_of(change.id).is_some_and(|place| place < 7);
    recording.changes.iter().find(emotions).unwrap().0
}

fn lookahead_delays_the_sound_and_not_the_values(format: Format) {
    let at = |milliseconds: f64| {
        let settings = [("lookahead", milliseconds / 3000.0)];
        let mut plugin = plugin(format, &settings, Setup::offline(RATE_HZ));
        let latency = plugin.latency_frames() as usize;
        (latency, play(&mut *plugin, &sound(), None))
    };
    let (none, without) = at(0.0);
    let (latency, with) = at(750.0);
    assert_eq!((none, latency), (0, 36_000), "{format}");
    assert!(
        with.audio[0][..latency].iter().all(|sample| *sample == 0.0),
        "{format}"
    );
    assert_eq!(
        with.audio[0][latency..],
        sound()[..sound().len() - latency],
        "{format}"
    );
    assert_eq!(
        with.changes, without.changes,
        "{format}: the values come when they came"
    );
    // A host takes the latency off, so that the values lie that much earlier beside the sound that caused them.
    let onset = |recording: &Recording| {
        recording.audio[0]
            .iter()
            .position(|sample| *sample != 0.0)
            .unwrap() as u64
    };
    let late = first_value(&without) - onset(&without);
    let aligned = first_value(&with) - onset(&with);
    assert_eq!(late - aligned, latency as u64, "{format}");
    assert!(
        aligned < 24_000,
        "{format}: half a second instead of more than one: {aligned}"
    );
}

fn a_new_lookahead_is_told(format: Format) {
    let mut plugin = plugin(format, &[], Setup::offline(RATE_HZ));
    play(&mut *plugin, &sound()[..4800], None);
    set_live(&mut *plugin, "lookahead", 1.0);
    play(&mut *plugin, &sound()[..4800], None);
    assert_eq!(plugin.latency_frames(), 144_000, "{format}");
}

fn frozen_values_stay(format: Format) {
    let mut plugin = plugin(format, &[], Setup::offline(RATE_HZ));
    play(&mut *plugin, &sound()[..144_000], None);
    set_live(&mut *plugin, "freeze", 1.0);
    let silence = |seconds| voice::silence(RATE_HZ, seconds);
    let frozen = play(&mut *plugin, &silence(1.0), None).lanes.last();
    assert!(frozen[..7].iter().any(|value| *value > 0.1), "{format}");
    let later = play(&mut *plugin, &silence(5.0), None).lanes.last();
    assert_eq!(later, frozen, "{format}");
    set_live(&mut *plugin, "freeze", 0.0);
    let after = play(&mut *plugin, &voice::silence(RATE_HZ, 5.0), None);
    assert_eq!(after.lanes.last(), [0.0; 10], "{format}");
}

fn the_maximum_is_the_highest_value(format: Format) {
    let highest = |maximum: f64| -> f64 {
        let settings = [("maximum", maximum)];
        let mut plugin = plugin(format, &settings, Setup::offline(RATE_HZ));
        let recording = play(&mut *plugin, &sound(), None);
        recording
            .changes
            .iter()
            .map(|(_, change)| change)
            .filter(|change| place_of(change.id).is_some_and(|place| place < 7))
            .map(|change| change.value)
            .fold(0.0, f64::max)
    };
    let (whole, half) = (highest(1.0), highest(0.5));
    assert!(
        (half - whole / 2.0).abs() < 0.02,
        "{format}: {half} of {whole}"
    );
}

fn a_voice_is_learned_and_kept(format: Format) {
    let mut plugin = plugin(format, &[("learn", 1.0)], Setup::offline(RATE_HZ));
    let voice = voice::speak(EXCITED, RATE_HZ, 5.0);
    play(&mut *plugin, &voice, None);
    let learning = String::from_utf8_lossy(&plugin.save().unwrap()).into_owned();
    assert!(
        !learning.contains("log_probabilities"),
        "{format}: {learning}"
    );
    set_live(&mut *plugin, "learn", 0.0);
    play(&mut *plugin, &voice[..48_000], None);
    let learned = plugin.save().unwrap();
    let text = String::from_utf8_lossy(&learned);
    assert!(text.contains("log_probabilities"), "{format}: {text}");
    let mut other = format.open().unwrap();
    other.load(&learned).unwrap();
    let again = other.save().unwrap();
    let again = String::from_utf8_lossy(&again);
    let kept = |text: &str| text[text.find("voice_reference").unwrap()..].to_owned();
    assert_eq!(kept(&again), kept(&text), "{format}");
    assert_eq!(
        other.value(parameter_id("learn")),
        0.0,
        "{format}: nobody learns in a new project"
    );
}

#[test]
fn modes_are_what_they_are_called() {
    for (value, name) in [(0.0, "Off"), (LIVE, "Live"), (WRITE, "Write")] {
        let mut plugin = Format::Vst3.open().unwrap();
        assert_eq!(plugin.text(parameter_id("host_updates"), value), name);
    }
}
