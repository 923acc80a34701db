//! The layers on functionals, fitted before the network learns.
//!
//! They look at the same windows in another way than the network, and learn from them by themselves. So they err elsewhere, and the sum
//! of both is right more often than either. Learned together, each would leave to the other what it finds first.

use crate::{
    augment,
    batch::{self, absent_classes},
    config::{Config, Schedule, Training},
    corpora::{Clip, Corpus},
    dataset::{self, Example},
    draws,
    evaluate::FIRST_SECOND_FRAMES,
    known_voices::{KnownVoices, Recall},
    network::{Architecture, FunctionalHead},
    non_voice,
    train::relative_rate,
};
use anyhow::{Result, ensure};
use burn::{
    module::{Module, Param},
    nn::Linear,
    optim::{AdamWConfig, GradientsParams},
    tensor::{
        Device, Tensor, TensorData,
        activation::{log_softmax, relu},
    },
};
use pathos_analysis::{BACKGROUND_FRAMES, Emotion, Frame, Windowing};
use rand::{
    Rng, SeedableRng,
    distr::{Distribution, weighted::WeightedIndex},
    seq::IteratorRandom,
};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

/// How often each window is drawn, about.
const PASSES: usize = 10;
/// Steps of the fit, where there are few windows.
const LEAST_STEPS: usize = 200;
/// Windows of a step.
pub(crate) const BATCH: usize = 256;
/// The highest learning rate.
const RATE: f64 = 1e-3;
const WEIGHT_DECAY: f32 = 0.01;
/// Functionals that a step does not look at.
const FUNCTIONALS_DROPPED: f64 = 0.2;
/// Of the hidden layer, what a window does not look at.
const HIDDEN_DROPPED: f64 = 0.3;
/// What the window of a clip's first second weighs. With 1, noisy copies leave first seconds a smaller share, and CREMA-D's a third of a point less.
const FIRST_SECOND: f64 = 1.5;
/// What a window of an augmented copy weighs, where one of the clip itself, or of a noisy copy, weighs 1.
const COPY: f64 = 0.5;
/// How much it matters which corpus a window is of, where its emotion is 1. With 0.3 songs gain a point less: see `models/EXPERIMENTS.md`.
const GATE: f32 = 0.1;
/// Made-up sounds that they have no opinion about.
const SOUNDS: usize = 512;
/// Added to a standard deviation, for functionals that are always the same.
const TINY: f32 = 1e-6;

/// A window that they learn from.
pub(crate) struct Row {
    pub(crate) functionals: Vec<f32>,
    /// Which of the speakers it is, if there is a voice in it.
    pub(crate) voice: Option<usize>,
    /// The clip that it is of.
    pub(crate) clip: usize,
    target: [f32; Emotion::COUNT],
    classes: [f32; Emotion::COUNT],
    corpora: [f32; FunctionalHead::CORPORA],
    pub(crate) weight: f64,
}

/// A perceptron on the last window, the first second and a crop of each example, and on a crop of each of its copies; with
/// [`joined_share`](crate::config::Training::joined_share) on the window that another clip comes before, too. Gives the same each time.
///
/// # Errors
///
/// If voices are to be known, and are not as many as there are.
pub fn fit(
    examples: &[Example],
    config: &Config,
    architecture: &Architecture,
    device: &Device,
) -> Result<FunctionalHead> {
    let config = &fitting(config);
    let speakers = dataset::speakers(examples);
    ensure!(
        [0, speakers.len()].contains(&architecture.known_voices),
        "network.known_voices is {}, but {} voices are learned from: give that number, or 0",
        architecture.known_voices,
        speakers.len()
    );
    let mut head = architecture.silent_head(device);
    let share = head.share();
    let rows = rows(examples, &speakers, share, config);
    let (mean, scale) = distribution(&rows, architecture.functionals);
    head.mean = FunctionalHead::measured(Tensor::from_floats(mean.as_slice(), device));
    head.scale = FunctionalHead::measured(Tensor::from_floats(scale.as_slice(), device));
    let recall = (architecture.known_voices > 0).then(|| {
        let voices = architecture.known_voices;
        Recall::new(&rows, &head, voices, config, device)
    });
    let mut head = perceptron(&rows, recall.as_ref(), head, config, device);
    if head.gate.is_none() {
        let weakened = |values: Tensor<2>| (values * share).detach();
        head.emotions.weight = head.emotions.weight.map(weakened);
        let weakened = |values: Tensor<1>| (values * share).detach();
        head.emotions.bias = head.emotions.bias.map(|bias| bias.map(weakened));
    }
    Ok(head)
}

