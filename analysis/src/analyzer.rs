//! One stream of sound, from samples at any rate to estimates.

use crate::{
    ANALYSIS_RATE_HZ, AnalyzerError, Emotion, Estimate, FrameExtractor, HOP_SECONDS,
    MIN_VOICED_FRAMES, MelFrame, Model, ModelInfo, Recogniser, VoiceGate, VoiceReference,
    VoiceState, estimate::softmax, gate::DEFAULT_FLOOR_DB, resample::Resampler,
};
use std::sync::Arc;

/// After this long without a voice the values are let go.
const HOLD_SECONDS: f64 = 0.5;
/// After this long without a voice the window is emptied: what comes next is a new phrase, perhaps another singer.
const FORGET_SECONDS: f64 = 2.0;
/// From the end of a frame back to its middle, in samples at the analysis rate.
const HALF_FRAME: u64 = 200;
/// A sample beyond this cannot be sound (a full-scale sample is 1): it is taken as a fault, and heard as silence.
const LARGEST_SAMPLE: f32 = 1e4;
/// The network's belief that it hears a voice, below which its emotions mean nothing.
const VOICE_BELIEF: f32 = 0.5;

/// What comes of a stream.
#[derive(Clone, Copy, Debug)]
pub enum Heard<'a> {
    /// A frame's log-mel bands, voice or not.
    Frame {
        /// Its middle: samples at the stream's own rate since the last reset.
        position: u64,
        /// See [`log_mel`](crate::log_mel).
        log_mel: &'a MelFrame,
    },
    /// What the recogniser says of a moment.
    Estimate(Estimate),
}

/// A stream's recogniser: resampler, features, gate, window and network.
///
/// Deterministic: the same samples since the last reset give the same estimates bit for bit, however they are cut into
/// blocks. An estimate comes as soon as the sound up to its position is known, which is a few milliseconds (the
/// resampler's filter) after that position was pushed.
pub struct Analyzer {
    model: Arc<Model>,
    sample_rate_hz: f64,
    resampler: Resampler,
    hop: Hop,
    reference: Option<VoiceReference>,
    hop_seconds: f64,
    gate_floor_db: f32,
    clean: Vec<f32>,
}

impl Analyzer {
    /// A recogniser for sound at `sample_rate_hz`, which may have any value from 8 to 384 kHz.
    ///
    /// Below 16 kHz the upper mel bands hear nothing, and the estimates are the less reliable for it.
    ///
    /// # Errors
    ///
    /// If the rate is out of range.
    pub fn new(model: Arc<Model>, sample_rate_hz: f64) -> Result<Self, AnalyzerError> {
        Ok(Self {
            resampler: Resampler::new(sample_rate_hz)?,
            sample_rate_hz,
            hop: Hop::new(&model, HOP_SECONDS, DEFAULT_FLOOR_DB),
            reference: None,
            hop_seconds: HOP_SECONDS,
            gate_floor_db: DEFAULT_FLOOR_DB,
            clean: Vec::new(),
            model,
        })
    }

    /// Hears any number of mono samples; gives each estimate that they complete to `emit`, in order.
    ///
    /// A sample that is not a finite number, or is beyond 10 000 times full scale, is heard as silence.
    pub fn push(&mut self, mono: &[f32], emit: &mut dyn FnMut(Estimate)) {
        self.push_for_all(mono, &mut |heard| {
            if let Heard::Estimate(estimate) = heard {
                emit(estimate);
            }
        });
    }

    /// As [`push`](Self::push), for whoever wants the frames too.
    pub fn push_for_all(&mut self, mono: &[f32], emit: &mut dyn FnMut(Heard)) {
        self.clean.clear();
        self.clean.extend(mono.iter().map(|&sample| {
            if sample.abs() <= LARGEST_SAMPLE {
                sample
            } else {
                0.0
            }
        }));
        let (hop, model, rate) = (&mut self.hop, &*self.model, self.sample_rate_hz);
        let reference = self.reference.zip(model.info().neutral);
        let mut emit = |heard: Heard| match (heard, &reference) {
            (Heard::Estimate(estimate), Some((reference, neutral)))
                if estimate.state.has_values() =>
            {
                let corrected = reference.correct(&estimate.probabilities, neutral);
                let Estimate {
                    position,
                    voice,
                    state,
                    ..
                } = estimate;
                emit(Heard::Estimate(Estimate::new(
                    position, corrected, voice, state,
                )));
            }
            _ => emit(heard),
        };
        self.resampler.push(&self.clean, &mut |sample| {
            hop.push(sample, model, rate, &mut emit);
        });
    }

    /// Takes a learned voice off what is recognised from now on, or no longer. Does nothing where the model's file does not
    /// say how its neutral voices read.
    pub fn set_reference(&mut self, reference: Option<VoiceReference>) {
        self.reference = reference.filter(VoiceReference::is_valid);
    }

    /// Whether a learned voice can be taken off with this model.
    #[must_use]
    pub fn can_use_references(&self) -> bool {
        self.model.info().neutral.is_some()
    }

