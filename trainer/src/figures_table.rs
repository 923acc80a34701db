//! The figures of an evaluation, for a terminal.

use crate::{evaluate::Figures, evaluation::Evaluation};

/// Prints the three views of an evaluation.
pub fn print(evaluation: &Evaluation) {
    println!(
        "protocol `{}`, {} runs, temperature {:.3}",
        evaluation.protocol.name(),
        evaluation.runs.len(),
        evaluation.temperature
    );
    for (title, all) in [
        ("while it plays", &evaluation.while_it_plays),
        ("first second", &evaluation.after_one_second),
        ("last 3 s", &evaluation.at_the_end),
    ] {
        print_view(title, all);
    }
}

fn print_view(title: &str, all: &[Figures]) {
    println!(
        "{:<15} {:>6} {:>8} {:>6} {:>15} {:>8} {:>6} {:>6} {:>6}",
        title, "clips", "speakers", "UAR", "95 %", "accuracy", "ECE", "NLL", "Brier"
    );
    for figures in all {
        let interval = figures.uar_interval.map_or(String::new(), |[low, high]| {
            format!("{:.1} to {:.1}", 100.0 * low, 100.0 * high)
        });
        println!(
            "{:<15} {:>6} {:>8} {:>6.1} {:>15} {:>8.1} {:>6.1} {:>6.3} {:>6.3}",
            figures.set,
            figures.clips,
            figures.speakers,
            100.0 * figures.uar,
            interval,
            100.0 * figures.accuracy,
            100.0 * figures.ece,
            figures.nll,
            figures.brier
        );
    }
}
