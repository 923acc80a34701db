//! CLAP: a decorator around the framework's wrapper.
//!
//! The host gets a `clap_plugin` of ours that keeps the wrapper's `plugin_data`, so every function of the wrapper works on it
//! unchanged. The decorator finds itself by the address of that struct, which is its first field.

use super::{
    HOST_UPDATES, is_output,
    telling::{Message, Teller},
};
use crate::params::HostUpdates;
use clap_sys::{
    events::{
        CLAP_CORE_EVENT_SPACE_ID, CLAP_EVENT_DONT_RECORD, CLAP_EVENT_IS_LIVE,
        CLAP_EVENT_PARAM_GESTURE_BEGIN, CLAP_EVENT_PARAM_GESTURE_END, CLAP_EVENT_PARAM_MOD,
        CLAP_EVENT_PARAM_VALUE, CLAP_TRANSPORT_IS_PLAYING, clap_event_header,
        clap_event_param_gesture, clap_event_param_mod, clap_event_param_value, clap_input_events,
        clap_output_events,
    },
    ext::params::{
        CLAP_EXT_PARAMS, CLAP_PARAM_IS_AUTOMATABLE, CLAP_PARAM_IS_HIDDEN,
        CLAP_PARAM_IS_MODULATABLE, CLAP_PARAM_IS_READONLY, clap_param_info, clap_plugin_params,
    },
    host::clap_host,
    plugin::clap_plugin,
    process::{CLAP_PROCESS_ERROR, clap_process, clap_process_status},
};
use nice_plug::{prelude::ClapPlugin, wrapper::clap::Wrapper};
use std::{
    ffi::{CStr, c_char, c_void},
    ptr,
    sync::Arc,
};

/// Events of one block that a host may send beside writes to outputs; more are dropped, but only in a block with such writes.
const LARGEST_EVENT_COUNT: usize = 8192;

#[repr(C)]
struct Decorator {
    /// What the host sees. First, so that a pointer to it is a pointer to the decorator.
    outer: clap_plugin,
    /// The wrapper's own functions.
    inner: clap_plugin,
    /// The wrapper's parameter extension.
    params: *const clap_plugin_params,
    /// What the host was told last.
    teller: Teller,
    /// The host's events of the current call.
    host_events: *const clap_input_events,
    /// Which of them the wrapper may see.
    kept: Vec<u32>,
}

/// A decorated instance for a host.
///
/// # Safety
///
/// `host` must be valid as long as the instance lives, as CLAP demands of a host.
pub(crate) unsafe fn create<P: ClapPlugin>(host: *const clap_host) -> *const clap_plugin {
    // SAFETY: `host` is valid by this function's contract. The wrapper's Arc is given up to the host's ownership, and is taken
    // back by the wrapper's own `destroy`.
    unsafe {
        let wrapper = Arc::into_raw(Wrapper::<P>::new(host));
        let inner: clap_plugin = *(*wrapper).clap_plugin.as_ptr();
        let outer = clap_plugin {
            destroy: Some(destroy),
            process: Some(process),
            get_extension: Some(get_extension),
            ..inner
        };
        let get_extension = inner.get_extension;
        let params = get_extension.map_or(ptr::null(), |get| get(&inner, CLAP_EXT_PARAMS.as_ptr()));
        let decorator = Box::new(Decorator {
            outer,
            inner,
            params: params.cast(),
            teller: Teller::new(),
            host_events: ptr::null(),
            kept: Vec::with_capacity(LARGEST_EVENT_COUNT),
        });
        Box::into_raw(decorator).cast()
    }
}

/// The decorator of a plugin.
///
/// # Safety
///
/// `plugin` must come from [`create`] and not be destroyed, and no other reference to the decorator may be in use. Of the
/// functions that take a mutable one, a host calls only one at a time: `process` and `flush` exclude each other by the CLAP
/// specification, and the rest belong to the main thread before processing starts.
unsafe fn decorator<'a>(plugin: *const clap_plugin) -> &'a mut Decorator {
    // SAFETY: `create` made the pointer from a box of a decorator whose first field is the plugin.
    unsafe { &mut *plugin.cast_mut().cast::<Decorator>() }
}

/// The wrapper's parameter extension.
///
/// # Safety
///
/// `plugin` must come from [`create`] and not be destroyed.
unsafe fn inner_params(plugin: *const clap_plugin) -> *const clap_plugin_params {
    // SAFETY: only the pointer is read, which is written once, before the host can have the extension.
    unsafe { (*plugin.cast::<Decorator>()).params }
}

