//! A pod selects the deprecated pod-managed identity with the label `aadpodidbinding`.
//!
//! # Why
//!
//! Microsoft Entra pod-managed identity intercepts the node's metadata endpoint and was retired in
//! September 2025. It does not get patches, and any pod with the label gets the identity. A pod that has
//! the label in addition to workload identity is a documented step of a migration, so the severity is
//! lower. On a workload's own metadata, or as an annotation, the key has no effect.
//!
//! ```yaml deny
//! apiVersion: v1
//! kind: Pod
//! metadata:
//!   name: web
//!   namespace: shop
//!   labels:
//!     aadpodidbinding: web-identity
//! spec:
//!   serviceAccountName: web
//!   containers:
//!   - name: web
//!     image: contoso.azurecr.io/web:1.0
//! ```
//!
//! # Fix
//!
//! Federate the identity with a service account, annotate the account with the identity's client id,
//! label the pod, and remove the old label.
//!
//! ```yaml allow
//! apiVersion: v1
//! kind: Pod
//! metadata:
//!   name: web
//!   namespace: shop
//!   labels:
//!     azure.workload.identity/use: "true"
//! spec:
//!   serviceAccountName: web
//!   containers:
//!   - name: web
//!     image: contoso.azurecr.io/web:1.0
//! ```
//!
//! # Source
//!
//! - [Migrate from pod-managed identity to workload identity](https://learn.microsoft.com/azure/aks/workload-identity-migrate-from-pod-identity)

use crate::finding::Severity;
use crate::rule::{Check, Rule, RuleContext};
pub use crate::view::workload::POD_IDENTITY_LABEL as LABEL;
use crate::view::workload::Workload;
use crate::view::workload_identity::signs_in;
use text::docs_only;

pub static RULE: Rule = Rule {
    id: "pod-identity-label",
    summary: docs_only("pod that selects a pod-managed identity"),
    remediation: "annotate the service account with azure.workload.identity/client-id and label the pod azure.workload.identity/use=true",
    severity: Severity::High,
    checks: &[Check::Workload(check)],
};

fn check<'a>(cx: &mut RuleContext<'a>, workload: &Workload<'a>) {
    let label = workload.label(LABEL);
    if !label.is_absent() {
        let finding = cx.report(label, "selects a deprecated pod-managed identity");
        finding.compare_content(label.text());
        if signs_in(workload) {
            finding.severity(Severity::Medium).remediation("remove the label once the pods use workload identity");
        }
    }
    let metadata = workload.object_metadata_once();
    let own = ["labels", "annotations"].map(|key| metadata.get(key));
    for map in own.into_iter().chain(workload.annotation_levels_once()) {
        let leftover = map.get(LABEL);
        if !leftover.is_absent() {
            let message = "is a leftover of pod-managed identity and has no effect here";
            cx.report(leftover, message).severity(Severity::Low).remediation("remove it");
        }
    }
}
