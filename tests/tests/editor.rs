//! The editor opens in the windows of hosts and in its own, and shows something.
#![cfg(target_os = "linux")]

use pathos_tests::bundles;
use pathos_tests::cases::skip;
use pathos_tests::screen::{HostWindow, Xvfb, colours};
use std::process::{Command, Stdio};
use std::time::Duration;

/// A display; or none where it is not installed, and a line that says so.
fn screen(test: &str) -> Option<Xvfb> {
    if Xvfb::is_installed() {
        return Some(Xvfb::start().unwrap());
    }
    skip(
        test,
        "Xvfb is not installed (apt install xvfb libgl1-mesa-dri)",
    );
    None
}

#[test]
fn opens_and_closes_a_hundred_times_and_comes_back_as_it_was_left() {
    let name = "opens_and_closes_a_hundred_times_and_comes_back_as_it_was_left";
    let Some(screen) = screen(name) else { return };
    for format in ["clap", "vst3"] {
        let file = bundles::target_dir().join(format!("tmp/cycles-{format}.png"));
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        let output = Command::new(env!("CARGO_BIN_EXE_editor"))
            .args(["--format", format, "--cycles", "100"])
            .args(["--size", "1400x868", "--play", "0.5", "--picture"])
            .arg(&file)
            .env("DISPLAY", screen.display())
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(
            output.status.success() && said.contains("opened 100 times"),
            "{format}: {}\n{said}{}",
            output.status,
            String::from_utf8_lossy(&output.stderr)
        );
        let (different, _) = colours(&image::open(&file).unwrap().into_rgb8());
        assert!(different > 50, "{format} is blank: see {}", file.display());
    }
}

#[test]
fn the_standalone_opens_its_window_and_ends_with_it() {
    let name = "the_standalone_opens_its_window_and_ends_with_it";
    let Ok(program) = bundles::standalone() else {
        return skip(name, "the standalone was not built");
    };
    let Some(screen) = screen(name) else { return };
    let mut standalone = Command::new(program)
        .args(["--backend", "dummy"])
        .env("DISPLAY", screen.display())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let window = HostWindow::of_another(screen.display(), Duration::from_secs(20)).unwrap();
    let Some(window) = window else {
        let _ = standalone.kill();
        panic!("no window");
    };
    std::thread::sleep(Duration::from_secs(1));
    window.resize(1100, 700).unwrap();
    std::thread::sleep(Duration::from_secs(1));
    let picture = window.picture();
    let closed = window.ask_to_close();
    std::thread::sleep(Duration::from_secs(2));
    let ended = standalone.try_wait().unwrap();
    let _ = standalone.kill();
    closed.unwrap();
    assert!(ended.is_some(), "it goes on without its window");
    let (different, most) = colours(&picture.unwrap());
    assert!(different > 50 && most < 0.97, "{different} colours");
}

#[test]
fn opens_in_a_window_and_is_not_blank() {
    let Some(screen) = screen("opens_in_a_window_and_is_not_blank") else {
        return;
    };
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
