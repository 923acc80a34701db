//! Factory presets: the controls for common uses.

use crate::params::PathosParams;
use nice_plug::prelude::{FloatParam, Param};

/// A preset: what it is called, what it is for, and its controls; those that it does not name go to their defaults.
pub(crate) struct Preset {
    pub(crate) name: &'static str,
    pub(crate) purpose: &'static str,
    values: &'static [(Control, f32)],
}

/// A control that presets set, in its own unit: milliseconds, or shares of 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Control {
    Smoothing,
    Attack,
    Hold,
    Release,
    Sensitivity,
    Curve,
    Minimum,
    Maximum,
}

/// All controls that presets set.
const CONTROLS: [Control; 8] = [
    Control::Smoothing,
    Control::Attack,
    Control::Hold,
    Control::Release,
    Control::Sensitivity,
    Control::Curve,
    Control::Minimum,
    Control::Maximum,
];

/// The factory presets, the defaults first.
pub(crate) const PRESETS: &[Preset] = &[
    Preset {
        name: "Default",
        purpose: "the values as they are",
        values: &[],
    },
    Preset {
        name: "Speech",
        purpose: "follows sentences, and bridges the pauses between them",
        values: &[
            (Control::Smoothing, 250.0),
            (Control::Hold, 400.0),
            (Control::Release, 1.5),
        ],
    },
    Preset {
        name: "Lead vocal",
        purpose: "rises with a line and stays through its breaths",
        values: &[
            (Control::Smoothing, 300.0),
            (Control::Attack, 0.6),
            (Control::Hold, 800.0),
            (Control::Release, 2.5),
            (Control::Sensitivity, 1.2),
        ],
    },
    Preset {
        name: "Take finder",
        purpose: "slow lanes, to see which take sounds like what",
        values: &[(Control::Smoothing, 1500.0), (Control::Hold, 500.0)],
    },
    Preset {
        name: "Gentle modulation",
        purpose: "small and slow movement in the middle of the range",
        values: &[
            (Control::Smoothing, 1200.0),
            (Control::Minimum, 0.2),
            (Control::Maximum, 0.7),
        ],
    },
    Preset {
        name: "Fast modulation",
        purpose: "all of the range, as fast as the values come",
        values: &[
            (Control::Smoothing, 60.0),
            (Control::Release, 2.0),
            (Control::Sensitivity, 1.6),
            (Control::Curve, 0.2),
        ],
    },
];

impl Preset {
    /// The parameters that it sets, and their values as hosts count, 0 to 1.
    pub(crate) fn changes<'a>(
        &'a self,
        params: &'a PathosParams,
    ) -> impl Iterator<Item = (&'a FloatParam, f32)> + 'a {
        CONTROLS.into_iter().map(|control| {
            let param = control.param(params);
            let own = self.values.iter().find(|(other, _)| *other == control);
            let value = match own {
                Some((_, plain)) => param.preview_normalized(*plain),
                None => param.default_normalized_value(),
            };
            (param, value)
        })
    }
}

impl Control {
    fn param(self, params: &PathosParams) -> &FloatParam {
        let controls = &params.controls;
        match self {
            Self::Smoothing => &controls.smoothing,
            Self::Attack => &controls.attack,
            Self::Hold => &controls.hold,
            Self::Release => &controls.release,
            Self::Sensitivity => &controls.sensitivity,
            Self::Curve => &controls.curve,
            Self::Minimum => &controls.minimum,
            Self::Maximum => &controls.maximum,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_preset_lies_within_the_ranges() {
        let params = PathosParams::default();
        for preset in PRESETS {
            for (control, plain) in preset.values {
                let param = control.param(&params);
                let back = param.preview_plain(param.preview_normalized(*plain));
                assert!(
                    (back - plain).abs() <= plain.abs() * 1e-3,
                    "{}: {control:?} {plain} becomes {back}",
                    preset.name
                );
            }
        }
    }

    #[test]
    fn the_default_undoes_every_other() {
        let params = PathosParams::default();
        let changes: Vec<f32> = PRESETS[0]
            .changes(&params)
            .map(|(_, value)| value)
            .collect();
        let defaults = CONTROLS.map(|control| control.param(&params).default_normalized_value());
        assert_eq!(changes, defaults);
        assert_eq!(PRESETS[0].name, "Default");
    }
}
