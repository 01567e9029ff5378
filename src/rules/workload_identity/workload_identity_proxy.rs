//! A pod requests the migration proxy of workload identity.
//!
//! # Why
//!
//! The sidecar answers requests to the node's metadata endpoint with workload identity tokens, for
//! applications whose SDK is too old. It is a temporary solution for a migration. It runs on Linux only and
//! needs a privileged init container that rewrites the pod's network rules. The webhook checks only that
//! the annotation exists, so `"false"` injects the proxy as well. With `hostNetwork`, on Windows, or with a
//! port that is invalid or in use, the pod cannot start.
//!
//! ```yaml deny
//! apiVersion: v1
//! kind: Pod
//! metadata:
//!   name: checkout
//!   namespace: shop
//!   labels:
//!     azure.workload.identity/use: "true"
//!   annotations:
//!     azure.workload.identity/inject-proxy-sidecar: "true"
//! spec:
//!   serviceAccountName: checkout
//!   containers:
//!   - name: web
//!     image: contoso.azurecr.io/checkout:1.0
//! ```
//!
//! # Fix
//!
//! Update the Azure SDK and remove the annotation.
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
//! - [Migrate from pod-managed identity to workload identity](https://learn.microsoft.com/azure/aks/workload-identity-migrate-from-pod-identity)
//! - [azure-workload-identity: sidecar](https://azure.github.io/azure-workload-identity/docs/topics/service-account-labels-and-annotations.html)

use crate::finding::Severity;
use crate::rule::{Check, Rule, RuleContext};
use crate::view::container::Container;
use crate::view::workload::Workload;
use crate::view::workload_identity::{DEFAULT_PROXY_PORT, INJECT_PROXY, PROXY_PORT, is_proxy};
use text::docs_only;
use text::shown;

pub static RULE: Rule = Rule {
    id: "workload-identity-proxy",
    summary: docs_only("migration proxy of workload identity"),
    remediation: "update the Azure SDK and remove the annotation azure.workload.identity/inject-proxy-sidecar",
    severity: Severity::High,
    checks: &[Check::Workload(check)],
};

fn check<'a>(cx: &mut RuleContext<'a>, workload: &Workload<'a>) {
    let inject = workload.annotation(INJECT_PROXY);
    if inject.is_absent() {
        if let Some(proxy) = workload.containers().find(|container| is_proxy(container)) {
            cx.report(proxy.node, "is the migration proxy")
                .severity(Severity::Medium)
                .remediation("update the Azure SDK and remove the containers of the proxy");
        }
        return;
    }
    let before = cx.findings.len();
    if workload.uses_workload_identity() {
        check_possible(cx, workload);
    }
    if cx.findings.len() == before {
        let message = match inject.text() {
            Some("true") => "requests the migration proxy",
            _ => "requests the migration proxy: the webhook ignores the annotation's value",
        };
        cx.report(inject, message).severity(Severity::Medium);
    }
}

/// Reports what makes the webhook reject the pod or the proxy fail.
fn check_possible<'a>(cx: &mut RuleContext<'a>, workload: &Workload<'a>) {
    let inject = workload.annotation(INJECT_PROXY);
    if workload.uses_host_network() {
        cx.report(inject, "requests the migration proxy, which the webhook rejects with hostNetwork");
    }
    if workload.is_windows() {
        cx.report(inject, "requests the migration proxy, which runs on Linux only");
    }
    let annotation = workload.annotation(PROXY_PORT);
    let port = match annotation.text().map(str::parse::<i64>) {
        None => DEFAULT_PROXY_PORT,
        Some(Ok(port @ 1..=65535)) => port,
        Some(_) => {
            cx.report(annotation, "is not a port number from 1 to 65535")
                .remediation(format!("write {PROXY_PORT}: \"{DEFAULT_PROXY_PORT}\", or remove the migration proxy"));
            return;
        }
    };
    for container in workload.containers().filter(|container| !is_proxy(container) && listens_on(container, port)) {
        let message =
            format!("requests the migration proxy on port {port}, which container {} uses", shown(container.name()));
        cx.report(inject, message)
            .remediation(format!("set {PROXY_PORT} to a free port, or remove the migration proxy"));
    }
}

fn listens_on(container: &Container<'_>, port: i64) -> bool {
    container.node.get("ports").items().any(|declared| {
        declared.get("containerPort").integer() == Some(port)
            && matches!(declared.get("protocol").text(), None | Some("" | "TCP"))
    })
}
