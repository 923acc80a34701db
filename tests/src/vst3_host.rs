//! A small VST3 host.
#![allow(unsafe_code)] // VST3 is a C++ interface: every call of a plugin's crosses into foreign code.
#![allow(clippy::unnecessary_cast)] // The types of the standard's constants differ between systems.

use crate::host::{Change, Format, Heard, Mode, Parameter, PluginHost, Setup};
use crate::host_objects::{
    Application, ComponentHandler, EventList, Frame, ParameterChanges, Stream,
};
use crate::outputs::OUTPUTS;
use anyhow::{Context, Result, bail, ensure};
use libloading::Library;
use std::ffi::c_void;
use std::path::Path;
use vst3::Steinberg::Vst::{
    AudioBusBuffers, BusDirections_, BusInfo, BusInfo_::BusFlags_, IAudioProcessor,
    IAudioProcessorTrait, IComponent, IComponent_iid, IComponentHandler, IComponentTrait,
    IEditController, IEditControllerTrait, IEventList, IParameterChanges, MediaTypes_,
    ParameterInfo, ParameterInfo_::ParameterFlags_, ProcessContext,
    ProcessContext_::StatesAndFlags_, ProcessData, ProcessModes_, ProcessSetup, SpeakerArr,
    String128, SymbolicSampleSizes_,
};
use vst3::Steinberg::{
    FIDString, FUnknown, IBStream, IPlugFrame, IPlugView, IPlugViewTrait, IPluginBaseTrait,
    IPluginFactory, IPluginFactoryTrait, PClassInfo, ViewRect, int32, kResultOk, kResultTrue,
};
use vst3::{ComPtr, ComWrapper};

/// The VST3 class id of the plugin, frozen.
pub const CLASS_ID: &[u8; 16] = b"PathosVocalEmotn";

/// Flags of a bus.
pub const DEFAULT_ACTIVE: u32 = BusFlags_::kDefaultActive as u32;
/// Likewise.
pub const CONTROL_VOLTAGE: u32 = BusFlags_::kIsControlVoltage as u32;

/// A loaded VST3 library; its exit function runs when the last instance is gone.
pub(crate) struct Module {
    library: Library,
}

impl Module {
    fn load(path: &Path) -> Result<Self> {
        // SAFETY: the file is the project's own, just built; running its code is the purpose.
        let library = unsafe { Library::new(path) }
            .with_context(|| format!("{} does not load", path.display()))?;
        #[cfg(all(unix, not(target_os = "macos")))]
        {
            // SAFETY: the VST3 standard gives the function this type on Linux. The handle is not used by Rust plugins; the
            // standard asks for the one of dlopen, and null stands for the main program.
            let entered = unsafe {
                library
                    .get::<unsafe extern "C" fn(*mut c_void) -> bool>(b"ModuleEntry")
                    .map(|enter| enter(std::ptr::null_mut()))
            };
            ensure!(
                entered.with_context(|| format!("{} has no ModuleEntry", path.display()))?,
                "{} refuses to be loaded",
                path.display()
            );
        }
        Ok(Self { library })
    }

    fn factory(&self) -> Result<ComPtr<IPluginFactory>> {
        // SAFETY: the VST3 standard gives the function this type, and its result one reference that is ours.
        unsafe {
            let make = self
                .library
                .get::<unsafe extern "system" fn() -> *mut IPluginFactory>(b"GetPluginFactory")
                .context("the library has no GetPluginFactory")?;
            ComPtr::from_raw(make()).context("the library has no factory")
        }
    }
}

impl Drop for Module {
    fn drop(&mut self) {
        #[cfg(all(unix, not(target_os = "macos")))]
        // SAFETY: the VST3 standard gives the function this type on Linux; no instance is left.
        unsafe {
            if let Ok(exit) = self
                .library
                .get::<unsafe extern "C" fn() -> bool>(b"ModuleExit")
            {
                exit();
            }
        }
    }
}

/// An open editor.
struct View {
    view: ComPtr<IPlugView>,
    frame: ComWrapper<Frame>,
    _lent: ComPtr<IPlugFrame>,
}

