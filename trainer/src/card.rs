//! What is known of a model: as evidence in its file, and as its card.

use crate::{
    config::{Config, Optimizer, Protocol, Schedule},
    corpora::{Clip, Corpus, unlearned},
    evaluate::{Figures, MIX},
    evaluation::Evaluation,
    facts::RunFacts,
    learned_voices::CLIPS,
    onnx::verify::Size,
};
use pathos_analysis::{
    Emotion, Evidence, FeatureKind, Figure, MASK_STEPS, WINDOW_FRAMES, WINDOW_ROWS,
    background::RUMBLE_HZ,
};
use std::{collections::BTreeSet, fmt::Write};

/// What the card tells.
pub struct Facts<'a> {
    /// The name of the model file.
    pub file: &'a str,
    /// How the run was configured.
    pub config: &'a Config,
    /// What it was.
    pub run: &'a RunFacts,
    /// Epochs that were finished.
    pub epochs_done: usize,
    /// How long they took.
    pub seconds: f64,
    /// What the network learned from.
    pub learned_from: &'a [&'a Clip],
    /// What was judged.
    pub evaluation: &'a Evaluation,
    /// Of the file.
    pub size: Size,
}

/// The evidence for the model file: the UAR of each set and the accuracy of the mix. CREMA-D leads if it is there, as it has
/// by far the most speakers.
#[must_use]
pub fn evidence(config: &Config, run: &RunFacts, evaluation: &Evaluation) -> Evidence {
    let figure = |figures: &Figures, measure: &str, value, interval| Figure {
        set: figures.set.clone(),
        measure: measure.to_owned(),
        value,
        interval,
        clips: figures.clips,
    };
    let uars = |all: &[Figures], measure: &str| -> Vec<Figure> {
        let all = all.iter();
        all.map(|own| figure(own, measure, own.uar, own.uar_interval))
            .collect()
    };
    let mut all = uars(&evaluation.while_it_plays, "UAR");
    if let Some(mix) = evaluation.while_it_plays.last() {
        all.push(figure(mix, "accuracy", mix.accuracy, mix.accuracy_interval));
        all.push(figure(mix, "ECE", mix.ece, None));
    }
    all.extend(uars(
        &evaluation.after_one_second,
        "UAR of the first second",
    ));
    all.extend(uars(&evaluation.at_the_end, "UAR of the last 3 s"));
    if let Some(in_track) = &evaluation.in_track {
        all.extend(uars(
            &in_track.mixed,
            "UAR after other clips of the speaker",
        ));
    }
    Evidence {
        protocol: protocol(config, evaluation),
        corpora: run.corpora.iter().cloned().collect(),
        licence: licence(run),
        figures: all,
    }
}

/// The protocol in words.
fn protocol(config: &Config, evaluation: &Evaluation) -> String {
    let runs = evaluation.runs.len();
    let runs = if runs == 1 {
        format!("fold {}", config.split.fold)
    } else {
        format!("{runs} runs pooled")
    };
    match evaluation.protocol {
        Protocol::Speakers if may_know_test(evaluation) => {
            format!("speakers whom the network that was tuned may know, {runs}")
        }
        Protocol::Speakers => format!("unheard speakers, {runs}"),
        Protocol::Clips => "unheard clips of known speakers".to_owned(),
        Protocol::Rows => "rows: augmented copies at random, for comparison alone".to_owned(),
        Protocol::All => "nothing was held out".to_owned(),
    }
}

/// Whether some of what was judged may have been learned from before the tuning.
fn may_know_test(evaluation: &Evaluation) -> bool {
    evaluation.runs.iter().any(|run| run.facts.may_know_test())
}

fn corpora(clips: &[&Clip]) -> BTreeSet<Corpus> {
    clips.iter().map(|clip| clip.corpus).collect()
}

/// Whether none of the corpora that a run learned from excludes commercial use, those included that the network knew which it began with.
fn allows_commercial_use(run: &RunFacts) -> bool {
    run.corpora.iter().all(|name| name == Corpus::CremaD.name())
}

fn licence(run: &RunFacts) -> String {
    if allows_commercial_use(run) {
        "learned from CREMA-D (ODbL 1.0)".to_owned()
    } else {
        "not for commercial use: learned from corpora whose licences exclude it".to_owned()
    }
}

