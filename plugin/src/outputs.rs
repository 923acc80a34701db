//! The ten values that leave the plugin: from estimates, through ballistics, to what the host is told.

use crate::cv::CvLanes;
use nice_plug::prelude::Buffer;
use pathos_analysis::{Ballistics, Emotion, Estimate, HOP_SECONDS, Shaping, Times};

/// How many values there are.
pub const OUTPUT_COUNT: usize = Emotion::COUNT + 3;

/// The parameter ids of the values, in the order of all arrays of outputs.
pub const OUTPUT_IDS: [&str; OUTPUT_COUNT] = [
    "angry", "disgust", "fear", "happy", "neutral", "sad", "surprise", "valence", "arousal",
    "voice",
];

/// The places of the two outputs that go from -1 to 1.
const VALENCE: usize = Emotion::COUNT;
const AROUSAL: usize = Emotion::COUNT + 1;

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

/// What the outputs do with estimates.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Settings {
    /// How fast they follow.
    pub(crate) times: Times,
    /// How they are bent.
    pub(crate) shaping: Shaping,
    /// Whether they stay where they are.
    pub(crate) frozen: bool,
}

/// A block of the host's while it is processed.
pub(crate) struct Block<'a, 'b> {
    /// The clock at its first frame.
    pub(crate) start: u64,
    /// Whether the transport rolls.
    pub(crate) rolling: bool,
    /// A bus for each output, or none.
    pub(crate) cv: &'a mut [Buffer<'b>],
    /// Is told of each hop in it.
    pub(crate) hop: &'a mut dyn FnMut(Hop),
}

/// The values at one moment of the grid on which they are sent: once a hop.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Hop {
    /// Samples since the last reset.
    pub(crate) at: u64,
    /// In the order of [`OUTPUT_IDS`].
    pub(crate) values: [f32; OUTPUT_COUNT],
    /// Whether a voice sounds, or its values are on their way back to rest, or the transport rolls: else nothing may be sent.
    pub(crate) lively: bool,
}

/// Smooths and shapes the values and decides what the host is told, on a clock of samples since the last reset.
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
    /// Whether the values were off rest at the last hop.
    was_sounding: bool,
    cv: CvLanes,
    clock: u64,
    hop_samples: u64,
    settling_samples: u64,
    sample_rate_hz: f64,
    settings: Settings,
}

impl Outputs {
    pub(crate) fn new(sample_rate_hz: f64) -> Self {
        let settings = Settings::default();
        Self {
            ballistics: std::array::from_fn(|_| Ballistics::new(settings.times, sample_rate_hz)),
            stepped_at: 0,
            targets: [0.0; OUTPUT_COUNT],
            coming: None,
            told: [0.0; OUTPUT_COUNT],
            was_sounding: false,
            cv: CvLanes::default(),
            clock: 0,
            hop_samples: ((HOP_SECONDS * sample_rate_hz) as u64).max(2),
            settling_samples: (SETTLING_SECONDS * sample_rate_hz) as u64,
            sample_rate_hz,
            settings,
        }
    }

    /// Back to rest, at once.
    pub(crate) fn reset(&mut self) {
        self.ballistics.iter_mut().for_each(Ballistics::reset);
        self.stepped_at = 0;
        self.targets = [0.0; OUTPUT_COUNT];
        self.coming = None;
        self.told = self.shaped([0.0; OUTPUT_COUNT]);
        self.clock = 0;
    }

    /// The time from one hop to the next, from the next reset on.
    pub(crate) fn set_hop_seconds(&mut self, hop_seconds: f64) {
        self.hop_samples = ((hop_seconds * self.sample_rate_hz) as u64).max(2);
    }

    /// How the outputs are made from now on.
    pub(crate) fn set(&mut self, settings: Settings) {
        if settings == self.settings {
            return;
        }
        self.step();
        if settings.times != self.settings.times {
            for ballistics in &mut self.ballistics {
                ballistics.set_times(settings.times, self.sample_rate_hz);
            }
        }
        self.settings = settings;
    }

    /// Takes an estimate: the values follow it from soon after its position on, or from now if that has passed.
    pub(crate) fn hear(&mut self, estimate: &Estimate, block: &mut Block) {
        self.advance_to(estimate.position, block);
        let shaping = &self.settings.shaping;
        let mut targets = [0.0; OUTPUT_COUNT];
        if estimate.state.has_values() {
            let emotions = Emotion::ALL.into_iter().zip(estimate.probabilities);
            for (target, (emotion, probability)) in targets.iter_mut().zip(emotions) {
                *target = shaping.emotion(emotion, probability);
            }
            targets[VALENCE] = shaping.axis(estimate.valence);
            targets[AROUSAL] = shaping.axis(estimate.arousal);
        }
        targets[OUTPUT_COUNT - 1] = estimate.voice;
        self.coming = Some((estimate.position + self.settling_samples, targets));
    }

