//! Finding the weights.

use crate::{
    batch::{self, Batch},
    config::Config,
    dataset::{Example, progress_bar},
    evaluate::{self, Windows},
    network::{Network, NetworkConfig},
    split,
};
use anyhow::{Context, Result, ensure};
use burn::{
    grad_clipping::GradientClippingConfig,
    module::Module,
    optim::{AdamWConfig, GradientsParams, ModuleOptimizer},
    tensor::{Device, Tensor, TensorData, activation::log_softmax, activation::log_sigmoid},
};
use pathos_analysis::{Emotion, MASK_STEPS, MEL_BANDS, WINDOW_FRAMES};
use serde::{Deserialize, Serialize};
use std::{f64::consts::PI, fs, io::{IsTerminal, Write}, path::{Path, PathBuf}, sync::Arc, time::Instant};

/// Learning rate at the start and the end of the run, relative to the highest.
const LOWEST_RATE: f64 = 0.01;

/// How far a run has come.
#[derive(Serialize, Deserialize)]
struct Progress {
    epochs_done: usize,
}

/// Where a run keeps its files.
pub struct RunFolder(PathBuf);

impl RunFolder {
    /// The folder, made if it is not there.
    pub fn new(path: &Path) -> Result<Self> {
        fs::create_dir_all(path).with_context(|| format!("cannot make {}", path.display()))?;
        Ok(Self(path.to_owned()))
    }

    /// The configuration that the run was started with.
    pub fn config(&self) -> PathBuf {
        self.0.join("config.toml")
    }

    /// The weights after the last finished epoch.
    pub fn weights(&self) -> PathBuf {
        self.0.join("weights.bpk")
    }

    /// A line an epoch.
    pub fn log(&self) -> PathBuf {
        self.0.join("log.csv")
    }

    fn optimizer(&self) -> PathBuf {
        self.0.join("optimizer.bpk")
    }

    fn progress(&self) -> PathBuf {
        self.0.join("progress.json")
    }

    fn epochs_done(&self) -> Result<usize> {
        match fs::read(self.progress()) {
            Ok(bytes) => Ok(serde_json::from_slice::<Progress>(&bytes)?.epochs_done),
            Err(_) => Ok(0),
        }
    }

    /// Writes a checkpoint. The old one is replaced only when the new one is whole.
    fn save(&self, network: &Network, optimizer: &ModuleOptimizer, epochs_done: usize) -> Result<()> {
        let unfinished = |path: PathBuf| path.with_extension("unfinished.bpk");
        let weights = unfinished(self.weights());
        let state = unfinished(self.optimizer());
        network.clone().save_file(&weights)?;
        optimizer.save(&state)?;
        fs::rename(weights, self.weights())?;
        fs::rename(state, self.optimizer())?;
        fs::write(self.progress(), serde_json::to_vec(&Progress { epochs_done })?)?;
        Ok(())
    }
}

/// The network that a configuration describes, with random weights.
pub fn new_network(config: &Config, device: &Device) -> Network {
    network_config(config).init(device)
}

/// The sizes as the network takes them.
pub fn network_config(config: &Config) -> NetworkConfig {
    let sizes = &config.network;
    NetworkConfig::new(sizes.channels, sizes.projection, sizes.hidden, sizes.dropout)
}

/// Trains to the last epoch, or goes on from the folder's checkpoint with `resume`.
///
/// # Errors
///
/// If the folder cannot be written, holds a run already and `resume` is off, or holds one of another configuration.
pub fn train(
    config: &Config,
    training: Vec<Example>,
    held_out: &[Example],
    folder: &RunFolder,
    resume: bool,
) -> Result<Network> {
    let device = Device::flex().autodiff();
    device.seed(config.seed);
    let mut network = new_network(config, &device);
    let settings = &config.training;
    let mut optimizer = AdamWConfig::new()
        .with_weight_decay(settings.weight_decay)
        .with_grad_clipping(Some(GradientClippingConfig::Norm(settings.gradient_clip)))
        .init();

    let mut done = folder.epochs_done()?;
    ensure!(
        done == 0 || resume,
        "the folder holds a run of {done} epochs already: go on with --resume, or give another --out"
    );
    if done > 0 {
        let before = Config::read(&folder.config())?;
        ensure!(&before == config, "the run in the folder has another configuration: give another --out");
        network = network.try_load_file(folder.weights())?;
        optimizer = optimizer.load(folder.optimizer())?;
    } else {
        config.write(&folder.config())?;
        fs::write(folder.log(), "epoch,learning_rate,loss,seconds,crema_d_uar,ravdess_speech_uar,ravdess_song_uar,savee_uar,tess_uar,mix_accuracy\n")?;
    }

    let clips: Vec<_> = training.iter().map(|example| &example.clip).collect();
    let weights = split::draw_weights(&clips, settings.tess_share);
    let training = Arc::new(training);
    let steps = batch::steps(training.len(), config);
    while done < settings.epochs {
        let start = Instant::now();
        device.seed(config.seed.wrapping_add(done as u64));
        let bar = progress_bar(steps as u64, "training");
        let (mut loss_sum, mut rate) = (0.0, 0.0);
        for (step, batch) in batch::epoch(&training, &weights, config, done).into_iter().enumerate() {
            let share = (done * steps + step) as f64 / (settings.epochs * steps) as f64;
            rate = one_cycle(share, settings.warmup) * settings.learning_rate;
            let loss = loss(&network, batch, settings.voice_weight, &device);
            loss_sum += f64::from(loss.clone().into_scalar::<f32>());
            let gradients = GradientsParams::from_grads(loss.backward(), &network);
            network = optimizer.step(rate, network, gradients);
            bar.set_message(format!("epoch {} loss {:.3}", done + 1, loss_sum / (step + 1) as f64));
            bar.inc(1);
        }
        bar.finish_and_clear();
        done += 1;
        folder.save(&network, &optimizer, done)?;
        let loss = loss_sum / steps as f64;
        report_epoch(folder, &network, held_out, done, rate, loss, start)?;
    }
    Ok(network)
}

