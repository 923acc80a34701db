//! The window without a window: names, values, keys, layout, pictures.

use super::{
    controls, export, layout,
    layout::Layout,
    picture::Rasteriser,
    theme,
    view::{Request, View},
    window_state::{Curves, Page, Sound, WindowState},
};
use crate::{
    params::PathosParams,
    presets::PRESETS,
    telemetry::{Snapshot, Status},
    timeline::{Place, Recorder, Timeline},
};
use egui::{FullOutput, TexturesDelta, vec2};
use egui_kittest::{
    Harness, SnapshotOptions, SnapshotResults, TestRenderer,
    kittest::{NodeT, Queryable},
};
use pathos_analysis::{Estimate, VoiceState};
use std::f64::consts::TAU;

/// From the smallest to 4K.
const SIZES: [[f32; 2]; 5] = [
    [480.0, 300.0],
    [860.0, 520.0],
    [1400.0, 868.0],
    [1920.0, 1080.0],
    [3840.0, 2160.0],
];
const METERS: [&str; 7] = [
    "Angry 7 %",
    "Disgust 3 %",
    "Fear 11 %",
    "Happy 2 %",
    "Neutral 16 %",
    "Sad 58 %",
    "Surprise 3 %",
];

fn sad() -> Snapshot {
    Snapshot {
        probabilities: [0.07, 0.03, 0.11, 0.02, 0.16, 0.58, 0.03],
        valence: -0.4,
        arousal: -0.3,
        voice: 0.9,
        confidence: 0.4,
        state: VoiceState::Voice,
        sample_rate_hz: 48_000.0,
        input_peak: 0.3,
        worker_load: 0.012,
        latency_s: 0.021,
        status: Status::Listening,
        ..Snapshot::default()
    }
}

/// Forty seconds of song: phrases that turn from happy to sad, with a pause.
fn song() -> Timeline {
    const RATE_HZ: f64 = 8_000.0;
    let (timeline, mut recorder) = (Timeline::default(), Recorder::default());
    let place = Place {
        transport_s: Some(60.0),
    };
    recorder.place(place, true, RATE_HZ);
    let mut history = timeline.lock();
    for hop in 0..160_u64 {
        let time = hop as f64 / 4.0;
        let is_voice = !(22.0..26.0).contains(&time);
        let level = if is_voice {
            0.25 + 0.2 * (TAU * time / 5.0).sin()
        } else {
            0.004
        };
        let samples: Vec<f32> = (0..2_000)
            .map(|n| (level * (TAU * 220.0 * f64::from(n) / RATE_HZ).sin()) as f32)
            .collect();
        recorder.hear(&mut history, &samples, RATE_HZ);
        for frame in 0..25 {
            let bands = std::array::from_fn(|band| {
                let harmonic = (band as f32 * 0.7 + (time as f32 * 2.0).sin()).sin();
                if is_voice {
                    -2.0 - band as f32 * 0.12 + 2.0 * harmonic
                } else {
                    -12.0
                }
            });
            let position = hop * 2_000 + frame * 80;
            recorder.frame(&mut history, position, &bands, RATE_HZ);
        }
        let turn = (time / 40.0) as f32;
        let wave = 0.5 + 0.5 * (TAU * time / 9.0).sin() as f32;
        let raw = [
            0.12 * wave,
            0.04,
            0.1 * (1.0 - wave),
            0.7 * (1.0 - turn),
            0.25,
            0.75 * turn,
            0.06,
        ];
        let sum: f32 = raw.iter().sum();
        let position = (hop + 1) * 2_000;
        let estimate = if is_voice {
            Estimate::new(position, raw.map(|p| p / sum), 0.9, VoiceState::Voice)
        } else {
            Estimate::without_values(position, 0.0, VoiceState::NoVoice)
        };
        recorder.estimate(&mut history, &estimate, RATE_HZ);
    }
    drop(history);
    timeline
}

/// Draws into pictures, without a graphics card.
#[derive(Default)]
struct Cpu(Rasteriser);

impl TestRenderer for Cpu {
    fn handle_delta(&mut self, delta: &mut TexturesDelta) {
        self.0.take_textures(std::mem::take(delta)).unwrap();
    }

