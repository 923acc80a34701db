//! A voice made from nothing: a source and a filter, as in D. H. Klatt, "Software for a cascade/parallel formant synthesizer",
//! Journal of the Acoustical Society of America 67 (1980), 971-995.
//!
//! Glottal pulses (Rosenberg's trigonometric model) with vibrato, jitter and a falling line go through four resonators that
//! move from vowel to vowel; breath noise makes the consonants. It says nothing, but it has syllables, phrases and pauses. The
//! same arguments give the same samples.

use std::f64::consts::{PI, TAU};

/// How a phrase is spoken.
#[derive(Clone, Copy, Debug)]
pub struct Delivery {
    /// Pitch at the start of a phrase.
    pub f0_hz: f64,
    /// How far the pitch moves within a phrase, as a share of `f0_hz`.
    pub range: f64,
    /// Syllables per second.
    pub syllables_per_second: f64,
    /// Peak level, full scale 1.
    pub level: f64,
    /// How strong the upper formants are: 0 soft, 1 shouted.
    pub effort: f64,
}

/// Even and in the middle of everything.
pub const EVEN: Delivery = Delivery {
    f0_hz: 130.0,
    range: 0.25,
    syllables_per_second: 4.0,
    level: 0.3,
    effort: 0.4,
};

/// High, loud and fast.
pub const EXCITED: Delivery = Delivery {
    f0_hz: 230.0,
    range: 0.6,
    syllables_per_second: 5.5,
    level: 0.6,
    effort: 1.0,
};

/// Low, soft and slow.
pub const SUBDUED: Delivery = Delivery {
    f0_hz: 105.0,
    range: 0.1,
    syllables_per_second: 2.6,
    level: 0.15,
    effort: 0.1,
};

/// The first four formants of five vowels, in Hz (G. E. Peterson and H. L. Barney, "Control methods used in a study of the
/// vowels", 1952, men's means; the fourth is the usual 3500).
const VOWELS: [[f64; 4]; 5] = [
    [730.0, 1090.0, 2440.0, 3500.0],
    [530.0, 1840.0, 2480.0, 3500.0],
    [270.0, 2290.0, 3010.0, 3500.0],
    [570.0, 840.0, 2410.0, 3500.0],
    [300.0, 870.0, 2240.0, 3500.0],
];
/// The order in which the syllables take the vowels; its length shares no factor with a phrase's.
const MELODY: [usize; 11] = [0, 1, 2, 0, 3, 1, 4, 0, 2, 3, 1];
const BANDWIDTHS_HZ: [f64; 4] = [80.0, 100.0, 140.0, 200.0];
const PHRASE_SECONDS: f64 = 2.6;
const PAUSE_SECONDS: f64 = 0.4;
const VIBRATO_HZ: f64 = 5.5;
const VIBRATO_DEPTH: f64 = 0.015;
const JITTER_DEPTH: f64 = 0.008;
/// The share of a syllable that is consonant.
const CONSONANT: f64 = 0.22;

/// `seconds` of a voice at this rate, in phrases with short pauses between them.
#[must_use]
pub fn speak(delivery: Delivery, sample_rate_hz: f64, seconds: f64) -> Vec<f32> {
    let mut voice = Voice::new(delivery, sample_rate_hz);
    let count = (seconds * sample_rate_hz).round() as usize;
    let mut samples: Vec<f64> = (0..count).map(|index| voice.sample(index)).collect();
    let peak = samples.iter().fold(0.0_f64, |peak, s| peak.max(s.abs()));
    if peak > 0.0 {
        for sample in &mut samples {
            *sample *= delivery.level / peak;
        }
    }
    samples.into_iter().map(|sample| sample as f32).collect()
}

/// Five seconds each of three deliveries with a rest of 1.5 s after each: what the demo plays if it is given no clip.
#[must_use]
pub fn demonstration(sample_rate_hz: f64) -> Vec<f32> {
    let mut samples = Vec::new();
    for delivery in [EVEN, EXCITED, SUBDUED] {
        samples.extend(speak(delivery, sample_rate_hz, 5.0));
        samples.extend(silence(sample_rate_hz, 1.5));
    }
    samples
}

/// `seconds` of silence.
#[must_use]
pub fn silence(sample_rate_hz: f64, seconds: f64) -> Vec<f32> {
    vec![0.0; (seconds * sample_rate_hz).round() as usize]
}

struct Voice {
    delivery: Delivery,
    sample_rate_hz: f64,
    /// Where in the glottal cycle: 0 to 1.
    phase: f64,
    jitter: f64,
    formants: [Resonator; 4],
    previous_source: f64,
    noise: Noise,
}

impl Voice {
    fn new(delivery: Delivery, sample_rate_hz: f64) -> Self {
        Self {
            delivery,
            sample_rate_hz,
            phase: 0.0,
            jitter: 0.0,
            formants: Default::default(),
            previous_source: 0.0,
            noise: Noise(0x9e37_79b9),
        }
    }

