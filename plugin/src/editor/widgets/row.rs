//! The columns that every row of the panel shares: sign, name, groove, value.

use egui::{Align2, Color32, Rect, Ui, Vec2, pos2};

/// Where the parts of a row go.
pub(super) struct Row {
    /// Middle of the sign.
    pub(super) sign: egui::Pos2,
    /// Width and height of the sign.
    pub(super) sign_size: f32,
    /// The groove.
    pub(super) groove: Rect,
    area: Rect,
    name_left: f32,
    text_size: f32,
}

impl Row {
    /// Divides a row's area; all rows of one size have the same columns.
    pub(super) fn new(area: Rect) -> Self {
        // Neither so large that the groove has no room.
        let text_size = (area.height() * 0.42)
            .min(area.width() * 0.045)
            .clamp(12.5, 60.0);
        let sign_size = text_size * 1.05;
        let name_left = area.left() + sign_size * 1.2 + 10.0;
        let left = name_left + text_size * 5.0;
        let right = area.right() - text_size * 3.6;
        let height = (area.height() * 0.34).clamp(8.0, 60.0).min(text_size * 1.7);
        Self {
            sign: pos2(area.left() + sign_size * 0.6, area.center().y),
            sign_size,
            groove: Rect::from_center_size(
                pos2(f32::midpoint(left, right), area.center().y),
                Vec2::new((right - left).max(20.0), height),
            ),
            area,
            name_left,
            text_size,
        }
    }

    /// Writes the name and the value.
    pub(super) fn write(&self, ui: &Ui, name: &str, value: &str, colour: Color32, share: f32) {
        let font = crate::editor::theme::font(self.text_size * share);
        let middle = self.area.center().y;
        let left = pos2(self.name_left, middle);
        let right = pos2(self.area.right(), middle);
        let painter = ui.painter();
        painter.text(left, Align2::LEFT_CENTER, name, font.clone(), colour);
        painter.text(right, Align2::RIGHT_CENTER, value, font, colour);
    }
}
