//! The built command line, on corpora that the tests make themselves: what users type, and what they see when it is wrong.

use std::{
    f32::consts::TAU,
    fs,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    thread::sleep,
    time::Duration,
};

fn trainer(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_trainer"));
    command.args(arguments);
    command
}

fn run(arguments: &[&str]) -> Output {
    trainer(arguments).output().unwrap()
}

fn error(arguments: &[&str]) -> String {
    let output = run(arguments);
    assert!(!output.status.success(), "{arguments:?} succeeded");
    String::from_utf8(output.stderr).unwrap()
}

/// A fresh folder.
fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    folder
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// A second of a buzz that swells, at a pitch that depends on speaker and emotion.
fn write_clip(path: &Path, speaker: usize, emotion: usize) {
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: 16_000,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut writer = hound::WavWriter::create(path, spec).unwrap();
    let hz = 90.0 + 20.0 * speaker as f32 + 35.0 * emotion as f32;
    for n in 0..20_000 {
        let time = n as f32 / 16_000.0;
        let buzz: f32 = (1..12)
            .map(|k| (TAU * hz * time * k as f32).sin() / k as f32)
            .sum();
        let swell = 0.6 + 0.4 * (TAU * (2.0 + emotion as f32) * time).sin();
        writer
            .write_sample((4_000.0 * swell * buzz) as i16)
            .unwrap();
    }
    writer.finalize().unwrap();
}

/// RAVDESS as downloaded, with four actors.
fn ravdess(folder: &Path) {
    for actor in 1..=4 {
        let own = folder.join(format!("Actor_{actor:02}"));
        fs::create_dir_all(&own).unwrap();
        for emotion in 1..=8 {
            let name = format!("03-01-{emotion:02}-01-01-01-{actor:02}.wav");
            write_clip(&own.join(name), actor, emotion);
        }
    }
}

/// A recipe that takes seconds.
fn recipe(folder: &Path, epochs: usize) -> PathBuf {
    let recipe = include_str!("../recipes/first.toml")
        .replace("epochs = 18", &format!("epochs = {epochs}"))
        .replace("channels = [24, 48, 64, 96]", "channels = [4, 6, 8, 10]")
        .replace("projection = 128", "projection = 12")
        .replace("hidden = 160", "hidden = 14")
        .replace("batch_size = 32", "batch_size = 4")
        .replace("folds = 5", "folds = 2");
    let path = folder.join("recipe.toml");
    fs::write(&path, recipe).unwrap();
    path
}

#[test]
fn scan_counts_clips_and_names_what_it_refused() {
    let folder = folder("scan");
    ravdess(&folder);
    fs::write(folder.join("notes.wav"), b"no clip").unwrap();
    let output = run(&["scan", text(&folder)]);
    assert!(output.status.success());
    let table = String::from_utf8(output.stdout).unwrap();
    let row = table
        .lines()
        .find(|line| line.starts_with("RAVDESS speech"))
        .unwrap();
    let numbers: Vec<&str> = row.split_whitespace().skip(2).collect();
    // Clips and speakers; then each emotion, where calm counts as neutral.
    assert_eq!(numbers, ["32", "4", "4", "4", "4", "4", "8", "4", "4"]);
    assert!(
        String::from_utf8(output.stderr)
            .unwrap()
            .contains("notes.wav")
    );
}

#[test]
fn a_folder_that_is_no_corpus_is_an_error_that_says_what_would_be() {
    let folder = folder("no-corpus");
    fs::write(folder.join("song.wav"), b"").unwrap();
    let message = error(&["scan", text(&folder)]);
    assert!(
        message.contains("no usable clip") && message.contains("RAVDESS"),
        "{message}"
    );
    assert!(message.contains("song.wav"), "{message}");
    assert!(error(&["scan", "no/such/folder"]).contains("no/such/folder"));
}

#[test]
fn a_broken_manifest_is_named() {
    let folder = folder("manifest");
    fs::write(folder.join("MANIFEST.csv"), "path,corpus\na.wav,TESS\n").unwrap();
    let message = error(&["scan", text(&folder)]);
    assert!(
        message.contains("MANIFEST.csv") && message.contains("speaker"),
        "{message}"
    );
}

