//! A dial: an arc from its lowest position to where it is, with name and value below.

use super::adjust;
use crate::editor::{theme, view::Controls};
use egui::{Align2, Painter, Pos2, Rect, Shape, Stroke, Ui, pos2, vec2};
use std::f32::consts::PI;

/// Points of dragging from one end to the other.
const TRAVEL: f32 = 200.0;
/// The dial goes from here, clockwise, for so long.
const START: f32 = 0.75 * PI;
const TURN: f32 = 1.5 * PI;

/// Draws a control's dial in an area.
pub(super) fn draw(ui: &mut Ui, area: Rect, controls: &mut Controls, index: usize, scale: f32) {
    let text_height = 19.0 * scale;
    let dial = area.with_max_y(area.bottom() - 2.0 * text_height);
    let id = ui.scope_id().with(("dial", index));
    let response = adjust::adjust(ui, dial, id, controls, index, TRAVEL);
    adjust::focus_ring(ui, &response, dial);

    let radius = (dial.width().min(dial.height()) / 2.0 - 7.0 * scale).max(8.0);
    let centre = dial.center();
    let position = controls.position(index);
    let control = &controls.list[index];
    let painter = ui.painter();
    painter.circle(
        centre,
        radius * 0.8,
        theme::GROOVE,
        Stroke::new(1.0, theme::SCALE),
    );
    arc(
        painter,
        centre,
        radius,
        [0.0, 1.0],
        Stroke::new(3.0 * scale, theme::SCALE),
    );
    arc(
        painter,
        centre,
        radius,
        [0.0, position],
        Stroke::new(3.0 * scale, theme::TEXT),
    );
    let hand = [
        at(centre, radius * 0.35, position),
        at(centre, radius * 0.68, position),
    ];
    painter.line_segment(hand, Stroke::new(2.5 * scale, theme::TEXT_STRONG));

    let name_at = pos2(area.center().x, dial.bottom() + text_height * 0.5);
    let font = theme::font(theme::SMALL_TEXT * scale);
    painter.text(
        name_at,
        Align2::CENTER_CENTER,
        &control.name,
        font.clone(),
        theme::TEXT,
    );
    let value = Rect::from_center_size(
        pos2(area.center().x, dial.bottom() + text_height * 1.5),
        vec2(area.width(), text_height),
    );
    adjust::value(
        ui,
        value,
        controls,
        index,
        Align2::CENTER_CENTER,
        font,
        theme::TEXT_STRONG,
    );
}

fn at(centre: Pos2, radius: f32, position: f32) -> Pos2 {
    let angle = START + TURN * position;
    centre + vec2(angle.cos(), angle.sin()) * radius
}

fn arc(painter: &Painter, centre: Pos2, radius: f32, [from, to]: [f32; 2], stroke: Stroke) {
    let steps = ((to - from) * 48.0).ceil() as usize;
    if steps == 0 {
        return;
    }
    let points = (0..=steps)
        .map(|step| {
            at(
                centre,
                radius,
                from + (to - from) * step as f32 / steps as f32,
            )
        })
        .collect();
    painter.add(Shape::line(points, stroke));
}