/// An instance of the plugin in a VST3 bundle.
pub struct Vst3Host {
    component: ComPtr<IComponent>,
    processor: ComPtr<IAudioProcessor>,
    controller: ComPtr<IEditController>,
    application: ComWrapper<Application>,
    _lent: ComPtr<FUnknown>,
    handler: ComWrapper<ComponentHandler>,
    _lent_handler: ComPtr<IComponentHandler>,
    editor: Option<View>,
    // Last, so that the library outlives everything that came out of it.
    _module: Module,
    setup: Option<Setup>,
    input: Vec<Vec<f32>>,
    heard: Heard,
}

impl Vst3Host {
    /// Loads the bundle's library and makes one instance, which is lent a run loop.
    ///
    /// # Errors
    ///
    /// If the file is no VST3 library, or has no Pathos in it.
    pub fn open(library: &Path) -> Result<Self> {
        Self::open_with(library, true)
    }

    /// The same, with a run loop or without.
    ///
    /// # Errors
    ///
    /// As for [`open`](Self::open).
    pub fn open_with(library: &Path, run_loop: bool) -> Result<Self> {
        let module = load(library)?;
        let factory = module.factory()?;
        // SAFETY: all pointers are to live objects of the types that the standard asks for.
        unsafe {
            let mut class: PClassInfo = std::mem::zeroed();
            ensure!(
                factory.countClasses() >= 1 && factory.getClassInfo(0, &mut class) == kResultOk,
                "the factory has no class"
            );
            let class_id = class.cid.map(|byte| byte as u8);
            ensure!(
                &class_id == CLASS_ID,
                "the class id is {}, and must stay {}",
                String::from_utf8_lossy(&class_id),
                String::from_utf8_lossy(CLASS_ID)
            );
            let mut object: *mut c_void = std::ptr::null_mut();
            ensure!(
                factory.createInstance(
                    class.cid.as_ptr() as FIDString,
                    IComponent_iid.as_ptr() as FIDString,
                    &mut object,
                ) == kResultOk,
                "the factory makes no instance"
            );
            let component =
                ComPtr::from_raw(object.cast::<IComponent>()).context("the instance is null")?;
            let application = ComWrapper::new(Application::default());
            let lent =
                Application::lend(&application, run_loop).context("the host is no object")?;
            ensure!(
                component.initialize(lent.as_ptr()) == kResultOk,
                "the instance does not initialise"
            );
            let processor = component
                .cast::<IAudioProcessor>()
                .context("the plugin does not process audio")?;
            let controller = component
                .cast::<IEditController>()
                .context("the plugin is not a single component")?;
            let handler = ComWrapper::new(ComponentHandler::default());
            let lent_handler = handler
                .to_com_ptr::<IComponentHandler>()
                .context("the handler is no object")?;
            controller.setComponentHandler(lent_handler.as_ptr());
            Ok(Self {
                component,
                processor,
                controller,
                application,
                _lent: lent,
                handler,
                _lent_handler: lent_handler,
                editor: None,
                _module: module,
                setup: None,
                input: Vec::new(),
                heard: Heard::default(),
            })
        }
    }

    /// The flags of an output bus, and how many channels it has; nothing beyond the last.
    #[must_use]
    pub fn output_bus(&self, index: usize) -> Option<(u32, usize)> {
        let kinds = (
            MediaTypes_::kAudio as int32,
            BusDirections_::kOutput as int32,
        );
        // SAFETY: the info is filled by the plugin, and read only where it says that it did so.
        unsafe {
            let mut info: BusInfo = std::mem::zeroed();
            let result = self
                .component
                .getBusInfo(kinds.0, kinds.1, index as int32, &mut info);
            (result == kResultOk).then_some((info.flags as u32, info.channelCount as usize))
        }
    }

    fn activate_buses(&self, on: bool, cv: bool) {
        let cv_buses = if cv { OUTPUTS.len() } else { 0 };
        for bus in 1..=cv_buses {
            // SAFETY: plain values; the CV buses follow the main one.
            unsafe {
                self.component.activateBus(
                    MediaTypes_::kAudio as int32,
                    BusDirections_::kOutput as int32,
                    bus as int32,
                    on.into(),
                );
            }
        }
        for direction in [BusDirections_::kInput, BusDirections_::kOutput] {
            // SAFETY: plain values; the main bus of both directions is number 0.
            unsafe {
                self.component.activateBus(
                    MediaTypes_::kAudio as int32,
                    direction as int32,
                    0,
                    on.into(),
                );
            }
        }
    }
}

