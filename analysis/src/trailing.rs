//! The last samples of a stream, handed out on the grid of the frames.

use crate::log_mel::{FRAME_HOP_SAMPLES, FRAME_WINDOW_SAMPLES};

/// Keeps the last samples of a stream, and tells when a frame is complete: frame `k` at sample `160 k + 399`. What was before
/// the first sample is silence. All memory is taken at construction.
#[derive(Clone, Debug)]
pub(crate) struct Trailing {
    /// Twice the length, so that the oldest samples are moved away now and then, not with each frame.
    samples: Vec<f32>,
    length: usize,
    until_frame: usize,
}

impl Trailing {
    /// Keeps `length` samples.
    pub(crate) fn new(length: usize) -> Self {
        let mut samples = Vec::with_capacity(2 * length + FRAME_HOP_SAMPLES);
        samples.resize(length, 0.0);
        Self {
            samples,
            length,
            until_frame: FRAME_WINDOW_SAMPLES,
        }
    }

    /// Takes a sample; returns the last ones, oldest first, if it completes a frame.
    pub(crate) fn push(&mut self, sample: f32) -> Option<&[f32]> {
        if self.samples.len() == self.samples.capacity() {
            let surplus = self.samples.len() - self.length;
            self.samples.copy_within(surplus.., 0);
            self.samples.truncate(self.length);
        }
        self.samples.push(sample);
        self.until_frame -= 1;
        if self.until_frame > 0 {
            return None;
        }
        self.until_frame = FRAME_HOP_SAMPLES;
        Some(&self.samples[self.samples.len() - self.length..])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_end_where_log_mel_frames_do() {
        let mut trailing = Trailing::new(500);
        let mut ends = Vec::new();
        for n in 0..5_000 {
            if let Some(samples) = trailing.push(n as f32) {
                assert_eq!(samples.len(), 500);
                assert_eq!(samples[499], n as f32);
                assert_eq!(samples[498], n as f32 - 1.0);
                ends.push(n);
            }
        }
        assert_eq!(ends[..3], [399, 559, 719]);
        assert_eq!(ends.len(), (5_000 - 400) / 160 + 1);
    }
}
