//! Dapr: the pods of an application sign in for its components.

use super::{WHY, named, release};
use crate::draft::Draft;
use crate::estate::{Pods, list, text};
use crate::plan::{Origin, Stage};
use serde_json::Value;

/// Items of a component that are secrets or certificates of an application.
const CREDENTIALS: &[&str] = &[
    "azureclientsecret",
    "azurecertificate",
    "azurecertificatefile",
    "azurecertificatepassword",
    "spnclientsecret",
    "spncertificate",
    "spncertificatefile",
    "spncertificatepassword",
];

/// Removes the secrets of applications from components. Returns the pods that use them, and as whom.
pub(crate) fn dapr(draft: &mut Draft<'_>) -> Vec<(Pods, usize)> {
    let mut found = Vec::new();
    if draft.origin != Origin::Secrets {
        return found;
    }
    let components: Vec<(usize, &Value)> = draft.estate.of_kind("dapr.io", "Component").collect();
    for (index, component) in components {
        let name = draft.name(index);
        let items: Vec<(usize, &Value)> = list(component, "/spec/metadata").enumerate().collect();
        let key = |item: &Value| text(item, "/name").unwrap_or_default().to_ascii_lowercase();
        let secrets: Vec<&(usize, &Value)> =
            items.iter().filter(|(_, item)| CREDENTIALS.contains(&key(item).as_str())).collect();
        if secrets.is_empty() || !text(component, "/spec/type").is_some_and(|kind| kind.contains("azure")) {
            continue;
        }
        let client = items.iter().find(|(_, item)| matches!(key(item).as_str(), "azureclientid" | "spnclientid"));
        let identity = named(draft, &name.name, client.and_then(|(_, item)| text(item, "/value")));
        for (at, item) in secrets {
            draft.remove(Stage::Remove, index, format!("/spec/metadata/{at}"), WHY);
            release(draft, &name.namespace, item.get("secretKeyRef"));
        }
        let users = users(draft, &name.namespace, component);
        if users.is_empty() {
            draft.decide(true, &name, "no pods of the input use it: label those that do, and federate their account");
        }
        found.extend(users.into_iter().map(|pods| (pods, identity)));
    }
    found
}

/// The pods of the applications in a component's scopes, or of all applications of the namespace.
fn users(draft: &Draft<'_>, namespace: &str, component: &Value) -> Vec<Pods> {
    let scopes: Vec<&str> = list(component, "/scopes").filter_map(Value::as_str).collect();
    let uses = |pods: &&Pods| {
        let state = draft.state(pods.index);
        let annotation = |key: &str| text(state, &pods.at(&["metadata", "annotations", key]));
        let id = annotation("dapr.io/app-id").unwrap_or_default();
        pods.namespace == namespace
            && annotation("dapr.io/enabled") == Some("true")
            && (scopes.is_empty() || scopes.contains(&id))
    };
    draft.estate.pods().iter().filter(uses).cloned().collect()
}
