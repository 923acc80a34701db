//! The features against those of librosa, on one synthetic sound.
//!
//! Needs a Python with librosa (0.11): `PATHOS_PYTHON`, or else `python3`. Where it has none the trials are listed as ignored.

mod sound;

use libtest_mimic::{Arguments, Failed, Trial};
use pathos_analysis::{
    chroma::{CHROMA_SILENCE, Chroma},
    deltas::{deltas, second_deltas},
    energy::Energy,
    log_mel_of,
    mfcc::{Mfcc, MfccFrame},
    pitch::{Pitch, PitchFrame},
};
use std::{
    ffi::OsString,
    path::Path,
    process::{Command, ExitCode, Stdio},
    sync::LazyLock,
};

/// A feature beside librosa's.
type Check = fn() -> Result<(), Failed>;

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let has_librosa = Command::new(python())
        .args(["-c", "import librosa"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success());
    let trials: [(&str, Check); 9] = [
        ("log_mel", log_mel),
        ("mfcc", mfcc),
        ("deltas", first_and_second_deltas),
        ("chroma", chroma),
        ("f0_is_that_of_yin", f0_is_that_of_yin),
        ("f0_is_that_of_the_sound", f0_is_that_of_the_sound),
        ("voicing_is_that_of_pyin", voicing_is_that_of_pyin),
        ("energy", energy),
        ("zero_crossing_rate", zero_crossing_rate),
    ];
    let trials = trials.map(|(name, trial)| {
        // Asked for by `--ignored` nevertheless, a trial says what it lacks.
        Trial::test(name, trial).with_ignored_flag(!has_librosa)
    });
    libtest_mimic::run(&arguments, trials.into()).exit_code()
}

fn python() -> OsString {
    std::env::var_os("PATHOS_PYTHON").unwrap_or_else(|| "python3".into())
}

/// The sound, its true F0 at each sample, and what librosa finds in it: a folder with a file for each feature.
struct Reference {
    samples: Vec<f32>,
    f0_hz: Vec<f32>,
    folder: tempfile::TempDir,
}

/// Made once, by whichever trial is first.
static REFERENCE: LazyLock<Result<Reference, String>> = LazyLock::new(|| {
    let (samples, f0_hz) = sound::sound();
    let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
    let signal = folder.path().join("signal");
    let bytes: Vec<u8> = samples.iter().flat_map(|s| s.to_le_bytes()).collect();
    std::fs::write(&signal, bytes).map_err(|error| error.to_string())?;
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/librosa_features.py");
    let output = Command::new(python())
        .arg(&script)
        .args([&signal, folder.path()])
        .output()
        .map_err(|error| format!("{} does not run: {error}", python().display()))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(format!("{} failed: {said}", script.display()));
    }
    Ok(Reference {
        samples,
        f0_hz,
        folder,
    })
});

impl Reference {
    fn get() -> Result<&'static Self, Failed> {
        REFERENCE.as_ref().map_err(Failed::from)
    }

    /// The rows of a feature of librosa's.
    fn rows<const WIDTH: usize>(&self, name: &str) -> Result<Vec<[f32; WIDTH]>, Failed> {
        let bytes = std::fs::read(self.folder.path().join(name).with_extension("f32"))?;
        let (values, _) = bytes.as_chunks();
        let values: Vec<f32> = values.iter().map(|&b| f32::from_le_bytes(b)).collect();
        let (rows, rest) = values.as_chunks();
        if rest.is_empty() && rows.len() == log_mel_of(&self.samples).len() {
            Ok(rows.to_vec())
        } else {
            Err(format!("{name}: {} rows of librosa's", rows.len()).into())
        }
    }

    fn frames<T>(&self, push: impl FnMut(f32) -> Option<T>) -> Vec<T> {
        self.samples.iter().copied().filter_map(push).collect()
    }

    /// The true F0 where a frame's last `length` samples all have one, in the middle of them; the frame's number comes first.
    fn sung(&self, length: usize) -> impl Iterator<Item = (usize, f32)> {
        let ends = (399..self.samples.len()).step_by(160).enumerate();
        ends.filter_map(move |(frame, newest)| {
            let f0_hz = self.f0_hz.get((newest + 1).checked_sub(length)?..=newest)?;
            // From one part to another F0 jumps.
            let is_one_part = f0_hz.windows(2).all(|pair| (pair[0] - pair[1]).abs() < 1.0);
            (is_one_part && f0_hz[0] > 0.0).then(|| (frame, f0_hz[length / 2]))
        })
    }
}

/// Fails unless each value is within the tolerance of librosa's.
fn compare<const WIDTH: usize>(
    ours: &[[f32; WIDTH]],
    theirs: &[[f32; WIDTH]],
    tolerance: f32,
) -> Result<(), Failed> {
    if ours.len() != theirs.len() {
        return Err(format!("{} rows, and {} of librosa's", ours.len(), theirs.len()).into());
    }
    let pairs = ours.as_flattened().iter().zip(theirs.as_flattened());
    let apart = pairs.map(|(a, b)| (a - b).abs()).enumerate();
    let worst = apart.max_by(|a, b| a.1.total_cmp(&b.1));
    match worst {
        Some((at, worst)) if worst.is_nan() || worst > tolerance => Err(format!(
            "row {}, column {}: {} instead of librosa's {}; {tolerance} apart is allowed",
            at / WIDTH,
            at % WIDTH,
            ours.as_flattened()[at],
            theirs.as_flattened()[at]
        )
        .into()),
        Some(_) => Ok(()),
        None => Err("no rows".into()),
    }
}

