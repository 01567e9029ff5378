//! A cluster of a few objects, to answer look-ups in tests.

use anyhow::{Result, bail};
use entra_auth_policy::lookup::{Cluster, LookupError, Query};
use serde_json::{Value, json};

#[derive(Clone, Debug, Default)]
pub enum MemoryCluster {
    /// Must not be asked.
    #[default]
    Unasked,
    Objects(Vec<Value>),
    /// Answers every question with the same failure.
    Fails(LookupError),
}

impl MemoryCluster {
    /// The cluster that holds the objects of a list, if there is one.
    pub fn of(objects: Option<&Value>) -> Self {
        let mut cluster = MemoryCluster::Unasked;
        if let Some(objects) = objects {
            cluster.add(objects);
        }
        cluster
    }

    pub fn add(&mut self, objects: &Value) {
        let more = objects.as_array().cloned().unwrap_or_default();
        match self {
            MemoryCluster::Objects(objects) => objects.extend(more),
            other => *other = MemoryCluster::Objects(more),
        }
    }

    pub fn failing(how: &str) -> Result<Self> {
        Ok(MemoryCluster::Fails(match how {
            "not-granted" => LookupError::NotGranted,
            "refused" => LookupError::Refused,
            "not-found" => LookupError::NotFound,
            "failed" => LookupError::Failed,
            _ => bail!("no such failure: {how}"),
        }))
    }
}

impl Cluster for MemoryCluster {
    fn get(&self, query: &Query<'_>) -> Result<String, LookupError> {
        let objects = match self {
            MemoryCluster::Unasked => panic!("{query:?} looked up without being asked to"),
            MemoryCluster::Fails(error) => return Err(*error),
            MemoryCluster::Objects(objects) => objects,
        };
        let asked = |object: &&Value| {
            object["apiVersion"] == query.resource.api_version
                && object["kind"] == query.resource.kind
                && object["metadata"]["name"] == query.name
                && object["metadata"]["namespace"].as_str() == query.namespace
        };
        let object = objects.iter().find(asked).ok_or(LookupError::NotFound)?;
        let mut answer = json!({"apiVersion": object["apiVersion"], "kind": object["kind"]});
        for mask in query.resource.field_masks {
            copy(object, &mut answer, mask);
        }
        Ok(answer.to_string())
    }
}

/// What a host leaves of an object: the masked fields, so that a test shows that they are enough.
fn copy(from: &Value, to: &mut Value, mask: &str) {
    let (key, rest) = mask.split_once('.').unwrap_or((mask, ""));
    match from.get(key) {
        None => {}
        Some(value) if rest.is_empty() => to[key] = value.clone(),
        Some(value) => {
            if to[key].is_null() {
                to[key] = json!({});
            }
            copy(value, &mut to[key], rest);
        }
    }
}
