//! Opens the editor of the built `Pathos.clap` in a window on Linux, plays a voice through it, and takes pictures of it.

use anyhow::{Result, bail};
use clap::Parser;
use std::path::PathBuf;

/// Opens the editor of the built Pathos and takes a picture of it.
#[derive(Parser)]
#[command(name = "editor")]
struct Arguments {
    /// Where the picture goes.
    #[arg(long, value_name = "FILE")]
    picture: PathBuf,
    /// Width and height of the editor in pixels, such as 860x520; without it, the editor's own.
    #[arg(long, value_parser = size)]
    size: Option<(u32, u32)>,
    /// How much of a voice plays before the picture is taken.
    #[arg(long, default_value_t = 3.0, value_name = "SECONDS")]
    play: f64,
    /// The clip that plays; without one, a synthesised voice.
    #[arg(long)]
    clip: Option<PathBuf>,
}

fn size(text: &str) -> Result<(u32, u32), String> {
    text.split_once('x')
        .and_then(|(width, height)| Some((width.parse().ok()?, height.parse().ok()?)))
        .ok_or_else(|| format!("\"{text}\" is no size: write it as 860x520"))
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    if !(0.0..=3600.0).contains(&arguments.play) {
        bail!("--play takes 0 to 3600 seconds, not {}", arguments.play);
    }
    run(&arguments)
}

#[cfg(not(target_os = "linux"))]
fn run(_: &Arguments) -> Result<()> {
    bail!("this host opens windows on Linux alone");
}

#[cfg(target_os = "linux")]
fn run(arguments: &Arguments) -> Result<()> {
    use anyhow::Context;
    use pathos_tests::host::{PluginHost, Setup};
    use pathos_tests::play::Player;
    use pathos_tests::screen::HostWindow;
    use pathos_tests::{bundles, clap_host::ClapHost, voice};
    use std::time::Duration;

    // The editor draws within this.
    const DRAWN: Duration = Duration::from_millis(700);

    let (sample_rate_hz, mono) = match &arguments.clip {
        Some(path) => {
            let clip = pathos_clips::read_mono(path)?;
            (f64::from(clip.sample_rate_hz), clip.samples)
        }
        None => (
            48_000.0,
            voice::speak(voice::EVEN, 48_000.0, arguments.play.max(0.1)),
        ),
    };
    let mut plugin = ClapHost::open(&bundles::clap()?)?;
    plugin.activate(Setup::realtime(sample_rate_hz))?;
    let (width, height) = arguments.size.unwrap_or((860, 520));
    let window = HostWindow::open(width, height)?;
    let own_size = plugin.open_editor(window.id())?;
    let size = arguments.size.unwrap_or(own_size);
    window.resize(size.0, size.1)?;
    if size != own_size {
        plugin.resize_editor(size.0, size.1)?;
    }

    let frames = (arguments.play * sample_rate_hz) as usize;
    let sound = &mono[..frames.min(mono.len())];
    Player {
        pace: Some(1.0),
        ..Player::new(&mut plugin, sample_rate_hz)
    }
    .play(&[sound, sound])?;
    std::thread::sleep(DRAWN);
    plugin.idle();
    let picture = window.picture()?;
    picture
        .save(&arguments.picture)
        .with_context(|| format!("cannot write the picture {}", arguments.picture.display()))?;
    plugin.close_editor();
    plugin.deactivate();
    println!(
        "{} x {} pixels in {}",
        size.0,
        size.1,
        arguments.picture.display()
    );
    Ok(())
}
