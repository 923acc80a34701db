//! What the user presses.

use ratatui::crossterm::event::{self, Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use std::{thread, time::Duration};

/// What a key asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Key {
    /// `q` or Ctrl-C: to end the run.
    Stop,
    /// `p`: to see another pane.
    NextPane,
    /// Ctrl-L: to draw all of the screen, as something else may have written on it.
    Redraw,
}

/// Waits for a key, until the time is over or something else happens (the window's size, say).
pub(super) fn wait(time: Duration) -> Option<Key> {
    match event::poll(time) {
        Ok(true) => match event::read() {
            Ok(Event::Key(key)) => meaning(&key),
            _ => None,
        },
        Ok(false) => None,
        // No keys can be read; the waiting remains, or the drawing would take a core.
        Err(_) => {
            thread::sleep(time);
            None
        }
    }
}

fn meaning(key: &KeyEvent) -> Option<Key> {
    if key.kind == KeyEventKind::Release {
        return None;
    }
    let is_control = key.modifiers.contains(KeyModifiers::CONTROL);
    match key.code {
        KeyCode::Char('c') if is_control => Some(Key::Stop),
        KeyCode::Char('l') if is_control => Some(Key::Redraw),
        KeyCode::Char('q' | 'Q') if !is_control => Some(Key::Stop),
        KeyCode::Char('p' | 'P') if !is_control => Some(Key::NextPane),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_have_meanings() {
        let press = |code, modifiers| meaning(&KeyEvent::new(KeyCode::Char(code), modifiers));
        assert_eq!(press('q', KeyModifiers::NONE), Some(Key::Stop));
        assert_eq!(press('c', KeyModifiers::CONTROL), Some(Key::Stop));
        assert_eq!(press('p', KeyModifiers::NONE), Some(Key::NextPane));
        assert_eq!(press('l', KeyModifiers::CONTROL), Some(Key::Redraw));
        assert_eq!(press('c', KeyModifiers::NONE), None);
        assert_eq!(press('q', KeyModifiers::CONTROL), None);
        let mut released = KeyEvent::new(KeyCode::Char('q'), KeyModifiers::NONE);
        released.kind = KeyEventKind::Release;
        assert_eq!(meaning(&released), None);
    }
}
