//! Trains, evaluates and exports the recogniser that Pathos carries.
//!
//! ```text
//! corpora ─► dataset ─► augment ─► batch ─► train ◄─ network        checkpoints in the run's folder
//!    └─► split             non_voice ─┘       └─► export ─► evaluate ─► card, verify
//! ```

pub mod augment;
pub mod batch;
pub mod card;
pub mod checkpoint;
pub mod commands;
pub mod config;
pub mod corpora;
pub mod dataset;
pub mod evaluate;
pub mod export;
pub mod metrics;
pub mod network;
pub mod non_voice;
pub mod onnx;
pub mod split;
pub mod train;
pub mod verify;
