//! The recogniser that Pathos carries in itself. Its card, `README.md` beside `pathos.onnx`, says what it learned from, how
//! good it is, and what may be done with it.

/// The bytes of `models/pathos.onnx`, for `pathos_analysis::Model::from_bytes`.
pub const PATHOS: &[u8] = include_bytes!("../pathos.onnx");
