//! A ClusterRole adds dangerous grants to `view`, `edit` or `admin`, or collects every other role.
//!
//! # Why
//!
//! Kubernetes merges a ClusterRole with an `aggregate-to-*` label into the built-in role. Everyone who is already
//! bound to that role gets the grants, although no binding changes and no one reviews it. An `aggregationRule`
//! collects roles that its author does not control if its selector is empty, asks for the label of Kubernetes' own
//! ClusterRoles (`kubernetes.io/bootstrapping: rbac-defaults`), or asks only that a label of other roles is there or not
//! (`Exists`, `NotIn`, `DoesNotExist`). The first two collect cluster-admin and are high. Kubernetes' own roles (`view`, `edit`,
//! `admin`, `system:*`) must keep the selectors that Kubernetes gives them.
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

use crate::aks_defaults;
use crate::anchor::digest;
use crate::finding::{GrantDigest, Severity};
use crate::privilege::{Granted, Privileges};
use crate::request::Operation;
use crate::rule::{Check, Rule, RuleContext};
use json::Node;
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
        let is_severe = |granted: &Granted<'_, 'a>| granted.severity >= Severity::Medium;
        // What an operator publishes counts only if nothing else does.
        let other = privileges.worst(|granted| is_severe(granted) && !granted.is_excused);
        let excused = other.is_none();
        if let Some(worst) = other.or_else(|| privileges.worst(is_severe)) {
            let counts = |granted: &Granted<'_, 'a>| is_severe(granted) && granted.is_excused == excused;
            let target = key.rsplit('-').next().unwrap_or_default();
            let message = format!("gives everyone who has the role {target} {}", worst.what());
            let grants = match cx.request.operation() {
                Operation::Update => {
                    privileges.digests_of(counts).into_iter().map(|grant| grant.for_purpose(key)).collect()
                }
                _ => Vec::new(),
            };
            cx.report(label, message).excused_if(excused).compare_grants(grants);
        }
    }
    let own = aks_defaults::aggregated_by(role.root.at(&["metadata", "name"]).text().unwrap_or_default());
    for selector in role.root.at(&["aggregationRule", "clusterRoleSelectors"]).items() {
        let found = match (collects(selector), own) {
            (Some((what, severity)), _) => (what, severity, format!("{selector}")),
            (None, Some(own)) if !own.iter().any(|label| is_for(selector, label)) => {
                let what = "is not one of the selectors that Kubernetes gives this role";
                (what, Severity::Medium, format!("{selector}"))
            }
            _ => continue,
        };
        let (what, severity, content) = found;
        let finding = cx.report(selector, what);
        finding.severity(severity).compare_grants(vec![GrantDigest::of(digest(("selector", content)))]);
        finding.remediation(match own {
            Some(_) => "leave Kubernetes' own role as it is, and label the roles that it should collect",
            None => "select by a label of your own domain: matchLabels: {<domain>/aggregate-to-<role>: \"true\"}",
        });
    }
}

/// The label that every ClusterRole of Kubernetes has, `cluster-admin` included.
const BOOTSTRAPPING: (&str, &str) = ("kubernetes.io/bootstrapping", "rbac-defaults");

/// What a selector collects that the author of the role does not own. All its requirements must match, so one that
/// asks for the value of another label is enough to narrow it.
fn collects(selector: Node<'_>) -> Option<(&'static str, Severity)> {
    let (key, value) = BOOTSTRAPPING;
    let (mut empty, mut by_default_label, mut excludes) = (true, false, false);
    for (label, wanted) in selector.get("matchLabels").members() {
        empty = false;
        if label != key || wanted.text() != Some(value) {
            return None;
        }
        by_default_label = true;
    }
    for expression in selector.get("matchExpressions").items() {
        empty = false;
        let label = expression.get("key").text().unwrap_or_default();
        let is_default = label == key;
        let lists_default = expression.get("values").texts().any(|listed| listed == value);
        match expression.get("operator").text() {
            Some("In") if is_default && lists_default => by_default_label = true,
            Some("Exists") if is_default => by_default_label = true,
            Some("DoesNotExist") if is_default => excludes = true,
            Some("NotIn") if is_default && lists_default => excludes = true,
            Some("Exists") if is_of_own_domain(label) => return None,
            // cluster-admin has no other label.
            Some("Exists") => excludes = true,
            Some("NotIn" | "DoesNotExist") => {}
            _ => return None,
        }
    }
    if empty {
        Some(("selects every ClusterRole, including cluster-admin", Severity::High))
    } else if by_default_label && !excludes {
        Some(("selects Kubernetes' own ClusterRoles, including cluster-admin", Severity::High))
    } else {
        Some(("selects ClusterRoles that others write, whatever they grant", Severity::Medium))
    }
}

/// Whether the label has a prefix other than those of Kubernetes, whose labels many roles have.
fn is_of_own_domain(label: &str) -> bool {
    let domain = label.split_once('/').map(|(domain, _)| domain);
    domain.is_some_and(|domain| {
        !["kubernetes.io", "k8s.io"]
            .iter()
            .any(|suffix| domain.strip_suffix(suffix).is_some_and(|rest| rest.is_empty() || rest.ends_with('.')))
    })
}

/// Whether the selector asks for this label and nothing else.
fn is_for(selector: Node<'_>, label: &str) -> bool {
    let mut labels = selector.get("matchLabels").members();
    labels.next().is_some_and(|(key, value)| key == label && value.text() == Some("true"))
        && labels.next().is_none()
        && selector.get("matchExpressions").items().next().is_none()
}
