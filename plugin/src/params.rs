//! The parameters: ten outputs that move by themselves, and the controls.
//!
//! An output is an ordinary parameter for the host, so that it can be shown, mapped and recorded; but only the plugin itself
//! writes it. What a host writes to it is dropped by the decorators in `host`, and what a project holds of it is not
//! restored.
//!
//! The ids are frozen: they are what projects refer to.

use crate::outputs::{OUTPUT_COUNT, Output};
use nice_plug::prelude::*;
use pathos_analysis::Emotion;
use std::sync::Arc;

/// The time constant of the outputs, in milliseconds, if nobody chooses another.
pub(crate) const DEFAULT_SMOOTHING_MS: f32 = 300.0;
/// The shortest and the longest smoothing, in milliseconds.
pub(crate) const SMOOTHING_RANGE_MS: [f32; 2] = [50.0, 2000.0];

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

    /// Control: the time constant of the outputs, in milliseconds.
    #[id = "smoothing"]
    pub smoothing: FloatParam,
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
            smoothing: smoothing(),
        }
    }
}

impl PathosParams {
    /// The outputs, in the order of [`OUTPUT_IDS`].
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
}

fn output(output: Output) -> FloatParam {
    match output {
        Output::Emotion(_) | Output::Voice => share(output.name()),
        Output::Valence | Output::Arousal => axis(output.name()),
    }
}

fn share(name: &str) -> FloatParam {
    let range = FloatRange::Linear { min: 0.0, max: 1.0 };
    FloatParam::new(name, 0.0, range)
        .with_unit(" %")
        .with_value_to_string(Arc::new(|value| format!("{:.0}", value * 100.0)))
        .with_string_to_value(Arc::new(|text| Some(number(text, "%")? / 100.0)))
}

fn axis(name: &str) -> FloatParam {
    let range = FloatRange::Linear {
        min: -1.0,
        max: 1.0,
    };
    FloatParam::new(name, 0.0, range)
        .with_value_to_string(Arc::new(|value| {
            // Adding 0 turns a rounded -0 into 0.
            format!("{:.2}", (value * 100.0).round() / 100.0 + 0.0)
        }))
        .with_string_to_value(Arc::new(|text| number(text, "")))
}

fn smoothing() -> FloatParam {
    let [min, max] = SMOOTHING_RANGE_MS;
    let range = FloatRange::Skewed {
        min,
        max,
        factor: FloatRange::skew_factor(-1.5),
    };
    FloatParam::new("Smoothing", DEFAULT_SMOOTHING_MS, range)
        .with_unit(" ms")
        .with_value_to_string(Arc::new(|value| format!("{value:.0}")))
        .with_string_to_value(Arc::new(|text| number(text, "ms")))
}

fn number(text: &str, unit: &str) -> Option<f32> {
    let number: f32 = text.trim().trim_end_matches(unit).trim_end().parse().ok()?;
    number.is_finite().then_some(number)
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
        assert_eq!(params.smoothing.to_string(), "300 ms");

        assert_eq!(params.angry.string_to_normalized_value("37 %"), Some(0.37));
        assert_eq!(
            params.valence.string_to_normalized_value("-0.5"),
            Some(0.25)
        );
        assert_eq!(params.angry.string_to_normalized_value("furious"), None);
        assert_eq!(params.smoothing.string_to_normalized_value("nan"), None);
    }
}
