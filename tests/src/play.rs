//! Plays sound through a plugin, as a host does.

use crate::host::{Change, Heard, PluginHost};
use crate::lanes::Lanes;
use crate::outputs;
use anyhow::Result;
use std::time::{Duration, Instant};

/// What came out of a plugin.
#[derive(Clone, Debug)]
pub struct Recording {
    /// The audio, one vector per channel.
    pub audio: Vec<Vec<f32>>,
    /// The outputs.
    pub lanes: Lanes,
    /// Every change that the plugin sent, with the frame counted from the start of the sound.
    pub changes: Vec<(u64, Change)>,
    /// What it sent beside them: frames count within their block; the CV buses are whole.
    pub heard: Heard,
}

/// Plays a sound through an active plugin from its start to its end: every channel of `sound` must have the same length.
pub struct Player<'a> {
    /// The plugin.
    pub plugin: &'a mut dyn PluginHost,
    /// Samples per second, as the plugin was told.
    pub sample_rate_hz: f64,
    /// Frames per block; after the last it starts again with the first. A 0 makes an empty block.
    pub blocks: &'a [usize],
    /// At most this many times faster than the sound would sound; `None` is as fast as it goes.
    pub pace: Option<f64>,
    /// Whether the transport rolls, and from which frame.
    pub position: Option<u64>,
}

impl<'a> Player<'a> {
    /// Plays as fast as it goes in blocks of 512 frames, with the transport standing.
    #[must_use]
    pub fn new(plugin: &'a mut dyn PluginHost, sample_rate_hz: f64) -> Self {
        Self {
            plugin,
            sample_rate_hz,
            blocks: &[512],
            pace: None,
            position: None,
        }
    }

    /// Plays the sound.
    ///
    /// # Errors
    ///
    /// If the plugin fails to process.
    pub fn play(&mut self, sound: &[&[f32]]) -> Result<Recording> {
        self.play_while(sound, |_| true)
    }

    /// Plays the sound until its end, or until `go_on`, asked after each block, says no.
    ///
    /// # Errors
    ///
    /// If the plugin fails to process.
    pub fn play_while(
        &mut self,
        sound: &[&[f32]],
        mut go_on: impl FnMut(&Lanes) -> bool,
    ) -> Result<Recording> {
        let total = sound.first().map_or(0, |channel| channel.len());
        let mut lanes = Lanes::new(self.sample_rate_hz, outputs::values_now(self.plugin));
        let mut recording = Recording {
            audio: vec![Vec::with_capacity(total); sound.len()],
            lanes: lanes.clone(),
            changes: Vec::new(),
            heard: Heard::default(),
        };
        let mut block = Vec::new();
        let started = Instant::now();
        let mut at = 0;
        for &frames in self.blocks.iter().cycle() {
            if at >= total {
                break;
            }
            let end = (at + frames).min(total);
            let input: Vec<&[f32]> = sound.iter().map(|channel| &channel[at..end]).collect();
            let position = self.position.map(|start| start + at as u64);
            let sent = self.plugin.process(&input, &mut block, &[], position)?;
            for (audio, new) in recording.audio.iter_mut().zip(&block) {
                audio.extend_from_slice(new);
            }
            for change in sent {
                let frame = at as u64 + u64::from(change.frame);
                lanes.record(change.id, frame, change.value);
                recording.changes.push((frame, change));
            }
            self.plugin.idle();
            recording.heard.append(self.plugin.heard());
            at = end;
            lanes.advance_to(at as u64);
            if let Some(pace) = self.pace {
                let due = Duration::from_secs_f64(at as f64 / self.sample_rate_hz / pace);
                std::thread::sleep(due.saturating_sub(started.elapsed()));
            }
            if !go_on(&lanes) {
                break;
            }
        }
        recording.lanes = lanes;
        Ok(recording)
    }
}
