//! The objects of a dump of a cluster, evaluated with given settings.

use crate::evaluate::Evaluator;
use crate::inputs::Walk;
use anyhow::{Context, Result, anyhow, bail};
use entra_auth_policy::Evaluation;
use entra_auth_policy::settings::Date;
use manifest::{ManifestObject, documents};
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::PathBuf;

/// Every object, in order. What cannot be read is an error: a proposal from half a dump would be wrong.
pub(crate) fn read(paths: &[PathBuf]) -> Result<Vec<ManifestObject>> {
    let mut objects = Vec::new();
    let walk = Walk::new(&[], &[], &std::env::current_dir()?)?;
    for source in walk.sources(paths) {
        let source = source.map_err(|error| anyhow!("{}: {}", error.name, error.reason))?;
        let text = source.read().map_err(|reason| anyhow!("{}: {reason}", source.name))?;
        for document in documents(&text) {
            match document.objects() {
                Ok(found) => {
                    for object in found {
                        match object {
                            Ok(object) => objects.push(object),
                            Err(fault) if fault.kind.is_harmless() => {}
                            Err(fault) => bail!("{}:{}: {fault}", source.name, fault.line),
                        }
                    }
                }
                Err(fault) => bail!("{}:{}: {fault}", source.name, fault.line),
            }
        }
    }
    Ok(objects)
}

/// Evaluates every object as an audit scan does.
pub(crate) fn evaluate(objects: &[ManifestObject], settings: &Value, today: Date) -> Result<Vec<Evaluation>> {
    let evaluator = Evaluator::of_objects(settings.clone(), None, today);
    let evaluate = |object| match evaluator.evaluate("", object) {
        Ok((evaluation, _)) => Ok(evaluation),
        Err(error) => Err(anyhow!("{error:?}")),
    };
    objects.iter().map(evaluate).collect::<Result<_>>().context("the dump cannot be evaluated")
}

pub(crate) fn text<'v>(value: &'v Value, path: &[&str]) -> &'v str {
    path.iter().fold(value, |value, key| &value[key]).as_str().unwrap_or_default()
}

/// `Kind` in the core group, else `Kind.group`, as exemptions name kinds.
pub(crate) fn kind(object: &Value) -> String {
    let kind = text(object, &["kind"]);
    match text(object, &["apiVersion"]).split_once('/') {
        Some((group, _)) => format!("{kind}.{group}"),
        None => kind.to_owned(),
    }
}

/// Days after a date.
pub(crate) fn after(date: Date, days: u64) -> Date {
    Date::from_unix_seconds(date.unix_seconds() + days * 86_400)
}

/// Kind, namespace and name.
pub(crate) fn identity(object: &Value) -> (String, String, String) {
    let metadata = |key| text(object, &["metadata", key]).to_owned();
    (text(object, &["kind"]).to_owned(), metadata("namespace"), metadata("name"))
}

/// Kind and name of the controller that made the object.
pub(crate) fn owner(object: &Value) -> Option<(&str, &str)> {
    let owners = object["metadata"]["ownerReferences"].as_array()?;
    let owner = owners.iter().find(|owner| owner["controller"] == true)?;
    Some((owner["kind"].as_str()?, owner["name"].as_str()?))
}

/// Whether a workload that is there made the object, so that both have the same findings.
pub(crate) fn is_owned(object: &Value, names: &BTreeSet<(String, String, String)>) -> bool {
    let namespace = text(object, &["metadata", "namespace"]);
    owner(object).is_some_and(|(kind, name)| {
        names.contains(&(kind.to_owned(), namespace.to_owned(), name.to_owned()))
            // The ReplicaSet of a Deployment is often left out of a dump.
            || (kind == "ReplicaSet" && text(object, &["kind"]) == "Pod")
    })
}
