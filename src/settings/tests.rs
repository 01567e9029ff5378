use super::*;
use crate::{read_settings, settings_problems};
use json::parse;

fn read(json: &str) -> (Settings, Vec<String>) {
    let value = parse(json).unwrap();
    let node = Node::new(&value);
    (read_settings(node).0, settings_problems(node).iter().map(ToString::to_string).collect())
}

#[test]
fn nothing_is_good() {
    for json in
        ["{}", "null", r#"{"profile":"","rules":null,"exemptions":"","maxTokenSeconds":null,"clusterAdmins":""}"#]
    {
        assert_eq!(read(json), (Settings::default(), vec![]), "{json}");
    }
}

#[test]
fn every_mistake_is_reported_at_once() {
    let (_, problems) = read(
        r#"{"profil":"baseline","rules":{"binding-anonymus":"deny","binding-anonymous":true},"maxTokenSeconds":60,
            "exemptions":[{"rules":["binding-anonymous"],"until":"soon"}],"podTemplatePaths":[{"kind":"X","path":"$.a["}]}"#,
    );
    assert_eq!(
        problems,
        [
            "`profil`: no such key; did you mean `profile`?",
            "`rules.binding-anonymus`: no such rule; did you mean `binding-anonymous`?",
            "`rules.binding-anonymous`: `true` is not an action; write deny, warn or off",
            "`maxTokenSeconds`: must be a whole number of seconds, at least 600, found 60",
            "`podTemplatePaths[0].path`: is not a valid RFC 9535 JSONPath: parser error (at character 3)",
            "`exemptions[0].reason`: is required",
            "`exemptions[0].until`: must be a date, YYYY-MM-DD, found \"soon\"",
            "`exemptions[0]`: needs a value other than `*` in at least one of kinds, namespaces, names, requesters, groups; to turn a rule off everywhere, use `rules`",
        ]
    );
}

#[test]
fn sensible_spellings() {
    let (settings, problems) = read(
        r#"{"profile":"Restricted","rules":{"binding-anonymous":false,"pod-identity-label":"Deny"},
            "clusterAdmins":["{0F8FAD5B-D9CB-469F-A165-70867728950E}","system:serviceaccount:flux-system:flux"],
            "allowedUsers":"*@contoso.com","ratchet":"false","maxTokenSeconds":"3600","ownedPods":"Warn",
            "exemptions":[{"names":"x","reason":"r","until":"2026-11-21T00:00:00Z"}]}"#,
    );
    assert_eq!(problems, Vec::<String>::new());
    assert_eq!(settings.profile, Profile::Restricted);
    assert_eq!(settings.overrides, [("binding-anonymous", Override::Off), ("pod-identity-label", Override::Deny)]);
    assert!(settings.is_cluster_admin("0f8fad5b-d9cb-469f-a165-70867728950e"));
    assert!(settings.is_allowed_user("Jane@Contoso.com") && !settings.is_allowed_user("jane@contoso.com.evil.org"));
    assert!(!settings.ratchet && settings.owned_pods_warn);
    assert_eq!(settings.max_token_seconds, 3600);
    assert_eq!(settings.exemptions[0].until, Date::parse("2026-11-21"));
}

/// A number loses its zeros: 0.10 would be 0.1.
#[test]
fn a_release_is_a_string() {
    let current = keys::RELEASES.len() - 1;
    assert_eq!(read("{}").0.rules_as_of, current);
    assert_eq!(read(r#"{"rulesAsOf":"0.1"}"#).0.rules_as_of, 0);
    assert_eq!(read(r#"{"rulesAsOf":0.1}"#).1, ["`rulesAsOf`: must be 0.1 in quotes, found a fraction"]);
    assert!(read(r#"{"rulesAsOf":"99.0"}"#).1[0].starts_with("`rulesAsOf`: must be 0.1"));
}

#[test]
fn the_last_release_is_this_version() {
    let (major_minor, _) = env!("CARGO_PKG_VERSION").rsplit_once('.').unwrap();
    assert_eq!(keys::RELEASES.last(), Some(&major_minor));
    let row = keys::SETTINGS.iter().find(|key| key.name == "rulesAsOf").unwrap();
    assert_eq!(row.default.trim_matches('"'), major_minor);
}

#[test]
fn wrong_types_everywhere() {
    for key in keys::SETTINGS {
        for wrong in ["[[1]]", "{\"a\":{}}", "5.5", "[null,{}]"] {
            let (_, problems) = read(&format!("{{\"{}\":{wrong}}}", key.name));
            assert!(!problems.is_empty(), "{} {wrong}", key.name);
        }
    }
    assert_eq!(read("[]").1, ["must be a map of settings, found a list"]);
}

#[test]
fn the_unreadable_rule_stays_on() {
    let (_, problems) = read(
        r#"{"rules":{"unreadable-object":"off"},"exemptions":[{"rules":["unreadable-object"],"names":["x"],"reason":"r"}]}"#,
    );
    assert_eq!(problems.len(), 2);
    assert!(problems.iter().all(|p| p.ends_with("this rule cannot be turned off or exempted")));
}
