//! What the network says of a stream of voice, at little cost: of each frame the convolutions are reckoned once.

use crate::{
    Frame,
    model::{Logits, Model, ran},
    network::REACH_ROWS,
    piece::PIECE_ROWS,
    window::{VoiceWindow, WINDOW_FRAMES, WINDOW_ROWS},
};

/// A stream of voiced frames with a network on it.
///
/// Gives the same as [`Model::infer`] of the stream's [window](VoiceWindow::window), but keeps what the first layers made of
/// rows that it has seen.
#[derive(Clone, Debug)]
pub struct Recogniser {
    voice: VoiceWindow,
    /// What the first layers made of the rows before `settled`, the newest last.
    steps: Vec<f32>,
    /// Rows whose steps no later row changes any more.
    settled: usize,
}

impl Recogniser {
    /// One for the windows of a model.
    #[must_use]
    pub fn new(model: &Model) -> Self {
        Self {
            voice: VoiceWindow::new(&model.info().features),
            steps: Vec::new(),
            settled: 0,
        }
    }

    /// Hears the newest frame of voice.
    pub fn push(&mut self, frame: Frame) {
        self.voice.push(frame);
    }

    /// Forgets all that was heard but what the voice is like as a rule.
    pub fn clear(&mut self) {
        self.voice.clear();
        self.steps.clear();
        self.settled = 0;
    }

    /// The voice that was heard.
    #[must_use]
    pub fn voice(&self) -> &VoiceWindow {
        &self.voice
    }

    /// Frames of voice that were heard.
    #[must_use]
    pub fn heard(&self) -> usize {
        self.voice.heard()
    }

    /// What the network says of the last [`WINDOW_FRAMES`]. `model` is that of [`new`](Self::new). Allocates; not for an audio
    /// thread.
    ///
    /// # Panics
    ///
    /// Never with that model: loading it has run the same graph on the same shapes.
    pub fn logits(&mut self, model: &Model) -> Logits {
        let network = model.network();
        let end = self.voice.end();
        let oldest = end.saturating_sub(WINDOW_FRAMES);
        if self.settled < oldest {
            self.steps.clear();
            self.settled = oldest;
        }
        let made = network.steps(self.settled, end, |end| self.voice.rows(end, PIECE_ROWS));
        self.steps
            .extend(made.expect("the network ran when it was loaded"));
        let kept = network.step_values(end - oldest);
        self.steps.drain(..self.steps.len() - kept);
        let mut all = vec![0.0; network.step_values(WINDOW_ROWS) - kept];
        all.extend(&self.steps);
        self.settled = if self.voice.has_settled_rows() {
            end - REACH_ROWS
        } else {
            0
        };
        self.steps
            .truncate(network.step_values(self.settled - oldest));
        ran(network.conclude(
            &all,
            &self.voice.overall(),
            &self.voice.functionals(),
            &self.voice.mask(),
        ))
    }
}
