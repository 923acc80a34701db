//! Meter ballistics: one-pole attack, hold and release.

/// How fast a value follows, in milliseconds. Attack and release are time constants: after one, 63 % of a step has been made.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Times {
    /// Of a rise in magnitude.
    pub attack_ms: f32,
    /// For how long a value stays before it falls.
    pub hold_ms: f32,
    /// Of a fall.
    pub release_ms: f32,
}

/// A one-pole smoother with separate attack and release times, which holds a value before it lets it fall.
///
/// The step is exact for any number of samples: advancing by `a` and then by `b` towards the same target is advancing by
/// `a + b`, up to rounding. So a value's path does not depend on how a host cuts its audio into blocks.
#[derive(Clone, Debug)]
pub struct Ballistics {
    value: f32,
    attack_samples: f32,
    hold_samples: u64,
    release_samples: f32,
    /// For how long the target has been below the value.
    held: u64,
}

impl Ballistics {
    /// A smoother at rest at 0.
    #[must_use]
    pub fn new(times: Times, sample_rate_hz: f64) -> Self {
        let mut ballistics = Self {
            value: 0.0,
            attack_samples: 0.0,
            hold_samples: 0,
            release_samples: 0.0,
            held: 0,
        };
        ballistics.set_times(times, sample_rate_hz);
        ballistics
    }

    /// Changes the times; the value stays.
    pub fn set_times(&mut self, times: Times, sample_rate_hz: f64) {
        let samples_per_ms = (sample_rate_hz / 1000.0) as f32;
        self.attack_samples = (times.attack_ms * samples_per_ms).max(0.0);
        self.hold_samples = (times.hold_ms * samples_per_ms).max(0.0) as u64;
        self.release_samples = (times.release_ms * samples_per_ms).max(0.0);
    }

    /// Moves towards `target` for `samples` samples and returns the new value.
    ///
    /// A rise in magnitude is an attack, a fall a release: so a negative valence behaves as a positive one does.
    pub fn advance(&mut self, target: f32, samples: u64) -> f32 {
        if target.abs() >= self.value.abs() {
            self.held = 0;
            self.approach(target, samples, self.attack_samples);
        } else {
            let waits = samples.min(self.hold_samples.saturating_sub(self.held));
            self.held += waits;
            if self.held >= self.hold_samples {
                self.approach(target, samples - waits, self.release_samples);
            }
        }
        self.value
    }

    fn approach(&mut self, target: f32, samples: u64, time_constant_samples: f32) {
        let remaining = if time_constant_samples > 0.0 {
            (-(samples as f32) / time_constant_samples).exp()
        } else {
            0.0
        };
        self.value = target + (self.value - target) * remaining;
    }

    /// The current value.
    #[must_use]
    pub fn value(&self) -> f32 {
        self.value
    }

    /// Jumps to rest at 0.
    pub fn reset(&mut self) {
        self.value = 0.0;
        self.held = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn times(attack_ms: f32, hold_ms: f32, release_ms: f32) -> Times {
        Times {
            attack_ms,
            hold_ms,
            release_ms,
        }
    }

    #[test]
    fn one_time_constant_makes_63_per_cent_of_a_step() {
        let mut ballistics = Ballistics::new(times(100.0, 0.0, 400.0), 48_000.0);
        assert!((ballistics.advance(1.0, 4_800) - 0.632).abs() < 0.001);
        ballistics.advance(1.0, 480_000);
        assert!((ballistics.advance(0.0, 19_200) - 0.368).abs() < 0.001);
    }

    #[test]
    fn blocks_do_not_matter() {
        let mut whole = Ballistics::new(times(100.0, 0.0, 400.0), 48_000.0);
        let mut parts = whole.clone();
        whole.advance(0.8, 10_000);
        for block in [1, 7, 64, 480, 4096, 5352] {
            parts.advance(0.8, block);
        }
        assert!((whole.value() - parts.value()).abs() < 1e-5);
    }

    #[test]
    fn a_value_is_held_before_it_falls() {
        let mut ballistics = Ballistics::new(times(0.0, 500.0, 400.0), 48_000.0);
        ballistics.advance(1.0, 1);
        assert_eq!(ballistics.advance(0.0, 24_000), 1.0);
        assert!((ballistics.advance(0.0, 19_200) - 0.368).abs() < 0.001);
        let mut at_once = Ballistics::new(times(0.0, 500.0, 400.0), 48_000.0);
        at_once.advance(1.0, 1);
        assert!((at_once.advance(0.0, 43_200) - 0.368).abs() < 0.001);
        // A rise ends the fall; the next fall waits again.
        ballistics.advance(0.9, 1);
        assert_eq!(ballistics.advance(0.0, 24_000), 0.9);
    }

    #[test]
    fn zero_times_jump() {
        assert_eq!(
            Ballistics::new(times(0.0, 0.0, 0.0), 48_000.0).advance(-0.3, 0),
            -0.3
        );
    }
}
