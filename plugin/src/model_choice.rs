//! Which model an instance runs: one of the embedded ones, or a file of the user's.

use crate::{params::PathosParams, telemetry::Telemetry};
use pathos_analysis::{Analyzer, Model};
use pathos_models::EMBEDDED;
use std::{
    path::Path,
    sync::{Arc, OnceLock, PoisonError},
};

/// The embedded model of a place in [`EMBEDDED`], read once in the process.
fn embedded_at(place: usize) -> Result<Arc<Model>, String> {
    static MODELS: [OnceLock<Result<Arc<Model>, String>>; EMBEDDED.len()] =
        [const { OnceLock::new() }; EMBEDDED.len()];
    let model = MODELS[place].get_or_init(|| {
        Model::from_bytes(EMBEDDED[place].bytes)
            .map(Arc::new)
            .map_err(|error| error.to_string())
    });
    model.clone()
}

/// The embedded model that listens where no other was chosen.
///
/// # Errors
///
/// If it cannot be run; the text says why.
pub(crate) fn embedded() -> Result<Arc<Model>, String> {
    embedded_at(0)
}

/// The embedded model of a name, that of a file, or the default for an empty text. Reads files: not for an audio thread.
///
/// # Errors
///
/// If there is no such file, or the model in it does not fit; the text says why.
pub(crate) fn load(chosen: &str) -> Result<Arc<Model>, String> {
    if chosen.is_empty() {
        return embedded();
    }
    if let Some(place) = EMBEDDED.iter().position(|own| own.name == chosen) {
        return embedded_at(place);
    }
    let model =
        Model::from_file(Path::new(chosen)).map_err(|error| format!("{chosen}: {error}"))?;
    Ok(Arc::new(model))
}

/// What a stream uses.
pub(crate) struct ModelChoice {
    path: String,
}

impl ModelChoice {
    /// The model that an instance has chosen; the embedded one where that cannot be had, and the instance says so.
    ///
    /// # Errors
    ///
    /// If even the embedded model cannot be run.
    pub(crate) fn first(
        params: &PathosParams,
        telemetry: &Telemetry,
    ) -> Result<(Self, Arc<Model>), String> {
        let path = params.model_path();
        let (model, trouble) = match load(&path) {
            Ok(model) => (model, None),
            Err(because) => (embedded()?, Some(instead(&because))),
        };
        telemetry.set_model(model.info(), trouble);
        Ok((Self { path }, model))
    }

    /// Changes the model if another was chosen. One that cannot be had changes nothing but what the window says.
    pub(crate) fn follow(
        &mut self,
        params: &PathosParams,
        analyzer: &mut Analyzer,
        telemetry: &Telemetry,
    ) {
        let is_same = {
            let path = params.model_path.read();
            *path.unwrap_or_else(PoisonError::into_inner) == self.path
        };
        if is_same {
            return;
        }
        self.path = params.model_path();
        match load(&self.path) {
            Ok(model) => {
                telemetry.set_model(model.info(), None);
                analyzer.set_model(model);
            }
            Err(because) => {
                telemetry.set_model(analyzer.model(), Some(instead(&because)));
            }
        }
    }
}

fn instead(because: &str) -> String {
    format!("the chosen model is not used: {because}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn choose(params: &PathosParams, path: &str) {
        path.clone_into(&mut params.model_path.write().unwrap());
    }

    #[test]
    fn a_model_that_is_not_there_changes_nothing_and_says_so() {
        let (params, telemetry) = (PathosParams::default(), Telemetry::default());
        let (mut choice, model) = ModelChoice::first(&params, &telemetry).unwrap();
        let mut analyzer = Analyzer::new(model, 48_000.0).unwrap();
        assert_eq!(telemetry.latest().model_trouble, None);

        choose(&params, "/nowhere/singer.onnx");
        choice.follow(&params, &mut analyzer, &telemetry);
        let told = telemetry.latest();
        assert_eq!(told.model.unwrap().name, "Pathos");
        let trouble = told.model_trouble.unwrap();
        assert!(trouble.contains("/nowhere/singer.onnx"), "{trouble}");

        choose(&params, "");
        choice.follow(&params, &mut analyzer, &telemetry);
        assert_eq!(telemetry.latest().model_trouble, None);
    }

    #[test]
    fn each_embedded_model_is_chosen_by_its_name() {
        let (params, telemetry) = (PathosParams::default(), Telemetry::default());
        let (mut choice, model) = ModelChoice::first(&params, &telemetry).unwrap();
        let mut analyzer = Analyzer::new(model, 48_000.0).unwrap();
        for (chosen, name) in [
            ("pathos-open", "Pathos open"),
            ("", "Pathos"),
            ("pathos", "Pathos"),
        ] {
            choose(&params, chosen);
            choice.follow(&params, &mut analyzer, &telemetry);
            let told = telemetry.latest();
            assert_eq!(
                (told.model_trouble, analyzer.model().name.as_str()),
                (None, name)
            );
        }
    }

    #[test]
    fn a_project_whose_model_is_gone_listens_with_the_embedded_one() {
        let (params, telemetry) = (PathosParams::default(), Telemetry::default());
        choose(&params, env!("CARGO_MANIFEST_PATH"));
        let (_, model) = ModelChoice::first(&params, &telemetry).unwrap();
        assert_eq!(model.info().name, "Pathos");
        assert!(
            telemetry
                .latest()
                .model_trouble
                .unwrap()
                .contains("Cargo.toml")
        );
    }

    #[test]
    fn a_file_of_ones_own_listens_and_counts_on() {
        let folder = std::env::temp_dir().join(format!("pathos-model-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let file = folder.join("mine.onnx");
        std::fs::write(&file, pathos_models::PATHOS).unwrap();
        let (params, telemetry) = (PathosParams::default(), Telemetry::default());
        let (mut choice, model) = ModelChoice::first(&params, &telemetry).unwrap();
        let mut analyzer = Analyzer::new(model, 16_000.0).unwrap();
        let mut positions = Vec::new();
        let second = vec![0.0; 16_000];
        analyzer.push(&second, &mut |estimate| positions.push(estimate.position));
        choose(&params, file.to_str().unwrap());
        choice.follow(&params, &mut analyzer, &telemetry);
        assert_eq!(telemetry.latest().model_trouble, None);
        analyzer.push(&second, &mut |estimate| positions.push(estimate.position));
        std::fs::remove_dir_all(&folder).unwrap();
        let expected: Vec<u64> = (1..=positions.len() as u64)
            .map(|hop| 4_000 * hop)
            .collect();
        assert!(positions.len() >= 7, "{positions:?}");
        assert_eq!(positions, expected);
    }
}
