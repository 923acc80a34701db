//! Mixup (Zhang et al., ICLR 2018).

use crate::{batch::Item, config::Augmentation};
use rand::Rng;
use rand_distr::{Beta, Distribution};

/// Mixes some of the voices with the item after them: rows and targets by a share from Beta(alpha, alpha), the larger part
/// their own. Windows are lined up at their ends; a class is possible that is possible in either.
pub fn mix(items: &mut [Item], settings: &Augmentation, rng: &mut impl Rng) {
    let Ok(beta) = Beta::new(settings.mixup_alpha, settings.mixup_alpha) else {
        return;
    };
    for place in 1..items.len() {
        let (before, after) = items.split_at_mut(place);
        let (item, other) = (&mut before[place - 1], &after[0]);
        if !rng.random_bool(settings.mixup_share) || item.voice == 0.0 || other.voice == 0.0 {
            continue;
        }
        let share = beta.sample(rng).max(0.5) as f32;
        blend(&mut item.rows, &other.rows, share);
        blend(&mut item.target, &other.target, share);
        blend(&mut item.voices, &other.voices, share);
        blend(&mut item.statement, &other.statement, share);
        blend(&mut item.listeners, &other.listeners, share);
        let larger = |a: &mut f32, b: &f32| *a = a.max(*b);
        item.classes
            .iter_mut()
            .zip(&other.classes)
            .for_each(|(a, b)| larger(a, b));
        let masks = item.mask.iter_mut().rev().zip(other.mask.iter().rev());
        masks.for_each(|(a, b)| larger(a, b));
    }
}

/// `a` becomes its share and what is left of `b`, lined up at their ends.
fn blend(a: &mut [f32], b: &[f32], share: f32) {
    for (a, b) in a.iter_mut().rev().zip(b.iter().rev()) {
        *a = *a * share + b * (1.0 - share);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    fn item(emotion: usize, level: f32, steps: usize, voice: f32) -> Item {
        let mut target = [0.0; 7];
        target[emotion] = 1.0;
        Item {
            rows: vec![level; steps * 4 * 2],
            mask: vec![1.0; steps],
            voices: Vec::new(),
            target,
            classes: target,
            voice,
            corpus: None,
            known: false,
            joined: false,
            statement: std::array::from_fn(|at| f32::from(u8::from(at == emotion))),
            listeners: target,
        }
    }

    fn mixed(seed: u64, voices: [f32; 2]) -> Item {
        let mut settings = Config::first(&[]).augmentation;
        settings.mixup_share = 1.0;
        let mut items = [item(0, 1.0, 3, voices[0]), item(2, 0.0, 2, voices[1])];
        mix(&mut items, &settings, &mut ChaCha8Rng::seed_from_u64(seed));
        items[0].clone()
    }

    #[test]
    fn rows_and_targets_are_mixed_alike_at_their_ends() {
        for seed in 0..20 {
            let item = mixed(seed, [1.0, 1.0]);
            let share = item.target[0];
            assert!((0.5..=1.0).contains(&share));
            assert!((item.target[2] - (1.0 - share)).abs() < 1e-6);
            assert_eq!(item.rows[..8], [1.0; 8], "before the shorter one begins");
            assert!(item.rows[8..].iter().all(|row| (row - share).abs() < 1e-6));
            assert_eq!((item.classes[0], item.classes[2]), (1.0, 1.0));
        }
    }

    #[test]
    fn only_voices_are_mixed() {
        assert_eq!(mixed(1, [1.0, 0.0]).target[0], 1.0);
        assert_eq!(mixed(1, [0.0, 1.0]).target[0], 1.0);
    }
}
