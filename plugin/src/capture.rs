//! The audio thread's part of listening: one downmix, one slice write.

use crate::{
    stream::{AudioEnd, Start},
    worker::Worker,
};
use std::{
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

/// How long an offline render waits for a worker that makes no progress, before it goes on without values.
const PATIENCE: Duration = Duration::from_secs(10);
/// Between two looks at the worker's progress while rendering offline.
const LOOK_INTERVAL: Duration = Duration::from_micros(100);

/// Sends an instance's audio to the worker.
pub(crate) struct Capture {
    stream: AudioEnd,
    worker: Arc<Worker>,
    offline: bool,
    overruns: u32,
    gave_up: bool,
}

impl Capture {
    pub(crate) fn new(stream: AudioEnd, worker: Arc<Worker>, offline: bool) -> Self {
        Self {
            stream,
            worker,
            offline,
            overruns: 0,
            gave_up: false,
        }
    }

    /// Sends a block. True if the stream had to start anew because the worker was too far behind: then the block is lost, and
    /// the next one is at position 0, and begins as `after` says.
    pub(crate) fn send(&mut self, channels: &[&mut [f32]], after: Start) -> bool {
        if self.has_failed() {
            return false;
        }
        let frames = channels.first().map_or(0, |channel| channel.len());
        if self.offline {
            self.send_and_wait(channels, frames);
            return false;
        }
        let sent = frames == 0 || self.write(channels, 0, frames);
        if !sent {
            self.overruns += 1;
            self.stream.reset(after);
        }
        !sent
    }

    fn write(&mut self, channels: &[&mut [f32]], from: usize, frames: usize) -> bool {
        let scale = 1.0 / channels.len() as f32;
        self.stream.write(frames, |at, slice| {
            let start = from + at;
            let end = start + slice.len();
            slice.fill(0.0);
            for channel in channels {
                for (sum, sample) in slice.iter_mut().zip(&channel[start..end]) {
                    *sum += sample * scale;
                }
            }
        })
    }

    /// Offline there is no hurry: every hop that is due is waited for, so that two renders give the same values.
    fn send_and_wait(&mut self, channels: &[&mut [f32]], frames: usize) {
        let mut sent = 0;
        while sent < frames && self.may_wait() {
            let portion = (frames - sent).min(self.stream.free());
            if portion > 0 && self.write(channels, sent, portion) {
                sent += portion;
            }
            self.wait();
        }
    }

    fn wait(&mut self) {
        let (mut last, mut since) = (self.stream.consumed(), Instant::now());
        self.worker.wake();
        while !self.stream.is_caught_up() && !self.stream.has_failed() {
            thread::sleep(LOOK_INTERVAL);
            let now = self.stream.consumed();
            if now != last {
                (last, since) = (now, Instant::now());
            } else if since.elapsed() > PATIENCE {
                self.gave_up = true;
                return;
            }
        }
    }

    fn may_wait(&self) -> bool {
        !self.gave_up && !self.stream.has_failed()
    }

    /// The stream, for its estimates and resets.
    pub(crate) fn stream(&mut self) -> &mut AudioEnd {
        &mut self.stream
    }

    /// How often the worker was so far behind that audio was lost to it.
    pub(crate) fn overruns(&self) -> u32 {
        self.overruns
    }

    /// Whether there will be no more values: the analysis died, or an offline render gave up on it.
    pub(crate) fn has_failed(&self) -> bool {
        self.gave_up || self.stream.has_failed()
    }
}
