//! What the policy reports about the result: settings that accept the identities, and tasks for what is left.

use crate::answers::{is_guid, is_placeholder};
use crate::plan::{Identity, Kept, ObjectName, Task};
use admission::Change;
use entra_auth_policy::auth_mode::entries;
use entra_auth_policy::lookup::NoCluster;
use entra_auth_policy::settings::Date;
use entra_auth_policy::view::workload::TEMPLATE_PATHS;
use entra_auth_policy::view::workload_identity::CLIENT_ID;
use entra_auth_policy::{Evaluation, Host, evaluate};
use serde_json::{Map, Value, json};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use text::sha256;

const RULES: &str = "https://github.com/entra-auth-policy/entra-auth-policy/blob/main/docs/rules";

/// The value with an id in place of every placeholder, for an evaluation before they are filled in. The same
/// placeholder is always the same id.
pub fn fill_in(value: &Value) -> Value {
    match value {
        Value::String(text) if is_placeholder(text) => {
            let hash = sha256::hex(text.as_bytes());
            let part = |from: usize, to: usize| hash.get(from..to).unwrap_or_default().to_owned();
            format!("{}-{}-4{}-8{}-{}", part(0, 8), part(8, 12), part(13, 16), part(17, 20), part(20, 32)).into()
        }
        Value::Array(items) => items.iter().map(fill_in).collect(),
        Value::Object(members) => members.iter().map(|(key, value)| (key.clone(), fill_in(value))).collect(),
        value => value.clone(),
    }
}

/// Evaluates the creation of an object.
pub(crate) fn evaluation(object: &Value, settings: &Value) -> Evaluation {
    let payload = admission::payload(&admission::request(object, &Change::Create, None), settings);
    // No exemption of a plan ends.
    let today = || Date::from_unix_seconds(0);
    evaluate(&payload, &Host { today: &today, cluster: &NoCluster })
}

/// Whether an object contains a credential, so that no copy of it is written.
pub(crate) fn holds_credential(object: &Value) -> bool {
    let found = evaluation(object, &json!({})).findings;
    found.iter().any(|finding| {
        finding.rule.id.starts_with("credential-in-")
            || matches!(
                finding.rule.id,
                "aws-credential" | "credential-registry" | "kubeconfig-static" | "credential-at-path"
            )
            || finding.is_unreadable()
    })
}

/// Whether a migration is about what this rule reports. `check` reports the others.
pub fn is_about(rule: &str) -> bool {
    ["aws-", "credential-", "pod-identity-", "workload-identity-"].iter().any(|start| rule.starts_with(start))
}

