//! A run's configuration: one TOML file that holds every number, saved beside the run's results.

use crate::{network::FunctionalHead, waveform::WaveformAugmentation};
use anyhow::{Context, Result, bail, ensure};
use pathos_analysis::{
    BackgroundSettings, CONTEXT_FRAMES, FeatureKind, FeatureSettings, TIME_POOL,
    background::{BELOW_VOICE_DB, RUMBLE_DB},
    network::REACH_ROWS,
};
use serde::{Deserialize, Serialize};
use std::path::Path;

/// Everything that decides a run, but for the clips.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// What the model is called in its metadata.
    pub name: String,
    /// The version of the model.
    pub version: String,
    /// Seeds every random choice of the training.
    pub seed: u64,
    /// What the network looks at.
    pub features: Features,
    /// Which clips are learned from and which are judged.
    pub split: Split,
    /// The kind and the sizes of the network.
    pub network: NetworkSettings,
    /// The optimisation.
    pub training: Training,
    /// What is done to a clip before it is learned from.
    pub augmentation: Augmentation,
}

/// What the network looks at.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Features {
    /// `log-mel`, `mfcc`, `chroma`, `prosody`: one or several.
    pub kinds: Vec<FeatureKind>,
    /// Takes `ltas` away from the network that has learned: it helps it to learn, and also tells it the microphone.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub ltas_in_training_only: bool,
    /// The noise that is put under every voice. None by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub background: Option<BackgroundSettings>,
}

/// How clips are divided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Protocol {
    /// No speaker of the test is learned from.
    Speakers,
    /// Clips at random: the speakers of the test are known, its clips are not.
    Clips,
    /// Augmented copies of clips at random, as in the notebook that claims 97.25 %: nearly every row of the test has a copy of
    /// its own recording among the rows that were learned. For comparison alone.
    Rows,
    /// Everything is learned from, nothing is judged: for a model that is shipped.
    All,
}

impl Protocol {
    /// The name, as configurations spell it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Speakers => "speakers",
            Self::Clips => "clips",
            Self::Rows => "rows",
            Self::All => "all",
        }
    }
}

/// Which clips are learned from and which are judged.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Split {
    /// `speakers`, `clips`, `rows` or `all`.
    pub protocol: Protocol,
    /// Which fold is the test, from 0. A corpus with no more folds than this has nothing in the test.
    pub fold: usize,
    /// How many folds a corpus's speakers are dealt to, for `speakers`.
    pub folds: Folds,
    /// Share of the clips or rows in the test, for `clips` and `rows`.
    pub test_share: f64,
    /// Share of what is left (of the speakers, for `speakers`) that is kept out of training to stop it early; 0 for none.
    pub validation_share: f64,
    /// Seeds the dealing.
    pub seed: u64,
}

/// Folds of each corpus.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Folds {
    /// CREMA-D's actors.
    pub crema_d: usize,
    /// RAVDESS's actors, with their speech and song in the same fold.
    pub ravdess: usize,
    /// SAVEE's men.
    pub savee: usize,
    /// TESS's women.
    pub tess: usize,
}

impl Folds {
    /// As many runs as it takes to judge every speaker.
    #[must_use]
    pub fn most(&self) -> usize {
        let all = [self.crema_d, self.ravdess, self.savee, self.tess];
        all.into_iter().max().unwrap_or(0)
    }
}

/// The kind of a network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NetworkKind {
    /// Convolutions, and statistics over time.
    Cnn,
    /// An LSTM on stacked frames.
    Lstm,
    /// Convolutions, then an LSTM.
    CnnLstm,
}

impl NetworkKind {
    /// The name, as configurations spell it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Cnn => "cnn",
            Self::Lstm => "lstm",
            Self::CnnLstm => "cnn-lstm",
        }
    }

    /// Whether it begins with convolutions.
    #[must_use]
    pub fn convolves(self) -> bool {
        self != Self::Lstm
    }

    /// Whether it has an LSTM.
    #[must_use]
    pub fn recurs(self) -> bool {
        self != Self::Cnn
    }
}

