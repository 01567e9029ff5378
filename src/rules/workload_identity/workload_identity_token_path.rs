//! A pod hard-codes the path of the token that it signs in to Entra with.
//!
//! # Why
//!
//! The webhook sets `AZURE_FEDERATED_TOKEN_FILE` and mounts the token, unless the container already has the
//! variable. Up to version 1.5 the directory is `/var/run/secrets/azure/tokens`; from 1.6 on it is
//! `/var/run/secrets/azure/wi`. A variable that was copied from a running pod points to a file that no
//! longer exists after the next upgrade. Another volume in one of these directories conflicts with the
//! webhook's mount. The rule allows a pod that projects a token itself and points the variable at it.
//!
//! The token of the API server (`/var/run/secrets/kubernetes.io/serviceaccount/token`), or a projected token for another
//! audience, is not a substitute: Entra refuses it (AADSTS700212), and the pod sends a token for another service to it.
//!
//! ```yaml deny
//! apiVersion: v1
//! kind: Pod
//! metadata:
//!   name: checkout
//!   namespace: shop
//!   labels:
//!     azure.workload.identity/use: "true"
//! spec:
//!   serviceAccountName: checkout
//!   containers:
//!   - name: web
//!     image: contoso.azurecr.io/checkout:1.0
//!     env:
//!     - name: AZURE_FEDERATED_TOKEN_FILE
//!       value: /var/run/secrets/azure/tokens/azure-identity-token
//! ```
//!
//! # Fix
//!
//! Leave the variable to the webhook.
//!
//! ```yaml allow
//! apiVersion: v1
//! kind: Pod
//! metadata:
//!   name: checkout
//!   namespace: shop
//!   labels:
//!     azure.workload.identity/use: "true"
//! spec:
//!   serviceAccountName: checkout
//!   containers:
//!   - name: web
//!     image: contoso.azurecr.io/checkout:1.0
//! ```
//!
//! # Source
//!
//! - [azure-workload-identity: mutating admission webhook](https://azure.github.io/azure-workload-identity/docs/installation/mutating-admission-webhook.html)

use crate::finding::Severity;
use crate::rule::{Check, Rule, RuleContext};
use crate::view::container::{Container, EnvVar, Value};
use crate::view::workload::Workload;
use crate::view::workload_identity::{TOKEN_DIRECTORIES, below, gets_token, is_own_mount, is_token_file};
use json::Node;
use text::docs_only;

pub static RULE: Rule = Rule {
    id: "workload-identity-token-path",
    summary: docs_only("hard-coded path of the workload identity token"),
    remediation: "remove the variable AZURE_FEDERATED_TOKEN_FILE; the webhook sets it",
    severity: Severity::Medium,
    checks: &[Check::Workload(check)],
};

fn check<'a>(cx: &mut RuleContext<'a>, workload: &Workload<'a>) {
    for container in workload.containers() {
        for variable in container.env_named("AZURE_FEDERATED_TOKEN_FILE") {
            if let Some(message) = fault(workload, container, variable) {
                cx.report(variable.node, message);
            }
        }
        for mount in container.volume_mounts() {
            let path = mount.get("mountPath").text().unwrap_or_default();
            if TOKEN_DIRECTORIES.iter().any(|directory| below(path, directory) == Some(""))
                && gets_token(workload, container)
                && !is_own_mount(workload, mount)
            {
                cx.report(mount, "is where the webhook mounts its token")
                    .remediation("remove the mount and its volume; the webhook adds both");
            }
        }
    }
}

fn fault(workload: &Workload<'_>, container: &Container<'_>, variable: &EnvVar<'_>) -> Option<&'static str> {
    let path = match container.value(variable) {
        Value::Literal(path) if path.is_empty() => return None,
        Value::Literal(path) => path,
        Value::FromElsewhere | Value::Undetermined => {
            let stops_webhook = gets_token(workload, container);
            return stops_webhook.then_some("is set in the manifest, so the webhook does not set it");
        }
    };
    if is_token_file(workload, container, &path) {
        return None;
    }
    if is_api_token(&path) {
        return Some("points to the token for the API server, which Entra refuses");
    }
    if TOKEN_DIRECTORIES.iter().any(|directory| below(&path, directory).is_some()) {
        return Some("hard-codes the path of the webhook's token, which differs between webhook versions");
    }
    match mount_of(container, &path) {
        Some(mount) if is_other_token(workload, mount, &path) => {
            Some("points to a token for another audience than Entra, which refuses it")
        }
        Some(_) => None,
        None => gets_token(workload, container).then_some("names a file that no volume of the container provides"),
    }
}

/// The mount that provides a file: the deepest one above it.
fn mount_of<'a>(container: &Container<'a>, path: &str) -> Option<Node<'a>> {
    let directory = |mount: &Node<'a>| mount.get("mountPath").set_text().unwrap_or_default();
    let above = container.volume_mounts().filter(|mount| {
        let directory = directory(mount);
        !directory.is_empty() && below(path, directory).is_some()
    });
    above.max_by_key(|mount| directory(mount).len())
}

/// Whether the file is a projected service account token. Tokens for Entra have been accepted before.
fn is_other_token(workload: &Workload<'_>, mount: Node<'_>, path: &str) -> bool {
    let volume = mount.get("name").set_text().and_then(|name| workload.volume(name));
    let directory = mount.get("mountPath").text().unwrap_or_default();
    // The mount is the file itself if there is a sub-path.
    let file = mount.get("subPath").set_text().or_else(|| below(path, directory));
    volume.is_some_and(|volume| {
        let mut sources = volume.at(&["projected", "sources"]).items();
        sources
            .any(|source| source.at(&["serviceAccountToken", "path"]).set_text().is_some_and(|path| Some(path) == file))
    })
}

/// Whether a file is in the directory where Kubernetes mounts the token for the API server. `/var/run` is a link to
/// `/run`.
fn is_api_token(path: &str) -> bool {
    let mut steps: Vec<&str> = Vec::new();
    for step in path.split('/').filter(|step| !matches!(*step, "" | ".")) {
        match step {
            ".." => _ = steps.pop(),
            _ => steps.push(step),
        }
    }
    let steps = steps.strip_prefix(&["var"]).unwrap_or(&steps);
    steps.starts_with(&["run", "secrets", "kubernetes.io", "serviceaccount"])
}
