//! The objects that a VST3 host lends to a plugin: parameter changes, events, streams, a run loop, itself.
#![allow(unsafe_code)] // The interfaces of VST3 are those of C++.
#![allow(non_snake_case)] // Their methods have the names that the standard gives them.
#![allow(clippy::unnecessary_cast)] // The types of the standard's constants differ between systems.

use crate::host::{Change, Controller, Gesture, Heard};
use std::cell::{Cell, RefCell};
use std::ffi::c_void;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::{self, ThreadId};
use vst3::Steinberg::Linux::{
    FileDescriptor, IEventHandler, IEventHandlerTrait, IRunLoop, IRunLoopTrait, ITimerHandler,
    ITimerHandlerTrait, TimerInterval,
};
use vst3::Steinberg::Vst::{
    Event, Event_::EventTypes_, IComponentHandler, IComponentHandlerTrait, IEventList,
    IEventListTrait, IHostApplication, IHostApplicationTrait, IParamValueQueue,
    IParamValueQueueTrait, IParameterChanges, IParameterChangesTrait, ParamID, ParamValue,
    RestartFlags_, String128,
};
use vst3::Steinberg::{
    FUnknown, IBStream, IBStream_::IStreamSeekMode_, IBStreamTrait, IPlugFrame, IPlugFrameTrait,
    IPlugView, TUID, ViewRect, int32, int64, kInvalidArgument, kNotImplemented, kResultOk, tresult,
};
use vst3::{Class, ComPtr, ComRef, ComWrapper};

/// The changes of one parameter in one block.
struct Queue {
    id: ParamID,
    points: RefCell<Vec<(int32, ParamValue)>>,
}

impl Class for Queue {
    type Interfaces = (IParamValueQueue,);
}

impl IParamValueQueueTrait for Queue {
    unsafe fn getParameterId(&self) -> ParamID {
        self.id
    }

    unsafe fn getPointCount(&self) -> int32 {
        self.points.borrow().len() as int32
    }

    unsafe fn getPoint(
        &self,
        index: int32,
        sampleOffset: *mut int32,
        value: *mut ParamValue,
    ) -> tresult {
        let points = self.points.borrow();
        let Some(point) = usize::try_from(index).ok().and_then(|at| points.get(at)) else {
            return kInvalidArgument;
        };
        // SAFETY: the caller gives valid places for both results.
        unsafe { (*sampleOffset, *value) = *point };
        kResultOk
    }

    unsafe fn addPoint(
        &self,
        sampleOffset: int32,
        value: ParamValue,
        index: *mut int32,
    ) -> tresult {
        let mut points = self.points.borrow_mut();
        if !index.is_null() {
            // SAFETY: the caller gives a valid place, as just checked.
            unsafe { *index = points.len() as int32 };
        }
        points.push((sampleOffset, value));
        kResultOk
    }
}

/// The changes of all parameters in one block, for either direction.
pub(crate) struct ParameterChanges {
    queues: RefCell<Vec<(ComWrapper<Queue>, ComPtr<IParamValueQueue>)>>,
}

impl ParameterChanges {
    /// Changes for the plugin.
    pub(crate) fn new(changes: &[Change]) -> ComWrapper<Self> {
        let this = ComWrapper::new(Self {
            queues: RefCell::new(Vec::new()),
        });
        for change in changes {
            let queue = this.queue_of(change.id).1;
            this.queues.borrow()[queue]
                .0
                .points
                .borrow_mut()
                .push((change.frame as int32, change.value));
        }
        this
    }

    /// The changes that are in it.
    pub(crate) fn read(&self) -> Vec<Change> {
        self.queues
            .borrow()
            .iter()
            .flat_map(|(queue, _)| {
                let points = queue.points.borrow().clone();
                points.into_iter().map(|(frame, value)| Change {
                    id: queue.id,
                    frame: frame as u32,
                    value,
                })
            })
            .collect()
    }

    fn queue_of(&self, id: ParamID) -> (*mut IParamValueQueue, usize) {
        let mut queues = self.queues.borrow_mut();
        if let Some(place) = queues.iter().position(|(queue, _)| queue.id == id) {
            return (queues[place].1.as_ptr(), place);
        }
        let queue = ComWrapper::new(Queue {
            id,
            points: RefCell::new(Vec::new()),
        });
        let pointer = queue
            .to_com_ptr::<IParamValueQueue>()
            .expect("a Queue has this interface");
        let raw = pointer.as_ptr();
        queues.push((queue, pointer));
        (raw, queues.len() - 1)
    }
}

