//! Noise behind a voice.

use rand::{Rng, seq::IndexedRandom};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};
use realfft::RealFftPlanner;

/// Samples of a frame of which the level is taken: 25 ms.
const FRAME: usize = 400;
/// Frames this far below the loudest, in dB, are pauses and do not count in the level of a voice.
const PAUSE_DB: f32 = 30.0;

/// A kind of noise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Colour {
    /// As much power in each hertz.
    White,
    /// As much power in each octave.
    Pink,
    /// Other voices at once.
    Babble,
}

impl Colour {
    /// The name in words.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::White => "white noise",
            Self::Pink => "pink noise",
            Self::Babble => "babble of other voices",
        }
    }

    /// One of them; no babble without other voices.
    pub fn draw(has_voices: bool, rng: &mut impl Rng) -> Self {
        let all = [Self::White, Self::Pink, Self::Babble];
        let possible = if has_voices { &all[..] } else { &all[..2] };
        *possible.choose(rng).unwrap_or(&Self::White)
    }
}

/// The samples with noise at a ratio in dB to the power of the voice where it sounds: see [`active_power`]. Babble without
/// voices is pink noise.
#[must_use]
pub fn add(
    samples: &[f32],
    colour: Colour,
    snr_db: f32,
    voices: &[&[f32]],
    rng: &mut ChaCha8Rng,
) -> Vec<f32> {
    let has_voices = voices.iter().any(|voice| power(voice) > 0.0);
    let noise = match colour {
        Colour::White => white(samples.len(), rng),
        Colour::Babble if has_voices => babble(samples.len(), voices, rng),
        Colour::Pink | Colour::Babble => pink(samples.len(), rng),
    };
    let wanted = active_power(samples) * 10f32.powf(-snr_db / 10.0);
    let scale = (wanted / power(&noise).max(1e-20)).sqrt();
    let pairs = samples.iter().zip(&noise);
    pairs
        .map(|(sample, noise)| sample + scale * noise)
        .collect()
}

/// Mean square of the frames of 25 ms that are within 30 dB of the loudest: of a voice without its pauses.
#[must_use]
pub fn active_power(samples: &[f32]) -> f32 {
    let powers: Vec<f32> = samples.chunks(FRAME).map(power).collect();
    let loudest = powers.iter().fold(0.0f32, |a, b| a.max(*b));
    let least = loudest * 10f32.powf(-PAUSE_DB / 10.0);
    let active = powers.iter().filter(|&&power| power >= least);
    let (count, sum) = active.fold((0, 0.0), |(count, sum), power| (count + 1, sum + power));
    sum / count.max(1) as f32
}

fn power(samples: &[f32]) -> f32 {
    samples.iter().map(|s| s * s).sum::<f32>() / samples.len().max(1) as f32
}

/// Normally distributed samples.
fn white(length: usize, rng: &mut ChaCha8Rng) -> Vec<f32> {
    StandardNormal.sample_iter(rng).take(length).collect()
}

/// White noise whose spectrum is divided by the root of the frequency.
fn pink(length: usize, rng: &mut ChaCha8Rng) -> Vec<f32> {
    let size = length.next_power_of_two().max(2);
    let mut planner = RealFftPlanner::<f32>::new();
    let (forward, inverse) = (
        planner.plan_fft_forward(size),
        planner.plan_fft_inverse(size),
    );
    let mut noise = white(size, rng);
    let mut spectrum = forward.make_output_vec();
    forward
        .process(&mut noise, &mut spectrum)
        .expect("buffers were made by this very plan");
    for (bin, value) in spectrum.iter_mut().enumerate() {
        *value *= if bin == 0 {
            0.0
        } else {
            (bin as f32).sqrt().recip()
        };
    }
    // The inverse of a real signal's spectrum: its first and last bin are real.
    if let Some(last) = spectrum.last_mut() {
        last.im = 0.0;
    }
    inverse
        .process(&mut spectrum, &mut noise)
        .expect("buffers were made by this very plan");
    noise.truncate(length);
    noise
}

