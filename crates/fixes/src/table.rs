//! For every rule: what its fix is, or why it has none.

use crate::Fix;
use crate::case::Case;
use crate::rules;
use std::sync::LazyLock;

pub struct Row {
    /// Id of the rule.
    pub rule: &'static str,
    #[cfg(feature = "texts")]
    pub answer: Answer,
    pub(crate) compute: Compute,
}

#[cfg(feature = "texts")]
pub enum Answer {
    /// What the edits do, as imperatives. Not every finding of the rule has one.
    Fix { safe: Option<&'static str>, suggested: Option<&'static str> },
    /// There is no fix, for this reason.
    None { because: &'static str },
}

/// The fixes of one finding of the rule.
pub(crate) type Compute = fn(&Case<'_>) -> Vec<Fix>;

pub(crate) const fn safe(rule: &'static str, safe: &'static str, compute: Compute) -> Row {
    fix(rule, Some(safe), None, compute)
}

pub(crate) const fn suggested(rule: &'static str, suggested: &'static str, compute: Compute) -> Row {
    fix(rule, None, Some(suggested), compute)
}

pub(crate) const fn both(rule: &'static str, safe: &'static str, suggested: &'static str, compute: Compute) -> Row {
    fix(rule, Some(safe), Some(suggested), compute)
}

#[cfg_attr(not(feature = "texts"), expect(unused_variables, reason = "the texts are left out"))]
const fn fix(rule: &'static str, safe: Option<&'static str>, suggested: Option<&'static str>, compute: Compute) -> Row {
    Row {
        rule,
        #[cfg(feature = "texts")]
        answer: Answer::Fix { safe, suggested },
        compute,
    }
}

#[cfg_attr(not(feature = "texts"), expect(unused_variables, reason = "the texts are left out"))]
pub(crate) const fn none(rule: &'static str, because: &'static str) -> Row {
    Row {
        rule,
        #[cfg(feature = "texts")]
        answer: Answer::None { because },
        compute: |_| Vec::new(),
    }
}

/// Every rule once, in the order of the groups.
pub fn rows() -> impl Iterator<Item = &'static Row> + Clone {
    rules::GROUPS.iter().copied().flatten()
}

/// The row of the rule with this id.
pub fn row(rule: &str) -> Option<&'static Row> {
    static BY_ID: LazyLock<Vec<(&str, &Row)>> = LazyLock::new(|| {
        let mut rows: Vec<_> = rows().map(|row| (row.rule, row)).collect();
        rows.sort_by_key(|(id, _)| *id);
        rows
    });
    let at = BY_ID.binary_search_by_key(&rule, |(id, _)| *id).ok()?;
    BY_ID.get(at).map(|(_, row)| *row)
}

/// Whether a suggested fix of a finding of `rule` can leave one of the rule `left` that was not there before. Its
/// placeholders are not ids, and what they name is neither in the settings nor in the cluster.
pub fn may_leave(rule: &str, left: &str) -> bool {
    LEFT_BY_PLACEHOLDERS.contains(&left) || UNCOVERED.contains(&(rule, left))
}

const LEFT_BY_PLACEHOLDERS: &[&str] = &[
    "binding-foreign-service-account",
    "binding-group-not-object-id",
    "binding-not-allowed",
    "binding-role-escalates",
    "workload-identity-client",
    "workload-identity-invalid-id",
    "workload-identity-no-client-id",
    "workload-identity-tenant",
];

/// One finding can hide another.
const UNCOVERED: &[(&str, &str)] = &[
    // A user who is written wrong is not known to be a person.
    ("binding-user-not-entra", "binding-individual-user"),
    // Without its credential, software signs in as the node.
    ("credential-from-secret", "node-identity-mode"),
    ("credential-in-env", "node-identity-mode"),
    // With "false", the author has decided.
    ("workload-identity-label-value", "workload-identity-not-labelled"),
];

#[cfg(all(test, feature = "texts"))]
mod tests {
    use super::*;
    use entra_auth_policy::rules::{UNREADABLE, all};
    use std::collections::BTreeSet;

    #[test]
    fn every_rule_has_a_row() {
        let known: Vec<&str> =
            std::iter::once(&UNREADABLE).chain(all().collect::<Vec<_>>()).map(|rule| rule.id).collect();
        let listed: Vec<&str> = rows().map(|row| row.rule).collect();
        let missing: Vec<_> = known.iter().filter(|id| !listed.contains(id)).collect();
        let unknown: Vec<_> = listed.iter().filter(|id| !known.contains(id)).collect();
        assert!(missing.is_empty() && unknown.is_empty(), "missing: {missing:?}, unknown: {unknown:?}");
        assert_eq!(listed.iter().collect::<BTreeSet<_>>().len(), listed.len(), "a rule is listed twice");
        assert!(known.iter().all(|id| row(id).is_some_and(|row| row.rule == *id)));
    }

    #[test]
    fn most_rules_have_a_fix() {
        let fixed = rows().filter(|row| matches!(row.answer, Answer::Fix { .. })).count();
        assert!(fixed >= 45, "{fixed}");
    }

    /// Both are parts of sentences and cells of tables.
    #[test]
    fn texts_are_one_plain_line() {
        for row in rows() {
            let texts = match row.answer {
                Answer::Fix { safe, suggested } => [safe, suggested],
                Answer::None { because } => [Some(because), None],
            };
            for text in texts.into_iter().flatten() {
                assert!(
                    text.starts_with(|c: char| c.is_lowercase()) || text.starts_with("RBAC"),
                    "{}: {text}",
                    row.rule
                );
                assert!(!text.contains(['\n', '|']) && !text.ends_with('.'), "{}: {text}", row.rule);
            }
        }
    }

    #[test]
    fn findings_that_are_left_are_of_rules_that_exist() {
        let pairs = UNCOVERED.iter().flat_map(|(rule, left)| [*rule, *left]);
        for rule in LEFT_BY_PLACEHOLDERS.iter().copied().chain(pairs) {
            assert!(row(rule).is_some(), "{rule}");
        }
    }
}
