//! Real voices through the built plugin. Needs the corpora (see the trainer's documentation); skipped by name without them.

use pathos_tests::bundles::workspace_root;
use pathos_tests::cases::skip;
use pathos_tests::host::{Format, Setup};
use pathos_tests::play::Player;
use pathos_tests::voice;
use std::path::PathBuf;

/// The folder of the corpora: `PATHOS_DATA`, else `shared/data` beside the workspace.
fn data() -> PathBuf {
    std::env::var_os("PATHOS_DATA")
        .map_or_else(|| workspace_root().join("../shared/data"), PathBuf::from)
}

#[test]
fn people_are_heard_as_voices() {
    const CORPORA: [&str; 5] = ["crema_d", "ravdess_song", "ravdess_speech", "savee", "tess"];
    const CLIPS_OF_EACH: usize = 4;
    let folder = data();
    if !folder.is_dir() {
        return skip(
            "people_are_heard_as_voices",
            "no corpora (set PATHOS_DATA to their folder)",
        );
    }
    let mut plugin = Format::Clap.open().unwrap();
    for corpus in CORPORA {
        let mut clips = clips_in(&folder.join(corpus));
        clips.sort();
        let step = (clips.len() / CLIPS_OF_EACH).max(1);
        let mut heard = 0;
        for clip in clips.iter().step_by(step).take(CLIPS_OF_EACH) {
            let mut clip = pathos_clips::read_mono(clip).unwrap();
            let rate_hz = f64::from(clip.sample_rate_hz);
            clip.samples.extend(voice::silence(rate_hz, 0.5));
            plugin.activate(Setup::offline(rate_hz)).unwrap();
            let recording = Player::new(&mut *plugin, rate_hz)
                .play(&[&clip.samples, &clip.samples])
                .unwrap();
            let (_, seconds) = recording.lanes.mean_emotions();
            heard += usize::from(seconds > 0.2);
        }
        // A single clip may be too short or too soft.
        assert!(
            heard + 1 >= CLIPS_OF_EACH,
            "{corpus}: {heard} of {CLIPS_OF_EACH} clips moved the outputs"
        );
    }
}

fn clips_in(folder: &std::path::Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return Vec::new();
    };
    entries
        .flatten()
        .flat_map(|entry| {
            let path = entry.path();
            if path.is_dir() {
                clips_in(&path)
            } else if pathos_clips::is_audio_file(&path) {
                vec![path]
            } else {
                Vec::new()
            }
        })
        .collect()
}
