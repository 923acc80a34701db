//! The networks: `cnn`, `lstm` and `cnn-lstm`.
//!
//! ```text
//! log-mel columns  [B, T, 64] ─► n × (3×3 convolution, batch norm, ReLU) ─► [B, T/P, channels × bands] ┐
//! other columns    [B, T, C]  ─► P frames side by side ───────────────────► [B, T/P, P C] ─────────────┴─► linear: steps ┐
//! overall columns  [B, C]     ─► linear ─────────────────────────────────────────────────────────────────────────────────┤
//! known voices     [B, V]     ─► linear ─────────────────────────────────────────────────────────────────────────────────┤
//!   ┌────────────────────────────────────────────────────────────────────────────────────────────────────────────────────┘
//!   └─► ReLU ─► LSTM ─► attention, mean and deviation over the real steps ─► logits [B, 7]
//!                                                                       └─► voice [B, 1]
//! ```
//!
//! `lstm` has no convolutions: all its columns go the middle way. `cnn` has no LSTM. `P`, the frames of a step, is what the
//! convolutions' strides come to: 4, or 8, of which the mask gives every second step.

use crate::{
    config::{NetworkKind, NetworkSettings},
    known_voices::KnownVoices,
};
use burn::{
    module::{Module, Param, RunningState},
    nn::{
        BatchNorm, BatchNormConfig, Dropout, DropoutConfig, Initializer, Linear, LinearConfig,
        PaddingConfig2d,
        conv::{Conv2d, Conv2dConfig},
    },
    tensor::{
        Device, Int, Tensor,
        activation::{relu, sigmoid, softmax, tanh},
        s,
    },
};
use pathos_analysis::{
    Emotion, FeatureKind, FeatureSettings, MEL_BANDS, TIME_POOL, WINDOW_ROWS,
    piece::{self, OWN_ROWS},
};

/// Added to the variance before its root in the pooling.
pub const VARIANCE_FLOOR: f32 = 1e-5;

/// The logit of an emotion of which a network knows nothing: e to the power of -20 beside the others is no probability that
/// one sees, and still a number that has a logarithm.
const EXCLUDED_LOGIT: f32 = -20.0;

/// What decides the shape of a network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Architecture {
    /// What it is made of.
    pub kind: NetworkKind,
    /// Columns of a window, the log-mel bands first if it has them.
    pub columns: usize,
    /// Of the columns, those that are convolved.
    pub convolved: usize,
    /// Of the columns, those of the window as a whole, which are the last.
    pub overall: usize,
    /// Functionals that go with a window.
    pub functionals: usize,
    /// Width of the hidden layer on functionals.
    pub functional_hidden: usize,
    /// Whether the layers on functionals have an output for each corpus.
    pub corpus_outputs: bool,
    /// Voices that they know again.
    pub known_voices: usize,
    /// Channels of the convolutions.
    pub channels: Vec<usize>,
    /// Strides of the convolutions, `[frames, bands]`.
    pub strides: Vec<[usize; 2]>,
    /// Width of the layer before the LSTM.
    pub projection: usize,
    /// Width of the LSTM; 0 without one.
    pub hidden: usize,
}

impl Architecture {
    /// Of a configuration's network on its features.
    #[must_use]
    pub fn new(settings: &NetworkSettings, features: &FeatureSettings) -> Self {
        let convolves = settings.kind.convolves() && features.kinds.contains(&FeatureKind::LogMel);
        let blocks = if convolves {
            settings.channels.len()
        } else {
            0
        };
        Self {
            kind: settings.kind,
            columns: features.columns(),
            convolved: if convolves { MEL_BANDS } else { 0 },
            overall: features.overall_columns(),
            functionals: features.functionals(),
            functional_hidden: if features.functionals() > 0 {
                settings.width_on_functionals()
            } else {
                0
            },
            corpus_outputs: features.functionals() > 0 && settings.outputs_by_corpus(),
            known_voices: if features.functionals() > 0 {
                settings.voices_known()
            } else {
                0
            },
            channels: settings.channels.iter().copied().take(blocks).collect(),
            strides: settings.strides.iter().copied().take(blocks).collect(),
            projection: settings.projection,
            hidden: if settings.kind.recurs() {
                settings.hidden
            } else {
                0
            },
        }
    }

