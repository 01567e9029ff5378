//! A binding grants a role that lets its holder become another user, or an administrator.
//!
//! # Why
//!
//! A binding names a role but does not show what the role grants. A role that can escalate, mint tokens, approve
//! client certificates or reach every resource is cluster-admin under another name, and its holders belong on the
//! same list. The rules about roles evaluate the role. What is high there is high here, or medium if the binding
//! reaches into one namespace only, and so is a Role that writes every resource of its namespace.
//!
//! With AKS identity bindings (preview), a role with `use-managed-identity` on client ids lets service accounts use
//! managed identities. The rule compares each subject with the setting `identities`: a client id that is not granted to
//! the account is high. A collective group of service accounts (`system:serviceaccounts`) is medium without
//! `identities`, and users and groups of people cannot use an identity binding at all, which is low.
//!
//! This rule looks the role up, so it runs only with `clusterLookups`; `entra-auth check` also compares identity
//! bindings with roles of the same input. A client id that is added to a role later is not compared again. The roles that every cluster has (`view`,
//! `edit`, `admin`, `cluster-admin`, Kubernetes' own `system:*`) are left to the rules that know them by name. A role that
//! does not exist yet is a warning in every profile, because it can become anything later. So is one that cannot be
//! looked up: because the policy or the policy server may not read it, because its name is not one that Kubernetes
//! allows, or because the request needs too many look-ups.
//!
//! ```yaml deny
//! settings: {clusterLookups: true}
//! cluster:
//! - apiVersion: rbac.authorization.k8s.io/v1
//!   kind: ClusterRole
//!   metadata: {name: operators}
//!   rules:
//!   - {apiGroups: [rbac.authorization.k8s.io], resources: [clusterroles], verbs: [escalate]}
//! request:
//!   operation: CREATE
//!   kind: {group: rbac.authorization.k8s.io, version: v1, kind: ClusterRoleBinding}
//!   object:
//!     kind: ClusterRoleBinding
//!     metadata: {name: operators}
//!     roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: operators}
//!     subjects:
//!     - {apiGroup: rbac.authorization.k8s.io, kind: Group, name: 0f8fad5b-d9cb-469f-a165-70867728950e}
//! ```
//!
//! # Fix
//!
//! Remove the grant from the role, or list the group in `clusterAdmins`.
//!
//! ```yaml allow
//! settings: {clusterLookups: true, clusterAdmins: [0f8fad5b-d9cb-469f-a165-70867728950e]}
//! cluster:
//! - apiVersion: rbac.authorization.k8s.io/v1
//!   kind: ClusterRole
//!   metadata: {name: operators}
//!   rules:
//!   - {apiGroups: [rbac.authorization.k8s.io], resources: [clusterroles], verbs: [escalate]}
//! request:
//!   operation: CREATE
//!   kind: {group: rbac.authorization.k8s.io, version: v1, kind: ClusterRoleBinding}
//!   object:
//!     kind: ClusterRoleBinding
//!     metadata: {name: operators}
//!     roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: operators}
//!     subjects:
//!     - {apiGroup: rbac.authorization.k8s.io, kind: Group, name: 0f8fad5b-d9cb-469f-a165-70867728950e}
//! ```
//!
//! # Source
//!
//! - [Kubernetes RBAC good practices](https://kubernetes.io/docs/concepts/security/rbac-good-practices/#privilege-escalation-risks)
//! - [Identity bindings concepts](https://learn.microsoft.com/azure/aks/identity-bindings-concepts)

use super::with_role;
use crate::aks_defaults;
use crate::finding::Severity;
use crate::lookup::{LookupError, Query};
use crate::privilege::{Clients, Granted, Privileges, client_ids};
use crate::rule::{Check, Rule, RuleContext};
use crate::settings::Asked;
use crate::view::binding::{Binding, Principal, RoleRef, Subject};
use kubernetes::role::Role;
use text::docs_only;
use text::shown;

pub static RULE: Rule = Rule {
    id: "binding-role-escalates",
    summary: docs_only("role that makes an unlisted subject an administrator, or gives it another's identity"),
    remediation: "remove the grant from the role, or ask your cluster operators to list the subject in clusterAdmins",
    severity: Severity::High,
    checks: &[Check::Binding(check), Check::Binding(check_identities)],
};

