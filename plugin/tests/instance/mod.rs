//! An instance of the plugin as a CLAP host has it, in the test's own process, hosted by hand: so that nothing of a host's
//! stands between the test and the plugin's `process`.
#![allow(unsafe_code)]

use clap_sys::{
    audio_buffer::clap_audio_buffer,
    events::{
        CLAP_EVENT_PARAM_VALUE, CLAP_EVENT_TRANSPORT, CLAP_TRANSPORT_HAS_SECONDS_TIMELINE,
        CLAP_TRANSPORT_IS_PLAYING, clap_event_header, clap_event_param_value, clap_event_transport,
        clap_input_events, clap_output_events,
    },
    factory::plugin_factory::{CLAP_PLUGIN_FACTORY_ID, clap_plugin_factory},
    fixedpoint::CLAP_SECTIME_FACTOR,
    host::clap_host,
    plugin::clap_plugin,
    process::{CLAP_PROCESS_ERROR, clap_process},
    version::CLAP_VERSION,
};
use std::{
    ffi::{c_char, c_void},
    ptr,
};

/// Changes of parameters that are kept; later ones are refused, as by a host whose list is full.
const LARGEST_TOLD: usize = 1 << 14;

/// An active stereo instance.
pub(crate) struct Instance {
    plugin: *const clap_plugin,
    _host: Box<clap_host>,
    sample_rate_hz: f64,
    input: [Vec<f32>; 2],
    output: [Vec<f32>; 2],
    /// The changes that the plugin told, in order: parameter and value.
    pub(crate) told: Vec<(u32, f64)>,
}

// SAFETY: CLAP allows an instance to be processed on another thread than it was made on, as long as it is one at a time.
unsafe impl Send for Instance {}

impl Instance {
    /// Makes and activates an instance for blocks of up to `largest_block` frames.
    pub(crate) fn new(sample_rate_hz: f64, largest_block: usize) -> Self {
        let host = Box::new(clap_host {
            clap_version: CLAP_VERSION,
            host_data: ptr::null_mut(),
            name: c"Pathos tests".as_ptr(),
            vendor: c"Pathos".as_ptr(),
            url: c"".as_ptr(),
            version: c"1".as_ptr(),
            get_extension: Some(no_extension),
            request_restart: Some(ignore),
            request_process: Some(ignore),
            request_callback: Some(ignore),
        });
        // SAFETY: the calls are those that CLAP prescribes, in its order; `host` lives as long as the plugin.
        let plugin = unsafe {
            let entry = &pathos::clap_entry;
            assert!(entry.init.unwrap()(c"/".as_ptr()));
            let factory = entry.get_factory.unwrap()(CLAP_PLUGIN_FACTORY_ID.as_ptr());
            let factory = factory.cast::<clap_plugin_factory>();
            let id = c"audio.pathos.pathos".as_ptr();
            let plugin = (*factory).create_plugin.unwrap()(factory, &*host, id);
            assert!(!plugin.is_null());
            assert!((*plugin).init.unwrap()(plugin));
            assert!((*plugin).activate.unwrap()(
                plugin,
                sample_rate_hz,
                1,
                largest_block as u32
            ));
            plugin
        };
        Self {
            plugin,
            _host: host,
            sample_rate_hz,
            input: [vec![0.0; largest_block], vec![0.0; largest_block]],
            output: [vec![0.0; largest_block], vec![0.0; largest_block]],
            told: Vec::with_capacity(LARGEST_TOLD),
        }
    }

    /// As a host does on its audio thread before the first block.
    pub(crate) fn start(&mut self) {
        // SAFETY: the plugin is active and not processing.
        assert!(unsafe { (*self.plugin).start_processing.unwrap()(self.plugin) });
    }

    /// As a host does on its audio thread when the sound is cut off.
    pub(crate) fn reset(&mut self) {
        // SAFETY: the plugin is active.
        unsafe { (*self.plugin).reset.unwrap()(self.plugin) };
    }

    /// Fills the next block's input: `wave` gives each sample of both channels.
    pub(crate) fn fill(&mut self, frames: usize, mut wave: impl FnMut() -> f32) {
        let [left, right] = &mut self.input;
        for (left, right) in left.iter_mut().zip(right).take(frames) {
            *left = wave();
            *right = -0.5 * *left;
        }
    }

