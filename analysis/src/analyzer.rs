//! One stream of sound, from samples at any rate to estimates.

use crate::{
    ANALYSIS_RATE_HZ, AnalyzerError, Emotion, Estimate, FrameExtractor, HOP_SECONDS,
    MIN_VOICED_FRAMES, Model, VoiceGate, VoiceReference, VoiceState, VoiceWindow, Windowing,
    estimate::softmax, resample::Resampler,
};
use std::sync::Arc;

/// Samples at the analysis rate from one estimate to the next.
const HOP_SAMPLES: u64 = (HOP_SECONDS * ANALYSIS_RATE_HZ as f64) as u64;
/// After this long without a voice the values are let go.
const HOLD_HOPS: u32 = 2;
/// After this long without a voice the window is emptied: what comes next is a new phrase, perhaps another singer.
const FORGET_HOPS: u32 = 8;
/// A sample beyond this cannot be sound (a full-scale sample is 1): it is taken as a fault, and heard as silence.
const LARGEST_SAMPLE: f32 = 1e4;
/// The network's belief that it hears a voice, below which its emotions mean nothing.
const VOICE_BELIEF: f32 = 0.5;

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
            hop: Hop::new(&model),
            reference: None,
            clean: Vec::new(),
            model,
        })
    }

    /// Hears any number of mono samples; gives each estimate that they complete to `emit`, in order.
    ///
    /// A sample that is not a finite number, or is beyond 10 000 times full scale, is heard as silence.
    pub fn push(&mut self, mono: &[f32], emit: &mut dyn FnMut(Estimate)) {
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
        self.resampler.push(&self.clean, &mut |sample| {
            if let Some(estimate) = hop.push(sample, model, rate) {
                emit(match &reference {
                    Some((reference, neutral)) if estimate.state.has_values() => {
                        let corrected = reference.correct(&estimate.probabilities, neutral);
                        let Estimate {
                            position,
                            voice,
                            state,
                            ..
                        } = estimate;
                        Estimate::new(position, corrected, voice, state)
                    }
                    _ => estimate,
                });
            }
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

    /// Forgets everything: the next sample is at position 0, and no voice was heard yet.
    pub fn reset(&mut self) {
        self.resampler.reset();
        self.hop = Hop::new(&self.model);
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
    windowing: Windowing,
    gate: VoiceGate,
    window: VoiceWindow,
    samples: u64,
    frames: u32,
    voiced_frames: u32,
    hops_without_voice: u32,
    probabilities: [f32; Emotion::COUNT],
    belief: f32,
}

impl Hop {
    fn new(model: &Model) -> Self {
        Self {
            extractor: FrameExtractor::new(&model.info().features.kinds),
            windowing: model.windowing(),
            gate: VoiceGate::new(),
            window: VoiceWindow::new(),
            samples: 0,
            frames: 0,
            voiced_frames: 0,
            hops_without_voice: FORGET_HOPS,
            probabilities: [0.0; Emotion::COUNT],
            belief: 0.0,
        }
    }

    fn push(&mut self, sample: f32, model: &Model, rate_hz: f64) -> Option<Estimate> {
        if let Some((frame, level_db)) = self.extractor.push(sample) {
            self.frames += 1;
            if self.gate.step(level_db) {
                self.voiced_frames += 1;
                self.window.push(frame);
            }
        }
        self.samples += 1;
        if !self.samples.is_multiple_of(HOP_SAMPLES) {
            return None;
        }
        let seconds = self.samples as f64 / f64::from(ANALYSIS_RATE_HZ);
        Some(self.estimate((seconds * rate_hz).round() as u64, model))
    }

    fn estimate(&mut self, position: u64, model: &Model) -> Estimate {
        let open_share = self.voiced_frames as f32 / self.frames.max(1) as f32;
        let voiced = self.voiced_frames > 0;
        self.frames = 0;
        self.voiced_frames = 0;

        if voiced {
            self.hops_without_voice = 0;
            if self.window.len() < MIN_VOICED_FRAMES {
                return Estimate::without_values(position, open_share, VoiceState::Gathering);
            }
            let logits = model.infer(&self.windowing.window(self.window.frames()));
            self.probabilities = softmax(&logits.emotions, model.info().temperature);
            self.belief = 1.0 / (1.0 + (-logits.voice).exp());
        } else {
            self.hops_without_voice = self.hops_without_voice.saturating_add(1);
            if self.hops_without_voice >= FORGET_HOPS {
                self.window.clear();
            }
            if self.hops_without_voice > HOLD_HOPS || self.window.len() < MIN_VOICED_FRAMES {
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
