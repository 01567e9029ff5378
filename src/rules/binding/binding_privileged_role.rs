//! A binding grants a role that is broader than it looks.
//!
//! # Why
//!
//! Subjects with `admin` or `edit` in the whole cluster can run pods under every service account of every
//! namespace, and so use every workload identity in the cluster. `admin` can grant roles as well. The
//! `system:` roles and `aks-service` are meant for components of Kubernetes and AKS and can change with
//! every version. Some of them can take any right (`system:node`, `system:kube-controller-manager`,
//! `system:controller:clusterrole-aggregation-controller`, `aks-service`); a binding of these to anyone except
//! their component is high, to a service account as to a person. The severity is low for a component that gets
//! its own role, and for a dedicated service account that gets `system:auth-delegator`, which lets it ask who its
//! clients are. The four roles that only describe the cluster are allowed.
//!
//! ```yaml deny
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRoleBinding
//! metadata:
//!   name: editors
//! roleRef:
//!   apiGroup: rbac.authorization.k8s.io
//!   kind: ClusterRole
//!   name: edit
//! subjects:
//! - apiGroup: rbac.authorization.k8s.io
//!   kind: Group
//!   name: 0f8fad5b-d9cb-469f-a165-70867728950e
//! ```
//!
//! # Fix
//!
//! Bind the role in the namespaces that the group works in, or write a role with the permissions it needs.
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
//!   name: edit
//! subjects:
//! - apiGroup: rbac.authorization.k8s.io
//!   kind: Group
//!   name: 0f8fad5b-d9cb-469f-a165-70867728950e
//! ```
//!
//! # Source
//!
//! - [Kubernetes RBAC good practices](https://kubernetes.io/docs/concepts/security/rbac-good-practices/)
//! - [User-facing roles](https://kubernetes.io/docs/reference/access-authn-authz/rbac/#user-facing-roles)

use crate::aks_defaults;
use crate::finding::Severity;
use crate::rule::{Check, Rule, RuleContext};
use crate::view::binding::{Binding, Principal, Subject};
use text::docs_only;
use text::shown;

pub static RULE: Rule = Rule {
    id: "binding-privileged-role",
    summary: docs_only("binding to a role that is broader than it looks"),
    remediation: "bind the role per namespace with a RoleBinding, or write a role with the permissions that are needed",
    severity: Severity::Medium,
    checks: &[Check::Binding(check)],
};

fn check<'a>(cx: &mut RuleContext<'a>, binding: &Binding<'a>) {
    let role = binding.role_ref();
    let is_cluster_role = role.kind == "ClusterRole";
    let for_people = is_cluster_role && matches!(role.name, "admin" | "edit");
    let for_components = role.name.starts_with("system:") || role.name == "aks-service";
    if for_people && !binding.namespaced {
        for subject in binding.subjects() {
            cx.report(subject.node, format!("gets {} in every namespace, including kube-system", role.name));
        }
    } else if for_components && !role.is_discovery() {
        for subject in binding.subjects() {
            let (what, severity) = if is_component(&subject, role.name) {
                ("which is meant for it", Severity::Low)
            } else if is_cluster_role && aks_defaults::escalates(role.name) {
                ("which can take any right and is meant for a component", Severity::High)
            } else if HARMLESS.contains(&role.name) && is_dedicated_account(&subject) {
                ("which is meant for a component", Severity::Low)
            } else {
                ("which is meant for a component", Severity::Medium)
            };
            cx.report(subject.node, format!("gets {}, {what}", shown(role.name)))
                .severity(severity)
                .remediation("write a role with the permissions that are needed and bind that role");
        }
    }
}

/// Roles that let their holder ask, not act.
const HARMLESS: &[&str] = &["system:auth-delegator"];

/// Such as that of an API server that asks who its clients are.
fn is_dedicated_account(subject: &Subject<'_>) -> bool {
    matches!(subject.principal, Principal::ServiceAccount { name, .. } if name != "default")
}

/// Whether the role is the subject's own: those of controllers and add-ons carry the name of their service account in
/// `kube-system`.
fn is_component(subject: &Subject<'_>, role: &str) -> bool {
    let named = role.strip_prefix("system:controller:").or_else(|| role.strip_prefix("system:"));
    match subject.principal {
        Principal::ServiceAccount { namespace: "kube-system", name } => {
            named == Some(name) || (role, name) == ("system:node-proxier", "kube-proxy")
        }
        Principal::User(name) => {
            (name == role && role.starts_with("system:kube-"))
                || matches!(
                    (role, name),
                    ("aks-service", "aks-support") | ("system:volume-scheduler", "system:kube-scheduler")
                )
        }
        _ => false,
    }
}
