//! The CNN-LSTM.
//!
//! ```text
//! log_mel [B, 300, 64] ─► 4 × (3×3 convolution, batch norm, ReLU), strides (time, band) 2,2 2,2 1,2 1,2
//!   ─► [B, 75, 4 × channels] ─► linear, ReLU ─► LSTM ─► attention, mean and deviation over the real steps ─► logits [B, 7]
//!                                                                                                       └─► voice [B, 1]
//! ```

use burn::{
    config::Config,
    module::{Module, Param},
    nn::{
        BatchNorm, BatchNormConfig, Dropout, DropoutConfig, Initializer, Linear, LinearConfig,
        PaddingConfig2d,
        conv::{Conv2d, Conv2dConfig},
    },
    tensor::{
        Device, Tensor,
        activation::{relu, sigmoid, softmax, tanh},
    },
};
use pathos_analysis::{Emotion, MASK_STEPS, MEL_BANDS, WINDOW_FRAMES};

/// Strides of the four convolutions, (frames, bands).
pub const STRIDES: [[usize; 2]; 4] = [[2, 2], [2, 2], [1, 2], [1, 2]];
/// Bands that are left after them.
pub const POOLED_BANDS: usize = MEL_BANDS / 16;
/// Added to the variance before its root in the pooling.
pub const VARIANCE_FLOOR: f32 = 1e-5;

/// The sizes of the network.
#[derive(Config, Debug)]
pub struct NetworkConfig {
    /// Channels of the four convolutions.
    pub channels: [usize; 4],
    /// Width of the layer before the LSTM.
    pub projection: usize,
    /// Width of the LSTM.
    pub hidden: usize,
    /// Share of activations dropped in training.
    pub dropout: f64,
}

/// A convolution with its batch norm.
#[derive(Module, Debug)]
pub struct Block {
    /// The 3×3 convolution, without a bias.
    pub conv: Conv2d,
    /// Its normalisation.
    pub norm: BatchNorm,
}

/// A unidirectional LSTM whose input projection is one product for all steps.
///
/// burn's own takes eight products a step; this one takes one, which halves the time of a training step.
/// Gates are in ONNX's order: input, output, forget, cell.
#[derive(Module, Debug)]
pub struct Lstm {
    /// Input to gates, with the bias.
    pub input: Linear,
    /// Hidden state to gates, `[hidden, 4 hidden]`.
    pub recurrent: Param<Tensor<2>>,
}

impl Lstm {
    fn new(inputs: usize, hidden: usize, device: &Device) -> Self {
        let initializer = Initializer::KaimingUniform {
            gain: 1.0 / 3f64.sqrt(),
            fan_out_only: false,
        };
        Self {
            input: LinearConfig::new(inputs, 4 * hidden).init(device),
            recurrent: initializer.init_with([hidden, 4 * hidden], Some(hidden), None, device),
        }
    }

    /// `[B, T, inputs]` to `[B, T, hidden]`, from a state of zeros.
    pub fn forward(&self, input: Tensor<3>) -> Tensor<3> {
        let [batch, steps, _] = input.dims();
        let device = input.device();
        let recurrent = self.recurrent.val();
        let [hidden, _] = recurrent.dims();
        let projected = self.input.forward(input);

        let mut h = Tensor::<2>::zeros([batch, hidden], &device);
        let mut c = Tensor::<2>::zeros([batch, hidden], &device);
        let mut outputs = Vec::with_capacity(steps);
        for x in projected.split(1, 1) {
            let gates = x.squeeze_dim::<2>(1) + h.matmul(recurrent.clone());
            let mut gates = gates.split(hidden, 1).into_iter();
            let mut gate = || gates.next().expect("there are four gates");
            let (i, o, f, g) = (
                sigmoid(gate()),
                sigmoid(gate()),
                sigmoid(gate()),
                tanh(gate()),
            );
            c = f * c + i * g;
            h = o * tanh(c.clone());
            outputs.push(h.clone().unsqueeze_dim::<3>(1));
        }
        Tensor::cat(outputs, 1)
    }
}

