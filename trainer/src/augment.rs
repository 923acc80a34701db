//! Augmentation of log-mel frames. Every choice is drawn from the generator that is passed in.

use crate::config::Augmentation;
use pathos_analysis::{MEL_BANDS, MIN_VOICED_FRAMES, MelFrame, NormalisedWindow, WINDOW_FRAMES};
use rand::Rng;

/// Nepers of power to a decibel.
const NEPERS_PER_DB: f32 = 0.230_258_5;

/// A span of the clip: the longest that a window holds, or a shorter one.
pub fn crop(frames: &[MelFrame], settings: &Augmentation, rng: &mut impl Rng) -> Vec<MelFrame> {
    let longest = frames.len().min(WINDOW_FRAMES);
    let length = if longest <= MIN_VOICED_FRAMES || rng.random_bool(settings.longest_share) {
        longest
    } else {
        rng.random_range(MIN_VOICED_FRAMES..=longest)
    };
    let start = rng.random_range(0..=frames.len() - length);
    frames[start..start + length].to_vec()
}

/// A change of rate: frames are interpolated to `1 / rate` of their number.
pub fn stretch(frames: &[MelFrame], rate: f32) -> Vec<MelFrame> {
    let length = ((frames.len() as f32 / rate) as usize).max(1);
    let last = frames.len() - 1;
    (0..length)
        .map(|t| {
            let at = (t as f32 * rate).min(last as f32);
            let (before, share) = (at as usize, at.fract());
            let after = (before + 1).min(last);
            std::array::from_fn(|band| {
                frames[before][band] * (1.0 - share) + frames[after][band] * share
            })
        })
        .collect()
}

/// A shift of the spectrum along the bands, as of a longer or shorter vocal tract: band `b` takes what was at `b / factor`.
pub fn warp(frames: &mut [MelFrame], factor: f32) {
    for frame in frames {
        let source = *frame;
        for (band, value) in frame.iter_mut().enumerate() {
            let at = (band as f32 / factor).min((MEL_BANDS - 1) as f32);
            let (below, share) = (at as usize, at.fract());
            let above = (below + 1).min(MEL_BANDS - 1);
            *value = source[below] * (1.0 - share) + source[above] * share;
        }
    }
}

/// A tilt of the spectrum: `-tilt_db / 2` at the lowest band to `tilt_db / 2` at the highest.
pub fn tilt(frames: &mut [MelFrame], tilt_db: f32) {
    for frame in frames {
        for (band, value) in frame.iter_mut().enumerate() {
            let share = band as f32 / (MEL_BANDS - 1) as f32 - 0.5;
            *value += share * tilt_db * NEPERS_PER_DB;
        }
    }
}

/// Stationary noise at a ratio to the mean power of the frames. `colour_db` tilts its spectrum as [`tilt`] does.
pub fn add_noise(frames: &mut [MelFrame], snr_db: f32, colour_db: f32, rng: &mut impl Rng) {
    let count = (frames.len() * MEL_BANDS).max(1) as f32;
    let power = frames
        .iter()
        .flatten()
        .map(|value| value.exp())
        .sum::<f32>()
        / count;
    let level = power.ln() - snr_db * NEPERS_PER_DB;
    for frame in frames {
        for (band, value) in frame.iter_mut().enumerate() {
            let share = band as f32 / (MEL_BANDS - 1) as f32 - 0.5;
            // A band's power over one frame of noise scatters about its mean, the more the narrower the band.
            let scatter = rng.random_range(-0.7..0.5);
            let noise = level + share * colour_db * NEPERS_PER_DB + scatter;
            let (high, low) = (value.max(noise), value.min(noise));
            *value = high + (low - high).exp().ln_1p();
        }
    }
}

/// All of the above, each drawn at random, in that order.
pub fn augment(frames: &[MelFrame], settings: &Augmentation, rng: &mut impl Rng) -> Vec<MelFrame> {
    let around_one = |spread: f64, rng: &mut dyn rand::RngCore| {
        1.0 + spread as f32 * rng.random_range(-1.0..=1.0f32)
    };
    let rate = around_one(settings.stretch, rng);
    let mut frames = stretch(&crop(frames, settings, rng), rate);
    warp(&mut frames, around_one(settings.warp, rng));
    tilt(
        &mut frames,
        settings.tilt_db as f32 * rng.random_range(-1.0..=1.0f32),
    );
    if rng.random_bool(settings.noise_share) {
        let [low, high] = settings.noise_snr_db.map(|db| db as f32);
        let colour_db = rng.random_range(-40.0..10.0);
        add_noise(&mut frames, rng.random_range(low..=high), colour_db, rng);
    }
    frames
}

/// SpecAugment (Park et al., Interspeech 2019): bands of bands and spans of frames of a normalised window become 0.
pub fn spec_augment(window: &mut NormalisedWindow, settings: &Augmentation, rng: &mut impl Rng) {
    let [count, widest] = settings.band_masks;
    for _ in 0..count {
        let width = rng.random_range(0..=widest.min(MEL_BANDS));
        let start = rng.random_range(0..=MEL_BANDS - width);
        for row in window.log_mel.chunks_exact_mut(MEL_BANDS) {
            row[start..start + width].fill(0.0);
        }
    }
    let [count, longest] = settings.frame_masks;
    for _ in 0..count {
        let length = rng.random_range(0..=longest.min(WINDOW_FRAMES));
        let start = rng.random_range(0..=WINDOW_FRAMES - length);
        window.log_mel[start * MEL_BANDS..(start + length) * MEL_BANDS].fill(0.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    fn ridge(band: usize, length: usize) -> Vec<MelFrame> {
        (0..length)
            .map(|_| std::array::from_fn(|b| -((b as f32 - band as f32) / 3.0).powi(2)))
            .collect()
    }

    fn peak(frame: &MelFrame) -> usize {
        (0..MEL_BANDS)
            .max_by(|&a, &b| frame[a].total_cmp(&frame[b]))
            .unwrap()
    }

    #[test]
    fn stretch_changes_the_length_by_the_rate() {
        assert_eq!(stretch(&ridge(20, 200), 1.25).len(), 160);
        assert_eq!(stretch(&ridge(20, 200), 1.0), ridge(20, 200));
    }

    #[test]
    fn warp_moves_a_ridge() {
        let mut frames = ridge(30, 3);
        warp(&mut frames, 1.1);
        assert_eq!(peak(&frames[1]), 33);
    }

    #[test]
    fn tilt_is_linear_in_db() {
        let mut frames = vec![[0.0; MEL_BANDS]];
        tilt(&mut frames, 6.0);
        let db = |neper: f32| neper / NEPERS_PER_DB;
        assert!((db(frames[0][63] - frames[0][0]) - 6.0).abs() < 1e-4);
    }

    #[test]
    fn noise_has_its_ratio() {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let mut frames = vec![[0.0; MEL_BANDS]; 300];
        add_noise(&mut frames, 0.0, 0.0, &mut rng);
        let power = frames.iter().flatten().map(|v| v.exp()).sum::<f32>() / (300.0 * 64.0);
        assert!((power - 2.0).abs() < 0.2, "signal and equal noise: {power}");
    }

    #[test]
    fn the_same_seed_augments_alike() {
        let settings = crate::config::Config::read(std::path::Path::new(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/recipes/first.toml"
        )))
        .unwrap()
        .augmentation;
        let run = |seed| {
            augment(
                &ridge(20, 250),
                &settings,
                &mut ChaCha8Rng::seed_from_u64(seed),
            )
        };
        assert_eq!(run(7), run(7));
        assert_ne!(run(7), run(8));
    }
}
