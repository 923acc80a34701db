//! The window: a page with seven meters, a page with all controls, and a line that says how the instance is doing.
//!
//! - `view` turns telemetry into what there is to see; the widgets know nothing else
//! - `controls` lists the parameters for it, and does what is wanted of them
//! - `theme` holds every colour and measure
//! - `meters`, `smoothing`, `settings`, `symbols`, `header` and `status` draw; `row` has the columns of the meters

mod controls;
mod header;
mod meters;
mod row;
mod settings;
mod smoothing;
mod status;
mod symbols;
mod theme;
mod view;

use crate::{
    presets::PRESETS,
    worker::{self, Instance},
};
use nice_plug::prelude::{Param, ResizeHint};
use nice_plug_core::{context::gui::GuiContext, editor::dpi::LogicalSize, plugin::TrackInfo};
use nice_plug_egui::{
    EguiEditor, EguiEditorState, EguiNiceSettings, Frame, NiceEguiApp, RepaintNotifier,
    baseview::HandlerError, create_egui_editor,
};
use std::{sync::PoisonError, time::Duration};
use view::{Page, Request, Smoothing, View};

/// The window's size before the user changes it, in logical pixels.
const DEFAULT_SIZE: LogicalSize<f64> = LogicalSize::new(520.0, 420.0);
/// The window's least size, in logical pixels.
const LEAST_SIZE: LogicalSize<f32> = LogicalSize::new(480.0, 300.0);
/// Between two frames while something moves, and while nothing does.
const MOVING: Duration = Duration::from_millis(16);
const STILL: Duration = Duration::from_millis(100);

/// The editor as the framework takes it.
pub(crate) type PathosEditor = EguiEditor<PathosWindow>;

/// What is alive while the window is open.
pub struct PathosWindow {
    instance: Instance,
    gui: Option<GuiContext>,
    view: View,
}

/// The editor of an instance.
pub(crate) fn create(instance: Instance) -> Option<PathosEditor> {
    let mut settings = EguiNiceSettings::new().with_tile("Pathos");
    settings.resize_hint = ResizeHint::RESIZABLE.with_min_logical_size(LEAST_SIZE);
    let model = worker::embedded_model().map(|model| model.info().clone());
    let mut view = View::new(model.ok().as_ref());
    view.presets = PRESETS.iter().map(|own| (own.name, own.purpose)).collect();
    let window = PathosWindow {
        instance,
        gui: None,
        view,
    };
    let state = EguiEditorState::from_size(DEFAULT_SIZE, 1.0);
    create_egui_editor(state, RepaintNotifier::new(), settings, window)
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
        Ok(())
    }

    fn track_info_changed(&mut self, track: TrackInfo) {
        self.instance.name.set(track.name());
    }

    fn ui(&mut self, ui: &mut egui::Ui, _frame: &mut Frame) {
        let time = ui.input(|input| input.time);
        self.view.update(&self.instance.telemetry.latest(), time);
        self.view.update_smoothing(self.smoothing());
        self.view.controls = controls::list(&self.instance.params);
        if !self.view.is_typing_address {
            let address = self.instance.params.osc_address.read();
            self.view.osc_address = address.unwrap_or_else(PoisonError::into_inner).clone();
        }
        egui::CentralPanel::default()
            .frame(egui::Frame::NONE.fill(theme::BACKGROUND))
            .show(ui, |ui| draw(ui, &mut self.view));
        self.obey();
        let interval = if self.view.is_moving() { MOVING } else { STILL };
        ui.ctx().request_repaint_after(interval);
    }
}

impl PathosWindow {
    fn smoothing(&self) -> Smoothing {
        let param = &self.instance.params.controls.smoothing;
        Smoothing {
            position: param.modulated_normalized_value(),
            text: param.to_string(),
            can_change: self.gui.is_some(),
        }
    }

    /// Does what the user wanted in this frame.
    fn obey(&mut self) {
        let Some(gui) = &self.gui else { return };
        let (setter, params) = (gui.param_setter(), &self.instance.params);
        let handles = controls::handles(params);
        for request in self.view.take_requests() {
            match request {
                Request::Begin(control) => handles[control].begin(&setter),
                Request::Set(control, position) => handles[control].set(&setter, position),
                Request::End(control) => handles[control].end(&setter),
                Request::Default(control) => {
                    let handle = &handles[control];
                    handle.begin(&setter);
                    handle.set(&setter, handle.default());
                    handle.end(&setter);
                }
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
            }
        }
    }
}

