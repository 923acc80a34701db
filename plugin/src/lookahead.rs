//! The delay of the audio, so that the values are there when the sound that caused them is heard.

use crate::params::LONGEST_LOOKAHEAD_MS;
use nice_plug::prelude::Buffer;

/// A change of the delay is a crossfade of this length.
const FADE_MS: f64 = 20.0;

/// A delay line for each channel. With a delay of 0 the audio is not touched.
pub(crate) struct Lookahead {
    lines: Vec<Vec<f32>>,
    /// Where the next sample is written in all lines.
    next: usize,
    delay: usize,
    /// The delay that is faded out, and the frames that this still takes.
    before: usize,
    fading: usize,
    fade_frames: usize,
    sample_rate_hz: f64,
}

impl Lookahead {
    /// With lines of the longest delay for so many channels.
    pub(crate) fn new(channels: usize, sample_rate_hz: f64) -> Self {
        let longest = frames(f64::from(LONGEST_LOOKAHEAD_MS), sample_rate_hz);
        Self {
            lines: vec![vec![0.0; longest + 1]; channels],
            next: 0,
            delay: 0,
            before: 0,
            fading: 0,
            fade_frames: frames(FADE_MS, sample_rate_hz).max(1),
            sample_rate_hz,
        }
    }

    /// The delay in frames.
    pub(crate) fn delay(&self) -> usize {
        self.delay
    }

    /// Silence in all lines, and a delay that needs no fade.
    pub(crate) fn reset(&mut self, milliseconds: f32) {
        self.lines.iter_mut().for_each(|line| line.fill(0.0));
        self.delay = self.frames_of(milliseconds);
        self.fading = 0;
    }

    /// Sets the delay; the audio fades from the old one to the new one. A change during a fade waits for its end.
    pub(crate) fn set(&mut self, milliseconds: f32) {
        let delay = self.frames_of(milliseconds);
        if delay != self.delay && self.fading == 0 {
            self.before = self.delay;
            self.delay = delay;
            self.fading = self.fade_frames;
        }
    }

    fn frames_of(&self, milliseconds: f32) -> usize {
        let longest = self.lines.first().map_or(0, |line| line.len() - 1);
        frames(f64::from(milliseconds), self.sample_rate_hz).min(longest)
    }

    /// Delays a block in place.
    pub(crate) fn process(&mut self, buffer: &mut Buffer) {
        let channels = buffer.as_slice();
        let count = channels.first().map_or(0, |channel| channel.len());
        let Some(length) = self.lines.first().map(Vec::len) else {
            return;
        };
        for (line, channel) in self.lines.iter_mut().zip(channels) {
            let mut next = self.next;
            let mut fading = self.fading;
            let tap = |line: &[f32], next: usize, delay: usize| {
                line[if next >= delay {
                    next - delay
                } else {
                    next + length - delay
                }]
            };
            for sample in channel.iter_mut() {
                line[next] = *sample;
                if fading > 0 {
                    let share = fading as f32 / self.fade_frames as f32;
                    let (old, new) = (tap(line, next, self.before), tap(line, next, self.delay));
                    *sample = new + (old - new) * share;
                    fading -= 1;
                } else if self.delay > 0 {
                    *sample = tap(line, next, self.delay);
                }
                next = if next + 1 == length { 0 } else { next + 1 };
            }
        }
        self.next = (self.next + count) % length;
        self.fading = self.fading.saturating_sub(count);
    }
}

fn frames(milliseconds: f64, sample_rate_hz: f64) -> usize {
    (milliseconds * sample_rate_hz / 1000.0).round() as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cv::tests::point;

    fn run(lookahead: &mut Lookahead, sound: &[f32], block: usize) -> Vec<f32> {
        let mut out = Vec::new();
        for part in sound.chunks(block) {
            let mut samples = part.to_vec();
            let mut buffer = Buffer::default();
            point(&mut buffer, &mut samples);
            lookahead.process(&mut buffer);
            drop(buffer);
            out.extend(samples);
        }
        out
    }

    fn ramp(from: usize, count: usize) -> Vec<f32> {
        (from..from + count)
            .map(|n| (n as f32 * 0.01).sin())
            .collect()
    }

    #[test]
    fn the_delay_is_exact_to_the_sample() {
        for block in [1, 63, 480, 5000] {
            let mut lookahead = Lookahead::new(1, 48_000.0);
            lookahead.reset(10.0);
            assert_eq!(lookahead.delay(), 480);
            let sound = ramp(1, 4000);
            let out = run(&mut lookahead, &sound, block);
            assert_eq!(out[..480], [0.0; 480]);
            assert_eq!(out[480..], sound[..3520]);
        }
    }

    #[test]
    fn without_a_delay_every_bit_passes() {
        let mut lookahead = Lookahead::new(1, 48_000.0);
        let sound = [f32::NAN, -0.0, 1e-40, 3.0, f32::INFINITY];
        let out = run(&mut lookahead, &sound, 2);
        let bits = |samples: &[f32]| samples.iter().map(|s| s.to_bits()).collect::<Vec<_>>();
        assert_eq!(bits(&out), bits(&sound));
    }

    #[test]
    fn the_longest_delay_fits_and_a_longer_one_is_cut() {
        let mut lookahead = Lookahead::new(1, 48_000.0);
        lookahead.reset(9e9);
        assert_eq!(lookahead.delay(), 144_000);
        let out = run(&mut lookahead, &ramp(1, 150_000), 4096);
        assert_eq!(out[143_999], 0.0);
        assert_eq!(out[144_000..], ramp(1, 6_000));
    }

    #[test]
    fn a_change_does_not_click() {
        let mut lookahead = Lookahead::new(1, 48_000.0);
        let mut out = run(&mut lookahead, &ramp(0, 4000), 128);
        lookahead.set(50.0);
        out.extend(run(&mut lookahead, &ramp(4000, 4000), 128));
        lookahead.set(3.0);
        out.extend(run(&mut lookahead, &ramp(8000, 4000), 128));
        let steepest = out.windows(2).map(|pair| (pair[1] - pair[0]).abs());
        assert!(
            steepest.fold(0.0, f32::max) < 0.015,
            "0.01 a sample, and a little for the fade"
        );
        assert_eq!(out[6000..8000], ramp(3600, 2000));
        assert_eq!(out[11_000..], ramp(10_856, 1000));
    }
}
