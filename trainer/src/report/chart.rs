//! Charts as inline SVG: confusion matrices, curves and reliability diagrams.

use super::percent;
use crate::{evaluate::Figures, metrics::Bin};
use maud::{Markup, html};
use pathos_analysis::Emotion;

const WIDTH: f64 = 500.0;
const HEIGHT: f64 = 260.0;
/// Room for the labels: left, right, top, bottom.
const MARGIN: [f64; 4] = [48.0, 12.0, 12.0, 40.0];

/// A curve of a chart.
pub(super) struct Series {
    /// What the legend calls it.
    pub(super) name: String,
    /// Its colour.
    pub(super) colour: &'static str,
    /// Its points; those that are no numbers are left out.
    pub(super) points: Vec<(f64, f64)>,
}

/// Colours that people with any kind of colour vision tell apart (Okabe & Ito, 2008).
pub(super) const COLOURS: [&str; 7] = [
    "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#8a8a8a",
];

/// Where the chart's own rectangle lies, and what it spans.
struct Frame {
    x: [f64; 2],
    y: [f64; 2],
}

impl Frame {
    fn place_x(&self, x: f64) -> f64 {
        let share = (x - self.x[0]) / (self.x[1] - self.x[0]);
        MARGIN[0] + share * (WIDTH - MARGIN[0] - MARGIN[1])
    }

    fn place_y(&self, y: f64) -> f64 {
        let share = (y - self.y[0]) / (self.y[1] - self.y[0]);
        HEIGHT - MARGIN[3] - share * (HEIGHT - MARGIN[2] - MARGIN[3])
    }

    fn axes(&self, x_label: &str, y_label: &str) -> Markup {
        let (left, right) = (self.place_x(self.x[0]), self.place_x(self.x[1]));
        let (bottom, top) = (self.place_y(self.y[0]), self.place_y(self.y[1]));
        html! {
            @for y in ticks(self.y) {
                line.axis x1=(left) x2=(right) y1=(self.place_y(y)) y2=(self.place_y(y)) {}
                text x=(left - 6.0) y=(self.place_y(y) + 4.0) text-anchor="end" { (number(y)) }
            }
            @for x in ticks(self.x) {
                text x=(self.place_x(x)) y=(bottom + 15.0) text-anchor="middle" { (number(x)) }
            }
            rect.axis x=(left) y=(top) width=(right - left) height=(bottom - top) {}
            text.weak x=((left + right) / 2.0) y=(HEIGHT - 6.0) text-anchor="middle" { (x_label) }
            text.weak transform=(format!("translate(12,{}) rotate(-90)", (top + bottom) / 2.0)) text-anchor="middle" { (y_label) }
        }
    }
}

/// Round numbers within a range, about five of them.
fn ticks([from, to]: [f64; 2]) -> Vec<f64> {
    let rough = (to - from) / 5.0;
    let power = 10f64.powf(rough.log10().floor());
    let steps = [1.0, 2.0, 2.5, 5.0, 10.0].map(|step| step * power);
    let step = steps
        .into_iter()
        .find(|step| *step >= rough)
        .unwrap_or(rough);
    let first = (from / step - 1e-9).ceil() as i64;
    let last = (to / step + 1e-9).floor() as i64;
    (first..=last).map(|n| n as f64 * step).collect()
}

