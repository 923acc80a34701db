//! The timeline: the seven values over the sound that caused them.

use super::chip::chip;
use crate::editor::{
    theme,
    view::{Moment, Request, TimelineView, View},
    window_state::{Curves, SPANS_S, Sound},
};
use crate::timeline::{COLUMNS_PER_SECOND, SPECTRUM_ROWS};
use egui::{
    Align, Align2, Color32, ColorImage, FontId, Layout, Mesh, Painter, Pos2, Rect, Role, Sense,
    Shape, Stroke, TextureHandle, TextureOptions, Ui, UiBuilder, WidgetInfo, pos2, vec2,
};
use pathos_analysis::Emotion;

/// Height of the row of buttons and of the times below, in points.
const BUTTONS: f32 = 28.0;
const TIMES: f32 = 18.0;
/// How much of the rest the sound takes.
const SOUND_SHARE: f32 = 0.28;
/// Opacity of a band when the recogniser is not sure at all; at full confidence it is 1.
const LEAST_OPACITY: f32 = 0.35;
/// A quiet wave is drawn larger, but by no more than this.
const LARGEST_GAIN: f32 = 8.0;
/// An estimate speaks for the sound from so long before it, in seconds.
const REACH_S: f64 = 0.25;
/// A spectrum has at most so many columns: what every graphics card takes as a texture.
const LARGEST_TEXTURE: usize = 2048;

/// Draws the timeline with its buttons in an area.
pub(in crate::editor) fn draw(ui: &mut Ui, area: Rect, view: &mut View, scale: f32) {
    ui.painter()
        .rect_filled(area, theme::PANEL_RADIUS, theme::PANEL);
    let inside = area.shrink(theme::PANEL_PADDING);
    let (row, rest) = inside.split_top_bottom_at_y(inside.top() + BUTTONS * scale);
    let builder = UiBuilder::new()
        .max_rect(row)
        .layout(Layout::left_to_right(Align::Min));
    ui.scope_builder(builder, |ui| buttons(ui, view));
    plot(ui, rest, view, scale);
}

fn buttons(ui: &mut Ui, view: &mut View) {
    ui.spacing_mut().item_spacing.x = 3.0;
    for span in SPANS_S {
        let is_on = view.look.span_s() == span;
        let text = format!("{span} s");
        if chip(ui, &text, is_on, "How much the timeline shows").clicked() {
            view.look.set_span_s(span);
        }
    }
    ui.add_space(6.0);
    let lines = view.look.curves == Curves::Lines;
    if chip(ui, "Lines", lines, "Lines instead of stacked bands").clicked() {
        view.look.curves = if lines { Curves::Bands } else { Curves::Lines };
    }
    let spectrum = view.look.sound == Sound::Spectrum;
    if chip(
        ui,
        "Spectrum",
        spectrum,
        "The mel spectrum instead of the wave",
    )
    .clicked()
    {
        view.look.sound = if spectrum {
            Sound::Wave
        } else {
            Sound::Spectrum
        };
    }
    let paused = view.timeline.is_paused;
    if chip(
        ui,
        "Pause",
        paused,
        "The timeline stays while the analysis goes on",
    )
    .clicked()
    {
        view.timeline.is_paused = !paused;
    }
    ui.add_space(6.0);
    if chip(
        ui,
        "CSV",
        false,
        "Writes the values that are shown into a table",
    )
    .clicked()
    {
        view.controls.request(Request::ExportCsv);
    }
    if chip(ui, "PNG", false, "Writes what is shown into a picture").clicked() {
        view.controls.request(Request::ExportPng);
    }
}

/// Draws the timeline without its buttons.
pub(in crate::editor) fn plot(ui: &mut Ui, area: Rect, view: &View, scale: f32) {
    let timeline = &view.timeline;
    let (plot, times) = area.split_top_bottom_at_y(area.bottom() - TIMES * scale);
    let (values, sound) = plot.split_top_bottom_at_y(plot.bottom() - plot.height() * SOUND_SHARE);
    let values = values.with_max_y(values.bottom() - 6.0);
    let painter = ui.painter().with_clip_rect(area);
    let axis = Axis {
        range_s: timeline.range_s(),
        left: plot.left(),
        width: plot.width(),
    };
    painter.rect_filled(values, 3.0, theme::GROOVE);
    painter.rect_filled(sound, 3.0, theme::GROOVE);
    let inside = painter.with_clip_rect(plot);
    let font = theme::font(theme::SMALL_TEXT * scale);
    curves(&inside, values, timeline, &axis, view.look.curves, &font);
    match view.look.sound {
        Sound::Wave => wave(&inside, sound, timeline, &axis),
        Sound::Spectrum => spectrum(ui, &inside, sound, timeline, &axis),
    }
    time_scale(&painter, times, plot, timeline, &axis, &font);
    let playhead = timeline.now_s.map(|now| axis.x(now));
    if let Some(x) = playhead.filter(|&x| x < plot.right() - 1.0) {
        painter.vline(x, plot.y_range(), Stroke::new(1.5, theme::GOOD));
    }

    let response = ui.interact(plot, ui.scope_id().with("timeline"), Sense::hover());
    let said = view.verdict.text.as_str();
    response.widget_info(|| {
        let text = format!("Timeline of the last {} s, now {said}", view.look.span_s());
        WidgetInfo::labeled(Role::Image, true, text)
    });
    if let Some(pointer) = response.hover_pos() {
        painter.vline(
            pointer.x,
            plot.y_range(),
            Stroke::new(1.0, theme::TEXT_STRONG),
        );
        let time_s = axis.time_s(pointer.x);
        response.on_hover_ui_at_pointer(|ui| readout(ui, timeline, time_s));
    }
}

