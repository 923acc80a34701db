//! The last samples of a stream, handed out on the grid of the frames.

use crate::log_mel::{FRAME_HOP_SAMPLES, FRAME_WINDOW_SAMPLES};

/// Keeps the last samples of a stream, and tells when a frame is complete: frame `k` at sample `160 k + 399`. What was before
/// the first sample is silence. All memory is taken at construction.
#[derive(Clone, Debug)]
pub(crate) struct Trailing {
    /// Twice the length and more, so that the kept samples move to the front now and then, not with each sample.
    samples: Box<[f32]>,
    /// Where the next sample goes.
    end: usize,
    length: usize,
    until_frame: usize,
}

impl Trailing {
    /// Keeps `length` samples.
    pub(crate) fn new(length: usize) -> Self {
        Self {
            samples: vec![0.0; 2 * length + FRAME_HOP_SAMPLES].into_boxed_slice(),
            end: length,
            length,
            until_frame: FRAME_WINDOW_SAMPLES,
        }
    }

    /// Forgets all samples; the next one is the first.
    pub(crate) fn reset(&mut self) {
        self.samples.fill(0.0);
        self.end = self.length;
        self.until_frame = FRAME_WINDOW_SAMPLES;
    }

    /// Takes a sample; returns the last ones, oldest first, if it completes a frame.
    pub(crate) fn push(&mut self, sample: f32) -> Option<&[f32]> {
        if self.end == self.samples.len() {
            self.samples.copy_within(self.end - self.length.., 0);
            self.end = self.length;
        }
        self.samples[self.end] = sample;
        self.end += 1;
        self.until_frame -= 1;
        if self.until_frame > 0 {
            return None;
        }
        self.until_frame = FRAME_HOP_SAMPLES;
        Some(&self.samples[self.end - self.length..self.end])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_end_where_log_mel_frames_do() {
        for length in [400, 500, 2_048] {
            let mut trailing = Trailing::new(length);
            let mut ends = Vec::new();
            for n in 1..=5_000 {
                if let Some(samples) = trailing.push(n as f32) {
                    let oldest = n as f32 - length as f32 + 1.0;
                    let expected = (0..length).map(|at| (oldest + at as f32).max(0.0));
                    assert!(samples.iter().copied().eq(expected), "the last {length}");
                    ends.push(n - 1);
                }
            }
            assert_eq!(ends[..3], [399, 559, 719]);
            assert_eq!(ends.len(), (5_000 - 400) / 160 + 1);
        }
    }
}
