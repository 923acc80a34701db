//! The evaluation of runs: each run's network on the clips that the run held out, all of them pooled.
//!
//! With one run for each fold every speaker is judged once, by a network that never heard them; with several seeds of a
//! fold, once by each.

use crate::{
    checkpoint::{Checkpoint, RunFolder},
    condition::Condition,
    config::{Config, Protocol},
    corpora::{self, Clip, Refused},
    dataset::{self, Example},
    evaluate::{self, ClipLogits, Figures, VoiceFigures},
    facts::RunFacts,
    learned_voices::{self, LearnedVoices},
    log::EpochLog,
    metrics::Judged,
    network::{Architecture, Network},
    onnx::export::{self, Labels},
    split::Role,
};
use anyhow::{Context, Result, bail, ensure};
use burn::{module::Module, tensor::Device};
use pathos_analysis::{Emotion, FeatureKind, Logits, Model};
use serde::Serialize;
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

/// A run as an evaluation states it.
#[derive(Clone, Debug, Serialize)]
pub struct EvaluatedRun {
    /// Its folder.
    pub folder: PathBuf,
    /// What it was.
    pub facts: RunFacts,
    /// Its configuration, as TOML.
    pub config: String,
    /// Its epochs.
    pub log: Vec<EpochLog>,
    /// The epoch whose network was judged.
    pub epoch: usize,
    /// The epochs of its configuration: more than `epoch` if it is still training, or stopped early.
    pub epochs: usize,
    /// Seconds that its training took.
    pub seconds: f64,
}

/// A clip that was judged.
#[derive(Clone, Debug)]
pub struct JudgedClip {
    /// The clip.
    pub clip: Clip,
    /// Mean over its full windows while it plays, or the last of a short clip.
    pub running: Logits,
    /// Of the first second of its voice.
    pub first_second: Logits,
    /// Of the last 3 s of its voice.
    pub last: Logits,
}

/// The figures of clips that are heard after others of their speaker.
#[derive(Clone, Debug, Serialize)]
pub struct InTrack {
    /// After clips of all emotions.
    pub mixed: Vec<Figures>,
    /// After clips of the same emotion alone: a voice that never departs from it.
    pub alike: Vec<Figures>,
}

/// The outcome.
#[derive(Clone, Debug, Serialize)]
pub struct Evaluation {
    /// How clips were divided.
    pub protocol: Protocol,
    /// The runs.
    pub runs: Vec<EvaluatedRun>,
    /// The temperature that fits all that was judged; the figures are cross-fitted.
    pub temperature: f32,
    /// Of the mean over a clip's full windows while it plays.
    pub while_it_plays: Vec<Figures>,
    /// Of the first second of a clip's voice.
    pub after_one_second: Vec<Figures>,
    /// Of the last 3 s of a clip's voice.
    pub at_the_end: Vec<Figures>,
    /// Of the last 3 s of voice, where another clip of the speaker and the emotion came before without a pause.
    pub on_end: Vec<Figures>,
    /// Of the mean over a clip's full windows, heard after others of its speaker; none for networks that make nothing of that.
    pub in_track: Option<InTrack>,
    /// Of the mean over a clip's full windows, where the voice was learned from neutral clips; none without such clips.
    pub learned_voices: Option<LearnedVoices>,
    /// How neutral voices read while they are learned, as the means of their log-probabilities; nothing where there are none.
    pub neutral: Option<[f32; Emotion::COUNT]>,
    /// Of sounds with and without a voice.
    pub voice: VoiceFigures,
    /// Of the mean over a clip's full windows under each condition that was asked for.
    pub under: Vec<(Condition, Vec<Figures>)>,
    /// What was judged.
    #[serde(skip)]
    pub clips: Vec<JudgedClip>,
}

/// The network that a run chose, with what it looks at when it has learned, on a device without autodiff.
///
/// # Errors
///
/// If the run has no checkpoint, or it does not fit the configuration.
pub fn chosen_network(
    folder: &RunFolder,
    config: &Config,
    device: &Device,
) -> Result<(Checkpoint, Network)> {
    let checkpoint = folder.chosen()?;
    let architecture = Architecture::new(&config.network, &config.feature_settings());
    let network = architecture.init(config.network.dropout, device);
    let network = network.try_load_file(checkpoint.judged_weights())?;
    Ok((
        checkpoint,
        network.looking_at(&config.judged_overall_columns()),
    ))
}

