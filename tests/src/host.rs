//! What a host can do with a plugin, whatever its format.

use crate::{clap_host::ClapHost, vst3_host::Vst3Host};
use anyhow::Result;
use std::{any::Any, fmt};

/// A plugin format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// CLAP 1.x.
    Clap,
    /// VST 3.
    Vst3,
}

impl Format {
    /// Both formats.
    pub const ALL: [Self; 2] = [Self::Clap, Self::Vst3];

    /// Loads the built bundle of this format and makes one instance of the plugin.
    ///
    /// # Errors
    ///
    /// If the bundle is not built, or does not load.
    pub fn open(self) -> Result<Box<dyn PluginHost>> {
        Ok(match self {
            Self::Clap => Box::new(ClapHost::open(&crate::bundles::clap()?)?),
            Self::Vst3 => Box::new(Vst3Host::open(&crate::bundles::vst3_library()?)?),
        })
    }

    /// Loads the built bundle and makes no instance: hosts keep a library loaded from one instance to the next.
    ///
    /// # Errors
    ///
    /// If the bundle is not built, or does not load.
    pub fn load(self) -> Result<Loaded> {
        let library: Box<dyn Any> = match self {
            Self::Clap => Box::new(crate::clap_host::load(&crate::bundles::clap()?)?),
            Self::Vst3 => Box::new(crate::vst3_host::load(&crate::bundles::vst3_library()?)?),
        };
        Ok(Loaded { _library: library })
    }
}

/// A loaded bundle, which stays loaded as long as this lives.
pub struct Loaded {
    _library: Box<dyn Any>,
}

impl fmt::Display for Format {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Clap => "CLAP",
            Self::Vst3 => "VST3",
        })
    }
}

/// How a host renders.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Audio goes out as it comes in: the plugin must not wait.
    Realtime,
    /// A bounce: the plugin may take its time.
    Offline,
}

/// What a plugin is told before it processes.
#[derive(Clone, Copy, Debug)]
pub struct Setup {
    /// Samples per second.
    pub sample_rate_hz: f64,
    /// The most frames that a block will have.
    pub max_block_frames: u32,
    /// Channels of the main input and output: 1 or 2.
    pub channels: usize,
    /// Realtime or offline.
    pub mode: Mode,
    /// Whether the CV buses are switched on.
    pub cv: bool,
}

impl Setup {
    /// Offline stereo at `sample_rate_hz` with blocks of at most 16384 frames.
    #[must_use]
    pub fn offline(sample_rate_hz: f64) -> Self {
        Self {
            sample_rate_hz,
            max_block_frames: 16_384,
            channels: 2,
            mode: Mode::Offline,
            cv: false,
        }
    }

    /// The same in real time.
    #[must_use]
    pub fn realtime(sample_rate_hz: f64) -> Self {
        Self {
            mode: Mode::Realtime,
            ..Self::offline(sample_rate_hz)
        }
    }
}

/// A parameter as the plugin shows it to a host. Its values go from 0 to 1 in both formats.
#[derive(Clone, Debug, PartialEq)]
pub struct Parameter {
    /// The number by which hosts know it; stays the same for ever.
    pub id: u32,
    /// The name that hosts show.
    pub name: String,
    /// The value of a new instance.
    pub default: f64,
    /// Whether hosts may record and play it.
    pub automatable: bool,
    /// Whether it says that hosts may not write it.
    pub read_only: bool,
    /// Whether hosts may modulate it (CLAP alone knows of this).
    pub modulatable: bool,
}

/// A parameter's new value, from the host to the plugin or from the plugin to the host.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Change {
    /// The parameter.
    pub id: u32,
    /// The frame of the block at which it applies.
    pub frame: u32,
    /// The value, 0 to 1.
    pub value: f64,
}

/// The start or the end of a gesture: what a plugin sends in between is to be recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gesture {
    /// The parameter.
    pub id: u32,
    /// Whether it starts.
    pub begins: bool,
}

/// A MIDI controller that a plugin moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Controller {
    /// The frame of the block.
    pub frame: u32,
    /// 0 to 15.
    pub channel: u8,
    /// Its number.
    pub number: u8,
    /// 0 to 127.
    pub value: u8,
}