unsafe extern "C" fn destroy(plugin: *const clap_plugin) {
    // SAFETY: the host gives the plugin back, once. The wrapper reads `plugin_data` alone of what it is given.
    unsafe {
        let decorator = Box::from_raw(plugin.cast_mut().cast::<Decorator>());
        if let Some(destroy) = decorator.inner.destroy {
            destroy(plugin);
        }
    }
}

unsafe extern "C" fn get_extension(plugin: *const clap_plugin, id: *const c_char) -> *const c_void {
    // SAFETY: the host calls this with a plugin of ours and a valid id, on any thread; the pointer that is stored is the same
    // each time.
    unsafe {
        let inner = (*plugin.cast::<Decorator>()).inner;
        let Some(get_extension) = inner.get_extension else {
            return ptr::null();
        };
        let extension = get_extension(plugin, id);
        if extension.is_null() || id.is_null() || CStr::from_ptr(id) != CLAP_EXT_PARAMS {
            return extension;
        }
        ptr::from_ref(&PARAMS).cast()
    }
}

impl Decorator {
    /// The host's events without its writes to outputs. The list is valid until the next call.
    ///
    /// # Safety
    ///
    /// `events` must be null or a valid list, for as long as the result is used.
    unsafe fn without_writes_to_outputs(
        &mut self,
        events: *const clap_input_events,
    ) -> Option<clap_input_events> {
        // SAFETY: `events` is valid by this function's contract, and CLAP demands both functions of a list.
        unsafe {
            let list = events.as_ref()?;
            let (size, get) = (list.size?, list.get?);
            let count = size(events);
            self.kept.clear();
            for index in 0..count {
                let event = get(events, index);
                let kept = event.is_null() || !is_write_to_output(event);
                if kept && self.kept.len() < LARGEST_EVENT_COUNT {
                    self.kept.push(index);
                }
            }
            if self.kept.len() == count as usize {
                return None;
            }
        }
        self.host_events = events;
        Some(clap_input_events {
            ctx: ptr::from_mut(self).cast(),
            size: Some(kept_count),
            get: Some(kept_event),
        })
    }

    /// Tells the host of every output that has changed.
    ///
    /// # Safety
    ///
    /// `plugin` must be the decorator's own, and `events` null or a valid list.
    unsafe fn tell(
        &mut self,
        plugin: *const clap_plugin,
        events: *const clap_output_events,
        time: u32,
        transport: Transport,
    ) {
        // SAFETY: `events` is valid by this function's contract; the wrapper's functions are called on its own plugin.
        unsafe {
            let (Some(list), Some(params)) = (events.as_ref(), self.params.as_ref()) else {
                return;
            };
            let (Some(try_push), Some(get_value)) = (list.try_push, params.get_value) else {
                return;
            };
            let value = |id| {
                let mut value = 0.0;
                get_value(plugin, id, &mut value);
                value
            };
            let updates = match (updates(value(HOST_UPDATES)), transport) {
                // A host may take any value for an edit, and mark a project as changed that is not even playing.
                (HostUpdates::Live, Transport::Stands) => HostUpdates::Off,
                (updates, _) => updates,
            };
            let rolling = transport == Transport::Rolls;
            self.teller
                .after_block(updates, rolling, value, &mut |message| match message {
                    Message::Begin(id) => {
                        let event = gesture(CLAP_EVENT_PARAM_GESTURE_BEGIN, id, time);
                        try_push(events, &event.header)
                    }
                    Message::Value {
                        id,
                        value,
                        in_gesture,
                    } => {
                        let event = value_event(id, value, in_gesture, time);
                        try_push(events, &event.header)
                    }
                    Message::End(id) => {
                        let event = gesture(CLAP_EVENT_PARAM_GESTURE_END, id, time);
                        try_push(events, &event.header)
                    }
                });
        }
    }
}

/// What is known of the host's transport.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Transport {
    Unknown,
    Stands,
    Rolls,
}

/// CLAP counts the choices of a parameter from 0.
fn updates(value: f64) -> HostUpdates {
    match value {
        ..0.5 => HostUpdates::Off,
        ..1.5 => HostUpdates::Live,
        _ => HostUpdates::Write,
    }
}

const fn header<T>(type_: u16, flags: u32, time: u32) -> clap_event_header {
    clap_event_header {
        size: size_of::<T>() as u32,
        time,
        space_id: CLAP_CORE_EVENT_SPACE_ID,
        type_,
        flags,
    }
}

fn gesture(type_: u16, param_id: u32, time: u32) -> clap_event_param_gesture {
    clap_event_param_gesture {
        header: header::<clap_event_param_gesture>(type_, CLAP_EVENT_IS_LIVE, time),
        param_id,
    }
}

