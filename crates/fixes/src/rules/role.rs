//! Roles.

use crate::case::{Case, remove, set, suggested};
use crate::roles::{MOST_ENTRIES, findings, list, reported_entries, with};
use crate::table::{Row, none, suggested as suggested_row};
use crate::{Edit, Fix};
use entra_auth_policy::aks_defaults::aggregated_by;
use serde_json::{Value, json};

pub(crate) const ROWS: &[Row] = &[
    suggested_row("role-wildcard", WILDCARD, wildcard),
    suggested_row("role-escalation", LEAVE_OUT, leave_out),
    suggested_row("role-token-minting", LEAVE_OUT, leave_out),
    suggested_row("role-certificate-approval", "name your own signer, to fill in", own_signer),
    suggested_row("role-node-proxy", "grant nodes/metrics and nodes/stats instead", node_proxy),
    suggested_row("role-secret-read", "leave reading and writing Secrets out of all policy rules", secret_read),
    suggested_row(
        "role-secret-write",
        "grant only update and patch, on Secrets whose names are to be filled in",
        named_secrets,
    ),
    suggested_row("role-pod-exec", LEAVE_OUT, leave_out),
    none("role-admission-write", "the software that manages its webhooks needs the grant, and their names are its own"),
    suggested_row("role-rbac-write", LEAVE_OUT, leave_out),
    suggested_row("role-identity-write", LEAVE_OUT, leave_out),
    suggested_row("role-node-write", LEAVE_OUT, leave_out),
    suggested_row("role-volume-write", LEAVE_OUT, leave_out),
    suggested_row(
        "role-aggregates",
        "remove the label; select by a label of your own domain, to fill in; remove a selector from Kubernetes' own role",
        aggregates,
    ),
    suggested_row("role-custom-wildcard", WILDCARD, wildcard),
    none("role-workload-write", "a pipeline that deploys needs the grant, so the question is who holds the role"),
    suggested_row("role-namespace-write", LEAVE_OUT, leave_out),
    suggested_row("role-ineffective", "remove the resources that no namespace has", leave_out),
];

const WILDCARD: &str = "remove the wildcard, with the resources and verbs to fill in where nothing else is listed";
const LEAVE_OUT: &str = "leave the dangerous part of the grant out, and keep the rest of the policy rule";

/// The policy rule that the finding is at.
fn policy_rule<'a>(case: &Case<'a>) -> Option<&'a Value> {
    (case.above() == "/rules").then(|| case.node()).filter(|node| node.is_object())
}

fn wildcard(case: &Case<'_>) -> Vec<Fix> {
    let Some(policy_rule) = policy_rule(case) else { return Vec::new() };
    let mut edits = Vec::new();
    for (key, fill_in) in [("resources", "<resource>"), ("verbs", "<verb>"), ("nonResourceURLs", "<path>")] {
        let Some(entries) = list(policy_rule, key) else { continue };
        // A star at the end of a path is one, too.
        let is_star = |entry: &&str| **entry == *"*" || key == "nonResourceURLs" && entry.ends_with('*');
        let stars: Vec<usize> =
            entries.iter().enumerate().filter(|(_, entry)| is_star(entry)).map(|(at, _)| at).collect();
        let place = format!("{}/{key}", case.pointer());
        if stars.len() == entries.len() {
            edits.extend((!stars.is_empty()).then(|| set(place, json!([fill_in]))));
        } else {
            edits.extend(stars.into_iter().map(|at| remove(format!("{place}/{at}"))));
        }
    }
    // Every verb can be written out as well.
    let has_star = list(policy_rule, "verbs").is_some_and(|verbs| verbs.contains(&"*"));
    let without_star = with(policy_rule, "resources", &["<resource>"]);
    let is_still_wild = || findings(case, &[without_star]).iter().any(|(rule, _)| *rule == case.finding.rule);
    if edits.is_empty() || !has_star && is_still_wild() {
        edits.push(set(format!("{}/verbs", case.pointer()), json!(["<verb>"])));
    }
    suggested("name only what is needed", edits)
}

/// Removes what the finding is about: the resources that the rule reports, or on those its verbs.
fn leave_out(case: &Case<'_>) -> Vec<Fix> {
    let Some(policy_rule) = policy_rule(case) else { return Vec::new() };
    match without_reported(case, policy_rule, case.pointer(), &[case.finding.rule]) {
        Some(edits) => suggested(LEAVE_OUT_TITLE, edits),
        None => Vec::new(),
    }
}

const LEAVE_OUT_TITLE: &str = "leave the grant out of the policy rule";

/// Reading Secrets hides that the role writes them, in whichever policy rule, so both are left out.
fn secret_read(case: &Case<'_>) -> Vec<Fix> {
    const SECRETS: &[&str] = &["role-secret-read", "role-secret-write"];
    let policy_rules = case.at("/rules").as_array().map(Vec::as_slice).unwrap_or_default();
    if policy_rules.len() > MOST_ENTRIES {
        return Vec::new();
    }
    let mut edits = Vec::new();
    for (at, policy_rule) in policy_rules.iter().enumerate() {
        let pointer = format!("/rules/{at}");
        let is_of_secrets =
            findings(case, std::slice::from_ref(policy_rule)).iter().any(|(rule, _)| SECRETS.contains(rule));
        if is_of_secrets || pointer == case.pointer() {
            match without_reported(case, policy_rule, &pointer, SECRETS) {
                Some(more) => edits.extend(more),
                None => return Vec::new(),
            }
        }
    }
    suggested("leave the Secrets out of the policy rules", edits)
}