/// The model card, as Markdown.
pub fn card(facts: &Facts) -> String {
    let config = facts.config;
    let mut text = format!(
        "# {} {}\n\nA recogniser that Pathos can run: a network that turns the last three seconds of a voice into probabilities of seven\nacted emotions. `trainer export` wrote this card together with `{}`; the file's own metadata holds the same evidence.\n\n",
        config.name, config.version, facts.file
    );
    quality(&mut text, facts);
    confusion(&mut text, &facts.evaluation.while_it_plays);
    on_end(&mut text, facts.evaluation);
    in_track(&mut text, facts.evaluation);
    learned_voices(&mut text, facts.evaluation);
    conditions(&mut text, facts.evaluation);
    text += USE;
    limits(&mut text, facts);
    data(&mut text, facts);
    training(&mut text, facts);
    network(&mut text, facts);
    text
}

/// Whether the run went on with the network that was judged.
fn began_with_the_judged(facts: &Facts) -> bool {
    let judged = &facts.evaluation.runs[0].folder;
    let before = facts.run.tuned_from.as_ref();
    before.is_some_and(|before| {
        before.others.is_empty() && before.path == judged.display().to_string()
    })
}

fn percent(share: f64) -> String {
    format!("{:.1}", 100.0 * share)
}

fn quality(text: &mut String, facts: &Facts) {
    let evaluation = facts.evaluation;
    let held_out = match evaluation.protocol {
        Protocol::Speakers if may_know_test(evaluation) => {
            "Figures of speakers whom the judged network has not heard since it was tuned, **but whom the network that it began with may have learned from**: too good for a voice that it does not know."
        }
        Protocol::Speakers => "Figures of speakers whom the judged network has never heard.",
        Protocol::Clips => {
            "Figures of clips that the judged network has not learned from, **but of speakers whom it knows**: too good for a voice that it does not know."
        }
        Protocol::Rows => {
            "Figures by the protocol of the notebook that claims 97.25 %: **the judged network has learned from copies of nearly every recording that it is judged on**. They say nothing of how it does on a new recording."
        }
        Protocol::All => "",
    };
    let judged = match (facts.config.split.protocol, evaluation.runs.len()) {
        (Protocol::All, 1) if began_with_the_judged(facts) => "This network has learned from all clips in the end, so it cannot be judged itself: the figures are those of the network that it began with, judged on what that had not heard.".to_owned(),
        (Protocol::All, 1) => "This network learned from all clips, so it cannot be judged itself: the figures are those of another of the same recipe, judged on what it had not heard; with another split they would move by some points.".to_owned(),
        (Protocol::All, runs) => format!(
            "This network learned from all clips, so it cannot be judged itself: the figures are those of {runs} networks of the same recipe, each judged on what it had not heard."
        ),
        (_, 1) => {
            "They are of one split, so they would move by some points with another.".to_owned()
        }
        (_, runs) => format!(
            "They are pooled over {runs} networks of the same recipe, each judged on what it had not heard."
        ),
    };
    writeln!(
        text,
        "## How good it is\n\n{held_out} {judged} The training chose nothing by these figures; the temperature is fitted on them. Per cent; UAR is the unweighted average\nrecall over the classes of the set (chance: 17 for six classes, 14 for seven), with its 95 % interval by bootstrap over speakers where there are\nthree or more.\n",
    ).ok();
    *text += "| set | clips | speakers | UAR | 95 % | accuracy | ECE | NLL | Brier | UAR after 1 s | UAR at the end |\n|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|\n";
    let early_and_late = evaluation
        .after_one_second
        .iter()
        .zip(&evaluation.at_the_end);
    for (figures, (early, late)) in evaluation.while_it_plays.iter().zip(early_and_late) {
        writeln!(
            text,
            "| {} | {} | {} | {} | {} | {} | {} | {:.3} | {:.3} | {} | {} |",
            figures.set,
            figures.clips,
            figures.speakers,
            percent(figures.uar),
            interval(figures),
            percent(figures.accuracy),
            percent(figures.ece),
            figures.nll,
            figures.brier,
            percent(early.uar),
            percent(late.uar),
        )
        .ok();
    }
    writeln!(
        text,
        "\nA clip is judged as the plugin judges it while it plays: by tract, one window of its voiced frames each 0.25 s; the mean of the logits of its full\nwindows is the clip's, or those of its last window if it has less than 3 s of voice. *After 1 s* is the window of its first second of voice, *at the end* that of its last 3 s. Classes that a corpus\ndoes not have are left out of its softmax. The temperature, {:.3}, is fitted on all that was judged, where each speaker counts alike; the figures of calibration (ECE over 15 bins,\nNLL in nats, Brier) are cross-fitted, each half of the speakers with the temperature of the other half. RAVDESS's calm counts as neutral. The\nemotion is the one that was to be acted; in CREMA-D the majority of its listeners hears another for more than half of the clips, so figures far\nbelow 100 are no surprise there.\n\nThe voice head takes {} % of the judged clips for a voice, and {} % of made-up sounds without one (noise, hum, tones, chords, drums of\nthe kinds it was trained with) for none; {} % of these sounds move no emotion above a half.\n",
        evaluation.temperature,
        percent(evaluation.voice.voices),
        percent(evaluation.voice.non_voices),
        percent(evaluation.voice.unmoved)
    ).ok();
}

