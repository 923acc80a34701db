//! The plugin and the threads of its host.
//!
//! One test in a process of its own: it counts the threads of the whole process, and unloads libraries.
#![cfg(target_os = "linux")]

use pathos_tests::host::{Format, Setup};
use pathos_tests::play::Player;
use pathos_tests::threads;
use pathos_tests::voice::{self, EVEN};
use std::time::Duration;

#[test]
fn come_and_go() {
    for format in Format::ALL {
        a_thousand_instances_leave_no_thread(format);
    }
    threads_may_end_after_the_libraries_went();
}

fn make_and_play(format: Format) -> usize {
    let voice = voice::speak(EVEN, 48_000.0, 0.1);
    let mut plugin = format.open().unwrap();
    plugin.activate(Setup::realtime(48_000.0)).unwrap();
    Player::new(&mut *plugin, 48_000.0)
        .play(&[&voice, &voice])
        .unwrap();
    let threads = threads::count().unwrap();
    plugin.deactivate();
    threads
}

/// Whatever leaves something in a thread.
fn use_all_of_it(format: Format) {
    let voice = voice::speak(EVEN, 48_000.0, 0.2);
    let mut plugin = format.open().unwrap();
    plugin.activate(Setup::offline(48_000.0)).unwrap();
    let state = plugin.save().unwrap();
    plugin.load(&state).unwrap();
    Player::new(&mut *plugin, 48_000.0)
        .play(&[&voice, &voice])
        .unwrap();
    plugin.load(&state).unwrap();
}

fn a_thousand_instances_leave_no_thread(format: Format) {
    let before = threads::count().unwrap();
    // As in a host, which keeps a library loaded from one instance to the next.
    let _loaded = format.load().unwrap();
    let mut most = 0;
    for _ in 0..1000 {
        most = most.max(make_and_play(format));
    }
    assert!(most > before, "{format}: nothing was analysed");
    let after = threads::settle_to(before, Duration::from_secs(5)).unwrap();
    assert_eq!(
        after, before,
        "{format}: threads after 1000 instances, and before"
    );
}

/// A host lets go of a library with its last instance while threads that ran the plugin are still about to end: what the
/// library left in those threads must still be there.
fn threads_may_end_after_the_libraries_went() {
    for _ in 0..20 {
        let formats = [Format::ALL, Format::ALL].concat();
        let threads = formats
            .into_iter()
            .map(|format| std::thread::spawn(move || use_all_of_it(format)));
        for thread in threads.collect::<Vec<_>>() {
            thread.join().unwrap();
        }
    }
}
