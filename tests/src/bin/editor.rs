//! Opens the editor of the built plugin in a window on Linux, plays voices through it, and takes a picture of it; or opens and
//! closes it many times.

use anyhow::{Result, bail};
use clap::{Parser, ValueEnum};
use std::path::PathBuf;

/// Opens the editor of the built Pathos and takes a picture of it.
#[derive(Parser)]
#[command(name = "editor")]
struct Arguments {
    /// Where the picture goes.
    #[arg(long, value_name = "FILE")]
    picture: PathBuf,
    /// Which of the built bundles.
    #[arg(long, value_enum, default_value_t = Bundle::Clap)]
    format: Bundle,
    /// Width and height of the editor in pixels, such as 860x520; without it, the editor's own.
    #[arg(long, value_parser = size)]
    size: Option<(u32, u32)>,
    /// How much of the sound plays before the picture is taken; without it, all of the clips, or 3 s of a synthesised voice.
    #[arg(long, value_name = "SECONDS")]
    play: Option<f64>,
    /// The clips that play, one after the other; without one, a synthesised voice.
    #[arg(long)]
    clip: Vec<PathBuf>,
    /// Says what share of a core the whole process takes while the sound plays, and in so many seconds of silence after it, with
    /// the transport standing.
    #[arg(long, value_name = "SECONDS")]
    measure: Option<u32>,
    /// How often the editor is opened, resized and closed before.
    #[arg(long, default_value_t = 0)]
    cycles: u32,
}

/// A built bundle.
#[derive(Clone, Copy, ValueEnum)]
enum Bundle {
    Clap,
    Vst3,
}

fn size(text: &str) -> Result<(u32, u32), String> {
    text.split_once('x')
        .and_then(|(width, height)| Some((width.parse().ok()?, height.parse().ok()?)))
        .ok_or_else(|| format!("\"{text}\" is no size: write it as 860x520"))
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    if let Some(seconds) = arguments.play
        && !(0.0..=3600.0).contains(&seconds)
    {
        bail!("--play takes 0 to 3600 seconds, not {seconds}");
    }
    run(&arguments)
}

#[cfg(not(target_os = "linux"))]
fn run(_: &Arguments) -> Result<()> {
    bail!("this host opens windows on Linux alone");
}

#[cfg(target_os = "linux")]
fn run(arguments: &Arguments) -> Result<()> {
    linux::run(arguments)
}

#[cfg(target_os = "linux")]
mod linux {
    use super::{Arguments, Bundle};
    use anyhow::{Context, Result, ensure};
    use pathos_tests::bundles;
    use pathos_tests::clap_host::ClapHost;
    use pathos_tests::host::{PluginHost, Setup};
    use pathos_tests::play::Player;
    use pathos_tests::screen::HostWindow;
    use pathos_tests::voice;
    use pathos_tests::vst3_host::Vst3Host;
    use std::time::{Duration, Instant};

    /// The editor draws within this.
    const DRAWN: Duration = Duration::from_millis(700);
    /// By when all that moves in the editor has come to rest, in seconds.
    const REST_S: f64 = 10.0;
    /// Between two clips, in seconds.
    const GAP_S: f64 = 0.6;
    /// The editor's sizes while it is opened and closed, in turn.
    const SIZES: [(u32, u32); 3] = [(480, 300), (860, 520), (1400, 868)];

    /// A closed window's threads are gone within this.
    const GONE: Duration = Duration::from_secs(10);

    pub(super) fn run(arguments: &Arguments) -> Result<()> {
        let threads_before = threads()?;
        show(arguments)?;
        // The framework closes a window without waiting for its thread. One that still gives its OpenGL back while the process
        // ends, and the libraries with it, crashes; a host that lives on never sees that.
        let start = Instant::now();
        while threads()? > threads_before {
            ensure!(
                start.elapsed() < GONE,
                "{} threads are left {GONE:?} after the last window closed, {threads_before} were there at the start",
                threads()?
            );
            std::thread::sleep(Duration::from_millis(5));
        }
        Ok(())
    }

    /// How many threads this process has.
    fn threads() -> Result<usize> {
        Ok(std::fs::read_dir("/proc/self/task")?.count())
    }

