//! A role grants every resource, or every verb, instead of those that are needed.
//!
//! # Why
//!
//! `*` includes what the cluster has today and what it gets tomorrow: Secrets, tokens, roles, admission
//! policies. A role with a wildcard is cluster-admin under another name, past the rule that watches bindings to
//! `cluster-admin`. Wildcard resources with a write verb are denied in a ClusterRole, for all API groups and for
//! those that hold credentials and rights (core, RBAC, admission, authentication, certificates); inside one
//! namespace they warn, because Microsoft's own tutorial has such a Role. Reading everything still reads every
//! Secret. `*` as a verb on resources that are named is hygiene.
//!
//! ```yaml deny
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRole
//! metadata:
//!   name: power-user
//! rules:
//! - apiGroups: ["*"]
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
//! kind: Role
//! metadata:
//!   name: app-viewer
//!   namespace: shop
//! rules:
//! - apiGroups: [apps]
//!   resources: [deployments, statefulsets]
//!   verbs: [get, list, watch]
//! ```
//!
//! # Source
//!
//! - [Kubernetes RBAC good practices](https://kubernetes.io/docs/concepts/security/rbac-good-practices/#least-privilege)
//! - [Use Kubernetes RBAC with Microsoft Entra integration](https://learn.microsoft.com/azure/aks/kubernetes-rbac-entra-id)

use super::danger::{
    ADMISSION, AUTHENTICATION, CERTIFICATES, CORE, RBAC, WRITE, finding, is_spoken_of, listing, worst_of,
};
use crate::finding::{Finding, Severity};
use crate::rule::{Check, Rule, RuleContext};
use kubernetes::grant::{PolicyRule, is_built_in_group};
use kubernetes::role::Role;
use text::docs_only;

pub static RULE: Rule = Rule {
    id: "role-wildcard",
    summary: docs_only("role with a wildcard"),
    remediation: "name what is needed, such as resources: [deployments], verbs: [get, list, watch]",
    severity: Severity::High,
    checks: &[Check::Role(check)],
};

const EVERY: &str = "*";
const READ: &[&str] = &["get", "list", "watch"];
const WRITE_URL: &[&str] = &["post", "put", "patch", "delete"];

/// Groups that hold credentials and rights, in a cluster and in a namespace.
const SENSITIVE: &[&str] = &[CORE, RBAC, ADMISSION, AUTHENTICATION, CERTIFICATES];
const SENSITIVE_IN_NAMESPACE: &[&str] = &[CORE, RBAC];

fn check<'a>(cx: &mut RuleContext<'a>, role: &Role<'a>) {
    cx.findings.extend(role.rules().iter().filter_map(|line| find(role, line)));
}

/// Whether this rule, not the table of dangerous grants, speaks of what a `*` resource of the line gives.
pub fn covers(role: &Role<'_>, line: &PolicyRule<'_>) -> bool {
    let sensitive = if role.namespaced { SENSITIVE_IN_NAMESPACE } else { SENSITIVE };
    line.every_resource()
        && sensitive.iter().any(|group| line.has_group(group))
        && (line.any_verb(WRITE) || line.any_verb(READ))
}

pub fn find<'a>(role: &Role<'a>, line: &PolicyRule<'a>) -> Option<Finding<'a>> {
    let found = |severity, what| Some(finding(&RULE, severity, line, what));
    if !role.namespaced && line.every_url() && line.any_verb(WRITE_URL) {
        let what = format!("grants {} on every non-resource URL", listing(&line.verbs));
        return found(Severity::High, what);
    }
    if covers(role, line) {
        let write = line.any_verb(WRITE);
        let severity = match (write, role.namespaced) {
            (true, false) => Severity::High,
            (true, true) => Severity::Medium,
            // Without the core group there is nothing secret to read.
            (false, _) if !line.has_group(CORE) => return None,
            (false, false) => Severity::Medium,
            (false, true) => Severity::Low,
        };
        return found(severity, describe(role, line));
    }
    let built_in = line.groups.iter().any(|group| *group == EVERY || is_built_in_group(group));
    let wild = line.every_verb() || (line.every_resource() && line.any_verb(WRITE));
    let inert = line.resources.is_empty();
    if built_in && wild && !inert && !is_spoken_of(role, line) {
        return found(Severity::Low, describe(role, line));
    }
    None
}

fn describe(role: &Role<'_>, line: &PolicyRule<'_>) -> String {
    let verbs = if line.verbs.contains(&EVERY) { EVERY.to_owned() } else { listing(&line.verbs) };
    if !line.every_resource() {
        return format!("grants every verb on {}", listing(&line.resources));
    }
    let groups: Vec<&str> = line.groups.iter().map(|group| if group.is_empty() { "core" } else { group }).collect();
    let groups = if line.every_group() { "every API group".to_owned() } else { listing(&groups) };
    let worst = worst_of(role, line).map(|(verb, resource)| format!(", even {verb} on {resource}"));
    format!("grants {verbs} on every resource of {groups}{}", worst.unwrap_or_default())
}
