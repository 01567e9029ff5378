//! What a rule line of a role grants, as Kubernetes' RBAC authorizer reads it.
//!
//! The authorizer asks "may this line do VERB on GROUP/RESOURCE called NAME?" We have no request, so we
//! ask for all names at once: not at all, for the names listed, or for every one. Matching is exact and
//! case-sensitive: `*` stands for everything only as a whole entry, `*/scale` for that subresource of
//! everything, and neither `pods/*` nor a star in `resourceNames` is a wildcard.

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

/// How far a grant goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reach {
    /// Only for requests that carry one of the `resourceNames`.
    Named,
    All,
}

/// A positive answer, with the entries that give it, as they are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grant<'a> {
    pub verb: &'a str,
    pub resource: &'a str,
    pub reach: Reach,
}

const ALL: &str = "*";

/// Every verb that ordinary resources have: listed one by one they are as good as `*`.
const ORDINARY_VERBS: &[&str] = &["get", "list", "watch", "create", "update", "patch", "delete", "deletecollection"];

impl<'a> PolicyRule<'a> {
    pub fn read(node: Node<'a>) -> Self {
        // Go decodes a null in a list of strings as "", which is the core group and a name of its own.
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

    /// Whether the line grants `verb` on `resource` (`pods`, `pods/exec`) of `group`, and how far.
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

    pub fn has_resource(&self, resource: &str) -> bool {
        self.resource(resource).is_some()
    }

    /// Whether resources are written as a lone `*`, which includes every subresource.
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

    /// Whether every path outside the resources of the API is covered: `*` at the end is a prefix match.
    pub fn every_url(&self) -> bool {
        self.urls.iter().any(|url| url.ends_with('*') && matches!(url.trim_end_matches('*'), "" | "/"))
    }

    fn verb(&self, verb: &str) -> Option<&'a str> {
        entry(&self.verbs, |written| written == verb).or_else(|| entry(&self.verbs, |written| written == ALL))
    }

    /// The entry for `resource`: itself if it is written out, else the narrowest wildcard.
    fn resource(&self, resource: &str) -> Option<&'a str> {
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

    fn reach(&self, carries_name: bool) -> Option<Reach> {
        if self.names.is_empty() || (!carries_name && self.names.contains(&"")) {
            // An empty name in the list is the name that `list` and `create` come with.
            return Some(Reach::All);
        }
        self.names.iter().any(|name| !name.is_empty()).then_some(Reach::Named)
    }
}

fn entry<'a>(list: &[&'a str], fits: impl Fn(&str) -> bool) -> Option<&'a str> {
    list.iter().copied().find(|written| fits(written))
}

/// Whether requests of this verb always name an object. Lists may (by field selector), a `create` of a
/// subresource does, one of the resource itself only by server-side apply.
pub fn carries_name(verb: &str, resource: &str) -> bool {
    !matches!(verb, "list" | "watch" | "deletecollection") && (verb != "create" || resource.contains('/'))
}

/// Whether the resource exists outside namespaces, where a Role grants nothing. Namespaces are left out:
/// a request for one counts as made inside it.
pub fn is_cluster_scoped(group: &str, resource: &str) -> bool {
    let name = resource.split_once('/').map_or(resource, |(name, _)| name);
    CLUSTER_SCOPED.iter().any(|(known, names)| *known == group && names.contains(&name))
}

/// API groups that Kubernetes itself serves. All others belong to somebody's operator.
pub fn is_built_in_group(group: &str) -> bool {
    BUILT_IN_GROUPS.contains(&group)
}

#[cfg(test)]
mod tests;
