//! What there is to see: made from telemetry and history, read by the widgets, which know nothing else.

mod controls;
mod timeline;
mod trail;

pub(super) use controls::{Control, ControlKind, Controls, Request};
pub(super) use timeline::{Moment, TimelineView};
pub(super) use trail::Trail;

use super::window_state::WindowState;
use crate::{
    telemetry::{Snapshot, Status},
    timeline::Timeline,
};
use pathos_analysis::{Emotion, ModelInfo, VoiceState};

/// How long a meter's peak mark stays, in seconds.
const PEAK_HOLD_S: f64 = 2.0;
/// How fast it falls after that, in shares of the scale per second.
const PEAK_FALL_PER_S: f32 = 0.5;
/// A smaller change of a meter is not seen.
const SEEN: f32 = 1e-3;
/// An emotion leads if it is ahead of the next by this much.
const LEAD: f32 = 0.12;
/// And leads clearly by this much.
const CLEAR_LEAD: f32 = 0.3;
/// Below this confidence nothing leads.
const LEAST_CONFIDENCE: f32 = 0.1;
/// The input counts as clipped for this long after a sample over full scale, in seconds.
const CLIP_HOLD_S: f64 = 1.5;
/// While the transport rolls, without any sound at all for this long there is no input, in seconds: if there was none before, and
/// if there was. Vocal tracks are silent between their regions.
const NO_INPUT_AT_FIRST_S: f64 = 5.0;
const NO_INPUT_S: f64 = 60.0;
/// Values that come later than this after their sound come from a worker that is behind, in seconds.
const LONGEST_LATENCY_S: f32 = 1.0;
/// For how long a note is shown, in seconds.
const NOTE_S: f64 = 8.0;
/// A load of the worker above this share of realtime is worth a warning.
const HIGH_LOAD: f32 = 0.5;

/// One meter.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Meter {
    /// Its emotion.
    pub(super) emotion: Emotion,
    /// 0 to 1.
    pub(super) value: f32,
    /// The held peak, 0 to 1.
    pub(super) peak: f32,
    /// Ahead of all others by a margin.
    pub(super) leads: bool,
    peak_since: f64,
}

/// What the voice sounds like, in words.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Verdict {
    /// Such as "sad, clearly".
    pub(super) text: String,
    /// The emotion that leads, if one does.
    pub(super) emotion: Option<Emotion>,
}

/// Everything that the window shows.
#[derive(Clone, Debug)]
pub(super) struct View {
    /// In the order of [`Emotion::ALL`].
    pub(super) meters: [Meter; Emotion::COUNT],
    /// In words.
    pub(super) verdict: Verdict,
    /// How sure the recogniser is, 0 to 1; 0 without a voice.
    pub(super) confidence: f32,
    /// Whether a voice sounds.
    pub(super) has_voice: bool,
    /// Whether there is nothing to show: no voice, and the last one's values are gone.
    pub(super) at_rest: bool,
    /// What the window shows.
    pub(super) look: WindowState,
    /// The last seconds or minutes.
    pub(super) timeline: TimelineView,
    /// Where valence and arousal were in the last seconds.
    pub(super) trail: Trail,
    /// What can be set.
    pub(super) controls: Controls,
    /// The model and its figure.
    pub(super) model: String,
    /// Rate and load.
    pub(super) health: String,
    /// What is wrong, in words.
    pub(super) warning: Option<String>,
    note: Option<(String, f64)>,
    time: f64,
    clipped_at: f64,
    /// Whether there was any input.
    has_sounded: bool,
    /// When there was some, or the transport stood.
    excused_at: Option<f64>,
    moving: bool,
}

impl View {
    pub(super) fn new(look: WindowState) -> Self {
        Self {
            meters: Emotion::ALL.map(|emotion| Meter {
                emotion,
                value: 0.0,
                peak: 0.0,
                leads: false,
                peak_since: 0.0,
            }),
            verdict: Verdict::default(),
            confidence: 0.0,
            has_voice: false,
            at_rest: true,
            look,
            timeline: TimelineView::default(),
            trail: Trail::default(),
            controls: Controls::default(),
            model: String::new(),
            health: String::new(),
            warning: None,
            time: 0.0,
            clipped_at: f64::NEG_INFINITY,
            has_sounded: false,
            excused_at: None,
            note: None,
            moving: false,
        }
    }

