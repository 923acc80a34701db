//! The parameters as the page of controls shows them, and as it sets them.

use super::view::{Control, ControlKind};
use crate::params::{HopTime, HostUpdates, PathosParams};
use nice_plug::prelude::{BoolParam, EnumParam, FloatParam, IntParam, Param};
use nice_plug_core::context::gui::ParamSetter;

/// A parameter of any kind.
pub(super) enum Handle<'a> {
    Float(&'a FloatParam),
    Int(&'a IntParam),
    Bool(&'a BoolParam),
    Updates(&'a EnumParam<HostUpdates>),
    Hop(&'a EnumParam<HopTime>),
}

/// Calls a function of whatever parameter it is.
macro_rules! of_any_kind {
    ($handle:expr, $param:ident => $call:expr) => {
        match $handle {
            Handle::Float($param) => $call,
            Handle::Int($param) => $call,
            Handle::Bool($param) => $call,
            Handle::Updates($param) => $call,
            Handle::Hop($param) => $call,
        }
    };
}

impl Handle<'_> {
    pub(super) fn begin(&self, setter: &ParamSetter) {
        of_any_kind!(self, param => setter.begin_set_parameter(*param));
    }

    pub(super) fn set(&self, setter: &ParamSetter, position: f32) {
        of_any_kind!(self, param => setter.set_parameter_normalized(*param, position));
    }

    pub(super) fn end(&self, setter: &ParamSetter) {
        of_any_kind!(self, param => setter.end_set_parameter(*param));
    }

    /// The position that a text says, if it says one.
    pub(super) fn read(&self, text: &str) -> Option<f32> {
        of_any_kind!(self, param => param.string_to_normalized_value(text))
    }

    pub(super) fn default(&self) -> f32 {
        of_any_kind!(self, param => param.default_normalized_value())
    }

    fn control(&self, section: &'static str, hint: &'static str) -> Control {
        Control {
            name: of_any_kind!(self, param => param.name().to_owned()),
            text: of_any_kind!(self, param => param.to_string()),
            position: of_any_kind!(self, param => param.unmodulated_normalized_value()),
            default: self.default(),
            kind: match self {
                Self::Float(_) | Self::Int(_) => ControlKind::Continuous,
                Self::Bool(_) => ControlKind::Switch,
                Self::Updates(_) => ControlKind::Choice(&["Off", "Live", "Write"]),
                Self::Hop(_) => ControlKind::Choice(&["125 ms", "250 ms", "500 ms"]),
            },
            section,
            hint,
        }
    }
}

/// The parameters in the order of the page, each with its section and a hint.
fn table(params: &PathosParams) -> Vec<(Handle<'_>, &'static str, &'static str)> {
    use Handle::{Bool, Float, Hop, Int, Updates};
    let controls = &params.controls;
    let midi = &params.midi;
    let mut table = vec![
        (
            Float(&controls.smoothing),
            MOVEMENT,
            "Time constant of the values",
        ),
        (
            Float(&controls.attack),
            MOVEMENT,
            "Of a rise, relative to the smoothing",
        ),
        (
            Float(&controls.hold),
            MOVEMENT,
            "For how long a value stays before it falls",
        ),
        (
            Float(&controls.release),
            MOVEMENT,
            "Of a fall, relative to the smoothing",
        ),
        (
            Float(&controls.sensitivity),
            MOVEMENT,
            "What all values are multiplied by",
        ),
        (
            Float(&controls.curve),
            MOVEMENT,
            "Above 0 small values are lifted, below 0 lowered",
        ),
        (
            Float(&controls.minimum),
            MOVEMENT,
            "Where the outputs are at rest",
        ),
        (
            Float(&controls.maximum),
            MOVEMENT,
            "Where they are at their highest",
        ),
        (
            Bool(&controls.freeze),
            MOVEMENT,
            "All outputs stay where they are",
        ),
        (
            Float(&controls.gate),
            VOICE,
            "What is quieter than this is no voice",
        ),
        (
            Hop(&controls.hop),
            VOICE,
            "From one estimate to the next; the model was judged at 250 ms",
        ),
        (
            Bool(&controls.learn),
            VOICE,
            "Switch on, let the singer sing or speak without expression for some seconds, and switch off",
        ),
        (
            Bool(&controls.use_learned),
            VOICE,
            "Takes what is this voice's own off the values",
        ),
        (
            Float(&controls.lookahead),
            HOST,
            "Delays the audio, so that the values are there with the sound that caused them",
        ),
        (
            Updates(&controls.host_updates),
            HOST,
            "Whether the host hears of the values, and whether an armed track records them",
        ),
        (
            Bool(&controls.edits_from_audio),
            HOST,
            "For VST3 hosts on Linux in which Write records nothing, such as Ardour",
        ),
        (
            Bool(&controls.cv),
            HOST,
            "VST3: ten CV outputs. A CLAP host offers them as a layout",
        ),
    ];
    for shape in params.shapes() {
        table.push((
            Float(&shape.gain),
            EMOTIONS,
            "What its probability is multiplied by",
        ));
        table.push((
            Float(&shape.threshold),
            EMOTIONS,
            "The probability at which it begins to move",
        ));
    }
    table.push((
        Bool(&midi.on),
        MIDI,
        "Sends each value as a controller when it has changed",
    ));
    table.push((
        Bool(&midi.fine),
        MIDI,
        "Pairs of controllers, for numbers below 32",
    ));
    for route in midi.routes() {
        table.push((Int(&route.controller), MIDI, "Its controller"));
        table.push((Int(&route.channel), MIDI, "Its channel"));
    }
    table.push((
        Bool(&controls.osc),
        OSC,
        "Sends all values four times a second",
    ));
    table
}

const MOVEMENT: &str = "Movement";
const VOICE: &str = "Voice";
const HOST: &str = "Host";
const EMOTIONS: &str = "Emotions";
const MIDI: &str = "MIDI";
const OSC: &str = "OSC";

/// What there is to show.
pub(super) fn list(params: &PathosParams) -> Vec<Control> {
    let rows = table(params).into_iter();
    rows.map(|(handle, section, hint)| handle.control(section, hint))
        .collect()
}

/// What there is to set, in the same order.
pub(super) fn handles(params: &PathosParams) -> Vec<Handle<'_>> {
    table(params)
        .into_iter()
        .map(|(handle, ..)| handle)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outputs::OUTPUT_COUNT;
    use nice_plug::prelude::Params;

    #[test]
    fn every_parameter_that_is_no_output_is_on_the_page() {
        let params = PathosParams::default();
        let list = list(&params);
        assert_eq!(list.len(), params.param_map().len() - OUTPUT_COUNT);
        assert_eq!((&*list[0].name, &*list[0].text), ("Smoothing", "300 ms"));
        assert!(list.iter().all(|control| !control.hint.is_empty()));
    }
}
