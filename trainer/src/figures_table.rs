//! The figures of an evaluation, for a terminal.

use crate::{
    condition::Condition,
    evaluate::{Figures, VoiceFigures},
    evaluation::Evaluation,
};

/// Prints the views of an evaluation.
pub fn print(evaluation: &Evaluation) {
    println!(
        "protocol `{}`, {} runs, temperature {:.3}",
        evaluation.protocol.name(),
        evaluation.runs.len(),
        evaluation.temperature
    );
    for run in &evaluation.runs {
        println!(
            "{} after epoch {} of {}",
            run.folder.display(),
            run.epoch,
            run.epochs
        );
    }
    for (title, all) in [
        ("while it plays", &evaluation.while_it_plays),
        ("first second", &evaluation.after_one_second),
        ("last 3 s", &evaluation.at_the_end),
        ("on end", &evaluation.on_end),
    ] {
        print_view(title, all);
    }
    if let Some(in_track) = &evaluation.in_track {
        print_view("after others", &in_track.mixed);
        print_view("after its like", &in_track.alike);
    }
    if let Some(learned) = &evaluation.learned_voices {
        print_view("to be learned", &learned.without);
        print_view("learned", &learned.with);
    }
    let VoiceFigures {
        voices,
        non_voices,
        unmoved,
    } = evaluation.voice;
    println!(
        "voices taken for one: {:.1} %; sounds taken for none: {:.1} %, that move no emotion above a half: {:.1} %",
        100.0 * voices,
        100.0 * non_voices,
        100.0 * unmoved
    );
    for (condition, changed) in &evaluation.under {
        print_cost(*condition, evaluation, changed);
    }
}

/// Prints what a condition costs.
fn print_cost(condition: Condition, evaluation: &Evaluation, changed: &[Figures]) {
    println!(
        "{:<15} {:>6} {:>6}",
        format!("{condition:?}"),
        "UAR",
        "lost"
    );
    for changed in changed {
        println!(
            "{:<15} {:>6.1} {:>6.1}",
            changed.set,
            100.0 * changed.uar,
            100.0 * evaluation.lost(changed)
        );
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
