//! Clips as frames, in memory, and a cache of them on disk.

use crate::{
    condition::Condition,
    config::Config,
    corpora::{Clip, Refused},
    files,
    progress_bar::progress_bar,
    session::Sessions,
    split::{self, Part, Role},
    waveform,
};
use anyhow::{Context, Result};
use pathos_analysis::{
    ANALYSIS_RATE_HZ, FRAMES_VERSION, FeatureKind, FeatureSettings, Frame, MEL_BANDS,
    features::EXTRA_VALUES, resample_all, voiced_frames,
};
use rand::{SeedableRng, seq::IndexedRandom};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;
use sha2::{Digest, Sha256};
use std::{collections::BTreeMap, fs, path::Path};

/// Other clips that a babble of voices is made of.
const BABBLE_VOICES: usize = 5;

/// A clip with the frames that the running recogniser would put in its window.
#[derive(Clone, Debug)]
pub struct Example {
    /// Its labels.
    pub clip: Clip,
    /// Its voiced frames as it is, then those of its augmented copies. One in which the gate hears no voice, as under loud noise,
    /// is empty.
    pub copies: Vec<Vec<Frame>>,
    /// Clips of a speaker with the same number were changed alike in the copies with the same place, if the configuration lets clips
    /// be heard after others: see [`Sessions`].
    pub session: usize,
}

impl Example {
    /// The voiced frames of the clip as it is.
    #[must_use]
    pub fn frames(&self) -> &[Frame] {
        &self.copies[0]
    }
}

/// The places of examples whose clips have something in common.
pub fn places_by<K: Ord>(
    examples: &[Example],
    key: impl Fn(&Clip) -> K,
) -> BTreeMap<K, Vec<usize>> {
    let mut places: BTreeMap<_, Vec<usize>> = BTreeMap::new();
    for (place, example) in examples.iter().enumerate() {
        places.entry(key(&example.clip)).or_default().push(place);
    }
    places
}

/// Who speaks in some examples, each once, in order.
#[must_use]
pub fn speakers(examples: &[Example]) -> Vec<String> {
    let speakers = places_by(examples, |clip| clip.speaker.clone());
    speakers.into_keys().collect()
}

/// The examples of some clips by role, and the clips that gave none.
#[derive(Debug, Default)]
pub struct Dataset {
    /// Learned from.
    pub training: Vec<Example>,
    /// Decide when training stops.
    pub validation: Vec<Example>,
    /// Judged.
    pub test: Vec<Example>,
    /// Each clip that could not be read or holds no voice, and why.
    pub refused: Vec<Refused>,
    /// SHA-256 over the files of all clips and their roles, as 64 hexadecimal digits: the same data and split have the same.
    pub hash: String,
}

/// Reads and analyses the clips of some roles, on all cores, those of the test under a condition if there is one. What was analysed
/// before, with the same settings and from the same bytes, comes from `cache`.
///
/// # Errors
///
/// If the cache cannot be written. A clip that cannot be read is refused by name instead.
pub fn load(
    clips: Vec<Clip>,
    config: &Config,
    roles: &[Role],
    condition: Option<Condition>,
    cache: &Path,
) -> Result<Dataset> {
    fs::create_dir_all(cache).with_context(|| format!("cannot make {}", cache.display()))?;
    let babble = Babble::new(&clips, config);
    let sessions = Sessions::new(&clips);
    let mut parts = split::divide(clips, &config.split);
    parts.retain(|part| roles.contains(&part.role));
    let loader = Loader {
        config,
        condition,
        cache,
        babble,
        sessions,
        features: serde_json::to_vec(&frame_settings(config))?,
    };
    let bar = progress_bar(parts.len() as u64, "features");
    let results: Vec<(Part, Result<Loaded>)> = parts
        .into_par_iter()
        .map(|part| {
            let loaded = loader.load(&part);
            bar.inc(1);
            (part, loaded)
        })
        .collect();
    bar.finish_and_clear();

    let mut dataset = Dataset::default();
    let mut hash = Sha256::new();
    for (part, loaded) in results {
        let Part { clip, role, .. } = part;
        match loaded {
            Ok(loaded) if loaded.copies[0].is_empty() => {
                let reason = "no voice in it".to_owned();
                dataset.refused.push((clip.path, reason));
            }
            Ok(loaded) => {
                hash.update(loaded.file_hash);
                hash.update([role as u8]);
                let examples = match role {
                    Role::Training => &mut dataset.training,
                    Role::Validation => &mut dataset.validation,
                    Role::Test => &mut dataset.test,
                };
                examples.push(Example {
                    clip,
                    copies: loaded.copies,
                    session: loaded.session,
                });
            }
            Err(error) => dataset.refused.push((clip.path, format!("{error:#}"))),
        }
    }
    dataset.hash = hexadecimal(hash);
    Ok(dataset)
}

