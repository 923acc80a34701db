//! Deltas: how fast features move and turn, by regression over nine frames (Furui, IEEE Trans. ASSP 34(1), 1986; Savitzky &
//! Golay, 1964). Beyond the ends of a span its first and its last row go on.

/// Frames on each side that a regression sees.
pub(crate) const REACH: usize = 4;

/// First deltas: the slope of the line that fits best, per frame, for each column of each row.
///
/// `d[t] = sum_n n x[t + n] / 60`, `n` from -4 to 4.
#[must_use]
pub fn deltas<const WIDTH: usize>(rows: &[[f32; WIDTH]]) -> Vec<[f32; WIDTH]> {
    // The sum of n * n.
    regress(rows, |n| n, 60.0)
}

/// Second deltas: the curvature of the parabola that fits best, per frame squared, for each column of each row.
///
/// `d[t] = sum_n (3 n^2 - 20) x[t + n] / 462`, `n` from -4 to 4. This is a single fit over nine frames, not the deltas of
/// [`deltas`], which see seventeen and are smoother.
#[must_use]
pub fn second_deltas<const WIDTH: usize>(rows: &[[f32; WIDTH]]) -> Vec<[f32; WIDTH]> {
    regress(rows, |n| 3.0 * n * n - 20.0, 462.0)
}

fn regress<const WIDTH: usize>(
    rows: &[[f32; WIDTH]],
    weight: impl Fn(f32) -> f32,
    norm: f32,
) -> Vec<[f32; WIDTH]> {
    let weights: [f32; 2 * REACH + 1] = std::array::from_fn(|at| weight(at as f32 - REACH as f32));
    let Some(last) = rows.len().checked_sub(1) else {
        return Vec::new();
    };
    let fit = |at: usize| {
        let mut out = [0.0; WIDTH];
        for (offset, weight) in weights.iter().enumerate() {
            let row = &rows[(at + offset).saturating_sub(REACH).min(last)];
            // The weights sum to 0: taken relative to the middle, a column that stands still gives exactly that.
            for ((sum, value), middle) in out.iter_mut().zip(row).zip(&rows[at]) {
                *sum += weight * (value - middle);
            }
        }
        out.map(|sum| sum / norm)
    };
    (0..rows.len()).map(fit).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_delta_of_a_ramp_is_its_slope() {
        let rows: Vec<[f32; 2]> = (0..20).map(|t| [3.0 * t as f32, 7.0]).collect();
        let (first, second) = (deltas(&rows), second_deltas(&rows));
        for at in 4..16 {
            assert!((first[at][0] - 3.0).abs() < 1e-5);
            assert!(second[at][0].abs() < 1e-5);
        }
        // Before the start stand four rows of 0: only the rows after count, 3 (1 + 4 + 9 + 16) / 60.
        assert!((first[0][0] - 1.5).abs() < 1e-5);
        assert!(first.iter().chain(&second).all(|row| row[1] == 0.0));
    }

    #[test]
    fn the_second_delta_of_a_parabola_is_its_curvature() {
        let rows: Vec<[f32; 1]> = (0..20).map(|t| [0.5 * (t * t) as f32]).collect();
        for [curvature] in &second_deltas(&rows)[4..16] {
            assert!((curvature - 1.0).abs() < 1e-4, "{curvature}");
        }
    }

    #[test]
    fn columns_do_not_mix_and_only_nine_frames_count() {
        let mut rows = vec![[0.0f32; 3]; 30];
        rows[15][1] = 1.0;
        for (t, (first, second)) in deltas(&rows).iter().zip(second_deltas(&rows)).enumerate() {
            let in_reach = t.abs_diff(15) <= 4;
            assert_eq!((first[0], first[2]), (0.0, 0.0));
            assert_eq!(first[1] != 0.0, in_reach && t != 15, "row {t}");
            assert_eq!(second[1] != 0.0, in_reach, "row {t}");
        }
    }

    #[test]
    fn short_spans_are_safe() {
        assert!(deltas::<3>(&[]).is_empty());
        assert_eq!(deltas(&[[5.0]]), [[0.0]]);
        assert_eq!(second_deltas(&[[5.0]]), [[0.0]]);
        assert_eq!(deltas(&[[0.0], [1.0]]), [[10.0 / 60.0]; 2]);
    }
}