    /// Lets the values move up to a time on the clock. Does nothing if it has passed.
    pub(crate) fn advance_to(&mut self, time: u64, block: &mut Block) {
        while self.clock < time {
            let tell_at = self.next_telling();
            let change_at = self.coming.map_or(u64::MAX, |(at, _)| at.max(self.clock));
            let until = time.min(tell_at).min(change_at);
            self.render_cv(until, block);
            self.clock = until;
            if let (true, Some((_, targets))) = (self.clock == change_at, self.coming) {
                self.step();
                self.targets = targets;
                self.coming = None;
            }
            if self.clock == tell_at {
                self.step();
                let hop = self.tell(block.rolling);
                (block.hop)(hop);
            }
        }
    }

    /// Brings the ballistics to the clock.
    fn step(&mut self) {
        let samples = self.clock - self.stepped_at;
        self.stepped_at = self.clock;
        if self.settings.frozen {
            return;
        }
        for (ballistics, &target) in self.ballistics.iter_mut().zip(&self.targets) {
            ballistics.advance(target, samples);
        }
    }

    /// The next time, after now, at which the host may be told.
    fn next_telling(&self) -> u64 {
        let half = self.hop_samples / 2;
        let hops = (self.clock + self.hop_samples - half) / self.hop_samples;
        hops * self.hop_samples + half
    }

    fn tell(&mut self, rolling: bool) -> Hop {
        let at_rest = |(ballistics, &target): (&Ballistics, &f32)| {
            target == 0.0 && ballistics.value().abs() < REST
        };
        let mut values = [0.0; OUTPUT_COUNT];
        for (value, pair) in values
            .iter_mut()
            .zip(self.ballistics.iter().zip(&self.targets))
        {
            *value = if at_rest(pair) { 0.0 } else { pair.0.value() };
        }
        let sounds = !self.ballistics.iter().zip(&self.targets).all(at_rest);
        let lively = rolling || sounds || self.was_sounding;
        self.was_sounding = sounds;
        let hop = Hop {
            at: self.clock,
            values: self.shaped(values),
            lively,
        };
        if lively {
            let pairs = self.told.iter_mut().zip(&hop.values).zip(&values);
            for ((told, &value), &raw) in pairs {
                if raw == 0.0 || (value - *told).abs() >= LEAST_CHANGE {
                    *told = value;
                }
            }
        }
        hop
    }

    /// What the host is told.
    pub(crate) fn told(&self) -> &[f32; OUTPUT_COUNT] {
        &self.told
    }

    /// The smoothed and shaped values at this moment.
    pub(crate) fn values(&self) -> [f32; OUTPUT_COUNT] {
        self.values_at(self.clock)
    }

    fn values_at(&self, time: u64) -> [f32; OUTPUT_COUNT] {
        let samples = if self.settings.frozen {
            0
        } else {
            time - self.stepped_at
        };
        self.shaped(std::array::from_fn(|index| {
            let mut ballistics = self.ballistics[index].clone();
            if samples > 0 {
                ballistics.advance(self.targets[index], samples);
            }
            ballistics.value()
        }))
    }

    /// The curve and the range.
    fn shaped(&self, mut values: [f32; OUTPUT_COUNT]) -> [f32; OUTPUT_COUNT] {
        let shaping = &self.settings.shaping;
        for (index, value) in values.iter_mut().enumerate() {
            *value = match index {
                VALENCE | AROUSAL => shaping.bipolar(*value),
                _ => shaping.share(*value),
            };
        }
        values
    }

