//! The object belongs to the deprecated pod-managed identity.
//!
//! # Why
//!
//! Pod-managed identity (AAD Pod Identity) was archived in 2023 and its AKS add-on has been out of support
//! since September 2025. Its objects give Azure identities to every pod that has a label. An
//! `AzureIdentity` of type 1 or 2 also holds a service principal's secret or certificate. An
//! `AzurePodIdentityException` lets pods reach every identity of their node. An `AzureAssignedIdentity`
//! that is written by hand bypasses the component that checks the assignment.
//!
//! ```yaml deny
//! apiVersion: aadpodidentity.k8s.io/v1
//! kind: AzureIdentity
//! metadata:
//!   name: checkout
//!   namespace: shop
//! spec:
//!   type: 0
//!   resourceID: /subscriptions/0f8fad5b-d9cb-469f-a165-70867728950e/resourcegroups/shop/providers/Microsoft.ManagedIdentity/userAssignedIdentities/checkout
//!   clientID: 7c9e6679-7425-40de-944b-e07fc1f90ae7
//! ```
//!
//! # Fix
//!
//! Federate the managed identity with a service account and annotate the account with its client id.
//!
//! ```yaml allow
//! apiVersion: v1
//! kind: ServiceAccount
//! metadata:
//!   name: checkout
//!   namespace: shop
//!   annotations:
//!     azure.workload.identity/client-id: 7c9e6679-7425-40de-944b-e07fc1f90ae7
//! ```
//!
//! # Source
//!
//! - [Pod-managed identities in AKS](https://learn.microsoft.com/azure/aks/use-azure-ad-pod-identity)
//! - [Migrate from pod-managed identity to workload identity](https://learn.microsoft.com/azure/aks/workload-identity-migrate-from-pod-identity)

use crate::finding::Severity;
use crate::object::Object;
use crate::rule::{Check, Rule, RuleContext};
use kubernetes::kind::{self, Kind};
use text::docs_only;

pub static RULE: Rule = Rule {
    id: "pod-identity-resource",
    summary: docs_only("object of the deprecated pod-managed identity"),
    remediation: "federate the managed identity with a service account and annotate it with azure.workload.identity/client-id",
    severity: Severity::High,
    checks: &[Check::Kinds(KINDS, check)],
};

const KINDS: &[Kind] = &[
    kind::AZURE_IDENTITY,
    kind::AZURE_IDENTITY_BINDING,
    kind::AZURE_ASSIGNED_IDENTITY,
    kind::AZURE_POD_IDENTITY_EXCEPTION,
];

fn check<'a>(cx: &mut RuleContext<'a>, object: &Object<'a>) {
    let kind = object.root.get("kind");
    let message = match object.kind {
        "AzureIdentity" => match object.at(&["spec", "type"]).integer() {
            Some(1) => "is a deprecated pod-managed identity that holds a service principal's secret",
            Some(2) => "is a deprecated pod-managed identity that holds a service principal's certificate",
            _ => "is a deprecated pod-managed identity",
        },
        "AzureIdentityBinding" => "gives a deprecated pod-managed identity to every pod with a label",
        "AzureAssignedIdentity" => "assigns an identity to a pod and bypasses the component that checks it",
        _ => "lets the pods that it selects reach every identity of their node",
    };
    let finding = cx.report(kind, message);
    finding.compare_content(object.get("spec"));
    if object.kind == "AzurePodIdentityException" {
        finding.remediation("delete the exception once the workloads that it covers use workload identity");
    }
}
