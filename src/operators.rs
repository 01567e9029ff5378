//! Software that runs in clusters and publishes its roles and bindings, for the setting `operators`.
//!
//! The table is generated from `operators/*.yaml`. It lists only facts about what is published. The setting says which
//! of it runs in a cluster, and in which namespace.

mod table;

pub use table::OPERATORS;

use crate::nearest::nearest;
use json::Node;
use kubernetes::grant::PolicyRule;
use kubernetes::role::Role;

/// What an operator publishes.
#[derive(Debug)]
pub struct Operator {
    /// As the setting names it.
    pub name: &'static str,
    /// The product's own name. Not in the module, like the texts below.
    pub title: &'static str,
    /// The namespace that its documentation uses.
    pub namespace: &'static str,
    /// Why it needs its grants, in one sentence.
    pub reason: &'static str,
    /// What a cluster operator should know.
    pub note: &'static str,
    /// Names of service accounts. `<namespace>/<name>` is in that namespace and not in the operator's own, and
    /// `group:<name>` is a group.
    pub accounts: &'static [&'static str],
    pub roles: &'static [PublishedRole],
    /// Kubernetes' own ClusterRoles that it binds, and the accounts that hold them.
    pub holds: &'static [(&'static str, &'static [&'static str])],
}

/// Roles with the same grants.
#[derive(Debug)]
pub struct PublishedRole {
    /// Whether it is a Role, which grants in one namespace only.
    pub namespaced: bool,
    pub names: &'static [&'static str],
    /// Whether it is made to be bound to users.
    pub for_users: bool,
    /// Namespaces of a Role in addition to the operator's own.
    pub elsewhere: &'static [&'static str],
    /// The most that a published version grants: `groups|resources|verbs|names`, separated by `;`. A first field `URL`
    /// is for non-resource URLs. It lists only what rules about roles can report.
    pub ceiling: &'static str,
}

/// An operator that a cluster runs.
#[derive(Clone, Debug, PartialEq)]
pub struct Declared {
    pub operator: &'static Operator,
    pub namespace: String,
}

/// Names are unique.
impl PartialEq for Operator {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

/// The operator with this name, or the nearest known name.
pub(crate) fn by_name(name: &str) -> Result<&'static Operator, Option<&'static str>> {
    let found = OPERATORS.iter().find(|operator| operator.name.eq_ignore_ascii_case(name));
    found.ok_or_else(|| nearest(name, &mut OPERATORS.iter().map(|operator| operator.name)))
}

/// A role that a binding refers to, or that a request writes.
#[derive(Clone, Copy, Debug)]
pub struct RoleName<'a> {
    pub namespaced: bool,
    /// Of a Role.
    pub namespace: &'a str,
    pub name: &'a str,
}

impl Declared {
    /// The published role of this name.
    pub fn role(&self, role: RoleName<'_>) -> Option<&'static PublishedRole> {
        self.operator.roles.iter().find(|published| {
            published.namespaced == role.namespaced
                && published.names.iter().any(|name| is_called(role.name, name))
                && (!role.namespaced
                    || role.namespace == self.namespace
                    || published.elsewhere.contains(&role.namespace))
        })
    }

    /// Whether the operator binds this role to the account: its own role, or one of Kubernetes' that it needs.
    pub fn binds(&self, role: RoleName<'_>, account: (&str, &str)) -> bool {
        let is_account = |accounts: &[&str]| accounts.iter().any(|listed| self.is(listed, account));
        if self.role(role).is_some() {
            return is_account(self.operator.accounts);
        }
        let held = self.operator.holds.iter().find(|(name, _)| !role.namespaced && *name == role.name);
        held.is_some_and(|(_, accounts)| is_account(accounts))
    }

    /// Whether the subject, a namespace (empty for a group) and a name, is what the table lists.
    fn is(&self, listed: &str, (namespace, name): (&str, &str)) -> bool {
        if let Some(group) = listed.strip_prefix("group:") {
            return namespace.is_empty() && name == group;
        }
        let (home, account) = listed.split_once('/').unwrap_or((&self.namespace, listed));
        namespace == home && is_called(name, account)
    }
}

/// Whether a name is the published one, or that behind the prefix of a release.
fn is_called(name: &str, published: &str) -> bool {
    name.strip_suffix(published).is_some_and(|prefix| prefix.is_empty() || prefix.ends_with('-'))
}

impl PublishedRole {
    /// The ceiling as a role with the metadata of `root`, because some grants depend on the namespace of the role.
    /// `namespaced` is whether it is bound in one namespace only.
    pub fn ceiling<'a>(&self, root: Node<'a>, namespaced: bool) -> Role<'a> {
        let rules = self.ceiling.split(';').filter(|rule| !rule.is_empty()).map(|rule| {
            let mut lists = rule.split('|').map(|list| list.split(',').collect::<Vec<_>>());
            let mut next = || lists.next().unwrap_or_default();
            let (groups, entries, verbs, names) = (next(), next(), next(), next());
            match groups.as_slice() {
                ["URL"] => PolicyRule::of(Vec::new(), Vec::new(), verbs, Vec::new(), entries),
                _ => PolicyRule::of(groups, entries, verbs, names, Vec::new()),
            }
        });
        Role::of(root, rules.collect(), namespaced)
    }
}
