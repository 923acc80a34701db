//! Powers by their natural logarithms, in nepers of power.

/// Nepers of power in a decibel.
pub const NEPERS_PER_DB: f32 = std::f32::consts::LN_10 / 10.0;

/// The sum of two powers.
#[must_use]
pub fn sum(a: f32, b: f32) -> f32 {
    let (larger, smaller) = (a.max(b), a.min(b));
    larger + (smaller - larger).exp().ln_1p()
}

/// The mean of some powers.
#[must_use]
pub(crate) fn mean(powers: &[f32]) -> f32 {
    // Relative to the loudest, so that no exponential overflows.
    let loudest = powers.iter().fold(f32::MIN, |a, b| a.max(*b));
    let relative = powers.iter().map(|power| (power - loudest).exp());
    loudest + (relative.sum::<f32>() / powers.len() as f32).ln()
}
