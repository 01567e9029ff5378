//! A volume has a name that the workload identity webhook reserves for its token.
//!
//! # Why
//!
//! The webhook calls its volume `azure-identity-token` (up to 1.5) or `azure-workload-identity-reserved-`
//! followed by a hash (since 1.6). Another volume with that name conflicts with it: the pod is rejected, or
//! the volume is overwritten. The rule recognises the webhook's own volume by the token in it.
//!
//! ```yaml deny
//! apiVersion: v1
//! kind: Pod
//! metadata:
//!   name: checkout
//!   namespace: shop
//! spec:
//!   serviceAccountName: checkout
//!   containers:
//!   - name: web
//!     image: contoso.azurecr.io/checkout:1.0
//!   volumes:
//!   - name: azure-identity-token
//!     emptyDir: {}
//! ```
//!
//! # Fix
//!
//! ```yaml allow
//! apiVersion: v1
//! kind: Pod
//! metadata:
//!   name: checkout
//!   namespace: shop
//! spec:
//!   serviceAccountName: checkout
//!   containers:
//!   - name: web
//!     image: contoso.azurecr.io/checkout:1.0
//!   volumes:
//!   - name: scratch
//!     emptyDir: {}
//! ```
//!
//! # Source
//!
//! - [azure-workload-identity: mutating admission webhook](https://azure.github.io/azure-workload-identity/docs/installation/mutating-admission-webhook.html)

use crate::finding::Severity;
use crate::rule::{Check, Rule, RuleContext};
use crate::view::workload::Workload;
use crate::view::workload_identity::{entra_token, is_reserved_volume_name};
use text::docs_only;

pub static RULE: Rule = Rule {
    id: "workload-identity-reserved-volume",
    summary: docs_only("volume with a name reserved for the workload identity token"),
    remediation: "rename the volume; the webhook adds the volume for the token",
    severity: Severity::Medium,
    checks: &[Check::Workload(check)],
};

fn check<'a>(cx: &mut RuleContext<'a>, workload: &Workload<'a>) {
    for volume in workload.volumes_once() {
        if volume.get("name").text().is_some_and(is_reserved_volume_name) && entra_token(volume).is_absent() {
            cx.report(volume, "has a name that the webhook reserves for its token, but no token for Entra");
        }
    }
}