/// The run's configuration with what differs in this fit.
fn fitting(config: &Config) -> Config {
    let training = Training {
        // A quarter of listeners in the targets, who hear neutral more often than not, costs the sum a point and a half on CREMA-D.
        vote_share: 0.0,
        // A network that learns at a constant rate is the mean of many. This is the last one: without a fall it loses a point of the mix.
        schedule: Schedule::OneCycle,
        ..config.training.clone()
    };
    Config {
        training,
        ..config.clone()
    }
}

/// The gate's answer for a clip of a corpus.
fn corpora(corpus: Corpus) -> [f32; FunctionalHead::CORPORA] {
    let own = match corpus {
        Corpus::CremaD => 0,
        Corpus::RavdessSpeech | Corpus::RavdessSong => 1,
        Corpus::Savee => 2,
        Corpus::Tess => 3,
    };
    std::array::from_fn(|at| f32::from(at == own))
}

fn rows(examples: &[Example], speakers: &[String], head_share: f32, config: &Config) -> Vec<Row> {
    let windowing = Windowing::new(&config.feature_settings());
    let functionals = |frames: &[Frame], rng: &mut ChaCha8Rng| {
        let background_at = rng.random_range(0..BACKGROUND_FRAMES);
        let window = windowing.window_after(&[], frames, background_at);
        window.functionals.into_vec()
    };
    let generator =
        |number: usize| ChaCha8Rng::seed_from_u64(config.seed.wrapping_add(number as u64));
    let clips: Vec<_> = examples.iter().map(|example| &example.clip).collect();
    let mut weights = draws::weights(&clips, &config.training);
    // The network expects a class of a corpus as often as it is drawn. They lean as far the other way, so that the sum expects each as often.
    draws::even_out_classes(&clips, &mut weights, 1.0 + 1.0 / head_share);
    let joined = config.training.joined_share > 0.0;
    let lines = joined.then(|| dataset::places_by(examples, Clip::line));
    let voices = examples.par_iter().zip(weights).enumerate();
    let mut rows: Vec<Row> = voices
        .flat_map_iter(|(number, (example, weight))| {
            let mut rng = generator(number);
            let frames = example.frames();
            let first = &frames[..frames.len().min(FIRST_SECOND_FRAMES)];
            let mut windows = vec![
                (functionals(frames, &mut rng), 1.0),
                (functionals(first, &mut rng), FIRST_SECOND),
            ];
            let before = lines.as_ref().and_then(|lines| {
                let line = lines[&example.clip.line()].iter();
                line.filter(|&&other| other != number).choose(&mut rng)
            });
            if let Some(&before) = before {
                let frames = [examples[before].frames(), frames].concat();
                windows.push((functionals(&frames, &mut rng), 1.0));
            }
            for (copy, frames) in example.copies.iter().enumerate() {
                if frames.is_empty() {
                    continue;
                }
                let frames = augment::crop(frames, &config.augmentation, &mut rng);
                let changed = 1..=config.augmentation.copies;
                let share = if changed.contains(&copy) { COPY } else { 1.0 };
                windows.push((functionals(&frames, &mut rng), share));
            }
            let all: f64 = windows.iter().map(|(_, share)| share).sum();
            let classes = batch::classes(example.clip.corpus);
            let target = batch::target(&example.clip, &config.training);
            let corpora = corpora(example.clip.corpus);
            let voice = speakers.binary_search(&example.clip.speaker).ok();
            windows.into_iter().map(move |(functionals, share)| Row {
                functionals,
                voice,
                clip: number,
                target,
                classes,
                corpora,
                weight: weight * share / all,
            })
        })
        .collect();
    let voices: f64 = rows.iter().map(|row| row.weight).sum();
    let share = config.training.non_voice_share;
    let weight = voices * share / (1.0 - share) / SOUNDS as f64;
    let sounds = (0..SOUNDS).into_par_iter().map(|number| {
        let mut rng = generator(number);
        let frames = non_voice::frames(&config.features.kinds, &mut rng);
        Row {
            functionals: functionals(&frames, &mut rng),
            voice: None,
            clip: number,
            target: [1.0 / Emotion::COUNT as f32; Emotion::COUNT],
            classes: [1.0; Emotion::COUNT],
            corpora: [1.0 / FunctionalHead::CORPORA as f32; FunctionalHead::CORPORA],
            weight,
        }
    });
    if share < 1.0 {
        rows.par_extend(sounds);
    }
    rows
}

