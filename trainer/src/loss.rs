//! What a network learns to make small.

use crate::{
    batch::Batch,
    config::{Loss, Training},
    side_tasks::Student,
};
use burn::tensor::{
    Device, Tensor,
    activation::{log_sigmoid, log_softmax},
};

/// Cross-entropy or focal loss over the classes of each clip's corpus, and the cross-entropies of the voice head and the side
/// tasks.
#[must_use]
pub fn loss(student: &Student, batch: &Batch, training: &Training, device: &Device) -> Tensor<1> {
    let count = batch.voice.len();
    let pooled = student.network.listen(batch.input(device));
    let aside = student.side_tasks.as_ref();
    let aside = aside.map(|tasks| tasks.loss(&pooled, batch, training));
    let (logits, voice) = student.network.judge(pooled);
    let log_likelihood = log_softmax(logits + batch.absent(device), 1);
    let targets = batch.matrix(&batch.targets, device);
    let weight = match training.loss {
        Loss::CrossEntropy => targets,
        Loss::Focal => {
            let doubt = log_likelihood.clone().exp().neg() + 1.0;
            targets * doubt.square()
        }
    };
    let is_voice = batch.matrix(&batch.voice, device);
    let not_voice = is_voice.clone().neg() + 1.0;
    let voice_likelihood =
        log_sigmoid(voice.clone()) * is_voice + log_sigmoid(voice.neg()) * not_voice;
    let sum = (log_likelihood * weight).sum() + voice_likelihood.sum() * training.voice_weight;
    let loss = match aside {
        Some(aside) => aside - sum,
        None => sum.neg(),
    };
    loss / count as f32
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{config::Config, corpora::STATEMENTS, network::Architecture, onnx::verify};
    use burn::{
        optim::{AdamWConfig, GradientsParams},
        tensor::Device,
    };
    use pathos_analysis::{Emotion, FeatureSettings};

    /// Gradients reach every layer: a small network learns a handful of windows by heart.
    #[test]
    fn the_loss_falls_for_every_kind_of_network_and_loss() {
        for (kind, loss_kind) in [
            ("cnn-lstm", Loss::CrossEntropy),
            ("cnn", Loss::Focal),
            ("lstm", Loss::CrossEntropy),
        ] {
            let overrides = [
                &format!("network.kind={kind}"),
                "network.channels=[4,6,8,10]",
                "network.projection=16",
                "network.hidden=16",
            ];
            let mut config = Config::first(&overrides);
            config.training.loss = loss_kind;
            config.training.statement_weight = 0.3;
            config.training.listeners_weight = 0.3;
            let device = Device::flex().autodiff();
            device.seed(1);
            let architecture = Architecture::new(&config.network, &config.feature_settings());
            let network = architecture.init(0.0, &device);
            let mut student = Student::new(network, &architecture, &config.training, &device);
            let mut optimizer = AdamWConfig::new().init();
            let windows = verify::windows(&FeatureSettings::default(), 8);
            let batch = Batch {
                targets: (0..8 * Emotion::COUNT)
                    .map(|at| f32::from(u8::from(at % Emotion::COUNT == at / Emotion::COUNT % 7)))
                    .collect(),
                classes: vec![1.0; 8 * Emotion::COUNT],
                voice: (0..8).map(|row| (row % 2) as f32).collect(),
                // Something is known of half of them.
                statements: (0..8 * STATEMENTS.len())
                    .map(|at| f32::from(u8::from(at % 15 == 0 && at < 60)))
                    .collect(),
                listeners: (0..8 * Emotion::COUNT)
                    .map(|at| f32::from(u8::from(at % 8 == 0 && at < 28)))
                    .collect(),
                ..Batch::plain(&windows, 64)
            };
            let mut losses = Vec::new();
            for _ in 0..60 {
                let loss = loss(&student, &batch, &config.training, &device);
                losses.push(loss.clone().into_scalar::<f32>());
                let gradients = GradientsParams::from_grads(loss.backward(), &student);
                student = optimizer.step(1e-2, student, gradients);
            }
            let (first, last) = (losses[0], losses[59]);
            assert!(last < 0.25 * first, "{kind}: {first} to {last}");
        }
    }
}
