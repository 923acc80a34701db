//! What pointer and keys do to a continuous control, whatever it looks like: drag (finely with shift), arrows, page keys, home
//! and end, double click for the default, enter or a click on the value to type one.

use crate::editor::{
    theme,
    view::{Controls, Request},
};
use egui::{
    Align2, Color32, EventFilter, FontId, Id, Key, Rect, Response, Sense, Stroke, StrokeKind,
    TextEdit, Ui, WidgetInfo, vec2,
};

/// How much slower a drag and the arrows are with shift.
const FINE: f32 = 0.1;
/// How far an arrow key goes, in shares of the range.
const STEP: f32 = 0.02;
/// How far a page key goes.
const PAGE: f32 = 0.1;

/// Makes an area the handle of a control; `travel` points of dragging to the right or up go from one end to the other.
pub(super) fn adjust(
    ui: &Ui,
    area: Rect,
    id: Id,
    controls: &mut Controls,
    index: usize,
    travel: f32,
) -> Response {
    let response = ui.interact(area, id, Sense::click_and_drag());
    let control = &controls.list[index];
    let label = format!("{} {}", control.name, control.text);
    let position = f64::from(controls.position(index));
    response.widget_info(|| WidgetInfo::slider(true, position, &label));
    let hint = format!(
        "{}. Drag, finely with shift; double click for the default; enter to type",
        control.hint
    );

    let fine = if ui.input(|input| input.modifiers.shift) {
        FINE
    } else {
        1.0
    };
    if response.drag_started() {
        controls.request(Request::Begin(index));
    }
    if response.dragged() {
        let moved = response.drag_delta();
        controls.drag(index, (moved.x - moved.y) / travel * fine);
    }
    if response.drag_stopped() {
        controls.request(Request::End(index));
    }
    if response.clicked() || response.drag_started() {
        response.request_focus();
    }
    if response.double_clicked() {
        controls.request(Request::Default(index));
    }
    if response.has_focus() {
        turn_with_keys(ui, controls, index, response.id, fine);
    }
    response.context_menu(|ui| {
        if ui.button("Back to the default").clicked() {
            controls.request(Request::Default(index));
        }
        if ui.button("Type a value").clicked() {
            controls.typed = Some((index, String::new()));
        }
    });
    response.on_hover_text(hint)
}

fn turn_with_keys(ui: &Ui, controls: &mut Controls, index: usize, id: Id, fine: f32) {
    // Without this the arrows would move the focus.
    let arrows = EventFilter {
        horizontal_arrows: true,
        vertical_arrows: true,
        ..Default::default()
    };
    ui.memory_mut(|memory| memory.set_focus_lock_filter(id, arrows));
    let position = controls.position(index);
    let steps = [
        (Key::ArrowLeft, position - STEP * fine),
        (Key::ArrowDown, position - STEP * fine),
        (Key::ArrowRight, position + STEP * fine),
        (Key::ArrowUp, position + STEP * fine),
        (Key::PageDown, position - PAGE),
        (Key::PageUp, position + PAGE),
        (Key::Home, 0.0),
        (Key::End, 1.0),
    ];
    for (key, new) in steps {
        if ui.input(|input| input.key_pressed(key)) {
            controls.change(index, new);
        }
    }
    if ui.input(|input| input.key_pressed(Key::Enter)) {
        controls.typed = Some((index, String::new()));
    }
    if ui.input(|input| input.key_pressed(Key::Delete) || input.key_pressed(Key::Backspace)) {
        controls.request(Request::Default(index));
    }
}

/// Writes a control's value into an area; where a click, or enter, lets the user type it.
pub(super) fn value(
    ui: &mut Ui,
    area: Rect,
    controls: &mut Controls,
    index: usize,
    align: Align2,
    font: FontId,
    colour: Color32,
) {
    let id = ui.scope_id().with(("value", index));
    match controls.typed.take() {
        Some((typed, text)) if typed == index => type_value(ui, area, controls, index, text, id),
        typed => {
            controls.typed = typed;
            let at = align.pos_in_rect(&area);
            let text = controls.list[index].text.clone();
            ui.painter().text(at, align, text, font, colour);
            let response = ui.interact(area, id, Sense::CLICK);
            if response.on_hover_text("Click to type").clicked() {
                controls.typed = Some((index, String::new()));
            }
        }
    }
}

fn type_value(
    ui: &mut Ui,
    area: Rect,
    controls: &mut Controls,
    index: usize,
    mut text: String,
    id: Id,
) {
    let field = TextEdit::singleline(&mut text)
        .id(id.with("field"))
        .hint_text(&controls.list[index].text)
        .desired_width(area.width());
    let size = vec2(area.width().max(64.0), area.height().max(20.0));
    let response = ui.put(Rect::from_center_size(area.center(), size), field);
    if ui.input(|input| input.key_pressed(Key::Escape)) {
        return;
    }
    if response.lost_focus() {
        if !text.trim().is_empty() {
            controls.request(Request::Type(index, text));
        }
        return;
    }
    if !response.has_focus() {
        response.request_focus();
    }
    controls.typed = Some((index, text));
}

/// Shows where the keyboard acts.
pub(super) fn focus_ring(ui: &Ui, response: &Response, area: Rect) {
    if response.has_focus() {
        let stroke = Stroke::new(1.5, theme::FOCUS);
        ui.painter()
            .rect_stroke(area, 5.0, stroke, StrokeKind::Inside);
    }
}