    fn render(
        &mut self,
        context: &egui::Context,
        output: &FullOutput,
    ) -> Result<image::RgbaImage, String> {
        let size = context.content_rect().size();
        let size = [size.x as usize, size.y as usize];
        let picture = self.0.draw(context, output, size);
        let picture = picture.map_err(|error| error.to_string())?;
        image::RgbaImage::from_raw(size[0] as u32, size[1] as u32, picture.rgba)
            .ok_or_else(|| "the picture has not its size".to_owned())
    }
}

/// A window that shows a snapshot and the song, and what was wanted of it.
struct Window {
    snapshot: Snapshot,
    look: WindowState,
    size: [f32; 2],
}

impl Window {
    fn of(snapshot: Snapshot, size: [f32; 2]) -> Self {
        Self {
            snapshot,
            look: WindowState::default(),
            size,
        }
    }

    fn with(self, change: impl Fn(&mut WindowState)) -> Self {
        let mut look = self.look;
        change(&mut look);
        Self { look, ..self }
    }

    fn open(self) -> Harness<'static, Vec<Request>> {
        let Self {
            snapshot,
            look,
            size,
        } = self;
        let params = PathosParams::default();
        let (mut view, timeline) = (View::new(look), song());
        view.controls.presets = PRESETS.iter().map(|own| (own.name, own.purpose)).collect();
        let mut time = 0.0;
        let app = move |ui: &mut egui::Ui, requests: &mut Vec<Request>| {
            if time == 0.0 {
                theme::apply(ui.ctx());
            }
            time += 0.1;
            view.controls.list = controls::list(&params);
            view.update(&snapshot, time);
            view.update_timeline(&timeline);
            egui::CentralPanel::default()
                .frame(egui::Frame::NONE.fill(theme::BACKGROUND))
                .show(ui, |ui| layout::draw(ui, &mut view));
            requests.extend(view.controls.take_requests());
        };
        let mut harness = Harness::builder()
            .with_size(size)
            .with_step_dt(1.0 / 60.0)
            .renderer(Cpu::default())
            .build_ui_state(app, Vec::new());
        harness.run_steps(12);
        harness
    }
}

fn controls_page(size: [f32; 2]) -> Harness<'static, Vec<Request>> {
    let page = |look: &mut WindowState| look.page = Page::Controls;
    Window::of(sad(), size).with(page).open()
}

#[test]
fn every_size_names_all_meters_without_overlap_and_within_the_window() {
    for size in SIZES {
        let window = Window::of(sad(), size).open();
        let mut bottom = 0.0f32;
        for label in METERS {
            let meter = window.get_by_label(label).rect();
            assert!(meter.top() >= bottom - 0.5, "{label} at {size:?}");
            assert!(
                meter.right() <= size[0] && meter.bottom() <= size[1],
                "{label} at {size:?}"
            );
            bottom = meter.bottom();
        }
        window.get_by_label("sad, clearly");
    }
}

#[test]
fn the_size_decides_what_there_is() {
    let has = |size: [f32; 2], label: &str| {
        let window = Window::of(sad(), size).open();
        window.query_by_label_contains(label).is_some()
    };
    let seen = |size| {
        [
            has(size, "Timeline of"),
            has(size, "Valence -0.40"),
            has(size, "Gate -65 dB"),
        ]
    };
    assert_eq!(seen([480.0, 300.0]), [false, false, false]);
    assert_eq!(seen([860.0, 520.0]), [true, false, false]);
    assert_eq!(seen([1400.0, 868.0]), [true, true, true]);
    assert_eq!(Layout::of(vec2(719.0, 2000.0)), Layout::Small);
}

#[test]
fn no_voice_says_so_and_shows_no_values() {
    let open = |snapshot| Window::of(snapshot, [520.0, 420.0]).open();
    let silent = open(Snapshot {
        probabilities: [0.0; 7],
        state: VoiceState::NoVoice,
        ..sad()
    });
    silent.get_by_label("no voice");
    silent.get_by_label("Angry –");
    let held = open(Snapshot {
        state: VoiceState::Hold,
        ..sad()
    });
    held.get_by_label("sad, clearly (held)");
    let gathering = open(Snapshot {
        probabilities: [0.0; 7],
        state: VoiceState::Gathering,
        ..sad()
    });
    gathering.get_by_label("listening…");
}

