//! Augmentation of frames while the network learns: cheap enough to be drawn anew each time, unlike that of the
//! [waveform](crate::waveform). Every choice is drawn from the generator that is passed in.

use crate::config::Augmentation;
use pathos_analysis::{
    Frame, MEL_BANDS, MIN_VOICED_FRAMES, WINDOW_FRAMES,
    log_mel::centres_hz,
    power::{self, NEPERS_PER_DB},
};
use rand::Rng;
use std::f32::consts::{PI, TAU};

/// How steeply a spectrum falls outside of a band, in dB per octave.
const SLOPE_DB: f32 = 48.0;
/// How far at the most.
const DEEPEST_DB: f32 = 60.0;
/// Waves of the random equaliser.
const EQUALISER_WAVES: usize = 5;

/// A span of the clip: the longest that a window holds, or a shorter one.
pub fn crop(frames: &[Frame], settings: &Augmentation, rng: &mut impl Rng) -> Vec<Frame> {
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
pub fn stretch(frames: &[Frame], rate: f32) -> Vec<Frame> {
    let length = ((frames.len() as f32 / rate) as usize).max(1);
    let last = frames.len() - 1;
    (0..length)
        .map(|t| {
            let at = (t as f32 * rate).min(last as f32);
            let (before, share) = (at as usize, at.fract());
            let after = (before + 1).min(last);
            let (before, after) = (&frames[before], &frames[after]);
            let blend = |a: f32, b: f32| a * (1.0 - share) + b * share;
            Frame {
                log_mel: std::array::from_fn(|at| blend(before.log_mel[at], after.log_mel[at])),
                extra: std::array::from_fn(|at| blend(before.extra[at], after.extra[at])),
            }
        })
        .collect()
}

/// A shift of the spectrum along the bands, as of a longer or shorter vocal tract: band `b` takes what was at `b / factor`.
pub fn warp(frames: &mut [Frame], factor: f32) {
    for frame in frames {
        let source = frame.log_mel;
        for (band, value) in frame.log_mel.iter_mut().enumerate() {
            let at = (band as f32 / factor).min((MEL_BANDS - 1) as f32);
            let (below, share) = (at as usize, at.fract());
            let above = (below + 1).min(MEL_BANDS - 1);
            *value = source[below] * (1.0 - share) + source[above] * share;
        }
    }
}

/// A tilt of the spectrum: `-tilt_db / 2` at the lowest band to `tilt_db / 2` at the highest.
pub fn tilt(frames: &mut [Frame], tilt_db: f32) {
    amplify(frames, |band| {
        let share = band as f32 / (MEL_BANDS - 1) as f32 - 0.5;
        share * tilt_db
    });
}

/// Adds to each band a gain in dB.
fn amplify(frames: &mut [Frame], gain_db: impl Fn(usize) -> f32) {
    let gains: [f32; MEL_BANDS] = std::array::from_fn(|band| gain_db(band) * NEPERS_PER_DB);
    for frame in frames {
        let bands = frame.log_mel.iter_mut().zip(gains);
        bands.for_each(|(value, gain)| *value += gain);
    }
}

/// A random smooth equaliser: the sum of waves along the bands, of one to five half periods and up to `db` each.
pub fn equalise(frames: &mut [Frame], db: f32, rng: &mut impl Rng) {
    let waves: [[f32; 2]; EQUALISER_WAVES] = std::array::from_fn(|_| {
        [
            db * rng.random_range(-1.0..=1.0f32),
            rng.random_range(0.0..TAU),
        ]
    });
    amplify(frames, |band| {
        let share = band as f32 / (MEL_BANDS - 1) as f32;
        let wave = |(number, [height, phase]): (usize, &[f32; 2])| {
            height * (PI * (number + 1) as f32 * share + phase).cos()
        };
        waves.iter().enumerate().map(wave).sum()
    });
}

/// Stationary noise at a ratio to the mean power of the frames. `colour_db` tilts its spectrum as [`tilt`] does.
pub fn add_noise(frames: &mut [Frame], snr_db: f32, colour_db: f32, rng: &mut impl Rng) {
    let count = (frames.len() * MEL_BANDS).max(1) as f32;
    let power = frames
        .iter()
        .flat_map(|frame| frame.log_mel)
        .map(f32::exp)
        .sum::<f32>()
        / count;
    let level = power.ln() - snr_db * NEPERS_PER_DB;
    for frame in frames {
        for (band, value) in frame.log_mel.iter_mut().enumerate() {
            let share = band as f32 / (MEL_BANDS - 1) as f32 - 0.5;
            // A band's power over one frame of noise scatters about its mean, the more the narrower the band.
            let scatter = rng.random_range(-0.7..0.5);
            let noise = level + share * colour_db * NEPERS_PER_DB + scatter;
            *value = power::sum(*value, noise);
        }
    }
}

/// What a telephone or a small loudspeaker leaves: outside of the band the spectrum falls by 48 dB per octave, down to 60 dB.
pub fn limit_band(frames: &mut [Frame], low_hz: f32, high_hz: f32) {
    let centres_hz = centres_hz();
    amplify(frames, |band| {
        let hz = centres_hz[band];
        let octaves = (low_hz / hz).max(hz / high_hz).max(1.0).log2();
        -(SLOPE_DB * octaves).min(DEEPEST_DB)
    });
}

/// All of the above, each drawn at random, in that order, of frames and of clips of the same voice that were heard before them: these are
/// neither cut nor stretched. Returns both, the earlier ones first.
pub fn augment(
    earlier: &[Vec<Frame>],
    frames: &[Frame],
    settings: &Augmentation,
    rng: &mut impl Rng,
) -> (Vec<Vec<Frame>>, Vec<Frame>) {
    let around_one = |spread: f64, rng: &mut dyn rand::RngCore| {
        1.0 + spread as f32 * rng.random_range(-1.0..=1.0f32)
    };
    let rate = around_one(settings.stretch, rng);
    let own = stretch(&crop(frames, settings, rng), rate);
    let mut frames = earlier.concat();
    frames.extend(own);
    warp(&mut frames, around_one(settings.warp, rng));
    tilt(
        &mut frames,
        settings.tilt_db as f32 * rng.random_range(-1.0..=1.0f32),
    );
    equalise(&mut frames, settings.equaliser_db as f32, rng);
    if rng.random_bool(settings.noise_share) {
        let [low, high] = settings.noise_snr_db.map(|db| db as f32);
        let colour_db = rng.random_range(-40.0..10.0);
        add_noise(&mut frames, rng.random_range(low..=high), colour_db, rng);
    }
    if rng.random_bool(settings.band_limit_share) {
        let [low_hz, high_hz] = settings.waveform.draw_band(rng);
        limit_band(&mut frames, low_hz, high_hz);
    }
    let mut frames = frames.into_iter();
    let lengths = earlier.iter().map(Vec::len);
    let earlier = lengths.map(|length| frames.by_ref().take(length).collect());
    (earlier.collect(), frames.collect())
}

/// SpecAugment (Park et al., Interspeech 2019): bands of columns and spans of frames of normalised rows become 0.
pub fn spec_augment(rows: &mut [f32], columns: usize, settings: &Augmentation, rng: &mut impl Rng) {
    let [count, widest] = settings.band_masks;
    for _ in 0..count {
        let width = rng.random_range(0..=widest.min(columns));
        let start = rng.random_range(0..=columns - width);
        for row in rows.chunks_exact_mut(columns) {
            row[start..start + width].fill(0.0);
        }
    }
    let frames = rows.len() / columns;
    let [count, longest] = settings.frame_masks;
    for _ in 0..count {
        // No more than a fifth of what there is, or nothing would be left of a short window.
        let length = rng.random_range(0..=longest.min(frames / 5));
        let start = rng.random_range(0..=frames - length);
        rows[start * columns..(start + length) * columns].fill(0.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use pathos_analysis::MelFrame;
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    fn ridge(band: usize, length: usize) -> Vec<Frame> {
        let mel: MelFrame = std::array::from_fn(|b| -((b as f32 - band as f32) / 3.0).powi(2));
        vec![Frame::from(mel); length]
    }

    fn settings() -> Augmentation {
        crate::config::Config::first(&[]).augmentation
    }

    fn peak(frame: &Frame) -> usize {
        (0..MEL_BANDS)
            .max_by(|&a, &b| frame.log_mel[a].total_cmp(&frame.log_mel[b]))
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
        let mut frames = vec![Frame::from([0.0; MEL_BANDS])];
        tilt(&mut frames, 6.0);
        let [low, .., high] = frames[0].log_mel;
        assert!(((high - low) / NEPERS_PER_DB - 6.0).abs() < 1e-4);
    }

    #[test]
    fn an_equaliser_is_smooth_and_the_same_in_each_frame() {
        let mut rng = ChaCha8Rng::seed_from_u64(2);
        let mut frames = vec![Frame::from([0.0; MEL_BANDS]); 3];
        equalise(&mut frames, 0.0, &mut rng);
        assert_eq!(frames[0], Frame::from([0.0; MEL_BANDS]));
        equalise(&mut frames, 6.0, &mut rng);
        assert_eq!(frames[0], frames[2]);
        let db = frames[0].log_mel.map(|value| value / NEPERS_PER_DB);
        assert!(db.iter().all(|db| db.abs() <= 30.0) && db.iter().any(|db| db.abs() > 1.0));
        assert!(db.windows(2).all(|pair| (pair[0] - pair[1]).abs() < 5.0));
    }

    #[test]
    fn a_telephone_keeps_what_is_within_its_band() {
        let mut frames = vec![Frame::from([0.0; MEL_BANDS])];
        limit_band(&mut frames, 300.0, 3_400.0);
        for (band, hz) in frames[0].log_mel.iter().zip(centres_hz()) {
            let db = band / NEPERS_PER_DB;
            assert_eq!(db == 0.0, (300.0..=3_400.0).contains(&hz), "{hz} Hz: {db}");
            assert!(db >= -60.01);
            assert!(
                db < -45.0 || (150.0..6_800.0).contains(&hz),
                "{hz} Hz: {db}"
            );
        }
    }

    #[test]
    fn noise_has_its_ratio() {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let mut frames = vec![Frame::from([0.0; MEL_BANDS]); 300];
        add_noise(&mut frames, 0.0, 0.0, &mut rng);
        let values = frames.iter().flat_map(|frame| frame.log_mel);
        let power = values.map(f32::exp).sum::<f32>() / (300.0 * 64.0);
        assert!((power - 2.0).abs() < 0.2, "signal and equal noise: {power}");
    }

    #[test]
    fn the_same_seed_augments_alike() {
        let settings = settings();
        let run = |seed| {
            augment(
                &[ridge(30, 25), ridge(40, 15)],
                &ridge(20, 250),
                &settings,
                &mut ChaCha8Rng::seed_from_u64(seed),
            )
        };
        assert_eq!(run(7), run(7));
        let (earlier, _) = run(7);
        let lengths = earlier.iter().map(Vec::len);
        assert!(lengths.eq([25, 15]), "what was heard before stays as long");
        assert_ne!(run(7), run(8));
    }

    #[test]
    fn masks_are_bands_and_spans_of_zeros() {
        let mut settings = settings();
        settings.band_masks = [1, 10];
        settings.frame_masks = [1, 25];
        let mut spared = 0;
        for seed in 0..50 {
            let mut rows = vec![1.0; 100 * 64];
            spec_augment(
                &mut rows,
                64,
                &settings,
                &mut ChaCha8Rng::seed_from_u64(seed),
            );
            let is_masked = |cells: Vec<&f32>| cells.iter().all(|&&cell| cell == 0.0);
            let bands = (0..64).filter(|&b| is_masked(rows.iter().skip(b).step_by(64).collect()));
            let spans = rows
                .chunks(64)
                .filter(|row| is_masked(row.iter().collect()));
            let (bands, spans) = (bands.count(), spans.count());
            assert!(bands <= 10 && spans <= 20, "{bands} bands, {spans} frames");
            let zeros = rows.iter().filter(|&&cell| cell == 0.0).count();
            assert_eq!(zeros, bands * 100 + spans * 64 - bands * spans);
            spared += usize::from(zeros == 0);
        }
        assert!(spared < 10, "{spared} of 50 without any mask");
    }
}
