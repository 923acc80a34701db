//! What the editor can see of an instance. Writing is free of locks; the audio thread and the worker write, the editor reads.

use crate::outputs::OUTPUT_COUNT;
use atomic_float::AtomicF32;
use pathos_analysis::{Emotion, Estimate, ModelInfo, VoiceState};
use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicBool, AtomicU8, AtomicU32, Ordering::Relaxed},
};

/// The worker's load is that of so many seconds of audio: some hops of them, since nearly all of its work is done once a hop.
const LOAD_SECONDS: f32 = 2.0;

/// How an instance is doing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Status {
    /// It listens.
    #[default]
    Listening,
    /// The host has not activated it.
    Inactive,
    /// It cannot listen; the text says why and what to do.
    Deaf(String),
    /// The analysis died; the audio passes on.
    Failed,
}

/// An instance at a moment.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Snapshot {
    /// The smoothed probabilities, in the order of [`Emotion::ALL`]; all 0 at rest.
    pub probabilities: [f32; Emotion::COUNT],
    /// Displeasure to pleasure, -1 to 1, smoothed.
    pub valence: f32,
    /// Calm to excitement, -1 to 1, smoothed.
    pub arousal: f32,
    /// How much of a voice there is, smoothed.
    pub voice: f32,
    /// How sure the recogniser is of the last estimate, 0 to 1.
    pub confidence: f32,
    /// What is known of the voice.
    pub state: VoiceState,
    /// The stream's rate; 0 before it was activated.
    pub sample_rate_hz: f32,
    /// Highest absolute sample of the last block.
    pub input_peak: f32,
    /// Whether the transport rolled in it.
    pub rolling: bool,
    /// The worker's time for this stream, as a share of the audio's time.
    pub worker_load: f32,
    /// How often the worker was too far behind and audio was lost to it.
    pub overruns: u32,
    /// How it is doing.
    pub status: Status,
    /// Why OSC does not arrive, if it does not.
    pub osc_trouble: Option<String>,
    /// How much of a voice was learned, in seconds, while one is.
    pub learned_s: f32,
    /// From a sound until the values begin to follow it, in seconds.
    pub latency_s: f32,
    /// What the model that listens says of itself.
    pub model: Option<Arc<ModelInfo>>,
    /// Why it is not the one that was chosen, if it is not.
    pub model_trouble: Option<String>,
}

/// The cells behind a [`Snapshot`].
pub(crate) struct Telemetry {
    values: [AtomicF32; OUTPUT_COUNT],
    confidence: AtomicF32,
    state: AtomicU8,
    sample_rate_hz: AtomicF32,
    input_peak: AtomicF32,
    rolling: AtomicBool,
    worker_load: AtomicF32,
    overruns: AtomicU32,
    status: AtomicU8,
    deaf_because: Mutex<String>,
    osc_trouble: Mutex<Option<String>>,
    learned_s: AtomicF32,
    latency_s: AtomicF32,
    model: Mutex<(Option<Arc<ModelInfo>>, Option<String>)>,
}

impl Default for Telemetry {
    fn default() -> Self {
        Self {
            values: Default::default(),
            confidence: AtomicF32::new(0.0),
            state: AtomicU8::new(0),
            sample_rate_hz: AtomicF32::new(0.0),
            input_peak: AtomicF32::new(0.0),
            rolling: AtomicBool::new(false),
            worker_load: AtomicF32::new(0.0),
            overruns: AtomicU32::new(0),
            status: AtomicU8::new(INACTIVE),
            deaf_because: Mutex::default(),
            osc_trouble: Mutex::default(),
            learned_s: AtomicF32::new(0.0),
            latency_s: AtomicF32::new(0.0),
            model: Mutex::default(),
        }
    }
}

const INACTIVE: u8 = 0;
const LISTENING: u8 = 1;
const DEAF: u8 = 2;
const FAILED: u8 = 3;

impl Telemetry {
    /// The instance at this moment.
    #[must_use]
    pub(crate) fn latest(&self) -> Snapshot {
        let value = |index: usize| self.values[index].load(Relaxed);
        let (model, model_trouble) = self
            .model
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        Snapshot {
            probabilities: std::array::from_fn(value),
            valence: value(Emotion::COUNT),
            arousal: value(Emotion::COUNT + 1),
            voice: value(Emotion::COUNT + 2),
            confidence: self.confidence.load(Relaxed),
            state: match self.state.load(Relaxed) {
                0 => VoiceState::NoVoice,
                1 => VoiceState::Gathering,
                2 => VoiceState::Voice,
                _ => VoiceState::Hold,
            },
            sample_rate_hz: self.sample_rate_hz.load(Relaxed),
            input_peak: self.input_peak.load(Relaxed),
            rolling: self.rolling.load(Relaxed),
            worker_load: self.worker_load.load(Relaxed),
            overruns: self.overruns.load(Relaxed),
            status: match self.status.load(Relaxed) {
                INACTIVE => Status::Inactive,
                LISTENING => Status::Listening,
                FAILED => Status::Failed,
                _ => Status::Deaf(
                    self.deaf_because
                        .lock()
                        .unwrap_or_else(PoisonError::into_inner)
                        .clone(),
                ),
            },
            osc_trouble: self
                .osc_trouble
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .clone(),
            learned_s: self.learned_s.load(Relaxed),
            latency_s: self.latency_s.load(Relaxed),
            model,
            model_trouble,
        }
    }

