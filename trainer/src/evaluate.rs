//! Judging a network on clips of speakers that it has never heard.

use crate::{
    batch::Batch,
    corpora::{Clip, Corpus},
    dataset::{self, Example},
    metrics::{self, Bin, ClassFigures, Confusion, Judged},
    network::Network,
    onnx::verify,
};
use burn::tensor::{Device, Tensor, TensorData};
use pathos_analysis::{
    Emotion, Frame, HOP_SECONDS, Logits, MIN_VOICED_FRAMES, Model, Recogniser, TIME_POOL,
    WINDOW_FRAMES, WINDOW_ROWS, Window, Windowing, softmax,
};
use rand::{SeedableRng, seq::SliceRandom};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;
use serde::Serialize;
use std::collections::BTreeSet;

/// The set of all clips.
pub const MIX: &str = "mix";
/// Made-up sounds that the voice head is judged on.
const NON_VOICES: usize = 400;
/// Steps in the shortest window that the plugin judges.
const SHORTEST_STEPS: f32 = (MIN_VOICED_FRAMES / TIME_POOL) as f32;

/// Windows that burn judges at a time.
const BATCH: usize = 64;
/// Decides the order of the clips of a track.
const TRACK_SEED: u64 = 7;
/// Frames of a second.
pub(crate) const FIRST_SECOND_FRAMES: usize = 100;
/// Frames from one of the plugin's estimates to the next, while a voice sounds.
pub(crate) const HOP_FRAMES: usize = (HOP_SECONDS * 100.0) as usize;

/// The logits of the last 3 s of each clip's voice, by burn: quick, for a look while the network learns. `network` and
/// `device` are without autodiff.
pub fn quick_logits(
    network: &Network,
    windowing: &Windowing,
    examples: &[Example],
    device: &Device,
) -> Vec<Logits> {
    // Clips of about the same length are judged together: a batch costs what its longest costs.
    let mut order: Vec<usize> = (0..examples.len()).collect();
    order.sort_by_key(|&at| examples[at].frames().len());
    let mut logits = vec![Logits::default(); examples.len()];
    for places in order.chunks(BATCH) {
        let windows = places
            .iter()
            .map(|&at| windowing.window(examples[at].frames()));
        let judged = run(network, &windows.collect::<Vec<_>>(), device);
        for (&at, own) in places.iter().zip(judged) {
            logits[at] = own;
        }
    }
    logits
}

/// The logits of clips, in two ways.
pub struct ClipLogits {
    /// The mean over the full windows of a clip while it plays, one each 0.25 s of voice from 3 s of voice on. A clip with less
    /// voice is judged by what there is at its end.
    pub running: Vec<Logits>,
    /// Of the first second of its voice, or of what there is.
    pub first_second: Vec<Logits>,
    /// Of the last 3 s of its voice, as at its end.
    pub last: Vec<Logits>,
}

/// The logits of each clip by the code that the plugin runs.
pub fn model_logits(model: &Model, examples: &[Example]) -> ClipLogits {
    let judge = |example: &Example| {
        let frames = example.frames();
        let mut recogniser = Recogniser::new(model);
        let mut stream = Stream::new(model, frames, &mut recogniser);
        let first_second = stream.up_to(frames.len().min(FIRST_SECOND_FRAMES));
        let running = stream.running();
        (running, (first_second, stream.up_to(frames.len())))
    };
    let (running, (first_second, last)) = examples.par_iter().map(judge).unzip();
    ClipLogits {
        running,
        first_second,
        last,
    }
}

/// The logits of some frames each time the plugin renews its values.
pub fn estimates(model: &Model, frames: &[Frame]) -> Vec<Logits> {
    let mut recogniser = Recogniser::new(model);
    let mut stream = Stream::new(model, frames, &mut recogniser);
    let ends = (MIN_VOICED_FRAMES..=frames.len()).step_by(HOP_FRAMES);
    ends.map(|end| stream.up_to(end)).collect()
}

