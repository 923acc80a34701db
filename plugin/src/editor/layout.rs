//! Where the parts of the window go: small, medium and large.

use super::{
    theme,
    view::View,
    widgets::{header, meters, plane, settings, status, strip, timeline},
    window_state::Page,
};
use egui::{Rect, Ui, Vec2};

/// From this size on the timeline is beside the meters, in points.
const MEDIUM: Vec2 = Vec2::new(720.0, 400.0);
/// From this size on there are the plane and the strip of controls below.
const LARGE: Vec2 = Vec2::new(1080.0, 680.0);
/// The meters' share of the width beside the timeline, and their widest, at a scale of 1.
const METERS_SHARE: f32 = 0.36;
const METERS_WIDTH: [f32; 2] = [290.0, 440.0];
/// Height of the plane and the strip, at a scale of 1.
const BELOW: f32 = 230.0;

/// How much there is room for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Layout {
    /// The meters alone.
    Small,
    /// Meters and timeline.
    Medium,
    /// All of it.
    Large,
}

impl Layout {
    /// What a window of a size, in points, has room for.
    pub(super) fn of(size: Vec2) -> Self {
        let fits = |least: Vec2| size.x >= least.x && size.y >= least.y;
        if fits(LARGE) {
            Self::Large
        } else if fits(MEDIUM) {
            Self::Medium
        } else {
            Self::Small
        }
    }
}

/// Draws the whole window.
pub(super) fn draw(ui: &mut Ui, view: &mut View) {
    let size = ui.max_rect().size();
    let scale = theme::scale(size);
    let window = ui.max_rect().shrink(theme::MARGIN);
    let (header_area, rest) =
        window.split_top_bottom_at_y(window.top() + theme::HEADER_HEIGHT * scale);
    let (middle, status_area) =
        rest.split_top_bottom_at_y(rest.bottom() - theme::STATUS_HEIGHT * scale);
    // What has no size of its own grows with the window too.
    ui.style_mut().override_font_id = Some(theme::font(theme::SMALL_TEXT * scale));
    ui.spacing_mut().interact_size *= scale;
    header::draw(ui, header_area, view, scale);
    match (view.look.page, Layout::of(size)) {
        (Page::Controls, _) => settings::draw(ui, middle, view),
        (Page::Meters, Layout::Small) => meters::draw(ui, middle, view),
        (Page::Meters, Layout::Medium) => meters_and_timeline(ui, middle, view, scale),
        (Page::Meters, Layout::Large) => {
            let below = BELOW * scale;
            let (above, below) = middle.split_top_bottom_at_y(middle.bottom() - below);
            meters_and_timeline(
                ui,
                above.with_max_y(above.bottom() - theme::GAP),
                view,
                scale,
            );
            let (left, right) = below.split_left_right_at_x(below.left() + below.height() * 1.2);
            plane::draw(ui, left, view, scale);
            strip::draw(ui, right.with_min_x(right.left() + theme::GAP), view, scale);
        }
    }
    status::draw(ui, status_area, view, scale);
}

fn meters_and_timeline(ui: &mut Ui, area: Rect, view: &mut View, scale: f32) {
    let [least, most] = METERS_WIDTH.map(|width| width * scale);
    let width = (area.width() * METERS_SHARE).clamp(least, most);
    let (left, right) = area.split_left_right_at_x(area.left() + width);
    meters::draw(ui, left, view);
    timeline::draw(ui, right.with_min_x(right.left() + theme::GAP), view, scale);
}
