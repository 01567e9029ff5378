//! The table of all rules, in the order in which findings are reported.

pub mod aws;
pub mod binding;
pub mod credential;
pub mod node_identity;
pub mod pod_identity;
pub mod role;
pub mod token;
pub mod unreadable_object;
pub mod workload_identity;

use crate::auth_mode;
use crate::nearest::nearest;
use crate::rule::{Check, Rule};
use crate::settings::keys::RELEASES;
use crate::view::workload;
use kubernetes::kind::{self, Kind};

/// Always on, so it is not in the table: it cannot be turned off or exempted.
pub use unreadable_object::RULE as UNREADABLE;

/// A folder of rules and its chapter in the documentation.
pub struct Group {
    pub id: &'static str,
    pub title: &'static str,
    pub rules: &'static [&'static Rule],
}

pub static GROUPS: &[&Group] = &[
    &binding::GROUP,
    &role::GROUP,
    &token::GROUP,
    &pod_identity::GROUP,
    &workload_identity::GROUP,
    &node_identity::GROUP,
    &credential::GROUP,
    &aws::GROUP,
];

/// Rules that are newer than the first release, with the release that they came with.
const NEWER: &[(&str, &str)] = &[];

/// The release that a rule came with, as an index of [`RELEASES`].
pub fn release_of(id: &str) -> usize {
    release_in(NEWER, RELEASES, id)
}

fn release_in(newer: &[(&str, &str)], releases: &[&str], id: &str) -> usize {
    let since = newer.iter().find(|(rule, _)| *rule == id).map(|(_, release)| *release);
    since.and_then(|since| releases.iter().position(|release| *release == since)).unwrap_or_default()
}

/// Every rule, once.
pub fn all() -> impl Iterator<Item = &'static Rule> + Clone {
    GROUPS.iter().flat_map(|group| group.rules.iter().copied())
}

/// The rule of the table with this id.
pub fn by_id(id: &str) -> Option<&'static Rule> {
    all().find(|rule| rule.id == id)
}

/// An id that settings may name, or the problem with it.
pub(crate) fn id_in_settings(id: &str) -> Result<&'static str, String> {
    if id == UNREADABLE.id {
        return Err("this rule cannot be turned off or exempted".to_owned());
    }
    by_id(id).map(|rule| rule.id).ok_or_else(|| {
        let hint = nearest(id, &mut all().map(|rule| rule.id));
        format!("no such rule{}", hint.map_or(String::new(), |known| format!("; did you mean `{known}`?")))
    })
}

/// Every kind that a rule reads: what `metadata.yml` asks for.
pub fn watched() -> Vec<&'static Kind> {
    let listed = all().flat_map(|rule| rule.checks).filter_map(|check| match check {
        Check::Kinds(kinds, _) => Some(*kinds),
        _ => None,
    });
    let modes = auth_mode::entries().flat_map(|entry| entry.kinds());
    let templates = workload::TEMPLATE_PATHS.iter().map(|(kind, ..)| kind);
    let mut watched: Vec<&Kind> = Vec::new();
    for kind in templates.chain(kind::OTHERS).chain(listed.flatten()).chain(modes) {
        if !watched.contains(&kind) {
            watched.push(kind);
        }
    }
    watched
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_unique_kebab_case() {
        let mut ids: Vec<_> = all().map(|rule| rule.id).collect();
        let count = ids.len();
        for id in &ids {
            assert!(id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-'), "{id}");
        }
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), count);
    }

    #[test]
    fn newer_rules_exist_and_name_a_release() {
        for (id, release) in NEWER {
            assert!(by_id(id).is_some(), "{id}");
            assert!(RELEASES.iter().skip(1).any(|known| known == release), "{id}: {release}");
        }
    }

    #[test]
    fn a_rule_has_the_release_that_it_came_with() {
        let (newer, releases) = (&[("c", "0.3"), ("b", "0.2")], &["0.1", "0.2", "0.3"]);
        assert_eq!(["a", "b", "c"].map(|id| release_in(newer, releases, id)), [0, 1, 2]);
    }

    /// One style for everything users read: a fault as a noun phrase, a remedy as an imperative.
    #[test]
    fn texts_are_one_plain_line() {
        for rule in all().chain([&UNREADABLE]) {
            for text in [rule.summary, rule.remediation] {
                assert!(!text.is_empty() && !text.contains('\n') && !text.ends_with('.'), "{}: {text}", rule.id);
                assert!(text.len() <= 200, "{}: {text}", rule.id);
            }
            assert!(rule.remediation.starts_with(|c: char| c.is_lowercase()), "{}: {}", rule.id, rule.remediation);
        }
    }
}
