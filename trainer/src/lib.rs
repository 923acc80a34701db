//! Trains, evaluates and exports the recogniser that Pathos carries, and analyses folders with it.
//!
//! ```text
//! corpora ─► split ─► dataset ─► augment ─► batch ─► train ◄─ network, teacher     runs/NAME: config, facts, log, checkpoints
//!               waveform ─┘   non_voice, mixup ─┘      │ ◄─ loss, side_tasks
//!                                                      └─► evaluation ─► report
//!                                                      └─► onnx: export ─► card, verify     import ─► tune
//! predict: a folder of clips through the code that the plugin runs
//! ```

pub mod augment;
pub mod average;
pub mod batch;
pub mod card;
pub mod checkpoint;
pub mod commands;
pub mod condition;
pub mod config;
pub mod corpora;
pub mod dataset;
pub mod device;
pub mod draws;
pub mod evaluate;
pub mod evaluation;
pub mod facts;
pub mod figures_table;
pub mod files;
pub mod functional_head;
pub mod known_voices;
pub mod learned_voices;
pub mod log;
pub mod loss;
pub mod metrics;
pub mod mixup;
pub mod network;
pub mod non_voice;
pub mod onnx;
pub mod predict;
pub mod progress;
pub mod progress_bar;
pub mod report;
pub mod rows;
pub mod session;
pub mod side_tasks;
pub mod split;
pub mod teacher;
pub mod train;
pub mod waveform;
