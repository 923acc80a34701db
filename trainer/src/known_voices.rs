//! Voices that the layers on functionals learned from, and know again.
//!
//! What a voice is like as a rule is no emotion. Of a voice that is known it can be taken off before anything is judged, which is worth two
//! points of all clips: see `models/EXPERIMENTS.md`. Of one that is new it would be another's, so the shipped networks know none.

use crate::{
    config::Config,
    functional_head::{BATCH, Row, kept, learn, randomise},
    network::FunctionalHead,
};
use burn::{
    module::{Module, Param},
    nn::{Initializer, Linear, LinearConfig},
    tensor::{
        Device, Int, Tensor, TensorData,
        activation::{log_softmax, softmax},
    },
};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// How often each window is drawn while voices are learned, about.
const PASSES: usize = 8;
/// Functionals that a step does not look at.
const FUNCTIONALS_DROPPED: f64 = 0.3;
/// Parts of the clips, the voices of each of which are recognised by what the other parts say of them, as those of new clips will be.
const PARTS: usize = 3;
/// How much of a voice is so recognised while the hidden layer learns; of the rest it is known who it is.
const RECOGNISED: f32 = 0.25;

/// Which voice it is, and what that voice is like.
#[derive(Module, Debug)]
pub struct KnownVoices {
    /// What tells voices from each other.
    pub which: Recognition,
    /// What each voice as a rule adds to the hidden layer, `[voices, width]`.
    pub natures: Param<Tensor<2>>,
}

/// Two layers without anything between them, which take half of the weights of a single one, and know voices as well.
#[derive(Module, Debug)]
pub struct Recognition {
    /// Standardised functionals to what tells voices from each other.
    pub traits: Linear,
    /// These to the logits of the voices.
    pub voices: Linear,
}

impl KnownVoices {
    /// What a voice is told by.
    pub const TRAITS: usize = 48;

    /// Some that take nothing off.
    pub(crate) fn silent(functionals: usize, voices: usize, width: usize, device: &Device) -> Self {
        Self {
            which: Recognition::silent(functionals, voices, device),
            natures: Param::from_tensor(Tensor::zeros([voices, width], device)),
        }
    }

    /// How many there are.
    #[must_use]
    pub fn count(&self) -> usize {
        let [_, voices] = self.which.voices.weight.dims();
        voices
    }

    /// The probability of each voice, `[B, voices]`, to what they as a rule add to the hidden layer, `[B, width]`.
    #[must_use]
    pub fn nature(&self, probabilities: Tensor<2>) -> Tensor<2> {
        probabilities.matmul(self.natures.val())
    }
}

impl Recognition {
    fn silent(functionals: usize, voices: usize, device: &Device) -> Self {
        let linear = |inputs, outputs| {
            LinearConfig::new(inputs, outputs)
                .with_initializer(Initializer::Zeros)
                .init(device)
        };
        Self {
            traits: linear(functionals, KnownVoices::TRAITS),
            voices: linear(KnownVoices::TRAITS, voices),
        }
    }

    fn forward(&self, standardised: Tensor<2>) -> Tensor<2> {
        self.voices.forward(self.traits.forward(standardised))
    }

    /// Standardised functionals `[B, functionals]` to the probability of each voice, `[B, voices]`.
    #[must_use]
    pub fn probabilities(&self, standardised: Tensor<2>) -> Tensor<2> {
        softmax(self.forward(standardised), 1)
    }
}

/// What is known of the voices of some windows while the hidden layer learns.
pub(crate) struct Recall {
    /// See [`KnownVoices::which`].
    pub(crate) which: Recognition,
    /// The mean of each voice's standardised functionals, `[voices, functionals]`.
    pub(crate) habits: Tensor<2>,
    /// How likely each window is which voice, a row of them after the other.
    probabilities: Vec<f32>,
}

impl Recall {
    /// Learns the voices of windows. The head knows how functionals are distributed.
    pub(crate) fn new(
        rows: &[Row],
        head: &FunctionalHead,
        voices: usize,
        config: &Config,
        device: &Device,
    ) -> Self {
        let learner = Learner {
            rows,
            head,
            voices,
            config,
            device,
        };
        let mut rng = ChaCha8Rng::seed_from_u64(config.seed);
        let clips = rows.iter().map(|row| row.clip + 1).max().unwrap_or(0);
        let parts: Vec<usize> = (0..clips).map(|_| rng.random_range(0..PARTS)).collect();
        let which = learner.learn(|_| true);
        // A sound is taken for the voice that it will be taken for.
        let sounds: Vec<usize> = places(rows, |row| row.voice.is_none());
        let mut probabilities = vec![0.0; rows.len() * voices];
        let mut recognise = |which: &Recognition, places: &[usize], share: f32| {
            for places in places.chunks(BATCH) {
                let standardised = learner.standardised(places);
                let said = which.probabilities(standardised).into_data();
                let said: Vec<f32> = said.try_to_vec().expect("probabilities are f32");
                for (&place, said) in places.iter().zip(said.chunks_exact(voices)) {
                    let own = &mut probabilities[place * voices..][..voices];
                    own.iter_mut()
                        .zip(said)
                        .for_each(|(own, said)| *own = share * said);
                }
            }
        };
        recognise(&which, &sounds, 1.0);
        for part in 0..PARTS {
            let others = learner.learn(|row| parts[row.clip] != part);
            let own = places(rows, |row| row.voice.is_some() && parts[row.clip] == part);
            recognise(&others, &own, RECOGNISED);
        }
        let known = rows.iter().zip(probabilities.chunks_exact_mut(voices));
        for (row, own) in known {
            if let Some(voice) = row.voice {
                own[voice] += 1.0 - RECOGNISED;
            }
        }
        Self {
            which,
            habits: learner.habits(),
            probabilities,
        }
    }

