//! Settings that are written somewhere for people to copy.

use entra_auth_policy::validate_settings;
use serde_json::{Value, json};
use std::path::Path;

/// Both the policy and the schema that editors use accept them.
pub(crate) fn check(settings: &Value) -> Result<(), String> {
    let answer: Value = serde_json::from_slice(&validate_settings(settings.to_string().as_bytes())).unwrap();
    if answer != json!({"valid": true}) {
        return Err(answer["message"].as_str().unwrap_or_default().to_owned());
    }
    let schema = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/settings.schema.json");
    let schema = serde_json::from_str(&std::fs::read_to_string(schema).unwrap()).unwrap();
    jsonschema::validate(&schema, settings).map_err(|error| format!("{}: {error}", error.instance_path()))
}
