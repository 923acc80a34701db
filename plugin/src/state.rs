//! What a project keeps, and what becomes of what older versions kept.

use crate::outputs::OUTPUT_IDS;
use nice_plug::prelude::PluginState;
use nice_plug_core::plugin::ParamValue;

/// Where a state says its version.
const VERSION_FIELD: &str = "state_version";
/// The version that this build writes.
///
/// 1 had no version field: ten outputs and `smoothing`. 2 has the controls, MIDI, OSC and the learned voice; what 1 does not
/// have stays as it is in a new instance.
pub(crate) const VERSION: u32 = 2;

/// Makes a state that was saved by any version fit this one, before it is loaded.
///
/// The outputs are what the voice makes them, never what a project remembers of them; and nobody is in the middle of learning a
/// voice when a project opens. Numbers that are none are left out, so that what was there before stays.
pub(crate) fn migrate(state: &mut PluginState) {
    for id in OUTPUT_IDS.iter().chain(&["learn"]) {
        state.params.remove(*id);
    }
    state.params.retain(|_, value| match value {
        ParamValue::F32(value) => value.is_finite(),
        _ => true,
    });
    state.fields.remove(VERSION_FIELD);
}
