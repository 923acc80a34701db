//! Every task of the project: `cargo xtask --help` lists them.
//!
//! Everything is built in the release profile, so that nothing large compiles twice.

mod bundle;
mod checks;
mod shell;
mod system;

use anyhow::{Context, Result};
use clap::{Parser, Subcommand};
use shell::cargo;
use std::path::{Path, PathBuf};

/// The tasks of Pathos.
#[derive(Parser)]
#[command(name = "cargo xtask", disable_help_subcommand = true)]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Builds Pathos.clap, Pathos.vst3 and the standalone into target/bundled.
    Bundle {
        /// The package to bundle.
        #[arg(default_value = "pathos", value_parser = ["pathos"])]
        package: String,
        /// Build with optimisations. Without them the plugin is too slow to use.
        #[arg(long)]
        release: bool,
        /// Leave the standalone out, which alone needs the libraries of ALSA and JACK.
        #[arg(long)]
        plugin_only: bool,
    },
    /// Builds the plugin and plays a vocal through it: values as they move, and a picture of them.
    Demo {
        /// The clip; without one, a synthesised voice.
        clip: Option<PathBuf>,
        /// Play at the speed of the sound rather than as fast as it goes.
        #[arg(long)]
        realtime: bool,
        /// Load the VST3 rather than the CLAP.
        #[arg(long)]
        vst3: bool,
        /// Where the picture goes, instead of target/demo/pathos-demo.png.
        #[arg(long, value_name = "FILE")]
        picture: Option<PathBuf>,
    },
    /// Runs every check: format, lints, build, tests, documentation.
    Test,
    /// Makes the README's pictures anew: the editor, and the demo's.
    Screenshots {
        /// The folder that gets them.
        #[arg(default_value = "docs")]
        folder: PathBuf,
        /// The clips that play in the editor, one after the other; the demo plays the first. Without one, a synthesised voice.
        #[arg(long)]
        clip: Vec<PathBuf>,
        /// How much of them plays, in seconds.
        #[arg(long)]
        play: Option<f64>,
    },
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    // Paths on the command line are relative to where the user stands.
    let here = std::env::current_dir().context("the current folder is gone")?;
    std::env::set_current_dir(root()).context("cannot enter the workspace's folder")?;
    match arguments.task {
        Task::Bundle {
            package: _,
            release,
            plugin_only,
        } => {
            if !plugin_only {
                system::ensure(system::STANDALONE)?;
            }
            bundle::run(release, !plugin_only)
        }
        Task::Demo {
            clip,
            realtime,
            vst3,
            picture,
        } => {
            bundle::run(true, false)?;
            let mut command = cargo([
                "run",
                "--release",
                "-p",
                "pathos-tests",
                "--bin",
                "demo",
                "--",
            ]);
            command.args(clip.map(|clip| here.join(clip)));
            command.args(realtime.then_some("--realtime"));
            command.args(vst3.then_some("--vst3"));
            if let Some(picture) = picture {
                command.arg("--picture").arg(here.join(picture));
            }
            shell::run("the demo", &mut command)
        }
        Task::Test => checks::run(),
        Task::Screenshots { folder, clip, play } => {
            let clips: Vec<PathBuf> = clip.iter().map(|clip| here.join(clip)).collect();
            screenshots(&here.join(folder), &clips, play)
        }
    }
}

/// The workspace's folder.
fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("this package's folder lies in the workspace")
}

/// The editor's pictures: file and size.
const EDITORS: [(&str, &str); 2] = [("editor.png", "1400x868"), ("editor-small.png", "480x300")];

fn screenshots(folder: &Path, clips: &[PathBuf], play: Option<f64>) -> Result<()> {
    system::ensure(system::SCREEN)?;
    bundle::run(true, false)?;
    shell::run(
        "the build of the small hosts",
        &mut cargo(["build", "--release", "-p", "pathos-tests", "--bins"]),
    )?;
    std::fs::create_dir_all(folder)
        .with_context(|| format!("cannot make the folder {}", folder.display()))?;
    let programs = bundle::target_dir()?.join("release");
    for (picture, size) in EDITORS {
        let mut editor = std::process::Command::new("xvfb-run");
        editor
            .args(["-a", "-s", "-screen 0 1920x1200x24 -noreset"])
            .arg(programs.join("editor"))
            .args(["--size", size, "--picture"])
            .arg(folder.join(picture));
        if let Some(seconds) = play {
            editor.args(["--play", &seconds.to_string()]);
        }
        for clip in clips {
            editor.arg("--clip").arg(clip);
        }
        shell::run("the picture of the editor", &mut editor)?;
    }
    let mut demo = std::process::Command::new(programs.join("demo"));
    demo.args(clips.first())
        .arg("--picture")
        .arg(folder.join("demo.png"));
    shell::run("the picture of the demo", &mut demo)
}