    /// Takes the instance's state at a time in seconds.
    pub(super) fn update(&mut self, snapshot: &Snapshot, time: f64) {
        let elapsed = (time - self.time).clamp(0.0, 1.0) as f32;
        self.time = time;
        self.moving = false;
        for (meter, &value) in self.meters.iter_mut().zip(&snapshot.probabilities) {
            self.moving |= (meter.value - value).abs() > SEEN;
            meter.value = value.clamp(0.0, 1.0);
            if meter.value >= meter.peak - SEEN {
                meter.peak = meter.value;
                meter.peak_since = time;
            } else if time - meter.peak_since > PEAK_HOLD_S {
                meter.peak = (meter.peak - PEAK_FALL_PER_S * elapsed).max(meter.value);
                self.moving = true;
            }
        }
        self.has_voice = matches!(snapshot.state, VoiceState::Voice | VoiceState::Gathering);
        self.confidence = if snapshot.state.has_values() {
            snapshot.confidence
        } else {
            0.0
        };
        let is_low = self.meters.iter().all(|meter| meter.value < 0.005);
        self.at_rest = is_low && !snapshot.state.has_values();
        self.judge(snapshot.state);
        if snapshot.input_peak > 1.0 {
            self.clipped_at = time;
        }
        self.has_sounded |= snapshot.input_peak > 0.0;
        if snapshot.input_peak > 0.0 || !snapshot.rolling || self.excused_at.is_none() {
            self.excused_at = Some(time);
        }
        let point = [snapshot.valence, snapshot.arousal];
        let is_heard = snapshot.state.has_values();
        self.moving |= self.trail.update(is_heard.then_some(point), time);
        self.model = snapshot
            .model
            .as_deref()
            .map_or_else(|| "no model".to_owned(), describe);
        self.health = self.describe_health(snapshot);
        if snapshot.learned_s > 0.0 {
            self.health = format!("{:.0} s of this voice learned", snapshot.learned_s);
        }
        self.warning = self.find_warning(snapshot);
    }

    /// Takes what is new in the history.
    pub(super) fn update_timeline(&mut self, timeline: &Timeline) {
        let span_s = self.look.span_s();
        self.moving |= self.timeline.update(&timeline.lock(), span_s);
    }

    fn describe_health(&self, snapshot: &Snapshot) -> String {
        let smoothing = self
            .controls
            .find("Smoothing")
            .map_or_else(String::new, |index| {
                format!(" + {}", self.controls.list[index].text)
            });
        format!(
            "values {:.0} ms{smoothing} after the sound  ·  worker {:.1} %  ·  {} kHz",
            1000.0 * snapshot.latency_s,
            100.0 * snapshot.worker_load,
            snapshot.sample_rate_hz / 1000.0
        )
    }

    fn judge(&mut self, state: VoiceState) {
        let mut order: [usize; Emotion::COUNT] = std::array::from_fn(|index| index);
        order.sort_by(|&a, &b| self.meters[b].value.total_cmp(&self.meters[a].value));
        let (first, second) = (order[0], order[1]);
        let lead = self.meters[first].value - self.meters[second].value;
        let leads = state.has_values() && lead >= LEAD && self.confidence >= LEAST_CONFIDENCE;
        for (index, meter) in self.meters.iter_mut().enumerate() {
            meter.leads = leads && index == first;
        }
        let name = |index: usize| self.meters[index].emotion.name();
        self.verdict.emotion = leads.then(|| self.meters[first].emotion);
        self.verdict.text = match state {
            VoiceState::NoVoice => "no voice".to_owned(),
            VoiceState::Gathering => "listening…".to_owned(),
            _ if leads && lead >= CLEAR_LEAD => format!("{}, clearly", name(first)),
            _ if leads => format!("rather {}", name(first)),
            _ => format!("{} or {}, not sure", name(first), name(second)),
        };
        if state == VoiceState::Hold {
            self.verdict.text.push_str(" (held)");
        }
    }

    fn find_warning(&self, snapshot: &Snapshot) -> Option<String> {
        match &snapshot.status {
            Status::Deaf(because) => return Some(because.clone()),
            Status::Failed => {
                return Some(
                    "the analysis stopped; the audio passes on. Switch the plugin off and on"
                        .to_owned(),
                );
            }
            Status::Inactive => return Some("the host has not started the plugin".to_owned()),
            Status::Listening => {}
        }
        if self.time - self.clipped_at < CLIP_HOLD_S {
            return Some("the input clips".to_owned());
        }
        let patience_s = if self.has_sounded {
            NO_INPUT_S
        } else {
            NO_INPUT_AT_FIRST_S
        };
        let is_silent = self
            .excused_at
            .is_some_and(|at| self.time - at > patience_s);
        if is_silent {
            return Some("no input: nothing at all comes from the host".to_owned());
        }
        for trouble in [&snapshot.model_trouble, &snapshot.osc_trouble] {
            if trouble.is_some() {
                return trouble.clone();
            }
        }
        if snapshot.latency_s > LONGEST_LATENCY_S {
            return Some("the analysis is behind the sound".to_owned());
        }
        if snapshot.worker_load > HIGH_LOAD {
            return Some("the analysis is nearly too slow for this machine".to_owned());
        }
        (snapshot.overruns > 0)
            .then(|| format!("audio was lost to the analysis {} times", snapshot.overruns))
    }