/// The logits of each clip as [`ClipLogits::running`], but heard after others of its speaker and corpus, in random order with a
/// pause between, as along a track; `alike` if these are of one emotion. What differs is what the model knows of the voice: its
/// [habit](pathos_analysis::habit).
pub fn track_logits(model: &Model, examples: &[Example], alike: bool) -> Vec<Logits> {
    let tracks = dataset::places_by(examples, |clip| {
        (clip.voice(), alike.then_some(clip.emotion.index()))
    });
    let judge = |mut places: Vec<usize>| {
        places.shuffle(&mut ChaCha8Rng::seed_from_u64(TRACK_SEED));
        let mut recogniser = Recogniser::new(model);
        let logits = places.into_iter().map(|place| {
            recogniser.clear();
            let frames = examples[place].frames();
            (place, Stream::new(model, frames, &mut recogniser).finish())
        });
        logits.collect::<Vec<_>>()
    };
    let tracks: Vec<Vec<usize>> = tracks.into_values().collect();
    let mut judged: Vec<(usize, Logits)> = tracks.into_par_iter().flat_map_iter(judge).collect();
    judged.sort_by_key(|(place, _)| *place);
    judged.into_iter().map(|(_, logits)| logits).collect()
}

/// The logits at the end of each clip's voice if another clip of its speaker, corpus and emotion comes before it without a pause, as
/// where a line goes on: a window that is full, and holds more of the same.
pub fn logits_on_end(model: &Model, examples: &[Example]) -> Vec<Logits> {
    let lines = dataset::places_by(examples, Clip::line);
    let mut before = vec![None; examples.len()];
    let mut rng = ChaCha8Rng::seed_from_u64(TRACK_SEED);
    for mut places in lines.into_values() {
        places.shuffle(&mut rng);
        // The first comes after the last.
        for (at, &place) in places.iter().enumerate() {
            let last = places[(at + places.len() - 1) % places.len()];
            before[place] = (last != place).then_some(last);
        }
    }
    let pairs = examples.par_iter().zip(before);
    pairs
        .map(|(example, before)| {
            let mut recogniser = Recogniser::new(model);
            let before = before.map_or(&[][..], |place| examples[place].frames());
            for frame in before.iter().chain(example.frames()) {
                recogniser.push(*frame);
            }
            recogniser.logits(model)
        })
        .collect()
}

/// Frames that a model hears one after the other.
struct Stream<'a> {
    model: &'a Model,
    frames: std::slice::Iter<'a, Frame>,
    recogniser: &'a mut Recogniser,
}

impl<'a> Stream<'a> {
    /// `recogniser` has heard nothing since it was cleared.
    fn new(model: &'a Model, frames: &'a [Frame], recogniser: &'a mut Recogniser) -> Self {
        Self {
            model,
            frames: frames.iter(),
            recogniser,
        }
    }

    /// The mean of the logits at the ends of the windows that hold the most voice.
    fn running(&mut self) -> Logits {
        let ends = window_ends(self.recogniser.heard() + self.frames.len());
        let share = 1.0 / ends.len() as f32;
        let mut mean = Logits::default();
        for end in ends {
            let logits = self.up_to(end);
            let pairs = mean.emotions.iter_mut().zip(logits.emotions);
            pairs.for_each(|(mean, logit)| *mean += logit * share);
            mean.voice += logits.voice * share;
        }
        mean
    }

    /// As [`running`](Self::running); hears what is left, too.
    fn finish(mut self) -> Logits {
        let running = self.running();
        self.frames.for_each(|frame| self.recogniser.push(*frame));
        running
    }

    /// The logits when so many frames were heard, or those that already were.
    fn up_to(&mut self, end: usize) -> Logits {
        let new = end.saturating_sub(self.recogniser.heard());
        for frame in self.frames.by_ref().take(new) {
            self.recogniser.push(*frame);
        }
        self.recogniser.logits(self.model)
    }
}

/// Where the windows that hold the most voice end in a clip of some voiced frames.
fn window_ends(frames: usize) -> Vec<usize> {
    let ends: Vec<usize> = (WINDOW_FRAMES..=frames).step_by(HOP_FRAMES).collect();
    if ends.is_empty() { vec![frames] } else { ends }
}

