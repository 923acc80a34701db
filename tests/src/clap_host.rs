//! A small CLAP host.
#![allow(unsafe_code)] // Loading a library runs its code; and an editor's parent is a bare window number.

use crate::host::{Change, Controller, Format, Gesture, Heard, Mode, Parameter, PluginHost, Setup};
use crate::outputs::OUTPUTS;
use anyhow::{Context, Result, anyhow, ensure};
use clack_extensions::{
    audio_ports::{AudioPortInfoBuffer, PluginAudioPorts},
    audio_ports_config::{AudioPortsConfigBuffer, PluginAudioPortsConfig},
    gui::{GuiApiType, GuiConfiguration, GuiSize, HostGui, HostGuiImpl, PluginGui, Window},
    latency::{HostLatency, HostLatencyImpl, PluginLatency},
    params::{
        HostParams, HostParamsImplMainThread, HostParamsImplShared, ParamClearFlags,
        ParamInfoBuffer, ParamInfoFlags, ParamRescanFlags, PluginParams,
    },
    render::{PluginRender, RenderMode},
    state::{HostState, HostStateImpl, PluginState},
};
use clack_host::{
    events::{
        EventFlags, event_types::ParamValueEvent, event_types::TransportEvent,
        event_types::TransportFlags, spaces::CoreEventSpace,
    },
    prelude::*,
    utils::{BeatTime, SecondsTime},
};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

/// The CLAP id of the plugin, frozen.
pub const PLUGIN_ID: &std::ffi::CStr = c"audio.pathos.pathos";

/// What the plugin may call from any thread.
#[derive(Default)]
struct Shared {
    callback_requested: AtomicBool,
}

impl SharedHandler<'_> for Shared {
    fn request_restart(&self) {}
    fn request_process(&self) {}
    fn request_callback(&self) {
        self.callback_requested.store(true, Ordering::Release);
    }
}

impl HostParamsImplShared for Shared {
    fn request_flush(&self) {}
}

impl HostGuiImpl for Shared {
    fn resize_hints_changed(&self) {}
    fn request_resize(&self, _: GuiSize) -> Result<(), HostError> {
        Ok(())
    }
    fn request_show(&self) -> Result<(), HostError> {
        Ok(())
    }
    fn request_hide(&self) -> Result<(), HostError> {
        Ok(())
    }
    fn closed(&self, _: bool) {}
}

/// What the plugin may call from the main thread.
struct MainThread;

impl MainThreadHandler<'_> for MainThread {}

impl HostParamsImplMainThread for MainThread {
    fn rescan(&self, _: ParamRescanFlags) {}
    fn clear(&self, _: ClapId, _: ParamClearFlags) {}
}

impl HostStateImpl for MainThread {
    fn mark_dirty(&self) {}
}

impl HostLatencyImpl for MainThread {
    fn changed(&self) {}
}

struct Handlers;

impl HostHandlers for Handlers {
    type Shared<'a> = Shared;
    type MainThread<'a> = MainThread;
    type AudioProcessor<'a> = ();

    fn declare_extensions(builder: &mut HostExtensions<Self>, _: &Self::Shared<'_>) {
        builder
            .register::<HostGui>()
            .register::<HostLatency>()
            .register::<HostParams>()
            .register::<HostState>();
    }
}

/// An instance of the plugin in a CLAP bundle.
pub struct ClapHost {
    // Before the instance, so that it is dropped first: an instance with a living processor is leaked.
    processor: Option<StartedPluginAudioProcessor<Handlers>>,
    instance: PluginInstance<Handlers>,
    input_ports: AudioPorts,
    output_ports: AudioPorts,
    input: Vec<Vec<f32>>,
    steady_frames: u64,
    sample_rate_hz: f64,
    has_cv: bool,
    heard: Heard,
}

impl ClapHost {
    /// Loads the bundle and makes one instance.
    ///
    /// # Errors
    ///
    /// If the file is no CLAP bundle, or has no Pathos in it.
    pub fn open(bundle: &Path) -> Result<Self> {
        let entry = load(bundle)?;
        let about = HostInfo::new(
            "Pathos test host",
            "Pathos",
            "https://pathos.audio",
            env!("CARGO_PKG_VERSION"),
        )?;
        let instance = PluginInstance::<Handlers>::new(
            |_| Shared::default(),
            |_| MainThread,
            &entry,
            PLUGIN_ID,
            &about,
        )
        .map_err(|error| anyhow!("{} makes no instance: {error}", bundle.display()))?;
        Ok(Self {
            processor: None,
            instance,
            input_ports: AudioPorts::with_capacity(2, 1),
            output_ports: AudioPorts::with_capacity(12, 11),
            input: Vec::new(),
            steady_frames: 0,
            sample_rate_hz: 0.0,
            has_cv: false,
            heard: Heard::default(),
        })
    }

