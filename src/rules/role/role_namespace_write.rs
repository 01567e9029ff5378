//! A role may change namespaces.
//!
//! # Why
//!
//! Labels of a namespace choose its pod security level, its network policies and which admission policies
//! look at it. Who may change them may opt out.
//!
//! ```yaml deny
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRole
//! metadata:
//!   name: namespace-labeller
//! rules:
//! - apiGroups: [""]
//!   resources: [namespaces]
//!   verbs: [get, patch]
//! ```
//!
//! # Fix
//!
//! Read only; let the pipeline that creates namespaces label them.
//!
//! ```yaml allow
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRole
//! metadata:
//!   name: namespace-viewer
//! rules:
//! - apiGroups: [""]
//!   resources: [namespaces]
//!   verbs: [get, list]
//! ```
//!
//! # Source
//!
//! - [Kubernetes RBAC good practices](https://kubernetes.io/docs/concepts/security/rbac-good-practices/#namespace-modification)

use super::danger;
use crate::finding::Severity;
use crate::rule::{Check, Rule};
use text::docs_only;

pub static RULE: Rule = Rule {
    id: "role-namespace-write",
    summary: docs_only("role that changes namespaces"),
    remediation: "grant get, list and watch",
    severity: Severity::Low,
    checks: &[Check::Role(danger::check)],
};
