//! Figures of merit.

use pathos_analysis::Emotion;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde::Serialize;
use std::collections::BTreeMap;

/// Bins of the expected calibration error.
const ECE_BINS: usize = 15;

/// One judged clip.
#[derive(Clone, Debug)]
pub struct Judged {
    /// What was acted.
    pub truth: Emotion,
    /// The probabilities, 0 for classes that the clip's corpus does not have.
    pub probabilities: [f32; Emotion::COUNT],
    /// Who spoke: the unit of the bootstrap.
    pub speaker: String,
}

impl Judged {
    /// The most probable emotion.
    pub fn predicted(&self) -> usize {
        (0..Emotion::COUNT)
            .max_by(|&a, &b| self.probabilities[a].total_cmp(&self.probabilities[b]))
            .unwrap_or(0)
    }

    /// Of the truth, in nats.
    fn negative_log_likelihood(&self) -> f64 {
        -f64::from(self.probabilities[self.truth.index()].max(1e-12)).ln()
    }
}

/// Counts of clips: `[truth][predicted]`.
pub type Confusion = [[usize; Emotion::COUNT]; Emotion::COUNT];

/// Counts each clip by its truth and its prediction.
pub fn confusion<'a>(clips: impl IntoIterator<Item = &'a Judged>) -> Confusion {
    let mut counts = Confusion::default();
    for clip in clips {
        counts[clip.truth.index()][clip.predicted()] += 1;
    }
    counts
}

/// Unweighted average recall: the mean over the classes that occur of the share that was recognised.
pub fn uar(counts: &Confusion) -> f64 {
    let recalls: Vec<f64> = counts
        .iter()
        .enumerate()
        .filter_map(|(truth, row)| {
            let total: usize = row.iter().sum();
            (total > 0).then(|| row[truth] as f64 / total as f64)
        })
        .collect();
    recalls.iter().sum::<f64>() / recalls.len().max(1) as f64
}

/// The share that was recognised.
pub fn accuracy(counts: &Confusion) -> f64 {
    let total: usize = counts.iter().flatten().sum();
    let right: usize = (0..Emotion::COUNT).map(|class| counts[class][class]).sum();
    right as f64 / total.max(1) as f64
}

/// The 95 % interval of a figure by bootstrap over speakers, 1000 resamples.
pub fn interval(clips: &[Judged], figure: impl Fn(&Confusion) -> f64) -> [f64; 2] {
    let mut by_speaker: BTreeMap<&str, Confusion> = BTreeMap::new();
    for clip in clips {
        by_speaker.entry(&clip.speaker).or_default()[clip.truth.index()][clip.predicted()] += 1;
    }
    let speakers: Vec<&Confusion> = by_speaker.values().collect();
    let mut rng = ChaCha8Rng::seed_from_u64(0);
    let mut figures: Vec<f64> = (0..1000)
        .map(|_| {
            let mut sum = Confusion::default();
            for _ in 0..speakers.len() {
                let counts = speakers[rng.random_range(0..speakers.len())];
                for (to, from) in sum.iter_mut().flatten().zip(counts.iter().flatten()) {
                    *to += from;
                }
            }
            figure(&sum)
        })
        .collect();
    figures.sort_by(f64::total_cmp);
    [figures[25], figures[974]]
}

/// A bin of confidence.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Bin {
    /// Clips in it.
    pub clips: usize,
    /// Mean probability of what was predicted.
    pub confidence: f64,
    /// Share recognised.
    pub accuracy: f64,
}

/// The 15 bins of confidence, from 0 to 1, of a reliability diagram; what is empty has zeros.
pub fn reliability(clips: &[Judged]) -> [Bin; ECE_BINS] {
    let mut bins = [Bin::default(); ECE_BINS];
    for clip in clips {
        let confidence = f64::from(clip.probabilities[clip.predicted()]);
        let bin = &mut bins[((confidence * ECE_BINS as f64) as usize).min(ECE_BINS - 1)];
        bin.clips += 1;
        bin.confidence += confidence;
        bin.accuracy += f64::from(u8::from(clip.predicted() == clip.truth.index()));
    }
    for bin in bins.iter_mut().filter(|bin| bin.clips > 0) {
        bin.confidence /= bin.clips as f64;
        bin.accuracy /= bin.clips as f64;
    }
    bins
}

/// Expected calibration error over 15 bins of confidence (Guo et al., ICML 2017).
pub fn expected_calibration_error(clips: &[Judged]) -> f64 {
    let total = clips.len().max(1) as f64;
    let bins = reliability(clips);
    bins.iter()
        .map(|bin| (bin.confidence - bin.accuracy).abs() * bin.clips as f64 / total)
        .sum()
}

