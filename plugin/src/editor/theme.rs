//! Every colour and measure. Text on its background has a contrast of at least 4.5 (WCAG AA).

use egui::{Color32, Context, FontId, Stroke, Vec2, Visuals};
use pathos_analysis::Emotion;

/// Behind everything.
pub(super) const BACKGROUND: Color32 = Color32::from_rgb(0x12, 0x14, 0x18);
/// Behind a group.
pub(super) const PANEL: Color32 = Color32::from_rgb(0x19, 0x1D, 0x23);
/// The groove of a meter.
pub(super) const GROOVE: Color32 = Color32::from_rgb(0x0B, 0x0D, 0x10);
/// Lines on a groove.
pub(super) const SCALE: Color32 = Color32::from_rgb(0x2C, 0x32, 0x3B);
/// What matters now.
pub(super) const TEXT_STRONG: Color32 = Color32::from_rgb(0xF4, 0xF6, 0xF8);
/// Other text.
pub(super) const TEXT: Color32 = Color32::from_rgb(0xB5, 0xBD, 0xC8);
/// What is there if one looks for it.
pub(super) const TEXT_WEAK: Color32 = Color32::from_rgb(0x8D, 0x97, 0xA5);
/// All is well.
pub(super) const GOOD: Color32 = Color32::from_rgb(0x4F, 0xD0, 0x8A);
/// Something is wrong.
pub(super) const WARNING: Color32 = Color32::from_rgb(0xFF, 0xB4, 0x54);

/// Around what the keyboard acts on.
pub(super) const FOCUS: Color32 = Color32::from_rgb(0x8F, 0xB8, 0xFF);

/// Behind a button.
pub(super) const BUTTON: Color32 = Color32::from_rgb(0x23, 0x28, 0x30);
/// Behind a button that is on.
pub(super) const LIT: Color32 = Color32::from_rgb(0x2F, 0x3B, 0x4E);
/// The wave of the sound.
pub(super) const WAVE: Color32 = Color32::from_rgb(0x6C, 0x77, 0x87);

/// Sizes of text.
pub(super) const SMALL_TEXT: f32 = 12.5;
pub(super) const BODY_TEXT: f32 = 14.0;

/// Around everything, in points; so are all measures.
pub(super) const MARGIN: f32 = 14.0;
/// Height of the header, at a scale of 1.
pub(super) const HEADER_HEIGHT: f32 = 34.0;
/// Height of the status line, at a scale of 1.
pub(super) const STATUS_HEIGHT: f32 = 24.0;
/// Between two groups.
pub(super) const GAP: f32 = 14.0;
/// Radius of a group's corners.
pub(super) const PANEL_RADIUS: f32 = 8.0;
/// Around the meters in their group.
pub(super) const PANEL_PADDING: f32 = 14.0;
/// A meter's row is at most this high; a taller window leaves space around the rows.
pub(super) const LARGEST_ROW: f32 = 240.0;

/// The colour of an emotion. Told apart with the common colour-vision deficiencies by lightness too; never used without the
/// emotion's name and symbol.
pub(super) const fn colour(emotion: Emotion) -> Color32 {
    match emotion {
        Emotion::Angry => Color32::from_rgb(0xE4, 0x57, 0x2E),
        Emotion::Disgust => Color32::from_rgb(0x2F, 0xA3, 0x7C),
        Emotion::Fear => Color32::from_rgb(0xC7, 0x7D, 0xBB),
        Emotion::Happy => Color32::from_rgb(0xF2, 0xD5, 0x44),
        Emotion::Neutral => Color32::from_rgb(0x9A, 0xA4, 0xB2),
        Emotion::Sad => Color32::from_rgb(0x5C, 0x8C, 0xEA),
        Emotion::Surprise => Color32::from_rgb(0x5C, 0xC3, 0xF0),
    }
}

/// The colour of power in a spectrum, from the groove's to a pale yellow: lighter is louder, for every eye.
pub(super) fn heat(power: u8) -> Color32 {
    const STOPS: [[f32; 3]; 5] = [
        [11.0, 13.0, 16.0],
        [44.0, 38.0, 92.0],
        [132.0, 52.0, 112.0],
        [232.0, 112.0, 76.0],
        [252.0, 236.0, 176.0],
    ];
    let place = f32::from(power) / 255.0 * (STOPS.len() - 1) as f32;
    let index = (place as usize).min(STOPS.len() - 2);
    let share = place - index as f32;
    let channel = |channel: usize| {
        let (from, to) = (STOPS[index][channel], STOPS[index + 1][channel]);
        (from + (to - from) * share) as u8
    };
    Color32::from_rgb(channel(0), channel(1), channel(2))
}

/// How much larger the header and the status line are in a large window.
pub(super) fn scale(window: Vec2) -> f32 {
    (window.x / 1400.0).min(window.y / 868.0).clamp(1.0, 4.0)
}

/// Text of a size.
pub(super) fn font(size: f32) -> FontId {
    FontId::proportional(size)
}

/// Sets up a window.
pub(super) fn apply(context: &Context) {
    let mut visuals = Visuals::dark();
    visuals.panel_fill = BACKGROUND;
    visuals.window_fill = BACKGROUND;
    visuals.override_text_color = Some(TEXT);
    // What has the focus of the keyboard is drawn as if it were pressed: that must be seen.
    visuals.widgets.active.bg_stroke = Stroke::new(1.5, FOCUS);
    visuals.widgets.inactive.weak_bg_fill = BUTTON;
    visuals.widgets.inactive.bg_fill = BUTTON;
    visuals.widgets.hovered.weak_bg_fill = LIT;
    visuals.widgets.active.weak_bg_fill = LIT;
    visuals.selection.bg_fill = LIT;
    visuals.selection.stroke = Stroke::new(1.5, FOCUS);
    context.set_visuals(visuals);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Contrast of two colours by WCAG 2.2: (L1 + 0.05) / (L2 + 0.05) of the relative luminances.
    fn contrast(a: Color32, b: Color32) -> f32 {
        let luminance = |colour: Color32| {
            let linear = |channel: u8| {
                let share = f32::from(channel) / 255.0;
                if share <= 0.040_45 {
                    share / 12.92
                } else {
                    ((share + 0.055) / 1.055).powf(2.4)
                }
            };
            0.2126 * linear(colour.r()) + 0.7152 * linear(colour.g()) + 0.0722 * linear(colour.b())
        };
        let (a, b) = (luminance(a), luminance(b));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    #[test]
    fn text_can_be_read() {
        for text in [TEXT_STRONG, TEXT, TEXT_WEAK, GOOD, WARNING, FOCUS] {
            for background in [BACKGROUND, PANEL, GROOVE, BUTTON] {
                assert!(
                    contrast(text, background) >= 4.5,
                    "{text:?} on {background:?}"
                );
            }
        }
    }

    #[test]
    fn text_on_a_button_that_is_on_can_be_read() {
        for text in [TEXT_STRONG, TEXT] {
            assert!(contrast(text, LIT) >= 4.5, "{text:?}");
        }
    }

    #[test]
    fn meters_stand_out_from_their_groove() {
        for emotion in Emotion::ALL {
            assert!(contrast(colour(emotion), GROOVE) >= 4.5, "{emotion}");
        }
    }
}
