//! Chroma: how strong each of the twelve pitch classes sounds.

use crate::{ANALYSIS_RATE_HZ, trailing::Trailing};
use realfft::{RealFftPlanner, RealToComplex, num_complex::Complex32};
use std::{f32::consts::TAU, sync::Arc};

/// Pitch classes, from C up.
pub const CHROMA_BINS: usize = 12;
/// Samples that a frame sees: 128 ms, long enough to tell semitones apart from about 200 Hz up.
pub const CHROMA_WINDOW_SAMPLES: usize = 2048;
/// The octave that counts most (about 440 Hz to 880 Hz), and how wide the bell around it is, in octaves.
const CENTRE_OCTAVE: f32 = 5.0;
const OCTAVE_WIDTH: f32 = 2.0;
/// A frame whose strongest class has less power than this is silence.
const SILENCE: f32 = 1e-6;

/// Streaming chroma of samples at [`ANALYSIS_RATE_HZ`].
///
/// The filter bank is that of Ellis (Chroma feature analysis and synthesis, 2007), as librosa has it: tuning 440 Hz, each
/// class a bell of a semitone in each octave, octaves weighed by a bell around the fifth. Each frame is divided by its largest
/// class; silence gives zeros. Frame `k` sees 2048 samples up to sample `160 k + 399`.
pub struct Chroma {
    trailing: Trailing,
    fft: Arc<dyn RealToComplex<f32>>,
    hann: Vec<f32>,
    /// `[class][bin]`.
    filters: Vec<Vec<f32>>,
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
            filters: filters(),
            windowed: fft.make_input_vec(),
            spectrum: fft.make_output_vec(),
            scratch: fft.make_scratch_vec(),
            fft,
        }
    }

    /// Takes one sample; returns the classes when it completes a frame.
    pub fn push(&mut self, sample: f32) -> Option<[f32; CHROMA_BINS]> {
        let samples = self.trailing.push(sample)?;
        for ((out, sample), weight) in self.windowed.iter_mut().zip(samples).zip(&self.hann) {
            *out = sample * weight;
        }
        self.fft
            .process_with_scratch(&mut self.windowed, &mut self.spectrum, &mut self.scratch)
            .expect("buffers were made by this very plan");
        let strength = |filter: &Vec<f32>| -> f32 {
            let bins = filter.iter().zip(&self.spectrum);
            bins.map(|(weight, bin)| weight * bin.norm_sqr()).sum()
        };
        let classes: [f32; CHROMA_BINS] =
            std::array::from_fn(|class| strength(&self.filters[class]));
        let largest = classes.iter().fold(0.0f32, |a, b| a.max(*b));
        Some(if largest < SILENCE {
            [0.0; CHROMA_BINS]
        } else {
            classes.map(|class| class / largest)
        })
    }
}

impl Default for Chroma {
    fn default() -> Self {
        Self::new()
    }
}

fn filters() -> Vec<Vec<f32>> {
    let classes = CHROMA_BINS as f32;
    // The pitch of each bin in semitones above 27.5 Hz (an A); what is below the first bin has no pitch.
    let pitch = |bin: usize| {
        let hz =
            |bin: usize| (bin * ANALYSIS_RATE_HZ as usize) as f32 / CHROMA_WINDOW_SAMPLES as f32;
        let semitones = |bin: usize| classes * (hz(bin) / 27.5).log2();
        if bin == 0 {
            semitones(1) - 1.5 * classes
        } else {
            semitones(bin)
        }
    };
    let mut filters = vec![vec![0.0; CHROMA_WINDOW_SAMPLES / 2 + 1]; CHROMA_BINS];
    for bin in 0..=CHROMA_WINDOW_SAMPLES / 2 {
        let width = (pitch(bin + 1) - pitch(bin)).max(1.0);
        let mut weights: [f32; CHROMA_BINS] = std::array::from_fn(|class| {
            let apart = (pitch(bin) - class as f32 + 6.0).rem_euclid(classes) - 6.0;
            (-0.5 * (2.0 * apart / width).powi(2)).exp()
        });
        let norm = weights
            .iter()
            .map(|weight| weight * weight)
            .sum::<f32>()
            .sqrt();
        let octave = pitch(bin) / classes;
        let bell = (-0.5 * ((octave - CENTRE_OCTAVE) / OCTAVE_WIDTH).powi(2)).exp();
        weights.iter_mut().for_each(|weight| *weight *= bell / norm);
        // Counted from A so far; the first class is C, three semitones above.
        for (class, filter) in filters.iter_mut().enumerate() {
            filter[bin] = weights[(class + 3) % CHROMA_BINS];
        }
    }
    filters
}

#[cfg(test)]
mod tests {
    use super::*;

    fn last_frame(hz: &[f32]) -> [f32; CHROMA_BINS] {
        let mut chroma = Chroma::new();
        let tones = (0..8_000).map(|n| {
            let time = n as f32 / 16_000.0;
            hz.iter().map(|hz| 0.2 * (TAU * hz * time).sin()).sum()
        });
        tones
            .filter_map(|sample| chroma.push(sample))
            .last()
            .unwrap()
    }

    #[test]
    fn a_tone_leads_its_class_in_every_octave() {
        for (hz, class) in [
            (220.0, 9),
            (440.0, 9),
            (880.0, 9),
            (261.63, 0),
            (523.25, 0),
            (369.99, 6),
        ] {
            let frame = last_frame(&[hz]);
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
        let frame = last_frame(&[523.25, 659.26, 783.99]);
        for class in 0..CHROMA_BINS {
            assert_eq!(frame[class] > 0.4, [0, 4, 7].contains(&class), "{frame:?}");
        }
    }

    #[test]
    fn silence_has_no_class() {
        assert_eq!(last_frame(&[]), [0.0; CHROMA_BINS]);
    }
}
