//! The threads of this process, as Linux counts them.

use std::time::{Duration, Instant};

/// How many threads this process has.
///
/// # Errors
///
/// If `/proc` is not there.
pub fn count() -> std::io::Result<usize> {
    Ok(std::fs::read_dir("/proc/self/task")?.count())
}

/// Waits until this process has at most `threads` of them, and gives how many it has in the end: a thread that was joined may
/// take the kernel a moment to take away.
///
/// # Errors
///
/// If `/proc` is not there.
pub fn settle_to(threads: usize, patience: Duration) -> std::io::Result<usize> {
    let started = Instant::now();
    loop {
        let now = count()?;
        if now <= threads || started.elapsed() > patience {
            return Ok(now);
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}