/// The mean of each functional, and what it is multiplied by to have a deviation of 1.
fn distribution(rows: &[Row], functionals: usize) -> (Vec<f32>, Vec<f32>) {
    let count = rows.len().max(1) as f64;
    let mut mean = vec![0.0f64; functionals];
    let mut square = mean.clone();
    for row in rows {
        for ((mean, square), &value) in mean.iter_mut().zip(&mut square).zip(&row.functionals) {
            *mean += f64::from(value) / count;
            *square += f64::from(value).powi(2) / count;
        }
    }
    let scale = mean.iter().zip(&square).map(|(mean, square)| {
        let deviation = (square - mean * mean).max(0.0).sqrt() as f32;
        1.0 / (deviation + TINY)
    });
    let scale = scale.collect();
    (mean.into_iter().map(|mean| mean as f32).collect(), scale)
}

/// The layers for a head that knows how the functionals are distributed, and says nothing yet. With a recall they learn from what the
/// functionals are beside those of the voice, and are given that voice.
fn perceptron(
    rows: &[Row],
    recall: Option<&Recall>,
    mut head: FunctionalHead,
    config: &Config,
    device: &Device,
) -> FunctionalHead {
    let mut rng = ChaCha8Rng::seed_from_u64(config.seed);
    // The other layer begins at 0, so that of a class that no clip has it says nothing.
    randomise(&mut head.hidden, &mut rng, device);
    let [inputs, width] = head.hidden.weight.dims();
    let matrix = |values: Vec<f32>| {
        let shape = [BATCH, values.len() / BATCH];
        Tensor::<2>::from_data(TensorData::new(values, shape), device)
    };
    let loss = |head: &FunctionalHead, places: &[usize], rng: &mut ChaCha8Rng| {
        let drawn: Vec<&Row> = places.iter().map(|&place| &rows[place]).collect();
        let values = |of: fn(&Row) -> &[f32]| -> Vec<f32> {
            drawn.iter().flat_map(|row| of(row)).copied().collect()
        };
        let looked_at = kept(inputs, FUNCTIONALS_DROPPED, rng);
        let looked_at = Tensor::<1>::from_floats(looked_at.as_slice(), device);
        let mut functionals = head.standardised(matrix(values(|row| &row.functionals)));
        if let Some(recall) = recall {
            functionals = functionals - recall.habits_of(places);
        }
        let functionals = functionals * looked_at.unsqueeze();
        let firing = kept(BATCH * width, HIDDEN_DROPPED, rng);
        let hidden = relu(head.hidden.forward(functionals)) * matrix(firing);
        let absent = absent_classes(matrix(values(|row| &row.classes)));
        let cross_entropy = |logits: Tensor<2>, of: fn(&Row) -> &[f32]| {
            let targets = matrix(values(of));
            -(log_softmax(logits, 1) * targets).sum() / BATCH as f32
        };
        let mut loss = cross_entropy(head.judge(hidden.clone()) + absent, |row| &row.target);
        if let Some(gate) = &head.gate {
            loss = loss + cross_entropy(gate.forward(hidden), |row| &row.corpora) * GATE;
        }
        loss
    };
    let all: Vec<usize> = (0..rows.len()).collect();
    let mut head = learn(head, rows, &all, PASSES, config, &mut rng, loss);
    head.voices = recall.map(|recall| KnownVoices {
        which: recall.which.clone(),
        natures: Param::from_tensor(
            recall
                .habits
                .clone()
                .matmul(head.hidden.weight.val())
                .detach(),
        ),
    });
    head
}

