//! A role can change admission webhooks or policies.
//!
//! # Why
//!
//! Anyone who can change or delete a webhook configuration or an admission policy can switch off this policy and
//! every other one, or let their own webhook rewrite all objects. An operator that keeps the certificate of its
//! own webhook up to date needs this only for that one object.
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
//! Grant read access only, or let cert-manager inject the webhook's certificate.
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

use super::report;
use crate::finding::Severity;
use crate::rule::{Check, Rule};
use text::docs_only;

pub static RULE: Rule = Rule {
    id: "role-admission-write",
    summary: docs_only("role that can switch admission control off"),
    remediation: "name the objects: verbs: [update, patch], resourceNames: [<webhook configuration>]",
    severity: Severity::Medium,
    checks: &[Check::Role(report::privileges)],
};