/// Draws the whole window.
fn draw(ui: &mut egui::Ui, view: &mut View) {
    let scale = theme::scale(ui.max_rect().size());
    let window = ui.max_rect().shrink(theme::MARGIN);
    let (header_area, rest) =
        window.split_top_bottom_at_y(window.top() + theme::HEADER_HEIGHT * scale);
    let (meters_area, status_area) =
        rest.split_top_bottom_at_y(rest.bottom() - theme::STATUS_HEIGHT * scale);
    header::draw(ui, header_area, view, scale);
    match view.page {
        Page::Meters => meters::draw(ui, meters_area, view),
        Page::Controls => settings::draw(ui, meters_area, view),
    }
    status::draw(ui, status_area, view, scale);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::telemetry::{Snapshot, Status};
    use egui_kittest::{Harness, kittest::Queryable};
    use pathos_analysis::VoiceState;

    fn sad() -> Snapshot {
        Snapshot {
            probabilities: [0.07, 0.03, 0.11, 0.02, 0.16, 0.58, 0.03],
            voice: 0.9,
            confidence: 0.4,
            state: VoiceState::Voice,
            sample_rate_hz: 48_000.0,
            input_peak: 0.3,
            status: Status::Listening,
            ..Snapshot::default()
        }
    }

    fn window(snapshot: Snapshot, size: [f32; 2]) -> Harness<'static> {
        let mut view = View::new(None);
        let mut time = 0.0;
        let params = crate::params::PathosParams::default();
        let mut harness = Harness::builder().with_size(size).build_ui(move |ui| {
            time += 0.1;
            view.update(&snapshot, time);
            view.controls = controls::list(&params);
            draw(ui, &mut view);
        });
        harness.run_steps(5);
        harness
    }

    #[test]
    fn every_emotion_is_named_with_its_value() {
        let window = window(sad(), [520.0, 420.0]);
        for label in [
            "Angry 7 %",
            "Disgust 3 %",
            "Fear 11 %",
            "Happy 2 %",
            "Neutral 16 %",
            "Sad 58 %",
            "Surprise 3 %",
        ] {
            window.get_by_label(label);
        }
        window.get_by_label("sad, clearly");
    }

    #[test]
    fn every_size_has_room_for_all_meters_without_overlap() {
        for size in [
            [480.0, 300.0],
            [520.0, 420.0],
            [860.0, 520.0],
            [1600.0, 1000.0],
            [3840.0, 2160.0],
        ] {
            let window = window(sad(), size);
            let mut bottom = 0.0f32;
            for label in [
                "Angry 7 %",
                "Disgust 3 %",
                "Fear 11 %",
                "Happy 2 %",
                "Neutral 16 %",
                "Sad 58 %",
                "Surprise 3 %",
            ] {
                let meter = window.get_by_label(label).rect();
                assert!(meter.top() >= bottom - 0.5, "{label} at {size:?}");
                assert!(
                    meter.right() <= size[0] && meter.bottom() <= size[1],
                    "{label} at {size:?}"
                );
                bottom = meter.bottom();
            }
        }
    }

    #[test]
    fn no_voice_says_so_and_shows_no_values() {
        let silent = Snapshot {
            probabilities: [0.0; 7],
            state: VoiceState::NoVoice,
            ..sad()
        };
        let silent = window(silent, [520.0, 420.0]);
        silent.get_by_label("no voice");
        silent.get_by_label("Angry –");
        let held = Snapshot {
            state: VoiceState::Hold,
            ..sad()
        };
        window(held, [520.0, 420.0]).get_by_label("sad, clearly (held)");
        let gathering = Snapshot {
            probabilities: [0.0; 7],
            state: VoiceState::Gathering,
            ..sad()
        };
        window(gathering, [520.0, 420.0]).get_by_label("listening…");
    }

    #[test]
    fn what_is_wrong_is_said_in_words() {
        let because = "a sample rate of 4000 Hz cannot be analysed; set one from 8000 to 384000 Hz";
        let deaf = Snapshot {
            status: Status::Deaf(because.to_owned()),
            ..sad()
        };
        window(deaf, [520.0, 420.0]).get_by_label(because);
        let clipped = Snapshot {
            input_peak: 1.2,
            ..sad()
        };
        window(clipped, [520.0, 420.0]).get_by_label("the input clips");
    }

    /// A window with the smoothing at its middle, and what was wanted of it.
    fn window_with_smoothing(can_change: bool) -> Harness<'static, Vec<Request>> {
        let mut view = View::new(None);
        let app = move |ui: &mut egui::Ui, requests: &mut Vec<Request>| {
            let smoothing = Smoothing {
                position: 0.5,
                text: "300 ms".to_owned(),
                can_change,
            };
            view.update(&sad(), 0.1);
            view.update_smoothing(smoothing);
            draw(ui, &mut view);
            requests.extend(view.take_requests());
        };
        Harness::builder()
            .with_size([520.0, 420.0])
            .build_ui_state(app, Vec::new())
    }

    #[test]
    fn the_smoothing_follows_the_pointer_and_the_keys() {
        let mut window = window_with_smoothing(true);
        let centre = window.get_by_label("Smoothing 300 ms").rect().center();
        window.drag_at(centre);
        window.run_steps(2);
        window.hover_at(centre + egui::vec2(60.0, 0.0));
        window.run_steps(2);
        window.drop_at(centre + egui::vec2(60.0, 0.0));
        window.run_steps(2);
        let requests = std::mem::take(window.state_mut());
        assert_eq!(
            (requests.first(), requests.last()),
            (Some(&Request::Begin(0)), Some(&Request::End(0)))
        );
        assert!(
            requests
                .iter()
                .any(|request| matches!(request, Request::Set(0, position) if *position > 0.6))
        );

        window.get_by_label("Smoothing 300 ms").focus();
        window.run_steps(2);
        window.key_press(egui::Key::ArrowLeft);
        window.run_steps(2);
        assert_eq!(
            *window.state(),
            [Request::Begin(0), Request::Set(0, 0.48), Request::End(0)]
        );
    }

    /// A window that shows the page of controls, and what was wanted of them.
    fn window_of_controls() -> Harness<'static, Vec<Request>> {
        let params = crate::params::PathosParams::default();
        let mut view = View::new(None);
        view.presets = PRESETS.iter().map(|own| (own.name, own.purpose)).collect();
        view.page = Page::Controls;
        let app = move |ui: &mut egui::Ui, requests: &mut Vec<Request>| {
            view.update(&sad(), 0.1);
            view.controls = controls::list(&params);
            draw(ui, &mut view);
            requests.extend(view.take_requests());
        };
        Harness::builder()
            .with_size([860.0, 2400.0])
            .build_ui_state(app, Vec::new())
    }

    #[test]
    fn the_button_turns_the_page() {
        let mut window = window(sad(), [860.0, 520.0]);
        window.get_by_label("Controls").click();
        window.run_steps(3);
        assert!(window.query_by_label("Sad 58 %").is_none());
        window.get_by_label("Sensitivity 100 %");
        window.get_by_label("Meters").click();
        window.run_steps(3);
        window.get_by_label("Sad 58 %");
    }

    #[test]
    fn controls_ask_for_what_was_done_to_them() {
        let mut window = window_of_controls();
        window.run_steps(3);
        window.get_by_label("Write").click();
        window.run_steps(3);
        let updates = 12;
        let write = [
            Request::Begin(updates),
            Request::Set(updates, 1.0),
            Request::End(updates),
        ];
        assert_eq!(*window.state(), write);

        window.state_mut().clear();
        window.get_by_label("Lead vocal").click();
        window.run_steps(3);
        assert_eq!(*window.state(), [Request::Preset(2)]);

        window.state_mut().clear();
        window.get_by_label("Hold 0 ms").focus();
        window.run_steps(2);
        window.key_press(egui::Key::ArrowRight);
        window.run_steps(2);
        assert!(
            matches!(window.state()[..], [Request::Begin(2), Request::Set(2, position), Request::End(2)] if position > 0.0),
            "{:?}",
            window.state()
        );
    }

    #[test]
    fn a_smoothing_that_the_window_may_not_change_stays() {
        let mut window = window_with_smoothing(false);
        let centre = window.get_by_label("Smoothing 300 ms").rect().center();
        window.drag_at(centre);
        window.run_steps(2);
        window.drop_at(centre + egui::vec2(60.0, 0.0));
        window.run_steps(2);
        assert_eq!(*window.state(), []);
    }
}
