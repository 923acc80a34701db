//! The charts over epochs: losses, UARs, learning rate.

use super::{curve::Curve, state::State};
use crate::{
    log::EpochLog,
    progress::text::{loss, percent, rate},
};
use ratatui::{
    Frame,
    layout::{Constraint, Layout, Rect},
    style::{Color, Style},
    symbols::Marker,
    text::{Line, Span},
    widgets::{Axis, Block, Chart, Dataset, GraphType, Paragraph},
};

/// Of the learning curves and of one set after the other.
const COLOURS: [Color; 7] = [
    Color::Cyan,
    Color::Yellow,
    Color::Green,
    Color::Magenta,
    Color::LightBlue,
    Color::LightRed,
    Color::White,
];
/// Epochs on the axis at the start of a long run; doubled whenever they are full.
const FIRST_EPOCHS: f64 = 10.0;
/// Beyond it a figure is a failure, and would flatten all others.
const LARGEST: f64 = 1e6;

/// What a curve takes from an epoch.
type Figure = fn(&EpochLog) -> Option<f64>;

/// Rows of a chart with its axis, below which the legend gives way.
const LOWEST_CHART: u16 = 4;

/// A curve, what it is called and its last value.
struct Series {
    name: &'static str,
    value: String,
    colour: Color,
    points: Vec<(f64, f64)>,
}

impl Series {
    fn new(name: &'static str, value: String, at: usize, points: Vec<(f64, f64)>) -> Self {
        Self {
            name,
            value,
            colour: COLOURS[at % COLOURS.len()],
            points,
        }
    }
}

/// A vertical axis.
struct Scale {
    low: f64,
    high: f64,
    label: fn(f64) -> String,
}

/// Loss of the training, the validation and the test, and of the epoch under way.
pub(super) fn losses(frame: &mut Frame, area: Rect, state: &State) {
    let last = state.log.last();
    let mut series = vec![Series::new(
        "training",
        loss(last.map(|epoch| epoch.loss)),
        0,
        over_epochs(&state.log, |epoch| Some(epoch.loss)),
    )];
    let running = state.last_step.map(|step| loss(Some(step.loss)));
    series.push(Series::new(
        "this epoch",
        running.unwrap_or_else(|| loss(None)),
        6,
        kept(&state.running),
    ));
    let held_out: [(_, Figure); 2] = [
        ("validation", |epoch| epoch.validation_loss),
        ("test", |epoch| epoch.test_loss),
    ];
    for (at, (name, of)) in held_out.into_iter().enumerate() {
        if let Some(value) = last.and_then(of) {
            let points = over_epochs(&state.log, of);
            series.push(Series::new(name, loss(Some(value)), at + 1, points));
        }
    }
    let (low, high) = extent(&series).unwrap_or((0.0, 2.0));
    let margin = (0.05 * (high - low)).max(1e-3);
    let scale = Scale {
        low: low - margin,
        high: high + margin,
        label: |value| loss(Some(value)),
    };
    draw(frame, area, " Loss ", &series, &scale, state);
}

/// UAR of the validation, of each set of the test and of their mix, in percent.
pub(super) fn uars(frame: &mut Frame, area: Rect, state: &State) {
    let mut series = Vec::new();
    let mut add = |name, of: &dyn Fn(&EpochLog) -> Option<f64>| {
        if let Some(value) = state.log.last().and_then(of) {
            let points = over_epochs(&state.log, |epoch| of(epoch).map(|uar| 100.0 * uar));
            let at = series.len();
            series.push(Series::new(name, percent(Some(value)), at, points));
        }
    };
    add("validation", &|epoch| epoch.validation_uar);
    add("mix", &|epoch| epoch.mix_uar);
    let sets = state.log.last().map(EpochLog::test_uars);
    for (name, _) in sets.unwrap_or_default() {
        add(name, &|epoch| {
            let uars = epoch.test_uars();
            uars.iter().find(|own| own.0 == name).map(|own| own.1)
        });
    }
    let (low, high) = extent(&series).unwrap_or((0.0, 100.0));
    let (low, high) = ((low / 10.0).floor() * 10.0, (high / 10.0).ceil() * 10.0);
    let scale = Scale {
        low,
        high: high.max(low + 10.0),
        label: |value| format!("{value:.0}"),
    };
    draw(frame, area, " UAR % ", &series, &scale, state);
}