/// See [`Network`](crate::network::Network).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NetworkSettings {
    /// `cnn`, `lstm` or `cnn-lstm`.
    pub kind: NetworkKind,
    /// Channels of the 3×3 convolutions; not used by `lstm`.
    pub channels: Vec<usize>,
    /// Their strides, `[frames, bands]`; those of the frames must come to 4 or 8.
    pub strides: Vec<[usize; 2]>,
    /// Width of the layer after them.
    pub projection: usize,
    /// Width of the LSTM; not used by `cnn`.
    pub hidden: usize,
    /// Share of activations dropped in training.
    pub dropout: f64,
    /// Width of the hidden layer on functionals. Left out, as in the model that goes on, or 128.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub functional_hidden: Option<usize>,
    /// Whether the layers on functionals end in an output for each corpus, mixed by what they hear of which it is. Left out, as in
    /// the model that goes on, or one output for all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub corpus_outputs: Option<bool>,
    /// Voices that the layers on functionals are to know again: all that are learned from, or none. Left out, as in the model that goes
    /// on, or none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub known_voices: Option<usize>,
}

impl NetworkSettings {
    /// Whether the layers on functionals are to have an output for each corpus.
    #[must_use]
    pub fn outputs_by_corpus(&self) -> bool {
        self.corpus_outputs == Some(true)
    }

    /// How many voices they are to know again.
    #[must_use]
    pub fn voices_known(&self) -> usize {
        self.known_voices.unwrap_or(0)
    }

    /// Width of the hidden layer on functionals.
    #[must_use]
    pub fn width_on_functionals(&self) -> usize {
        self.functional_hidden.unwrap_or(FunctionalHead::HIDDEN)
    }

    /// Frames to a step of the network.
    #[must_use]
    pub fn frames_per_step(&self) -> usize {
        if self.kind.convolves() {
            self.strides.iter().map(|stride| stride[0]).product()
        } else {
            TIME_POOL
        }
    }

    /// Frames before and after its own that a step depends on by way of the convolutions, of three frames each.
    #[must_use]
    pub fn reach(&self) -> [usize; 2] {
        let frames = self.strides.iter().rev().map(|stride| stride[0]);
        let last = self.frames_per_step() - 1;
        let before = frames.clone().fold(0, |before, stride| before * stride + 1);
        let end = frames.fold(0, |end, stride| end * stride + 1);
        [before, end.saturating_sub(last)]
    }
}

/// The optimiser.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Optimizer {
    /// Adam with decoupled weight decay (Loshchilov & Hutter, ICLR 2019).
    AdamW,
    /// Adam (Kingma & Ba, ICLR 2015); the weight decay is added to the gradient.
    Adam,
    /// Gradient descent with a Nesterov momentum of 0.9.
    Sgd,
}

/// The learning rate over the run, relative to the highest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Schedule {
    /// Up in a line over the warm-up, down in half a cosine (Smith, 2018).
    OneCycle,
    /// Up in a line over the warm-up, then constant.
    Constant,
}

/// The loss of the emotions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Loss {
    /// Cross-entropy with the smoothed target.
    CrossEntropy,
    /// Focal loss with a gamma of 2 (Lin et al., ICCV 2017): cross-entropy that counts what is well known less.
    Focal,
}

