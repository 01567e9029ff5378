//! A role can change namespaces.
//!
//! # Why
//!
//! The labels of a namespace choose its pod security level, its network policies and the admission policies that
//! apply to it. Anyone who can change the labels can opt out of all of these. A Role grants this for its own namespace.
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
//! Grant read access only, and let the pipeline that creates namespaces label them.
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

use super::report;
use crate::finding::Severity;
use crate::rule::{Check, Rule};
use text::docs_only;

pub static RULE: Rule = Rule {
    id: "role-namespace-write",
    summary: docs_only("role that changes namespaces"),
    remediation: "grant only get, list and watch",
    severity: Severity::Low,
    checks: &[Check::Role(report::privileges)],
};
