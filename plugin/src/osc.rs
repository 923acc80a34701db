//! The values as OSC, from the worker's thread.
//!
//! Each hop goes out as one bundle of ten messages, `/pathos/<name>/<value>` with one float each. The name is the track's where
//! the host tells it, else the number of the instance in the process.

use crate::{
    outputs::{Hop, OUTPUT_COUNT, OUTPUT_IDS},
    telemetry::Telemetry,
};
use rosc::{OscBundle, OscMessage, OscPacket, OscTime, OscType, encoder};
use rtrb::{Consumer, Producer, RingBuffer};
use std::{
    net::{Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs, UdpSocket},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
    thread,
};

/// Hops that can be on their way to the worker at a time.
const HOPS: usize = 64;
/// OSC's time tag for "at once".
const AT_ONCE: OscTime = OscTime {
    seconds: 0,
    fractional: 1,
};

/// What an instance is called in OSC addresses.
pub(crate) struct Name(Mutex<String>);

impl Default for Name {
    /// The number of the instance.
    fn default() -> Self {
        static INSTANCES: AtomicU32 = AtomicU32::new(0);
        let number = INSTANCES.fetch_add(1, Ordering::Relaxed) + 1;
        Self(Mutex::new(number.to_string()))
    }
}

impl Name {
    /// The host has told the track's name. One that is empty changes nothing.
    pub(crate) fn set(&self, track: &str) {
        let name: String = track.trim().chars().map(addressable).collect();
        if !name.is_empty() {
            *self.0.lock().unwrap_or_else(PoisonError::into_inner) = name;
        }
    }

