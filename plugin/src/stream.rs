//! What an instance and the worker share: rings without locks, and a few atomics.
//!
//! Samples and reset marks go to the worker, estimates come back. A mark lies between two samples, so a reset happens at
//! exactly that sample however late the worker gets to it.

use crate::timeline::Place;
use pathos_analysis::Estimate;
use rtrb::{Consumer, Producer, RingBuffer};
use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicU64, Ordering},
};

/// Reset marks that can be on their way at a time.
const MARKS: usize = 64;
/// Estimates that can be on their way at a time: 64 s of them.
const ESTIMATES: usize = 256;
/// Samples that are handed to the analysis at a time; bounds how long a stream keeps the worker from the others.
const PORTION: usize = 4096;

/// What the worker has to know of the samples that follow.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Start {
    /// Where they lie in time.
    pub(crate) place: Place,
    /// After a reset: from one estimate to the next.
    pub(crate) hop_seconds: f64,
}

/// A reset, or a change of place, between two samples.
#[derive(Clone, Copy)]
struct Mark {
    /// Samples before it, since the stream was made.
    at: u64,
    /// The generation of the estimates after it: another one after a reset.
    generation: u64,
    start: Start,
}

/// What both ends can see.
#[derive(Default)]
struct Shared {
    /// Samples that the worker has dealt with, since the stream was made.
    consumed: AtomicU64,
    /// The analysis panicked; the stream is dead.
    failed: AtomicBool,
    /// The instance has let go of the stream.
    closed: AtomicBool,
}

/// The audio thread's end.
pub(crate) struct AudioEnd {
    samples: Producer<f32>,
    marks: Producer<Mark>,
    estimates: Consumer<(u64, Estimate)>,
    shared: Arc<Shared>,
    written: u64,
    generation: u64,
    /// On its way, or else told.
    start: Start,
    mark_due: bool,
}

/// The worker's end.
pub(crate) struct WorkerEnd {
    samples: Consumer<f32>,
    marks: Consumer<Mark>,
    estimates: Producer<(u64, Estimate)>,
    shared: Arc<Shared>,
    consumed: u64,
    generation: u64,
    portion: Vec<f32>,
}

/// A stream whose ring holds `capacity` samples.
pub(crate) fn stream(capacity: usize) -> (AudioEnd, WorkerEnd) {
    let (samples_in, samples_out) = RingBuffer::new(capacity);
    let (marks_in, marks_out) = RingBuffer::new(MARKS);
    let (estimates_in, estimates_out) = RingBuffer::new(ESTIMATES);
    let shared = Arc::new(Shared::default());
    let audio = AudioEnd {
        samples: samples_in,
        marks: marks_in,
        estimates: estimates_out,
        shared: Arc::clone(&shared),
        written: 0,
        generation: 0,
        start: Start::default(),
        mark_due: false,
    };
    let worker = WorkerEnd {
        samples: samples_out,
        marks: marks_out,
        estimates: estimates_in,
        shared,
        consumed: 0,
        generation: 0,
        portion: Vec::with_capacity(PORTION),
    };
    (audio, worker)
}

impl AudioEnd {
    /// The next sample is at position 0. Estimates that are on their way are of the past.
    pub(crate) fn reset(&mut self, start: Start) {
        self.generation += 1;
        self.mark(start);
    }

    /// The next sample lies at another place in time than the last one's successor.
    pub(crate) fn move_to(&mut self, place: Place) {
        let start = Start {
            place,
            ..self.start
        };
        self.mark(start);
    }

    fn mark(&mut self, start: Start) {
        self.start = start;
        self.mark_due = true;
        self.try_mark();
    }

    fn try_mark(&mut self) {
        let mark = Mark {
            at: self.written,
            generation: self.generation,
            start: self.start,
        };
        if self.mark_due && self.marks.push(mark).is_ok() {
            self.mark_due = false;
        }
    }

    /// Writes `frames` samples that `fill` makes, into one or two slices. False, and nothing is written, if they do not fit.
    pub(crate) fn write(&mut self, frames: usize, mut fill: impl FnMut(usize, &mut [f32])) -> bool {
        self.try_mark();
        if self.mark_due {
            return false;
        }
        let Ok(mut chunk) = self.samples.write_chunk(frames) else {
            return false;
        };
        let (first, second) = chunk.as_mut_slices();
        fill(0, first);
        fill(first.len(), second);
        chunk.commit_all();
        self.written += frames as u64;
        true
    }

    /// How many samples fit now.
    pub(crate) fn free(&self) -> usize {
        self.samples.slots()
    }

    /// The next estimate of the time since the last reset.
    pub(crate) fn estimate(&mut self) -> Option<Estimate> {
        loop {
            let (generation, estimate) = self.estimates.pop().ok()?;
            if generation == self.generation {
                return Some(estimate);
            }
        }
    }

    /// Samples that the worker has dealt with.
    pub(crate) fn consumed(&self) -> u64 {
        self.shared.consumed.load(Ordering::Acquire)
    }

    /// Whether the worker has dealt with all that was written.
    pub(crate) fn is_caught_up(&self) -> bool {
        self.consumed() == self.written
    }

    /// Whether the analysis of this stream has died.
    pub(crate) fn has_failed(&self) -> bool {
        self.shared.failed.load(Ordering::Relaxed)
    }
}

impl Drop for AudioEnd {
    fn drop(&mut self) {
        self.shared.closed.store(true, Ordering::Release);
    }
}

