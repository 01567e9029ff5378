//! A role can enter running pods: exec, attach, port-forward or ephemeral containers.
//!
//! # Why
//!
//! A process in a pod has the pod's service account token, and with it the pod's Azure identity. `get` on
//! `pods/exec`, `pods/attach` or `pods/portforward` is as good as `create`, because a websocket opens with GET.
//!
//! ```yaml deny
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: Role
//! metadata:
//!   name: support
//!   namespace: shop
//! rules:
//! - apiGroups: [""]
//!   resources: [pods, pods/exec]
//!   verbs: [get, list, create]
//! ```
//!
//! # Fix
//!
//! Remove the subresource. Logs and events are enough for most support work.
//!
//! ```yaml allow
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: Role
//! metadata:
//!   name: support
//!   namespace: shop
//! rules:
//! - apiGroups: [""]
//!   resources: [pods, pods/log, events]
//!   verbs: [get, list]
//! ```
//!
//! # Source
//!
//! - [Kubernetes RBAC good practices](https://kubernetes.io/docs/concepts/security/rbac-good-practices/#privilege-escalation-risks)
//! - [Concepts: access and identity in AKS](https://learn.microsoft.com/azure/aks/concepts-identity)

use super::report;
use crate::finding::Severity;
use crate::rule::{Check, Rule};
use text::docs_only;

pub static RULE: Rule = Rule {
    id: "role-pod-exec",
    summary: docs_only("role that enters running pods"),
    remediation: "remove the subresource, and grant pods/log for reading logs",
    severity: Severity::Medium,
    checks: &[Check::Role(report::privileges)],
};
