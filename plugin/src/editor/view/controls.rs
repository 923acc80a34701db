//! What there is to set, and what the user wants of it.

/// How a control is set.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::editor) enum ControlKind {
    /// Anywhere along a range.
    Continuous,
    /// Off or on.
    Switch,
    /// One of some.
    Choice(&'static [&'static str]),
}

impl ControlKind {
    /// Steps from the first position to the last.
    pub(in crate::editor) fn last_position(&self) -> f32 {
        match self {
            Self::Choice(choices) => (choices.len() - 1).max(1) as f32,
            Self::Continuous | Self::Switch => 1.0,
        }
    }
}

/// A control: a parameter as the window shows it.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::editor) struct Control {
    /// What it is called.
    pub(in crate::editor) name: String,
    /// Its value with its unit.
    pub(in crate::editor) text: String,
    /// 0 to 1.
    pub(in crate::editor) position: f32,
    /// Where it is at first.
    pub(in crate::editor) default: f32,
    /// How it is set.
    pub(in crate::editor) kind: ControlKind,
    /// The group that it belongs to.
    pub(in crate::editor) section: &'static str,
    /// What it does, in a sentence.
    pub(in crate::editor) hint: &'static str,
}

/// What the user wants. Controls are numbered as the window's owner lists them.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::editor) enum Request {
    /// A change of a control begins.
    Begin(usize),
    /// This position, 0 to 1.
    Set(usize, f32),
    /// The change is done.
    End(usize),
    /// The position that it had at first.
    Default(usize),
    /// The value that this text says.
    Type(usize, String),
    /// The controls of a preset.
    Preset(usize),
    /// Where OSC goes.
    OscAddress(String),
    /// The model's file; empty for the embedded one.
    Model(String),
    /// A table of what the timeline shows.
    ExportCsv,
    /// A picture of what it shows.
    ExportPng,
}

/// A text that the user is typing, and the text that counts.
#[derive(Clone, Debug, Default)]
pub(in crate::editor) struct Field {
    /// As it is typed.
    pub(in crate::editor) text: String,
    /// Whether it is being typed.
    pub(in crate::editor) is_typed: bool,
}

impl Field {
    /// Shows what counts, unless the user is typing.
    pub(in crate::editor) fn update(&mut self, text: &str) {
        if !self.is_typed && self.text != text {
            text.clone_into(&mut self.text);
        }
    }
}

/// All controls and what is wanted of them.
#[derive(Clone, Debug, Default)]
pub(in crate::editor) struct Controls {
    /// As the window's owner lists them.
    pub(in crate::editor) list: Vec<Control>,
    /// Names and purposes of the presets.
    pub(in crate::editor) presets: Vec<(&'static str, &'static str)>,
    /// Where OSC goes.
    pub(in crate::editor) osc_address: Field,
    /// The model's file.
    pub(in crate::editor) model_path: Field,
    /// The control whose value is typed, and what was typed so far.
    pub(in crate::editor) typed: Option<(usize, String)>,
    /// The position under the pointer: the parameter follows it only with the host's next block.
    dragged: Option<(usize, f32)>,
    requests: Vec<Request>,
}

impl Controls {
    /// The number of a control.
    pub(in crate::editor) fn find(&self, name: &str) -> Option<usize> {
        self.list.iter().position(|control| control.name == name)
    }

    /// Where a control is: under the pointer, while it is dragged.
    pub(in crate::editor) fn position(&self, control: usize) -> f32 {
        match self.dragged {
            Some((own, position)) if own == control => position,
            _ => self.list[control].position,
        }
    }

    /// Whether a switch is on.
    pub(in crate::editor) fn is_on(&self, control: usize) -> bool {
        self.list[control].position > 0.5
    }

    /// Moves a control by a step, within a change that has begun.
    pub(in crate::editor) fn drag(&mut self, control: usize, step: f32) {
        let position = (self.position(control) + step).clamp(0.0, 1.0);
        self.dragged = Some((control, position));
        self.requests.push(Request::Set(control, position));
    }

    /// Changes a control at once.
    pub(in crate::editor) fn change(&mut self, control: usize, position: f32) {
        self.request(Request::Begin(control));
        self.request(Request::Set(control, position.clamp(0.0, 1.0)));
        self.request(Request::End(control));
    }

    /// Notes what the user wants.
    pub(in crate::editor) fn request(&mut self, request: Request) {
        if !matches!(request, Request::Begin(_)) {
            self.dragged = None;
        }
        self.requests.push(request);
    }

    /// What the user has wanted since the last call.
    pub(in crate::editor) fn take_requests(&mut self) -> Vec<Request> {
        std::mem::take(&mut self.requests)
    }
}
