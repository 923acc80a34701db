//! What a host is told of the outputs after a block, the same in both formats.

use super::{AT_REST, OUTPUT_HASHES};
use crate::{outputs::OUTPUT_COUNT, params::HostUpdates};

/// Something that a host is told.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Message {
    /// A gesture begins: what follows is to be recorded.
    Begin(u32),
    /// A parameter has this value, as hosts count (0 to 1). Whether it lies in a gesture decides whether hosts record it.
    Value {
        id: u32,
        value: f64,
        in_gesture: bool,
    },
    /// The gesture is over.
    End(u32),
}

/// Remembers what a host was told.
///
/// In [`HostUpdates::Write`] all outputs are in a gesture from the moment that the transport rolls until it stands: one gesture
/// a pass, so that a lane is written from its first to its last moment.
#[derive(Clone, Debug)]
pub(super) struct Teller {
    told: [f64; OUTPUT_COUNT],
    in_gesture: [bool; OUTPUT_COUNT],
}

impl Teller {
    pub(super) const fn new() -> Self {
        Self {
            told: AT_REST,
            in_gesture: [false; OUTPUT_COUNT],
        }
    }

    /// Tells what has changed. `send` says whether the host took it; what it did not take is sent the next time.
    pub(super) fn after_block(
        &mut self,
        updates: HostUpdates,
        rolling: bool,
        value: impl Fn(u32) -> f64,
        send: &mut dyn FnMut(Message) -> bool,
    ) {
        let writes = updates == HostUpdates::Write && rolling;
        let outputs = self.told.iter_mut().zip(&mut self.in_gesture);
        for (&id, (told, in_gesture)) in OUTPUT_HASHES.iter().zip(outputs) {
            let begins = writes && !*in_gesture;
            if *in_gesture && !writes && send(Message::End(id)) {
                *in_gesture = false;
            } else if begins && send(Message::Begin(id)) {
                *in_gesture = true;
            }
            if updates == HostUpdates::Off {
                continue;
            }
            let value = value(id);
            if value != *told || (begins && *in_gesture) {
                let message = Message::Value {
                    id,
                    value,
                    in_gesture: *in_gesture,
                };
                if send(message) {
                    *told = value;
                }
            }
        }
    }

    /// Ends the gestures: processing ends.
    pub(super) fn end(&mut self, send: &mut dyn FnMut(Message) -> bool) {
        for (&id, in_gesture) in OUTPUT_HASHES.iter().zip(&mut self.in_gesture) {
            if *in_gesture && send(Message::End(id)) {
                *in_gesture = false;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANGRY: u32 = OUTPUT_HASHES[0];

    fn messages(
        teller: &mut Teller,
        updates: HostUpdates,
        rolling: bool,
        angry: f64,
    ) -> Vec<Message> {
        let mut sent = Vec::new();
        let value = |id| match OUTPUT_HASHES.iter().position(|own| *own == id) {
            Some(0) => angry,
            Some(place) => AT_REST[place],
            None => f64::NAN,
        };
        teller.after_block(updates, rolling, value, &mut |message| {
            sent.push(message);
            true
        });
        sent
    }

    fn value(value: f64, in_gesture: bool) -> Message {
        Message::Value {
            id: ANGRY,
            value,
            in_gesture,
        }
    }

    #[test]
    fn live_tells_changes_alone() {
        let mut teller = Teller::new();
        let live = HostUpdates::Live;
        assert_eq!(messages(&mut teller, live, true, 0.0), []);
        assert_eq!(messages(&mut teller, live, true, 0.4), [value(0.4, false)]);
        assert_eq!(messages(&mut teller, live, false, 0.4), []);
    }

    #[test]
    fn off_tells_nothing_and_live_catches_up() {
        let mut teller = Teller::new();
        assert_eq!(messages(&mut teller, HostUpdates::Off, true, 0.4), []);
        let caught_up = messages(&mut teller, HostUpdates::Live, true, 0.4);
        assert_eq!(caught_up, [value(0.4, false)]);
    }

    #[test]
    fn write_is_one_gesture_a_pass() {
        let mut teller = Teller::new();
        let write = HostUpdates::Write;
        assert_eq!(messages(&mut teller, write, false, 0.0), []);
        let begun = messages(&mut teller, write, true, 0.0);
        assert_eq!(begun.len(), 2 * OUTPUT_COUNT);
        assert_eq!(begun[..2], [Message::Begin(ANGRY), value(0.0, true)]);
        assert_eq!(messages(&mut teller, write, true, 0.0), []);
        assert_eq!(messages(&mut teller, write, true, 0.7), [value(0.7, true)]);
        let ended = messages(&mut teller, write, false, 0.7);
        assert_eq!(ended, OUTPUT_HASHES.map(Message::End));
        assert_eq!(messages(&mut teller, write, false, 0.7), []);
    }

    #[test]
    fn what_a_full_host_did_not_take_is_sent_again() {
        let mut teller = Teller::new();
        let live = HostUpdates::Live;
        teller.after_block(live, true, |_| 0.5, &mut |_| false);
        assert_eq!(messages(&mut teller, live, true, 0.5), [value(0.5, false)]);
    }

    #[test]
    fn the_end_of_processing_ends_the_gestures() {
        let mut teller = Teller::new();
        messages(&mut teller, HostUpdates::Write, true, 0.0);
        let mut count = 0;
        teller.end(&mut |message| {
            assert!(matches!(message, Message::End(_)));
            count += 1;
            true
        });
        assert_eq!(count, OUTPUT_COUNT);
    }
}
