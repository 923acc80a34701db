//! Chroma: how strong each of the twelve pitch classes sounds.

use crate::{ANALYSIS_RATE_HZ, trailing::Trailing};
use realfft::{RealFftPlanner, RealToComplex, num_complex::Complex32};
use std::{f32::consts::TAU, sync::Arc};

/// Pitch classes, from C up.
pub const CHROMA_BINS: usize = 12;
/// Samples that a frame sees: 128 ms, long enough to tell semitones apart from about 300 Hz up.
pub const CHROMA_WINDOW_SAMPLES: usize = 2048;
/// A frame whose strongest class has less power than this is silence: it stands for a sine at about -114 dB of full scale.
pub const CHROMA_SILENCE: f32 = 1e-6;
/// The A from which octaves and pitch classes are counted, in Hz: four octaves below 440 Hz.
const LOWEST_A_HZ: f64 = 27.5;
/// The octave that counts most (around 880 Hz, which is five above the lowest A), and how wide the bell around it is, in octaves.
const CENTRE_OCTAVE: f64 = 5.0;
const OCTAVE_WIDTH: f64 = 2.0;

/// The power in each pitch class relative to the strongest, C first.
pub type ChromaFrame = [f32; CHROMA_BINS];

/// Streaming chroma of samples at [`ANALYSIS_RATE_HZ`].
///
/// The power spectrum of a periodic Hann window of 2048 samples that ends with the frame, samples `160 k - 1648` to
/// `160 k + 399`, goes through the filter bank of Ellis (Chroma feature analysis and synthesis, 2007) as librosa has it: 440 Hz
/// is an A, each class a bell of about a semitone in each octave, each bin's weights have a root of squares of 1, and
/// octaves count by a bell around the fifth. Each frame is divided by its largest class; silence gives zeros. All memory is taken
/// at construction.
pub struct Chroma {
    trailing: Trailing,
    fft: Arc<dyn RealToComplex<f32>>,
    hann: Vec<f32>,
    /// `[bin][class]`: classes side by side are summed side by side.
    weights: Vec<ChromaFrame>,
    windowed: Vec<f32>,
    spectrum: Vec<Complex32>,
    scratch: Vec<Complex32>,
}

impl Chroma {
    /// An analysis that has heard nothing.
    #[must_use]
    pub fn new() -> Self {
        let fft = RealFftPlanner::<f32>::new().plan_fft_forward(CHROMA_WINDOW_SAMPLES);
        let length = CHROMA_WINDOW_SAMPLES as f32;
        Self {
            trailing: Trailing::new(CHROMA_WINDOW_SAMPLES),
            hann: (0..CHROMA_WINDOW_SAMPLES)
                .map(|n| 0.5 - 0.5 * (TAU * n as f32 / length).cos())
                .collect(),
            weights: (0..=CHROMA_WINDOW_SAMPLES / 2).map(bin_weights).collect(),
            windowed: fft.make_input_vec(),
            spectrum: fft.make_output_vec(),
            scratch: fft.make_scratch_vec(),
            fft,
        }
    }

    /// Forgets all samples.
    pub fn reset(&mut self) {
        self.trailing.reset();
    }

    /// Takes one sample; returns the classes when it completes a frame.
    pub fn push(&mut self, sample: f32) -> Option<ChromaFrame> {
        let samples = self.trailing.push(sample)?;
        for ((out, sample), weight) in self.windowed.iter_mut().zip(samples).zip(&self.hann) {
            *out = sample * weight;
        }
        self.fft
            .process_with_scratch(&mut self.windowed, &mut self.spectrum, &mut self.scratch)
            .expect("buffers were made by this very plan");
        let mut classes = [0.0; CHROMA_BINS];
        for (bin, weights) in self.spectrum.iter().zip(&self.weights) {
            let power = bin.norm_sqr();
            for (class, weight) in classes.iter_mut().zip(weights) {
                *class += weight * power;
            }
        }
        let largest = classes.iter().copied().fold(0.0, f32::max);
        // Samples that are no numbers are no sound either.
        let is_sound = largest >= CHROMA_SILENCE && largest.is_finite();
        Some(if is_sound {
            classes.map(|class| class / largest)
        } else {
            [0.0; CHROMA_BINS]
        })
    }
}

