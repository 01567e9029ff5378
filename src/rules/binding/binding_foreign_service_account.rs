//! A RoleBinding grants a role to a service account of another namespace.
//!
//! # Why
//!
//! Everyone who can create pods in the other namespace gains the permissions granted here. Controllers need
//! such bindings. Elsewhere they connect two namespaces that were meant to be separate.
//!
//! ```yaml deny
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: RoleBinding
//! metadata:
//!   name: checkout
//!   namespace: shop
//! roleRef:
//!   apiGroup: rbac.authorization.k8s.io
//!   kind: ClusterRole
//!   name: view
//! subjects:
//! - kind: ServiceAccount
//!   name: deployer
//!   namespace: build
//! ```
//!
//! # Fix
//!
//! Bind a service account of the same namespace, if the workload can run there.
//!
//! ```yaml allow
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: RoleBinding
//! metadata:
//!   name: checkout
//!   namespace: shop
//! roleRef:
//!   apiGroup: rbac.authorization.k8s.io
//!   kind: ClusterRole
//!   name: view
//! subjects:
//! - kind: ServiceAccount
//!   name: deployer
//!   namespace: shop
//! ```
//!
//! # Source
//!
//! - [Kubernetes RBAC good practices](https://kubernetes.io/docs/concepts/security/rbac-good-practices/)

use crate::finding::Severity;
use crate::rule::{Check, Rule, RuleContext};
use crate::view::binding::{Binding, Principal};
use text::docs_only;
use text::shown;

pub static RULE: Rule = Rule {
    id: "binding-foreign-service-account",
    summary: docs_only("role granted to a service account of another namespace"),
    remediation: "bind a service account of the namespace of the binding",
    severity: Severity::Low,
    checks: &[Check::Binding(check)],
};

fn check<'a>(cx: &mut RuleContext<'a>, binding: &Binding<'a>) {
    if !binding.namespaced || binding.object.namespace.is_empty() {
        return;
    }
    for subject in binding.subjects() {
        if let Principal::ServiceAccount { namespace, .. } = subject.principal
            && namespace != binding.object.namespace
        {
            cx.report(subject.node, format!("is a service account of another namespace, {}", shown(namespace)));
        }
    }
}