/// What becomes of it where a voice goes on.
fn on_end(text: &mut String, evaluation: &Evaluation) {
    *text += "### When a voice goes on\n\nMost clips hold less than 3 s of voice. Here another clip of the speaker and the same emotion comes before each without a pause, so that its last\nwindow is full of the same.\n\n| set | UAR | 95 % | more than at the end of the clip alone |\n|---|---:|---:|---:|\n";
    for (on_end, alone) in evaluation.on_end.iter().zip(&evaluation.at_the_end) {
        writeln!(
            text,
            "| {} | {} | {} | {:+.1} |",
            on_end.set,
            percent(on_end.uar),
            interval(on_end),
            100.0 * (on_end.uar - alone.uar)
        )
        .ok();
    }
    text.push('\n');
}

/// How much better it does once it knows a voice.
fn in_track(text: &mut String, evaluation: &Evaluation) {
    let Some(in_track) = &evaluation.in_track else {
        return;
    };
    *text += "### When it knows the voice\n\nIt compares a voice with what it has heard of it in the last minute or so. Above, each clip is the first that it hears; here the clips of a speaker\nfollow each other in random order, with pauses between, as along a track: first clips of all emotions, then of the same emotion alone, as of a singer\nwho is never but sad, and could be taken for one who is so by nature.\n\n| set | UAR after all emotions | 95 % | more than above | UAR after the same emotion | 95 % | more than above |\n|---|---:|---:|---:|---:|---:|---:|\n";
    let both = in_track.mixed.iter().zip(&in_track.alike);
    for ((mixed, alike), first) in both.zip(&evaluation.while_it_plays) {
        writeln!(
            text,
            "| {} | {} | {} | {:.1} | {} | {} | {:.1} |",
            mixed.set,
            percent(mixed.uar),
            interval(mixed),
            100.0 * (mixed.uar - first.uar),
            percent(alike.uar),
            interval(alike),
            100.0 * (alike.uar - first.uar)
        )
        .ok();
    }
    text.push('\n');
}

/// What it gains where the user lets it learn a voice.
fn learned_voices(text: &mut String, evaluation: &Evaluation) {
    let Some(learned) = &evaluation.learned_voices else {
        return;
    };
    writeln!(
        text,
        "### When a voice was learned\n\n`Learn this voice` takes off how a voice reads when nothing is expressed. Here it has learned each speaker from {CLIPS} neutral clips; the others\nare judged as above, each as the first that is heard, without and with that.\n\n| set | clips | UAR without | 95 % | UAR with | 95 % | more |\n|---|---:|---:|---:|---:|---:|---:|"
    )
    .ok();
    for (without, with) in learned.without.iter().zip(&learned.with) {
        writeln!(
            text,
            "| {} | {} | {} | {} | {} | {} | {:+.1} |",
            without.set,
            without.clips,
            percent(without.uar),
            interval(without),
            percent(with.uar),
            interval(with),
            100.0 * (with.uar - without.uar)
        )
        .ok();
    }
    text.push('\n');
}

/// The 95 % interval of the UAR in words.
fn interval(figures: &Figures) -> String {
    figures.uar_interval.map_or("–".to_owned(), |[low, high]| {
        format!("{} to {}", percent(low), percent(high))
    })
}

