//! The plugin: what happens when a host activates, processes and lets go.

use crate::{
    capture::Capture,
    editor,
    host::{self, output_value},
    lookahead::Lookahead,
    midi::Controllers,
    model_choice::ModelChoice,
    osc,
    outputs::{Block, Hop, OUTPUT_COUNT, Outputs},
    state,
    stream::{self, Start},
    timeline::Place,
    worker::{Instance, Worker},
};
use nice_plug::prelude::*;
use pathos_analysis::{Analyzer, HOP_SECONDS};
use rtrb::Producer;
use std::{num::NonZeroU32, sync::Arc};

/// Seconds of audio that the worker may be behind before audio is lost to it.
const RING_SECONDS: f64 = 2.0;
/// A host's position may differ by this much from the expected one without being a jump (some round it).
const JUMP_SAMPLES: i64 = 32;

/// The plugin. Passes audio through bit for bit, and says how the voice in it sounds.
///
/// The formats differ in their buses: a CLAP host chooses among layouts, a VST3 host switches buses on and off.
pub struct Pathos<const VST3: bool = false> {
    instance: Instance,
    /// A share in the worker: from the first activation until the instance goes.
    worker: Option<Arc<Worker>>,
    capture: Option<Capture>,
    lookahead: Lookahead,
    outputs: Outputs,
    controllers: Controllers,
    /// The hops' way to the worker, which sends them as OSC.
    hops: Option<Producer<Hop>>,
    expected_position: Option<i64>,
    /// From one estimate to the next.
    hop_seconds: f64,
    was_rolling: bool,
}

/// A bus for each output.
const CV_BUSES: &[NonZeroU32] = &[new_nonzero_u32(1); OUTPUT_COUNT];
/// The same for a stereo plugin in VST3. nice-plug 0.4.2 compares the first auxiliary bus with what the host wants of the main
/// bus, so that it must have as many channels; `host::vst3` shows the first of them alone.
const CV_BUSES_BESIDE_STEREO: &[NonZeroU32] = &{
    let mut buses = [new_nonzero_u32(1); OUTPUT_COUNT];
    buses[0] = new_nonzero_u32(2);
    buses
};
const CV_NAMES: &[&str] = &[
    "CV Angry",
    "CV Disgust",
    "CV Fear",
    "CV Happy",
    "CV Neutral",
    "CV Sad",
    "CV Surprise",
    "CV Valence",
    "CV Arousal",
    "CV Voice",
];

/// So many channels through, and CV buses.
const fn layout(name: &'static str, channels: u32, cv: &'static [NonZeroU32]) -> AudioIOLayout {
    AudioIOLayout {
        main_input_channels: NonZeroU32::new(channels),
        main_output_channels: NonZeroU32::new(channels),
        aux_output_ports: cv,
        names: PortNames {
            layout: Some(name),
            aux_outputs: if cv.is_empty() { &[] } else { CV_NAMES },
            ..PortNames::const_default()
        },
        ..AudioIOLayout::const_default()
    }
}

impl<const VST3: bool> Default for Pathos<VST3> {
    fn default() -> Self {
        Self {
            instance: Instance::default(),
            worker: None,
            capture: None,
            lookahead: Lookahead::new(0, 48_000.0),
            outputs: Outputs::new(48_000.0),
            controllers: Controllers::default(),
            hops: None,
            expected_position: None,
            hop_seconds: HOP_SECONDS,
            was_rolling: false,
        }
    }
}

impl<const VST3: bool> Pathos<VST3> {
    /// A stream to the worker, or why there is none.
    fn listen(&mut self, config: &BufferConfig) -> Result<Capture, String> {
        let sample_rate_hz = f64::from(config.sample_rate);
        let Instance {
            params, telemetry, ..
        } = &self.instance;
        let (choice, model) = ModelChoice::first(params, telemetry)?;
        let mut analyzer =
            Analyzer::new(model, sample_rate_hz).map_err(|error| error.to_string())?;
        analyzer.set_hop_seconds(self.hop_seconds);
        analyzer.reset();
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
        let (hops, hops_out) = osc::hops();
        self.hops = Some(hops);
        worker.adopt(
            worker_end,
            hops_out,
            analyzer,
            choice,
            self.instance.clone(),
        );
        let offline = config.process_mode == ProcessMode::Offline;
        Ok(Capture::new(audio_end, worker, offline))
    }

