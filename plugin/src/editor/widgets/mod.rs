//! The parts of the window, one a file. They read the view and note in it what the user wants; they know nothing else.

mod adjust;
mod chip;
mod dial;
pub(super) mod header;
pub(super) mod meters;
pub(super) mod plane;
mod row;
pub(super) mod settings;
mod slider;
pub(super) mod status;
pub(super) mod strip;
mod symbols;
pub(super) mod timeline;
