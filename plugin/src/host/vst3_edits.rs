//! The plugin's own edits on their way to a VST3 host: gestures of the outputs, and what a user moves in the editor.
//!
//! VST3 takes edits on its main thread alone, and some hosts crash when they come from another. The outputs move on the audio
//! thread; and on Linux the editor's window runs on a thread of its own. So edits from other threads wait in a queue, which is
//! emptied on the main thread: by a timer of the host's run loop on Linux, and by the framework's event loop elsewhere. A host on
//! Linux that lends no run loop gets them from the audio thread if the user has chosen so; else the outputs are told as plain
//! changes, which hosts show and do not record.
#![allow(non_snake_case)]

use super::telling::Message;
use crossbeam::queue::ArrayQueue;
use nice_plug::wrapper::vst3::vst3::{
    Class, ComPtr, ComRef, ComWrapper,
    Steinberg::{
        FUnknown,
        Linux::{IRunLoop, IRunLoopTrait, ITimerHandler, ITimerHandlerTrait},
        Vst::{IComponentHandler, IComponentHandlerTrait, ParamID, ParamValue},
        int32, kResultOk, tresult,
    },
};
use std::{
    sync::{
        Arc, Mutex, PoisonError, Weak,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, ThreadId},
};

/// Edits that can wait.
const CAPACITY: usize = 1024;
/// Between two looks of the timer.
const INTERVAL_MS: u64 = 20;

/// An edit that waits.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Edit {
    Begin(ParamID),
    Perform(ParamID, ParamValue),
    End(ParamID),
    Restart(int32),
}

impl From<Message> for Edit {
    fn from(message: Message) -> Self {
        match message {
            Message::Begin(id) => Self::Begin(id),
            Message::Value { id, value, .. } => Self::Perform(id, value),
            Message::End(id) => Self::End(id),
        }
    }
}

/// The queue of one instance.
pub(super) struct Edits {
    waiting: ArrayQueue<Edit>,
    handler: Mutex<Option<ComPtr<IComponentHandler>>>,
    main_thread: Mutex<Option<ThreadId>>,
    /// Whether something empties the queue on the main thread.
    is_served: AtomicBool,
}

/// The queues of all instances, for the framework's event loop.
static ALL: Mutex<Vec<Weak<Edits>>> = Mutex::new(Vec::new());

/// Whether any queue may hold something.
static ANY_WAIT: AtomicBool = AtomicBool::new(false);

/// Whether edits wait for [`deliver_all`]. Wait-free.
pub(crate) fn any_wait() -> bool {
    ANY_WAIT.load(Ordering::Relaxed)
}

/// Empties the queues of all instances. To be called on the main thread.
pub(crate) fn deliver_all() {
    ANY_WAIT.store(false, Ordering::Relaxed);
    let mut all = ALL.lock().unwrap_or_else(PoisonError::into_inner);
    all.retain(|edits| edits.strong_count() > 0);
    let living: Vec<Arc<Edits>> = all.iter().filter_map(Weak::upgrade).collect();
    // A host may make or drop an instance while it takes an edit.
    drop(all);
    living.iter().for_each(|edits| edits.deliver());
}

