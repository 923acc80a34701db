//! How often each clip is drawn in training.

use crate::{
    config::Training,
    corpora::{Clip, Corpus},
};
use std::collections::BTreeMap;

/// The weight of each clip's draw, relative to the others.
///
/// A class of a corpus weighs by its size to the power of `1 - class_balance`, so that a corpus of small classes weighs more, too, and a
/// corpus among the others by what it has then to the power of `1 - corpus_balance`: small classes are not drowned, and with balances
/// below 1 their few clips are not worn out. TESS, whose two speakers say the same words seven times, gets at most `tess_share` of all draws.
#[must_use]
pub fn weights(clips: &[&Clip], training: &Training) -> Vec<f64> {
    let mut weights = vec![1.0; clips.len()];
    even_out(clips, &mut weights, class, training.class_balance);
    even_out(clips, &mut weights, corpus, training.corpus_balance);
    cap(clips, &mut weights, Corpus::Tess, training.tess_share);
    weights
}

/// Multiplies the weight of each class of a corpus by its sum to the power of `-balance`; the weight of the corpus stays.
pub fn even_out_classes(clips: &[&Clip], weights: &mut [f64], balance: f32) {
    let before = sums(clips, weights, corpus);
    even_out(clips, weights, class, f64::from(balance));
    let after = sums(clips, weights, corpus);
    for (clip, weight) in clips.iter().zip(weights) {
        *weight *= before[&clip.corpus] / after[&clip.corpus];
    }
}

/// Multiplies the weight of each group by its sum to the power of `-balance`; the other differences stay.
fn even_out<K: Ord>(
    clips: &[&Clip],
    weights: &mut [f64],
    group: impl Fn(&Clip) -> K,
    balance: f64,
) {
    let sums = sums(clips, weights, &group);
    for (clip, weight) in clips.iter().zip(weights) {
        *weight *= sums[&group(clip)].powf(-balance);
    }
}

/// The weight of each group.
fn sums<K: Ord>(clips: &[&Clip], weights: &[f64], group: impl Fn(&Clip) -> K) -> BTreeMap<K, f64> {
    let mut sums = BTreeMap::new();
    for (clip, weight) in clips.iter().zip(weights) {
        *sums.entry(group(clip)).or_default() += weight;
    }
    sums
}

fn corpus(clip: &Clip) -> Corpus {
    clip.corpus
}

fn class(clip: &Clip) -> (Corpus, usize) {
    (clip.corpus, clip.emotion.index())
}

/// Lowers the weights of a corpus until it has no more than a share of them all.
fn cap(clips: &[&Clip], weights: &mut [f64], corpus: Corpus, share: f64) {
    let (mut own, mut others) = (0.0, 0.0);
    for (clip, weight) in clips.iter().zip(weights.iter()) {
        *if clip.corpus == corpus {
            &mut own
        } else {
            &mut others
        } += weight;
    }
    if others == 0.0 || own / (own + others) <= share {
        return;
    }
    let factor = share / (1.0 - share) * others / own;
    for (clip, weight) in clips.iter().zip(weights) {
        if clip.corpus == corpus {
            *weight *= factor;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use pathos_analysis::Emotion;

    fn clip(corpus: Corpus, emotion: Emotion) -> Clip {
        Clip {
            path: "clip.wav".into(),
            corpus,
            speaker: "S".into(),
            female: false,
            emotion,
            votes: None,
            statement: None,
        }
    }

    /// 90 sad and 10 happy clips of CREMA-D, and 100 of TESS.
    fn shares(class_balance: f64, corpus_balance: f64, tess_share: f64) -> [f64; 3] {
        let mut training = Config::first(&[]).training;
        training.class_balance = class_balance;
        training.corpus_balance = corpus_balance;
        training.tess_share = tess_share;
        let mut clips = vec![clip(Corpus::CremaD, Emotion::Sad); 90];
        clips.extend(vec![clip(Corpus::CremaD, Emotion::Happy); 10]);
        clips.extend(vec![clip(Corpus::Tess, Emotion::Happy); 100]);
        let weights = weights(&clips.iter().collect::<Vec<_>>(), &training);
        let sum: f64 = weights.iter().sum();
        [0..90, 90..100, 100..200].map(|range| weights[range].iter().sum::<f64>() / sum)
    }

    fn assert_shares(found: [f64; 3], expected: [f64; 3]) {
        for (found, expected) in found.iter().zip(expected) {
            assert!((found - expected).abs() < 1e-9, "{found} for {expected}");
        }
    }

    #[test]
    fn nothing_is_evened_out_by_zero() {
        assert_shares(shares(0.0, 0.0, 1.0), [0.45, 0.05, 0.5]);
    }

    #[test]
    fn classes_are_even_at_one() {
        let [sad, happy, _] = shares(1.0, 0.0, 1.0);
        assert!((sad - happy).abs() < 1e-9);
        let [sad, happy, _] = shares(0.5, 0.0, 1.0);
        assert!((sad / happy - 3.0).abs() < 1e-9, "the root of 9");
    }

    #[test]
    fn classes_lean_the_other_way_at_two_and_their_corpus_stays() {
        let clips = [
            vec![clip(Corpus::CremaD, Emotion::Sad); 90],
            vec![clip(Corpus::CremaD, Emotion::Happy); 10],
            vec![clip(Corpus::Tess, Emotion::Happy); 20],
        ];
        let clips: Vec<&Clip> = clips.iter().flatten().collect();
        let mut weights = vec![1.0; 120];
        even_out_classes(&clips, &mut weights, 2.0);
        let found = [0..90, 90..100, 100..120].map(|range| weights[range].iter().sum());
        assert_shares(found, [10.0, 90.0, 20.0]);
    }

    #[test]
    fn corpora_are_even_at_one_and_tess_is_capped() {
        assert_shares(shares(0.0, 1.0, 1.0), [0.45, 0.05, 0.5]);
        let [sad, happy, tess] = shares(0.5, 0.5, 0.12);
        assert!((tess - 0.12).abs() < 1e-9);
        assert!((sad + happy - 0.88).abs() < 1e-9);
    }
}
