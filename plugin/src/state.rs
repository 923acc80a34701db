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

#[cfg(test)]
mod tests {
    use super::*;

    fn state(json: &str) -> PluginState {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn a_state_of_the_first_version_keeps_its_smoothing_and_loses_its_outputs() {
        let mut first = state(
            r#"{"version":"0.1.0","params":{"angry":{"f32":0.8},"voice":{"f32":1.0},"smoothing":{"f32":900.0}},"fields":{}}"#,
        );
        migrate(&mut first);
        assert_eq!(first.params.keys().collect::<Vec<_>>(), ["smoothing"]);
    }

    #[test]
    fn nobody_learns_when_a_project_opens_and_the_version_is_this_builds() {
        let mut own = state(
            r#"{"version":"9","params":{"learn":{"bool":true},"freeze":{"bool":true}},"fields":{"state_version":"99","osc_address":"\"a:1\""}}"#,
        );
        migrate(&mut own);
        assert_eq!(own.params.keys().collect::<Vec<_>>(), ["freeze"]);
        assert_eq!(own.fields.keys().collect::<Vec<_>>(), ["osc_address"]);
    }
}
