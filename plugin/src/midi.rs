//! The values as MIDI controllers.

use crate::{
    outputs::{Hop, OUTPUT_COUNT},
    params::{Midi, MidiRoute},
};
use nice_plug::prelude::NoteEvent;

/// Controllers up to this one have a partner, 32 higher, for seven more bits.
const LAST_FINE_CONTROLLER: u8 = 31;
/// How much higher the partner is.
const FINE_OFFSET: u8 = 32;

/// What was sent last.
#[derive(Default)]
pub(crate) struct Controllers {
    sent: [Option<Sent>; OUTPUT_COUNT],
}

/// One controller's last value.
#[derive(Clone, Copy, PartialEq)]
struct Sent {
    controller: u8,
    channel: u8,
    fine: bool,
    value: u16,
}

impl Controllers {
    /// Sends each controller whose value has changed since it was sent. Nothing is sent while nothing sounds and the
    /// transport stands. `timing` is the frame of the block.
    pub(crate) fn hear(
        &mut self,
        hop: &Hop,
        midi: &Midi,
        timing: u32,
        send: &mut dyn FnMut(NoteEvent<()>) -> bool,
    ) {
        if !midi.on.value() {
            self.sent = Default::default();
            return;
        }
        if !hop.lively {
            return;
        }
        let outputs = self.sent.iter_mut().zip(midi.routes());
        for (index, (sent, route)) in outputs.enumerate() {
            let now = message(route, midi.fine.value(), share(index, hop.values[index]));
            let Some(now) = now.filter(|now| Some(*now) != *sent) else {
                continue;
            };
            let (coarse, rest) = match now.fine {
                true => (now.value >> 7, Some(now.value & 127)),
                false => (now.value, None),
            };
            let event = |cc, value: u16| NoteEvent::MidiCC {
                timing,
                channel: now.channel,
                cc,
                value: f32::from(value) / 127.0,
            };
            let is_sent = send(event(now.controller, coarse))
                && rest.is_none_or(|rest| send(event(now.controller + FINE_OFFSET, rest)));
            // A host whose list is full gets it with the next hop.
            *sent = is_sent.then_some(now);
        }
    }
}

/// A value as controllers count: valence and arousal have their rest in the middle.
fn share(index: usize, value: f32) -> f32 {
    let bipolar =
        index == pathos_analysis::Emotion::COUNT || index == pathos_analysis::Emotion::COUNT + 1;
    let share = if bipolar {
        f32::midpoint(value, 1.0)
    } else {
        value
    };
    share.clamp(0.0, 1.0)
}

fn message(route: &MidiRoute, fine: bool, share: f32) -> Option<Sent> {
    let controller = u8::try_from(route.controller.value()).ok()?;
    let fine = fine && controller <= LAST_FINE_CONTROLLER;
    let steps = if fine { 16_383.0 } else { 127.0 };
    Some(Sent {
        controller,
        channel: (route.channel.value() - 1) as u8,
        fine,
        value: (share * steps).round() as u16,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use nice_plug::prelude::{Param, ParamPtr, Params};

    /// Controllers with some parameters set, and what they sent.
    struct Bench {
        midi: Midi,
        controllers: Controllers,
    }

    impl Bench {
        fn new(settings: &[(&str, f32)]) -> Self {
            let bench = Self {
                midi: Midi::default(),
                controllers: Controllers::default(),
            };
            for (id, plain) in settings {
                let (_, pointer, _) = bench
                    .midi
                    .param_map()
                    .into_iter()
                    .find(|(own, _, _)| own == id)
                    .unwrap();
                set(pointer, *plain);
            }
            bench
        }

        fn hear(&mut self, first: f32, lively: bool) -> Vec<(u8, u8, u32)> {
            let mut values = [0.0; OUTPUT_COUNT];
            values[0] = first;
            let hop = Hop {
                at: 0,
                values,
                lively,
            };
            let mut sent = Vec::new();
            self.controllers.hear(&hop, &self.midi, 5, &mut |event| {
                if let NoteEvent::MidiCC {
                    channel,
                    cc,
                    value,
                    timing,
                } = event
                {
                    assert_eq!(timing, 5);
                    sent.push((channel, cc, (value * 127.0).round() as u32));
                }
                true
            });
            sent
        }
    }

    #[allow(unsafe_code)]
    fn set(pointer: ParamPtr, plain: f32) {
        use nice_plug_core::params::InternalParamMut;
        // SAFETY: the parameters live as long as the bench does.
        unsafe {
            match pointer {
                ParamPtr::BoolParam(param) => {
                    (*param)._internal_set_normalized_value(plain);
                }
                ParamPtr::IntParam(param) => {
                    let normalized = (*param).preview_normalized(plain as i32);
                    (*param)._internal_set_normalized_value(normalized);
                }
                _ => unreachable!("there are no others"),
            }
        }
    }

    #[test]
    fn nothing_is_sent_unless_it_is_on_and_something_sounds() {
        assert_eq!(Bench::new(&[]).hear(0.5, true), []);
        assert_eq!(Bench::new(&[("midi", 1.0)]).hear(0.5, false), []);
    }

    #[test]
    fn a_value_is_sent_when_it_has_changed() {
        let mut bench = Bench::new(&[("midi", 1.0), ("angry_channel", 16.0)]);
        let first = bench.hear(0.5, true);
        assert_eq!(first.len(), OUTPUT_COUNT);
        assert_eq!(first[0], (15, 70, 64));
        assert_eq!(first[7], (0, 77, 64), "valence rests in the middle");
        assert_eq!(bench.hear(0.501, true), []);
        assert_eq!(bench.hear(0.52, true), [(15, 70, 66)]);
    }

    #[test]
    fn fourteen_bits_are_a_pair_where_there_is_one() {
        let mut bench = Bench::new(&[
            ("midi", 1.0),
            ("midi_14_bit", 1.0),
            ("angry_cc", 16.0),
            ("disgust_cc", -1.0),
        ]);
        let sent = bench.hear(0.5, true);
        assert_eq!(sent[..2], [(0, 16, 64), (0, 48, 0)]);
        assert_eq!(sent.len(), OUTPUT_COUNT, "two of anger, none of disgust");
        assert_eq!(bench.hear(0.501, true), [(0, 16, 64), (0, 48, 16)]);
    }
}
