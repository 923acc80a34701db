//! A sign for each emotion: with the name, what tells the meters apart for whoever sees no colours.

use egui::{Color32, Painter, Pos2, Shape, Stroke, Vec2, epaint::PathShape};
use pathos_analysis::Emotion;

/// Draws an emotion's sign in a square of `size` about `centre`.
pub(super) fn draw(painter: &Painter, emotion: Emotion, centre: Pos2, size: f32, colour: Color32) {
    let at = |x: f32, y: f32| centre + Vec2::new(x, y) * size * 0.5;
    let stroke = Stroke::new((size * 0.12).max(1.2), colour);
    let line = |points: &[(f32, f32)]| {
        let points = points.iter().map(|&(x, y)| at(x, y)).collect();
        painter.add(Shape::line(points, stroke));
    };
    let filled = |points: &[(f32, f32)]| {
        let points = points.iter().map(|&(x, y)| at(x, y)).collect();
        painter.add(PathShape::convex_polygon(points, colour, Stroke::NONE));
    };
    match emotion {
        // A flash.
        Emotion::Angry => line(&[(0.35, -0.95), (-0.4, 0.1), (0.3, 0.05), (-0.3, 0.95)]),
        // A wave that turns over.
        Emotion::Disgust => line(&[
            (-0.95, 0.2),
            (-0.6, -0.35),
            (-0.25, 0.2),
            (0.1, 0.6),
            (0.45, 0.2),
            (0.7, -0.3),
            (0.95, 0.1),
        ]),
        // A point that draws back: a narrow triangle that stands on its tip.
        Emotion::Fear => filled(&[(-0.8, -0.8), (0.8, -0.8), (0.0, 0.9)]),
        // A rising arc.
        Emotion::Happy => {
            let arc: Vec<(f32, f32)> = (0..=12)
                .map(|step| {
                    let angle = std::f32::consts::PI * (0.1 + 0.8 * step as f32 / 12.0);
                    (0.9 * angle.cos(), 0.9 * angle.sin() - 0.35)
                })
                .collect();
            line(&arc);
        }
        // A level line.
        Emotion::Neutral => line(&[(-0.85, 0.0), (0.85, 0.0)]),
        // A drop.
        Emotion::Sad => {
            painter.circle_filled(at(0.0, 0.35), size * 0.28, colour);
            filled(&[(0.0, -0.95), (0.5, 0.2), (-0.5, 0.2)]);
        }
        // An open ring.
        Emotion::Surprise => {
            painter.circle_stroke(centre, size * 0.38, stroke);
        }
    }
}
