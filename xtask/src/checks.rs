//! Every check, the quick ones first.

use crate::shell::{self, cargo};
use crate::{bundle, system};
use anyhow::Result;

/// Runs all checks and stops at the first that fails.
///
/// # Errors
///
/// If a check fails; the message says which, and how to run it alone.
pub(crate) fn run() -> Result<()> {
    system::ensure(&[system::STANDALONE, system::SCREEN].concat())?;
    shell::run(
        "formatting (to mend it: cargo fmt --all)",
        &mut cargo(["fmt", "--all", "--check"]),
    )?;
    bundle::run(true, true)?;
    // The standalone's code is checked too, and its features make these builds share what they compile.
    let everything = [
        "--release",
        "--workspace",
        "--features",
        bundle::WITH_STANDALONE,
    ];
    shell::run(
        "lints",
        cargo(["clippy", "--all-targets"])
            .args(everything)
            .args(["--", "-D", "warnings"]),
    )?;
    shell::run("tests", cargo(["test"]).args(everything))?;
    shell::run(
        "documentation",
        cargo(["doc", "--no-deps"])
            .args(everything)
            .env("RUSTDOCFLAGS", "-D warnings"),
    )?;
    println!("All checks passed: formatting, bundles, lints, tests, documentation.");
    Ok(())
}
