//! A pod signs in to Entra under the `default` service account.
//!
//! # Why
//!
//! Entra trusts a namespace and a service account. `default` is what every pod gets that names no other,
//! so an identity that trusts it is open to whoever may create a pod in the namespace. A token for
//! Entra that the pod projects by hand counts like the label.
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
//!   containers:
//!   - name: web
//!     image: contoso.azurecr.io/checkout:1.0
//! ```
//!
//! # Fix
//!
//! Give the workload a service account of its own, and federate the identity with that.
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
//! - [Deploy and configure workload identity](https://learn.microsoft.com/azure/aks/workload-identity-deploy-cluster)
//! - [Configure service accounts for pods](https://kubernetes.io/docs/tasks/configure-pod-container/configure-service-account/)

use crate::finding::Severity;
use crate::rule::{Check, Rule, RuleContext};
use crate::view::workload::Workload;
use crate::view::workload_identity::signs_in;
use text::docs_only;

pub static RULE: Rule = Rule {
    id: "workload-identity-default-account",
    summary: docs_only("workload identity under the default service account"),
    remediation: "set serviceAccountName to an account of the workload's own, annotated with azure.workload.identity/client-id",
    severity: Severity::Medium,
    checks: &[Check::Workload(check)],
};

fn check<'a>(cx: &mut RuleContext<'a>, workload: &Workload<'a>) {
    if workload.service_account() == "default" && !workload.template.is_absent() && signs_in(workload) {
        let what = "is default, shared by the whole namespace, and the pod signs in to Entra with it";
        cx.report(workload.service_account_place(), what);
    }
}