/// Makes a loss of the rows at some places small: of a batch of places that are drawn by the rows' weights, about so many times each. A
/// module that nothing can be drawn for stays as it is.
pub(crate) fn learn<M: Module>(
    mut module: M,
    rows: &[Row],
    places: &[usize],
    passes: usize,
    config: &Config,
    rng: &mut ChaCha8Rng,
    loss: impl Fn(&M, &[usize], &mut ChaCha8Rng) -> Tensor<1>,
) -> M {
    let Ok(draws) = WeightedIndex::new(places.iter().map(|&place| rows[place].weight)) else {
        return module;
    };
    let mut optimizer = AdamWConfig::new()
        .with_weight_decay(WEIGHT_DECAY)
        .with_epsilon(1e-8)
        .init();
    let steps = (passes * places.len() / BATCH).max(LEAST_STEPS);
    for step in 0..steps {
        let drawn: Vec<usize> = (0..BATCH).map(|_| places[draws.sample(rng)]).collect();
        let gradients = GradientsParams::from_grads(loss(&module, &drawn, rng).backward(), &module);
        let rate = RATE * relative_rate(step as f64 / steps as f64, &config.training);
        module = optimizer.step(rate, module, gradients);
    }
    module
}

/// Weights and biases of either sign, the smaller the more inputs a layer has: as burn's own, but the same on every device.
pub(crate) fn randomise(layer: &mut Linear, rng: &mut ChaCha8Rng, device: &Device) {
    let shape: [usize; 2] = layer.weight.dims();
    let [inputs, outputs] = shape;
    let largest = 1.0 / (inputs as f32).sqrt();
    let mut random = |count: usize| -> Vec<f32> {
        let values = (0..count).map(|_| rng.random_range(-largest..=largest));
        values.collect()
    };
    let weight = TensorData::new(random(inputs * outputs), shape);
    layer.weight = Param::from_data(weight, device);
    let bias = TensorData::new(random(outputs), [outputs]);
    layer.bias = Some(Param::from_data(bias, device));
}

