//! Samples at any rate in, emotion estimates out.
//!
//! Knows nothing of hosts, threads, files of audio or training; the plugin, the trainer and the batch tool run this very code,
//! so that what was evaluated is what runs. The way of a sample:
//!
//! ```text
//! resample ─► features ─► gate ─► window ─► recogniser ─► estimate         ballistics
//! to 16 kHz   10 ms       voice?  last 3 s  a model's     each 250 ms      for whoever shows or sends values
//!                                           logits
//! ```
//!
//! ```no_run
//! use pathos_analysis::{Analyzer, Model};
//! use std::{path::Path, sync::Arc};
//!
//! let model = Arc::new(Model::from_file(Path::new("models/pathos.onnx"))?);
//! let mut analyzer = Analyzer::new(model, 48_000.0)?;
//! # let samples = [0.0; 48_000];
//! analyzer.push(&samples, &mut |estimate| {
//!     println!("at sample {}: {}", estimate.position, estimate.leading());
//! });
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod analyzer;
pub mod background;
pub mod ballistics;
pub mod chroma;
pub mod deltas;
mod difference;
pub mod emotion;
pub mod energy;
pub mod estimate;
pub mod features;
pub mod functionals;
pub mod gate;
pub mod habit;
pub mod intervals;
pub mod log_mel;
pub mod ltas;
pub mod mfcc;
pub mod model;
pub mod network;
pub mod piece;
pub mod pitch;
pub mod power;
pub mod recogniser;
pub mod reference;
pub mod resample;
pub mod shaping;
mod statistics;
mod trailing;
pub mod window;

pub use analyzer::{Analyzer, Heard};
pub use background::{BACKGROUND_FRAMES, BackgroundSettings};
pub use ballistics::{Ballistics, Times};
pub use emotion::Emotion;
pub use estimate::{Estimate, VoiceState, softmax};
pub use features::{FeatureKind, FeatureSettings, Frame, FrameExtractor};
pub use functionals::FUNCTIONAL_VALUES;
pub use gate::VoiceGate;
pub use log_mel::{LogMel, LogMelSettings, MEL_BANDS, MelFrame, log_mel_of};
pub use model::{Evidence, Figure, Logits, Model, ModelError, ModelInfo};
pub use recogniser::Recogniser;
pub use reference::{VoiceLearner, VoiceReference};
pub use resample::{Resampler, resample_all};
pub use shaping::Shaping;
pub use window::{
    CONTEXT_FRAMES, FRAMES_VERSION, MASK_STEPS, MIN_VOICED_FRAMES, STRIDE_FRAMES, TIME_POOL,
    VoiceWindow, WINDOW_FRAMES, WINDOW_ROWS, Window, Windowing, voiced_frames,
};

/// The sample rate at which everything is analysed.
pub const ANALYSIS_RATE_HZ: u32 = 16_000;
/// From one estimate to the next.
pub const HOP_SECONDS: f64 = 0.25;
/// The lowest sample rate that an [`Analyzer`] takes.
pub const MIN_SAMPLE_RATE_HZ: f64 = 8_000.0;
/// The highest sample rate that an [`Analyzer`] takes.
pub const MAX_SAMPLE_RATE_HZ: f64 = 384_000.0;

/// Why a stream cannot be analysed.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum AnalyzerError {
    /// The sample rate is out of range.
    #[error("a sample rate of {0} Hz cannot be analysed; set one from 8000 to 384000 Hz")]
    SampleRate(f64),
}
