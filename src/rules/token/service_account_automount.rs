//! A pod mounts an API token of the `default` service account.
//!
//! # Why
//!
//! Every pod that does not name a service account runs as `default` and gets a token for the API server,
//! whether or not it needs one. Permissions granted to `default` apply to all of these pods, and the
//! account is not tied to an Entra identity.
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
//! Use a dedicated service account, or disable the token:
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
use crate::lookup::{AUTOMOUNT, Query};
use crate::object::Object;
use crate::rule::{Check, Rule, RuleContext};
use crate::view::workload::Workload;
use kubernetes::kind;
use text::docs_only;

pub static RULE: Rule = Rule {
    id: "service-account-automount",
    summary: docs_only("API token of the default service account in a pod"),
    remediation: "use a dedicated service account, or set automountServiceAccountToken: false",
    severity: Severity::Low,
    checks: &[Check::Kinds(&[kind::SERVICE_ACCOUNT], check_account), Check::Workload(check)],
};

const SWITCH: &str = AUTOMOUNT;

/// Reports only an explicit `true`: Kubernetes creates a `default` account in every namespace.
fn check_account<'a>(cx: &mut RuleContext<'a>, account: &Object<'a>) {
    let switch = account.get(SWITCH);
    if account.name == "default" && switch.bool() == Some(true) {
        cx.report(switch, "mounts an API token into every pod that does not name a service account");
    }
}

fn check<'a>(cx: &mut RuleContext<'a>, workload: &Workload<'a>) {
    // A step of an Argo Workflow without containers does not create a pod.
    if workload.service_account() != "default" || workload.containers().next().is_none() {
        return;
    }
    let switch = workload.spec_member(SWITCH);
    match switch.bool() {
        Some(true) => _ = cx.report(switch, "mounts the API token of the default service account"),
        None if !is_without_token(workload) && !is_switched_off(cx, workload) => {
            _ = cx.report(
                Anchor::member(workload.spec, SWITCH),
                "is not set, so the pod mounts the API token of the default service account",
            );
        }
        _ => {}
    }
}

/// Whether the account in the cluster turns the token off. If it cannot be looked up, the finding stays: an account
/// without the member mounts the token.
fn is_switched_off<'a>(cx: &RuleContext<'a>, workload: &Workload<'a>) -> bool {
    let account = cx.lookups.map(|lookups| lookups.service_account(&Query::service_account(workload)));
    matches!(account, Some(Ok(account)) if account.mounts_no_token)
}

/// Whether the pod has passed through the API server, which did not mount the token because the account
/// turns it off. The server sets the deprecated `serviceAccount` in addition to `serviceAccountName`; authors
/// do not write both.
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
