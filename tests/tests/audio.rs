//! Audio goes through the built plugins untouched, whatever it is and however it comes.

use pathos_tests::cases::first_difference;
use pathos_tests::host::{Format, Mode, PluginHost, Setup};
use pathos_tests::outputs;
use pathos_tests::play::Player;
use pathos_tests::voice::{self, EVEN};

pathos_tests::in_both_formats!(
    any_block_size,
    strange_samples,
    empty_blocks,
    every_rate,
    rates_out_of_range,
    mono,
    no_latency,
);

/// Two different channels, so that a mix-up of channels would show.
fn stereo(rate_hz: f64, seconds: f64) -> [Vec<f32>; 2] {
    let left = voice::speak(EVEN, rate_hz, seconds);
    let right = left.iter().rev().map(|sample| 0.5 * sample).collect();
    [left, right]
}

fn assert_untouched(
    plugin: &mut dyn PluginHost,
    rate_hz: f64,
    blocks: &[usize],
    sound: &[Vec<f32>],
    what: &str,
) {
    let format = plugin.format();
    let channels: Vec<&[f32]> = sound.iter().map(Vec::as_slice).collect();
    let recording = Player {
        blocks,
        ..Player::new(plugin, rate_hz)
    }
    .play(&channels)
    .unwrap();
    for (place, (out, into)) in recording.audio.iter().zip(&channels).enumerate() {
        assert_eq!(
            first_difference(out, into),
            None,
            "{format}, {what}: channel {place} differs at this sample"
        );
    }
}

fn any_block_size(format: Format) {
    let mut plugin = format.open().unwrap();
    let sound = stereo(48_000.0, 2.0);
    for mode in [Mode::Realtime, Mode::Offline] {
        plugin
            .activate(Setup {
                mode,
                ..Setup::offline(48_000.0)
            })
            .unwrap();
        for blocks in [
            &[1_usize][..],
            &[7],
            &[64],
            &[480],
            &[1024],
            &[16_384],
            &[1, 16_384, 0, 3, 480],
        ] {
            let what = format!("{mode:?}, blocks {blocks:?}");
            assert_untouched(&mut *plugin, 48_000.0, blocks, &sound, &what);
        }
    }
}

fn strange_samples(format: Format) {
    let mut plugin = format.open().unwrap();
    plugin.activate(Setup::offline(48_000.0)).unwrap();
    let strange = [
        f32::NAN,
        -f32::NAN,
        f32::from_bits(0x7fa0_0001),
        f32::INFINITY,
        f32::NEG_INFINITY,
        f32::MAX,
        f32::MIN,
        f32::from_bits(1),
        -f32::MIN_POSITIVE / 2.0,
        -0.0,
        1e9,
    ];
    let mut sound = stereo(48_000.0, 3.0);
    for (place, sample) in strange.iter().cycle().take(20_000).enumerate() {
        sound[place % 2][7 * place % 144_000] = *sample;
    }
    assert_untouched(&mut *plugin, 48_000.0, &[256], &sound, "strange samples");
    for (name, value) in outputs::OUTPUTS
        .iter()
        .zip(outputs::values_now(&mut *plugin))
    {
        assert!(
            value.is_finite(),
            "{format}: {name} is {value} after samples that are no numbers"
        );
    }
}

fn empty_blocks(format: Format) {
    let mut plugin = format.open().unwrap();
    plugin.activate(Setup::realtime(48_000.0)).unwrap();
    let empty: &[f32] = &[];
    let mut output = Vec::new();
    for _ in 0..100 {
        plugin
            .process(&[empty, empty], &mut output, &[], None)
            .unwrap();
        assert!(output.iter().all(Vec::is_empty));
    }
}

fn every_rate(format: Format) {
    let mut plugin = format.open().unwrap();
    for rate_hz in [8_000.0, 22_050.0, 44_100.0, 48_000.0, 96_000.0, 384_000.0] {
        plugin.activate(Setup::offline(rate_hz)).unwrap();
        let sound = stereo(rate_hz, 3.0);
        let what = format!("{rate_hz} Hz");
        assert_untouched(&mut *plugin, rate_hz, &[512], &sound, &what);
        let heard: f64 = outputs::values_now(&mut *plugin)[..7].iter().sum();
        assert!(heard > 0.5, "{format} hears no voice at {rate_hz} Hz");
    }
}

fn rates_out_of_range(format: Format) {
    let mut plugin = format.open().unwrap();
    for rate_hz in [4_000.0, 768_000.0] {
        plugin.activate(Setup::offline(rate_hz)).unwrap();
        let sound = stereo(rate_hz, 1.0);
        let what = format!("{rate_hz} Hz");
        assert_untouched(&mut *plugin, rate_hz, &[512], &sound, &what);
        let values = outputs::values_now(&mut *plugin);
        assert!(
            values.iter().all(|value| *value == 0.0),
            "{format}: values at {rate_hz} Hz, which is out of range: {values:?}"
        );
    }
}

fn mono(format: Format) {
    let mut plugin = format.open().unwrap();
    plugin
        .activate(Setup {
            channels: 1,
            ..Setup::offline(44_100.0)
        })
        .unwrap();
    let [sound, _] = stereo(44_100.0, 3.0);
    assert_untouched(&mut *plugin, 44_100.0, &[300], &[sound], "mono");
    let heard: f64 = outputs::values_now(&mut *plugin)[..7].iter().sum();
    assert!(heard > 0.5, "{format} hears no voice in mono");
}

fn no_latency(format: Format) {
    let mut plugin = format.open().unwrap();
    plugin.activate(Setup::realtime(48_000.0)).unwrap();
    assert_eq!(plugin.latency_frames(), 0);
}
