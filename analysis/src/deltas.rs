//! Deltas: how fast features move, by regression over nine frames (Furui, 1986).

/// Frames on each side that a delta sees.
const REACH: usize = 4;

/// The slope of each column at each row, per frame, over the four rows on each side; beyond the ends the first and the last
/// row go on.
#[must_use]
pub fn deltas<const WIDTH: usize>(rows: &[[f32; WIDTH]]) -> Vec<[f32; WIDTH]> {
    let Some(last) = rows.len().checked_sub(1) else {
        return Vec::new();
    };
    let norm: f32 = (1..=REACH).map(|n| 2.0 * (n * n) as f32).sum();
    let slope = |at: usize| {
        std::array::from_fn(|column| {
            let sum: f32 = (1..=REACH)
                .map(|n| {
                    let (before, after) = (at.saturating_sub(n), (at + n).min(last));
                    n as f32 * (rows[after][column] - rows[before][column])
                })
                .sum();
            sum / norm
        })
    };
    (0..rows.len()).map(slope).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_delta_of_a_ramp_is_its_slope() {
        let rows: Vec<[f32; 2]> = (0..20).map(|t| [3.0 * t as f32, 7.0]).collect();
        let found = deltas(&rows);
        for row in &found[4..16] {
            assert!((row[0] - 3.0).abs() < 1e-5);
        }
        assert!(found.iter().all(|row| row[1] == 0.0));
        assert!(
            found[0][0] < 3.0,
            "the ramp is taken to stand still before its start"
        );
    }

    #[test]
    fn short_spans_are_safe() {
        assert!(deltas::<3>(&[]).is_empty());
        assert_eq!(deltas(&[[5.0]]), [[0.0]]);
    }
}
