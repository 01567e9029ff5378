//! A binding grants a role that lets its holder become another user, or an administrator.
//!
//! # Why
//!
//! A binding names a role but does not show what the role grants. A role that can escalate, mint tokens, approve
//! client certificates or reach every resource is cluster-admin under another name, and its holders belong on the
//! same list. The rules about roles evaluate the role. What is high there is high here, or medium if the binding
//! reaches into one namespace only.
//!
//! This rule looks the role up, so it runs only with `clusterLookups`. The roles that every cluster has (`view`,
//! `edit`, `admin`, `cluster-admin`, Kubernetes' own `system:*`) are left to the rules that know them by name. A role that does not exist
//! yet is a warning in every profile, because it can become anything later.
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

use crate::aks_defaults;
use crate::finding::Severity;
use crate::lookup::{CLUSTER_ROLE, LookupError, Query, ROLE};
use crate::privilege::Privileges;
use crate::rule::{Check, Rule, RuleContext};
use crate::view::binding::{Binding, RoleRef, Subject};
use kubernetes::role::Role;
use text::docs_only;
use text::shown;

pub static RULE: Rule = Rule {
    id: "binding-role-escalates",
    summary: docs_only("role that makes an unlisted subject an administrator"),
    remediation: "remove the grant from the role, or ask your cluster operators to list the subject in clusterAdmins",
    severity: Severity::High,
    checks: &[Check::Binding(check)],
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
    let query = match reference.kind {
        "ClusterRole" => Query { resource: &CLUSTER_ROLE, namespace: None, name: reference.name },
        _ => Query { resource: &ROLE, namespace: Some(binding.object.namespace), name: reference.name },
    };
    let is_cluster_role = reference.kind == "ClusterRole";
    match lookups.read(&query, |role| escalation(&|namespaced| Role::read(role, namespaced), is_cluster_role, binding.namespaced)) {
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
        let escalates = escalation(&|namespaced| published.ceiling(namespaced), !role.namespaced, binding.namespaced);
        let granted = escalates.or_else(|| {
            let effective = published.ceiling(binding.namespaced);
            let worst = Privileges::of(&effective).worst(|_| !published.for_users).map(|granted| granted.message());
            worst
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
                .remediation("bind a role that grants only what the subject needs, and leave the operator's roles to its accounts");
        }
    }
    true
}

/// The worst that the role grants, as its rule words it, if that rule finds it high in the role. A
/// ClusterRole that is bound in a namespace is still as dangerous as it is written, for what it grants there.
fn escalation<'a>(
    read: &dyn Fn(bool) -> Role<'a>,
    is_cluster_role: bool,
    bound_in_namespace: bool,
) -> Option<String> {
    let written = read(!is_cluster_role);
    let written = Privileges::of(&written);
    let high = |rule: &str| written.reported_by(rule).any(|granted| granted.severity == Severity::High);
    if written.role.namespaced == bound_in_namespace {
        return written.worst(|granted| granted.severity == Severity::High).map(|granted| granted.message());
    }
    let effective = read(bound_in_namespace);
    Privileges::of(&effective).worst(|granted| high(granted.rule)).map(|granted| granted.message())
}
