//! The page of an evaluation.

use super::{
    chart::{self, COLOURS, Series},
    clip, page, percent,
};
use crate::{
    config::Protocol,
    dataset,
    evaluate::Figures,
    evaluation::{EvaluatedRun, Evaluation, Mistake},
    log::EpochLog,
};
use anyhow::Result;
use maud::{Markup, html};

/// Mistakes that are shown.
const MISTAKES: usize = 12;

/// The page of an evaluation, as HTML.
///
/// # Errors
///
/// If a clip to be shown can no longer be read.
pub fn evaluation(evaluation: &Evaluation) -> Result<String> {
    let mistakes = evaluation.worst(MISTAKES);
    let mut shown = Vec::new();
    for mistake in &mistakes {
        shown.push(clip::figure(
            &dataset::samples_of(&mistake.clip.path)?,
            &[],
            &caption(mistake),
        )?);
    }
    let body = html! {
        (protocol(evaluation))
        h2 { "Figures" }
        p.weak { "Per cent. UAR: unweighted average recall over the classes of the set, with its 95 % interval by bootstrap over speakers. ECE over 15 bins, NLL in nats and Brier score after one temperature, cross-fitted over the speakers, who count alike; the one that fits all is " (format!("{:.3}", evaluation.temperature)) "." }
        (table("Mean over the full windows of a clip: one each 250 ms from 3 s of voice on, or the last of a shorter one", &evaluation.while_it_plays))
        (table("The first second of voice alone", &evaluation.after_one_second))
        (table("The last 3 s of voice alone", &evaluation.at_the_end))
        (table("The last 3 s of voice where another clip of the speaker and the emotion came before without a pause", &evaluation.on_end))
        @if let Some(in_track) = &evaluation.in_track {
            (table("As the first, but heard after other clips of the same speaker, as along a track", &in_track.mixed))
            (table("The same, after clips of the same emotion alone", &in_track.alike))
        }
        @if let Some(learned) = &evaluation.learned_voices {
            (table("The first again, of clips of voices that can be learned from four neutral ones, without these", &learned.without))
            (table("The same clips after the voice was learned, as by the plugin's button", &learned.with))
        }
        p { "The voice head takes " (percent(evaluation.voice.voices)) " % of the clips for a voice, and " (percent(evaluation.voice.non_voices)) " % of made-up sounds without one for none." }
        h2 { "What is taken for what" }
        div.charts { @for figures in &evaluation.while_it_plays { (chart::confusion(figures)) } }
        h2 { "Classes" }
        @for figures in &evaluation.while_it_plays { (classes(figures)) }
        h2 { "How sure it may be" }
        div.charts {
            @for figures in &evaluation.while_it_plays { (chart::reliability(&figures.set, &figures.reliability, figures.ece)) }
        }
        h2 { "Training" }
        @for run in &evaluation.runs { (curves(run)) }
        h2 { "The clips that it got most wrong" }
        @if mistakes.is_empty() { p { "There is none: every clip was recognised." } }
        @for (mistake, figure) in mistakes.iter().zip(&shown) {
            h3 { (mistake.clip.file_name().to_string_lossy()) }
            (figure)
        }
        h2 { "Runs" }
        @for run in &evaluation.runs { (facts(run)) }
    };
    let title = format!(
        "Evaluation by the protocol “{}”",
        evaluation.protocol.name()
    );
    Ok(page::page(&title, &body))
}

fn protocol(evaluation: &Evaluation) -> Markup {
    let clips = evaluation.while_it_plays.last().map_or(0, |mix| mix.clips);
    html! {
        p { (clips) " clips, judged by " (evaluation.runs.len()) " " @if evaluation.runs.len() == 1 { "network." } @else { "networks of the same recipe, pooled." } }
        @match evaluation.protocol {
            Protocol::Speakers => p { "Speaker-independent: no network was judged on a speaker whom it had learned from. This is what to expect of a new voice." },
            Protocol::Clips => p.notice { "Clips at random: the recordings are new to the network, but their speakers are not. Expect less of a new voice; see the protocol “speakers”." },
            Protocol::Rows => p.notice { "Rows at random, as in the public notebook that claims 97.25 %: four copies of each recording (itself, with noise, shifted in pitch, both) are shuffled, so that nearly every row of the test has a copy of its own recording among those that were learned. This measures the retrieval of duplicates, and exists to be compared with that figure and for nothing else." },
            Protocol::All => p.notice { "Nothing was held out." },
        }
    }
}

fn interval(interval: Option<[f64; 2]>) -> String {
    interval.map_or_else(
        || "–".to_owned(),
        |[low, high]| format!("{} to {}", percent(low), percent(high)),
    )
}

