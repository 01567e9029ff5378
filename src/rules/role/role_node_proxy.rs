//! A role can use the kubelet through `nodes/proxy`.
//!
//! # Why
//!
//! `nodes/proxy` reaches the kubelet API of a node. Read access is enough to run a command in any of the node's
//! pods, because the kubelet accepts exec over a websocket that opens with GET. Admission policies and the API
//! server's audit log do not see the command. The kubelet has narrower resources: `nodes/metrics`, `nodes/stats` and
//! `nodes/log`, and since Kubernetes 1.33 (GA in 1.36) also `nodes/configz`, `nodes/healthz` and `nodes/pods`.
//!
//! ```yaml deny
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRole
//! metadata:
//!   name: scraper
//! rules:
//! - apiGroups: [""]
//!   resources: [nodes, nodes/proxy]
//!   verbs: [get]
//! ```
//!
//! # Fix
//!
//! Grant the narrower resources that the client needs.
//!
//! ```yaml allow
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRole
//! metadata:
//!   name: scraper
//! rules:
//! - apiGroups: [""]
//!   resources: [nodes, nodes/metrics, nodes/stats]
//!   verbs: [get]
//! ```
//!
//! # Source
//!
//! - [Kubernetes RBAC good practices](https://kubernetes.io/docs/concepts/security/rbac-good-practices/#access-to-proxy-subresource-of-nodes)
//! - [Kubelet authorization](https://kubernetes.io/docs/reference/access-authn-authz/kubelet-authn-authz/)

use super::report;
use crate::finding::Severity;
use crate::rule::{Check, Rule};
use text::docs_only;

pub static RULE: Rule = Rule {
    id: "role-node-proxy",
    summary: docs_only("role that reaches the kubelet API"),
    remediation: "grant nodes/metrics, nodes/stats or nodes/log instead, or nodes/pods or nodes/configz from Kubernetes 1.33",
    severity: Severity::High,
    checks: &[Check::Role(report::privileges)],
};
