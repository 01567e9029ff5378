//! A role can decide which Azure identity a workload gets.
//!
//! # Why
//!
//! A service account's annotation, a SecretProviderClass or a pod-managed identity names the Azure identity that
//! pods sign in with. Anyone who writes one of them chooses an identity or takes one over. The rule reports every
//! custom kind of [the table of sign-in modes](../auth-modes.md), and CSIDrivers, which can ask for tokens of pods.
//!
//! With AKS identity bindings (preview), the verb `use-managed-identity` in `cid.wi.aks.azure.com` lets service
//! accounts use an identity. Its resource is the client id, so a wildcard there means every identity that is bound to
//! the cluster. A role that names client ids is the documented set-up and is not reported; `binding-role-escalates`
//! compares its bindings with the setting `identities`. Another name than a client id grants nothing.
//!
//! ```yaml deny
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: Role
//! metadata:
//!   name: app-admin
//!   namespace: shop
//! rules:
//! - apiGroups: [""]
//!   resources: [serviceaccounts]
//!   verbs: [create, update]
//! ```
//!
//! # Fix
//!
//! Let only the pipeline that sets up the federated credential write service accounts and provider classes. For
//! identity bindings, write the client id as the resource, in lower case.
//!
//! ```yaml allow
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: Role
//! metadata:
//!   name: app-admin
//!   namespace: shop
//! rules:
//! - apiGroups: [""]
//!   resources: [serviceaccounts]
//!   verbs: [get, list]
//! ```
//!
//! # Source
//!
//! - [Set up identity bindings](https://learn.microsoft.com/azure/aks/identity-bindings)
//! - [Microsoft Entra Workload ID with AKS](https://learn.microsoft.com/azure/aks/workload-identity-overview)
//! - [Kubernetes RBAC good practices](https://kubernetes.io/docs/concepts/security/rbac-good-practices/#privilege-escalation-risks)

use super::report;
use crate::finding::Severity;
use crate::rule::{Check, Rule};
use text::docs_only;

pub static RULE: Rule = Rule {
    id: "role-identity-write",
    summary: docs_only("role that chooses Azure identities"),
    remediation: "grant get and list, and let the pipeline that federates the identity write them",
    severity: Severity::Medium,
    checks: &[Check::Role(report::privileges)],
};