    /// Frames of a step.
    fn pool(&self) -> usize {
        if self.convolved > 0 {
            self.strides.iter().map(|stride| stride[0]).product()
        } else {
            TIME_POOL
        }
    }

    /// Bands that are left after the convolutions.
    fn pooled_bands(&self) -> usize {
        // A 3×3 convolution with a padding of 1 gives the ceiling of the quotient.
        let halve = |bands: usize, stride: &[usize; 2]| bands.div_ceil(stride[1]);
        self.strides.iter().fold(self.convolved, halve)
    }

    /// Width of what goes into the projection.
    #[must_use]
    pub fn joined(&self) -> usize {
        let convolved = self.channels.last().unwrap_or(&0) * self.pooled_bands();
        convolved + self.pool() * (self.columns - self.convolved - self.overall)
    }

    /// Width of a step after the LSTM, or after the projection without one.
    #[must_use]
    pub fn step_width(&self) -> usize {
        if self.kind.recurs() {
            self.hidden
        } else {
            self.projection
        }
    }

    /// Width of the pooled steps.
    #[must_use]
    pub fn pooled_width(&self) -> usize {
        3 * self.step_width()
    }

    /// Multiplications and additions for each 250 ms of voice, as it runs in a stream: the layers up to the projection on what a
    /// [`piece`] needs, the others on a whole window.
    #[must_use]
    pub fn macs(&self) -> usize {
        let frames: Vec<usize> = self.strides.iter().map(|stride| stride[0]).collect();
        // A configuration whose steps need more than a piece is refused.
        let rows = piece::convolved_rows(&frames).unwrap_or_default();
        let (mut bands, mut inputs) = (self.convolved, 1);
        let mut macs = 0;
        for ((&outputs, stride), rows) in self.channels.iter().zip(&self.strides).zip(rows) {
            bands = bands.div_ceil(stride[1]);
            macs += rows * bands * 9 * inputs * outputs;
            inputs = outputs;
        }
        macs += OWN_ROWS / self.pool() * self.joined() * self.projection;
        macs += self.overall * self.projection;
        let steps = WINDOW_ROWS / self.pool();
        if self.kind.recurs() {
            macs += steps * 4 * self.hidden * (self.projection + self.hidden);
        }
        if self.functionals > 0 {
            macs += self.functional_macs();
        }
        macs + steps * 4 * self.step_width() + self.pooled_width() * (Emotion::COUNT + 1)
    }

    /// Of these, what the layers on functionals take.
    fn functional_macs(&self) -> usize {
        let outputs = FunctionalHead::outputs(self.corpus_outputs);
        let gate = if self.corpus_outputs { outputs } else { 0 };
        let (inputs, width) = (self.functionals, self.functional_hidden);
        let traits = KnownVoices::TRAITS;
        let voices = match self.known_voices {
            0 => 0,
            voices => traits * inputs + voices * (traits + width + self.projection),
        };
        voices + width * (inputs + outputs * Emotion::COUNT + gate) + gate * Emotion::COUNT
    }

    /// Layers on functionals that add nothing.
    #[must_use]
    pub fn silent_head(&self, device: &Device) -> FunctionalHead {
        let (functionals, width) = (self.functionals, self.functional_hidden);
        let head = FunctionalHead::silent(functionals, width, self.corpus_outputs, device);
        let voices = self.known_voices;
        FunctionalHead {
            voices: (voices > 0).then(|| KnownVoices::silent(functionals, voices, width, device)),
            ..head
        }
    }

    /// A layer on known voices that adds nothing, if any are known.
    #[must_use]
    pub fn silent_voices(&self, device: &Device) -> Option<Linear> {
        let layer = LinearConfig::new(self.known_voices, self.projection)
            .with_bias(false)
            .with_initializer(Initializer::Zeros);
        (self.known_voices > 0).then(|| layer.init(device))
    }

