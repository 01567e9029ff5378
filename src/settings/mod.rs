//! The settings of the policy.
//!
//! Bad settings stop a whole policy server, so every sensible spelling is accepted and all problems are
//! reported at once, each with its path, what was found and what is allowed.

mod exemption;
pub mod keys;
mod lists;
mod reader;
#[cfg(test)]
mod tests;

pub use exemption::{Date, Exemption, grants_digest, groups_of};
pub use lists::{Asked, Identities, Names, Patterns};

use crate::finding::Severity;
use crate::object::Object;
use crate::operators::{Declared, PublishedRole, RoleName};
use json::Node;
use json::path as json_path;

/// The rule with an id, as the rule table spells it, or the problem with that id.
pub type RuleId = fn(&str) -> Result<&'static str, String>;

#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    pub profile: Profile,
    /// Actions of single rules, by id.
    pub overrides: Vec<(&'static str, Override)>,
    pub cluster_admins: Names,
    pub allowed_groups: Names,
    pub allowed_users: Patterns,
    pub allow_external_issuers: bool,
    pub allowed_tenants: Names,
    pub authority_hosts: Names,
    pub identities: Identities,
    pub max_token_seconds: i64,
    pub credential_paths: Vec<UserPath>,
    pub pod_template_paths: Vec<UserPath>,
    pub trusted_requesters: Vec<String>,
    /// Software of the table of operators that runs in this cluster.
    pub operators: Vec<Declared>,
    pub exemptions: Vec<Exemption>,
    pub cluster_lookups: bool,
    pub ratchet: bool,
    /// Only warn about Pods that built-in controllers make for their own objects.
    pub owned_pods_warn: bool,
    /// The release whose rules deny, as an index of [`keys::RELEASES`].
    pub rules_as_of: usize,
    /// Where a refused user reads more, and who helps. Empty if not set.
    pub help_url: String,
    pub contact: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Profile {
    Baseline,
    Restricted,
}

impl Profile {
    pub fn as_str(self) -> &'static str {
        match self {
            Profile::Baseline => "baseline",
            Profile::Restricted => "restricted",
        }
    }

    /// Whether it denies findings of this severity.
    pub fn denies(self, severity: Severity) -> bool {
        match self {
            Profile::Baseline => severity == Severity::High,
            Profile::Restricted => severity >= Severity::Medium,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Override {
    Deny,
    Warn,
    Off,
}

/// A path into objects of one kind, written by the user.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct UserPath {
    pub api_group: String,
    pub kind: String,
    pub path: String,
    pub name: String,
}

/// One problem in the settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The key, as a path: `exemptions[1].until`.
    pub path: String,
    pub text: String,
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.path.is_empty() { f.write_str(&self.text) } else { write!(f, "`{}`: {}", self.path, self.text) }
    }
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            profile: Profile::Baseline,
            overrides: Vec::new(),
            cluster_admins: Names::default(),
            allowed_groups: Names::default(),
            allowed_users: Patterns::default(),
            allow_external_issuers: false,
            allowed_tenants: Names::default(),
            authority_hosts: Names::default(),
            identities: Identities::default(),
            max_token_seconds: 86_400,
            credential_paths: Vec::new(),
            pod_template_paths: Vec::new(),
            trusted_requesters: Vec::new(),
            operators: Vec::new(),
            exemptions: Vec::new(),
            cluster_lookups: false,
            ratchet: true,
            owned_pods_warn: false,
            rules_as_of: keys::RELEASES.len().saturating_sub(1),
            help_url: String::new(),
            contact: String::new(),
        }
    }
}

impl Settings {
    /// Reads settings and reports every problem. An absent node is `{}`.
    pub fn read(node: Node<'_>, rule_id: RuleId) -> (Settings, Vec<Problem>) {
        reader::read(node, rule_id, false)
    }

    /// Whether `name` (a user name, object id or service account) may hold cluster-admin.
    pub fn is_cluster_admin(&self, name: &str) -> bool {
        !self.cluster_admins.is_empty() && self.cluster_admins.contains(&name.to_ascii_lowercase())
    }

    pub fn is_allowed_user(&self, name: &str) -> bool {
        !self.allowed_users.is_empty() && self.allowed_users.matches(name)
    }

    pub(crate) fn override_of(&self, rule: &str) -> Option<Override> {
        self.overrides.iter().find(|(id, _)| *id == rule).map(|(_, action)| *action)
    }

    /// Called for every rule; most settings turn off none.
    #[inline]
    pub(crate) fn turns_off(&self, rule: &str) -> bool {
        !self.overrides.is_empty() && self.override_of(rule) == Some(Override::Off)
    }

    /// The operators that publish a role of this name, and what they publish.
    pub(crate) fn published<'s>(
        &'s self,
        role: RoleName<'s>,
    ) -> impl Iterator<Item = (&'s Declared, &'static PublishedRole)> + 's {
        self.operators.iter().filter_map(move |declared| Some((declared, declared.role(role)?)))
    }

    /// The pod templates of a kind that only `podTemplatePaths` knows.
    pub fn pod_templates<'a>(&self, object: &Object<'a>) -> Vec<Node<'a>> {
        let mut templates = Vec::new();
        select(&self.pod_template_paths, object, &mut |_, template| templates.push(template));
        templates
    }
}

/// Calls `found` with each node of the object that one of the paths selects, in document order.
pub(crate) fn select<'s, 'a>(
    paths: &'s [UserPath],
    object: &Object<'a>,
    found: &mut dyn FnMut(&'s UserPath, Node<'a>),
) {
    let of_kind: Vec<&UserPath> = paths.iter().filter(|path| path.fits(object)).collect();
    if of_kind.is_empty() {
        return;
    }
    let texts: Vec<&str> = of_kind.iter().map(|path| path.path.as_str()).collect();
    json_path::select_all(&texts, object.root, &mut |path, node| {
        of_kind.get(path).into_iter().for_each(|path| found(path, node));
    });
}

impl UserPath {
    pub fn fits(&self, object: &Object<'_>) -> bool {
        self.kind == object.kind && self.api_group == object.group
    }
}

/// Every problem that `validate_settings` reports: those of [`Settings::read`], and JSONPaths that do not
/// compile, which a request finds out only when it needs one.
pub fn problems(node: Node<'_>, rule_id: RuleId) -> Vec<Problem> {
    reader::read(node, rule_id, true).1
}
