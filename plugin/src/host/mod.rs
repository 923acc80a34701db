//! How the values reach a host while no editor is open.
//!
//! The framework tells hosts of parameters that the user moves in an editor; it has no way for a parameter that moves by itself.
//! So each format has a thin decorator around the framework's wrapper: `process` writes the values into the parameters, and
//! when it returns the decorator tells the host of those that have changed. The decorators also keep hosts from writing to the
//! outputs, and mend a few faults of the wrappers that are named where they are mended.
//!
//! - `telling` decides what is told, for both formats; `clap` and `vst3` are the decorators
//! - `vst3_edits` brings gestures to the right thread, `vst3_buses` mends the list of buses, `vst3_changes` filters what a host
//!   writes, `vst3_delegates` hands on everything else, and
//!   `vst3_export` is the factory
//!
//! This is the one place in the plugin with unsafe code: both formats are C interfaces.
#![allow(unsafe_code)]

pub(crate) mod clap;
mod telling;
pub(crate) mod vst3;
mod vst3_buses;
mod vst3_changes;
mod vst3_delegates;
mod vst3_edits;
pub(crate) mod vst3_export;

pub(crate) use vst3_edits::{any_wait, deliver_all};

use crate::outputs::OUTPUT_IDS;
use nice_plug::prelude::{FloatParam, Param};
use nice_plug_core::params::InternalParamMut;

/// The number by which both formats know a parameter: the framework's hash of its id.
const fn hash_of(id: &str) -> u32 {
    let bytes = id.as_bytes();
    let mut hash: u32 = 0;
    let mut index = 0;
    while index < bytes.len() {
        hash = hash.wrapping_mul(31).wrapping_add(bytes[index] as u32);
        index += 1;
    }
    hash & !(1 << 31)
}

/// The numbers of the outputs.
const OUTPUT_HASHES: [u32; OUTPUT_IDS.len()] = {
    let mut hashes = [0; OUTPUT_IDS.len()];
    let mut index = 0;
    while index < hashes.len() {
        hashes[index] = hash_of(OUTPUT_IDS[index]);
        index += 1;
    }
    hashes
};

/// The number of the parameter that chooses when hosts are told.
const HOST_UPDATES: u32 = hash_of("host_updates");
/// That of the parameter that lets gestures come from the audio thread.
const EDITS_FROM_AUDIO: u32 = hash_of("edits_from_audio");

/// That of the parameter that gives a VST3 plugin its CV buses.
const CV: u32 = hash_of("cv");

/// The outputs at rest, as hosts count them (0 to 1): what a host knows of a new instance.
const AT_REST: [f64; OUTPUT_IDS.len()] = [0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.5, 0.5, 0.0];

fn is_output(hash: u32) -> bool {
    OUTPUT_HASHES.contains(&hash)
}

/// Sets an output parameter to what the plugin has found. Wait-free.
pub(crate) fn output_value(param: &FloatParam, plain: f32) {
    let normalized = param.preview_normalized(plain);
    // SAFETY: The function is unsafe to keep it for the framework's wrappers, which must tell the host of a change; ours do so
    // when `process` returns. It stores two atomics and touches nothing else, as no callback is set on an output.
    unsafe { param._internal_set_normalized_value(normalized) };
}
