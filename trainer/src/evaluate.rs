//! Judging a network on clips of speakers that it has never heard.

use crate::{
    batch,
    corpora::Corpus,
    dataset::Example,
    metrics::{self, Confusion, Judged},
    network::Network,
};
use burn::tensor::{Device, Tensor, TensorData};
use pathos_analysis::{Emotion, MASK_STEPS, MEL_BANDS, MIN_VOICED_FRAMES, WINDOW_FRAMES, normalise, softmax};
use serde::Serialize;

/// Windows that are judged at a time.
const BATCH: usize = 64;
/// Frames from one of the plugin's estimates to the next.
const HOP_FRAMES: usize = 25;

/// The logits of a clip: the mean over its windows.
pub type ClipLogits = [f32; Emotion::COUNT];

/// Which windows of a clip are judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Windows {
    /// The last 3 s of its voice alone: quick.
    Last,
    /// Every window that the plugin would compute while it plays, from 0.75 s of voice on.
    Running,
}

/// The logits of every clip, in order. `network` and `device` are without autodiff.
pub fn logits(network: &Network, examples: &[Example], windows: Windows, device: &Device) -> Vec<ClipLogits> {
    let mut sums = vec![[0.0f32; Emotion::COUNT]; examples.len()];
    let mut counts = vec![0.0f32; examples.len()];
    let mut owners = Vec::new();
    let mut pending = Vec::new();
    let mut judge = |owners: &mut Vec<usize>, pending: &mut Vec<_>| {
        if pending.is_empty() {
            return;
        }
        let rows = run(network, pending, device);
        for (&owner, row) in owners.iter().zip(rows.chunks_exact(Emotion::COUNT)) {
            counts[owner] += 1.0;
            sums[owner].iter_mut().zip(row).for_each(|(sum, logit)| *sum += logit);
        }
        owners.clear();
        pending.clear();
    };
    for (owner, example) in examples.iter().enumerate() {
        let length = example.frames.len();
        let mut ends: Vec<usize> = match windows {
            Windows::Last => Vec::new(),
            Windows::Running => (MIN_VOICED_FRAMES..length).step_by(HOP_FRAMES).collect(),
        };
        if ends.is_empty() {
            ends.push(length);
        }
        for end in ends {
            owners.push(owner);
            pending.push(normalise(example.frames[..end].iter()));
            if pending.len() == BATCH {
                judge(&mut owners, &mut pending);
            }
        }
    }
    judge(&mut owners, &mut pending);
    for (sum, count) in sums.iter_mut().zip(&counts) {
        sum.iter_mut().for_each(|logit| *logit /= count);
    }
    sums
}

fn run(network: &Network, windows: &[pathos_analysis::NormalisedWindow], device: &Device) -> Vec<f32> {
    let count = windows.len();
    let batch = batch::plain(windows);
    let log_mel = TensorData::new(batch.log_mel, [count, WINDOW_FRAMES, MEL_BANDS]);
    let mask = TensorData::new(batch.mask, [count, MASK_STEPS]);
    let (logits, _) = network.forward(Tensor::from_data(log_mel, device), Tensor::from_data(mask, device));
    logits.into_data().try_to_vec().expect("logits are f32")
}

/// The clips with their probabilities, among the classes of their corpus.
pub fn judge(examples: &[Example], logits: &[ClipLogits], temperature: f32) -> Vec<Judged> {
    let judged = examples.iter().zip(logits).map(|(example, logits)| {
        let mut own = *logits;
        for emotion in Emotion::ALL {
            if !example.clip.corpus.has(emotion) {
                own[emotion.index()] = f32::NEG_INFINITY;
            }
        }
        Judged {
            truth: example.clip.emotion,
            probabilities: softmax(&own, temperature),
            speaker: example.clip.speaker.clone(),
        }
    });
    judged.collect()
}

/// The temperature of the least negative log-likelihood, by golden-section search on its logarithm.
pub fn fit_temperature(examples: &[Example], logits: &[ClipLogits]) -> f32 {
    let loss = |log_t: f64| {
        metrics::negative_log_likelihood(&judge(examples, logits, log_t.exp() as f32))
    };
    let golden = (5f64.sqrt() - 1.0) / 2.0;
    let (mut low, mut high) = (-2.0f64, 2.0f64);
    for _ in 0..40 {
        let (a, b) = (high - golden * (high - low), low + golden * (high - low));
        if loss(a) < loss(b) { high = b } else { low = a }
    }
    f64::midpoint(low, high).exp() as f32
}

/// The figures of a set of clips.
#[derive(Clone, Debug, Serialize)]
pub struct Figures {
    /// What the clips have in common.
    pub set: String,
    /// How many there are.
    pub clips: usize,
    /// By how many speakers.
    pub speakers: usize,
    /// Unweighted average recall, with its 95 % interval.
    pub uar: f64,
    /// See [`metrics::interval`].
    pub uar_interval: [f64; 2],
    /// Share recognised.
    pub accuracy: f64,
    /// Expected calibration error.
    pub ece: f64,
    /// Negative log-likelihood.
    pub nll: f64,
    /// Brier score.
    pub brier: f64,
    /// `[truth][predicted]`.
    pub confusion: Confusion,
}

/// The figures of some clips.
pub fn figures(set: &str, clips: &[Judged]) -> Figures {
    let confusion = metrics::confusion(clips);
    let mut speakers: Vec<&str> = clips.iter().map(|clip| clip.speaker.as_str()).collect();
    speakers.sort_unstable();
    speakers.dedup();
    Figures {
        set: set.to_owned(),
        clips: clips.len(),
        speakers: speakers.len(),
        uar: metrics::uar(&confusion),
        uar_interval: metrics::interval(clips, metrics::uar),
        accuracy: metrics::accuracy(&confusion),
        ece: metrics::expected_calibration_error(clips),
        nll: metrics::negative_log_likelihood(clips),
        brier: metrics::brier(clips),
        confusion,
    }
}

/// The figures per corpus, per sex, and of the mix.
pub fn report(examples: &[Example], logits: &[ClipLogits], temperature: f32) -> Vec<Figures> {
    let judged = judge(examples, logits, temperature);
    let subset = |name: &str, keep: &dyn Fn(&Example) -> bool| {
        let own = examples.iter().zip(&judged).filter(|(example, _)| keep(example));
        let own: Vec<Judged> = own.map(|(_, judged)| judged.clone()).collect();
        (!own.is_empty()).then(|| figures(name, &own))
    };
    let mut all: Vec<Figures> = Corpus::ALL
        .into_iter()
        .filter_map(|corpus| subset(corpus.name(), &|example| example.clip.corpus == corpus))
        .collect();
    all.extend(subset("women", &|example| example.clip.female));
    all.extend(subset("men", &|example| !example.clip.female));
    all.extend(subset("mix", &|_| true));
    all
}
