//! A binding grants a role to everyone who can sign in, or to every service account.
//!
//! # Why
//!
//! `system:authenticated` is every Entra principal that can get a token for the cluster **and** every
//! service account in it. `system:serviceaccounts` is every service account, including those created later.
//! Neither is an Entra group, so its membership cannot be managed or reviewed. Kubernetes binds
//! `system:authenticated` to four roles that only describe the cluster; the rule allows those. Granting a
//! role to all service accounts of a namespace within that same namespace has a lower severity.
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
//! Bind the Entra group of the people who need the role, by its object id.
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
    summary: docs_only("role granted to everyone who can sign in"),
    remediation: "bind the object id of an Entra group whose members need the role, or a single service account",
    severity: Severity::High,
    checks: &[Check::Binding(check)],
};

fn check<'a>(cx: &mut RuleContext<'a>, binding: &Binding<'a>) {
    let role = binding.role_ref();
    for subject in binding.subjects() {
        let Some(name) = subject.user_or_group() else { continue };
        let of_namespace = name.strip_prefix("system:serviceaccounts:");
        let whom = match name {
            "system:authenticated" => "everyone who can sign in",
            "system:serviceaccounts" => "every service account in the cluster",
            _ if of_namespace.is_some() => "every service account in a namespace",
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
