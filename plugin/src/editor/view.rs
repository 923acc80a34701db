//! What there is to see: made from telemetry, read by the widgets.

use crate::telemetry::{Snapshot, Status};
use pathos_analysis::{Emotion, HOP_SECONDS, ModelInfo, VoiceState};

/// The number of the smoothing among the controls.
pub(super) const SMOOTHING: usize = 0;
/// How long a meter's peak mark stays, in seconds.
const PEAK_HOLD_S: f64 = 2.0;
/// How fast it falls after that, in shares of the scale per second.
const PEAK_FALL_PER_S: f32 = 0.5;
/// An emotion leads if it is ahead of the next by this much.
const LEAD: f32 = 0.12;
/// And leads clearly by this much.
const CLEAR_LEAD: f32 = 0.3;
/// Below this confidence nothing leads.
const LEAST_CONFIDENCE: f32 = 0.1;
/// The input counts as clipped for this long after a sample over full scale, in seconds.
const CLIP_HOLD_S: f64 = 1.5;
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

/// The control of the smoothing.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Smoothing {
    /// 0 to 1, along the parameter's range.
    pub(super) position: f32,
    /// With its unit.
    pub(super) text: String,
    /// Whether this window may change it.
    pub(super) can_change: bool,
}

/// How a control is set.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum ControlKind {
    /// Anywhere along a range.
    Slider,
    /// Off or on.
    Switch,
    /// One of some.
    Choice(&'static [&'static str]),
}

impl ControlKind {
    /// Steps from the first position to the last.
    pub(super) fn last_position(&self) -> f32 {
        match self {
            Self::Choice(choices) => (choices.len() - 1).max(1) as f32,
            Self::Slider | Self::Switch => 1.0,
        }
    }
}

/// A control on the page of controls.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Control {
    /// What it is called.
    pub(super) name: String,
    /// Its value with its unit.
    pub(super) text: String,
    /// 0 to 1.
    pub(super) position: f32,
    /// How it is set.
    pub(super) kind: ControlKind,
    /// The group that it belongs to.
    pub(super) section: &'static str,
    /// What it does, in a sentence.
    pub(super) hint: &'static str,
}

/// What the user wants. Controls are numbered as the window's owner lists them.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Request {
    /// A change of a control begins.
    Begin(usize),
    /// This position, 0 to 1.
    Set(usize, f32),
    /// The change is done.
    End(usize),
    /// The position that it had at first.
    Default(usize),
    /// The controls of a preset.
    Preset(usize),
    /// Where OSC goes.
    OscAddress(String),
}

/// A page of the window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Page {
    /// What the voice sounds like.
    Meters,
    /// What can be set.
    Controls,
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
    /// The control of the smoothing.
    pub(super) smoothing: Smoothing,
    /// What is shown.
    pub(super) page: Page,
    /// All controls; the first is the smoothing.
    pub(super) controls: Vec<Control>,
    /// Names and purposes of the presets.
    pub(super) presets: Vec<(&'static str, &'static str)>,
    /// Where OSC goes, as it is typed.
    pub(super) osc_address: String,
    /// Whether it is being typed.
    pub(super) is_typing_address: bool,
    /// The model and its figure.
    pub(super) model: String,
    /// Rate and load.
    pub(super) health: String,
    /// What is wrong, in words.
    pub(super) warning: Option<String>,
    time: f64,
    clipped_at: f64,
    moving: bool,
    /// The position under the pointer: the parameter follows it only with the host's next block.
    dragged: Option<(usize, f32)>,
    requests: Vec<Request>,
}

