//! A lane that Ardour records is what the plugin says.

use pathos_tests::{
    ardour, cases,
    host::{Format, Setup},
    outputs::OUTPUTS,
    play::Player,
    voice::{self, EXCITED},
};

#[test]
fn ardour_records_the_lanes() {
    if let Some(reason) = ardour::why_not() {
        cases::skip("ardour_records_the_lanes", &reason);
        return;
    }
    let rate_hz = f64::from(ardour::RATE_HZ);
    let mut sound = voice::speak(EXCITED, rate_hz, 5.0);
    sound.extend(voice::silence(rate_hz, 3.0));
    let folder = ardour::scratch().unwrap();
    let pass = ardour::record(&sound, &folder).unwrap();
    assert_eq!(pass.channels, 2, "the track is as it was without Pathos");

    let mut plugin = Format::Vst3.open().unwrap();
    plugin.activate(Setup::offline(rate_hz)).unwrap();
    let bounced = Player::new(&mut *plugin, rate_hz)
        .play(&[&sound, &sound])
        .unwrap()
        .lanes;
    for (place, name) in OUTPUTS.iter().enumerate() {
        let highest = |lanes: &pathos_tests::lanes::Lanes| {
            lanes
                .points(place)
                .iter()
                .map(|point| point.value.abs())
                .fold(0.0, f64::max)
        };
        let (recorded, expected) = (highest(&pass.lanes), highest(&bounced));
        // In real time a busy machine's values come late, and the highest may be missed by a hop.
        assert!(
            (recorded - expected).abs() < 0.25,
            "{name}: {recorded}, and {expected} offline"
        );
        if expected > 0.2 {
            assert!(
                pass.lanes.points(place).len() > 5,
                "{name}: {:?}",
                pass.lanes.points(place)
            );
        }
    }
    assert!(pass.lanes.changes() > 60, "{} points", pass.lanes.changes());
    std::fs::remove_dir_all(folder).unwrap();
}