impl Class for ParameterChanges {
    type Interfaces = (IParameterChanges,);
}

impl IParameterChangesTrait for ParameterChanges {
    unsafe fn getParameterCount(&self) -> int32 {
        self.queues.borrow().len() as int32
    }

    unsafe fn getParameterData(&self, index: int32) -> *mut IParamValueQueue {
        let queues = self.queues.borrow();
        usize::try_from(index)
            .ok()
            .and_then(|at| queues.get(at))
            .map_or(std::ptr::null_mut(), |(_, pointer)| pointer.as_ptr())
    }

    unsafe fn addParameterData(
        &self,
        id: *const ParamID,
        index: *mut int32,
    ) -> *mut IParamValueQueue {
        // SAFETY: the caller gives a valid id.
        let (pointer, place) = self.queue_of(unsafe { *id });
        if !index.is_null() {
            // SAFETY: the caller gives a valid place, as just checked.
            unsafe { *index = place as int32 };
        }
        pointer
    }
}

/// Bytes that can be read, written and sought in.
pub(crate) struct Stream {
    bytes: RefCell<Vec<u8>>,
    at: Cell<usize>,
}

impl Stream {
    /// A stream that stands at the start of these bytes.
    pub(crate) fn new(bytes: &[u8]) -> ComWrapper<Self> {
        ComWrapper::new(Self {
            bytes: RefCell::new(bytes.to_vec()),
            at: Cell::new(0),
        })
    }

    /// All bytes.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        self.bytes.borrow().clone()
    }
}

impl Class for Stream {
    type Interfaces = (IBStream,);
}

impl IBStreamTrait for Stream {
    unsafe fn read(
        &self,
        buffer: *mut c_void,
        numBytes: int32,
        numBytesRead: *mut int32,
    ) -> tresult {
        let bytes = self.bytes.borrow();
        let rest = &bytes[self.at.get().min(bytes.len())..];
        let count = rest.len().min(usize::try_from(numBytes).unwrap_or(0));
        // SAFETY: the caller's buffer has room for numBytes, and count is no more.
        unsafe { std::ptr::copy_nonoverlapping(rest.as_ptr(), buffer.cast::<u8>(), count) };
        self.at.set(self.at.get() + count);
        if !numBytesRead.is_null() {
            // SAFETY: a valid place, as just checked.
            unsafe { *numBytesRead = count as int32 };
        }
        kResultOk
    }

    unsafe fn write(
        &self,
        buffer: *mut c_void,
        numBytes: int32,
        numBytesWritten: *mut int32,
    ) -> tresult {
        let count = usize::try_from(numBytes).unwrap_or(0);
        // SAFETY: the caller's buffer holds numBytes.
        let new = unsafe { std::slice::from_raw_parts(buffer.cast::<u8>(), count) };
        let mut bytes = self.bytes.borrow_mut();
        let at = self.at.get();
        if bytes.len() < at + count {
            bytes.resize(at + count, 0);
        }
        bytes[at..at + count].copy_from_slice(new);
        self.at.set(at + count);
        if !numBytesWritten.is_null() {
            // SAFETY: a valid place, as just checked.
            unsafe { *numBytesWritten = numBytes };
        }
        kResultOk
    }

    unsafe fn seek(&self, pos: int64, mode: int32, result: *mut int64) -> tresult {
        let from = match mode as u32 {
            mode if mode == IStreamSeekMode_::kIBSeekSet as u32 => 0,
            mode if mode == IStreamSeekMode_::kIBSeekCur as u32 => self.at.get() as int64,
            _ => self.bytes.borrow().len() as int64,
        };
        let Ok(at) = usize::try_from(from + pos) else {
            return kInvalidArgument;
        };
        self.at.set(at);
        if !result.is_null() {
            // SAFETY: a valid place, as just checked.
            unsafe { *result = at as int64 };
        }
        kResultOk
    }

    unsafe fn tell(&self, pos: *mut int64) -> tresult {
        // SAFETY: the caller gives a valid place.
        unsafe { *pos = self.at.get() as int64 };
        kResultOk
    }
}

/// Events that the plugin sends.
#[derive(Default)]
pub(crate) struct EventList {
    controllers: RefCell<Vec<Controller>>,
}

impl EventList {
    /// The controllers among them, taken out.
    pub(crate) fn take(&self) -> Vec<Controller> {
        self.controllers.take()
    }
}

impl Class for EventList {
    type Interfaces = (IEventList,);
}

impl IEventListTrait for EventList {
    unsafe fn getEventCount(&self) -> int32 {
        0
    }