    /// Sets the time from one estimate to the next, in seconds, from the next reset on. Without this it is [`HOP_SECONDS`], at
    /// which the model was judged; the window and its least length stay the same.
    pub fn set_hop_seconds(&mut self, hop_seconds: f64) {
        self.hop_seconds = hop_seconds.clamp(0.05, 1.0);
    }

    /// Sets the level in dB relative to a full-scale sine below which nothing is a voice, from now on.
    pub fn set_gate_floor_db(&mut self, floor_db: f32) {
        self.gate_floor_db = floor_db;
        self.hop.gate.set_floor_db(floor_db);
    }

    /// Goes on with another model, which has to hear enough of a voice first. Positions count on.
    pub fn set_model(&mut self, model: Arc<Model>) {
        let samples = self.hop.samples;
        self.hop = Hop::new(&model, self.hop_seconds, self.gate_floor_db);
        self.hop.samples = samples;
        self.model = model;
    }

    /// What the model says of itself.
    #[must_use]
    pub fn model(&self) -> &ModelInfo {
        self.model.info()
    }

    /// Forgets everything: the next sample is at position 0, and no voice was heard yet.
    pub fn reset(&mut self) {
        self.resampler.reset();
        self.hop = Hop::new(&self.model, self.hop_seconds, self.gate_floor_db);
    }

    /// The rate of the samples that it takes.
    #[must_use]
    pub fn sample_rate_hz(&self) -> f64 {
        self.sample_rate_hz
    }
}

/// The part of the analysis that runs at the analysis rate.
struct Hop {
    extractor: FrameExtractor,
    gate: VoiceGate,
    recogniser: Recogniser,
    hop_samples: u64,
    hold_hops: u32,
    forget_hops: u32,
    samples: u64,
    frames: u32,
    voiced_frames: u32,
    hops_without_voice: u32,
    probabilities: [f32; Emotion::COUNT],
    belief: f32,
}

impl Hop {
    fn new(model: &Model, hop_seconds: f64, gate_floor_db: f32) -> Self {
        let hops = |seconds: f64| (seconds / hop_seconds).round().max(1.0) as u32;
        let mut gate = VoiceGate::new();
        gate.set_floor_db(gate_floor_db);
        Self {
            extractor: FrameExtractor::new(&model.info().features.kinds),
            gate,
            recogniser: Recogniser::new(model),
            hop_samples: (hop_seconds * f64::from(ANALYSIS_RATE_HZ)) as u64,
            hold_hops: hops(HOLD_SECONDS),
            forget_hops: hops(FORGET_SECONDS),
            samples: 0,
            frames: 0,
            voiced_frames: 0,
            hops_without_voice: hops(FORGET_SECONDS),
            probabilities: [0.0; Emotion::COUNT],
            belief: 0.0,
        }
    }

    fn push(&mut self, sample: f32, model: &Model, rate_hz: f64, emit: &mut impl FnMut(Heard)) {
        let position = |samples: u64| {
            let seconds = samples as f64 / f64::from(ANALYSIS_RATE_HZ);
            (seconds * rate_hz).round() as u64
        };
        self.samples += 1;
        if let Some((frame, level_db)) = self.extractor.push(sample) {
            emit(Heard::Frame {
                position: position(self.samples.saturating_sub(HALF_FRAME)),
                log_mel: &frame.log_mel,
            });
            self.frames += 1;
            if self.gate.step(level_db) {
                self.voiced_frames += 1;
                self.recogniser.push(frame);
            }
        }
        if self.samples.is_multiple_of(self.hop_samples) {
            let estimate = self.estimate(position(self.samples), model);
            emit(Heard::Estimate(estimate));
        }
    }

    fn estimate(&mut self, position: u64, model: &Model) -> Estimate {
        let open_share = self.voiced_frames as f32 / self.frames.max(1) as f32;
        let voiced = self.voiced_frames > 0;
        self.frames = 0;
        self.voiced_frames = 0;

        if voiced {
            self.hops_without_voice = 0;
            if self.recogniser.heard() < MIN_VOICED_FRAMES {
                return Estimate::without_values(position, open_share, VoiceState::Gathering);
            }
            let logits = self.recogniser.logits(model);
            self.probabilities = softmax(&logits.emotions, model.info().temperature);
            self.belief = 1.0 / (1.0 + (-logits.voice).exp());
        } else {
            self.hops_without_voice = self.hops_without_voice.saturating_add(1);
            if self.hops_without_voice >= self.forget_hops {
                self.recogniser.clear();
            }
            if self.hops_without_voice > self.hold_hops
                || self.recogniser.heard() < MIN_VOICED_FRAMES
            {
                return Estimate::without_values(position, 0.0, VoiceState::NoVoice);
            }
        }

        let voice = open_share * self.belief;
        if self.belief < VOICE_BELIEF {
            return Estimate::without_values(position, voice, VoiceState::NoVoice);
        }
        let state = if voiced {
            VoiceState::Voice
        } else {
            VoiceState::Hold
        };
        Estimate::new(position, self.probabilities, voice, state)
    }
}
