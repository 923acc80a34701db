//! VST3: a decorator that holds the framework's wrapper by value.
//!
//! It implements the same interfaces. What it changes is here; what it hands on is in `vst3_delegates`.

use super::{
    CV, EDITS_FROM_AUDIO, HOST_UPDATES, is_output,
    telling::{Message, Teller},
    vst3_buses::{BUS_COUNT, BusList, Buses},
    vst3_changes::InputChanges,
    vst3_edits::{Edit, Edits, HandlerProxy, RunLoopTimer},
    vst3_export::factory_context,
};
use crate::params::HostUpdates;
use nice_plug::{
    prelude::Vst3Plugin,
    wrapper::vst3::{
        Wrapper,
        vst3::{
            Class, ComPtr, ComRef, ComWrapper,
            Steinberg::{
                FUnknown, IPluginBaseTrait, TBool,
                Vst::{
                    BusDirection, BusDirections_, BusInfo, BusInfo_::BusFlags_,
                    ChannelContext::IInfoListener, IAudioProcessor, IAudioProcessorTrait,
                    IComponent, IComponentHandler, IComponentTrait, IEditController,
                    IEditControllerTrait, IMidiMapping, INoteExpressionController,
                    IParamValueQueueTrait, IParameterChanges, IParameterChangesTrait,
                    IProcessContextRequirements, IUnitInfo, MediaType, MediaTypes_, ParamID,
                    ParamValue, ParameterInfo, ParameterInfo_::ParameterFlags_,
                    ProcessContext_::StatesAndFlags_, ProcessData, ProcessSetup, RestartFlags_,
                    SpeakerArr, SpeakerArrangement,
                },
                int32, kInvalidArgument, kResultFalse, kResultOk, tresult,
            },
        },
    },
};
use std::{
    cell::{Cell, RefCell},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

#[allow(
    clippy::unnecessary_cast,
    reason = "C enumerations have another type on Windows"
)]
const PLAYING: u32 = StatesAndFlags_::kPlaying as u32;
#[allow(
    clippy::unnecessary_cast,
    reason = "C enumerations have another type on Windows"
)]
const CONTROL_VOLTAGE: u32 = BusFlags_::kIsControlVoltage as u32;

/// A decorated instance.
pub(crate) struct Decorator<P: Vst3Plugin> {
    pub(super) inner: Wrapper<P>,
    /// What the host was told last. Only the functions of processing use it, which a host calls one at a time.
    teller: RefCell<Teller>,
    /// Memory for buses; only the functions of processing use it.
    buses: RefCell<Buses>,
    edits: Arc<Edits>,
    /// What the wrapper takes for the host's handler.
    handler: ComPtr<IComponentHandler>,
    /// Whether the host was told of CV buses.
    shows_cv: AtomicBool,
    /// Brings edits to the main thread, where the host lends a run loop. Only the main thread uses it.
    timer: Cell<Option<RunLoopTimer>>,
    /// The host's changes as the wrapper may see them.
    changes: ComWrapper<InputChanges>,
    changes_ptr: ComPtr<IParameterChanges>,
}

impl<P: Vst3Plugin> Class for Decorator<P> {
    type Interfaces = (
        IComponent,
        IEditController,
        IAudioProcessor,
        IMidiMapping,
        INoteExpressionController,
        IProcessContextRequirements,
        IUnitInfo,
        IInfoListener,
    );
}

impl<P: Vst3Plugin> Decorator<P> {
    pub(crate) fn new() -> Self {
        let changes = ComWrapper::new(InputChanges::new());
        let changes_ptr = changes
            .to_com_ptr()
            .expect("the class has this very interface");
        let edits = Edits::new();
        let handler = ComWrapper::new(HandlerProxy(Arc::clone(&edits)))
            .to_com_ptr()
            .expect("the class has this very interface");
        Self {
            inner: Wrapper::new(),
            teller: RefCell::new(Teller::new()),
            buses: RefCell::default(),
            edits,
            handler,
            shows_cv: AtomicBool::new(false),
            timer: Cell::new(None),
            changes,
            changes_ptr,
        }
    }

    /// Processes a block, then tells the host of every output that has changed.
    ///
    /// # Safety
    ///
    /// As for `IAudioProcessor::process`.
    pub(super) unsafe fn process(&self, data: *mut ProcessData) -> tresult {
        // SAFETY: the host gives a valid block, or null; so for the uses of `data` below.
        let Some(block) = (unsafe { data.as_mut() }) else {
            return kInvalidArgument;
        };
        let host_changes = block.inputParameterChanges;
        self.changes.view(host_changes);
        self.take_edits_without_a_way();
        block.inputParameterChanges = self.changes_ptr.as_ptr();
        // SAFETY: the block is the host's, with changes and buses that are valid until it is given back.
        let result = unsafe { self.process_with_all_buses(block) };
        self.changes.view(std::ptr::null_mut());
        block.inputParameterChanges = host_changes;

        // SAFETY: the host gives a valid context, or null.
        let context = unsafe { block.processContext.as_ref() };
        let rolling = context.is_some_and(|context| context.state & PLAYING != 0);
        // SAFETY: the host gives valid changes to write to, or null.
        let changes = unsafe { ComRef::from_raw(block.outputParameterChanges) };
        self.tell(changes, block.numSamples, rolling);
        result
    }