    /// Processes a block at a position of a playing transport, with writes to parameters: id and value.
    pub(crate) fn process(&mut self, frames: usize, position: i64, writes: &[(u32, f64)]) {
        let seconds = position as f64 / self.sample_rate_hz;
        // SAFETY: all zeroes are a valid transport: one of which nothing is known.
        let mut transport: clap_event_transport = unsafe { std::mem::zeroed() };
        transport.header.size = size_of::<clap_event_transport>() as u32;
        transport.header.type_ = CLAP_EVENT_TRANSPORT;
        transport.flags = CLAP_TRANSPORT_HAS_SECONDS_TIMELINE | CLAP_TRANSPORT_IS_PLAYING;
        transport.song_pos_seconds = (seconds * CLAP_SECTIME_FACTOR as f64) as i64;

        let mut events = [param_value(0, 0.0); 8];
        for (event, &(id, value)) in events.iter_mut().zip(writes) {
            *event = param_value(id, value);
        }
        let events = &events[..writes.len()];
        let in_events = clap_input_events {
            ctx: ptr::from_ref(&events).cast_mut().cast(),
            size: Some(events_size),
            get: Some(events_get),
        };
        let out_events = clap_output_events {
            ctx: ptr::from_mut(&mut self.told).cast(),
            try_push: Some(keep_told),
        };
        let mut inputs = self.input.each_mut().map(|channel| channel.as_mut_ptr());
        let mut outputs = self.output.each_mut().map(|channel| channel.as_mut_ptr());
        let input = audio_port(&mut inputs);
        let mut output = audio_port(&mut outputs);
        let block = clap_process {
            steady_time: -1,
            frames_count: frames as u32,
            transport: &transport,
            audio_inputs: &input,
            audio_outputs: &mut output,
            audio_inputs_count: 1,
            audio_outputs_count: 1,
            in_events: &in_events,
            out_events: &out_events,
        };
        // SAFETY: the plugin is processing, and everything that the block points at lives until this returns.
        let status = unsafe { (*self.plugin).process.unwrap()(self.plugin, &block) };
        assert_ne!(status, CLAP_PROCESS_ERROR);
    }

    /// Whether the last block came out as it went in, bit for bit.
    pub(crate) fn passed_untouched(&self, frames: usize) -> bool {
        let bits = |channels: &[Vec<f32>; 2], index: usize| {
            channels.each_ref().map(|channel| channel[index].to_bits())
        };
        (0..frames).all(|index| bits(&self.input, index) == bits(&self.output, index))
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        // SAFETY: the calls are those that CLAP prescribes, in its order; the plugin is not used again.
        unsafe {
            (*self.plugin).stop_processing.unwrap()(self.plugin);
            (*self.plugin).deactivate.unwrap()(self.plugin);
            (*self.plugin).destroy.unwrap()(self.plugin);
        }
    }
}

fn audio_port(channels: &mut [*mut f32; 2]) -> clap_audio_buffer {
    clap_audio_buffer {
        data32: channels.as_mut_ptr(),
        data64: ptr::null_mut(),
        channel_count: 2,
        latency: 0,
        constant_mask: 0,
    }
}

fn param_value(param_id: u32, value: f64) -> clap_event_param_value {
    clap_event_param_value {
        header: clap_event_header {
            size: size_of::<clap_event_param_value>() as u32,
            time: 0,
            space_id: 0,
            type_: CLAP_EVENT_PARAM_VALUE,
            flags: 0,
        },
        param_id,
        cookie: ptr::null_mut(),
        note_id: -1,
        port_index: -1,
        channel: -1,
        key: -1,
        value,
    }
}

unsafe extern "C" fn no_extension(_: *const clap_host, _: *const c_char) -> *const c_void {
    ptr::null()
}

unsafe extern "C" fn ignore(_: *const clap_host) {}

unsafe extern "C" fn events_size(list: *const clap_input_events) -> u32 {
    // SAFETY: the context is the slice that `process` points it at.
    let events = unsafe { *(*list).ctx.cast::<&[clap_event_param_value]>() };
    events.len() as u32
}

unsafe extern "C" fn events_get(
    list: *const clap_input_events,
    index: u32,
) -> *const clap_event_header {
    // SAFETY: as above.
    let events = unsafe { *(*list).ctx.cast::<&[clap_event_param_value]>() };
    events
        .get(index as usize)
        .map_or(ptr::null(), |event| &event.header)
}

unsafe extern "C" fn keep_told(
    list: *const clap_output_events,
    event: *const clap_event_header,
) -> bool {
    // SAFETY: the context is the list that `process` points it at, and the type of an event says what struct it is.
    unsafe {
        let told = &mut *(*list).ctx.cast::<Vec<(u32, f64)>>();
        if (*event).type_ != CLAP_EVENT_PARAM_VALUE {
            return true;
        }
        if told.len() == told.capacity() {
            return false;
        }
        let event = &*event.cast::<clap_event_param_value>();
        told.push((event.param_id, event.value));
        true
    }
}

/// The number by which a host knows a parameter.
pub(crate) fn id_of(name: &str) -> u32 {
    name.bytes().fold(0u32, |hash, byte| {
        hash.wrapping_mul(31).wrapping_add(byte.into())
    }) & !(1 << 31)
}

/// A voice, roughly: pulses at 140 Hz through two resonances, in syllables.
pub(crate) fn voice(sample_rate_hz: f64) -> impl FnMut() -> f32 {
    let mut time = 0.0f64;
    let mut formants = [[0.0f64; 2]; 2];
    move || {
        time += 1.0 / sample_rate_hz;
        let period = (time * 140.0).fract();
        let pulse = if period < 140.0 / sample_rate_hz {
            1.0
        } else {
            0.0
        };
        let loudness = (std::f64::consts::TAU * 2.5 * time).sin().max(0.0);
        let mut sum = 0.0;
        for ([last, before], hz) in formants.iter_mut().zip([600.0, 1700.0]) {
            let radius = 1.0 - 250.0 / sample_rate_hz;
            let turn = 2.0 * radius * (std::f64::consts::TAU * hz / sample_rate_hz).cos();
            let next = pulse + turn * *last - radius * radius * *before;
            (*before, *last) = (*last, next);
            sum += next;
        }
        (0.05 * loudness * sum) as f32
    }
}