    fn select_channels(&mut self, channels: usize, cv: bool) -> Result<()> {
        let mut plugin = self
            .instance
            .inactive_plugin_handle()
            .context("the channels of an active plugin cannot change")?;
        let plugin = &mut plugin;
        let ports: PluginAudioPorts = plugin
            .get_extension()
            .context("the plugin has no audio ports")?;
        let mut info = AudioPortInfoBuffer::new();
        let buses = ports.count(plugin, false);
        let wanted_buses = if cv { 1 + OUTPUTS.len() as u32 } else { 1 };
        let port = ports
            .get(plugin, 0, true, &mut info)
            .context("the plugin has no main input")?;
        if port.channel_count as usize == channels && buses == wanted_buses {
            return Ok(());
        }
        let configurations: PluginAudioPortsConfig = plugin
            .get_extension()
            .context("the plugin's channels cannot be chosen")?;
        let mut buffer = AudioPortsConfigBuffer::new();
        let wanted = (0..configurations.count(plugin))
            .filter_map(|index| {
                let configuration = configurations.get(plugin, index, &mut buffer)?;
                let main = configuration.main_input.as_ref()?;
                let fits = main.channel_count as usize == channels
                    && configuration.output_port_count == wanted_buses;
                fits.then_some(configuration.id)
            })
            .next()
            .with_context(|| format!("the plugin has no layout with {channels} channels"))?;
        configurations
            .select(plugin, wanted)
            .map_err(|error| anyhow!("the layout with {channels} channels is refused: {error}"))
    }

    fn params(&mut self) -> Result<PluginParams> {
        self.instance
            .plugin_handle()
            .get_extension()
            .context("the plugin has no parameters")
    }
}

impl ClapHost {
    /// The highest value of a parameter: 1, or the number of steps of one that has steps.
    fn steps(&mut self, id: u32) -> f64 {
        let Ok(params) = self.params() else {
            return 1.0;
        };
        let plugin = self.instance.plugin_handle();
        let mut buffer = ParamInfoBuffer::new();
        (0..params.count(&plugin))
            .find_map(|index| {
                let info = params.get_info(&plugin, index, &mut buffer)?;
                (info.id.get() == id).then_some(info.max_value - info.min_value)
            })
            .unwrap_or(1.0)
    }

    /// Notes the gestures and the controllers among what the plugin sent.
    fn hear(&mut self, sent: &EventBuffer) {
        let heard = &mut self.heard;
        for event in sent.iter() {
            let mut gesture = |id: Option<ClapId>, begins| {
                let id = id.map_or(u32::MAX, ClapId::get);
                heard.gestures.push(Gesture { id, begins });
            };
            match event.as_core_event() {
                Some(CoreEventSpace::ParamGestureBegin(event)) => gesture(event.param_id(), true),
                Some(CoreEventSpace::ParamGestureEnd(event)) => gesture(event.param_id(), false),
                Some(CoreEventSpace::ParamValue(event)) => {
                    let is_recorded = !event.header().flags().contains(EventFlags::DONT_RECORD);
                    if let (true, Some(id)) = (is_recorded, event.param_id()) {
                        heard.written.push(Change {
                            id: id.get(),
                            frame: event.time(),
                            value: event.value(),
                        });
                    }
                }
                Some(CoreEventSpace::Midi(event)) if event.data()[0] & 0xf0 == 0xb0 => {
                    let [status, number, value] = event.data();
                    heard.controllers.push(Controller {
                        frame: event.time(),
                        channel: status & 0x0f,
                        number,
                        value,
                    });
                }
                _ => {}
            }
        }
    }
}

impl PluginHost for ClapHost {
    fn format(&self) -> Format {
        Format::Clap
    }

    fn parameters(&mut self) -> Vec<Parameter> {
        let Ok(params) = self.params() else {
            return Vec::new();
        };
        let plugin = self.instance.plugin_handle();
        let mut buffer = ParamInfoBuffer::new();
        (0..params.count(&plugin))
            .filter_map(|index| {
                let info = params.get_info(&plugin, index, &mut buffer)?;
                Some(Parameter {
                    id: info.id.get(),
                    name: String::from_utf8_lossy(info.name).into_owned(),
                    default: info.default_value,
                    automatable: info.flags.contains(ParamInfoFlags::IS_AUTOMATABLE),
                    read_only: info.flags.contains(ParamInfoFlags::IS_READONLY),
                    modulatable: info.flags.contains(ParamInfoFlags::IS_MODULATABLE),
                })
            })
            .collect()
    }

    fn value(&mut self, id: u32) -> f64 {
        let Ok(params) = self.params() else {
            return f64::NAN;
        };
        params
            .get_value(&self.instance.plugin_handle(), ClapId::new(id))
            .unwrap_or(f64::NAN)
    }

