//! Which controller an output moves.

use crate::outputs::OUTPUT_COUNT;
use nice_plug::prelude::*;

/// The controllers that the outputs move if nobody chooses others: the ten sound controllers, which every host lets through.
pub(crate) const DEFAULT_CONTROLLERS: [u8; OUTPUT_COUNT] = [70, 71, 72, 73, 74, 75, 76, 77, 78, 79];
/// The last controller that is not a channel mode message.
const LAST_CONTROLLER: i32 = 119;

/// The controller of one output.
#[derive(Params)]
pub(crate) struct MidiRoute {
    /// Its number, or -1 for none.
    #[id = "cc"]
    pub(crate) controller: IntParam,
    /// 1 to 16.
    #[id = "channel"]
    pub(crate) channel: IntParam,
}

impl MidiRoute {
    pub(super) fn new(output: &str, controller: u8) -> Self {
        let numbers = IntRange::Linear {
            min: -1,
            max: LAST_CONTROLLER,
        };
        Self {
            controller: IntParam::new(format!("{output} CC"), controller.into(), numbers)
                .with_value_to_string(std::sync::Arc::new(|number| match number {
                    0.. => number.to_string(),
                    _ => "none".to_owned(),
                }))
                .with_string_to_value(std::sync::Arc::new(|text| match text.trim() {
                    "none" => Some(-1),
                    number => number.parse().ok(),
                }))
                .non_automatable(),
            channel: IntParam::new(
                format!("{output} channel"),
                1,
                IntRange::Linear { min: 1, max: 16 },
            )
            .non_automatable(),
        }
    }
}

/// The controllers of all outputs.
#[derive(Params)]
pub(crate) struct Midi {
    /// Whether controllers are sent.
    #[id = "midi"]
    pub(crate) on: BoolParam,
    /// Whether controllers below 32 are sent as pairs of 14 bits.
    #[id = "midi_14_bit"]
    pub(crate) fine: BoolParam,
    #[nested(id_prefix = "angry")]
    angry: MidiRoute,
    #[nested(id_prefix = "disgust")]
    disgust: MidiRoute,
    #[nested(id_prefix = "fear")]
    fear: MidiRoute,
    #[nested(id_prefix = "happy")]
    happy: MidiRoute,
    #[nested(id_prefix = "neutral")]
    neutral: MidiRoute,
    #[nested(id_prefix = "sad")]
    sad: MidiRoute,
    #[nested(id_prefix = "surprise")]
    surprise: MidiRoute,
    #[nested(id_prefix = "valence")]
    valence: MidiRoute,
    #[nested(id_prefix = "arousal")]
    arousal: MidiRoute,
    #[nested(id_prefix = "voice")]
    voice: MidiRoute,
}

impl Default for Midi {
    fn default() -> Self {
        let [
            angry,
            disgust,
            fear,
            happy,
            neutral,
            sad,
            surprise,
            valence,
            arousal,
            voice,
        ] = DEFAULT_CONTROLLERS;
        Self {
            on: BoolParam::new("MIDI", false),
            fine: BoolParam::new("MIDI 14 bit", false),
            angry: MidiRoute::new("Angry", angry),
            disgust: MidiRoute::new("Disgust", disgust),
            fear: MidiRoute::new("Fear", fear),
            happy: MidiRoute::new("Happy", happy),
            neutral: MidiRoute::new("Neutral", neutral),
            sad: MidiRoute::new("Sad", sad),
            surprise: MidiRoute::new("Surprise", surprise),
            valence: MidiRoute::new("Valence", valence),
            arousal: MidiRoute::new("Arousal", arousal),
            voice: MidiRoute::new("Voice", voice),
        }
    }
}

impl Midi {
    /// In the order of the outputs.
    pub(crate) fn routes(&self) -> [&MidiRoute; OUTPUT_COUNT] {
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