fn value_event(param_id: u32, value: f64, is_recorded: bool, time: u32) -> clap_event_param_value {
    let flags = match is_recorded {
        true => CLAP_EVENT_IS_LIVE,
        false => CLAP_EVENT_IS_LIVE | CLAP_EVENT_DONT_RECORD,
    };
    clap_event_param_value {
        header: header::<clap_event_param_value>(CLAP_EVENT_PARAM_VALUE, flags, time),
        param_id,
        cookie: ptr::null_mut(),
        note_id: -1,
        port_index: -1,
        channel: -1,
        key: -1,
        value,
    }
}

/// Whether an event sets or modulates an output.
///
/// # Safety
///
/// `event` must be valid.
unsafe fn is_write_to_output(event: *const clap_event_header) -> bool {
    // SAFETY: the type of a core event says what struct it is.
    unsafe {
        if (*event).space_id != CLAP_CORE_EVENT_SPACE_ID {
            return false;
        }
        match (*event).type_ {
            CLAP_EVENT_PARAM_VALUE => is_output((*event.cast::<clap_event_param_value>()).param_id),
            CLAP_EVENT_PARAM_MOD => is_output((*event.cast::<clap_event_param_mod>()).param_id),
            _ => false,
        }
    }
}

unsafe extern "C" fn kept_count(list: *const clap_input_events) -> u32 {
    // SAFETY: only `without_writes_to_outputs` makes such a list, with a decorator as its context.
    unsafe { (*(*list).ctx.cast::<Decorator>()).kept.len() as u32 }
}

unsafe extern "C" fn kept_event(
    list: *const clap_input_events,
    index: u32,
) -> *const clap_event_header {
    // SAFETY: as above; the host's list was valid when this one was made, for the same call.
    unsafe {
        let decorator = &*(*list).ctx.cast::<Decorator>();
        let events = decorator.host_events;
        match (decorator.kept.get(index as usize), (*events).get) {
            (Some(&index), Some(get)) => get(events, index),
            _ => ptr::null(),
        }
    }
}

unsafe extern "C" fn process(
    plugin: *const clap_plugin,
    process: *const clap_process,
) -> clap_process_status {
    // SAFETY: the host calls this on its audio thread with a plugin of ours and a valid block.
    unsafe {
        let decorator = decorator(plugin);
        let (Some(inner), Some(block)) = (decorator.inner.process, process.as_ref()) else {
            return CLAP_PROCESS_ERROR;
        };
        let mut block = *block;
        let filtered = decorator.without_writes_to_outputs(block.in_events);
        if let Some(filtered) = &filtered {
            block.in_events = filtered;
        }
        let status = inner(plugin, &block);
        // The wrapper may split a block, and events must be sorted by time: ours go to the end.
        let transport = match block.transport.as_ref() {
            None => Transport::Unknown,
            Some(own) if own.flags & CLAP_TRANSPORT_IS_PLAYING != 0 => Transport::Rolls,
            Some(_) => Transport::Stands,
        };
        decorator.tell(
            plugin,
            block.out_events,
            block.frames_count.saturating_sub(1),
            transport,
        );
        status
    }
}

static PARAMS: clap_plugin_params = clap_plugin_params {
    count: Some(params_count),
    get_info: Some(params_get_info),
    get_value: Some(params_get_value),
    value_to_text: Some(params_value_to_text),
    text_to_value: Some(params_text_to_value),
    flush: Some(params_flush),
};

/// Calls a function of the wrapper's parameter extension.
macro_rules! inner_params_call {
    ($plugin:ident, $function:ident($($argument:expr),*), else $default:expr) => {{
        let found = inner_params($plugin);
        match found.as_ref().and_then(|params| params.$function) {
            Some(function) => function($plugin, $($argument),*),
            None => $default,
        }
    }};
}

unsafe extern "C" fn params_count(plugin: *const clap_plugin) -> u32 {
    // SAFETY: the host calls this with a plugin of ours; so for the functions below.
    unsafe { inner_params_call!(plugin, count(), else 0) }
}

unsafe extern "C" fn params_get_info(
    plugin: *const clap_plugin,
    index: u32,
    info: *mut clap_param_info,
) -> bool {
    // SAFETY: as above; `info` is valid.
    unsafe {
        // The wrapper's own check lets the index one past the end through.
        if index >= params_count(plugin)
            || !inner_params_call!(plugin, get_info(index, info), else false)
        {
            return false;
        }
        if is_output((*info).id) {
            (*info).flags &=
                !(CLAP_PARAM_IS_MODULATABLE | CLAP_PARAM_IS_HIDDEN | CLAP_PARAM_IS_READONLY);
            (*info).flags |= CLAP_PARAM_IS_AUTOMATABLE;
        }
        true
    }
}