    /// # Safety
    ///
    /// `block` must be the host's.
    unsafe fn process_with_all_buses(&self, block: &mut ProcessData) -> tresult {
        let (host, count) = (block.outputs, block.numOutputs);
        let mut buses = self.buses.borrow_mut();
        let frames = usize::try_from(block.numSamples).unwrap_or(0);
        let has_buses = count > 0 && !host.is_null() && buses.has_room_for(frames);
        if !has_buses || frames == 0 {
            if frames > 0 {
                return kInvalidArgument;
            }
            // SAFETY: handed on as the host gave it; without frames the wrapper looks at no bus.
            return unsafe { IAudioProcessorTrait::process(&self.inner, block) };
        }
        let mut list = BusList::new();
        // SAFETY: the host gives `count` valid buses; the list lives to the end of this function.
        unsafe { buses.fill(&mut list, host, count as usize) };
        block.outputs = list.buses.as_mut_ptr();
        block.numOutputs = BUS_COUNT as int32;
        // SAFETY: the block is the host's, with a list of buses that are all valid.
        let result = unsafe { IAudioProcessorTrait::process(&self.inner, block) };
        block.outputs = host;
        block.numOutputs = count;
        result
    }

    /// A parameter as hosts count, 0 to 1.
    fn normalized(&self, id: u32) -> f64 {
        // SAFETY: the wrapper takes any id.
        unsafe { IEditControllerTrait::getParamNormalized(&self.inner, id) }
    }

    /// Tells the host of every output that has changed, and of edits that have no other way.
    fn tell(&self, changes: Option<ComRef<'_, IParameterChanges>>, frames: int32, rolling: bool) {
        // What the editor changed in this block: the host learns of it as of any change.
        for (id, value) in self.changes.take_own() {
            changes.inspect(|changes| {
                add_point(*changes, id, value, frames);
            });
        }
        if self.has_new_buses() && self.edits.is_served() {
            self.edits
                .push(Edit::Restart(RestartFlags_::kIoChanged as int32));
        }
        let from_audio = self.normalized(EDITS_FROM_AUDIO) > 0.5;
        let has_way = from_audio || self.edits.is_served();
        let updates = match self.normalized(HOST_UPDATES) {
            ..0.25 => HostUpdates::Off,
            0.75.. if has_way => HostUpdates::Write,
            _ => HostUpdates::Live,
        };
        let mut teller = self.teller.borrow_mut();
        teller.after_block(
            updates,
            rolling,
            |id| self.normalized(id),
            &mut |message| match message {
                Message::Value {
                    id,
                    value,
                    in_gesture: false,
                } => changes.is_some_and(|changes| add_point(changes, id, value, frames)),
                in_gesture => self.edits.push(in_gesture.into()),
            },
        );
        if from_audio && !self.edits.is_served() {
            self.edits.deliver();
        }
    }

    /// Edits of the editor's that no main thread takes, and that the user does not want from the audio thread either: they
    /// count from this block on, as if the host had sent them.
    fn take_edits_without_a_way(&self) {
        if self.edits.is_served() || self.normalized(EDITS_FROM_AUDIO) > 0.5 {
            return;
        }
        while self.changes.has_room()
            && let Some(edit) = self.edits.pop()
        {
            if let Edit::Perform(id, value) = edit {
                self.changes.add_own(id, value);
            }
        }
    }

    /// The host is about to use the instance; it may lend a run loop.
    ///
    /// # Safety
    ///
    /// As for `IPluginBase::initialize`.
    pub(super) unsafe fn begin(&self, context: *mut FUnknown) -> tresult {
        self.edits.note_main_thread();
        // SAFETY: the host gives a valid context, or null.
        let timer = unsafe { RunLoopTimer::start(context, &self.edits) };
        // SAFETY: the factory keeps what the host gave it.
        self.timer
            .set(timer.or_else(|| unsafe { RunLoopTimer::start(factory_context(), &self.edits) }));
        // SAFETY: handed on.
        unsafe { IPluginBaseTrait::initialize(&self.inner, context) }
    }

