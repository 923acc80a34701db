//! The recognisers that Pathos carries in itself. The card beside each file, of the same name, says what it learned from, how
//! good it is, and what may be done with it.

/// A recogniser that Pathos carries.
#[derive(Clone, Copy)]
pub struct Embedded {
    /// What it is called where one is chosen. Projects keep it, so it is frozen.
    pub name: &'static str,
    /// The bytes of its file, for `pathos_analysis::Model::from_bytes`.
    pub bytes: &'static [u8],
}

/// The bytes of `models/pathos.onnx`: learned from four corpora, three of which are not for commercial use.
pub const PATHOS: &[u8] = include_bytes!("../pathos.onnx");
/// The bytes of `models/pathos-open.onnx`: learned from CREMA-D alone, whose licence allows commercial use.
pub const PATHOS_OPEN: &[u8] = include_bytes!("../pathos-open.onnx");

/// All of them, the default first.
pub const EMBEDDED: [Embedded; 2] = [
    Embedded {
        name: "pathos",
        bytes: PATHOS,
    },
    Embedded {
        name: "pathos-open",
        bytes: PATHOS_OPEN,
    },
];

/// The bytes of the one of a name.
#[must_use]
pub fn embedded(name: &str) -> Option<&'static [u8]> {
    let own = EMBEDDED.iter().find(|own| own.name == name);
    own.map(|own| own.bytes)
}