/// The logits of some windows, by burn.
pub fn run(network: &Network, windows: &[Window], device: &Device) -> Vec<Logits> {
    let Some(first) = windows.first() else {
        return Vec::new();
    };
    let columns = first.features.len() / WINDOW_ROWS;
    let mut input = Batch::plain(windows, columns).input(device);
    let mut added = None;
    if let Some(head) = &network.functionals {
        let functionals = windows
            .iter()
            .flat_map(|window| window.functionals.iter().copied());
        let functionals: Vec<f32> = functionals.collect();
        let shape = [windows.len(), functionals.len() / windows.len()];
        let functionals = Tensor::from_data(TensorData::new(functionals, shape), device);
        let standardised = head.standardised(functionals);
        input.voices = head.recognise(&standardised);
        added = Some(head.forward(standardised, input.voices.clone()));
    }
    let (logits, voice) = network.forward(input);
    let logits = match added {
        Some(added) => logits + added,
        None => logits,
    };
    let numbers = |tensor: Tensor<2>| -> Vec<f32> {
        tensor.into_data().try_to_vec().expect("logits are f32")
    };
    let rows = numbers(logits);
    let rows = rows.chunks_exact(Emotion::COUNT).zip(numbers(voice));
    rows.map(|(row, voice)| Logits {
        emotions: std::array::from_fn(|at| row[at]),
        voice,
    })
    .collect()
}

/// The clips with their probabilities, among the classes of their corpus.
pub fn judge(clips: &[&Clip], logits: &[Logits], temperature: f32) -> Vec<Judged> {
    let judged = clips.iter().zip(logits).map(|(clip, logits)| {
        let mut own = logits.emotions;
        for emotion in Emotion::ALL {
            if !clip.corpus.has(emotion) {
                own[emotion.index()] = f32::NEG_INFINITY;
            }
        }
        Judged {
            truth: clip.emotion,
            probabilities: softmax(&own, temperature),
            speaker: clip.speaker.clone(),
        }
    });
    judged.collect()
}

/// The temperature of the least negative log-likelihood (Guo et al., ICML 2017), by golden-section search on its logarithm;
/// 1 without clips. Each speaker counts alike: by clips, TESS's two women would weigh as much as 34 of CREMA-D's actors, and
/// what is asked for is the doubt that suits a voice which was never heard.
pub fn fit_temperature(clips: &[&Clip], logits: &[Logits]) -> f32 {
    if clips.is_empty() {
        return 1.0;
    }
    let loss = |log_t: f64| {
        let judged = judge(clips, logits, log_t.exp() as f32);
        metrics::negative_log_likelihood_over_speakers(&judged)
    };
    let golden = (5f64.sqrt() - 1.0) / 2.0;
    let (mut low, mut high) = (-2.0f64, 2.0f64);
    for _ in 0..40 {
        let (a, b) = (high - golden * (high - low), low + golden * (high - low));
        if loss(a) < loss(b) { high = b } else { low = a }
    }
    f64::midpoint(low, high).exp() as f32
}

