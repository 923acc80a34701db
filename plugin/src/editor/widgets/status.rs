//! The status line: the model and its honest figure, the load; or what is wrong.

use crate::editor::{theme, view::View};
use egui::{Align2, Rect, Role, Sense, Ui, WidgetInfo, pos2};

/// Draws the line in an area.
pub(in crate::editor) fn draw(ui: &mut Ui, area: Rect, view: &View, scale: f32) {
    let painter = ui.painter().with_clip_rect(area);
    let bottom = area.bottom();
    let font = theme::font(12.5 * scale);
    let (text, colour) = match (view.current_note(), &view.warning) {
        (Some(note), _) => (note, theme::TEXT),
        (None, Some(warning)) => (warning.as_str(), theme::WARNING),
        (None, None) => (view.model.as_str(), theme::TEXT_WEAK),
    };
    let left = painter.text(
        pos2(area.left() + 2.0, bottom),
        Align2::LEFT_BOTTOM,
        text,
        font.clone(),
        colour,
    );
    let health = painter.layout_no_wrap(view.health.clone(), font, theme::TEXT_WEAK);
    // A long text needs the whole line.
    if left.right() + 16.0 + health.size().x < area.right() {
        let position = pos2(area.right() - health.size().x, bottom - health.size().y);
        painter.galley(position, health, theme::TEXT_WEAK);
    }
    let response = ui.interact(left, ui.scope_id().with("status"), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, text));
    response.on_hover_text(text);
}