    /// Whether layers on functionals have these sizes.
    #[must_use]
    pub fn fits(&self, head: &FunctionalHead) -> bool {
        head.hidden.weight.dims() == [self.functionals, self.functional_hidden]
            && head.gate.is_some() == self.corpus_outputs
            && head.voices.as_ref().map_or(0, KnownVoices::count) == self.known_voices
    }

    /// A network with random weights, from the device's generator. `dropout` is the share of activations dropped in training.
    #[must_use]
    pub fn init(&self, dropout: f64, device: &Device) -> Network {
        let mut inputs = 1;
        let blocks = self
            .channels
            .iter()
            .zip(&self.strides)
            .map(|(&outputs, &stride)| {
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
        let width = self.pooled_width();
        Network {
            blocks,
            convolved: self.convolved,
            projection: LinearConfig::new(self.joined(), self.projection).init(device),
            tone: (self.overall > 0).then(|| {
                LinearConfig::new(self.overall, self.projection)
                    .with_bias(false)
                    .init(device)
            }),
            lstm: self
                .kind
                .recurs()
                .then(|| Lstm::new(self.projection, self.hidden, device)),
            score: LinearConfig::new(self.step_width(), 1).init(device),
            emotions: LinearConfig::new(width, Emotion::COUNT).init(device),
            voice: LinearConfig::new(width, 1).init(device),
            functionals: (self.functionals > 0).then(|| self.silent_head(device)),
            voices: self.silent_voices(device),
            dropout: DropoutConfig::new(dropout).init(),
        }
    }
}

/// What a network takes.
pub struct Input {
    /// `[B, T, columns]`; `T` is a multiple of 4.
    pub features: Tensor<3>,
    /// `[B, T/4]`.
    pub mask: Tensor<2>,
    /// How likely it is each of the known voices, `[B, voices]`, for a network that knows any.
    pub voices: Option<Tensor<2>>,
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

    /// `[B, T, inputs]` to `[B, T, hidden]`. The state is 0 up to the first real step of `mask` `[B, T]`, so that the length
    /// of the padding before it does not matter.
    pub fn forward(&self, input: Tensor<3>, mask: &Tensor<2>) -> Tensor<3> {
        let [batch, steps, _] = input.dims();
        let device = input.device();
        let recurrent = self.recurrent.val();
        let [hidden, _] = recurrent.dims();
        let projected = self.input.forward(input);

        let mut h = Tensor::<2>::zeros([batch, hidden], &device);
        let mut c = Tensor::<2>::zeros([batch, hidden], &device);
        let mut outputs = Vec::with_capacity(steps);
        let real = mask.clone().split(1, 1);
        for (x, real) in each_step(projected).zip(real) {
            let gates = x + h.matmul(recurrent.clone());
            let mut gates = gates.split(hidden, 1).into_iter();
            let mut gate = || gates.next().expect("there are four gates");
            let (i, o, f, g) = (
                sigmoid(gate()),
                sigmoid(gate()),
                sigmoid(gate()),
                tanh(gate()),
            );
            c = f * c + i * g * real;
            h = o * tanh(c.clone());
            outputs.push(h.clone().unsqueeze_dim::<3>(1));
        }
        Tensor::cat(outputs, 1)
    }
}

/// The steps of `[B, T, width]`, each `[B, width]`.
///
/// The gradient of a slice is as large as what it was cut from, so `T` slices of a sequence cost its length squared. They are
/// cut in two stages, which costs it to the power of 1.5.
fn each_step(sequence: Tensor<3>) -> impl Iterator<Item = Tensor<2>> {
    let [_, steps, _] = sequence.dims();
    let stage = (steps as f32).sqrt().ceil() as usize;
    let parts = sequence.split(stage.max(1), 1).into_iter();
    parts
        .flat_map(|part| part.split(1, 1))
        .map(|step| step.squeeze_dim(1))
}

/// The network.
#[derive(Module, Debug)]
pub struct Network {
    /// The convolutions.
    pub blocks: Vec<Block>,
    /// Columns that they take.
    pub convolved: usize,
    /// What was convolved and what was not, to the LSTM's input.
    pub projection: Linear,
    /// The overall columns to the same, without a bias of their own.
    pub tone: Option<Linear>,
    /// The LSTM, if it has one.
    pub lstm: Option<Lstm>,
    /// The weight of a step in the attention.
    pub score: Linear,
    /// Pooled steps to the emotions' logits.
    pub emotions: Linear,
    /// Pooled steps to the voice's logit.
    pub voice: Linear,
    /// What the functionals add to the emotions' logits. Fitted beforehand, not learned: see [`functional_head`](crate::functional_head).
    pub functionals: Option<FunctionalHead>,
    /// What the projection takes from which known voice it is, without a bias of its own.
    pub voices: Option<Linear>,
    /// Before the LSTM and before the heads.
    pub dropout: Dropout,
}

/// Two layers on standardised functionals. The second has one output, or one for each corpus and a gate, which says how much each of
/// them counts: a mixture of experts (Jacobs et al. 1991) whose gate is told what it hears.
#[derive(Module, Debug)]
pub struct FunctionalHead {
    /// Of each functional, `[functionals]`.
    pub mean: Param<Tensor<1>>,
    /// What its distance from the mean is multiplied by, `[functionals]`.
    pub scale: Param<Tensor<1>>,
    /// To the values of a hidden layer, of which a ReLU leaves the positive.
    pub hidden: Linear,
    /// What is taken off these values, for the voice that is heard.
    pub voices: Option<KnownVoices>,
    /// From these to what is added to the emotions' logits; with a gate to the logits by each corpus, side by side.
    pub emotions: Linear,
    /// From the same to the logits of the corpora.
    pub gate: Option<Linear>,
}

impl FunctionalHead {
    /// Standard deviations beyond which no functional is taken for larger.
    pub const LARGEST: f32 = 5.0;
    /// Width of the hidden layer, where nothing else is asked for.
    pub const HIDDEN: usize = 128;
    /// Corpora of a gate: CREMA-D, RAVDESS spoken and sung, SAVEE and TESS.
    pub const CORPORA: usize = 4;
    /// How much of what they say is added to the network's logits. 0.5 to 1 are as good: see `models/EXPERIMENTS.md`.
    const SHARE: f32 = 0.75;
    /// The same where they know the voice, and so are right more often.
    const KNOWN_SHARE: f32 = 1.0;
    /// The least probability of an emotion that a mixture says.
    pub const LEAST: f32 = 1e-6;

    /// One that adds nothing.
    fn silent(functionals: usize, width: usize, corpus_outputs: bool, device: &Device) -> Self {
        let linear = |inputs, outputs| {
            LinearConfig::new(inputs, outputs)
                .with_initializer(Initializer::Zeros)
                .init(device)
        };
        Self {
            mean: Self::measured(Tensor::zeros([functionals], device)),
            scale: Self::measured(Tensor::ones([functionals], device)),
            hidden: linear(functionals, width),
            emotions: linear(width, Self::outputs(corpus_outputs) * Emotion::COUNT),
            gate: corpus_outputs.then(|| linear(width, Self::CORPORA)),
            voices: None,
        }
    }

    /// A parameter that is not learned. Autodiff would keep what is reckoned with one that could be, 2.5 MB for each step of a fit.
    pub(crate) fn measured(values: Tensor<1>) -> Param<Tensor<1>> {
        Param::from_tensor(values).set_require_grad(false)
    }

    const fn outputs(corpus_outputs: bool) -> usize {
        if corpus_outputs { Self::CORPORA } else { 1 }
    }

    /// `[B, functionals]` in standard deviations from their means.
    #[must_use]
    pub fn standardised(&self, functionals: Tensor<2>) -> Tensor<2> {
        let centred = functionals - self.mean.val().unsqueeze();
        let standardised = centred * self.scale.val().unsqueeze();
        standardised.clamp(-Self::LARGEST, Self::LARGEST)
    }

    /// How much of what they say is added to the network's logits.
    #[must_use]
    pub fn share(&self) -> f32 {
        match self.voices {
            Some(_) => Self::KNOWN_SHARE,
            None => Self::SHARE,
        }
    }

    /// [Standardised](Self::standardised) functionals `[B, functionals]` to the probability of each known voice, `[B, voices]`, where any
    /// are known.
    #[must_use]
    pub fn recognise(&self, standardised: &Tensor<2>) -> Option<Tensor<2>> {
        let voices = self.voices.as_ref()?;
        Some(voices.which.probabilities(standardised.clone()))
    }

    /// [Standardised](Self::standardised) functionals `[B, functionals]` and what [`recognise`](Self::recognise) makes of them to what is
    /// added to the logits, `[B, 7]`.
    #[must_use]
    pub fn forward(&self, standardised: Tensor<2>, voices: Option<Tensor<2>>) -> Tensor<2> {
        let mut hidden = self.hidden.forward(standardised);
        if let (Some(known), Some(voices)) = (&self.voices, voices) {
            hidden = hidden - known.nature(voices);
        }
        let logits = self.judge(relu(hidden));
        // Without a gate the weights have the share in them.
        match self.gate {
            Some(_) => logits * self.share(),
            None => logits,
        }
    }

    /// The hidden layer `[B, width]` to logits of the emotions, `[B, 7]`: with a gate the logarithms of the probabilities that it mixes.
    #[must_use]
    pub fn judge(&self, hidden: Tensor<2>) -> Tensor<2> {
        let each = self.emotions.forward(hidden.clone());
        let Some(gate) = &self.gate else {
            return each;
        };
        let counts = softmax(gate.forward(hidden), 1).unsqueeze_dim::<3>(1);
        let batch = each.dims()[0];
        let each = softmax(each.reshape([batch, Self::CORPORA, Emotion::COUNT]), 2);
        let mixed = counts.matmul(each).squeeze_dim::<2>(1);
        mixed.clamp_min(Self::LEAST).log()
    }
}

impl Block {
    /// Batch norm with the mean and the variance of what the convolution makes of `x` `[B, C, T, bands]`, and a gain and an offset
    /// by which it says the same as before.
    fn normed_by(&mut self, x: Tensor<4>) {
        let norm = &mut self.norm;
        let values = self.conv.forward(x).swap_dims(0, 1).flatten::<2>(1, 3);
        let (variance, mean) = values.var_mean_bias(1);
        let (variance, mean) = (variance.squeeze_dim::<1>(1), mean.squeeze_dim::<1>(1));
        let deviation = |variance: Tensor<1>| (variance + norm.epsilon).sqrt();
        let gain = norm.gamma.val() / deviation(norm.running_var.value());
        let offset = norm.beta.val() + (mean.clone() - norm.running_mean.value()) * gain.clone();
        norm.gamma = Param::from_tensor(gain * deviation(variance.clone()));
        norm.beta = Param::from_tensor(offset);
        norm.running_mean = RunningState::new(mean);
        norm.running_var = RunningState::new(variance);
    }

    fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        relu(self.norm.forward(self.conv.forward(x)))
    }
}

impl Network {
    /// The network with batch norms that know how some `features` `[B, T, columns]` are distributed, and say the same as before. One
    /// whose norms were folded away would be another as soon as it learns, when each batch is normalised by its own statistics.
    ///
    /// Works on a device without autodiff: a norm that learns would normalise already.
    #[must_use]
    pub fn normed_by(mut self, features: Tensor<3>) -> Self {
        if self.convolved > 0 {
            let mut x = self.bands(features);
            for block in &mut self.blocks {
                block.normed_by(x.clone());
                x = block.forward(x);
            }
        }
        self
    }

