//! The long-term average spectrum (LTAS) of a window, and how far each part of it moves.
//!
//! A steep spectrum and small movements are the signs of a calm voice (Juslin & Laukka, Psychological Bulletin 129(5), 2003),
//! and are just what normalising each band by itself takes away. Of no level: a gain changes nothing.

use crate::{features::Frame, log_mel::MEL_BANDS, power};

/// Groups of neighbouring log-mel bands.
pub(crate) const GROUPS: usize = 16;
/// Bands of a group.
const GROUP_BANDS: usize = MEL_BANDS / GROUPS;
/// Values of an LTAS: the mean of each group, then the deviation of each.
pub const LTAS_VALUES: usize = 2 * GROUPS;
/// Nepers of power to a unit of the means: about their spread over speech.
const MEAN_UNIT: f32 = 2.0;
/// How far a group lies below the loud ones in speech, about, in nepers of power.
const USUAL_MEAN: f32 = -3.0;
/// Groups that lie further below the loud ones than this, in nepers of power, are all alike: a band that a telephone cuts off
/// says nothing by how well it is cut off.
const LOWEST_MEAN: f32 = -7.0;
/// Nepers of power that a group moves in speech, about.
const USUAL_DEVIATION: f32 = 2.0;

/// Of some frames: for each group of four bands its mean over time relative to that of all (a mean of powers, which the loud
/// groups decide), in units of 2 Np from -3 Np; then for each group its standard deviation over time less 2 Np, in Np. Zeros
/// of no frames.
#[must_use]
pub fn ltas<'a>(frames: impl ExactSizeIterator<Item = &'a Frame> + Clone) -> [f32; LTAS_VALUES] {
    let mut values = [0.0; LTAS_VALUES];
    if frames.len() == 0 {
        return values;
    }
    let count = frames.len() as f32;
    let (means, deviations) = values.split_at_mut(GROUPS);
    for frame in frames.clone() {
        let pairs = means.iter_mut().zip(group_levels(frame));
        pairs.for_each(|(mean, level)| *mean += level / count);
    }
    for frame in frames {
        let groups = deviations.iter_mut().zip(group_levels(frame)).zip(&*means);
        groups.for_each(|((sum, level), mean)| *sum += (level - mean).powi(2) / count);
    }
    for variance in deviations {
        *variance = variance.sqrt() - USUAL_DEVIATION;
    }
    let overall = power::mean(means);
    for mean in means {
        *mean = ((*mean - overall).max(LOWEST_MEAN) - USUAL_MEAN) / MEAN_UNIT;
    }
    values
}

/// The mean level of each group of bands, in nepers of power.
pub(crate) fn group_levels(frame: &Frame) -> [f32; GROUPS] {
    let mut groups = frame.log_mel.chunks_exact(GROUP_BANDS);
    let mut next = || groups.next().map_or(0.0, |bands| bands.iter().sum::<f32>());
    std::array::from_fn(|_| next() / GROUP_BANDS as f32)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frames(gain: f32, slope: f32, movement: f32) -> Vec<Frame> {
        let level = |t: usize, band: usize| {
            let swing = if t.is_multiple_of(2) { 1.0 } else { -1.0 };
            gain + slope * band as f32 + movement * swing
        };
        (0..100)
            .map(|t| Frame::from(std::array::from_fn(|band| level(t, band))))
            .collect()
    }

    #[test]
    fn a_slope_is_seen_and_a_gain_is_not() {
        let flat = ltas(frames(0.0, 0.0, 1.0).iter());
        let level = -USUAL_MEAN / MEAN_UNIT;
        assert!(
            flat[..GROUPS]
                .iter()
                .all(|mean| (mean - level).abs() < 1e-4)
        );
        let steep = ltas(frames(3.0, -0.1, 1.0).iter());
        // From the middle of the first group to that of the last are 60 bands.
        let fall = (steep[0] - steep[GROUPS - 1]) * MEAN_UNIT;
        assert!((fall - 6.0).abs() < 1e-3, "{fall}");
        let louder = ltas(frames(5.0, -0.1, 1.0).iter());
        assert!(steep.iter().zip(louder).all(|(a, b)| (a - b).abs() < 1e-4));
    }

    #[test]
    fn what_is_cut_off_does_not_matter_further() {
        let cut = |by: f32| {
            let mut all = frames(0.0, 0.0, 1.0);
            for frame in &mut all {
                frame.log_mel[40..].iter_mut().for_each(|band| *band -= by);
            }
            ltas(all.iter())
        };
        for (a, b) in cut(10.0).iter().zip(cut(20.0)) {
            assert!((a - b).abs() < 1e-3);
        }
    }

    #[test]
    fn movement_is_in_nepers() {
        for movement in [0.5, 3.0] {
            let values = ltas(frames(0.0, 0.1, movement).iter());
            let deviations = &values[GROUPS..];
            let right = |value: &f32| (value + USUAL_DEVIATION - movement).abs() < 1e-3;
            assert!(deviations.iter().all(right), "{deviations:?}");
        }
    }

    #[test]
    fn nothing_has_an_ltas_of_zeros() {
        assert_eq!(ltas([].iter()), [0.0; LTAS_VALUES]);
    }
}
