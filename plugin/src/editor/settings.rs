//! The page of controls: presets, the learned voice, and a row for each parameter.

use super::{
    theme,
    view::{Control, ControlKind, Request, View},
};
use egui::{Align, CornerRadius, Layout, Rect, ScrollArea, Slider, TextEdit, Ui, UiBuilder, vec2};

/// Width of a control's name, in points.
const NAME_WIDTH: f32 = 170.0;
/// Width of its value.
const VALUE_WIDTH: f32 = 76.0;

/// Draws the page in an area, and notes what the user wants.
pub(super) fn draw(ui: &mut Ui, area: Rect, view: &mut View) {
    ui.painter()
        .rect_filled(area, CornerRadius::same(8), theme::PANEL);
    let inside = area.shrink(theme::PANEL_PADDING);
    let builder = UiBuilder::new()
        .max_rect(inside)
        .layout(Layout::top_down(Align::Min));
    ui.scope_builder(builder, |ui| {
        ScrollArea::vertical()
            .auto_shrink([false, false])
            .show(ui, |ui| {
                presets(ui, view);
                let mut section = "";
                for index in 0..view.controls.len() {
                    let own = view.controls[index].section;
                    if own != section {
                        section = own;
                        ui.add_space(10.0);
                        ui.label(egui::RichText::new(own).color(theme::TEXT_STRONG));
                    }
                    control(ui, view, index);
                }
                address(ui, view);
            });
    });
}

fn presets(ui: &mut Ui, view: &mut View) {
    ui.horizontal_wrapped(|ui| {
        ui.label("Presets");
        for index in 0..view.presets.len() {
            let (name, purpose) = view.presets[index];
            if ui.button(name).on_hover_text(purpose).clicked() {
                view.request(Request::Preset(index));
            }
        }
    });
}

fn control(ui: &mut Ui, view: &mut View, index: usize) {
    let Control {
        name,
        text,
        position,
        kind,
        hint,
        ..
    } = view.controls[index].clone();
    ui.horizontal(|ui| {
        ui.allocate_ui_with_layout(
            vec2(NAME_WIDTH, ui.spacing().interact_size.y),
            Layout::left_to_right(Align::Center),
            |ui| {
                ui.set_min_width(NAME_WIDTH);
                ui.label(&name).on_hover_text(hint);
            },
        );
        let last = kind.last_position();
        match kind {
            ControlKind::Switch => {
                let mut on = position > 0.5;
                let text = if on { "on" } else { "off" };
                let response = ui.checkbox(&mut on, text);
                if response.on_hover_text(hint).changed() {
                    view.change(index, if on { 1.0 } else { 0.0 });
                }
            }
            ControlKind::Choice(choices) => {
                for (number, choice) in choices.iter().enumerate() {
                    let own = number as f32 / last;
                    let is_chosen = (position - own).abs() < 0.5 / last;
                    if ui.selectable_label(is_chosen, *choice).clicked() {
                        view.change(index, own);
                    }
                }
            }
            ControlKind::Slider => slider(ui, view, index, &name, &text, position),
        }
    });
}

fn slider(ui: &mut Ui, view: &mut View, index: usize, name: &str, text: &str, position: f32) {
    let mut new = view.dragged_position(index).unwrap_or(position);
    ui.spacing_mut().slider_width = (ui.available_width() - VALUE_WIDTH - 16.0).max(80.0);
    let label = format!("{name} {text}");
    let response = ui.add(Slider::new(&mut new, 0.0..=1.0).show_value(false));
    response.widget_info(|| egui::WidgetInfo::slider(true, f64::from(new), &label));
    if response.double_clicked() {
        view.request(Request::Default(index));
    } else if response.drag_started() {
        view.request(Request::Begin(index));
        view.drag(index, new);
    } else if response.dragged() {
        view.drag(index, new);
    } else if response.changed() && !response.drag_stopped() {
        view.change(index, new);
    }
    if response.drag_stopped() {
        view.request(Request::End(index));
    }
    response.on_hover_text("Drag, or use the arrow keys; double click for the default");
    ui.label(text);
}

fn address(ui: &mut Ui, view: &mut View) {
    ui.horizontal(|ui| {
        ui.add_sized(
            vec2(NAME_WIDTH, ui.spacing().interact_size.y),
            egui::Label::new("OSC goes to"),
        );
        let field = TextEdit::singleline(&mut view.osc_address).desired_width(220.0);
        let response = ui
            .add(field)
            .on_hover_text("Host and port, such as 127.0.0.1:9000");
        view.is_typing_address = response.has_focus();
        if response.lost_focus() {
            let address = view.osc_address.trim().to_owned();
            view.request(Request::OscAddress(address));
        }
    });
}