    /// The columns that are convolved, `[B, 1, T, bands]`.
    fn bands(&self, features: Tensor<3>) -> Tensor<4> {
        features.narrow(2, 0, self.convolved).unsqueeze_dim(1)
    }

    /// Steps of the mask from one of the network's to the next.
    #[must_use]
    pub fn mask_stride(&self) -> usize {
        let strides = self.blocks.iter().map(|block| block.conv.stride[0]);
        (strides.product::<usize>() / TIME_POOL).max(1)
    }

    /// The network with an answer for some emotions that is always far below the others.
    #[must_use]
    pub fn without(mut self, emotions: &[Emotion]) -> Self {
        let device = self.emotions.weight.device();
        let kept = Emotion::ALL.map(|own| f32::from(u8::from(!emotions.contains(&own))));
        let kept = Tensor::<1>::from_floats(kept, &device);
        let excluded = (kept.clone().neg() + 1.0) * EXCLUDED_LOGIT;
        self.emotions.weight = self
            .emotions
            .weight
            .map(|weight| weight * kept.clone().unsqueeze());
        self.emotions.bias = self
            .emotions
            .bias
            .map(|bias| bias.map(|bias| bias * kept + excluded));
        self
    }

    /// The network that looks at some of the columns of the window as a whole: those of `kept`, counted from the first of them.
    #[must_use]
    pub fn looking_at(mut self, kept: &[usize]) -> Self {
        self.tone = self.tone.filter(|_| !kept.is_empty()).map(|mut tone| {
            let kept: Vec<i32> = kept.iter().map(|&column| column as i32).collect();
            let kept = Tensor::<1, Int>::from_ints(kept.as_slice(), &tone.weight.device());
            tone.weight = tone.weight.map(|weight| weight.select(0, kept));
            tone
        });
        self
    }

