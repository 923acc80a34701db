//! Log-mel frames: the recogniser's view of the sound.
//!
//! 64 bands from 50 Hz to 7600 Hz (so that a resampler's transition to 8 kHz stays out of view), a 25 ms Hann window every
//! 10 ms. The mel scale is that of the HTK book (O'Shaughnessy): `2595 log10(1 + f / 700)`; triangular filters of unit peak.

use realfft::{RealFftPlanner, RealToComplex, num_complex::Complex32};
use serde::{Deserialize, Serialize};
use std::{f32::consts::TAU, sync::Arc};
use wide::f32x8;

/// How many mel bands a frame has.
pub const MEL_BANDS: usize = 64;

/// The natural logarithm of the power in each mel band, lowest band first.
pub type MelFrame = [f32; MEL_BANDS];

/// Samples at the analysis rate from one frame to the next: 10 ms.
pub const FRAME_HOP_SAMPLES: usize = 160;
/// Samples at the analysis rate that one frame sees: 25 ms.
pub const FRAME_WINDOW_SAMPLES: usize = 400;
const FFT_SAMPLES: usize = 512;
/// Power added to each band before the logarithm: about -100 dB below a full-scale sine in a band.
const POWER_FLOOR: f32 = 1e-7;

/// Everything that decides a log-mel frame. A model states the settings it was trained with, and is refused by a build whose
/// settings differ.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogMelSettings {
    /// Sample rate of the analysis, in Hz.
    pub sample_rate_hz: u32,
    /// Length of a frame's window, in samples.
    pub window_samples: usize,
    /// From one frame to the next, in samples.
    pub hop_samples: usize,
    /// Length of the Fourier transform, in samples.
    pub fft_samples: usize,
    /// Number of mel bands.
    pub mel_bands: usize,
    /// Lower edge of the lowest band, in Hz.
    pub low_hz: f32,
    /// Upper edge of the highest band, in Hz.
    pub high_hz: f32,
    /// Power added before the logarithm.
    pub power_floor: f32,
}

impl Default for LogMelSettings {
    fn default() -> Self {
        Self {
            sample_rate_hz: crate::ANALYSIS_RATE_HZ,
            window_samples: FRAME_WINDOW_SAMPLES,
            hop_samples: FRAME_HOP_SAMPLES,
            fft_samples: FFT_SAMPLES,
            mel_bands: MEL_BANDS,
            low_hz: 50.0,
            high_hz: 7600.0,
            power_floor: POWER_FLOOR,
        }
    }
}

/// One triangular filter: the first FFT bin that it weighs, and the weights from there.
struct MelFilter {
    first_bin: usize,
    weights: Vec<f32>,
}

/// A frame as it leaves [`LogMel`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LeveledMelFrame {
    /// Log-mel power.
    pub log_mel: MelFrame,
    /// Level of the frame in the speech band, in dB relative to a full-scale sine.
    pub level_db: f32,
}

/// Streaming log-mel analysis of samples at [`ANALYSIS_RATE_HZ`](crate::ANALYSIS_RATE_HZ).
///
/// Frame `k` sees the samples from `160 k` to `160 k + 400`. All memory is taken at construction.
pub struct LogMel {
    fft: Arc<dyn RealToComplex<f32>>,
    hann: Vec<f32>,
    filters: Vec<MelFilter>,
    power_floor: f32,
    level_scale: f32,
    history: Vec<f32>,
    windowed: Vec<f32>,
    spectrum: Vec<Complex32>,
    scratch: Vec<Complex32>,
    power: Vec<f32>,
}

impl LogMel {
    /// An analysis with the [default settings](LogMelSettings::default), which are the only ones that a build runs.
    #[must_use]
    pub fn new() -> Self {
        let settings = LogMelSettings::default();
        let fft = RealFftPlanner::<f32>::new().plan_fft_forward(settings.fft_samples);
        let hann: Vec<f32> = (0..settings.window_samples)
            .map(|n| 0.5 - 0.5 * (TAU * n as f32 / settings.window_samples as f32).cos())
            .collect();
        let hann_energy: f32 = hann.iter().map(|w| w * w).sum();
        Self {
            hann,
            filters: mel_filters(&settings),
            power_floor: settings.power_floor,
            // Parseval over the one-sided spectrum; a full-scale sine has a mean square of 1/2.
            level_scale: 4.0 / (settings.fft_samples as f32 * hann_energy),
            history: Vec::with_capacity(settings.window_samples),
            windowed: fft.make_input_vec(),
            spectrum: fft.make_output_vec(),
            scratch: fft.make_scratch_vec(),
            power: vec![0.0; settings.fft_samples / 2 + 1],
            fft,
        }
    }

