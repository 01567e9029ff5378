//! A role can create workloads, or write the endpoints of services.
//!
//! # Why
//!
//! Anyone who creates pods can run as any service account of the namespace, mount any of its Secrets and use any of
//! its Azure identities. Deployers need this, so it is a matter of hygiene: keep identities of different trust in
//! different namespaces. Endpoints are written by controllers. Written by hand, they send a service's traffic
//! elsewhere.
//!
//! ```yaml deny
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: Role
//! metadata:
//!   name: deployer
//!   namespace: shop
//! rules:
//! - apiGroups: [apps]
//!   resources: [deployments]
//!   verbs: [get, create, update]
//! ```
//!
//! # Fix
//!
//! Grant it in a dedicated namespace, and to the deployment pipeline rather than to people.
//!
//! ```yaml allow
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: Role
//! metadata:
//!   name: deployer
//!   namespace: shop
//! rules:
//! - apiGroups: [apps]
//!   resources: [deployments]
//!   verbs: [get, list, watch]
//! ```
//!
//! # Source
//!
//! - [Kubernetes RBAC good practices](https://kubernetes.io/docs/concepts/security/rbac-good-practices/#workload-creation)
//! - [Azure Policy: endpoint edit permissions](https://learn.microsoft.com/azure/aks/policy-reference)

use super::report;
use crate::finding::Severity;
use crate::rule::{Check, Rule};
use text::docs_only;

pub static RULE: Rule = Rule {
    id: "role-workload-write",
    summary: docs_only("role that runs workloads as any service account"),
    remediation: "grant it to the deployment pipeline, and keep identities of different trust in different namespaces",
    severity: Severity::Low,
    checks: &[Check::Role(report::privileges)],
};
