//! A role may create PersistentVolumes.
//!
//! # Why
//!
//! A PersistentVolume can be a hostPath: the node's file system, with `/etc/kubernetes/azure.json` and the
//! tokens of all its pods. Provisioners create volumes; people ask for them with a claim.
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
//! Grant claims, and let a storage class provision the volume.
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

use super::danger;
use crate::finding::Severity;
use crate::rule::{Check, Rule};
use text::docs_only;

pub static RULE: Rule = Rule {
    id: "role-volume-write",
    summary: docs_only("role that creates PersistentVolumes"),
    remediation: "grant persistentvolumeclaims and let a storage class provision the volumes",
    severity: Severity::Medium,
    checks: &[Check::Role(danger::check)],
};
