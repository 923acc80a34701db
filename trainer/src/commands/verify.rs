//! `trainer verify`.

use crate::onnx::verify::{self, Comparison};
use anyhow::{Context, Result, bail};
use pathos_analysis::Model;
use std::{fs, path::Path};

/// Compares tract with onnxruntime on a model file, and prints its size.
///
/// # Errors
///
/// If the file is no model, or the runtimes disagree.
pub fn verify(model: &Path, python: &str) -> Result<()> {
    let info = Model::from_file(model)?.info().clone();
    println!("{} {}: {}", info.name, info.version, info.evidence.protocol);
    let bytes = fs::read(model).with_context(|| format!("cannot read {}", model.display()))?;
    match verify::size(&bytes) {
        Ok(size) => println!(
            "{} bytes, {} parameters, {:.1} million multiplications and additions for each 250 ms of voice",
            size.bytes,
            size.parameters,
            size.macs as f64 / 1e6
        ),
        Err(error) => println!("its size is unknown: {error:#}"),
    }
    match verify::compare(model, python)? {
        Comparison::Skipped(reason) => println!("skipped: {reason}"),
        Comparison::Difference(difference) if difference <= verify::TOLERANCE => println!(
            "tract and onnxruntime differ by {difference:.1e} at the most on {} windows",
            verify::WINDOWS
        ),
        Comparison::Difference(difference) => bail!(
            "tract and onnxruntime differ by {difference:.1e}, more than {:.0e}: one of them does not run {} as it is meant",
            verify::TOLERANCE,
            model.display()
        ),
    }
    Ok(())
}
