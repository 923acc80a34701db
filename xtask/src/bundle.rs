//! Builds the plugin and the standalone, and puts them into bundles.
//!
//! The plugin is built without the feature `standalone` and the standalone with it, in two builds: in one, the plugin would
//! link ALSA and JACK, and not load on a machine that lacks them.

use crate::shell::{self, cargo};
use anyhow::{Context, Result, bail};
use std::path::{Path, PathBuf};
use std::process::Command;

/// The package, and the names of what it builds.
const PACKAGE: &str = "pathos";
/// What turns the standalone on where the whole workspace is built.
pub(crate) const WITH_STANDALONE: &str = "pathos/standalone";
/// What the plugin may link on Linux: everything else is opened at run time, where it is there.
const LINKS: [&str; 5] = [
    "libc.so.6",
    "libm.so.6",
    "libgcc_s.so.1",
    "ld-linux-x86-64.so.2",
    "ld-linux-aarch64.so.1",
];

/// Builds and bundles.
///
/// # Errors
///
/// If a build fails, or the plugin links what it should not.
pub(crate) fn run(release: bool, with_standalone: bool) -> Result<()> {
    let profile: &[&str] = if release { &["--release"] } else { &[] };
    if with_standalone {
        shell::run(
            "the standalone",
            // With the features of the whole workspace, as in the tests, so that the network's crates compile once for both.
            cargo(["build", "--workspace", "--bin", PACKAGE])
                .args(["--features", WITH_STANDALONE])
                .args(profile),
        )?;
    }
    shell::run(
        "the plugin",
        cargo(["build", "-p", PACKAGE, "--lib"]).args(profile),
    )?;
    let target = target_dir()?;
    if cfg!(target_os = "linux") {
        let folder = if release { "release" } else { "debug" };
        check_links(&target.join(folder).join("libpathos.so"))?;
    }
    let arguments: Vec<String> = profile.iter().map(|&word| word.to_owned()).collect();
    nice_plug_xtask::bundle(&target, PACKAGE, &arguments, false)
        .context("the bundles could not be made")
}

/// The folder of everything that cargo builds.
///
/// # Errors
///
/// If the workspace's folder is gone.
pub(crate) fn target_dir() -> Result<PathBuf> {
    let folder = std::env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| "target".into());
    std::path::absolute(folder).context("the current folder is gone")
}

fn check_links(library: &Path) -> Result<()> {
    let output = Command::new("readelf")
        .arg("--dynamic")
        .arg(library)
        .env("LC_ALL", "C")
        .output()
        .context("cannot start `readelf`, which comes with the C compiler")?;
    if !output.status.success() {
        bail!("readelf cannot read {}", library.display());
    }
    let text = String::from_utf8_lossy(&output.stdout);
    let foreign: Vec<&str> = text
        .lines()
        .filter(|line| line.contains("(NEEDED)"))
        .filter_map(|line| line.split(['[', ']']).nth(1))
        .filter(|name| !LINKS.contains(name))
        .collect();
    if !foreign.is_empty() {
        bail!(
            "{} links {}, and would not load on a machine without: a dependency must open it at run time, or go into the feature `standalone`",
            library.display(),
            foreign.join(", ")
        );
    }
    Ok(())
}