fn check<'a>(cx: &mut RuleContext<'a>, binding: &Binding<'a>) {
    let settings = cx.settings;
    let reference = binding.role_ref();
    let mut subjects =
        binding.subjects().filter(|subject| !settings.is_cluster_admin(&subject.requester_name())).peekable();
    if cx.excused || subjects.peek().is_none() || is_known_by_name(&reference) {
        return;
    }
    if !settings.operators.is_empty() && check_published(cx, binding) {
        return;
    }
    let Some(lookups) = cx.lookups else { return };
    let query = Query::role(binding);
    let is_cluster_role = reference.kind == "ClusterRole";
    match lookups.read(&query, |role| {
        escalation(&|namespaced| Role::read(role, namespaced), is_cluster_role, binding.namespaced)
    }) {
        Ok(None) => {}
        Ok(Some(granted)) => {
            let severity = if binding.namespaced { Severity::Medium } else { Severity::High };
            for subject in subjects {
                let what = format!("gets {}, which {granted}", shown(reference.name));
                cx.report(subject.node, what).severity(severity);
            }
        }
        Err(LookupError::NotFound) => {
            let what = format!("names {} {}, which does not exist yet", query.resource.kind, shown(reference.name));
            cx.report(reference.node, what)
                .severity(Severity::Low)
                .remediation("create the role first, so that it is evaluated")
                .unchecked();
        }
        Err(error) => _ = cx.report_unchecked(reference.node, &query, error),
    }
}

/// Compares what an identity binding lets each subject use with `identities`. A role that cannot be looked up is
/// reported by [`check`].
fn check_identities<'a>(cx: &mut RuleContext<'a>, binding: &Binding<'a>) {
    // Administrators can use every identity anyway.
    let settings = cx.settings;
    let is_listed = |subject: &Subject<'_>| settings.is_cluster_admin(&subject.requester_name());
    let mut subjects = binding.subjects().filter(|subject| !is_listed(subject)).peekable();
    if subjects.peek().is_none() || is_known_by_name(&binding.role_ref()) {
        return;
    }
    let namespaced = binding.namespaced;
    let Some(Ok(Some(clients))) = with_role(cx, binding, |role| client_ids(&Role::read(role, namespaced))) else {
        return;
    };
    for subject in subjects {
        let user = match User::of(&subject) {
            Some(user) => user,
            None if subject.user_or_group().is_some() => {
                cx.report(subject.node, "gets a managed identity, which only service accounts can use")
                    .severity(Severity::Low)
                    .remediation("bind the service account that needs the identity");
                continue;
            }
            None => continue,
        };
        let refused = match &clients {
            Clients::All if cx.lookups.is_some() => continue,
            Clients::All => Some("may use every managed identity that is bound to the cluster".to_owned()),
            Clients::TooMany => Some("may use more managed identities than can be checked".to_owned()),
            Clients::Named(_) if settings.identities.is_empty() => None,
            Clients::Named(clients) => {
                let asked = |name: Option<&'a str>| name.map_or(Asked::Every, Asked::Name);
                let (namespace, account) = (asked(user.namespace), asked(user.account));
                let allowed = |client: &&String| settings.identities.grants(client, namespace, account);
                let mut refused = clients.iter().filter(|client| !allowed(client));
                refused.next().map(|first| {
                    let more = match refused.count() {
                        0 => String::new(),
                        more => format!(" and {more} more"),
                    };
                    format!("may use client id {first}{more}, which identities does not grant to {}", user.name())
                })
            }
        };
        match refused {
            Some(refused) => {
                cx.report(subject.node, refused.clone()).compare_content(refused).remediation(user.fix());
            }
            None if user.account.is_none() && settings.identities.is_empty() => {
                cx.report(subject.node, format!("lets {} use a managed identity", user.name()))
                    .severity(Severity::Medium)
                    .remediation("bind the one service account that needs the identity");
            }
            None => {}
        }
    }
}

/// The service accounts that a subject means.
struct User<'a> {
    /// `None` for every namespace.
    namespace: Option<&'a str>,
    /// `None` for every account.
    account: Option<&'a str>,
}