/// In nepers of power.
fn log_mel() -> Result<(), Failed> {
    let reference = Reference::get()?;
    let ours = log_mel_of(&reference.samples);
    compare(&ours, &reference.rows("log_mel")?, 3e-3)
}

fn our_mfcc(samples: &[f32]) -> Vec<MfccFrame> {
    let mfcc = Mfcc::new();
    let rows = log_mel_of(samples);
    rows.iter().map(|row| mfcc.of(row)).collect()
}

fn mfcc() -> Result<(), Failed> {
    let reference = Reference::get()?;
    let ours = our_mfcc(&reference.samples);
    compare(&ours, &reference.rows("mfcc")?, 1e-3)
}

fn first_and_second_deltas() -> Result<(), Failed> {
    let reference = Reference::get()?;
    let ours = our_mfcc(&reference.samples);
    compare(&deltas(&ours), &reference.rows("deltas")?, 2e-4)?;
    let theirs = reference.rows("second_deltas")?;
    compare(&second_deltas(&ours), &theirs, 2e-4)
}

/// Of a strongest class of 1. What librosa makes of what is silence here does not count.
fn chroma() -> Result<(), Failed> {
    let reference = Reference::get()?;
    let mut chroma = Chroma::new();
    let ours = reference.frames(|sample| chroma.push(sample));
    let mut theirs = reference.rows("chroma")?;
    for (classes, [power]) in theirs.iter_mut().zip(reference.rows("chroma_power")?) {
        if power < CHROMA_SILENCE {
            classes.fill(0.0);
        }
    }
    compare(&ours, &theirs, 1e-4)
}

fn our_pitch(reference: &Reference) -> Vec<PitchFrame> {
    let mut pitch = Pitch::new();
    reference.frames(|sample| pitch.push(sample))
}

/// Fails unless each frame that is sung for all of its last `length` samples has an F0 that is within the share of what is
/// expected of a frame with that number and that true F0.
fn compare_f0(
    reference: &Reference,
    length: usize,
    expected: impl Fn(usize, f32) -> f32,
    tolerance: f32,
) -> Result<(), Failed> {
    let ours = our_pitch(reference);
    let mut count = 0;
    for (frame, f0_hz) in reference.sung(length) {
        count += 1;
        let (found, expected) = (ours[frame].f0_hz, expected(frame, f0_hz));
        if !found.is_some_and(|found| (found / expected - 1.0).abs() <= tolerance) {
            return Err(format!(
                "frame {frame}: {found:?} instead of {expected} Hz; {tolerance} of it is allowed"
            )
            .into());
        }
    }
    if count < 500 {
        return Err(format!("only {count} frames are sung").into());
    }
    Ok(())
}

/// Within 1.5 %: librosa's YIN sees 64 ms where ours sees 49 ms, and F0 moves meanwhile.
fn f0_is_that_of_yin() -> Result<(), Failed> {
    let reference = Reference::get()?;
    let theirs: Vec<[f32; 1]> = reference.rows("yin")?;
    compare_f0(reference, 1_024, |frame, _| theirs[frame][0], 0.015)
}

/// Within 1 %.
fn f0_is_that_of_the_sound() -> Result<(), Failed> {
    let reference = Reference::get()?;
    compare_f0(reference, 700, |_, f0_hz| f0_hz, 0.01)
}

/// In at least 93 of 100 frames: a Markov chain that has heard what follows may draw the ends of a voice elsewhere.
fn voicing_is_that_of_pyin() -> Result<(), Failed> {
    let reference = Reference::get()?;
    let (ours, theirs) = (our_pitch(reference), reference.rows("pyin")?);
    let agreed = ours
        .iter()
        .zip(&theirs)
        .filter(|(ours, [theirs])| ours.f0_hz.is_some() == (*theirs > 0.0))
        .count();
    if agreed * 100 < ours.len() * 93 {
        return Err(format!("{agreed} of {} frames", ours.len()).into());
    }
    Ok(())
}

/// In dB.
fn energy() -> Result<(), Failed> {
    let reference = Reference::get()?;
    let mut energy = Energy::new();
    let ours = reference.frames(|sample| energy.push(sample).map(|frame| [frame.level_db]));
    compare(&ours, &reference.rows("level_db")?, 1e-4)
}

fn zero_crossing_rate() -> Result<(), Failed> {
    let reference = Reference::get()?;
    let mut energy = Energy::new();
    let ours = reference.frames(|sample| {
        let frame = energy.push(sample)?;
        Some([frame.zero_crossing_rate])
    });
    compare(&ours, &reference.rows("zero_crossing_rate")?, 1e-6)
}
