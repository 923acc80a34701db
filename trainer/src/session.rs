//! Sessions: some clips of one speaker whose copies are changed alike, as if they had been recorded in one sitting, in one room,
//! by one microphone, beside one noise. One of them can then be heard after the others.

use crate::corpora::{Clip, Corpus};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// Clips of a session, about.
const CLIPS: usize = 20;

/// Which clip belongs to which session. It hangs on its file's name and on how many clips its speaker has, not on their order.
pub struct Sessions(BTreeMap<(Corpus, String), usize>);

impl Sessions {
    /// Of all clips.
    #[must_use]
    pub fn new(clips: &[Clip]) -> Self {
        let mut counts = BTreeMap::new();
        for clip in clips {
            *counts.entry(clip.voice()).or_default() += 1;
        }
        Self(counts)
    }

    /// The number of a clip's session among those of its speaker in its corpus.
    ///
    /// # Panics
    ///
    /// If the speaker was not among the clips of [`Sessions::new`].
    #[must_use]
    pub fn of(&self, clip: &Clip) -> usize {
        let sessions = self.0[&clip.voice()].div_ceil(CLIPS);
        let digest = Sha256::digest(clip.file_name().as_encoded_bytes());
        let number = u64::from_le_bytes(std::array::from_fn(|at| digest[at]));
        (number % sessions as u64) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use pathos_analysis::Emotion;

    fn clip(number: usize, speaker: &str) -> Clip {
        Clip {
            path: format!("{speaker}/{number}.wav").into(),
            corpus: Corpus::CremaD,
            speaker: speaker.to_owned(),
            female: true,
            emotion: Emotion::Sad,
            votes: None,
            statement: None,
        }
    }

    #[test]
    fn sessions_are_of_about_the_same_size_and_hang_on_no_order() {
        let mut clips: Vec<Clip> = (0..400).map(|number| clip(number, "A")).collect();
        clips.extend((0..5).map(|number| clip(number, "B")));
        let sessions = Sessions::new(&clips);
        let mut sizes = [0; 20];
        for clip in &clips[..400] {
            sizes[sessions.of(clip)] += 1;
        }
        assert!(
            sizes.iter().all(|size| (8..=36).contains(size)),
            "{sizes:?}"
        );
        assert!(clips[400..].iter().all(|clip| sessions.of(clip) == 0));

        clips.reverse();
        let turned = Sessions::new(&clips);
        assert!(
            clips
                .iter()
                .all(|clip| turned.of(clip) == sessions.of(clip))
        );
    }
}
