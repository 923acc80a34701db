//! A small button that is on or off.

use crate::editor::theme;
use egui::{Button, Response, RichText, Ui};

/// Draws a button of a text, lit while it is on.
pub(super) fn chip(ui: &mut Ui, text: &str, is_on: bool, hint: &str) -> Response {
    let colour = if is_on {
        theme::TEXT_STRONG
    } else {
        theme::TEXT
    };
    let text = RichText::new(text).color(colour);
    let fill = if is_on { theme::LIT } else { theme::BUTTON };
    ui.add(
        Button::new(text)
            .selected(is_on)
            .fill(fill)
            .corner_radius(5),
    )
    .on_hover_text(hint)
}
