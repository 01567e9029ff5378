//! A ClusterRole can change nodes, place pods on them, or change which server answers for an API group.
//!
//! # Why
//!
//! Labels and taints of nodes keep workloads of different trust apart. Anyone who changes them, or binds pods to
//! nodes past the scheduler, can move a pod with a strong Azure identity to a node that they control. An APIService
//! sends all requests of an API group, with the names of their users, to another server, and a
//! CustomResourceDefinition decides how objects are stored, converted and validated. A holder of `sign` who updates
//! `podcertificaterequests/status` (Kubernetes 1.37, beta since 1.35) issues certificates in the name of pods;
//! signers of your own domain are a matter of hygiene. `resourceNames` lower the severity.
//!
//! ```yaml deny
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRole
//! metadata:
//!   name: node-manager
//! rules:
//! - apiGroups: [""]
//!   resources: [nodes]
//!   verbs: [get, patch]
//! ```
//!
//! # Fix
//!
//! Grant read access only, and let AKS set labels and taints of a node pool. Leave APIServices and
//! CustomResourceDefinitions to the pipeline that installs the software.
//!
//! ```yaml allow
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRole
//! metadata:
//!   name: node-viewer
//! rules:
//! - apiGroups: [""]
//!   resources: [nodes]
//!   verbs: [get, list, watch]
//! ```
//!
//! # Source
//!
//! - [Kubernetes RBAC good practices](https://kubernetes.io/docs/concepts/security/rbac-good-practices/)
//! - [Kubernetes API aggregation layer](https://kubernetes.io/docs/concepts/extend-kubernetes/api-extension/apiserver-aggregation/)
//! - [Use labels in an AKS cluster](https://learn.microsoft.com/azure/aks/use-labels)

use super::report;
use crate::finding::Severity;
use crate::rule::{Check, Rule};
use text::docs_only;

pub static RULE: Rule = Rule {
    id: "role-node-write",
    summary: docs_only("role that changes nodes or API servers"),
    remediation: "grant only get, list and watch, and set labels and taints on the node pool",
    severity: Severity::Medium,
    checks: &[Check::Role(report::privileges)],
};