/// How the weights are found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Training {
    /// Passes over as many examples as there are clips; none if a network that is tuned is to stay as it is and be given
    /// functionals alone.
    pub epochs: usize,
    /// Examples in a step.
    pub batch_size: usize,
    /// `adam-w`, `adam` or `sgd`.
    pub optimizer: Optimizer,
    /// Highest learning rate of the schedule.
    pub learning_rate: f64,
    /// `one-cycle` or `constant`.
    pub schedule: Schedule,
    /// Share of the run over which the learning rate rises.
    pub warmup: f64,
    /// Weight decay.
    pub weight_decay: f32,
    /// Largest norm of a parameter's gradient.
    pub gradient_clip: f32,
    /// `cross-entropy` or `focal`.
    pub loss: Loss,
    /// Mass of the target that is spread over the corpus's own classes.
    pub label_smoothing: f32,
    /// Share of the target that follows what the listeners of a clip heard, where that is known; the rest is what was acted.
    pub vote_share: f32,
    /// Weight of the side task to say which statement of CREMA-D or RAVDESS is said: see [`side_tasks`](crate::side_tasks).
    #[serde(default)]
    pub statement_weight: f32,
    /// Weight of the side task to say what a clip's listeners heard, where that is known.
    #[serde(default)]
    pub listeners_weight: f32,
    /// Folders of runs on the same split and features, whose networks' opinions are a part of the target; none for none.
    pub teachers: Vec<String>,
    /// How large a part.
    pub teacher_share: f32,
    /// How much the classes of a corpus are evened out in the draws: 0 as they occur, 1 equally often.
    pub class_balance: f64,
    /// How much the corpora are evened out in the draws: 0 as they occur, 1 equally often.
    pub corpus_balance: f64,
    /// Largest share of the draws that may fall on TESS, which has two speakers.
    pub tess_share: f64,
    /// Share of a batch that is no voice.
    pub non_voice_share: f64,
    /// Weight of the voice head's loss.
    pub voice_weight: f32,
    /// Share of voices that are heard after other clips of their speaker, for the feature `habit`; the rest begin with the clip.
    #[serde(default)]
    pub history_share: f64,
    /// How many such clips at the most.
    #[serde(default)]
    pub history_clips: usize,
    /// Share of these histories that are of the same emotion as the clip, as a song can be all the way.
    #[serde(default)]
    pub history_alike: f64,
    /// Share of voices that another clip of their speaker and emotion comes directly before, as where a line goes on: so windows are
    /// full, as along a track most are.
    #[serde(default)]
    pub joined_share: f64,
    /// Share of itself that a moving average of the weights keeps each step, such as 0.999: the average is what is judged and
    /// exported. What a tuned network began with is in it from the start. 0 for none.
    pub weight_average: f64,
    /// Epochs without a better UAR of the validation's mix after which training stops; 0 for never.
    pub patience: usize,
}

/// Augmentation, first of the sound, then of its log-mel frames.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Augmentation {
    /// Copies of each clip that are made with `waveform`, beside the clip as it is. Each epoch draws one of them all.
    pub copies: usize,
    /// Copies more that always have noise, and of `waveform`'s other changes only those of tilt and level. 0 by default.
    #[serde(default)]
    pub noisy_copies: usize,
    /// Signal-to-noise ratio of these, in dB, from and to.
    #[serde(default)]
    pub noisy_copies_snr_db: [f32; 2],
    /// Share of examples that are as long as they can be; the rest are cropped to 0.75 s or more.
    pub longest_share: f64,
    /// Largest change of rate, as a share.
    pub stretch: f64,
    /// Largest shift of the spectrum along the bands, as a share.
    pub warp: f64,
    /// Largest tilt from the lowest to the highest band, in dB.
    pub tilt_db: f64,
    /// Greatest rise and fall of each of the waves along the bands that a random equaliser is made of.
    pub equaliser_db: f64,
    /// Share of examples without an LTAS: it is all 0, so that the network does not rely on the channel alone.
    pub ltas_dropped: f64,
    /// Share of examples with noise.
    pub noise_share: f64,
    /// Signal-to-noise ratio of that noise, in dB, from and to.
    pub noise_snr_db: [f64; 2],
    /// Share of examples that lose what lies outside a band, whose edges are drawn from `waveform.band_low_hz` and
    /// `waveform.band_high_hz`. 0 by default.
    #[serde(default)]
    pub band_limit_share: f64,
    /// SpecAugment: how many bands of bands, and how wide at the most.
    pub band_masks: [usize; 2],
    /// SpecAugment: how many spans of frames, and how long at the most.
    pub frame_masks: [usize; 2],
    /// Share of examples that are mixed with another.
    pub mixup_share: f64,
    /// Parameter of mixup's Beta distribution.
    pub mixup_alpha: f64,
    /// Of the sound of the copies.
    pub waveform: WaveformAugmentation,
}

