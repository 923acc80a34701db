//! The statements of CREMA-D and RAVDESS, which all of a corpus's speakers say in every emotion.
//!
//! TESS's words and SAVEE's sentences are not among them: the former are two hundred in one carrier phrase, the latter differ from
//! emotion to emotion and would tell it.

/// CREMA-D's codes (Cao et al., 2014), then RAVDESS's, whose "Kids are talking by the door" and "Dogs are sitting by the door" are
/// also sung.
pub const STATEMENTS: [&str; 14] = [
    "DFA", "IEO", "IOM", "ITH", "ITS", "IWL", "IWW", "MTI", "TAI", "TIE", "TSI", "WSI", "KIDS",
    "DOGS",
];

/// The place of a statement, by its name.
pub(super) fn statement_of(name: &str) -> Option<usize> {
    STATEMENTS.iter().position(|&own| own == name)
}