    /// From the worker: an estimate was made.
    pub(crate) fn hear(&self, estimate: &Estimate) {
        self.confidence.store(estimate.confidence, Relaxed);
        let state = match estimate.state {
            VoiceState::NoVoice => 0,
            VoiceState::Gathering => 1,
            VoiceState::Voice => 2,
            VoiceState::Hold => 3,
        };
        self.state.store(state, Relaxed);
    }

    /// From the worker or the main thread: which model listens, and why it is not the chosen one, if it is not.
    pub(crate) fn set_model(&self, model: &ModelInfo, trouble: Option<String>) {
        *self.model.lock().unwrap_or_else(PoisonError::into_inner) =
            (Some(Arc::new(model.clone())), trouble);
    }

    /// From the audio thread: an estimate has come so long after its sound.
    pub(crate) fn report_latency(&self, seconds: f32) {
        self.latency_s.store(seconds, Relaxed);
    }

    /// From the worker: why OSC does not arrive, or that it does.
    pub(crate) fn set_osc_trouble(&self, trouble: Option<String>) {
        *self
            .osc_trouble
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = trouble;
    }

    /// From the worker: how much of a voice was learned so far, in seconds.
    pub(crate) fn set_learned(&self, seconds: f32) {
        self.learned_s.store(seconds, Relaxed);
    }

    /// From the worker: it was busy for so long with so much of this stream's audio, both in seconds; the audio more than 0.
    pub(crate) fn report_load(&self, busy_s: f32, audio_s: f32) {
        let before = self.worker_load.load(Relaxed);
        let weight = 1.0 - (-audio_s / LOAD_SECONDS).exp();
        self.worker_load
            .store(before + weight * (busy_s / audio_s - before), Relaxed);
    }

    /// From the audio thread, each block.
    pub(crate) fn report_block(
        &self,
        values: &[f32; OUTPUT_COUNT],
        input_peak: f32,
        rolling: bool,
        overruns: u32,
        failed: bool,
    ) {
        for (cell, value) in self.values.iter().zip(values) {
            cell.store(*value, Relaxed);
        }
        self.input_peak.store(input_peak, Relaxed);
        self.rolling.store(rolling, Relaxed);
        self.overruns.store(overruns, Relaxed);
        if failed {
            self.status.store(FAILED, Relaxed);
        }
    }

    /// From the main thread: the stream listens from now on.
    pub(crate) fn set_listening(&self, sample_rate_hz: f32) {
        self.sample_rate_hz.store(sample_rate_hz, Relaxed);
        self.status.store(LISTENING, Relaxed);
    }

    /// From the main thread: there will be no values, and why. Behind a lock, as OSC's trouble is; no audio thread takes one.
    pub(crate) fn set_deaf(&self, sample_rate_hz: f32, because: String) {
        self.sample_rate_hz.store(sample_rate_hz, Relaxed);
        *self
            .deaf_because
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = because;
        self.status.store(DEAF, Relaxed);
    }

    /// From the main thread: the host has deactivated the instance.
    pub(crate) fn set_inactive(&self) {
        self.status.store(INACTIVE, Relaxed);
        self.state.store(0, Relaxed);
        self.values
            .iter()
            .for_each(|value| value.store(0.0, Relaxed));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_load_hardly_depends_on_when_the_last_hop_was() {
        let telemetry = Telemetry::default();
        let mut loads = Vec::new();
        for hop in 0..80 {
            for block in 0..25 {
                let busy_s = if block == 0 { 0.005 } else { 0.0 };
                telemetry.report_load(busy_s, 0.01);
                if hop >= 60 {
                    loads.push(telemetry.latest().worker_load);
                }
            }
        }
        assert!(
            loads.iter().all(|load| (0.015..0.025).contains(load)),
            "2 % of the time: {loads:?}"
        );
    }

    #[test]
    fn the_last_reason_is_told() {
        let telemetry = Telemetry::default();
        assert_eq!(telemetry.latest().status, Status::Inactive);
        telemetry.set_deaf(4_000.0, "too low".to_owned());
        telemetry.set_deaf(800_000.0, "too high".to_owned());
        assert_eq!(
            telemetry.latest().status,
            Status::Deaf("too high".to_owned())
        );
        telemetry.set_listening(48_000.0);
        assert_eq!(telemetry.latest().status, Status::Listening);
    }
}
