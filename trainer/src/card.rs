//! What is known of a model: as evidence in its file, and as its card.

use crate::{
    config::Config,
    corpora::{Clip, Corpus},
    evaluate::{Figures, MIX, VoiceFigures},
    verify::Size,
};
use pathos_analysis::{Emotion, Evidence, Figure};
use std::{collections::BTreeSet, fmt::Write};

/// What the card tells, beside the evidence in the file.
pub struct Facts<'a> {
    /// How the run was configured.
    pub config: &'a Config,
    /// Epochs that were finished.
    pub epochs_done: usize,
    /// How long they took, if the log says so.
    pub seconds: Option<f64>,
    /// What the network learned from.
    pub learned_from: &'a [&'a Clip],
    /// Of the mean over a clip's windows while it plays, by set, the mix last.
    pub figures: &'a [Figures],
    /// The same of a clip's last 3 s of voice.
    pub at_the_end: &'a [Figures],
    /// Of the voice head.
    pub voice: VoiceFigures,
    /// Divides the logits.
    pub temperature: f32,
    /// Of the file.
    pub size: Size,
}

/// The evidence for the model file: the UAR of each set and the accuracy of the mix. CREMA-D leads if it is there, as it has
/// by far the most speakers.
pub fn evidence(
    config: &Config,
    learned_from: &[&Clip],
    figures: &[Figures],
    at_the_end: &[Figures],
) -> Evidence {
    let figure = |figures: &Figures, measure: &str, value, interval| Figure {
        set: figures.set.clone(),
        measure: measure.to_owned(),
        value,
        interval,
        clips: figures.clips,
    };
    let mut all: Vec<Figure> = figures
        .iter()
        .map(|figures| figure(figures, "UAR", figures.uar, figures.uar_interval))
        .collect();
    all.extend(
        figures
            .last()
            .map(|mix| figure(mix, "accuracy", mix.accuracy, None)),
    );
    all.extend(figures.last().map(|mix| figure(mix, "ECE", mix.ece, None)));
    all.extend(at_the_end.iter().map(|figures| {
        figure(
            figures,
            "UAR of the last 3 s",
            figures.uar,
            figures.uar_interval,
        )
    }));
    Evidence {
        protocol: protocol(config),
        corpora: corpora(learned_from)
            .iter()
            .map(|corpus| corpus.name().to_owned())
            .collect(),
        licence: licence(learned_from),
        figures: all,
    }
}

fn protocol(config: &Config) -> String {
    format!(
        "unheard speakers, fold {} of {}",
        config.split.fold, config.split.folds
    )
}

fn corpora(clips: &[&Clip]) -> BTreeSet<Corpus> {
    clips.iter().map(|clip| clip.corpus).collect()
}

fn licence(clips: &[&Clip]) -> String {
    if corpora(clips)
        .iter()
        .all(|&corpus| corpus == Corpus::CremaD)
    {
        "learned from CREMA-D (ODbL 1.0)".to_owned()
    } else {
        "not for commercial use: learned from corpora whose licences exclude it".to_owned()
    }
}

/// The model card, as Markdown.
pub fn card(facts: &Facts) -> String {
    let config = facts.config;
    let mut text = format!(
        "# {} {}\n\nThe recogniser that Pathos carries: a CNN-LSTM that turns the last three seconds of a voice into probabilities of seven\nacted emotions. `trainer export` wrote this card together with `pathos.onnx`; the file's own metadata holds the same evidence.\n\n",
        config.name, config.version
    );
    quality(&mut text, facts);
    confusion(&mut text, facts.figures);
    text += USE;
    data(&mut text, facts.learned_from);
    training(&mut text, facts);
    network(&mut text, facts);
    text
}

fn percent(share: f64) -> String {
    format!("{:.1}", 100.0 * share)
}

