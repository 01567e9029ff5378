//! Pods get an API token of the `default` service account.
//!
//! # Why
//!
//! Every pod that names no service account runs as `default` and gets a token for the API server,
//! whether it needs one or not. What is granted to `default` is granted to all of them, and no Entra
//! identity stands behind it.
//!
//! ```yaml deny
//! apiVersion: v1
//! kind: Pod
//! metadata:
//!   name: web
//!   namespace: shop
//! spec:
//!   containers:
//!   - name: web
//!     image: contoso.azurecr.io/web:1.0
//! ```
//!
//! # Fix
//!
//! Give the pod an account of its own, or do without the token:
//!
//! ```yaml allow
//! apiVersion: v1
//! kind: Pod
//! metadata:
//!   name: web
//!   namespace: shop
//! spec:
//!   automountServiceAccountToken: false
//!   containers:
//!   - name: web
//!     image: contoso.azurecr.io/web:1.0
//! ```
//!
//! # Source
//!
//! - [Configure service accounts for pods](https://kubernetes.io/docs/tasks/configure-pod-container/configure-service-account/#opt-out-of-api-credential-automounting)

use crate::anchor::Anchor;
use crate::finding::Severity;
use crate::object::Object;
use crate::rule::{Check, Rule, RuleContext};
use crate::view::workload::Workload;
use kubernetes::kind;
use text::docs_only;

pub static RULE: Rule = Rule {
    id: "service-account-automount",
    summary: docs_only("API token of the default service account in pods"),
    remediation: "name an own service account, or set automountServiceAccountToken: false",
    severity: Severity::Low,
    checks: &[Check::Kinds(&[kind::SERVICE_ACCOUNT], check_account), Check::Workload(check)],
};

const SWITCH: &str = "automountServiceAccountToken";

/// Silent about an account that says nothing: every namespace has one, and nobody wrote it.
fn check_account<'a>(cx: &mut RuleContext<'a>, account: &Object<'a>) {
    let switch = account.get(SWITCH);
    if account.name == "default" && switch.bool() == Some(true) {
        cx.report(switch, "mounts an API token into every pod that names no account");
    }
}

fn check<'a>(cx: &mut RuleContext<'a>, workload: &Workload<'a>) {
    // A step of an Argo Workflow without containers makes no pod.
    if workload.service_account() != "default" || workload.containers().next().is_none() {
        return;
    }
    let switch = workload.spec_member(SWITCH);
    match switch.bool() {
        Some(true) => _ = cx.report(switch, "mounts the API token of the default service account"),
        None if !is_without_token(workload) => {
            _ = cx.report(
                Anchor::member(workload.spec, SWITCH),
                "is not set, which mounts the API token of the default account",
            );
        }
        _ => {}
    }
}

/// Whether the API server has seen the pod and left the token out, because the account says so. It
/// fills in the deprecated `serviceAccount` beside `serviceAccountName`, which people never do.
fn is_without_token(workload: &Workload<'_>) -> bool {
    const MOUNT: &str = "/var/run/secrets/kubernetes.io/serviceaccount";
    let is_mounted = || {
        let mounts = workload.containers().flat_map(|container| container.volume_mounts());
        mounts.map(|mount| mount.get("mountPath")).any(|path| path.text() == Some(MOUNT))
    };
    workload.is_pod()
        && workload.spec.get("serviceAccount").set_text().is_some()
        && workload.spec.get("serviceAccountName").set_text().is_some()
        && !is_mounted()
}