impl PluginHost for Vst3Host {
    fn format(&self) -> Format {
        Format::Vst3
    }

    fn parameters(&mut self) -> Vec<Parameter> {
        // SAFETY: the info is filled by the plugin, and read only where it says that it did so.
        unsafe {
            (0..self.controller.getParameterCount())
                .filter_map(|index| {
                    let mut info: ParameterInfo = std::mem::zeroed();
                    let given = self.controller.getParameterInfo(index, &mut info) == kResultOk;
                    let has = |flag| info.flags & (flag as int32) != 0;
                    given.then(|| Parameter {
                        id: info.id,
                        name: from_utf16(&info.title),
                        default: info.defaultNormalizedValue,
                        automatable: has(ParameterFlags_::kCanAutomate),
                        read_only: has(ParameterFlags_::kIsReadOnly),
                        modulatable: false,
                    })
                })
                .collect()
        }
    }

    fn value(&mut self, id: u32) -> f64 {
        // SAFETY: plain values.
        unsafe { self.controller.getParamNormalized(id) }
    }

    fn text(&mut self, id: u32, value: f64) -> String {
        // SAFETY: the plugin gets a whole String128, and a whole info, to write to.
        unsafe {
            let mut text: String128 = std::mem::zeroed();
            if self.controller.getParamStringByValue(id, value, &mut text) != kResultOk {
                return String::new();
            }
            // VST3 has the unit apart from the number, and leaves it to hosts to put them together.
            let units = (0..self.controller.getParameterCount())
                .find_map(|index| {
                    let mut info: ParameterInfo = std::mem::zeroed();
                    let given = self.controller.getParameterInfo(index, &mut info) == kResultOk;
                    (given && info.id == id).then(|| from_utf16(&info.units))
                })
                .unwrap_or_default();
            let text = from_utf16(&text);
            let (text, units) = (text.trim(), units.trim());
            if units.is_empty() || text.ends_with(units) {
                text.to_owned()
            } else {
                format!("{text} {units}")
            }
        }
    }

    fn latency_frames(&mut self) -> u32 {
        // SAFETY: no arguments.
        unsafe { self.processor.getLatencySamples() }
    }

    fn activate(&mut self, setup: Setup) -> Result<()> {
        self.deactivate();
        let mut arrangement = match setup.channels {
            1 => SpeakerArr::kMono,
            2 => SpeakerArr::kStereo,
            other => bail!("Pathos has no layout with {other} channels"),
        };
        let mut outputs = vec![arrangement];
        if setup.cv {
            outputs.resize(1 + OUTPUTS.len(), SpeakerArr::kMono);
        }
        let mut how = ProcessSetup {
            processMode: match setup.mode {
                Mode::Realtime => ProcessModes_::kRealtime,
                Mode::Offline => ProcessModes_::kOffline,
            } as int32,
            symbolicSampleSize: SymbolicSampleSizes_::kSample32 as int32,
            maxSamplesPerBlock: setup.max_block_frames as int32,
            sampleRate: setup.sample_rate_hz,
        };
        // SAFETY: all pointers are to locals that live through the calls; the order is the standard's.
        unsafe {
            ensure!(
                self.processor.setBusArrangements(
                    &mut arrangement,
                    1,
                    outputs.as_mut_ptr(),
                    outputs.len() as int32
                ) == kResultTrue,
                "the layout with {} channels is refused",
                setup.channels
            );
            ensure!(
                self.processor.setupProcessing(&mut how) == kResultOk,
                "{setup:?} is refused"
            );
            self.activate_buses(true, setup.cv);
            ensure!(
                self.component.setActive(1) == kResultOk,
                "the plugin does not activate"
            );
            self.processor.setProcessing(1);
        }
        self.setup = Some(setup);
        Ok(())
    }

    fn deactivate(&mut self) {
        if let Some(setup) = self.setup.take() {
            // SAFETY: the plugin is active and processing; the order is the standard's.
            unsafe {
                self.processor.setProcessing(0);
                self.component.setActive(0);
            }
            self.activate_buses(false, setup.cv);
        }
    }

