//! What is seen on screens of several sizes.

use super::{draw, state::Pane, state::State};
use crate::{
    log::EpochLog,
    progress::{
        RunStart, Step,
        samples::{epoch, facts},
    },
};
use ratatui::{Terminal, backend::TestBackend};
use std::time::Duration;

const SIZES: [(u16, u16); 9] = [
    (120, 40),
    (100, 30),
    (80, 24),
    (70, 20),
    (69, 20),
    (30, 12),
    (20, 5),
    (200, 2),
    (1, 1),
];
const PANES: [Pane; 5] = [
    Pane::All,
    Pane::Losses,
    Pane::Uars,
    Pane::Epochs,
    Pane::Rates,
];

/// After so many epochs of 40, in the middle of the next.
fn state(epochs: usize) -> State {
    let log: Vec<_> = (1..=epochs).map(epoch).collect();
    let mut state = State::new(&RunStart {
        name: "first 0.1.0".to_owned(),
        network: "cnn-lstm",
        folder: "runs/first".to_owned(),
        epochs: 40,
        steps: 110,
        facts: &facts(),
        log: &log,
    });
    for at in 1..=55 {
        step(&mut state, epochs + 1, at, 1.3);
    }
    state
}

fn step(state: &mut State, epoch: usize, step: usize, loss: f64) {
    let now = Step {
        epoch,
        step,
        loss,
        learning_rate: 5e-4,
    };
    state.step(&now, Duration::from_secs(40));
}

fn screen(state: &State, (width, height): (u16, u16)) -> String {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    let now = Duration::from_secs(40);
    terminal
        .draw(|frame| draw::draw(frame, state, now))
        .unwrap();
    let cells = terminal.backend().buffer().content().iter();
    let symbols: Vec<&str> = cells.map(|cell| cell.symbol()).collect();
    let lines = symbols.chunks(usize::from(width)).map(|row| row.concat());
    lines.collect::<Vec<_>>().join("\n")
}

#[track_caller]
fn assert_shows(screen: &str, expected: &[&str]) {
    for text in expected {
        assert!(screen.contains(text), "{text:?} is not in\n{screen}");
    }
}

fn has_curves(screen: &str) -> bool {
    screen
        .chars()
        .any(|own| ('\u{2801}'..='\u{28ff}').contains(&own))
}

#[test]
fn everything_is_there_at_the_usual_sizes() {
    let state = state(12);
    for size in [(120, 40), (80, 24)] {
        let screen = screen(&state, size);
        assert_shows(
            &screen,
            &[
                "first 0.1.0  cnn-lstm, 112 k parameters, 9.1 M MACs, CPU",
                "7040 clips to learn from, 800 to validate, 1200 to test  runs/first",
                // 28 epochs of 80 s, less the 40 s of this one; 3520 clips in 40 s.
                "elapsed 0:00:40  left 0:36:40  clips/s 88  loss 1.300  rate 5.00e-4",
                "epoch 13: step 55 of 110",
                "12 of 40 epochs",
                "Loss",
                "training 1.251",
                "this epoch 1.300",
                "validation 1.391",
                "UAR %",
                "CREMA-D 47.5",
                "RAVDESS song 44.7",
                "TESS 53.1",
                "mix 43.3",
                "Epochs, the best is 12",
                "12*   1.251",
                "Learning rate",
                "20 epochs",
                "q stop after this step",
            ],
        );
        assert!(has_curves(&screen));
        assert!(!screen.contains("Stopping"));
    }
}

#[test]
fn small_screens_show_what_matters() {
    let mut state = state(12);
    assert_shows(
        &screen(&state, (20, 5)),
        &[
            "first 0.1.0",
            "loss 1.300 left 0:36",
            "epoch 13: 55/110",
            "12 of 40 epochs",
            "q stop",
        ],
    );
    assert_eq!(screen(&state, (20, 1)), "13/40 loss 1.300    ");
    assert_eq!(screen(&state, (1, 1)), "1");
    // A pane at a time.
    for (pane, title) in PANES
        .into_iter()
        .zip(["Loss", "Loss", "UAR", "Epochs", "rate"])
    {
        state.pane = pane;
        assert_shows(&screen(&state, (40, 14)), &[title]);
    }
}

#[test]
fn a_legend_leaves_room_for_its_chart() {
    let mut state = state(12);
    state.pane = Pane::Uars;
    let screen = screen(&state, (30, 12));
    assert_shows(&screen, &["validation 46.1", "20 epochs"]);
    assert!(has_curves(&screen), "{screen}");
    assert!(!screen.contains("TESS"));
}

