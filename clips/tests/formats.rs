//! Files of every format give the sound that went into them; files that hold none are refused by name.

use pathos_clips::{is_audio_file, read_mono};
use std::{
    f32::consts::TAU,
    path::{Path, PathBuf},
    process::Command,
};

fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

fn tone(rate_hz: u32, seconds: f32) -> Vec<f32> {
    (0..(rate_hz as f32 * seconds) as usize)
        .map(|n| 0.5 * (TAU * 440.0 * n as f32 / rate_hz as f32).sin())
        .collect()
}

fn write_wav(path: &Path, rate_hz: u32, channels: u16, bits: u16, samples: &[f32]) {
    let sample_format = if bits == 32 {
        hound::SampleFormat::Float
    } else {
        hound::SampleFormat::Int
    };
    let spec = hound::WavSpec {
        channels,
        sample_rate: rate_hz,
        bits_per_sample: bits,
        sample_format,
    };
    let mut writer = hound::WavWriter::create(path, spec).unwrap();
    for &sample in samples {
        for _ in 0..channels {
            match bits {
                32 => writer.write_sample(sample).unwrap(),
                _ => writer
                    .write_sample((sample * (1i64 << (bits - 1)) as f32) as i32)
                    .unwrap(),
            }
        }
    }
    writer.finalize().unwrap();
}

fn largest_difference(a: &[f32], b: &[f32]) -> f32 {
    a.iter()
        .zip(b)
        .fold(0.0, |largest, (a, b)| largest.max((a - b).abs()))
}

#[test]
fn wav_of_any_width_rate_and_channels() {
    let folder = folder("wav");
    for rate_hz in [8_000, 44_100, 96_000, 384_000] {
        for (bits, tolerance) in [(8, 0.01), (16, 1e-4), (24, 1e-6), (32, 0.0)] {
            for channels in [1, 2] {
                let path = folder.join(format!("{rate_hz}-{bits}-{channels}.wav"));
                let samples = tone(rate_hz, 0.1);
                write_wav(&path, rate_hz, channels, bits, &samples);
                let clip = read_mono(&path).unwrap();
                assert_eq!(clip.sample_rate_hz, rate_hz);
                assert_eq!(clip.samples.len(), samples.len());
                let difference = largest_difference(&clip.samples, &samples);
                assert!(difference <= tolerance, "{}: {difference}", path.display());
            }
        }
    }
}

#[test]
fn a_truncated_file_gives_what_it_holds() {
    let path = folder("truncated").join("half.wav");
    let samples = tone(48_000, 1.0);
    write_wav(&path, 48_000, 1, 16, &samples);
    let bytes = std::fs::read(&path).unwrap();
    std::fs::write(&path, &bytes[..bytes.len() / 2]).unwrap();
    let clip = read_mono(&path).unwrap();
    assert!(
        (20_000..=24_000).contains(&clip.samples.len()),
        "{}",
        clip.samples.len()
    );
    assert!(largest_difference(&clip.samples, &samples) < 1e-4);
}

#[test]
fn files_without_sound_are_refused_by_name() {
    let folder = folder("refused");
    let empty = folder.join("empty.wav");
    write_wav(&empty, 48_000, 1, 16, &[]);
    let files: [(&str, &[u8]); 4] = [
        ("nothing.wav", b""),
        (
            "text.mp3",
            b"this is a text, and no sound at all, however long one reads it",
        ),
        ("header.opus", b"OggS\0\x02\0\0\0\0\0\0\0\0 OpusHead"),
        ("zeros.flac", &[0; 4096]),
    ];
    for (name, bytes) in files {
        std::fs::write(folder.join(name), bytes).unwrap();
    }
    let names = files.map(|(name, _)| name);
    for name in names.into_iter().chain(["empty.wav", "missing.wav"]) {
        let error = read_mono(folder.join(name)).unwrap_err().to_string();
        assert!(error.contains(name), "{error}");
    }
}

#[test]
fn audio_files_are_known_by_their_ending() {
    assert!(is_audio_file(Path::new("a/b.WAV")) && is_audio_file(Path::new("b.opus")));
    assert!(!is_audio_file(Path::new("b.txt")) && !is_audio_file(Path::new("wav")));
}

/// Against the reference decoder, where it is installed.
#[test]
fn opus_equals_the_reference_decoder() {
    let folder = folder("opus");
    let (wav, opus, decoded) = (
        folder.join("a.wav"),
        folder.join("a.opus"),
        folder.join("b.wav"),
    );
    let samples: Vec<f32> = tone(16_000, 1.5)
        .iter()
        .enumerate()
        .map(|(n, s)| s * (n as f32 / 4e3).sin())
        .collect();
    write_wav(&wav, 16_000, 1, 16, &samples);
    let run = |program: &str, arguments: &[&Path]| {
        Command::new(program)
            .arg("--quiet")
            .args(arguments)
            .status()
            .is_ok_and(|status| status.success())
    };
    if !run("opusenc", &[&wav, &opus]) || !run("opusdec", &[&opus, &decoded]) {
        eprintln!(
            "skipped: opus_equals_the_reference_decoder needs opusenc and opusdec (Debian: opus-tools)"
        );
        return;
    }
    let ours = read_mono(&opus).unwrap();
    let reference = read_mono(&decoded).unwrap();
    assert_eq!(
        (ours.sample_rate_hz, ours.samples.len()),
        (16_000, reference.samples.len())
    );
    let difference = largest_difference(&ours.samples, &reference.samples);
    // opusdec dithers to 16 bits.
    assert!(difference < 2e-3, "{difference}");
}

/// As sox writes them, where it is installed.
#[test]
fn flac_aiff_and_vorbis_give_what_went_into_them() {
    let folder = folder("sox");
    let wav = folder.join("a.wav");
    let samples = tone(22_050, 1.0);
    write_wav(&wav, 22_050, 1, 16, &samples);
    for (name, tolerance) in [("a.flac", 1e-4), ("a.aiff", 1e-4), ("a.ogg", 0.1)] {
        let path = folder.join(name);
        let converted = Command::new("sox").arg(&wav).arg(&path).status();
        if !converted.is_ok_and(|status| status.success()) {
            eprintln!("skipped: flac_aiff_and_vorbis_give_what_went_into_them needs sox");
            return;
        }
        let clip = read_mono(&path).unwrap();
        assert_eq!(clip.sample_rate_hz, 22_050, "{name}");
        assert_eq!(clip.samples.len(), samples.len(), "{name}");
        let difference = largest_difference(&clip.samples, &samples);
        assert!(difference <= tolerance, "{name}: {difference}");
    }
}
