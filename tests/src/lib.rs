//! Loads the built Pathos bundles as a host does.
//!
//! - [`bundles`]: where the built files are.
//! - [`host`]: what any host can do with a plugin, [`clap_host`] and [`vst3_host`] for the two formats, and [`host_objects`],
//!   the objects that a VST3 host lends to a plugin.
//! - [`voice`]: a voice-like sound made from nothing, so that no test needs a recording.
//! - [`outputs`]: which of a plugin's parameters are Pathos's ten outputs; [`lanes`]: their values over time; [`play`]: a clip
//!   through a plugin; [`picture`]: a picture of the lanes.
//! - [`cases`]: what tests of both formats share.
//! - [`ardour`]: a pass through Ardour, which records the lanes.
//! - [`screen`] (Linux): a window for an editor, and pictures of it.
//! - [`threads`] (Linux): how many threads this process has.
//!
//! Nothing in here links the plugin: what is tested is the file that a user installs.

pub mod ardour;
pub mod bundles;
pub mod cases;
pub mod clap_host;
pub mod host;
pub mod host_objects;
pub mod lanes;
pub mod outputs;
pub mod picture;
pub mod play;
#[cfg(target_os = "linux")]
pub mod screen;
#[cfg(target_os = "linux")]
pub mod threads;
pub mod voice;
pub mod vst3_host;