    /// Forgets all samples.
    pub fn reset(&mut self) {
        self.history.clear();
    }

    /// Takes one sample; returns a frame when it completes one.
    pub fn push(&mut self, sample: f32) -> Option<LeveledMelFrame> {
        self.history.push(sample);
        if self.history.len() < FRAME_WINDOW_SAMPLES {
            return None;
        }
        let history = std::mem::take(&mut self.history);
        let frame = self.analyse(&history);
        self.history = history;
        self.history.copy_within(FRAME_HOP_SAMPLES.., 0);
        self.history
            .truncate(FRAME_WINDOW_SAMPLES - FRAME_HOP_SAMPLES);
        Some(frame)
    }

    /// The frame of [`FRAME_WINDOW_SAMPLES`] samples.
    fn analyse(&mut self, samples: &[f32]) -> LeveledMelFrame {
        for ((out, sample), weight) in self.windowed.iter_mut().zip(samples).zip(&self.hann) {
            *out = sample * weight;
        }
        // The transform has used it as scratch.
        self.windowed[FRAME_WINDOW_SAMPLES..].fill(0.0);
        self.fft
            .process_with_scratch(&mut self.windowed, &mut self.spectrum, &mut self.scratch)
            .expect("buffers were made by this very plan");
        for (power, bin) in self.power.iter_mut().zip(&self.spectrum) {
            *power = bin.norm_sqr();
        }

        let mut log_mel = [0.0; MEL_BANDS];
        for (band, filter) in log_mel.iter_mut().zip(&self.filters) {
            let bins = &self.power[filter.first_bin..];
            *band = dot(&filter.weights, bins) + self.power_floor;
        }
        for eight in log_mel.as_chunks_mut::<8>().0 {
            *eight = f32x8::new(*eight).ln().to_array();
        }
        // 93.75 Hz to 4 kHz: the band that carries the voice and leaves hum and rumble out.
        let speech_power = dot(&[1.0; 125], &self.power[3..]);
        LeveledMelFrame {
            log_mel,
            level_db: 10.0 * (speech_power * self.level_scale + 1e-12).log10(),
        }
    }
}

impl Default for LogMel {
    fn default() -> Self {
        Self::new()
    }
}

/// The sum of products, in four sums that a processor works out at once.
fn dot(weights: &[f32], values: &[f32]) -> f32 {
    let mut sums = [0.0f32; 4];
    let (fours, rest) = weights.as_chunks::<4>();
    let (own, _) = values.as_chunks::<4>();
    for (weights, values) in fours.iter().zip(own) {
        for ((sum, weight), value) in sums.iter_mut().zip(weights).zip(values) {
            *sum += weight * value;
        }
    }
    let tail = rest.iter().zip(&values[4 * fours.len()..]);
    let tail: f32 = tail.map(|(weight, value)| weight * value).sum();
    (sums[0] + sums[1]) + (sums[2] + sums[3]) + tail
}

fn hz_to_mel(hz: f32) -> f32 {
    2595.0 * (1.0 + hz / 700.0).log10()
}

fn mel_to_hz(mel: f32) -> f32 {
    700.0 * (10f32.powf(mel / 2595.0) - 1.0)
}

/// The lower edge of a band, which is the centre of the one below it and the upper edge of the one below that.
fn edge_hz(settings: &LogMelSettings, band: usize) -> f32 {
    let (low, high) = (hz_to_mel(settings.low_hz), hz_to_mel(settings.high_hz));
    mel_to_hz(low + (high - low) * band as f32 / (settings.mel_bands + 1) as f32)
}

/// The frequency in the middle of each band.
#[must_use]
pub fn centres_hz() -> MelFrame {
    let settings = LogMelSettings::default();
    std::array::from_fn(|band| edge_hz(&settings, band + 1))
}

