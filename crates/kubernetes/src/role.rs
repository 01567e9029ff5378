//! Role and ClusterRole.

use crate::grant::{Grant, PolicyRule, is_cluster_scoped};
use json::Node;

#[derive(Clone, Debug)]
pub struct Role<'a> {
    pub root: Node<'a>,
    /// Whether the role grants in one namespace only (Role).
    pub namespaced: bool,
    rules: Vec<PolicyRule<'a>>,
}

impl<'a> Role<'a> {
    /// A role that may come from elsewhere than the request. A ClusterRole bound by a RoleBinding grants
    /// as a Role does: read it as `namespaced`.
    pub fn read(root: Node<'a>, namespaced: bool) -> Self {
        Role { root, namespaced, rules: root.get("rules").items().map(PolicyRule::read).collect() }
    }

    /// The rule lines.
    pub fn rules(&self) -> &[PolicyRule<'a>] {
        &self.rules
    }

    /// What `rule`, as a line of this role, grants: nothing outside the namespace of a Role. Binding a
    /// ClusterRole is the exception, because it is checked in the namespace of the binding.
    pub fn grant(&self, rule: &PolicyRule<'a>, verb: &str, group: &str, resource: &str) -> Option<Grant<'a>> {
        let outside = self.namespaced && verb != "bind" && is_cluster_scoped(group, resource);
        if outside { None } else { rule.grant(verb, group, resource) }
    }

    pub fn labels(&self) -> Node<'a> {
        self.root.at(&["metadata", "labels"])
    }
}
