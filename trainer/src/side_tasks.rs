//! What a network is asked beside the emotion while it learns, and never after: which statement is said, and what listeners
//! heard.
//!
//! To know what is said helps to know how: pitch and level follow the words as well as the mood. And what listeners chose, of
//! whom half hear another emotion than was acted, says which clips are alike, without a claim that they were right.

use crate::{
    batch::Batch,
    config::Training,
    corpora::STATEMENTS,
    network::{Architecture, Network},
};
use burn::{
    module::Module,
    nn::{Linear, LinearConfig},
    tensor::{Device, Tensor, activation::log_softmax},
};
use pathos_analysis::Emotion;

/// A network that learns, with the layers that answer its side tasks.
#[derive(Module, Debug)]
pub struct Student {
    /// What is judged and exported.
    pub network: Network,
    /// Nothing, if no side task has a weight.
    pub side_tasks: Option<SideTasks>,
}

impl Student {
    /// A network with new layers for the side tasks that have a weight.
    #[must_use]
    pub fn new(
        network: Network,
        architecture: &Architecture,
        training: &Training,
        device: &Device,
    ) -> Self {
        let asked = training.statement_weight > 0.0 || training.listeners_weight > 0.0;
        Self {
            network,
            side_tasks: asked.then(|| SideTasks::new(architecture.pooled_width(), device)),
        }
    }
}

/// Layers on the pooled steps.
#[derive(Module, Debug)]
pub struct SideTasks {
    statement: Linear,
    listeners: Linear,
}

impl SideTasks {
    fn new(width: usize, device: &Device) -> Self {
        Self {
            statement: LinearConfig::new(width, STATEMENTS.len()).init(device),
            listeners: LinearConfig::new(width, Emotion::COUNT).init(device),
        }
    }

    /// The weighted sum of the cross-entropies over a batch's windows. `pooled` is `[B, width]`.
    pub(crate) fn loss(&self, pooled: &Tensor<2>, batch: &Batch, training: &Training) -> Tensor<1> {
        let device = pooled.device();
        // Windows of which nothing is known have a target of 0 throughout, and no part in it.
        let task = |layer: &Linear, targets: &[f32], weight: f32| {
            let targets = batch.matrix(targets, &device);
            (log_softmax(layer.forward(pooled.clone()), 1) * targets).sum() * -weight
        };
        task(
            &self.statement,
            &batch.statements,
            training.statement_weight,
        ) + task(&self.listeners, &batch.listeners, training.listeners_weight)
    }
}
