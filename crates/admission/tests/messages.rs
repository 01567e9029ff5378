//! The messages and remediations of all rules, rendered for every fixture and compared with `docs/STYLE.md`.

use admission::fixture;
use entra_auth_policy::rules::{self, UNREADABLE};
use entra_auth_policy::verdict::Decision;
use entra_auth_policy::{Host, evaluate};
use serde_json::Value;
use std::path::Path;

/// Words that `docs/STYLE.md` forbids in messages.
const FORBIDDEN: &[&str] = &[
    "stands", "tells", "spares", "speaks", "nobody", "somebody", "besides", "whoever", "judge", "judged", "may not",
    "please", "shall", "whom",
];

/// Only cluster operators change settings, so an author is told to ask them.
const SETTINGS: &[&str] = &[
    "clusterAdmins",
    "allowedGroups",
    "allowedUsers",
    "allowExternalIssuers",
    "allowedTenants",
    "trustedRequesters",
    "authorityHosts",
    "exemption",
];

/// How the ratchet ends a message.
const AFTER_RATCHET: &[&str] =
    &[", allowed only because the old object has it too", " (the value is not compared, so that it can be rotated)"];

/// Longest message and remediation together, without names that the object gives.
const LONGEST: usize = 256;

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !(c.is_alphanumeric() || "'-_/.:<>[]{}$".contains(c))).filter(|word| !word.is_empty())
}

/// What is wrong with a text of a finding or of a rule.
fn faults(text: &str, part: &str) -> Vec<String> {
    let mut faults = Vec::new();
    let first = text.split(' ').next().unwrap_or_default();
    // A name such as `az` or `AZURE_CLIENT_ID` may begin a sentence; a word in upper case may not.
    if first.chars().next().is_none_or(|c| !c.is_lowercase()) {
        faults.push(format!("{part} does not start in lower case"));
    }
    if text.ends_with('.') || text.contains(". ") {
        faults.push(format!("{part} has a full stop"));
    }
    if text.contains("  ") || text.contains('\n') || text.trim() != text {
        faults.push(format!("{part} has superfluous white space"));
    }
    let lower: Vec<String> = words(text).map(str::to_lowercase).collect();
    for word in FORBIDDEN {
        if lower.iter().any(|known| known == word) {
            faults.push(format!("{part} says \"{word}\""));
        }
    }
    for pair in lower.windows(2) {
        if let [one, other] = pair
            && one == other
            && one.chars().all(char::is_alphabetic)
        {
            faults.push(format!("{part} says \"{one}\" twice"));
        }
    }
    faults
}

/// What is wrong with a remediation.
fn faults_of_fix(fix: &str) -> Vec<String> {
    let mut faults = faults(fix, "the remediation");
    let asks = fix.contains("ask your cluster operators") || fix.contains("bind a group that is listed in");
    if SETTINGS.iter().any(|name| fix.contains(name)) && !asks {
        faults.push("the remediation names a setting and does not say to ask the cluster operators".to_owned());
    }
    // One thing to do, with at most what makes it complete.
    if fix.matches(';').count() > 1 + fix.matches("azure.workload.identity/skip-containers").count() {
        faults.push("the remediation has more than two sentences".to_owned());
    }
    faults
}

/// The strings of an object at places that hold values rather than names.
fn values<'v>(node: &'v Value, is_value: bool, found: &mut Vec<&'v str>) {
    match node {
        // A flag without its value is a name.
        Value::String(text) if is_value && text.len() >= 12 && (!text.starts_with('-') || text.contains('=')) => {
            found.push(text)
        }
        Value::Array(items) => items.iter().for_each(|item| values(item, is_value, found)),
        Value::Object(members) => members.iter().for_each(|(key, member)| {
            let holds = matches!(key.as_str(), "value" | "data" | "stringData" | "args" | "command");
            values(member, is_value || holds, found);
        }),
        _ => {}
    }
}

/// The text without what the ratchet added.
fn own(message: &str) -> &str {
    let mut text = message;
    for end in AFTER_RATCHET {
        text = text.strip_suffix(end).unwrap_or(text);
    }
    text
}

/// What is wrong with a finding.
fn faults_of(decision: &Decision) -> Vec<String> {
    let message = own(&decision.message);
    let mut faults = faults(message, "the message");
    faults.extend(faults_of_fix(&decision.remediation));
    if message.len() + decision.remediation.len() > LONGEST {
        faults.push(format!("message and remediation have {} bytes", message.len() + decision.remediation.len()));
    }
    // Advice that the message itself says is followed.
    if let Some(is) = message.strip_prefix("is \"").and_then(|rest| rest.split('"').next())
        && !is.is_empty()
        && decision.remediation.ends_with(&format!(": \"{is}\""))
        && message.ends_with(&format!("\"{is}\""))
    {
        faults.push("the remediation is followed already".to_owned());
    }
    faults
}