    /// Puts a meter's peak mark back to its value.
    pub(super) fn reset_peak(&mut self, index: usize) {
        self.meters[index].peak = self.meters[index].value;
        self.meters[index].peak_since = self.time;
    }

    /// Says something for a while.
    pub(super) fn note(&mut self, text: String) {
        self.note = Some((text, self.time + NOTE_S));
    }

    /// What was said a while ago.
    pub(super) fn current_note(&self) -> Option<&str> {
        let (text, until) = self.note.as_ref()?;
        (self.time < *until).then_some(text)
    }

    /// Whether the next frame will differ from this one.
    pub(super) fn is_moving(&self) -> bool {
        self.moving
    }
}

/// The model's name with the first of its figures.
fn describe(model: &ModelInfo) -> String {
    let name = format!("{} {}", model.name, model.version);
    match model.evidence.figures.first() {
        Some(figure) => format!(
            "{name}  ·  {:.0} % {} on unheard speakers of {}",
            100.0 * figure.value,
            figure.measure,
            figure.set
        ),
        None => format!("{name}  ·  untrained"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn snapshot(probabilities: [f32; 7]) -> Snapshot {
        Snapshot {
            probabilities,
            confidence: 0.5,
            state: VoiceState::Voice,
            status: Status::Listening,
            ..Snapshot::default()
        }
    }

    #[test]
    fn a_narrow_lead_is_no_lead() {
        let mut view = View::new(WindowState::default());
        view.update(&snapshot([0.31, 0.05, 0.3, 0.1, 0.1, 0.1, 0.04]), 0.1);
        assert_eq!(view.verdict.text, "angry or fear, not sure");
        assert!(view.meters.iter().all(|meter| !meter.leads));
        view.update(&snapshot([0.4, 0.05, 0.2, 0.1, 0.1, 0.1, 0.05]), 0.2);
        assert_eq!(view.verdict.text, "rather angry");
        view.update(&snapshot([0.7, 0.05, 0.05, 0.05, 0.05, 0.05, 0.05]), 0.3);
        assert_eq!(view.verdict.text, "angry, clearly");
        assert!(view.meters[0].leads);
    }

    #[test]
    fn a_peak_is_held_then_falls_and_can_be_reset() {
        let mut view = View::new(WindowState::default());
        view.update(&snapshot([0.8, 0.0, 0.0, 0.0, 0.2, 0.0, 0.0]), 0.0);
        view.update(&snapshot([0.1, 0.0, 0.0, 0.0, 0.9, 0.0, 0.0]), 1.9);
        assert_eq!(view.meters[0].peak, 0.8);
        view.update(&snapshot([0.1, 0.0, 0.0, 0.0, 0.9, 0.0, 0.0]), 2.9);
        assert!(view.meters[0].peak < 0.8);
        view.reset_peak(0);
        assert_eq!(view.meters[0].peak, 0.1);
    }

    #[test]
    fn an_input_without_any_sound_is_told_in_words() {
        let mut view = View::new(WindowState::default());
        let mut silence = snapshot([0.0; 7]);
        silence.state = VoiceState::NoVoice;
        let mut warns = |silence: &Snapshot, time: f64| {
            view.update(silence, time);
            view.warning.is_some()
        };
        assert!(!warns(&silence, 0.0));
        assert!(!warns(&silence, 100.0), "the transport stands");
        silence.rolling = true;
        assert!(!warns(&silence, 104.0));
        assert!(warns(&silence, 106.0));
        silence.input_peak = 1e-5;
        assert!(!warns(&silence, 106.1));
        silence.input_peak = 0.0;
        assert!(!warns(&silence, 150.0), "a rest between two phrases");
        assert!(warns(&silence, 170.0));
        assert!(view.warning.unwrap().starts_with("no input"));
    }

    #[test]
    fn a_note_goes_after_a_while() {
        let mut view = View::new(WindowState::default());
        view.note("written".to_owned());
        view.update(&snapshot([0.0; 7]), 1.0);
        assert_eq!(view.current_note(), Some("written"));
        view.update(&snapshot([0.0; 7]), 9.0);
        assert_eq!(view.current_note(), None);
    }

    #[test]
    fn a_still_voice_does_not_move() {
        let mut view = View::new(WindowState::default());
        let silence = Snapshot {
            state: VoiceState::NoVoice,
            ..snapshot([0.0; 7])
        };
        view.update(&silence, 0.0);
        view.update(&silence, 0.1);
        assert!(!view.is_moving());
    }

    #[test]
    fn values_that_fade_away_come_to_rest() {
        let mut view = View::new(WindowState::default());
        let silence = |value| Snapshot {
            state: VoiceState::NoVoice,
            ..snapshot([value; 7])
        };
        for step in 0..200 {
            let time = 0.1 * f64::from(step);
            view.update(&silence((-3.0 * time).exp() as f32), time);
        }
        assert!(!view.is_moving());
    }
}
