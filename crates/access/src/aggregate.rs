//! Aggregated ClusterRoles.
//!
//! A controller writes the rules of the selected ClusterRoles into an aggregated one. A dump of a cluster has them
//! already; manifests do not. So an aggregated role has what is written in it and what it will have.

use crate::rbac::Role;
use crate::text;
use kubernetes::grant::PolicyRule;
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};

/// Adds the rules of the selected roles to each aggregated role.
pub(crate) fn complete(roles: &mut [Role<'_>]) {
    let cluster_roles: Vec<usize> = (0..roles.len()).filter(|at| roles.get(*at).is_some_and(is_cluster_role)).collect();
    let aggregated: Vec<usize> = cluster_roles
        .iter()
        .copied()
        .filter(|at| roles.get(*at).is_some_and(|role| !selectors(role).is_empty()))
        .collect();
    if aggregated.is_empty() {
        return;
    }
    // The roles by each of their labels.
    let mut by_label: BTreeMap<(&str, &str), Vec<usize>> = BTreeMap::new();
    for (at, role) in cluster_roles.iter().filter_map(|at| Some((*at, roles.get(*at)?))) {
        for (key, value) in labels(role) {
            by_label.entry((key, value)).or_default().push(at);
        }
    }
    let mut selected: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for at in &aggregated {
        let Some(role) = roles.get(*at) else { continue };
        let mut of: BTreeSet<usize> = BTreeSet::new();
        for selector in selectors(role) {
            // A label that is asked for leaves few roles to compare.
            let first = selector["matchLabels"].as_object().and_then(|labels| labels.iter().next());
            let candidates = match first.and_then(|(key, value)| Some((key.as_str(), value.as_str()?))) {
                Some(label) => by_label.get(&label).map(Vec::as_slice).unwrap_or_default(),
                None => cluster_roles.as_slice(),
            };
            of.extend(candidates.iter().filter(|at| roles.get(**at).is_some_and(|role| matches(selector, role))));
        }
        of.remove(at);
        selected.insert(*at, of.into_iter().collect());
    }
    let mut more: Vec<(usize, Vec<PolicyRule<'_>>)> = Vec::new();
    for at in aggregated {
        // A selected role can be aggregated too.
        let (mut reached, mut open) = (BTreeSet::from([at]), vec![at]);
        while let Some(next) = open.pop() {
            let of = selected.get(&next).into_iter().flatten();
            open.extend(of.filter(|role| reached.insert(**role)));
        }
        reached.remove(&at);
        let written = |role: &Role<'_>| role.object["rules"].as_array().cloned().unwrap_or_default();
        let Some(own) = roles.get(at) else { continue };
        let mut known: BTreeSet<String> = written(own).iter().map(Value::to_string).collect();
        let mut rules = Vec::new();
        for role in reached.iter().filter_map(|role| roles.get(*role)) {
            let values = role.object["rules"].as_array().into_iter().flatten();
            for (value, rule) in values.zip(&role.rules) {
                if known.insert(value.to_string()) {
                    rules.push(rule.clone());
                }
            }
        }
        more.push((at, rules));
    }
    for (at, rules) in more {
        if let Some(role) = roles.get_mut(at) {
            role.rules.extend(rules);
        }
    }
}

fn is_cluster_role(role: &Role<'_>) -> bool {
    text(role.object, &["kind"]) == "ClusterRole"
}

fn selectors<'a>(role: &Role<'a>) -> &'a [Value] {
    let selectors = role.object.pointer("/aggregationRule/clusterRoleSelectors").and_then(Value::as_array);
    selectors.map(Vec::as_slice).unwrap_or_default()
}

fn labels_object<'a>(role: &Role<'a>) -> Option<&'a Map<String, Value>> {
    role.object.pointer("/metadata/labels")?.as_object()
}

fn labels<'a>(role: &Role<'a>) -> impl Iterator<Item = (&'a str, &'a str)> {
    labels_object(role).into_iter().flatten().filter_map(|(key, value)| Some((key.as_str(), value.as_str()?)))
}

/// Whether a label selector selects a role. One without conditions selects all.
fn matches(selector: &Value, role: &Role<'_>) -> bool {
    let label = |key: &str| labels_object(role)?.get(key)?.as_str();
    let all_equal = selector["matchLabels"]
        .as_object()
        .into_iter()
        .flatten()
        .all(|(key, value)| label(key).is_some() && label(key) == value.as_str());
    let holds = |expression: &Value| {
        let value = label(text(expression, &["key"]));
        let among = || {
            value.is_some_and(|value| {
                expression["values"].as_array().is_some_and(|all| all.iter().any(|one| one == value))
            })
        };
        match text(expression, &["operator"]) {
            "In" => among(),
            "NotIn" => !among(),
            "Exists" => value.is_some(),
            "DoesNotExist" => value.is_none(),
            _ => false,
        }
    };
    all_equal && selector["matchExpressions"].as_array().into_iter().flatten().all(holds)
}
