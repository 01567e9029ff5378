//! The policy's core for a web page: text of JSON in, text of JSON out, every error a value.
//!
//! The page reads YAML and knows the positions in it. The evaluation happens here, in
//! the same [`entra_auth_policy::evaluate`] that the policy server runs.

mod check;
mod fix;
mod kubectl;

use check::Question;
use entra_auth_policy::rules::{self, UNREADABLE};
use entra_auth_policy::settings::keys::{self, Key, ValueKind};
use json::Node;
use serde::Serialize;
use serde_json::{Value, json};
use wasm_bindgen::prelude::wasm_bindgen;

/// The longest text to read, in bytes. Memory is limited in a browser, and running out of it is a
/// trap; the API server accepts 3 MiB.
const LONGEST_TEXT: usize = 8 << 20;

/// Evaluates manifests: a [`Question`] in, an [`check::Answer`] or `{"error": "..."}` out.
#[wasm_bindgen]
pub fn check(question: &str) -> String {
    answer(|| {
        let question: Question<'_> = read(question)?;
        check::check(&question)
    })
}

/// What to change so that a finding, or every one with a safe fix, is gone: a [`Question`] in, a [`fix::Fixed`] or
/// `{"error": "..."}` out.
#[wasm_bindgen]
pub fn fix(question: &str) -> String {
    answer(|| {
        let question: Question<'_> = read(question)?;
        fix::fix(&question)
    })
}

/// The answer of the policy's `validate_settings`, and the individual problems:
/// `{"valid": false, "message": "...", "problems": [{"path": "rules.x", "text": "..."}]}`.
#[wasm_bindgen(js_name = validateSettings)]
pub fn validate_settings(settings: &str) -> String {
    answer(|| {
        let value = json::parse(fits(settings)?).map_err(|error| format!("the settings are unreadable: {error}"))?;
        let problems = entra_auth_policy::settings_problems(Node::new(&value));
        let problems = problems.iter().map(|problem| json!({"path": problem.path, "text": problem.text})).collect();
        let mut answer: Value =
            read(&String::from_utf8_lossy(&entra_auth_policy::validate_settings(settings.as_bytes())))?;
        answer["problems"] = Value::Array(problems);
        Ok(answer)
    })
}

/// The rule table: `[{"id", "group", "severity", "summary", "help"}]`, in its order.
#[wasm_bindgen]
pub fn rules() -> String {
    let groups = rules::GROUPS.iter().flat_map(|group| group.rules.iter().map(|rule| (group.title, *rule)));
    let table: Vec<Value> = [("Always on", &UNREADABLE)]
        .into_iter()
        .chain(groups)
        .map(|(group, rule)| {
            json!({
                "id": rule.id,
                "group": group,
                "severity": rule.severity.as_str(),
                "summary": rule.summary,
                "help": rule.remediation,
            })
        })
        .collect();
    Value::Array(table).to_string()
}

/// The settings keys, for a form: `[{"name", "kind", "default", "doc", ...}]`, in their order.
#[wasm_bindgen(js_name = settingsKeys)]
pub fn settings_keys() -> String {
    Value::Array(keys::SETTINGS.iter().map(key).collect()).to_string()
}

fn key(key: &Key) -> Value {
    let (kind, more) = match key.value {
        ValueKind::Bool(_) => ("bool", Value::Null),
        ValueKind::Choice(words, _) => ("choice", json!(words)),
        ValueKind::Seconds(least, _) => ("seconds", json!(least)),
        ValueKind::Text(..) => ("text", Value::Null),
        ValueKind::Date(_) => ("date", Value::Null),
        ValueKind::Texts(form, _) => ("texts", json!(form.what)),
        ValueKind::RuleActions(_) => ("ruleActions", json!(keys::ACTIONS)),
        ValueKind::Entries { keys, .. } => ("entries", keys.iter().map(self::key).collect()),
    };
    json!({
        "name": key.name,
        "kind": kind,
        "of": more,
        // A word of a choice can need quotes in YAML.
        "default": if kind == "choice" { key.default.trim_matches('"') } else { key.default },
        "required": key.required,
        "doc": key.doc,
    })
}

/// The answer as text, and an error as an answer.
fn answer<T: Serialize>(make: impl FnOnce() -> Result<T, String>) -> String {
    let text = make().and_then(|answer| serde_json::to_string(&answer).map_err(|error| error.to_string()));
    text.unwrap_or_else(|error| json!({ "error": error }).to_string())
}

fn read<'t, T: serde::Deserialize<'t>>(text: &'t str) -> Result<T, String> {
    serde_json::from_str(fits(text)?).map_err(|error| format!("not what was expected: {error}"))
}

fn fits(text: &str) -> Result<&str, String> {
    if text.len() <= LONGEST_TEXT { Ok(text) } else { Err(format!("longer than {} MiB", LONGEST_TEXT >> 20)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_validated_by_the_parser() {
        assert_eq!(validate_settings("{}"), r#"{"valid":true,"problems":[]}"#);
        let answer: Value =
            read(&validate_settings(r#"{"profil":"strict","rules":{"binding-anonymus":"off"}}"#)).unwrap();
        assert_eq!(answer["valid"], false);
        assert!(
            answer["message"].as_str().unwrap().starts_with("2 problems in the settings:\n- `profil`: "),
            "{answer}"
        );
        assert_eq!(answer["problems"][1]["path"], "rules.binding-anonymus");
        assert!(answer["problems"][1]["text"].as_str().unwrap().contains("did you mean `binding-anonymous`?"));
    }

    #[test]
    fn every_error_is_a_value() {
        let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
        let long = " ".repeat(LONGEST_TEXT + 1);
        for text in ["", "{", "[]", "null", "{}", r#"{"settings":1}"#, &deep, &long] {
            let answer: Value = read(&check(text)).unwrap();
            assert!(answer["error"].is_string(), "{answer}");
        }
        for text in ["", "{", &deep, &long] {
            let answer: Value = read(&validate_settings(text)).unwrap();
            assert!(answer["error"].is_string(), "{answer}");
        }
    }

    #[test]
    fn rules_and_keys_are_told() {
        let rules: Vec<Value> = read(&rules()).unwrap();
        assert_eq!(rules.len(), rules::all().count() + 1);
        assert!(rules.iter().all(|rule| !rule["help"].as_str().unwrap().is_empty()));
        let keys: Vec<Value> = read(&settings_keys()).unwrap();
        assert_eq!(keys[0]["of"], json!(["baseline", "restricted"]));
        assert!(keys.iter().all(|key| !key["doc"].as_str().unwrap().is_empty()));
    }
}
