//! The strip of controls of a large window: dials for what is turned often, switches for what is switched.

use super::{chip, dial};
use crate::editor::{
    theme,
    view::{ControlKind, Controls, Request, View},
};
use egui::{Align, Layout, Rect, Ui, UiBuilder, pos2, vec2};

/// What has a dial.
const DIALS: [&str; 7] = [
    "Sensitivity",
    "Smoothing",
    "Attack",
    "Release",
    "Hold",
    "Gate",
    "Lookahead",
];
/// What has a row at the right.
const ROWS: [&str; 4] = ["Host updates", "MIDI", "CV buses", "OSC"];
/// What has a button below the dials.
const BUTTONS: [&str; 2] = ["Freeze", "Learn this voice"];
/// Width of the rows, and height of the buttons, at a scale of 1.
const ROWS_WIDTH: f32 = 250.0;
const BUTTONS_HEIGHT: f32 = 34.0;
/// Width of a row's name, in heights of a row.
const NAME_WIDTH: f32 = 4.6;

/// Draws the strip in an area.
pub(in crate::editor) fn draw(ui: &mut Ui, area: Rect, view: &mut View, scale: f32) {
    ui.painter()
        .rect_filled(area, theme::PANEL_RADIUS, theme::PANEL);
    let inside = area.shrink(theme::PANEL_PADDING);
    let (left, right) = inside
        .split_left_right_at_x(inside.right() - (ROWS_WIDTH * scale).min(inside.width() / 3.0));
    let (dials, buttons) =
        left.split_top_bottom_at_y(left.bottom() - BUTTONS_HEIGHT * scale.min(1.5));
    let controls = &mut view.controls;
    let width = dials.width() / DIALS.len() as f32;
    for (place, name) in DIALS.iter().enumerate() {
        if let Some(index) = controls.find(name) {
            let corner = pos2(dials.left() + width * place as f32, dials.top());
            let size = vec2(width, dials.height().min(width + 38.0 * scale));
            dial::draw(
                ui,
                Rect::from_min_size(corner, size),
                controls,
                index,
                scale,
            );
        }
    }
    let builder = UiBuilder::new()
        .max_rect(buttons)
        .layout(Layout::left_to_right(Align::Center));
    ui.scope_builder(builder, |ui| {
        for name in BUTTONS {
            if let Some(index) = controls.find(name) {
                switch(ui, controls, index, name);
            }
        }
        presets(ui, controls);
    });
    let builder = UiBuilder::new()
        .max_rect(right.with_min_x(right.left() + 16.0 * scale))
        .layout(Layout::top_down(Align::Min));
    ui.scope_builder(builder, |ui| {
        for name in ROWS {
            if let Some(index) = controls.find(name) {
                ui.horizontal(|ui| row(ui, controls, index));
            }
        }
    });
}

fn switch(ui: &mut Ui, controls: &mut Controls, index: usize, text: &str) {
    let is_on = controls.is_on(index);
    let hint = controls.list[index].hint;
    if chip::chip(ui, text, is_on, hint).clicked() {
        controls.change(index, if is_on { 0.0 } else { 1.0 });
    }
}

fn presets(ui: &mut Ui, controls: &mut Controls) {
    ui.menu_button("Preset", |ui| {
        for index in 0..controls.presets.len() {
            let (name, purpose) = controls.presets[index];
            if ui.button(name).on_hover_text(purpose).clicked() {
                controls.request(Request::Preset(index));
            }
        }
    });
}

/// A name and what it can be.
fn row(ui: &mut Ui, controls: &mut Controls, index: usize) {
    let control = controls.list[index].clone();
    let height = ui.spacing().interact_size.y;
    let size = vec2(NAME_WIDTH * height, height);
    ui.allocate_ui_with_layout(size, Layout::left_to_right(Align::Center), |ui| {
        ui.set_min_width(size.x);
        ui.label(&control.name).on_hover_text(control.hint);
    });
    match control.kind {
        ControlKind::Choice(choices) => {
            let last = ControlKind::Choice(choices).last_position();
            for (number, choice) in choices.iter().enumerate() {
                let own = number as f32 / last;
                let is_chosen = (control.position - own).abs() < 0.5 / last;
                if chip::chip(ui, choice, is_chosen, control.hint).clicked() {
                    controls.change(index, own);
                }
            }
        }
        ControlKind::Switch | ControlKind::Continuous => {
            let text = if controls.is_on(index) { "on" } else { "off" };
            switch(ui, controls, index, text);
        }
    }
}
