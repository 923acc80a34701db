//! Points of a curve that grows for hours, in bounded memory.

/// More than a chart can show.
const MOST: usize = 2048;

/// Points from left to right; thinned evenly when there are many. What is not a number is left out.
#[derive(Clone, Debug)]
pub(super) struct Curve {
    points: Vec<(f64, f64)>,
    /// One of so many is kept.
    every: usize,
    seen: usize,
}

impl Curve {
    pub(super) fn new() -> Self {
        Self {
            points: Vec::new(),
            every: 1,
            seen: 0,
        }
    }

    pub(super) fn push(&mut self, x: f64, y: f64) {
        if !x.is_finite() || !y.is_finite() {
            return;
        }
        if self.seen.is_multiple_of(self.every) {
            self.points.push((x, y));
        }
        self.seen += 1;
        if self.points.len() >= MOST {
            let mut is_kept = false;
            self.points.retain(|_| {
                is_kept = !is_kept;
                is_kept
            });
            self.every *= 2;
        }
    }

    pub(super) fn points(&self) -> &[(f64, f64)] {
        &self.points
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_points_are_thinned_evenly() {
        let mut curve = Curve::new();
        for at in 0..100_000 {
            curve.push(f64::from(at), 1.0);
        }
        curve.push(f64::NAN, 1.0);
        curve.push(1.0, f64::INFINITY);
        let points = curve.points();
        assert!((MOST / 2..MOST).contains(&points.len()));
        let gap = points[1].0;
        assert!(points.windows(2).all(|pair| pair[1].0 - pair[0].0 == gap));
        assert!(points[points.len() - 1].0 > 100_000.0 - 2.0 * gap);
    }
}
