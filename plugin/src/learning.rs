//! Learning a voice, and using what was learned. On the worker's thread.

use crate::{params::PathosParams, telemetry::Telemetry};
use pathos_analysis::{Analyzer, Estimate, VoiceLearner, VoiceReference};
use std::sync::PoisonError;

/// One stream's learning.
#[derive(Default)]
pub(crate) struct Learning {
    /// While a voice is learned.
    learner: Option<VoiceLearner>,
    /// What the analyzer uses.
    in_use: Option<VoiceReference>,
}

impl Learning {
    /// Does what the parameters say: begins, ends and keeps, uses or leaves.
    pub(crate) fn follow(
        &mut self,
        params: &PathosParams,
        analyzer: &mut Analyzer,
        telemetry: &Telemetry,
    ) {
        let learns = params.controls.learn.value();
        if learns && self.learner.is_none() {
            self.learner = Some(VoiceLearner::default());
            telemetry.set_learned(0.0);
        } else if !learns && let Some(learner) = self.learner.take() {
            // Of too little voice nothing is learned, and what was known stays.
            if let Some(reference) = learner.reference() {
                let kept = params.voice_reference.write();
                *kept.unwrap_or_else(PoisonError::into_inner) = Some(reference);
            }
            telemetry.set_learned(0.0);
        }
        // What is learned from must not have been corrected.
        let wanted = if learns || !params.controls.use_learned.value() {
            None
        } else {
            let kept = params.voice_reference.read();
            *kept.unwrap_or_else(PoisonError::into_inner)
        };
        if wanted != self.in_use {
            self.in_use = wanted;
            analyzer.set_reference(wanted);
        }
    }

    /// Learns from an estimate, while a voice is learned.
    pub(crate) fn hear(
        &mut self,
        estimate: &Estimate,
        params: &PathosParams,
        telemetry: &Telemetry,
    ) {
        if let Some(learner) = &mut self.learner {
            learner.hear(estimate);
            let hop_seconds = params.controls.hop.value().seconds();
            telemetry.set_learned((f64::from(learner.hops()) * hop_seconds) as f32);
        }
    }
}
