//! Wildcards: policy rules that grant every resource or every verb instead of those that are needed.

use super::listing;
use super::table::{ADMISSION, AUTHENTICATION, CERTIFICATES, CORE, RBAC, READ, WRITE};
use crate::finding::Severity;
use kubernetes::grant::{PolicyRule, is_built_in_group};
use kubernetes::role::Role;

pub(super) const WRITE_URL: &[&str] = &["post", "put", "patch", "delete"];

/// Groups that hold credentials and rights, in a cluster and in a namespace.
pub(super) const SENSITIVE: &[&str] = &[CORE, RBAC, ADMISSION, AUTHENTICATION, CERTIFICATES];
const SENSITIVE_IN_NAMESPACE: &[&str] = &[CORE, RBAC];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wildcard {
    /// Every non-resource URL.
    Urls,
    /// Resources or verbs, of Kubernetes' own API groups too.
    Resources,
    /// Resources or verbs of custom API groups only.
    Custom,
}

impl Wildcard {
    /// Id of the rule that reports it.
    pub(super) fn rule(self) -> &'static str {
        if self == Wildcard::Custom { "role-custom-wildcard" } else { "role-wildcard" }
    }

    pub(super) fn describe(self, policy_rule: &PolicyRule<'_>) -> String {
        let list = |every, what: &str, entries: &[&str]| {
            if every { format!("every {what}") } else { listing(entries.to_vec()) }
        };
        let verbs = list(policy_rule.every_verb(), "verb", &policy_rule.verbs);
        if self == Wildcard::Urls {
            return format!("{verbs} on every non-resource URL");
        }
        let resources = list(policy_rule.every_resource(), "resource", &policy_rule.resources);
        let groups = policy_rule.groups.iter().map(|group| if group.is_empty() { "core" } else { group });
        let groups = match policy_rule.groups.len() {
            _ if policy_rule.every_group() => "every API group".to_owned(),
            1 => format!("API group {}", listing(groups.collect())),
            _ => format!("API groups {}", listing(groups.collect())),
        };
        format!("{verbs} on {resources} in {groups}")
    }
}

/// Whether `role-wildcard` rather than the table reports what a lone `*` among the resources grants.
pub(super) fn covers(role: &Role<'_>, policy_rule: &PolicyRule<'_>) -> bool {
    let sensitive = if role.namespaced { SENSITIVE_IN_NAMESPACE } else { SENSITIVE };
    policy_rule.every_resource()
        && sensitive.iter().any(|group| policy_rule.has_group(group))
        && (policy_rule.any_verb(WRITE) || policy_rule.any_verb(READ))
}

/// The wildcard to report. `covered` is what [`covers`] says; `reported` is whether the table reports the policy
/// rule, apart from what reads Secrets.
pub(super) fn find(
    role: &Role<'_>,
    policy_rule: &PolicyRule<'_>,
    covered: bool,
    reported: bool,
) -> Option<(Wildcard, Severity)> {
    if !role.namespaced && policy_rule.every_url() && policy_rule.any_verb(WRITE_URL) {
        return Some((Wildcard::Urls, Severity::High));
    }
    if covered {
        let severity = match (policy_rule.any_verb(WRITE), role.namespaced) {
            (true, false) => Severity::High,
            (true, true) => Severity::Medium,
            // Outside the core group, reading exposes no secrets.
            (false, _) if !policy_rule.has_group(CORE) => return None,
            (false, false) => Severity::Medium,
            (false, true) => Severity::Low,
        };
        return Some((Wildcard::Resources, severity));
    }
    let PolicyRule { verbs, groups, resources, .. } = policy_rule;
    if reported || verbs.is_empty() || groups.is_empty() || resources.is_empty() {
        return None;
    }
    let (every_verb, every_resource) = (policy_rule.every_verb(), policy_rule.every_resource());
    if groups.iter().any(|group| *group == "*" || is_built_in_group(group)) {
        let wild = every_verb || (every_resource && policy_rule.any_verb(WRITE));
        return wild.then_some((Wildcard::Resources, Severity::Low));
    }
    // In one namespace, an operator may have everything that its own API groups hold.
    let wild = !role.namespaced && (every_verb || every_resource);
    wild.then_some((Wildcard::Custom, Severity::Low))
}
