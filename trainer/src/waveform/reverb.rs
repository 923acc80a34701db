//! A room: noise that dies away behind the direct sound.

use pathos_analysis::ANALYSIS_RATE_HZ;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};
use realfft::RealFftPlanner;

/// From the direct sound to the first of the reverberation, in seconds.
const PRE_DELAY_S: f32 = 0.01;

/// The samples in a room, as long as before: `rt60_s` is the time in which the reverberation falls by 60 dB, `direct_db` the
/// level of the direct sound relative to all of it. The sum has the power of the direct sound.
#[must_use]
pub fn reverb(samples: &[f32], rt60_s: f32, direct_db: f32, rng: &mut ChaCha8Rng) -> Vec<f32> {
    let response = response(rt60_s, direct_db, rng);
    let mut wet = convolve(samples, &response);
    wet.truncate(samples.len());
    wet
}

/// The response of the room to a click, of unit energy.
fn response(rt60_s: f32, direct_db: f32, rng: &mut ChaCha8Rng) -> Vec<f32> {
    let rate = ANALYSIS_RATE_HZ as f32;
    let delay = (PRE_DELAY_S * rate) as usize;
    let length = (rt60_s.max(0.01) * rate) as usize;
    let mut response = vec![0.0; delay + length];
    for (n, out) in response[delay..].iter_mut().enumerate() {
        let noise: f32 = StandardNormal.sample(rng);
        *out = noise * 10f32.powf(-3.0 * n as f32 / length as f32);
    }
    let energy: f32 = response.iter().map(|s| s * s).sum();
    let share = 1.0 / (1.0 + 10f32.powf(direct_db / 10.0));
    let scale = (share / energy.max(1e-20)).sqrt();
    response.iter_mut().for_each(|s| *s *= scale);
    response[0] += (1.0 - share).sqrt();
    response
}

/// The convolution of two signals, by Fourier transform.
fn convolve(a: &[f32], b: &[f32]) -> Vec<f32> {
    let length = a.len() + b.len();
    let size = length.next_power_of_two();
    let mut planner = RealFftPlanner::<f32>::new();
    let (forward, inverse) = (
        planner.plan_fft_forward(size),
        planner.plan_fft_inverse(size),
    );
    let spectrum = |signal: &[f32]| {
        let mut padded = forward.make_input_vec();
        padded[..signal.len()].copy_from_slice(signal);
        let mut spectrum = forward.make_output_vec();
        forward
            .process(&mut padded, &mut spectrum)
            .expect("buffers were made by this very plan");
        spectrum
    };
    let mut product = spectrum(a);
    for (value, other) in product.iter_mut().zip(spectrum(b)) {
        *value *= other / size as f32;
    }
    // The inverse of a real signal's spectrum: its first and last bin are real.
    for end in [0, size / 2] {
        product[end].im = 0.0;
    }
    let mut output = inverse.make_output_vec();
    inverse
        .process(&mut product, &mut output)
        .expect("buffers were made by this very plan");
    output.truncate(length);
    output
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;

    fn rng() -> ChaCha8Rng {
        ChaCha8Rng::seed_from_u64(9)
    }

    #[test]
    fn the_tail_falls_by_sixty_decibels_in_its_time() {
        for rt60_s in [0.2, 0.5, 1.2] {
            let mut click = vec![0.0; 32_000];
            click[0] = 1.0;
            let tail = reverb(&click, rt60_s, 0.0, &mut rng());
            let level = |share: f32| {
                let at = ((PRE_DELAY_S + share * rt60_s) * 16_000.0) as usize;
                let width = (0.1 * rt60_s * 16_000.0) as usize;
                let power: f32 = tail[at..at + width].iter().map(|s| s * s).sum();
                10.0 * power.log10()
            };
            // Over 0.6 of the time it falls by 36 dB.
            let fall = level(0.1) - level(0.7);
            assert!((fall / 36.0 - 1.0).abs() < 0.15, "{fall} dB at {rt60_s} s");
        }
    }

    #[test]
    fn direct_sound_and_room_have_their_ratio() {
        for direct_db in [-6.0, 0.0, 12.0] {
            let response = response(0.4, direct_db, &mut rng());
            let room: f32 = response[1..].iter().map(|s| s * s).sum();
            let found = 10.0 * (response[0] * response[0] / room).log10();
            assert!(
                (found - direct_db).abs() < 0.1,
                "{found} for {direct_db} dB"
            );
        }
    }

    #[test]
    fn a_convolution_with_a_click_is_a_delay() {
        let found = convolve(&[1.0, 2.0, 3.0], &[0.0, 0.0, 1.0]);
        for (found, expected) in found.iter().zip([0.0, 0.0, 1.0, 2.0, 3.0, 0.0]) {
            assert!((found - expected).abs() < 1e-5);
        }
    }
}