#[test]
fn what_is_wrong_is_said_in_words() {
    let open = |snapshot| Window::of(snapshot, [520.0, 420.0]).open();
    let because = "a sample rate of 4000 Hz cannot be analysed; set one from 8000 to 384000 Hz";
    let deaf = Snapshot {
        status: Status::Deaf(because.to_owned()),
        ..sad()
    };
    open(deaf).get_by_label(because);
    let clipped = Snapshot {
        input_peak: 1.2,
        ..sad()
    };
    open(clipped).get_by_label("the input clips");
    let behind = Snapshot {
        latency_s: 1.5,
        ..sad()
    };
    open(behind).get_by_label("the analysis is behind the sound");
    let other = Snapshot {
        model_trouble: Some("the chosen model is not used: there is none".to_owned()),
        ..sad()
    };
    open(other).get_by_label("the chosen model is not used: there is none");
}

#[test]
fn a_dial_follows_the_pointer_finely_with_shift_and_a_double_click_resets_it() {
    let mut window = Window::of(sad(), [1400.0, 868.0]).open();
    let centre = window.get_by_label("Smoothing 300 ms").rect().center();
    let higher = centre - vec2(0.0, 40.0);
    let mut drag = |modifiers| {
        window.state_mut().clear();
        window.event(egui::Event::ModifiersChanged(modifiers));
        window.drag_at(centre);
        window.run_steps(2);
        window.hover_at(higher);
        window.run_steps(2);
        window.drop_at(higher);
        // Long enough for the next press not to make a double click.
        window.run_steps(60);
        let requests = window.state();
        assert_eq!(requests.first(), Some(&Request::Begin(0)));
        assert_eq!(requests.last(), Some(&Request::End(0)));
        let set = requests.iter().rev().find_map(|request| match request {
            Request::Set(0, position) => Some(*position),
            _ => None,
        });
        set.unwrap()
    };
    let (coarse, fine) = (drag(egui::Modifiers::NONE), drag(egui::Modifiers::SHIFT));
    assert!((coarse - 0.7).abs() < 0.02, "{coarse}");
    assert!((fine - 0.52).abs() < 0.02, "{fine}");

    window.event(egui::Event::ModifiersChanged(egui::Modifiers::NONE));
    window.state_mut().clear();
    for _ in 0..2 {
        window.drag_at(centre);
        window.run_steps(1);
        window.drop_at(centre);
        window.run_steps(1);
    }
    assert_eq!(*window.state(), [Request::Default(0)]);
}

#[test]
fn every_control_of_the_page_is_reached_and_turned_by_keys() {
    let mut window = controls_page([860.0, 2600.0]);
    let hold = window.state().len();
    window.get_by_label("Hold 0 ms").focus();
    window.run_steps(2);
    window.key_press(egui::Key::ArrowRight);
    window.run_steps(2);
    assert!(
        matches!(
            window.state()[hold..],
            [Request::Begin(2), Request::Set(2, position), Request::End(2)] if position > 0.0
        ),
        "{:?}",
        window.state()
    );
    window.state_mut().clear();
    window.key_press(egui::Key::Enter);
    window.run_steps(3);
    window.event(egui::Event::Text("1200".to_owned()));
    window.run_steps(2);
    window.key_press(egui::Key::Enter);
    window.run_steps(3);
    assert_eq!(*window.state(), [Request::Type(2, "1200".to_owned())]);

    window.state_mut().clear();
    window.get_by_label("Hold 0 ms").focus();
    window.run_steps(2);
    window.key_press(egui::Key::Delete);
    window.run_steps(2);
    assert_eq!(*window.state(), [Request::Default(2)]);
}

#[test]
fn tab_reaches_every_meter_and_button() {
    let mut window = Window::of(sad(), [860.0, 520.0]).open();
    let mut seen = Vec::new();
    for _ in 0..24 {
        window.key_press(egui::Key::Tab);
        window.run_steps(2);
        let focused = window
            .root()
            .children_recursive()
            .find(|node| node.is_focused());
        seen.extend(focused.and_then(|node| node.accesskit_node().label()));
    }
    for label in METERS
        .iter()
        .chain(&["Controls", "15 s", "120 s", "Lines", "Pause", "CSV", "PNG"])
    {
        assert!(
            seen.iter().any(|own| own == label),
            "{label} is not among {seen:?}"
        );
    }
}