/// Time along the width.
struct Axis {
    range_s: [f64; 2],
    left: f32,
    width: f32,
}

impl Axis {
    fn x(&self, time_s: f64) -> f32 {
        let [from, to] = self.range_s;
        self.left + ((time_s - from) / (to - from).max(1e-9)) as f32 * self.width
    }

    fn time_s(&self, x: f32) -> f64 {
        let [from, to] = self.range_s;
        from + f64::from((x - self.left) / self.width) * (to - from)
    }
}

fn curves(
    painter: &Painter,
    area: Rect,
    timeline: &TimelineView,
    axis: &Axis,
    curves: Curves,
    font: &FontId,
) {
    for run in timeline.runs() {
        let first = run[0];
        let start = Moment {
            at_s: first.at_s - REACH_S,
            ..first
        };
        if !first.reading.state.has_values() {
            let ends = [axis.x(start.at_s), axis.x(run[run.len() - 1].at_s)];
            no_voice(painter, area, ends, font);
            continue;
        }
        let points: Vec<Moment> = std::iter::once(start).chain(run.iter().copied()).collect();
        match curves {
            Curves::Bands => bands(painter, area, &points, axis),
            Curves::Lines => lines(painter, area, &points, axis),
        }
    }
}

fn no_voice(painter: &Painter, area: Rect, [from, to]: [f32; 2], font: &FontId) {
    let place = area.with_min_x(from.max(area.left())).with_max_x(to);
    painter.rect_filled(place, 0.0, theme::PANEL.gamma_multiply(0.6));
    let text = painter.layout_no_wrap("no voice".to_owned(), font.clone(), theme::TEXT_WEAK);
    if text.size().x + 10.0 < place.width() {
        painter.galley(place.center() - text.size() / 2.0, text, theme::TEXT_WEAK);
    }
}

/// The less sure the recogniser was, the weaker the colour.
fn faded(emotion: Emotion, confidence: f32) -> Color32 {
    let opacity = LEAST_OPACITY + (1.0 - LEAST_OPACITY) * (2.0 * confidence).min(1.0);
    theme::colour(emotion).gamma_multiply(opacity)
}

fn bands(painter: &Painter, area: Rect, points: &[Moment], axis: &Axis) {
    let mut mesh = Mesh::default();
    for pair in points.windows(2) {
        let mut below = [0.0f32; 2];
        let xs = [axis.x(pair[0].at_s), axis.x(pair[1].at_s)];
        for (place, emotion) in Emotion::ALL.into_iter().enumerate() {
            let above: [f32; 2] =
                std::array::from_fn(|end| below[end] + pair[end].reading.probabilities[place]);
            let first = mesh.vertices.len() as u32;
            for end in [0, 1] {
                let colour = faded(emotion, pair[end].reading.confidence);
                for share in [below[end], above[end]] {
                    let y = area.bottom() - area.height() * share.min(1.0);
                    mesh.colored_vertex(pos2(xs[end], y), colour);
                }
            }
            mesh.add_triangle(first, first + 1, first + 2);
            mesh.add_triangle(first + 1, first + 2, first + 3);
            below = above;
        }
    }
    painter.add(Shape::mesh(mesh));
}

fn lines(painter: &Painter, area: Rect, points: &[Moment], axis: &Axis) {
    for (place, emotion) in Emotion::ALL.into_iter().enumerate() {
        for pair in points.windows(2) {
            let at = |moment: &Moment| -> Pos2 {
                let share = moment.reading.probabilities[place];
                let room = area.height() - 4.0;
                pos2(axis.x(moment.at_s), area.bottom() - 2.0 - room * share)
            };
            let colour = faded(emotion, pair[1].reading.confidence);
            painter.line_segment([at(&pair[0]), at(&pair[1])], Stroke::new(2.0, colour));
        }
    }
}

fn wave(painter: &Painter, area: Rect, timeline: &TimelineView, axis: &Axis) {
    let middle = area.center().y;
    let peaks = timeline.columns.iter().flat_map(|column| column.peaks);
    let largest = peaks.fold(1.0 / LARGEST_GAIN, |most: f32, peak| most.max(peak.abs()));
    let height = (area.height() / 2.0 - 2.0) / largest;
    let width = (axis.x(1.0 / COLUMNS_PER_SECOND) - axis.x(0.0)).max(1.0);
    let mut mesh = Mesh::default();
    for column in &timeline.columns {
        let x = axis.x(column.index as f64 / COLUMNS_PER_SECOND);
        let [low, high] = column.peaks;
        let line = Rect::from_min_max(
            pos2(x, middle - height * high - 0.5),
            pos2(x + width, middle - height * low + 0.5),
        );
        mesh.add_colored_rect(line, theme::WAVE);
    }
    painter.add(Shape::mesh(mesh));
}

