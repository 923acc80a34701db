//! What the timeline shows, as files for other programs.

use super::{
    picture::Picture,
    theme,
    view::View,
    widgets::{meters, timeline},
};
use std::{
    fs::{self, OpenOptions},
    io::{ErrorKind, Write},
    path::{Path, PathBuf},
};

/// Width and height of a picture, in pixels.
const PICTURE: [usize; 2] = [1600, 700];
/// Width of the meters in it, which are its legend.
const LEGEND: f32 = 380.0;
/// How much larger its text is than a window's.
const SCALE: f32 = 1.3;
/// The highest number of a file.
const LAST_NUMBER: u32 = 9999;

/// The folder for such files: that of the user's documents, or the home folder where there is none.
pub(super) fn folder() -> Option<PathBuf> {
    let place = dirs::document_dir().or_else(dirs::home_dir)?;
    Some(place.join("Pathos"))
}

/// Writes the values as a table. Gives the file.
///
/// # Errors
///
/// If it cannot be written; the text says why.
pub(super) fn csv(view: &View, folder: &Path) -> Result<PathBuf, String> {
    write_new(folder, "csv", view.timeline.csv().as_bytes())
}

/// Writes what is shown as a picture. Gives the file.
///
/// # Errors
///
/// If it cannot be drawn or written; the text says why.
pub(super) fn png(view: &View, folder: &Path) -> Result<PathBuf, String> {
    let mut view = view.clone();
    let picture = Picture::of(PICTURE, |ui| {
        let area = ui.max_rect().shrink(theme::MARGIN);
        let (left, right) = area.split_left_right_at_x(area.left() + LEGEND);
        meters::draw(ui, left, &mut view);
        timeline::plot(
            ui,
            right.with_min_x(right.left() + theme::GAP),
            &view,
            SCALE,
        );
    });
    let bytes = picture
        .map_err(|error| error.to_string())
        .and_then(|picture| picture.png().map_err(|error| error.to_string()))
        .map_err(|error| format!("the picture cannot be drawn: {error}"))?;
    write_new(folder, "png", &bytes)
}

/// Writes a file that was not there before.
fn write_new(folder: &Path, ending: &str, bytes: &[u8]) -> Result<PathBuf, String> {
    fs::create_dir_all(folder)
        .map_err(|error| format!("cannot make the folder {}: {error}", folder.display()))?;
    for number in 1..=LAST_NUMBER {
        let path = folder.join(format!("timeline-{number:03}.{ending}"));
        let failed = |error| format!("cannot write {}: {error}", path.display());
        match OpenOptions::new().write(true).create_new(true).open(&path) {
            Ok(mut file) => {
                file.write_all(bytes).map_err(|error| {
                    // Half a file is worse than none.
                    let _ = fs::remove_file(&path);
                    failed(error)
                })?;
                return Ok(path);
            }
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            Err(error) => return Err(failed(error)),
        }
    }
    Err(format!("{} is full of timelines", folder.display()))
}