impl View {
    pub(super) fn new(model: Option<&ModelInfo>) -> Self {
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
            smoothing: Smoothing::default(),
            page: Page::Meters,
            controls: Vec::new(),
            presets: Vec::new(),
            osc_address: String::new(),
            is_typing_address: false,
            model: model.map_or_else(|| "no model".to_owned(), describe),
            health: String::new(),
            warning: None,
            time: 0.0,
            clipped_at: f64::NEG_INFINITY,
            moving: false,
            dragged: None,
            requests: Vec::new(),
        }
    }

    /// Takes the instance's state at a time in seconds.
    pub(super) fn update(&mut self, snapshot: &Snapshot, time: f64) {
        let elapsed = (time - self.time).clamp(0.0, 1.0) as f32;
        self.time = time;
        self.moving = false;
        for (meter, &value) in self.meters.iter_mut().zip(&snapshot.probabilities) {
            self.moving |= (meter.value - value).abs() > 1e-3;
            meter.value = value.clamp(0.0, 1.0);
            if meter.value >= meter.peak {
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
        self.health = format!(
            "worker {:.1} %  ·  {} kHz",
            100.0 * snapshot.worker_load,
            snapshot.sample_rate_hz / 1000.0
        );
        if snapshot.learned_hops > 0 {
            let seconds = f64::from(snapshot.learned_hops) * HOP_SECONDS;
            self.health = format!("{seconds:.0} s of this voice learned");
        }
        self.warning = self.find_warning(snapshot);
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
        if let Some(trouble) = &snapshot.osc_trouble {
            return Some(trouble.clone());
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

    /// Takes the smoothing's state; the position under the pointer comes first.
    pub(super) fn update_smoothing(&mut self, smoothing: Smoothing) {
        self.smoothing = smoothing;
        if let Some(dragged) = self.dragged_position(SMOOTHING) {
            self.smoothing.position = dragged;
        }
    }

    /// Moves the smoothing, within a change that has begun.
    pub(super) fn drag_smoothing(&mut self, step: f32) {
        let from = self.dragged_position(SMOOTHING);
        let position = (from.unwrap_or(self.smoothing.position) + step).clamp(0.0, 1.0);
        self.drag(SMOOTHING, position);
    }

    /// Where a control is under the pointer, while it is dragged.
    pub(super) fn dragged_position(&self, control: usize) -> Option<f32> {
        let (_, position) = self.dragged.filter(|(own, _)| *own == control)?;
        Some(position)
    }

    /// Moves a control, within a change that has begun.
    pub(super) fn drag(&mut self, control: usize, position: f32) {
        self.dragged = Some((control, position));
        self.requests.push(Request::Set(control, position));
    }

    /// Changes a control at once.
    pub(super) fn change(&mut self, control: usize, position: f32) {
        self.request(Request::Begin(control));
        self.request(Request::Set(control, position));
        self.request(Request::End(control));
    }

    /// Notes what the user wants.
    pub(super) fn request(&mut self, request: Request) {
        if !matches!(request, Request::Begin(_)) {
            self.dragged = None;
        }
        self.requests.push(request);
    }

    /// What the user has wanted since the last call.
    pub(super) fn take_requests(&mut self) -> Vec<Request> {
        std::mem::take(&mut self.requests)
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
        let mut view = View::new(None);
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
        let mut view = View::new(None);
        view.update(&snapshot([0.8, 0.0, 0.0, 0.0, 0.2, 0.0, 0.0]), 0.0);
        view.update(&snapshot([0.1, 0.0, 0.0, 0.0, 0.9, 0.0, 0.0]), 1.9);
        assert_eq!(view.meters[0].peak, 0.8);
        view.update(&snapshot([0.1, 0.0, 0.0, 0.0, 0.9, 0.0, 0.0]), 2.9);
        assert!(view.meters[0].peak < 0.8);
        view.reset_peak(0);
        assert_eq!(view.meters[0].peak, 0.1);
    }

    #[test]
    fn a_still_voice_does_not_move() {
        let mut view = View::new(None);
        let silence = Snapshot {
            state: VoiceState::NoVoice,
            ..snapshot([0.0; 7])
        };
        view.update(&silence, 0.0);
        view.update(&silence, 0.1);
        assert!(!view.is_moving());
    }
}
