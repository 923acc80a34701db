//! Where everything is on the screen: the head, the gauges, the panes, the keys.

use super::{
    chart,
    state::{Pane, State},
    table,
};
use crate::progress::text::{clock, count, loss, rate};
use ratatui::{
    Frame,
    layout::{Constraint, Layout, Rect},
    style::{Color, Style},
    text::{Line, Span},
    widgets::{Gauge, Paragraph},
};
use std::time::Duration;

/// The smallest screen with a full head and, if all panes are wanted, all of them.
const FULL: (u16, u16) = (70, 20);
/// The smallest screen with a pane at all.
const WITH_PANE: (u16, u16) = (24, 11);

/// Draws all of it. Nothing is assumed of the screen's size.
pub(super) fn draw(frame: &mut Frame, state: &State, now: Duration) {
    let area = frame.area();
    let has = |(width, height)| area.width >= width && area.height >= height;
    let head = if has(FULL) {
        full_head(state, now, usize::from(area.width))
    } else if area.height >= 5 {
        short_head(state, now)
    } else {
        return frame.render_widget(one_line(state), area);
    };
    let height = u16::try_from(head.len()).unwrap_or(u16::MAX);
    let [top, epoch, run, panes, bottom] = Layout::vertical([
        Constraint::Length(height),
        Constraint::Length(1),
        Constraint::Length(1),
        Constraint::Min(0),
        Constraint::Length(1),
    ])
    .areas(area);
    frame.render_widget(Paragraph::new(head), top);
    let is_wide = has(FULL);
    gauge(
        frame,
        epoch,
        state.share_of_epoch(),
        epoch_label(state, is_wide),
    );
    let done = format!("{} of {} epochs", state.log.len(), state.epochs);
    gauge(frame, run, state.share_of_run(), done);
    if has(FULL) && state.pane == Pane::All {
        all_panes(frame, panes, state);
    } else if has(WITH_PANE) {
        one_pane(frame, panes, state);
    }
    frame.render_widget(keys(state, is_wide), bottom);
}

fn full_head(state: &State, now: Duration, width: usize) -> Vec<Line<'static>> {
    let facts = &state.facts;
    let parameters = format!(
        "  {}, {} parameters, {} MACs, {}",
        state.network,
        count(facts.parameters),
        count(facts.macs),
        facts.device
    );
    let clips = format!(
        "{} clips to learn from, {} to validate, {} to test  ",
        facts.training, facts.validation, facts.test
    );
    let folder = tail(&state.folder, width.saturating_sub(clips.len()));
    vec![
        Line::from(vec![
            Span::styled(state.name.clone(), Style::new().fg(Color::Cyan).bold()),
            Span::raw(parameters),
        ]),
        Line::from(vec![Span::raw(clips), dim(folder)]),
        Line::from(vec![
            dim("elapsed "),
            Span::raw(clock(now)),
            dim("  left "),
            Span::raw(left(state, now)),
            dim("  clips/s "),
            Span::raw(speed(state)),
            dim("  loss "),
            Span::raw(running_loss(state)),
            dim("  rate "),
            Span::raw(running_rate(state)),
        ]),
    ]
}

fn short_head(state: &State, now: Duration) -> Vec<Line<'static>> {
    let name = Span::styled(state.name.clone(), Style::new().fg(Color::Cyan).bold());
    let loss = Line::from(vec![
        dim("loss "),
        Span::raw(running_loss(state)),
        dim(" left "),
        Span::raw(left(state, now)),
    ]);
    vec![Line::from(name), loss]
}

/// What matters most, as far as it goes.
fn one_line(state: &State) -> Line<'static> {
    let (epoch, epochs) = (state.epoch_number(), state.epochs);
    Line::from(format!("{epoch}/{epochs} loss {}", running_loss(state)))
}

fn left(state: &State, now: Duration) -> String {
    state.time_left(now).map_or_else(|| "-".to_owned(), clock)
}

fn speed(state: &State) -> String {
    let clips = state.clips_per_second();
    clips.map_or_else(|| "-".to_owned(), |clips| format!("{clips:.0}"))
}

