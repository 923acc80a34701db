//! The control of the smoothing: a slider in the columns of the meters. Drag (finely with shift), arrow keys, double click.

use super::{
    row::Row,
    theme,
    view::{Request, SMOOTHING, View},
};
use egui::{Key, Rect, Sense, Stroke, StrokeKind, Ui, WidgetInfo, pos2};

/// Names are smaller here than those of the meters, by this factor.
const TEXT_SHARE: f32 = 0.82;
/// How much slower a drag is with shift.
const FINE: f32 = 0.1;
/// How far an arrow key goes, in shares of the range.
const KEY_STEP: f32 = 0.02;

/// Draws the control in an area and notes what the user wants of it.
pub(super) fn draw(ui: &mut Ui, area: Rect, view: &mut View) {
    let row = Row::new(area);
    let sense = if view.smoothing.can_change {
        Sense::click_and_drag()
    } else {
        Sense::hover()
    };
    let response = ui.interact(area, ui.scope_id().with("smoothing"), sense);
    let text = format!("Smoothing {}", view.smoothing.text);
    let position = f64::from(view.smoothing.position);
    response.widget_info(|| WidgetInfo::slider(view.smoothing.can_change, position, &text));

    if view.smoothing.can_change {
        if response.drag_started() {
            view.request(Request::Begin(SMOOTHING));
        }
        if response.dragged() {
            let fine = ui.input(|input| input.modifiers.shift);
            let step = response.drag_delta().x / row.groove.width() * if fine { FINE } else { 1.0 };
            view.drag_smoothing(step);
        }
        if response.drag_stopped() {
            view.request(Request::End(SMOOTHING));
        }
        if response.clicked() {
            response.request_focus();
        }
        if response.double_clicked() {
            view.request(Request::Default(SMOOTHING));
        }
        if response.has_focus() {
            turn_with_keys(ui, view, response.id);
        }
    }

    let focus = response.has_focus();
    response.on_hover_text(if view.smoothing.can_change {
        "Time constant of the values. Drag, with shift finely, or use the arrow keys; double click for 300 ms"
    } else {
        "Time constant of the values. Change it among the host's parameters"
    });

    row.write(
        ui,
        "Smoothing",
        &view.smoothing.text,
        theme::TEXT,
        TEXT_SHARE,
    );
    let painter = ui.painter();
    let groove = row
        .groove
        .with_min_y(row.groove.center().y - 2.0)
        .with_max_y(row.groove.center().y + 2.0);
    painter.rect_filled(groove, 2.0, theme::GROOVE);
    let x = groove.left() + groove.width() * view.smoothing.position;
    let until = Rect::from_min_max(groove.min, pos2(x, groove.bottom()));
    painter.rect_filled(until, 2.0, theme::TEXT_WEAK);
    let knob = (row.groove.height() * 0.42).clamp(5.0, 14.0);
    painter.circle(
        pos2(x, groove.center().y),
        knob,
        theme::TEXT_STRONG,
        Stroke::new(2.0, theme::PANEL),
    );
    if focus {
        painter.rect_stroke(
            area.expand2(egui::vec2(6.0, -1.0)),
            5.0,
            Stroke::new(1.5, theme::FOCUS),
            StrokeKind::Inside,
        );
    }
}

fn turn_with_keys(ui: &Ui, view: &mut View, id: egui::Id) {
    // Without this the arrows would move the focus.
    let arrows = egui::EventFilter {
        horizontal_arrows: true,
        ..Default::default()
    };
    ui.memory_mut(|memory| memory.set_focus_lock_filter(id, arrows));
    let (left, right, fine) = ui.input(|input| {
        (
            input.key_pressed(Key::ArrowLeft),
            input.key_pressed(Key::ArrowRight),
            input.modifiers.shift,
        )
    });
    let step = KEY_STEP * if fine { FINE } else { 1.0 };
    for (pressed, direction) in [(left, -1.0), (right, 1.0)] {
        if pressed {
            view.request(Request::Begin(SMOOTHING));
            view.drag_smoothing(direction * step);
            view.request(Request::End(SMOOTHING));
        }
    }
}
