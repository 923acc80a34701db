//! The plane of valence and arousal, with where they were in the last seconds.

use crate::editor::{theme, view::View};
use egui::{Align2, Rect, Role, Sense, Stroke, Ui, WidgetInfo, pos2, vec2};

/// Room for the title, at a scale of 1.
const TITLE: f32 = 26.0;
/// Radius of the newest point.
const POINT: f32 = 7.0;

/// Draws the plane in an area.
pub(in crate::editor) fn draw(ui: &mut Ui, area: Rect, view: &View, scale: f32) {
    let painter = ui.painter().with_clip_rect(area);
    painter.rect_filled(area, theme::PANEL_RADIUS, theme::PANEL);
    let inside = area.shrink(theme::PANEL_PADDING);
    let title = "Valence / arousal";
    let font = theme::font(theme::SMALL_TEXT * scale);
    painter.text(
        inside.left_top(),
        Align2::LEFT_TOP,
        title,
        theme::font(theme::BODY_TEXT * scale),
        theme::TEXT,
    );
    let plot = inside.with_min_y(inside.top() + TITLE * scale);
    let (centre, half) = (plot.center(), plot.size() / 2.0);
    let axis = Stroke::new(1.0, theme::SCALE);
    painter.hline(plot.x_range(), centre.y, axis);
    painter.vline(centre.x, plot.y_range(), axis);
    let labels = [
        (centre - vec2(-6.0, half.y), Align2::LEFT_TOP, "excited"),
        (centre + vec2(6.0, half.y), Align2::LEFT_BOTTOM, "calm"),
        (centre + vec2(half.x, 4.0), Align2::RIGHT_TOP, "pleasant"),
        (centre - vec2(half.x, -4.0), Align2::LEFT_TOP, "unpleasant"),
    ];
    for (at, align, text) in labels {
        painter.text(at, align, text, font.clone(), theme::TEXT_WEAK);
    }

    let colour = view.verdict.emotion.map_or(theme::TEXT, theme::colour);
    let place = |[valence, arousal]: [f32; 2]| {
        let room = half - vec2(POINT, POINT);
        centre + vec2(valence * room.x, -arousal * room.y)
    };
    let mut newest = None;
    for (point, left) in view.trail.points() {
        let at = place(point);
        painter.circle_filled(
            at,
            POINT * 0.6 * scale,
            colour.gamma_multiply(0.5 * left * left),
        );
        newest = Some(point);
    }
    let text = match newest {
        Some(point) if !view.at_rest => {
            let stroke = Stroke::new(1.5, theme::TEXT_STRONG);
            painter.circle(place(point), POINT * scale, colour, stroke);
            format!("Valence {:+.2}, arousal {:+.2}", point[0], point[1])
        }
        _ => {
            let at = pos2(centre.x, plot.top() + plot.height() * 0.25);
            painter.text(at, Align2::CENTER_CENTER, "–", font, theme::TEXT_WEAK);
            "Valence and arousal: no voice".to_owned()
        }
    };
    let response = ui.interact(plot, ui.scope_id().with("plane"), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, &text));
    response.on_hover_text(format!("{text}. Derived from the seven probabilities"));
}