/// What each condition costs.
fn conditions(text: &mut String, evaluation: &Evaluation) {
    let Some((_, first)) = evaluation.under.first() else {
        return;
    };
    *text += "### What changes of the sound cost\n\nUAR in per cent, and in brackets how many points less than of the clips as they are.\n\n| |";
    for figures in first {
        write!(text, " {} |", figures.set).ok();
    }
    *text += "\n|---|";
    *text += &"---:|".repeat(first.len());
    for (condition, all) in &evaluation.under {
        write!(text, "\n| {} |", condition.effect().describe()).ok();
        for figures in all {
            write!(
                text,
                " {} ({:+.1}) |",
                percent(figures.uar),
                -100.0 * evaluation.lost(figures)
            )
            .ok();
        }
    }
    *text += "\n\n";
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

";

/// Where it does worse.
fn limits(text: &mut String, facts: &Facts) {
    let corpora = corpora(facts.learned_from);
    let features = facts.config.judged_features();
    let sung = corpora.contains(&Corpus::RavdessSong);
    let singing = if sung {
        "Singing was heard from few singers, without disgust or surprise."
    } else {
        "Singing was never heard."
    };
    let tune = if sung && features.kinds.contains(&FeatureKind::Intervals) {
        "It hears how far the notes of a\ntune lie apart, and RAVDESS has one tune in major for its calm and happy songs, one in minor for the sad, angry and fearful ones, and one without a third for\nthe neutral ones. So their figures say in part that a tune was known again: expect less of a sad song in major, or a happy one in minor.\n"
    } else {
        ""
    };
    let surprise = if corpora.iter().any(|corpus| corpus.has(Emotion::Surprise)) {
        "Surprise occurs in three small corpora only. "
    } else {
        ""
    };
    let spectrum = if features.kinds.contains(&FeatureKind::Ltas) {
        "Level does not matter, but the balance of low and high\nsound does, since it tells a calm voice from a tense one: a strong equaliser moves the values."
    } else {
        "Level and a fixed equaliser do not matter: each\nband's running mean and variance are removed."
    };
    writeln!(
        text,
        "Expect less of: other languages, children, old voices, whispering, growling, choirs, heavy effects, and a voice in a mix: none of these is in its\ndata. {surprise}{singing} {tune}{spectrum}\n"
    )
    .ok();
}

fn data(text: &mut String, facts: &Facts) {
    let clips = facts.learned_from;
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
    if let Some(before) = &facts.run.tuned_from {
        let corpora: Vec<&str> = before.corpora.iter().map(String::as_str).collect();
        writeln!(
            text,
            "It began with {}, which had learned from {}: their terms hold for it, too.\n",
            before.describe(),
            corpora.join(", ")
        )
        .ok();
    }
    if !allows_commercial_use(facts.run) {
        *text += "RAVDESS, TESS and SAVEE exclude commercial use. Whether that reaches a network that learned from them is not settled in law; this project takes it\nthat it does: **use the model, and plugins built with it, for nothing commercial** unless their authors allow it. Music that was made with the plugin\ncontains nothing of the corpora. For commercial use, train on data that you may use: `trainer train` takes CREMA-D alone. The program's own licence\n(ISC) is not touched by this. No recording of the corpora is in this repository.\n\n";
    } else {
        *text += "CREMA-D is under the Open Database License 1.0, and its contents under the Database Contents License 1.0. Neither excludes commercial use. They ask that\nthe source be named, as here, and that a database which is derived from it be shared under the same licence; this project does not take a network for\nsuch a database. Nothing of a corpus that excludes commercial use is in this model. No recording of the corpus is in this repository.\n\n";
    }
    let unlearned: Vec<&str> = unlearned(clips).into_iter().map(Emotion::name).collect();
    if !unlearned.is_empty() {
        writeln!(
            text,
            "None of these clips was acted as {}, so the model never says that.\n",
            unlearned.join(" or ")
        )
        .ok();
    }
    let sources: BTreeSet<&str> = corpora(clips).into_iter().map(source).collect();
    for source in sources {
        writeln!(text, "- {source}").ok();
    }
    *text += "\n";
}

/// Where a corpus is described.
fn source(corpus: Corpus) -> &'static str {
    match corpus {
        Corpus::CremaD => "CREMA-D: Cao et al., IEEE Trans. Affective Computing 5(4), 2014",
        Corpus::RavdessSpeech | Corpus::RavdessSong => {
            "RAVDESS: Livingstone and Russo, PLoS ONE 13(5), 2018"
        }
        Corpus::Savee => "SAVEE: Haq and Jackson, in Machine Audition, IGI Global, 2010",
        Corpus::Tess => "TESS: Pichora-Fuller and Dupuis, Scholars Portal Dataverse, 2020",
    }
}

