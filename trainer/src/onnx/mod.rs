//! Model files: ONNX out of a network, and back.

pub mod builder;
pub mod export;
pub mod import;
pub mod verify;
