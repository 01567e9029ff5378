//! The key `azure.workload.identity/use` is a label of the workload object or an annotation, so the pods
//! do not have the label.
//!
//! # Why
//!
//! The workload identity webhook selects pods by their label. On a Deployment's own metadata, on a
//! CronJob's job template, or as an annotation, the key has no effect and causes no error. The pods start
//! without a token, and Azure SDKs fall back to the identity of the node.
//!
//! ```yaml deny
//! apiVersion: apps/v1
//! kind: Deployment
//! metadata:
//!   name: checkout
//!   namespace: shop
//!   labels:
//!     azure.workload.identity/use: "true"
//! spec:
//!   selector:
//!     matchLabels: {app: checkout}
//!   template:
//!     metadata:
//!       labels: {app: checkout}
//!     spec:
//!       serviceAccountName: checkout
//!       containers:
//!       - name: web
//!         image: contoso.azurecr.io/checkout:1.0
//! ```
//!
//! # Fix
//!
//! Put the label on the pod template.
//!
//! ```yaml allow
//! apiVersion: apps/v1
//! kind: Deployment
//! metadata:
//!   name: checkout
//!   namespace: shop
//! spec:
//!   selector:
//!     matchLabels: {app: checkout}
//!   template:
//!     metadata:
//!       labels:
//!         app: checkout
//!         azure.workload.identity/use: "true"
//!     spec:
//!       serviceAccountName: checkout
//!       containers:
//!       - name: web
//!         image: contoso.azurecr.io/checkout:1.0
//! ```
//!
//! # Source
//!
//! - [Workload identity: pod labels](https://learn.microsoft.com/azure/aks/workload-identity-overview#pod-labels)

use crate::rule::{Check, Rule, RuleContext};
use crate::rules::workload_identity::misplaced_labels;
use crate::view::workload::Workload;
use crate::view::workload_identity::USE;
use text::docs_only;

pub static RULE: Rule = Rule {
    id: "workload-identity-label-misplaced",
    summary: docs_only("workload identity label that the pods do not have"),
    remediation: "write azure.workload.identity/use: \"true\" under the labels of the pod template",
    severity: crate::finding::Severity::High,
    checks: &[Check::Workload(check)],
};

fn check<'a>(cx: &mut RuleContext<'a>, workload: &Workload<'a>) {
    for (node, message) in misplaced_labels(workload) {
        let remediation = format!("write {USE}: \"true\" under {}", workload.labels_path());
        cx.report(node, message).remediation(remediation);
    }
}
