//! Functionals of a window: a few thousand numbers that say how its low-level descriptors are distributed and how they move.
//!
//! The older way to recognise emotions (Eyben, Real-time Speech and Music Classification by Large Audio Feature Space Extraction,
//! 2016), with descriptors that can be had of [`Frame`]s. What learns from them errs elsewhere than a network that sees the frames. A gain changes nothing.

use crate::{
    chroma::CHROMA_BINS,
    features::{Frame, LEVEL},
    log_mel::MEL_BANDS,
    ltas::{GROUPS, group_levels},
    mfcc::Mfcc,
};

/// Cepstral coefficients among the descriptors.
const CEPSTRA: usize = 16;
/// Descriptors of a frame: cepstra, levels of groups of bands, fifteen of the spectrum's shape, three of prosody.
const DESCRIPTORS: usize = CEPSTRA + GROUPS + 15 + 3;
/// Functionals of a descriptor.
const FUNCTIONALS: usize = 25;
/// Functionals of a window: of each descriptor, of its change from frame to frame, and the logarithm of the frames' number.
pub const FUNCTIONAL_VALUES: usize = 2 * DESCRIPTORS * FUNCTIONALS + 1;
/// The first band that is not low, and the first that is high: 420 Hz and 1.5 kHz, about.
const SPLITS: [usize; 2] = [12, 34];
/// Of the power, the shares below the roll-off points.
const ROLL_OFFS: [f32; 4] = [0.25, 0.5, 0.75, 0.9];
/// The level that others are set against is exceeded in this share of the frames.
const LOUD_SHARE: usize = 20;
/// Percentiles, and the places of those among them whose distances are taken too.
const PERCENTILES: [f32; 7] = [0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 0.99];
const RANGES: [[usize; 2]; 3] = [[4, 2], [5, 1], [6, 0]];
/// Added to a standard deviation: what moves less does not move.
const STILL: f32 = 1e-4;
/// Against a division by nothing.
const TINY: f32 = 1e-9;

/// The functionals of some frames; zeros of none.
#[must_use]
pub(crate) fn functionals(frames: &[Frame], mfcc: &Mfcc) -> Vec<f32> {
    if frames.is_empty() {
        return vec![0.0; FUNCTIONAL_VALUES];
    }
    let mut values = Vec::with_capacity(FUNCTIONAL_VALUES);
    let tracks = descriptors(frames, mfcc).map(|track| smoothed(&track));
    for track in &tracks {
        of_track(track, &mut values);
    }
    for track in &tracks {
        of_track(&smoothed(&changes(track)), &mut values);
    }
    values.push((frames.len() as f32).ln());
    values
}

/// The descriptors, each over time.
fn descriptors(frames: &[Frame], mfcc: &Mfcc) -> [Vec<f32>; DESCRIPTORS] {
    let loudest = |frame: &Frame| frame.log_mel.iter().fold(f32::MIN, |a, b| a.max(*b));
    let loud_band = loud(frames.iter().map(loudest));
    let level = |frame: &Frame| frame.extra[LEVEL];
    let loud_level = loud(frames.iter().map(level));
    let mut tracks = std::array::from_fn(|_| Vec::with_capacity(frames.len()));
    let mut before = None;
    for frame in frames {
        let bands = frame.log_mel.map(|band| band - loud_band);
        let mut values = Vec::with_capacity(DESCRIPTORS);
        values.extend(&mfcc.of(&bands)[..CEPSTRA]);
        shape(&bands, before.as_ref(), &mut values);
        let [log2_f0, voicing] = [frame.extra[CHROMA_BINS], frame.extra[CHROMA_BINS + 1]];
        values.extend([log2_f0, voicing, level(frame) - loud_level]);
        values.extend(group_levels(frame).map(|level| level - loud_band));
        for (track, value) in tracks.iter_mut().zip(values) {
            track.push(value);
        }
        before = Some(bands);
    }
    tracks
}

/// What only the loudest frames exceed.
fn loud(levels: impl Iterator<Item = f32>) -> f32 {
    let mut levels: Vec<f32> = levels.collect();
    levels.sort_by(f32::total_cmp);
    levels[levels.len() - (levels.len() / LOUD_SHARE).max(1)]
}