/// The network.
#[derive(Module, Debug)]
pub struct Network {
    /// The convolutions.
    pub blocks: Vec<Block>,
    /// Channels and bands to the LSTM's input.
    pub projection: Linear,
    /// The LSTM.
    pub lstm: Lstm,
    /// The weight of a step in the attention.
    pub score: Linear,
    /// Pooled steps to the emotions' logits.
    pub emotions: Linear,
    /// Pooled steps to the voice's logit.
    pub voice: Linear,
    /// Before the LSTM and before the heads.
    pub dropout: Dropout,
}

impl NetworkConfig {
    /// A network with random weights, from the device's generator.
    pub fn init(&self, device: &Device) -> Network {
        let mut inputs = 1;
        let blocks = self.channels.iter().zip(STRIDES).map(|(&outputs, stride)| {
            let conv = Conv2dConfig::new([inputs, outputs], [3, 3])
                .with_stride(stride)
                .with_padding(PaddingConfig2d::Explicit(1, 1, 1, 1))
                .with_bias(false)
                .init(device);
            inputs = outputs;
            Block {
                conv,
                norm: BatchNormConfig::new(outputs).init(device),
            }
        });
        let blocks: Vec<Block> = blocks.collect();
        Network {
            blocks,
            projection: LinearConfig::new(inputs * POOLED_BANDS, self.projection).init(device),
            lstm: Lstm::new(self.projection, self.hidden, device),
            score: LinearConfig::new(self.hidden, 1).init(device),
            emotions: LinearConfig::new(3 * self.hidden, Emotion::COUNT).init(device),
            voice: LinearConfig::new(3 * self.hidden, 1).init(device),
            dropout: DropoutConfig::new(self.dropout).init(),
        }
    }

    /// Multiplications and additions for one window.
    pub fn macs(&self) -> usize {
        let (mut frames, mut bands, mut inputs, mut macs) = (WINDOW_FRAMES, MEL_BANDS, 1, 0);
        for (&outputs, stride) in self.channels.iter().zip(STRIDES) {
            frames /= stride[0];
            bands /= stride[1];
            macs += frames * bands * 9 * inputs * outputs;
            inputs = outputs;
        }
        macs += frames * bands * inputs * self.projection;
        macs += frames * 4 * self.hidden * (self.projection + self.hidden);
        macs + frames * 4 * self.hidden
    }
}

impl Network {
    /// `log_mel` `[B, 300, 64]` and `mask` `[B, 75]` to the emotions' logits `[B, 7]` and the voice's `[B, 1]`.
    pub fn forward(&self, log_mel: Tensor<3>, mask: Tensor<2>) -> (Tensor<2>, Tensor<2>) {
        let mut x = log_mel.unsqueeze_dim::<4>(1);
        for block in &self.blocks {
            x = relu(block.norm.forward(block.conv.forward(x)));
        }
        let [batch, channels, steps, bands] = x.dims();
        debug_assert_eq!(steps, MASK_STEPS);
        let x = x.swap_dims(1, 2).reshape([batch, steps, channels * bands]);
        let x = self.dropout.forward(relu(self.projection.forward(x)));
        let pooled = self.pool(self.lstm.forward(x), mask);
        let pooled = self.dropout.forward(pooled);
        (
            self.emotions.forward(pooled.clone()),
            self.voice.forward(pooled),
        )
    }

    /// Attention, mean and standard deviation over the real steps: `[B, T, H]` to `[B, 3 H]`.
    fn pool(&self, x: Tensor<3>, mask: Tensor<2>) -> Tensor<2> {
        let mask = mask.unsqueeze_dim::<3>(2);
        let count = mask.clone().sum_dim(1).clamp_min(1.0);
        let padded = (mask.clone() - 1.0) * 1e4;
        let weights = softmax(self.score.forward(x.clone()) + padded, 1);
        let attention = (x.clone() * weights).sum_dim(1);
        let mean = (x.clone() * mask.clone()).sum_dim(1) / count.clone();
        let variance = ((x - mean.clone()).square() * mask).sum_dim(1) / count;
        let deviation = (variance + VARIANCE_FLOOR).sqrt();
        Tensor::cat(vec![attention, mean, deviation], 2).squeeze_dim(1)
    }
}
