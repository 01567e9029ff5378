//! A role may read Secrets.
//!
//! # Why
//!
//! `get`, `list` and `watch` all show the contents, tokens and passwords of other identities among them. What
//! can be a managed identity should not be a Secret; what has to be one should be readable by name. A `get`
//! narrowed by `resourceNames` is hygiene only.
//!
//! ```yaml deny
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: Role
//! metadata:
//!   name: web
//!   namespace: shop
//! rules:
//! - apiGroups: [""]
//!   resources: [configmaps, secrets]
//!   verbs: [get, list, watch]
//! ```
//!
//! # Fix
//!
//! Name the Secrets and ask for nothing but `get`, or mount them from Key Vault with workload identity and drop
//! the grant.
//!
//! ```yaml allow
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: Role
//! metadata:
//!   name: reader
//!   namespace: shop
//! rules:
//! - apiGroups: [""]
//!   resources: [configmaps]
//!   verbs: [get, list]
//! ```
//!
//! # Source
//!
//! - [Kubernetes RBAC good practices](https://kubernetes.io/docs/concepts/security/rbac-good-practices/#listing-secrets)
//! - [Azure Key Vault provider for Secrets Store CSI Driver](https://learn.microsoft.com/azure/aks/csi-secrets-store-driver)

use super::danger;
use crate::finding::Severity;
use crate::rule::{Check, Rule};
use text::docs_only;

pub static RULE: Rule = Rule {
    id: "role-secret-read",
    summary: docs_only("role that reads Secrets"),
    remediation: "name the Secrets and ask for get alone: verbs: [get], resourceNames: [<secret>]",
    severity: Severity::Medium,
    checks: &[Check::Role(danger::check)],
};