    /// Columns that are of the window as a whole.
    #[must_use]
    pub fn overall(&self) -> usize {
        self.tone.as_ref().map_or(0, |tone| tone.weight.dims()[0])
    }

    /// The emotions' logits `[B, 7]` and the voice's `[B, 1]`.
    pub fn forward(&self, input: Input) -> (Tensor<2>, Tensor<2>) {
        self.judge(self.listen(input))
    }

    /// Pooled steps `[B, 3 H]` to the logits of the emotions and the voice.
    pub fn judge(&self, pooled: Tensor<2>) -> (Tensor<2>, Tensor<2>) {
        (
            self.emotions.forward(pooled.clone()),
            self.voice.forward(pooled),
        )
    }

    /// The pooled steps, `[B, 3 H]`.
    pub fn listen(&self, input: Input) -> Tensor<2> {
        let Input {
            features,
            mask,
            voices,
        } = input;
        let [batch, frames, columns] = features.dims();
        let stride = self.mask_stride();
        let mask = mask.slice(s![.., ..;stride as isize]);
        let [_, steps] = mask.dims();
        let mut joined = Vec::with_capacity(2);
        if self.convolved > 0 {
            let bands = self.bands(features.clone());
            let x = self.blocks.iter().fold(bands, |x, block| block.forward(x));
            let [_, channels, _, bands] = x.dims();
            joined.push(x.swap_dims(1, 2).reshape([batch, steps, channels * bands]));
        }
        let overall = self.overall();
        let own = columns - self.convolved - overall;
        if own > 0 {
            let others = features.clone().narrow(2, self.convolved, own);
            joined.push(others.reshape([batch, steps, frames / steps * own]));
        }
        let mut x = self.projection.forward(Tensor::cat(joined, 2));
        if let Some(tone) = &self.tone {
            // Every row of the window has them.
            let overall = features.slice(s![.., -1.., (columns - overall) as isize..]);
            x = x + tone.forward(overall);
        }
        if let (Some(layer), Some(voices)) = (&self.voices, voices) {
            x = x + layer.forward(voices).unsqueeze_dim::<3>(1);
        }
        let mut x = self.dropout.forward(relu(x));
        if let Some(lstm) = &self.lstm {
            x = lstm.forward(x, &mask);
        }
        self.dropout.forward(self.pool(x, mask))
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use burn::tensor::{Distribution, TensorData, Tolerance};

    const KINDS: [NetworkKind; 3] = [NetworkKind::Cnn, NetworkKind::Lstm, NetworkKind::CnnLstm];

    fn architecture(kind: NetworkKind, features: &[FeatureKind]) -> Architecture {
        let mut settings = Config::first(&[]).network;
        settings.kind = kind;
        Architecture::new(&settings, &FeatureSettings::of(features))
    }

    fn input(features: &Tensor<3>, mask: &Tensor<2>) -> Input {
        Input {
            features: features.clone(),
            mask: mask.clone(),
            voices: None,
        }
    }

    #[test]
    fn every_kind_takes_every_feature() {
        let device = Device::flex();
        for kind in KINDS {
            for features in [&[FeatureKind::LogMel][..], &FeatureKind::ALL] {
                let architecture = architecture(kind, features);
                let network = architecture.init(0.0, &device);
                let (logits, voice) = network.forward(Input {
                    features: Tensor::zeros([2, 120, architecture.columns], &device),
                    mask: Tensor::ones([2, 30], &device),
                    voices: None,
                });
                assert_eq!((logits.dims(), voice.dims()), ([2, 7], [2, 1]));
                assert_eq!(network.lstm.is_some(), kind != NetworkKind::Cnn);
                assert_eq!(network.blocks.is_empty(), kind == NetworkKind::Lstm);
            }
        }
    }

    #[test]
    fn an_emotion_that_is_left_out_is_never_said() {
        let device = Device::flex();
        let architecture = architecture(NetworkKind::CnnLstm, &[FeatureKind::LogMel]);
        let network = architecture.init(0.0, &device);
        let x = Tensor::<3>::random([2, 120, 64], Distribution::Default, &device);
        let logits = |network: &Network| -> Vec<f32> {
            let (logits, _) = network.forward(input(&x, &Tensor::ones([2, 30], &device)));
            logits.into_data().try_to_vec().unwrap()
        };
        let before = logits(&network);
        let after = logits(&network.without(&[Emotion::Surprise]));
        for (before, after) in before.chunks(7).zip(after.chunks(7)) {
            assert_eq!(before[..6], after[..6]);
            assert_eq!(after[6], EXCLUDED_LOGIT);
        }
    }

    #[test]
    fn a_gate_decides_which_output_counts() {
        let device = Device::flex();
        let mut head = FunctionalHead::silent(1, FunctionalHead::HIDDEN, true, &device);
        let weight = |at: usize, value: f32, outputs: usize| {
            let mut values = vec![0.0; FunctionalHead::HIDDEN * outputs];
            values[at] = value;
            Param::from_data(
                TensorData::new(values, [FunctionalHead::HIDDEN, outputs]),
                &device,
            )
        };
        // The first value of the hidden layer is for the third corpus, whose output takes it for fear.
        let fear = Emotion::Fear.index();
        let outputs = FunctionalHead::CORPORA * Emotion::COUNT;
        head.emotions.weight = weight(2 * Emotion::COUNT + fear, 3.0, outputs);
        head.gate.as_mut().unwrap().weight = weight(2, 50.0, FunctionalHead::CORPORA);
        let says = |first: f32| -> Vec<f32> {
            let mut hidden = [0.0; FunctionalHead::HIDDEN];
            hidden[0] = first;
            let hidden = Tensor::<1>::from_floats(hidden, &device).unsqueeze();
            head.judge(hidden).into_data().try_to_vec().unwrap()
        };
        let all = 3f32.exp() + 6.0;
        for (at, said) in says(1.0).into_iter().enumerate() {
            let expected = if at == fear { 3.0 } else { 0.0 } - all.ln();
            assert!((said - expected).abs() < 1e-5, "{said} for {expected}");
        }
        for said in says(0.0) {
            assert!((said + 7f32.ln()).abs() < 1e-5, "{said}");
        }
    }

    #[test]
    fn a_known_voice_is_expected_to_be_itself() {
        let device = Device::flex();
        let mut settings = Config::first(&[]).network;
        settings.known_voices = Some(3);
        let features = FeatureSettings::of(&[FeatureKind::LogMel, FeatureKind::Functionals]);
        let mut network = Architecture::new(&settings, &features).init(0.0, &device);
        let x = Tensor::<3>::random([1, 120, 64], Distribution::Default, &device);
        let mask = Tensor::<2>::ones([1, 30], &device);
        let says = |network: &Network, voices: [f32; 3]| {
            let voices = Tensor::<1>::from_floats(voices, &device).unsqueeze();
            let input = Input {
                voices: Some(voices),
                ..input(&x, &mask)
            };
            network.forward(input).0.into_data()
        };
        let [first, second] = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]];
        assert_eq!(says(&network, first), says(&network, second), "silent");
        let layer = network.voices.as_mut().unwrap();
        let weight = layer.weight.val();
        layer.weight = Param::from_tensor(weight.random_like(Distribution::Default));
        assert_ne!(says(&network, first), says(&network, second));
    }

