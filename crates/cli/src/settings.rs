//! The settings that requests are evaluated with.

use crate::CompiledPolicy;
use crate::args::Policy;
use crate::rule_page;
use anyhow::{Context, Result, anyhow, bail};
use entra_auth_policy::settings::keys::SETTINGS;
use entra_auth_policy::{read_settings, rules, validate_settings};
use json::Node;
use serde::Deserialize;
use serde_json::{Map, Value};
use std::path::Path;

/// What `validate_settings` answers.
#[derive(Deserialize)]
struct Answer {
    valid: bool,
    message: Option<String>,
}

/// Reads the file, applies the options that change settings, and validates the result as a policy server does.
/// `lookups` turns `clusterLookups` on.
pub(crate) fn load(policy: &Policy, lookups: bool, module: Option<&dyn CompiledPolicy>) -> Result<Value> {
    let file = policy.settings.as_deref();
    let mut settings = match file {
        Some(path) => read(path, policy.policy.as_deref()).with_context(|| path.display().to_string())?,
        None if policy.policy.is_some() => bail!("--policy chooses from the file of --settings, and there is none"),
        None => Value::Object(Map::new()),
    };
    // Before the options, so that a mistake is reported as it is written.
    validate(&settings, file, module)?;
    if let Value::Object(settings) = &mut settings {
        if let Some(profile) = &policy.profile {
            settings.insert("profile".to_owned(), profile.as_str().into());
        }
        if lookups {
            settings.insert("clusterLookups".to_owned(), true.into());
        }
        let left_out = left_out(policy);
        if !left_out.is_empty() {
            let actions = settings.entry("rules").or_insert(Value::Null);
            if !actions.is_object() {
                *actions = Value::Object(Map::new());
            }
            for rule in left_out {
                actions[rule] = "off".into();
            }
        }
    }
    validate(&settings, file, module)?;
    Ok(settings)
}

/// The rules that `--rules` and `--skip-rules` leave out. Objects that cannot be read are always reported.
fn left_out(policy: &Policy) -> Vec<&'static str> {
    let is_in = |list: &[String], id: &str| list.iter().any(|rule| rule == id);
    rule_page::rules()
        .map(|(_, rule)| rule.id)
        .filter(|id| *id != rules::UNREADABLE.id)
        .filter(|id| is_in(&policy.skip_rules, id) || !policy.rules.is_empty() && !is_in(&policy.rules, id))
        .collect()
}

fn validate(settings: &Value, file: Option<&Path>, module: Option<&dyn CompiledPolicy>) -> Result<()> {
    let payload = settings.to_string().into_bytes();
    let answer = match module {
        None => validate_settings(&payload),
        Some(module) => module.validate_settings(&payload).context("the module failed to validate the settings")?,
    };
    let answer: Answer = serde_json::from_slice(&answer).context("the module's answer about the settings")?;
    if !answer.valid {
        let name = file.map_or_else(|| "the settings".to_owned(), |path| path.display().to_string());
        bail!("{name}: {}", answer.message.unwrap_or_else(|| "not valid".to_owned()));
    }
    Ok(())
}

/// The settings of a file, which must be valid.
pub(crate) fn valid(path: &Path) -> Result<Value> {
    let settings = read(path, None)?;
    let answer: Answer = serde_json::from_slice(&validate_settings(settings.to_string().as_bytes()))?;
    if !answer.valid {
        bail!("{}", answer.message.unwrap_or_else(|| "not valid".to_owned()));
    }
    Ok(settings)
}

/// Whether rules look things up, as the policy itself reads the settings.
pub(crate) fn wants_cluster(settings: &Value) -> bool {
    let text = settings.to_string();
    json::parse(&text).is_ok_and(|value| read_settings(Node::new(&value)).0.cluster_lookups)
}