    /// Whether the host's transport has jumped since the last block.
    fn has_jumped(&mut self, transport: &Transport, frames: usize) -> bool {
        let Some(position) = position(transport) else {
            return false;
        };
        let expected = self.expected_position.unwrap_or(position);
        let advance = if transport.playing { frames as i64 } else { 0 };
        self.expected_position = Some(position + advance);
        (position - expected).abs() > JUMP_SAMPLES
    }

    /// The next sample is the first one, and lies at a place.
    fn forget(&mut self, place: Place) {
        self.outputs.set_hop_seconds(self.hop_seconds);
        self.outputs.reset();
        if let Some(capture) = &mut self.capture {
            capture.stream().reset(Start {
                place,
                hop_seconds: self.hop_seconds,
            });
        }
    }
}

/// The transport's position in samples. CLAP hosts tell seconds, VST3 hosts samples. A position in beats is no use: it moves
/// with the tempo.
fn position(transport: &Transport) -> Option<i64> {
    let seconds = transport.pos_seconds;
    let from_seconds = seconds.map(|s| (s * f64::from(transport.sample_rate)).round() as i64);
    transport.pos_samples.or(from_seconds)
}

/// Where sound lies that comes so many frames after the transport's position.
fn place(transport: &Transport, frames: usize) -> Place {
    let rolling = position(transport).filter(|_| transport.playing);
    let seconds = |position: i64| (position + frames as i64) as f64;
    Place {
        transport_s: rolling.map(|position| seconds(position) / f64::from(transport.sample_rate)),
    }
}

impl<const VST3: bool> Plugin for Pathos<VST3> {
    const NAME: &'static str = "Pathos";
    const VENDOR: &'static str = "Pathos";
    const URL: &'static str = "";
    const EMAIL: &'static str = "";
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");

