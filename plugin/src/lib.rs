//! Pathos, the plugin: how angry, disgusted, fearful, happy, neutral, sad or surprised a vocal sounds, as meters and as
//! automation.
//!
//! The way of a sample: a host calls `plugin` on its audio thread; `capture` downmixes the block into a ring of `stream`,
//! where the one thread of `worker` finds it and answers with estimates; `outputs` turns these into the ten values of
//! `params`, and the decorators in `host` tell the host of them. `telemetry` (now) and `timeline` (the last minutes) are what
//! `editor` can see.

mod capture;
mod cv;
mod editor;
mod host;
mod learning;
mod lookahead;
mod midi;
mod model_choice;
mod osc;
mod outputs;
mod params;
mod plugin;
mod presets;
mod state;
mod stream;
mod telemetry;
mod timeline;
mod worker;

pub use outputs::{OUTPUT_COUNT, OUTPUT_IDS};
pub use plugin::Pathos;

export_clap!(Pathos);
export_vst3!(Pathos<true>);