    /// What the voices of the windows at some places are like, `[places, functionals]`.
    pub(crate) fn habits_of(&self, places: &[usize]) -> Tensor<2> {
        let [voices, _] = self.habits.dims();
        let own = |&place: &usize| &self.probabilities[place * voices..][..voices];
        let probabilities: Vec<f32> = places.iter().flat_map(own).copied().collect();
        let probabilities = TensorData::new(probabilities, [places.len(), voices]);
        Tensor::<2>::from_data(probabilities, &self.habits.device()).matmul(self.habits.clone())
    }
}

fn places(rows: &[Row], wanted: impl Fn(&Row) -> bool) -> Vec<usize> {
    (0..rows.len())
        .filter(|&place| wanted(&rows[place]))
        .collect()
}

/// Learns which voice it is.
struct Learner<'a> {
    rows: &'a [Row],
    head: &'a FunctionalHead,
    voices: usize,
    config: &'a Config,
    device: &'a Device,
}

impl Learner<'_> {
    fn standardised(&self, places: &[usize]) -> Tensor<2> {
        let functionals = places
            .iter()
            .flat_map(|&place| &self.rows[place].functionals);
        let functionals: Vec<f32> = functionals.copied().collect();
        let shape = [places.len(), functionals.len() / places.len()];
        self.head.standardised(Tensor::from_data(
            TensorData::new(functionals, shape),
            self.device,
        ))
    }

    /// The mean of each voice's windows, by their weights.
    fn habits(&self) -> Tensor<2> {
        let mut sums = Tensor::zeros([self.voices, self.head.mean.dims()[0]], self.device);
        let mut weights = vec![0.0f32; self.voices];
        for places in places(self.rows, |row| row.voice.is_some()).chunks(BATCH) {
            let mut of_voices = vec![0.0; self.voices * places.len()];
            for (at, &place) in places.iter().enumerate() {
                let row = &self.rows[place];
                let voice = row.voice.unwrap_or(0);
                of_voices[voice * places.len() + at] = row.weight as f32;
                weights[voice] += row.weight as f32;
            }
            let of_voices = TensorData::new(of_voices, [self.voices, places.len()]);
            let of_voices = Tensor::<2>::from_data(of_voices, self.device);
            sums = sums + of_voices.matmul(self.standardised(places)).detach();
        }
        let weights = Tensor::<1>::from_floats(weights.as_slice(), self.device);
        sums / weights.clamp_min(f32::MIN_POSITIVE).unsqueeze_dim::<2>(1)
    }

    /// From the windows of voices that are wanted.
    fn learn(&self, wanted: impl Fn(&Row) -> bool) -> Recognition {
        let Self {
            rows,
            voices,
            config,
            device,
            ..
        } = self;
        let mut rng = ChaCha8Rng::seed_from_u64(config.seed);
        let functionals = self.head.mean.dims()[0];
        let mut which = Recognition::silent(functionals, *voices, device);
        randomise(&mut which.traits, &mut rng, device);
        randomise(&mut which.voices, &mut rng, device);
        let learned = places(rows, |row| row.voice.is_some() && wanted(row));
        let loss = |which: &Recognition, drawn: &[usize], rng: &mut ChaCha8Rng| {
            let looked_at = kept(functionals, FUNCTIONALS_DROPPED, rng);
            let looked_at = Tensor::<1>::from_floats(looked_at.as_slice(), device);
            let standardised = self.standardised(drawn) * looked_at.unsqueeze();
            let voices = drawn
                .iter()
                .map(|&place| rows[place].voice.unwrap_or(0) as i64);
            let voices: Vec<i64> = voices.collect();
            let voices = Tensor::<1, Int>::from_data(voices.as_slice(), *device);
            let said = log_softmax(which.forward(standardised), 1);
            -said.gather(1, voices.unsqueeze_dim(1)).mean()
        };
        learn(which, rows, &learned, PASSES, config, &mut rng, loss)
    }
}
