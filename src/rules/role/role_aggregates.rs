//! A ClusterRole adds dangerous grants to `view`, `edit` or `admin`, or collects every other role.
//!
//! # Why
//!
//! Kubernetes merges a ClusterRole with an `aggregate-to-*` label into the built-in role, for everybody who is
//! bound to it already: no binding changes, and nobody is asked. An `aggregationRule` with an empty selector
//! collects the rules of all ClusterRoles, which is cluster-admin.
//!
//! ```yaml deny
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRole
//! metadata:
//!   name: shop-support
//!   labels:
//!     rbac.authorization.k8s.io/aggregate-to-view: "true"
//! rules:
//! - apiGroups: [""]
//!   resources: [pods/exec]
//!   verbs: [create]
//! ```
//!
//! # Fix
//!
//! Leave the label out and bind the role to those who need it.
//!
//! ```yaml allow
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRole
//! metadata:
//!   name: shop-support
//!   labels:
//!     rbac.authorization.k8s.io/aggregate-to-view: "true"
//! rules:
//! - apiGroups: [""]
//!   resources: [pods/log]
//!   verbs: [get]
//! ```
//!
//! # Source
//!
//! - [Aggregated ClusterRoles](https://kubernetes.io/docs/reference/access-authn-authz/rbac/#aggregated-clusterroles)

use super::danger::judge;
use crate::finding::Severity;
use crate::rule::{Check, Rule, RuleContext};
use kubernetes::role::Role;
use text::docs_only;

pub static RULE: Rule = Rule {
    id: "role-aggregates",
    summary: docs_only("ClusterRole that widens others unseen"),
    remediation: "leave the label out and bind the role to those who need it",
    severity: Severity::Medium,
    checks: &[Check::Role(check)],
};

const LABELS: &[&str] = &[
    "rbac.authorization.k8s.io/aggregate-to-view",
    "rbac.authorization.k8s.io/aggregate-to-edit",
    "rbac.authorization.k8s.io/aggregate-to-admin",
];

fn check<'a>(cx: &mut RuleContext<'a>, role: &Role<'a>) {
    if role.namespaced {
        return;
    }
    let mut worst = None;
    for key in LABELS {
        let label = role.labels().get(key);
        // The selectors of the built-in roles ask for this very value.
        if label.text() == Some("true") {
            let worst = worst.get_or_insert_with(|| judge(role).into_iter().max_by_key(|found| found.severity));
            if let Some(found) = worst.as_ref().filter(|found| found.severity >= Severity::Medium) {
                let target = key.rsplit('-').next().unwrap_or_default();
                cx.report(label, format!("adds what {} speaks of to the built-in role {target}", found.rule));
            }
        }
    }
    for selector in role.root.at(&["aggregationRule", "clusterRoleSelectors"]).items() {
        let empty =
            |key: &str| selector.get(key).members().next().is_none() && selector.get(key).items().next().is_none();
        if empty("matchLabels") && empty("matchExpressions") {
            cx.report(selector, "selects every ClusterRole, cluster-admin among them")
                .remediation("select by a label of your own: matchLabels: {<domain>/aggregate-to-<role>: \"true\"}");
        }
    }
}
