//! Finds the built bundles. Builds nothing.

use anyhow::{Result, bail};
use std::path::{Path, PathBuf};

/// The command that makes the bundles.
pub const HOW_TO_BUILD: &str = "cargo xtask bundle pathos --release";

/// The workspace's root.
#[must_use]
pub fn workspace_root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("this crate's folder lies in the workspace")
}

/// The folder of everything that cargo builds: `CARGO_TARGET_DIR`, else `target` in the workspace.
#[must_use]
pub fn target_dir() -> PathBuf {
    match std::env::var_os("CARGO_TARGET_DIR") {
        Some(folder) => workspace_root().join(folder),
        None => workspace_root().join("target"),
    }
}

/// The built `Pathos.clap`.
///
/// # Errors
///
/// If it is not there. The message says how to build it.
pub fn clap() -> Result<PathBuf> {
    find("Pathos.clap")
}

/// The library inside the built `Pathos.vst3`.
///
/// # Errors
///
/// If it is not there. The message says how to build it.
pub fn vst3_library() -> Result<PathBuf> {
    let inside = if cfg!(target_os = "macos") {
        "Contents/MacOS/Pathos".to_owned()
    } else if cfg!(target_os = "windows") {
        format!("Contents/{}-win/Pathos.vst3", std::env::consts::ARCH)
    } else {
        format!("Contents/{}-linux/Pathos.so", std::env::consts::ARCH)
    };
    find(&format!("Pathos.vst3/{inside}"))
}

/// The built standalone.
///
/// # Errors
///
/// If it is not there. The message says how to build it.
pub fn standalone() -> Result<PathBuf> {
    find(&format!("Pathos{}", std::env::consts::EXE_SUFFIX))
}

fn find(name: &str) -> Result<PathBuf> {
    let path = target_dir().join("bundled").join(name);
    if !path.exists() {
        bail!("{} is not built: run `{HOW_TO_BUILD}`", path.display());
    }
    Ok(path)
}
