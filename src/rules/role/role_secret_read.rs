//! A role can read Secrets.
//!
//! # Why
//!
//! `get`, `list` and `watch` all expose the contents of Secrets, including tokens and passwords of other
//! identities. Use a managed identity instead of a Secret where that is possible, and make the remaining Secrets
//! readable by name only. In a Role this is a matter of hygiene, and so is a grant of a ClusterRole that
//! `resourceNames` narrow. A Role that names the Secrets is fine.
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
//! Name the Secrets and grant only `get`. Or mount them from Key Vault with workload identity and remove the
//! grant.
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

use super::report;
use crate::finding::Severity;
use crate::rule::{Check, Rule};
use text::docs_only;

pub static RULE: Rule = Rule {
    id: "role-secret-read",
    summary: docs_only("role that reads Secrets"),
    remediation: "name the Secrets and grant only get: verbs: [get], resourceNames: [<secret>]",
    severity: Severity::Medium,
    checks: &[Check::Role(report::privileges)],
};
