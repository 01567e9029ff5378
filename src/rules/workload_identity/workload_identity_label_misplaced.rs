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
    // Without a template the labels are in another object, such as a referenced WorkflowTemplate.
    if workload.template.is_absent() || !workload.use_label().is_absent() {
        return;
    }
    let object = &workload.object;
    let (labels, annotations) = match workload.is_pod() {
        true => (None, None),
        false => (Some(object.labels()), Some(object.annotations())),
    };
    let job_labels = object.at(&["spec", "jobTemplate", "metadata", "labels"]);
    for map in labels.into_iter().chain([job_labels]) {
        report(cx, workload, map.get(USE), "is not a label of the pods, so the webhook does not see it");
    }
    for node in annotations.map(|map| map.get(USE)).into_iter().chain([workload.annotation(USE)]) {
        report(cx, workload, node, "is an annotation; the webhook reads the label of the pod");
    }
}

fn report<'a>(cx: &mut RuleContext<'a>, workload: &Workload<'a>, node: json::Node<'a>, message: &str) {
    // An author who wrote "false" did not intend the pods to have the label.
    if node.text().is_some_and(|value| !value.eq_ignore_ascii_case("false")) {
        let remediation = format!("write {USE}: \"true\" under {}", workload.labels_path());
        cx.report(node, message).remediation(remediation);
    }
}