    fn get(&self) -> String {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

/// Characters that mean something in OSC addresses become underscores.
fn addressable(character: char) -> char {
    let is_free = character.is_ascii_graphic() && !" #*,/?[]{}".contains(character);
    if is_free { character } else { '_' }
}

/// An instance's hops on their way from the audio thread to the worker. Those that do not fit are left out.
pub(crate) fn hops() -> (Producer<Hop>, Consumer<Hop>) {
    RingBuffer::new(HOPS)
}

/// One stream's way out.
#[derive(Default)]
pub(crate) struct Sender {
    /// The address as the user wrote it, and where it leads.
    target: Option<(String, Arc<Mutex<Lookup>>)>,
    socket: Option<(SocketAddr, UdpSocket)>,
    has_complained: bool,
}

/// What became of an address. Names can take long to look up, so that happens on a thread of its own.
enum Lookup {
    Waiting,
    Found(SocketAddr),
    Failed(String),
}

impl Sender {
    /// Sends a hop to an address, `host:port`. What goes wrong is told once, until the address changes.
    pub(crate) fn send(&mut self, hop: &Hop, address: &str, name: &Name, telemetry: &Telemetry) {
        if let Err(error) = self.try_send(hop, address, name)
            && !self.has_complained
        {
            self.has_complained = true;
            telemetry.set_osc_trouble(Some(format!("OSC does not reach {address}: {error}")));
        }
    }

    /// OSC was switched off.
    pub(crate) fn stop(&mut self, telemetry: &Telemetry) {
        if self.target.is_some() {
            *self = Self::default();
            telemetry.set_osc_trouble(None);
        }
    }

    fn try_send(&mut self, hop: &Hop, address: &str, name: &Name) -> Result<(), String> {
        if self.target.as_ref().is_none_or(|(own, _)| own != address) {
            *self = Self {
                target: Some((address.to_owned(), look_up(address))),
                ..Self::default()
            };
        }
        let Some((_, lookup)) = &self.target else {
            return Ok(());
        };
        let to = match &*lookup.lock().unwrap_or_else(PoisonError::into_inner) {
            Lookup::Waiting => return Ok(()),
            Lookup::Found(to) => *to,
            Lookup::Failed(error) => return Err(error.clone()),
        };
        if self.socket.as_ref().is_none_or(|(own, _)| *own != to) {
            let any: SocketAddr = match to {
                SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
                SocketAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
            };
            let socket = UdpSocket::bind(any)
                .and_then(|socket| {
                    socket.connect(to)?;
                    socket.set_nonblocking(true)?;
                    Ok(socket)
                })
                .map_err(|error| error.to_string())?;
            self.socket = Some((to, socket));
        }
        if let Some((_, socket)) = &self.socket {
            let bytes = encoder::encode(&bundle(hop, &name.get())).map_err(|e| e.to_string())?;
            socket.send(&bytes).map_err(|error| error.to_string())?;
        }
        Ok(())
    }
}

/// Looks an address up without waiting for it.
fn look_up(address: &str) -> Arc<Mutex<Lookup>> {
    let lookup = Arc::new(Mutex::new(Lookup::Waiting));
    let found = |result: Result<SocketAddr, String>| match result {
        Ok(address) => Lookup::Found(address),
        Err(error) => Lookup::Failed(error),
    };
    let set = move |lookup: &Mutex<Lookup>, value| {
        *lookup.lock().unwrap_or_else(PoisonError::into_inner) = value;
    };
    // Numbers need no looking up.
    if let Ok(address) = address.parse() {
        set(&lookup, Lookup::Found(address));
        return lookup;
    }
    let (own, address) = (Arc::clone(&lookup), address.to_owned());
    let started = thread::Builder::new()
        .name("pathos-osc-lookup".to_owned())
        .spawn(move || {
            let result = match address.to_socket_addrs() {
                Ok(mut addresses) => addresses
                    .next()
                    .ok_or_else(|| "the name has no address".to_owned()),
                Err(error) => Err(format!("{error}; write host:port, such as 127.0.0.1:9000")),
            };
            set(&own, found(result));
        });
    if let Err(error) = started {
        set(&lookup, Lookup::Failed(error.to_string()));
    }
    lookup
}

fn bundle(hop: &Hop, name: &str) -> OscPacket {
    let values: [(&str, f32); OUTPUT_COUNT] =
        std::array::from_fn(|index| (OUTPUT_IDS[index], hop.values[index]));
    let message = |(id, value): (&str, f32)| {
        OscPacket::Message(OscMessage {
            addr: format!("/pathos/{name}/{id}"),
            args: vec![OscType::Float(value)],
        })
    };
    OscPacket::Bundle(OscBundle {
        timetag: AT_ONCE,
        content: values.map(message).into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    const HOP: Hop = Hop {
        at: 0,
        values: [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, -0.8, 0.9, 1.0],
        lively: true,
    };

    #[test]
    fn a_hop_is_a_bundle_of_ten_floats() {
        let receiver = UdpSocket::bind("127.0.0.1:0").unwrap();
        receiver
            .set_read_timeout(Some(Duration::from_secs(5)))
            .unwrap();
        let address = receiver.local_addr().unwrap().to_string();
        let (name, telemetry) = (Name::default(), Telemetry::default());
        name.set(" Lead vox/2 ");
        Sender::default().send(&HOP, &address, &name, &telemetry);
        let mut bytes = [0; 2048];
        let count = receiver.recv(&mut bytes).unwrap();
        let (_, packet) = rosc::decoder::decode_udp(&bytes[..count]).unwrap();
        let OscPacket::Bundle(bundle) = packet else {
            panic!("no bundle: {packet:?}");
        };
        assert_eq!(bundle.content.len(), OUTPUT_COUNT);
        let OscPacket::Message(valence) = &bundle.content[7] else {
            panic!("no message");
        };
        assert_eq!(valence.addr, "/pathos/Lead_vox_2/valence");
        assert_eq!(valence.args, [OscType::Float(-0.8)]);
        assert_eq!(telemetry.latest().osc_trouble, None);
    }

    #[test]
    fn an_address_that_is_none_is_told_once() {
        let (name, telemetry) = (Name::default(), Telemetry::default());
        let mut sender = Sender::default();
        let mut trouble = None;
        for _ in 0..500 {
            sender.send(&HOP, "no address", &name, &telemetry);
            trouble = telemetry.latest().osc_trouble;
            if trouble.is_some() {
                break;
            }
            thread::sleep(Duration::from_millis(10));
        }
        let trouble = trouble.expect("the trouble is told");
        assert!(
            trouble.starts_with("OSC does not reach no address: "),
            "{trouble}"
        );
        telemetry.set_osc_trouble(None);
        sender.send(&HOP, "no address", &name, &telemetry);
        assert_eq!(telemetry.latest().osc_trouble, None, "not again");
    }
}
