//! A pod signs in to Entra with the `default` service account.
//!
//! # Why
//!
//! Entra trusts a namespace and a service account. Every pod that does not name a service account runs as
//! `default`, so everyone who can create a pod in the namespace can use an identity that trusts it. A pod
//! that projects a token for Entra explicitly is treated like a pod with the label.
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
//! Use a dedicated service account for the workload, and federate the identity with that account.
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
    summary: docs_only("workload identity with the default service account"),
    remediation: "use a dedicated service account that is annotated with azure.workload.identity/client-id",
    severity: Severity::Medium,
    checks: &[Check::Workload(check)],
};

fn check<'a>(cx: &mut RuleContext<'a>, workload: &Workload<'a>) {
    if workload.service_account() == "default" && !workload.template.is_absent() && signs_in(workload) {
        let message = "is default, which the whole namespace shares, and the pod signs in to Entra with it";
        cx.report(workload.service_account_place(), message);
    }
}
