//! The ten values that leave the plugin: from estimates, through ballistics, to what the host is told.

use pathos_analysis::{Ballistics, Emotion, Estimate, HOP_SECONDS};

/// How many values there are.
pub const OUTPUT_COUNT: usize = Emotion::COUNT + 3;

/// The parameter ids of the values, in the order of all arrays of outputs.
pub const OUTPUT_IDS: [&str; OUTPUT_COUNT] = [
    "angry", "disgust", "fear", "happy", "neutral", "sad", "surprise", "valence", "arousal",
    "voice",
];

/// A host is told of a change of at least this much.
const LEAST_CHANGE: f32 = 0.01;
/// A falling value that is closer to rest than this is at rest.
const REST: f32 = 0.005;

/// From the moment that an estimate speaks for until the values follow it. The estimate comes later than that moment by the
/// delay of the resampler, at most 12 ms; with this the values do not depend on how much of it lies in the same block.
const SETTLING_SECONDS: f64 = 0.03;

/// One of the ten values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Output {
    /// The probability of an emotion while a voice sounds, 0 at rest.
    Emotion(Emotion),
    /// Displeasure to pleasure, -1 to 1.
    Valence,
    /// Calm to excitement, -1 to 1.
    Arousal,
    /// How much of a voice there is.
    Voice,
}

impl Output {
    /// The name that a host shows.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Emotion(Emotion::Angry) => "Angry",
            Self::Emotion(Emotion::Disgust) => "Disgust",
            Self::Emotion(Emotion::Fear) => "Fear",
            Self::Emotion(Emotion::Happy) => "Happy",
            Self::Emotion(Emotion::Neutral) => "Neutral",
            Self::Emotion(Emotion::Sad) => "Sad",
            Self::Emotion(Emotion::Surprise) => "Surprise",
            Self::Valence => "Valence",
            Self::Arousal => "Arousal",
            Self::Voice => "Voice",
        }
    }
}

/// Smooths the values and decides what the host is told, on a clock of samples since the last reset.
///
/// The values follow an estimate a little after the moment that it speaks for ([`SETTLING_SECONDS`]), by when it has come
/// where the worker keeps up; and the host is told at most once a hop, half a hop after that moment, and only of a change of
/// [`LEAST_CHANGE`] or a return to rest. Offline, where every estimate comes in time, the values are the same bit for bit
/// whatever the block size: the ballistics take steps at these moments alone, never at the end of a block.
pub(crate) struct Outputs {
    /// As they were at `stepped_at`.
    ballistics: [Ballistics; OUTPUT_COUNT],
    stepped_at: u64,
    targets: [f32; OUTPUT_COUNT],
    /// The next targets, and when they count from.
    coming: Option<(u64, [f32; OUTPUT_COUNT])>,
    told: [f32; OUTPUT_COUNT],
    clock: u64,
    hop_samples: u64,
    settling_samples: u64,
    sample_rate_hz: f64,
    smoothing_ms: f32,
}

impl Outputs {
    pub(crate) fn new(sample_rate_hz: f64) -> Self {
        Self {
            ballistics: std::array::from_fn(|_| Ballistics::new(0.0, 0.0, sample_rate_hz)),
            stepped_at: 0,
            targets: [0.0; OUTPUT_COUNT],
            coming: None,
            told: [0.0; OUTPUT_COUNT],
            clock: 0,
            hop_samples: ((HOP_SECONDS * sample_rate_hz) as u64).max(2),
            settling_samples: (SETTLING_SECONDS * sample_rate_hz) as u64,
            sample_rate_hz,
            smoothing_ms: 0.0,
        }
    }

    /// Back to rest, at once.
    pub(crate) fn reset(&mut self) {
        self.ballistics.iter_mut().for_each(Ballistics::reset);
        self.stepped_at = 0;
        self.targets = [0.0; OUTPUT_COUNT];
        self.coming = None;
        self.told = [0.0; OUTPUT_COUNT];
        self.clock = 0;
    }

    /// The time constant of all values, rising and falling.
    pub(crate) fn set_smoothing_ms(&mut self, smoothing_ms: f32) {
        if smoothing_ms == self.smoothing_ms {
            return;
        }
        self.step();
        self.smoothing_ms = smoothing_ms;
        for ballistics in &mut self.ballistics {
            ballistics.set_times(smoothing_ms, smoothing_ms, self.sample_rate_hz);
        }
    }

    /// Takes an estimate: the values follow it from soon after its position on, or from now if that has passed.
    pub(crate) fn hear(&mut self, estimate: &Estimate) {
        self.advance_to(estimate.position);
        let mut targets = [0.0; OUTPUT_COUNT];
        if estimate.state.has_values() {
            let p = estimate.probabilities;
            let (valence, arousal) = (estimate.valence, estimate.arousal);
            targets = [
                p[0], p[1], p[2], p[3], p[4], p[5], p[6], valence, arousal, 0.0,
            ];
        }
        targets[OUTPUT_COUNT - 1] = estimate.voice;
        self.coming = Some((estimate.position + self.settling_samples, targets));
    }