/// As [`judge`], each half of the speakers with the temperature that fits the other half: so the figures of calibration are
/// of speakers whom the temperature has not seen.
pub fn judge_cross_fitted(clips: &[&Clip], logits: &[Logits]) -> Vec<Judged> {
    let speakers: BTreeSet<&str> = clips.iter().map(|clip| clip.speaker.as_str()).collect();
    let odd: BTreeSet<&str> = speakers.into_iter().skip(1).step_by(2).collect();
    let is_odd = |clip: &Clip| odd.contains(clip.speaker.as_str());
    let temperature_of = |half: bool| {
        let own = clips
            .iter()
            .zip(logits)
            .filter(|(clip, _)| is_odd(clip) == half);
        let (clips, logits): (Vec<&Clip>, Vec<Logits>) =
            own.map(|(clip, logits)| (*clip, *logits)).unzip();
        fit_temperature(&clips, &logits)
    };
    let by_even = judge(clips, logits, temperature_of(false));
    let by_odd = judge(clips, logits, temperature_of(true));
    let pairs = clips.iter().zip(by_even.into_iter().zip(by_odd));
    pairs
        .map(|(clip, (by_even, by_odd))| if is_odd(clip) { by_even } else { by_odd })
        .collect()
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
    /// Unweighted average recall.
    pub uar: f64,
    /// Its 95 % interval over speakers; none where there are fewer than three.
    pub uar_interval: Option<[f64; 2]>,
    /// Share recognised.
    pub accuracy: f64,
    /// Its 95 % interval over speakers; none where there are fewer than three.
    pub accuracy_interval: Option<[f64; 2]>,
    /// Expected calibration error.
    pub ece: f64,
    /// Negative log-likelihood.
    pub nll: f64,
    /// Brier score.
    pub brier: f64,
    /// Of each class that occurs.
    pub classes: Vec<ClassFigures>,
    /// `[truth][predicted]`.
    pub confusion: Confusion,
    /// Bins of confidence.
    pub reliability: Vec<Bin>,
}

/// The figures of some clips.
pub fn figures(set: &str, clips: &[Judged]) -> Figures {
    let confusion = metrics::confusion(clips);
    let mut speakers: Vec<&str> = clips.iter().map(|clip| clip.speaker.as_str()).collect();
    speakers.sort_unstable();
    speakers.dedup();
    let interval = |figure: fn(&Confusion) -> f64| {
        (speakers.len() >= 3).then(|| metrics::interval(clips, figure))
    };
    Figures {
        set: set.to_owned(),
        clips: clips.len(),
        speakers: speakers.len(),
        uar: metrics::uar(&confusion),
        uar_interval: interval(metrics::uar),
        accuracy: metrics::accuracy(&confusion),
        accuracy_interval: interval(metrics::accuracy),
        ece: metrics::expected_calibration_error(clips),
        nll: metrics::negative_log_likelihood(clips),
        brier: metrics::brier(clips),
        classes: metrics::classes(&confusion),
        reliability: metrics::reliability(clips).to_vec(),
        confusion,
    }
}

/// The figures per corpus, per sex, and of the mix, which comes last. `judged` are the clips, in order.
pub fn report(clips: &[&Clip], judged: &[Judged]) -> Vec<Figures> {
    let subset = |name: &str, keep: &dyn Fn(&Clip) -> bool| {
        let own = clips.iter().zip(judged).filter(|(clip, _)| keep(clip));
        let own: Vec<Judged> = own.map(|(_, judged)| judged.clone()).collect();
        (!own.is_empty()).then(|| figures(name, &own))
    };
    let mut all: Vec<Figures> = Corpus::ALL
        .into_iter()
        .filter_map(|corpus| subset(corpus.name(), &|clip| clip.corpus == corpus))
        .collect();
    all.extend(subset("women", &|clip| clip.female));
    all.extend(subset("men", &|clip| !clip.female));
    all.extend(subset(MIX, &|_| true));
    all
}

/// What a model makes of sounds with and without a voice, as shares.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct VoiceFigures {
    /// Of the clips, those that it takes for a voice.
    pub voices: f64,
    /// Of some hundred made-up sounds, those that it takes for none.
    pub non_voices: f64,
    /// Of the made-up sounds, those in which no emotion is shown with more than [`SHOWN`]: taken for no voice, or undecided.
    pub unmoved: f64,
}

/// A probability above which an emotion is plain to see.
pub const SHOWN: f32 = 0.5;

/// The logits of made-up sounds without a voice, each as long as what the plugin judges or longer.
pub fn sound_logits(model: &Model) -> Vec<Logits> {
    let windows = verify::windows(&model.info().features, NON_VOICES);
    let full = windows
        .par_iter()
        .filter(|window| window.mask.iter().sum::<f32>() >= SHORTEST_STEPS);
    full.map(|window| model.infer(window)).collect()
}

