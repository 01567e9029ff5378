//! The whole policy on any bytes: an answer, never a panic.
#![no_main]

use entra_auth_policy::lookup::NoCluster;
use entra_auth_policy::settings::Date;
use entra_auth_policy::{Host, evaluate, validate_settings};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let today = || Date::parse("2026-11-21").unwrap();
    let evaluation = evaluate(bytes, &Host { today: &today, cluster: &NoCluster });
    let response = evaluation.response.to_json();
    assert!(serde_json::from_slice::<serde_json::Value>(&response).is_ok());
    assert!(serde_json::from_slice::<serde_json::Value>(&validate_settings(bytes)).is_ok());
});
