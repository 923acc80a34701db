//! Plays a vocal through the built `Pathos.clap` in a host without a window: prints the seven outputs as they move, and draws
//! them over time.

use anyhow::{Context, Result};
use clap::Parser;
use pathos_tests::host::{Format, Mode, PluginHost, Setup};
use pathos_tests::lanes::Lanes;
use pathos_tests::outputs::{EMOTIONS, OUTPUTS, is_bipolar};
use pathos_tests::play::{Player, Recording};
use pathos_tests::{bundles, picture, voice};
use std::path::PathBuf;

/// How often a line is printed.
const LINE_SECONDS: f64 = 0.25;
/// After the clip the plugin hears silence for this long, so that its values settle.
const REST_SECONDS: f64 = 2.0;
const VOICE_RATE_HZ: f64 = 48_000.0;

/// Plays a vocal through the built Pathos and shows what it hears.
#[derive(Parser)]
#[command(name = "demo")]
struct Arguments {
    /// The clip: WAV, AIFF, FLAC, MP3, Ogg Vorbis or Opus. Without one, a synthesised voice speaks in three manners.
    clip: Option<PathBuf>,
    /// Where the picture goes.
    #[arg(long, value_name = "FILE")]
    picture: Option<PathBuf>,
    /// Play at the speed of the sound rather than as fast as it goes.
    #[arg(long)]
    realtime: bool,
    /// Load the VST3 rather than the CLAP.
    #[arg(long)]
    vst3: bool,
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let (name, sample_rate_hz, mut mono) = match &arguments.clip {
        Some(path) => {
            let clip = pathos_clips::read_mono(path)?;
            let name = path.file_name().context("the clip has no name")?;
            let rate_hz = f64::from(clip.sample_rate_hz);
            (name.to_string_lossy().into_owned(), rate_hz, clip.samples)
        }
        None => (
            "a synthesised voice".to_owned(),
            VOICE_RATE_HZ,
            voice::demonstration(VOICE_RATE_HZ),
        ),
    };
    mono.extend(voice::silence(sample_rate_hz, REST_SECONDS));

    let format = if arguments.vst3 {
        Format::Vst3
    } else {
        Format::Clap
    };
    let mut plugin = format.open()?;
    println!(
        "{name}: {:.1} s at {sample_rate_hz} Hz through the built {format}",
        mono.len() as f64 / sample_rate_hz
    );
    let recording = play(&mut *plugin, sample_rate_hz, &mono, arguments.realtime)?;
    drop(plugin);

    let file = arguments
        .picture
        .unwrap_or_else(|| bundles::target_dir().join("demo/pathos-demo.png"));
    picture::draw(
        &file,
        &format!("Pathos hears {name}"),
        &mono,
        &recording.lanes,
    )?;
    summarise(&recording, &mono);
    println!("picture: {}", file.display());
    Ok(())
}

fn play(
    plugin: &mut dyn PluginHost,
    sample_rate_hz: f64,
    mono: &[f32],
    realtime: bool,
) -> Result<Recording> {
    let mode = if realtime {
        Mode::Realtime
    } else {
        Mode::Offline
    };
    plugin.activate(Setup {
        mode,
        ..Setup::offline(sample_rate_hz)
    })?;
    print_head();
    let mut next_line = LINE_SECONDS;
    let recording = Player {
        pace: realtime.then_some(1.0),
        ..Player::new(plugin, sample_rate_hz)
    }
    .play_while(&[mono, mono], |lanes| {
        while lanes.seconds() >= next_line {
            print_line(lanes, next_line);
            next_line += LINE_SECONDS;
        }
        true
    })?;
    plugin.deactivate();
    Ok(recording)
}

fn print_head() {
    print!("{:>7}", "s");
    for name in OUTPUTS {
        print!(" {name:>8}");
    }
    println!();
}

fn print_line(lanes: &Lanes, seconds: f64) {
    let last = lanes.last();
    print!("{seconds:>7.2}");
    for (place, value) in last.into_iter().enumerate() {
        if is_bipolar(place) {
            print!(" {value:>8.2}");
        } else {
            print!(" {:>6.0} %", 100.0 * value);
        }
    }
    let (leader, value) = leader(&last[..EMOTIONS.len()]);
    if value > 0.0 {
        print!("  {}", EMOTIONS[leader]);
    }
    println!();
}

fn summarise(recording: &Recording, mono: &[f32]) {
    let identical = recording.audio.iter().all(|channel| {
        channel.len() == mono.len()
            && channel
                .iter()
                .zip(mono)
                .all(|(out, into)| out.to_bits() == into.to_bits())
    });
    println!(
        "audio out {} audio in, bit for bit",
        if identical { "equals" } else { "DIFFERS FROM" }
    );
    let (means, seconds) = recording.lanes.mean_emotions();
    if seconds > 0.0 {
        let (place, share) = leader(&means);
        println!(
            "{} led: {:.0} % on average over {seconds:.1} s with values; {} events reached the host",
            EMOTIONS[place],
            100.0 * share,
            recording.lanes.changes()
        );
    } else {
        println!("no voice was heard, so no emotion led");
    }
}

fn leader(values: &[f64]) -> (usize, f64) {
    values
        .iter()
        .copied()
        .enumerate()
        .max_by(|a, b| a.1.total_cmp(&b.1))
        .unwrap_or((0, 0.0))
}