    /// The host is done with the instance.
    ///
    /// # Safety
    ///
    /// As for `IPluginBase::terminate`.
    pub(super) unsafe fn finish(&self) -> tresult {
        self.edits.deliver();
        self.timer.set(None);
        // SAFETY: null takes the handler back; the call is handed on.
        unsafe {
            self.edits.set_handler(std::ptr::null_mut());
            IPluginBaseTrait::terminate(&self.inner)
        }
    }

    /// The wrapper gets our handler in the place of the host's.
    ///
    /// # Safety
    ///
    /// As for `IEditController::setComponentHandler`.
    pub(super) unsafe fn set_handler(&self, handler: *mut IComponentHandler) -> tresult {
        self.edits.note_main_thread();
        let inner = if handler.is_null() {
            handler
        } else {
            self.handler.as_ptr()
        };
        // SAFETY: the host gives a valid handler, or null; ours lives as long as the decorator.
        unsafe {
            self.edits.set_handler(handler);
            IEditControllerTrait::setComponentHandler(&self.inner, inner)
        }
    }

    /// Ends the gestures when processing ends.
    ///
    /// # Safety
    ///
    /// As for `IAudioProcessor::setProcessing`.
    pub(super) unsafe fn set_processing(&self, state: TBool) -> tresult {
        if state == 0 {
            let mut teller = self.teller.borrow_mut();
            teller.end(&mut |message| self.edits.push(message.into()));
            if !self.edits.is_served() && self.normalized(EDITS_FROM_AUDIO) > 0.5 {
                self.edits.deliver();
            }
        }
        // SAFETY: handed on.
        unsafe { IAudioProcessorTrait::setProcessing(&self.inner, state) }
    }

    /// Whether the plugin has CV buses: only if the user wants them, because some hosts route every bus that there is.
    fn has_cv(&self) -> bool {
        self.normalized(CV) > 0.5
    }

    /// Whether the buses are others than the host was told of; once for each change.
    fn has_new_buses(&self) -> bool {
        let has_cv = self.has_cv();
        self.shows_cv.swap(has_cv, Ordering::Relaxed) != has_cv
    }

    /// Whether a bus is a CV bus that is not there.
    fn is_hidden(&self, kind: MediaType, direction: BusDirection, index: int32) -> bool {
        is_cv_bus(kind, direction, index) && !self.has_cv()
    }

    /// # Safety
    ///
    /// As for `IComponent::getBusCount`.
    pub(super) unsafe fn bus_count(&self, kind: MediaType, direction: BusDirection) -> int32 {
        // SAFETY: handed on.
        let count = unsafe { IComponentTrait::getBusCount(&self.inner, kind, direction) };
        if self.is_hidden(kind, direction, 1) {
            1
        } else {
            count
        }
    }

    /// # Safety
    ///
    /// As for `IComponent::activateBus`.
    pub(super) unsafe fn activate_bus(
        &self,
        kind: MediaType,
        direction: BusDirection,
        index: int32,
        state: TBool,
    ) -> tresult {
        if self.is_hidden(kind, direction, index) {
            return kInvalidArgument;
        }
        // SAFETY: handed on.
        unsafe { IComponentTrait::activateBus(&self.inner, kind, direction, index, state) }
    }

    /// The CV buses are control voltages, and off until a host switches them on.
    ///
    /// # Safety
    ///
    /// As for `IComponent::getBusInfo`.
    pub(super) unsafe fn bus_info(
        &self,
        kind: MediaType,
        direction: BusDirection,
        index: int32,
        info: *mut BusInfo,
    ) -> tresult {
        if self.is_hidden(kind, direction, index) {
            return kInvalidArgument;
        }
        // SAFETY: handed on.
        let result =
            unsafe { IComponentTrait::getBusInfo(&self.inner, kind, direction, index, info) };
        let is_cv = is_cv_bus(kind, direction, index);
        if result == kResultOk && is_cv {
            // SAFETY: where the wrapper succeeded, it has filled in a valid struct.
            let info = unsafe { &mut *info };
            info.flags = CONTROL_VOLTAGE;
            info.channelCount = 1;
        }
        result
    }

    /// The CV buses are mono.
    ///
    /// # Safety
    ///
    /// As for `IAudioProcessor::getBusArrangement`.
    pub(super) unsafe fn arrangement(
        &self,
        direction: BusDirection,
        index: i32,
        arrangement: *mut SpeakerArrangement,
    ) -> tresult {
        let result =
            // SAFETY: handed on.
            unsafe { IAudioProcessorTrait::getBusArrangement(&self.inner, direction, index, arrangement) };
        let is_cv = is_cv_bus(MediaTypes_::kAudio as MediaType, direction, index);
        if result == kResultOk && is_cv {
            // SAFETY: where the wrapper succeeded, the pointer is valid.
            unsafe { *arrangement = SpeakerArr::kMono };
        }
        result
    }