fn mel_filters(settings: &LogMelSettings) -> Vec<MelFilter> {
    let edge_hz = |band| edge_hz(settings, band);
    let bin_hz = settings.sample_rate_hz as f32 / settings.fft_samples as f32;
    (0..settings.mel_bands)
        .map(|band| {
            let (left, centre, right) = (edge_hz(band), edge_hz(band + 1), edge_hz(band + 2));
            let weight = |bin: usize| {
                let hz = bin as f32 * bin_hz;
                ((hz - left) / (centre - left))
                    .min((right - hz) / (right - centre))
                    .max(0.0)
            };
            let bins = 0..settings.fft_samples / 2 + 1;
            // The lowest triangles are narrower than a bin and may fall between two: those take the nearest bin.
            let first_bin = bins
                .clone()
                .find(|&bin| weight(bin) > 0.0)
                .unwrap_or((centre / bin_hz).round() as usize);
            let weights: Vec<f32> = (first_bin..bins.end)
                .map(weight)
                .take_while(|&w| w > 0.0)
                .collect();
            let weights = if weights.is_empty() {
                vec![1.0]
            } else {
                weights
            };
            MelFilter { first_bin, weights }
        })
        .collect()
}

/// The log-mel frames of a whole clip at the analysis rate, one row per 10 ms.
#[must_use]
pub fn log_mel_of(samples: &[f32]) -> Vec<MelFrame> {
    let mut analysis = LogMel::new();
    samples
        .windows(FRAME_WINDOW_SAMPLES)
        .step_by(FRAME_HOP_SAMPLES)
        .map(|window| analysis.analyse(window).log_mel)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sine(hz: f32, amplitude: f32, seconds: f32) -> Vec<f32> {
        (0..(16_000.0 * seconds) as usize)
            .map(|n| amplitude * (TAU * hz * n as f32 / 16_000.0).sin())
            .collect()
    }

    #[test]
    fn a_tone_peaks_in_the_band_around_it() {
        let settings = LogMelSettings::default();
        let (low, high) = (hz_to_mel(settings.low_hz), hz_to_mel(settings.high_hz));
        for hz in [220.0, 440.0, 1000.0, 3000.0, 7000.0] {
            let expected = (hz_to_mel(hz) - low) / (high - low) * 65.0 - 1.0;
            for frame in log_mel_of(&sine(hz, 0.5, 0.5)) {
                let peak = (0..MEL_BANDS)
                    .max_by(|&a, &b| frame[a].total_cmp(&frame[b]))
                    .unwrap();
                assert!(
                    (peak as f32 - expected).abs() <= 1.0,
                    "{hz} Hz peaked in band {peak}, expected about {expected}"
                );
            }
        }
    }

    #[test]
    fn level_is_relative_to_a_full_scale_sine() {
        let mut analysis = LogMel::new();
        for (amplitude, expected_db) in [(1.0, 0.0), (0.1, -20.0), (0.001, -60.0)] {
            let last = sine(1000.0, amplitude, 0.2)
                .into_iter()
                .filter_map(|sample| analysis.push(sample))
                .last()
                .unwrap();
            assert!(
                (last.level_db - expected_db).abs() < 0.2,
                "{} for {expected_db}",
                last.level_db
            );
            analysis.reset();
        }
    }

    #[test]
    fn frames_come_every_ten_milliseconds() {
        assert_eq!(log_mel_of(&vec![0.0; 399]).len(), 0);
        assert_eq!(log_mel_of(&vec![0.0; 400]).len(), 1);
        assert_eq!(log_mel_of(&vec![0.0; 560]).len(), 2);
        assert_eq!(log_mel_of(&vec![0.0; 16_000]).len(), 98);
    }

    #[test]
    fn silence_is_finite_and_every_band_hears_something() {
        assert!(
            log_mel_of(&vec![0.0; 800])
                .iter()
                .flatten()
                .all(|band| band.is_finite())
        );
        let mut impulse = vec![0.0; 400];
        impulse[200] = 1.0;
        let frame = log_mel_of(&impulse)[0];
        assert!(frame.iter().all(|&band| band > POWER_FLOOR.ln() + 1.0));
    }

    #[test]
    fn a_whole_clip_has_the_frames_of_its_stream() {
        let samples: Vec<f32> = (0..9_000).map(|n| ((n * n) as f32 * 1e-4).sin()).collect();
        let mut analysis = LogMel::new();
        let stream = samples.iter().filter_map(|&sample| analysis.push(sample));
        let stream: Vec<MelFrame> = stream.map(|frame| frame.log_mel).collect();
        assert_eq!(log_mel_of(&samples), stream);
    }
}
