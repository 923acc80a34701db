//! The output buses as the wrapper needs them: all eleven, whatever the host has switched on.
//!
//! nice-plug 0.4.2 reads one bus past the end of what a host gives, and processes nothing at all if a bus has no memory. So the
//! decorator hands it a list of its own, in which every bus that the host left out has memory of ours.

use crate::outputs::OUTPUT_COUNT;
use nice_plug::wrapper::vst3::vst3::Steinberg::Vst::AudioBusBuffers;
use std::{mem, ptr};

/// The main bus and one for each output.
pub(super) const BUS_COUNT: usize = 1 + OUTPUT_COUNT;

/// Memory for the buses that a host left out.
#[derive(Default)]
pub(super) struct Buses {
    spare: Vec<f32>,
    frames: usize,
}

/// A list of buses for one block. It points into itself, so it stays where it is.
pub(super) struct BusList {
    pub(super) buses: [AudioBusBuffers; BUS_COUNT],
    /// The first bus may have a second channel, which nobody hears: see `CV_BUSES_BESIDE_STEREO` in `plugin`.
    channels: [[*mut f32; 2]; OUTPUT_COUNT],
}

impl Buses {
    /// Takes memory for blocks of so many frames.
    pub(super) fn resize(&mut self, frames: usize) {
        self.frames = frames;
        self.spare = vec![0.0; (OUTPUT_COUNT + 1) * frames];
    }

    /// Whether there is memory for a block.
    pub(super) fn has_room_for(&self, frames: usize) -> bool {
        frames <= self.frames
    }

    /// Fills a list from what the host gave.
    ///
    /// # Safety
    ///
    /// `host` must point to `count` buses, at least one, whose pointers are null or valid for the block; the list must not move
    /// until the block is done.
    pub(super) unsafe fn fill(
        &mut self,
        list: &mut BusList,
        host: *mut AudioBusBuffers,
        count: usize,
    ) {
        let (base, frames) = (self.spare.as_mut_ptr(), self.frames);
        // SAFETY: there is memory for this many, which `resize` took.
        let spare = |index: usize| unsafe { base.add(index * frames) };
        // SAFETY: the first bus is there by this function's contract.
        list.buses[0] = unsafe { ptr::read(host) };
        for output in 0..OUTPUT_COUNT {
            list.channels[output] = [spare(output), spare(OUTPUT_COUNT)];
            if 1 + output < count {
                // SAFETY: by this function's contract.
                unsafe {
                    let bus = &mut *host.add(1 + output);
                    let channels = bus.__field0.channelBuffers32;
                    if bus.numChannels > 0 && !channels.is_null() && !(*channels).is_null() {
                        bus.silenceFlags = 0;
                        list.channels[output][0] = *channels;
                    }
                }
            }
            let main_channels = list.buses[0].numChannels;
            let own = &mut list.buses[1 + output];
            own.numChannels = if output == 0 { main_channels.min(2) } else { 1 };
            own.silenceFlags = 0;
            own.__field0.channelBuffers32 = list.channels[output].as_mut_ptr();
        }
    }
}

impl BusList {
    pub(super) fn new() -> Self {
        Self {
            // SAFETY: a bus of zeros is one without channels, and null pointers are valid pointers.
            buses: unsafe { mem::zeroed() },
            channels: [[ptr::null_mut(); 2]; OUTPUT_COUNT],
        }
    }
}
