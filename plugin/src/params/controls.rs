//! The controls: what a user, or a host, can set.

use nice_plug::prelude::*;
use pathos_analysis::{HOP_SECONDS, gate::DEFAULT_FLOOR_DB};
use std::sync::Arc;

/// The time constant of the outputs, in milliseconds, if nobody chooses another.
pub(crate) const DEFAULT_SMOOTHING_MS: f32 = 300.0;
/// The shortest and the longest smoothing, in milliseconds.
pub(crate) const SMOOTHING_RANGE_MS: [f32; 2] = [50.0, 2000.0];
/// The longest hold, in milliseconds.
const LONGEST_HOLD_MS: f32 = 3000.0;
/// The longest lookahead, in milliseconds.
pub(crate) const LONGEST_LOOKAHEAD_MS: f32 = 3000.0;
/// The lowest and the highest gate, in dB relative to a full-scale sine.
const GATE_RANGE_DB: [f32; 2] = [-80.0, -20.0];
/// The strongest sensitivity and gain.
const STRONGEST: f32 = 4.0;

/// When a host is told of the outputs. See [`host`](crate::host).
#[derive(Clone, Copy, Debug, Enum, PartialEq, Eq)]
pub(crate) enum HostUpdates {
    /// Never: the meters, MIDI, CV and OSC go on.
    #[id = "off"]
    Off,
    /// As values that are not to be recorded.
    #[id = "live"]
    Live,
    /// While the transport rolls, as gestures, which an armed track records.
    #[id = "write"]
    Write,
}

/// From one estimate to the next.
#[derive(Clone, Copy, Debug, Enum, PartialEq, Eq)]
pub(crate) enum HopTime {
    /// Twice the work, and values that follow sooner.
    #[id = "125"]
    #[name = "125 ms"]
    Short,
    /// At which the model was judged.
    #[id = "250"]
    #[name = "250 ms"]
    Usual,
    /// Half the work.
    #[id = "500"]
    #[name = "500 ms"]
    Long,
}

impl HopTime {
    pub(crate) fn seconds(self) -> f64 {
        match self {
            Self::Short => 0.125,
            Self::Usual => HOP_SECONDS,
            Self::Long => 0.5,
        }
    }
}

/// How one emotion's output is shaped.
#[derive(Params)]
pub(crate) struct EmotionShape {
    /// What its probability is multiplied by.
    #[id = "gain"]
    pub(crate) gain: FloatParam,
    /// The probability at which its output begins to move.
    #[id = "threshold"]
    pub(crate) threshold: FloatParam,
}

impl EmotionShape {
    pub(super) fn new(emotion: &str) -> Self {
        Self {
            gain: percent(&format!("{emotion} gain"), 1.0, [0.0, STRONGEST]),
            threshold: percent(&format!("{emotion} threshold"), 0.0, [0.0, 0.95]),
        }
    }
}