    unsafe fn getEvent(&self, _index: int32, _event: *mut Event) -> tresult {
        kInvalidArgument
    }

    unsafe fn addEvent(&self, event: *mut Event) -> tresult {
        // SAFETY: the plugin gives a valid event, whose type says which field is set.
        let Some(event) = (unsafe { event.as_ref() }) else {
            return kInvalidArgument;
        };
        if event.r#type == EventTypes_::kLegacyMIDICCOutEvent as u16 {
            // SAFETY: as above.
            let controller = unsafe { event.__field0.midiCCOut };
            self.controllers.borrow_mut().push(Controller {
                frame: event.sampleOffset as u32,
                channel: controller.channel as u8,
                number: controller.controlNumber,
                value: controller.value as u8,
            });
        }
        kResultOk
    }
}

/// The timers of a run loop.
#[derive(Default)]
struct Timers(Mutex<Vec<ComPtr<ITimerHandler>>>);

impl Timers {
    /// Rings every timer once.
    fn ring(&self) {
        // A timer may be taken off while it rings.
        let timers = lock(&self.0).clone();
        for timer in timers {
            // SAFETY: the plugin keeps its handler until it takes it off.
            unsafe { timer.onTimer() };
        }
    }

    /// # Safety
    ///
    /// The handler must be a plugin's, or null.
    unsafe fn add(&self, handler: *mut ITimerHandler) -> tresult {
        // SAFETY: the caller's promise.
        let Some(handler) = (unsafe { ComRef::from_raw(handler) }) else {
            return kInvalidArgument;
        };
        lock(&self.0).push(handler.to_com_ptr());
        kResultOk
    }

