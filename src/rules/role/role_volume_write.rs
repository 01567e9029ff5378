//! A role can create PersistentVolumes.
//!
//! # Why
//!
//! A PersistentVolume can be a hostPath. It then exposes the node's file system, including
//! `/etc/kubernetes/azure.json` and the tokens of all pods on the node. Provisioners create volumes, and people
//! request them with a claim.
//!
//! ```yaml deny
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRole
//! metadata:
//!   name: storage
//! rules:
//! - apiGroups: [""]
//!   resources: [persistentvolumes]
//!   verbs: [create, delete, get]
//! ```
//!
//! # Fix
//!
//! Grant PersistentVolumeClaims, and let a storage class provision the volume.
//!
//! ```yaml allow
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: Role
//! metadata:
//!   name: storage
//!   namespace: shop
//! rules:
//! - apiGroups: [""]
//!   resources: [persistentvolumeclaims]
//!   verbs: [create, delete, get]
//! ```
//!
//! # Source
//!
//! - [Kubernetes RBAC good practices](https://kubernetes.io/docs/concepts/security/rbac-good-practices/#persistent-volume-creation)

use super::report;
use crate::finding::Severity;
use crate::rule::{Check, Rule};
use text::docs_only;

pub static RULE: Rule = Rule {
    id: "role-volume-write",
    summary: docs_only("role that creates PersistentVolumes"),
    remediation: "grant persistentvolumeclaims and let a storage class provision the volumes",
    severity: Severity::Medium,
    checks: &[Check::Role(report::privileges)],
};