    /// Lets the values move up to a time on the clock. Does nothing if it has passed.
    pub(crate) fn advance_to(&mut self, time: u64) {
        while self.clock < time {
            let tell_at = self.next_telling();
            let change_at = self.coming.map_or(u64::MAX, |(at, _)| at.max(self.clock));
            self.clock = time.min(tell_at).min(change_at);
            if let (true, Some((_, targets))) = (self.clock == change_at, self.coming) {
                self.step();
                self.targets = targets;
                self.coming = None;
            }
            if self.clock == tell_at {
                self.step();
                self.tell();
            }
        }
    }

    /// Brings the ballistics to the clock.
    fn step(&mut self) {
        let samples = self.clock - self.stepped_at;
        for (ballistics, &target) in self.ballistics.iter_mut().zip(&self.targets) {
            ballistics.advance(target, samples);
        }
        self.stepped_at = self.clock;
    }

    /// The next time, after now, at which the host may be told.
    fn next_telling(&self) -> u64 {
        let half = self.hop_samples / 2;
        let hops = (self.clock + self.hop_samples - half) / self.hop_samples;
        hops * self.hop_samples + half
    }

    fn tell(&mut self) {
        let values = self.ballistics.iter().zip(&self.targets);
        for (told, (ballistics, &target)) in self.told.iter_mut().zip(values) {
            let value = ballistics.value();
            if target == 0.0 && value.abs() < REST {
                *told = 0.0;
            } else if (value - *told).abs() >= LEAST_CHANGE {
                *told = value;
            }
        }
    }

    /// What the host is told.
    pub(crate) fn told(&self) -> &[f32; OUTPUT_COUNT] {
        &self.told
    }

    /// The smoothed values at this moment.
    pub(crate) fn values(&self) -> [f32; OUTPUT_COUNT] {
        let samples = self.clock - self.stepped_at;
        std::array::from_fn(|index| {
            let mut ballistics = self.ballistics[index].clone();
            ballistics.advance(self.targets[index], samples)
        })
    }

    /// Samples since the last reset.
    pub(crate) fn clock(&self) -> u64 {
        self.clock
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use pathos_analysis::VoiceState;

    fn angry(position: u64) -> Estimate {
        Estimate::new(
            position,
            [0.9, 0.0, 0.0, 0.0, 0.1, 0.0, 0.0],
            1.0,
            VoiceState::Voice,
        )
    }

    fn silence(position: u64) -> Estimate {
        Estimate::without_values(position, 0.0, VoiceState::NoVoice)
    }

    /// The values that the host is told, at the end of every block. Estimates come 10 ms after their time, as they do.
    fn lanes(block: u64) -> Vec<(u64, [f32; OUTPUT_COUNT])> {
        let mut outputs = Outputs::new(48_000.0);
        outputs.set_smoothing_ms(200.0);
        let mut lane = vec![(0, *outputs.told())];
        let mut next_hop = 12_000;
        while outputs.clock() < 480_000 {
            let now = outputs.clock() + block;
            while next_hop + 480 <= now {
                let voiced = (48_000..240_000).contains(&next_hop);
                outputs.hear(&if voiced {
                    angry(next_hop)
                } else {
                    silence(next_hop)
                });
                next_hop += 12_000;
            }
            outputs.advance_to(now);
            if lane.last().is_some_and(|(_, told)| told != outputs.told()) {
                lane.push((now, *outputs.told()));
            }
        }
        lane
    }

    #[test]
    fn values_rise_with_a_voice_and_come_to_rest_after_it() {
        let lane = lanes(480);
        let highest = lane
            .iter()
            .fold(0.0f32, |highest, (_, told)| highest.max(told[0]));
        assert!((0.85..=0.9).contains(&highest), "{highest}");
        assert_eq!(lane.last().unwrap().1, [0.0; OUTPUT_COUNT]);
    }

    #[test]
    fn a_host_is_told_at_most_once_a_hop() {
        for pair in lanes(1).windows(2) {
            assert!(pair[1].0 - pair[0].0 >= 12_000 || pair[0].0 == 0);
        }
    }

    #[test]
    fn blocks_do_not_matter() {
        let values = |block| {
            lanes(block)
                .into_iter()
                .map(|(_, told)| told)
                .collect::<Vec<_>>()
        };
        let single = values(1);
        assert!(single.len() > 5);
        for block in [7, 64, 480, 4096] {
            assert_eq!(values(block), single, "in blocks of {block}");
        }
    }

    #[test]
    fn a_late_estimate_counts_from_when_it_comes() {
        let mut outputs = Outputs::new(48_000.0);
        outputs.set_smoothing_ms(100.0);
        outputs.advance_to(30_000);
        outputs.hear(&angry(12_000));
        outputs.advance_to(34_800);
        let expected = 0.9 * (1.0 - (-1.0f32).exp());
        assert!((outputs.values()[0] - expected).abs() < 1e-4);
    }

    #[test]
    fn nothing_moves_while_nothing_sounds() {
        let mut outputs = Outputs::new(48_000.0);
        outputs.set_smoothing_ms(300.0);
        for hop in 1..100 {
            outputs.hear(&silence(hop * 12_000));
            assert_eq!(outputs.told(), &[0.0; OUTPUT_COUNT]);
        }
    }
}
