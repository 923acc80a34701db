//! What a project keeps: the controls, and nothing of what was heard.

use pathos_tests::host::{Format, Setup};
use pathos_tests::outputs::{SMOOTHING, parameter_id, values_now};
use pathos_tests::play::Player;
use pathos_tests::voice::{self, EVEN};

pathos_tests::in_both_formats!(
    controls_are_saved_and_restored,
    outputs_are_not_restored,
    garbage_is_refused,
);

fn controls_are_saved_and_restored(format: Format) {
    let id = parameter_id(SMOOTHING);
    let mut plugin = format.open().unwrap();
    let default = plugin.value(id);
    for wanted in [0.0, 0.125, 1.0] {
        plugin.set_while_idle(id, wanted);
        let set = plugin.value(id);
        assert!(
            (set - wanted).abs() < 1e-3,
            "{format}: {wanted} became {set}"
        );
        let state = plugin.save().unwrap();

        let mut other = format.open().unwrap();
        assert_eq!(other.value(id), default);
        other.load(&state).unwrap();
        assert!(
            (other.value(id) - set).abs() < 1e-6,
            "{format}: {set} was restored as {}",
            other.value(id)
        );
    }
}

fn outputs_are_not_restored(format: Format) {
    let mut plugin = format.open().unwrap();
    plugin.activate(Setup::offline(48_000.0)).unwrap();
    let voice = voice::speak(EVEN, 48_000.0, 3.0);
    Player::new(&mut *plugin, 48_000.0)
        .play(&[&voice, &voice])
        .unwrap();
    let heard = values_now(&mut *plugin);
    assert!(heard[..7].iter().sum::<f64>() > 0.8, "{format}: {heard:?}");
    let state = plugin.save().unwrap();

    let mut other = format.open().unwrap();
    other.load(&state).unwrap();
    assert_eq!(values_now(&mut *other), [0.0; 10], "{format}: inactive");
    other.activate(Setup::realtime(48_000.0)).unwrap();
    let silence = [0.0; 256];
    let sent = other
        .process(&[&silence, &silence], &mut Vec::new(), &[], None)
        .unwrap();
    assert_eq!(sent, [], "{format}: events of a restored state");
    assert_eq!(values_now(&mut *other), [0.0; 10], "{format}: active");

    // A host may load a state in the middle of a voice, as an undo does: what is heard stands.
    plugin.load(&state).unwrap();
    Player::new(&mut *plugin, 48_000.0)
        .play(&[&voice, &voice])
        .unwrap();
    let heard = values_now(&mut *plugin);
    assert!(heard[..7].iter().sum::<f64>() > 0.8, "{format}: {heard:?}");
}

fn garbage_is_refused(format: Format) {
    let id = parameter_id(SMOOTHING);
    let mut plugin = format.open().unwrap();
    plugin.set_while_idle(id, 0.75);
    let kept = plugin.value(id);
    let state = plugin.save().unwrap();
    let mut long_lie = state.clone();
    long_lie[..8].fill(0x7f);
    for (what, garbage) in [
        ("nothing", Vec::new()),
        ("a single byte", vec![1]),
        ("zeros", vec![0; 1000]),
        (
            "noise",
            (0..1000_u32).map(|i| ((i * i * 31) >> 3) as u8).collect(),
        ),
        ("half a state", state[..state.len() / 2].to_vec()),
        ("a false length", long_lie),
    ] {
        assert!(
            plugin.load(&garbage).is_err(),
            "{format}: {what} was taken for a state"
        );
        assert_eq!(plugin.value(id), kept, "{format}: after {what}");
    }
    plugin.load(&state).unwrap();
    plugin.activate(Setup::offline(48_000.0)).unwrap();
    let silence = [0.0; 64];
    plugin
        .process(&[&silence, &silence], &mut Vec::new(), &[], None)
        .unwrap();
}