fn quality(text: &mut String, facts: &Facts) {
    let split = &facts.config.split;
    writeln!(
        text,
        "## How good it is\n\nFigures of speakers whom the network has never heard: each corpus's speakers are dealt to {} folds, fold {} is left out of training, and\nthe network after the last epoch is judged on it. Nothing was chosen by these figures but the temperature. It is one fold, so the figures\nwill move by some points with the fold. Per cent; UAR is the unweighted average recall over the classes of the set (chance: 17 for six\nclasses, 14 for seven), with its 95 % interval by bootstrap over speakers where there are three or more.\n",
        split.folds, split.fold
    ).ok();
    *text += "| set | clips | speakers | UAR | 95 % | accuracy | ECE | NLL | Brier | UAR at the end |\n|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|\n";
    for (figures, at_the_end) in facts.figures.iter().zip(facts.at_the_end) {
        let interval = figures.uar_interval.map_or("–".to_owned(), |[low, high]| {
            format!("{} to {}", percent(low), percent(high))
        });
        writeln!(
            text,
            "| {} | {} | {} | {} | {interval} | {} | {} | {:.3} | {:.3} | {} |",
            figures.set,
            figures.clips,
            figures.speakers,
            percent(figures.uar),
            percent(figures.accuracy),
            percent(figures.ece),
            figures.nll,
            figures.brier,
            percent(at_the_end.uar),
        )
        .ok();
    }
    writeln!(
        text,
        "\nA clip is judged as the plugin judges it while it plays: by tract, one window of its voiced frames each 0.25 s from 0.75 s of voice on; the\nmean of their logits is the clip's. *UAR at the end* is that of one window alone, the last 3 s of the clip's voice. Most of the women's clips are\nof one woman of TESS, and so are two fifths of the mix. Classes that a corpus does not have are left out of its softmax. The temperature, {:.3}, is fitted on\nall held-out clips; the figures of calibration (ECE over 15 bins, NLL in nats, Brier) are cross-fitted, each half of the speakers with the\ntemperature of the other half. RAVDESS's calm counts as neutral. The emotion is the one that was to be acted; in CREMA-D the majority of its\nlisteners hears another for more than half of the clips, so figures far below 100 are no surprise there.\n\nThe voice head takes {} % of the held-out clips for a voice, and {} % of made-up sounds without one (noise, hum, tones, chords, drums of\nthe kinds it was trained with) for none.\n",
        facts.temperature,
        percent(facts.voice.voices),
        percent(facts.voice.non_voices)
    ).ok();
}

fn confusion(text: &mut String, figures: &[Figures]) {
    for set in ["CREMA-D", MIX] {
        let Some(figures) = figures.iter().find(|figures| figures.set == set) else {
            continue;
        };
        write!(text, "### What is taken for what: {set}\n\nRows: what was acted; columns: per cent of it that was recognised as.\n\n| |").ok();
        for emotion in Emotion::ALL {
            write!(text, " {emotion} |").ok();
        }
        *text += "\n|---|";
        *text += &"---:|".repeat(Emotion::COUNT);
        for emotion in Emotion::ALL {
            let row = figures.confusion[emotion.index()];
            let total: usize = row.iter().sum();
            if total == 0 {
                continue;
            }
            write!(text, "\n| **{emotion}** |").ok();
            for count in row {
                write!(text, " {:.0} |", 100.0 * count as f64 / total as f64).ok();
            }
        }
        *text += "\n\n";
    }
}

const USE: &str = "\
## What it is for, and what not

For driving effects and visuals with a performance, for finding takes by how they sound, and for research. It recognises how an *acted* emotion
sounds in short English phrases of North American and British speakers, spoken or sung, recorded close and dry. It does not know what anybody
feels. Do not use it to judge people: not in hiring, teaching, policing, health or credit; in the European Union the AI Act (Regulation 2024/1689)
forbids emotion recognition at work and in education, with few exceptions.

Expect less of: other languages, children, old voices, whispering, growling, choirs, heavy effects, and a voice in a mix: none of these is in its
data. Surprise occurs in three small corpora only. Singing was heard from few singers, without disgust or surprise. Band-limited sound, such as of a
telephone, was not trained. Level and a fixed equaliser do not matter: each band's mean and variance over the window are removed.

";

