//! The header: what the voice sounds like in words, and whether there is one.

use crate::editor::{theme, view::View, window_state::Page};
use egui::{Align2, Rect, Role, Sense, Ui, WidgetInfo, pos2, vec2};

/// Width of the button that turns the page, at a scale of 1.
const BUTTON_WIDTH: f32 = 84.0;

/// Draws the header in an area.
pub(in crate::editor) fn draw(ui: &mut Ui, area: Rect, view: &mut View, scale: f32) {
    let button = Rect::from_min_max(
        pos2(area.right() - BUTTON_WIDTH * scale, area.top()),
        pos2(area.right(), area.bottom() - 10.0),
    );
    let (text, other) = match view.look.page {
        Page::Meters => ("Controls", Page::Controls),
        Page::Controls => ("Meters", Page::Meters),
    };
    let label = egui::RichText::new(text).font(theme::font(14.0 * scale));
    if ui.put(button, egui::Button::new(label)).clicked() {
        view.look.page = other;
    }
    let area = area.with_max_x(button.left() - 14.0 * scale);
    let painter = ui.painter();
    let middle = area.top() + (area.height() - 10.0) / 2.0;
    let title = painter.text(
        pos2(area.left() + 2.0, middle),
        Align2::LEFT_CENTER,
        "Pathos",
        theme::font(20.0 * scale),
        theme::TEXT_STRONG,
    );
    let colour = view.verdict.emotion.map_or(theme::TEXT_WEAK, theme::colour);
    let verdict = painter.text(
        pos2(title.right() + 18.0 * scale, middle + 1.0),
        Align2::LEFT_CENTER,
        &view.verdict.text,
        theme::font(16.0 * scale),
        colour,
    );
    let voice = painter.text(
        pos2(area.right(), middle + 1.0),
        Align2::RIGHT_CENTER,
        "voice",
        theme::font(14.0 * scale),
        if view.has_voice {
            theme::TEXT
        } else {
            theme::TEXT_WEAK
        },
    );
    let lamp = pos2(voice.left() - 12.0 * scale, middle + 1.0);
    if view.has_voice {
        painter.circle_filled(lamp, 5.0 * scale, theme::GOOD);
    } else {
        painter.circle_stroke(lamp, 4.5 * scale, egui::Stroke::new(1.2, theme::TEXT_WEAK));
    }
    let response = ui.interact(
        verdict.expand2(vec2(4.0, 4.0)),
        ui.scope_id().with("verdict"),
        Sense::hover(),
    );
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, &view.verdict.text));
}