    fn text(&mut self, id: u32, value: f64) -> String {
        let mut buffer = [0; 256];
        let Ok(params) = self.params() else {
            return String::new();
        };
        params
            .value_to_text(
                &self.instance.plugin_handle(),
                ClapId::new(id),
                value,
                &mut buffer,
            )
            .map(|text| String::from_utf8_lossy(text).into_owned())
            .unwrap_or_default()
    }

    fn latency_frames(&mut self) -> u32 {
        let plugin = self.instance.plugin_handle();
        plugin
            .get_extension::<PluginLatency>()
            .map_or(0, |latency| latency.get(&plugin))
    }

    fn activate(&mut self, setup: Setup) -> Result<()> {
        self.deactivate();
        self.select_channels(setup.channels, setup.cv)?;
        let plugin = self.instance.plugin_handle();
        let render: PluginRender = plugin
            .get_extension()
            .context("the plugin does not know of offline rendering")?;
        let mode = match setup.mode {
            Mode::Realtime => RenderMode::Realtime,
            Mode::Offline => RenderMode::Offline,
        };
        render
            .set(&plugin, mode)
            .map_err(|_| anyhow!("the plugin refuses to render {:?}", setup.mode))?;
        let stopped = self
            .instance
            .activate(
                |_, _| (),
                PluginAudioConfiguration {
                    sample_rate: setup.sample_rate_hz,
                    min_frames_count: 1,
                    max_frames_count: setup.max_block_frames,
                },
            )
            .map_err(|error| anyhow!("the plugin does not activate: {error}"))?;
        let started = stopped
            .start_processing()
            .map_err(|_| anyhow!("the plugin does not start to process"))?;
        self.processor = Some(started);
        self.steady_frames = 0;
        self.sample_rate_hz = setup.sample_rate_hz;
        self.has_cv = setup.cv;
        Ok(())
    }

    fn deactivate(&mut self) {
        if let Some(started) = self.processor.take() {
            self.instance.deactivate(started.stop_processing());
        }
    }

    fn reset(&mut self) {
        if let Some(processor) = &mut self.processor {
            processor.reset();
        }
    }

    fn process(
        &mut self,
        input: &[&[f32]],
        output: &mut Vec<Vec<f32>>,
        changes: &[Change],
        position: Option<u64>,
    ) -> Result<Vec<Change>> {
        let processor = self
            .processor
            .as_mut()
            .context("process was called on an inactive plugin")?;
        let frames = input.first().map_or(0, |channel| channel.len());
        self.input.clear();
        self.input
            .extend(input.iter().map(|channel| channel.to_vec()));
        output.clear();
        output.resize(input.len(), vec![0.0; frames]);

        let mut events = EventBuffer::new();
        events.push_all(
            changes
                .iter()
                .map(|change| {
                    ParamValueEvent::new(
                        change.frame,
                        ClapId::new(change.id),
                        Pckn::match_all(),
                        change.value,
                    )
                })
                .collect::<Vec<_>>()
                .iter(),
        );
        let mut sent = EventBuffer::new();
        let transport = position.map(|frames| rolling(frames as f64 / self.sample_rate_hz));

        let inputs = self.input_ports.with_input_buffers([AudioPortBuffer {
            latency: 0,
            channels: AudioPortBufferType::f32_input_only(
                self.input.iter_mut().map(InputChannel::variable),
            ),
        }]);
        let buses = if self.has_cv { OUTPUTS.len() } else { 0 };
        self.heard.cv = vec![vec![0.0; frames]; buses];
        let mut buses = vec![output.as_mut_slice()];
        buses.extend(self.heard.cv.chunks_mut(1));
        let mut outputs =
            self.output_ports
                .with_output_buffers(buses.into_iter().map(|channels| AudioPortBuffer {
                    latency: 0,
                    channels: AudioPortBufferType::f32_output_only(
                        channels.iter_mut().map(Vec::as_mut_slice),
                    ),
                }));
        processor
            .process(
                &inputs,
                &mut outputs,
                &events.as_input(),
                &mut sent.as_output(),
                Some(self.steady_frames),
                transport.as_ref(),
            )
            .map_err(|error| anyhow!("the plugin failed to process {frames} frames: {error}"))?;
        self.steady_frames += frames as u64;
        self.hear(&sent);
        Ok(read_changes(&sent))
    }

    fn heard(&mut self) -> Heard {
        std::mem::take(&mut self.heard)
    }