/// The shape of a spectrum in nepers of power: its level, where its power lies along the bands, how three parts of it compare, how far it
/// moved since the frame before, and its slope in nepers a band.
fn shape(bands: &[f32; MEL_BANDS], before: Option<&[f32; MEL_BANDS]>, values: &mut Vec<f32>) {
    let powers = bands.map(f32::exp);
    let total = powers.iter().sum::<f32>() + TINY;
    let shares = powers.map(|power| power / total);
    let moment = |of: &dyn Fn(f32) -> f32| -> f32 {
        let places = shares.iter().enumerate();
        places.map(|(band, share)| share * of(band as f32)).sum()
    };
    let centroid = moment(&|band| band);
    let spread = moment(&|band| (band - centroid).powi(2)).sqrt();
    let entropy: f32 = shares
        .iter()
        .map(|share| -share * (share + TINY).ln())
        .sum();
    values.extend([total.ln(), centroid, spread, entropy]);
    for point in ROLL_OFFS {
        let mut below = 0.0;
        let bands = shares.iter().take_while(|&&share| {
            below += share;
            below < point
        });
        values.push(bands.count() as f32);
    }
    let [low, high] = SPLITS;
    let part = |powers: &[f32]| (powers.iter().sum::<f32>() + TINY).ln();
    let parts = [&powers[..low], &powers[low..high], &powers[high..]].map(part);
    values.extend(parts);
    values.extend([parts[2] - parts[0], parts[1] - parts[0]]);
    let moved = before.map_or(0.0, |before| {
        let squares = bands.iter().zip(before).map(|(a, b)| (a - b).powi(2));
        (squares.sum::<f32>() / MEL_BANDS as f32).sqrt()
    });
    let middle = (MEL_BANDS - 1) as f32 / 2.0;
    let from_middle = |band: usize| band as f32 - middle;
    let square: f32 = (0..MEL_BANDS).map(|band| from_middle(band).powi(2)).sum();
    let products = bands
        .iter()
        .enumerate()
        .map(|(band, value)| value * from_middle(band));
    values.extend([moved, products.sum::<f32>() / square]);
}

/// Each value with its neighbours, as their mean; the first and the last as they are.
fn smoothed(track: &[f32]) -> Vec<f32> {
    let mut smooth = track.to_vec();
    for (value, around) in smooth.iter_mut().skip(1).zip(track.windows(3)) {
        *value = around.iter().sum::<f32>() / 3.0;
    }
    smooth
}

/// The change per frame: half the difference of a value's neighbours, at the ends the difference from the one neighbour.
fn changes(track: &[f32]) -> Vec<f32> {
    let last = track.len() - 1;
    let change = |at: usize| {
        let (from, to) = (at.saturating_sub(1), (at + 1).min(last));
        (track[to] - track[from]) / (to - from).max(1) as f32
    };
    (0..track.len()).map(change).collect()
}

/// The functionals of a descriptor: four moments, percentiles and their distances, a parabola over the window and what is left of it,
/// where the extremes lie, how much of the time it is high or rises, its peaks and its roughness.
fn of_track(track: &[f32], values: &mut Vec<f32>) {
    let count = track.len() as f32;
    let mean_of = |values: &mut dyn Iterator<Item = f32>| values.sum::<f32>() / count;
    let mean = mean_of(&mut track.iter().copied());
    let variance = mean_of(&mut track.iter().map(|x| (x - mean).powi(2)));
    let deviation = variance.sqrt() + STILL;
    let moment =
        |power: i32| mean_of(&mut track.iter().map(|x| ((x - mean) / deviation).powi(power)));
    values.extend([mean, deviation, moment(3), moment(4)]);

    let mut sorted = track.to_vec();
    sorted.sort_by(f32::total_cmp);
    let percentiles = PERCENTILES.map(|share| quantile(&sorted, share));
    values.extend(percentiles);
    values.extend(RANGES.map(|[upper, lower]| percentiles[upper] - percentiles[lower]));

    // Orthogonal to each other over times from -1 to 1.
    let time = |at: usize| {
        if track.len() < 2 {
            0.0
        } else {
            2.0 * at as f32 / (count - 1.0) - 1.0
        }
    };
    let square = mean_of(&mut (0..track.len()).map(|at| time(at).powi(2)));
    let bend = |at: usize| time(at).powi(2) - square;
    let bend_square = mean_of(&mut (0..track.len()).map(|at| bend(at).powi(2)));
    let along = |of: &dyn Fn(usize) -> f32| {
        mean_of(&mut track.iter().enumerate().map(|(at, x)| (x - mean) * of(at)))
    };
    let slope = along(&time) / (square + TINY);
    let curve = along(&bend) / (bend_square + TINY);
    let left = |(at, x): (usize, &f32)| (x - mean - slope * time(at) - curve * bend(at)).powi(2);
    values.extend([
        slope,
        curve,
        mean_of(&mut track.iter().enumerate().map(left)).sqrt(),
    ]);

    let places = || track.iter().enumerate();
    let highest = places().max_by(|a, b| a.1.total_cmp(b.1));
    let lowest = places().min_by(|a, b| a.1.total_cmp(b.1));
    values.extend([highest, lowest].map(|place| place.map_or(0, |(at, _)| at) as f32 / count));
    let [bottom, .., top] = percentiles;
    for height in [0.75, 0.25] {
        let above = track
            .iter()
            .filter(|&&x| x > bottom + height * (top - bottom));
        values.push(above.count() as f32 / count);
    }

    let rises = track.windows(2).filter(|pair| pair[1] > pair[0]).count() as f32;
    values.push(rises / (count - 1.0).max(1.0));
    let peaks: Vec<f32> = track
        .windows(3)
        .filter(|around| around[1] > around[0] && around[1] >= around[2])
        .map(|around| around[1])
        .collect();
    let between = (count - 2.0).max(1.0);
    let height = peaks.iter().sum::<f32>() / (peaks.len() as f32).max(1.0);
    let roughness = track.windows(3).map(|x| (x[2] - 2.0 * x[1] + x[0]).abs());
    let over_mean = if peaks.is_empty() { 0.0 } else { height - mean };
    values.extend([
        peaks.len() as f32 / between,
        over_mean,
        roughness.sum::<f32>() / between,
    ]);
}

