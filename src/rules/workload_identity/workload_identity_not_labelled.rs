//! A pod runs as a service account that has an Azure identity, but does not have the label to use it.
//!
//! # Why
//!
//! The annotation `azure.workload.identity/client-id` on the service account is not enough: the webhook
//! only changes pods that have the label `azure.workload.identity/use: "true"`. Without the label it does
//! not project a token, and SDKs silently fall back to the node's identity.
//!
//! This rule looks up the service account, so it runs only with `clusterLookups`.
//!
//! ```yaml deny
//! settings: {clusterLookups: true}
//! cluster:
//! - apiVersion: v1
//!   kind: ServiceAccount
//!   metadata:
//!     name: web
//!     namespace: shop
//!     annotations: {azure.workload.identity/client-id: 0f8fad5b-d9cb-469f-a165-70867728950e}
//! request:
//!   operation: CREATE
//!   kind: {group: "", version: v1, kind: Pod}
//!   namespace: shop
//!   object:
//!     kind: Pod
//!     metadata: {name: web, namespace: shop}
//!     spec:
//!       serviceAccountName: web
//!       containers: [{name: web, image: contoso.azurecr.io/web:1.0}]
//! ```
//!
//! # Fix
//!
//! Label the pod. In a workload, the label belongs under `spec.template.metadata.labels`.
//!
//! ```yaml allow
//! settings: {clusterLookups: true}
//! cluster:
//! - apiVersion: v1
//!   kind: ServiceAccount
//!   metadata:
//!     name: web
//!     namespace: shop
//!     annotations: {azure.workload.identity/client-id: 0f8fad5b-d9cb-469f-a165-70867728950e}
//! request:
//!   operation: CREATE
//!   kind: {group: "", version: v1, kind: Pod}
//!   namespace: shop
//!   object:
//!     kind: Pod
//!     metadata: {name: web, namespace: shop, labels: {azure.workload.identity/use: "true"}}
//!     spec:
//!       serviceAccountName: web
//!       containers: [{name: web, image: contoso.azurecr.io/web:1.0}]
//! ```
//!
//! # Source
//!
//! - [Pod labels of workload identity](https://learn.microsoft.com/azure/aks/workload-identity-overview#pod-labels)

use crate::finding::Severity;
use crate::lookup::Query;
use crate::rule::{Check, Rule, RuleContext};
use crate::rules::workload_identity::misplaced_labels;
use crate::view::workload::Workload;
use crate::view::workload_identity::signs_in;
use text::docs_only;

pub static RULE: Rule = Rule {
    id: "workload-identity-not-labelled",
    summary: docs_only("pod without the label for its service account's identity"),
    remediation: "label the pod azure.workload.identity/use: \"true\"",
    severity: Severity::Medium,
    checks: &[Check::Workload(check)],
};

fn check<'a>(cx: &mut RuleContext<'a>, workload: &Workload<'a>) {
    let Some(lookups) = cx.lookups else { return };
    // A label with another value or at another place is either intentional or reported by another rule.
    if signs_in(workload) || !workload.use_label().is_absent() || misplaced_labels(workload).next().is_some() {
        return;
    }
    let place = workload.service_account_place();
    let query = Query::service_account(workload);
    match lookups.service_account(&query) {
        Ok(account) if account.has_client_id => {
            cx.report(place, "names an account with an Azure identity, but the pod is not labelled");
        }
        Ok(_) => {}
        Err(error) => _ = cx.report_unchecked(place, &query, error),
    }
}
