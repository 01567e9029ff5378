//! Any text, put where credentials hide: an answer of bounded size that quotes no value.
#![no_main]

use entra_auth_policy::lookup::NoCluster;
use entra_auth_policy::settings::Date;
use entra_auth_policy::{Host, evaluate};
use libfuzzer_sys::fuzz_target;
use serde_json::{Value, json};

fuzz_target!(|input: (u8, &str)| {
    let (place, text) = input;
    let (name, rest) = text.split_once('\0').unwrap_or(("AZURE_CLIENT_SECRET", text));
    let last_applied = "kubectl.kubernetes.io/last-applied-configuration";
    let object = |version: &str, kind: &str, body: Value| {
        let mut object = json!({"apiVersion": version, "kind": kind, "metadata": {"name": "x"}});
        object.as_object_mut().unwrap().extend(body.as_object().unwrap().clone());
        object
    };
    let container = |body: Value| object("v1", "Pod", json!({"spec": {"containers": [body]}}));
    let copy =
        json!({"data": {name: rest}, "spec": {"containers": [{"env": [{"name": name, "value": rest}]}]}}).to_string();
    let object = match place % 10 {
        0 => container(json!({"env": [{"name": name, "value": rest}]})),
        1 => container(json!({"args": [name, rest]})),
        2 => container(json!({"command": ["sh", "-c", rest]})),
        3 => object("v1", "ConfigMap", json!({"data": {name: rest}})),
        4 => object("v1", "ConfigMap", json!({"binaryData": {name: rest}})),
        5 => object("v1", "Secret", json!({"data": {name: rest}, "stringData": {name: rest}})),
        6 => object("v1", "Service", json!({"metadata": {"annotations": {name: rest}}})),
        7 => object("v1", "ConfigMap", json!({"metadata": {"annotations": {last_applied: rest}}})),
        8 => object("v1", "Pod", json!({"metadata": {"annotations": {last_applied: copy}}})),
        _ => object("contoso.com/v1", "Shop", json!({"spec": {name: rest}})),
    };
    let group = object["apiVersion"].as_str().unwrap().split_once('/').map_or("", |(group, _)| group);
    let payload =
        json!({"request": {"kind": {"group": group, "kind": object["kind"]}, "operation": "CREATE", "object": object}});
    let today = || Date::parse("2026-11-21").unwrap();
    let evaluation = evaluate(payload.to_string().as_bytes(), &Host { today: &today, cluster: &NoCluster });
    assert!(evaluation.findings.len() < 200, "{} findings", evaluation.findings.len());
    assert!(evaluation.response.message.is_none_or(|message| message.len() <= 4096));
});