    // The first is what a host gets that does not choose.
    const AUDIO_IO_LAYOUTS: &'static [AudioIOLayout] = if VST3 {
        &[
            layout("Stereo", 2, CV_BUSES_BESIDE_STEREO),
            layout("Mono", 1, CV_BUSES),
        ]
    } else {
        &[
            layout("Stereo", 2, &[]),
            layout("Mono", 1, &[]),
            layout("Stereo and CV", 2, CV_BUSES),
            layout("Mono and CV", 1, CV_BUSES),
        ]
    };

    const MIDI_OUTPUT: MidiConfig = MidiConfig::MidiCCs;

    type Editor = editor::PathosEditor;
    type SysExMessage = ();
    /// Where hosts take gestures on the main thread alone and lend no timer, the framework's event loop brings them there.
    type BackgroundTask = ();

    fn task_executor(&mut self) -> TaskExecutor<Self> {
        Box::new(|()| host::deliver_all())
    }

    fn params(&self) -> Arc<dyn Params> {
        self.instance.params.clone()
    }

    fn editor(&mut self, _async_executor: AsyncExecutor<Self>) -> Option<Self::Editor> {
        editor::create(self.instance.clone())
    }

    fn filter_state(state: &mut PluginState) {
        state::migrate(state);
    }

    fn activate(
        &mut self,
        layout: &AudioIOLayout,
        config: &BufferConfig,
        context: &mut impl ActivateContext<Self>,
    ) -> bool {
        let sample_rate_hz = f64::from(config.sample_rate);
        self.outputs = Outputs::new(sample_rate_hz);
        let channels = layout.main_output_channels.map_or(0, NonZeroU32::get);
        self.lookahead = Lookahead::new(channels as usize, sample_rate_hz);
        self.lookahead
            .reset(self.instance.params.controls.lookahead.value());
        context.set_latency_samples(self.lookahead.delay() as u32);
        self.expected_position = None;
        self.was_rolling = false;
        self.hop_seconds = self.instance.params.controls.hop.value().seconds();
        self.outputs.set_hop_seconds(self.hop_seconds);
        // A host may activate twice in a row; the old stream ends here.
        self.capture = None;
        match self.listen(config) {
            Ok(capture) => {
                self.capture = Some(capture);
                self.instance.telemetry.set_listening(config.sample_rate);
            }
            // The audio still passes: a plugin that refuses to load loses more than its meters.
            Err(because) => self
                .instance
                .telemetry
                .set_deaf(config.sample_rate, because),
        }
        true
    }

    fn reset(&mut self) {
        self.expected_position = None;
        self.was_rolling = false;
        self.forget(Place::default());
        self.lookahead
            .reset(self.instance.params.controls.lookahead.value());
    }

    fn process(
        &mut self,
        buffer: &mut Buffer,
        aux: &mut AuxiliaryBuffers,
        context: &mut impl ProcessContext<Self>,
    ) -> ProcessStatus {
        let frames = buffer.samples();
        let transport = context.transport();
        let rolling = transport.playing;
        let sample_rate_hz = transport.sample_rate;
        let hop_seconds = self.instance.params.controls.hop.value().seconds();
        let is_other_hop = hop_seconds != self.hop_seconds;
        self.hop_seconds = hop_seconds;
        if self.has_jumped(transport, frames) || is_other_hop {
            self.forget(place(transport, 0));
        } else if rolling != self.was_rolling
            && let Some(capture) = &mut self.capture
        {
            capture.stream().move_to(place(transport, 0));
        }
        self.was_rolling = rolling;
        let after = Start {
            place: place(transport, frames),
            hop_seconds,
        };
        let channels = buffer.as_slice_immutable();
        let peak = channels
            .iter()
            .flat_map(|channel| channel.iter())
            .fold(0.0f32, |peak, sample| peak.max(sample.abs()));
        let Self {
            instance,
            capture,
            outputs,
            controllers,
            hops,
            ..
        } = self;
        let params = &*instance.params;
        outputs.set(params.settings());
        if let Some(capture) = capture
            && capture.send(channels, after)
        {
            outputs.reset();
        }

        let start = outputs.clock();
        let mut hop = |hop: Hop| {
            let timing = (hop.at - start).min(frames.saturating_sub(1) as u64) as u32;
            controllers.hear(&hop, &params.midi, timing, &mut |event| {
                context.try_send_event(event).is_ok()
            });
            if let Some(hops) = hops {
                let _ = hops.push(hop);
            }
        };
        let mut block = Block {
            start,
            rolling,
            cv: aux.outputs,
            hop: &mut hop,
        };
        if let Some(capture) = capture {
            while let Some(estimate) = capture.stream().estimate() {
                let late = (start + frames as u64).saturating_sub(estimate.position);
                instance
                    .telemetry
                    .report_latency(late as f32 / sample_rate_hz);
                outputs.hear(&estimate, &mut block);
            }
        }
        outputs.advance_to(start + frames as u64, &mut block);

        for (param, &told) in params.outputs().into_iter().zip(outputs.told()) {
            output_value(param, told);
        }
        let (overruns, failed) = match capture {
            Some(capture) => (capture.overruns(), capture.has_failed()),
            None => (0, false),
        };
        instance
            .telemetry
            .report_block(&outputs.values(), peak, rolling, overruns, failed);

        // On Linux this event loop has a thread of its own, which is not the host's main thread.
        if cfg!(any(target_os = "macos", target_os = "windows")) && host::any_wait() {
            context.execute_gui(());
        }
        self.lookahead.set(params.controls.lookahead.value());
        context.set_latency_samples(self.lookahead.delay() as u32);
        self.lookahead.process(buffer);
        // The values still move for a while after the sound: a host must not send the plugin to sleep with them.
        ProcessStatus::KeepAlive
    }

    fn deactivate(&mut self) {
        self.capture = None;
        self.instance.telemetry.set_inactive();
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

impl Vst3Plugin for Pathos<true> {
    const VST3_CLASS_ID: [u8; 16] = *b"PathosVocalEmotn";
    const VST3_SUBCATEGORIES: &'static [Vst3SubCategory] =
        &[Vst3SubCategory::Fx, Vst3SubCategory::Analyzer];
}
