//! The seven meters.

use super::{row::Row, symbols};
use crate::editor::{
    theme,
    view::{Meter, View},
};
use egui::{Color32, Painter, Rect, Role, Sense, Stroke, StrokeKind, Ui, WidgetInfo, pos2, vec2};

/// Opacity of a bar when the recogniser is not sure at all; at full confidence it is 1.
const LEAST_OPACITY: f32 = 0.4;

/// Draws the meters in an area, and resets a peak that is clicked.
pub(in crate::editor) fn draw(ui: &mut Ui, area: Rect, view: &mut View) {
    ui.painter()
        .rect_filled(area, theme::PANEL_RADIUS, theme::PANEL);
    let inside = area.shrink2(vec2(theme::PANEL_PADDING, theme::PANEL_PADDING * 0.7));
    let rows = view.meters.len();
    let row_height = (inside.height() / rows as f32).min(theme::LARGEST_ROW);
    let top = inside.center().y - row_height * rows as f32 / 2.0;
    let row = |index: usize| {
        let left_top = pos2(inside.left(), top + row_height * index as f32);
        Rect::from_min_size(left_top, vec2(inside.width(), row_height))
    };
    for index in 0..view.meters.len() {
        meter(ui, row(index), view, index);
    }
}

fn meter(ui: &mut Ui, area: Rect, view: &mut View, index: usize) {
    let meter = view.meters[index].clone();
    let name = capitalised(meter.emotion.name());
    let value = if view.at_rest {
        "–".to_owned()
    } else {
        format!("{:.0} %", 100.0 * meter.value)
    };

    let response = ui.interact(area, ui.scope_id().with(("meter", index)), Sense::click());
    let label = format!("{name} {value}");
    response.widget_info(|| WidgetInfo::labeled(Role::ProgressIndicator, true, &label));
    if response.clicked() {
        view.reset_peak(index);
    }
    if response.has_focus() {
        let ring = area.expand2(vec2(6.0, -1.0));
        ui.painter().rect_stroke(
            ring,
            5.0,
            Stroke::new(1.5, theme::FOCUS),
            StrokeKind::Inside,
        );
    }
    response.on_hover_text("Click to reset the peak mark");

    let row = Row::new(area);
    let text = match (meter.leads, view.at_rest) {
        (true, _) => theme::TEXT_STRONG,
        (_, true) => theme::TEXT_WEAK,
        _ => theme::TEXT,
    };
    row.write(ui, &name, &value, text, 1.0);

    let painter = ui.painter();
    let colour = theme::colour(meter.emotion);
    let sign = if view.at_rest {
        theme::TEXT_WEAK
    } else {
        colour
    };
    symbols::draw(painter, meter.emotion, row.sign, row.sign_size, sign);
    let opacity = LEAST_OPACITY + (1.0 - LEAST_OPACITY) * (2.0 * view.confidence).min(1.0);
    bar(painter, row.groove, &meter, colour.gamma_multiply(opacity));
    if meter.leads {
        let left_top = pos2(area.left() - 9.0, row.groove.top());
        let mark = Rect::from_min_size(left_top, vec2(3.0, row.groove.height()));
        painter.rect_filled(mark, 1.5, colour);
    }
}

fn bar(painter: &Painter, groove: Rect, meter: &Meter, fill: Color32) {
    let radius = groove.height() / 2.0;
    painter.rect_filled(groove, radius, theme::GROOVE);
    for quarter in [0.25, 0.5, 0.75] {
        let x = groove.left() + groove.width() * quarter;
        let line = Rect::from_min_max(pos2(x - 0.5, groove.top()), pos2(x + 0.5, groove.bottom()));
        painter.rect_filled(line, 0.0, theme::SCALE);
    }
    // Cut off at the value, so that the end is where the value is, however small.
    let value = groove.with_max_x(groove.left() + groove.width() * meter.value);
    painter
        .with_clip_rect(value.intersect(painter.clip_rect()))
        .rect_filled(groove, radius, fill);
    if meter.peak > 0.01 {
        let x = groove.left() + groove.width() * meter.peak;
        let mark = Rect::from_min_max(
            pos2(x - 1.0, groove.top() - 2.0),
            pos2(x + 1.0, groove.bottom() + 2.0),
        );
        painter.rect_filled(mark, 1.0, theme::colour(meter.emotion));
    }
}

fn capitalised(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(letters).collect()
    })
}
