//! The plugin: what happens when a host activates, processes and lets go.

use crate::{
    capture::Capture,
    editor,
    host::output_value,
    outputs::Outputs,
    params::PathosParams,
    stream,
    telemetry::Telemetry,
    worker::{self, Worker},
};
use nice_plug::prelude::*;
use pathos_analysis::Analyzer;
use std::{num::NonZeroU32, sync::Arc};

/// Seconds of audio that the worker may be behind before audio is lost to it.
const RING_SECONDS: f64 = 2.0;
/// A host's position may differ by this much from the expected one without being a jump (some round it).
const JUMP_SAMPLES: i64 = 32;

/// The plugin. Passes audio through bit for bit, and says how the voice in it sounds.
pub struct Pathos {
    params: Arc<PathosParams>,
    telemetry: Arc<Telemetry>,
    /// A share in the worker: from the first activation until the instance goes.
    worker: Option<Arc<Worker>>,
    capture: Option<Capture>,
    outputs: Outputs,
    expected_position: Option<i64>,
}

impl Default for Pathos {
    fn default() -> Self {
        Self {
            params: Arc::default(),
            telemetry: Arc::default(),
            worker: None,
            capture: None,
            outputs: Outputs::new(48_000.0),
            expected_position: None,
        }
    }
}

impl Pathos {
    /// A stream to the worker, or why there is none.
    fn listen(&mut self, config: &BufferConfig) -> Result<Capture, String> {
        let sample_rate_hz = f64::from(config.sample_rate);
        let model = worker::embedded_model()?;
        let analyzer = Analyzer::new(model, sample_rate_hz).map_err(|error| error.to_string())?;
        let worker = match &self.worker {
            Some(worker) => Arc::clone(worker),
            None => {
                Worker::share().map_err(|error| format!("the system gives no thread: {error}"))?
            }
        };
        self.worker = Some(Arc::clone(&worker));
        let two_blocks = 2 * config.max_buffer_size as usize;
        let capacity = two_blocks.max((RING_SECONDS * sample_rate_hz) as usize);
        let (audio_end, worker_end) = stream::stream(capacity);
        worker.adopt(worker_end, analyzer, Arc::clone(&self.telemetry));
        let offline = config.process_mode == ProcessMode::Offline;
        Ok(Capture::new(audio_end, worker, offline))
    }

    /// Whether the host's transport has jumped since the last block.
    fn has_jumped(&mut self, transport: &Transport, frames: usize) -> bool {
        // CLAP hosts tell seconds, VST3 hosts samples. A position in beats is no use: it moves with the tempo.
        let seconds = transport.pos_seconds;
        let from_seconds = seconds.map(|s| (s * f64::from(transport.sample_rate)).round() as i64);
        let Some(position) = transport.pos_samples.or(from_seconds) else {
            return false;
        };
        let expected = self.expected_position.unwrap_or(position);
        let advance = if transport.playing { frames as i64 } else { 0 };
        self.expected_position = Some(position + advance);
        (position - expected).abs() > JUMP_SAMPLES
    }

    fn forget(&mut self) {
        self.outputs.reset();
        if let Some(capture) = &mut self.capture {
            capture.stream().reset();
        }
    }
}

impl Plugin for Pathos {
    const NAME: &'static str = "Pathos";
    const VENDOR: &'static str = "Pathos";
    const URL: &'static str = "";
    const EMAIL: &'static str = "";
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");

    const AUDIO_IO_LAYOUTS: &'static [AudioIOLayout] = &[
        AudioIOLayout {
            main_input_channels: NonZeroU32::new(2),
            main_output_channels: NonZeroU32::new(2),
            ..AudioIOLayout::const_default()
        },
        AudioIOLayout {
            main_input_channels: NonZeroU32::new(1),
            main_output_channels: NonZeroU32::new(1),
            ..AudioIOLayout::const_default()
        },
    ];

    type Editor = editor::PathosEditor;
    type SysExMessage = ();
    type BackgroundTask = ();

    fn params(&self) -> Arc<dyn Params> {
        self.params.clone()
    }

    fn editor(&mut self, _async_executor: AsyncExecutor<Self>) -> Option<Self::Editor> {
        editor::create(Arc::clone(&self.params), Arc::clone(&self.telemetry))
    }

    /// The outputs are what the voice makes them, never what a project remembers of them.
    fn filter_state(state: &mut PluginState) {
        for id in crate::OUTPUT_IDS {
            state.params.remove(id);
        }
    }

    fn activate(
        &mut self,
        _layout: &AudioIOLayout,
        config: &BufferConfig,
        _context: &mut impl ActivateContext<Self>,
    ) -> bool {
        self.outputs = Outputs::new(f64::from(config.sample_rate));
        self.expected_position = None;
        // A host may activate twice in a row; the old stream ends here.
        self.capture = None;
        match self.listen(config) {
            Ok(capture) => {
                self.capture = Some(capture);
                self.telemetry.set_listening(config.sample_rate);
            }
            // The audio still passes: a plugin that refuses to load loses more than its meters.
            Err(because) => self.telemetry.set_deaf(config.sample_rate, because),
        }
        true
    }

    fn reset(&mut self) {
        self.expected_position = None;
        self.forget();
    }

    fn process(
        &mut self,
        buffer: &mut Buffer,
        _aux: &mut AuxiliaryBuffers,
        context: &mut impl ProcessContext<Self>,
    ) -> ProcessStatus {
        let frames = buffer.samples();
        if self.has_jumped(context.transport(), frames) {
            self.forget();
        }
        let channels = buffer.as_slice_immutable();
        self.outputs.set_smoothing_ms(self.params.smoothing.value());
        let (mut overruns, mut failed) = (0, false);
        if let Some(capture) = &mut self.capture {
            if capture.send(channels) {
                self.outputs.reset();
            }
            while let Some(estimate) = capture.stream().estimate() {
                self.outputs.hear(&estimate);
            }
            (overruns, failed) = (capture.overruns(), capture.has_failed());
        }
        self.outputs
            .advance_to(self.outputs.clock() + frames as u64);
        for (param, &told) in self.params.outputs().into_iter().zip(self.outputs.told()) {
            output_value(param, told);
        }
        let peak = channels
            .iter()
            .flat_map(|channel| channel.iter())
            .fold(0.0f32, |peak, sample| peak.max(sample.abs()));
        self.telemetry
            .report_block(&self.outputs.values(), peak, overruns, failed);
        // The values still move for a while after the sound: a host must not send the plugin to sleep with them.
        ProcessStatus::KeepAlive
    }

    fn deactivate(&mut self) {
        self.capture = None;
        self.telemetry.set_inactive();
    }
}

impl ClapPlugin for Pathos {
    const CLAP_ID: &'static str = "audio.pathos.pathos";
    const CLAP_DESCRIPTION: Option<&'static str> =
        Some("How angry, disgusted, fearful, happy, neutral, sad or surprised a vocal sounds");
    const CLAP_MANUAL_URL: Option<&'static str> = None;
    const CLAP_SUPPORT_URL: Option<&'static str> = None;
    const CLAP_FEATURES: &'static [ClapFeature] = &[
        ClapFeature::AudioEffect,
        ClapFeature::Analyzer,
        ClapFeature::Utility,
        ClapFeature::Stereo,
        ClapFeature::Mono,
    ];
}

impl Vst3Plugin for Pathos {
    const VST3_CLASS_ID: [u8; 16] = *b"PathosVocalEmotn";
    const VST3_SUBCATEGORIES: &'static [Vst3SubCategory] =
        &[Vst3SubCategory::Fx, Vst3SubCategory::Analyzer];
}
