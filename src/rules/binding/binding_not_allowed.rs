//! A binding names a user or group that the settings do not allow.
//!
//! # Why
//!
//! `allowedGroups` and `allowedUsers` define who can be given access. The form of an object id does not
//! show whose it is, so only such a list limits access to the groups that you review. Subjects in
//! `clusterAdmins` are allowed as well. Without the lists this rule reports nothing.
//!
//! ```yaml deny
//! settings:
//!   allowedGroups: [0f8fad5b-d9cb-469f-a165-70867728950e]
//! request:
//!   kind: {group: rbac.authorization.k8s.io, version: v1, kind: RoleBinding}
//!   operation: CREATE
//!   object:
//!     kind: RoleBinding
//!     metadata: {name: checkout, namespace: shop}
//!     roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}
//!     subjects:
//!     - {kind: Group, name: 7c9e6679-7425-40de-944b-e07fc1f90ae7}
//! ```
//!
//! # Fix
//!
//! Bind a group that is on the list, or add the group to the list.
//!
//! ```yaml allow
//! settings:
//!   allowedGroups: [0f8fad5b-d9cb-469f-a165-70867728950e]
//! request:
//!   kind: {group: rbac.authorization.k8s.io, version: v1, kind: RoleBinding}
//!   operation: CREATE
//!   object:
//!     kind: RoleBinding
//!     metadata: {name: checkout, namespace: shop}
//!     roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}
//!     subjects:
//!     - {kind: Group, name: 0f8fad5b-d9cb-469f-a165-70867728950e}
//! ```
//!
//! # Source
//!
//! - [Use Kubernetes RBAC with Entra integration in AKS](https://learn.microsoft.com/azure/aks/kubernetes-rbac-entra-id)

use crate::finding::Severity;
use crate::rule::{Check, Rule, RuleContext};
use crate::view::binding::{Binding, Principal};
use text::docs_only;

pub static RULE: Rule = Rule {
    id: "binding-not-allowed",
    summary: docs_only("user or group that the settings do not allow"),
    remediation: "bind a group that is listed in allowedGroups, or ask your cluster operators to list this one",
    severity: Severity::High,
    checks: &[Check::Binding(check)],
};

fn check<'a>(cx: &mut RuleContext<'a>, binding: &Binding<'a>) {
    let settings = cx.settings;
    for subject in binding.subjects() {
        let Some(name) = subject.user_or_group() else { continue };
        // Other rules cover the names that Kubernetes reserves.
        if name.starts_with("system:") || settings.is_cluster_admin(name) {
            continue;
        }
        match subject.principal {
            Principal::Group(group)
                if !settings.allowed_groups.is_empty() && !settings.allowed_groups.contains(group) =>
            {
                cx.report(subject.node, "is not listed in allowedGroups");
            }
            Principal::User(user) if !settings.allowed_users.is_empty() && !settings.is_allowed_user(user) => {
                cx.report(subject.node, "is not listed in allowedUsers")
                    .remediation("bind a listed group instead, or ask your cluster operators to list the user");
            }
            _ => {}
        }
    }
}