    #[test]
    fn a_column_that_is_taken_away_is_one_that_is_always_zero() {
        let device = Device::flex();
        let kinds = [FeatureKind::LogMel, FeatureKind::Ltas, FeatureKind::Habit];
        let network = architecture(NetworkKind::CnnLstm, &kinds).init(0.0, &device);
        let x = Tensor::<3>::random([2, 120, 64 + 39], Distribution::Default, &device);
        let (bands, habit) = (x.clone().narrow(2, 0, 64), x.clone().narrow(2, 64, 39));
        let padded = Tensor::cat(vec![bands, Tensor::zeros([2, 120, 32], &device), habit], 2);
        let mask = Tensor::<2>::ones([2, 30], &device);
        let (whole, _) = network.forward(input(&padded, &mask));
        let kept: Vec<usize> = (32..32 + 39).collect();
        let (without, _) = network.clone().looking_at(&kept).forward(input(&x, &mask));
        whole
            .into_data()
            .assert_approx_eq::<f32>(&without.into_data(), Tolerance::absolute(1e-5));
        assert!(network.looking_at(&[]).tone.is_none());
    }

    #[test]
    fn a_network_that_was_folded_learns_on_as_what_it_was() {
        let device = Device::flex();
        device.seed(1);
        let network = architecture(NetworkKind::CnnLstm, &[FeatureKind::LogMel]);
        let network = network.init(0.0, &device);
        let x = Tensor::<3>::random([4, 120, 64], Distribution::Normal(0.0, 1.0), &device);
        let mask = Tensor::<2>::ones([4, 30], &device);
        let says = |network: &Network| network.forward(input(&x, &mask)).0.into_data();
        let before = says(&network);
        let normed = network.clone().normed_by(x.clone());
        before.assert_approx_eq::<f32>(&says(&normed), Tolerance::absolute(1e-4));

        let learning = device.autodiff();
        let while_it_learns = |network: Network| {
            let x = Tensor::from_data(x.to_data(), &learning);
            let mask = Tensor::from_data(mask.to_data(), &learning);
            network.train().forward(input(&x, &mask)).0.into_data()
        };
        let distance = |said: &TensorData| -> f32 {
            let pairs = before.iter::<f32>().zip(said.iter::<f32>());
            pairs.map(|(before, said)| (before - said).abs()).sum()
        };
        let (folded, normed) = (while_it_learns(network), while_it_learns(normed));
        assert!(distance(&normed) < 1e-3, "{}", distance(&normed));
        assert!(distance(&folded) > 0.1, "{}", distance(&folded));
    }

