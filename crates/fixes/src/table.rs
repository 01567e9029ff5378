//! For every rule: what its fix is, or why it has none.

use crate::Fix;
use crate::case::Case;
use crate::rules;
use std::sync::LazyLock;

pub struct Row {
    /// Id of the rule.
    pub rule: &'static str,
    pub answer: Answer,
    pub(crate) compute: Compute,
}

pub enum Answer {
    /// What the edits do, as imperatives. Not every finding of the rule has one.
    Fix { safe: Option<&'static str>, suggested: Option<&'static str> },
    /// There is no fix, for this reason.
    None { because: &'static str },
}

/// The fixes of one finding of the rule.
pub(crate) type Compute = fn(&Case<'_>) -> Vec<Fix>;

pub(crate) const fn safe(rule: &'static str, safe: &'static str, compute: Compute) -> Row {
    Row { rule, answer: Answer::Fix { safe: Some(safe), suggested: None }, compute }
}

pub(crate) const fn suggested(rule: &'static str, suggested: &'static str, compute: Compute) -> Row {
    Row { rule, answer: Answer::Fix { safe: None, suggested: Some(suggested) }, compute }
}

pub(crate) const fn both(rule: &'static str, safe: &'static str, suggested: &'static str, compute: Compute) -> Row {
    Row { rule, answer: Answer::Fix { safe: Some(safe), suggested: Some(suggested) }, compute }
}

pub(crate) const fn none(rule: &'static str, because: &'static str) -> Row {
    Row { rule, answer: Answer::None { because }, compute: |_| Vec::new() }
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

/// Whether a suggested fix can leave a finding of this rule: its placeholders are no ids, and what they name is not in
/// the settings and not in the cluster.
pub fn is_left_by_placeholder(rule: &str) -> bool {
    matches!(
        rule,
        "binding-foreign-service-account"
            | "binding-group-not-object-id"
            | "binding-not-allowed"
            | "binding-role-escalates"
            | "workload-identity-client"
            | "workload-identity-invalid-id"
            | "workload-identity-no-client-id"
            | "workload-identity-tenant"
    )
}

#[cfg(test)]
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
    fn placeholders_are_left_to_rules_that_exist() {
        assert!(rows().filter(|row| is_left_by_placeholder(row.rule)).count() == 8);
    }
}