    fn sample(&mut self, index: usize) -> f64 {
        let time = index as f64 / self.sample_rate_hz;
        let in_phrase = time % (PHRASE_SECONDS + PAUSE_SECONDS);
        let syllables = time * self.delivery.syllables_per_second;
        let in_syllable = syllables.fract();

        let opening = (in_phrase / 0.05).min(1.0);
        let closing = ((PHRASE_SECONDS - in_phrase) / 0.1).clamp(0.0, 1.0);
        let phrase_envelope = opening * closing;
        let vowel_envelope = if in_syllable < CONSONANT {
            0.08 + 0.25 * in_syllable
        } else {
            (PI * (in_syllable - CONSONANT) / (1.0 - CONSONANT))
                .sin()
                .sqrt()
                .max(0.15)
        };

        let pulse = self.pulse(time, in_phrase) * vowel_envelope;
        let consonant = if in_syllable < CONSONANT { 0.12 } else { 0.012 };
        let source = (pulse + consonant * self.noise.next()) * phrase_envelope;

        let [from, to] =
            [0, 1].map(|ahead| VOWELS[MELODY[(syllables as usize + ahead) % MELODY.len()]]);
        let glide = ((in_syllable - 0.7) / 0.3).clamp(0.0, 1.0);
        let mut sound = 0.0;
        for (place, formant) in self.formants.iter_mut().enumerate() {
            let frequency_hz = from[place] + (to[place] - from[place]) * glide;
            // A resonator near or above the Nyquist frequency has nothing to say.
            if frequency_hz < 0.45 * self.sample_rate_hz {
                let gain = (0.25 + 0.5 * self.delivery.effort).powi(place as i32);
                // In parallel, neighbours alternate in sign, so that no zero falls between them.
                let sign = if place % 2 == 0 { 1.0 } else { -1.0 };
                sound += sign
                    * gain
                    * formant.step(
                        source,
                        frequency_hz,
                        BANDWIDTHS_HZ[place],
                        self.sample_rate_hz,
                    );
            }
        }
        sound
    }

    /// The derivative of the glottal flow, which is what the lips radiate.
    fn pulse(&mut self, time: f64, in_phrase: f64) -> f64 {
        let falling = 1.0 + self.delivery.range * (0.5 - in_phrase / PHRASE_SECONDS);
        let accent = 1.0
            + 0.5
                * self.delivery.range
                * (TAU * time * self.delivery.syllables_per_second / 3.0).sin();
        let vibrato = 1.0 + VIBRATO_DEPTH * (TAU * VIBRATO_HZ * time).sin();
        let f0_hz = self.delivery.f0_hz * falling * accent * vibrato * (1.0 + self.jitter);
        self.phase += f0_hz / self.sample_rate_hz;
        if self.phase >= 1.0 {
            self.phase -= 1.0;
            self.jitter = JITTER_DEPTH * self.noise.next();
        }
        let flow = match self.phase {
            opening if opening < 0.4 => 0.5 * (1.0 - (PI * opening / 0.4).cos()),
            closing if closing < 0.56 => (PI * (closing - 0.4) / (2.0 * 0.16)).cos(),
            _ => 0.0,
        };
        let derivative = (flow - self.previous_source) * self.sample_rate_hz / 4000.0;
        self.previous_source = flow;
        derivative
    }
}

/// A second-order resonator whose frequency may change at every sample.
#[derive(Clone, Copy, Debug, Default)]
struct Resonator {
    y1: f64,
    y2: f64,
}

impl Resonator {
    fn step(&mut self, input: f64, frequency_hz: f64, bandwidth_hz: f64, rate_hz: f64) -> f64 {
        let radius = (-PI * bandwidth_hz / rate_hz).exp();
        let feedback = 2.0 * radius * (TAU * frequency_hz / rate_hz).cos();
        let gain = 1.0 - feedback + radius * radius;
        let output = gain * input + feedback * self.y1 - radius * radius * self.y2;
        self.y2 = self.y1;
        self.y1 = output;
        output
    }
}

/// Marsaglia's xorshift: noise that is the same in every run.
struct Noise(u32);

impl Noise {
    /// The next value, -1 to 1.
    fn next(&mut self) -> f64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 17;
        self.0 ^= self.0 << 5;
        f64::from(self.0) / f64::from(u32::MAX) * 2.0 - 1.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_the_same_each_time_and_keeps_to_its_level() {
        let once = speak(EVEN, 48_000.0, 1.0);
        assert_eq!(once, speak(EVEN, 48_000.0, 1.0));
        let peak = once.iter().fold(0.0_f32, |peak, s| peak.max(s.abs()));
        assert!((peak - 0.3).abs() < 1e-3, "peak {peak}");
    }

    #[test]
    fn has_pauses() {
        let samples = speak(EVEN, 8_000.0, 3.0);
        let pause = &samples[(2.75 * 8_000.0) as usize..(2.95 * 8_000.0) as usize];
        assert!(pause.iter().all(|sample| sample.abs() < 1e-3));
    }

    #[test]
    fn is_finite_at_every_rate() {
        for rate_hz in [8_000.0, 22_050.0, 384_000.0] {
            let samples = speak(EXCITED, rate_hz, 0.5);
            assert_eq!(samples.len(), (rate_hz / 2.0) as usize);
            assert!(samples.iter().all(|sample| sample.is_finite()));
        }
    }
}
