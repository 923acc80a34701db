//! From the host's sample rate to the analysis rate, as a stream.

use crate::{ANALYSIS_RATE_HZ, AnalyzerError, MAX_SAMPLE_RATE_HZ, MIN_SAMPLE_RATE_HZ};
use rubato::{
    Async, FixedAsync, Resampler as _, SincInterpolationParameters, SincInterpolationType,
    WindowFunction, audioadapter_buffers::direct::SequentialSlice,
};

/// Input samples that are resampled at a time. Small, since it is latency: 1.3 ms at 48 kHz.
const CHUNK_SAMPLES: usize = 64;
/// Length of the anti-aliasing filter, in samples of the lower of the two rates.
const SINC_LENGTH: usize = 64;
/// -6 dB point of that filter relative to the lower Nyquist frequency: 7.6 kHz, where the highest mel band ends.
const CUTOFF: f32 = 0.95;

/// The length of the filter in samples of the input; a multiple of 8, as rubato needs.
fn sinc_length(ratio: f64) -> usize {
    SINC_LENGTH * (1.0 / ratio).ceil() as usize
}

/// A streaming resampler to [`ANALYSIS_RATE_HZ`], without the filter's delay: output sample `n` is the sound at `n / 16000` s,
/// to half an output sample.
///
/// Works through the input in chunks of its own, so the output does not depend on how the input is cut into blocks.
pub struct Resampler {
    /// Nothing where the input is at the analysis rate already.
    resampler: Option<Async<f32>>,
    chunk: Vec<f32>,
    output: Vec<f32>,
    delay_samples: usize,
    to_skip: usize,
}

impl Resampler {
    /// A resampler from `sample_rate_hz`.
    ///
    /// # Errors
    ///
    /// If the rate is not within [`MIN_SAMPLE_RATE_HZ`] and [`MAX_SAMPLE_RATE_HZ`].
    pub fn new(sample_rate_hz: f64) -> Result<Self, AnalyzerError> {
        if !(MIN_SAMPLE_RATE_HZ..=MAX_SAMPLE_RATE_HZ).contains(&sample_rate_hz) {
            return Err(AnalyzerError::SampleRate(sample_rate_hz));
        }
        let ratio = f64::from(ANALYSIS_RATE_HZ) / sample_rate_hz;
        let resampler = if ratio == 1.0 {
            None
        } else {
            let parameters = SincInterpolationParameters {
                sinc_len: sinc_length(ratio),
                f_cutoff: Some(CUTOFF),
                oversampling_factor: 256,
                interpolation: SincInterpolationType::Linear,
                window: WindowFunction::Blackman,
            };
            let resampler =
                Async::new_sinc(ratio, 1.0, &parameters, CHUNK_SAMPLES, 1, FixedAsync::Input)
                    .map_err(|_| AnalyzerError::SampleRate(sample_rate_hz))?;
            Some(resampler)
        };
        // Half the filter, less the one step that the resampler takes before its first output.
        let delay_samples = resampler.as_ref().map_or(0, |_| {
            let half_filter = (sinc_length(ratio) / 2) as f64;
            (half_filter * ratio - 1.0).round() as usize
        });
        let output_samples = resampler.as_ref().map_or(0, |r| r.output_frames_max());
        Ok(Self {
            resampler,
            chunk: Vec::with_capacity(CHUNK_SAMPLES),
            output: vec![0.0; output_samples],
            delay_samples,
            to_skip: delay_samples,
        })
    }

    /// Takes any number of samples; gives those that they complete to `emit`.
    pub fn push(&mut self, mut samples: &[f32], emit: &mut impl FnMut(f32)) {
        let Some(resampler) = &mut self.resampler else {
            samples.iter().copied().for_each(emit);
            return;
        };
        while !samples.is_empty() {
            let taken = samples.len().min(CHUNK_SAMPLES - self.chunk.len());
            let (now, later) = samples.split_at(taken);
            self.chunk.extend_from_slice(now);
            samples = later;
            if self.chunk.len() < CHUNK_SAMPLES {
                return;
            }
            let capacity = self.output.len();
            let input = SequentialSlice::new(&self.chunk, 1, CHUNK_SAMPLES);
            let output = SequentialSlice::new_mut(&mut self.output, 1, capacity);
            let (Ok(input), Ok(mut output)) = (input, output) else {
                unreachable!("the slices have the very lengths that are stated");
            };
            let (_, written) = resampler
                .process_into_buffer(&input, &mut output, None)
                .expect("one channel, and buffers of the sizes that the resampler asked for");
            let skipped = written.min(self.to_skip);
            self.to_skip -= skipped;
            self.output[skipped..written]
                .iter()
                .copied()
                .for_each(&mut *emit);
            self.chunk.clear();
        }
    }

    /// Forgets all samples.
    pub fn reset(&mut self) {
        if let Some(resampler) = &mut self.resampler {
            resampler.reset();
        }
        self.chunk.clear();
        self.to_skip = self.delay_samples;
    }
}

/// A whole clip at the analysis rate, to its last sample (the filter's tail is flushed with silence).
///
/// # Errors
///
/// As for [`Resampler::new`].
pub fn resample_all(samples: &[f32], sample_rate_hz: f64) -> Result<Vec<f32>, AnalyzerError> {
    let mut resampler = Resampler::new(sample_rate_hz)?;
    let expected =
        (samples.len() as f64 * f64::from(ANALYSIS_RATE_HZ) / sample_rate_hz).round() as usize;
    let mut output = Vec::with_capacity(expected);
    resampler.push(samples, &mut |sample| output.push(sample));
    let silence = [0.0; CHUNK_SAMPLES];
    while output.len() < expected {
        resampler.push(&silence, &mut |sample| output.push(sample));
    }
    output.truncate(expected);
    Ok(output)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::f64::consts::TAU;

    fn tone(hz: f64, rate_hz: f64, seconds: f64) -> Vec<f32> {
        (0..(rate_hz * seconds) as usize)
            .map(|n| (TAU * hz * n as f64 / rate_hz).sin() as f32)
            .collect()
    }

    #[test]
    fn a_tone_keeps_its_time_and_level_from_any_rate() {
        for rate_hz in [
            8_000.0, 11_025.0, 22_050.0, 44_100.0, 48_000.0, 96_000.0, 384_000.0,
        ] {
            let output = resample_all(&tone(100.0, rate_hz, 0.5), rate_hz).unwrap();
            assert!(output.len().abs_diff(8_000) <= 1, "from {rate_hz} Hz");
            for (n, &sample) in output.iter().enumerate().skip(1_000).take(6_000) {
                let expected = (TAU * 100.0 * n as f64 / 16_000.0).sin() as f32;
                assert!(
                    (sample - expected).abs() < 0.025,
                    "from {rate_hz} Hz, sample {n}: {sample}, expected {expected}"
                );
            }
        }
    }

    #[test]
    fn what_lies_above_8_khz_does_not_fold_into_the_bands() {
        let output = resample_all(&tone(9_000.0, 48_000.0, 0.5), 48_000.0).unwrap();
        let peak = output[1_000..7_000]
            .iter()
            .fold(0.0f32, |p, s| p.max(s.abs()));
        assert!(peak < 0.003, "{peak}");
    }

    #[test]
    fn rates_out_of_range_are_refused() {
        for rate_hz in [0.0, 7_999.0, 384_001.0, f64::NAN, f64::INFINITY, -48_000.0] {
            assert!(Resampler::new(rate_hz).is_err(), "{rate_hz}");
        }
    }
}