/// Judges the logits of clips and of sounds without a voice.
#[must_use]
pub fn voice_figures(clips: &[Logits], sounds: &[Logits], temperature: f32) -> VoiceFigures {
    let share = |all: &[Logits], is_right: &dyn Fn(&Logits) -> bool| {
        let right = all.iter().filter(|logits| is_right(logits)).count();
        right as f64 / all.len().max(1) as f64
    };
    let is_voice = |logits: &Logits| logits.voice >= 0.0;
    let highest = |logits: &Logits| {
        let all = softmax(&logits.emotions, temperature);
        all.into_iter().fold(0.0, f32::max)
    };
    VoiceFigures {
        voices: share(clips, &is_voice),
        non_voices: share(sounds, &|logits| !is_voice(logits)),
        unmoved: share(sounds, &|logits| {
            !is_voice(logits) || highest(logits) <= SHOWN
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        config::Config,
        network::Architecture,
        onnx::export::{self, Labels},
    };
    use pathos_analysis::{FeatureKind, FeatureSettings};
    use rand::Rng;

    fn clip(speaker: usize, corpus: Corpus, emotion: Emotion) -> Clip {
        Clip {
            path: "clip.wav".into(),
            corpus,
            speaker: format!("S{speaker}"),
            female: speaker.is_multiple_of(2),
            emotion,
            votes: None,
            statement: None,
        }
    }

    /// Logits that are right as often as a softmax of a third of them says.
    fn overconfident(count: usize) -> (Vec<Clip>, Vec<Logits>) {
        let mut rng = ChaCha8Rng::seed_from_u64(5);
        let mut pairs = Vec::new();
        for number in 0..count {
            let emotions: [f32; Emotion::COUNT] =
                std::array::from_fn(|_| rng.random_range(-6.0..6.0f32));
            let mut left = rng.random::<f32>();
            let truth = softmax(&emotions, 3.0).iter().position(|p| {
                left -= p;
                left < 0.0
            });
            let truth = Emotion::ALL[truth.unwrap_or(0)];
            pairs.push((
                clip(number % 10, Corpus::Savee, truth),
                Logits {
                    emotions,
                    voice: 1.0,
                },
            ));
        }
        pairs.into_iter().unzip()
    }

    #[test]
    fn the_temperature_undoes_overconfidence() {
        let (clips, logits) = overconfident(4_000);
        let clips: Vec<&Clip> = clips.iter().collect();
        let temperature = fit_temperature(&clips, &logits);
        assert!((temperature - 3.0).abs() < 0.25, "{temperature}");
        let before = figures(MIX, &judge(&clips, &logits, 1.0));
        let after = figures(MIX, &judge_cross_fitted(&clips, &logits));
        assert!(
            after.ece < 0.05 && before.ece > 0.1,
            "{} to {}",
            before.ece,
            after.ece
        );
        assert_eq!(
            before.confusion, after.confusion,
            "a temperature changes no decision"
        );
    }

    #[test]
    fn a_speaker_with_many_clips_sets_the_temperature_no_more_than_another() {
        let (clips, logits) = overconfident(1_000);
        let once: Vec<&Clip> = clips.iter().collect();
        let own = clips.iter().zip(&logits);
        let repeated = own.flat_map(|(clip, logits)| {
            let times = if clip.speaker == "S0" { 20 } else { 1 };
            std::iter::repeat_n((clip, *logits), times)
        });
        let (repeated, repeated_logits): (Vec<&Clip>, Vec<Logits>) = repeated.unzip();
        let difference =
            fit_temperature(&once, &logits) - fit_temperature(&repeated, &repeated_logits);
        assert!(difference.abs() < 1e-4, "{difference}");
    }

    #[test]
    fn what_was_heard_before_matters_to_a_network_that_looks_at_it() {
        let frames = |level: f32, count: usize| -> Vec<Frame> {
            let mel = |t: usize| std::array::from_fn(|band| level + ((t * band) as f32).sin());
            (0..count).map(|t| Frame::from(mel(t))).collect()
        };
        let examples = [Emotion::Sad, Emotion::Angry].map(|emotion| Example {
            clip: clip(1, Corpus::CremaD, emotion),
            copies: vec![frames(emotion.index() as f32, 320)],
            session: 0,
        });
        let differences = |kinds: &[FeatureKind]| -> Vec<f32> {
            let settings = Config::first(&[]);
            let features = FeatureSettings::of(kinds);
            let architecture = Architecture::new(&settings.network, &features);
            let labels = Labels {
                features,
                temperature: 1.0,
                ..Labels::default()
            };
            let network = architecture.init(0.0, &Device::flex());
            let file = export::model_file(&network, &labels).unwrap();
            let model = Model::from_bytes(&file).unwrap();
            let first = model_logits(&model, &examples).running;
            // Nothing is of the same emotion.
            assert_eq!(
                logits_on_end(&model, &examples),
                model_logits(&model, &examples).last
            );
            let later = [false, true].map(|alike| track_logits(&model, &examples, alike));
            let pairs = later.into_iter().flat_map(|later| {
                let pairs = first.iter().zip(later);
                let pairs = pairs.map(|(first, later)| verify::difference(first, &later));
                pairs.collect::<Vec<_>>()
            });
            pairs.collect()
        };
        assert_eq!(differences(&[FeatureKind::LogMel]), [0.0; 4]);
        let differences = differences(&[FeatureKind::LogMel, FeatureKind::Habit]);
        // One of the two is heard after the other; none after another of its own emotion.
        let changed = differences.iter().map(|own| *own > 1e-3);
        let changed: Vec<bool> = changed.collect();
        assert_ne!(changed[0], changed[1], "{differences:?}");
        assert_eq!(changed[2..], [false, false], "{differences:?}");
    }

    #[test]
    fn a_sound_moves_nothing_if_it_is_no_voice_or_of_no_emotion() {
        let logits = |voice, first| Logits {
            emotions: std::array::from_fn(|at| if at == 0 { first } else { 0.0 }),
            voice,
        };
        let sounds = [logits(-1.0, 9.0), logits(1.0, 1.0), logits(1.0, 9.0)];
        let figures = voice_figures(&sounds[1..], &sounds, 1.0);
        assert_eq!(figures.voices, 1.0);
        assert_eq!(
            (figures.non_voices, figures.unmoved),
            (1.0 / 3.0, 2.0 / 3.0)
        );
    }

    #[test]
    fn classes_that_a_corpus_lacks_have_no_probability() {
        let clip = clip(1, Corpus::CremaD, Emotion::Sad);
        let mut logits = Logits {
            emotions: [0.0; Emotion::COUNT],
            voice: 0.0,
        };
        logits.emotions[Emotion::Surprise.index()] = 9.0;
        let judged = &judge(&[&clip], &[logits], 1.0)[0];
        assert_eq!(judged.probabilities[Emotion::Surprise.index()], 0.0);
        assert!((judged.probabilities.iter().sum::<f32>() - 1.0).abs() < 1e-6);
    }

    #[test]
    fn full_windows_end_as_the_plugin_hops() {
        assert_eq!(window_ends(40), [40]);
        assert_eq!(window_ends(299), [299]);
        assert_eq!(window_ends(360), [304, 329, 354]);
    }

    #[test]
    fn the_report_has_each_corpus_sex_and_the_mix() {
        let clips = [
            clip(1, Corpus::Savee, Emotion::Happy),
            clip(2, Corpus::Tess, Emotion::Happy),
        ];
        let clips: Vec<&Clip> = clips.iter().collect();
        let logits = [Logits {
            emotions: [0.0; Emotion::COUNT],
            voice: 0.0,
        }; 2];
        let report = report(&clips, &judge(&clips, &logits, 1.0));
        let sets: Vec<&str> = report.iter().map(|figures| figures.set.as_str()).collect();
        assert_eq!(sets, ["SAVEE", "TESS", "women", "men", MIX]);
        assert_eq!(
            report[4].uar_interval, None,
            "two speakers give no interval"
        );
    }
}
