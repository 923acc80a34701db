//! Sounds that are no voice, made up: so that the network learns to say so, and has no opinion of their emotion.

use pathos_analysis::{FeatureKind, Frame, FrameExtractor};
use rand::Rng;
use std::f32::consts::TAU;

const RATE_HZ: f32 = 16_000.0;
const SECONDS: f32 = 4.0;

/// Frames of a random sound: noise of some colour, hum, tones, chords that decay, clicks or drums.
pub fn frames(kinds: &[FeatureKind], rng: &mut impl Rng) -> Vec<Frame> {
    let length = (RATE_HZ * SECONDS) as usize;
    let mut samples = match rng.random_range(0..6) {
        0 => noise(length, rng),
        1 => hum(length, rng),
        2 => tone(length, rng),
        3 => chords(length, rng),
        4 => drums(length, rng),
        _ => {
            let mut both = chords(length, rng);
            let drums = drums(length, rng);
            both.iter_mut().zip(drums).for_each(|(a, b)| *a += b);
            both
        }
    };
    // No real sound is without a noise floor.
    let floor = 10f32.powf(rng.random_range(-4.5..-2.5));
    let peak = samples.iter().fold(1e-6f32, |peak, s| peak.max(s.abs()));
    let gain = 10f32.powf(rng.random_range(-1.5..0.0)) / peak;
    for sample in &mut samples {
        *sample = *sample * gain + floor * rng.random_range(-1.0..1.0f32);
    }
    let mut extractor = FrameExtractor::new(kinds);
    let frames = samples.iter().filter_map(|&sample| extractor.push(sample));
    frames.map(|(frame, _)| frame).collect()
}

/// White noise through a one-pole low-pass or high-pass of random corner, with a slow swell.
fn noise(length: usize, rng: &mut impl Rng) -> Vec<f32> {
    let pole: f32 = rng.random_range(-0.9..0.99);
    let swell_hz = rng.random_range(0.05..2.0);
    let depth = rng.random_range(0.0..0.9);
    let mut state = 0.0;
    (0..length)
        .map(|n| {
            state = pole * state + rng.random_range(-1.0..1.0f32);
            state * (1.0 - depth * (0.5 + 0.5 * (TAU * swell_hz * n as f32 / RATE_HZ).sin()))
        })
        .collect()
}

/// Mains hum with its harmonics.
fn hum(length: usize, rng: &mut impl Rng) -> Vec<f32> {
    let hz = if rng.random_bool(0.5) { 50.0 } else { 60.0 };
    let levels: Vec<f32> = (0..20)
        .map(|k| rng.random_range(0.0..1.0) / (1 + k) as f32)
        .collect();
    (0..length)
        .map(|n| {
            let phase = TAU * hz * n as f32 / RATE_HZ;
            levels
                .iter()
                .zip(1..)
                .map(|(level, k)| level * (phase * k as f32).sin())
                .sum()
        })
        .collect()
}

/// One steady or gliding tone: sine, square or saw.
fn tone(length: usize, rng: &mut impl Rng) -> Vec<f32> {
    let shape = rng.random_range(0..3);
    let mut hz = rng.random_range(60.0..3_000.0f32);
    let glide = 2f32.powf(rng.random_range(-1.0..1.0f32) / (SECONDS * RATE_HZ));
    let mut phase = 0.0f32;
    (0..length)
        .map(|_| {
            hz *= glide;
            phase = (phase + hz / RATE_HZ).fract();
            match shape {
                0 => (TAU * phase).sin(),
                1 => (phase - 0.5).signum(),
                _ => 2.0 * phase - 1.0,
            }
        })
        .collect()
}

/// Chords of decaying harmonic tones, as of a piano or guitar, at a steady beat.
fn chords(length: usize, rng: &mut impl Rng) -> Vec<f32> {
    let beat = (RATE_HZ * rng.random_range(0.2..1.2)) as usize;
    let decay = rng.random_range(0.1..1.5) * RATE_HZ;
    let harmonics = rng.random_range(2..10);
    let mut samples = vec![0.0; length];
    let mut start = 0;
    while start < length {
        for _ in 0..rng.random_range(1..5) {
            let hz = 65.4 * 2f32.powf(f32::from(rng.random_range(0..48u8)) / 12.0);
            for k in 1..=harmonics {
                let (partial, level) = (hz * k as f32, 1.0 / (k * k) as f32);
                if partial > 7_500.0 {
                    break;
                }
                for (n, sample) in samples[start..].iter_mut().enumerate().take(2 * beat) {
                    let time = n as f32;
                    *sample += level
                        * (-time * k as f32 / decay).exp()
                        * (TAU * partial * time / RATE_HZ).sin();
                }
            }
        }
        start += beat;
    }
    samples
}

/// Bursts of coloured noise with sharp attacks and short decays, some with a falling tone under them.
fn drums(length: usize, rng: &mut impl Rng) -> Vec<f32> {
    let step = (RATE_HZ * rng.random_range(0.08..0.4)) as usize;
    let mut samples = vec![0.0; length];
    let mut start = rng.random_range(0..step);
    while start < length {
        let decay = rng.random_range(0.005..0.12) * RATE_HZ;
        let pole: f32 = rng.random_range(-0.8..0.95);
        let kick_hz = if rng.random_bool(0.4) {
            rng.random_range(45.0..120.0)
        } else {
            0.0
        };
        let level = rng.random_range(0.3..1.0);
        let mut state = 0.0;
        for (n, sample) in samples[start..]
            .iter_mut()
            .enumerate()
            .take((6.0 * decay) as usize)
        {
            let time = n as f32;
            state = pole * state + (1.0 - pole.abs()) * rng.random_range(-1.0..1.0f32);
            let kick = (TAU * kick_hz * time / RATE_HZ * (1.0 + 2.0 * (-time / 300.0).exp())).sin();
            *sample += level * (-time / decay).exp() * (state + kick);
        }
        start += step * rng.random_range(1..4);
    }
    samples
}
