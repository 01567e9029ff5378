//! The settings that requests are judged by.

use crate::cli::Judging;
use anyhow::{Context, Result, bail};
use entra_auth_policy::read_settings;
use host::Module;
use json::Node;
use serde_json::{Map, Value};
use std::path::Path;

/// Reads the file, puts what the command line says over it, and lets the module say whether it can work
/// with that.
pub fn load(cli: &Judging, module: &Module) -> Result<Value> {
    let file = cli.settings.as_deref();
    let mut settings = match file {
        Some(path) => read(path).with_context(|| path.display().to_string())?,
        None => Value::Object(Map::new()),
    };
    if let Value::Object(settings) = &mut settings {
        if let Some(profile) = &cli.profile {
            settings.insert("profile".to_owned(), profile.as_str().into());
        }
        if !cli.dumps.is_empty() {
            settings.insert("clusterLookups".to_owned(), true.into());
        }
    }
    let answer = module.validate_settings(&settings).context("the policy cannot be asked about its settings")?;
    if !answer.valid {
        let name = file.map_or_else(|| "the settings".to_owned(), |path| path.display().to_string());
        bail!("{name}: {}", answer.message.unwrap_or_else(|| "not valid".to_owned()));
    }
    Ok(settings)
}

/// Whether rules will look things up, as the policy itself reads the settings.
pub fn wants_cluster(settings: &Value) -> bool {
    let text = settings.to_string();
    json::parse(&text).is_ok_and(|value| read_settings(Node::new(&value)).0.cluster_lookups)
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
