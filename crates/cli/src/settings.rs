//! The settings that requests are evaluated with.

use crate::CompiledPolicy;
use crate::args::Check;
use anyhow::{Context, Result, bail};
use entra_auth_policy::{read_settings, validate_settings};
use json::Node;
use serde::Deserialize;
use serde_json::{Map, Value};
use std::path::Path;

/// What `validate_settings` answers.
#[derive(Deserialize)]
struct Answer {
    valid: bool,
    message: Option<String>,
}

/// Reads the file, applies the options that change settings, and validates the result as a policy server does.
pub fn load(args: &Check, module: Option<&dyn CompiledPolicy>) -> Result<Value> {
    let file = args.settings.as_deref();
    let mut settings = match file {
        Some(path) => read(path).with_context(|| path.display().to_string())?,
        None => Value::Object(Map::new()),
    };
    if let Value::Object(settings) = &mut settings {
        if let Some(profile) = &args.profile {
            settings.insert("profile".to_owned(), profile.as_str().into());
        }
        if !args.dumps.is_empty() {
            settings.insert("clusterLookups".to_owned(), true.into());
        }
    }
    let payload = settings.to_string().into_bytes();
    let answer = match module {
        None => validate_settings(&payload),
        Some(module) => module.validate_settings(&payload).context("the module failed to validate the settings")?,
    };
    let answer: Answer = serde_json::from_slice(&answer).context("the module's answer about the settings")?;
    if !answer.valid {
        let name = file.map_or_else(|| "the settings".to_owned(), |path| path.display().to_string());
        bail!("{name}: {}", answer.message.unwrap_or_else(|| "not valid".to_owned()));
    }
    Ok(settings)
}

/// The settings of a file, which must be valid.
pub fn valid(path: &Path) -> Result<Value> {
    let settings = read(path)?;
    let answer: Answer = serde_json::from_slice(&validate_settings(settings.to_string().as_bytes()))?;
    if !answer.valid {
        bail!("{}", answer.message.unwrap_or_else(|| "not valid".to_owned()));
    }
    Ok(settings)
}

/// Whether rules look things up, as the policy itself reads the settings.
pub fn wants_cluster(settings: &Value) -> bool {
    let text = settings.to_string();
    json::parse(&text).is_ok_and(|value| read_settings(Node::new(&value)).0.cluster_lookups)
}

fn read(path: &Path) -> Result<Value> {
    let text = manifest::decode(std::fs::read(path)?).map_err(anyhow::Error::msg)?;
    let value = if text.trim().is_empty() { Value::Null } else { manifest::parse(&text)? };
    // A policy manifest contains its settings.
    let is_policy = matches!(value["kind"].as_str(), Some("ClusterAdmissionPolicy" | "AdmissionPolicy"));
    match if is_policy { value["spec"]["settings"].clone() } else { value } {
        Value::Null => Ok(Value::Object(Map::new())),
        value => Ok(value),
    }
}
