//! Records Pathos's lanes in Ardour, in real time and without a window, and draws them.

use anyhow::{Result, bail};
use clap::Parser;
use pathos_tests::{ardour, picture, voice};
use std::path::PathBuf;

/// Records a vocal's lanes in Ardour and draws them.
#[derive(Parser)]
#[command(name = "ardour")]
struct Arguments {
    /// The clip, at 48 kHz; without one, a synthesised voice.
    #[arg(long)]
    clip: Option<PathBuf>,
    /// Where the picture goes.
    #[arg(long, value_name = "FILE")]
    picture: PathBuf,
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    if let Some(reason) = ardour::why_not() {
        bail!("{reason}");
    }
    let mut sound = match &arguments.clip {
        Some(path) => {
            let clip = pathos_clips::read_mono(path)?;
            if clip.sample_rate_hz != ardour::RATE_HZ {
                bail!(
                    "{} is of {} Hz: give a clip of 48000 Hz",
                    path.display(),
                    clip.sample_rate_hz
                );
            }
            clip.samples
        }
        None => voice::demonstration(f64::from(ardour::RATE_HZ)),
    };
    // Time for the values to settle.
    sound.extend(voice::silence(f64::from(ardour::RATE_HZ), 2.0));
    let folder = ardour::scratch()?;
    let pass = ardour::record(&sound, &folder)?;
    std::fs::remove_dir_all(&folder)?;
    picture::draw(
        &arguments.picture,
        "Recorded in Ardour: ten lanes of automation in Write",
        &sound,
        &pass.lanes,
    )?;
    println!(
        "{} points: {}",
        pass.lanes.changes(),
        arguments.picture.display()
    );
    Ok(())
}
