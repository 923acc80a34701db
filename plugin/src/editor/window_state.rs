//! How a window was left, as a project keeps it.

use nice_plug_core::editor::dpi::LogicalSize;
use serde::{Deserialize, Serialize};

/// The window's size before the user changes it, in logical pixels.
const DEFAULT_SIZE: [f64; 2] = [860.0, 520.0];
/// The window's least size, in logical pixels.
pub(super) const LEAST_SIZE: [f64; 2] = [480.0, 300.0];
/// The largest that is believed, in logical pixels: 8K.
const LARGEST_SIZE: [f64; 2] = [7680.0, 4320.0];
/// What the timeline can show, in seconds.
pub(super) const SPANS_S: [u32; 4] = [15, 30, 60, 120];

/// A page of the window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Page {
    /// What the voice sounds like.
    #[default]
    Meters,
    /// What can be set.
    Controls,
}

/// How the timeline draws the seven values.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Curves {
    /// One on top of the other.
    #[default]
    Bands,
    /// Each from the bottom.
    Lines,
}

/// How the timeline draws the sound.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Sound {
    /// Lowest and highest samples.
    #[default]
    Wave,
    /// Power by mel band.
    Spectrum,
}

/// The window's size and what it shows.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct WindowState {
    /// Width and height in logical pixels.
    size: [f64; 2],
    pub(super) page: Page,
    span_s: u32,
    pub(super) curves: Curves,
    pub(super) sound: Sound,
}

impl Default for WindowState {
    fn default() -> Self {
        Self {
            size: DEFAULT_SIZE,
            page: Page::default(),
            span_s: SPANS_S[1],
            curves: Curves::default(),
            sound: Sound::default(),
        }
    }
}

impl WindowState {
    /// The size, whatever a project says.
    pub(super) fn size(&self) -> LogicalSize<f64> {
        let side = |index: usize| {
            if self.size[index].is_finite() {
                self.size[index].clamp(LEAST_SIZE[index], LARGEST_SIZE[index])
            } else {
                DEFAULT_SIZE[index]
            }
        };
        LogicalSize::new(side(0), side(1))
    }

    pub(super) fn set_size(&mut self, width: f64, height: f64) {
        self.size = [width, height];
    }

    /// What the timeline shows, in seconds: one of [`SPANS_S`].
    pub(super) fn span_s(&self) -> u32 {
        if SPANS_S.contains(&self.span_s) {
            self.span_s
        } else {
            SPANS_S[1]
        }
    }

    pub(super) fn set_span_s(&mut self, span_s: u32) {
        self.span_s = span_s;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nonsense_in_a_project_becomes_something_that_can_be_shown() {
        let read = |json: &str| serde_json::from_str::<WindowState>(json).unwrap();
        let tiny = read(r#"{"size":[-5.0,1e300],"span_s":7}"#);
        assert_eq!(tiny.size(), LogicalSize::new(480.0, 4320.0));
        assert_eq!(tiny.span_s(), 30);
        assert_eq!(read("{}"), WindowState::default());
    }

    #[test]
    fn what_was_left_comes_back() {
        let mut left = WindowState::default();
        left.set_size(1400.0, 868.0);
        left.set_span_s(120);
        left.page = Page::Controls;
        left.sound = Sound::Spectrum;
        let text = serde_json::to_string(&left).unwrap();
        assert_eq!(serde_json::from_str::<WindowState>(&text).unwrap(), left);
    }
}