fn table(caption: &str, all: &[Figures]) -> Markup {
    html! {
        table {
            caption { (caption) }
            tr { th { "set" } th { "clips" } th { "speakers" } th { "UAR" } th { "95 %" } th { "accuracy" } th { "95 %" } th { "ECE" } th { "NLL" } th { "Brier" } }
            @for own in all {
                tr {
                    td { (own.set) } td { (own.clips) } td { (own.speakers) }
                    td { b { (percent(own.uar)) } } td { (interval(own.uar_interval)) }
                    td { (percent(own.accuracy)) } td { (interval(own.accuracy_interval)) }
                    td { (percent(own.ece)) } td { (format!("{:.3}", own.nll)) } td { (format!("{:.3}", own.brier)) }
                }
            }
        }
    }
}

fn classes(figures: &Figures) -> Markup {
    html! {
        details open[figures.set == crate::evaluate::MIX] {
            summary { (figures.set) }
            table {
                tr { th { "class" } th { "precision" } th { "recall" } th { "F1" } th { "clips" } }
                @for own in &figures.classes {
                    tr { td { (own.emotion.name()) } td { (percent(own.precision)) } td { (percent(own.recall)) } td { (percent(own.f1)) } td { (own.support) } }
                }
            }
        }
    }
}

fn curves(run: &EvaluatedRun) -> Markup {
    let series = |name: &str, number: usize, value: &dyn Fn(&EpochLog) -> Option<f64>| Series {
        name: name.to_owned(),
        colour: COLOURS[number % COLOURS.len()],
        points: run
            .log
            .iter()
            .filter_map(|epoch| Some((epoch.epoch as f64, value(epoch)?)))
            .collect(),
    };
    let losses = [
        series("training, augmented", 0, &|epoch| Some(epoch.loss)),
        series("validation", 1, &|epoch| epoch.validation_loss),
        series("test", 2, &|epoch| epoch.test_loss),
    ];
    let shares = [
        series("CREMA-D", 0, &|epoch| {
            epoch.crema_d_uar.map(|uar| 100.0 * uar)
        }),
        series("RAVDESS speech", 1, &|epoch| {
            epoch.ravdess_speech_uar.map(|uar| 100.0 * uar)
        }),
        series("RAVDESS song", 2, &|epoch| {
            epoch.ravdess_song_uar.map(|uar| 100.0 * uar)
        }),
        series("SAVEE", 3, &|epoch| epoch.savee_uar.map(|uar| 100.0 * uar)),
        series("TESS", 4, &|epoch| epoch.tess_uar.map(|uar| 100.0 * uar)),
        series("mix, accuracy", 6, &|epoch| {
            epoch.mix_accuracy.map(|share| 100.0 * share)
        }),
    ];
    let named = |series: Vec<Series>| -> Vec<Series> {
        series
            .into_iter()
            .filter(|own| !own.points.is_empty())
            .collect()
    };
    html! {
        h3 { (run.folder.display()) }
        div.charts {
            (chart::lines("Loss", "epoch", "nats", &named(losses.into())))
            (chart::lines("UAR of the test’s last 3 s", "epoch", "per cent", &named(shares.into())))
        }
    }
}

fn caption(mistake: &Mistake) -> String {
    let own = |emotion: pathos_analysis::Emotion| {
        let share = mistake.probabilities[emotion.index()];
        format!("{} ({:.0} %)", emotion.name(), 100.0 * share)
    };
    format!(
        "{}, {}: acted {}, recognised as {}",
        mistake.clip.corpus.name(),
        mistake.clip.speaker,
        own(mistake.clip.emotion),
        own(mistake.taken_for)
    )
}

fn facts(run: &EvaluatedRun) -> Markup {
    let facts = &run.facts;
    html! {
        h3 { (run.folder.display()) }
        table {
            tr { td { "commit" } td { code { (facts.commit) } } }
            tr { td { "data, SHA-256" } td { code { (facts.data_hash) } } }
            tr { td { "seed, of the split" } td { (facts.seed) ", " (facts.split_seed) } }
            tr { td { "clips: training, validation, test, refused" } td { (facts.training) ", " (facts.validation) ", " (facts.test) ", " (facts.refused) } }
            tr { td { "parameters" } td { (facts.parameters) } }
            tr { td { "multiplications and additions a window" } td { (format!("{:.1} million", facts.macs as f64 / 1e6)) } }
            tr { td { "epoch that is judged" } td { (run.epoch) " of " (run.log.len()) } }
            tr { td { "wall time of the training" } td { (format!("{:.0} minutes on {}", run.seconds / 60.0, facts.device)) } }
            @if let Some(before) = &facts.tuned_from { tr { td { "tuned from" } td { (before.path) @for other in &before.others { ", " (other) } } } }
        }
        details { summary { "configuration" } pre { (run.config) } }
    }
}