    fn show(arguments: &Arguments) -> Result<()> {
        let (sample_rate_hz, sound) = sound(arguments)?;
        let open = || -> Result<Box<dyn PluginHost>> {
            Ok(match arguments.format {
                Bundle::Clap => Box::new(ClapHost::open(&bundles::clap()?)?),
                Bundle::Vst3 => Box::new(Vst3Host::open(&bundles::vst3_library()?)?),
            })
        };
        let mut plugin = open()?;
        if arguments.cycles > 0 {
            plugin = open_and_close(plugin, open, arguments.cycles)?;
        }
        plugin.activate(Setup::realtime(sample_rate_hz))?;
        let (width, height) = arguments.size.unwrap_or((860, 520));
        let window = HostWindow::open(width, height)?;
        let own_size = plugin.open_editor(window.id())?;
        let size = arguments.size.unwrap_or(own_size);
        window.resize(size.0, size.1)?;
        if size != own_size {
            plugin.resize_editor(size.0, size.1)?;
        }
        let mut play = |sound: &[f32], position: Option<u64>| {
            let (start, before) = (Instant::now(), cpu_time());
            let player = Player {
                pace: Some(1.0),
                position,
                ..Player::new(plugin.as_mut(), sample_rate_hz)
            };
            { player }.play(&[sound, sound])?;
            let spent = (cpu_time() - before).as_secs_f64();
            anyhow::Ok(100.0 * spent / start.elapsed().as_secs_f64())
        };
        let moving = play(&sound, Some(0))?;
        if let Some(seconds) = arguments.measure {
            let silence = |seconds: f64| vec![0.0; (seconds * sample_rate_hz) as usize];
            play(&silence(REST_S), None)?;
            let still = play(&silence(seconds.into()), None)?;
            println!("{moving:.1} % of a core while it moves, {still:.1} % while it is still");
        }
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

    /// The time that this process has spent on all cores.
    #[allow(unsafe_code)]
    fn cpu_time() -> Duration {
        // SAFETY: a struct of plain numbers, which the system fills in.
        let usage = unsafe {
            let mut usage: libc::rusage = std::mem::zeroed();
            libc::getrusage(libc::RUSAGE_SELF, &mut usage);
            usage
        };
        let time = |time: libc::timeval| {
            Duration::from_secs(time.tv_sec as u64) + Duration::from_micros(time.tv_usec as u64)
        };
        time(usage.ru_utime) + time(usage.ru_stime)
    }

    /// The rate and the samples of what plays.
    fn sound(arguments: &Arguments) -> Result<(f64, Vec<f32>)> {
        if arguments.clip.is_empty() {
            let seconds = arguments.play.unwrap_or(3.0).max(0.1);
            return Ok((48_000.0, voice::speak(voice::EVEN, 48_000.0, seconds)));
        }
        let (mut rate_hz, mut sound) = (0, Vec::new());
        for path in &arguments.clip {
            let clip = pathos_clips::read_mono(path)?;
            ensure!(
                rate_hz == 0 || rate_hz == clip.sample_rate_hz,
                "{} has another sample rate than the first clip",
                path.display()
            );
            rate_hz = clip.sample_rate_hz;
            sound.extend(clip.samples);
            sound.resize(sound.len() + (GAP_S * f64::from(rate_hz)) as usize, 0.0);
        }
        if let Some(seconds) = arguments.play {
            sound.truncate((seconds * f64::from(rate_hz)) as usize);
        }
        Ok((f64::from(rate_hz), sound))
    }

    /// Opens, resizes and closes the editor; then another instance gets the state, and must open it at the size that was left.
    fn open_and_close(
        mut plugin: Box<dyn PluginHost>,
        open: impl Fn() -> Result<Box<dyn PluginHost>>,
        cycles: u32,
    ) -> Result<Box<dyn PluginHost>> {
        // As long as there is one client, the display does not begin anew.
        let _client = HostWindow::open(1, 1)?;
        let mut longest = Duration::ZERO;
        let mut left = SIZES[0];
        for cycle in 0..cycles {
            left = SIZES[cycle as usize % SIZES.len()];
            let window = HostWindow::open(1400, 868)?;
            let start = Instant::now();
            plugin.open_editor(window.id())?;
            longest = longest.max(start.elapsed());
            plugin.resize_editor(left.0, left.1)?;
            // The window learns of its size on a thread of its own.
            for _ in 0..6 {
                std::thread::sleep(Duration::from_millis(10));
                plugin.idle();
            }
            plugin.close_editor();
        }
        let window = HostWindow::open(1400, 868)?;
        let state = plugin.save()?;
        let mut other = open()?;
        other.load(&state)?;
        let size = other.open_editor(window.id())?;
        other.close_editor();
        ensure!(
            size == left,
            "the editor was left at {left:?}, and opens at {size:?}"
        );
        println!(
            "opened {cycles} times, in {} ms at the most",
            longest.as_millis()
        );
        Ok(other)
    }
}
