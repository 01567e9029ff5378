//! Which part of a policy rule a finding is about. The policy itself answers: each part is evaluated as a role.

use crate::case::Case;
use admission::create_payload;
use entra_auth_policy::lookup::NoCluster;
use entra_auth_policy::settings::Date;
use entra_auth_policy::{Host, evaluate};
use serde_json::{Value, json};

/// Most entries of a list that is divided: nobody writes more by hand, and each part has a copy of the other lists.
pub(crate) const MOST_ENTRIES: usize = 64;

/// The strings of a list of the policy rule, unless there are too many to divide it.
pub(crate) fn list<'a>(policy_rule: &'a Value, key: &str) -> Option<Vec<&'a str>> {
    let entries = policy_rule[key].as_array()?;
    (entries.len() <= MOST_ENTRIES).then(|| entries.iter().map(Value::as_str).collect()).flatten()
}

/// The policy rule with one other list.
pub(crate) fn with(policy_rule: &Value, key: &str, entries: &[&str]) -> Value {
    let mut part = policy_rule.clone();
    part[key] = json!(entries);
    part
}

/// The entries of a list of the policy rule that one of the rules reports in a role that has nothing else.
pub(crate) fn reported_entries<'a>(
    case: &Case<'_>,
    policy_rule: &'a Value,
    key: &str,
    rules: &[&str],
) -> Option<Vec<&'a str>> {
    let entries = list(policy_rule, key)?;
    let parts: Vec<Value> = entries.iter().map(|entry| with(policy_rule, key, &[entry])).collect();
    let found = findings(case, &parts);
    let is_reported = |at: usize| found.iter().any(|(rule, part)| rules.contains(rule) && *part == at);
    let reported = entries.into_iter().enumerate().filter(|(at, _)| is_reported(*at));
    Some(reported.map(|(_, entry)| entry).collect())
}

/// The findings of the role if these were its policy rules: the rule of each, and the index of the policy rule.
pub(crate) fn findings(case: &Case<'_>, policy_rules: &[Value]) -> Vec<(&'static str, usize)> {
    let metadata = &case.object["metadata"];
    let role = json!({
        "apiVersion": case.object["apiVersion"], "kind": case.object["kind"],
        "metadata": {"name": metadata["name"], "namespace": metadata["namespace"]},
        "rules": policy_rules,
    });
    let payload = create_payload(&role, None, &json!({}));
    // Only exemptions ask for the date, and there are none.
    let today = || Date::from_unix_seconds(0);
    let evaluation = evaluate(&payload, &Host { today: &today, cluster: &NoCluster });
    let index = |pointer: &str| pointer.strip_prefix("/rules/")?.parse().ok();
    let found = evaluation.findings.iter();
    found.filter_map(|finding| Some((finding.rule.id, index(&finding.location.pointer)?))).collect()
}
