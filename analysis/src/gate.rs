//! The voice gate: is there enough sound in this frame to be a voice?
//!
//! Energy alone, adapting to the level of the voice and to the floor of the noise, so that a gain before the plugin does not
//! move it. Whether the sound *is* a voice is the network's question: see [`Estimate::voice`](crate::Estimate::voice).

/// Nothing below this level (dB relative to a full-scale sine) is ever a voice, if nobody sets another.
pub const DEFAULT_FLOOR_DB: f32 = -65.0;
/// A voice stands this far above the noise.
const ABOVE_NOISE_DB: f32 = 9.0;
/// Sound this far below the recent peak is a pause, not a voice.
const BELOW_PEAK_DB: f32 = 36.0;
/// How fast the remembered peak falls.
pub(crate) const PEAK_FALL_DB_PER_FRAME: f32 = 0.02;
/// How fast the noise floor follows a rising level while the gate is shut, and while it is open (a held note is not noise).
const FLOOR_RISE_SHUT_DB_PER_FRAME: f32 = 0.08;
const FLOOR_RISE_OPEN_DB_PER_FRAME: f32 = 0.01;
/// The lowest that the noise floor can be.
const LOWEST_FLOOR_DB: f32 = -90.0;
/// The first sound that is heard is taken for the noise floor if it is below this: few recordings start within a word. Louder
/// sound is taken for a voice above a floor of this level.
const HIGHEST_FIRST_FLOOR_DB: f32 = -45.0;
/// Frames above the threshold in a row that open the gate: 30 ms, longer than a click.
const ATTACK_FRAMES: u32 = 3;
/// Frames for which the gate stays open after the last one above the threshold: 300 ms, so that the short pauses of speech,
/// which carry emotion too, are part of what the network sees.
const HANG_FRAMES: u32 = 30;

/// A streaming gate; one [`step`](Self::step) per 10 ms frame.
#[derive(Clone, Debug)]
pub struct VoiceGate {
    floor_db: f32,
    /// Nothing before the first frame.
    noise_db: Option<f32>,
    peak_db: f32,
    frames_above: u32,
    hang: u32,
}

impl VoiceGate {
    /// A shut gate that has heard nothing.
    #[must_use]
    pub fn new() -> Self {
        Self {
            floor_db: DEFAULT_FLOOR_DB,
            noise_db: None,
            peak_db: f32::NEG_INFINITY,
            frames_above: 0,
            hang: 0,
        }
    }

    /// Sets the level in dB relative to a full-scale sine below which nothing is ever a voice.
    pub fn set_floor_db(&mut self, floor_db: f32) {
        self.floor_db = floor_db;
    }

    /// Takes the level of the next frame in dB relative to a full-scale sine (see [`LeveledMelFrame`](crate::log_mel::LeveledMelFrame)); tells
    /// whether the frame belongs to a voice.
    pub fn step(&mut self, level_db: f32) -> bool {
        let first_floor_db = level_db.clamp(LOWEST_FLOOR_DB, HIGHEST_FIRST_FLOOR_DB);
        let noise_db = self.noise_db.unwrap_or(first_floor_db);
        let threshold_db = self
            .floor_db
            .max(noise_db + ABOVE_NOISE_DB)
            .max(self.peak_db - BELOW_PEAK_DB);
        let above = level_db > threshold_db;
        self.frames_above = if above { self.frames_above + 1 } else { 0 };
        if self.frames_above >= ATTACK_FRAMES {
            self.hang = HANG_FRAMES;
            self.peak_db = self.peak_db.max(level_db);
        } else {
            self.hang = self.hang.saturating_sub(1);
        }

        self.peak_db -= PEAK_FALL_DB_PER_FRAME;
        let rise = if self.hang > 0 {
            FLOOR_RISE_OPEN_DB_PER_FRAME
        } else {
            FLOOR_RISE_SHUT_DB_PER_FRAME
        };
        self.noise_db = Some((noise_db + rise).min(level_db).max(LOWEST_FLOOR_DB));
        self.hang > 0
    }
}

impl Default for VoiceGate {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open_share(gate: &mut VoiceGate, level_db: f32, frames: usize) -> f32 {
        let open = (0..frames).filter(|_| gate.step(level_db)).count();
        open as f32 / frames as f32
    }

    #[test]
    fn silence_is_shut_and_a_voice_opens() {
        let mut gate = VoiceGate::new();
        assert_eq!(open_share(&mut gate, -120.0, 100), 0.0);
        assert!(open_share(&mut gate, -30.0, 100) > 0.97);
        open_share(&mut gate, -120.0, 31);
        assert_eq!(open_share(&mut gate, -120.0, 100), 0.0);
    }

    #[test]
    fn a_room_before_the_first_word_is_no_voice() {
        for room_db in [-62.0, -50.0] {
            let mut gate = VoiceGate::new();
            assert_eq!(open_share(&mut gate, room_db, 50), 0.0, "{room_db}");
            assert!(open_share(&mut gate, room_db + 30.0, 100) > 0.97);
        }
    }

    #[test]
    fn a_voice_from_the_first_sample_opens() {
        let mut gate = VoiceGate::new();
        assert!(open_share(&mut gate, -25.0, 100) > 0.97);
    }

    #[test]
    fn below_the_floor_nothing_is_a_voice() {
        let mut gate = VoiceGate::new();
        gate.set_floor_db(-30.0);
        open_share(&mut gate, -80.0, 100);
        assert_eq!(open_share(&mut gate, -32.0, 100), 0.0);
        assert!(open_share(&mut gate, -28.0, 100) > 0.97);
    }

    #[test]
    fn a_click_does_not_open() {
        let mut gate = VoiceGate::new();
        open_share(&mut gate, -80.0, 100);
        assert!(!gate.step(-6.0));
        assert_eq!(open_share(&mut gate, -80.0, 100), 0.0);
    }

    #[test]
    fn a_gain_changes_nothing() {
        let levels = |gain_db: f32| {
            let mut gate = VoiceGate::new();
            (0..600)
                .map(|n| {
                    let phrase = if (n / 100) % 2 == 0 { -60.0 } else { -22.0 };
                    gate.step(phrase + gain_db + 4.0 * (n as f32 * 0.7).sin())
                })
                .collect::<Vec<_>>()
        };
        assert_eq!(levels(0.0)[250..], levels(12.0)[250..]);
        assert_eq!(levels(0.0)[250..], levels(-12.0)[250..]);
    }

    #[test]
    fn steady_noise_shuts_the_gate_in_time_and_a_voice_above_it_opens_it_again() {
        let mut gate = VoiceGate::new();
        open_share(&mut gate, -55.0, 4_000);
        assert_eq!(open_share(&mut gate, -55.0, 100), 0.0);
        assert!(open_share(&mut gate, -30.0, 100) > 0.97);
    }
}