/// The settings that accept the identities of the objects. What names an identity without being an account or pods gets
/// an exemption: a grant would let every account of the namespace use it.
pub(crate) fn settings(
    objects: &[(ObjectName, Cow<'_, Value>)],
    identities: &[Identity],
    tenant: Option<&str>,
    administrators: &BTreeSet<String>,
) -> (Value, Vec<Value>) {
    let mut grants: BTreeMap<(String, String), BTreeSet<String>> = BTreeMap::new();
    for (name, object) in objects.iter().filter(|(name, _)| name.kind == "ServiceAccount") {
        if let Some(client) = object["metadata"]["annotations"][CLIENT_ID].as_str() {
            grants.entry((name.namespace.clone(), name.name.clone())).or_default().insert(client.to_owned());
        }
    }
    for identity in identities {
        for federation in &identity.federations {
            let account = (federation.namespace.clone(), federation.service_account.clone());
            grants.entry(account).or_default().insert(identity.client_id.clone());
        }
    }
    // The policy knows where else client ids are.
    let first = Narrowed::of(fill_in(&assemble(&grants, tenant, administrators)));
    let mut exemptions = Vec::new();
    for (name, object) in objects {
        let is_client = |rule: &str| rule == "workload-identity-client";
        let findings = evaluation(&fill_in(object), first.settings_for(name)).findings;
        let places: Vec<&str> = findings
            .iter()
            .filter(|finding| is_client(finding.rule.id))
            .map(|finding| finding.location.pointer.as_str())
            .collect();
        if places.is_empty() {
            continue;
        }
        if has_pods(name) {
            let clients = places.iter().filter_map(|place| object.pointer(place)?.as_str());
            let clients = clients.filter(|client| is_guid(client) || is_placeholder(client)).map(str::to_owned);
            grants.entry((name.namespace.clone(), "*".to_owned())).or_default().extend(clients);
        } else {
            let reason = "its controller signs in, not an account of the namespace";
            exemptions.push(exemption(name, &["workload-identity-client"], reason));
        }
    }
    grants.retain(|_, clients| !clients.is_empty());
    (assemble(&grants, tenant, administrators), exemptions)
}

pub(crate) fn has_pods(name: &ObjectName) -> bool {
    TEMPLATE_PATHS.iter().any(|(kind, _)| kind.is(name.group(), &name.kind))
}

/// Settings with the grants of one namespace. An evaluation reads its settings, so with all grants of a large cluster it
/// would take longer than the rest.
struct Narrowed {
    all: Value,
    by_namespace: BTreeMap<String, Value>,
    /// For namespaces without grants. One of another namespace is left, because the list must not be empty.
    elsewhere: Value,
}

impl Narrowed {
    fn of(settings: Value) -> Narrowed {
        let grants = settings["identities"].as_array().cloned().unwrap_or_default();
        let mut rest = settings.clone();
        rest["identities"] = Value::Array(Vec::new());
        let with = |grants: Vec<Value>| {
            let mut settings = rest.clone();
            settings["identities"] = grants.into();
            settings
        };
        let elsewhere = with(grants.first().cloned().into_iter().collect());
        let mut by_namespace: BTreeMap<String, Vec<Value>> = BTreeMap::new();
        for grant in grants {
            let namespace = grant["namespace"].as_str().unwrap_or_default().to_owned();
            by_namespace.entry(namespace).or_default().push(grant);
        }
        let by_namespace = by_namespace.into_iter().map(|(namespace, grants)| (namespace, with(grants))).collect();
        Narrowed { all: settings, by_namespace, elsewhere }
    }

    /// Pods and service accounts name identities for their own namespace; what other objects name can be for others.
    fn settings_for(&self, object: &ObjectName) -> &Value {
        let is_of_namespace = has_pods(object)
            || object.group().is_empty() && matches!(object.kind.as_str(), "ServiceAccount" | "Secret" | "ConfigMap");
        match self.by_namespace.get(&object.namespace) {
            Some(settings) if is_of_namespace => settings,
            None if is_of_namespace => &self.elsewhere,
            _ => &self.all,
        }
    }
}

fn assemble(
    grants: &BTreeMap<(String, String), BTreeSet<String>>,
    tenant: Option<&str>,
    administrators: &BTreeSet<String>,
) -> Value {
    let mut settings = Map::new();
    settings.insert("profile".to_owned(), "restricted".into());
    if !administrators.is_empty() {
        settings.insert("clusterAdmins".to_owned(), json!(administrators));
    }
    if let Some(tenant) = tenant {
        settings.insert("allowedTenants".to_owned(), json!([tenant]));
    }
    let identities: Vec<Value> = grants
        .iter()
        .map(|((namespace, account), clients)| match account.as_str() {
            "*" => json!({"namespace": namespace, "clientIds": clients}),
            account => json!({"namespace": namespace, "serviceAccount": account, "clientIds": clients}),
        })
        .collect();
    settings.insert("identities".to_owned(), identities.into());
    Value::Object(settings)
}

/// Adds a task for everything that the policy denies in the result, and an exemption for every task and for what stays.
pub(crate) fn tasks(
    objects: &[(ObjectName, Cow<'_, Value>)],
    settings: &mut Value,
    tasks: &mut Vec<Task>,
    kept: &BTreeSet<Kept>,
    mut exemptions: Vec<Value>,
) {
    if !exemptions.is_empty() {
        settings["exemptions"] = json!(exemptions);
    }
    let filled = Narrowed::of(fill_in(settings));
    let stated = tasks.len();
    for (name, object) in objects {
        let mut found: BTreeMap<(&'static str, String), Vec<String>> = BTreeMap::new();
        for finding in evaluation(&fill_in(object), filled.settings_for(name)).findings {
            if finding.denies() && is_about(finding.rule.id) {
                let sentence = format!("{} {}", finding.location.path, finding.message).trim().to_owned();
                found.entry((finding.rule.id, finding.remediation.into_owned())).or_default().push(sentence);
            }
        }
        if let Some(kept) = kept.iter().find(|kept| kept.object == *name) {
            let rules: BTreeSet<&'static str> = found.into_keys().map(|(rule, _)| rule).collect();
            if !rules.is_empty() {
                exemptions.push(exemption(name, &Vec::from_iter(rules), &kept.why));
            }
            continue;
        }
        for ((rule, todo), sentences) in found {
            // A task of the migration can be about the same.
            if let Some(known) = tasks.iter_mut().take(stated).find(|task| task.object == *name) {
                if !known.rules.contains(&rule) {
                    known.rules.push(rule);
                }
                continue;
            }
            let link = documentation(name, rule).unwrap_or_else(|| format!("{RULES}/{rule}.md"));
            let what = sentences.join("; ");
            tasks.push(Task { number: 0, object: name.clone(), what, todo, link, rules: vec![rule] });
        }
    }
    tasks.sort_by(|a, b| (&a.object, &a.what).cmp(&(&b.object, &b.what)));
    for (number, task) in (1..).zip(tasks.iter_mut()) {
        task.number = number;
        if !task.rules.is_empty() {
            exemptions.push(exemption(&task.object, &task.rules, &format!("task {number} of the migration")));
        }
    }
    if !exemptions.is_empty() {
        settings["exemptions"] = exemptions.into();
    }
}

fn exemption(object: &ObjectName, rules: &[&str], reason: &str) -> Value {
    let mut exemption = Map::new();
    exemption.insert("rules".to_owned(), json!(rules));
    exemption.insert("kinds".to_owned(), json!([object.kind_and_group()]));
    if !object.namespace.is_empty() {
        exemption.insert("namespaces".to_owned(), json!([object.namespace]));
    }
    exemption.insert("names".to_owned(), json!([object.name]));
    exemption.insert("reason".to_owned(), reason.into());
    Value::Object(exemption)
}

/// Where a controller documents its modes, by the policy's table.
fn documentation(name: &ObjectName, rule: &str) -> Option<String> {
    if !matches!(rule, "credential-mode" | "credential-volume" | "pod-identity-mode") {
        return None;
    }
    let mut controllers = entries().filter(|entry| !entry.is_settings());
    let is_its = |entry: &&entra_auth_policy::auth_mode::Controller| {
        entry.kinds().iter().any(|kind| kind.is(name.group(), &name.kind))
    };
    controllers.find(is_its).map(|entry| entry.source.to_owned())
}