impl Edits {
    pub(super) fn new() -> Arc<Self> {
        let edits = Arc::new(Self {
            waiting: ArrayQueue::new(CAPACITY),
            handler: Mutex::new(None),
            main_thread: Mutex::new(None),
            // Elsewhere the framework's event loop runs on the main thread.
            is_served: AtomicBool::new(cfg!(any(target_os = "macos", target_os = "windows"))),
        });
        let mut all = ALL.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|edits| edits.strong_count() > 0);
        all.push(Arc::downgrade(&edits));
        edits
    }

    /// Whether something empties the queue on the main thread.
    pub(super) fn is_served(&self) -> bool {
        self.is_served.load(Ordering::Relaxed)
    }

    /// Puts an edit into the queue; false if it is full. Wait-free but for other writers.
    pub(super) fn push(&self, edit: Edit) -> bool {
        ANY_WAIT.store(true, Ordering::Relaxed);
        self.waiting.push(edit).is_ok()
    }

    /// The next edit, for a thread that gives it to the host in another way.
    pub(super) fn pop(&self) -> Option<Edit> {
        self.waiting.pop()
    }

    /// The host lends its handler, or takes it back with null.
    ///
    /// # Safety
    ///
    /// `handler` must be null or valid.
    pub(super) unsafe fn set_handler(&self, handler: *mut IComponentHandler) {
        // SAFETY: by this function's contract.
        let handler = unsafe { ComRef::from_raw(handler) }.map(|handler| handler.to_com_ptr());
        *self.handler.lock().unwrap_or_else(PoisonError::into_inner) = handler;
    }

    /// This thread is the host's main thread.
    pub(super) fn note_main_thread(&self) {
        let this = Some(thread::current().id());
        *self
            .main_thread
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = this;
    }

    fn is_main_thread(&self) -> bool {
        let main = *self
            .main_thread
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        main == Some(thread::current().id())
    }

    /// Gives the host all that waits, on the thread that calls. Does nothing while another thread does.
    pub(super) fn deliver(&self) {
        let Ok(handler) = self.handler.try_lock() else {
            return;
        };
        let handler = handler.clone();
        while let Some(edit) = self.waiting.pop() {
            if let Some(handler) = &handler {
                give(handler, edit);
            }
        }
    }

    /// What the editor, or the framework, wants of the host: at once on the main thread, else through the queue.
    pub(super) fn forward(&self, edit: Edit) -> tresult {
        // Without a queue that is served a restart is asked for as the framework does: from its own thread.
        let at_once =
            self.is_main_thread() || (matches!(edit, Edit::Restart(_)) && !self.is_served());
        if at_once {
            let handler = self
                .handler
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .clone();
            return handler.map_or(kResultOk, |handler| give(&handler, edit));
        }
        // A full queue means that nobody serves it; the value counts here all the same.
        let _ = self.push(edit);
        kResultOk
    }
}

fn give(handler: &ComPtr<IComponentHandler>, edit: Edit) -> tresult {
    // SAFETY: the host keeps its handler until it takes it back, and we hold a reference.
    unsafe {
        match edit {
            Edit::Begin(id) => handler.beginEdit(id),
            Edit::Perform(id, value) => handler.performEdit(id, value),
            Edit::End(id) => handler.endEdit(id),
            Edit::Restart(flags) => handler.restartComponent(flags),
        }
    }
}

/// What the wrapper takes for the host's handler.
pub(super) struct HandlerProxy(pub(super) Arc<Edits>);

impl Class for HandlerProxy {
    type Interfaces = (IComponentHandler,);
}

impl IComponentHandlerTrait for HandlerProxy {
    unsafe fn beginEdit(&self, id: ParamID) -> tresult {
        self.0.forward(Edit::Begin(id))
    }

    unsafe fn performEdit(&self, id: ParamID, value: ParamValue) -> tresult {
        self.0.forward(Edit::Perform(id, value))
    }

    unsafe fn endEdit(&self, id: ParamID) -> tresult {
        self.0.forward(Edit::End(id))
    }

    unsafe fn restartComponent(&self, flags: int32) -> tresult {
        self.0.forward(Edit::Restart(flags))
    }
}

/// A timer on the host's run loop that empties the queue.
pub(super) struct RunLoopTimer {
    run_loop: ComPtr<IRunLoop>,
    handler: ComPtr<ITimerHandler>,
    edits: Arc<Edits>,
}

struct Tick(Arc<Edits>);

impl Class for Tick {
    type Interfaces = (ITimerHandler,);
}

impl ITimerHandlerTrait for Tick {
    unsafe fn onTimer(&self) {
        self.0.deliver();
    }
}

impl RunLoopTimer {
    /// A timer, if `context`, which the host gave, has a run loop.
    ///
    /// # Safety
    ///
    /// `context` must be null or valid.
    pub(super) unsafe fn start(context: *mut FUnknown, edits: &Arc<Edits>) -> Option<Self> {
        // SAFETY: by this function's contract.
        let run_loop = unsafe { ComRef::from_raw(context) }?.cast::<IRunLoop>()?;
        let tick = ComWrapper::new(Tick(Arc::clone(edits)));
        let handler = tick.to_com_ptr::<ITimerHandler>()?;
        // SAFETY: the handler lives until the timer is stopped.
        let result = unsafe { run_loop.registerTimer(handler.as_ptr(), INTERVAL_MS) };
        (result == kResultOk).then(|| {
            edits.is_served.store(true, Ordering::Relaxed);
            Self {
                run_loop,
                handler,
                edits: Arc::clone(edits),
            }
        })
    }
}

impl Drop for RunLoopTimer {
    fn drop(&mut self) {
        self.edits.is_served.store(false, Ordering::Relaxed);
        // SAFETY: it was registered, and once.
        unsafe { self.run_loop.unregisterTimer(self.handler.as_ptr()) };
    }
}
