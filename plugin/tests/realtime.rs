//! What the plugin promises to a host's audio thread: no allocation and no system call, whatever comes.
//!
//! Both proofs watch the thread that processes, not the plugin's code: an allocator that ends the process if that thread
//! allocates, and a filter with which the kernel ends it at its first system call. Each has a second test that shows that
//! the watch is awake.

mod instance;

use assert_no_alloc::{AllocDisabler, assert_no_alloc};
use instance::{Instance, id_of, voice};
use std::{
    process::{Command, ExitStatus},
    thread,
    time::{Duration, Instant},
};

#[global_allocator]
static WATCHED: AllocDisabler = AllocDisabler;

const RATE_HZ: f64 = 48_000.0;

/// Runs one of the tests below that only a child process can survive.
fn run_alone(test: &str) -> ExitStatus {
    let executable = std::env::current_exe().unwrap();
    let arguments = ["--exact", test, "--ignored", "--nocapture"];
    let child = Command::new(executable).args(arguments).output().unwrap();
    eprintln!("{}", String::from_utf8_lossy(&child.stderr));
    child.status
}

#[test]
fn processing_allocates_nothing() {
    let mut instance = Instance::new(RATE_HZ, 16_384);
    let mut wave = voice(RATE_HZ);
    let writes = [
        (id_of("smoothing"), 0.25),
        (id_of("angry"), 0.9),
        (id_of("nothing"), 1.0),
        (id_of("midi"), 1.0),
        (id_of("osc"), 1.0),
        (id_of("host_updates"), 2.0),
        (id_of("curve"), 0.75),
    ];
    let body = move || {
        assert_no_alloc(|| instance.start());
        let mut position = 0;
        let started = Instant::now();
        // The worker is given time, so that its estimates are part of what is processed.
        while started.elapsed() < Duration::from_secs(30) {
            for frames in [0, 1, 7, 64, 480, 512, 4096, 16_384] {
                for round in 0..=writes.len() {
                    instance.fill(frames, &mut wave);
                    let writes = &writes[..round];
                    assert_no_alloc(|| instance.process(frames, position, writes));
                    assert!(instance.passed_untouched(frames));
                    position += frames as i64;
                }
            }
            thread::sleep(Duration::from_millis(100));
            let heard = |(id, value): &(u32, f64)| *id == id_of("voice") && *value > 0.0;
            if instance.told.iter().any(heard) {
                assert_no_alloc(|| {
                    instance.reset();
                    // Fuller than the ring, far faster than the worker: what does not fit is let go.
                    for jump in 0..100 {
                        instance.process(16_384, jump * 1_000_000, &[]);
                    }
                });
                return;
            }
        }
        panic!("no voice was heard in 30 s: {:?}", instance.told);
    };
    thread::spawn(body).join().unwrap();
}

#[test]
fn an_allocation_would_be_noticed() {
    assert!(!run_alone("allocates").success());
}

#[test]
#[ignore = "ends the process; run by another test"]
fn allocates() {
    assert_no_alloc(|| drop(std::hint::black_box(vec![1u8; 100])));
}

#[cfg(target_os = "linux")]
mod system_calls {
    use super::*;
    use std::{
        os::unix::process::ExitStatusExt,
        sync::atomic::{AtomicU32, Ordering::SeqCst},
    };

    const BLOCK: usize = 256;
    const BLOCKS: u32 = 10_000;
    /// How the child says that it cannot forbid itself anything.
    const NO_FILTER: i32 = 77;

    /// From here on the kernel ends the process if this thread makes a system call. False if the system does not allow it.
    #[allow(unsafe_code)]
    fn forbid_system_calls() -> bool {
        const RETURN: u16 = (libc::BPF_RET | libc::BPF_K) as u16;
        let kill = libc::sock_filter {
            code: RETURN,
            jt: 0,
            jf: 0,
            k: libc::SECCOMP_RET_KILL_PROCESS,
        };
        let mut program = [kill];
        let filter = libc::sock_fprog {
            len: 1,
            filter: program.as_mut_ptr(),
        };
        // SAFETY: the arguments are those that prctl(2) describes; the kernel copies the filter.
        unsafe {
            libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0
                && libc::prctl(libc::PR_SET_SECCOMP, libc::SECCOMP_MODE_FILTER, &filter) == 0
        }
    }

    /// A thread under the filter cannot even end; the process ends around it.
    fn stay() -> ! {
        loop {
            std::hint::spin_loop();
        }
    }

    #[test]
    fn processing_makes_no_system_call() {
        let status = run_alone("system_calls::processes_without");
        if status.code() == Some(NO_FILTER) {
            eprintln!("skipped: processing_makes_no_system_call: this system allows no filter");
            return;
        }
        assert_ne!(
            status.signal(),
            Some(libc::SIGSYS),
            "the audio thread made a system call"
        );
        assert!(status.success(), "{status}");
    }

    #[test]
    fn a_system_call_would_be_noticed() {
        let status = run_alone("system_calls::makes_one");
        if status.code() == Some(NO_FILTER) {
            eprintln!("skipped: a_system_call_would_be_noticed: this system allows no filter");
            return;
        }
        assert_eq!(status.signal(), Some(libc::SIGSYS), "{status}");
    }

    #[test]
    #[ignore = "ends the process; run by another test"]
    #[allow(unsafe_code)]
    fn makes_one() {
        if !forbid_system_calls() {
            std::process::exit(NO_FILTER);
        }
        // SAFETY: it takes nothing and touches nothing.
        unsafe { libc::syscall(libc::SYS_getppid) };
    }

    #[test]
    #[ignore = "ends the process; run by another test"]
    fn processes_without() {
        // Blocks that may be processed, and that have been; the audio thread cannot wait for anything but a number.
        static DUE: AtomicU32 = AtomicU32::new(0);
        static DONE: AtomicU32 = AtomicU32::new(0);
        static HEARD: AtomicU32 = AtomicU32::new(0);

        let mut instance = Instance::new(RATE_HZ, BLOCK);
        let mut wave = voice(RATE_HZ);
        thread::spawn(move || {
            instance.start();
            if !forbid_system_calls() {
                std::process::exit(NO_FILTER);
            }
            for block in 0..BLOCKS {
                while DUE.load(SeqCst) <= block {
                    std::hint::spin_loop();
                }
                instance.fill(BLOCK, &mut wave);
                let writes = [
                    (id_of("smoothing"), f64::from(block % 7) / 7.0),
                    (id_of("midi"), f64::from(block % 2)),
                    (id_of("osc"), 1.0),
                    (id_of("host_updates"), f64::from(block % 3)),
                ];
                instance.process(BLOCK, i64::from(block) * BLOCK as i64, &writes);
                let heard = |(id, value): &(u32, f64)| *id == id_of("voice") && *value > 0.0;
                HEARD.store(
                    instance.told.iter().filter(|told| heard(told)).count() as u32,
                    SeqCst,
                );
                DONE.store(block + 1, SeqCst);
            }
            stay()
        });
        // Ten times real time: the worker keeps up, so that its estimates are part of what is processed.
        while DONE.load(SeqCst) < BLOCKS {
            DUE.fetch_add(2, SeqCst);
            thread::sleep(Duration::from_millis(1));
        }
        if HEARD.load(SeqCst) == 0 {
            eprintln!("no voice was heard");
            std::process::exit(1);
        }
        std::process::exit(0);
    }
}
