//! The settings that requests are judged by.

use crate::cli::Profile;
use anyhow::{Context, Result, bail};
use e2e_tests::Module;
use serde_json::{Map, Value};
use std::path::Path;

/// Reads the file, puts the profile over it, and lets the module say whether it can work with that.
pub fn load(file: Option<&Path>, profile: Option<Profile>, module: &Module) -> Result<Value> {
    let mut settings = match file {
        Some(path) => read(path).with_context(|| path.display().to_string())?,
        None => Value::Object(Map::new()),
    };
    if let (Some(profile), Value::Object(settings)) = (profile, &mut settings) {
        settings.insert("profile".to_owned(), profile.as_str().into());
    }
    let answer = module.validate_settings(&settings).context("the policy cannot be asked about its settings")?;
    if !answer.valid {
        let name = file.map_or_else(|| "the settings".to_owned(), |path| path.display().to_string());
        bail!("{name}: {}", answer.message.unwrap_or_else(|| "not valid".to_owned()));
    }
    Ok(settings)
}

fn read(path: &Path) -> Result<Value> {
    let text = manifest::decode(std::fs::read(path)?).map_err(anyhow::Error::msg)?;
    let value = if text.trim().is_empty() { Value::Null } else { manifest::parse(&text)? };
    // A policy manifest carries the settings with it.
    let is_policy = matches!(value["kind"].as_str(), Some("ClusterAdmissionPolicy" | "AdmissionPolicy"));
    match if is_policy { value["spec"]["settings"].clone() } else { value } {
        Value::Null => Ok(Value::Object(Map::new())),
        value => Ok(value),
    }
}
