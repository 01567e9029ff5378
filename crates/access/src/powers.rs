//! What roles let their holders do that matters, by the table of the rules about roles.

use crate::rbac::{Binding, Rbac};
use entra_auth_policy::describe::{Power, powers};
use json::Node;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The powers of roles. Each role is read once for the cluster and once for namespaces, however often it is bound.
pub struct Powers<'r, 'a> {
    rbac: &'r Rbac<'a>,
    known: BTreeMap<(usize, bool), Vec<Power>>,
}

impl<'r, 'a> Powers<'r, 'a> {
    pub fn of(rbac: &'r Rbac<'a>) -> Powers<'r, 'a> {
        Powers { rbac, known: BTreeMap::new() }
    }

    /// What a binding lets its subjects do.
    pub fn of_binding(&mut self, binding: &Binding<'a>) -> &[Power] {
        let (rbac, namespaced) = (self.rbac, binding.namespace.is_some());
        let Some((at, role)) = rbac.role_index(binding).zip(rbac.role(binding)) else { return &[] };
        self.known.entry((at, namespaced)).or_insert_with(|| {
            let rules: Vec<Value> = role
                .rules
                .iter()
                .map(|rule| {
                    json!({"apiGroups": rule.groups, "resources": rule.resources, "verbs": rule.verbs,
                        "resourceNames": rule.names, "nonResourceURLs": rule.urls})
                })
                .collect();
            let text = json!({"metadata": role.object["metadata"], "rules": rules}).to_string();
            json::parse(&text).map_or_else(|_| Vec::new(), |tree| powers(Node::new(&tree), namespaced))
        })
    }
}