    fn reset(&mut self) {
        if self.setup.is_some() {
            // SAFETY: the plugin is active.
            unsafe {
                self.processor.setProcessing(0);
                self.processor.setProcessing(1);
            }
        }
    }

    fn process(
        &mut self,
        input: &[&[f32]],
        output: &mut Vec<Vec<f32>>,
        changes: &[Change],
        position: Option<u64>,
    ) -> Result<Vec<Change>> {
        let setup = self
            .setup
            .context("process was called on an inactive plugin")?;
        let frames = input.first().map_or(0, |channel| channel.len());
        self.input.clear();
        self.input
            .extend(input.iter().map(|channel| channel.to_vec()));
        output.clear();
        output.resize(input.len(), vec![0.0; frames]);

        let mut input_channels = pointers(&mut self.input);
        let mut output_channels = pointers(output);
        let mut input_bus = bus(&mut input_channels);
        let buses = if setup.cv { OUTPUTS.len() } else { 0 };
        self.heard.cv = vec![vec![0.0; frames]; buses];
        let mut cv_channels = pointers(&mut self.heard.cv);
        let mut output_buses = vec![bus(&mut output_channels)];
        output_buses.extend(cv_channels.chunks_mut(1).map(bus));
        let events = ComWrapper::new(EventList::default());
        let out_events = events
            .to_com_ptr::<IEventList>()
            .context("events are no object")?;
        let in_changes = ParameterChanges::new(changes);
        let out_changes = ParameterChanges::new(&[]);
        let as_interface = |changes: &ComWrapper<ParameterChanges>| {
            changes
                .to_com_ptr::<IParameterChanges>()
                .context("parameter changes are no object")
        };
        let (incoming, outgoing) = (as_interface(&in_changes)?, as_interface(&out_changes)?);
        let mut context = position.map(|frames| rolling(frames, setup.sample_rate_hz));
        let mut data = ProcessData {
            processMode: match setup.mode {
                Mode::Realtime => ProcessModes_::kRealtime,
                Mode::Offline => ProcessModes_::kOffline,
            } as int32,
            symbolicSampleSize: SymbolicSampleSizes_::kSample32 as int32,
            numSamples: frames as int32,
            numInputs: 1,
            numOutputs: output_buses.len() as int32,
            inputs: &mut input_bus,
            outputs: output_buses.as_mut_ptr(),
            inputParameterChanges: incoming.as_ptr(),
            outputParameterChanges: outgoing.as_ptr(),
            inputEvents: std::ptr::null_mut(),
            outputEvents: out_events.as_ptr(),
            processContext: context
                .as_mut()
                .map_or(std::ptr::null_mut(), std::ptr::from_mut),
        };
        self.handler.note_processing(true);
        // SAFETY: everything that `data` points to lives until the call returns, with the sizes that it states.
        let result = unsafe { self.processor.process(&mut data) };
        self.handler.note_processing(false);
        ensure!(
            result == kResultOk,
            "the plugin failed to process {frames} frames: result {result}"
        );
        self.heard.controllers.extend(events.take());
        Ok(out_changes.read())
    }

    fn heard(&mut self) -> Heard {
        self.idle();
        let edits = self.handler.take();
        let own = std::mem::take(&mut self.heard);
        Heard {
            controllers: own.controllers,
            cv: own.cv,
            ..edits
        }
    }

    fn set_while_idle(&mut self, id: u32, value: f64) -> Vec<Change> {
        // SAFETY: plain values.
        unsafe { self.controller.setParamNormalized(id, value) };
        Vec::new()
    }

    fn save(&mut self) -> Result<Vec<u8>> {
        let stream = Stream::new(&[]);
        let interface = stream
            .to_com_ptr::<IBStream>()
            .context("the stream is no object")?;
        // SAFETY: the stream lives until the call returns.
        let result = unsafe { self.component.getState(interface.as_ptr()) };
        ensure!(result == kResultOk, "the plugin gives no state");
        Ok(stream.bytes())
    }

    fn load(&mut self, state: &[u8]) -> Result<()> {
        for to_controller in [false, true] {
            let interface = Stream::new(state)
                .to_com_ptr::<IBStream>()
                .context("the stream is no object")?;
            // SAFETY: the stream lives until the call returns.
            let result = unsafe {
                if to_controller {
                    self.controller.setComponentState(interface.as_ptr())
                } else {
                    self.component.setState(interface.as_ptr())
                }
            };
            // A single component has its state after the first call, and may ignore the second.
            ensure!(
                to_controller || result == kResultOk,
                "the plugin refuses the state"
            );
        }
        Ok(())
    }

