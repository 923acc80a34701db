//! A file that does not fit is refused with a message that says what is wrong.

use pathos_analysis::{Model, ModelError, model::keys};
use prost::Message;
use std::path::Path;
use tract_onnx::pb::ModelProto;

fn edited(edit: impl FnOnce(&mut ModelProto)) -> Result<Model, ModelError> {
    let mut proto = ModelProto::decode(pathos_models::PATHOS).unwrap();
    edit(&mut proto);
    Model::from_bytes(&proto.encode_to_vec())
}

fn set(proto: &mut ModelProto, key: &str, value: &str) {
    let entry = proto
        .metadata_props
        .iter_mut()
        .find(|entry| entry.key == key);
    entry.unwrap().value = value.to_owned();
}

#[test]
fn the_embedded_model_says_what_it_is() {
    let model = Model::from_bytes(pathos_models::PATHOS).unwrap();
    assert!(!model.info().name.is_empty());
    assert_eq!(model.info().labels.len(), 7);
    assert!(!model.info().evidence.protocol.is_empty());
}

#[test]
fn a_missing_file_is_named() {
    let error = Model::from_file(Path::new("no/such/model.onnx")).unwrap_err();
    assert!(matches!(error, ModelError::Read { .. }));
    assert!(error.to_string().contains("no/such/model.onnx"));
}

#[test]
fn a_truncated_file_is_refused_wherever_it_ends() {
    let bytes = pathos_models::PATHOS;
    for share in [0, 1, 10, 50, 90, 99] {
        let end = bytes.len() * share / 100;
        assert!(
            Model::from_bytes(&bytes[..end]).is_err(),
            "{share} per cent of the file"
        );
    }
    assert!(Model::from_bytes(&bytes[..bytes.len() - 1]).is_err());
}

#[test]
fn garbage_is_refused() {
    let garbage: Vec<u8> = (0..100_000u32)
        .map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8)
        .collect();
    assert!(Model::from_bytes(&garbage).is_err());
    assert!(Model::from_bytes(b"RIFF....WAVEfmt ").is_err());
}

#[test]
fn metadata_that_does_not_fit_is_named() {
    for key in [
        keys::FORMAT,
        keys::NAME,
        keys::LABELS,
        keys::FEATURES,
        keys::TEMPERATURE,
        keys::HOP_SECONDS,
        keys::EVIDENCE,
    ] {
        let error =
            edited(|proto| proto.metadata_props.retain(|entry| entry.key != key)).unwrap_err();
        assert!(
            matches!(error, ModelError::MissingKey(missing) if missing == key),
            "{error}"
        );
    }
    for (key, value) in [
        (keys::FORMAT, "1"),
        (
            keys::LABELS,
            "happy,angry,disgust,fear,neutral,sad,surprise",
        ),
        (keys::FEATURES, "{}"),
        (keys::TEMPERATURE, "0"),
        (keys::TEMPERATURE, "NaN"),
        (keys::HOP_SECONDS, "1"),
        (keys::EVIDENCE, "good"),
    ] {
        let error = edited(|proto| set(proto, key, value)).unwrap_err();
        assert!(error.to_string().contains(key), "{error}");
        assert!(error.to_string().contains(value), "{error}");
    }
}

#[test]
fn other_inputs_and_outputs_are_refused() {
    let renamed = |edit: fn(&mut ModelProto)| {
        let error = edited(edit).unwrap_err();
        assert!(matches!(error, ModelError::Shape { .. }), "{error}");
        assert!(error.to_string().contains("[1, 320, columns]"), "{error}");
    };
    renamed(|proto| proto.graph.as_mut().unwrap().input.truncate(1));
    renamed(|proto| proto.graph.as_mut().unwrap().output.truncate(1));
    renamed(|proto| proto.graph.as_mut().unwrap().node.truncate(3));
}