#[test]
fn controls_ask_for_what_was_done_to_them() {
    let mut window = controls_page([860.0, 2600.0]);
    let updates = controls::list(&PathosParams::default())
        .iter()
        .position(|control| control.name == "Host updates")
        .unwrap();
    window.get_by_label("Write").click();
    window.run_steps(3);
    let write = [
        Request::Begin(updates),
        Request::Set(updates, 1.0),
        Request::End(updates),
    ];
    assert_eq!(*window.state(), write);

    for (button, request) in [
        ("Lead vocal", Request::Preset(2)),
        ("Pathos open", Request::Model("pathos-open".to_owned())),
    ] {
        window.state_mut().clear();
        window.get_by_label(button).click();
        window.run_steps(3);
        assert_eq!(*window.state(), [request]);
    }
}

#[test]
fn the_button_turns_the_page() {
    let mut window = Window::of(sad(), [860.0, 520.0]).open();
    window.get_by_label("Controls").click();
    window.run_steps(3);
    assert!(window.query_by_label("Sad 58 %").is_none());
    window.get_by_label("Sensitivity 100 %");
    window.get_by_label("Meters").click();
    window.run_steps(3);
    window.get_by_label("Sad 58 %");
}

#[test]
fn the_timeline_reads_out_what_was_said_under_the_pointer() {
    let mut window = Window::of(sad(), [860.0, 520.0]).open();
    let plot = window.get_by_label_contains("Timeline of").rect();
    // 30 s are shown, from 70 s on: a tenth of the way is at 73 s, and happy.
    window.hover_at(plot.left_center() + vec2(plot.width() * 0.1, 0.0));
    window.run_steps(60);
    window.get_by_label("1:13");
    assert!(window.query_by_label_contains("happy ").is_some());
    window.hover_at(plot.left_center() + vec2(plot.width() * 0.47, 0.0));
    window.run_steps(60);
    window.get_by_label("1:24.1");
    assert!(window.query_by_label_contains("happy ").is_none());
}

#[test]
fn what_is_shown_becomes_files_and_none_is_overwritten() {
    let folder = std::env::temp_dir().join(format!("pathos-export-{}", std::process::id()));
    let mut view = View::new(WindowState::default());
    view.update_timeline(&song());
    let first = export::csv(&view, &folder).unwrap();
    let second = export::csv(&view, &folder).unwrap();
    assert_ne!(first, second);
    let table = std::fs::read_to_string(first).unwrap();
    assert_eq!(table.lines().count(), 1 + 120);
    assert!(table.contains(",no voice,,,"), "{table}");
    let picture = image::open(export::png(&view, &folder).unwrap()).unwrap();
    assert_eq!((picture.width(), picture.height()), (1600, 700));
    std::fs::remove_dir_all(&folder).unwrap();
    let nowhere = export::csv(&view, std::path::Path::new("/dev/null/nowhere"));
    assert!(nowhere.unwrap_err().contains("/dev/null/nowhere"));
}

/// The committed pictures; `UPDATE_SNAPSHOTS=1 cargo test` draws them anew.
#[test]
fn the_window_looks_as_it_did() {
    let uncertain = Snapshot {
        probabilities: [0.2, 0.1, 0.22, 0.08, 0.19, 0.16, 0.05],
        confidence: 0.05,
        ..sad()
    };
    let silent = Snapshot {
        probabilities: [0.0; 7],
        state: VoiceState::NoVoice,
        ..sad()
    };
    let spectrum = |look: &mut WindowState| {
        look.sound = Sound::Spectrum;
        look.curves = Curves::Lines;
        look.set_span_s(60);
    };
    let settings = |look: &mut WindowState| look.page = Page::Controls;
    let [small, medium, large, ..] = SIZES;
    let windows = [
        ("small", Window::of(sad(), small)),
        ("small-no-voice", Window::of(silent, small)),
        ("medium", Window::of(sad(), medium)),
        (
            "medium-uncertain",
            Window::of(uncertain, medium).with(spectrum),
        ),
        ("medium-controls", Window::of(sad(), medium).with(settings)),
        ("large", Window::of(sad(), large)),
        ("full-hd", Window::of(sad(), SIZES[3])),
    ];
    let mut results = SnapshotResults::new();
    for (name, window) in windows {
        let mut window = window.open();
        window.snapshot_options(name, &snapshots());
        results.extend_harness(&mut window);
    }
}

fn snapshots() -> SnapshotOptions {
    // Text is laid out in floating point: another machine may round a few edges another way.
    SnapshotOptions::new()
        .output_path("src/editor/snapshots")
        .max_failed_pixels(400)
}