impl Config {
    /// Reads a configuration; a key that is unknown or missing is an error that names its line.
    ///
    /// # Errors
    ///
    /// If the file cannot be read, or a value does not fit: the message names the key.
    pub fn read(path: &Path) -> Result<Self> {
        Self::read_with(path, &[])
    }

    /// Reads a configuration, and puts other values in the place of some, each given as `key=value`, such as
    /// `training.epochs=75`.
    ///
    /// # Errors
    ///
    /// As [`read`](Self::read), and if there is no such key.
    pub fn read_with(path: &Path, overrides: &[String]) -> Result<Self> {
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("cannot read the configuration {}", path.display()))?;
        Self::parse(&text, overrides)
            .with_context(|| format!("the configuration {} does not fit", path.display()))
    }

    /// As [`read_with`](Self::read_with), of the text of a file.
    ///
    /// # Errors
    ///
    /// If a key is unknown or missing, or a value does not fit.
    pub fn parse(text: &str, overrides: &[String]) -> Result<Self> {
        let mut config: Self = toml::from_str(text)?;
        if !overrides.is_empty() {
            let mut table = toml::Table::try_from(&config)?;
            for assignment in overrides {
                set(&mut table, assignment)?;
            }
            let text = toml::to_string(&table)?;
            config = toml::from_str(&text)
                .with_context(|| format!("with {} in its place", overrides.join(", ")))?;
        }
        config.check()?;
        Ok(config)
    }

    /// Writes the configuration.
    ///
    /// # Errors
    ///
    /// If the file cannot be written.
    pub fn write(&self, path: &Path) -> Result<()> {
        std::fs::write(path, self.to_toml()?)
            .with_context(|| format!("cannot write {}", path.display()))
    }

    /// The configuration as the text of a file.
    ///
    /// # Errors
    ///
    /// Never for a configuration that was read.
    pub fn to_toml(&self) -> Result<String> {
        Ok(toml::to_string(self)?)
    }

    /// How the features of this configuration are made.
    #[must_use]
    pub fn feature_settings(&self) -> FeatureSettings {
        FeatureSettings::of(&self.features.kinds).over_background(self.features.background)
    }

    /// As [`feature_settings`](Self::feature_settings), of the network that has learned.
    #[must_use]
    pub fn judged_features(&self) -> FeatureSettings {
        let mut settings = self.feature_settings();
        if self.features.ltas_in_training_only {
            settings.kinds.retain(|kind| *kind != FeatureKind::Ltas);
        }
        settings
    }

    /// Of the columns that are of a window as a whole, the places of those that the network looks at when it has learned.
    #[must_use]
    pub fn judged_overall_columns(&self) -> Vec<usize> {
        let judged = self.judged_features().kinds;
        let overall = self.features.kinds.iter().filter(|kind| kind.is_overall());
        let columns =
            overall.flat_map(|kind| std::iter::repeat_n(judged.contains(kind), kind.columns()));
        let columns = columns.enumerate();
        columns
            .filter_map(|(at, kept)| kept.then_some(at))
            .collect()
    }

    fn check(&self) -> Result<()> {
        let share = |name: &str, value: f64| {
            ensure!(
                (0.0..=1.0).contains(&value),
                "{name} is {value}; it is a share, from 0 to 1"
            );
            Ok(())
        };
        let (split, training, augmentation) = (&self.split, &self.training, &self.augmentation);
        for (name, value) in [
            ("split.test_share", split.test_share),
            ("split.validation_share", split.validation_share),
            ("network.dropout", self.network.dropout),
            ("training.warmup", training.warmup),
            ("training.class_balance", training.class_balance),
            ("training.corpus_balance", training.corpus_balance),
            ("training.tess_share", training.tess_share),
            ("training.non_voice_share", training.non_voice_share),
            ("training.label_smoothing", training.label_smoothing.into()),
            ("training.teacher_share", training.teacher_share.into()),
            ("training.vote_share", training.vote_share.into()),
            ("training.weight_average", training.weight_average),
            ("training.history_share", training.history_share),
            ("training.history_alike", training.history_alike),
            ("training.joined_share", training.joined_share),
            ("augmentation.ltas_dropped", augmentation.ltas_dropped),
            ("augmentation.longest_share", augmentation.longest_share),
            ("augmentation.noise_share", augmentation.noise_share),
            (
                "augmentation.band_limit_share",
                augmentation.band_limit_share,
            ),
            ("augmentation.mixup_share", augmentation.mixup_share),
        ] {
            share(name, value)?;
        }
        let waveform = &augmentation.waveform;
        for (name, [from, to]) in [
            (
                "noise_snr_db",
                augmentation.noise_snr_db.map(|db| db as f32),
            ),
            ("waveform.reverb_rt60_s", waveform.reverb_rt60_s),
            ("waveform.reverb_direct_db", waveform.reverb_direct_db),
            ("waveform.band_low_hz", waveform.band_low_hz),
            ("waveform.band_high_hz", waveform.band_high_hz),
            ("noisy_copies_snr_db", augmentation.noisy_copies_snr_db),
            ("waveform.noise_snr_db", waveform.noise_snr_db),
        ] {
            ensure!(
                from <= to && from.is_finite() && to.is_finite(),
                "augmentation.{name} is [{from}, {to}]: say the smaller number first"
            );
        }
        if let Some(background) = self.features.background {
            for (name, value, range) in [
                ("below_voice_db", background.below_voice_db, BELOW_VOICE_DB),
                ("rumble_db", background.rumble_db, RUMBLE_DB),
            ] {
                ensure!(
                    range.contains(&value),
                    "features.background.{name} is {value}: say {} to {}, or leave features.background out for none",
                    range.start(),
                    range.end()
                );
            }
        }
        ensure!(
            self.feature_settings().is_known(),
            "features.kinds needs one of log-mel, mfcc, chroma and prosody"
        );
        ensure!(
            training.batch_size > 1,
            "training.batch_size must be 2 or more"
        );
        ensure!(
            training.patience == 0 || split.validation_share > 0.0,
            "training.patience needs clips to judge on that are not the test: set split.validation_share, such as 0.1"
        );
        let weights = [
            training.voice_weight,
            training.statement_weight,
            training.listeners_weight,
        ];
        ensure!(
            weights.iter().all(|&weight| weight >= 0.0),
            "training.voice_weight, training.statement_weight and training.listeners_weight must be 0 or more"
        );
        ensure!(
            !self.features.ltas_in_training_only
                || self.features.kinds.contains(&FeatureKind::Ltas)
                    && augmentation.ltas_dropped > 0.0,
            "features.ltas_in_training_only takes ltas from a network that has it and has learned to do without: add ltas to features.kinds, and set augmentation.ltas_dropped, such as 0.3"
        );
        let looks_back = self.features.kinds.contains(&FeatureKind::Habit);
        ensure!(
            looks_back || training.history_share == 0.0,
            "training.history_share is of use to the feature habit alone: add habit to features.kinds, or set it to 0"
        );
        ensure!(
            training.history_share == 0.0 || training.history_clips > 0,
            "training.history_clips must be 1 or more where training.history_share is not 0"
        );
        let folds = &split.folds;
        let fewest = [folds.crema_d, folds.ravdess, folds.savee, folds.tess];
        ensure!(
            fewest.iter().all(|&folds| folds >= 2),
            "split.folds must be 2 or more for each corpus"
        );
        ensure!(
            split.protocol != Protocol::Speakers || split.fold < folds.most(),
            "split.fold is {}, but no corpus has more than {} folds, counted from 0",
            split.fold,
            folds.most()
        );
        self.check_network()
    }

    fn check_network(&self) -> Result<()> {
        let network = &self.network;
        let functionals = self
            .features
            .kinds
            .iter()
            .any(|kind| kind.functionals() > 0);
        ensure!(
            functionals || network.voices_known() == 0,
            "network.known_voices are known by their functionals: add functionals to features.kinds, or leave it out"
        );
        if !network.kind.convolves() {
            return Ok(());
        }
        if !self.features.kinds.contains(&FeatureKind::LogMel) {
            bail!(
                "network.kind `{}` convolves log-mel bands: add log-mel to features.kinds, or choose `lstm`",
                network.kind.name()
            );
        }
        ensure!(
            !network.channels.is_empty() && network.channels.len() == network.strides.len(),
            "network.channels and network.strides must be equally long"
        );
        let pool = network.frames_per_step();
        ensure!(
            pool == TIME_POOL || pool == 2 * TIME_POOL,
            "the frames' strides of network.strides come to {pool}; they must come to {TIME_POOL} or {}",
            2 * TIME_POOL
        );
        let [before, after] = network.reach();
        ensure!(
            before <= CONTEXT_FRAMES && after <= REACH_ROWS,
            "a step of network.strides depends on {before} frames before and {after} after its own; a stream gives it \
             {CONTEXT_FRAMES} and {REACH_ROWS}"
        );
        Ok(())
    }
}