/// The voices at once, at the same level, each from a random place on and round again.
fn babble(length: usize, voices: &[&[f32]], rng: &mut ChaCha8Rng) -> Vec<f32> {
    let mut sum = vec![0.0; length];
    for voice in voices {
        let power = active_power(voice);
        if power <= 0.0 {
            continue;
        }
        let start = rng.random_range(0..voice.len());
        let voice = voice.iter().cycle().skip(start);
        for (sum, sample) in sum.iter_mut().zip(voice) {
            *sum += sample / power.sqrt();
        }
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;
    use std::f32::consts::TAU;

    fn rng() -> ChaCha8Rng {
        ChaCha8Rng::seed_from_u64(4)
    }

    fn tone(hz: f32, length: usize) -> Vec<f32> {
        (0..length)
            .map(|n| 0.4 * (TAU * hz * n as f32 / 16_000.0).sin())
            .collect()
    }

    #[test]
    fn the_ratio_is_that_to_the_voice_without_its_pauses() {
        let mut samples = tone(300.0, 32_000);
        samples[8_000..].fill(0.0);
        let voices = [&tone(170.0, 9_000)[..], &tone(211.0, 5_000)];
        for colour in [Colour::White, Colour::Pink, Colour::Babble] {
            for snr_db in [0.0, 10.0, 25.0] {
                let noisy = add(&samples, colour, snr_db, &voices, &mut rng());
                let noise: Vec<f32> = noisy.iter().zip(&samples).map(|(a, b)| a - b).collect();
                let found = 10.0 * (power(&samples[..8_000]) / power(&noise)).log10();
                assert!(
                    (found - snr_db).abs() < 0.5,
                    "{colour:?}: {found} for {snr_db} dB"
                );
            }
        }
    }

    /// Power of the octave from `hz` on, in dB.
    fn octave_db(samples: &[f32], hz: f32) -> f32 {
        let mut planner = RealFftPlanner::<f32>::new();
        let fft = planner.plan_fft_forward(samples.len());
        let mut spectrum = fft.make_output_vec();
        fft.process(&mut samples.to_vec(), &mut spectrum).unwrap();
        let bin = |hz: f32| (hz * samples.len() as f32 / 16_000.0) as usize;
        let sum: f32 = spectrum[bin(hz)..bin(2.0 * hz)]
            .iter()
            .map(|v| v.norm_sqr())
            .sum();
        10.0 * sum.log10()
    }

    #[test]
    fn white_is_flat_and_pink_falls_by_three_decibels_an_octave() {
        let white = white(1 << 17, &mut rng());
        let pink = pink(1 << 17, &mut rng());
        for hz in [125.0, 250.0, 500.0, 1_000.0, 2_000.0] {
            let rise = |noise: &[f32]| octave_db(noise, 2.0 * hz) - octave_db(noise, hz);
            assert!(
                (rise(&white) - 3.0).abs() < 0.5,
                "an octave is twice as wide as the last"
            );
            assert!(rise(&pink).abs() < 0.5, "{}", rise(&pink));
        }
    }

    #[test]
    fn babble_holds_every_voice() {
        let voices = [&tone(170.0, 9_000)[..], &tone(950.0, 5_000)];
        let babble = babble(1 << 15, &voices, &mut rng());
        for hz in [125.0, 700.0] {
            assert!(octave_db(&babble, hz) > octave_db(&babble, 2_000.0) + 10.0);
        }
    }

    #[test]
    fn babble_is_not_drawn_without_voices() {
        let mut rng = rng();
        assert!((0..100).all(|_| Colour::draw(false, &mut rng) != Colour::Babble));
        assert!((0..100).any(|_| Colour::draw(true, &mut rng) == Colour::Babble));
    }
}