    /// Fills the CV buses from the clock on.
    fn render_cv(&mut self, until: u64, block: &mut Block) {
        if block.cv.is_empty() {
            return;
        }
        let mut cv = std::mem::take(&mut self.cv);
        let from = (self.clock - block.start) as usize;
        for (frame, time) in (from..).zip(self.clock..until) {
            cv.advance(time, || self.values_at(time));
            cv.write(block.cv, frame);
        }
        self.cv = cv;
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

    fn smoothed(milliseconds: f32) -> Settings {
        let times = Times {
            attack_ms: milliseconds,
            hold_ms: 0.0,
            release_ms: milliseconds,
        };
        Settings {
            times,
            ..Settings::default()
        }
    }

    /// Runs outputs within a block without CV.
    fn run<R>(outputs: &mut Outputs, go: impl FnOnce(&mut Outputs, &mut Block) -> R) -> R {
        let start = outputs.clock();
        let mut hop = |_| {};
        let mut block = Block {
            start,
            rolling: false,
            cv: &mut [],
            hop: &mut hop,
        };
        go(outputs, &mut block)
    }

    /// The values that the host is told, at the end of every block. Estimates come 10 ms after their time, as they do.
    fn lanes(block: u64) -> Vec<(u64, [f32; OUTPUT_COUNT])> {
        let mut outputs = Outputs::new(48_000.0);
        outputs.set(smoothed(200.0));
        let mut lane = vec![(0, *outputs.told())];
        let mut next_hop = 12_000;
        while outputs.clock() < 480_000 {
            let now = outputs.clock() + block;
            while next_hop + 480 <= now {
                let voiced = (48_000..240_000).contains(&next_hop);
                let estimate = if voiced {
                    angry(next_hop)
                } else {
                    silence(next_hop)
                };
                run(&mut outputs, |outputs, block| {
                    outputs.hear(&estimate, block)
                });
                next_hop += 12_000;
            }
            run(&mut outputs, |outputs, block| {
                outputs.advance_to(now, block)
            });
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
        outputs.set(smoothed(100.0));
        run(&mut outputs, |outputs, block| {
            outputs.advance_to(30_000, block);
            outputs.hear(&angry(12_000), block);
            outputs.advance_to(34_800, block);
        });
        let expected = 0.9 * (1.0 - (-1.0f32).exp());
        assert!((outputs.values()[0] - expected).abs() < 1e-4);
    }

    #[test]
    fn nothing_moves_while_nothing_sounds() {
        let mut outputs = Outputs::new(48_000.0);
        outputs.set(smoothed(300.0));
        for hop in 1..100 {
            let estimate = silence(hop * 12_000);
            run(&mut outputs, |outputs, block| {
                outputs.hear(&estimate, block)
            });
            assert_eq!(outputs.told(), &[0.0; OUTPUT_COUNT]);
        }
    }

    /// The values after a second of anger, by settings that are set at its start.
    fn after_anger(settings: Settings, seconds: u64) -> Outputs {
        let mut outputs = Outputs::new(48_000.0);
        outputs.set(settings);
        run(&mut outputs, |outputs, block| {
            outputs.hear(&angry(0), block);
            outputs.advance_to(seconds * 48_000, block);
        });
        outputs
    }

    #[test]
    fn frozen_values_stay_and_go_on_from_there() {
        let mut outputs = after_anger(smoothed(100.0), 1);
        let before = outputs.values();
        outputs.set(Settings {
            frozen: true,
            ..smoothed(100.0)
        });
        run(&mut outputs, |outputs, block| {
            outputs.hear(&silence(48_000), block);
            outputs.advance_to(96_000, block);
        });
        assert_eq!(outputs.values(), before);
        outputs.set(smoothed(100.0));
        run(&mut outputs, |outputs, block| {
            outputs.advance_to(100_800, block)
        });
        assert!((outputs.values()[0] - before[0] * (-1.0f32).exp()).abs() < 1e-4);
    }

    #[test]
    fn a_range_holds_at_rest_and_nothing_is_told_until_something_sounds() {
        let raised = Settings {
            shaping: Shaping {
                range: [0.2, 0.6],
                ..Shaping::default()
            },
            ..smoothed(50.0)
        };
        let mut outputs = Outputs::new(48_000.0);
        outputs.set(raised);
        run(&mut outputs, |outputs, block| {
            outputs.advance_to(96_000, block)
        });
        assert_eq!(outputs.told(), &[0.0; OUTPUT_COUNT]);
        assert_eq!(outputs.values()[0], 0.2);
        let loud = after_anger(raised, 2);
        assert!((loud.told()[0] - (0.2 + 0.4 * 0.9)).abs() < 0.01);
        assert_eq!(loud.told()[1], 0.2);
    }

    #[test]
    fn cv_follows_the_values_whatever_the_blocks() {
        let render = |block_frames: usize| -> Vec<f32> {
            let mut outputs = Outputs::new(48_000.0);
            outputs.set(smoothed(100.0));
            let mut lane = Vec::new();
            let mut heard = false;
            while lane.len() < 24_000 {
                let frames = block_frames.min(24_000 - lane.len());
                let mut samples = vec![vec![9.0f32; frames]; OUTPUT_COUNT];
                let mut buses: Vec<Buffer> = (0..OUTPUT_COUNT).map(|_| Buffer::default()).collect();
                for (bus, samples) in buses.iter_mut().zip(&mut samples) {
                    crate::cv::tests::point(bus, samples);
                }
                let mut hop = |_| {};
                let mut block = Block {
                    start: outputs.clock(),
                    rolling: false,
                    cv: &mut buses,
                    hop: &mut hop,
                };
                if !heard {
                    outputs.hear(&angry(0), &mut block);
                    heard = true;
                }
                outputs.advance_to(block.start + frames as u64, &mut block);
                lane.extend_from_slice(&samples[0]);
            }
            lane
        };
        let whole = render(24_000);
        for block in [1, 7, 64, 480] {
            assert_eq!(render(block), whole, "in blocks of {block}");
        }
        let steepest = whole.windows(2).map(|pair| (pair[1] - pair[0]).abs());
        assert!(steepest.fold(0.0, f32::max) < 0.001, "no steps");
        let expected = 0.9 * (1.0 - (-(24_000.0f32 - 1_440.0) / 4_800.0).exp());
        assert!((whole[23_999] - expected).abs() < 0.005);
    }
}
