//! A role can write Secrets that it cannot read.
//!
//! # Why
//!
//! Anyone who can create or change every Secret can replace the credentials of others: point a connection string at
//! another server, or exchange a certificate. Creating a Secret of type `kubernetes.io/service-account-token` gives
//! the token of any service account of the namespace to everyone who reads it. A role that also reads every Secret is
//! reported by `role-secret-read` instead. Writing named Secrets is fine.
//!
//! ```yaml deny
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRole
//! metadata:
//!   name: secret-writer
//! rules:
//! - apiGroups: [""]
//!   resources: [secrets]
//!   verbs: [create, patch]
//! ```
//!
//! # Fix
//!
//! Name the Secrets. The API server cannot narrow `create` by name, so create the Secret once and grant `update`.
//!
//! ```yaml allow
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: Role
//! metadata:
//!   name: certificate-writer
//!   namespace: shop
//! rules:
//! - apiGroups: [""]
//!   resources: [secrets]
//!   resourceNames: [web-tls]
//!   verbs: [update, patch]
//! ```
//!
//! # Source
//!
//! - [Kubernetes RBAC good practices](https://kubernetes.io/docs/concepts/security/rbac-good-practices/#privilege-escalation-risks)
//! - [Good practices for Kubernetes Secrets](https://kubernetes.io/docs/concepts/security/secrets-good-practices/)

use super::report;
use crate::finding::Severity;
use crate::rule::{Check, Rule};
use text::docs_only;

pub static RULE: Rule = Rule {
    id: "role-secret-write",
    summary: docs_only("role that replaces Secrets"),
    remediation: "name the Secrets: verbs: [update, patch], resourceNames: [<secret>]",
    severity: Severity::Medium,
    checks: &[Check::Role(report::privileges)],
};
