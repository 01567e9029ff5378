//! A ClusterRole adds dangerous grants to `view`, `edit` or `admin`, or collects every other role.
//!
//! # Why
//!
//! Kubernetes merges a ClusterRole with an `aggregate-to-*` label into the built-in role. Everyone who is already
//! bound to that role gets the grants, although no binding changes and no one reviews it. An `aggregationRule`
//! with an empty selector collects the rules of all ClusterRoles, which is cluster-admin.
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
//! Remove the label and bind the role to those who need it.
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

use crate::finding::Severity;
use crate::privilege::Privileges;
use crate::rule::{Check, Rule, RuleContext};
use text::docs_only;

pub static RULE: Rule = Rule {
    id: "role-aggregates",
    summary: docs_only("ClusterRole that widens other roles unnoticed"),
    remediation: "remove the label and bind the role to those who need it",
    severity: Severity::Medium,
    checks: &[Check::Role(check)],
};

const LABELS: &[&str] = &[
    "rbac.authorization.k8s.io/aggregate-to-view",
    "rbac.authorization.k8s.io/aggregate-to-edit",
    "rbac.authorization.k8s.io/aggregate-to-admin",
];

fn check<'a>(cx: &mut RuleContext<'a>, privileges: &Privileges<'_, 'a>) {
    let role = privileges.role;
    if role.namespaced {
        return;
    }
    for key in LABELS {
        let label = role.labels().get(key);
        // The selectors of the built-in roles ask for exactly this value.
        if label.text() != Some("true") {
            continue;
        }
        if let Some(worst) = privileges.worst(|granted| granted.severity >= Severity::Medium) {
            let target = key.rsplit('-').next().unwrap_or_default();
            cx.report(label, format!("gives everyone who has the role {target} {}", worst.what()));
        }
    }
    for selector in role.root.at(&["aggregationRule", "clusterRoleSelectors"]).items() {
        let empty =
            |key: &str| selector.get(key).members().next().is_none() && selector.get(key).items().next().is_none();
        if empty("matchLabels") && empty("matchExpressions") {
            cx.report(selector, "selects every ClusterRole, including cluster-admin").remediation(
                "select by a label of your own domain: matchLabels: {<domain>/aggregate-to-<role>: \"true\"}",
            );
        }
    }
}