/// Judges runs on what each held out, and again under some conditions.
///
/// # Errors
///
/// If a folder is no run, the runs are of different protocols, or nothing is held out. Clips that cannot be read are given
/// to `refused`.
pub fn evaluate(
    runs: &[PathBuf],
    data: &[PathBuf],
    conditions: &[Condition],
    cache: &Path,
    refused: &mut dyn FnMut(&[Refused]),
) -> Result<Evaluation> {
    ensure!(
        !runs.is_empty(),
        "there is no run to judge: give --run FOLDER"
    );
    let mut protocol = None;
    let mut evaluated = Vec::new();
    let mut clips: Vec<JudgedClip> = Vec::new();
    let mut in_track: [Vec<Logits>; 2] = Default::default();
    let mut on_end = Vec::new();
    let mut lessons = Vec::new();
    let mut sounds = Vec::new();
    let mut changed: BTreeMap<Condition, Vec<(Clip, Logits)>> = BTreeMap::new();
    for run in runs {
        let folder = RunFolder::open(run)?;
        let config = Config::read(&folder.config())?;
        let own = config.split.protocol;
        ensure!(
            *protocol.get_or_insert(own) == own,
            "{} was run by the protocol `{}`, and others by another: judge them apart",
            run.display(),
            own.name()
        );
        let (checkpoint, network) = chosen_network(&folder, &config, &Device::flex())?;
        let labels = Labels {
            features: config.judged_features(),
            temperature: 1.0,
            ..Labels::default()
        };
        let model = Model::from_bytes(&export::model_file(&network, &labels)?)?;
        let test = held_out(&config, data, None, cache, refused)
            .with_context(|| format!("for the run {}", run.display()))?;
        let logits = evaluate::model_logits(&model, &test);
        if labels.features.kinds.contains(&FeatureKind::Habit) {
            for (all, alike) in in_track.iter_mut().zip([false, true]) {
                all.extend(evaluate::track_logits(&model, &test, alike));
            }
        }
        on_end.extend(evaluate::logits_on_end(&model, &test));
        lessons.extend(learned_voices::lessons(&model, &test, clips.len()));
        sounds.extend(evaluate::sound_logits(&model));
        clips.extend(judged_clips(test, &logits));
        for &condition in conditions {
            let test = held_out(&config, data, Some(condition), cache, refused)?;
            let logits = evaluate::model_logits(&model, &test).running;
            let judged = test.into_iter().map(|example| example.clip).zip(logits);
            changed.entry(condition).or_default().extend(judged);
        }
        let log = folder.log()?;
        evaluated.push(EvaluatedRun {
            folder: run.clone(),
            facts: RunFacts::read(&folder.facts())?,
            config: config.to_toml()?,
            epoch: checkpoint.epochs_done,
            epochs: config.training.epochs,
            seconds: log.iter().map(|epoch| epoch.seconds).sum(),
            log,
        });
    }
    let Some(protocol) = protocol else {
        bail!("there is no run");
    };
    let own: Vec<&Clip> = clips.iter().map(|judged| &judged.clip).collect();
    let view =
        |logits: fn(&JudgedClip) -> Logits| -> Vec<Logits> { clips.iter().map(logits).collect() };
    let figures =
        |logits: &[Logits]| evaluate::report(&own, &evaluate::judge_cross_fitted(&own, logits));
    let running = view(|judged| judged.running);
    let temperature = evaluate::fit_temperature(&own, &running);
    let under = changed.into_iter().map(|(condition, judged)| {
        let (clips, logits): (Vec<Clip>, Vec<Logits>) = judged.into_iter().unzip();
        let clips: Vec<&Clip> = clips.iter().collect();
        let judged = evaluate::judge(&clips, &logits, temperature);
        (condition, evaluate::report(&clips, &judged))
    });
    let corpora = evaluated.iter().flat_map(|run| run.facts.corpora.clone());
    let corpora = corpora.collect();
    Ok(Evaluation {
        protocol,
        runs: evaluated,
        temperature,
        while_it_plays: figures(&running),
        after_one_second: figures(&view(|judged| judged.first_second)),
        at_the_end: figures(&view(|judged| judged.last)),
        on_end: figures(&on_end),
        in_track: (in_track[0].len() == clips.len()).then(|| {
            let [mixed, alike] = in_track.map(|logits| figures(&logits));
            InTrack { mixed, alike }
        }),
        neutral: learned_voices::neutral(&lessons, temperature, &corpora),
        learned_voices: learned_voices::figures(&lessons, &clips, temperature, &corpora),
        voice: evaluate::voice_figures(&running, &sounds, temperature),
        under: under.collect(),
        clips,
    })
}

