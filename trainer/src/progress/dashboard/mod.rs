//! A live view of a run on a terminal. A thread of its own draws and reads the keys, so that neither waits for a step or for
//! the judging; the training only sends it what happened.

mod chart;
mod curve;
mod draw;
mod keys;
mod screen;
mod state;
mod table;
#[cfg(test)]
mod tests;

use super::{Outcome, Progress, RunStart, Step, plain::Lines};
use crate::log::EpochLog;
use screen::Screen;
use state::State;
use std::{
    io::{Stdout, stdout},
    mem,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc::{Receiver, Sender, TryRecvError, channel},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

/// From one drawing to the next.
const INTERVAL: Duration = Duration::from_millis(100);

/// The dashboard of a run, from its start to its end; plain lines where it cannot be shown, and what is left to say when it
/// has gone.
pub(super) struct Dashboard {
    lines: Lines<Stdout>,
    view: View,
}

enum View {
    /// No run goes on, or its screen is lost.
    Closed,
    Open {
        sender: Sender<Event>,
        stop: Arc<AtomicBool>,
        thread: JoinHandle<State>,
    },
}

/// What the thread is told.
enum Event {
    Step(Step),
    Epoch(EpochLog),
}

impl Dashboard {
    /// Leaves the terminal alone until a run starts.
    pub(super) fn new() -> Self {
        Self {
            lines: Lines::new(stdout()),
            view: View::Closed,
        }
    }

    /// Whether the thread is there to hear it.
    fn tell(&self, event: Event) -> bool {
        match &self.view {
            View::Open { sender, .. } => sender.send(event).is_ok(),
            View::Closed => false,
        }
    }

    /// Ends the thread, which restores the terminal; returns what it knew.
    fn close(&mut self) -> Option<State> {
        match mem::replace(&mut self.view, View::Closed) {
            View::Closed => None,
            View::Open { sender, thread, .. } => {
                drop(sender);
                thread.join().ok()
            }
        }
    }
}

fn open(run: &RunStart) -> std::io::Result<View> {
    let (sender, receiver) = channel();
    let stop = Arc::new(AtomicBool::new(false));
    let state = State::new(run);
    let asked = stop.clone();
    let screen = Screen::open()?;
    let thread = thread::Builder::new()
        .name("dashboard".to_owned())
        .spawn(move || show(screen, state, &receiver, &asked))?;
    Ok(View::Open {
        sender,
        stop,
        thread,
    })
}

/// Draws until the sender is gone or the screen is.
fn show(
    mut screen: Screen,
    mut state: State,
    receiver: &Receiver<Event>,
    stop: &AtomicBool,
) -> State {
    let start = Instant::now();
    let mut due = start;
    loop {
        let is_over = loop {
            match receiver.try_recv() {
                Ok(Event::Step(step)) => state.step(&step, start.elapsed()),
                Ok(Event::Epoch(epoch)) => state.epoch(epoch, start.elapsed()),
                Err(TryRecvError::Empty) => break false,
                Err(TryRecvError::Disconnected) => break true,
            }
        };
        if is_over {
            return state;
        }
        if Instant::now() >= due {
            let now = start.elapsed();
            if !screen.draw(|frame| draw::draw(frame, &state, now)) {
                return state;
            }
            due = Instant::now() + INTERVAL;
        }
        match keys::wait(due.saturating_duration_since(Instant::now())) {
            Some(keys::Key::Stop) => {
                state.is_stopping = true;
                stop.store(true, Ordering::Relaxed);
            }
            Some(keys::Key::NextPane) => state.pane = state.pane.next(),
            Some(keys::Key::Redraw) => screen.clear(),
            None => {}
        }
    }
}

impl Progress for Dashboard {
    fn started(&mut self, run: &RunStart) {
        self.close();
        self.lines.set_length(run.epochs, run.steps);
        // It is also the heading of what is left on the terminal when the dashboard has gone.
        self.lines.started(run);
        self.view = open(run).unwrap_or(View::Closed);
    }

    fn step(&mut self, step: &Step) {
        if !self.tell(Event::Step(*step)) {
            self.lines.step(step);
        }
    }

    fn epoch(&mut self, log: &[EpochLog]) {
        let Some(epoch) = log.last() else { return };
        if !self.tell(Event::Epoch(epoch.clone())) {
            self.lines.epoch(log);
        }
    }

    fn finished(&mut self, outcome: Option<&Outcome>) {
        if let Some(state) = self.close() {
            let last = state.log.len().checked_sub(1);
            let best = super::best(&state.log).filter(|&at| Some(at) != last);
            for at in best.into_iter().chain(last) {
                self.lines.epoch_line(&state.log, at);
            }
        }
        self.lines.finished(outcome);
    }

    fn stop_requested(&mut self) -> bool {
        match &self.view {
            View::Open { stop, .. } => stop.load(Ordering::Relaxed),
            View::Closed => false,
        }
    }
}

impl Drop for Dashboard {
    fn drop(&mut self) {
        self.close();
    }
}
