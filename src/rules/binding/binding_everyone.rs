//! A binding grants a role to everyone who can sign in, or to every service account.
//!
//! # Why
//!
//! `system:authenticated` is every Entra principal that can get a token for the cluster **and** every
//! service account in it. `system:serviceaccounts` is every service account, including those created later.
//! Neither is an Entra group, so its membership cannot be managed or reviewed. Kubernetes binds
//! `system:authenticated` to four roles that only describe the cluster; the rule allows those, and reports
//! other rules in these roles, except when the API server writes them. Granting a role to all service accounts of
//! a namespace within that same namespace has a lower severity, and so has a RoleBinding to the Role of the same
//! name, which software uses to publish information about itself.
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

use crate::aks_defaults;
use crate::anchor::digest;
use crate::finding::{GrantDigest, Severity};
use crate::privilege::Privileges;
use crate::rule::{Check, Rule, RuleContext};
use crate::view::binding::Binding;
use kubernetes::grant::PolicyRule;
use text::docs_only;
use text::shown;

pub static RULE: Rule = Rule {
    id: "binding-everyone",
    summary: docs_only("role granted to everyone who can sign in"),
    remediation: "bind the object id of an Entra group whose members need the role, or a single service account",
    severity: Severity::High,
    checks: &[Check::Binding(check), Check::Role(check_role)],
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
        // A Role of the same name is published together with its binding, and is evaluated as well.
        let is_published = role.kind == "Role" && role.name == binding.object.name;
        if binding.namespaced && (is_published || of_namespace == Some(binding.object.namespace)) {
            finding.severity(Severity::Medium);
        }
    }
}

/// The roles that Kubernetes binds to everyone may not grant more than Kubernetes' own rules. Only the API server
/// itself knows better, when it starts with a new version.
fn check_role<'a>(cx: &mut RuleContext<'a>, privileges: &Privileges<'_, 'a>) {
    let role = privileges.role;
    let name = role.root.at(&["metadata", "name"]).text().unwrap_or_default();
    let Some(own) = aks_defaults::discovery_rules(name).filter(|_| !role.namespaced) else { return };
    if cx.request.user_info().get("username").text() == Some("system:apiserver") {
        return;
    }
    for policy_rule in role.rules() {
        let PolicyRule { verbs, groups, resources, urls, .. } = policy_rule;
        let grants_nothing = verbs.is_empty() || (urls.is_empty() && (groups.is_empty() || resources.is_empty()));
        let all = |written: &[&str], own: &[&str]| written.iter().all(|entry| own.contains(entry));
        let is_own = own.iter().any(|(own_verbs, group, names)| {
            let names = if *group == aks_defaults::URLS {
                resources.is_empty() && all(urls, names)
            } else {
                urls.is_empty() && groups.iter().all(|written| written == group) && all(resources, names)
            };
            names && all(verbs, own_verbs)
        });
        if !grants_nothing && !is_own {
            let content = GrantDigest::of(digest(("everyone", policy_rule.node)));
            cx.report(policy_rule.node, format!("is not one of Kubernetes' own rules of {name}, which everyone has"))
                .compare_grants(vec![content])
                .remediation("leave the role as Kubernetes made it, and bind a role of another name to a group");
        }
    }
}
