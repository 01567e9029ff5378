//! Ids in every place that the table names.

use crate::auth_mode::path::split;
use crate::auth_mode::*;
use crate::lookup::NoCluster;
use crate::settings::Date;
use crate::{Host, evaluate};
use base64::prelude::{BASE64_STANDARD, Engine};
use serde_json::{Map, Value, json};

const OWN: &str = "7d8cdf74-5f1d-4e6c-9c31-274d963d358b";
const FOREIGN: &str = "e1f5a830-7b2c-4d96-8c0e-5a9b3d1f6e74";

/// A place of the table, and how to make an object that has a value there.
struct Place {
    title: String,
    kind: IdKind,
    make: Box<dyn Fn(&Value) -> (Kind, Value)>,
}

#[test]
fn ids_in_every_place() {
    let places = places();
    assert!(places.len() > 120, "{}", places.len());
    for place in &places {
        let (granted, invalid) = match place.kind {
            IdKind::Client => ("workload-identity-client", "workload-identity-invalid-id"),
            IdKind::Tenant => ("workload-identity-tenant", "workload-identity-invalid-id"),
        };
        let found = |value: Value| {
            let (kind, object) = (place.make)(&value);
            findings(&kind, &object)
        };
        let own = found(json!(OWN));
        assert!(own.iter().all(|(rule, _)| *rule != granted && *rule != invalid), "{}: {own:?}", place.title);
        for (value, rule, severity) in [
            (json!(FOREIGN), granted, Severity::High),
            (json!("<client-id>"), invalid, Severity::High),
            (json!("${CLIENT_ID}"), invalid, Severity::High),
            (json!("$(NOBODY)"), invalid, Severity::High),
            (json!("$(NOBODY)"), granted, Severity::High),
            (json!("00000000-0000-0000-0000-000000000000"), invalid, Severity::High),
            (json!(format!(" {FOREIGN}")), granted, Severity::High),
        ] {
            let found = found(value.clone());
            assert!(found.contains(&(rule, severity)), "{}: {rule} for {value}: {found:?}", place.title);
        }
        // What refers to another object cannot be determined.
        let found = found(json!({"name": "ids", "key": "id"}));
        assert!(found.contains(&(granted, Severity::Medium)), "{}: {found:?}", place.title);
    }
}

fn findings(kind: &Kind, object: &Value) -> Vec<(&'static str, Severity)> {
    let request = json!({
        "kind": {"group": kind.group, "version": kind.versions[0], "kind": kind.kind}, "operation": "CREATE",
        "namespace": if kind.namespaced { "shop" } else { "" }, "name": "checkout", "object": object,
    });
    let settings = json!({
        "identities": [{"namespace": "*", "clientIds": [OWN]}], "allowedTenants": [OWN],
    });
    let payload = json!({"settings": settings, "request": request}).to_string();
    let today = || Date::parse("2026-11-21").unwrap();
    let found = evaluate(payload.as_bytes(), &Host { today: &today, cluster: &NoCluster }).findings;
    found.iter().map(|finding| (finding.rule.id, finding.severity)).collect()
}

fn places() -> Vec<Place> {
    let mut places = Vec::new();
    for entry in entries() {
        let columns = [(IdKind::Client, entry.clients), (IdKind::Tenant, entry.tenants)];
        for (kind, path) in columns.into_iter().flat_map(|(kind, paths)| paths.iter().map(move |path| (kind, *path))) {
            for at in entry.at {
                let title = format!("{}: {at} {path}", entry.title);
                match entry.on {
                    Target::Kinds(kinds) | Target::VolumeKinds(kinds) => {
                        for of in kinds {
                            let make = move |value: &Value| (*of, object(entry, of, at, path, value));
                            places.push(Place { title: format!("{of} {title}"), kind, make: Box::new(make) });
                        }
                    }
                    Target::Settings(kinds) => {
                        for of in kinds {
                            for form in FORMS {
                                let make =
                                    move |value: &Value| (*of, holder(of, &settings(entry, at, path, value), *form));
                                places.push(Place { title: format!("{of} {title}"), kind, make: Box::new(make) });
                            }
                        }
                    }
                    Target::Volumes(source, driver) => {
                        let make = move |value: &Value| {
                            let mut volume = json!({"name": "v"});
                            put(&mut volume, &format!("{source}.driver"), &json!(driver));
                            put(&mut volume, &joined(at, path), value);
                            let spec = json!({"containers": [{"name": "web", "image": "a"}], "volumes": [volume]});
                            (kubernetes::kind::POD, json!({"metadata": {"name": "checkout"}, "spec": spec}))
                        };
                        places.push(Place { title, kind, make: Box::new(make) });
                    }
                    Target::Containers(_) | Target::Variables(_) => panic!("{title} has no test"),
                }
            }
        }
    }
    for (name, kind, _) in VARIABLES {
        for spelt in [(*name).to_owned(), name.to_uppercase()] {
            let make = move |value: &Value| {
                let variable = match value {
                    Value::String(_) => json!({"name": spelt, "value": value}),
                    _ => json!({"name": spelt, "valueFrom": {"configMapKeyRef": value}}),
                };
                let image = "mcr.microsoft.com/entra-sdk/auth-sidecar:1.0.0";
                let spec = json!({"serviceAccountName": "checkout",
                    "containers": [{"name": "web", "image": image, "env": [variable]}]});
                let labels = json!({"azure.workload.identity/use": "true"});
                (kubernetes::kind::POD, json!({"metadata": {"name": "checkout", "labels": labels}, "spec": spec}))
            };
            places.push(Place { title: format!("variable {name}"), kind: *kind, make: Box::new(make) });
        }
    }
    places
}