/// The figures of a class.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct ClassFigures {
    /// The class.
    pub emotion: Emotion,
    /// Of what was taken for it, the share that was it; 0 if nothing was taken for it.
    pub precision: f64,
    /// Of what was it, the share that was taken for it.
    pub recall: f64,
    /// Harmonic mean of the two.
    pub f1: f64,
    /// Clips of it.
    pub support: usize,
}

/// The figures of each class that occurs.
pub fn classes(counts: &Confusion) -> Vec<ClassFigures> {
    let of = |emotion: Emotion| {
        let class = emotion.index();
        let support: usize = counts[class].iter().sum();
        let taken: usize = counts.iter().map(|row| row[class]).sum();
        let right = counts[class][class] as f64;
        let (precision, recall) = (right / taken.max(1) as f64, right / support.max(1) as f64);
        ClassFigures {
            emotion,
            precision,
            recall,
            f1: if right > 0.0 {
                2.0 * precision * recall / (precision + recall)
            } else {
                0.0
            },
            support,
        }
    };
    let all = Emotion::ALL.into_iter().map(of);
    all.filter(|figures| figures.support > 0).collect()
}

/// Mean negative log-likelihood of the truth, in nats.
pub fn negative_log_likelihood(clips: &[Judged]) -> f64 {
    mean(clips.iter().map(Judged::negative_log_likelihood))
}

/// The same as the mean over the speakers of each speaker's mean, so that one with many clips counts no more than another.
pub fn negative_log_likelihood_over_speakers(clips: &[Judged]) -> f64 {
    let mut speakers: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
    for clip in clips {
        let own = speakers.entry(&clip.speaker).or_default();
        own.push(clip.negative_log_likelihood());
    }
    mean(speakers.into_values().map(mean))
}

/// The mean; 0 of nothing.
fn mean(values: impl IntoIterator<Item = f64>) -> f64 {
    let (sum, count) = values
        .into_iter()
        .fold((0.0, 0), |(sum, count), value| (sum + value, count + 1));
    sum / f64::from(count.max(1))
}

/// Brier score: the mean squared distance of the probabilities from the truth, 0 to 2.
pub fn brier(clips: &[Judged]) -> f64 {
    let sum: f64 = clips
        .iter()
        .map(|clip| {
            let error = |(class, p): (usize, &f32)| {
                (f64::from(*p) - f64::from(u8::from(class == clip.truth.index()))).powi(2)
            };
            clip.probabilities
                .iter()
                .enumerate()
                .map(error)
                .sum::<f64>()
        })
        .sum();
    sum / clips.len().max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(truth: usize, predicted: usize, confidence: f32, speaker: &str) -> Judged {
        let mut probabilities = [(1.0 - confidence) / 6.0; 7];
        probabilities[predicted] = confidence;
        Judged {
            truth: Emotion::ALL[truth],
            probabilities,
            speaker: speaker.to_owned(),
        }
    }

    #[test]
    fn uar_weighs_classes_alike_and_skips_absent_ones() {
        let mut clips = vec![judged(0, 0, 0.9, "a"); 9];
        clips.push(judged(1, 0, 0.9, "b"));
        let counts = confusion(&clips);
        assert_eq!(uar(&counts), 0.5);
        assert_eq!(accuracy(&counts), 0.9);
        let [low, high] = interval(&clips, uar);
        assert!(low <= 0.5 && high >= 0.5);
    }

    #[test]
    fn a_calibrated_set_has_no_calibration_error() {
        let clips: Vec<Judged> = (0..100)
            .map(|n| judged(if n < 80 { 2 } else { 3 }, 2, 0.8, "a"))
            .collect();
        assert!(expected_calibration_error(&clips) < 1e-6);
        let sure: Vec<Judged> = (0..100)
            .map(|n| judged(if n < 80 { 2 } else { 3 }, 2, 1.0, "a"))
            .collect();
        assert!((expected_calibration_error(&sure) - 0.2).abs() < 1e-6);
        assert!(brier(&sure) > brier(&clips));
        assert!(negative_log_likelihood(&sure) > negative_log_likelihood(&clips));
    }

    #[test]
    fn class_figures_are_those_of_a_known_matrix() {
        let mut counts = Confusion::default();
        (counts[0][0], counts[0][1], counts[1][0], counts[1][1]) = (6, 2, 4, 8);
        let [angry, disgust] = classes(&counts)[..] else {
            panic!("only the classes that occur");
        };
        assert_eq!((angry.support, disgust.support), (8, 12));
        assert!((angry.precision - 0.6).abs() < 1e-9 && (angry.recall - 0.75).abs() < 1e-9);
        assert!((angry.f1 - 2.0 / 3.0).abs() < 1e-9);
        assert!((disgust.precision - 0.8).abs() < 1e-9);
    }
}
