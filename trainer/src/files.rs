//! Files that are either whole or as they were before.

use anyhow::{Context, Result};
use std::{
    fs,
    path::Path,
    process,
    sync::atomic::{AtomicU64, Ordering},
};

/// Files that this process has begun.
static BEGUN: AtomicU64 = AtomicU64::new(0);

/// Writes a file beside and moves it into place.
///
/// # Errors
///
/// If it cannot be written; the message names it.
pub fn replace(path: &Path, bytes: &[u8]) -> Result<()> {
    let cannot = || format!("cannot write {}", path.display());
    let mut name = path.file_name().unwrap_or_default().to_owned();
    // Two that write the same file at once, as two trainings with one cache do, each write their own and the later one stays.
    let number = BEGUN.fetch_add(1, Ordering::Relaxed);
    name.push(format!(".{}-{number}.unfinished", process::id()));
    let unfinished = path.with_file_name(name);
    fs::write(&unfinished, bytes).with_context(cannot)?;
    fs::rename(&unfinished, path).with_context(cannot)
}

// Windows may refuse to move a file onto one that another thread has open.
#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_many_write_at_once_is_whole_at_any_time() {
        let folder = std::env::temp_dir().join(format!("pathos-files-{}", process::id()));
        fs::create_dir_all(&folder).unwrap();
        let path = folder.join("entry");
        let bytes = vec![7; 1 << 20];
        replace(&path, &bytes).unwrap();
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..20 {
                        replace(&path, &bytes).unwrap();
                        assert_eq!(fs::read(&path).unwrap().len(), bytes.len());
                    }
                });
            }
        });
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 1);
        fs::remove_dir_all(folder).unwrap();
    }
}