fn training(text: &mut String, facts: &Facts) {
    let config = facts.config;
    let (training, augmentation) = (&config.training, &config.augmentation);
    let optimizer = match training.optimizer {
        Optimizer::AdamW => "AdamW",
        Optimizer::Adam => "Adam",
        Optimizer::Sgd => "SGD with momentum",
    };
    let schedule = match training.schedule {
        Schedule::OneCycle => "one-cycle",
        Schedule::Constant => "constant",
    };
    writeln!(
        text,
        "## How it was trained\n\n{} {optimizer} (weight decay {}), {schedule} learning rate up\nto {}, batch {}, label smoothing {}, {:.0} % of CREMA-D's targets by its listeners' votes, {}{}each corpus's missing classes masked. Spans of 0.75 to 3 s of voice; change of rate ±{:.0} %, shift along the\nbands ±{:.0} %, tilt ±{} dB, an equaliser of waves of ±{} dB, noise at {} to {} dB on {:.0} %, SpecAugment, mixup on {:.0} %, {} augmented copies of each clip's sound{}. {:.0} % of the\nexamples are made-up sounds without a voice, with a uniform target.\n",
        how_long(facts),
        training.weight_decay,
        training.learning_rate,
        training.batch_size,
        training.label_smoothing,
        100.0 * training.vote_share,
        match training.teachers.len() {
            0 => String::new(),
            teachers => format!(
                "{:.0} % of all targets by {teachers} network(s) that learned before it, ",
                100.0 * training.teacher_share
            ),
        },
        learning_aids(config),
        100.0 * augmentation.stretch,
        100.0 * augmentation.warp,
        augmentation.tilt_db,
        augmentation.equaliser_db,
        augmentation.noise_snr_db[0],
        augmentation.noise_snr_db[1],
        100.0 * augmentation.noise_share,
        100.0 * augmentation.mixup_share,
        augmentation.copies,
        match augmentation.noisy_copies {
            0 => String::new(),
            noisy => {
                let [from, to] = augmentation.noisy_copies_snr_db;
                format!(" and {noisy} with noise at {from} to {to} dB")
            }
        },
        100.0 * training.non_voice_share,
    ).ok();
    if config.feature_settings().functionals() > 0 {
        *text += "The layers on functionals learned by themselves, from windows of the same clips and copies.\n\n";
    }
}

/// By which command it was trained, and for how long.
fn how_long(facts: &Facts) -> String {
    let training = &facts.config.training;
    match &facts.run.tuned_from {
        Some(before) if training.epochs == 0 => format!(
            "With burn by `trainer tune`, seed {}, for no epoch: the layers on functionals were fitted beside {}, which stayed as it\nwas. {}",
            facts.config.seed,
            before.describe(),
            if before.others.is_empty() {
                format!(
                    "That had learned from {} examples in this way;",
                    facts.learned_from.len()
                )
            } else {
                "Those had learned by the configurations in their folders; that of this run says:"
                    .to_owned()
            },
        ),
        before => format!(
            "With burn by `trainer {}`, seed {}: {} of {} epochs of {} examples, {:.0} minutes;",
            if before.is_some() { "tune" } else { "train" },
            facts.config.seed,
            facts.epochs_done,
            training.epochs,
            facts.learned_from.len(),
            facts.seconds / 60.0
        ),
    }
}

/// What else it was asked and shown while it learned.
fn learning_aids(config: &Config) -> String {
    let training = &config.training;
    let asked = |weight: f32, task: &str| {
        (weight > 0.0).then(|| format!("asked as well, with a weight of {weight}, {task}, "))
    };
    let microphone = "shown the long-term spectrum of the voice as well, which was taken away afterwards since it also tells the microphone, ";
    let histories = || {
        format!(
            "{:.0} % of the voices heard after 1 to {} other clips of the speaker ({:.0} % of these histories of the clip's own emotion alone), ",
            100.0 * training.history_share,
            training.history_clips,
            100.0 * training.history_alike,
        )
    };
    let lines = || {
        format!(
            "{:.0} % going on without a pause from another clip of the speaker and emotion, ",
            100.0 * training.joined_share
        )
    };
    let aids = [
        asked(
            training.statement_weight,
            "which of the sentences of CREMA-D and RAVDESS is said",
        ),
        asked(training.listeners_weight, "what CREMA-D's listeners heard"),
        (config.features.ltas_in_training_only).then(|| microphone.to_owned()),
        (training.history_share > 0.0).then(histories),
        (training.joined_share > 0.0).then(lines),
    ];
    aids.into_iter().flatten().collect()
}