    fn set_while_idle(&mut self, id: u32, value: f64) -> Vec<Change> {
        let Ok(params) = self.params() else {
            return Vec::new();
        };
        let value = value * self.steps(id);
        let mut events = EventBuffer::new();
        events.push(&ParamValueEvent::new(
            0,
            ClapId::new(id),
            Pckn::match_all(),
            value,
        ));
        let mut sent = EventBuffer::new();
        let (events, mut out) = (events.as_input(), sent.as_output());
        if let Some(processor) = &mut self.processor {
            params.flush_active(&mut processor.plugin_handle(), &events, &mut out);
        } else if let Some(mut plugin) = self.instance.inactive_plugin_handle() {
            params.flush(&mut plugin, &events, &mut out);
        }
        read_changes(&sent)
    }

    fn save(&mut self) -> Result<Vec<u8>> {
        let plugin = self.instance.plugin_handle();
        let state: PluginState = plugin.get_extension().context("the plugin has no state")?;
        let mut bytes = Vec::new();
        state.save(&plugin, &mut bytes)?;
        Ok(bytes)
    }

    fn load(&mut self, mut bytes: &[u8]) -> Result<()> {
        let plugin = self.instance.plugin_handle();
        let state: PluginState = plugin.get_extension().context("the plugin has no state")?;
        state.load(&plugin, &mut bytes)?;
        Ok(())
    }

    fn idle(&mut self) {
        let requested = self.instance.access_shared_handler(|shared| {
            shared.callback_requested.swap(false, Ordering::AcqRel)
        });
        if requested {
            self.instance.call_on_main_thread_callback();
        }
    }

    fn open_editor(&mut self, window: u32) -> Result<(u32, u32)> {
        let plugin = self.instance.plugin_handle();
        let editor: PluginGui = plugin.get_extension().context("the plugin has no editor")?;
        let how = GuiConfiguration {
            api_type: GuiApiType::X11,
            is_floating: false,
        };
        ensure!(
            editor.is_api_supported(&plugin, how),
            "the editor does not open in X11 windows"
        );
        editor.create(&plugin, how)?;
        let size = editor.get_size(&plugin).context("the editor has no size")?;
        // SAFETY: the caller keeps the window until it has called `close_editor`.
        unsafe { editor.set_parent(&plugin, Window::from_x11_handle(window.into())) }?;
        // Editors that are shown as soon as they have a parent may refuse this.
        let _ = editor.show(&plugin);
        Ok((size.width, size.height))
    }

    fn resize_editor(&mut self, width: u32, height: u32) -> Result<()> {
        let plugin = self.instance.plugin_handle();
        let editor: PluginGui = plugin.get_extension().context("the plugin has no editor")?;
        ensure!(editor.can_resize(&plugin), "the editor cannot be resized");
        editor.set_size(&plugin, GuiSize { width, height })?;
        Ok(())
    }

    fn close_editor(&mut self) {
        let plugin = self.instance.plugin_handle();
        if let Some(editor) = plugin.get_extension::<PluginGui>() {
            editor.destroy(&plugin);
        }
    }
}

impl Drop for ClapHost {
    fn drop(&mut self) {
        self.deactivate();
    }
}

/// Loads the bundle and makes no instance.
pub(crate) fn load(bundle: &Path) -> Result<PluginEntry> {
    // SAFETY: the file is the project's own, just built; running its code is the purpose.
    unsafe { PluginEntry::load(bundle) }
        .map_err(|error| anyhow!("{} does not load as CLAP: {error}", bundle.display()))
}

fn rolling(seconds: f64) -> TransportEvent {
    const TEMPO: f64 = 120.0;
    let zero_beats = BeatTime::from_int(0);
    let zero_seconds = SecondsTime::from_int(0);
    TransportEvent {
        header: EventHeader::new_core(0, EventFlags::empty()),
        flags: TransportFlags::IS_PLAYING
            | TransportFlags::HAS_TEMPO
            | TransportFlags::HAS_SECONDS_TIMELINE
            | TransportFlags::HAS_BEATS_TIMELINE,
        song_pos_beats: BeatTime::from_float(seconds * TEMPO / 60.0),
        song_pos_seconds: SecondsTime::from_float(seconds),
        tempo: TEMPO,
        tempo_inc: 0.0,
        loop_start_beats: zero_beats,
        loop_end_beats: zero_beats,
        loop_start_seconds: zero_seconds,
        loop_end_seconds: zero_seconds,
        bar_start: zero_beats,
        bar_number: 0,
        time_signature_numerator: 4,
        time_signature_denominator: 4,
    }
}

fn read_changes(sent: &EventBuffer) -> Vec<Change> {
    sent.iter()
        .filter_map(|event| match event.as_core_event()? {
            CoreEventSpace::ParamValue(event) => Some(Change {
                id: event.param_id()?.get(),
                frame: event.header().time(),
                value: event.value(),
            }),
            _ => None,
        })
        .collect()
}
