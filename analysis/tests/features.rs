//! What all streaming features have in common: a frame where log-mel has one, of what was heard so far, and of nothing else.

use pathos_analysis::{LogMel, chroma::Chroma, energy::Energy, pitch::Pitch};
use std::fmt::Debug;

/// A feature under test.
trait Feature {
    type Frame: PartialEq + Debug;
    /// Samples before its newest one that a frame sees, no less.
    const SEES: usize;
    fn new() -> Self;
    fn push(&mut self, sample: f32) -> Option<Self::Frame>;
    fn reset(&mut self);
}

macro_rules! feature {
    ($feature:ty, $frame:ty, $sees:expr) => {
        impl Feature for $feature {
            type Frame = $frame;
            const SEES: usize = $sees;
            fn new() -> Self {
                <$feature>::new()
            }
            fn push(&mut self, sample: f32) -> Option<Self::Frame> {
                self.push(sample)
            }
            fn reset(&mut self) {
                self.reset();
            }
        }
    };
}

feature!(Chroma, pathos_analysis::chroma::ChromaFrame, 2_048);
feature!(Energy, pathos_analysis::energy::EnergyFrame, 400);
feature!(Pitch, pathos_analysis::pitch::PitchFrame, 780);

fn frames<F: Feature>(feature: &mut F, samples: &[f32]) -> Vec<F::Frame> {
    samples.iter().filter_map(|&s| feature.push(s)).collect()
}

/// Three seconds of a buzz that glides and never repeats.
fn sound() -> Vec<f32> {
    (0..48_000)
        .map(|n| {
            let time = n as f32 / 16_000.0;
            let phase = 120.0 * time + 40.0 * time * time;
            0.4 * (phase.fract() - 0.5) + 0.01 * ((n * n % 7_919) as f32 / 7_919.0 - 0.5)
        })
        .collect()
}

fn there_is_one_where_log_mel_has_one<F: Feature>() {
    for length in [0, 399, 400, 559, 560, 5_000] {
        let (mut log_mel, mut feature) = (LogMel::new(), F::new());
        for &sample in &sound()[..length] {
            assert_eq!(
                log_mel.push(sample).is_some(),
                feature.push(sample).is_some()
            );
        }
    }
}

fn what_follows_does_not_matter<F: Feature>() {
    let mut samples = sound();
    let expected = frames(&mut F::new(), &samples);
    // The newest sample of frame 100 is the last that stays.
    samples[160 * 100 + 400..].fill(0.9);
    let found = frames(&mut F::new(), &samples);
    assert_eq!(found[..=100], expected[..=100]);
    assert_ne!(found[101..], expected[101..]);
}

fn what_is_long_past_does_not_matter<F: Feature>() {
    let samples = sound();
    let expected = frames(&mut F::new(), &samples);
    let later = frames(&mut F::new(), &samples[160 * 50..]);
    let filled = F::SEES.saturating_sub(400).div_ceil(160);
    assert_eq!(later[filled..], expected[50 + filled..]);
}

fn before_the_first_sample_is_silence<F: Feature>() {
    let samples = sound();
    let mut delayed = vec![0.0; 160 * 20];
    delayed.extend(&samples);
    let found = frames(&mut F::new(), &delayed);
    assert_eq!(found[20..], frames(&mut F::new(), &samples));
}

fn a_reset_forgets_all<F: Feature>() {
    let samples = sound();
    let mut feature = F::new();
    let expected = frames(&mut feature, &samples);
    // In the middle of a hop.
    frames(&mut feature, &samples[..1_234]);
    feature.reset();
    assert_eq!(frames(&mut feature, &samples), expected);
}

macro_rules! tests {
    ($($test:ident),*) => {
        $(#[test]
        fn $test() {
            super::$test::<Feature>();
        })*
    };
}

macro_rules! test_all {
    ($($module:ident: $feature:ty),*) => {
        $(mod $module {
            type Feature = $feature;
            tests!(
                there_is_one_where_log_mel_has_one,
                what_follows_does_not_matter,
                what_is_long_past_does_not_matter,
                before_the_first_sample_is_silence,
                a_reset_forgets_all
            );
        })*
    };
}

test_all!(chroma: super::Chroma, energy: super::Energy, pitch: super::Pitch);