/// The clips that a configuration holds out, of which there must be some, under a condition if there is one.
///
/// # Errors
///
/// If there are none, or the folders cannot be read.
pub fn held_out(
    config: &Config,
    data: &[PathBuf],
    condition: Option<Condition>,
    cache: &Path,
    refused: &mut dyn FnMut(&[Refused]),
) -> Result<Vec<Example>> {
    let scan = corpora::scan(data)?;
    refused(&scan.refused);
    let dataset = dataset::load(scan.clips, config, &[Role::Test], condition, cache)?;
    refused(&dataset.refused);
    ensure!(
        !dataset.test.is_empty(),
        "the protocol `{}` (fold {}) holds nothing of these corpora out, so there is nothing to judge on",
        config.split.protocol.name(),
        config.split.fold
    );
    Ok(dataset.test)
}

fn judged_clips(examples: Vec<Example>, logits: &ClipLogits) -> Vec<JudgedClip> {
    let views = logits
        .running
        .iter()
        .zip(&logits.first_second)
        .zip(&logits.last);
    let pairs = examples.into_iter().zip(views);
    pairs
        .map(|(example, ((running, first_second), last))| JudgedClip {
            clip: example.clip,
            running: *running,
            first_second: *first_second,
            last: *last,
        })
        .collect()
}

/// A clip that was taken for another emotion.
#[derive(Clone, Debug)]
pub struct Mistake<'a> {
    /// The clip.
    pub clip: &'a Clip,
    /// What it was taken for.
    pub taken_for: Emotion,
    /// Of all emotions of its corpus.
    pub probabilities: [f32; Emotion::COUNT],
}

impl Evaluation {
    /// How much UAR a condition takes from a set, of the set's figures under it: 0 to 1, below 0 if it gains.
    #[must_use]
    pub fn lost(&self, changed: &Figures) -> f64 {
        let plain = self.while_it_plays.iter();
        plain
            .filter(|plain| plain.set == changed.set)
            .map(|plain| plain.uar - changed.uar)
            .sum()
    }

    /// The clips as they are judged while they play, by the temperature that fits all of them.
    #[must_use]
    pub fn judged_while_it_plays(&self) -> Vec<Judged> {
        let clips: Vec<&Clip> = self.clips.iter().map(|judged| &judged.clip).collect();
        let logits: Vec<Logits> = self.clips.iter().map(|judged| judged.running).collect();
        evaluate::judge(&clips, &logits, self.temperature)
    }

    /// The clips that were got most wrong: those whose truth was the least probable, once each.
    #[must_use]
    pub fn worst(&self, count: usize) -> Vec<Mistake<'_>> {
        let judged = self.judged_while_it_plays();
        let mut mistakes: Vec<Mistake> = self
            .clips
            .iter()
            .zip(judged)
            .map(|(judged_clip, judged)| Mistake {
                clip: &judged_clip.clip,
                taken_for: Emotion::ALL[judged.predicted()],
                probabilities: judged.probabilities,
            })
            .filter(|mistake| mistake.taken_for != mistake.clip.emotion)
            .collect();
        let truth = |mistake: &Mistake| mistake.probabilities[mistake.clip.emotion.index()];
        mistakes.sort_by(|a, b| truth(a).total_cmp(&truth(b)));
        let mut seen = std::collections::BTreeSet::new();
        mistakes.retain(|mistake| seen.insert(&mistake.clip.path));
        mistakes.truncate(count);
        mistakes
    }
}
