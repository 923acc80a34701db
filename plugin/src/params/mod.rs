//! The parameters: ten outputs that move by themselves, and the controls.
//!
//! An output is an ordinary parameter for the host, so that it can be shown, mapped and recorded; but only the plugin itself
//! writes it. What a host writes to it is dropped by the decorators in `host`, and what a project holds of it is not
//! restored.
//!
//! The ids are frozen: they are what projects refer to.

mod controls;
mod midi;
mod outputs;

pub(crate) use controls::{Controls, HopTime, HostUpdates, LONGEST_LOOKAHEAD_MS};
pub(crate) use midi::{Midi, MidiRoute};

use crate::{
    editor::WindowState,
    outputs::{OUTPUT_COUNT, Output, Settings},
    state,
};
use controls::EmotionShape;
use nice_plug::prelude::*;
use outputs::output;
use pathos_analysis::{Emotion, Shaping, Times, VoiceReference};
use std::sync::{PoisonError, RwLock};

/// Where OSC goes if nobody chooses another place.
const DEFAULT_OSC_ADDRESS: &str = "127.0.0.1:9000";

/// Everything that a host sees of the plugin, and that a project keeps.
#[derive(Params)]
pub(crate) struct PathosParams {
    /// Output: how angry the voice sounds, 0 to 1.
    #[id = "angry"]
    pub angry: FloatParam,
    /// Output: how disgusted it sounds, 0 to 1.
    #[id = "disgust"]
    pub disgust: FloatParam,
    /// Output: how fearful it sounds, 0 to 1.
    #[id = "fear"]
    pub fear: FloatParam,
    /// Output: how happy it sounds, 0 to 1.
    #[id = "happy"]
    pub happy: FloatParam,
    /// Output: how neutral it sounds, 0 to 1.
    #[id = "neutral"]
    pub neutral: FloatParam,
    /// Output: how sad it sounds, 0 to 1.
    #[id = "sad"]
    pub sad: FloatParam,
    /// Output: how surprised it sounds, 0 to 1.
    #[id = "surprise"]
    pub surprise: FloatParam,
    /// Output: displeasure to pleasure, -1 to 1.
    #[id = "valence"]
    pub valence: FloatParam,
    /// Output: calm to excitement, -1 to 1.
    #[id = "arousal"]
    pub arousal: FloatParam,
    /// Output: how much of a voice there is, 0 to 1.
    #[id = "voice"]
    pub voice: FloatParam,

    #[nested(group = "Controls")]
    pub controls: Controls,
    #[nested(id_prefix = "angry", group = "Shape")]
    angry_shape: EmotionShape,
    #[nested(id_prefix = "disgust", group = "Shape")]
    disgust_shape: EmotionShape,
    #[nested(id_prefix = "fear", group = "Shape")]
    fear_shape: EmotionShape,
    #[nested(id_prefix = "happy", group = "Shape")]
    happy_shape: EmotionShape,
    #[nested(id_prefix = "neutral", group = "Shape")]
    neutral_shape: EmotionShape,
    #[nested(id_prefix = "sad", group = "Shape")]
    sad_shape: EmotionShape,
    #[nested(id_prefix = "surprise", group = "Shape")]
    surprise_shape: EmotionShape,
    #[nested(group = "MIDI")]
    pub midi: Midi,

    /// Where OSC goes: host and port.
    #[persist = "osc_address"]
    pub osc_address: RwLock<String>,
    /// The model's file; empty for the embedded one.
    #[persist = "model_path"]
    pub model_path: RwLock<String>,
    /// How the window was left.
    #[persist = "window"]
    pub window: RwLock<WindowState>,
    /// Which version of the state this build writes.
    #[persist = "state_version"]
    state_version: RwLock<u32>,
    /// The learned voice, if there is one.
    #[persist = "voice_reference"]
    pub voice_reference: RwLock<Option<VoiceReference>>,
}

