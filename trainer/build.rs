//! Puts the commit of the source into the trainer, which states it in the facts of a run.

use std::process::Command;

fn main() {
    let described = Command::new("git")
        .args(["describe", "--always", "--abbrev=12", "--dirty"])
        .output();
    let commit = described
        .ok()
        .filter(|output| output.status.success())
        .and_then(|output| String::from_utf8(output.stdout).ok())
        .map_or_else(|| "unknown".to_owned(), |text| text.trim().to_owned());
    println!("cargo:rustc-env=PATHOS_COMMIT={commit}");
    // Commits, and changes that are not committed yet.
    for path in ["../.git/logs/HEAD", "src", "../analysis/src"] {
        println!("cargo:rerun-if-changed={path}");
    }
}
