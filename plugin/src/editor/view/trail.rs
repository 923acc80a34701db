//! Where valence and arousal were in the last seconds.

use std::collections::VecDeque;

/// How long a point is shown, in seconds.
const TRAIL_S: f64 = 8.0;
/// Between two points, in seconds.
const STEP_S: f64 = 0.05;

/// Points that fade.
#[derive(Clone, Debug, Default)]
pub(in crate::editor) struct Trail {
    /// Time in seconds, valence and arousal; oldest first.
    points: VecDeque<(f64, [f32; 2])>,
    time: f64,
}

impl Trail {
    /// Takes the point of a time, if there is one; tells whether anything moves.
    pub(super) fn update(&mut self, point: Option<[f32; 2]>, time: f64) -> bool {
        self.time = time;
        let is_due = self.points.back().is_none_or(|(at, _)| time - at >= STEP_S);
        if let (Some(point), true) = (point, is_due) {
            self.points.push_back((time, point));
        }
        while self
            .points
            .front()
            .is_some_and(|(at, _)| time - at > TRAIL_S)
        {
            self.points.pop_front();
        }
        !self.points.is_empty()
    }

    /// Valence and arousal, and how much is left of each point, 0 to 1; oldest first.
    pub(in crate::editor) fn points(&self) -> impl Iterator<Item = ([f32; 2], f32)> {
        self.points
            .iter()
            .map(|(at, point)| (*point, (1.0 - (self.time - at) / TRAIL_S) as f32))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_fade_and_go() {
        let mut trail = Trail::default();
        assert!(trail.update(Some([0.5, -0.5]), 0.0));
        trail.update(Some([0.6, -0.5]), 0.01);
        assert_eq!(trail.points().count(), 1, "too soon for another");
        trail.update(None, 4.0);
        assert_eq!(trail.points().collect::<Vec<_>>(), [([0.5, -0.5], 0.5)]);
        assert!(!trail.update(None, 9.0));
    }
}
