//! Meter ballistics: one-pole attack and release.

/// A one-pole smoother with separate attack and release times.
///
/// The step is exact for any number of samples: advancing by `a` and then by `b` towards the same target is advancing by
/// `a + b`, up to rounding. So a value's path does not depend on how a host cuts its audio into blocks.
#[derive(Clone, Debug)]
pub struct Ballistics {
    value: f32,
    attack_samples: f32,
    release_samples: f32,
}

impl Ballistics {
    /// A smoother at rest at 0. The times are time constants: after one, 63 % of a step has been made.
    #[must_use]
    pub fn new(attack_ms: f32, release_ms: f32, sample_rate_hz: f64) -> Self {
        let mut ballistics = Self {
            value: 0.0,
            attack_samples: 0.0,
            release_samples: 0.0,
        };
        ballistics.set_times(attack_ms, release_ms, sample_rate_hz);
        ballistics
    }

    /// Changes the time constants; the value stays.
    pub fn set_times(&mut self, attack_ms: f32, release_ms: f32, sample_rate_hz: f64) {
        let samples_per_ms = (sample_rate_hz / 1000.0) as f32;
        self.attack_samples = (attack_ms * samples_per_ms).max(0.0);
        self.release_samples = (release_ms * samples_per_ms).max(0.0);
    }

    /// Moves towards `target` for `samples` samples and returns the new value.
    ///
    /// A rise in magnitude is an attack, a fall a release: so a negative valence behaves as a positive one does.
    pub fn advance(&mut self, target: f32, samples: u64) -> f32 {
        let time_constant = if target.abs() > self.value.abs() {
            self.attack_samples
        } else {
            self.release_samples
        };
        let remaining = if time_constant > 0.0 {
            (-(samples as f32) / time_constant).exp()
        } else {
            0.0
        };
        self.value = target + (self.value - target) * remaining;
        self.value
    }

    /// The current value.
    #[must_use]
    pub fn value(&self) -> f32 {
        self.value
    }

    /// Jumps to rest at 0.
    pub fn reset(&mut self) {
        self.value = 0.0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_time_constant_makes_63_per_cent_of_a_step() {
        let mut ballistics = Ballistics::new(100.0, 400.0, 48_000.0);
        assert!((ballistics.advance(1.0, 4_800) - 0.632).abs() < 0.001);
        ballistics.advance(1.0, 480_000);
        assert!((ballistics.advance(0.0, 19_200) - 0.368).abs() < 0.001);
    }

    #[test]
    fn blocks_do_not_matter() {
        let mut whole = Ballistics::new(100.0, 400.0, 48_000.0);
        let mut parts = whole.clone();
        whole.advance(0.8, 10_000);
        for block in [1, 7, 64, 480, 4096, 5352] {
            parts.advance(0.8, block);
        }
        assert!((whole.value() - parts.value()).abs() < 1e-5);
    }

    #[test]
    fn zero_times_jump() {
        assert_eq!(Ballistics::new(0.0, 0.0, 48_000.0).advance(-0.3, 0), -0.3);
    }
}
