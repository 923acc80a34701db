//! The editor of the built CLAP opens in a host's window, and shows something.
#![cfg(target_os = "linux")]

use pathos_tests::bundles;
use pathos_tests::cases::skip;
use pathos_tests::screen::{Xvfb, colours};
use std::process::Command;

#[test]
fn opens_in_a_window_and_is_not_blank() {
    if !Xvfb::is_installed() {
        return skip(
            "opens_in_a_window_and_is_not_blank",
            "Xvfb is not installed (apt install xvfb libgl1-mesa-dri)",
        );
    }
    let screen = Xvfb::start().unwrap();
    for size in [(480, 300), (860, 520), (1600, 1000)] {
        let name = format!("{}x{}", size.0, size.1);
        let file = bundles::target_dir().join(format!("tmp/editor-{name}.png"));
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        // In a process of its own: `DISPLAY` is read from the environment, and an editor that breaks takes its host along.
        let output = Command::new(env!("CARGO_BIN_EXE_editor"))
            .args(["--size", &name, "--play", "1.5", "--picture"])
            .arg(&file)
            .env("DISPLAY", screen.display())
            .output()
            .unwrap();
        assert!(
            output.status.success(),
            "the editor at {name}: {}\n{}",
            output.status,
            String::from_utf8_lossy(&output.stderr)
        );
        let picture = image::open(&file).unwrap().into_rgb8();
        assert_eq!(picture.dimensions(), size);
        let (different, most) = colours(&picture);
        assert!(
            different > 50 && most < 0.97,
            "the editor at {name} is blank: {different} colours, one of them on {:.0} % of it; see {}",
            100.0 * most,
            file.display()
        );
    }
}
