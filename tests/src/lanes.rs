//! The ten outputs over time, as a host would record them.

use crate::outputs::{EMOTIONS, OUTPUTS, as_read, place_of};

/// A value that an output took.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// Frames since the start of the sound.
    pub frame: u64,
    /// The value as users read it: see [`as_read`].
    pub value: f64,
}

/// Every value that each output took, and when. Between two points an output keeps the value of the first.
#[derive(Clone, Debug, PartialEq)]
pub struct Lanes {
    points: [Vec<Point>; OUTPUTS.len()],
    frames: u64,
    sample_rate_hz: f64,
}

impl Lanes {
    /// Lanes that start with these values.
    #[must_use]
    pub fn new(sample_rate_hz: f64, initial: [f64; OUTPUTS.len()]) -> Self {
        Self {
            points: initial.map(|value| vec![Point { frame: 0, value }]),
            frames: 0,
            sample_rate_hz,
        }
    }

    /// Notes that the parameter `id` took a value, given from 0 to 1. Parameters that are no outputs are not noted.
    pub fn record(&mut self, id: u32, frame: u64, normalised: f64) {
        if let Some(place) = place_of(id) {
            self.points[place].push(Point {
                frame,
                value: as_read(place, normalised),
            });
        }
    }

    /// Notes that the sound went on until this frame.
    pub fn advance_to(&mut self, frame: u64) {
        self.frames = self.frames.max(frame);
    }

    /// How long the sound was.
    #[must_use]
    pub fn seconds(&self) -> f64 {
        self.frames as f64 / self.sample_rate_hz
    }

    /// An output's points, in order; the first is its initial value.
    #[must_use]
    pub fn points(&self, place: usize) -> &[Point] {
        &self.points[place]
    }

    /// An output's points against seconds.
    pub fn curve(&self, place: usize) -> impl Iterator<Item = (f64, f64)> + '_ {
        self.points[place]
            .iter()
            .map(|point| (point.frame as f64 / self.sample_rate_hz, point.value))
    }

    /// An output's value at a moment.
    #[must_use]
    pub fn value_at(&self, place: usize, seconds: f64) -> f64 {
        let frame = (seconds * self.sample_rate_hz).round() as u64;
        let points = &self.points[place];
        let after = points.partition_point(|point| point.frame <= frame);
        points[after.max(1) - 1].value
    }

    /// The last value of each output.
    #[must_use]
    pub fn last(&self) -> [f64; OUTPUTS.len()] {
        std::array::from_fn(|place| {
            self.points[place]
                .last()
                .expect("a lane has its initial value")
                .value
        })
    }

    /// How often the host was told of a value.
    #[must_use]
    pub fn changes(&self) -> usize {
        self.points.iter().map(|points| points.len() - 1).sum()
    }

    /// The mean of each emotion over the time in which any of them was above rest, and how many seconds that was.
    #[must_use]
    pub fn mean_emotions(&self) -> ([f64; EMOTIONS.len()], f64) {
        const STEP_SECONDS: f64 = 0.01;
        let mut sums = [0.0; EMOTIONS.len()];
        let mut steps = 0_u32;
        for step in 0..(self.seconds() / STEP_SECONDS) as u32 {
            let values: [f64; EMOTIONS.len()] =
                std::array::from_fn(|place| self.value_at(place, f64::from(step) * STEP_SECONDS));
            if values.iter().sum::<f64>() > 0.0 {
                steps += 1;
                for (sum, value) in sums.iter_mut().zip(values) {
                    *sum += value;
                }
            }
        }
        let means = sums.map(|sum| sum / f64::from(steps.max(1)));
        (means, f64::from(steps) * STEP_SECONDS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outputs::parameter_id;

    #[test]
    fn a_value_holds_until_the_next() {
        let mut lanes = Lanes::new(100.0, [0.0; 10]);
        lanes.record(parameter_id("happy"), 50, 0.5);
        lanes.record(parameter_id("valence"), 60, 0.75);
        lanes.record(parameter_id("smoothing"), 60, 0.75);
        lanes.advance_to(100);
        assert_eq!(lanes.seconds(), 1.0);
        assert_eq!(lanes.value_at(3, 0.49), 0.0);
        assert_eq!(lanes.value_at(3, 0.5), 0.5);
        assert_eq!(lanes.last()[7], 0.5);
        assert_eq!(lanes.changes(), 2);
        let (means, seconds) = lanes.mean_emotions();
        assert_eq!(means[3], 0.5);
        assert!((seconds - 0.5).abs() < 0.02);
    }
}