#[test]
fn a_pane_can_have_the_screen() {
    let mut state = state(12);
    state.pane = Pane::All.next().next().next();
    let screen = screen(&state, (120, 40));
    assert_shows(&screen, &["12*   1.251", "1     1.855"]);
    assert!(!has_curves(&screen));
    let round = PANES.iter().fold(Pane::All, |pane, _| pane.next());
    assert_eq!(round, Pane::All);
}

#[test]
fn stopping_is_seen_and_says_what_is_kept() {
    let mut state = state(12);
    state.is_stopping = true;
    let kept = "the checkpoint of epoch 12 stays whole";
    assert_shows(
        &screen(&state, (120, 40)),
        &["Stopping after this step", kept],
    );
    assert_shows(&screen(&state, (80, 24)), &[kept]);
    assert_shows(&screen(&state, (20, 5)), &["stopping"]);
    step(&mut state, 13, 110, 1.0);
    let judging = ["epoch 13: judging", "when this epoch is judged"];
    assert_shows(&screen(&state, (80, 24)), &judging);
    state.log.clear();
    step(&mut state, 1, 5, 1.0);
    assert_shows(&screen(&state, (80, 24)), &["there is no checkpoint"]);
}

#[test]
fn the_best_stays_marked_when_it_is_long_ago() {
    let mut state = state(12);
    state.log[2].validation_uar = Some(0.99);
    let screen = screen(&state, (80, 24));
    assert_shows(&screen, &["the best is 3", "3*    "]);
    assert!(!screen.contains("12*"));
}

#[test]
fn a_run_that_holds_nothing_out_shows_its_training() {
    let mut state = state(3);
    for epoch in &mut state.log {
        *epoch = EpochLog {
            validation_loss: None,
            validation_uar: None,
            test_loss: None,
            crema_d_uar: None,
            ravdess_speech_uar: None,
            ravdess_song_uar: None,
            savee_uar: None,
            tess_uar: None,
            mix_uar: None,
            mix_accuracy: None,
            ..epoch.clone()
        };
    }
    let screen = screen(&state, (80, 24));
    assert_shows(&screen, &["training 1.691", "UAR %"]);
    assert!(!screen.contains("best") && !screen.contains("validation "));
}

#[test]
fn a_run_of_no_steps_yet_can_be_drawn() {
    let mut state = state(0);
    state.last_step = None;
    let screen = screen(&state, (80, 24));
    assert_shows(&screen, &["left -", "epoch 1: step 0 of 110", "10 epochs"]);
}

#[test]
fn a_long_history_is_drawn_on_every_screen() {
    let mut state = state(80);
    state.epochs = 160;
    assert_shows(&screen(&state, (120, 40)), &["80*", "160 epochs"]);
    draws_everywhere(&mut state);
}

#[test]
fn figures_that_are_no_numbers_are_drawn_on_every_screen() {
    let odd = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, f64::MAX, -1e300];
    for value in odd {
        let mut state = state(12);
        step(&mut state, 13, 56, value);
        let mut last = epoch(13);
        (last.loss, last.learning_rate, last.seconds) = (value, value, value);
        last.validation_loss = Some(value);
        (last.validation_uar, last.mix_uar) = (Some(value), Some(value));
        draws_everywhere(&mut state);
        state.log.push(last.clone());
        draws_everywhere(&mut state);
        // And nothing but them.
        state.log = vec![last; 3];
        draws_everywhere(&mut state);
    }
    let mut nan = state(1);
    step(&mut nan, 2, 56, f64::NAN);
    assert_shows(&screen(&nan, (80, 24)), &["loss NaN", "this epoch NaN"]);
}

#[test]
fn lengths_of_none_are_drawn_on_every_screen() {
    let mut state = state(2);
    (state.steps, state.epochs) = (0, 0);
    draws_everywhere(&mut state);
}

#[test]
fn a_long_folder_shows_its_end() {
    let mut state = state(1);
    state.folder = format!("/data/{}/seed-1", "é長".repeat(60));
    let screen = screen(&state, (100, 30));
    assert_shows(&screen, &["…", "/seed-1"]);
}

fn draws_everywhere(state: &mut State) {
    for pane in PANES {
        state.pane = pane;
        for size in SIZES {
            assert!(!screen(state, size).trim().is_empty());
        }
    }
}