/// What the worker gets from a stream at a time.
pub(crate) enum Portion<'a> {
    /// Nothing is waiting.
    Nothing,
    /// Everything before is of the past; what follows begins so.
    Reset(Start),
    /// The next sample lies at this place.
    Place(Place),
    /// Samples, to be answered with [`WorkerEnd::answer`].
    Samples(&'a [f32]),
}

impl WorkerEnd {
    /// Takes what is next.
    pub(crate) fn take(&mut self) -> Portion<'_> {
        // The samples are counted before the marks are looked at: a mark is written before the samples behind it, so none
        // of these can be behind a mark that is not seen.
        let waiting = self.samples.slots();
        let to_mark = match self.marks.peek() {
            Ok(&mark) if mark.at == self.consumed => {
                let _ = self.marks.pop();
                let is_reset = mark.generation != self.generation;
                self.generation = mark.generation;
                return if is_reset {
                    Portion::Reset(mark.start)
                } else {
                    Portion::Place(mark.start.place)
                };
            }
            Ok(&mark) => (mark.at - self.consumed) as usize,
            Err(_) => usize::MAX,
        };
        let count = waiting.min(to_mark).min(PORTION);
        let Ok(chunk) = self.samples.read_chunk(count) else {
            return Portion::Nothing;
        };
        if count == 0 {
            return Portion::Nothing;
        }
        let (first, second) = chunk.as_slices();
        self.portion.clear();
        self.portion.extend_from_slice(first);
        self.portion.extend_from_slice(second);
        chunk.commit_all();
        Portion::Samples(&self.portion)
    }

    /// Tells the instance that the last portion was dealt with, and what came of it.
    pub(crate) fn answer(&mut self, estimates: &[Estimate]) {
        for estimate in estimates {
            // Full only if nobody processes: then nobody misses it.
            let _ = self.estimates.push((self.generation, *estimate));
        }
        self.consumed += self.portion.len() as u64;
        self.shared.consumed.store(self.consumed, Ordering::Release);
    }

    /// Marks the stream as dead.
    pub(crate) fn fail(&self) {
        self.shared.failed.store(true, Ordering::Relaxed);
    }

    /// Whether the instance has let go of the stream.
    pub(crate) fn is_closed(&self) -> bool {
        self.shared.closed.load(Ordering::Acquire)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use pathos_analysis::VoiceState;

    fn write(audio: &mut AudioEnd, values: &[f32]) -> bool {
        audio.write(values.len(), |at, slice| {
            let length = slice.len();
            slice.copy_from_slice(&values[at..at + length]);
        })
    }

    fn samples(worker: &mut WorkerEnd) -> Vec<f32> {
        match worker.take() {
            Portion::Samples(samples) => samples.to_vec(),
            _ => Vec::new(),
        }
    }

    #[test]
    fn a_reset_lies_between_two_samples() {
        let (mut audio, mut worker) = stream(16);
        write(&mut audio, &[1.0, 2.0]);
        audio.reset(Start::default());
        write(&mut audio, &[3.0]);
        assert_eq!(samples(&mut worker), [1.0, 2.0]);
        let old = Estimate::without_values(2, 0.0, VoiceState::NoVoice);
        worker.answer(&[old]);
        assert!(
            audio.estimate().is_none(),
            "an estimate of the past is not heard"
        );
        assert!(matches!(worker.take(), Portion::Reset(_)));
        assert_eq!(samples(&mut worker), [3.0]);
        worker.answer(&[old]);
        assert!(audio.estimate().is_some());
        assert!(audio.is_caught_up());
    }

    #[test]
    fn a_change_of_place_lies_between_its_samples_and_resets_nothing() {
        let (mut audio, mut worker) = stream(16);
        assert!(write(&mut audio, &[1.0]));
        let place = Place {
            transport_s: Some(3.0),
        };
        audio.move_to(place);
        assert!(write(&mut audio, &[2.0]));
        assert_eq!(samples(&mut worker), [1.0]);
        worker.answer(&[Estimate::without_values(1, 0.0, VoiceState::NoVoice)]);
        assert!(matches!(worker.take(), Portion::Place(at) if at == place));
        assert_eq!(samples(&mut worker), [2.0]);
        assert!(audio.estimate().is_some());
    }

    #[test]
    fn a_full_ring_takes_nothing() {
        let (mut audio, mut worker) = stream(4);
        assert!(write(&mut audio, &[1.0, 2.0, 3.0]));
        assert!(!write(&mut audio, &[4.0, 5.0]));
        assert_eq!(samples(&mut worker), [1.0, 2.0, 3.0]);
        worker.answer(&[]);
        assert!(write(&mut audio, &[4.0, 5.0]));
        assert_eq!(samples(&mut worker), [4.0, 5.0]);
    }

    #[test]
    fn a_flood_of_resets_loses_none_that_matters() {
        let (mut audio, mut worker) = stream(16);
        for _ in 0..1000 {
            audio.reset(Start::default());
        }
        assert!(!write(&mut audio, &[1.0]), "the last mark must go first");
        while let Portion::Reset(_) = worker.take() {}
        assert!(write(&mut audio, &[1.0]));
        assert!(matches!(worker.take(), Portion::Reset(_)));
        assert_eq!(samples(&mut worker), [1.0]);
        worker.answer(&[Estimate::without_values(1, 0.0, VoiceState::NoVoice)]);
        assert!(audio.estimate().is_some());
    }
}
