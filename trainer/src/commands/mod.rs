//! What each command does.

mod evaluate;
mod export;
mod plot;
mod predict;
mod scan;
mod train;
mod verify;

pub use evaluate::{Outputs, evaluate};
pub use export::export;
pub use plot::plot;
pub use predict::{PredictArguments, predict};
pub use scan::scan;
pub use train::{
    CrossValidateArguments, TrainArguments, TuneArguments, cross_validate, train, tune,
};
pub use verify::verify;

use crate::corpora::Refused;
use clap::Args;
use std::path::PathBuf;

/// The clips of a command.
#[derive(Args, Clone, Debug)]
pub struct Data {
    /// A folder with a MANIFEST.csv, or with corpora as downloaded; can be given several times.
    #[arg(long = "data", required = true, value_name = "FOLDER")]
    pub folders: Vec<PathBuf>,
    /// Where analysed clips are kept between runs; can be deleted at any time.
    #[arg(long, default_value = "runs/cache", value_name = "FOLDER")]
    pub cache: PathBuf,
}

/// Names each file that was refused.
fn print_refused(refused: &[Refused]) {
    for (path, reason) in refused {
        eprintln!("refused {}: {reason}", path.display());
    }
}
