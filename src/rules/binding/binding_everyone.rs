//! A binding grants a role to everybody who can sign in, or to every service account.
//!
//! # Why
//!
//! `system:authenticated` is every Entra principal that may get a token for the cluster **and** every
//! service account in it; `system:serviceaccounts` is every service account, including those of tomorrow.
//! Neither is a group of Entra: nobody is ever added to it or removed from it. Kubernetes binds
//! `system:authenticated` to four roles that only describe the cluster, and those are accepted. All service
//! accounts of a namespace, bound in that very namespace, weigh less.
//!
//! ```yaml deny
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRoleBinding
//! metadata:
//!   name: viewers
//! roleRef:
//!   apiGroup: rbac.authorization.k8s.io
//!   kind: ClusterRole
//!   name: view
//! subjects:
//! - apiGroup: rbac.authorization.k8s.io
//!   kind: Group
//!   name: system:authenticated
//! ```
//!
//! # Fix
//!
//! Bind the Entra group of those who need it, by its object id.
//!
//! ```yaml allow
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRoleBinding
//! metadata:
//!   name: viewers
//! roleRef:
//!   apiGroup: rbac.authorization.k8s.io
//!   kind: ClusterRole
//!   name: view
//! subjects:
//! - apiGroup: rbac.authorization.k8s.io
//!   kind: Group
//!   name: 0f8fad5b-d9cb-469f-a165-70867728950e
//! ```
//!
//! # Source
//!
//! - [Kubernetes RBAC good practices](https://kubernetes.io/docs/concepts/security/rbac-good-practices/)
//! - [Using RBAC authorization](https://kubernetes.io/docs/reference/access-authn-authz/rbac/)

use crate::finding::Severity;
use crate::rule::{Check, Rule, RuleContext};
use crate::view::binding::Binding;
use text::docs_only;
use text::shown;

pub static RULE: Rule = Rule {
    id: "binding-everyone",
    summary: docs_only("role granted to everybody who can sign in"),
    remediation: "bind the Entra group of those who need it by its object id, or one service account",
    severity: Severity::High,
    checks: &[Check::Binding(check)],
};

fn check<'a>(cx: &mut RuleContext<'a>, binding: &Binding<'a>) {
    let role = binding.role_ref();
    for subject in binding.subjects() {
        let Some(name) = subject.user_or_group() else { continue };
        let of_namespace = name.strip_prefix("system:serviceaccounts:");
        let whom = match name {
            "system:authenticated" => "everybody who can sign in",
            "system:serviceaccounts" => "every service account of the cluster",
            _ if of_namespace.is_some() => "every service account of a namespace",
            _ => continue,
        };
        if role.is_discovery() {
            continue;
        }
        let finding = cx.report(subject.node, format!("grants {} to {whom}", shown(role.name)));
        if binding.namespaced && of_namespace == Some(binding.object.namespace) {
            finding.severity(Severity::Medium);
        }
    }
}
