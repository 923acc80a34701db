//! A sound with a bit of everything that features tell apart, the same on every run.

use std::f64::consts::TAU;

const RATE: f64 = 16_000.0;

/// A part of the sound.
struct Part {
    seconds: f64,
    /// F0 in Hz from the start of the part, 0, to its end, 1.
    f0_hz: Option<fn(f64) -> f64>,
    /// The amplitude of a harmonic at a frequency in Hz.
    timbre: fn(f64) -> f64,
    /// The amplitude of white noise.
    noise: f64,
}

const SILENCE: Part = Part {
    seconds: 0.4,
    f0_hz: None,
    timbre: |_| 0.0,
    noise: 0.0,
};

/// The parts of the sound, one after the other.
const PARTS: [Part; 7] = [
    // A glide up an octave and a half.
    Part {
        seconds: 2.0,
        f0_hz: Some(|share| 100.0 * (1.5 * share).exp2()),
        timbre: |hz| 60.0 / hz,
        noise: 0.0,
    },
    SILENCE,
    // A vowel with vibrato.
    Part {
        seconds: 1.5,
        f0_hz: Some(|share| 220.0 * (1.0 + 0.02 * (TAU * 8.0 * share).sin())),
        timbre: |hz| {
            resonance(hz, 700.0) + 0.5 * resonance(hz, 1_200.0) + 0.2 * resonance(hz, 2_600.0)
        },
        noise: 0.001,
    },
    // A burst of noise.
    Part {
        seconds: 0.5,
        f0_hz: None,
        timbre: |_| 0.0,
        noise: 0.3,
    },
    SILENCE,
    // A low voice with breath.
    Part {
        seconds: 1.0,
        f0_hz: Some(|share| 95.0 - 15.0 * share),
        timbre: |hz| resonance(hz, 500.0) + 0.3 * resonance(hz, 1_500.0),
        noise: 0.01,
    },
    // A soprano.
    Part {
        seconds: 1.0,
        f0_hz: Some(|share| 700.0 + 200.0 * share),
        timbre: |hz| 400.0 / hz,
        noise: 0.002,
    },
];

/// The sound at 16 kHz, and its F0 in Hz at each sample, 0 where it has none.
pub(crate) fn sound() -> (Vec<f32>, Vec<f32>) {
    let (mut samples, mut f0) = (Vec::new(), Vec::new());
    let mut state = 1u32;
    for part in &PARTS {
        let count = (part.seconds * RATE) as usize;
        let mut phase = 0.0;
        for n in 0..count {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let white = f64::from(state >> 8) / f64::from(1 << 23) - 1.0;
            let hz = part
                .f0_hz
                .map_or(0.0, |f0_hz| f0_hz(n as f64 / count as f64));
            phase += hz / RATE;
            let harmonics = 1..=if hz > 0.0 { (7_000.0 / hz) as u32 } else { 0 };
            let voice: f64 = harmonics
                .map(f64::from)
                .map(|k| (part.timbre)(k * hz) * (TAU * k * phase).sin())
                .sum();
            samples.push((0.2 * voice + part.noise * white) as f32);
            f0.push(hz as f32);
        }
    }
    (samples, f0)
}

fn resonance(hz: f64, centre: f64) -> f64 {
    1.0 / (1.0 + ((hz - centre) / 100.0).powi(2))
}
