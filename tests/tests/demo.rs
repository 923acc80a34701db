//! The demo, as a user starts it.

use pathos_tests::bundles;
use std::path::PathBuf;
use std::process::{Command, Output};

fn demo(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_demo"))
        .args(arguments)
        .output()
        .unwrap()
}

fn scratch(name: &str) -> PathBuf {
    let folder = bundles::target_dir().join("tmp");
    std::fs::create_dir_all(&folder).unwrap();
    folder.join(name)
}

#[test]
fn shows_values_and_draws_them() {
    let picture = scratch("demo-test.png");
    let output = demo(&["--picture", picture.to_str().unwrap()]);
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success(),
        "{text}\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(
        text.contains("audio out equals audio in, bit for bit"),
        "{text}"
    );
    assert!(text.contains(" led: "), "{text}");
    let drawn = image::open(&picture).unwrap();
    assert!(drawn.width() >= 1000 && drawn.height() >= 600);
}

#[test]
fn names_the_clip_that_it_cannot_read() {
    let broken = scratch("no-sound.wav");
    std::fs::write(&broken, b"RIFF but not for long").unwrap();
    for clip in [broken.to_str().unwrap(), "not/there.flac"] {
        let output = demo(&[clip]);
        let text = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success());
        assert!(text.contains(clip), "{text}");
        assert!(!text.contains("panicked"), "{text}");
    }
}
