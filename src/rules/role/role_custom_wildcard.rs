//! A ClusterRole grants every resource or every verb of custom API groups.
//!
//! # Why
//!
//! An operator that owns an API group may need everything in it, so this is a matter of hygiene. But the role
//! also grants whatever the next version of the custom resources adds, and custom resources choose Azure
//! identities too. `role-identity-write` covers the API groups that are known to choose identities or hold
//! credentials.
//!
//! ```yaml deny
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRole
//! metadata:
//!   name: shop-operator
//! rules:
//! - apiGroups: [shop.contoso.com]
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
//! kind: ClusterRole
//! metadata:
//!   name: shop-operator
//! rules:
//! - apiGroups: [shop.contoso.com]
//!   resources: [carts, carts/status]
//!   verbs: [get, list, watch, update, patch]
//! ```
//!
//! # Source
//!
//! - [Kubernetes RBAC good practices](https://kubernetes.io/docs/concepts/security/rbac-good-practices/#least-privilege)

use super::report;
use crate::finding::Severity;
use crate::rule::{Check, Rule};
use text::docs_only;

pub static RULE: Rule = Rule {
    id: "role-custom-wildcard",
    summary: docs_only("wildcard over custom resources"),
    remediation: "name the resources and verbs that the operator needs",
    severity: Severity::Low,
    checks: &[Check::Role(report::privileges)],
};
