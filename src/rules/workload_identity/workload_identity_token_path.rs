//! A pod hard-codes the path where the webhook mounts the token.
//!
//! # Why
//!
//! The webhook sets `AZURE_FEDERATED_TOKEN_FILE` and mounts the token, unless the container already has the
//! variable. Up to version 1.5 the directory is `/var/run/secrets/azure/tokens`; from 1.6 on it is
//! `/var/run/secrets/azure/wi`. A variable that was copied from a running pod points to a file that no
//! longer exists after the next upgrade. Another volume in one of these directories conflicts with the
//! webhook's mount. The rule allows a pod that projects a token itself and points the variable at it.
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
        // Of several, the last counts. Each is compared with every mount.
        if let Some(variable) = container.env_named("AZURE_FEDERATED_TOKEN_FILE").last() {
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

fn fault<'a>(workload: &Workload<'a>, container: &Container<'a>, variable: &EnvVar<'a>) -> Option<&'static str> {
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
    if TOKEN_DIRECTORIES.iter().any(|directory| below(&path, directory).is_some()) {
        return Some("hard-codes the path of the webhook's token, which differs between webhook versions");
    }
    let mounted = container
        .volume_mounts()
        .any(|mount| mount.get("mountPath").set_text().is_some_and(|directory| below(&path, directory).is_some()));
    (!mounted && gets_token(workload, container)).then_some("names a file that no volume of the container provides")
}