    #[test]
    fn padding_does_not_matter_to_the_lstm() {
        let device = Device::flex();
        device.seed(1);
        let network = architecture(NetworkKind::Lstm, &[FeatureKind::LogMel]).init(0.0, &device);
        let short = Tensor::<3>::random([1, 80, 64], Distribution::Default, &device);
        let padded = Tensor::cat(vec![Tensor::zeros([1, 220, 64], &device), short.clone()], 1);
        let mask = Tensor::<2>::ones([1, 20], &device);
        let padded_mask = Tensor::cat(vec![Tensor::zeros([1, 55], &device), mask.clone()], 1);
        let (short, _) = network.forward(input(&short, &mask));
        let (padded, _) = network.forward(input(&padded, &padded_mask));
        short
            .into_data()
            .assert_approx_eq::<f32>(&padded.into_data(), Tolerance::absolute(1e-5));
    }

    #[test]
    fn the_cost_of_the_first_recipe_is_known() {
        let macs = |kind| architecture(kind, &[FeatureKind::LogMel]).macs();
        // By hand: of a piece the convolutions 0.17 + 1.99 + 2.44 + 2.21 million and the projection 0.49; of 80 steps the LSTM
        // 14.75, pooling and heads 0.06.
        assert!(
            (macs(NetworkKind::CnnLstm) as f64 / 22.1e6 - 1.0).abs() < 0.01,
            "{}",
            macs(NetworkKind::CnnLstm)
        );
        assert!(macs(NetworkKind::Cnn) < macs(NetworkKind::CnnLstm));
    }
}
