//! The protocol `speakers`: speakers are dealt to folds, and one fold is held out.

use crate::{
    config::Split,
    corpora::{Clip, Corpus},
};
use rand::{SeedableRng, seq::SliceRandom};
use rand_chacha::ChaCha8Rng;
use std::collections::{BTreeMap, BTreeSet};

/// Tells for each speaker whether the fold holds them out.
///
/// Within each group of corpora that share speakers, the speakers are shuffled by the split's seed and dealt round: so every
/// fold has a share of each corpus. A corpus with fewer speakers than folds gives its first folds one speaker each.
pub fn held_out_speakers(clips: &[Clip], split: &Split) -> BTreeSet<String> {
    let mut groups: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for clip in clips {
        groups
            .entry(clip.corpus.speakers_of())
            .or_default()
            .insert(&clip.speaker);
    }
    let mut held_out = BTreeSet::new();
    for speakers in groups.values() {
        let mut speakers: Vec<&str> = speakers.iter().copied().collect();
        speakers.shuffle(&mut ChaCha8Rng::seed_from_u64(split.seed));
        let own = speakers.into_iter().skip(split.fold).step_by(split.folds);
        held_out.extend(own.map(str::to_owned));
    }
    held_out
}

/// How often each clip is drawn, relative to the others.
///
/// Within a corpus each class weighs by the root of its size, so that small classes are not drowned and their few clips not
/// worn out; TESS, whose two speakers say the same words seven times, gets at most `tess_share` of all draws.
pub fn draw_weights(clips: &[&Clip], tess_share: f64) -> Vec<f64> {
    let mut cells: BTreeMap<(Corpus, usize), f64> = BTreeMap::new();
    for clip in clips {
        *cells
            .entry((clip.corpus, clip.emotion.index()))
            .or_default() += 1.0;
    }
    let mut weights: Vec<f64> = clips
        .iter()
        .map(|clip| 1.0 / cells[&(clip.corpus, clip.emotion.index())].sqrt())
        .collect();
    let is_tess = |clip: &Clip| clip.corpus == Corpus::Tess;
    let (mut tess, mut others) = (0.0, 0.0);
    for (clip, weight) in clips.iter().zip(&weights) {
        *if is_tess(clip) {
            &mut tess
        } else {
            &mut others
        } += weight;
    }
    if others > 0.0 && tess / (tess + others) > tess_share {
        let factor = tess_share / (1.0 - tess_share) * others / tess;
        for (clip, weight) in clips.iter().zip(&mut weights) {
            if is_tess(clip) {
                *weight *= factor;
            }
        }
    }
    weights
}

#[cfg(test)]
mod tests {
    use super::*;
    use pathos_analysis::Emotion;

    fn clips() -> Vec<Clip> {
        let mut clips = Vec::new();
        for (corpus, speakers) in [
            (Corpus::CremaD, 20),
            (Corpus::RavdessSpeech, 10),
            (Corpus::RavdessSong, 10),
            (Corpus::Tess, 2),
        ] {
            for speaker in 0..speakers {
                for emotion in Emotion::ALL {
                    clips.push(Clip {
                        path: format!("{corpus:?}/{speaker}/{emotion}").into(),
                        corpus,
                        speaker: format!("{}_{speaker}", corpus.speakers_of()),
                        female: false,
                        emotion,
                    });
                }
            }
        }
        clips
    }

    #[test]
    fn every_speaker_is_held_out_by_exactly_one_fold() {
        let clips = clips();
        let all: BTreeSet<String> = clips.iter().map(|clip| clip.speaker.clone()).collect();
        let mut seen = BTreeSet::new();
        for fold in 0..5 {
            for speaker in held_out_speakers(
                &clips,
                &Split {
                    fold,
                    folds: 5,
                    seed: 1,
                },
            ) {
                assert!(seen.insert(speaker), "held out twice");
            }
        }
        assert_eq!(seen, all);
    }

    #[test]
    fn tess_gets_its_share_and_no_more() {
        let clips = clips();
        let clips: Vec<&Clip> = clips.iter().collect();
        let weights = draw_weights(&clips, 0.05);
        let total: f64 = weights.iter().sum();
        let tess: f64 = clips
            .iter()
            .zip(&weights)
            .filter(|(c, _)| c.corpus == Corpus::Tess)
            .map(|(_, w)| w)
            .sum();
        assert!((tess / total - 0.05).abs() < 1e-9);
    }
}
