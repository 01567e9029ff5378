//! A binding names a group or user that Kubernetes reserves for itself.
//!
//! # Why
//!
//! `system:masters` bypasses every authorizer, including Azure RBAC, and membership cannot be revoked before
//! the certificate that carries it expires. The names of nodes, bootstrap tokens and control-plane components
//! belong to the machines that hold their certificates. Any other `system:` name is not an Entra identity
//! either; its severity is lower. Calico gives the controller manager its own role `calico-tier-getter`; that
//! binding is allowed as long as it is unchanged.
//!
//! Credential providers for registries bind `system:nodes` to a role that lets nodes request tokens for the audience of
//! a registry (`request-serviceaccounts-token-audience`, Kubernetes 1.33). A role with nothing else is allowed for that
//! group. The rule needs `clusterLookups` to know the role, or the role in the same input of `entra-auth check`.
//!
//! ```yaml deny
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRoleBinding
//! metadata:
//!   name: masters
//! roleRef:
//!   apiGroup: rbac.authorization.k8s.io
//!   kind: ClusterRole
//!   name: view
//! subjects:
//! - apiGroup: rbac.authorization.k8s.io
//!   kind: Group
//!   name: system:masters
//! ```
//!
//! # Fix
//!
//! Bind an Entra group by its object id.
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

use super::with_role;
use crate::finding::Severity;
use crate::privilege::is_for_node_audiences;
use crate::rule::{Check, Rule, RuleContext};
use crate::view::binding::Binding;
use kubernetes::role::Role;
use text::docs_only;
use text::shown;

pub static RULE: Rule = Rule {
    id: "binding-system-masters",
    summary: docs_only("role granted to a name reserved for Kubernetes"),
    remediation: "bind an Entra group by its object id instead",
    severity: Severity::High,
    checks: &[Check::Binding(check)],
};

fn check<'a>(cx: &mut RuleContext<'a>, binding: &Binding<'a>) {
    if is_of_component(binding) {
        return;
    }
    for subject in binding.subjects() {
        let Some(name) = subject.user_or_group() else { continue };
        let Some(rest) = name.strip_prefix("system:") else { continue };
        let what = match rest {
            "masters" => "is the group that bypasses every authorizer".to_owned(),
            "nodes" if subject.group().is_some() && grants_only_audiences(cx, binding) => continue,
            _ if has_own_rule(rest) => continue,
            _ if is_control_plane(rest) => format!("is reserved for nodes and the control plane ({})", shown(name)),
            _ => {
                cx.report(subject.node, "is a system name, not an Entra identity").severity(Severity::Medium);
                continue;
            }
        };
        cx.report(subject.node, what);
    }
}

/// Whether the role is known to let nodes request tokens for more audiences and nothing else. What it may request is
/// compared in the role.
fn grants_only_audiences<'a>(cx: &RuleContext<'a>, binding: &Binding<'a>) -> bool {
    let namespaced = binding.role_ref().kind != "ClusterRole";
    let read = with_role(cx, binding, |role| is_for_node_audiences(&Role::read(role, namespaced)));
    matches!(read, Some(Ok(true)))
}

/// Bindings of add-ons that give a component of the control plane a role that the add-on publishes for it: name,
/// role and only user. The component itself is more powerful than the role.
const OF_COMPONENTS: &[(&str, &str, &str)] =
    &[("calico-tier-getter", "calico-tier-getter", "system:kube-controller-manager")];

fn is_of_component(binding: &Binding<'_>) -> bool {
    let role = binding.role_ref();
    OF_COMPONENTS.iter().any(|(name, role_name, user)| {
        !binding.namespaced
            && binding.object.name == *name
            && (role.kind, role.name) == ("ClusterRole", *role_name)
            && binding.subjects().all(|subject| subject.user() == Some(user))
    })
}

/// Names that `binding-anonymous` and `binding-everyone` report.
fn has_own_rule(rest: &str) -> bool {
    matches!(rest, "anonymous" | "unauthenticated" | "authenticated" | "serviceaccounts")
        || rest.starts_with("serviceaccounts:")
}

fn is_control_plane(rest: &str) -> bool {
    rest == "nodes" || ["kube-", "node:", "bootstrappers"].iter().any(|prefix| rest.starts_with(prefix))
}
