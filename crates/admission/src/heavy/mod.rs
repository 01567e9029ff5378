//! Requests that take long to evaluate, or would if a loop inside a loop was not bounded: each class grows with one
//! number, and a seed decides the rest. A test of the finished module compares the cost of a size with that of twice
//! the size, and a search for worse inputs begins with these.
//!
//! A class is added for every loop inside a loop: a list of the object read for every element of another one, a
//! part of a text read again for every mark in it, settings compared with every finding.

mod bindings;
mod grow;
mod settings;
mod texts;
mod workloads;

pub use grow::grow;

use crate::random::Random;

/// One class of heavy requests.
#[derive(Clone, Copy)]
pub struct Class {
    pub name: &'static str,
    /// The largest request of the class that an API server accepts, in bytes.
    pub most: usize,
    make: fn(usize, &mut Random) -> Input,
}

/// What grows, as JSON.
struct Input {
    settings: String,
    request: String,
}

/// The largest request. A policy server takes twice as much, which only an UPDATE of such an object needs.
const MEBIBYTE: usize = 1 << 20;
/// All annotations of an object together.
const ANNOTATIONS: usize = 256 << 10;

/// Every class.
pub fn classes() -> impl Iterator<Item = &'static Class> {
    [workloads::CLASSES, texts::CLASSES, bindings::CLASSES, settings::CLASSES].into_iter().flatten()
}

const fn class(name: &'static str, make: fn(usize, &mut Random) -> Input) -> Class {
    Class { name, most: MEBIBYTE, make }
}

/// A class whose size the API server limits to that of annotations.
const fn annotated(name: &'static str, make: fn(usize, &mut Random) -> Input) -> Class {
    Class { name, most: ANNOTATIONS, make }
}

impl Class {
    /// What the policy receives.
    pub fn payload(&self, n: usize, seed: u64) -> Vec<u8> {
        let Input { settings, request } = (self.make)(n, &mut Random::new(seed));
        format!(r#"{{"settings":{settings},"request":{request}}}"#).into_bytes()
    }

    /// The number with which the payload has about this size.
    pub fn n_of_size(&self, bytes: usize) -> usize {
        let size = |n| self.payload(n, 1).len();
        let (few, many) = (size(200), size(400));
        let each = many.saturating_sub(few).max(1);
        (bytes.saturating_sub(few) * 200 / each + 200).max(2)
    }
}

/// `n` values, separated by commas.
fn each(n: usize, mut value: impl FnMut(usize) -> String) -> String {
    let mut joined = String::new();
    for index in 0..n {
        if index > 0 {
            joined.push(',');
        }
        joined.push_str(&value(index));
    }
    joined
}

/// A text as JSON.
fn quoted(text: &str) -> String {
    serde_json::to_string(text).unwrap_or_default()
}

/// An object of the namespace `shop`, with more members of its metadata and its own.
fn object(kind: (&str, &str), metadata: &str, members: &str) -> String {
    let comma = |more: &str| if more.is_empty() { "" } else { "," };
    format!(
        r#"{{"apiVersion":"{}","kind":"{}","metadata":{{"name":"heavy","namespace":"shop"{}{metadata}}}{}{members}}}"#,
        kind.0,
        kind.1,
        comma(metadata),
        comma(members)
    )
}

/// A request about an object of this API version and kind. The old object makes it an UPDATE.
fn request((api_version, kind): (&str, &str), object: &str, old: Option<&str>, groups: &str) -> String {
    let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
    let operation = if old.is_some() { "UPDATE" } else { "CREATE" };
    let resource = kind.to_ascii_lowercase() + "s";
    format!(
        r#"{{"uid":"1","operation":"{operation}","name":"heavy","namespace":"shop",
        "kind":{{"group":"{group}","version":"{version}","kind":"{kind}"}},
        "resource":{{"group":"{group}","version":"{version}","resource":"{resource}"}},
        "userInfo":{{"username":"robin@contoso.com","groups":["system:authenticated"{groups}],
        "extra":{{"oid":["c8b1e3d5-4f70-4a92-8d6e-1b9f0a7c5e24"]}}}},
        "object":{object},"oldObject":{},"dryRun":false}}"#,
        old.unwrap_or("null")
    )
}

/// The creation of an object under `restricted`, which shows every finding.
fn create(kind: (&str, &str), metadata: &str, members: &str) -> Input {
    create_with(r#"{"profile":"restricted"}"#.to_owned(), kind, metadata, members)
}

fn create_with(settings: String, kind: (&str, &str), metadata: &str, members: &str) -> Input {
    Input { settings, request: request(kind, &object(kind, metadata, members), None, "") }
}

/// An update to members from others.
fn update(kind: (&str, &str), new: &str, old: &str) -> Input {
    let (new, old) = (object(kind, "", new), object(kind, "", old));
    Input { settings: r#"{"profile":"restricted"}"#.to_owned(), request: request(kind, &new, Some(&old), "") }
}

const POD: (&str, &str) = ("v1", "Pod");
const CONFIG_MAP: (&str, &str) = ("v1", "ConfigMap");
const SECRET: (&str, &str) = ("v1", "Secret");
const CUSTOM: (&str, &str) = ("example.com/v1", "Shop");
const WORKFLOW: (&str, &str) = ("argoproj.io/v1alpha1", "Workflow");
const ROLE: (&str, &str) = ("rbac.authorization.k8s.io/v1", "Role");
const CLUSTER_ROLE: (&str, &str) = ("rbac.authorization.k8s.io/v1", "ClusterRole");
const ROLE_BINDING: (&str, &str) = ("rbac.authorization.k8s.io/v1", "RoleBinding");

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn a_seed_decides_everything_and_inputs_are_json_of_their_size() {
        let mut names = BTreeSet::new();
        for class in classes() {
            assert!(names.insert(class.name), "{} twice", class.name);
            let n = class.n_of_size(1 << 16);
            let payload = class.payload(n, 7);
            assert_eq!(payload, class.payload(n, 7), "{}", class.name);
            let parsed: Result<serde_json::Value, _> = serde_json::from_slice(&payload);
            assert!(parsed.is_ok_and(|value| value["request"]["object"].is_object()), "{}", class.name);
            let size = payload.len();
            assert!((52 << 10..80 << 10).contains(&size), "{}: {size} bytes", class.name);
        }
    }
}