/// The settings in a file, of the policy with the `chosen` name if there are several.
pub(crate) fn read(path: &Path, chosen: Option<&str>) -> Result<Value> {
    let text = manifest::decode(std::fs::read(path)?).map_err(anyhow::Error::msg)?;
    let documents = manifest::documents(&text);
    // A document of its own, so that a manifest next to the policy does not matter.
    let values: Vec<Value> = documents.iter().map(|document| document.read()).collect::<Result<_, _>>()?;
    let candidates: Vec<(String, &Value)> = values.iter().flat_map(policies).collect();
    let names = || {
        let names: Vec<String> = candidates.iter().map(|(name, _)| format!("`{name}`")).collect();
        names.join(", ")
    };
    let settings = match (candidates.as_slice(), chosen) {
        ([], None) if values.len() <= 1 => {
            let value = values.into_iter().next().unwrap_or_default();
            if let Some(what) = something_else(&value) {
                bail!("{what}, neither settings nor a policy");
            }
            value
        }
        ([], None) => bail!("{}, and none of them is a policy", kinds(&values)),
        ([], Some(name)) => bail!("no policy is called `{name}`, because the file has none"),
        ([(_, settings)], None) => (*settings).clone(),
        (_, None) => bail!("has several policies: choose one with --policy ({})", names()),
        (_, Some(name)) => match candidates.iter().find(|(candidate, _)| candidate == name) {
            Some((_, settings)) => (*settings).clone(),
            None => bail!("no policy is called `{name}`; the file has {}", names()),
        },
    };
    match settings {
        Value::Null => Ok(Value::Object(Map::new())),
        settings => Ok(settings),
    }
}

/// The policies of a manifest with their settings: a policy, or the members of a group. Members of other modules are
/// left out if some are recognisably of this one.
fn policies(value: &Value) -> Vec<(String, &Value)> {
    let name = || value["metadata"]["name"].as_str().unwrap_or_default().to_owned();
    match value["kind"].as_str().unwrap_or_default() {
        "List" => value["items"].as_array().into_iter().flatten().flat_map(policies).collect(),
        "ClusterAdmissionPolicy" | "AdmissionPolicy" => vec![(name(), &value["spec"]["settings"])],
        "ClusterAdmissionPolicyGroup" | "AdmissionPolicyGroup" => {
            let members: Vec<_> = value["spec"]["policies"].as_object().into_iter().flatten().collect();
            let is_ours = |member: &Value| member["module"].as_str().is_some_and(|module| module.contains(OURS));
            let some_are_ours = members.iter().any(|(_, member)| is_ours(member));
            let kept = members.into_iter().filter(|(_, member)| !some_are_ours || is_ours(member));
            kept.map(|(name, member)| (name.clone(), &member["settings"])).collect()
        }
        _ => Vec::new(),
    }
}

const OURS: &str = "entra-auth-policy";

/// `2 documents (ServiceAccount, ClusterRoleBinding)`
fn kinds(values: &[Value]) -> String {
    let mut kinds: Vec<&str> = values.iter().filter_map(|value| value["kind"].as_str()).collect();
    kinds.dedup();
    let more = if kinds.len() > 3 { ", ..." } else { "" };
    let shown: Vec<_> = kinds.into_iter().take(3).map(text::shown).collect();
    let named = if shown.is_empty() { String::new() } else { format!(" ({}{more})", shown.join(", ")) };
    format!("{}{named}", crate::report::count(values.len(), "document"))
}

/// What a value is that cannot be settings. Only keys are shown.
fn something_else(value: &Value) -> Option<String> {
    let Some(members) = value.as_object() else {
        return match value {
            Value::Array(_) => Some("a list".to_owned()),
            Value::Null | Value::Object(_) => None,
            _ => Some("a text or a number".to_owned()),
        };
    };
    let text = |key: &str| value[key].as_str().unwrap_or_default();
    let a = |thing: &str| {
        let article = if thing.starts_with(['A', 'E', 'I', 'O', 'U', 'a', 'e', 'i', 'o']) { "an" } else { "a" };
        Some(format!("{article} {}", text::shown(thing)))
    };
    match (text("apiVersion"), text("kind")) {
        (_, "") => {}
        ("", _) => {}
        (_, kind) => return a(kind),
    }
    if value["request"].is_object() || value["operation"].is_string() && value["kind"].is_object() {
        return Some("an admission request".to_owned());
    }
    if value["runs"].is_array() {
        return Some("a SARIF report".to_owned());
    }
    if !text("apiVersion").is_empty() && !text("name").is_empty() && !text("version").is_empty() {
        return Some("a Helm chart's Chart.yaml".to_owned());
    }
    if value["rules"].is_array() && value["annotations"].is_object() && !value["mutating"].is_null() {
        return Some("the metadata of a policy".to_owned());
    }
    // If half of the keys are known, or nearly are, the policy's own list of problems is of more use.
    let near = |key: &&String| {
        SETTINGS.iter().any(|known| strsim::damerau_levenshtein(key, known.name) <= known.name.len() / 3)
    };
    if members.keys().filter(near).count() * 2 >= members.len() {
        return None;
    }
    let shown: Vec<String> = members.keys().take(3).map(|key| format!("`{}`", text::shown(key))).collect();
    let more = if members.len() > 3 { ", ..." } else { "" };
    Some(format!("a file with the keys {}{more}", shown.join(", ")))
}