fn joined(at: &str, path: &str) -> String {
    let path = path.trim_start_matches('?');
    match path.strip_prefix('/') {
        Some(path) => path.to_owned(),
        None if path.starts_with('[') || at.is_empty() || path.is_empty() => format!("{at}{path}"),
        None => format!("{at}.{path}"),
    }
}

fn object(entry: &Controller, kind: &Kind, at: &str, path: &str, value: &Value) -> Value {
    let mut object = json!({"metadata": {"name": "checkout"}});
    for (path, says) in entry.given {
        give(&mut object, path.trim_start_matches('/'), says);
    }
    let is_encoded = kind.kind == "Secret" && at == "data";
    let value = match value {
        Value::String(text) if is_encoded => json!(BASE64_STANDARD.encode(text)),
        value => value.clone(),
    };
    put(&mut object, &joined(at, path), &value);
    object
}

/// Settings as their program reads them.
fn settings(entry: &Controller, at: &str, path: &str, value: &Value) -> Value {
    let mut settings = json!({"azure_subscription": "a"});
    for (path, says) in entry.given {
        match path.strip_prefix('/') {
            Some(path) => give(&mut settings, path, says),
            None => give(&mut settings, &joined(at, path), says),
        }
    }
    put(&mut settings, &joined(at, path), value);
    settings
}

/// How settings are written.
const FORMS: &[fn(&Value) -> String] = &[
    |value| value.to_string(),
    |value| serde_json::to_string_pretty(value).unwrap(),
    |value| {
        let mut text = String::from("# A comment.\n---\n");
        yaml(value, 0, &mut text);
        text
    },
];

fn yaml(value: &Value, indent: usize, text: &mut String) {
    let pad = " ".repeat(indent);
    match value {
        Value::Object(members) => {
            for (key, member) in members {
                match member {
                    Value::String(value) => *text += &format!("{pad}{key}: {value:?}\n"),
                    member => {
                        *text += &format!("{pad}{key}:\n");
                        yaml(member, indent + 2, text);
                    }
                }
            }
        }
        Value::Array(items) => {
            for item in items {
                let mut inner = String::new();
                yaml(item, indent + 2, &mut inner);
                *text += &format!("{pad}- {}", inner.trim_start());
            }
        }
        other => *text += &format!("{pad}{other}\n"),
    }
}

fn holder(kind: &Kind, settings: &Value, form: fn(&Value) -> String) -> Value {
    let text = form(settings);
    match kind.kind {
        "ConfigMap" => json!({"data": {"settings.yaml": text}}),
        "Secret" => json!({"data": {"settings.yaml": BASE64_STANDARD.encode(text)}}),
        _ => json!({"spec": {"config": settings}}),
    }
}

/// Makes a condition hold.
fn give(root: &mut Value, path: &str, says: &Predicate) {
    match says {
        Predicate::OneOf(words) | Predicate::OneOfAnyCase(words) | Predicate::Contains(words) => {
            put(root, path, &json!(words[0]));
        }
        Predicate::HasOneOf(keys) => put(root, &joined(path, keys[0]), &json!("x")),
        Predicate::Present => {}
        _ => panic!("{path}: a condition that the test does not know"),
    }
}

/// Puts a value at a path of the table.
fn put(node: &mut Value, path: &str, value: &Value) {
    let path: &'static str = Box::leak(path.to_owned().into_boxed_str());
    let Some((step, rest)) = split(path) else {
        *node = value.clone();
        return;
    };
    let (key, filter) = step.split_once('{').unwrap_or((step, ""));
    let child = if key == "*" {
        if !node.is_array() {
            *node = json!([{}]);
        }
        &mut node[0]
    } else {
        if !node.is_object() {
            *node = Value::Object(Map::new());
        }
        &mut node[key.replace('*', "")]
    };
    if let Some((name, value)) = filter.trim_end_matches('}').split_once('=') {
        if !child.is_object() {
            *child = json!({});
        }
        child[name] = json!(value.replace('*', "0"));
    }
    put(child, rest, value);
}
