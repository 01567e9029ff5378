//! What a policy rule of a role grants, as Kubernetes' RBAC authorizer reads it.
//!
//! The authorizer decides whether a policy rule allows a verb on a resource, a group and a name. An
//! admitted role has no request yet, so the answer covers all names at once: no name, the listed names or
//! every name. Matching is exact and case-sensitive. `*` means everything only as a whole entry, and
//! `*/scale` means that subresource of everything. Neither `pods/*` nor a star in `resourceNames` is a
//! wildcard.

use crate::resources::BUILT_IN_GROUPS;
use json::Node;

pub use crate::resources::CLUSTER_SCOPED;

/// One entry of `rules`: the five lists as Kubernetes decodes them.
#[derive(Clone, Debug)]
pub struct PolicyRule<'a> {
    pub node: Node<'a>,
    pub verbs: Vec<&'a str>,
    pub groups: Vec<&'a str>,
    /// `resource`, `resource/subresource`, `*/subresource` or `*`.
    pub resources: Vec<&'a str>,
    pub names: Vec<&'a str>,
    pub urls: Vec<&'a str>,
}

/// Which names a grant covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reach {
    /// Only requests that carry one of the `resourceNames`.
    Named,
    All,
}

/// A positive answer, with the entries of the policy rule that give it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grant<'a> {
    pub verb: &'a str,
    pub resource: &'a str,
    pub reach: Reach,
}

const ALL: &str = "*";

/// Every verb that ordinary resources have. A policy rule that lists them all is as good as `*`.
pub const ORDINARY_VERBS: &[&str] =
    &["get", "list", "watch", "create", "update", "patch", "delete", "deletecollection"];

impl<'a> PolicyRule<'a> {
    pub fn read(node: Node<'a>) -> Self {
        // Go decodes a null in a list of strings as "", which is the core group and a valid resource name.
        let list = |key: &str| node.get(key).items().map(|item| item.text().unwrap_or_default()).collect();
        PolicyRule {
            node,
            verbs: list("verbs"),
            groups: list("apiGroups"),
            resources: list("resources"),
            names: list("resourceNames"),
            urls: list("nonResourceURLs"),
        }
    }

    /// A policy rule of these lists, without a node.
    pub fn of(
        groups: Vec<&'a str>,
        resources: Vec<&'a str>,
        verbs: Vec<&'a str>,
        names: Vec<&'a str>,
        urls: Vec<&'a str>,
    ) -> Self {
        PolicyRule { node: Node::absent(), verbs, groups, resources, names, urls }
    }

    /// Whether the policy rule grants `verb` on `resource` (`pods`, `pods/exec`) of `group`, and for which names.
    pub fn grant(&self, verb: &str, group: &str, resource: &str) -> Option<Grant<'a>> {
        self.has_group(group).then_some(())?;
        Some(Grant {
            verb: self.verb(verb)?,
            resource: self.resource(resource)?,
            reach: self.reach(carries_name(verb, resource))?,
        })
    }

    pub fn has_group(&self, group: &str) -> bool {
        self.groups.iter().any(|written| *written == ALL || *written == group)
    }

    /// Whether one of the resources is a lone `*`, which includes every subresource.
    pub fn every_resource(&self) -> bool {
        self.resources.contains(&ALL)
    }

    pub fn every_group(&self) -> bool {
        self.groups.contains(&ALL)
    }

    /// `*`, or every ordinary verb listed.
    pub fn every_verb(&self) -> bool {
        self.verbs.contains(&ALL) || ORDINARY_VERBS.iter().all(|verb| self.verbs.contains(verb))
    }

    /// Whether one of `verbs` is granted.
    pub fn any_verb(&self, verbs: &[&str]) -> bool {
        verbs.iter().any(|verb| self.verb(verb).is_some())
    }

    /// Whether every non-resource URL is covered. A `*` at the end is a prefix match.
    pub fn every_url(&self) -> bool {
        self.urls.iter().any(|url| url.ends_with('*') && matches!(url.trim_end_matches('*'), "" | "/"))
    }

    /// Whether a request for a non-resource URL is covered. A `*` at the end is a prefix match.
    pub fn has_url(&self, path: &str) -> bool {
        self.urls.iter().any(|url| match url.strip_suffix('*') {
            Some(_) => path.starts_with(url.trim_end_matches('*')),
            None => *url == path,
        })
    }

    /// Whether a request that names this object, or none if it is empty, is covered.
    pub fn has_name(&self, name: &str) -> bool {
        self.names.is_empty() || self.names.contains(&name)
    }

    /// The entry that covers `verb`: the verb itself if it is written out, else `*`.
    pub fn verb(&self, verb: &str) -> Option<&'a str> {
        let entry = |wanted: &str| self.verbs.iter().copied().find(|written| *written == wanted);
        entry(verb).or_else(|| entry(ALL))
    }

    /// The entry that covers `resource`: the resource itself if it is written out, else the narrowest wildcard.
    pub fn resource(&self, resource: &str) -> Option<&'a str> {
        let subresource = resource.split_once('/').map(|(_, subresource)| subresource);
        let mut wildcard = None;
        for written in self.resources.iter().copied() {
            if written == resource {
                return Some(written);
            }
            if written.starts_with('*') {
                let of_everything = subresource.is_some() && written.strip_prefix("*/") == subresource;
                if of_everything || (written == ALL && wildcard.is_none()) {
                    wildcard = Some(written);
                }
            }
        }
        wildcard
    }

    /// Which names the policy rule covers, for requests that carry a name or do not.
    pub fn reach(&self, carries_name: bool) -> Option<Reach> {
        if self.names.is_empty() || (!carries_name && self.names.contains(&"")) {
            // `list` and `create` requests have an empty name, and an empty entry matches it.
            return Some(Reach::All);
        }
        self.names.iter().any(|name| !name.is_empty()).then_some(Reach::Named)
    }
}

/// Whether requests of this verb always name an object. A list does so only by field selector. A `create`
/// of a subresource does; a `create` of the resource itself does so only by server-side apply.
pub fn carries_name(verb: &str, resource: &str) -> bool {
    !matches!(verb, "list" | "watch" | "deletecollection") && (verb != "create" || resource.contains('/'))
}

/// Whether the resource exists outside namespaces, where a Role grants nothing. Namespaces are not on the
/// list, because a request for a namespace counts as made inside it.
pub fn is_cluster_scoped(group: &str, resource: &str) -> bool {
    let name = resource.split_once('/').map_or(resource, |(name, _)| name);
    CLUSTER_SCOPED.iter().any(|(known, names)| *known == group && names.contains(&name))
}

/// Whether Kubernetes itself serves the API group. All other groups belong to operators.
pub fn is_built_in_group(group: &str) -> bool {
    BUILT_IN_GROUPS.contains(&group)
}

#[cfg(test)]
mod tests;