impl<'a> User<'a> {
    /// `None` for people.
    fn of(subject: &Subject<'a>) -> Option<Self> {
        match subject.principal {
            Principal::ServiceAccount { namespace, name } => {
                Some(User { namespace: Some(namespace), account: Some(name) })
            }
            Principal::Group("system:serviceaccounts" | "system:authenticated") => {
                Some(User { namespace: None, account: None })
            }
            Principal::Group(name) => {
                let namespace = name.strip_prefix("system:serviceaccounts:")?;
                Some(User { namespace: Some(namespace), account: None })
            }
            Principal::User(_) | Principal::Unknown => None,
        }
    }

    fn name(&self) -> String {
        match (self.namespace, self.account) {
            (Some(namespace), Some(account)) => format!("{}/{}", shown(namespace), shown(account)),
            (Some(namespace), None) => format!("every service account of namespace {}", shown(namespace)),
            (None, _) => "every service account".to_owned(),
        }
    }

    fn fix(&self) -> String {
        match (self.namespace, self.account) {
            (Some(namespace), Some(account)) => format!(
                "bind a service account that may use it, or ask your cluster operators to list {}/{} in identities",
                shown(namespace),
                shown(account)
            ),
            _ => "bind the one service account that needs the identity".to_owned(),
        }
    }
}

/// Whether other rules know the role by its name. `edit` in a namespace is what their remediations suggest.
fn is_known_by_name(role: &RoleRef<'_>) -> bool {
    let user_facing = matches!(role.name, "cluster-admin" | "admin" | "edit" | "view");
    role.kind == "ClusterRole" && (user_facing || aks_defaults::is_cluster_role(role.name))
}

/// Whether an operator of the settings publishes the role and the role is not for others. Every subject that is not one
/// of the operator's accounts is reported, without a look-up: the table already says what the role grants.
fn check_published<'a>(cx: &mut RuleContext<'a>, binding: &Binding<'a>) -> bool {
    let settings = cx.settings;
    let role = binding.role_name();
    let Some((declared, granted)) = settings.published(role).find_map(|(declared, published)| {
        let escalates = escalation(
            &|namespaced| published.ceiling(binding.object.root, namespaced),
            !role.namespaced,
            binding.namespaced,
        );
        let granted = escalates.or_else(|| {
            let effective = published.ceiling(binding.object.root, binding.namespaced);
            Privileges::of(&effective).worst(|_| !published.for_users).map(|granted| granted.message())
        })?;
        Some((declared, granted))
    }) else {
        return false;
    };
    let severity = if binding.namespaced { Severity::Medium } else { Severity::High };
    let is_of_operator =
        |subject: &Subject<'_>| settings.operators.iter().any(|declared| subject.is_bound_by(declared, role));
    for subject in binding.subjects() {
        if !settings.is_cluster_admin(&subject.requester_name()) && !is_of_operator(&subject) {
            let operator = declared.operator.name;
            cx.report(subject.node, format!("gets {}, a role of {operator} that {granted}", shown(role.name)))
                .severity(severity)
                .remediation("bind a role that grants only what the subject needs");
        }
    }
    true
}

/// The worst that the role grants, as its rule words it, if that rule finds it high in the role. A
/// ClusterRole that is bound in a namespace is still as dangerous as it is written, for what it grants there.
fn escalation<'a>(read: &dyn Fn(bool) -> Role<'a>, is_cluster_role: bool, bound_in_namespace: bool) -> Option<String> {
    let written = read(!is_cluster_role);
    let written = Privileges::of(&written);
    let high = |rule: &str| written.reported_by(rule).any(|granted| granted.severity == Severity::High);
    if written.role.namespaced == bound_in_namespace {
        // A wildcard in a Role gives what a ClusterRole bound in the namespace would.
        let escalates = |granted: &Granted<'_, '_>| {
            granted.severity == Severity::High
                || !is_cluster_role && granted.rule == "role-wildcard" && granted.severity == Severity::Medium
        };
        return written.worst(escalates).map(|granted| granted.message());
    }
    let effective = read(bound_in_namespace);
    Privileges::of(&effective).worst(|granted| high(granted.rule)).map(|granted| granted.message())
}
