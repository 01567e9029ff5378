//! A Role names resources that exist outside namespaces.
//!
//! # Why
//!
//! A Role grants inside its namespace. Nodes, volumes, users, ClusterRoles or webhook configurations are not in
//! any, so the line does nothing: whoever wrote it meant a ClusterRole, or copied more than was needed. Binding
//! a ClusterRole and looking at the namespace itself are the exceptions.
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
//! Drop the line, or grant it with a ClusterRole.
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

use super::danger::listing;
use crate::finding::Severity;
use crate::rule::{Check, Rule, RuleContext};
use kubernetes::grant::{CLUSTER_SCOPED, is_cluster_scoped};
use kubernetes::role::Role;
use text::docs_only;

pub static RULE: Rule = Rule {
    id: "role-ineffective",
    summary: docs_only("Role line without effect"),
    remediation: "drop the line, or grant it with a ClusterRole",
    severity: Severity::Low,
    checks: &[Check::Role(check)],
};

fn check<'a>(cx: &mut RuleContext<'a>, role: &Role<'a>) {
    for line in role.rules().iter().filter(|_| role.namespaced) {
        let outside = |resource: &&str| {
            CLUSTER_SCOPED.iter().any(|(group, _)| line.has_group(group) && is_cluster_scoped(group, resource))
        };
        let resources: Vec<&str> = line.resources.iter().copied().filter(outside).collect();
        let binds = line.verbs.contains(&"bind") && line.resources.contains(&"clusterroles");
        if !resources.is_empty() && !binds && !line.verbs.is_empty() {
            cx.report(line.node, format!("grants nothing on {}, which no namespace has", listing(&resources)));
        }
    }
}