fn network(text: &mut String, facts: &Facts) {
    let network = &facts.config.network;
    let columns = facts.config.judged_features().columns();
    let background = match facts.config.features.background {
        None => String::new(),
        Some(background) => {
            let rumble = match background.rumble_db {
                0.0 => String::new(),
                db => format!(", {db} dB louder up to {RUMBLE_HZ} Hz,"),
            };
            format!(
                " over {} noise {} dB below the voice{rumble}",
                if background.fluctuates {
                    "fluctuating"
                } else {
                    "constant"
                },
                background.below_voice_db
            )
        }
    };
    let convolutions = if network.kind.convolves() {
        let channels: Vec<String> = network.channels.iter().map(usize::to_string).collect();
        format!(
            "3×3 convolutions of {} channels with batch norm; ",
            channels.join(", ")
        )
    } else {
        "four frames side by side; ".to_owned()
    };
    let lstm = if network.kind.recurs() {
        format!(
            "an LSTM of {} over steps of {} ms; ",
            network.hidden,
            10 * facts.config.network.frames_per_step()
        )
    } else {
        String::new()
    };
    let [functionals, further] = match facts.config.feature_settings().functionals() {
        0 => Default::default(),
        count => [
            format!(
                "; {count} functionals of the window's frames, standardised, through a layer of {}{} with\nReLU and another, which adds to the logits of the emotions{}",
                network.width_on_functionals(),
                match network.voices_known() {
                    0 => String::new(),
                    voices => format!(
                        " (less what is usual of the one\nof {voices} known voices that is heard)"
                    ),
                },
                if network.outputs_by_corpus() {
                    ": an output for each corpus, mixed by a third that\nhears which of them it is"
                } else {
                    ""
                }
            ),
            format!(" and `functionals` [1, {count}]"),
        ],
    };
    writeln!(
        text,
        "## The network\n\nA `{}`: {columns} features of 16 kHz sound{background} each 10 ms, {WINDOW_FRAMES} frames of voice at the most; {convolutions}a linear layer of {}; {lstm}attention, mean\nand deviation of the steps; two linear heads, of the emotions and of the voice{functionals}. {:.2} million parameters, {:.1} million multiplications and additions\nfor each 250 ms of voice (what the layers up to `steps` made of older rows is kept), {:.2} MB. ONNX operator set 13; inputs `features` [1, {WINDOW_ROWS}, {columns}] and `mask`\n[1, {MASK_STEPS}]{further}, outputs `logits` [1, 7] ({}) and `voice` [1, 1].",
        network.kind.name(),
        network.projection,
        facts.size.parameters as f64 / 1e6,
        facts.size.macs as f64 / 1e6,
        facts.size.bytes as f64 / 1e6,
        Emotion::ALL.map(Emotion::name).join(", "),
    ).ok();
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::progress::samples;

    #[test]
    fn what_came_before_a_clip_is_said() {
        let said = |overrides: &[&str]| learning_aids(&Config::first(overrides));
        assert_eq!(said(&[]), "");
        let both = said(&[
            "features.kinds=[\"log-mel\",\"habit\"]",
            "training.history_share=0.3",
            "training.history_clips=20",
            "training.joined_share=0.4",
        ]);
        assert!(
            both.contains("30 % of the voices heard after 1 to 20 other clips"),
            "{both}"
        );
        assert!(both.contains("40 % going on without a pause"), "{both}");
    }

    #[test]
    fn one_corpus_that_excludes_commercial_use_is_enough() {
        let run = |corpora: &[Corpus]| RunFacts {
            corpora: corpora.iter().map(|own| own.name().to_owned()).collect(),
            ..samples::facts()
        };
        assert!(licence(&run(&[Corpus::CremaD])).contains("ODbL"));
        // Such a one as a network may have learned from before it was tuned.
        let tuned = run(&[Corpus::CremaD, Corpus::Tess]);
        assert!(licence(&tuned).contains("not for commercial use"));
    }
}
