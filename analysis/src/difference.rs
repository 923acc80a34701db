//! The cumulative mean normalised difference function of YIN (de Cheveigné & Kawahara, JASA 111(4), 2002): how unlike a sound
//! is to what it was some samples before.

use realfft::{ComplexToReal, RealFftPlanner, RealToComplex, num_complex::Complex32};
use std::sync::Arc;

/// Samples that are compared: 32 ms, nearly two periods of the lowest voices.
pub(crate) const INTEGRATION_SAMPLES: usize = 512;

/// Works out the function for all lags at once. All memory is taken at construction.
pub(crate) struct Difference {
    forward: Arc<dyn RealToComplex<f32>>,
    inverse: Arc<dyn ComplexToReal<f32>>,
    /// What goes into a transform and comes out of one.
    signal: Vec<f32>,
    all: Vec<Complex32>,
    newest: Vec<Complex32>,
    scratch: Vec<Complex32>,
    /// The sum of squares of the samples before each.
    energy: Vec<f64>,
    /// The result; of lag 0, 1.
    normalised: Vec<f32>,
}

impl Difference {
    /// For lags from 0 to `longest`.
    pub(crate) fn new(longest: usize) -> Self {
        let samples = INTEGRATION_SAMPLES + longest;
        // No product wraps around: a transform as long as the samples would do.
        let length = samples.next_power_of_two();
        let mut planner = RealFftPlanner::<f32>::new();
        let forward = planner.plan_fft_forward(length);
        let inverse = planner.plan_fft_inverse(length);
        let scratch = forward.get_scratch_len().max(inverse.get_scratch_len());
        Self {
            signal: forward.make_input_vec(),
            all: forward.make_output_vec(),
            newest: forward.make_output_vec(),
            scratch: vec![Complex32::default(); scratch],
            energy: vec![0.0; samples + 1],
            normalised: vec![1.0; longest + 1],
            forward,
            inverse,
        }
    }

    /// The function of each lag, from 512 samples and as many before them as the longest lag, oldest first.
    pub(crate) fn of(&mut self, samples: &[f32]) -> &[f32] {
        // An offset makes no difference, but would cost digits of it.
        let mean = samples.iter().sum::<f32>() / samples.len() as f32;
        let mut energy = 0.0;
        for (out, sample) in self.energy[1..].iter_mut().zip(samples) {
            energy += f64::from(sample - mean).powi(2);
            *out = energy;
        }
        self.correlate(samples, mean);

        // Equation 1: the sum of (x[j] - x[j - lag])^2 is two energies less twice a product. Then equation 8.
        let longest = self.normalised.len() - 1;
        let energy_from =
            |start: usize| self.energy[start + INTEGRATION_SAMPLES] - self.energy[start];
        let newest = energy_from(longest);
        let scale = 2.0 / self.signal.len() as f64;
        let mut sum = 0.0;
        for lag in 1..=longest {
            let product = scale * f64::from(self.signal[longest - lag]);
            // Rounding may take that of a perfect period below 0.
            let difference = (newest + energy_from(longest - lag) - product).max(0.0);
            sum += difference;
            self.normalised[lag] = if sum > 0.0 {
                (difference * lag as f64 / sum) as f32
            } else {
                1.0
            };
        }
        &self.normalised
    }

    /// Leaves in `signal`, at each start, the sum of products of the newest samples and those from there on, times the
    /// transform's length.
    fn correlate(&mut self, samples: &[f32], mean: f32) {
        let longest = self.normalised.len() - 1;
        for (part, spectrum) in [
            (&samples[longest..], &mut self.newest),
            (samples, &mut self.all),
        ] {
            self.signal.fill(0.0);
            for (out, sample) in self.signal.iter_mut().zip(part) {
                *out = sample - mean;
            }
            self.forward
                .process_with_scratch(&mut self.signal, spectrum, &mut self.scratch)
                .expect("buffers were made by this very plan");
        }
        for (all, newest) in self.all.iter_mut().zip(&self.newest) {
            *all *= newest.conj();
        }
        // The lowest and the highest bin are real, which the inverse insists on even where samples are no numbers.
        let last = self.all.len() - 1;
        self.all[0].im = 0.0;
        self.all[last].im = 0.0;
        self.inverse
            .process_with_scratch(&mut self.all, &mut self.signal, &mut self.scratch)
            .expect("buffers fit, and the outer bins are real");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_what_the_paper_sums() {
        let longest = 268;
        let samples: Vec<f32> = (0..INTEGRATION_SAMPLES + longest)
            .map(|n| (n as f32 * 0.07).sin() + 0.3 * ((n * n) as f32 * 0.011).sin() + 0.2)
            .collect();
        let mut difference = Difference::new(longest);
        let found = difference.of(&samples);
        let mut sum = 0.0;
        assert_eq!(found.len(), longest + 1);
        for lag in 1..=longest {
            let own: f64 = (longest..samples.len())
                .map(|at| f64::from(samples[at] - samples[at - lag]).powi(2))
                .sum();
            sum += own;
            let expected = own * lag as f64 / sum;
            assert!(
                (f64::from(found[lag]) - expected).abs() < 1e-4,
                "lag {lag}: {} for {expected}",
                found[lag]
            );
        }
    }
}
