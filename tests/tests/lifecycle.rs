//! Instances come and go.

use pathos_tests::host::{Format, PluginHost, Setup};
use pathos_tests::outputs::values_now;
use pathos_tests::play::Player;
use pathos_tests::voice::{self, EVEN, EXCITED};

pathos_tests::in_both_formats!(
    instances_do_not_disturb_each_other,
    an_instance_works_on_when_another_goes,
    activates_again_with_another_setup,
);

fn heard(plugin: &mut dyn PluginHost) -> f64 {
    values_now(plugin)[..7].iter().sum()
}

fn instances_do_not_disturb_each_other(format: Format) {
    let sounds = [EVEN, EXCITED].map(|delivery| voice::speak(delivery, 48_000.0, 3.0));
    let by_themselves = sounds.each_ref().map(|sound| {
        let mut plugin = format.open().unwrap();
        plugin.activate(Setup::offline(48_000.0)).unwrap();
        Player::new(&mut *plugin, 48_000.0)
            .play(&[sound, sound])
            .unwrap();
        values_now(&mut *plugin)
    });
    let mut plugins = [(); 2].map(|()| {
        let mut plugin = format.open().unwrap();
        plugin.activate(Setup::offline(48_000.0)).unwrap();
        plugin
    });
    let mut output = Vec::new();
    for at in (0..sounds[0].len()).step_by(512) {
        for (plugin, sound) in plugins.iter_mut().zip(&sounds) {
            let block = &sound[at..(at + 512).min(sound.len())];
            plugin
                .process(&[block, block], &mut output, &[], None)
                .unwrap();
        }
    }
    let together = plugins.each_mut().map(|plugin| values_now(&mut **plugin));
    assert_eq!(together, by_themselves, "{format}");
}

fn an_instance_works_on_when_another_goes(format: Format) {
    let mut stays = format.open().unwrap();
    let mut goes = format.open().unwrap();
    for plugin in [&mut stays, &mut goes] {
        plugin.activate(Setup::offline(48_000.0)).unwrap();
    }
    let voice = voice::speak(EVEN, 48_000.0, 2.0);
    Player::new(&mut *goes, 48_000.0)
        .play(&[&voice, &voice])
        .unwrap();
    drop(goes);
    Player::new(&mut *stays, 48_000.0)
        .play(&[&voice, &voice])
        .unwrap();
    assert!(heard(&mut *stays) > 0.8, "{format}");
}

fn activates_again_with_another_setup(format: Format) {
    let mut plugin = format.open().unwrap();
    for (rate_hz, channels) in [(44_100.0, 2), (96_000.0, 1), (44_100.0, 2)] {
        plugin
            .activate(Setup {
                channels,
                ..Setup::offline(rate_hz)
            })
            .unwrap();
        let voice = voice::speak(EVEN, rate_hz, 3.0);
        let sound = [voice.as_slice(); 2];
        Player::new(&mut *plugin, rate_hz)
            .play(&sound[..channels])
            .unwrap();
        assert!(
            heard(&mut *plugin) > 0.8,
            "{format}: {channels} channels at {rate_hz} Hz"
        );
        plugin.deactivate();
    }
}
