//! The terminal while the dashboard has it, and its return on every way out.

use ratatui::{
    Frame, Terminal,
    backend::CrosstermBackend,
    crossterm::{
        cursor::Show,
        execute,
        terminal::{EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode},
    },
};
use std::{
    io::{self, Stdout, stdout},
    panic,
    sync::{
        Arc, Mutex, OnceLock, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, ThreadId},
};

/// The alternate screen in raw mode, until it is dropped or any thread panics.
pub(super) struct Screen {
    terminal: Terminal<CrosstermBackend<Stdout>>,
    guard: Arc<Guard>,
}

impl Screen {
    /// Takes the terminal.
    ///
    /// # Errors
    ///
    /// If the terminal cannot be set; it is as it was then.
    pub(super) fn open() -> io::Result<Self> {
        let guard = Arc::new(Guard::new(restore));
        let taken = || {
            enable_raw_mode()?;
            execute!(stdout(), EnterAlternateScreen)?;
            Terminal::new(CrosstermBackend::new(stdout()))
        };
        let terminal = taken().inspect_err(|_| guard.close())?;
        restore_before_a_panic_is_told(guard.clone());
        Ok(Self { terminal, guard })
    }

    /// Draws; returns whether the screen is still there.
    pub(super) fn draw(&mut self, content: impl FnOnce(&mut Frame)) -> bool {
        let terminal = &mut self.terminal;
        self.guard
            .draw(|| terminal.draw(content).is_ok())
            .unwrap_or(false)
    }

    /// Forgets what is on the screen: the next drawing is a whole one.
    pub(super) fn clear(&mut self) {
        let terminal = &mut self.terminal;
        self.guard.draw(|| terminal.clear());
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        self.guard.close();
    }
}

fn restore() {
    // Each of them matters even if another fails, and there is nobody to tell.
    let _ = disable_raw_mode();
    let _ = execute!(stdout(), LeaveAlternateScreen, Show);
}

/// The message of a panic must not go down with the alternate screen. Afterwards the hook does nothing but call the former.
fn restore_before_a_panic_is_told(guard: Arc<Guard>) {
    let former = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        guard.close();
        former(info);
    }));
}

/// Sees to it that the terminal is restored once, and that nothing is drawn afterwards.
struct Guard {
    is_open: AtomicBool,
    /// Held while something is drawn, by the thread beside.
    drawing: Mutex<()>,
    drawer: OnceLock<ThreadId>,
    restore: fn(),
}

impl Guard {
    fn new(restore: fn()) -> Self {
        Self {
            is_open: AtomicBool::new(true),
            drawing: Mutex::new(()),
            drawer: OnceLock::new(),
            restore,
        }
    }

    /// Draws if the screen is still open. Always by the same thread.
    fn draw<T>(&self, content: impl FnOnce() -> T) -> Option<T> {
        self.drawer.get_or_init(|| thread::current().id());
        let _drawing = self.drawing.lock().unwrap_or_else(PoisonError::into_inner);
        self.is_open.load(Ordering::SeqCst).then(content)
    }

    fn close(&self) {
        // A panic within a drawing is told by the thread that holds the lock: it would wait for itself.
        let draws_itself = self.drawer.get() == Some(&thread::current().id());
        let _drawing =
            (!draws_itself).then(|| self.drawing.lock().unwrap_or_else(PoisonError::into_inner));
        if self.is_open.swap(false, Ordering::SeqCst) {
            (self.restore)();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::AtomicUsize;

    #[test]
    fn the_terminal_is_restored_once_and_nothing_is_drawn_afterwards() {
        static RESTORED: AtomicUsize = AtomicUsize::new(0);
        let guard = Guard::new(|| {
            RESTORED.fetch_add(1, Ordering::SeqCst);
        });
        assert_eq!(guard.draw(|| 1), Some(1));
        thread::scope(|scope| {
            scope.spawn(|| guard.close());
        });
        assert_eq!(RESTORED.load(Ordering::SeqCst), 1);
        guard.close();
        assert_eq!(RESTORED.load(Ordering::SeqCst), 1);
        assert_eq!(guard.draw(|| 1), None);
    }

    #[test]
    fn a_panic_in_a_drawing_restores_the_terminal() {
        static RESTORED: AtomicUsize = AtomicUsize::new(0);
        let guard = Arc::new(Guard::new(|| {
            RESTORED.fetch_add(1, Ordering::SeqCst);
        }));
        let held = guard.clone();
        // What the hook does within the drawing, and the unwinding after it.
        let drawer = thread::spawn(move || {
            held.draw(|| {
                held.close();
                panic::resume_unwind(Box::new(()));
            });
        });
        assert!(drawer.join().is_err());
        guard.close();
        assert_eq!(RESTORED.load(Ordering::SeqCst), 1);
    }
}
