//! Commands, said before they run and judged after.

use anyhow::{Context, Result, bail};
use std::ffi::OsStr;
use std::process::Command;

/// A cargo command in the workspace's folder, with the cargo that runs this program.
pub(crate) fn cargo<Argument: AsRef<OsStr>>(
    arguments: impl IntoIterator<Item = Argument>,
) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(arguments);
    command
}

/// Runs a command whose output the user sees.
///
/// # Errors
///
/// If it cannot be started or fails; the message has the whole command line.
pub(crate) fn run(what: &str, command: &mut Command) -> Result<()> {
    let line = line(command);
    eprintln!("--- {what}: {line}");
    let status = command
        .status()
        .with_context(|| format!("cannot start `{line}`"))?;
    if !status.success() {
        bail!("{what} failed ({status}). To see it alone: {line}");
    }
    Ok(())
}

/// Whether a command exists and succeeds, without a word.
pub(crate) fn succeeds(program: &str, arguments: &[&str]) -> bool {
    Command::new(program)
        .args(arguments)
        .output()
        .is_ok_and(|output| output.status.success())
}

fn line(command: &Command) -> String {
    let program = std::path::Path::new(command.get_program());
    let name = program.file_name().unwrap_or(program.as_os_str());
    std::iter::once(name)
        .chain(command.get_args())
        .map(|word| {
            let word = word.to_string_lossy();
            if word.contains(' ') {
                format!("'{word}'")
            } else {
                word.into_owned()
            }
        })
        .collect::<Vec<_>>()
        .join(" ")
}
