//! Judges objects: the module gives the verdict, the same core built into this program the findings.

use crate::cluster;
use admission::cluster::ManifestCluster;
use admission::{Identity, create_payload, payload};
use anyhow::{Context, Result};
use entra_auth_policy::lookup::{Cluster, NoCluster};
use entra_auth_policy::object;
use entra_auth_policy::settings::Date;
use entra_auth_policy::{Evaluation, Host, evaluate};
use host::{CallError, Module};
use manifest::{Form, ManifestObject};
use serde_json::Value;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};
use text::shown;

pub struct Judge {
    module: Module,
    settings: Value,
    identity: Option<Identity>,
    /// Answers look-ups; without it there are none.
    cluster: Option<Arc<ManifestCluster>>,
}

/// Why there is no verdict.
#[derive(Debug)]
pub enum NoVerdict {
    /// The module failed over this object.
    Failed(CallError),
    /// Module and program answer differently.
    Differ,
}

impl Judge {
    pub fn new(
        module: Module,
        settings: Value,
        identity: Option<Identity>,
        cluster: Option<Arc<ManifestCluster>>,
    ) -> Judge {
        Judge { module, settings, identity, cluster }
    }

    /// The verdict over one object of `source`. The module's answer and the program's must be the same
    /// bytes.
    pub fn judge(&self, source: &str, object: &ManifestObject) -> Result<Evaluation, NoVerdict> {
        let payload = self.payload(object);
        let called = match &self.cluster {
            None => self.module.call("validate", &payload),
            Some(cluster) => {
                let host = cluster::Host { cluster: cluster.clone(), source: source.to_owned() };
                self.module.clone().with_host(Arc::new(host)).call("validate", &payload)
            }
        };
        let answer = called.map_err(NoVerdict::Failed)?;
        let seen = self.cluster.as_ref().map(|cluster| cluster.seen_from(source));
        let cluster: &dyn Cluster = seen.as_ref().map_or(&NoCluster, |seen| seen);
        let evaluation = evaluate(&payload, &Host { today: &today, cluster });
        if evaluation.response.to_json() == answer { Ok(evaluation) } else { Err(NoVerdict::Differ) }
    }

    /// What admission would hand to the policy.
    pub fn payload(&self, object: &ManifestObject) -> Vec<u8> {
        match (object.form, &self.identity) {
            (Form::Object, identity) => create_payload(&object.value, identity.as_ref(), &self.settings),
            (Form::Request, None) => payload(&object.value, &self.settings),
            (Form::Request, Some(identity)) => {
                let mut request = object.value.clone();
                request["userInfo"] = identity.user_info();
                payload(&request, &self.settings)
            }
        }
    }
}

fn today() -> Date {
    Date::from_unix_seconds(SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs()))
}

/// What an object is called. Names come from anybody: they are shown without control characters.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Title {
    pub kind: String,
    pub namespace: String,
    pub name: String,
    /// What is done with it, where that is not to create it: `UPDATE`, `CONNECT pods/exec`.
    pub act: String,
}

impl Title {
    pub fn of(object: &ManifestObject) -> Title {
        let text = |value: &Value| shown(value.as_str().unwrap_or_default()).into_owned();
        let or = |first: &Value, second: &Value| if first.is_string() { text(first) } else { text(second) };
        let body = object.object();
        let metadata = &body["metadata"];
        let mut name = text(&metadata["name"]);
        if name.is_empty() && metadata["generateName"].is_string() {
            name = format!("{}*", text(&metadata["generateName"]));
        }
        if object.form == Form::Object {
            return Title {
                kind: text(&body["kind"]),
                namespace: text(&metadata["namespace"]),
                name,
                act: String::new(),
            };
        }
        let request = &object.value;
        if name.is_empty() {
            name = text(&request["name"]);
        }
        let mut act = text(&request["operation"]);
        match text(&request["subResource"]).as_str() {
            "" if act == "CREATE" => act.clear(),
            "" => {}
            sub => act = format!("{act} {}/{sub}", text(&request["resource"]["resource"])),
        }
        let kind = or(&body["kind"], &request["kind"]["kind"]);
        // Requests about a Namespace say it twice.
        let namespace = match kind.as_str() {
            "Namespace" => String::new(),
            _ => or(&metadata["namespace"], &request["namespace"]),
        };
        Title { kind, namespace, name, act }
    }
}

impl std::fmt::Display for Title {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let title = object::Title { kind: &self.kind, namespace: &self.namespace, name: &self.name };
        write!(f, "{title}")?;
        if self.act.is_empty() { Ok(()) } else { write!(f, " ({})", self.act) }
    }
}

/// Loads and compiles the module.
pub fn load(path: &std::path::Path) -> Result<Module> {
    let wasm = std::fs::read(path).with_context(|| path.display().to_string())?;
    Module::load_direct(&wasm).with_context(|| path.display().to_string())
}
