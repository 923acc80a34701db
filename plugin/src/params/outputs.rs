//! The ten outputs as parameters.

use super::controls::number;
use crate::outputs::Output;
use nice_plug::prelude::*;
use std::sync::Arc;

/// The parameter of an output, at rest.
pub(super) fn output(output: Output) -> FloatParam {
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
