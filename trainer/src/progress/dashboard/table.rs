//! The table of the last epochs.

use super::state::State;
use crate::{
    log::EpochLog,
    progress::{
        best,
        text::{loss, percent, rate},
    },
};
use ratatui::{
    Frame,
    layout::{Constraint, Rect},
    style::{Color, Style},
    text::Span,
    widgets::{Block, Row, Table},
};

/// A figure of an epoch.
struct Column {
    title: &'static str,
    width: u16,
    of: fn(&EpochLog) -> String,
}

/// In the order in which they are worth their room.
const COLUMNS: [Column; 8] = [
    Column {
        title: "loss",
        width: 6,
        of: |epoch| loss(Some(epoch.loss)),
    },
    Column {
        title: "val.",
        width: 6,
        of: |epoch| loss(epoch.validation_loss),
    },
    Column {
        title: "val. UAR",
        width: 8,
        of: |epoch| percent(epoch.validation_uar),
    },
    Column {
        title: "mix UAR",
        width: 7,
        of: |epoch| percent(epoch.mix_uar),
    },
    Column {
        title: "acc.",
        width: 5,
        of: |epoch| percent(epoch.mix_accuracy),
    },
    Column {
        title: "s",
        width: 5,
        of: |epoch| format!("{:.0}", epoch.seconds),
    },
    Column {
        title: "test",
        width: 6,
        of: |epoch| loss(epoch.test_loss),
    },
    Column {
        title: "rate",
        width: 8,
        of: |epoch| rate(epoch.learning_rate),
    },
];

/// The last epochs, newest first; the best is marked, and is last where it would not be among them.
pub(super) fn epochs(frame: &mut Frame, area: Rect, state: &State) {
    let best = best(&state.log);
    let title = best.map_or_else(
        || " Epochs ".to_owned(),
        |at| format!(" Epochs, the best is {} ", state.log[at].epoch),
    );
    let block = Block::bordered()
        .border_style(Style::new().fg(Color::DarkGray))
        .title(Span::styled(title, Style::new().bold()));
    let inner = block.inner(area);
    let columns = fitting(inner.width);
    // One row is the head.
    let room = usize::from(inner.height.saturating_sub(1));
    let rows = shown(state.log.len(), best, room).into_iter().map(|at| {
        let epoch = &state.log[at];
        let (mark, style) = if best == Some(at) {
            ("*", Style::new().fg(Color::Green).bold())
        } else {
            ("", Style::new())
        };
        let number = format!("{}{mark}", epoch.epoch);
        let figures = columns.iter().map(|column| (column.of)(epoch));
        Row::new([number].into_iter().chain(figures)).style(style)
    });
    let head = ["epoch"]
        .into_iter()
        .chain(columns.iter().map(|column| column.title));
    let widths = [5]
        .into_iter()
        .chain(columns.iter().map(|column| column.width));
    let table = Table::new(rows, widths.map(Constraint::Length))
        .header(Row::new(head).style(Style::new().fg(Color::DarkGray)))
        .block(block);
    frame.render_widget(table, area);
}

/// The columns beside the number that have room.
fn fitting(width: u16) -> &'static [Column] {
    let mut right = 5;
    let fits = COLUMNS.iter().take_while(|column| {
        right += 1 + column.width;
        right <= width
    });
    &COLUMNS[..fits.count()]
}

/// Places in the log, as many as there is room for.
fn shown(epochs: usize, best: Option<usize>, room: usize) -> Vec<usize> {
    let mut places: Vec<usize> = (0..epochs).rev().take(room).collect();
    if let (Some(best), Some(last)) = (best, places.last_mut())
        && best < *last
    {
        *last = best;
    }
    places
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_is_always_shown() {
        assert_eq!(shown(10, Some(2), 4), [9, 8, 7, 2]);
        assert_eq!(shown(10, Some(8), 4), [9, 8, 7, 6]);
        assert_eq!(shown(3, None, 4), [2, 1, 0]);
        assert_eq!(shown(10, Some(2), 0), [0; 0]);
    }

    #[test]
    fn columns_that_have_no_room_are_left_out() {
        let titles = |width| {
            fitting(width)
                .iter()
                .map(|own| own.title)
                .collect::<Vec<_>>()
        };
        assert_eq!(titles(4), [""; 0]);
        assert_eq!(titles(19), ["loss", "val."]);
        assert_eq!(fitting(200).len(), COLUMNS.len());
    }
}
