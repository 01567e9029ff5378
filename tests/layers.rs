//! The layers of the project: what may depend on what. A crate or a module uses lower layers only.

use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

/// The libraries, lowest layer first. All other packages are programs or tests, and no library depends on them.
const CRATES: &[&[&str]] = &[
    &["text", "json", "manifest"],
    // What a credential looks like, and what Kubernetes' API means. Neither knows the other, nor any rule.
    &["credentials", "kubernetes"],
    &["entra-auth-policy"],
    &["admission"],
    &["fixes", "access"],
    &["migrate"],
];

/// The modules of the policy, lowest layer first.
const MODULES: &[&[&str]] = &[
    &["sort"],
    &["anchor", "entra_id", "imds", "nearest", "request"],
    &["finding", "object", "operators", "requester", "value_hints"],
    &["aks_defaults"],
    &["settings"],
    &["view"],
    &["auth_mode", "lookup", "texts"],
    &["privilege", "schema"],
    &["describe", "rule"],
    &["rules"],
    &["dispatch"],
    &["verdict"],
    &["message"],
    &["guest"],
];

fn layer(layers: &[&[&str]], name: &str) -> Option<usize> {
    layers.iter().position(|layer| layer.contains(&name))
}

#[test]
fn crates_depend_on_lower_layers() {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--offline", "--no-deps"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let mut found = BTreeSet::new();
    for package in metadata["packages"].as_array().unwrap() {
        let name = package["name"].as_str().unwrap();
        let Some(own) = layer(CRATES, name) else { continue };
        found.insert(name);
        let dependencies = package["dependencies"].as_array().unwrap().iter();
        for dependency in
            dependencies.filter(|dependency| dependency["kind"].is_null() && dependency["path"].is_string())
        {
            let used = dependency["name"].as_str().unwrap();
            assert!(layer(CRATES, used).is_some_and(|used| used < own), "{name} must not depend on {used}");
        }
    }
    assert_eq!(found.len(), CRATES.concat().len(), "only {found:?} of the libraries exist");
}

#[test]
fn modules_use_lower_layers() {
    let mut uses = BTreeMap::new();
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for entry in std::fs::read_dir(&source).unwrap() {
        let path = entry.unwrap().path();
        let module = path.file_stem().unwrap().to_str().unwrap().to_owned();
        if module != "lib" {
            collect(&path, &module, &mut uses);
        }
    }
    let mut wrong = BTreeMap::new();
    for ((module, used), place) in uses {
        let own = layer(MODULES, &module).unwrap_or_else(|| panic!("{module} has no layer in tests/layers.rs"));
        if module != used && layer(MODULES, &used).is_none_or(|used| used >= own) {
            wrong.insert((module, used), place);
        }
    }
    assert!(wrong.is_empty(), "modules that use a higher layer: {wrong:#?}");
}

/// Every `crate::…` outside tests and comments, by module and by what it names, with one place each. What is not in
/// a module is in none of the layers; only the outermost one needs it.
fn collect(path: &Path, module: &str, uses: &mut BTreeMap<(String, String), String>) {
    if path.is_dir() {
        for entry in std::fs::read_dir(path).unwrap() {
            collect(&entry.unwrap().path(), module, uses);
        }
    } else if path.extension().is_some_and(|extension| extension == "rs") && !path.ends_with("tests.rs") {
        let text = std::fs::read_to_string(path).unwrap();
        let code = text.split("\n#[cfg(test)]\nmod tests {").next().unwrap_or_default();
        for line in code.lines().map(|line| line.split("//").next().unwrap_or_default()) {
            for used in line.split("crate::").skip(1) {
                let name: String = used.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
                if module != "guest" {
                    uses.entry((module.to_owned(), name)).or_insert_with(|| format!("{}: {line}", path.display()));
                }
            }
        }
    }
}