impl Default for PathosParams {
    fn default() -> Self {
        Self {
            angry: output(Output::Emotion(Emotion::Angry)),
            disgust: output(Output::Emotion(Emotion::Disgust)),
            fear: output(Output::Emotion(Emotion::Fear)),
            happy: output(Output::Emotion(Emotion::Happy)),
            neutral: output(Output::Emotion(Emotion::Neutral)),
            sad: output(Output::Emotion(Emotion::Sad)),
            surprise: output(Output::Emotion(Emotion::Surprise)),
            valence: output(Output::Valence),
            arousal: output(Output::Arousal),
            voice: output(Output::Voice),
            controls: Controls::default(),
            angry_shape: EmotionShape::new("Angry"),
            disgust_shape: EmotionShape::new("Disgust"),
            fear_shape: EmotionShape::new("Fear"),
            happy_shape: EmotionShape::new("Happy"),
            neutral_shape: EmotionShape::new("Neutral"),
            sad_shape: EmotionShape::new("Sad"),
            surprise_shape: EmotionShape::new("Surprise"),
            midi: Midi::default(),
            osc_address: RwLock::new(DEFAULT_OSC_ADDRESS.to_owned()),
            model_path: RwLock::default(),
            window: RwLock::default(),
            state_version: RwLock::new(state::VERSION),
            voice_reference: RwLock::new(None),
        }
    }
}

impl PathosParams {
    /// The outputs, in the order of [`OUTPUT_IDS`](crate::outputs::OUTPUT_IDS).
    #[must_use]
    pub(crate) fn outputs(&self) -> [&FloatParam; OUTPUT_COUNT] {
        [
            &self.angry,
            &self.disgust,
            &self.fear,
            &self.happy,
            &self.neutral,
            &self.sad,
            &self.surprise,
            &self.valence,
            &self.arousal,
            &self.voice,
        ]
    }

    /// In the order of [`Emotion::ALL`].
    pub(crate) fn shapes(&self) -> [&EmotionShape; Emotion::COUNT] {
        [
            &self.angry_shape,
            &self.disgust_shape,
            &self.fear_shape,
            &self.happy_shape,
            &self.neutral_shape,
            &self.sad_shape,
            &self.surprise_shape,
        ]
    }

    /// Where OSC goes.
    pub(crate) fn osc_address(&self) -> String {
        let address = self.osc_address.read();
        address.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The model's file.
    pub(crate) fn model_path(&self) -> String {
        let path = self.model_path.read();
        path.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// How the window was left.
    pub(crate) fn window_state(&self) -> WindowState {
        *self.window.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps how the window is left.
    pub(crate) fn set_window_state(&self, state: WindowState) {
        *self.window.write().unwrap_or_else(PoisonError::into_inner) = state;
    }

    /// What the outputs are to do with estimates. Wait-free.
    #[must_use]
    pub(crate) fn settings(&self) -> Settings {
        let controls = &self.controls;
        let smoothing_ms = controls.smoothing.value();
        Settings {
            times: Times {
                attack_ms: smoothing_ms * controls.attack.value(),
                hold_ms: controls.hold.value(),
                release_ms: smoothing_ms * controls.release.value(),
            },
            shaping: Shaping {
                sensitivity: controls.sensitivity.value(),
                gains: self.shapes().map(|shape| shape.gain.value()),
                thresholds: self.shapes().map(|shape| shape.threshold.value()),
                curve: controls.curve.value(),
                range: [controls.minimum.value(), controls.maximum.value()],
            },
            frozen: controls.freeze.value(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outputs::OUTPUT_IDS;
    use pathos_analysis::Emotion;

    #[test]
    fn the_ids_are_those_of_the_emotions_and_in_order() {
        let params = PathosParams::default();
        let map = params.param_map();
        for (emotion, id) in Emotion::ALL.into_iter().zip(OUTPUT_IDS) {
            assert_eq!(emotion.name(), id);
        }
        for (output, (id, (other, pointer, _))) in
            params.outputs().iter().zip(OUTPUT_IDS.iter().zip(&map))
        {
            assert_eq!((*id, output.as_ptr()), (other.as_str(), *pointer));
        }
    }

    #[test]
    fn values_read_as_text_and_back() {
        let params = PathosParams::default();
        let text = |param: &FloatParam, value| {
            param.normalized_value_to_string(param.preview_normalized(value), true)
        };
        assert_eq!(text(&params.angry, 0.374), "37 %");
        assert_eq!(text(&params.valence, -0.25), "-0.25");
        assert_eq!(text(&params.arousal, -0.001), "0.00");
        assert_eq!(params.controls.smoothing.to_string(), "300 ms");

        assert_eq!(params.angry.string_to_normalized_value("37 %"), Some(0.37));
        assert_eq!(
            params.valence.string_to_normalized_value("-0.5"),
            Some(0.25)
        );
        assert_eq!(params.angry.string_to_normalized_value("furious"), None);
        assert_eq!(
            params.controls.smoothing.string_to_normalized_value("nan"),
            None
        );
    }
}
