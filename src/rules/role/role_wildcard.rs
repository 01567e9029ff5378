//! A role grants every resource or every verb instead of those that are needed.
//!
//! # Why
//!
//! `*` covers everything that the cluster has today and everything that it gets later: Secrets, tokens, roles,
//! admission policies. A role with a wildcard is cluster-admin under another name, and evades the rule about
//! bindings to `cluster-admin`. In a ClusterRole, wildcard resources with a write verb are high, for all API groups
//! and for the groups that hold credentials and rights (core, RBAC, admission, authentication, certificates). Inside
//! one namespace they are medium, because Microsoft's own tutorial has such a Role. A role that reads everything
//! also reads every Secret. `*` as a verb on named resources is a matter of hygiene.
//!
//! ```yaml deny
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRole
//! metadata:
//!   name: power-user
//! rules:
//! - apiGroups: ["*"]
//!   resources: ["*"]
//!   verbs: ["*"]
//! ```
//!
//! # Fix
//!
//! Name the resources and the verbs.
//!
//! ```yaml allow
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: Role
//! metadata:
//!   name: app-viewer
//!   namespace: shop
//! rules:
//! - apiGroups: [apps]
//!   resources: [deployments, statefulsets]
//!   verbs: [get, list, watch]
//! ```
//!
//! # Source
//!
//! - [Kubernetes RBAC good practices](https://kubernetes.io/docs/concepts/security/rbac-good-practices/#least-privilege)
//! - [Use Kubernetes RBAC with Microsoft Entra integration](https://learn.microsoft.com/azure/aks/kubernetes-rbac-entra-id)

use super::report;
use crate::finding::Severity;
use crate::rule::{Check, Rule};
use text::docs_only;

pub static RULE: Rule = Rule {
    id: "role-wildcard",
    summary: docs_only("role with a wildcard"),
    remediation: "name only what is needed, such as resources: [deployments], verbs: [get, list, watch]",
    severity: Severity::High,
    checks: &[Check::Role(report::privileges)],
};
