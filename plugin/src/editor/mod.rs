//! The window.
//!
//! - `view` turns telemetry and history into what there is to see; the widgets know nothing else
//! - `widgets` draw, one a file, and note in the view what the user wants
//! - `layout` says where they go, `theme` holds every colour and measure
//! - `controls` lists the parameters for the view; `export` writes files of it, which `picture` draws
//! - `window_state` is what a project keeps of the window; `window` is the window while it is open

mod controls;
mod export;
mod layout;
mod picture;
#[cfg(test)]
mod tests;
mod theme;
mod view;
mod widgets;
mod window;
mod window_state;

pub(crate) use window_state::WindowState;

use crate::worker::Instance;
use nice_plug::prelude::ResizeHint;
use nice_plug_core::{
    context::gui::GuiContext,
    editor::{
        Editor, HostMethods, ParentWindowHandle, SpawnedEditor,
        dpi::{LogicalSize, NativeSize, Size},
    },
    plugin::TrackInfo,
};
use nice_plug_egui::{
    EguiEditor, EguiEditorHandle, EguiEditorState, EguiNiceSettings, create_egui_editor,
};
use std::{
    error::Error,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use window::PathosWindow;
use window_state::LEAST_SIZE;

/// The editor: an egui window of the size that the project says.
///
/// The framework's own editor keeps the size with which it was made; so one is made anew when a project brings another.
pub struct PathosEditor {
    instance: Instance,
    current: Mutex<Current>,
}

/// The framework's editor and its size.
struct Current {
    editor: EguiEditor<PathosWindow>,
    state: Arc<EguiEditorState>,
}

/// The editor of an instance.
pub(crate) fn create(instance: Instance) -> Option<PathosEditor> {
    let current = Mutex::new(Current::new(&instance)?);
    Some(PathosEditor { instance, current })
}

impl Current {
    fn new(instance: &Instance) -> Option<Self> {
        let least = LogicalSize::new(LEAST_SIZE[0] as f32, LEAST_SIZE[1] as f32);
        let mut settings = EguiNiceSettings::new().with_tile("Pathos");
        settings.resize_hint = ResizeHint::RESIZABLE.with_min_logical_size(least);
        let state = EguiEditorState::from_size(instance.params.window_state().size(), 1.0);
        let window = PathosWindow::new(instance.clone());
        let editor = create_egui_editor(
            Arc::clone(&state),
            instance.repaint.clone(),
            settings,
            window,
        )?;
        Some(Self { editor, state })
    }
}

impl PathosEditor {
    /// The framework's editor, of the project's size.
    fn current(&self) -> MutexGuard<'_, Current> {
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        let size = Size::Logical(self.instance.params.window_state().size());
        if !current.state.is_open()
            && current.state.size() != size
            && let Some(new) = Current::new(&self.instance)
        {
            *current = new;
        }
        current
    }
}

impl Editor for PathosEditor {
    type Handle = EguiEditorHandle;

    fn spawn(
        &self,
        parent: Option<ParentWindowHandle>,
        wait_for_parent: bool,
        fallback_scale_factor: Option<f64>,
        gui_context: GuiContext,
        host: Option<HostMethods>,
    ) -> Result<SpawnedEditor<Self::Handle>, Box<dyn Error>> {
        self.current().editor.spawn(
            parent,
            wait_for_parent,
            fallback_scale_factor,
            gui_context,
            host,
        )
    }

    fn size(&self) -> NativeSize<u32> {
        self.current().editor.size()
    }

    fn resize_hint(&self) -> ResizeHint {
        self.current().editor.resize_hint()
    }

    fn track_info_updated(&self, info: TrackInfo) {
        self.instance.name.set(info.name());
    }
}