/// Of the epoch under way, or of the last.
fn running_loss(state: &State) -> String {
    let now = state.last_step.map(|step| step.loss);
    loss(now.or_else(|| state.log.last().map(|epoch| epoch.loss)))
}

fn running_rate(state: &State) -> String {
    let now = state.last_step.map(|step| step.learning_rate);
    let last = || state.log.last().map(|epoch| epoch.learning_rate);
    now.or_else(last).map_or_else(|| "-".to_owned(), rate)
}

fn epoch_label(state: &State, is_wide: bool) -> String {
    let epoch = state.epoch_number();
    let (done, steps) = (state.steps_done(), state.steps);
    if state.is_judging() {
        format!("epoch {epoch}: judging")
    } else if is_wide {
        format!("epoch {epoch}: step {done} of {steps}")
    } else {
        format!("epoch {epoch}: {done}/{steps}")
    }
}

fn gauge(frame: &mut Frame, area: Rect, share: f64, label: String) {
    let gauge = Gauge::default()
        .gauge_style(Style::new().fg(Color::Blue).bg(Color::Black))
        .ratio(share)
        .use_unicode(true)
        .label(Span::styled(label, Style::new().fg(Color::White).bold()));
    frame.render_widget(gauge, area);
}

fn all_panes(frame: &mut Frame, area: Rect, state: &State) {
    let halves = [Constraint::Percentage(50), Constraint::Percentage(50)];
    let [top, bottom] =
        Layout::vertical([Constraint::Percentage(56), Constraint::Min(0)]).areas(area);
    let [losses, uars] = Layout::horizontal(halves).areas(top);
    let [epochs, rates] =
        Layout::horizontal([Constraint::Percentage(65), Constraint::Min(0)]).areas(bottom);
    chart::losses(frame, losses, state);
    chart::uars(frame, uars, state);
    table::epochs(frame, epochs, state);
    chart::rates(frame, rates, state);
}

fn one_pane(frame: &mut Frame, area: Rect, state: &State) {
    match state.pane {
        Pane::All | Pane::Losses => chart::losses(frame, area, state),
        Pane::Uars => chart::uars(frame, area, state),
        Pane::Epochs => table::epochs(frame, area, state),
        Pane::Rates => chart::rates(frame, area, state),
    }
}

fn keys(state: &State, is_wide: bool) -> Line<'static> {
    if state.is_stopping {
        let text = match (is_wide, state.is_judging(), state.log.last()) {
            (false, ..) => "stopping".to_owned(),
            (true, true, _) => "Stopping when this epoch is judged and kept".to_owned(),
            (true, false, Some(last)) => format!(
                "Stopping after this step; the checkpoint of epoch {} stays whole, --resume goes on from it",
                last.epoch
            ),
            (true, false, None) => {
                "Stopping after this step; no epoch is finished, so there is no checkpoint"
                    .to_owned()
            }
        };
        return Line::styled(text, Style::new().fg(Color::Black).bg(Color::Yellow));
    }
    let hints: &[(&str, &str)] = if is_wide {
        &[
            ("q", "stop after this step"),
            ("p", "next pane"),
            ("Ctrl-L", "draw again"),
        ]
    } else {
        &[("q", "stop"), ("p", "pane")]
    };
    let spans = hints.iter().flat_map(|(key, what)| {
        let key = Span::styled(*key, Style::new().fg(Color::Cyan).bold());
        [key, dim(format!(" {what}   "))]
    });
    Line::from_iter(spans)
}

fn dim(text: impl Into<std::borrow::Cow<'static, str>>) -> Span<'static> {
    Span::styled(text, Style::new().fg(Color::DarkGray))
}

/// The end of a path, which says more than its start.
fn tail(path: &str, width: usize) -> String {
    if Span::raw(path).width() <= width {
        return path.to_owned();
    }
    let ends = path.char_indices().map(|(at, _)| &path[at..]);
    let end = ends.skip(1).find(|end| Span::raw(*end).width() < width);
    end.map_or_else(String::new, |end| format!("…{end}"))
}
