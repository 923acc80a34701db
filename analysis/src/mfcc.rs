//! Mel-frequency cepstral coefficients (Davis & Mermelstein, 1980): the orthonormal DCT-II of a log-mel row.

use crate::log_mel::{MEL_BANDS, MelFrame};
use std::f32::consts::PI;

/// How many coefficients are kept, the lowest first.
pub const MFCC_COEFFICIENTS: usize = 20;

/// The transform of a log-mel row, of the natural logarithm of power, to its coefficients.
#[derive(Clone, Debug)]
pub struct Mfcc {
    /// `[coefficient][band]`.
    basis: Vec<MelFrame>,
}

impl Mfcc {
    /// The transform.
    #[must_use]
    pub fn new() -> Self {
        let bands = MEL_BANDS as f32;
        let row = |coefficient: usize| -> MelFrame {
            let scale = if coefficient == 0 { 1.0 } else { 2.0 };
            std::array::from_fn(|band| {
                let angle = PI * coefficient as f32 * (band as f32 + 0.5) / bands;
                (scale / bands).sqrt() * angle.cos()
            })
        };
        Self {
            basis: (0..MFCC_COEFFICIENTS).map(row).collect(),
        }
    }

    /// The coefficients of a row.
    #[must_use]
    pub fn of(&self, log_mel: &MelFrame) -> [f32; MFCC_COEFFICIENTS] {
        let product = |basis: &MelFrame| basis.iter().zip(log_mel).map(|(a, b)| a * b).sum();
        std::array::from_fn(|coefficient| product(&self.basis[coefficient]))
    }
}

impl Default for Mfcc {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_level_is_the_first_coefficient_alone() {
        let [first, rest @ ..] = Mfcc::new().of(&[2.0; MEL_BANDS]);
        assert!((first - 2.0 * 8.0).abs() < 1e-4, "the root of 64 bands");
        assert!(rest.iter().all(|coefficient| coefficient.abs() < 1e-4));
    }

    #[test]
    fn a_cosine_over_the_bands_is_its_coefficient_alone() {
        let mfcc = Mfcc::new();
        for coefficient in 1..MFCC_COEFFICIENTS {
            let found = mfcc.of(&mfcc.basis[coefficient]);
            for (at, value) in found.iter().enumerate() {
                let expected = if at == coefficient { 1.0 } else { 0.0 };
                assert!((value - expected).abs() < 1e-4);
            }
        }
    }
}