/// Puts a value into a table, given as `key=value`.
fn set(table: &mut toml::Table, assignment: &str) -> Result<()> {
    let (key, value) = assignment
        .split_once('=')
        .with_context(|| format!("`{assignment}` is no KEY=VALUE, such as training.epochs=75"))?;
    // A word that is no TOML value is taken as a string, so that names need no quotes in a shell.
    let value = format!("value = {value}")
        .parse::<toml::Table>()
        .ok()
        .and_then(|mut table| table.remove("value"))
        .unwrap_or_else(|| value.into());
    let mut place = table;
    let (path, last) = key.trim().rsplit_once('.').unwrap_or(("", key.trim()));
    for part in path.split('.').filter(|part| !part.is_empty()) {
        place = place
            .get_mut(part)
            .and_then(toml::Value::as_table_mut)
            .with_context(|| {
                format!("there is no key `{key}`: `{part}` is no table of the configuration")
            })?;
    }
    // `2` stands for `2.0` where a number with a fraction is meant.
    let value = match (place.get(last), value) {
        (Some(toml::Value::Float(_)), toml::Value::Integer(whole)) => {
            toml::Value::Float(whole as f64)
        }
        (_, value) => value,
    };
    // A key that is not there may be one that can be left out; one that is unknown is found when the table is read.
    place.insert(last.to_owned(), value);
    Ok(())
}