    /// Takes what a host wants of the main buses, whether or not it knows of the CV buses.
    ///
    /// # Safety
    ///
    /// As for `IAudioProcessor::setBusArrangements`.
    pub(super) unsafe fn arrange(
        &self,
        inputs: *mut SpeakerArrangement,
        input_count: int32,
        outputs: *mut SpeakerArrangement,
        output_count: int32,
    ) -> tresult {
        let count = usize::try_from(output_count).unwrap_or(0);
        if inputs.is_null() || outputs.is_null() || count == 0 || count > BUS_COUNT {
            return kInvalidArgument;
        }
        // The wrapper compares the first CV bus with the main one's entry: see `CV_BUSES_BESIDE_STEREO` in `plugin`.
        let mut all = [SpeakerArr::kMono; BUS_COUNT];
        // SAFETY: the host gives so many.
        let given = unsafe { std::slice::from_raw_parts(outputs, count) };
        if given[1..].iter().any(|bus| bus.count_ones() > 1) {
            return kResultFalse;
        }
        all[0] = given[0];
        // SAFETY: the inputs are the host's; the outputs are as many as stated.
        unsafe {
            IAudioProcessorTrait::setBusArrangements(
                &self.inner,
                inputs,
                input_count,
                all.as_mut_ptr(),
                BUS_COUNT as int32,
            )
        }
    }

    /// Outputs can be automated, so that hosts offer them as lanes and as sources.
    ///
    /// # Safety
    ///
    /// As for `IEditController::getParameterInfo`.
    pub(super) unsafe fn parameter_info(&self, index: int32, info: *mut ParameterInfo) -> tresult {
        // The wrapper's own check lets the index one past the end through.
        // SAFETY: the wrapper takes the call at any time.
        if index >= unsafe { IEditControllerTrait::getParameterCount(&self.inner) } {
            return kInvalidArgument;
        }
        // SAFETY: handed on.
        let result = unsafe { IEditControllerTrait::getParameterInfo(&self.inner, index, info) };
        // SAFETY: where the wrapper succeeded, it has filled in a valid struct.
        if let (true, Some(info)) = (result == kResultOk, unsafe { info.as_mut() })
            && is_output(info.id)
        {
            info.flags &=
                !(ParameterFlags_::kIsReadOnly as int32 | ParameterFlags_::kIsHidden as int32);
            info.flags |= ParameterFlags_::kCanAutomate as int32;
        }
        result
    }

    /// Outputs are set by the voice alone.
    ///
    /// # Safety
    ///
    /// As for `IEditController::setParamNormalized`.
    pub(super) unsafe fn set_param(&self, id: ParamID, value: ParamValue) -> tresult {
        if is_output(id) {
            return kResultOk;
        }
        // SAFETY: handed on.
        let result = unsafe { IEditControllerTrait::setParamNormalized(&self.inner, id, value) };
        if self.has_new_buses() {
            self.edits
                .forward(Edit::Restart(RestartFlags_::kIoChanged as int32));
        }
        result
    }

    /// The wrapper of nice-plug 0.4.2 stores the mode of the call before, so that the first offline render would run as
    /// realtime: the second call sets it right.
    ///
    /// # Safety
    ///
    /// As for `IAudioProcessor::setupProcessing`.
    pub(super) unsafe fn setup(&self, setup: *mut ProcessSetup) -> tresult {
        // SAFETY: the host gives a valid setup, or null, which the wrapper refuses.
        if let Some(setup) = unsafe { setup.as_ref() } {
            let frames = usize::try_from(setup.maxSamplesPerBlock).unwrap_or(0);
            self.buses.borrow_mut().resize(frames);
        }
        // SAFETY: handed on, twice.
        unsafe {
            IAudioProcessorTrait::setupProcessing(&self.inner, setup);
            IAudioProcessorTrait::setupProcessing(&self.inner, setup)
        }
    }
}

fn is_cv_bus(kind: MediaType, direction: BusDirection, index: int32) -> bool {
    kind == MediaTypes_::kAudio as MediaType
        && direction == BusDirections_::kOutput as BusDirection
        && index > 0
}

/// Adds a point at the end of a block to the changes that a host reads.
fn add_point(changes: ComRef<'_, IParameterChanges>, id: u32, value: f64, frames: int32) -> bool {
    let (mut queue_index, mut point_index) = (0, 0);
    // SAFETY: the pointers are to locals; the host gives a valid queue, or null.
    unsafe {
        let queue = changes.addParameterData(&id, &mut queue_index);
        ComRef::from_raw(queue).is_some_and(|queue| {
            queue.addPoint((frames - 1).max(0), value, &mut point_index) == kResultOk
        })
    }
}