/// What a share of sorted values do not exceed, by interpolation.
fn quantile(sorted: &[f32], share: f32) -> f32 {
    let at = share * (sorted.len() - 1) as f32;
    let (below, between) = (at as usize, at.fract());
    let above = (below + 1).min(sorted.len() - 1);
    sorted[below] * (1.0 - between) + sorted[above] * between
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A voice whose level, spectrum and pitch sway ever further.
    fn voice(gain: f32) -> Vec<Frame> {
        let frame = |t: usize| {
            let t = t as f32;
            let [slow, fast] = [0.11, 0.31].map(|speed| (1.0 + 0.01 * t) * (speed * t).sin());
            let slope = -0.1 + 0.02 * fast;
            let band = |band: usize| {
                let (band, t) = (band as f32, 0.07 * t);
                gain + slow + slope * band + (0.4 * band + t).sin() * (0.03 * band * t).cos()
            };
            let mut frame = Frame::from(std::array::from_fn(band));
            frame.extra[CHROMA_BINS..].copy_from_slice(&[
                7.0 + slow,
                0.5 + 0.1 * fast,
                gain + slow,
            ]);
            frame
        };
        (0..200).map(frame).collect()
    }

    fn of(frames: &[Frame]) -> Vec<f32> {
        functionals(frames, &Mfcc::new())
    }

    #[test]
    fn a_gain_changes_nothing() {
        let (quiet, loud) = (of(&voice(-6.0)), of(&voice(3.0)));
        assert_eq!(quiet.len(), FUNCTIONAL_VALUES);
        let pairs = quiet.iter().zip(&loud);
        let apart =
            pairs.filter(|(quiet, loud)| (*quiet - *loud).abs() > 1e-2 * (1.0 + loud.abs()));
        // The places of extremes that are equally high, by rounding.
        let apart = apart.count();
        assert!(apart < FUNCTIONAL_VALUES / 100, "{apart} differ");
    }

    #[test]
    fn a_descriptor_is_described() {
        let ramp: Vec<f32> = (0..101).map(|t| t as f32 / 100.0).collect();
        let mut values = Vec::new();
        of_track(&ramp, &mut values);
        assert_eq!(values.len(), FUNCTIONALS);
        let near = |at: usize, expected: f32| {
            assert!((values[at] - expected).abs() < 1e-3, "{at}: {}", values[at]);
        };
        // The mean, the deviation, the median, the distance of the quartiles, the slope, what is left of the parabola.
        near(0, 0.5);
        near(1, (1.0f32 / 12.0).sqrt() * 1.01);
        near(7, 0.5);
        near(11, 0.5);
        near(14, 0.5);
        near(16, 0.0);
        // The highest is the last and the lowest the first; it always rises, and has no peak.
        near(17, 100.0 / 101.0);
        near(18, 0.0);
        near(21, 1.0);
        near(22, 0.0);
    }

    #[test]
    fn the_shortest_windows_have_functionals_too() {
        for frames in 0..4 {
            let values = of(&voice(0.0)[..frames]);
            assert_eq!(values.len(), FUNCTIONAL_VALUES);
            assert!(
                values.iter().all(|value| value.is_finite()),
                "{frames} frames"
            );
        }
    }
}
