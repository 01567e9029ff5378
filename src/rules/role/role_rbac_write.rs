//! A role can write roles or bindings.
//!
//! # Why
//!
//! The API server does not let a user grant more than the user holds, so this alone is not cluster-admin. But it
//! passes rights on to subjects that were not reviewed, whether they are Entra groups or not. Roles are better
//! written by the pipeline that also sets the group ids.
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
//! Leave roles and bindings to the people who manage the cluster, and manage membership in the Entra group.
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

use super::report;
use crate::finding::Severity;
use crate::rule::{Check, Rule};
use text::docs_only;

pub static RULE: Rule = Rule {
    id: "role-rbac-write",
    summary: docs_only("role that writes roles or bindings"),
    remediation: "grant get and list, and manage membership in the Entra group instead",
    severity: Severity::Medium,
    checks: &[Check::Role(report::privileges)],
};