/// The learning rate, from 0.
pub(super) fn rates(frame: &mut Frame, area: Rect, state: &State) {
    let points = kept(&state.rates);
    let now = points
        .last()
        .map_or_else(|| loss(None), |last| rate(last.1));
    let series = [Series::new("now", now, 1, points)];
    let high = extent(&series).map_or(0.0, |(_, high)| high);
    let scale = Scale {
        low: 0.0,
        high: if high > 0.0 { 1.05 * high } else { 1.0 },
        label: |value| {
            if value == 0.0 {
                "0".to_owned()
            } else {
                rate(value)
            }
        },
    };
    draw(frame, area, " Learning rate ", &series, &scale, state);
}

fn is_shown(value: f64) -> bool {
    value.is_finite() && value.abs() <= LARGEST
}

fn over_epochs(log: &[EpochLog], of: impl Fn(&EpochLog) -> Option<f64>) -> Vec<(f64, f64)> {
    log.iter()
        .filter_map(|epoch| Some((epoch.epoch as f64, of(epoch)?)))
        .filter(|point| is_shown(point.1))
        .collect()
}

fn kept(curve: &Curve) -> Vec<(f64, f64)> {
    let points = curve.points().iter().copied();
    points.filter(|point| is_shown(point.1)).collect()
}

fn extent(series: &[Series]) -> Option<(f64, f64)> {
    let values = || {
        let points = series.iter().flat_map(|series| &series.points);
        points.map(|point| point.1)
    };
    let low = values().reduce(f64::min)?;
    Some((low, values().fold(low, f64::max)))
}

/// The last epoch on the axis: not all of a long run from its start, as there would be little to see.
fn last_epoch(state: &State) -> f64 {
    let all = state.epochs.max(1) as f64;
    let reached = state.epoch_number() as f64;
    let mut shown = FIRST_EPOCHS;
    while shown < reached {
        shown *= 2.0;
    }
    shown.min(all)
}

fn draw(
    frame: &mut Frame,
    area: Rect,
    title: &str,
    series: &[Series],
    scale: &Scale,
    state: &State,
) {
    let block = Block::bordered()
        .border_style(Style::new().fg(Color::DarkGray))
        .title(Span::styled(title.to_owned(), Style::new().bold()));
    let inner = block.inner(area);
    frame.render_widget(block, area);
    let legend = legend(series, inner.width);
    let wanted = u16::try_from(legend.len()).unwrap_or(u16::MAX);
    let height = wanted.min(inner.height.saturating_sub(LOWEST_CHART).max(1));
    let [top, rest] =
        Layout::vertical([Constraint::Length(height), Constraint::Min(0)]).areas(inner);
    frame.render_widget(Paragraph::new(legend), top);
    let datasets = series.iter().map(|series| {
        Dataset::default()
            .marker(Marker::Braille)
            .graph_type(GraphType::Line)
            .style(Style::new().fg(series.colour))
            .data(&series.points)
    });
    let last = last_epoch(state);
    let axis = |low: f64, high: f64, labels: Vec<String>| {
        Axis::default()
            .style(Style::new().fg(Color::DarkGray))
            .bounds([low, high])
            .labels(labels)
    };
    let middle = (scale.low + scale.high) / 2.0;
    // Labels that share a row would hide each other.
    let heights = if rest.height >= 6 {
        vec![scale.low, middle, scale.high]
    } else {
        vec![scale.low, scale.high]
    };
    let chart = Chart::new(datasets.collect())
        .legend_position(None)
        .x_axis(axis(
            0.0,
            last,
            vec!["0".to_owned(), format!("{last:.0} epochs")],
        ))
        .y_axis(axis(
            scale.low,
            scale.high,
            heights.into_iter().map(scale.label).collect(),
        ));
    frame.render_widget(chart, rest);
}

/// Names and values in as many lines as they need.
fn legend(series: &[Series], width: u16) -> Vec<Line<'static>> {
    let mut lines: Vec<Line> = Vec::new();
    for series in series {
        let style = Style::new().fg(series.colour);
        let name = Span::styled(format!("{} ", series.name), style);
        let value = Span::styled(series.value.clone(), style.bold());
        let needed = 2 + name.width() + value.width();
        match lines.last_mut() {
            Some(line) if line.width() + needed <= usize::from(width) => {
                line.extend([Span::raw("  "), name, value]);
            }
            _ => lines.push(Line::from(vec![name, value])),
        }
    }
    lines
}