/// The samples of a file of any rate, at the analysis rate.
///
/// # Errors
///
/// If the file cannot be read as sound; the message names it.
pub fn samples_of(path: &Path) -> Result<Vec<f32>> {
    let clip = pathos_clips::read_mono(path)?;
    if clip.sample_rate_hz == ANALYSIS_RATE_HZ {
        Ok(clip.samples)
    } else {
        Ok(resample_all(&clip.samples, f64::from(clip.sample_rate_hz))?)
    }
}

/// How long the sound of a file is, in seconds.
///
/// # Errors
///
/// If the file cannot be read as sound; the message says why.
pub fn seconds_of(path: &Path) -> Result<f64> {
    let clip = pathos_clips::read_mono(path)?;
    Ok(clip.samples.len() as f64 / f64::from(clip.sample_rate_hz))
}

/// Of a configuration's features, what decides the frames. Kinds that are made of the log-mel bands of a window need nothing
/// else.
fn frame_settings(config: &Config) -> FeatureSettings {
    let kinds = config.features.kinds.iter().copied();
    let own: Vec<FeatureKind> = kinds.filter(|kind| kind.is_of_frames()).collect();
    FeatureSettings::of(if own.is_empty() {
        &[FeatureKind::LogMel]
    } else {
        &own
    })
}

/// What was read of one part.
struct Loaded {
    file_hash: [u8; 32],
    copies: Vec<Vec<Frame>>,
    session: usize,
}

struct Loader<'a> {
    config: &'a Config,
    condition: Option<Condition>,
    cache: &'a Path,
    babble: Babble,
    sessions: Sessions,
    features: Vec<u8>,
}

impl Loader<'_> {
    fn load(&self, part: &Part) -> Result<Loaded> {
        let path = &part.clip.path;
        let bytes = fs::read(path)?;
        let mut key = Sha256::new();
        key.update(env!("CARGO_PKG_VERSION"));
        key.update(FRAMES_VERSION.to_le_bytes());
        key.update(&self.features);
        key.update(&bytes);
        let condition = self.condition.filter(|_| part.role == Role::Test);
        let mut own = key.clone().chain_update(serde_json::to_vec(&part.row)?);
        if let Some(condition) = condition {
            own.update(serde_json::to_vec(&condition)?);
        }
        let mut copies = vec![self.cached(own, |rng| {
            let samples = part.row.of(&samples_of(path)?, rng)?;
            match condition {
                Some(condition) => condition.effect().apply(&samples, &[], rng),
                None => Ok(samples),
            }
        })?];
        let session = self.sessions.of(&part.clip);
        if part.role == Role::Training {
            let augmentation = &self.config.augmentation;
            let changed = &augmentation.waveform;
            let noisy = changed.noisy(augmentation.noisy_copies_snr_db);
            let changed = std::iter::repeat_n(changed, augmentation.copies);
            let noisy = std::iter::repeat_n(&noisy, augmentation.noisy_copies);
            for (number, settings) in changed.chain(noisy).enumerate() {
                let voices = self.babble.voices(&part.clip, number);
                let mut sitting = Sha256::new_with_prefix(serde_json::to_vec(&(
                    settings,
                    part.clip.corpus,
                    &part.clip.speaker,
                    session,
                    number,
                ))?);
                if self.config.training.history_share == 0.0 {
                    // No clip is heard after another, so each has changes of its own: more kinds of them.
                    sitting.update(&bytes);
                }
                let sitting: [u8; 32] = sitting.finalize().into();
                let effects = waveform::draw(
                    settings,
                    !voices.is_empty(),
                    &mut ChaCha8Rng::from_seed(sitting),
                );
                // By speaker and name, so that a cache also serves where the corpus lies elsewhere.
                let names: Vec<_> = voices
                    .iter()
                    .map(|clip| (&clip.speaker, clip.file_name().to_string_lossy()))
                    .collect();
                let key = key
                    .clone()
                    .chain_update(sitting)
                    .chain_update(serde_json::to_vec(&(part.row, names))?);
                copies.push(self.cached(key, |rng| {
                    let samples = part.row.of(&samples_of(path)?, rng)?;
                    let voices: Vec<Vec<f32>> = voices
                        .iter()
                        .filter_map(|clip| samples_of(&clip.path).ok())
                        .collect();
                    let voices: Vec<&[f32]> = voices.iter().map(Vec::as_slice).collect();
                    waveform::apply(&effects, &samples, &voices, rng)
                })?);
            }
        }
        Ok(Loaded {
            file_hash: Sha256::digest(&bytes).into(),
            copies,
            session,
        })
    }

    /// The frames of the key from the cache, or of the samples that `make` gives; its generator is seeded by the key.
    fn cached(
        &self,
        key: Sha256,
        make: impl FnOnce(&mut ChaCha8Rng) -> Result<Vec<f32>>,
    ) -> Result<Vec<Frame>> {
        let kinds = &self.config.features.kinds;
        let digest: [u8; 32] = key.clone().finalize().into();
        let entry = self.cache.join(hexadecimal(key));
        if let Ok(bytes) = fs::read(&entry) {
            return Ok(from_bytes(&bytes, kinds));
        }
        let frames = voiced_frames(&make(&mut ChaCha8Rng::from_seed(digest))?, kinds);
        files::replace(&entry, &to_bytes(&frames, kinds))?;
        Ok(frames)
    }
}

