//! A role lets its holder become anybody: `escalate`, `bind` or `impersonate`.
//!
//! # Why
//!
//! `escalate` on roles skips the check that nobody grants what he does not hold; `bind` does so for
//! bindings; `impersonate` acts as another user, group or service account. Each of them is cluster-admin
//! in one more step, and none leaves the Entra identity of the person in the audit log. Impersonating
//! `userextras/oid` acts as another Entra principal wherever Azure RBAC decides. `*` among the verbs
//! includes all three. With `resourceNames` the grant weighs less, unless a name is as good as all of
//! them (`cluster-admin`, `system:masters`).
//!
//! ```yaml deny
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRole
//! metadata:
//!   name: role-manager
//! rules:
//! - apiGroups: [rbac.authorization.k8s.io]
//!   resources: [clusterroles]
//!   verbs: [get, update, escalate]
//! ```
//!
//! # Fix
//!
//! Leave the verb out: roles can then be written as far as the writer's own rights go. Where a controller has
//! to bind, name the roles.
//!
//! ```yaml allow
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRole
//! metadata:
//!   name: role-viewer
//! rules:
//! - apiGroups: [rbac.authorization.k8s.io]
//!   resources: [clusterroles]
//!   verbs: [get, list, watch]
//! ```
//!
//! # Source
//!
//! - [Kubernetes RBAC good practices](https://kubernetes.io/docs/concepts/security/rbac-good-practices/#escalate-verb)
//! - [Restrictions on role creation](https://kubernetes.io/docs/reference/access-authn-authz/rbac/#privilege-escalation-prevention-and-bootstrapping)
//! - [User impersonation](https://kubernetes.io/docs/reference/access-authn-authz/user-impersonation/)

use super::danger;
use crate::finding::Severity;
use crate::rule::{Check, Rule};
use text::docs_only;

pub static RULE: Rule = Rule {
    id: "role-escalation",
    summary: docs_only("role that lets its holder take any other right"),
    remediation: "leave out escalate, bind and impersonate; list the other verbs instead of *",
    severity: Severity::High,
    checks: &[Check::Role(danger::check)],
};
