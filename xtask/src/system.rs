//! Libraries and programs of the system, by their Debian names.

use crate::shell::{self, succeeds};
use anyhow::{Result, bail};
use std::path::Path;
use std::process::Command;

/// How to see that a package is there, also where it came some other way than from Debian.
#[derive(Clone, Copy)]
enum Sign {
    /// A program in the path.
    Program(&'static str),
    /// A library with its headers that pkg-config knows.
    Library(&'static str),
    /// A file among the shared libraries.
    Shared(&'static str),
}

/// A Debian package.
#[derive(Clone, Copy)]
pub(crate) struct Package {
    name: &'static str,
    sign: Sign,
}

const fn package(name: &'static str, sign: Sign) -> Package {
    Package { name, sign }
}

/// What the standalone is built with.
pub(crate) const STANDALONE: &[Package] = &[
    package("pkg-config", Sign::Program("pkg-config")),
    package("libasound2-dev", Sign::Library("alsa")),
    package("libjack-jackd2-dev", Sign::Library("jack")),
];

/// What shows the editor without a screen. The plugin opens these libraries at run time.
pub(crate) const SCREEN: &[Package] = &[
    package("xvfb", Sign::Program("Xvfb")),
    package("xauth", Sign::Program("xauth")),
    package("libgl1", Sign::Shared("libGL.so.1")),
    package("libgl1-mesa-dri", Sign::Shared("dri/swrast_dri.so")),
    package("libx11-xcb1", Sign::Shared("libX11-xcb.so.1")),
    package("libxcursor1", Sign::Shared("libXcursor.so.1")),
];

/// Installs what is missing, with apt if this user may; else says which line to run, and stops.
///
/// Does nothing but on Linux: elsewhere the system has it all.
///
/// # Errors
///
/// If something is missing and could not be installed.
pub(crate) fn ensure(packages: &[Package]) -> Result<()> {
    if !cfg!(target_os = "linux") {
        return Ok(());
    }
    let missing: Vec<&str> = missing(packages);
    if missing.is_empty() {
        return Ok(());
    }
    let list = missing.join(" ");
    let by_hand = format!("sudo apt-get update && sudo apt-get install -y {list}");
    if !succeeds("apt-get", &["--version"]) {
        bail!(
            "missing from this system, by their Debian names: {list}\nInstall them with the system's package manager, and run the command again"
        );
    }
    let Some(prefix) = root_prefix() else {
        bail!(
            "missing from this system: {list}\nRun this, and then the command again:\n    {by_hand}"
        );
    };
    let mut update = apt(prefix, &["update"], &[]);
    shell::run("the list of system packages", &mut update)?;
    let mut install = apt(
        prefix,
        &["install", "-y", "--no-install-recommends"],
        &missing,
    );
    shell::run("system packages", &mut install)?;
    let still: Vec<&str> = self::missing(packages);
    if !still.is_empty() {
        bail!(
            "installed, but not found afterwards: {}\nCheck PATH and PKG_CONFIG_PATH",
            still.join(" ")
        );
    }
    Ok(())
}

fn missing(packages: &[Package]) -> Vec<&'static str> {
    packages
        .iter()
        .filter(|package| !is_there(package))
        .map(|package| package.name)
        .collect()
}

fn is_there(package: &Package) -> bool {
    if is_installed(package.name) {
        return true;
    }
    match package.sign {
        Sign::Program(name) => std::env::var_os("PATH").is_some_and(|path| {
            std::env::split_paths(&path).any(|folder| folder.join(name).is_file())
        }),
        Sign::Library(name) => succeeds("pkg-config", &["--exists", name]),
        Sign::Shared(name) => {
            let machine = format!("/usr/lib/{}-linux-gnu", std::env::consts::ARCH);
            [machine.as_str(), "/usr/lib64", "/usr/lib", "/lib64"]
                .iter()
                .any(|folder| Path::new(folder).join(name).exists())
        }
    }
}

/// What Debian's package manager says; it also knows of packages that were removed.
fn is_installed(name: &str) -> bool {
    Command::new("dpkg-query")
        .args(["--show", "--showformat=${db:Status-Status}", name])
        .output()
        .is_ok_and(|output| output.stdout.starts_with(b"installed"))
}

/// What comes before a command that needs root: nothing for root, `sudo -n` where it asks for no password.
fn root_prefix() -> Option<&'static [&'static str]> {
    let id = Command::new("id").arg("-u").output().ok()?;
    if id.stdout.trim_ascii() == b"0" {
        Some(&[])
    } else if succeeds("sudo", &["-n", "true"]) {
        Some(&["sudo", "-n"])
    } else {
        None
    }
}

fn apt(prefix: &[&str], arguments: &[&str], packages: &[&str]) -> Command {
    let words: Vec<&str> = prefix
        .iter()
        .chain(&["env", "DEBIAN_FRONTEND=noninteractive", "apt-get"])
        .chain(arguments)
        .chain(packages)
        .copied()
        .collect();
    let mut command = Command::new(words[0]);
    command.args(&words[1..]);
    command
}