impl Default for Chroma {
    fn default() -> Self {
        Self::new()
    }
}

/// How much of a bin's power counts for each class.
fn bin_weights(bin: usize) -> ChromaFrame {
    let classes = CHROMA_BINS as f64;
    let pitch = semitones_above_lowest_a(bin);
    // Low bins are wider than a semitone, and count for as many classes as they span.
    let is_last = bin + 1 == CHROMA_WINDOW_SAMPLES;
    let width = if is_last {
        1.0
    } else {
        (semitones_above_lowest_a(bin + 1) - pitch).max(1.0)
    };
    // Counted from C, which is three semitones above A.
    let bells: [f64; CHROMA_BINS] = std::array::from_fn(|class| {
        let apart = (pitch - (class as f64 + 3.0) + 6.0).rem_euclid(classes) - 6.0;
        (-0.5 * (2.0 * apart / width).powi(2)).exp()
    });
    let norm = bells.iter().map(|bell| bell * bell).sum::<f64>().sqrt();
    let octave = pitch / classes;
    let octave_weight = (-0.5 * ((octave - CENTRE_OCTAVE) / OCTAVE_WIDTH).powi(2)).exp();
    bells.map(|bell| (bell / norm * octave_weight) as f32)
}

/// The pitch of a bin. That of 0 Hz is taken to be an octave and a half below the next one's.
fn semitones_above_lowest_a(bin: usize) -> f64 {
    let classes = CHROMA_BINS as f64;
    if bin == 0 {
        return semitones_above_lowest_a(1) - 1.5 * classes;
    }
    let hz = bin as f64 * f64::from(ANALYSIS_RATE_HZ) / CHROMA_WINDOW_SAMPLES as f64;
    classes * (hz / LOWEST_A_HZ).log2()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn last_frame(sample: impl Fn(f32) -> f32) -> ChromaFrame {
        let mut chroma = Chroma::new();
        let frames = (0..8_000).filter_map(|n| chroma.push(sample(n as f32 / 16_000.0)));
        frames.last().unwrap()
    }

    fn tone(hz: f32, time: f32) -> f32 {
        0.2 * (TAU * hz * time).sin()
    }

    #[test]
    fn a_tone_leads_its_class_in_every_octave() {
        for (hz, class) in [
            (220.0, 9),
            (440.0, 9),
            (880.0, 9),
            (1_760.0, 9),
            (261.63, 0),
            (523.25, 0),
            (369.99, 6),
        ] {
            let frame = last_frame(|time| tone(hz, time));
            assert_eq!(frame[class], 1.0, "{hz} Hz: {frame:?}");
            let others = (0..CHROMA_BINS).filter(|&other| other != class);
            assert!(
                others.map(|other| frame[other]).all(|value| value < 0.5),
                "{hz} Hz: {frame:?}"
            );
        }
    }

    #[test]
    fn a_chord_has_its_classes() {
        let frame = last_frame(|time| tone(523.25, time) + tone(659.26, time) + tone(783.99, time));
        for class in 0..CHROMA_BINS {
            assert_eq!(frame[class] > 0.4, [0, 4, 7].contains(&class), "{frame:?}");
        }
    }

    #[test]
    fn level_does_not_matter_and_silence_has_no_class() {
        let loud = last_frame(|time| tone(440.0, time));
        assert_eq!(loud, last_frame(|time| tone(440.0, time) / 1_024.0));
        assert_eq!(last_frame(|_| 0.0), [0.0; CHROMA_BINS]);
    }

    #[test]
    fn samples_that_are_no_numbers_are_no_sound_and_are_forgotten() {
        for bad in [f32::NAN, f32::INFINITY, f32::MAX] {
            let mut chroma = Chroma::new();
            let samples =
                std::iter::once(bad).chain((0..4_000).map(|n| tone(440.0, n as f32 / 16_000.0)));
            let frames: Vec<_> = samples.filter_map(|sample| chroma.push(sample)).collect();
            assert_eq!(frames[0], [0.0; CHROMA_BINS]);
            assert_eq!(frames.last().unwrap()[9], 1.0);
        }
    }
}
