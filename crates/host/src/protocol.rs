//! The JSON a policy server and a policy exchange, as far as a caller wants to read it.
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// The answer of `validate`.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
pub struct ValidationResponse {
    pub accepted: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<u16>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mutated_object: Option<serde_json::Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audit_annotations: Option<BTreeMap<String, String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warnings: Option<Vec<String>>,
}

/// The answer of `validate_settings`.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct SettingsResponse {
    pub valid: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

/// The bytes a policy server hands to `validate`.
pub fn validation_payload(
    request: &(impl Serialize + ?Sized),
    settings: &(impl Serialize + ?Sized),
) -> serde_json::Result<Vec<u8>> {
    #[derive(Serialize)]
    struct Payload<'a, R: ?Sized, S: ?Sized> {
        request: &'a R,
        settings: &'a S,
    }
    serde_json::to_vec(&Payload { request, settings })
}