    fn remove(&self, handler: *mut ITimerHandler) -> tresult {
        lock(&self.0).retain(|timer| timer.as_ptr() != handler);
        kResultOk
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The host itself, with a run loop if it lends one.
#[derive(Default)]
pub(crate) struct Application {
    timers: Timers,
}

impl Application {
    /// The host's object as plugins get it: with a run loop, or without.
    pub(crate) fn lend(this: &ComWrapper<Self>, run_loop: bool) -> Option<ComPtr<FUnknown>> {
        if run_loop {
            this.to_com_ptr::<FUnknown>()
        } else {
            ComWrapper::new(BareApplication).to_com_ptr::<FUnknown>()
        }
    }

    /// Rings every timer once, as a run loop does.
    pub(crate) fn ring(&self) {
        self.timers.ring();
    }
}

impl Class for Application {
    type Interfaces = (IHostApplication, IRunLoop);
}

impl IRunLoopTrait for Application {
    unsafe fn registerEventHandler(&self, _: *mut IEventHandler, _: FileDescriptor) -> tresult {
        kNotImplemented
    }

    unsafe fn unregisterEventHandler(&self, _: *mut IEventHandler) -> tresult {
        kNotImplemented
    }

    unsafe fn registerTimer(&self, handler: *mut ITimerHandler, _: TimerInterval) -> tresult {
        // SAFETY: the plugin gives a valid handler.
        unsafe { self.timers.add(handler) }
    }

    unsafe fn unregisterTimer(&self, handler: *mut ITimerHandler) -> tresult {
        self.timers.remove(handler)
    }
}

impl IHostApplicationTrait for Application {
    unsafe fn getName(&self, name: *mut String128) -> tresult {
        // SAFETY: handed on.
        unsafe { BareApplication.getName(name) }
    }

    unsafe fn createInstance(
        &self,
        _cid: *mut TUID,
        _iid: *mut TUID,
        _object: *mut *mut c_void,
    ) -> tresult {
        kNotImplemented
    }
}

/// What the host lends to an editor: the window's frame, with a run loop.
#[derive(Default)]
pub(crate) struct Frame {
    handlers: Mutex<Vec<(ComPtr<IEventHandler>, FileDescriptor)>>,
    timers: Timers,
}

impl Frame {
    /// Runs the loop once: calls the handlers whose descriptors have something to read, and every timer.
    pub(crate) fn turn(&self) {
        let handlers = lock(&self.handlers).clone();
        for (handler, descriptor) in handlers {
            if is_readable(descriptor) {
                // SAFETY: the plugin keeps its handler until it takes it off.
                unsafe { handler.onFDIsSet(descriptor) };
            }
        }
        self.timers.ring();
    }
}

#[cfg(target_os = "linux")]
fn is_readable(descriptor: FileDescriptor) -> bool {
    let mut poll = libc::pollfd {
        fd: descriptor,
        events: libc::POLLIN,
        revents: 0,
    };
    // SAFETY: one valid entry, and no waiting.
    unsafe { libc::poll(&mut poll, 1, 0) > 0 }
}

#[cfg(not(target_os = "linux"))]
fn is_readable(_: FileDescriptor) -> bool {
    false
}

impl Class for Frame {
    type Interfaces = (IPlugFrame, IRunLoop);
}

impl IPlugFrameTrait for Frame {
    unsafe fn resizeView(&self, _: *mut IPlugView, _: *mut ViewRect) -> tresult {
        kResultOk
    }
}

impl IRunLoopTrait for Frame {
    unsafe fn registerEventHandler(
        &self,
        handler: *mut IEventHandler,
        descriptor: FileDescriptor,
    ) -> tresult {
        // SAFETY: the plugin gives a valid handler.
        let Some(handler) = (unsafe { ComRef::from_raw(handler) }) else {
            return kInvalidArgument;
        };
        lock(&self.handlers).push((handler.to_com_ptr(), descriptor));
        kResultOk
    }

    unsafe fn unregisterEventHandler(&self, handler: *mut IEventHandler) -> tresult {
        lock(&self.handlers).retain(|(own, _)| own.as_ptr() != handler);
        kResultOk
    }

    unsafe fn registerTimer(&self, handler: *mut ITimerHandler, _: TimerInterval) -> tresult {
        // SAFETY: the plugin gives a valid handler.
        unsafe { self.timers.add(handler) }
    }

    unsafe fn unregisterTimer(&self, handler: *mut ITimerHandler) -> tresult {
        self.timers.remove(handler)
    }
}

/// A host that lends no run loop.
pub(crate) struct BareApplication;

impl Class for BareApplication {
    type Interfaces = (IHostApplication,);
}

impl IHostApplicationTrait for BareApplication {
    unsafe fn getName(&self, name: *mut String128) -> tresult {
        // SAFETY: the caller gives a whole String128.
        let name = unsafe { &mut *name };
        name.fill(0);
        for (place, letter) in name.iter_mut().zip("Pathos test host".encode_utf16()) {
            *place = letter as _;
        }
        kResultOk
    }

    unsafe fn createInstance(
        &self,
        _cid: *mut TUID,
        _iid: *mut TUID,
        _object: *mut *mut c_void,
    ) -> tresult {
        kNotImplemented
    }
}

/// Hears of edits of the plugin's, and of when and whence they come: the test's one thread is the audio thread while it processes.
pub(crate) struct ComponentHandler {
    main_thread: ThreadId,
    processes: AtomicBool,
    heard: Mutex<Heard>,
}

impl Default for ComponentHandler {
    fn default() -> Self {
        Self {
            main_thread: thread::current().id(),
            processes: AtomicBool::new(false),
            heard: Mutex::default(),
        }
    }
}

impl ComponentHandler {
    /// What it has heard since this was last called.
    pub(crate) fn take(&self) -> Heard {
        std::mem::take(&mut self.heard.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The thread is the audio thread from now on, or no longer.
    pub(crate) fn note_processing(&self, processes: bool) {
        self.processes.store(processes, Ordering::Relaxed);
    }

    fn hear(&self, note: impl FnOnce(&mut Heard)) -> tresult {
        let mut heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        let is_main = thread::current().id() == self.main_thread;
        let is_wrong = !is_main || self.processes.load(Ordering::Relaxed);
        heard.wrong_threads += usize::from(is_wrong);
        note(&mut heard);
        kResultOk
    }
}

impl Class for ComponentHandler {
    type Interfaces = (IComponentHandler,);
}

impl IComponentHandlerTrait for ComponentHandler {
    unsafe fn beginEdit(&self, id: ParamID) -> tresult {
        self.hear(|heard| heard.gestures.push(Gesture { id, begins: true }))
    }

    unsafe fn performEdit(&self, id: ParamID, value: ParamValue) -> tresult {
        let change = Change {
            id,
            frame: 0,
            value,
        };
        self.hear(|heard| heard.written.push(change))
    }

    unsafe fn endEdit(&self, id: ParamID) -> tresult {
        self.hear(|heard| heard.gestures.push(Gesture { id, begins: false }))
    }

    unsafe fn restartComponent(&self, flags: int32) -> tresult {
        let has = |flag| usize::from(flags & flag as int32 != 0);
        self.hear(|heard| {
            heard.latency_changes += has(RestartFlags_::kLatencyChanged);
            heard.bus_changes += has(RestartFlags_::kIoChanged);
        })
    }
}
