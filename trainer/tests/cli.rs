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
        .replace("ravdess = 6", "ravdess = 2")
        .replace("copies = 0", "copies = 1")
        .replace(
            "vote_share = 0.0",
            "vote_share = 0.0\nstatement_weight = 0.3",
        )
        .replace("weight_average = 0.0", "weight_average = 0.9");
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
    // Clips, speakers and hours; then each emotion, where calm counts as neutral.
    assert_eq!(
        numbers,
        ["32", "4", "0.01", "4", "4", "4", "4", "8", "4", "4"]
    );
    assert!(
        String::from_utf8(output.stderr)
            .unwrap()
            .contains("notes.wav")
    );
}

#[test]
fn scan_writes_the_folds_that_training_uses() {
    let folder = folder("scan-folds");
    ravdess(&folder);
    let (recipe, file) = (recipe(&folder, 1), folder.join("folds.csv"));
    let out = [
        "scan",
        text(&folder),
        "--folds",
        text(&file),
        "--config",
        text(&recipe),
    ];
    assert!(run(&out).status.success());
    let table = fs::read_to_string(&file).unwrap();
    assert!(table.starts_with("path,corpus,speaker,emotion,fold\n"));
    assert_eq!(table.lines().count(), 33);
    let mut folds = std::collections::BTreeMap::new();
    for line in table.lines().skip(1) {
        let columns: Vec<&str> = line.split(',').collect();
        let fold = folds.entry(columns[2]).or_insert(columns[4]);
        assert_eq!(*fold, columns[4], "a speaker is in one fold");
    }
    assert!(error(&out[..4]).contains("--config"));
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

/// The arguments of a run on some corpora.
struct Run {
    data: PathBuf,
    cache: PathBuf,
    recipe: PathBuf,
}

impl Run {
    fn command(&self, name: &str, more: &[&str]) -> Command {
        let mut command = trainer(&[name]);
        command.args(["--data", text(&self.data), "--cache", text(&self.cache)]);
        command.args(more);
        command
    }

    fn train(&self, out: &Path, more: &[&str]) -> Output {
        let mut command = self.command("train", &["--config", text(&self.recipe)]);
        command.args(["--out", text(out)]).args(more);
        command.output().unwrap()
    }
}

fn assert_success(output: &Output) -> String {
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{error}");
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// All columns of a log but the seconds that an epoch took.
fn losses(run: &Path) -> Vec<Vec<String>> {
    let log = fs::read_to_string(run.join("log.csv")).unwrap();
    let columns = |line: &str| -> Vec<String> {
        let columns = line.split(',').map(str::to_owned).enumerate();
        columns
            .filter(|(at, _)| *at != 3)
            .map(|(_, value)| value)
            .collect()
    };
    log.lines().map(columns).collect()
}

/// From clips to a verified model file with its card and pages; and a run that was killed ends as one that was not.
#[test]
fn a_run_trains_resumes_exactly_exports_and_verifies() {
    let folder = folder("run");
    let run = Run {
        data: folder.join("data"),
        cache: folder.join("cache"),
        recipe: recipe(&folder, 4),
    };
    ravdess(&run.data);
    let bad = run.data.join("Actor_01/03-01-05-01-01-02-01.wav");
    fs::write(&bad, b"not a sound").unwrap();

    let whole = folder.join("whole");
    let output = run.train(&whole, &[]);
    let said = assert_success(&output);
    assert!(
        said.contains("epoch   4 of 4") && said.contains("finished"),
        "{said}"
    );
    let refused = String::from_utf8(output.stderr).unwrap();
    assert!(refused.contains("03-01-05-01-01-02-01.wav"), "{refused}");

    let broken = folder.join("broken");
    let mut child = run
        .command(
            "train",
            &["--config", text(&run.recipe), "--out", text(&broken)],
        )
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    while !broken.join("checkpoint-001").exists() && child.try_wait().unwrap().is_none() {
        sleep(Duration::from_millis(2));
    }
    let _ = child.kill();
    child.wait().unwrap();
    let output = run.train(&broken, &[]);
    let message = String::from_utf8(output.stderr).unwrap();
    assert!(
        !output.status.success() && message.contains("--resume"),
        "{message}"
    );
    let output = run.train(&broken, &["--resume", "--seed", "5"]);
    let message = String::from_utf8(output.stderr).unwrap();
    assert!(message.contains("another configuration"), "{message}");
    assert_success(&run.train(&broken, &["--resume"]));
    assert_eq!(losses(&whole), losses(&broken));
    assert_eq!(losses(&whole).len(), 5);

    evaluation_has_its_pages(&run, &folder, &whole);
    let model = folder.join("models/pathos.onnx");
    fs::create_dir_all(folder.join("models")).unwrap();
    let figures = folder.join("evidence.json");
    let export = [
        "--run",
        text(&whole),
        "--to",
        text(&model),
        "--json",
        text(&figures),
    ];
    assert_success(&run.command("export", &export).output().unwrap());
    let figures = fs::read_to_string(figures).unwrap();
    assert!(figures.contains("while_it_plays"), "{figures}");
    let card = fs::read_to_string(folder.join("models/pathos.md")).unwrap();
    assert!(
        card.contains("RAVDESS speech") && card.contains("CC BY-NC-SA 4.0"),
        "{card}"
    );
    assert!(card.contains("| gain of -12 dB |"), "{card}");
    assert_verified(&model);
    a_model_can_be_tuned(&run, &folder, &model);
    a_folder_can_be_analysed(&folder, &run.data, &model);
}

fn assert_verified(model: &Path) {
    let python = std::env::var("PATHOS_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let output = self::run(&["verify", text(model), "--python", &python]);
    let said = assert_success(&output);
    assert!(said.contains("parameters"), "{said}");
    assert!(
        said.contains("tract and onnxruntime differ by") || said.contains("skipped: "),
        "{said}"
    );
    if said.contains("skipped: ") {
        eprintln!("{}", said.lines().last().unwrap_or_default());
    }
}

fn evaluation_has_its_pages(run: &Run, folder: &Path, whole: &Path) {
    let (json, page) = (folder.join("figures.json"), folder.join("report.html"));
    let clips = folder.join("judged.csv");
    let arguments = [
        "--run",
        text(whole),
        "--json",
        text(&json),
        "--report",
        text(&page),
        "--clips",
        text(&clips),
        "--under",
        "quiet,telephone",
    ];
    let said = assert_success(&run.command("evaluate", &arguments).output().unwrap());
    for part in ["protocol `speakers`", "Quiet", "Telephone"] {
        assert!(said.contains(part), "{part}: {said}");
    }
    let figures: serde_json::Value = serde_json::from_slice(&fs::read(json).unwrap()).unwrap();
    assert_eq!(figures["while_it_plays"][0]["set"], "RAVDESS speech");
    assert_eq!(figures["while_it_plays"][0]["speakers"], 2);
    assert_eq!(figures["under"][0][0], "quiet");
    assert_eq!(figures["under"][0][1][0]["speakers"], 2);
    let facts = &figures["runs"][0]["facts"];
    assert_eq!(facts["data_hash"].as_str().unwrap().len(), 64);
    assert_eq!(facts["seed"], 1);
    assert_clips_agree(&clips, &figures["while_it_plays"][0]);
    let page = fs::read_to_string(page).unwrap();
    for part in [
        "Speaker-independent",
        "confusion matrix",
        "reliability of",
        "got most wrong",
        "data:image/png",
        "[network]",
    ] {
        assert!(page.contains(part), "{part}");
    }
    assert!(
        !page.contains("http"),
        "a page loads nothing from elsewhere"
    );
}

/// The lines of the judged clips say the accuracy that the figures say, and their probabilities are such.
fn assert_clips_agree(clips: &Path, figures: &serde_json::Value) {
    let clips = fs::read_to_string(clips).unwrap();
    let rows: Vec<Vec<&str>> = clips
        .lines()
        .skip(1)
        .map(|line| line.split(',').collect())
        .collect();
    assert_eq!(rows.len() as u64, figures["clips"].as_u64().unwrap());
    let right = rows.iter().filter(|row| row[3] == row[4]).count();
    let accuracy = figures["accuracy"].as_f64().unwrap();
    assert!((right as f64 / rows.len() as f64 - accuracy).abs() < 1e-9);
    for row in rows {
        let sum: f32 = row[5..].iter().map(|p| p.parse::<f32>().unwrap()).sum();
        assert!((sum - 1.0).abs() < 1e-4, "{row:?}");
    }
}

fn a_model_can_be_tuned(run: &Run, folder: &Path, model: &Path) {
    let whole = folder.join("whole");
    for (start, out) in [(model, "tuned"), (&whole, "tuned-run")] {
        let out = folder.join(out);
        let arguments = [
            text(start),
            "--out",
            text(&out),
            "--epochs",
            "2",
            "--batch-size",
            "8",
            "--learning-rate",
            "0.0005",
            "--set",
            "split.folds.ravdess=2",
        ];
        let said = assert_success(&run.command("tune", &arguments).output().unwrap());
        assert!(said.contains("epoch   2 of 2"), "{said}");
        let config = fs::read_to_string(out.join("config.toml")).unwrap();
        assert!(
            config.contains("batch_size = 8") && config.contains("hidden = 14"),
            "{config}"
        );
        // It begins where the model was: after its first epoch it is nearer to that than to where the model began.
        let test_loss = |run: &Path, epoch: usize| losses(run)[epoch][5].parse::<f64>().unwrap();
        let (began, ended) = (test_loss(&whole, 1), test_loss(&whole, 4));
        let tuned = test_loss(&out, 1);
        assert!(
            (tuned - ended).abs() < (tuned - began).abs(),
            "{began} became {ended}, then {tuned}"
        );
    }
    let out = folder.join("tuned");
    let facts = fs::read_to_string(out.join("facts.json")).unwrap();
    assert!(facts.contains("\"may_know_test\": true"), "{facts}");
    functionals_can_be_added(run, folder, model);
    let not_a_model = self::run(&[
        "tune",
        text(&folder.join("recipe.toml")),
        "--data",
        ".",
        "--out",
        text(&out),
    ]);
    assert!(String::from_utf8_lossy(&not_a_model.stderr).contains("recipe.toml"));
}

/// Beside a network that stays as it is.
fn functionals_can_be_added(run: &Run, folder: &Path, model: &Path) {
    let out = folder.join("with-functionals");
    let arguments = [
        text(model),
        "--out",
        text(&out),
        "--epochs",
        "0",
        "--set",
        "features.kinds=[\"log-mel\",\"functionals\"]",
        "--set",
        "split.folds.ravdess=2",
    ];
    assert_success(&run.command("tune", &arguments).output().unwrap());
    let parameters = |facts: &Path| {
        let facts = fs::read_to_string(facts.join("facts.json")).unwrap();
        let facts: serde_json::Value = serde_json::from_str(&facts).unwrap();
        facts["parameters"].as_u64().unwrap()
    };
    assert!(parameters(&out) > parameters(&folder.join("tuned")) + 2_501);
    let judged = || {
        assert_success(
            &run.command("evaluate", &["--run", text(&out)])
                .output()
                .unwrap(),
        )
    };
    let before = judged();
    assert!(before.contains("after epoch 0 of 0"), "{before}");
    let again = [&arguments[..], &["--resume"]].concat();
    assert_success(&run.command("tune", &again).output().unwrap());
    assert_eq!(judged(), before, "what was fitted is not lost");

    // They take another shape where it is asked for, and keep it where nothing is.
    let by_corpus = folder.join("with-corpus-outputs");
    // Three outputs more of seven values, and the gate's four.
    let gated = 3 * 7 * (128 + 1) + 4 * (128 + 1);
    let intervals = "features.kinds=[\"log-mel\",\"functionals\",\"intervals\"]";
    // A mean, a scale and the weights of each.
    let wider = 13 * (2 + 128);
    for (start, to, asked, more) in [
        (&out, &by_corpus, "network.corpus_outputs=true", gated),
        (&by_corpus, &folder.join("further"), "seed=1", gated),
        (&out, &folder.join("with-intervals"), intervals, wider),
    ] {
        let arguments = [
            text(start),
            "--out",
            text(to),
            "--epochs",
            "1",
            "--set",
            asked,
            "--set",
            "split.folds.ravdess=2",
        ];
        assert_success(&run.command("tune", &arguments).output().unwrap());
        assert_eq!(parameters(to), parameters(&out) + more);
    }

    // They can know the voices that they learn from.
    let known = folder.join("with-known-voices");
    let knowing = |voices: &str| {
        let arguments = [
            text(&out),
            "--out",
            text(&known),
            "--epochs",
            "1",
            "--set",
            &format!("network.known_voices={voices}"),
            "--set",
            "features.kinds=[\"log-mel\",\"functionals\"]",
            "--set",
            "split.folds.ravdess=2",
        ];
        run.command("tune", &arguments).output().unwrap()
    };
    let many = knowing("7");
    let message = String::from_utf8_lossy(&many.stderr);
    assert!(
        !many.status.success() && message.contains("network.known_voices is 7"),
        "{message}"
    );
    let voices = message
        .split("but ")
        .nth(1)
        .and_then(|rest| rest.split(' ').next());
    assert_success(&knowing(voices.unwrap()));
    assert!(parameters(&known) > parameters(&out));
    assert_success(
        &run.command("evaluate", &["--run", text(&known)])
            .output()
            .unwrap(),
    );

    // Networks have a mean whatever layers on functionals each has.
    let mean = folder.join("mean");
    let arguments = [
        text(&by_corpus),
        "--mean",
        text(&out),
        "--out",
        text(&mean),
        "--epochs",
        "0",
        "--set",
        "split.folds.ravdess=2",
    ];
    assert_success(&run.command("tune", &arguments).output().unwrap());
    assert_eq!(parameters(&mean), parameters(&by_corpus));
}

fn a_folder_can_be_analysed(folder: &Path, clips: &Path, model: &Path) {
    let (table, page) = (folder.join("table.csv"), folder.join("clips.html"));
    let arguments = |more: &[&str]| {
        let mut command = trainer(&["predict", "--input-folder", text(clips)]);
        command
            .args(["--model", text(model)])
            .args(more)
            .output()
            .unwrap()
    };
    let output = arguments(&["--output", text(&table), "--report", text(&page)]);
    // One of the clips is no sound: it is named, the rest is written, and the exit code says so.
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(
        !output.status.success() && error.contains("03-01-05-01-01-02-01.wav"),
        "{error}"
    );
    assert!(error.contains("1 of 33"), "{error}");
    let rows = fs::read_to_string(&table).unwrap();
    assert_eq!(rows.lines().count(), 1 + 32);
    assert!(rows.starts_with(
        "path,seconds,emotion,angry,disgust,fear,happy,neutral,sad,surprise,valence,arousal,voice\n"
    ));
    let page = fs::read_to_string(page).unwrap();
    assert!(page.contains("03-01-05-01-01-02-01.wav") && page.contains("data:image/png"));

    let json = folder.join("table.json");
    arguments(&["--output", text(&json), "--timeline"]);
    let hops: Vec<serde_json::Value> = serde_json::from_slice(&fs::read(json).unwrap()).unwrap();
    assert_eq!(
        hops.len(),
        32 * 5,
        "clips of 1.25 s have five hops of 250 ms"
    );
    let untouched = arguments(&["--output", "table.txt"]);
    assert!(String::from_utf8_lossy(&untouched.stderr).contains(".csv"));
}

#[test]
fn a_plot_shows_each_effect() {
    let folder = folder("plot");
    let (clip, page) = (folder.join("clip.wav"), folder.join("plot.html"));
    write_clip(&clip, 1, 1);
    assert_success(&run(&["plot", text(&clip), "--to", text(&page)]));
    let page = fs::read_to_string(page).unwrap();
    for effect in [
        "pitch +3.0 semitones",
        "reverberation",
        "babble",
        "pink noise",
        "tilt",
        "300 to 3400 Hz",
        "SpecAugment",
        "mixup",
    ] {
        assert!(page.contains(effect), "{effect}");
    }
}

#[test]
fn cross_validation_judges_every_speaker_once() {
    let folder = folder("folds");
    let run = Run {
        data: folder.join("data"),
        cache: folder.join("cache"),
        recipe: recipe(&folder, 1),
    };
    ravdess(&run.data);
    let out = folder.join("runs");
    let arguments = [
        "--config",
        text(&run.recipe),
        "--out",
        text(&out),
        "--folds",
        "0,1",
    ];
    let said = assert_success(&run.command("cross-validate", &arguments).output().unwrap());
    let row = said
        .lines()
        .find(|line| line.starts_with("RAVDESS speech"))
        .unwrap();
    let numbers: Vec<&str> = row.split_whitespace().skip(2).collect();
    assert_eq!(numbers[..2], ["32", "4"], "{said}");
    // Rows, which are four copies of each clip.
    let rows = folder.join("rows");
    let output = run.train(&rows, &["--set", "split.protocol=rows"]);
    assert!(assert_success(&output).contains("102 clips to learn from, 0 to validate, 26 to test"));
}
