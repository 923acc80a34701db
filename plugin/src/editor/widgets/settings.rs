//! The page of controls: presets, the learned voice, and a row for each parameter.

use super::{chip::chip, slider};
use crate::editor::{
    theme,
    view::{Control, ControlKind, Controls, Request, View},
};
use egui::{Align, Label, Layout, Rect, ScrollArea, TextEdit, Ui, UiBuilder, vec2};

/// Width of a control's name, in heights of a row.
const NAME_WIDTH: f32 = 9.5;
/// Width of a field for text.
const FIELD_WIDTH: f32 = 14.5;

/// The models that come with Pathos: what they are called, how they are chosen, and what they are for.
const BUILT_IN: [(&str, &str, &str); 2] = [
    (
        "Pathos",
        "",
        "Learned from four corpora, three of which are not for commercial use",
    ),
    (
        "Pathos open",
        "pathos-open",
        "Learned from CREMA-D alone: nothing in it excludes commercial use. It cannot tell surprise",
    ),
];

/// Draws the page in an area, and notes what the user wants.
pub(in crate::editor) fn draw(ui: &mut Ui, area: Rect, view: &mut View) {
    ui.painter()
        .rect_filled(area, theme::PANEL_RADIUS, theme::PANEL);
    let inside = area.shrink(theme::PANEL_PADDING);
    let builder = UiBuilder::new()
        .max_rect(inside)
        .layout(Layout::top_down(Align::Min));
    ui.scope_builder(builder, |ui| {
        ScrollArea::vertical()
            .auto_shrink([false, false])
            .show(ui, |ui| {
                let controls = &mut view.controls;
                presets(ui, controls);
                let mut section = "";
                for index in 0..controls.list.len() {
                    let own = controls.list[index].section;
                    if own != section {
                        section = own;
                        ui.add_space(10.0);
                        ui.label(egui::RichText::new(own).color(theme::TEXT_STRONG));
                    }
                    control(ui, controls, index);
                }
                address(ui, controls);
                ui.add_space(10.0);
                ui.label(egui::RichText::new("Model").color(theme::TEXT_STRONG));
                model(ui, controls, &view.model);
            });
    });
}

fn presets(ui: &mut Ui, controls: &mut Controls) {
    ui.horizontal_wrapped(|ui| {
        ui.label("Presets");
        for index in 0..controls.presets.len() {
            let (name, purpose) = controls.presets[index];
            if chip(ui, name, false, purpose).clicked() {
                controls.request(Request::Preset(index));
            }
        }
    });
}

/// The name at the left of a row.
fn name(ui: &mut Ui, text: &str, hint: &str) {
    let height = ui.spacing().interact_size.y;
    let size = vec2(NAME_WIDTH * height, height);
    ui.allocate_ui_with_layout(size, Layout::left_to_right(Align::Center), |ui| {
        ui.set_min_width(size.x);
        ui.add(Label::new(text).truncate()).on_hover_text(hint);
    });
}

fn control(ui: &mut Ui, controls: &mut Controls, index: usize) {
    let Control {
        name: text,
        position,
        kind,
        hint,
        ..
    } = controls.list[index].clone();
    ui.horizontal(|ui| {
        name(ui, &text, hint);
        let last = kind.last_position();
        match kind {
            ControlKind::Switch => {
                let mut on = position > 0.5;
                let said = if on { "on" } else { "off" };
                let response = ui.checkbox(&mut on, said);
                if response.on_hover_text(hint).changed() {
                    controls.change(index, if on { 1.0 } else { 0.0 });
                }
            }
            ControlKind::Choice(choices) => {
                for (number, choice) in choices.iter().enumerate() {
                    let own = number as f32 / last;
                    let is_chosen = (position - own).abs() < 0.5 / last;
                    if chip(ui, choice, is_chosen, hint).clicked() {
                        controls.change(index, own);
                    }
                }
            }
            ControlKind::Continuous => slider::draw(ui, controls, index),
        }
    });
}

fn address(ui: &mut Ui, controls: &mut Controls) {
    ui.horizontal(|ui| {
        let hint = "Host and port, such as 127.0.0.1:9000";
        name(ui, "OSC goes to", hint);
        let field = &mut controls.osc_address;
        let width = FIELD_WIDTH * ui.spacing().interact_size.y;
        let response = ui.add(TextEdit::singleline(&mut field.text).desired_width(width));
        let response = response.on_hover_text(hint);
        field.is_typed = response.has_focus();
        if response.lost_focus() {
            let address = field.text.trim().to_owned();
            controls.request(Request::OscAddress(address));
        }
    });
}

fn model(ui: &mut Ui, controls: &mut Controls, in_use: &str) {
    ui.horizontal(|ui| {
        name(ui, "In use", "The model that listens");
        ui.label(in_use);
    });
    ui.horizontal(|ui| {
        let hint = "An ONNX file that Pathos's trainer made; empty for the first of those built in";
        name(ui, "File", hint);
        let field = &mut controls.model_path;
        let edit = TextEdit::singleline(&mut field.text)
            .hint_text("built in")
            .desired_width(FIELD_WIDTH * ui.spacing().interact_size.y);
        let response = ui.add(edit).on_hover_text(hint);
        let enter = response.lost_focus() && ui.input(|input| input.key_pressed(egui::Key::Enter));
        // What was typed stays until it is loaded, or a built-in one is.
        field.is_typed |= response.changed();
        let typed = field.text.trim().to_owned();
        if chip(
            ui,
            "Load",
            false,
            "Reads the file; one that does not fit changes nothing",
        )
        .clicked()
            || enter
        {
            controls.request(Request::Model(typed));
        }
    });
    ui.horizontal(|ui| {
        name(ui, "Built in", "The models that come with Pathos");
        for (text, chosen, hint) in BUILT_IN {
            if chip(ui, text, controls.model_path.text == chosen, hint).clicked() {
                controls.model_path.is_typed = false;
                controls.request(Request::Model(chosen.to_owned()));
            }
        }
    });
}
