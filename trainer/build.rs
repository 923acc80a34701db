//! Puts the commit of the source into the trainer, which states it in the facts of a run.

use std::process::Command;

fn main() {
    let described = Command::new("git")
        .args(["describe", "--always", "--abbrev=12"])
        .output();
    let commit = described
        .ok()
        .filter(|output| output.status.success())
        .and_then(|output| String::from_utf8(output.stdout).ok())
        .map_or_else(|| "unknown".to_owned(), |text| text.trim().to_owned());
    println!("cargo:rustc-env=PATHOS_COMMIT={commit}");
    println!("cargo:rerun-if-changed=../.git/logs/HEAD");
}