unsafe extern "C" fn params_get_value(
    plugin: *const clap_plugin,
    id: u32,
    value: *mut f64,
) -> bool {
    // SAFETY: as above; `value` is valid.
    unsafe { inner_params_call!(plugin, get_value(id, value), else false) }
}

unsafe extern "C" fn params_value_to_text(
    plugin: *const clap_plugin,
    id: u32,
    value: f64,
    text: *mut c_char,
    capacity: u32,
) -> bool {
    // SAFETY: as above; `text` has that capacity.
    unsafe { inner_params_call!(plugin, value_to_text(id, value, text, capacity), else false) }
}

unsafe extern "C" fn params_text_to_value(
    plugin: *const clap_plugin,
    id: u32,
    text: *const c_char,
    value: *mut f64,
) -> bool {
    // SAFETY: as above; both are valid.
    unsafe { inner_params_call!(plugin, text_to_value(id, text, value), else false) }
}

unsafe extern "C" fn params_flush(
    plugin: *const clap_plugin,
    in_events: *const clap_input_events,
    out_events: *const clap_output_events,
) {
    // SAFETY: as above; both lists are valid, and the host does not process meanwhile.
    unsafe {
        let decorator = decorator(plugin);
        let filtered = decorator.without_writes_to_outputs(in_events);
        let in_events = filtered.as_ref().map_or(in_events, ptr::from_ref);
        inner_params_call!(plugin, flush(in_events, out_events), else ());
        decorator.tell(plugin, out_events, 0, Transport::Stands);
    }
}

/// Exports a plugin as CLAP, decorated.
#[macro_export]
macro_rules! export_clap {
    ($plugin:ty) => {
        #[allow(unsafe_code)]
        mod clap_export {
            use super::*;
            use nice_plug::wrapper::{
                clap::{
                    CLAP_PLUGIN_FACTORY_ID, CLAP_VERSION, PluginDescriptor, clap_host, clap_plugin,
                    clap_plugin_descriptor, clap_plugin_entry, clap_plugin_factory,
                },
                setup_logger,
            };
            use std::{
                ffi::{CStr, c_char, c_void},
                ptr,
                sync::OnceLock,
            };

            fn descriptor() -> &'static PluginDescriptor {
                static DESCRIPTOR: OnceLock<PluginDescriptor> = OnceLock::new();
                DESCRIPTOR.get_or_init(PluginDescriptor::for_plugin::<$plugin>)
            }

            static FACTORY: clap_plugin_factory = clap_plugin_factory {
                get_plugin_count: Some(plugin_count),
                get_plugin_descriptor: Some(plugin_descriptor),
                create_plugin: Some(create_plugin),
            };

            unsafe extern "C" fn plugin_count(_: *const clap_plugin_factory) -> u32 {
                1
            }

            unsafe extern "C" fn plugin_descriptor(
                _: *const clap_plugin_factory,
                index: u32,
            ) -> *const clap_plugin_descriptor {
                if index == 0 {
                    descriptor().clap_plugin_descriptor()
                } else {
                    ptr::null()
                }
            }

            unsafe extern "C" fn create_plugin(
                _: *const clap_plugin_factory,
                host: *const clap_host,
                id: *const c_char,
            ) -> *const clap_plugin {
                // SAFETY: the host gives a valid id, and itself.
                unsafe {
                    if host.is_null()
                        || id.is_null()
                        || CStr::from_ptr(id) != descriptor().clap_id()
                    {
                        return ptr::null();
                    }
                    $crate::host::clap::create::<$plugin>(host)
                }
            }

            extern "C" fn init(_: *const c_char) -> bool {
                setup_logger::<$plugin>();
                true
            }

            extern "C" fn deinit() {}

            extern "C" fn get_factory(id: *const c_char) -> *const c_void {
                // SAFETY: the host gives a valid id.
                if !id.is_null() && unsafe { CStr::from_ptr(id) } == CLAP_PLUGIN_FACTORY_ID {
                    ptr::from_ref(&FACTORY).cast()
                } else {
                    ptr::null()
                }
            }

            /// What a CLAP host looks for in the file.
            // SAFETY: the name is CLAP's own; nothing else in the process may export it from this file.
            #[unsafe(no_mangle)]
            #[used]
            pub static clap_entry: clap_plugin_entry = clap_plugin_entry {
                clap_version: CLAP_VERSION,
                init: Some(init),
                deinit: Some(deinit),
                get_factory: Some(get_factory),
            };
        }
        pub use clap_export::clap_entry;
    };
}