/// How fast the outputs follow, and how they are bent.
#[derive(Params)]
pub(crate) struct Controls {
    /// The time constant of the outputs, in milliseconds.
    #[id = "smoothing"]
    pub(crate) smoothing: FloatParam,
    /// That of a rise, relative to the smoothing.
    #[id = "attack"]
    pub(crate) attack: FloatParam,
    /// For how long a value stays before it falls, in milliseconds.
    #[id = "hold"]
    pub(crate) hold: FloatParam,
    /// The time constant of a fall, relative to the smoothing.
    #[id = "release"]
    pub(crate) release: FloatParam,
    /// What all values are multiplied by.
    #[id = "sensitivity"]
    pub(crate) sensitivity: FloatParam,
    /// Bends all values, from -1 to 1.
    #[id = "curve"]
    pub(crate) curve: FloatParam,
    /// Where the outputs are at rest, as a share of their range.
    #[id = "minimum"]
    pub(crate) minimum: FloatParam,
    /// Where they are at their highest.
    #[id = "maximum"]
    pub(crate) maximum: FloatParam,
    /// The level in dB below which nothing is a voice.
    #[id = "gate"]
    pub(crate) gate: FloatParam,
    /// From one estimate to the next.
    #[id = "hop"]
    pub(crate) hop: EnumParam<HopTime>,
    /// The outputs stay where they are.
    #[id = "freeze"]
    pub(crate) freeze: BoolParam,
    /// On while the voice is learned.
    #[id = "learn"]
    pub(crate) learn: BoolParam,
    /// Whether a learned voice counts.
    #[id = "use_learned"]
    pub(crate) use_learned: BoolParam,
    /// By how much the audio is delayed, in milliseconds.
    #[id = "lookahead"]
    pub(crate) lookahead: FloatParam,
    /// When the host is told.
    #[id = "host_updates"]
    pub(crate) host_updates: EnumParam<HostUpdates>,
    /// VST3 on Linux: gestures from the audio thread, if the host gives no timer.
    #[id = "edits_from_audio"]
    pub(crate) edits_from_audio: BoolParam,
    /// VST3: whether there are CV buses. A CLAP host chooses a layout instead.
    #[id = "cv"]
    pub(crate) cv: BoolParam,
    /// Whether OSC is sent.
    #[id = "osc"]
    pub(crate) osc: BoolParam,
}

impl Default for Controls {
    /// All can be automated: some hosts, Ardour among them, show no others.
    fn default() -> Self {
        Self {
            smoothing: smoothing(),
            attack: percent("Attack", 1.0, [0.1, STRONGEST]),
            hold: milliseconds("Hold", LONGEST_HOLD_MS),
            release: percent("Release", 1.0, [0.1, STRONGEST]),
            sensitivity: percent("Sensitivity", 1.0, [0.0, STRONGEST]),
            curve: percent("Curve", 0.0, [-1.0, 1.0]),
            minimum: percent("Minimum", 0.0, [0.0, 1.0]),
            maximum: percent("Maximum", 1.0, [0.0, 1.0]),
            gate: gate(),
            hop: EnumParam::new("Hop", HopTime::Usual),
            freeze: BoolParam::new("Freeze", false),
            learn: BoolParam::new("Learn this voice", false),
            use_learned: BoolParam::new("Use learned voice", true),
            lookahead: milliseconds("Lookahead", LONGEST_LOOKAHEAD_MS),
            host_updates: EnumParam::new("Host updates", HostUpdates::Live),
            edits_from_audio: BoolParam::new("Gestures from audio thread", false),
            cv: BoolParam::new("CV buses", false),
            osc: BoolParam::new("OSC", false),
        }
    }
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

fn gate() -> FloatParam {
    let [min, max] = GATE_RANGE_DB;
    FloatParam::new("Gate", DEFAULT_FLOOR_DB, FloatRange::Linear { min, max })
        .with_unit(" dB")
        .with_value_to_string(Arc::new(|value| format!("{value:.0}")))
        .with_string_to_value(Arc::new(|text| number(text, "dB")))
}

/// A share that people read in per cent; its range is in shares.
fn percent(name: &str, default: f32, [min, max]: [f32; 2]) -> FloatParam {
    FloatParam::new(name, default, FloatRange::Linear { min, max })
        .with_unit(" %")
        .with_value_to_string(Arc::new(|value| format!("{:.0}", value * 100.0)))
        .with_string_to_value(Arc::new(|text| Some(number(text, "%")? / 100.0)))
}

/// A time from 0, which is the default.
fn milliseconds(name: &str, longest: f32) -> FloatParam {
    let range = FloatRange::Linear {
        min: 0.0,
        max: longest,
    };
    FloatParam::new(name, 0.0, range)
        .with_unit(" ms")
        .with_value_to_string(Arc::new(|value| format!("{value:.0}")))
        .with_string_to_value(Arc::new(|text| number(text, "ms")))
}

/// A finite number, with or without its unit.
pub(super) fn number(text: &str, unit: &str) -> Option<f32> {
    let number: f32 = text.trim().trim_end_matches(unit).trim_end().parse().ok()?;
    number.is_finite().then_some(number)
}
