//! A ClusterRole grants every resource or verb of somebody's custom API groups.
//!
//! # Why
//!
//! An operator that owns an API group may well do everything in it, so this is hygiene. Still, the next
//! version of its custom resources is granted unseen, and custom resources choose Azure identities too. API
//! groups that are known to choose identities or hold credentials are weighed by `role-identity-write`.
//!
//! ```yaml deny
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRole
//! metadata:
//!   name: shop-operator
//! rules:
//! - apiGroups: [shop.contoso.com]
//!   resources: ["*"]
//!   verbs: ["*"]
//! ```
//!
//! # Fix
//!
//! Name the resources and the verbs.
//!
//! ```yaml allow
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRole
//! metadata:
//!   name: shop-operator
//! rules:
//! - apiGroups: [shop.contoso.com]
//!   resources: [carts, carts/status]
//!   verbs: [get, list, watch, update, patch]
//! ```
//!
//! # Source
//!
//! - [Kubernetes RBAC good practices](https://kubernetes.io/docs/concepts/security/rbac-good-practices/#least-privilege)

use super::danger::{is_spoken_of, listing};
use crate::finding::Severity;
use crate::rule::{Check, Rule, RuleContext};
use kubernetes::grant::is_built_in_group;
use kubernetes::role::Role;
use text::docs_only;

pub static RULE: Rule = Rule {
    id: "role-custom-wildcard",
    summary: docs_only("wildcard over custom resources"),
    remediation: "name the resources and verbs that the operator needs",
    severity: Severity::Low,
    checks: &[Check::Role(check)],
};

fn check<'a>(cx: &mut RuleContext<'a>, role: &Role<'a>) {
    for line in role.rules().iter().filter(|_| !role.namespaced) {
        let custom = |group: &&str| *group != "*" && !is_built_in_group(group);
        let own = !line.groups.is_empty() && line.groups.iter().all(custom);
        let grants = !line.verbs.is_empty() && !line.resources.is_empty();
        if own && grants && (line.every_resource() || line.every_verb()) && !is_spoken_of(role, line) {
            let verbs = if line.every_verb() { "every verb".to_owned() } else { listing(&line.verbs) };
            let resources = if line.every_resource() { "every resource".to_owned() } else { listing(&line.resources) };
            cx.report(line.node, format!("grants {verbs} on {resources} of {}", listing(&line.groups)));
        }
    }
}
