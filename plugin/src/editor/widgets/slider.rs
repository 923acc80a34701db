//! A slider with its value beside it.

use super::adjust;
use crate::editor::{theme, view::Controls};
use egui::{Align2, Rect, Sense, Stroke, Ui, pos2, vec2};

/// Width of the value, and radius of the knob, in heights of a row.
const VALUE_WIDTH: f32 = 4.7;
const KNOB: f32 = 0.39;

/// Draws a control's slider in what is left of a row.
pub(super) fn draw(ui: &mut Ui, controls: &mut Controls, index: usize) {
    let height = ui.spacing().interact_size.y;
    let size = vec2(ui.available_width().max(160.0), height);
    let (area, _) = ui.allocate_exact_size(size, Sense::hover());
    let handle = area.with_max_x(area.right() - VALUE_WIDTH * height);
    let groove = Rect::from_center_size(
        handle.center(),
        vec2(handle.width() - 2.0 * KNOB * height - 8.0, 0.22 * height),
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
        KNOB * height,
        theme::TEXT_STRONG,
        Stroke::new(2.0, theme::PANEL),
    );

    let value = area.with_min_x(handle.right() + 8.0);
    let font = theme::font(0.72 * height);
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