/// The settings with more exemptions, as YAML.
pub(crate) fn with_exemptions(settings: &Value, more: Vec<Value>) -> Result<String> {
    let mut settings = settings.clone();
    let members = settings.as_object_mut().ok_or_else(|| anyhow!("the settings are not an object"))?;
    let mut exemptions = members.remove("exemptions").and_then(|list| list.as_array().cloned()).unwrap_or_default();
    exemptions.extend(more);
    members.insert("exemptions".to_owned(), exemptions.into());
    Ok(yaml(&settings))
}

/// Settings as YAML: every text is quoted where it has to be.
fn yaml(value: &Value) -> String {
    fn write(value: &Value, indent: usize, out: &mut String) {
        let pad = " ".repeat(indent);
        match value {
            Value::Object(members) if !members.is_empty() => {
                for (at, (key, member)) in members.iter().enumerate() {
                    if at > 0 {
                        out.push_str(&pad);
                    }
                    out.push_str(&scalar(&Value::String(key.clone())));
                    out.push(':');
                    match member {
                        Value::Object(inner) if !inner.is_empty() => {
                            out.push_str(&format!("\n{pad}  "));
                            write(member, indent + 2, out);
                        }
                        Value::Array(items) if items.iter().any(|item| item.is_object() || item.is_array()) => {
                            out.push_str(&format!("\n{pad}"));
                            write(member, indent, out);
                        }
                        _ => {
                            out.push(' ');
                            write(member, indent + 2, out);
                        }
                    }
                }
            }
            Value::Array(items) if items.iter().any(|item| item.is_object() || item.is_array()) => {
                for (at, item) in items.iter().enumerate() {
                    out.push_str(if at > 0 { &pad } else { "" });
                    out.push_str("- ");
                    write(item, indent + 2, out);
                }
            }
            Value::Array(items) => {
                let items: Vec<String> = items.iter().map(scalar).collect();
                out.push_str(&format!("[{}]\n", items.join(", ")));
            }
            Value::Object(_) => out.push_str("{}\n"),
            scalar_value => {
                out.push_str(&scalar(scalar_value));
                out.push('\n');
            }
        }
    }
    fn scalar(value: &Value) -> String {
        let Value::String(text) = value else { return value.to_string() };
        let is_plain = text.starts_with(|first: char| first.is_ascii_alphabetic())
            && text.chars().all(|c| c.is_ascii_alphanumeric() || "-._/".contains(c))
            && !matches!(
                text.to_ascii_lowercase().as_str(),
                "true" | "false" | "yes" | "no" | "on" | "off" | "null" | "y" | "n"
            );
        // JSON's quotes are YAML's double quotes.
        if is_plain { text.clone() } else { value.to_string() }
    }
    let mut out = String::new();
    write(value, 0, &mut out);
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn written_settings_are_read_as_the_same() {
        for settings in [
            json!({}),
            json!({"profile": "restricted", "rules": {"a": "off"}, "clusterAdmins": ["a@b.c", "*@x"], "ratchet": false}),
            json!({"exemptions": [{"rules": ["a", "b"], "names": ["on"], "until": "2030-01-01", "reason": "a: \"b\" # c\n\u{e9}"}]}),
            json!({"identities": [{"namespace": "1", "clientIds": []}, {"namespace": "{{x}}"}], "maxTokenSeconds": 600}),
        ] {
            let text = yaml(&settings);
            assert_eq!(manifest::parse(&text).unwrap_or_default(), settings, "{text}");
        }
    }
}