/// The policy rule at `pointer` without what these rules report. `None` if what is left would have another finding: a
/// grant that is reported can hide one that is not.
fn without_reported(case: &Case<'_>, policy_rule: &Value, pointer: &str, rules: &[&str]) -> Option<Vec<Edit>> {
    let resources = list(policy_rule, "resources")?;
    let reported = reported_entries(case, policy_rule, "resources", rules).filter(|reported| !reported.is_empty())?;
    let dangerous = with(policy_rule, "resources", &reported);
    let verbs = list(policy_rule, "verbs")?;
    let reported_verbs = reported_entries(case, &dangerous, "verbs", rules)?;
    let every_verb = reported_verbs.contains(&"*");
    let kept: Vec<&str> = match every_verb {
        true => vec!["get", "list", "watch"],
        false => verbs.iter().copied().filter(|verb| !reported_verbs.contains(verb)).collect(),
    };
    let rest: Vec<&str> = resources.iter().copied().filter(|resource| !reported.contains(resource)).collect();
    // What is still granted on the resources that are reported.
    let harmless = with(&dangerous, "verbs", &kept);
    let is_granted = !kept.is_empty() && findings(case, std::slice::from_ref(&harmless)).is_empty();
    let mut edits: Vec<Edit> = Vec::new();
    if rest.is_empty() {
        match (is_granted, every_verb) {
            (false, _) => edits.push(remove(pointer)),
            (true, true) => edits.push(set(format!("{pointer}/verbs"), json!(kept))),
            (true, false) => {
                let places = verbs.iter().enumerate().filter(|(_, verb)| reported_verbs.contains(verb));
                edits.extend(places.map(|(at, _)| remove(format!("{pointer}/verbs/{at}"))));
            }
        }
        return Some(edits);
    }
    let known = findings(case, std::slice::from_ref(policy_rule));
    // Fixes of other findings can leave those out which are reported for another reason.
    let parts: Vec<Value> = rest.iter().map(|resource| with(policy_rule, "resources", &[resource])).collect();
    let found = findings(case, &parts);
    let is_plain = |at: &usize| found.iter().all(|(rule, part)| part != at || rule.ends_with("-wildcard"));
    let plain: Vec<&str> =
        rest.iter().enumerate().filter(|(at, _)| is_plain(at)).map(|(_, resource)| *resource).collect();
    let mut left = findings(case, &[with(policy_rule, "resources", &rest)]);
    left.extend(findings(case, &[with(policy_rule, "resources", &plain)]));
    if left.iter().any(|(rule, _)| rules.contains(rule) || !known.iter().any(|(known, _)| known == rule)) {
        return None;
    }
    let places = resources.iter().enumerate().filter(|(_, resource)| reported.contains(resource));
    edits.extend(places.map(|(at, _)| remove(format!("{pointer}/resources/{at}"))));
    edits.extend(is_granted.then(|| set("/rules/-", harmless)));
    Some(edits)
}

fn own_signer(case: &Case<'_>) -> Vec<Fix> {
    let Some(policy_rule) = policy_rule(case) else { return Vec::new() };
    // Without signers, the names of the policy rule are those of requests.
    match reported_resources(policy_rule, "signers") {
        true => suggested(
            "name your own signer",
            [set(format!("{}/resourceNames", case.pointer()), json!(["<domain>/<signer>"]))],
        ),
        false => Vec::new(),
    }
}

fn reported_resources(policy_rule: &Value, only: &str) -> bool {
    list(policy_rule, "resources").is_some_and(|resources| resources.iter().all(|resource| *resource == only))
}

fn node_proxy(case: &Case<'_>) -> Vec<Fix> {
    let Some(resources) = policy_rule(case).and_then(|policy_rule| list(policy_rule, "resources")) else {
        return Vec::new();
    };
    let Some(at) = resources.iter().position(|resource| *resource == "nodes/proxy") else { return Vec::new() };
    let place = format!("{}/resources", case.pointer());
    let mut edits = Vec::new();
    let wanted: Vec<&str> =
        ["nodes/metrics", "nodes/stats"].into_iter().filter(|new| !resources.contains(new)).collect();
    match wanted.split_first() {
        Some((first, others)) => {
            edits.push(set(format!("{place}/{at}"), *first));
            edits.extend(others.iter().map(|other| set(format!("{place}/-"), *other)));
        }
        None => edits.push(remove(format!("{place}/{at}"))),
    }
    suggested("grant nodes/metrics and nodes/stats instead of nodes/proxy", edits)
}

fn named_secrets(case: &Case<'_>) -> Vec<Fix> {
    let Some(policy_rule) = policy_rule(case) else { return Vec::new() };
    if !reported_resources(policy_rule, "secrets") {
        return leave_out(case);
    }
    let pointer = case.pointer();
    suggested(
        "grant only update and patch, on named Secrets",
        [
            set(format!("{pointer}/verbs"), json!(["update", "patch"])),
            set(format!("{pointer}/resourceNames"), json!(["<secret>"])),
        ],
    )
}

fn aggregates(case: &Case<'_>) -> Vec<Fix> {
    if !case.pointer().starts_with("/aggregationRule/") {
        return suggested("remove the label, and bind the role to those who need it", [remove(case.pointer())]);
    }
    let name = case.at("/metadata/name").as_str().unwrap_or_default();
    match aggregated_by(name) {
        Some(_) => suggested("remove the selector from Kubernetes' own role", [remove(case.pointer())]),
        None => suggested(
            "select by a label of your own domain",
            [set(case.pointer(), json!({"matchLabels": {"<domain>/aggregate-to-<role>": "true"}}))],
        ),
    }
}
