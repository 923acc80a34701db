//! Features take no memory once they are made.

use assert_no_alloc::{AllocDisabler, assert_no_alloc};
use pathos_analysis::{chroma::Chroma, energy::Energy, pitch::Pitch};

#[global_allocator]
static ALLOCATOR: AllocDisabler = AllocDisabler;

#[test]
fn a_second_of_sound_takes_no_memory() {
    let samples: Vec<f32> = (0..16_000)
        .map(|n| (n as f32 * 0.08).sin() * (n as f32 * 1e-3).cos())
        .collect();
    let (mut chroma, mut energy, mut pitch) = (Chroma::new(), Energy::new(), Pitch::new());
    let frames = assert_no_alloc(|| {
        let mut frames = 0;
        for &sample in &samples {
            let found = (chroma.push(sample), energy.push(sample), pitch.push(sample));
            frames += usize::from(matches!(found, (Some(_), Some(_), Some(_))));
        }
        frames
    });
    assert_eq!(frames, 98);
}