/// What a plugin sent beside sound and plain changes, since it was last asked.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Heard {
    /// Gestures, in order.
    pub gestures: Vec<Gesture>,
    /// Values within gestures, in order. In CLAP these are among the changes of a block too.
    pub written: Vec<Change>,
    /// Controllers, in order.
    pub controllers: Vec<Controller>,
    /// The ten CV buses of the last block; none where they are off.
    pub cv: Vec<Vec<f32>>,
    /// How often the plugin called the host from another thread than the main one (VST3's handler alone).
    pub wrong_threads: usize,
    /// How often it asked to be asked for its latency again (VST3's handler alone, as the next).
    pub latency_changes: usize,
    /// How often it asked to be asked for its buses again.
    pub bus_changes: usize,
}

impl Heard {
    /// Adds what was heard after it.
    pub fn append(&mut self, later: Self) {
        self.gestures.extend(later.gestures);
        self.written.extend(later.written);
        self.controllers.extend(later.controllers);
        self.cv
            .resize(later.cv.len().max(self.cv.len()), Vec::new());
        for (lane, later) in self.cv.iter_mut().zip(later.cv) {
            lane.extend(later);
        }
        self.wrong_threads += later.wrong_threads;
        self.latency_changes += later.latency_changes;
        self.bus_changes += later.bus_changes;
    }
}

/// One instance of a plugin, with its editor closed.
///
/// All calls come from one thread, which is the host's main thread and its audio thread in turn.
pub trait PluginHost {
    /// The format.
    fn format(&self) -> Format;

    /// Every parameter, in the plugin's order.
    fn parameters(&mut self) -> Vec<Parameter>;

    /// A parameter's value, 0 to 1.
    fn value(&mut self, id: u32) -> f64;

    /// A value as the plugin writes it for users.
    fn text(&mut self, id: u32, value: f64) -> String;

    /// The latency that the plugin reports, in frames.
    fn latency_frames(&mut self) -> u32;

    /// Makes the plugin ready for [`process`](Self::process).
    ///
    /// # Errors
    ///
    /// If the plugin refuses.
    fn activate(&mut self, setup: Setup) -> Result<()>;

    /// Ends processing. Does nothing if the plugin is not active.
    fn deactivate(&mut self);

    /// Tells the plugin to forget what it heard (CLAP's `reset`, VST3's `setProcessing`).
    fn reset(&mut self);

    /// Runs one block: `input` has one slice per channel, all of the same length, and `output` is made of the same shape.
    /// `position` is the playhead's in frames while the transport rolls. Gives the changes that the plugin sent to the host,
    /// in the order in which it sent them.
    ///
    /// # Errors
    ///
    /// If the plugin is not active, or says that it failed.
    fn process(
        &mut self,
        input: &[&[f32]],
        output: &mut Vec<Vec<f32>>,
        changes: &[Change],
        position: Option<u64>,
    ) -> Result<Vec<Change>>;

    /// What came beside the changes, since this was last called.
    fn heard(&mut self) -> Heard;

    /// Sets a parameter as hosts do while nothing plays (CLAP's `flush`, VST3's `setParamNormalized`). Gives what the plugin
    /// sent back.
    fn set_while_idle(&mut self, id: u32, value: f64) -> Vec<Change>;

    /// The plugin's state, as a host saves it in a project.
    ///
    /// # Errors
    ///
    /// If the plugin gives none.
    fn save(&mut self) -> Result<Vec<u8>>;

    /// Gives the plugin a state.
    ///
    /// # Errors
    ///
    /// If the plugin refuses it.
    fn load(&mut self, state: &[u8]) -> Result<()>;

    /// Does what the plugin asked the main thread to do.
    fn idle(&mut self);

    /// Opens the editor in a window of the host's on X11; gives the editor's size in pixels.
    ///
    /// # Errors
    ///
    /// If the plugin has no editor for X11, or it does not open.
    fn open_editor(&mut self, window: u32) -> Result<(u32, u32)>;

    /// Resizes the open editor to this many pixels.
    ///
    /// # Errors
    ///
    /// If the editor cannot be resized, or refuses this size.
    fn resize_editor(&mut self, width: u32, height: u32) -> Result<()>;

    /// Closes the editor. Does nothing if it is not open.
    fn close_editor(&mut self);
}
