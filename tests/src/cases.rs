//! What tests of both formats share.

use std::io::Write;

/// Makes of each function `fn(Format)` one test per format: `clap::name` and `vst3::name`.
#[macro_export]
macro_rules! in_both_formats {
    ($($name:ident),+ $(,)?) => {
        mod clap {
            $(#[test] fn $name() { super::$name($crate::host::Format::Clap); })+
        }
        mod vst3 {
            $(#[test] fn $name() { super::$name($crate::host::Format::Vst3); })+
        }
    };
}

/// Says that a test is skipped, and why, past the test harness, which keeps what passing tests print to itself.
pub fn skip(test: &str, reason: &str) {
    // Nothing can be done about a closed stderr.
    let _ = writeln!(std::io::stderr(), "skipped: {test}: {reason}");
}

/// The first sample that differs between two sounds, bit by bit, so that NaN equals the same NaN.
#[must_use]
pub fn first_difference(left: &[f32], right: &[f32]) -> Option<usize> {
    if left.len() != right.len() {
        return Some(left.len().min(right.len()));
    }
    left.iter()
        .zip(right)
        .position(|(left, right)| left.to_bits() != right.to_bits())
}
