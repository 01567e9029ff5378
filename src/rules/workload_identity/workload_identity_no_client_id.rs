//! A pod uses workload identity, but its service account does not name an identity.
//!
//! # Why
//!
//! The webhook injects `AZURE_CLIENT_ID` only if the service account has the annotation
//! `azure.workload.identity/client-id`. A missing annotation causes no error. An application that does not
//! name its identity then fails to sign in, or its SDK falls back to the node's identity.
//!
//! This rule looks up the service account, so it runs only with `clusterLookups`. Workloads that set
//! `AZURE_CLIENT_ID` themselves, or that import all variables of a ConfigMap or Secret, are skipped.
//!
//! ```yaml deny
//! settings: {clusterLookups: true}
//! cluster:
//! - {apiVersion: v1, kind: ServiceAccount, metadata: {name: web, namespace: shop}}
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
//! # Fix
//!
//! Annotate the service account with the client id of its managed identity.
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
//! - [Service account annotations](https://learn.microsoft.com/azure/aks/workload-identity-overview#service-account-annotations)

use crate::finding::Severity;
use crate::lookup::Query;
use crate::rule::{Check, Rule, RuleContext};
use crate::view::workload::Workload;
use text::docs_only;

pub static RULE: Rule = Rule {
    id: "workload-identity-no-client-id",
    summary: docs_only("pod with workload identity whose service account does not name an identity"),
    remediation: "annotate the service account with azure.workload.identity/client-id: <client id>",
    severity: Severity::Medium,
    checks: &[Check::Workload(check)],
};

fn check<'a>(cx: &mut RuleContext<'a>, workload: &Workload<'a>) {
    let Some(lookups) = cx.lookups else { return };
    if !workload.uses_workload_identity() || may_name_identity(workload) {
        return;
    }
    let place = workload.service_account_place();
    let query = Query::service_account(workload);
    match lookups.service_account(&query) {
        Ok(account) if account.has_client_id => {}
        Ok(_) => {
            cx.report(place, "names an account that is not annotated with a client id");
        }
        Err(error) => _ = cx.report_unchecked(place, &query, error),
    }
}

/// Whether the containers set a client id themselves, or may get one that is not visible here.
fn may_name_identity(workload: &Workload<'_>) -> bool {
    workload.containers().any(|container| {
        container.env_from().next().is_some() || container.env().any(|variable| variable.name == "AZURE_CLIENT_ID")
    })
}
