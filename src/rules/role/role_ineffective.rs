//! A Role names resources that exist outside namespaces.
//!
//! # Why
//!
//! A Role grants only inside its namespace. Nodes, volumes, users, ClusterRoles and webhook configurations are not
//! in a namespace, so the policy rule has no effect. Its author meant a ClusterRole, or copied more than was needed.
//! There are two exceptions: binding a ClusterRole, and reading the namespace itself.
//!
//! ```yaml deny
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: Role
//! metadata:
//!   name: node-viewer
//!   namespace: shop
//! rules:
//! - apiGroups: [""]
//!   resources: [nodes]
//!   verbs: [get, list]
//! ```
//!
//! # Fix
//!
//! Remove the policy rule, or write it in a ClusterRole.
//!
//! ```yaml allow
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRole
//! metadata:
//!   name: node-viewer
//! rules:
//! - apiGroups: [""]
//!   resources: [nodes]
//!   verbs: [get, list]
//! ```
//!
//! # Source
//!
//! - [Role and ClusterRole](https://kubernetes.io/docs/reference/access-authn-authz/rbac/#role-and-clusterrole)

use crate::finding::Severity;
use crate::privilege::{Privileges, listing};
use crate::rule::{Check, Rule, RuleContext};
use kubernetes::grant::{CLUSTER_SCOPED, is_cluster_scoped};
use text::docs_only;

pub static RULE: Rule = Rule {
    id: "role-ineffective",
    summary: docs_only("policy rule of a Role without effect"),
    remediation: "remove the policy rule, or write it in a ClusterRole",
    severity: Severity::Low,
    checks: &[Check::Role(check)],
};

fn check<'a>(cx: &mut RuleContext<'a>, role: &Privileges<'_, 'a>) {
    if role.is_excused || !role.role.namespaced {
        return;
    }
    for policy_rule in role.role.rules() {
        // A policy rule may list many thousand groups, so they are read once and not once for a resource.
        let groups: Vec<&str> =
            CLUSTER_SCOPED.iter().map(|(group, _)| *group).filter(|group| policy_rule.has_group(group)).collect();
        let outside = |resource: &&str| groups.iter().any(|group| is_cluster_scoped(group, resource));
        let resources: Vec<&str> = policy_rule.resources.iter().copied().filter(outside).collect();
        let binds = policy_rule.verbs.contains(&"bind") && policy_rule.resources.contains(&"clusterroles");
        if !resources.is_empty() && !binds && !policy_rule.verbs.is_empty() {
            cx.report(policy_rule.node, format!("grants nothing on {}, which no namespace has", listing(resources)));
        }
    }
}