/// The name after each `before` in a text, if it is one of a manifest rather than an English word: `clientSecret`,
/// `AZURE_CLIENT_SECRET`, `azure.workload.identity/use`.
fn names_after<'t>(text: &'t str, before: &str) -> impl Iterator<Item = &'t str> {
    let is_name = |word: &&str| {
        let has_inner_capital = word.chars().skip(1).any(char::is_uppercase);
        word.is_ascii() && !word.starts_with('<') && (has_inner_capital || word.contains(['_', '/']))
    };
    let after = text.match_indices(before).filter_map(move |(at, _)| text.get(at + before.len()..));
    after.filter_map(|rest| rest.split([' ', ',', ';']).next()).map(|word| word.trim_end_matches(':')).filter(is_name)
}

/// What of a remediation the object itself refutes: what it says to remove or to replace is there, and a label that it
/// says to write is not.
fn refuted(object: &str, fix: &str) -> Vec<String> {
    let gone = ["remove ", "instead of "].into_iter().flat_map(|before| names_after(fix, before));
    let mut faults: Vec<_> = gone
        .filter(|name| {
            let member = if name.contains('/') { name } else { name.rsplit('.').next().unwrap_or(name) };
            !object.to_lowercase().contains(&member.to_lowercase())
        })
        .map(|name| format!("the remediation names {name}, which the object does not have"))
        .collect();
    let is_labelled = object.contains("\"azure.workload.identity/use\":\"true\"");
    if is_labelled && fix.starts_with("label the pod") {
        faults.push("the remediation says to label a pod that is labelled".to_owned());
    }
    faults
}

#[test]
fn messages_follow_the_style() {
    let fixtures = fixture::all(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../test_data")).unwrap();
    let mut wrong = Vec::new();
    let mut rendered = 0;
    for fixture in &fixtures {
        let host = Host { today: &fixture::today, cluster: &fixture.cluster };
        let mut secret = Vec::new();
        values(&fixture.request["object"], false, &mut secret);
        let object = fixture.request["object"].to_string();
        for decision in evaluate(&fixture.payload(), &host).findings {
            rendered += 1;
            let (id, message, fix) = (decision.rule.id, &decision.message, &decision.remediation);
            let mut faults = faults_of(&decision);
            faults.extend(refuted(&object, fix));
            let is_of_secret = id.starts_with("credential-") || matches!(id, "aws-credential" | "kubeconfig-static");
            if is_of_secret && secret.iter().any(|value| message.contains(value) || fix.contains(value)) {
                faults.push("a value appears".to_owned());
            }
            for fault in faults {
                wrong.push(format!("{id}: {fault}\n  {} {message}\n  fix: {fix}", decision.location.path));
            }
        }
    }
    wrong.sort();
    wrong.dedup();
    assert!(rendered > 500, "only {rendered} findings");
    assert!(wrong.is_empty(), "{} faults\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn remediations_of_rules_follow_the_style() {
    for rule in rules::all().chain([&UNREADABLE]) {
        let faults = faults_of_fix(rule.remediation);
        assert!(faults.is_empty(), "{}: {faults:?}\n{}", rule.id, rule.remediation);
    }
}

#[test]
fn the_style_has_teeth() {
    for (text, fault) in [
        ("Holds a password", "lower case"),
        ("holds a password.", "full stop"),
        ("holds  a password", "white space"),
        ("holds what nobody reads", "nobody"),
        ("holds a a password", "twice"),
    ] {
        let found = faults(text, "the message");
        assert!(found.iter().any(|found| found.contains(fault)), "{text}: {found:?}");
    }
    let labelled = r#"{"labels":{"azure.workload.identity/use":"true"},"clientSecret":"x"}"#;
    for (fix, is_refuted) in [
        ("label the pod azure.workload.identity/use: \"true\"", true),
        ("set type: WorkloadIdentity, and remove clientSecret", false),
        ("remove authSecretRef", true),
        ("write clientID instead of clientId", true),
        ("remove the Secret", false),
    ] {
        assert_eq!(refuted(labelled, fix).is_empty(), !is_refuted, "{fix}");
    }
    assert!(!faults_of_fix("add the subject to the setting clusterAdmins").is_empty());
    assert!(!faults_of_fix("do this; do that; do more").is_empty());
    assert!(faults_of_fix("ask your cluster operators to list it in clusterAdmins").is_empty());
}