#[test]
fn an_unknown_key_in_a_recipe_is_named_with_its_line() {
    let folder = folder("unknown-key");
    let path = recipe(&folder, 1);
    let recipe = fs::read_to_string(&path)
        .unwrap()
        .replace("hidden =", "hiden =");
    fs::write(&path, recipe).unwrap();
    let message = error(&[
        "train",
        "--config",
        text(&path),
        "--data",
        ".",
        "--out",
        text(&folder),
    ]);
    assert!(
        message.contains("hiden") && message.contains("line "),
        "{message}"
    );
}

#[test]
fn verify_refuses_what_is_no_model() {
    let folder = folder("no-model");
    let model = folder.join("model.onnx");
    assert!(error(&["verify", text(&model)]).contains("model.onnx"));
    fs::write(&model, b"no model").unwrap();
    assert!(error(&["verify", text(&model)]).contains("not a usable ONNX file"));
}

/// From clips to a verified model file with its card; and a run that was killed ends as one that was not.
#[test]
fn a_run_trains_resumes_exactly_exports_and_verifies() {
    let folder = folder("run");
    let data = folder.join("data");
    ravdess(&data);
    let bad = data.join("Actor_01/03-01-05-01-01-02-01.wav");
    fs::write(&bad, b"not a sound").unwrap();
    let recipe = recipe(&folder, 4);
    let cache = folder.join("cache");
    let arguments = |out: &Path, resume: bool| {
        let mut all = vec!["train", "--config", text(&recipe), "--data", text(&data)];
        all.extend(["--cache", text(&cache), "--out"]);
        let mut all: Vec<String> = all.into_iter().map(str::to_owned).collect();
        all.push(text(out).to_owned());
        all.extend(resume.then(|| "--resume".to_owned()));
        all
    };

    let whole = folder.join("whole");
    let output = trainer(&[])
        .args(arguments(&whole, false))
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let refused = String::from_utf8(output.stderr).unwrap();
    assert!(refused.contains("03-01-05-01-01-02-01.wav"), "{refused}");

    let broken = folder.join("broken");
    let mut child = trainer(&[])
        .args(arguments(&broken, false))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    while !broken.join("checkpoint-001").exists() && child.try_wait().unwrap().is_none() {
        sleep(Duration::from_millis(2));
    }
    let _ = child.kill();
    child.wait().unwrap();
    let output = trainer(&[])
        .args(arguments(&broken, false))
        .output()
        .unwrap();
    let message = String::from_utf8(output.stderr).unwrap();
    assert!(
        !output.status.success() && message.contains("--resume"),
        "{message}"
    );
    assert!(
        trainer(&[])
            .args(arguments(&broken, true))
            .output()
            .unwrap()
            .status
            .success()
    );
    // All columns but the seconds that an epoch took.
    let losses = |run: &Path| -> Vec<Vec<String>> {
        let log = fs::read_to_string(run.join("log.csv")).unwrap();
        let columns = |line: &str| -> Vec<String> {
            let columns = line.split(',').map(str::to_owned).enumerate();
            columns
                .filter(|(at, _)| *at != 3)
                .map(|(_, value)| value)
                .collect()
        };
        log.lines().map(columns).collect()
    };
    assert_eq!(losses(&whole), losses(&broken));
    assert_eq!(losses(&whole).len(), 5);

    let models = folder.join("models");
    fs::create_dir_all(&models).unwrap();
    let model = models.join("pathos.onnx");
    let (data, cache) = (text(&data), text(&cache));
    let export = [
        "export",
        "--run",
        text(&whole),
        "--data",
        data,
        "--cache",
        cache,
        "--to",
        text(&model),
    ];
    let output = run(&export);
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let card = fs::read_to_string(models.join("README.md")).unwrap();
    assert!(
        card.contains("RAVDESS speech") && card.contains("CC BY-NC-SA 4.0"),
        "{card}"
    );

    let python = std::env::var("PATHOS_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let output = run(&["verify", text(&model), "--python", &python]);
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(
        said.contains("tract and onnxruntime differ by") || said.contains("skipped: "),
        "{said}"
    );
    if said.contains("skipped: ") {
        eprintln!("{}", said.lines().last().unwrap_or_default());
    }

    let json = folder.join("figures.json");
    let config = whole.join("config.toml");
    let output = run(&[
        "evaluate",
        text(&model),
        "--config",
        text(&config),
        "--data",
        data,
        "--cache",
        cache,
        "--json",
        text(&json),
    ]);
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let figures: serde_json::Value = serde_json::from_slice(&fs::read(json).unwrap()).unwrap();
    assert_eq!(figures["sets"][0]["set"], "RAVDESS speech");
    assert_eq!(figures["sets"][0]["speakers"], 2);
}
