//! A role may change admission webhooks or policies.
//!
//! # Why
//!
//! Who can change or delete a webhook configuration or an admission policy can switch off this policy and
//! every other, or let a webhook of his own rewrite all objects. Operators that keep the certificate of their
//! own webhook up to date need it for that one object.
//!
//! ```yaml deny
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRole
//! metadata:
//!   name: webhook-installer
//! rules:
//! - apiGroups: [admissionregistration.k8s.io]
//!   resources: [validatingwebhookconfigurations]
//!   verbs: [create, update, delete]
//! ```
//!
//! # Fix
//!
//! Read only, or let the webhook's certificate be injected by cert-manager.
//!
//! ```yaml allow
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRole
//! metadata:
//!   name: webhook-viewer
//! rules:
//! - apiGroups: [admissionregistration.k8s.io]
//!   resources: [validatingwebhookconfigurations]
//!   verbs: [get, list, watch]
//! ```
//!
//! # Source
//!
//! - [Kubernetes RBAC good practices](https://kubernetes.io/docs/concepts/security/rbac-good-practices/#control-admission-webhooks)

use super::danger;
use crate::finding::Severity;
use crate::rule::{Check, Rule};
use text::docs_only;

pub static RULE: Rule = Rule {
    id: "role-admission-write",
    summary: docs_only("role that can switch admission control off"),
    remediation: "name the objects: verbs: [update, patch], resourceNames: [<webhook configuration>]",
    severity: Severity::Medium,
    checks: &[Check::Role(danger::check)],
};
