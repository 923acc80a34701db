//! Seconds to extract log-mel frames from WAV files, here and with librosa, reading included, in one run on the same files.
//!
//! `cargo bench --bench librosa -- [FOLDER]`; without a folder of WAV files at 16 kHz, on clips made for the purpose. Needs a
//! Python with librosa: `PATHOS_PYTHON`, or else `python3`. Both run on as many threads as they like, which for ours is all, as in the trainer. Both go
//! over the files once to warm up, then several times, of which the fastest counts.

use pathos_analysis::log_mel_of;
use rayon::prelude::*;
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
    let rows = |path: &PathBuf| read_mono(path).map(|samples| log_mel_of(&samples));
    let (mut frames, mut sum) = (0, 0.0);
    for path in paths {
        let rows = rows(path)?;
        frames += rows.len();
        let values = rows.as_flattened().iter().copied();
        sum += values.map(f64::from).sum::<f64>();
    }
    let mut seconds = f64::INFINITY;
    for _ in 0..PASSES {
        let start = Instant::now();
        paths.par_iter().for_each(|path| {
            // What could not be read has failed above.
            let _ = std::hint::black_box(rows(path));
        });
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

fn read_mono(path: &Path) -> Result<Vec<f32>> {
    let clip = pathos_clips::read_mono(path)?;
    if clip.sample_rate_hz != RATE_HZ {
        let rate_hz = clip.sample_rate_hz;
        return Err(format!("{} is at {rate_hz} Hz, not {RATE_HZ} Hz", path.display()).into());
    }
    Ok(clip.samples)
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
