use super::*;

use crate::anchor::{Spelt, locate};
use crate::request::Payload;
use json::parse;

/// The choices of one object, as `mode path what`.
fn choices(text: &str) -> Vec<String> {
    let value = parse(text).unwrap();
    let root = Node::new(&value);
    let payload = r#"{"request":{}}"#;
    let payload = Payload::parse(payload.as_bytes()).unwrap();
    let subject = Object::new(&payload.request().unwrap(), root);
    let mut told = Vec::new();
    of_object(&subject, &mut |found| {
        let path = locate(root, &[&found.place], Spelt::Yes).remove(0).path;
        told.push(format!("{:?} {path} {}", found.choice.mode, found.choice.what));
    });
    told
}

/// Messages continue a path, fixes are imperatives, links are links.
#[test]
fn texts_are_plain() {
    for entry in entries() {
        assert!(entry.source.starts_with("https://"), "{}", entry.title);
        assert!(!entry.at.is_empty() && (!entry.choices.is_empty() || entry.names_ids()), "{}", entry.title);
        let lower = |text: &str| text.starts_with(|c: char| c.is_lowercase()) && !text.ends_with('.');
        assert!(lower(entry.fix) && entry.fix.len() <= 200, "{}: {}", entry.title, entry.fix);
        for choice in entry.choices {
            assert!(lower(choice.what) && choice.what.len() <= 90, "{}: {}", entry.title, choice.what);
        }
    }
}

/// An entry without a fault and without an id would only cost time.
#[test]
fn every_entry_knows_a_fault() {
    for entry in entries() {
        let knows_fault = entry.choices.iter().any(|choice| choice.mode != Mode::WorkloadIdentity);
        assert!(knows_fault || entry.names_ids(), "{}", entry.title);
    }
}

#[test]
fn paths_are_read_as_they_are_shown() {
    let keys = |path| steps(path).collect::<Vec<_>>();
    assert_eq!(keys("spec.parameters.clientID"), ["spec", "parameters", "clientID"]);
    assert_eq!(keys("metadata.labels[a.b/c].d"), ["metadata", "labels", "a.b/c", "d"]);
    assert_eq!(keys("[x.y]"), ["x.y"]);
    assert_eq!(keys("spec.*.a"), ["spec", "*", "a"]);
    assert_eq!(keys(""), [""; 0]);
    assert_eq!(keys("[unclosed"), [""; 0]);
}

#[test]
fn defaults_hold_where_the_parent_is_missing() {
    let told = choices(
        r#"{"apiVersion":"velero.io/v1","kind":"BackupStorageLocation","metadata":{"name":"x"},
            "spec":{"provider":"azure","config":null}}"#,
    );
    assert_eq!(told, ["Key spec.config.useAAD is not \"true\", so Velero fetches the storage account key"]);
}

#[test]
fn keys_of_parameters_ignore_case_where_the_driver_does() {
    let class = |parameters: &str| {
        choices(&format!(
            r#"{{"apiVersion":"storage.k8s.io/v1","kind":"StorageClass","metadata":{{"name":"x"}},
                "provisioner":"file.csi.azure.com","parameters":{{{parameters}}}}}"#
        ))
    };
    assert!(class("")[0].starts_with("Key parameters.storeAccountKey"));
    assert!(class(r#""STOREaccountKEY":"TRUE""#)[0].starts_with("Key parameters[STOREaccountKEY]"));
    assert!(class(r#""STOREaccountKEY":"FALSE""#)[0].starts_with("NodeIdentity"));
    assert!(class(r#""ProtoCol":"NFS""#).is_empty());
}

#[test]
fn go_booleans() {
    for text in ["1", "t", "T", "true", "TRUE", "True", " true\n"] {
        assert!(is_true(text), "{text}");
    }
    for text in ["", "0", "yes", "on", "tRUE", "y", "01", "true true"] {
        assert!(!is_true(text), "{text}");
    }
}

/// Any value at a path of the table does not cause a panic, and a wrong type is not read as a value.
#[test]
fn hostile_shapes() {
    let shapes =
        ["null", "1", "true", "\"x\"", "[]", "{}", "[null]", "[[]]", "[1]", "{\"name\":{}}", "[{\"name\":[]}]"];
    for kind in entries().flat_map(Controller::kinds) {
        let version = match kind.group {
            "" => "v1".to_owned(),
            group => format!("{group}/v1"),
        };
        for (key, shape) in ["spec", "data", "stringData", "parameters"].iter().flat_map(|k| shapes.map(|s| (k, s))) {
            let text = format!(
                r#"{{"apiVersion":"{version}","kind":"{}","metadata":{{"name":"x"}},"{key}":{shape}}}"#,
                kind.kind
            );
            let value = parse(&text).unwrap();
            let payload = Payload::parse(br#"{"request":{}}"#).unwrap();
            let subject = Object::new(&payload.request().unwrap(), Node::new(&value));
            of_object(&subject, &mut |_| {});
            check_shape(&subject, &mut |_, _| {});
        }
    }
}
