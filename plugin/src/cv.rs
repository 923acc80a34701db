//! The values as voltages: one sample each for every sample of sound.

use crate::outputs::OUTPUT_COUNT;
use nice_plug::prelude::Buffer;

/// Samples from one value to the next, between which the buses go in straight lines.
const GRID: u64 = 32;

/// Where the ten buses are. They follow the values by one step of the grid.
#[derive(Default)]
pub(crate) struct CvLanes {
    from: [f32; OUTPUT_COUNT],
    to: [f32; OUTPUT_COUNT],
    now: [f32; OUTPUT_COUNT],
}

impl CvLanes {
    /// Moves to the sample at `time` on the outputs' clock; `values` gives the values at that time.
    pub(crate) fn advance(&mut self, time: u64, values: impl FnOnce() -> [f32; OUTPUT_COUNT]) {
        let step = time % GRID;
        if step == 0 {
            self.from = self.to;
            self.to = values();
        }
        let share = (step + 1) as f32 / GRID as f32;
        for (now, (from, to)) in self.now.iter_mut().zip(self.from.iter().zip(&self.to)) {
            *now = from + (to - from) * share;
        }
    }

    /// Writes this sample to a frame of the buses; one that the host has not connected is left out.
    pub(crate) fn write(&self, buses: &mut [Buffer], frame: usize) {
        for (bus, now) in buses.iter_mut().zip(self.now) {
            for channel in bus.as_slice() {
                if let Some(sample) = channel.get_mut(frame) {
                    *sample = now;
                }
            }
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// Points a bus at samples.
    #[allow(unsafe_code)]
    pub(crate) fn point<'a>(bus: &mut Buffer<'a>, samples: &'a mut [f32]) {
        let frames = samples.len();
        // SAFETY: there is one channel, and it has this many frames.
        unsafe { bus.set_slices(frames, |slices| *slices = vec![samples]) };
    }

    #[test]
    fn a_jump_becomes_a_line() {
        let mut lanes = CvLanes::default();
        let mut path = Vec::new();
        for time in 0..96 {
            lanes.advance(time, || [if time < 32 { 0.0 } else { 0.64 }; OUTPUT_COUNT]);
            path.push(lanes.now[0]);
        }
        assert_eq!(path[..32], [0.0; 32]);
        assert!((path[33] - 0.04).abs() < 1e-6);
        assert_eq!(path[63..], [0.64; 33]);
    }
}
