//! Finding the weights.

use crate::{
    batch::{self, Batch},
    checkpoint::RunFolder,
    config::Config,
    corpora::Corpus,
    dataset::{Example, progress_bar},
    evaluate,
    network::{Network, NetworkConfig},
    split,
};
use anyhow::{Result, ensure};
use burn::{
    grad_clipping::GradientClippingConfig,
    module::Module,
    optim::{AdamWConfig, GradientsParams},
    tensor::{Device, Tensor, TensorData, activation::log_sigmoid, activation::log_softmax},
};
use pathos_analysis::{Emotion, MASK_STEPS, MEL_BANDS, WINDOW_FRAMES};
use std::{f64::consts::PI, io::IsTerminal, sync::Arc, time::Instant};

/// Learning rate at the start and the end of the run, relative to the highest.
const LOWEST_RATE: f64 = 0.01;
/// The columns of the log. UARs and the accuracy are per cent, of each clip's last 3 s of voice.
const LOG_COLUMNS: &str = "epoch,learning_rate,loss,seconds,crema_d_uar,ravdess_speech_uar,ravdess_song_uar,savee_uar,tess_uar,mix_accuracy";

/// The network that a configuration describes, with random weights.
pub fn new_network(config: &Config, device: &Device) -> Network {
    network_config(config).init(device)
}

/// The sizes as the network takes them.
pub fn network_config(config: &Config) -> NetworkConfig {
    let sizes = &config.network;
    NetworkConfig::new(
        sizes.channels,
        sizes.projection,
        sizes.hidden,
        sizes.dropout,
    )
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

    let mut done = 0;
    if let Some(checkpoint) = folder.latest()? {
        done = checkpoint.epochs_done;
        ensure!(
            resume,
            "the folder holds a run of {done} epochs already: go on with --resume, or give another --out"
        );
        let before = Config::read(&folder.config())?;
        ensure!(
            &before == config,
            "the run in the folder has another configuration: give another --out"
        );
        network = network.try_load_file(checkpoint.weights())?;
        optimizer = optimizer.load(checkpoint.optimizer())?;
    } else {
        config.write(&folder.config())?;
    }
    folder.keep_log(LOG_COLUMNS, done)?;

    let clips: Vec<_> = training.iter().map(|example| &example.clip).collect();
    let weights = split::draw_weights(&clips, settings.tess_share);
    let training = Arc::new(training);
    let steps = batch::steps(training.len(), config);
    while done < settings.epochs {
        let start = Instant::now();
        device.seed(config.seed.wrapping_add(done as u64));
        let bar = progress_bar(steps as u64, "training");
        let (mut loss_sum, mut rate) = (0.0, 0.0);
        for (step, batch) in batch::epoch(&training, &weights, config, done)
            .into_iter()
            .enumerate()
        {
            let share = (done * steps + step) as f64 / (settings.epochs * steps) as f64;
            rate = one_cycle(share, settings.warmup) * settings.learning_rate;
            let loss = loss(&network, batch, settings.voice_weight, &device);
            loss_sum += f64::from(loss.clone().into_scalar::<f32>());
            let gradients = GradientsParams::from_grads(loss.backward(), &network);
            network = optimizer.step(rate, network, gradients);
            bar.set_message(format!(
                "epoch {} loss {:.3}",
                done + 1,
                loss_sum / (step + 1) as f64
            ));
            bar.inc(1);
        }
        bar.finish_and_clear();
        done += 1;
        let loss = loss_sum / steps as f64;
        report_epoch(
            folder,
            &network,
            held_out,
            Epoch {
                number: done,
                rate,
                loss,
                start,
            },
        )?;
        folder.save(&network, &optimizer, done)?;
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
    let voice_likelihood =
        log_sigmoid(voice.clone()) * is_voice + log_sigmoid(voice.neg()) * not_voice;
    (likelihood.sum() + voice_likelihood.sum() * voice_weight).neg() / count as f32
}

/// What is known of an epoch that was just finished.
struct Epoch {
    number: usize,
    rate: f64,
    loss: f64,
    start: Instant,
}

fn report_epoch(
    folder: &RunFolder,
    network: &Network,
    held_out: &[Example],
    epoch: Epoch,
) -> Result<()> {
    let network = network.clone().valid();
    let logits = evaluate::quick_logits(&network, held_out, &Device::flex());
    let clips: Vec<_> = held_out.iter().map(|example| &example.clip).collect();
    let figures = evaluate::report(&clips, &evaluate::judge(&clips, &logits, 1.0));
    let Epoch {
        number,
        rate,
        loss,
        start,
    } = epoch;
    let seconds = start.elapsed().as_secs_f64();
    let uar = |set: &str| {
        let figures = figures.iter().find(|figures| figures.set == set);
        figures.map_or(f64::NAN, |figures| 100.0 * figures.uar)
    };
    let sets = Corpus::ALL.map(|corpus| uar(corpus.name()));
    let accuracy = figures.last().map_or(f64::NAN, |mix| 100.0 * mix.accuracy);
    let columns: String = sets.iter().map(|uar| format!("{uar:.1},")).collect();
    folder.log(&format!(
        "{number},{rate:.6},{loss:.4},{seconds:.0},{columns}{accuracy:.1}"
    ))?;
    let [crema_d, speech, song, savee, tess] = sets;
    let line = format!(
        "epoch {number:>3}  loss {loss:.3}  UAR CREMA-D {crema_d:.1}  RAVDESS speech {speech:.1}  song {song:.1}  SAVEE {savee:.1}  TESS {tess:.1}  mix accuracy {accuracy:.1}  ({seconds:.0} s)"
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

    /// Gradients reach every layer: a small network learns a handful of windows by heart.
    #[test]
    fn the_loss_falls() {
        let device = Device::flex().autodiff();
        device.seed(1);
        let mut network = NetworkConfig::new([4, 6, 8, 10], 16, 16, 0.0).init(&device);
        let mut optimizer = AdamWConfig::new().init();
        let windows = crate::verify::windows(9).split_off(1);
        let batch = Batch {
            targets: (0..8 * Emotion::COUNT)
                .map(|at| f32::from(u8::from(at % Emotion::COUNT == at / Emotion::COUNT % 7)))
                .collect(),
            classes: vec![1.0; 8 * Emotion::COUNT],
            voice: (0..8).map(|row| (row % 2) as f32).collect(),
            ..crate::batch::plain(&windows)
        };
        let mut losses = Vec::new();
        for _ in 0..60 {
            let loss = loss(&network, batch.clone(), 0.2, &device);
            losses.push(loss.clone().into_scalar::<f32>());
            let gradients = GradientsParams::from_grads(loss.backward(), &network);
            network = optimizer.step(1e-2, network, gradients);
        }
        assert!(
            losses[59] < 0.2 * losses[0],
            "{} to {}",
            losses[0],
            losses[59]
        );
    }
}