fn data(text: &mut String, clips: &[&Clip]) {
    *text +=
        "## What it learned from\n\n| corpus | clips | speakers | licence |\n|---|---:|---:|---|\n";
    for corpus in corpora(clips) {
        let own: Vec<&&Clip> = clips.iter().filter(|clip| clip.corpus == corpus).collect();
        let speakers: BTreeSet<&str> = own.iter().map(|clip| clip.speaker.as_str()).collect();
        let licence = match corpus {
            Corpus::CremaD => "ODbL 1.0, contents DbCL 1.0",
            Corpus::RavdessSpeech | Corpus::RavdessSong => "CC BY-NC-SA 4.0",
            Corpus::Savee => "free for research",
            Corpus::Tess => "CC BY-NC-ND 4.0",
        };
        writeln!(
            text,
            "| {} | {} | {} | {licence} |",
            corpus.name(),
            own.len(),
            speakers.len()
        )
        .ok();
    }
    *text += "\n";
    if corpora(clips)
        .iter()
        .any(|&corpus| corpus != Corpus::CremaD)
    {
        *text += "RAVDESS, TESS and SAVEE exclude commercial use. Whether that reaches a network that learned from them is not settled in law; this project takes it\nthat it does: **use the model, and plugins built with it, for nothing commercial** unless their authors allow it. Music that was made with the plugin\ncontains nothing of the corpora. For commercial use, train on data that you may use: `trainer train` takes CREMA-D alone. The program's own licence\n(ISC) is not touched by this. No recording of the corpora is in this repository.\n\n";
    }
    *text += "CREMA-D: Cao et al., IEEE Trans. Affective Computing 5(4), 2014. RAVDESS: Livingstone and Russo, PLoS ONE 13(5), 2018. TESS: Pichora-Fuller and Dupuis,\nScholars Portal Dataverse, 2020. SAVEE: Haq and Jackson, in Machine Audition, IGI Global, 2010.\n\n";
}

fn training(text: &mut String, facts: &Facts) {
    let config = facts.config;
    let (training, augmentation) = (&config.training, &config.augmentation);
    writeln!(
        text,
        "## How it was trained\n\nWith burn on a CPU by `trainer train`, seed {}: {} of {} epochs of {} examples{}; AdamW (weight decay {}), one-cycle learning rate up to {}, batch {},\nlabel smoothing {}, each corpus's missing classes masked. Random spans of 0.75 to 3 s of voice; change of rate ±{:.0} %, shift along the bands\n±{:.0} %, tilt ±{} dB, noise at {} to {} dB on {:.0} %, SpecAugment, mixup on {:.0} %. {:.0} % of the examples are made-up sounds without a voice, with a uniform target.\n",
        config.seed,
        facts.epochs_done,
        training.epochs,
        facts.learned_from.len(),
        facts.seconds.map(|seconds| format!(", {:.0} minutes on two cores", seconds / 60.0)).unwrap_or_default(),
        training.weight_decay,
        training.learning_rate,
        training.batch_size,
        training.label_smoothing,
        100.0 * augmentation.stretch,
        100.0 * augmentation.warp,
        augmentation.tilt_db,
        augmentation.noise_snr_db[0],
        augmentation.noise_snr_db[1],
        100.0 * augmentation.noise_share,
        100.0 * augmentation.mixup_share,
        100.0 * training.non_voice_share,
    ).ok();
    if facts.epochs_done < training.epochs {
        *text += "The run was ended before its last epoch; the learning rate had not come all the way down.\n\n";
    }
}

fn network(text: &mut String, facts: &Facts) {
    let sizes = &facts.config.network;
    let [a, b, c, d] = sizes.channels;
    writeln!(
        text,
        "## The network\n\n64 log-mel bands of 16 kHz sound each 10 ms, 300 frames of voice at the most; four 3×3 convolutions of {a}, {b}, {c} and {d} channels with batch norm;\na linear layer of {}; an LSTM of {} over 75 steps; attention, mean and deviation of its outputs; two linear heads, of the emotions and of the\nvoice. {:.2} million parameters, {:.0} million multiplications and additions a window, {:.2} MB. ONNX operator set 13; inputs `log_mel` [1, 300, 64] and\n`mask` [1, 75], outputs `logits` [1, 7] ({}) and `voice` [1, 1].",
        sizes.projection,
        sizes.hidden,
        facts.size.parameters as f64 / 1e6,
        facts.size.macs as f64 / 1e6,
        facts.size.bytes as f64 / 1e6,
        Emotion::ALL.map(Emotion::name).join(", "),
    ).ok();
}
