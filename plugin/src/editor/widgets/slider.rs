//! A slider with its value beside it.

use super::adjust;
use crate::editor::{theme, view::Controls};
use egui::{Align2, Rect, Sense, Stroke, Ui, pos2, vec2};

/// Width of the value, in points.
const VALUE_WIDTH: f32 = 84.0;
/// Radius of the knob.
const KNOB: f32 = 7.0;

/// Draws a control's slider in what is left of a row.
pub(super) fn draw(ui: &mut Ui, controls: &mut Controls, index: usize) {
    let size = vec2(
        ui.available_width().max(160.0),
        ui.spacing().interact_size.y,
    );
    let (area, _) = ui.allocate_exact_size(size, Sense::hover());
    let handle = area.with_max_x(area.right() - VALUE_WIDTH);
    let groove = Rect::from_center_size(
        handle.center(),
        vec2(handle.width() - 2.0 * KNOB - 8.0, 4.0),
    );
    let id = ui.scope_id().with(("slider", index));
    let response = adjust::adjust(ui, handle, id, controls, index, groove.width());
    adjust::focus_ring(ui, &response, handle);

    let position = controls.position(index);
    let painter = ui.painter();
    painter.rect_filled(groove, 2.0, theme::GROOVE);
    let x = groove.left() + groove.width() * position;
    painter.rect_filled(groove.with_max_x(x), 2.0, theme::TEXT_WEAK);
    let knob = pos2(x, groove.center().y);
    painter.circle(
        knob,
        KNOB,
        theme::TEXT_STRONG,
        Stroke::new(2.0, theme::PANEL),
    );

    let value = area.with_min_x(handle.right() + 8.0);
    let font = theme::font(theme::BODY_TEXT);
    adjust::value(
        ui,
        value,
        controls,
        index,
        Align2::LEFT_CENTER,
        font,
        theme::TEXT,
    );
}
