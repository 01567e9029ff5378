//! Reads a request the way Kubewarden's policy template does, into the SDK's `ValidationRequest`
//! and k8s-openapi's pod spec, and accepts it. Without rules: this is the cost of reading alone.
use std::hint::black_box;

use kubewarden_policy_sdk::request::ValidationRequest;
use kubewarden_policy_sdk::settings::Validatable;
use kubewarden_policy_sdk::{accept_request, protocol_version_guest, reject_request, validate_settings};
use serde::{Deserialize, Serialize};
use wapc_guest::prelude::*;

#[derive(Default, Deserialize, Serialize)]
#[serde(default)]
struct Settings {}

impl Validatable for Settings {
    fn validate(&self) -> Result<(), String> {
        Ok(())
    }
}

#[expect(unsafe_code, reason = "the protocol's entry point has a fixed name")]
#[unsafe(no_mangle)]
pub extern "C" fn wapc_init() {
    register_function("validate", validate);
    register_function("validate_settings", validate_settings::<Settings>);
    register_function("protocol_version", protocol_version_guest);
}

fn validate(payload: &[u8]) -> CallResult {
    let request = ValidationRequest::<Settings>::new(payload)?;
    match request.extract_pod_spec_from_object() {
        Ok(spec) => {
            black_box(spec);
            accept_request()
        }
        Err(error) => reject_request(Some(error.to_string()), None, None, None),
    }
}
