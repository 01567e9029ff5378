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
    /// Reads a role, from the request or from a look-up. A ClusterRole that a RoleBinding binds grants what
    /// a Role would: read it as `namespaced`.
    pub fn read(root: Node<'a>, namespaced: bool) -> Self {
        Role { root, namespaced, rules: root.get("rules").items().map(PolicyRule::read).collect() }
    }

    /// A role of these policy rules, with the metadata of `root`.
    pub fn of(root: Node<'a>, rules: Vec<PolicyRule<'a>>, namespaced: bool) -> Self {
        Role { root, namespaced, rules }
    }

    /// The policy rules.
    pub fn rules(&self) -> &[PolicyRule<'a>] {
        &self.rules
    }

    /// What `rule`, a policy rule of this role, grants.
    pub fn grant(&self, rule: &PolicyRule<'a>, verb: &str, group: &str, resource: &str) -> Option<Grant<'a>> {
        if self.applies(verb, group, resource) { rule.grant(verb, group, resource) } else { None }
    }

    /// Whether the role can grant this at all: a Role grants nothing outside its namespace. Binding a
    /// ClusterRole is the exception, because the API server checks it in the namespace of the binding.
    pub fn applies(&self, verb: &str, group: &str, resource: &str) -> bool {
        !self.namespaced || verb == "bind" || !is_cluster_scoped(group, resource)
    }

    pub fn labels(&self) -> Node<'a> {
        self.root.at(&["metadata", "labels"])
    }
}
