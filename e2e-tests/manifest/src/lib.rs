//! Manifests, as people write them, turned into the admission requests that a policy server sends.

pub mod cluster;
pub mod fixture;
mod request;
pub mod session;

pub use request::{Identity, Operation, payload, request};

use anyhow::{Context, Result, bail};
use serde_json::Value;

/// The objects of a YAML or JSON text: every document, and every item of a `List`.
pub fn objects(text: &str) -> Vec<Result<Value>> {
    let mut objects = Vec::new();
    for document in documents(text) {
        match parse(document) {
            Ok(Value::Null) => {}
            Ok(value) => split_list(value, &mut objects),
            Err(error) => objects.push(Err(error)),
        }
    }
    objects
}

/// One YAML (or JSON) document as JSON.
pub fn parse(document: &str) -> Result<Value> {
    serde_saphyr::from_str(document).map_err(|error| anyhow::anyhow!("{error}")).context("not YAML")
}

/// The documents of a YAML stream, split at `---` lines so that one broken document spares the others.
fn documents(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let text = rest?;
        let mut at = 0;
        for line in text.split_inclusive('\n') {
            let is_mark = line.trim_end() == "---" || line.starts_with("--- ");
            if is_mark && at > 0 {
                rest = text.get(at..);
                return text.get(..at);
            }
            at += line.len();
        }
        rest = None;
        Some(text)
    })
}

fn split_list(value: Value, objects: &mut Vec<Result<Value>>) {
    let is_list = value["kind"].as_str().is_some_and(|kind| kind.ends_with("List")) && value["items"].is_array();
    match value {
        Value::Object(mut list) if is_list => {
            if let Some(Value::Array(items)) = list.remove("items") {
                items.into_iter().for_each(|item| split_list(item, objects));
            }
        }
        value => objects.push(check(value)),
    }
}

/// What is no Kubernetes object cannot be judged.
fn check(value: Value) -> Result<Value> {
    if !value.is_object() {
        bail!("no Kubernetes object: not a map");
    }
    if value.get("request").is_some() || value.get("operation").is_some() {
        return Ok(value);
    }
    for key in ["apiVersion", "kind"] {
        if !value[key].is_string() {
            bail!("no Kubernetes object: `{key}` is missing");
        }
    }
    Ok(value)
}