/// Which clips are heard in the babble behind a clip: of the same corpus and the same fold, so that nothing of the test is
/// ever heard in training.
struct Babble {
    folds: BTreeMap<String, usize>,
    voices: BTreeMap<(&'static str, usize), Vec<Clip>>,
}

impl Babble {
    fn new(clips: &[Clip], config: &Config) -> Self {
        let folds = split::folds(clips, &config.split);
        let mut voices: BTreeMap<_, Vec<Clip>> = BTreeMap::new();
        for clip in clips {
            let group = (clip.corpus.speakers_of(), folds[&clip.speaker]);
            voices.entry(group).or_default().push(clip.clone());
        }
        Self { folds, voices }
    }

    fn voices(&self, clip: &Clip, copy: usize) -> Vec<&Clip> {
        let group = (clip.corpus.speakers_of(), self.folds[&clip.speaker]);
        let all: Vec<&Clip> = self.voices[&group]
            .iter()
            .filter(|other| other.path != clip.path)
            .collect();
        let digest = Sha256::new()
            .chain_update(clip.file_name().as_encoded_bytes())
            .chain_update(copy.to_le_bytes())
            .finalize();
        let mut rng = ChaCha8Rng::from_seed(digest.into());
        all.choose_multiple(&mut rng, BABBLE_VOICES)
            .copied()
            .collect()
    }
}

fn hexadecimal(hash: Sha256) -> String {
    let digits = hash.finalize();
    digits.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Values of a frame that are kept for some kinds of feature.
fn values_kept(kinds: &[FeatureKind]) -> usize {
    let extra = kinds.contains(&FeatureKind::Chroma) || kinds.contains(&FeatureKind::Prosody);
    MEL_BANDS + if extra { EXTRA_VALUES } else { 0 }
}

fn to_bytes(frames: &[Frame], kinds: &[FeatureKind]) -> Vec<u8> {
    let kept = values_kept(kinds);
    let values = frames
        .iter()
        .flat_map(|frame| frame.log_mel.iter().chain(&frame.extra).take(kept));
    values.flat_map(|value| value.to_le_bytes()).collect()
}

fn from_bytes(bytes: &[u8], kinds: &[FeatureKind]) -> Vec<Frame> {
    let frames = bytes.chunks_exact(4 * values_kept(kinds)).map(|row| {
        let value = |at: usize| {
            row[4 * at..]
                .first_chunk()
                .map_or(0.0, |bytes| f32::from_le_bytes(*bytes))
        };
        let extra = |at: usize| {
            if 4 * (MEL_BANDS + at) < row.len() {
                value(MEL_BANDS + at)
            } else {
                0.0
            }
        };
        Frame {
            log_mel: std::array::from_fn(value),
            extra: std::array::from_fn(extra),
        }
    });
    frames.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Four clips of a speaker, written into a folder.
    fn clips(folder: &Path) -> Vec<Clip> {
        fs::create_dir_all(folder).unwrap();
        let spec = hound::WavSpec {
            channels: 1,
            sample_rate: ANALYSIS_RATE_HZ,
            bits_per_sample: 32,
            sample_format: hound::SampleFormat::Float,
        };
        let clips = (0..4).map(|number| {
            let path = folder.join(format!("{number}.wav"));
            let mut file = hound::WavWriter::create(&path, spec).unwrap();
            for at in 0..2 * ANALYSIS_RATE_HZ {
                let phase = (200.0 + 10.0 * number as f32) * at as f32 / ANALYSIS_RATE_HZ as f32;
                file.write_sample(0.2 * (phase.fract() - 0.5)).unwrap();
            }
            file.finalize().unwrap();
            Clip {
                path,
                corpus: crate::corpora::Corpus::CremaD,
                speaker: "S".to_owned(),
                female: true,
                emotion: pathos_analysis::Emotion::Sad,
                votes: None,
                statement: None,
            }
        });
        clips.collect()
    }

    /// Analyses all clips of [`clips`], with one copy each.
    fn load_all(folder: &Path, config: &Config, cache: &Path) -> Dataset {
        let data = load(clips(folder), config, &[Role::Training], None, cache).unwrap();
        assert_eq!(data.training.len(), 4);
        data
    }

    fn config() -> Config {
        let mut config = Config::first(&[]);
        config.split.protocol = crate::config::Protocol::All;
        config.augmentation.copies = 1;
        config
    }

    /// How much louder, in log-mel, the copy of each clip of a speaker is than the clip.
    fn gains(history_share: f64, folder: &Path) -> Vec<f32> {
        let mut config = config();
        config.training.history_share = history_share;
        config.augmentation.waveform = waveform::WaveformAugmentation {
            gain_db: config.augmentation.waveform.gain_db,
            ..config.augmentation.waveform.off()
        };
        let data = load_all(folder, &config, &folder.join("cache"));
        let level = |frames: &[Frame]| {
            let bands = frames.iter().map(|frame| frame.log_mel[10]);
            bands.sum::<f32>() / frames.len() as f32
        };
        let gain = |example: &Example| level(&example.copies[1]) - level(&example.copies[0]);
        data.training.iter().map(gain).collect()
    }

    #[test]
    fn copies_are_changed_alike_where_clips_are_heard_after_others() {
        let folder = std::env::temp_dir().join(format!("pathos-sessions-{}", std::process::id()));
        let spread = |gains: Vec<f32>| {
            let (low, high) = gains
                .iter()
                .fold((f32::MAX, f32::MIN), |(low, high), &gain| {
                    (low.min(gain), high.max(gain))
                });
            high - low
        };
        assert!(spread(gains(0.5, &folder)) < 0.05);
        assert!(spread(gains(0.0, &folder)) > 0.2);
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn noisy_copies_come_after_the_others() {
        let folder = std::env::temp_dir().join(format!("pathos-noisy-{}", std::process::id()));
        let mut config = config();
        config.augmentation.waveform = config.augmentation.waveform.off();
        config.augmentation.noisy_copies = 2;
        config.augmentation.noisy_copies_snr_db = [0.0, 0.0];
        for example in load_all(&folder, &config, &folder.join("cache")).training {
            let [clip, unchanged, noisy @ ..] = example.copies.as_slice() else {
                unreachable!("a clip is its own first copy");
            };
            assert_eq!(clip, unchanged);
            assert_eq!(noisy.len(), 2);
            assert!(noisy.iter().all(|noisy| noisy != clip));
            assert_ne!(noisy[0], noisy[1]);
        }
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn a_cache_serves_a_corpus_that_was_moved() {
        let folder = std::env::temp_dir().join(format!("pathos-moved-{}", std::process::id()));
        let cache = folder.join("cache");
        let entries = |corpus: &str| {
            load_all(&folder.join(corpus), &config(), &cache);
            fs::read_dir(&cache).unwrap().count()
        };
        assert_eq!(entries("here"), 8);
        assert_eq!(entries("there"), 8);
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn frames_survive_the_cache() {
        let frames: Vec<Frame> = (0..5)
            .map(|t| Frame {
                log_mel: std::array::from_fn(|band| (t * band) as f32),
                extra: std::array::from_fn(|at| (t + at) as f32),
            })
            .collect();
        let all = &FeatureKind::ALL;
        assert_eq!(from_bytes(&to_bytes(&frames, all), all), frames);
        let plain = [FeatureKind::LogMel, FeatureKind::Mfcc];
        for (kept, frame) in from_bytes(&to_bytes(&frames, &plain), &plain)
            .iter()
            .zip(&frames)
        {
            assert_eq!(*kept, Frame::from(frame.log_mel));
        }
    }
}
