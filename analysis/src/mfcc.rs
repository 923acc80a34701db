//! Mel-frequency cepstral coefficients (Davis & Mermelstein, IEEE Trans. ASSP 28(4), 1980): the shape of a log-mel row in few,
//! nearly independent numbers.

use crate::log_mel::{MEL_BANDS, MelFrame};
use serde::{Deserialize, Serialize};
use std::f64::consts::PI;

/// How many coefficients are kept, the lowest first.
pub const MFCC_COEFFICIENTS: usize = 20;

/// The coefficients of a frame, in nepers of power times the root of the number of bands. The first is the level.
pub type MfccFrame = [f32; MFCC_COEFFICIENTS];

/// Everything that decides the coefficients of a given log-mel row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MfccSettings {
    /// Mel bands that go in.
    pub mel_bands: usize,
    /// Coefficients that come out.
    pub coefficients: usize,
}

impl Default for MfccSettings {
    fn default() -> Self {
        Self {
            mel_bands: MEL_BANDS,
            coefficients: MFCC_COEFFICIENTS,
        }
    }
}

/// The orthonormal DCT-II of log-mel rows: `c[k] = s[k] sum_b x[b] cos(pi k (b + 1/2) / 64)`, with `s[0] = sqrt(1/64)` and
/// `s[k] = sqrt(2/64)`. No liftering.
#[derive(Clone, Debug)]
pub struct Mfcc {
    /// `[coefficient][band]`.
    basis: Vec<MelFrame>,
}

impl Mfcc {
    /// The transform with the [default settings](MfccSettings::default), which are the only ones that a build runs.
    #[must_use]
    pub fn new() -> Self {
        let settings = MfccSettings::default();
        let bands = settings.mel_bands as f64;
        let row = |coefficient: usize| -> MelFrame {
            let scale = if coefficient == 0 { 1.0 } else { 2.0 };
            std::array::from_fn(|band| {
                let angle = PI * coefficient as f64 * (band as f64 + 0.5) / bands;
                ((scale / bands).sqrt() * angle.cos()) as f32
            })
        };
        Self {
            basis: (0..settings.coefficients).map(row).collect(),
        }
    }

    /// The coefficients of a row of natural logarithms of power.
    #[must_use]
    pub fn of(&self, log_mel: &MelFrame) -> MfccFrame {
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
        assert!(
            (first - 2.0 * 8.0).abs() < 1e-5,
            "{first}: the level times the root of 64"
        );
        assert!(rest.iter().all(|coefficient| coefficient.abs() < 1e-5));
    }

    #[test]
    fn the_basis_is_orthonormal() {
        let mfcc = Mfcc::new();
        for coefficient in 0..MFCC_COEFFICIENTS {
            for (at, value) in mfcc.of(&mfcc.basis[coefficient]).iter().enumerate() {
                let expected = if at == coefficient { 1.0 } else { 0.0 };
                assert!((value - expected).abs() < 1e-5);
            }
        }
    }

    #[test]
    fn a_tilt_towards_the_low_bands_is_a_positive_second_coefficient() {
        let tilt = std::array::from_fn(|band| -(band as f32));
        assert!(Mfcc::new().of(&tilt)[1] > 50.0);
    }

    #[test]
    fn settings_with_unknown_keys_are_refused() {
        let settings = MfccSettings::default();
        let json = serde_json::to_string(&settings).unwrap();
        assert_eq!(
            serde_json::from_str::<MfccSettings>(&json).unwrap(),
            settings
        );
        let more = json.replace('}', r#","liftering":22}"#);
        assert!(serde_json::from_str::<MfccSettings>(&more).is_err());
    }
}