#[cfg(test)]
impl Config {
    /// The recipe `first` with some keys changed, for the tests.
    pub(crate) fn first(overrides: &[&str]) -> Self {
        let overrides: Vec<String> = overrides.iter().map(|&own| own.to_owned()).collect();
        Self::parse(include_str!("../recipes/first.toml"), &overrides).unwrap()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RECIPE: &str = include_str!("../recipes/first.toml");

    fn parse(overrides: &[&str]) -> Result<Config> {
        let overrides: Vec<String> = overrides.iter().map(|&text| text.to_owned()).collect();
        Config::parse(RECIPE, &overrides)
    }

    fn refusal(overrides: &[&str]) -> String {
        format!("{:#}", parse(overrides).unwrap_err())
    }

    #[test]
    fn every_key_can_be_overridden() {
        fn keys(prefix: &str, table: &toml::Table, all: &mut Vec<(String, toml::Value)>) {
            for (key, value) in table {
                match value {
                    toml::Value::Table(table) => keys(&format!("{prefix}{key}."), table, all),
                    value => all.push((format!("{prefix}{key}"), value.clone())),
                }
            }
        }
        let config = parse(&[]).unwrap();
        let mut all = Vec::new();
        keys("", &toml::Table::try_from(&config).unwrap(), &mut all);
        assert!(all.len() > 40, "{} keys", all.len());
        for (key, value) in all {
            assert_eq!(
                parse(&[&format!("{key}={value}")]).unwrap(),
                config,
                "{key}"
            );
        }
    }

    #[test]
    fn overrides_take_numbers_lists_and_bare_words() {
        let config = parse(&[
            "training.epochs=75",
            "training.learning_rate=1",
            "network.kind=cnn",
            "network.channels=[8,8]",
            "network.strides=[[2,2],[2,2]]",
        ])
        .unwrap();
        assert_eq!(config.training.epochs, 75);
        assert_eq!(config.training.learning_rate, 1.0);
        assert_eq!(config.network.kind, NetworkKind::Cnn);
        assert_eq!(config.network.channels, [8, 8]);
    }

    #[test]
    fn the_configurations_of_the_committed_runs_are_read() {
        let runs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../models/runs");
        let mut read = 0;
        for folder in std::fs::read_dir(runs).unwrap() {
            let config = folder.unwrap().path().join("config.toml");
            if config.exists() {
                Config::read(&config).unwrap();
                read += 1;
            }
        }
        assert!(read > 0);
    }

    #[test]
    fn what_does_not_fit_is_said() {
        assert!(refusal(&["training.epocs=3"]).contains("epocs"));
        assert!(refusal(&["traning.epochs=3"]).contains("traning"));
        assert!(refusal(&["training.epochs"]).contains("KEY=VALUE"));
        assert!(refusal(&["training.epochs=many"]).contains("many"));
        assert!(refusal(&["network.kind=transformer"]).contains("cnn-lstm"));
        assert!(refusal(&["network.strides=[[1,2],[2,2],[1,2],[1,2]]"]).contains("come to 2"));
        let deep = "network.strides=[[2,2],[2,2],[2,2],[1,2],[1,1]]";
        let channels = "network.channels=[4,4,4,4,4]";
        assert!(refusal(&[channels, deep]).contains("frames before"));
        assert!(refusal(&["network.known_voices=9"]).contains("features.kinds"));
        assert!(refusal(&["features.kinds=[\"ltas\"]"]).contains("features.kinds"));
        let background = |below: i32, rumble: i32| {
            format!(
                "features.background={{below_voice_db={below}.0,rumble_db={rumble}.0,fluctuates=true}}"
            )
        };
        assert!(refusal(&[&background(-40, 0)]).contains("10 to 100"));
        assert!(refusal(&[&background(40, 99)]).contains("rumble_db is 99: say 0 to 40"));
        assert!(refusal(&["features.ltas_in_training_only=true"]).contains("ltas_dropped"));
        assert!(refusal(&["training.tess_share=12"]).contains("training.tess_share"));
        assert!(
            refusal(&["augmentation.noise_snr_db=[30,5]"]).contains("the smaller number first")
        );
        let lower_edge = refusal(&["augmentation.waveform.band_low_hz=[400,50]"]);
        assert!(lower_edge.contains("augmentation.waveform.band_low_hz is [400, 50]"));
        assert!(refusal(&["training.patience=3"]).contains("validation_share"));
        assert!(refusal(&["training.statement_weight=-0.3"]).contains("0 or more"));
        assert!(refusal(&["training.history_share=0.5"]).contains("habit"));
        let habit = "features.kinds=[\"log-mel\",\"habit\"]";
        assert!(refusal(&[habit, "training.history_share=0.5"]).contains("history_clips"));
        assert!(refusal(&["features.kinds=[\"mfcc\"]"]).contains("log-mel"));
        assert!(refusal(&["split.fold=6"]).contains("folds"));
    }

    #[test]
    fn an_unknown_key_in_the_file_is_named_with_its_line() {
        let text = RECIPE.replace("hidden =", "hiden =");
        let message = format!("{:#}", Config::parse(&text, &[]).unwrap_err());
        assert!(
            message.contains("hiden") && message.contains("line "),
            "{message}"
        );
    }

    #[test]
    fn a_configuration_survives_its_file() {
        let config = parse(&[]).unwrap();
        assert_eq!(
            Config::parse(&config.to_toml().unwrap(), &[]).unwrap(),
            config
        );
    }
}
