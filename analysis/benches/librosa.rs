//! Seconds to extract log-mel frames from WAV files, here and with librosa, reading included, in one run on the same files.
//!
//! `cargo bench --bench librosa -- [FOLDER]`; without a folder of WAV files at 16 kHz, on clips made for the purpose. Needs a
//! Python with librosa: `PATHOS_PYTHON`, or else `python3`. Ours runs on one thread; librosa on as many as it likes. Both go
//! over the files once to warm up, then several times, of which the fastest counts.

use pathos_analysis::log_mel_of;
use std::{
    error::Error,
    f32::consts::TAU,
    path::{Path, PathBuf},
    process::{Command, ExitCode},
    time::Instant,
};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

const RATE_HZ: u32 = 16_000;
const PASSES: usize = 5;
/// About what a clip of acted speech lasts, and enough of them that a pass takes a while.
const CLIPS: usize = 100;
const CLIP_SECONDS: usize = 3;

/// What a pass over the files took and found.
struct Outcome {
    seconds: f64,
    frames: usize,
    mean: f64,
}

fn main() -> ExitCode {
    match compare() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn compare() -> Result<()> {
    // Cargo passes flags of its own.
    let folder = std::env::args().skip(1).find(|word| !word.starts_with('-'));
    let made = tempfile::tempdir()?;
    let folder = match folder {
        Some(folder) => PathBuf::from(folder),
        None => {
            synthesise(made.path())?;
            made.path().to_owned()
        }
    };
    let paths = wav_files(&folder)?;
    if paths.is_empty() {
        return Err(format!("{} holds no WAV files", folder.display()).into());
    }
    let ours = by_us(&paths)?;
    let theirs = by_librosa(&paths)?;
    if ours.frames != theirs.frames || (ours.mean - theirs.mean).abs() > 1e-3 {
        return Err(format!(
            "not the same work: {} frames of mean {}, and {} of mean {} by librosa",
            ours.frames, ours.mean, theirs.frames, theirs.mean
        )
        .into());
    }
    println!("{} files, {} frames of 10 ms", paths.len(), ours.frames);
    println!("pathos   {:.4} s", ours.seconds);
    println!("librosa  {:.4} s", theirs.seconds);
    println!("ratio    {:.1}", theirs.seconds / ours.seconds);
    Ok(())
}

fn by_us(paths: &[PathBuf]) -> Result<Outcome> {
    let (mut frames, mut sum) = (0, 0.0);
    for path in paths {
        let rows = log_mel_of(&read_mono(path)?);
        frames += rows.len();
        sum += rows
            .as_flattened()
            .iter()
            .copied()
            .map(f64::from)
            .sum::<f64>();
    }
    let mut seconds = f64::INFINITY;
    for _ in 0..PASSES {
        let start = Instant::now();
        for path in paths {
            std::hint::black_box(log_mel_of(&read_mono(path)?));
        }
        seconds = seconds.min(start.elapsed().as_secs_f64());
    }
    Ok(Outcome {
        seconds,
        frames,
        mean: sum / (frames * pathos_analysis::MEL_BANDS) as f64,
    })
}

fn by_librosa(paths: &[PathBuf]) -> Result<Outcome> {
    let python = std::env::var_os("PATHOS_PYTHON").unwrap_or_else(|| "python3".into());
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/librosa_log_mel.py");
    let output = Command::new(&python)
        .arg(script)
        .arg(PASSES.to_string())
        .args(paths)
        .output()
        .map_err(|error| format!("{} does not run: {error}", python.display()))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(format!("librosa failed in {}: {said}", python.display()).into());
    }
    let text = String::from_utf8(output.stdout)?;
    let figures: Vec<&str> = text.split_whitespace().collect();
    let [seconds, frames, mean] = figures[..] else {
        return Err(format!("three figures were expected of librosa, not {text:?}").into());
    };
    Ok(Outcome {
        seconds: seconds.parse()?,
        frames: frames.parse()?,
        mean: mean.parse()?,
    })
}

/// The mean of a WAV file's channels; full scale is 1.
fn read_mono(path: &Path) -> Result<Vec<f32>> {
    let refuse = |error: hound::Error| format!("cannot read {}: {error}", path.display());
    let mut reader = hound::WavReader::open(path).map_err(refuse)?;
    let spec = reader.spec();
    if spec.sample_rate != RATE_HZ {
        let rate_hz = spec.sample_rate;
        return Err(format!("{} is at {rate_hz} Hz, not {RATE_HZ} Hz", path.display()).into());
    }
    let samples: std::result::Result<Vec<f32>, _> = match spec.sample_format {
        hound::SampleFormat::Float => reader.samples().collect(),
        hound::SampleFormat::Int => {
            let scale = 0.5f32.powi(i32::from(spec.bits_per_sample) - 1);
            let samples = reader.samples::<i32>();
            samples.map(|s| s.map(|s| s as f32 * scale)).collect()
        }
    };
    let samples = samples.map_err(refuse)?;
    let channels = usize::from(spec.channels);
    if channels == 1 {
        return Ok(samples);
    }
    let frames = samples.chunks_exact(channels);
    Ok(frames
        .map(|frame| frame.iter().sum::<f32>() / channels as f32)
        .collect())
}

fn wav_files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path
            .extension()
            .is_some_and(|ending| ending.eq_ignore_ascii_case("wav"))
        {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths)
}

/// Clips of a buzz with vibrato, a different note in each, in 16 bits.
fn synthesise(folder: &Path) -> Result<()> {
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: RATE_HZ,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    for clip in 0..CLIPS {
        let path = folder.join(format!("{clip:03}.wav"));
        let mut writer = hound::WavWriter::create(path, spec)?;
        let mut phase = 0.0f32;
        for n in 0..CLIP_SECONDS * RATE_HZ as usize {
            let time = n as f32 / RATE_HZ as f32;
            let hz = (100 + 3 * clip) as f32 * (1.0 + 0.02 * (TAU * 5.0 * time).sin());
            phase = (phase + hz / RATE_HZ as f32).fract();
            writer.write_sample(((phase - 0.5) * 16_000.0) as i16)?;
        }
        writer.finalize()?;
    }
    Ok(())
}