fn spectrum(ui: &Ui, painter: &Painter, area: Rect, timeline: &TimelineView, axis: &Axis) {
    let id = ui.scope_id().with("spectrum");
    let known: Option<(u64, TextureHandle)> = ui.data(|data| data.get_temp(id));
    let texture = match known {
        Some((version, texture)) if version == timeline.version => texture,
        known => {
            let image = spectrum_image(timeline);
            let texture = match known {
                Some((_, mut texture)) => {
                    texture.set(image, TextureOptions::LINEAR);
                    texture
                }
                None => ui
                    .ctx()
                    .load_texture("spectrum", image, TextureOptions::LINEAR),
            };
            let kept = (timeline.version, texture.clone());
            ui.data_mut(|data| data.insert_temp(id, kept));
            texture
        }
    };
    let place = Rect::from_x_y_ranges(
        axis.x(axis.range_s[0])..=axis.x(axis.range_s[1]),
        area.y_range(),
    );
    let whole = Rect::from_min_max(pos2(0.0, 0.0), pos2(1.0, 1.0));
    painter.image(texture.id(), place, whole, Color32::WHITE);
}

fn spectrum_image(timeline: &TimelineView) -> ColorImage {
    let [from, to] = timeline.range_s();
    let columns = ((to - from) * COLUMNS_PER_SECOND) as usize;
    let first = (from * COLUMNS_PER_SECOND).round() as i64;
    let share = columns.div_ceil(LARGEST_TEXTURE).max(1);
    let width = columns.div_ceil(share).max(1);
    let mut image = ColorImage::filled([width, SPECTRUM_ROWS], theme::GROOVE);
    for column in &timeline.columns {
        let x = (column.index - first) as usize / share;
        for (row, &power) in column.spectrum.iter().enumerate() {
            image[(x.min(width - 1), SPECTRUM_ROWS - 1 - row)] = theme::heat(power);
        }
    }
    image
}

/// The times below, at round seconds.
fn time_scale(
    painter: &Painter,
    area: Rect,
    plot: Rect,
    timeline: &TimelineView,
    axis: &Axis,
    font: &FontId,
) {
    let [from, to] = axis.range_s;
    let step = match to - from {
        span if span <= 16.0 => 2.5,
        span if span <= 31.0 => 5.0,
        span if span <= 61.0 => 10.0,
        _ => 20.0,
    };
    let mut time_s = (from / step).ceil() * step;
    while time_s < to {
        let x = axis.x(time_s);
        painter.vline(
            x,
            plot.y_range(),
            Stroke::new(1.0, theme::SCALE.gamma_multiply(0.5)),
        );
        let is_whole = x > area.left() + 16.0 && x < area.right() - 16.0;
        if time_s >= 0.0 && is_whole {
            let at = pos2(x, area.bottom());
            painter.text(
                at,
                Align2::CENTER_BOTTOM,
                clock(time_s),
                font.clone(),
                theme::TEXT_WEAK,
            );
        }
        time_s += step;
    }
    if timeline.columns.is_empty() {
        let text = "what the voice expresses will be drawn here";
        let at = plot.center() - vec2(0.0, plot.height() * SOUND_SHARE / 2.0);
        painter.text(
            at,
            Align2::CENTER_CENTER,
            text,
            font.clone(),
            theme::TEXT_WEAK,
        );
    }
}

/// Minutes and seconds.
fn clock(time_s: f64) -> String {
    let minutes = (time_s / 60.0).floor();
    let seconds = time_s - 60.0 * minutes;
    if seconds.fract().abs() < 0.01 {
        format!("{minutes:.0}:{seconds:02.0}")
    } else {
        format!("{minutes:.0}:{seconds:04.1}")
    }
}

/// What was said of a time.
fn readout(ui: &mut Ui, timeline: &TimelineView, time_s: f64) {
    ui.label(clock((time_s.max(0.0) * 10.0).round() / 10.0));
    let Some(moment) = timeline.at(time_s) else {
        ui.label("nothing was heard");
        return;
    };
    let reading = &moment.reading;
    if !reading.state.has_values() {
        ui.label(reading.state.name());
        return;
    }
    let mut order: Vec<(Emotion, f32)> = Emotion::ALL
        .into_iter()
        .zip(reading.probabilities)
        .collect();
    order.sort_by(|a, b| b.1.total_cmp(&a.1));
    for (emotion, probability) in order {
        let text = format!("{} {:.0} %", emotion.name(), 100.0 * probability);
        ui.colored_label(theme::colour(emotion), text);
    }
    ui.label(format!("sure: {:.0} %", 100.0 * reading.confidence));
}