fn number(value: f64) -> String {
    let text = format!("{value:.3}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// A chart of curves; a note in its place if there is no point.
pub(super) fn lines(title: &str, x_label: &str, y_label: &str, series: &[Series]) -> Markup {
    let finite = |series: &Series| -> Vec<(f64, f64)> {
        let points = series.points.iter().copied();
        points
            .filter(|(x, y)| x.is_finite() && y.is_finite())
            .collect()
    };
    let all: Vec<(f64, f64)> = series.iter().flat_map(finite).collect();
    if all.is_empty() {
        return html! { figure { figcaption { (title) ": nothing was measured" } } };
    }
    let range = |values: &mut dyn Iterator<Item = f64>| {
        let [from, to] = values.fold([f64::INFINITY, f64::NEG_INFINITY], |[from, to], value| {
            [from.min(value), to.max(value)]
        });
        let room = ((to - from) * 0.05).max(1e-3);
        [from - room, to + room]
    };
    let frame = Frame {
        x: range(&mut all.iter().map(|point| point.0)),
        y: range(&mut all.iter().map(|point| point.1)),
    };
    let path = |points: &[(f64, f64)]| -> String {
        let place =
            |&(x, y): &(f64, f64)| format!("{:.1},{:.1} ", frame.place_x(x), frame.place_y(y));
        points.iter().map(place).collect()
    };
    html! {
        figure {
            svg viewBox=(format!("0 0 {WIDTH} {HEIGHT}")) width=(WIDTH) role="img" aria-label=(title) {
                (frame.axes(x_label, y_label))
                @for series in series {
                    polyline points=(path(&finite(series))) fill="none" stroke=(series.colour) stroke-width="2" {}
                }
            }
            figcaption.legend {
                (title) ": "
                @for series in series {
                    span { i style=(format!("background:{}", series.colour)) {} (series.name) }
                }
            }
        }
    }
}

/// What was taken for what: counts and per cent of each row, the darker the more.
pub(super) fn confusion(figures: &Figures) -> Markup {
    const CELL: [f64; 2] = [64.0, 34.0];
    const LABEL: f64 = 76.0;
    let occurs = |class: usize| {
        figures.confusion[class].iter().any(|&count| count > 0)
            || figures.confusion.iter().any(|row| row[class] > 0)
    };
    let classes: Vec<Emotion> = Emotion::ALL
        .into_iter()
        .filter(|own| occurs(own.index()))
        .collect();
    let size = [
        LABEL + CELL[0] * classes.len() as f64,
        44.0 + CELL[1] * classes.len() as f64,
    ];
    html! {
        figure {
            svg viewBox=(format!("0 0 {} {}", size[0], size[1])) width=(size[0]) role="img" aria-label=(format!("confusion matrix of {}", figures.set)) {
                @for (column, emotion) in classes.iter().enumerate() {
                    text x=(LABEL + CELL[0] * (column as f64 + 0.5)) y="36" text-anchor="middle" { (emotion.name()) }
                }
                text.weak x=(LABEL + CELL[0] * classes.len() as f64 / 2.0) y="14" text-anchor="middle" { "recognised as" }
                @for (row, truth) in classes.iter().enumerate() {
                    @let counts = &figures.confusion[truth.index()];
                    @let total = counts.iter().sum::<usize>().max(1) as f64;
                    @let y = 44.0 + CELL[1] * row as f64;
                    text x=(LABEL - 8.0) y=(y + 21.0) text-anchor="end" { (truth.name()) }
                    @for (column, emotion) in classes.iter().enumerate() {
                        @let count = counts[emotion.index()];
                        @let share = count as f64 / total;
                        @let x = LABEL + CELL[0] * column as f64;
                        rect.axis x=(x) y=(y) width=(CELL[0]) height=(CELL[1]) style=(format!("fill:rgb(var(--ink) / {:.2})", 0.75 * share)) {}
                        text x=(x + CELL[0] / 2.0) y=(y + 15.0) text-anchor="middle" { (format!("{:.0} %", 100.0 * share)) }
                        text .weak[share < 0.4] x=(x + CELL[0] / 2.0) y=(y + 28.0) text-anchor="middle" { (count) }
                    }
                }
            }
            figcaption { (figures.set) ": rows are what was acted; per cent of the row, and clips" }
        }
    }
}

/// How often the recogniser is right where it is so sure.
pub(super) fn reliability(set: &str, bins: &[Bin], ece: f64) -> Markup {
    let frame = Frame {
        x: [0.0, 1.0],
        y: [0.0, 1.0],
    };
    let width = 1.0 / bins.len().max(1) as f64;
    let most = bins.iter().map(|bin| bin.clips).max().unwrap_or(0).max(1) as f64;
    html! {
        figure {
            svg viewBox=(format!("0 0 {WIDTH} {HEIGHT}")) width=(WIDTH) role="img" aria-label=(format!("reliability of {set}")) {
                (frame.axes("probability of what was recognised", "share that was right"))
                line x1=(frame.place_x(0.0)) y1=(frame.place_y(0.0)) x2=(frame.place_x(1.0)) y2=(frame.place_y(1.0)) stroke="currentColor" stroke-dasharray="4 4" {}
                @for (number, bin) in bins.iter().enumerate() {
                    @let (left, right) = (frame.place_x(number as f64 * width), frame.place_x((number + 1) as f64 * width));
                    @let height = 60.0 * bin.clips as f64 / most;
                    rect x=(left + 1.0) y=(frame.place_y(0.0) - height) width=(right - left - 2.0) height=(height) fill="currentColor" opacity="0.15" {
                        title { (bin.clips) " clips" }
                    }
                    @if bin.clips > 0 {
                        circle cx=(frame.place_x(bin.confidence)) cy=(frame.place_y(bin.accuracy)) r="4" fill=(COLOURS[0]) {}
                    }
                }
            }
            figcaption { (set) ": points on the dashed line are as often right as they say; grey: how many clips. ECE " (percent(ece)) " %" }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{corpora::Corpus, evaluate, metrics::Judged};

    #[test]
    fn ticks_are_round_and_within() {
        assert_eq!(
            ticks([0.0, 1.0]),
            [0.0, 0.2, 0.4, 0.6000000000000001, 0.8, 1.0]
        );
        assert_eq!(ticks([1.0, 40.0]), [10.0, 20.0, 30.0, 40.0]);
        assert_eq!(number(0.6000000000000001), "0.6");
    }

    #[test]
    fn a_matrix_holds_its_counts() {
        let mut judged = Vec::new();
        for (truth, said, count) in [(0, 0, 37), (0, 5, 12), (5, 5, 51)] {
            let mut probabilities = [0.0; Emotion::COUNT];
            probabilities[said] = 1.0;
            let own = Judged {
                truth: Emotion::ALL[truth],
                probabilities,
                speaker: "S".into(),
            };
            judged.extend(vec![own; count]);
        }
        let figures = evaluate::figures(Corpus::Tess.name(), &judged);
        let svg = confusion(&figures).into_string();
        for text in [
            ">37<", ">12<", ">51<", ">76 %<", ">24 %<", ">100 %<", "angry", "sad",
        ] {
            assert!(svg.contains(text), "{text} in {svg}");
        }
        assert!(!svg.contains("happy"), "it does not occur");
        let svg = reliability("TESS", &figures.reliability, figures.ece).into_string();
        assert!(svg.contains("100 clips"), "{svg}");
    }

    #[test]
    fn curves_without_numbers_are_said_to_be_empty() {
        let series = |points| Series {
            name: "loss".into(),
            colour: COLOURS[0],
            points,
        };
        let empty = lines("Loss", "epoch", "loss", &[series(vec![(1.0, f64::NAN)])]);
        assert!(empty.into_string().contains("nothing was measured"));
        let chart = lines(
            "Loss",
            "epoch",
            "loss",
            &[series(vec![(1.0, 2.0), (2.0, f64::NAN), (3.0, 1.0)])],
        );
        let chart = chart.into_string();
        assert!(!chart.contains("NaN") && chart.contains("polyline"));
    }
}
