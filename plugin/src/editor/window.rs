//! The window while it is open.

use super::{
    controls, export, layout, theme,
    view::{Request, View},
};
use crate::{model_choice, params::PathosParams, presets::PRESETS, worker::Instance};
use nice_plug_core::{
    context::gui::{GuiContext, ParamSetter},
    plugin::TrackInfo,
};
use nice_plug_egui::{
    Frame, NiceEguiApp,
    baseview::{HandlerError, WindowSize},
};
use std::{path::PathBuf, sync::PoisonError, time::Duration};

/// Between two frames while something moves, and while nothing does. The worker asks for one when it hears something, the
/// framework when a parameter changes.
const MOVING: Duration = Duration::from_millis(16);
const STILL: Duration = Duration::from_secs(1);

/// What is alive while the window is open.
pub(super) struct PathosWindow {
    instance: Instance,
    gui: Option<GuiContext>,
    view: View,
}

impl PathosWindow {
    pub(super) fn new(instance: Instance) -> Self {
        let mut view = View::new(instance.params.window_state());
        view.controls.presets = PRESETS.iter().map(|own| (own.name, own.purpose)).collect();
        Self {
            instance,
            gui: None,
            view,
        }
    }

    /// Takes the instance as it is now.
    fn look(&mut self, time: f64) {
        let Instance {
            params,
            telemetry,
            timeline,
            ..
        } = &self.instance;
        let view = &mut self.view;
        view.controls.list = controls::list(params);
        view.controls.osc_address.update(&params.osc_address());
        view.controls.model_path.update(&params.model_path());
        view.update(&telemetry.latest(), time);
        view.update_timeline(timeline);
    }

    /// Does what the user wanted in this frame.
    fn obey(&mut self) {
        let Some(gui) = &self.gui else { return };
        let setter = gui.param_setter();
        for request in self.view.controls.take_requests() {
            if let Some(note) = obey(&self.instance.params, &setter, &mut self.view, request) {
                self.view.note(note);
            }
        }
    }
}

impl NiceEguiApp for PathosWindow {
    fn build(
        &mut self,
        context: egui::Context,
        gui: GuiContext,
        _frame: &mut Frame,
    ) -> Result<(), HandlerError> {
        theme::apply(&context);
        self.gui = Some(gui);
        // It may be opened for the second time, with another project's state.
        self.view.look = self.instance.params.window_state();
        Ok(())
    }

    fn track_info_changed(&mut self, track: TrackInfo) {
        self.instance.name.set(track.name());
    }

    fn resized(&mut self, size: WindowSize) {
        let (width, height) = (size.logical.width, size.logical.height);
        self.view.look.set_size(width, height);
        self.instance.params.set_window_state(self.view.look);
    }

    fn ui(&mut self, ui: &mut egui::Ui, _frame: &mut Frame) {
        self.look(ui.input(|input| input.time));
        let before = self.view.look;
        egui::CentralPanel::default()
            .frame(egui::Frame::NONE.fill(theme::BACKGROUND))
            .show(ui, |ui| layout::draw(ui, &mut self.view));
        if self.view.look != before {
            self.instance.params.set_window_state(self.view.look);
        }
        self.obey();
        let interval = if self.view.is_moving() { MOVING } else { STILL };
        ui.ctx().request_repaint_after(interval);
    }
}

/// Does what is wanted; may have something to say of it.
fn obey(
    params: &PathosParams,
    setter: &ParamSetter,
    view: &mut View,
    request: Request,
) -> Option<String> {
    let handles = controls::handles(params);
    let set = |control: usize, position: f32| {
        let handle = &handles[control];
        handle.begin(setter);
        handle.set(setter, position);
        handle.end(setter);
    };
    match request {
        Request::Begin(control) => handles[control].begin(setter),
        Request::Set(control, position) => handles[control].set(setter, position),
        Request::End(control) => handles[control].end(setter),
        Request::Default(control) => set(control, handles[control].default()),
        Request::Type(control, text) => match handles[control].read(&text) {
            Some(position) => set(control, position),
            None => {
                let name = &view.controls.list[control].name;
                return Some(format!("\"{}\" is no value for {name}", text.trim()));
            }
        },
        Request::Preset(preset) => {
            for (param, position) in PRESETS[preset].changes(params) {
                setter.begin_set_parameter(param);
                setter.set_parameter_normalized(param, position);
                setter.end_set_parameter(param);
            }
        }
        Request::OscAddress(address) => {
            let kept = params.osc_address.write();
            *kept.unwrap_or_else(PoisonError::into_inner) = address;
        }
        Request::Model(path) => return Some(choose_model(params, view, path)),
        Request::ExportCsv => return Some(written(export::csv, view)),
        Request::ExportPng => return Some(written(export::png, view)),
    }
    None
}

/// Has the worker take another model, if it fits.
fn choose_model(params: &PathosParams, view: &mut View, path: String) -> String {
    match model_choice::load(&path) {
        Ok(model) => {
            view.controls.model_path.is_typed = false;
            let kept = params.model_path.write();
            *kept.unwrap_or_else(PoisonError::into_inner) = path;
            let info = model.info();
            format!("{} {} listens now", info.name, info.version)
        }
        Err(because) => format!("the model stays as it is: {because}"),
    }
}

fn written(
    export: impl Fn(&View, &std::path::Path) -> Result<PathBuf, String>,
    view: &View,
) -> String {
    let Some(folder) = export::folder() else {
        return "there is no folder for documents to write to".to_owned();
    };
    match export(view, &folder) {
        Ok(file) => format!("written: {}", file.display()),
        Err(because) => because,
    }
}