    fn idle(&mut self) {
        self.application.ring();
        if let Some(editor) = &self.editor {
            editor.frame.turn();
        }
    }

    fn open_editor(&mut self, window: u32) -> Result<(u32, u32)> {
        let frame = ComWrapper::new(Frame::default());
        let lent = frame
            .to_com_ptr::<IPlugFrame>()
            .expect("a Frame has this interface");
        // SAFETY: the objects are alive; the caller keeps the window until it has called `close_editor`.
        unsafe {
            let view = ComPtr::from_raw(self.controller.createView(c"editor".as_ptr()))
                .context("the plugin has no editor")?;
            let mut size = ViewRect {
                left: 0,
                top: 0,
                right: 0,
                bottom: 0,
            };
            ensure!(
                view.getSize(&mut size) == kResultOk,
                "the editor has no size"
            );
            ensure!(
                view.setFrame(lent.as_ptr()) == kResultOk,
                "the editor takes no frame"
            );
            let x11 = c"X11EmbedWindowID".as_ptr();
            ensure!(
                view.isPlatformTypeSupported(x11) == kResultTrue
                    && view.attached(window as usize as *mut c_void, x11) == kResultOk,
                "the editor does not open in X11 windows"
            );
            self.editor = Some(View {
                view,
                frame,
                _lent: lent,
            });
            Ok((
                (size.right - size.left) as u32,
                (size.bottom - size.top) as u32,
            ))
        }
    }

    fn resize_editor(&mut self, width: u32, height: u32) -> Result<()> {
        let editor = self.editor.as_ref().context("no editor is open")?;
        let mut size = ViewRect {
            left: 0,
            top: 0,
            right: width as i32,
            bottom: height as i32,
        };
        // SAFETY: the view is alive.
        unsafe {
            ensure!(
                editor.view.canResize() == kResultTrue,
                "the editor cannot be resized"
            );
            ensure!(
                editor.view.checkSizeConstraint(&mut size) == kResultOk
                    && editor.view.onSize(&mut size) == kResultOk,
                "the editor refuses {width} x {height}"
            );
        }
        Ok(())
    }

    fn close_editor(&mut self) {
        if let Some(editor) = self.editor.take() {
            // SAFETY: the view is alive, and its frame outlives it.
            unsafe {
                editor.view.removed();
                editor.view.setFrame(std::ptr::null_mut());
            }
        }
    }
}

impl Drop for Vst3Host {
    fn drop(&mut self) {
        self.close_editor();
        self.deactivate();
        // SAFETY: the last call before the references are given back.
        unsafe {
            self.controller.setComponentHandler(std::ptr::null_mut());
            self.component.terminate();
        }
    }
}

/// Loads the library and makes no instance.
pub(crate) fn load(library: &Path) -> Result<Module> {
    Module::load(library)
}

fn pointers(channels: &mut [Vec<f32>]) -> Vec<*mut f32> {
    channels.iter_mut().map(Vec::as_mut_ptr).collect()
}

fn bus(channels: &mut [*mut f32]) -> AudioBusBuffers {
    // SAFETY: all-zero is a valid bus of no channels.
    let mut bus: AudioBusBuffers = unsafe { std::mem::zeroed() };
    bus.numChannels = channels.len() as int32;
    bus.__field0.channelBuffers32 = channels.as_mut_ptr();
    bus
}

fn rolling(frames: u64, sample_rate_hz: f64) -> ProcessContext {
    // SAFETY: all-zero is a valid context in which nothing is known.
    let mut context: ProcessContext = unsafe { std::mem::zeroed() };
    context.state = StatesAndFlags_::kPlaying as u32;
    context.sampleRate = sample_rate_hz;
    context.projectTimeSamples = frames as i64;
    context
}

fn from_utf16(text: &[vst3::Steinberg::Vst::TChar]) -> String {
    let letters: Vec<u16> = text
        .iter()
        .map(|letter| *letter as u16)
        .take_while(|letter| *letter != 0)
        .collect();
    String::from_utf16_lossy(&letters)
}
