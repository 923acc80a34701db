//! Another tempo at the same pitch, by WSOLA (Verhelst & Roelands, ICASSP 1993): frames are laid at another distance than they
//! were taken at, each from where the sound best goes on from the frame before.

/// Samples of a frame: 40 ms, two periods of a low voice or more.
const FRAME: usize = 640;
/// From one frame to the next in the output: half a frame, so that Hann windows sum to 1.
const HOP: usize = FRAME / 2;
/// How far from its place a frame may be taken: 10 ms to each side, a period of a low voice.
const REACH: usize = 160;
/// Places and samples that are skipped where the best place is looked for roughly: a quarter of the rate still holds the
/// periods and the first formants of a voice.
const ROUGH: usize = 4;
/// Samples that are skipped where it is looked for closely; the voice has little above 4 kHz.
const CLOSE: usize = 2;

/// The samples in `factor` times their duration.
#[must_use]
pub fn stretch(samples: &[f32], factor: f32) -> Vec<f32> {
    let length = (samples.len() as f32 * factor).round() as usize;
    if samples.len() < 2 * FRAME {
        // Shorter than a few periods there is no tempo: the end is cut, or followed by silence.
        let mut samples = samples.to_vec();
        samples.resize(length.max(usize::from(!samples.is_empty())), 0.0);
        return samples;
    }
    // Silence around, so that frames at the ends are whole.
    let margin = FRAME + REACH;
    let mut padded = vec![0.0; samples.len() + 3 * margin];
    padded[margin..margin + samples.len()].copy_from_slice(samples);
    let window: Vec<f32> = (0..FRAME)
        .map(|n| 0.5 - 0.5 * (std::f32::consts::TAU * n as f32 / FRAME as f32).cos())
        .collect();

    let mut output = vec![0.0; length + FRAME + HOP];
    let mut continuation: Option<usize> = None;
    // The first frame ends where the second begins to be whole: half a frame before the start.
    for place in (0..length + HOP).step_by(HOP) {
        let centre = (place as f32 - HOP as f32) / factor;
        let ideal = (margin as f32 + centre).round().max(REACH as f32) as usize;
        let ideal = ideal.min(padded.len() - FRAME - REACH - 1);
        let from = match continuation {
            None => ideal,
            Some(natural) => best(&padded, natural.min(padded.len() - FRAME), ideal),
        };
        let frame = &padded[from..from + FRAME];
        for ((out, sample), weight) in output[place..].iter_mut().zip(frame).zip(&window) {
            *out += sample * weight;
        }
        continuation = Some(from + HOP);
    }
    output.drain(..HOP);
    output.truncate(length);
    output
}

/// The place near `ideal` whose frame is most like that at `natural`: looked for roughly, then closely.
fn best(samples: &[f32], natural: usize, ideal: usize) -> usize {
    let wanted = &samples[natural..natural + FRAME];
    let best_of = |places: &mut dyn Iterator<Item = usize>, stride: usize| {
        places
            .map(|from| (from, likeness(wanted, &samples[from..from + FRAME], stride)))
            .reduce(|best, own| if own.1 > best.1 { own } else { best })
            .map_or(ideal, |(from, _)| from)
    };
    let rough = best_of(&mut (ideal - REACH..=ideal + REACH).step_by(ROUGH), ROUGH);
    let (first, last) = (rough.saturating_sub(ROUGH), rough + ROUGH);
    best_of(&mut (first..=last.min(samples.len() - FRAME)), CLOSE)
}

/// The correlation of a frame with the wanted one, every `stride` samples.
fn likeness(wanted: &[f32], own: &[f32], stride: usize) -> f32 {
    let (mut product, mut energy) = (0.0f32, 1e-9f32);
    for (a, b) in wanted.iter().zip(own).step_by(stride) {
        product += a * b;
        energy += b * b;
    }
    product / energy.sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;
    use pathos_analysis::pitch::Pitch;
    use std::f32::consts::TAU;

    /// A buzz with formants.
    fn vowel(f0_hz: f32, samples: usize) -> Vec<f32> {
        let sample = |n: usize| {
            let time = n as f32 / 16_000.0;
            let harmonic = |k: usize| {
                let hz = f0_hz * k as f32;
                (TAU * hz * time).sin() / (1.0 + ((hz - 700.0) / 200.0).powi(2))
            };
            0.2 * (1..20).map(harmonic).sum::<f32>()
        };
        (0..samples).map(sample).collect()
    }

    /// The median F0.
    pub(super) fn f0(samples: &[f32]) -> f32 {
        let mut pitch = Pitch::new();
        let frames = samples.iter().filter_map(|&sample| pitch.push(sample));
        let mut all: Vec<f32> = frames.filter_map(|frame| frame.f0_hz).collect();
        all.sort_by(f32::total_cmp);
        all[all.len() / 2]
    }

    #[test]
    fn the_duration_changes_and_the_pitch_stays() {
        for f0_hz in [90.0, 150.0, 330.0] {
            for factor in [0.8, 0.93, 1.0, 1.1, 1.25] {
                let stretched = stretch(&vowel(f0_hz, 16_000), factor);
                assert_eq!(stretched.len(), (16_000.0 * factor).round() as usize);
                let found = f0(&stretched);
                assert!(
                    (found / f0_hz - 1.0).abs() < 0.01,
                    "{found} for {f0_hz} Hz at {factor}"
                );
            }
        }
    }

    #[test]
    fn a_factor_of_one_changes_nothing() {
        let vowel = vowel(120.0, 16_000);
        let stretched = stretch(&vowel, 1.0);
        let error = stretched.iter().zip(&vowel).map(|(a, b)| (a - b).abs());
        assert!(error.fold(0.0, f32::max) < 1e-3);
    }

    #[test]
    fn the_level_stays() {
        let level = |samples: &[f32]| {
            let middle = &samples[4_000..samples.len() - 4_000];
            (middle.iter().map(|s| s * s).sum::<f32>() / middle.len() as f32).sqrt()
        };
        let vowel = vowel(120.0, 32_000);
        for factor in [0.85, 1.2] {
            let change = level(&stretch(&vowel, factor)) / level(&vowel);
            assert!((change - 1.0).abs() < 0.05, "{change}");
        }
    }

    #[test]
    fn events_move_with_the_tempo() {
        let mut samples = vec![0.0; 32_000];
        for start in [8_000, 24_000] {
            samples[start..start + 2_000].copy_from_slice(&vowel(200.0, 2_000));
        }
        let stretched = stretch(&samples, 1.2);
        let loud = |at: usize| stretched[at - 500..at + 500].iter().any(|s| s.abs() > 0.05);
        assert!(loud((9_000.0 * 1.2) as usize) && loud((25_000.0 * 1.2) as usize));
        assert!(!loud((16_000.0 * 1.2) as usize));
    }
}
