//! The CLAP and the VST3 are the same plugin.

use pathos_tests::host::{Format, Setup};
use pathos_tests::outputs::{OUTPUTS, values_now};
use pathos_tests::play::Player;
use pathos_tests::voice::{self, EVEN};

#[test]
fn the_same_voice_gives_the_same_values() {
    let voice = voice::speak(EVEN, 48_000.0, 3.0);
    let [in_clap, in_vst3] = Format::ALL.map(|format| {
        let mut plugin = format.open().unwrap();
        plugin.activate(Setup::offline(48_000.0)).unwrap();
        Player::new(&mut *plugin, 48_000.0)
            .play(&[&voice, &voice])
            .unwrap();
        values_now(&mut *plugin)
    });
    for (name, (clap, vst3)) in OUTPUTS.iter().zip(in_clap.into_iter().zip(in_vst3)) {
        assert!((clap - vst3).abs() < 1e-6, "{name}: {clap} and {vst3}");
    }
}

#[test]
fn the_parameters_are_the_same() {
    let [in_clap, in_vst3] = Format::ALL.map(|format| {
        let parameters = format.open().unwrap().parameters();
        // A VST3 may have more, for MIDI; it lists them after its own.
        parameters
            .into_iter()
            .take(OUTPUTS.len() + 1)
            .map(|parameter| (parameter.id, parameter.name))
            .collect::<Vec<_>>()
    });
    assert_eq!(in_clap, in_vst3);
}