/// Factors of what is dropped, 0, and of what is kept, which makes up for it.
pub(crate) fn kept(count: usize, dropped: f64, rng: &mut ChaCha8Rng) -> Vec<f32> {
    let factor = (1.0 / (1.0 - dropped)) as f32;
    let factors = (0..count).map(|_| {
        if rng.random_bool(dropped) {
            0.0
        } else {
            factor
        }
    });
    factors.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evaluate;
    use pathos_analysis::softmax;

    /// Sad voices sway slowly and angry ones fast, at a loudness of each speaker's own. Every third speaker is of another corpus.
    fn example(number: usize) -> Example {
        let speaker = number % 6;
        let corpus = [Corpus::CremaD, Corpus::CremaD, Corpus::RavdessSong][speaker % 3];
        let emotion = [Emotion::Sad, Emotion::Angry][number / 6 % 2];
        let speed = if emotion == Emotion::Sad { 0.1 } else { 0.5 };
        let frame = |t: usize| {
            let sway = (speed * (t + number) as f32).sin();
            let level = |band: usize| speaker as f32 + sway - 0.01 * (band * speaker) as f32;
            Frame::from(std::array::from_fn(level))
        };
        Example {
            clip: Clip {
                path: format!("{number}.wav").into(),
                corpus,
                speaker: format!("S{speaker}"),
                female: false,
                emotion,
                votes: None,
                statement: None,
            },
            copies: vec![(0..160).map(frame).collect(), Vec::new()],
            session: 0,
        }
    }

    #[test]
    fn a_voice_that_is_new_is_judged_and_a_class_that_was_not_there_is_left_alone() {
        for by_corpus in ["false", "true"] {
            let config = Config::first(&[
                "features.kinds=[\"log-mel\",\"functionals\"]",
                &format!("network.corpus_outputs={by_corpus}"),
            ]);
            // One of each corpus.
            let (new, known): (Vec<Example>, Vec<Example>) = (0..72)
                .map(example)
                .partition(|example| ["S4", "S5"].contains(&example.clip.speaker.as_str()));
            let device = Device::flex();
            let settings = config.feature_settings();
            let architecture = Architecture::new(&config.network, &settings);
            let autodiff = device.clone().autodiff();
            let head = fit(&known, &config, &architecture, &autodiff)
                .unwrap()
                .valid();
            let weights = head.emotions.weight.val();
            for output in 0..weights.dims()[1] / Emotion::COUNT {
                let surprise = output * Emotion::COUNT + Emotion::Surprise.index();
                let surprise = weights.clone().narrow(1, surprise, 1);
                assert!(surprise.abs().max().into_scalar::<f32>() < 0.05);
            }

            let mut network = architecture.init(0.0, &device);
            let windowing = Windowing::new(&settings);
            let windows: Vec<_> = new
                .iter()
                .map(|own| windowing.window(own.frames()))
                .collect();
            let before = evaluate::run(&network, &windows, &device);
            network.functionals = Some(head);
            let after = evaluate::run(&network, &windows, &device);
            for ((example, before), after) in new.iter().zip(before).zip(after) {
                let at = example.clip.emotion.index();
                let share = |logits: &[f32; Emotion::COUNT]| softmax(logits, 1.0)[at];
                let (before, after) = (share(&before.emotions), share(&after.emotions));
                assert!(after > before + 0.1, "{before} to {after}");
            }
        }
    }

    #[test]
    fn known_voices_are_known_again_and_judged_by_what_they_are_as_a_rule() {
        let config = |voices: usize| {
            Config::first(&[
                "features.kinds=[\"log-mel\",\"functionals\"]",
                &format!("network.known_voices={voices}"),
            ])
        };
        let device = Device::flex();
        let autodiff = device.clone().autodiff();
        let (known, new): (Vec<Example>, Vec<Example>) = (0..108)
            .map(example)
            .partition(|example| example.clip.path.to_str() < Some("80"));
        let fit = |voices| {
            let config = config(voices);
            let architecture = Architecture::new(&config.network, &config.feature_settings());
            fit(&known, &config, &architecture, &autodiff)
        };
        let Err(wrong) = fit(5) else {
            panic!("there are six voices")
        };
        assert!(wrong.to_string().contains("6 voices"), "{wrong}");

        let head = fit(6).unwrap().valid();
        let voices = head.voices.as_ref().unwrap();
        assert_eq!(voices.count(), 6);
        let windowing = Windowing::new(&config(6).feature_settings());
        let (mut recognised, mut right) = (0, 0);
        for example in &new {
            let window = windowing.window(example.frames());
            let functionals = Tensor::<1>::from_floats(&*window.functionals, &device);
            let standardised = head.standardised(functionals.unsqueeze());
            let probabilities = head.recognise(&standardised);
            let said = probabilities.clone().unwrap().into_data();
            let said: Vec<f32> = said.try_to_vec().unwrap();
            let own: usize = example.clip.speaker[1..].parse().unwrap();
            let likelier = said.iter().filter(|&&other| other > said[own]).count();
            recognised += usize::from(likelier == 0);
            let logits: Vec<f32> = head
                .forward(standardised, probabilities)
                .into_data()
                .try_to_vec()
                .unwrap();
            let [angry, sad] = [Emotion::Angry, Emotion::Sad].map(|own| logits[own.index()]);
            right += usize::from((example.clip.emotion == Emotion::Angry) == (angry > sad));
        }
        let most = new.len() * 9 / 10;
        assert!(recognised >= most, "{recognised} of {}", new.len());
        assert!(right >= most, "{right} of {}", new.len());
        // What is taken off is what the hidden layer makes of the mean of a voice's windows.
        let natures = voices.natures.val();
        let first = known.iter().filter(|example| example.clip.speaker == "S0");
        let windows: Vec<f32> = first
            .clone()
            .flat_map(|example| windowing.window(example.frames()).functionals.into_vec())
            .collect();
        let shape = [first.count(), config(6).feature_settings().functionals()];
        let windows = Tensor::<2>::from_data(TensorData::new(windows, shape), &device);
        let mean = head.standardised(windows).mean_dim(0);
        let made = mean.matmul(head.hidden.weight.val());
        let distance = |a: Tensor<2>, b: Tensor<2>| (a - b).abs().mean().into_scalar::<f32>();
        let own = distance(made.clone(), natures.clone().narrow(0, 0, 1));
        let others = distance(made, natures.narrow(0, 3, 1));
        assert!(own < 0.5 * others, "{own} for {others}");
    }
}
