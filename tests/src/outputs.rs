//! Pathos's ten outputs among a plugin's parameters.

use crate::host::{Parameter, PluginHost};
use anyhow::{Context, Result};

/// The seven emotions, in the order that everything in Pathos has.
pub const EMOTIONS: [&str; 7] = [
    "angry", "disgust", "fear", "happy", "neutral", "sad", "surprise",
];

/// All ten outputs: the emotions, then valence, arousal and voice.
pub const OUTPUTS: [&str; 10] = [
    "angry", "disgust", "fear", "happy", "neutral", "sad", "surprise", "valence", "arousal",
    "voice",
];

/// The control that this version has.
pub const SMOOTHING: &str = "smoothing";

/// The number by which hosts know the parameter with this textual id.
///
/// The framework's hash; projects keep this number, so that it and the ids must never change.
#[must_use]
pub fn parameter_id(textual_id: &str) -> u32 {
    let hash = textual_id.bytes().fold(0_u32, |hash, byte| {
        hash.wrapping_mul(31).wrapping_add(u32::from(byte))
    });
    hash & 0x7fff_ffff
}

/// The output at this place of [`OUTPUTS`] as users read it: probabilities and voice from 0 to 1, valence and arousal from -1
/// to 1.
#[must_use]
pub fn as_read(place: usize, normalised: f64) -> f64 {
    if is_bipolar(place) {
        2.0 * normalised - 1.0
    } else {
        normalised
    }
}

/// Whether the output at this place goes from -1 to 1.
#[must_use]
pub fn is_bipolar(place: usize) -> bool {
    matches!(OUTPUTS[place], "valence" | "arousal")
}

/// The place in [`OUTPUTS`] of the parameter with this number.
#[must_use]
pub fn place_of(id: u32) -> Option<usize> {
    OUTPUTS.iter().position(|name| parameter_id(name) == id)
}

/// The parameter with this textual id.
///
/// # Errors
///
/// If the plugin has no such parameter.
pub fn parameter(plugin: &mut dyn PluginHost, textual_id: &str) -> Result<Parameter> {
    let id = parameter_id(textual_id);
    let format = plugin.format();
    plugin
        .parameters()
        .into_iter()
        .find(|parameter| parameter.id == id)
        .with_context(|| format!("the {format} has no parameter \"{textual_id}\" (number {id})"))
}

/// The ten outputs' values now, as users read them.
#[must_use]
pub fn values_now(plugin: &mut dyn PluginHost) -> [f64; 10] {
    std::array::from_fn(|place| as_read(place, plugin.value(parameter_id(OUTPUTS[place]))))
}