/// The learning rate at a share of the run, relative to the highest: up in a line, down in half a cosine (Smith, 2018).
fn one_cycle(share: f64, warmup: f64) -> f64 {
    let height = if share < warmup {
        share / warmup
    } else {
        0.5 + 0.5 * (PI * (share - warmup) / (1.0 - warmup)).cos()
    };
    LOWEST_RATE + (1.0 - LOWEST_RATE) * height
}

/// Cross-entropy over the classes of each clip's corpus, and of the voice head.
fn loss(network: &Network, batch: Batch, voice_weight: f32, device: &Device) -> Tensor<1> {
    let count = batch.voice.len();
    let matrix = |values: Vec<f32>, width| {
        Tensor::<2>::from_data(TensorData::new(values, [count, width]), device)
    };
    let log_mel = TensorData::new(batch.log_mel, [count, WINDOW_FRAMES, MEL_BANDS]);
    let mask = matrix(batch.mask, MASK_STEPS);
    let (logits, voice) = network.forward(Tensor::from_data(log_mel, device), mask);
    let absent = (matrix(batch.classes, Emotion::COUNT) - 1.0) * 1e4;
    let likelihood = log_softmax(logits + absent, 1) * matrix(batch.targets, Emotion::COUNT);
    let is_voice = matrix(batch.voice, 1);
    let not_voice = is_voice.clone().neg() + 1.0;
    let voice_likelihood = log_sigmoid(voice.clone()) * is_voice + log_sigmoid(voice.neg()) * not_voice;
    (likelihood.sum() + voice_likelihood.sum() * voice_weight).neg() / count as f32
}

fn report_epoch(
    folder: &RunFolder,
    network: &Network,
    held_out: &[Example],
    epoch: usize,
    rate: f64,
    loss: f64,
    start: Instant,
) -> Result<()> {
    let network = network.clone().valid();
    let logits = evaluate::logits(&network, held_out, Windows::Last, &Device::flex());
    let figures = evaluate::report(held_out, &logits, 1.0);
    let seconds = start.elapsed().as_secs_f64();
    let uar = |set: &str| {
        let figures = figures.iter().find(|figures| figures.set == set);
        figures.map_or(f64::NAN, |figures| 100.0 * figures.uar)
    };
    let sets = crate::corpora::Corpus::ALL.map(|corpus| uar(corpus.name()));
    let accuracy = figures.last().map_or(f64::NAN, |mix| 100.0 * mix.accuracy);
    let columns: String = sets.iter().map(|uar| format!("{uar:.1},")).collect();
    let mut log = fs::OpenOptions::new().append(true).open(folder.log())?;
    writeln!(log, "{epoch},{rate:.6},{loss:.4},{seconds:.0},{columns}{accuracy:.1}")?;
    let [crema_d, speech, song, savee, tess] = sets;
    let line = format!(
        "epoch {epoch:>3}  loss {loss:.3}  UAR CREMA-D {crema_d:.1}  RAVDESS speech {speech:.1}  song {song:.1}  SAVEE {savee:.1}  TESS {tess:.1}  mix accuracy {accuracy:.1}  ({seconds:.0} s)"
    );
    if std::io::stdout().is_terminal() {
        println!("\x1b[1m{line}\x1b[0m");
    } else {
        println!("{line}");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_rises_and_falls() {
        assert!((one_cycle(0.0, 0.1) - 0.01).abs() < 1e-9);
        assert!((one_cycle(0.1, 0.1) - 1.0).abs() < 1e-9);
        assert!((one_cycle(1.0, 0.1) - 0.01).abs() < 1e-9);
        assert!(one_cycle(0.3, 0.1) > one_cycle(0.6, 0.1));
    }
}
