//! A role may write roles or bindings.
//!
//! # Why
//!
//! The API server lets nobody grant more than he holds, so this is not cluster-admin by itself. But it hands
//! rights on to subjects that nobody reviewed, Entra groups or not. Roles are better written by the pipeline that
//! also sets the group ids.
//!
//! ```yaml deny
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: Role
//! metadata:
//!   name: team-lead
//!   namespace: shop
//! rules:
//! - apiGroups: [rbac.authorization.k8s.io]
//!   resources: [rolebindings]
//!   verbs: [create, update, delete]
//! ```
//!
//! # Fix
//!
//! Keep roles and bindings with those who manage the cluster, and manage membership in the Entra group.
//!
//! ```yaml allow
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: Role
//! metadata:
//!   name: team-lead
//!   namespace: shop
//! rules:
//! - apiGroups: [rbac.authorization.k8s.io]
//!   resources: [rolebindings]
//!   verbs: [get, list]
//! ```
//!
//! # Source
//!
//! - [Kubernetes RBAC good practices](https://kubernetes.io/docs/concepts/security/rbac-good-practices/#privilege-escalation-risks)
//! - [Use Kubernetes RBAC with Microsoft Entra integration](https://learn.microsoft.com/azure/aks/kubernetes-rbac-entra-id)

use super::danger;
use crate::finding::Severity;
use crate::rule::{Check, Rule};
use text::docs_only;

pub static RULE: Rule = Rule {
    id: "role-rbac-write",
    summary: docs_only("role that writes roles or bindings"),
    remediation: "grant get and list, and manage membership in the Entra group instead",
    severity: Severity::Medium,
    checks: &[Check::Role(danger::check)],
};
